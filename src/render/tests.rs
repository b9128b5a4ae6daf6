//! What a user reads, as a whole; and that nothing hidden gets there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::sample;
use super::*;
use crate::address::Address;
use crate::apply::Outcome;
use crate::coverage::Coverage;
use crate::diff::{Action, Cause, Change, Reason};
use crate::evidence::{Data, Stake};
use crate::exit::Exit;
use crate::hidden::is_hidden;
use crate::kind::Kind;
use crate::plan::{Origin, Plan};
use crate::problem::Problem;
use crate::report::Report;
use crate::value::{Ref, Set, Value};

mod lifecycle;
mod rotation;

const PLAIN: Look = Look::PLAIN;

fn comment(of: Comment, document: &Document<'_>) -> String {
    super::comment(of, document).text
}

fn comments(of: Comment, exit: Exit, parts: &[Part<'_>]) -> String {
    super::comments(of, exit, parts).text
}

#[test]
fn a_plan_with_everything() {
    insta::assert_snapshot!(plan(&sample::plan(), PLAIN));
}

#[test]
fn a_plan_with_nothing_to_do() {
    insta::assert_snapshot!(plan(&sample::nothing(), PLAIN), @"No changes. The server matches the manifests.");
}

#[test]
fn a_refused_plan_never_has_no_changes() {
    let plan =
        Plan { refusals: vec![sample::problem(Exit::NotAuthorized, "cannot see the buckets")], ..sample::nothing() };
    let exit = Exit::NotAuthorized;
    let one = Document { plan: Some(&plan), ..Document::new(exit) };
    let parts = [Part { dir: "a".to_owned(), document: one }, Part { dir: "b".to_owned(), document: one }];
    insta::assert_snapshot!(super::plan(&plan, PLAIN), @"Plan refused: 1 problem must be resolved before anything is applied.");
    insta::assert_snapshot!(overview(Comment::Plan, &parts[..1], PLAIN), @r"
    All projects:
      a  Refused: 1 problem (4 not_authorized).
    ");
    insta::assert_snapshot!(overview(Comment::Drift, &parts[..1], PLAIN), @r"
    All projects:
      a  No drift in what the token sees. 1 problem prevented a complete result (4 not_authorized).
    ");
    let comments = [
        comment(Comment::Plan, &one),
        comment(Comment::Apply, &one),
        comment(Comment::Destroy, &one),
        comments(Comment::Plan, exit, &parts),
    ];
    for text in comments {
        assert!(text.contains("**Plan refused**: 1 problem"), "{text}");
        assert!(!text.contains("No changes") && !text.contains("matches the manifests"), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&document(&one)).expect("JSON");
    assert_eq!((&json["exit_code"], json["plan"]["refusals"].as_array().map(Vec::len)), (&4.into(), Some(1)));
}

#[test]
fn a_compact_plan_has_a_line_for_each_resource() {
    insta::assert_snapshot!(plan(&sample::plan(), PLAIN.compact(true)));
    insta::assert_snapshot!(drift(&sample::plan(), PLAIN.compact(true)));
    insta::assert_snapshot!(report(&sample::complete(), Verb::Apply, PLAIN.compact(true)));
}

/// A plan of a table with many instances, most of which go the same way.
fn many() -> Plan {
    let mut plan = sample::nothing();
    for n in 0..12 {
        let mut line = sample::change(Kind::Bucket, "line", Action::Create, Reason::New);
        line.address = line.address.at(format!("l{n:02}"));
        line.fields = vec![sample::field("name", None, sample::text(&format!("line {n}")), None, Cause::Yours)];
        let mut daily = sample::change(Kind::Bucket, "daily", Action::Update, Reason::Differs);
        daily.address = daily.address.at(format!("l{n:02}"));
        let wanted = sample::duration(if n < 8 { "90d" } else { "60d" });
        daily.fields = vec![sample::field("retention", Some(sample::duration("30d")), wanted, None, Cause::Yours)];
        let mut gone = sample::change(Kind::Label, "team", Action::Delete, Reason::NotDeclared);
        gone.address = gone.address.at(format!("l{n:02}"));
        let mut adopted = sample::change(Kind::User, "op", Action::None, Reason::InSync);
        (adopted.adopts, adopted.address) = (true, adopted.address.at(format!("l{n:02}")));
        adopted.object = sample::object(n, &format!("op {n}"));
        plan.changes.extend([line, daily, gone, adopted]);
    }
    plan
}

#[test]
fn instances_that_go_the_same_way_share_a_line() {
    insta::assert_snapshot!(plan(&many(), PLAIN.compact(true)));
    let mut done = Report::default();
    for change in many().changes.iter().filter(|change| change.action != Action::None) {
        let outcome = Outcome::Done { id: "0123456789abcdef".to_owned() };
        done.outcomes.insert(change.address.clone(), (change.action, outcome));
    }
    insta::assert_snapshot!(report(&done, Verb::Apply, PLAIN.compact(true)));
}

#[test]
fn who_saw_the_progress_reads_only_the_rest() {
    insta::assert_snapshot!(report_after_progress(&sample::complete(), Verb::Apply, PLAIN));
    let partial = report_after_progress(&sample::partial(), Verb::Apply, PLAIN);
    assert!(partial.starts_with("Failed:\n"), "{partial}");
}

#[test]
fn prose_keeps_to_the_width_and_values_stay_whole() {
    let mut plan = sample::plan();
    plan.changes[2].fields.push(sample::field(
        "description",
        None,
        sample::text(&"a word ".repeat(20)),
        None,
        Cause::Yours,
    ));
    let look = Look { width: Some(60), ..PLAIN };
    let text = super::plan(&plan, look) + &report(&sample::partial(), Verb::Apply, look) + &drift(&plan, look);
    insta::assert_snapshot!(text);
}

#[test]
fn what_differs_is_seen_in_every_format() {
    let look_alike = [
        ("a\u{a0}b", "a b"),
        ("r\u{430}w", "raw"),
        ("x\r\ny", "x\ny"),
        ("x ", "x"),
        ("e\u{301}", "\u{e9}"),
        ("a\tb", "a  b"),
    ];
    for (live, wanted) in look_alike {
        let mut plan = sample::nothing();
        let mut change = sample::change(Kind::Task, "t", Action::Update, Reason::Differs);
        change.fields = vec![
            sample::field("description", Some(sample::text(live)), sample::text(wanted), Some(wanted), Cause::Drift),
            sample::field(
                "flux",
                Some(sample::script(&format!("a = \"{live}\"\nb"))),
                sample::script(&format!("a = \"{wanted}\"\nb")),
                None,
                Cause::Drift,
            ),
        ];
        plan.changes.push(change);
        let mut now = plan.clone();
        now.changes[1].fields[0].wanted = sample::text(live);
        let differs = crate::plan::difference(&plan, &now);
        let document = Document { plan: Some(&plan), ..Document::new(Exit::Ok) };
        let texts = [
            super::plan(&plan, PLAIN),
            super::plan(&plan, PLAIN.compact(true)),
            drift(&plan, PLAIN),
            difference(&differs, PLAIN),
            comment(Comment::Plan, &document),
            comment(Comment::Drift, &document),
            super::document(&document),
        ];
        for text in texts {
            let visible = ["\\u{a0}", "\\u{430}", "\\r", "x \"", "\\u{301}", "\\t", "\\u00a0", "\\u0430", "\\u0301"];
            assert!(visible.iter().any(|visible| text.contains(visible)), "{live:?} {text}");
        }
    }
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
    let again = Report { again: Some("fluxform apply iot --var env=prod".into()), ..sample::partial() };
    assert!(report(&again, Verb::Apply, PLAIN).contains("Run `fluxform apply iot --var env=prod` again to continue"));
}

#[test]
fn of_one_instance_that_moves_it_is_said_which_one_it_was() {
    let moved = |key: &str, from: &str| {
        let mut change = sample::change(Kind::Bucket, "line", Action::Update, Reason::Differs);
        change.address = Address::new(Kind::Bucket, "line").at(key);
        change.moved_from = Some(from.parse().expect("an address"));
        change.fields = vec![sample::field("name", Some(sample::text("a")), sample::text("b"), None, Cause::Yours)];
        change
    };
    let mut plan = sample::nothing();
    plan.changes =
        vec![moved("kiln", "bucket.line[oven]"), moved("press", "bucket.old[press]"), moved("saw", "bucket.old[saw]")];
    let mut gone = sample::change(Kind::Task, "t", Action::Replace, Reason::CreatorGone);
    gone.fields.clear();
    plan.changes.push(gone);
    let text = super::plan(&plan, PLAIN.compact(true));
    for line in [
        "  ~ bucket.line[kiln]  name \"a\" -> \"b\"  # was bucket.line[oven]\n",
        "  ~ bucket.line[*] (2 of 3 instances: press, saw)  name \"a\" -> \"b\"  # was bucket.old[*]\n",
        "-/+ task.t  # the user it runs as",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn scripts_of_different_layouts_differ_only_in_what_they_say() {
    let old = "a = (x=1) => x + 1\nb = a(x: 2)\nc = if b == 1 then 2 else 3\n";
    let new = "a=(x=1)=>x+1\nb=a( x:3 )\nc=if b==1 then 2 else 3\n";
    let drifted = |live: &str| {
        let mut change = sample::change(Kind::Task, "t", Action::Update, Reason::Differs);
        change.fields =
            vec![sample::field("flux", Some(sample::script(live)), sample::script(old), None, Cause::Drift)];
        let mut plan = sample::nothing();
        plan.changes = vec![change];
        super::plan(&plan, PLAIN)
    };
    let text = drifted(new);
    assert!(text.contains("both are laid out alike"), "{text}");
    assert_eq!((text.matches("          - ").count(), text.matches("          + ").count()), (1, 1), "{text}");
    assert!(!drifted(&old.replace("2)", "3)")).contains("laid out alike"));
}

#[test]
fn a_partial_report_of_a_saved_plan_says_that_the_plan_is_spent() {
    let report = Report { saved: true, ..sample::partial() };
    let text = super::report(&report, Verb::Apply, PLAIN);
    insta::assert_snapshot!(text.lines().last().unwrap_or_default(), @"What was done is recorded. The saved plan is used up: plan the rest with `fluxform plan --out FILE`.");
    let document = document(&Document { report: Some(&report), ..Document::new(Exit::Partial) });
    assert!(document.contains("\"resumable\": false"), "{document}");
}

/// What the text says of going on, and what the machine form says.
#[test]
fn going_on_is_said_alike_to_people_and_programs() {
    let nothing_done = Report {
        stopped: vec![sample::problem(Exit::Error, "it fails")],
        outcomes: BTreeMap::from([(
            Address::new(Kind::Bucket, "b"),
            (Action::Create, Outcome::Failed(sample::problem(Exit::NotAuthorized, "denied"))),
        )]),
        ..Report::default()
    };
    let spent = Report { saved: true, ..sample::partial() };
    let unspent = Report { saved: true, ..nothing_done.clone() };
    for (report, resumable) in [(nothing_done, true), (sample::partial(), true), (spent, false), (unspent, true)] {
        let text = super::report(&report, Verb::Apply, PLAIN);
        let json = document(&Document { report: Some(&report), ..Document::new(report.exit()) });
        assert_eq!(text.contains("Run `fluxform apply` again"), resumable, "{text}");
        assert_eq!(json.contains("\"resumable\": true"), resumable, "{json}");
    }
}

#[test]
fn a_record_that_the_server_did_not_take_is_not_called_written() {
    let report = Report { unrecorded: true, ..sample::partial() };
    let text = super::report(&report, Verb::Apply, PLAIN);
    insta::assert_snapshot!(text.lines().last().unwrap_or_default());
}

#[test]
fn what_was_not_done_is_compact_too() {
    let mut report = Report::default();
    for n in 0..215 {
        let left = Address::new(Kind::Bucket, "line").at(format!("l{n:03}"));
        report.outcomes.insert(left.clone(), (Action::Create, Outcome::NotStarted));
        let because = Address::new(Kind::Bucket, "raw");
        let skipped = Address::new(Kind::Token, "t").at(format!("l{n:03}"));
        report.outcomes.insert(skipped, (Action::Create, Outcome::Skipped { because }));
    }
    report.stopped.push(sample::problem(Exit::Interrupted, "stopped by Ctrl-C"));
    insta::assert_snapshot!(super::report(&report, Verb::Apply, PLAIN.compact(true)));
}

#[test]
fn what_is_at_stake_is_compact_too() {
    let mut plan = sample::nothing();
    for n in 0..200 {
        let change = sample::change(Kind::Bucket, "line", Action::Delete, Reason::NotDeclared);
        let address = change.address.at(format!("l{n:03}"));
        let data = if n == 7 { Data::None } else { Data::Unknown("the token may not query".into()) };
        plan.at_stake.insert(address.clone(), Stake::points(data));
        plan.changes.push(Change { address, ..change });
    }
    let text = super::plan(&plan, PLAIN.compact(true));
    insta::assert_snapshot!(text.split("\nChanges").next().unwrap_or_default());
}

/// Dashboards and the like go with an org too: who reads that no point is lost must not take it for all.
#[test]
fn of_an_org_it_is_said_what_was_not_looked_at() {
    let mut plan = sample::nothing();
    for kind in [Kind::Org, Kind::Bucket] {
        let change = sample::change(kind, "lab", Action::Delete, Reason::NotDeclared);
        plan.at_stake.insert(change.address.clone(), Stake::points(Data::None));
        plan.changes.push(change);
    }
    for look in [PLAIN, PLAIN.compact(true)] {
        let text = super::plan(&plan, look).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("org.lab is deleted: no points are lost but logs of tasks (a query has shown that there are no others); objects of other kinds (notebooks, "), "{text}");
        assert!(
            text.contains("bucket.lab is deleted: no data is lost (a query has shown that there is none) "),
            "{text}"
        );
        assert_eq!(text.matches("were not looked at").count(), 1, "{text}");
    }
    let document = Document { plan: Some(&plan), ..Document::new(Exit::Ok) };
    assert_eq!(comment(Comment::Plan, &document).matches("were not looked at").count(), 1);
    let text = super::document(&document);
    assert_eq!(breaks("plan", &text), Vec::<String>::new());
    assert_eq!(text.matches("\"not_looked_at\"").count(), 1);
}

#[test]
fn a_plan_of_a_destroy_with_nothing_to_do_says_what_it_is_of() {
    insta::assert_snapshot!(destruction(&sample::nothing(), PLAIN), @"Nothing to destroy. The project owns no object on this server.");
    let (plan, empty) = (sample::nothing(), Document::new(Exit::Ok));
    let text = comment(Comment::PlanDestroy, &Document { plan: Some(&plan), ..empty });
    insta::assert_snapshot!(text);
}

#[test]
fn a_destroy_counts_what_it_destroyed() {
    let report = Report { plan_digest: None, outcomes: BTreeMap::new(), ..sample::complete() };
    insta::assert_snapshot!(super::report(&report, Verb::Destroy, PLAIN), @"Destroy complete! Resources: 0 destroyed.");
}

#[test]
fn colours_change_no_text() {
    let strip = |text: &str| anstream::adapter::strip_str(text).to_string();
    let (plan, done) = (sample::plan(), sample::partial());
    let coloured = super::plan(&plan, Look::COLOURED) + &report(&done, Verb::Apply, Look::COLOURED);
    // Only where there are no colours, words that differ are marked in a line of their own.
    let marks = |line: &&str| !line.contains('^');
    let plain = super::plan(&plan, PLAIN) + &report(&done, Verb::Apply, PLAIN);
    let plain: String = plain.split_inclusive('\n').filter(marks).collect();
    assert_eq!(strip(&coloured), plain);
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
    let origin = sample::origin();
    let form = |plan, report, problems| {
        document(&Document { origin: Some(&origin), plan, report, problems, ..Document::new(Exit::Ok) })
    };
    for text in [form(Some(&plan), None, &[]), form(Some(&nothing), None, &[]), form(None, None, &problems)] {
        assert_eq!(breaks("plan", &text), Vec::<String>::new());
        assert_eq!(breaks("report", &text), Vec::<String>::new());
    }
    for text in [form(Some(&plan), Some(&partial), &problems), form(None, Some(&complete), &[])] {
        assert_eq!(breaks("report", &text), Vec::<String>::new());
        assert_ne!(breaks("plan", &text), Vec::<String>::new());
    }
    for exit in Exit::PRECEDENCE {
        let text = document(&Document::new(exit));
        assert_eq!(breaks("plan", &text), Vec::<String>::new(), "{exit:?}");
    }
}

/// Two plans of which nearly everything is another one, a script among it.
fn differences() -> Vec<crate::plan::Difference> {
    let (reviewed, mut now) = (sample::plan(), sample::plan());
    now.changes.retain(|change| &*change.address.key != "void");
    now.changes.push(sample::change(Kind::Bucket, "added", Action::Create, Reason::New));
    for change in &mut now.changes {
        match &*change.address.key {
            "hourly" => {
                change.fields[0].wanted = sample::script("from(bucket: \"other\")\n  |> to(bucket: \"hourly\")");
            }
            "raw" => change.fields[1].live = Some(sample::duration("13d")),
            "tmp" => change.object = sample::object(99, "tmp"),
            "ci" => (change.action, change.reason) = (Action::Replace, Reason::Gone),
            "summary" => change.lifecycle.prevent_destroy = true,
            _ => {}
        }
    }
    now.at_stake
        .insert(Address::new(Kind::Bucket, "tmp"), Stake::points(Data::Unknown("the token may not query it".into())));
    crate::plan::difference(&reviewed, &now)
}

#[test]
fn a_difference_says_what_was_reviewed_and_what_is_now() {
    insta::assert_snapshot!(difference(&differences(), PLAIN));
}

#[test]
fn cells_of_another_plan_are_shown_line_by_line() {
    let cells = |cells: &[(&str, &str)]| {
        let cell = |(name, text): &(&str, &str)| {
            let fields = [("name", *name), ("markdown", *text), ("size", "4")];
            let fields = fields.map(|(field, text)| (field.to_owned(), sample::text(text)));
            ((*name).to_owned(), Value::Table(fields.into_iter().collect()))
        };
        Value::Table(cells.iter().map(cell).collect())
    };
    let plan = |wanted: Value| {
        let live = Some(cells(&[("Old", "a"), ("Gone", "g")]));
        let fields = vec![sample::field("cell", live, wanted, None, Cause::Yours)];
        let change = sample::change(Kind::Dashboard, "x", Action::Update, Reason::Differs);
        Plan { changes: vec![Change { fields, object: sample::object(1, "x"), ..change }], ..sample::nothing() }
    };
    let (reviewed, now) = (plan(cells(&[("Old", "b")])), plan(cells(&[("Old", "c"), ("New", "n")])));
    let said = difference(&crate::plan::difference(&reviewed, &now), PLAIN);
    assert!(said.contains("+ New:\n") && !said.contains("name = \"New\""), "{said}");
    insta::assert_snapshot!("cells_of_another_plan", said);
}

#[test]
fn a_dashboard_without_cells_has_an_empty_list_of_them() {
    let fields = vec![sample::field("cell", None, Value::Table(BTreeMap::new()), None, Cause::Yours)];
    let change = Change { fields, ..sample::change(Kind::Dashboard, "x", Action::Create, Reason::New) };
    let one = Plan { changes: vec![change], ..sample::nothing() };
    for said in [plan(&one, PLAIN), comment(Comment::Plan, &Document { plan: Some(&one), ..Document::new(Exit::Ok) })] {
        assert!(said.contains("+ cell = []"), "{said}");
    }
}

#[test]
fn the_machine_form_of_a_difference() {
    let (differences, plan) = (differences(), sample::nothing());
    let text = document(&Document { plan: Some(&plan), difference: &differences, ..Document::new(Exit::Stale) });
    assert_eq!(breaks("report", &text), Vec::<String>::new());
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let shown: Vec<_> =
        json["difference"].as_array().into_iter().flatten().map(|one| (&one["address"], &one["differs"])).collect();
    insta::assert_json_snapshot!(shown);
}

/// What a run over several projects has to say.
pub(super) fn parts<'a>(plans: [&'a Plan; 2], problems: &'a [Problem]) -> Vec<Part<'a>> {
    let [plan, nothing] = plans.map(Some);
    let part = |dir: &str, document| Part { dir: dir.to_owned(), document };
    vec![
        part("envs/same", Document { plan: nothing, ..Document::new(Exit::Ok) }),
        part("envs/prod", Document { plan, ..Document::new(Exit::Refused) }),
        part("envs/broken", Document { problems, ..Document::new(Exit::Manifest) }),
    ]
}

#[test]
fn several_projects_have_a_line_each() {
    let (plan, nothing, problems) = (sample::plan(), sample::nothing(), [sample::problem(Exit::Manifest, "broken")]);
    let parts = parts([&plan, &nothing], &problems);
    insta::assert_snapshot!("several_plans", overview(Comment::Plan, &parts, PLAIN));
    insta::assert_snapshot!("several_drifts", overview(Comment::Drift, &parts, PLAIN));
    let text = documents(Exit::Manifest, &parts);
    assert_eq!(breaks("plan", &text), Vec::<String>::new());
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let alone: serde_json::Value = serde_json::from_str(&document(&parts[1].document)).expect("JSON");
    assert_eq!(json["projects"][1]["plan"], alone["plan"]);
    assert_eq!((&json["exit_code"], &json["projects"][2]["exit_code"]), (&65.into(), &65.into()));
}

#[test]
fn what_projects_manage_of_a_server() {
    let coverage = sample::coverage();
    insta::assert_snapshot!(super::coverage(&coverage, PLAIN));
    let (plan, all) = (sample::plan(), super::coverage(&Coverage::default(), PLAIN));
    assert_eq!(
        all,
        "Coverage: 100 %. 0 of 0 objects managed.\nNot counted: what fluxform does not manage, such as notebooks.\n"
    );
    let text = document(&Document { plan: Some(&plan), coverage: Some(&coverage), ..Document::new(Exit::Ok) });
    assert_eq!(breaks("plan", &text), Vec::<String>::new());
    insta::assert_snapshot!(text.split_once("\"coverage\"").expect("a coverage").1);
}

#[test]
fn the_machine_form_of_a_plan() {
    let plan = sample::plan();
    let text = document(&Document { plan: Some(&plan), ..Document::new(Exit::Refused) });
    insta::assert_snapshot!(text);
}

#[test]
fn the_machine_form_of_a_report() {
    let (report, problems) = (sample::partial(), [sample::problem(Exit::Locked, "locked")]);
    let text = document(&Document { report: Some(&report), problems: &problems, ..Document::new(Exit::Partial) });
    insta::assert_snapshot!(text);
}

#[test]
fn what_an_object_is_called_shows_no_secret() {
    let mut change = Change::blank(&Address::new(Kind::Token, "t"), Action::Delete, Reason::NotDeclared);
    change.object = sample::object(1, "password=hunter2");
    let mut of = sample::nothing();
    of.changes.push(change);
    let origin = Origin { org: "password=hunter2".to_owned(), ..sample::origin() };
    let machine = Document { origin: Some(&origin), plan: Some(&of), ..Document::new(Exit::Ok) };
    let comment = comment(Comment::Plan, &machine);
    for text in [plan(&of, PLAIN), plan(&of, PLAIN.compact(true)), document(&machine), comment] {
        assert!(!text.contains("hunter2") && text.contains("token.t"), "{text}");
    }
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
            sample::field("labels", Some(Value::Refs(Set::from([Ref::Id(Kind::Label, word(7))]))),
                Value::Map(BTreeMap::from([(word(7), word(8))])), Some(&word(6)), Cause::Drift),
            sample::field("name", None, Value::Map(BTreeMap::from([(word(7), word(8))])), Some(&word(6)), Cause::Yours),
        ];
        let mut made = one.clone();
        (made.action, made.address) = (Action::Create, Address::new(Kind::Task, word(8)));
        let mut kept = one.clone();
        (kept.action, kept.adopts, kept.address) = (Action::None, true, Address::new(Kind::Label, word(8)));
        let mut sample_plan = sample::nothing();
        sample_plan.at_stake = BTreeMap::from([(one.address.clone(), Stake::points(Data::Unknown(word(8))))]);
        sample_plan.changes.extend([one.clone(), made, kept]);
        let mut done = sample::partial();
        done.stopped.push(sample::problem(Exit::Error, &word(1)));
        let failed = Outcome::Failed(sample::problem(Exit::Error, &word(2)));
        done.outcomes.insert(one.address.clone(), (Action::Update, failed));
        let mut now = sample_plan.clone();
        now.changes.iter_mut().for_each(|change| {
            change.fields.iter_mut().for_each(|field| field.wanted = Value::Text(word(7)));
            change.object = sample::object(2, &word(6));
        });
        let other = crate::plan::difference(&sample_plan, &now);
        prop_assert!(!other.is_empty());
        let edges = BTreeMap::from([(one.address, BTreeMap::from([(Address::new(Kind::Task, word(3)), BTreeSet::new())]))]);
        let origin = Origin { server: word(7), org: word(1), org_id: Some(word(2)) };
        let machine = Document {
            origin: Some(&origin), plan: Some(&sample_plan), report: Some(&done), difference: &other, problems: &[sample::problem(Exit::Error, &word(3))],
            ..Document::new(Exit::Ok)
        };
        for text in [
            plan(&sample_plan, PLAIN), plan(&sample_plan, PLAIN.compact(true)), drift(&sample_plan, PLAIN.compact(true)),
            drift(&sample_plan, PLAIN), report(&done, Verb::Apply, PLAIN),
            difference(&other, PLAIN), dot(&edges), mermaid(&edges), document(&machine),
        ] {
            prop_assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text:?}");
        }
    }
}
