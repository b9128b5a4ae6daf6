//! Flux as the real server reads and formats it: the judge of our scanner, literals and comparison.

mod broken;
mod dice;
mod format;
mod fuzz;
mod grammar;
mod names;
mod spacing;
mod tree;

pub(crate) use tree::cases;

use fluxform::flux::{AuthorScript, Literal, LiveScript, NormalForm, Schedule, TaskHead, TokenKind, scan};
use serde_json::{Value, json};

use crate::support::{Scene, real};

/// The statements of a script as the server parses it; None: it refuses the script.
async fn parse(scene: &Scene, script: &str) -> Option<Vec<Value>> {
    let reply = scene.http.post("query/ast", json!({"query": script})).await;
    if reply.status != 200 {
        return None;
    }
    reply.json["ast"]["files"][0]["body"].as_array().cloned()
}

/// A tree without places, comments and parentheses.
fn bare(tree: &Value) -> Value {
    match tree {
        Value::Object(fields) if fields.get("type").is_some_and(|ty| ty == "ParenExpression") => {
            bare(&fields["expression"])
        }
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "location" | "comments"));
            Value::Object(kept.map(|(name, field)| (name.clone(), bare(field))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

fn head(name: &str) -> TaskHead {
    let schedule = Schedule::Every("1h".to_owned());
    TaskHead { name: name.to_owned(), schedule, offset: Some("5m".to_owned()), extra: Vec::new() }
}

/// All texts of one to `length` letters.
fn texts(letters: &[&str], length: usize) -> Vec<String> {
    let mut all: Vec<String> = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let until = all.len();
        for at in from..until {
            for letter in letters {
                all.push(format!("{}{letter}", all[at]));
            }
        }
        from = until;
    }
    all
}

real!(a_string_that_we_write_is_the_string_that_the_server_reads, async |scene| {
    let texts = texts(&["$", "{", "}", "\\", "\"", "n", "\n", "\u{85}", "é"], 3);
    let statements = texts.iter().map(|text| format!("x = {}\n", Literal::String(text.clone()).encode().unwrap()));
    let parsed = parse(&scene, &statements.collect::<String>()).await.unwrap();
    let read: Vec<_> = parsed.iter().map(|statement| statement["init"]["value"].as_str().unwrap()).collect();
    assert_eq!(read, texts);
});

real!(a_string_that_the_server_reads_is_read_alike_by_us, async |scene| {
    for inner in texts(&["$", "{", "\\", "\"", "n"], 3) {
        let script = format!("x = \"{inner}\"\ny = 1");
        let tokens = scan(&script);
        let Some(parsed) = parse(&scene, &script).await else {
            // What only a parser or a decoder can refuse, the scanner may take.
            continue;
        };
        let tokens = tokens.unwrap_or_else(|error| panic!("{script}: {error}"));
        match tokens[2].kind {
            TokenKind::String => {
                let form = NormalForm::of(&script).unwrap();
                assert_eq!(parsed[0]["init"]["value"], *form.tokens()[2].value, "{script}");
            }
            kind => assert_eq!(
                (kind, parsed[0]["init"]["type"].as_str()),
                (TokenKind::StringStart, Some("StringExpression"))
            ),
        }
    }
});

real!(tokens_end_where_the_server_ends_them, async |scene| {
    for expression in [
        "1.",
        ".5",
        "00.5",
        "1h30m",
        "30m1h",
        "1mo",
        "1ms",
        "1\u{b5}s",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.600+02:00",
        "/a\\/b/",
        "/a b/",
        "/[\\/]/",
        "/a\\x41/",
        "\"a\nb\"",
        "a.b",
        "a[\"b\"]",
        "/a/ / /b/",
        "a / b / c",
        "(a) / b / c",
        "[a] / b / c",
        "\"${a}\" / b / c",
        "a =~ /b/",
        "a !~ /b/",
        "a // c\n/ b",
        "\"${\"${a}\"}\"",
        "\"${ {b: 1}.b }\"",
        "é_1",
        "(x=<-) => x",
        "not exists a",
        "- -1",
        "if a then /b/ else /c/",
    ] {
        let script = format!("x = {expression}\ny = 1");
        let parsed = parse(&scene, &script).await.unwrap_or_else(|| panic!("the server refuses {script}"));
        // The same tokens with all else between them, and one statement more behind.
        let tokens = scan(&script).unwrap_or_else(|error| panic!("{script}: {error}"));
        let spread: Vec<_> = tokens.iter().filter(|token| token.kind != TokenKind::Comment).collect();
        let mut text = String::new();
        for token in spread {
            let inside =
                matches!(token.kind, TokenKind::StringText | TokenKind::StringEnd | TokenKind::InterpolationStart);
            text.push_str(if inside { "" } else { "\n" });
            text.push_str(token.text(&script));
        }
        let again = parse(&scene, &text).await.unwrap_or_else(|| panic!("the server refuses {text}"));
        assert_eq!(bare(&json!(parsed)), bare(&json!(again)), "{script} | {text}");
        assert_eq!(parsed.len(), 2, "{script}");
    }
});

real!(what_our_scanner_refuses_the_server_refuses, async |scene| {
    for script in [
        "x = \"abc",
        "x = \"${a",
        "x = \"a\\q\"",
        "x = \"\\x4\"",
        "x = \"\\$\"",
        "x = /a",
        "x = 'a'",
        "x = `a`",
        "x = a;",
        "\u{feff}x = 1",
        "#!/usr/bin/flux\nx = 1",
        "x = a ! b",
        "x = \u{a0}1",
        "x = \"$\\\"\"",
        "x = \"a\\\nb\"",
    ] {
        assert!(scan(script).is_err(), "{script}");
        assert_eq!(parse(&scene, script).await, None, "{script}");
    }
});

real!(parentheses_go_only_where_the_tree_stays, async |scene| {
    let infix = ["+", "-", "*", "/", "%", "^", "==", "!=", "<", ">=", "=~", "and", "or"];
    let prefix = ["-", "+", "not ", "exists "];
    let mut expressions = Vec::new();
    for one in infix {
        for other in infix {
            expressions.push(format!("(a {one} b) {other} c"));
            expressions.push(format!("a {one} (b {other} c)"));
            expressions.push(format!("a {one} ((b {other} c)) {one} d"));
        }
        for sign in prefix {
            expressions.push(format!("{sign}(a {one} b)"));
            expressions.push(format!("({sign}a) {one} b"));
            expressions.push(format!("a {one} ({sign}b)"));
            expressions.push(format!("(a {one} ({sign}b)) |> f()"));
        }
        expressions.push(format!("(a {one} b) |> f()"));
        expressions.push(format!("a {one} (b |> f())"));
        expressions.push(format!("(a |> f()) {one} b"));
        expressions.push(format!("(if a then b else c) {one} d"));
        expressions.push(format!("a {one} (if b then c else d)"));
        expressions.push(format!("((r) => a) {one} b"));
        expressions.push(format!("(a {one} b)[0].c"));
    }
    for sign in prefix {
        for other in prefix {
            expressions.push(format!("{sign}({other}a)"));
        }
        expressions.push(format!("({sign}a).b"));
        expressions.push(format!("{sign}(a.b)"));
    }
    for other in [
        "((r) => r)(r: 1)",
        "(r) => ({a: r})",
        "(r) => ({a: r}.a)",
        "(a)(b: 1)",
        "((a |> f()) |> g())",
        "f(x: (1), y: [(2)])",
        "\"${(a)}\"",
    ] {
        expressions.push(other.to_owned());
    }
    let script = |expressions: &[String]| expressions.iter().map(|text| format!("x = {text}\n")).collect::<String>();
    let normal: Vec<String> = expressions
        .iter()
        .map(|text| NormalForm::of(text).unwrap().to_string())
        .map(|text| if text.contains('"') { "\"${a}\"".to_owned() } else { text })
        .collect();
    let before = parse(&scene, &script(&expressions)).await.unwrap();
    let after = parse(&scene, &script(&normal)).await.unwrap();
    assert_eq!(before.len(), expressions.len());
    assert_eq!(after.len(), expressions.len());
    for at in 0..expressions.len() {
        assert_eq!(bare(&before[at]), bare(&after[at]), "{} | {}", expressions[at], normal[at]);
    }
});

/// Makes a task of a composed script; the script as the server has it at once, and after it has formatted it.
async fn kept(scene: &Scene, script: &str) -> (String, String) {
    let task = scene.http.post("tasks", json!({"orgID": scene.org, "flux": script})).await.expect(201);
    let path = format!("tasks/{}", task["id"].as_str().unwrap());
    let formatted = scene.http.patch(&path, json!({"every": "60m"})).await.expect(200);
    scene.http.delete(&path).await.expect(204);
    (task["flux"].as_str().unwrap().to_owned(), formatted["flux"].as_str().unwrap().to_owned())
}

fn params() -> Literal {
    let field = |name: &str, value: Literal| (name.to_owned(), value);
    Literal::Record(vec![
        field("a \"b\"", Literal::String("${x} $\\ $\" é\n\u{1}".to_owned())),
        field("window", Literal::Duration("-1h30m".to_owned())),
        field("like", Literal::Regex("^a/b\\.c\\x2e\\d\\\\".to_owned())),
        field("least", Literal::Integer(i64::MIN)),
        field("small", Literal::Float(5e-324)),
        field("none", Literal::Array(Vec::new())),
        field("empty", Literal::Record(Vec::new())),
        field("list", Literal::Array(vec![Literal::Boolean(true), Literal::Boolean(false)])),
        field("at", Literal::DateTime("2026-01-02 03:04:05.500z".to_owned())),
        field("day", Literal::DateTime("2026-01-02".to_owned())),
    ])
}

fn form(source: &str) -> NormalForm<'_> {
    NormalForm::of(source).unwrap()
}

