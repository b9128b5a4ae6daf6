//! Comments as a reviewer sees them; and that nothing in them is anything but text.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::*;
use crate::address::Address;
use crate::apply::Outcome;
use crate::diff::{Action, Cause, FieldChange, Reason};
use crate::evidence::{Data, Stake};
use crate::field::Role;
use crate::hidden::is_hidden;
use crate::kind::Kind;
use crate::manifest::What;
use crate::plan::difference;
use crate::render::sample;
use crate::render::tests::parts;
use crate::report::Report;
use crate::secret::Sink;
use crate::value::{Ref, Scope, Script, Set, Value};

fn comment(of: Comment, document: &Document<'_>) -> String {
    super::comment(of, document).text
}

fn comments(of: Comment, exit: Exit, parts: &[Part<'_>]) -> String {
    super::comments(of, exit, parts).text
}

fn of_plan(of: Comment, plan: &Plan, exit: Exit) -> String {
    comment(of, &Document { origin: Some(&sample::origin()), plan: Some(plan), ..Document::new(exit) })
}

#[test]
fn a_plan_with_everything() {
    insta::assert_snapshot!(of_plan(Comment::Plan, &sample::plan(), Exit::Refused));
}

#[test]
fn a_plan_and_what_is_managed() {
    let (plan, coverage) = (sample::nothing(), sample::coverage());
    let document = Document { plan: Some(&plan), coverage: Some(&coverage), ..Document::new(Exit::Ok) };
    insta::assert_snapshot!(comment(Comment::Plan, &document));
}

#[test]
fn a_plan_with_nothing_to_do() {
    insta::assert_snapshot!(of_plan(Comment::Plan, &sample::nothing(), Exit::Ok));
}

#[test]
fn drift_alone() {
    insta::assert_snapshot!(of_plan(Comment::Drift, &sample::plan(), Exit::Differences));
    insta::assert_snapshot!(of_plan(Comment::Drift, &sample::nothing(), Exit::Ok));
}

#[test]
fn reports() {
    let (plan, complete, partial) = (sample::plan(), sample::complete(), sample::partial());
    let of =
        |of, report, exit| comment(of, &Document { plan: Some(&plan), report: Some(report), ..Document::new(exit) });
    insta::assert_snapshot!(of(Comment::Apply, &complete, Exit::Ok));
    insta::assert_snapshot!(of(Comment::Destroy, &partial, Exit::Partial));
}

#[test]
fn what_stopped_a_run() {
    let problems = [sample::problem(Exit::Manifest, "two resources have the address bucket.tmp")];
    let document = Document { problems: &problems, ..Document::new(Exit::Manifest) };
    insta::assert_snapshot!(comment(Comment::Plan, &document));
    let named = comment(Comment::Plan, &Document { dir: Some("envs/`x"), ..document });
    assert!(named.contains("\n### fluxform plan: ``envs/`x``\n"), "{named}");
}

#[test]
fn a_plan_that_is_not_the_reviewed_one() {
    let (reviewed, mut now) = (sample::plan(), sample::plan());
    now.changes.remove(0);
    now.changes[1].fields.clear();
    let (difference, problems) = (difference(&reviewed, &now), [sample::problem(Exit::Stale, "it is another plan")]);
    let document =
        Document { plan: Some(&now), difference: &difference, problems: &problems, ..Document::new(Exit::Stale) };
    insta::assert_snapshot!(comment(Comment::Apply, &document));
}

#[test]
fn several_projects() {
    let (plan, nothing, problems) = (sample::plan(), sample::nothing(), [sample::problem(Exit::Manifest, "broken")]);
    let parts = parts([&plan, &nothing], &problems);
    insta::assert_snapshot!(comments(Comment::Plan, Exit::Manifest, &parts));
    let many = vec![parts[1].clone(); 3000];
    let text = comments(Comment::Plan, Exit::Ok, &many);
    assert!(text.len() <= LIMIT && text.ends_with("more projects omitted: they do not fit in a comment.\n"), "{text}");
}

/// A plan of so many buckets to be made, with these many lines of script in each of the tasks to be replaced.
fn large(buckets: usize, tasks: usize, lines: usize) -> Plan {
    let mut plan = sample::nothing();
    plan.changes.extend((0..buckets).map(|n| {
        let mut change = sample::change(Kind::Bucket, &format!("b{n}"), Action::Create, Reason::New);
        let name = format!("{n}{}", "x".repeat(300));
        change.fields = vec![sample::field("name", None, sample::text(&name), None, Cause::New)];
        change
    }));
    plan.changes.extend((0..tasks).map(|n| {
        let mut change = sample::change(Kind::Task, &format!("t{n}"), Action::Replace, Reason::CreatorGone);
        let script = |word: &str| sample::script(&format!("{word}\n").repeat(lines));
        change.fields = vec![sample::field("flux", Some(script("old")), script("new"), None, Cause::Yours)];
        change
    }));
    plan
}

#[test]
fn a_long_plan_is_cut_by_whole_resources_and_keeps_what_is_destroyed() {
    for (buckets, tasks, lines) in [(1000, 0, 1), (1000, 50, 400), (0, 300, 5), (1000, 3000, 5), (5, 1, 20_000)] {
        let plan = large(buckets, tasks, lines);
        let text = of_plan(Comment::Plan, &plan, Exit::Ok);
        assert!(text.len() <= LIMIT && text.chars().count() <= 65_536);
        assert_eq!(text.matches("-/+ task.t").count(), tasks, "each that is replaced is named");
        assert_eq!(text.matches("```").count() % 2, 0, "no block is cut");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        let shown = text.matches("+ bucket.b").count();
        let left = text.split("**").find_map(|words| words.strip_suffix(" more items omitted"));
        let left = left.map_or(0, |left| left.parse().expect("a number"));
        assert_eq!(shown + left, buckets);
        assert!(text.len() > LIMIT * 9 / 10 || left == 0, "room is left: {}", text.len());
    }
}

#[test]
fn a_long_value_is_shortened_and_hides_nothing_else() {
    let long = "x".repeat(70_000);
    let field = |name: &'static str, value: Value| sample::field(name, None, value, None, Cause::New);
    let change = |kind: Kind, name: &str, action: Action, fields: Vec<FieldChange>| Change {
        fields,
        ..sample::change(kind, name, action, Reason::Differs)
    };
    let scope = Value::Scopes(Set::from([Scope::Object(Ref::To(Address::new(Kind::Bucket, "raw")))]));
    let sinks = Value::Sinks(vec![Sink::File { path: "secrets/t".into() }]);
    let lines: Vec<String> = (0..5000).map(|n| format!("line {n} {}", "y".repeat(20))).collect();
    let script = Value::Script(Script::of_task(format!("// {long}\n{}", lines.join("\n"))));
    let doomed = Address::new(Kind::Bucket, long.clone());
    let mut plan = sample::nothing();
    plan.changes = vec![
        change(
            Kind::Token,
            "t",
            Action::Create,
            vec![field("description", sample::text(&long)), field("write", scope), field("deliver", sinks)],
        ),
        change(Kind::Task, "t", Action::Create, vec![field("every", sample::text("1h")), field("flux", script)]),
        Change { address: doomed.clone(), ..change(Kind::Bucket, "d", Action::Delete, Vec::new()) },
    ];
    plan.at_stake = BTreeMap::from([(doomed.clone(), Stake::points(Data::Unknown(long.clone())))]);
    plan.allowed.push(Allowed { what: What::DataLoss, addresses: [doomed].into(), until: None, reason: long });
    insta::assert_snapshot!(of_plan(Comment::Plan, &plan, Exit::Ok));
}

#[test]
fn what_gives_rights_or_takes_over_is_not_pushed_out() {
    let mut plan = large(6000, 0, 1);
    let grave = |name: &str, kind: Kind, value: Value| {
        let mut change = sample::change(kind, name, Action::Create, Reason::New);
        change.fields = vec![sample::field("x", None, value, None, Cause::New)];
        change
    };
    let source = crate::secret::Source::Env { name: "X".into() };
    plan.changes.extend([
        grave("zz", Kind::Token, Value::Scopes(Set::default())),
        grave("zy", Kind::Token, Value::Sinks(Vec::new())),
        grave("zx", Kind::Secret, Value::Source(source)),
        Change { adopts: true, ..grave("zw", Kind::Bucket, Value::Bool(true)) },
    ]);
    let changed = |name: &str, kind: Kind, field: &'static str, live: Option<Value>, wanted: Value| {
        let mut change = sample::change(kind, name, Action::Update, Reason::Differs);
        change.fields = vec![sample::field(field, live, wanted, None, Cause::Yours)];
        change
    };
    for kind in Kind::ALL.iter().filter(|kind| kind.with(Role::Status).is_some()) {
        let [on, off] = ["active", "inactive"].map(sample::text);
        plan.changes.push(changed("on", *kind, "status", Some(off.clone()), on.clone()));
        plan.changes.push(changed("off", *kind, "status", Some(on), off));
    }
    let script = |body: &str| sample::script(&format!("import \"influxdata/influxdb/secrets\"\nx = {body}"));
    plan.changes.extend([
        changed("zv", Kind::Task, "flux", Some(script("1")), script("secrets.get(key: \"pager\")")),
        changed("zu", Kind::User, "password_version", None, Value::Integer(2)),
        changed("zt", Kind::User, "member_of", None, Value::Refs(Set::default())),
        changed("zs", Kind::Task, "flux", Some(script("1")), script("2")),
    ]);
    let text = of_plan(Comment::Plan, &plan, Exit::Ok);
    for address in ["token.zz", "token.zy", "secret.zx", "bucket.zw", "task.zv", "user.zu", "user.zt"] {
        assert!(text.contains(address), "{address}");
    }
    for on in ["token.on", "v1_token.on", "user.on", "task.on", "check.on"] {
        assert!(text.contains(on), "{on}");
    }
    // What takes rights away is a change like any other.
    assert!(!text.contains("token.off"), "{text}");
}

