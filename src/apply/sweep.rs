//! Deletes what an interrupted run left unfinished and no ledger knows.

use std::collections::BTreeSet;

use super::{Event, Run};
use crate::diagnostic::Diagnostic;
use crate::kind::{Kind, marker};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::snapshot::Snapshot;
use crate::snowflake::created_ms;

/// How old an unfinished object must be to be nobody's any more: longer than a lease lasts.
const ABANDONED_MS: u64 = 65_000;

/// Deletes what is abandoned. What cannot be deleted is harmless, and is said.
pub(super) async fn sweep(run: &Run<'_>, tell: &mut dyn FnMut(Event)) {
    for (kind, id) in abandoned(run.snapshot, run.ledger, run.plan) {
        if let Err(error) = kind.delete(run.writer, id).await {
            let message = format!("an unfinished {kind} of an interrupted run (ID {id}) stays: {error}");
            let warning = Diagnostic::warning("apply::unfinished", message).help("it is inactive; delete it by hand");
            tell(Event::Warning(warning));
        }
    }
}

/// Objects that are inactive, have this project's marker, are older than the lease, and are in nobody's hands.
fn abandoned<'a>(snapshot: &'a Snapshot, ledger: &Ledger, plan: &Plan) -> Vec<(Kind, &'a str)> {
    let prefix = format!("{}/", plan.project);
    let known: BTreeSet<&str> = ledger
        .entries
        .values()
        .flat_map(|entry| entry.predecessors.iter().chain([&entry.id]))
        .chain(plan.changes.iter().filter_map(|change| change.object.as_ref().map(|object| &object.id)))
        .map(String::as_str)
        .collect();
    let views = snapshot.kinds.iter().filter(|(kind, _)| kind.spec().delivers);
    let objects = views.flat_map(|(kind, view)| view.objects.values().map(move |object| (*kind, object)));
    objects
        .filter(|(_, object)| {
            marker(&object.name).is_some_and(|marker| marker.starts_with(&prefix))
                && object.fields.text("status") == Some("inactive")
                && !known.contains(object.id.as_str())
                && created_ms(&object.id).is_some_and(|made| made + ABANDONED_MS < snapshot.at)
        })
        .map(|(kind, object)| (kind, object.id.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Action, Change, Reason, Target};
    use crate::kind::{Object, Standing, marked};
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
    fn only_old_inactive_marked_tokens_of_this_project_that_nobody_has_go() {
        let ours = marked("ingest", "p/1");
        let now = 1_000_000;
        let rows = [
            token(1, &ours, "inactive"),
            token(2, &ours, "active"),
            token(3, "ingest", "inactive"),
            token(4, &marked("ingest", "other/1"), "inactive"),
            token(5, &ours, "inactive"),
            token(now, &ours, "inactive"),
        ];
        let objects = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let view = View { sight: Sight::Complete, objects, missing: std::collections::BTreeMap::new() };
        let at = created_ms(&id(now)).expect("a snowflake");
        let snapshot = Snapshot { at, kinds: [(Kind::Token, view)].into(), ..Snapshot::default() };
        let mut planned = Change::blank(&"token.t".parse().expect("an address"), Action::Replace, Reason::Undelivered);
        planned.object = Some(Target { id: id(5), org: None, name: ours });
        let plan = Plan { project: "p".into(), changes: vec![planned], ..Plan::default() };
        assert_eq!(abandoned(&snapshot, &Ledger::default(), &plan), [(Kind::Token, id(1).as_str())]);
    }
}
