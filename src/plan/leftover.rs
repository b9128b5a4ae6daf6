//! What an interrupted run has left that nobody goes on with: any apply clears it up, also one with nothing else to do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Plan;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{Kind, marker};
use crate::ledger::{Intent, Ledger};
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
        /// Whose it was to be, if a note in the ledger still says so.
        of: Option<Address>,
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
            Self::Object { kind, id, .. } => write!(f, "an unfinished {kind} (ID {id})"),
            Self::Announced(address) => write!(f, "a note in the ledger that it was about to create {address}"),
            Self::Lock { holder } => write!(f, "its lock (held by {holder})"),
        }
    }
}

/// What `project` has left over: inactive objects with its marker that are in nobody's hands, and notes of what was about
/// to be made and is not planned any more. Those that the ledger tells of are nobody's at once, and so are all of them to who
/// holds the lock (`alone`); the others are when they are older than a lease.
pub fn leftovers(project: &str, snapshot: &Snapshot, ledger: &Ledger, plan: &Plan, alone: bool) -> Vec<Leftover> {
    let prefix = format!("{project}/");
    let known: BTreeSet<&str> = ledger
        .entries
        .values()
        .flat_map(|entry| entry.predecessors.iter().chain([&entry.id]))
        .chain(plan.changes.iter().filter_map(|change| change.object.as_ref().map(|object| &object.id)))
        .map(String::as_str)
        .collect();
    let marked = |(address, intent): (_, &'_ Intent)| Some((intent.marker.clone()?, address));
    let announced: BTreeMap<String, &Address> = ledger.intents.iter().filter_map(marked).collect();
    let views = snapshot.kinds.iter().filter(|(kind, _)| kind.delivers());
    let objects = views.flat_map(|(kind, view)| view.objects.values().map(move |object| (*kind, object)));
    let unfinished = objects.filter_map(|(kind, object)| {
        let marker = marker(&object.name).filter(|marker| marker.starts_with(&prefix))?;
        let of = announced.get(marker).map(|address| (*address).clone());
        let old = || created_ms(&object.id).is_some_and(|made| made + ABANDONED_MS < snapshot.at);
        let abandoned = of.is_some() || alone || old();
        let is_left = abandoned && kind.is_inactive(&object.fields) && !known.contains(object.id.as_str());
        is_left.then(|| Leftover::Object { kind, id: object.id.clone(), of })
    });
    let written = written(plan);
    let notes = ledger.intents.keys().filter(|address| !written.contains(address));
    unfinished.chain(notes.map(|address| Leftover::Announced(address.clone()))).collect()
}

/// What of `leftovers` a rotation clears up: what was to be of which `plan` makes another, whose note takes the place of the one that
/// tells of it. An apply goes on with some of the rest, and knows what nobody goes on with.
pub fn in_the_way(leftovers: Vec<Leftover>, plan: &Plan) -> Vec<Leftover> {
    let written = written(plan);
    let is_in_the_way = |leftover: &Leftover| match leftover {
        Leftover::Object { of, .. } => of.as_ref().is_some_and(|address| written.contains(address)),
        Leftover::Announced(_) | Leftover::Lock { .. } => false,
    };
    leftovers.into_iter().filter(is_in_the_way).collect()
}

/// To what `plan` has something to do.
fn written(plan: &Plan) -> BTreeSet<&Address> {
    plan.changes.iter().filter(|change| change.writes()).map(|change| &change.address).collect()
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
        let view = View { sight: Sight::Complete, objects, missing: BTreeMap::new() };
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
        let object = |ms, of: Option<&str>| Leftover::Object { kind: Kind::Token, id: id(ms), of: of.map(address) };
        let notes = ["bucket.gone", "token.same"].map(|of| Leftover::Announced(address(of)));
        let [old, noted] = [object(1, None), object(now + 1, Some("token.same"))];
        let left = |alone| leftovers("p", &snapshot, &ledger, &plan, alone);
        assert_eq!(left(false), [&[old.clone(), noted.clone()][..], &notes].concat());
        assert_eq!(left(true), [&[old, object(now, None), noted.clone()][..], &notes].concat());
        // A rotation of that token, and one of another.
        let rotates = |of| Plan {
            changes: vec![Change::blank(&address(of), Action::Replace, Reason::RotationAsked)],
            ..Plan::default()
        };
        assert_eq!(in_the_way(left(true), &rotates("token.same")), [noted]);
        assert_eq!(in_the_way(left(true), &rotates("token.t")), []);
    }
}