#[test]
fn padding_pushes_out_no_script_no_address_and_no_warning() {
    let field = |name: &'static str, value: Value| sample::field(name, None, value, None, Cause::New);
    let new = |kind: Kind, name: &str, fields: Vec<FieldChange>| Change {
        fields,
        ..sample::change(kind, name, Action::Create, Reason::New)
    };
    let mut plan = large(1200, 0, 1);
    let hook = Value::Table(BTreeMap::from([("url".to_owned(), sample::text("https://hook.example.com/"))]));
    plan.changes.extend([
        new(Kind::NotificationEndpoint, "hook", vec![field("http", hook)]),
        new(Kind::Task, "evil", vec![field("flux", sample::script("x = http.post(url: u)"))]),
        new(Kind::Bucket, "odd", vec![field("description", sample::text(&"y".repeat(300)))]),
    ]);
    let warning = |code: Code, message: &str| Diagnostic::warning(code, message);
    plan.warnings = (0..300).map(|_| warning(Code::FluxSecretLiteral, &"z".repeat(300))).collect();
    plan.warnings.push(warning(Code::PlanLeftover, "there is another bucket like bucket.odd: nobody owns it"));
    plan.warnings.push(warning(Code::FluxHiddenPlace, "task.evil hides a string"));
    let text = of_plan(Comment::Plan, &plan, Exit::Ok);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    assert!(at("**Warnings:** 302") < at("flux::hidden-place"));
    assert!(at("flux::hidden-place") < at("#### Changes") && at("flux::hidden-place") < at("flux::secret-literal"));
    for full in ["+ http = { url = \"https://hook.example.com/\" }", "+     x = http.post(url: u)", "bucket.odd"] {
        at(full);
    }
}