const SCRIPTS: [&str; 20] = [
    "",
    "// only a comment",
    "x = 1",
    "// head\nimport \"strings\"\nx = 1",
    "package main\nx=1",
    "package main // p\n\nimport \"strings\"\nimport m \"math\"\n\n// a\nx=1",
    "import \"strings\" // why // twice\nx = 1",
    "import \"strings\" x = 1",
    "import \"strings\"\r\nx = 1\r\n",
    "option task = {\n  name: \"own\", // n\n  every: 2h,\n}\n\nx = 1",
    "import \"strings\"\noption task={name:\"x\",every:1h,retry:3}\nx=1",
    "x = 1\noption task = {name: \"own\", cron: \"0 * * * *\", offset: -5m}",
    "x = 1 option task = {name: \"own\", every: 2h} y = 2",
    "option task = {name: \"own\", every: 2h}\nimport \"strings\"\nx = 1",
    "option task = {\"name\": \"own\", \"every\": 2h}\nx = 1",
    "import \"influxdata/influxdb/tasks\"\noption tasks.lastSuccessTime = 2020-01-01T00:00:00.000Z\nx=1",
    "f = () => {\n  option task = {name: \"x\"}\n  return 1\n}\ng = (params) => params",
    "a = {b: (1), \"c\": ((2)),}\nx = [1,2 , 3,][(0)]\ny = {a with b: 01h}\nz = -a.b\nw = 1 - -1",
    "s = \"a\\x41\\n\" t = \"pre ${ (s) } \\x41\\n post\" r = s =~ /a\\/b\\x41/ d = 1\u{b5}s e = 2026-01-02",
    "x = ((from(bucket: \"b\")) |> range(start: -(1h))) |> filter(fn: (r) => (r._m == \"m\" and (r[\"f\"] =~ /a/ or (not (exists r.g)))))\n",
];

