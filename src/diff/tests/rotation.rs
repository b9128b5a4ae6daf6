//! When a secret is made anew, and when the one before goes.

use super::*;
use crate::ledger::NOT_YET;
use crate::manifest::Rotating;

const NEW: &str = "00000000000000c2";
const OLD: &str = "00000000000000c1";
const OLDER: &str = "00000000000000c0";
const DAY: u64 = 86_400_000;
/// 2026-01-01T00:00:00Z, when the token was made.
const MADE: u64 = 1_767_225_600_000;

fn rotates(every: Option<u64>, overlap: Option<u64>) -> Value {
    let parts = [("every", every), ("overlap", overlap)];
    Value::Table(parts.into_iter().filter_map(|(part, length)| Some((part.to_owned(), days(length?)))).collect())
}

/// A token that is `age` days old and rotated so.
fn token(age: u64, rotate: Value) -> Scene {
    let fields = [("description", text("t")), ("status", text("active"))];
    let mut scene = Scene::new()
        .declares("token.t", &[&fields[..], &[("rotate", rotate)]].concat())
        .has(Kind::Token, NEW, "t", &fields)
        .owns("token.t", NEW, &fields);
    scene.snapshot.at = MADE + age * DAY;
    scene.view(Kind::Token).objects.get_mut(NEW).expect("there").created = Some("2026-01-01T00:00:00Z".into());
    scene
}

/// The same, where its predecessors were taken over from so many days after it was made, or were to go at once.
fn after(mut scene: Scene, predecessors: &[(&str, Option<u64>)]) -> Scene {
    scene = scene.entry("token.t", |entry| {
        for (id, since) in predecessors {
            entry.predecessors.insert((*id).to_owned());
            entry.succeeded.extend(since.map(|since| ((*id).to_owned(), MADE + since * DAY)));
        }
    });
    scene
}

fn asked(mut scene: Scene, at_once: bool) -> Scene {
    scene.manifest.rotating =
        Some(Rotating { addresses: [address("token.t")].into(), at_once, lost: false, due: false });
    scene
}

/// What happens, what goes, what stays a while.
fn says(scene: &Scene) -> String {
    let change = scene.compare(Goal::Declared).changes.remove(0);
    let Change { action, reason, predecessors, overlapping, .. } = change;
    format!("{action:?} {reason:?}, goes: {predecessors:?}, stays: {overlapping:?}")
}

#[test]
fn a_secret_is_rotated_at_its_age() {
    let young = token(89, rotates(Some(90), None));
    assert_eq!(says(&young), "None InSync, goes: {}, stays: {}");
    let old = token(90, rotates(Some(90), None));
    assert_eq!(says(&old), format!("Replace RotationDue, goes: {{}}, stays: {{{NEW:?}}}"));
    let change = old.compare(Goal::Declared).changes.remove(0);
    assert!(change.due() && change.stays() && !change.drifted());
    assert_eq!(says(&token(90, rotates(Some(90), Some(0)))), "Replace RotationDue, goes: {}, stays: {}");
    assert_eq!(says(&token(900, rotates(None, Some(1)))), "None InSync, goes: {}, stays: {}");
    let paused = old.clone().with("token.t", |token| token.fields.set("status", text("inactive")));
    assert!(!says(&paused).contains("Rotation"), "what does not work: {}", says(&paused));
    let theirs = old.entry("token.t", |entry| entry.origin = Origin::Adopted);
    assert!(!says(&theirs).contains("Rotation"), "what the project may not delete: {}", says(&theirs));
    let owned = theirs.with("token.t", |token| token.lifecycle.owned = true);
    assert!(says(&owned).starts_with("Replace RotationDue"), "{}", says(&owned));
}

