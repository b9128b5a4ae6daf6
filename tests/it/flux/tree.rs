//! The tree of a script against that of the real server, node by node.

use std::fs;
use std::path::{Path, PathBuf};

use fluxform::flux::parser::{Refusal, parse};
use serde_json::{Value, json};

use super::{broken, grammar};
use crate::support::{Scene, real};

/// How many scripts the grammar gives of each sort; `FLUXFORM_SCRIPTS` names another number.
const SCRIPTS: u64 = 150;
/// The seed of the first one; `FLUXFORM_SEED` names another one.
const SEED: u64 = 1;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

pub(super) fn seeds() -> std::ops::Range<u64> {
    let first = number("FLUXFORM_SEED", SEED);
    first..first + number("FLUXFORM_SCRIPTS", SCRIPTS)
}

/// The scripts of `tests/cases/flux`, in order.
pub(crate) fn cases() -> Vec<PathBuf> {
    let mut all = scripts_in("tests/cases/flux");
    all.sort();
    assert!(all.len() > 70, "the scripts are gone");
    all
}

/// All scripts below a directory.
pub(super) fn scripts_in(dir: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.as_ref()).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() && !path.is_symlink() => scripts_in(path),
            Some(extension) if extension == "flux" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

/// Our tree as the server would give it.
fn tree(source: &str) -> String {
    let mut text = Vec::new();
    parse(source).script.write_json(&mut text).unwrap();
    // Numbers in one spelling.
    serde_json::from_slice::<Value>(&text).unwrap()["ast"].to_string()
}

/// Holds what the server says about a script against what we say.
pub(super) fn compare(name: &str, source: &str, status: u16, reply: &Value) {
    let parsed = parse(source);
    let about = || format!("{name}: {source}");
    if status != 200 {
        let words = &reply["message"];
        assert!(parsed.refusal().is_some(), "the server refuses what we take: {words}\n{}", about());
        return;
    }
    assert_eq!(parsed.refusal(), None, "{}", about());
    let theirs = &reply["ast"];
    if has_errors(theirs) {
        // A broken type, which the server only finds when it runs the script.
        assert!(!parsed.is_sound(), "{}", about());
    } else {
        assert_eq!(tree(source), theirs.to_string(), "{}", about());
        assert!(!has_holes(theirs) || !parsed.is_sound(), "{}", about());
    }
    assert_eq!(parsed.is_sound(), parsed.errors().is_empty(), "{}", about());
}

/// Whether a node has errors.
fn has_errors(node: &Value) -> bool {
    match node {
        Value::Object(fields) => fields.iter().any(|(name, field)| name == "errors" || has_errors(field)),
        Value::Array(items) => items.iter().any(has_errors),
        _ => false,
    }
}

/// Whether an expression is missing.
fn has_holes(node: &Value) -> bool {
    match node {
        Value::Object(fields) => fields.iter().any(|(name, field)| match field {
            Value::Null => !["package", "imports", "as"].contains(&name.as_str()) && node["type"] != "Property",
            field => has_holes(field),
        }),
        Value::Array(items) => items.iter().any(|item| item.is_null() || has_holes(item)),
        _ => false,
    }
}

/// What the server says: its status, and the reply.
pub(super) async fn ask(scene: &Scene, source: &str) -> (u16, Value) {
    let reply = scene.http.post("query/ast", json!({"query": source})).await;
    (reply.status, reply.json)
}

#[test]
fn each_case_is_read_as_the_server_reads_it() {
    for path in cases() {
        let name = path.display().to_string();
        let source = fs::read_to_string(&path).unwrap();
        if let Ok(reply) = fs::read(path.with_extension("json")) {
            compare(&name, &source, 200, &serde_json::from_slice(&reply).unwrap());
            continue;
        }
        let errors = fs::read_to_string(path.with_extension("err")).unwrap();
        let said = errors.lines().find_map(|line| line.strip_prefix("ast: ")).unwrap();
        let ours = match parse(&source).refusal().unwrap() {
            Refusal::Invalid(words) => format!("400 invalid AST: {words}"),
            Refusal::Panic(words) => format!("500 a panic has occurred: /api/v2/query/ast: {words}"),
        };
        assert_eq!(ours, said, "{name}");
    }
}

