//! Rotations: what is due, what is asked for, and what goes after it.

use super::*;
use crate::diff::Rotated;
use crate::duration::Duration;

const DAY: u64 = 86_400;

fn rotation(key: &str, reason: Reason) -> Change {
    let mut change = sample::change(Kind::Token, key, Action::Replace, reason);
    let (age, overlap) = (Duration::from_secs(93 * DAY), Duration::from_secs(DAY));
    change.rotated = Some(Rotated { age, every: Some(Duration::from_secs(90 * DAY)), overlap });
    change.fields.clear();
    change
}

#[test]
fn what_still_works_is_named_though_nothing_is_to_be_done() {
    let mut rotated = sample::change(Kind::Token, "rotated", Action::None, Reason::InSync);
    rotated.fields.clear();
    rotated.until = [("00000000000000c0".to_owned(), 1_767_225_600_000)].into();
    let mut none = sample::nothing();
    none.changes = vec![rotated];
    insta::assert_snapshot!(plan(&none, PLAIN), @r"
    Replaced by a rotation, and still working:
      token.rotated: token (id 00000000000000c0) until the first apply after 2026-01-01T00:00:00Z

    No changes. The server matches the manifests.
    ");
}

fn rotations() -> Plan {
    let mut due = rotation("due", Reason::RotationDue);
    due.object = sample::object(0xd1, "Ingest");
    due.overlapping = [due.object.as_ref().expect("it is there").id.clone()].into();
    let asked = rotation("leaked", Reason::RotationAsked);
    let mut ended = sample::change(Kind::Token, "rotated", Action::Update, Reason::OverlapEnded);
    ended.fields.clear();
    ended.predecessors = ["00000000000000c0".to_owned()].into();
    let mut plan = sample::nothing();
    plan.changes = vec![due, asked, ended];
    plan
}

#[test]
fn each_step_of_a_rotation_says_why_and_what_goes() {
    let rotations = rotations();
    let document = Document { plan: Some(&rotations), ..Document::new(Exit::Ok) };
    insta::assert_snapshot!(plan(&rotations, PLAIN) + "\n---\n" + &plan(&rotations, PLAIN.compact(true)));
    insta::assert_snapshot!(
        "drift_has_none_of_it",
        drift(&rotations, PLAIN) + "\n---\n" + &comment(Comment::Drift, &document)
    );
}

#[test]
fn what_goes_on_working_is_not_destroyed() {
    let rotations = rotations();
    let mut report = Report::of(&rotations);
    for change in &rotations.changes {
        let done = Outcome::Done { id: "00000000000000d0".into() };
        report.outcomes.insert(change.address.clone(), (change.action, done));
    }
    insta::assert_snapshot!(super::super::report(&report, Verb::Rotate, PLAIN));
}