#[test]
fn who_asks_gets_another_secret_at_any_age() {
    let young = || token(1, rotates(Some(90), None));
    assert_eq!(says(&asked(young(), false)), format!("Replace RotationAsked, goes: {{}}, stays: {{{NEW:?}}}"));
    assert_eq!(says(&asked(young(), true)), "Replace RotationAsked, goes: {}, stays: {}");
    let again = after(young(), &[(OLD, Some(0)), (OLDER, None)]);
    assert_eq!(
        says(&asked(again.clone(), true)),
        format!("Replace RotationAsked, goes: {{{OLDER:?}, {OLD:?}}}, stays: {{}}")
    );
    let long = again.with("token.t", |token| token.fields.set("rotate", rotates(None, Some(30))));
    assert_eq!(
        says(&asked(long, false)),
        format!("Replace RotationAsked, goes: {{{OLDER:?}}}, stays: {{{OLD:?}, {NEW:?}}}")
    );
}

#[test]
fn a_predecessor_goes_when_its_overlap_has_ended() {
    let rotated = |at| after(token(at, rotates(None, Some(2))), &[(OLD, Some(1))]);
    assert_eq!(says(&rotated(2)), format!("None InSync, goes: {{}}, stays: {{{OLD:?}}}"));
    assert_eq!(says(&rotated(3)), format!("Update OverlapEnded, goes: {{{OLD:?}}}, stays: {{}}"));
    let shorter = rotated(2).with("token.t", |token| token.fields.set("rotate", rotates(None, Some(1))));
    assert_eq!(says(&shorter), format!("Update OverlapEnded, goes: {{{OLD:?}}}, stays: {{}}"));
    let two = after(token(3, rotates(None, Some(2))), &[(OLDER, Some(1)), (OLD, Some(2))]);
    assert_eq!(says(&two), format!("Update OverlapEnded, goes: {{{OLDER:?}}}, stays: {{{OLD:?}}}"));
    let failed = after(token(1, rotates(None, Some(2))), &[(OLD, None)]);
    assert_eq!(says(&failed), format!("Update Leftovers, goes: {{{OLD:?}}}, stays: {{}}"));
    // Without a word in the manifest it is a day.
    let unsaid = |at| after(token(at, Value::Table(BTreeMap::new())), &[(OLD, Some(1))]);
    assert!(says(&unsaid(1)).starts_with("None") && says(&unsaid(2)).starts_with("Update OverlapEnded"));
}

#[test]
fn a_table_that_is_removed_takes_nothing_from_whoever_was_promised_an_overlap() {
    let promised = |at, rotate| {
        after(token(at, rotate), &[(OLD, Some(1))]).entry("token.t", |entry| {
            entry.overlaps.insert(OLD.to_owned(), Duration::from_secs(7 * 86_400));
        })
    };
    let unsaid = || Value::Table(BTreeMap::new());
    assert_eq!(says(&promised(7, unsaid())), format!("None InSync, goes: {{}}, stays: {{{OLD:?}}}"));
    assert!(says(&promised(8, unsaid())).starts_with("Update OverlapEnded"));
    // What the manifest says holds: shorter or longer.
    assert!(says(&promised(3, rotates(None, Some(2)))).starts_with("Update OverlapEnded"));
    assert!(says(&promised(8, rotates(None, Some(9)))).starts_with("None"));
    let change = promised(3, unsaid()).compare(Goal::Declared).changes.remove(0);
    assert_eq!(change.until, [(OLD.to_owned(), MADE + 8 * DAY)].into());
}

#[test]
fn other_permissions_take_effect_at_once() {
    let other = |scene: Scene| scene.with("token.t", |token| token.fields.set("secret_version", Value::Integer(2)));
    let scene = other(after(token(90, rotates(Some(90), None)), &[(OLD, Some(90))]));
    let said = says(&scene);
    assert!(
        said.starts_with("Replace CannotChange") && said.ends_with(&format!("goes: {{{OLD:?}}}, stays: {{}}")),
        "{said}"
    );
}