#[test]
fn instances_that_change_in_the_same_way_are_one_entry() {
    let mut plan = sample::nothing();
    plan.changes = (0..200)
        .map(|n| {
            let mut change = sample::change(Kind::Bucket, "line", Action::Update, Reason::Differs);
            change.address = change.address.at(format!("l{n}"));
            let (was, is) = (sample::text("30d"), sample::text(if n == 3 { "90d" } else { "60d" }));
            change.fields = vec![sample::field("retention", Some(was), is, None, Cause::Yours)];
            change
        })
        .collect();
    let fitted = super::comment(Comment::Plan, &Document { plan: Some(&plan), ..Document::new(Exit::Ok) });
    let head = "**`~ bucket.line[*]`** `(199 of 200 instances: l0, l1, l2, l4, l5, l6, 193 more)  retention \"30d\" -> \"60d\"`\n\n<details>\n";
    assert!(fitted.is_whole && fitted.text.contains(head), "{}", fitted.text);
    assert_eq!(fitted.text.matches("+ retention = \"60d\"").count(), 199, "all of it is in the details");
    let (_, other) = fitted.text.split_once("**`~ bucket.line[l3]`**").expect("the one that goes another way");
    assert!(other.contains("+ retention = \"90d\""), "{other}");
}

/// A word that all strange text has: wherever it is, text of a stranger is.
const MARK: &str = "ZQX";
/// What means something to a reader of Markdown or HTML, or to who reads comments for orders.
const EVIL: [&str; 24] = [
    "`",
    "```",
    "````",
    "~~~~",
    "|",
    "<b>",
    "</details>",
    "</code>",
    "-->",
    "<!--",
    "@all",
    "@",
    "#1",
    "\n# h",
    "\n\n---\n",
    "](javascript:x)",
    "![i](http://x)",
    "[a]: http://x",
    "\n/close",
    "\\",
    "&lt;",
    "$`x`$",
    "\u{1b}[31m",
    "\u{202e}",
];

