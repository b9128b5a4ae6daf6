//! Scripts and what they reach.

use std::cell::Cell;
use std::fmt::Write as _;

use super::{Access, Elsewhere, Steps, Target, follow, follow_within, references};
use crate::flux::Literal;
use crate::flux::parser::parse;

/// What a script reaches, a line each, with the text that names it.
fn reached(script: &str) -> String {
    let parsed = parse(script);
    let found = references(&parsed.script, &[]);
    let mut out = String::new();
    for one in found.all {
        let access = one.access.word();
        let target = match one.target {
            Target::Bucket => "bucket",
            Target::BucketId => "bucket ID",
            Target::Secret => "secret",
            Target::Url => "URL",
            Target::Variable => "variable",
        };
        let elsewhere = match one.elsewhere {
            Some(Elsewhere::Server) => " elsewhere".to_owned(),
            Some(Elsewhere::Org(org)) => format!(" of {}", org.unwrap_or("?".to_owned())),
            None => String::new(),
        };
        let name = one.name.map_or("?".to_owned(), |name| format!("{name:?}"));
        let at = parsed.script.text(one.span);
        writeln!(out, "{access} {target} {name}{elsewhere} <- {at}").unwrap();
    }
    if found.incomplete {
        out.push_str("incomplete\n");
    }
    out
}

#[test]
fn names_are_followed_to_where_they_are_said() {
    for (script, name) in [
        ("from(bucket: \"raw\")", "raw"),
        ("b = \"raw\"\nfrom(bucket: b)", "raw"),
        ("bucket = \"raw\"\nfrom(bucket)", "raw"),
        ("option v = {bucket: \"raw\"}\nfrom(bucket: v.bucket)", "raw"),
        ("r = {b: {c: \"raw\"}}\nfrom(bucket: r[\"b\"].c)", "raw"),
        ("a = {b: \"x\"}\nr = {a with b: \"raw\"}\nfrom(bucket: r.b)", "raw"),
        ("p = \"ra\"\nfrom(bucket: p + \"w\")", "raw"),
        ("p = \"ra\"\nfrom(bucket: \"${p}w\")", "raw"),
        ("from(bucket: [\"x\", \"raw\"][1])", "raw"),
        ("from(bucket: if \"a\" == \"a\" then \"raw\" else \"x\")", "raw"),
        ("from(bucket: string(v: \"raw\"))", "raw"),
        ("f = from\nf(bucket: \"raw\")", "raw"),
        ("s = {from: from}\ns.from(bucket: \"raw\")", "raw"),
        ("import i \"influxdata/influxdb\"\ni.from(bucket: \"raw\")", "raw"),
        ("import \"influxdata/influxdb/schema\"\nschema.tagValues(bucket: \"raw\", tag: \"t\")", "raw"),
        ("import \"influxdata/influxdb/monitor\"\nmonitor.from(start: -1h)", "_monitoring"),
        ("read = (b) => from(bucket: b)\nread(b: \"raw\") |> range(start: -1h)", "raw"),
        ("read = (b=\"raw\") => from(bucket: b)\nread()", "raw"),
        ("read = () => { b = \"raw\"\nreturn from(bucket: b) }\nread()", "raw"),
        ("name = () => \"raw\"\nfrom(bucket: name())", "raw"),
        ("join(tables: {a: from(bucket: \"raw\")}, on: [])", "raw"),
        ("x |> map(fn: (r) => { y = from(bucket: \"raw\")\nreturn r })", "raw"),
    ] {
        let found = references(&parse(script).script, &[]).all;
        let names: Vec<_> = found.iter().map(|one| (one.access, one.name.as_deref())).collect();
        assert_eq!(names, [(Access::Reads, Some(name))], "{script}");
    }
}

#[test]
fn what_only_a_run_can_tell_is_unknown() {
    for script in [
        "from(bucket: params.source)",
        "from(bucket: if now() == 1 then \"a\" else \"b\")",
        "import \"strings\"\nfrom(bucket: strings.toLower(v: \"RAW\"))",
        "read = (b) => from(bucket: b)",
        "(from)(bucket: [\"a\"][7])",
        "loop = (b) => loop(b: b)\nfrom(bucket: loop(b: \"a\"))",
    ] {
        let names: Vec<_> = references(&parse(script).script, &[]).all.into_iter().map(|one| one.name).collect();
        assert_eq!(names, [None], "{script}");
    }
}

