//! What a user reads, as a whole; and that nothing hidden gets there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::sample;
use super::*;
use crate::address::Address;
use crate::diff::{Action, Cause, Reason};
use crate::evidence::Data;
use crate::exit::Exit;
use crate::kind::Kind;
use crate::report::Report;
use crate::value::{Ref, Value};

const PLAIN: Palette = Palette::Plain;

#[test]
fn a_plan_with_everything() {
    insta::assert_snapshot!(plan(&sample::plan(), PLAIN));
}

#[test]
fn a_plan_with_nothing_to_do() {
    insta::assert_snapshot!(plan(&sample::nothing(), PLAIN), @"No changes. The server matches the manifests.");
}

#[test]
fn a_plan_of_ledger_changes_only() {
    let mut plan = sample::plan();
    plan.changes.retain(|change| matches!(change.action, Action::None | Action::Forget));
    (plan.at_stake, plan.refusals) = (BTreeMap::new(), Vec::new());
    insta::assert_snapshot!(super::plan(&plan, PLAIN));
}

#[test]
fn drift_names_exactly_the_drifted_fields() {
    insta::assert_snapshot!(drift(&sample::plan(), PLAIN));
    insta::assert_snapshot!(drift(&sample::nothing(), PLAIN), @"No drift. The server is as it was last applied.");
}

#[test]
fn a_complete_report() {
    insta::assert_snapshot!(report(&sample::complete(), Verb::Apply, PLAIN));
}

#[test]
fn a_partial_report_says_what_is_left_and_that_going_on_is_safe() {
    insta::assert_snapshot!(report(&sample::partial(), Verb::Apply, PLAIN));
}

#[test]
fn a_destroy_counts_what_it_destroyed() {
    let report = Report { outcomes: BTreeMap::new(), ..sample::complete() };
    insta::assert_snapshot!(super::report(&report, Verb::Destroy, PLAIN), @"Destroy complete! Resources: 0 destroyed.");
}

#[test]
fn colours_change_no_text() {
    let strip = |text: &str| anstream::adapter::strip_str(text).to_string();
    let (plan, done) = (sample::plan(), sample::partial());
    let coloured = super::plan(&plan, Palette::Coloured) + &report(&done, Verb::Apply, Palette::Coloured);
    assert_eq!(strip(&coloured), super::plan(&plan, PLAIN) + &report(&done, Verb::Apply, PLAIN));
    assert_ne!(strip(&coloured), coloured);
}

/// What `text` breaks of `schemas/NAME.schema.json`.
fn breaks(name: &str, text: &str) -> Vec<String> {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let schema = read(&std::fs::read_to_string(path).expect("the schema"));
    let validator = jsonschema::validator_for(&schema).expect("a sound schema");
    validator.iter_errors(&read(text)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_machine_forms_keep_their_schemas() {
    let (plan, nothing, problems) = (sample::plan(), sample::nothing(), [sample::problem(Exit::Locked, "locked")]);
    let (partial, complete) = (sample::partial(), sample::complete());
    let form = |plan, report, problems| document(&Document { exit: Exit::Ok, plan, report, problems });
    for text in [form(Some(&plan), None, &[]), form(Some(&nothing), None, &[]), form(None, None, &problems)] {
        assert_eq!(breaks("plan", &text), Vec::<String>::new());
        assert_eq!(breaks("report", &text), Vec::<String>::new());
    }
    for text in [form(Some(&plan), Some(&partial), &problems), form(None, Some(&complete), &[])] {
        assert_eq!(breaks("report", &text), Vec::<String>::new());
        assert_ne!(breaks("plan", &text), Vec::<String>::new());
    }
    for exit in Exit::PRECEDENCE {
        let text = document(&Document { exit, plan: None, report: None, problems: &[] });
        assert_eq!(breaks("plan", &text), Vec::<String>::new(), "{exit:?}");
    }
}

#[test]
fn the_machine_form_of_a_plan() {
    let plan = sample::plan();
    let text = document(&Document { exit: Exit::Refused, plan: Some(&plan), report: None, problems: &[] });
    insta::assert_snapshot!(text);
}

#[test]
fn the_machine_form_of_a_report() {
    let (report, problems) = (sample::partial(), [sample::problem(Exit::Locked, "locked")]);
    let text = document(&Document { exit: Exit::Partial, plan: None, report: Some(&report), problems: &problems });
    insta::assert_snapshot!(text);
}

/// Text of letters and of what must never be seen.
fn nasty() -> impl Strategy<Value = String> {
    let hidden = "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200b}-\u{200f}\u{feff}\u{e0041}]";
    (any::<String>(), hidden, "[a-z\"\\\\]{0,4}").prop_map(|(a, b, c)| a + &b + &c)
}

proptest! {
    #[test]
    fn nothing_hidden_reaches_a_reader(words in proptest::collection::vec(nasty(), 9)) {
        let word = |n: usize| words[n].clone();
        let mut one = sample::change(Kind::Bucket, &word(0), Action::Update, Reason::Differs);
        one.object = sample::object(1, &word(1));
        one.released = BTreeSet::from([word(2)]);
        one.moved_from = Some(Address::new(Kind::Bucket, word(3)).at(word(0)));
        one.fields = vec![
            sample::field("description", Some(Value::Text(word(4))), Value::Text(word(5)), Some(&word(6)), Cause::Both),
            sample::field("flux", Some(sample::script(&word(4))), sample::script(&word(5)), Some(&word(6)), Cause::Drift),
            sample::field("labels", Some(Value::Refs(BTreeSet::from([Ref::Id(Kind::Label, word(7))]))),
                Value::Map(BTreeMap::from([(word(7), word(8))])), Some(&word(6)), Cause::Drift),
            sample::field("name", None, Value::Map(BTreeMap::from([(word(7), word(8))])), Some(&word(6)), Cause::Yours),
        ];
        let mut made = one.clone();
        (made.action, made.address) = (Action::Create, Address::new(Kind::Task, word(8)));
        let mut kept = one.clone();
        (kept.action, kept.adopts, kept.address) = (Action::None, true, Address::new(Kind::Label, word(8)));
        let mut sample_plan = sample::nothing();
        sample_plan.at_stake = BTreeMap::from([(one.address.clone(), Data::Unknown(word(8)))]);
        sample_plan.changes.extend([one.clone(), made, kept]);
        let mut done = sample::partial();
        done.stopped.push(sample::problem(Exit::Error, &word(1)));
        let failed = crate::apply::Outcome::Failed(sample::problem(Exit::Error, &word(2)));
        done.outcomes.insert(one.address.clone(), (Action::Update, failed));
        let edges = BTreeMap::from([(one.address, BTreeSet::from([Address::new(Kind::Task, word(3))]))]);
        let machine = Document {
            exit: Exit::Ok, plan: Some(&sample_plan), report: Some(&done), problems: &[sample::problem(Exit::Error, &word(3))],
        };
        for text in [
            plan(&sample_plan, PLAIN), drift(&sample_plan, PLAIN), report(&done, Verb::Apply, PLAIN),
            dot(&edges), mermaid(&edges), document(&machine),
        ] {
            prop_assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text:?}");
        }
    }
}