fn strange() -> impl Strategy<Value = String> {
    let evil = || prop::collection::vec(prop::sample::select(&EVIL[..]), 0..3).prop_map(|words| words.concat());
    (evil(), "[ `\\PC]{0,3}", evil()).prop_map(|(a, b, c)| format!("{a}{MARK}{b}{c}"))
}

/// A document in which each text that can be a stranger's is one.
fn with_strange(words: &[String], read: impl FnOnce(&Document<'_>)) {
    let word = |n: usize| words[n].clone();
    let mut one = sample::change(Kind::Bucket, &word(0), Action::Update, Reason::Differs);
    one.object = sample::object(1, &word(1));
    one.released = BTreeSet::from([word(2)]);
    one.moved_from = Some(Address::new(Kind::Bucket, word(3)).at(word(0)));
    one.fields = vec![
        sample::field("description", Some(Value::Text(word(4))), Value::Text(word(5)), Some(&word(6)), Cause::Both),
        sample::field("flux", Some(sample::script(&word(4))), sample::script(&word(5)), Some(&word(6)), Cause::Drift),
        sample::field(
            "labels",
            Some(Value::Refs(Set::from([Ref::Id(Kind::Label, word(7))]))),
            Value::Map(BTreeMap::from([(word(7), word(8))])),
            Some(&word(6)),
            Cause::Drift,
        ),
    ];
    let mut made = one.clone();
    (made.action, made.address) = (Action::Create, Address::new(Kind::Task, word(8)));
    let mut long = made.clone();
    (long.action, long.address) = (Action::Replace, Address::new(Kind::Token, word(1)));
    long.fields.push(sample::field(
        "flux",
        Some(sample::script("")),
        sample::script(&format!("{}\n", word(2)).repeat(40)),
        None,
        Cause::Yours,
    ));
    let mut kept = one.clone();
    (kept.action, kept.adopts, kept.address) = (Action::None, true, Address::new(Kind::Label, word(8)));
    let mut plan = Plan { project: word(2), ..sample::nothing() };
    plan.at_stake = BTreeMap::from([(one.address.clone(), Stake::points(Data::Unknown(word(8))))]);
    plan.changes.extend([one.clone(), made, long, kept]);
    plan.refusals.push(sample::problem(Exit::Refused, &word(4)));
    plan.warnings.push(sample::problem(Exit::Error, &word(5)).diagnostic.help(word(6)));
    let mut now = plan.clone();
    now.changes.iter_mut().for_each(|change| change.object = sample::object(2, &word(6)));
    let mut report = Report { plan_digest: Some(word(3)), ..sample::partial() };
    report.stopped.push(sample::problem(Exit::Error, &word(1)));
    report
        .outcomes
        .insert(one.address.clone(), (Action::Update, Outcome::Failed(sample::problem(Exit::Error, &word(2)))));
    report.outcomes.insert(Address::new(Kind::User, word(3)), (Action::Delete, Outcome::Done { id: word(4) }));
    report
        .outcomes
        .insert(Address::new(Kind::User, word(5)), (Action::Delete, Outcome::Skipped { because: one.address }));
    let (difference, problems) = (difference(&plan, &now), [sample::problem(Exit::Error, &word(3))]);
    let mut coverage = sample::coverage();
    coverage.unmanaged[0].name = word(8);
    let origin = Origin { server: word(7), org: word(8), org_id: None };
    read(&Document {
        origin: Some(&origin),
        plan: Some(&plan),
        report: Some(&report),
        coverage: Some(&coverage),
        difference: &difference,
        problems: &problems,
        ..Document::new(Exit::Partial)
    });
}

/// What a reader takes a comment for. The text of a stranger is in code, and nowhere else.
fn reads_as_text(text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text:?}");
    prop_assert!(text.lines().all(|line| !line.starts_with(['/', '@'])), "{text}");
    let mut in_code = false;
    let mut details = 0;
    for event in Parser::new_ext(text, Options::all() - Options::ENABLE_YAML_STYLE_METADATA_BLOCKS) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Text(_) if in_code => {}
            Event::Code(_) => {}
            Event::Html(html) | Event::InlineHtml(html) => {
                let summary =
                    html.strip_prefix("<summary><code>").and_then(|rest| rest.strip_suffix("</code></summary>\n"));
                details += i32::from(&*html == "<details>\n") - i32::from(&*html == "</details>\n");
                let known = html.starts_with("<!-- fluxform ") && !html.contains(MARK);
                let safe =
                    summary.is_some_and(|text| !text.contains(['<', '>', '@', '`', '"', '\'', '[', '|', '*', ':']));
                let known = known || safe || matches!(&*html, "<details>\n" | "</details>\n");
                prop_assert!(known, "HTML: {html:?} in\n{text}");
            }
            Event::Start(tag) => {
                let plain = matches!(
                    tag,
                    Tag::Paragraph | Tag::Heading { .. } | Tag::List(None) | Tag::Item | Tag::Strong | Tag::HtmlBlock
                );
                prop_assert!(plain, "{tag:?} in\n{text}");
            }
            Event::End(_) | Event::SoftBreak => {}
            Event::Text(words) => prop_assert!(!words.contains(MARK) && !words.contains('@'), "{words:?} in\n{text}"),
            other => prop_assert!(false, "{other:?} in\n{text}"),
        }
    }
    prop_assert_eq!(details, 0);
    Ok(())
}

