//! A lifecycle that changes, in every format.

use std::collections::BTreeSet;

use super::super::sample;
use super::*;
use crate::diff::Setting;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A plan of changed lifecycles: alone, in all instances of a table, and of what changes on the server too.
fn changed() -> Plan {
    let bare = |key: &str, settings: &[Setting]| {
        let mut change = sample::change(Kind::Bucket, key, Action::None, Reason::InSync);
        change.lifecycle_changes = settings.to_vec();
        for setting in settings {
            // The stronger of both sides holds until it is written.
            match setting {
                Setting::PreventDestroy(_) => change.lifecycle.prevent_destroy = true,
                Setting::Protected(_) => change.lifecycle.protected = true,
                _ => {}
            }
        }
        change
    };
    let instance = |key: &str| {
        let mut change = bare("line", &[Setting::PreventDestroy(false)]);
        change.address = change.address.at(key);
        change
    };
    let mut still = bare("still", &[Setting::PreventDestroy(false)]);
    still.lifecycle.protected = true;
    let mut also = bare("also", &[Setting::PreventDestroy(false)]);
    also.action = Action::Update;
    also.reason = Reason::Differs;
    also.fields = vec![sample::field("description", Some(sample::text("a")), sample::text("b"), None, Cause::Yours)];
    let mut task = bare("x", &[Setting::Ignore(set(&[]), set(&["status"]))]);
    task.address = Address::new(Kind::Task, "hourly");
    let changes = vec![
        also,
        instance("oven"),
        instance("press"),
        bare("new", &[Setting::Protected(true)]),
        bare("off", &[Setting::PreventDestroy(false), Setting::Protected(false), Setting::Owned(false)]),
        bare("own", &[Setting::Owned(true)]),
        still,
        task,
    ];
    Plan { changes, ..sample::nothing() }
}

#[test]
fn a_changed_lifecycle_is_said_as_what_it_changes_in_every_format() {
    let changed = changed();
    let one = Document { plan: Some(&changed), ..Document::new(Exit::Ok) };
    let json: serde_json::Value = serde_json::from_str(&document(&one)).expect("JSON");
    let said: Vec<_> = json["plan"]["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|change| format!("{} {}", change["address"], change["lifecycle_changes"]))
        .collect();
    assert_eq!(breaks("plan", &document(&one)), Vec::<String>::new());
    let summary = &json["plan"]["summary"];
    insta::assert_snapshot!(
        [
            plan(&changed, PLAIN),
            plan(&changed, PLAIN.compact(true)),
            comment(Comment::Plan, &one),
            format!("{}\n{} {} {}", said.join("\n"), summary["protect"], summary["unprotect"], summary["record"]),
        ]
        .join("\n----\n")
    );
}
