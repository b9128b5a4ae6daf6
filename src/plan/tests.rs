//! Reviewed plans: what tells one from another, and what their files hold.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::file::{decode, encode};
use super::*;
use crate::diff::{Cause, FieldChange, Reason, Setting, Target};
use crate::evidence::Data;
use crate::kind::Kind;
use crate::ledger::Origin as From;
use crate::render::sample;
use crate::secret::{Sink, Source};
use crate::value::{Ref, Script, Value};

fn saved(plan: Plan) -> Saved {
    let origin = Origin {
        server: "https://influxdb.example.com:8086".into(),
        org: "acme".into(),
        org_id: Some("00000000000000aa".into()),
    };
    Saved { origin, plan, variables: BTreeMap::from([("env".to_owned(), "0123456789abcdef".to_owned())]) }
}

/// A plan that nothing is said against.
fn plan() -> Plan {
    Plan { refusals: Vec::new(), ..sample::plan() }
}

fn text(saved: &Saved) -> String {
    String::from_utf8(encode(saved)).expect("UTF-8")
}

/// What is wrong with a file.
fn wrong(text: &str) -> String {
    decode(text.as_bytes()).map(|_| ()).expect_err("refused").0
}

#[test]
fn a_plan_file() {
    let json: serde_json::Value = serde_json::from_slice(&encode(&saved(plan()))).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn what_is_saved_reads_back_and_looks_the_same() {
    for plan in [plan(), sample::nothing(), Plan::default()] {
        let before = saved(plan);
        let after = decode(&encode(&before)).expect("a plan file");
        assert_eq!(after.plan.changes, before.plan.changes);
        assert_eq!(after.plan.at_stake, before.plan.at_stake);
        assert_eq!((&after.origin, &after.plan.flags), (&before.origin, &before.plan.flags));
        let shown = |saved: &Saved| crate::render::plan(&saved.plan, crate::render::Look::PLAIN);
        assert_eq!(shown(&after), shown(&before));
        assert!(difference(&before.plan, &after.plan).is_empty());
        assert_eq!(text(&after), text(&before));
    }
}

#[test]
fn the_checksum_sees_all_but_the_space_between_words() {
    let dense = file::checksum(r#"{"a \"\\":["b  c\\",1]}"#);
    assert_eq!(file::checksum("{ \"a \\\"\\\\\" :\n\t[\"b  c\\\\\", 1]\r\n}"), dense);
    for other in [r#"{"a\"\\":["b  c\\",1]}"#, r#"{"a \"\\":["b c\\",1]}"#, r#"{"a \"\\":["b  c\\",2]}"#] {
        assert_ne!(file::checksum(other), dense, "{other}");
    }
    let long = |space: &str| file::checksum(&format!("[{}1]", format!("1,{space}").repeat(5000)));
    assert_eq!(long(""), long("  "));
}

#[test]
fn a_file_that_is_no_plan_says_what_is_wrong() {
    let whole = text(&saved(plan()));
    assert_eq!(wrong(""), "is empty");
    assert_eq!(wrong(" \n"), "is empty");
    assert!(wrong("[project]\n").starts_with("is not a plan file: it is not JSON"));
    assert_eq!(wrong("{}"), "is JSON, but not a plan file");
    assert_eq!(wrong("[1, 2]"), "is JSON, but not a plan file");
    assert!(decode(b"{\"format_version\": \"1.0\"}").expect_err("refused").1.contains("--format json"));
    let newer = whole.replacen("\"fluxform_plan\":7", "\"fluxform_plan\":8", 1);
    assert_eq!(wrong(&newer), "has version 8 of the plan format, but this fluxform reads version 7");
    let edited = whole.replacen("secrets/ingest.token", "/etc/passwd", 1);
    assert_eq!(wrong(&edited), "was changed after it was written: its checksum does not match");
    assert!(wrong(&whole[..whole.len() / 2]).contains("truncated"));
}

/// A hand that mends the checksum does not mend the digest.
#[test]
fn an_edited_file_with_a_right_checksum_is_refused() {
    let mut file: serde_json::Value = serde_json::from_slice(&encode(&saved(plan()))).expect("JSON");
    file["content"]["changes"][0]["action"] = "delete".into();
    file["checksum"] = file::checksum(&file["content"].to_string()).into();
    assert!(wrong(&file.to_string()).contains("was changed"));
    file["content"]["changes"][0]["action"] = "explode".into();
    file["checksum"] = file::checksum(&file["content"].to_string()).into();
    assert!(wrong(&file.to_string()).contains("cannot be read: unknown variant `explode`"));
    let mut file: serde_json::Value = serde_json::from_slice(&encode(&saved(plan()))).expect("JSON");
    file["content"]["warnings"][0]["code"] = "plan::something".into();
    file["checksum"] = file::checksum(&file["content"].to_string()).into();
    assert!(wrong(&file.to_string()).contains("cannot be read: unknown code `plan::something`"));
}

/// Another digest would make each plan file of before this version stale: then the format's version has to be a new one.
#[test]
fn the_digest_is_the_same_on_every_machine() {
    let mut change = sample::change(Kind::Bucket, "raw", Action::Update, Reason::Differs);
    change.object = sample::object(1, "raw");
    let days = |days| Some(sample::duration(days));
    change.fields = vec![sample::field("retention", days("1d"), sample::duration("2d"), Some("1d"), Cause::Yours)];
    let plan = Plan { project: "iot".into(), changes: vec![change], ..Plan::default() };
    insta::assert_snapshot!(plan.digest(), @"b86a11a59e8001277e6e948b17f06b25c843923e471935a19be0ec414a9162c7");
}

#[test]
fn the_digest_does_not_see_what_two_runs_may_see_differently() {
    let before = plan();
    let mut after = plan();
    after.changes.reverse();
    after.changes.retain(Change::writes);
    after.at_stake.clear();
    for change in &mut after.changes {
        (change.unverified, change.settles) = (!change.unverified, !change.settles);
        for field in &mut change.fields {
            if let Value::Script(script) = &mut field.wanted {
                *script = Script::of_task(format!("{}\n// a remark", script.source().expect("a source")));
            }
        }
    }
    assert_eq!(after.digest(), before.digest());
    assert!(difference(&before, &after).is_empty());
}

#[test]
fn what_only_time_asks_for_is_no_other_plan() {
    let due = |reason: Reason, action: Action| {
        let mut plan = plan();
        plan.changes.push(Change { action, ..Change::blank(&Address::new(Kind::Token, "due"), action, reason) });
        plan
    };
    let before = plan();
    for (reason, action) in [(Reason::RotationDue, Action::Replace), (Reason::OverlapEnded, Action::Update)] {
        let mut after = due(reason.clone(), action);
        assert_eq!(after.digest(), before.digest(), "{reason:?}");
        assert!(difference(&before, &after).is_empty() && difference(&after, &before).is_empty());
        // What a manifest changes besides counts.
        altered(after.changes.last_mut().expect("just put"), 4);
        assert_ne!(after.digest(), before.digest(), "{reason:?}");
        assert_eq!(difference(&before, &after).len(), 1);
    }
    assert_ne!(due(Reason::RotationAsked, Action::Replace).digest(), before.digest());
}

#[test]
fn a_home_org_that_is_made_anew_is_the_same_org() {
    let at = |home: &str| {
        let mut plan = plan();
        plan.home = Some(home.to_owned());
        for change in &mut plan.changes {
            change.org = Some(home.to_owned());
            if let Some(object) = &mut change.object {
                object.org = Some(home.to_owned());
            }
        }
        plan.digest()
    };
    assert_eq!(at("00000000000000aa"), at("00000000000000ab"));
}

/// One way in which a change can become another one.
fn altered(change: &mut Change, way: usize) {
    let field = |live, wanted| FieldChange { field: "cron", live, wanted, last: None, cause: Cause::Yours };
    match way {
        0 => change.action = Action::Delete,
        1 => change.reason = Reason::CannotChange(BTreeSet::from(["name"])),
        2 => change.object = Some(Target { id: "00000000000000ff".into(), org: None, name: "x".into() }),
        3 => change.org = Some("00000000000000ee".into()),
        4 => change.fields.push(field(None, sample::text("new"))),
        5 => change.fields.push(field(Some(sample::text("old")), sample::text("new"))),
        6 => change.adopts = !change.adopts,
        7 => change.moved_from = Some(Address::new(change.address.kind, "elsewhere")),
        8 => drop(change.released.insert("status".into())),
        9 => change.lifecycle.prevent_destroy = true,
        10 => change.lifecycle.owned = true,
        11 => change.lifecycle_changes.push(Setting::Owned(true)),
        12 => change.origin = if change.origin == Some(From::Adopted) { None } else { Some(From::Adopted) },
        13 => change.address = change.address.at("other"),
        14 => {
            let argv = vec!["deliver".into(), "elsewhere".into()];
            let sink = Sink::Command {
                argv,
                dir: "".into(),
                timeout: std::time::Duration::from_secs(30),
                shows_stderr: false,
            };
            change.fields.push(field(None, Value::Sinks(vec![sink])));
        }
        15 => {
            let source = Source::Command { argv: vec!["curl".into()], shows_stderr: false };
            change.fields.push(field(None, Value::Source(source)));
        }
        16 => change.imported = !change.imported,
        17 => change.fields.push(field(None, Value::Refs([Ref::Home].into()))),
        _ => change.fields.push(field(None, sample::script("from(bucket: \"b\")"))),
    }
}

proptest! {
    #[test]
    fn a_change_that_is_another_one_has_another_digest_and_is_shown(at in 0..15_usize, way in 0..19_usize) {
        let before = plan();
        let mut after = plan();
        altered(&mut after.changes[at], way);
        let canonical = |plan: &Plan| plan.changes.iter().filter(|change| change.writes()).map(|change| plan.canonical(change)).collect::<Vec<_>>();
        let same = canonical(&before) == canonical(&after);
        prop_assert_eq!(before.digest() == after.digest(), same);
        prop_assert_eq!(difference(&before, &after).is_empty(), same);
        prop_assert_eq!(difference(&after, &before).is_empty(), same);
        // What has nothing to do may not differ either, but nothing else.
        prop_assert!(!same || !after.changes[at].writes() || after.changes == before.changes);
        for difference in difference(&before, &after) {
            let both = difference.reviewed.is_some() && difference.now.is_some();
            // Of what is no change any more, or a new one, some has nothing to show.
            prop_assert!(!both || !difference.parts().is_empty());
        }
    }

    #[test]
    fn a_file_that_is_cut_or_changed_anywhere_is_refused(at: prop::sample::Index, byte in any::<u8>()) {
        let whole = encode(&saved(plan()));
        let at = at.index(whole.len() - 2);
        prop_assert!(decode(&whole[..at]).is_err());
        let mut other = whole.clone();
        other[at] = byte;
        // Spaces between the words of JSON mean nothing.
        let meaning = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        prop_assert!(meaning(&other) == meaning(&whole) || decode(&other).is_err());
    }
}

#[test]
fn no_more_may_be_at_stake_than_was_agreed_to() {
    let some = |count, first: &str| Data::Some { count, first: Some(first.into()), last: None };
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z");
    let unknown = Data::Unknown("why".into());
    for (agreed, now, within) in [
        (None, Data::None, true),
        (None, some(Some(1), early), false),
        (None, unknown.clone(), false),
        (Some(Data::None), some(None, early), false),
        (Some(Data::None), unknown.clone(), false),
        (Some(unknown.clone()), some(Some(9), early), true),
        (Some(unknown.clone()), unknown.clone(), true),
        (Some(some(Some(9), early)), unknown, false),
        (Some(some(Some(9), early)), Data::None, true),
        (Some(some(Some(9), early)), some(Some(9), late), true),
        (Some(some(Some(9), early)), some(Some(10), early), false),
        (Some(some(Some(9), late)), some(Some(9), early), false),
        (Some(some(Some(9), early)), some(None, early), false),
        (Some(some(None, early)), some(None, late), true),
    ] {
        assert_eq!(now.within(agreed.as_ref()), within, "{agreed:?} {now:?}");
    }
}