#[test]
fn names_come_from_what_is_given_too() {
    let text = |text: &str| Literal::String(text.to_owned());
    let record = |fields: &[(&str, Literal)]| {
        Literal::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    };
    let items = Literal::Array(vec![Literal::Integer(1), text("second")]);
    let given = record(&[("a", record(&[("b", text("deep"))])), ("items", items), ("yes", Literal::Boolean(true))]);
    for (argument, name) in [
        ("params.a.b", Some("deep")),
        ("params.items[1]", Some("second")),
        ("params.items[params.items[0]]", Some("second")),
        ("if params.yes then \"a\" else \"b\"", Some("a")),
        ("params.items[0]", None),
        ("params.a.c", None),
    ] {
        let parsed = parse(&format!("from(bucket: {argument})")).script;
        let names: Vec<_> = references(&parsed, &[("params", &given)]).all.into_iter().map(|one| one.name).collect();
        assert_eq!(names, [name.map(str::to_owned)], "{argument}");
    }
    let own = parse("option params = {a: \"own\"}\nfrom(bucket: params.a)").script;
    assert_eq!(references(&own, &[("params", &given)]).all[0].name.as_deref(), Some("own"));
}

#[test]
fn what_goes_where_nobody_follows_it_is_said_to_be_unknown() {
    for (script, wanted) in [
        (
            "w = if now() == x then to else experimental.to\ny |> w(bucket: \"X\")",
            &["Writes Bucket None", "Writes Bucket None"][..],
        ),
        ("y |> [to][x - 1](bucket: \"X\")", &["Writes Bucket None"]),
        ("r = {a: to}\ny |> r[x](bucket: \"X\")", &["Writes Bucket None"]),
        ("w = (if now() == x then {w: to} else {w: y}).w\ny |> w(bucket: \"X\")", &["Writes Bucket None"]),
        ("dict.get(dict: [\"a\": from], key: \"a\", default: y)(bucket: \"X\")", &["Reads Bucket None"]),
        ("record.get(r: {a: to}, key: \"a\", default: y)(bucket: \"X\")", &["Writes Bucket None"]),
        ("array.map(arr: [1], fn: (x) => secrets.get)[0](key: \"plain\")", &["Reads Secret None"]),
        ("array.concat(arr: [from], v: [y])[0](bucket: \"X\")", &["Reads Bucket None"]),
        ("{http with x: 1}.post(url: \"http://a\")", &["Calls Url None"]),
        ("option y.z = from", &["Reads Bucket None"]),
        ("f = (x) => from\nf(x: 1)(bucket: \"known\")", &["Reads Bucket Some(\"known\")"]),
    ] {
        let imports = "import \"array\"\nimport \"dict\"\nimport \"experimental\"\nimport \"experimental/record\"\nimport \"http\"\n\
            import \"influxdata/influxdb/secrets\"\n";
        let found = references(&parse(&format!("{imports}{script}")).script, &[]).all;
        let found = found.iter().map(|one| format!("{:?} {:?} {:?}", one.access, one.target, one.name));
        let found: Vec<_> = found.collect();
        assert_eq!(found, wanted, "{script}");
    }
}

#[test]
fn a_length_of_time_is_spelled_as_flux_does() {
    for (argument, name) in [
        ("\"rp\" + string(v: task.every)", "rp1h30m"),
        ("\"rp\" + string(v: 10d)", "rp1w3d"),
        ("\"rp\" + string(v: 14mo)", "rp1y2mo"),
        ("\"rp\" + string(v: 0s)", "rp0ns"),
        ("\"rp\" + string(v: 2) + string(v: true)", "rp2true"),
    ] {
        let task = Literal::Record(vec![("every".to_owned(), Literal::Duration("90m".to_owned()))]);
        let parsed = parse(&format!("from(bucket: {argument})")).script;
        let names: Vec<_> = references(&parsed, &[("task", &task)]).all.into_iter().map(|one| one.name).collect();
        assert_eq!(names, [Some(name.to_owned())], "{argument}");
    }
    let own = parse("option task = {every: 24h}\nfrom(bucket: string(v: task.every))").script;
    assert_eq!(references(&own, &[]).all[0].name.as_deref(), Some("1d"));
}

