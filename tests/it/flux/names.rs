//! Names, packages and arguments against what the real server says when it compiles a script.

use std::collections::BTreeSet;
use std::fs;

use fluxform::flux::names::errors;
use fluxform::flux::parser::parse;
use serde_json::json;

use super::grammar;
use super::tree::{cases, seeds};
use crate::support::{Scene, real};

/// What the server says of the script, which is not run: an import that is not there stands before all of it. None: it
/// stops before names, at what it does not compile at all.
async fn said(scene: &Scene, script: &str) -> Option<Vec<String>> {
    let query = format!("import \"no/such\"\n{script}");
    let reply = scene.http.post(&format!("query?orgID={}", scene.org), json!({"query": query})).await;
    let message = reply.json["message"].as_str().unwrap_or_default();
    let all: Vec<String> = message.split("\n\n").map(str::to_owned).collect();
    all.iter().any(|said| said.contains("invalid import path no/such")).then_some(all)
}

/// What the server says of names, each as a word for it and the name.
fn theirs(said: &[String]) -> BTreeSet<String> {
    let words = [
        ("undefined identifier ", "name"),
        ("invalid import path ", "package"),
        ("record is missing label ", "member"),
        ("found unexpected argument ", "argument"),
        ("missing required argument ", "missing"),
        ("missing pipe argument", "pipe"),
        ("invalid ", "statement"),
        ("variable \"", "twice"),
        ("option \"", "twice"),
    ];
    let one = |text: &String| {
        let (place, text) = text.strip_prefix("error ")?.split_once(": ")?;
        let (rest, word) = words.iter().find_map(|(begin, word)| Some((text.strip_prefix(begin)?, word)))?;
        let name = rest.split([' ', '"', '(']).next().unwrap_or_default();
        let line: usize = place.strip_prefix('@')?.split(':').next()?.parse().ok()?;
        (name != "no/such").then(|| format!("{} {word} {name}", line - 1))
    };
    let mut all: BTreeSet<String> = said.iter().filter_map(one).collect();
    // Where an argument is wrong we do not say which other one is missing.
    let wrong: BTreeSet<String> = all
        .iter()
        .filter(|one| one.contains(" argument "))
        .filter_map(|one| Some(one.split_once(' ')?.0.to_owned()))
        .collect();
    all.retain(|one| !one.contains(" missing ") || !wrong.contains(one.split_once(' ').map_or("", |(line, _)| line)));
    all
}

/// The same of what we say.
fn ours(script: &str) -> BTreeSet<String> {
    let parsed = parse(script);
    let one = |error: fluxform::flux::Mistake| {
        let message = &error.message;
        let quoted = message.split(['`', '"']).nth(1).unwrap_or_default().to_owned();
        let word = match message {
            text if text.starts_with("unknown package") => "package",
            text if text.contains(" in package ") => "member",
            text if text.starts_with("unknown argument") => "argument",
            text if text.starts_with("missing argument") => "missing",
            text if text.starts_with("nothing can be piped") => "pipe",
            text if text.ends_with("is set twice") => "twice",
            text if text.ends_with("cannot stand here in a function") => "statement",
            _ => "name",
        };
        let line = script[..error.span.start as usize].matches('\n').count() + 1;
        let name = if word == "pipe" { String::new() } else { quoted };
        format!("{line} {word} {name}")
    };
    errors(&parsed.script, &[]).into_iter().map(one).collect()
}

real!(a_name_is_wrong_where_the_server_says_so, async |scene| {
    let wrong = fs::read_to_string("src/flux/names/tests/wrong.txt").unwrap();
    let right = fs::read_to_string("src/flux/names/tests/right.txt").unwrap();
    for script in wrong.split("\n----\n").chain(right.split("\n----\n")) {
        let said = said(&scene, script).await.unwrap_or_else(|| panic!("{script}"));
        assert_eq!(ours(script), theirs(&said), "{script}\n{said:#?}");
    }
});

real!(the_library_is_the_servers, async |scene| {
    let table = fs::read_to_string("src/flux/names/stdlib.tsv").unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let packages: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let mut script = String::new();
    for (at, package) in packages.iter().enumerate() {
        script += &format!("import p{at} \"{package}\"\n");
    }
    for (at, row) in rows.iter().enumerate() {
        let package = packages.iter().position(|package| *package == row[0]).unwrap();
        match row[2] {
            "function" => script += &format!("x{at} = p{package}.{}(zz: 1)\n", row[1]),
            _ => script += &format!("x{at} = p{package}.{}\n", row[1]),
        }
    }
    let said = said(&scene, &script).await.unwrap();
    let theirs = theirs(&said);
    assert!(theirs.len() > 500, "{}", theirs.len());
    // We say of 100 mistakes at most.
    let head = script.lines().take_while(|line| line.starts_with("import")).count();
    let lines: Vec<&str> = script.lines().collect();
    for (at, line) in lines.iter().enumerate().skip(head) {
        let number = format!("{} ", at + 1);
        let theirs: BTreeSet<&str> = theirs.iter().filter_map(|one| one.strip_prefix(&number)).collect();
        let one = format!("{}\n{line}", lines[..head].join("\n"));
        let ours = ours(&one);
        let number = format!("{} ", head + 1);
        let ours: BTreeSet<&str> = ours.iter().filter_map(|one| one.strip_prefix(&number)).collect();
        assert_eq!(ours, theirs, "{line}");
    }
    // What is missing, too: none is expected but those in the table.
    let expected = |row: &[&str]| -> BTreeSet<String> {
        let names = row.get(3).copied().unwrap_or_default().split(' ').filter(|name| !name.is_empty());
        names.map(|name| name.trim_start_matches(['?', '<', '-']).to_owned()).collect()
    };
    for text in said.iter().filter(|text| text.contains("found unexpected argument zz")) {
        let line: usize = text.split(['@', ':']).nth(1).unwrap().parse().unwrap();
        let row = &rows[line - 2 - head];
        let names: BTreeSet<String> = text
            .split_once('(')
            .map_or("", |(_, rest)| rest)
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert_eq!(names, expected(row), "{row:?}: {text}");
    }
});

/// Mistakes of a statement after which the server leaves the rest of it.
const STOPS: [&str; 4] = ["not valid in", "missing return", "pipe parameter", "pipe literal"];

real!(names_of_scripts_out_of_the_grammar_are_wrong_where_the_server_says_so, async |scene| {
    let only = |all: BTreeSet<String>, word: &str| -> BTreeSet<String> {
        all.into_iter().filter(|one| one.contains(word)).collect()
    };
    let mut seen = 0;
    let scripts = seeds().map(grammar::script).chain(cases().into_iter().map(|path| fs::read_to_string(path).unwrap()));
    for script in scripts {
        // Mistakes behind a clause or import of its own have other lines.
        if !parse(&script).is_sound() || script.contains("package") || script.contains("testcase") {
            continue;
        }
        let Some(said) = said(&scene, &script).await else { continue };
        let (ours, theirs) = (only(ours(&script), " name "), only(theirs(&said), " name "));
        if ours.len() >= 90 {
            continue;
        }
        assert!(theirs.is_subset(&ours), "{script}\n{ours:?}\n{said:#?}");
        // Behind these it does not look at all names.
        if !said.iter().any(|said| STOPS.iter().any(|stop| said.contains(stop))) {
            assert_eq!(ours, theirs, "{script}\n{said:#?}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
});