/// With `FLUXFORM_SCRIPTS=1000000` it is a fuzzer.
#[test]
fn no_text_makes_the_reader_stumble() {
    let seeds = seeds();
    let more = (seeds.end - seeds.start) * 4;
    for seed in seeds.start..seeds.end + more {
        is_read(seed, &broken::mangled(seed));
    }
}

/// What must hold of whatever text is read.
pub(super) fn is_read(seed: u64, text: &str) {
    let parsed = parse(text);
    let errors = parsed.errors();
    for error in &errors {
        let also = error.also.as_ref().map(|(span, _)| *span);
        for span in [Some(error.span), also].into_iter().flatten() {
            assert!(text.get(span.range()).is_some(), "seed {seed}: {error:?}");
        }
    }
    assert_eq!(parsed.is_sound(), errors.is_empty(), "seed {seed}");
    if parsed.refusal().is_none() {
        parsed.script.write_json(&mut std::io::sink()).unwrap();
    } else {
        assert!(!errors.is_empty(), "seed {seed}");
    }
}

real!(each_script_of_ours_is_read_as_the_server_reads_it, async |scene| {
    let all = ["tests", "examples", "src"].into_iter().flat_map(scripts_in);
    let mut seen = 0;
    for path in all {
        // The server is asked in JSON, which has nothing but Unicode.
        let Ok(source) = fs::read_to_string(&path) else { continue };
        let (status, reply) = ask(&scene, &source).await;
        compare(&path.display().to_string(), &source, status, &reply);
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
});

real!(a_script_out_of_the_grammar_is_read_as_the_server_reads_it, async |scene| {
    for seed in seeds() {
        let source = grammar::script(seed);
        let (status, reply) = ask(&scene, &source).await;
        assert_eq!(status, 200, "seed {seed}: {source}\n{reply}");
        compare(&format!("seed {seed}"), &source, status, &reply);
        assert!(parse(&source).is_sound(), "seed {seed}: {source}");
    }
});

real!(a_broken_script_is_refused_where_the_server_refuses_it, async |scene| {
    for seed in seeds() {
        let source = broken::script(seed);
        let (status, reply) = ask(&scene, &source).await;
        compare(&format!("seed {seed}"), &source, status, &reply);
    }
});

// What a script can have that no grammar gives.
real!(what_is_odd_is_read_as_the_server_reads_it, async |scene| {
    let all = fs::read_to_string("tests/cases/flux/odd.txt").unwrap();
    for line in all.lines() {
        let script = line.replace('⏎', "\n").replace('␀', "\0");
        let (status, reply) = ask(&scene, &script).await;
        compare("odd", &script, status, &reply);
    }
});

real!(what_is_too_deep_for_the_server_is_too_deep_for_us, async |scene| {
    let nests = [
        ("(", ")"),
        ("[", "]"),
        ("{a: ", "}"),
        ("f(a: ", ")"),
        ("if ", " then b else c"),
        ("\"${", "}\""),
        ("() => ", ""),
        ("() => {return ", "}"),
        ("[1: ", "]"),
        ("(a=", ") => 1"),
        ("-", ""),
        ("not ", ""),
    ];
    for (open, close) in nests {
        for levels in [38, 39, 40, 77, 78, 79, 80, 81, 100] {
            for start in ["", "x = "] {
                let script = format!("{start}{}1{}", open.repeat(levels), close.repeat(levels));
                // The reply is itself too deep for what reads JSON here.
                let (status, _) = ask(&scene, &script).await;
                assert_eq!(status == 200, parse(&script).refusal().is_none(), "{levels} {open}");
                assert_eq!(status == 200, parse(&script).is_sound(), "{levels} {open}");
            }
        }
    }
});
