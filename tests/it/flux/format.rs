//! The layout of scripts against that of the real server.

use std::fs;

use fluxform::flux::NormalForm;
use fluxform::flux::ast::{ExpressionKind, Script};
use fluxform::flux::format::{format, format_as_influxd};
use fluxform::flux::parser::parse;
use serde_json::{Value, json};

use super::tree::{cases, seeds};
use super::{broken, grammar};
use crate::support::{Scene, real};

/// The tree of a script without places, comments, and parentheses; none of one that is too deep for what reads JSON here.
fn meaning(script: &Script) -> Option<Value> {
    let mut text = Vec::new();
    script.write_json(&mut text).unwrap();
    Some(bare(&serde_json::from_slice(&text).ok()?))
}

fn bare(tree: &Value) -> Value {
    match tree {
        Value::Object(fields) if tree["type"] == "ParenExpression" => bare(&fields["expression"]),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, field)| *name != "location" && !is_comments(field));
            Value::Object(kept.map(|(name, field)| (name.clone(), bare(field))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

/// Whether a field has the comments before a token.
fn is_comments(field: &Value) -> bool {
    field.as_array().is_some_and(|all| all.iter().any(|one| one.get("text").is_some() && one.get("type").is_none()))
}

fn comments(script: &Script) -> Vec<&str> {
    script.comments().iter().map(|comment| script.text(comment.span).trim_end()).collect()
}

/// Attributes and everything else that has a name of its own in the tree but is not in influxd's.
fn attributes(script: &Script) -> usize {
    let statements = script.body().iter().map(|statement| statement.attributes.len()).sum::<usize>();
    let imports = script.imports().iter().map(|import| import.attributes.len()).sum::<usize>();
    statements + imports + script.package().map_or(0, |package| package.attributes.len())
}

/// What must hold of a script and its layout.
pub(super) fn keeps_its_meaning(name: &str, source: &str) {
    let before = parse(source);
    if !before.is_sound() {
        return;
    }
    let text = format(&before.script);
    let after = parse(&text);
    let about = || format!("{name}\n{source}\n---\n{text}");
    assert!(after.is_sound(), "{}", about());
    match (meaning(&before.script), meaning(&after.script)) {
        (Some(before), Some(after)) => assert_eq!(before, after, "{}", about()),
        // Parentheses that are set again make one of them deeper.
        _ => assert_eq!(NormalForm::of(source), NormalForm::of(&text), "{}", about()),
    }
    assert_eq!(comments(&before.script), comments(&after.script), "{}", about());
    assert_eq!(attributes(&before.script), attributes(&after.script), "{}", about());
    assert_eq!(format(&after.script), text, "{}", about());
    format_as_influxd(&before.script);
}

#[test]
fn each_case_is_laid_out_as_the_server_does() {
    let mut seen = 0;
    for path in cases() {
        let Ok(theirs) = fs::read_to_string(path.with_extension("fmt")) else { continue };
        let parsed = parse(&fs::read_to_string(&path).unwrap());
        assert_eq!(format_as_influxd(&parsed.script), theirs, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_layout_keeps_what_a_script_means() {
    for path in cases() {
        keeps_its_meaning(&path.display().to_string(), &fs::read_to_string(&path).unwrap());
    }
    for line in fs::read_to_string("tests/cases/flux/odd.txt").unwrap().lines() {
        keeps_its_meaning(line, &line.replace('⏎', "\n"));
    }
}

/// With `FLUXFORM_SCRIPTS=1000000` it is a fuzzer.
#[test]
fn a_layout_keeps_what_any_script_means() {
    for seed in seeds() {
        keeps_its_meaning(&format!("seed {seed}"), &grammar::script(seed));
        keeps_its_meaning(&format!("broken seed {seed}"), &broken::mangled(seed));
    }
}

/// Each line: a script whose meaning the server loses, and what becomes of it here.
#[test]
fn what_the_server_loses_is_kept() {
    for (source, expected) in [
        ("x=-(a+b)", "x = -(a + b)\n"),
        ("x=((r)=>r)==1", "x = ((r) => r) == 1\n"),
        ("x=(1).m", "x = 1 .m\n"),
        ("x=a[(\"b\")]", "x = a[(\"b\")]\n"),
        ("x=(r)=>({a:1}).a", "x = (r) => ({a: 1}.a)\n"),
        ("x=\"\\${a} ${b}\\n\"", "x = \"\\${a} ${b}\\n\"\n"),
        ("x=\"a  \nb\"", "x = \"a  \nb\"\n"),
        ("x=/\\x5cx2e/", "x = /\\x5cx2e/\n"),
        ("@edition(\"2022.1\")\npackage a", "@edition(\"2022.1\")\npackage a\n"),
        ("@a @b(1,\"c\") x=1", "@a\n@b(1,\"c\")\nx = 1\n"),
        ("builtin f:{\"a b\":int}", "builtin f : {\"a b\": int}\n"),
        ("x=[1 // c\n,2]", "x = [\n    1,\n    // c\n    2,\n]\n"),
        ("x={r // c\nwith a:1}", "x = {r with // c\n    a: 1,\n}\n"),
    ] {
        let parsed = parse(source);
        assert_eq!(format(&parsed.script), expected, "{source}");
        let theirs = parse(&format_as_influxd(&parsed.script));
        assert!(!theirs.is_sound() || format(&theirs.script) != expected, "{source}: the server keeps it too");
    }
}

/// Neither time nor stack grows with the depth.
#[test]
fn what_is_deep_or_long_is_laid_out_at_once() {
    let long = "a".repeat(120);
    let nested =
        |open: &str, close: &str, levels: usize| format!("x={}{long}{}", open.repeat(levels), close.repeat(levels));
    for source in [
        nested("[", "]", 75),
        nested("{aaa:", "}", 75),
        nested("f(a:", ")", 75),
        nested("(r)=>", "", 75),
        nested("()=>{return ", "}", 38),
        nested("f(fn:(r)=>(", "))", 25),
        nested("\"${", "}\"", 75),
        nested("if a then ", " else b", 75),
        format!("x=a{}", " |> f(b: 1)".repeat(3_000)),
        format!("x=a{}", "+b".repeat(3_000)),
        format!("x=a{}", "[0].b(c:1)".repeat(3_000)),
        format!("x={}a", "-".repeat(3_000)),
    ] {
        let parsed = parse(&source);
        assert!(parsed.is_sound());
        assert!(format(&parsed.script).len() > source.len() / 2);
        format_as_influxd(&parsed.script);
    }
    let strings = parse(&format!("x=[{}]", "\"a\",".repeat(5_000)));
    let ExpressionKind::Array(elements) = &strings.script.expressions().last().unwrap().kind else { panic!() };
    assert_eq!(format(&strings.script).lines().count(), elements.len() + 2);
}

/// The script as the server writes it when the task's name is written anew; None: it is not asked, because it loses
/// itself in the script, or refuses what it has written.
async fn theirs(scene: &Scene, script: &str) -> Option<Result<String, String>> {
    let made = scene.http.post("tasks", json!({"orgID": scene.org, "flux": script, "status": "inactive"})).await;
    if made.status != 201 {
        return None;
    }
    let path = format!("tasks/{}", made.json["id"].as_str().unwrap());
    let reply = scene.http.patch(&path, json!({"name": "t"})).await;
    scene.http.delete(&path).await.expect(204);
    match reply.status {
        200 => Some(Ok(reply.json["flux"].as_str().unwrap().to_owned())),
        400 => Some(Err(reply.json["message"].as_str().unwrap().to_owned())),
        _ => None,
    }
}

// What a script can have that no grammar gives, or seldom.
real!(what_is_odd_is_laid_out_as_the_server_does, async |scene| {
    let all = fs::read_to_string("tests/cases/flux/odd.txt").unwrap();
    let mut seen = 0;
    for line in all.lines() {
        let script = line.replace('⏎', "\n").replace('␀', "\0");
        let script = format!("{script}\noption task = {{name: \"t\", every: 1h}}\n");
        let parsed = parse(&script);
        if let (true, Some(Ok(theirs))) = (parsed.is_sound(), theirs(&scene, &script).await) {
            assert_eq!(format_as_influxd(&parsed.script), theirs, "{line}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
});

real!(a_script_out_of_the_grammar_is_laid_out_as_the_server_does, async |scene| {
    let mut seen = 0;
    let seeds = seeds();
    for seed in seeds.start..seeds.start + (seeds.end - seeds.start).div_ceil(3) {
        let script = format!("{}\noption task = {{name: \"t\", every: 1h}}\n", grammar::script(seed));
        let ours = format_as_influxd(&parse(&script).script);
        match theirs(&scene, &script).await {
            Some(Ok(theirs)) => assert_eq!(ours, theirs, "seed {seed}: {script}"),
            // It has made a script that it does not take itself.
            Some(Err(words)) => assert!(parse(&ours).refusal().is_some(), "seed {seed}: {words}\n{ours}"),
            None => continue,
        }
        seen += 1;
    }
    assert!(seen * 10 > seeds.end - seeds.start, "{seen}");
});