proptest! {
    #[test]
    fn the_text_of_a_stranger_is_text(words in prop::collection::vec(strange(), 9)) {
        let mut texts = Vec::new();
        with_strange(&words, |all| {
            for of in [Comment::Plan, Comment::Drift, Comment::Apply, Comment::Destroy, Comment::Validate] {
                texts.push(comment(of, all));
                texts.push(comment(of, &Document { report: None, ..*all }));
                texts.push(comment(of, &Document { report: None, difference: &[], ..*all }));
            }
        });
        with_strange(&words, |all| {
            let part = |dir: &str| Part { dir: dir.to_owned(), document: Document { report: None, difference: &[], ..*all } };
            texts.push(comments(Comment::Plan, Exit::Error, &[part(&words[0]), part(&words[1])]));
        });
        for text in texts {
            prop_assert!(text.contains(MARK));
            reads_as_text(&text)?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn no_comment_is_too_long(word in strange(), times in 1000..4000_usize) {
        let words: Vec<String> = (0..9).map(|_| word.repeat(times)).collect();
        let mut text = String::new();
        with_strange(&words, |all| text = comment(Comment::Plan, &Document { report: None, difference: &[], ..*all }));
        prop_assert!(text.len() <= LIMIT);
        reads_as_text(&text)?;
    }
}