real!(a_composed_script_is_a_task_and_stays_equal_when_the_server_formats_it, async |scene| {
    let name = "na\"me ${x} $\\ é";
    let params = params();
    let record = params.encode().unwrap();
    let expected = NormalForm::of(&record).unwrap();
    for source in SCRIPTS {
        let author = AuthorScript::read(source, Some("params")).unwrap_or_else(|error| panic!("{source}: {error}"));
        let script = author.compose(&head(name), Some(("params", &params))).unwrap();
        let (made, formatted) = kept(&scene, &script).await;
        assert_eq!(made, script);
        assert_ne!(formatted, script);
        for (live, every) in [(made, "1h"), (formatted, "60m")] {
            let live = LiveScript::read(&live, Some("params")).unwrap();
            assert_eq!(live.body, form(&author.text), "{source}");
            assert_eq!(live.params.as_ref(), Some(&expected), "{source}");
            let task = live.task.unwrap();
            assert_eq!(task.name.unwrap().value, name);
            assert_eq!(task.every.unwrap().value, every);
            assert_eq!(task.offset.unwrap().value, "5m");
        }
    }
});

real!(what_the_servers_formatter_breaks_is_seen_as_a_difference, async |scene| {
    for (source, broken) in [
        ("x = -(1 + 2)", "x = - 1 + 2"),
        ("x = -(1 ^ 2)", "x = - 1 ^ 2"),
        ("b = 1\nx = \"${b} \\${b}\"", "b = 1 x = \" ${ b } '\" \"' ${ b } \""),
        ("@edition(\"2022.1\")\nx = 1", "x = 1"),
        ("x = /\\x5cx2e/", "x = /\".\"/"),
    ] {
        let author = AuthorScript::read(source, None).unwrap();
        let (made, formatted) = kept(&scene, &author.compose(&head("t"), None).unwrap()).await;
        assert_eq!(LiveScript::read(&made, None).unwrap().body, form(&author.text), "{source}");
        let live = LiveScript::read(&formatted, None).unwrap();
        assert_eq!(live.body.to_string(), broken, "{source}");
        assert_ne!(live.body, form(&author.text));
    }
});

real!(an_option_task_that_we_refuse_the_server_refuses, async |scene| {
    for source in [
        "option task = {name: \"a\", every: 1h}\noption task = {name: \"b\", every: 1h}",
        "option task = 1",
        "t = {name: \"x\", every: 1h}\noption task = t",
        "option task = {name: \"a\", every: 1h, cron: \"0 * * * *\"}",
        "option task = {name: \"a${1}\", every: 1h}",
        "option task = {name: \"a\", every: \"1h\"}",
        "option task = {name: \"a\", every: -1h}",
        "option task = {name: \"a\", every: (1h)}",
        "option task = {name: \"a\", every: 1h}.b",
    ] {
        AuthorScript::read(source, None).expect_err(source);
        let reply = scene.http.post("tasks", json!({"orgID": scene.org, "flux": source})).await;
        assert_ne!(reply.status, 201, "{source}");
    }
});
