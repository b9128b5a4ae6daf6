//! What an interrupted run has left that nobody goes on with: any apply clears it up, also one with nothing else to do.

use std::collections::BTreeSet;
use std::fmt;

use super::Plan;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{Kind, marker};
use crate::ledger::Ledger;
use crate::snapshot::Snapshot;
use crate::snowflake::created_ms;

/// How old an unfinished object must be to be nobody's any more, if the ledger does not say whose it is: longer than a lease
/// lasts.
const ABANDONED_MS: u64 = 65_000;

/// One thing that an interrupted run has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// An object that was made and not finished: it works for nobody.
    Object {
        /// Its kind.
        kind: Kind,
        /// Its ID.
        id: String,
    },
    /// The ledger says that this is about to be made, and it is not.
    Announced(Address),
    /// The lock of a run that ended without freeing it.
    Lock {
        /// Who held it, in a line.
        holder: String,
    },
}

impl Leftover {
    /// What a plan says of it.
    pub fn warning(&self) -> Diagnostic {
        let help = match self {
            Self::Object { .. } => "it is inactive; the next apply deletes it",
            Self::Announced(_) => "the next apply removes it from the ledger",
            Self::Lock { .. } => "the next apply takes it over and releases it",
        };
        Diagnostic::warning(Code::PlanLeftover, format!("an interrupted run left {self}")).help(help)
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { kind, id } => write!(f, "an unfinished {kind} (ID {id})"),
            Self::Announced(address) => write!(f, "a note in the ledger that it was about to create {address}"),
            Self::Lock { holder } => write!(f, "its lock (held by {holder})"),
        }
    }
}

/// What `project` has left over: inactive objects with its marker that are in nobody's hands, and notes of what was about
/// to be made and is not planned any more. Those that the ledger tells of are nobody's at once, the others when they are
/// older than a lease.
pub fn leftovers(project: &str, snapshot: &Snapshot, ledger: &Ledger, plan: &Plan) -> Vec<Leftover> {
    let prefix = format!("{project}/");
    let known: BTreeSet<&str> = ledger
        .entries
        .values()
        .flat_map(|entry| entry.predecessors.iter().chain([&entry.id]))
        .chain(plan.changes.iter().filter_map(|change| change.object.as_ref().map(|object| &object.id)))
        .map(String::as_str)
        .collect();
    let announced: BTreeSet<&str> = ledger.intents.values().filter_map(|intent| intent.marker.as_deref()).collect();
    let views = snapshot.kinds.iter().filter(|(kind, _)| kind.delivers());
    let objects = views.flat_map(|(kind, view)| view.objects.values().map(move |object| (*kind, object)));
    let unfinished = objects.filter(|(kind, object)| {
        let abandoned = |marker: &str| {
            let old = || created_ms(&object.id).is_some_and(|made| made + ABANDONED_MS < snapshot.at);
            marker.starts_with(&prefix) && (announced.contains(marker) || old())
        };
        marker(&object.name).is_some_and(abandoned)
            && kind.is_inactive(&object.fields)
            && !known.contains(object.id.as_str())
    });
    let unfinished = unfinished.map(|(kind, object)| Leftover::Object { kind, id: object.id.clone() });
    let written: BTreeSet<&Address> =
        plan.changes.iter().filter(|change| change.writes()).map(|change| &change.address).collect();
    let notes = ledger.intents.keys().filter(|address| !written.contains(address));
    unfinished.chain(notes.map(|address| Leftover::Announced(address.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Action, Change, Reason, Target};
    use crate::kind::{Object, Standing, marked};
    use crate::ledger::Intent;
    use crate::snapshot::{Sight, View};
    use crate::value::Value;

    /// An ID that was given out so many milliseconds after the first.
    fn id(ms: u64) -> String {
        format!("{:016x}", ms << 22)
    }

    fn token(made: u64, description: &str, status: &str) -> Object {
        Object {
            id: id(made),
            org: None,
            name: description.to_owned(),
            created: None,
            fields: [("status", Value::Text(status.to_owned()))].into_iter().collect(),
            standing: Standing::Ordinary,
            user: None,
        }
    }

    #[test]
    fn only_inactive_marked_tokens_of_this_project_go_that_nobody_has_and_notes_that_nobody_heeds() {
        let ours = marked("ingest", "p/1");
        let now = 1_000_000;
        let rows = [
            token(1, &ours, "inactive"),
            token(2, &ours, "active"),
            token(3, "ingest", "inactive"),
            token(4, &marked("ingest", "other/1"), "inactive"),
            token(5, &ours, "inactive"),
            token(now, &ours, "inactive"),
            token(now + 1, &marked("ingest", "p/2"), "inactive"),
        ];
        let objects = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let view = View { sight: Sight::Complete, objects, missing: std::collections::BTreeMap::new() };
        let at = created_ms(&id(now)).expect("a snowflake");
        let snapshot = Snapshot { at, kinds: [(Kind::Token, view)].into(), ..Snapshot::default() };
        let address = |text: &str| text.parse::<Address>().expect("an address");
        let mut planned = Change::blank(&address("token.t"), Action::Replace, Reason::Undelivered);
        planned.object = Some(Target { id: id(5), org: None, name: ours });
        let in_sync = Change::blank(&address("token.same"), Action::None, Reason::InSync);
        let plan = Plan { project: "p".into(), changes: vec![planned, in_sync], ..Plan::default() };
        let intent = |marker: &str| Intent { marker: Some(marker.into()), ..Intent::default() };
        let intents = [("token.t", "p/3"), ("token.same", "p/2"), ("bucket.gone", "p/4")];
        let intents = intents.map(|(of, marker)| (address(of), intent(marker)));
        let ledger = Ledger { intents: intents.into(), ..Ledger::default() };
        let object = |ms| Leftover::Object { kind: Kind::Token, id: id(ms) };
        assert_eq!(
            leftovers("p", &snapshot, &ledger, &plan),
            [
                object(1),
                object(now + 1),
                Leftover::Announced(address("bucket.gone")),
                Leftover::Announced(address("token.same")),
            ]
        );
    }
}