#[test]
fn another_org_is_told_apart() {
    let elsewhere = |arguments: &str| {
        let found = references(&parse(&format!("o = \"x\"\nfrom(bucket: \"b\", {arguments})")).script, &[]);
        found.all.into_iter().next().and_then(|one| one.elsewhere)
    };
    let org = |name: Option<&str>| Some(Elsewhere::Org(name.map(str::to_owned)));
    assert_eq!(elsewhere("org: o"), org(Some("x")));
    assert_eq!(elsewhere("org: y.z"), org(None));
    assert_eq!(elsewhere("orgID: \"0123456789abcdef\""), org(None));
    assert_eq!(elsewhere("org: o, host: \"http://h\""), Some(Elsewhere::Server));
    assert_eq!(elsewhere("token: \"t\""), None);
}

#[test]
fn a_script_reaches_many_things() {
    let script = r#"
import "http"
import "influxdata/influxdb/secrets"
import "influxdata/influxdb/monitor"
import "contrib/sranka/telegram"
from = (bucket) => bucket
copy = (tables=<-, b) => tables |> to(bucket: b, host: "https://other.example.com", org: "o")
token = secrets.get(key: "pager" + "-token")
data = from(bucket: "not-read")
influx = union(tables: [x])
    |> range(start: -1h)
    |> to(bucketID: "0123456789abcdef")
    |> wideTo(bucket: "summary")
http.post(url: "https://a.example.com/${token}", data: bytes(v: ""))
http.endpoint(url: "https://b.example.com")
telegram.endpoint(token: token)
x |> monitor.check(data: {}, crit: (r) => true)
"#;
    insta::assert_snapshot!(reached(script), @r#"
    writes bucket ? elsewhere <- b
    calls URL "https://other.example.com" <- "https://other.example.com"
    reads secret "pager-token" <- "pager" + "-token"
    writes bucket ID "0123456789abcdef" <- "0123456789abcdef"
    writes bucket "summary" <- "summary"
    calls URL ? <- "https://a.example.com/${token}"
    calls URL "https://b.example.com" <- "https://b.example.com"
    calls URL ? <- telegram.endpoint(token: token)
    writes bucket "_monitoring" <- monitor.check(data: {}, crit: (r) => true)
    "#);
}

#[test]
fn where_a_package_goes_its_option_says() {
    for (script, url) in [
        ("slack.message(text: \"t\")", None),
        ("option slack.defaultURL = \"https://s.example\"\nslack.message(text: \"t\")", Some("https://s.example")),
        // The last word is said before anything runs.
        ("slack.message(text: \"t\")\noption slack.defaultURL = \"https://s.example\"", Some("https://s.example")),
        ("option slack.defaultURL = f(a: 1)\nslack.message(text: \"t\")", None),
        ("option slack.defaultURL = \"https://s.example\"\nslack.message(url: \"https://own\")", Some("https://own")),
        ("discord.send(content: \"t\")", Some("https://discordapp.com/api/webhooks/")),
        ("option discord.discordURL = \"https://d.example\"\ndiscord.send(content: \"t\")", Some("https://d.example")),
        ("option discord.discordURL = \"https://d.example\"\nx = [discord.send][y]", Some("https://d.example")),
    ] {
        let script = format!("import \"slack\"\nimport \"contrib/chobbs/discord\"\n{script}");
        let found = references(&parse(&script).script, &[]).all;
        let urls: Vec<_> = found.iter().map(|one| (one.target, one.name.as_deref())).collect();
        assert_eq!(urls, [(Target::Url, url)], "{script}");
    }
    let own = "import \"experimental/influxdb\"\ninfluxdb.api(method: \"get\", path: \"/api/v2/buckets\")";
    assert_eq!(reached(own), "", "the own server is no address");
}

#[test]
fn what_nothing_calls_is_idle() {
    let idle = |script: &str| {
        let parsed = parse(script).script;
        let followed = follow(&parsed, &[]);
        let unions = followed.calls.iter().filter(|call| call.name == "union");
        unions.map(|call| call.is_idle).collect::<std::collections::BTreeSet<_>>()
    };
    for (script, expected) in [
        ("f = () => union(tables: [])", true),
        ("f = () => union(tables: [])\nx = f()", false),
        ("f = () => union(tables: [])\nx = {a: f}", true),
        ("f = () => union(tables: [])\nx = {a: f}\ny = x.a()", false),
        ("f = () => union(tables: [])\ng = () => f()", true),
        ("f = () => union(tables: [])\nx = z(fn: {a: [f]})", false),
        ("f = () => { g = () => union(tables: [])\nreturn z(fn: g) }", true),
        ("f = () => { g = () => union(tables: [])\nreturn z(fn: g) }\nx = f()", false),
        ("f = () => { return () => union(tables: []) }\nx = z(a: f())", false),
        ("option monitor.log = () => union(tables: [])", false),
    ] {
        assert_eq!(idle(script), [expected].into(), "{script}");
    }
}

#[test]
fn all_scripts_of_a_project_have_so_many_steps() {
    let parsed = parse(&("f = (b) => from(bucket: b)\n".to_owned() + &"f(b: \"a\")\n".repeat(100)));
    let alone = follow(&parsed.script, &[]).references;
    assert!(!alone.incomplete);
    let steps = Steps(Cell::new(2_000));
    let mut complete = 0;
    while !steps.are_over() {
        let found = follow_within(&parsed.script, &[], &steps).references;
        assert!(!found.incomplete || steps.are_over());
        complete += usize::from(found == alone);
    }
    // Each call takes a few steps more than there are expressions.
    assert!((2..60).contains(&complete), "{complete}");
    assert!(follow_within(&parsed.script, &[], &steps).references.incomplete);
    // One that calls nothing is still followed.
    let plain = parse("from(bucket: \"a\") |> range(start: -1h) |> to(bucket: \"b\")");
    assert!(!follow_within(&plain.script, &[], &steps).references.incomplete);
}

#[test]
fn neither_chains_nor_nesting_nor_repetition_end_it() {
    let pipes = format!("from(bucket: \"a\"){} |> to(bucket: \"b\")", " |> limit(n: 1)".repeat(100_000));
    assert_eq!(reached(&pipes).lines().count(), 2);
    let sum = format!("from(bucket: \"a\"{})", " + \"b\"".repeat(20_000));
    assert!(reached(&sum).starts_with("reads bucket \"abbb"));
    let wrapped = format!("w = (t=<-) => ({{a: t}})\nx{}", " |> w()".repeat(100_000));
    assert_eq!(reached(&wrapped), "incomplete\n");
    let doubled = format!("d = (t=<-) => t + t\nfrom(bucket: \"a\"{})", " |> d()".repeat(100));
    assert!(reached(&doubled).contains("reads bucket ?"));
    let twice = |n: usize| format!("f{n} = (x) => f{}(x: f{}(x: x))\n", n - 1, n - 1);
    let towers = format!("f0 = (x) => x\n{}from(bucket: f40(x: \"a\"))", (1..=40).map(twice).collect::<String>());
    assert!(reached(&towers).contains("incomplete"));
    for (first, twice) in
        [("{a: \"x\"}", "{a: r, b: r}"), ("{a: from}", "{a: r, b: r}"), ("[\"x\"]", "[r, r]"), ("[from]", "[r, r]")]
    {
        let line = |n: usize| format!("r{n} = {}\n", twice.replace('r', &format!("r{}", n - 1)));
        let lines = format!("r0 = {first}\n{}", (1..=60).map(line).collect::<String>());
        for last in ["from(bucket: r60)", "x = [r60][i]", "f(a: r60)", "r60 |> f()"] {
            assert!(reached(&format!("{lines}{last}")).contains("incomplete"), "{first} {last}");
        }
    }
}