#[test]
fn what_was_adopted_goes_on_working_whatever_replaces_it() {
    let other = |scene: Scene| scene.with("token.t", |token| token.fields.set("secret_version", Value::Integer(2)));
    let adopted = |rotate| {
        let scene = token(9, rotate).with("token.t", |token| token.lifecycle.owned = true);
        scene.entry("token.t", |entry| (entry.origin, entry.secret) = (Origin::Adopted, None))
    };
    let said = says(&other(adopted(rotates(None, None))));
    assert!(said.starts_with("Replace CannotChange") && said.ends_with(&format!("stays: {{{NEW:?}}}")), "{said}");
    let said = says(&other(adopted(rotates(None, Some(0)))));
    assert!(said.ends_with("goes: {}, stays: {}"), "{said}");
    assert!(says(&asked(other(adopted(rotates(None, None))), true)).ends_with("goes: {}, stays: {}"));
    // From then on, its secret is ours.
    let delivered = adopted(rotates(None, None)).entry("token.t", |entry| entry.secret = Some("0123456789ab".into()));
    assert!(says(&other(delivered)).ends_with("stays: {}"));
}

#[test]
fn an_interrupted_rotation_goes_on_and_takes_nothing_away() {
    let scene = after(token(9, rotates(None, Some(1))), &[(OLD, Some(1)), (OLDER, None)]);
    let died = scene.entry("token.t", |entry| {
        entry.secret = None;
        entry.succeeded.insert(OLD.to_owned(), NOT_YET);
    });
    let inactive = |mut scene: Scene| {
        let object = scene.view(Kind::Token).objects.get_mut(NEW).expect("there");
        object.fields.set("status", text("inactive"));
        scene
    };
    // Its overlap has not begun: nobody has the secret of the successor.
    assert_eq!(says(&inactive(died.clone())), format!("Replace Undelivered, goes: {{{OLDER:?}}}, stays: {{{OLD:?}}}"));
    // Somebody may have it.
    assert_eq!(says(&died), format!("Replace Undelivered, goes: {{{OLDER:?}}}, stays: {{{OLD:?}, {NEW:?}}}"));
    assert_eq!(
        says(&asked(died.clone(), true)),
        format!("Replace Undelivered, goes: {{{OLDER:?}, {OLD:?}}}, stays: {{}}")
    );
    // What was taken over from before was so by what is delivered.
    let before = |since| after(died.clone(), &[(OLDER, Some(since))]);
    assert!(says(&before(8)).ends_with(&format!("goes: {{{OLDER:?}}}, stays: {{{OLD:?}, {NEW:?}}}")));
    assert!(says(&before(9)).ends_with(&format!("goes: {{}}, stays: {{{OLDER:?}, {OLD:?}, {NEW:?}}}")));
}

#[test]
fn a_lost_secret_is_made_anew_beside_all_else() {
    let mut scene = token(1, rotates(None, None)).declares("bucket.new", &[]);
    scene.manifest.redeliver([address("token.t")].into());
    let found = scene.compare(Goal::Declared);
    let reasons: Vec<_> = found.changes.iter().map(|change| change.reason.word()).collect();
    assert_eq!((reasons, found.problems.len()), (vec!["new", "secret_lost"], 0));
    assert!(found.changes[1].stays() && !found.changes[1].drifted());
}

#[test]
fn who_asks_gets_nothing_else() {
    let scene = token(1, rotates(None, None)).declares("bucket.new", &[]).declares("label.changed", &[]).has(
        Kind::Label,
        "00000000000000d1",
        "changed",
        &[("properties", Value::Map([("color".to_owned(), "red".to_owned())].into()))],
    );
    let found = asked(scene.clone(), false).compare(Goal::Declared);
    let writes: Vec<_> = found.changes.iter().filter(|change| change.writes()).map(|change| &change.address).collect();
    assert_eq!((writes, found.problems.len()), (vec![&address("token.t")], 0));
    let needs =
        asked(scene.with("token.t", |token| token.needs = [address("bucket.new")].into_iter().collect()), false);
    let problems = needs.compare(Goal::Declared).problems;
    assert_eq!(problems[0].diagnostic.message, "token.t cannot be rotated before an apply has created bucket.new");
    let absent = asked(Scene::new().declares("token.t", &[]), false).compare(Goal::Declared);
    assert_eq!(absent.problems[0].diagnostic.message, "token.t does not exist yet, so there is no secret to rotate");
}
