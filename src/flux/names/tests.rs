//! Names that are wrong, and names that are not.

use super::errors;
use crate::flux::parser::parse;

/// Each mistake with the text at its place.
fn said(script: &str, given: &[&str]) -> String {
    let parsed = parse(script);
    assert!(parsed.is_sound(), "{script}: {:?}", parsed.errors());
    let all = errors(&parsed.script, given).into_iter().map(|error| {
        let place = parsed.script.text(error.span);
        let also = error
            .also
            .map_or_else(String::new, |(span, label)| format!("\n  also at `{}`: {label}", parsed.script.text(span)));
        let help = error.help.map_or_else(String::new, |help| format!("\n  help: {help}"));
        format!("{} (at `{place}`: {}){also}{help}\n", error.message, error.label)
    });
    all.collect()
}

#[test]
fn a_query_of_another_language_is_one_mistake() {
    let query = "this is InfluxQL or SQL, not Flux";
    let all = said("x = 1\nSELECT * FROM cpu WHERE host =~ /a/\nSHOW MEASUREMENTS\ny = z\n", &[]);
    let messages: Vec<_> =
        all.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(" (at").next()).collect();
    assert_eq!(messages, [Some(query), Some(query), Some("unknown name `z`")]);
}

#[test]
fn each_wrong_name_is_said_in_plain_words() {
    let mut all = String::new();
    for script in include_str!("tests/wrong.txt").split("\n----\n") {
        let said = said(script, &[]);
        assert!(!said.is_empty(), "{script}");
        all += &format!("{script}\n  > {}\n----\n", said.trim_end().replace('\n', "\n  > "));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_right_is_left_alone() {
    for script in include_str!("tests/right.txt").split("\n----\n") {
        assert_eq!(said(script, &[]), "", "{script}");
    }
    // Not looked at: what is in records, and test cases, which influxd does not run.
    assert_eq!(said("import \"date\"\nx = {d: date}\ny = x.d.nothing\ntestcase a { z = nothing }", &[]), "");
    assert_eq!(said("x = task.every\ny = params.a\noption task = {name: \"a\"}", &["task", "params"]), "");
}

#[test]
fn what_is_long_takes_no_stack_and_no_time() {
    for script in [
        format!("a = 1\nx = a{}", " |> map(fn: (r) => r)".repeat(50_000)),
        format!("a = 1\nx = a{}", " + a".repeat(200_000)),
        format!("a = 1\nx = a{}", ".b".repeat(200_000)),
        (0..50_000).map(|at| format!("x{at} = 1\n")).collect(),
    ] {
        assert_eq!(said(&script, &[]), "");
    }
    let wrong: String = (0..50_000).map(|at| format!("x{at} = nothing{at}\n")).collect();
    assert_eq!(errors(&parse(&wrong).script, &[]).len(), 100);
}
