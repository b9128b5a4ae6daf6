//! What must hold of any script; what the server makes of scripts is tested with the server.

use super::*;
use crate::flux::Mistake;
use crate::flux::ast::{StatementKind, TypeKind};

fn messages(source: &str) -> Vec<String> {
    let parsed = parse(source);
    let lines = super::super::ast::Lines::of(source);
    let place = |span: Span| {
        let position = lines.position(span.start);
        format!("{}:{}", position.line, position.column)
    };
    let error = |error: Mistake| {
        let also = error.also.map(|(span, label)| format!("\n  {} {label}", place(span)));
        let help = error.help.map(|help| format!("\n  help: {help}"));
        format!("{} {}{}{}", place(error.span), error.message, also.unwrap_or_default(), help.unwrap_or_default())
    };
    parsed.errors().into_iter().map(error).collect()
}

fn json(source: &str) -> Vec<u8> {
    let mut out = Vec::new();
    parse(source).script.write_json(&mut out).expect("invariant: a vector takes all");
    out
}

#[test]
fn a_script_becomes_a_tree() {
    let parsed = parse("// head\nimport \"math\"\nx = math.round(x: -1.5) |> f() // tail");
    assert!(parsed.is_sound());
    let script = parsed.script;
    assert_eq!(script.unquoted(script.imports()[0].path), "math");
    let StatementKind::Assignment { name, value, .. } = script.body()[0].kind else { panic!("{:?}", script.body()) };
    assert_eq!(script.text(name), "x");
    let pipe = script.expression(value);
    assert_eq!(script.text(pipe.span), "math.round(x: -1.5) |> f()");
    let ExpressionKind::Pipe { argument, .. } = pipe.kind else { panic!("{pipe:?}") };
    assert_eq!(script.text(script.expression(argument).span), "math.round(x: -1.5)");
    let comments: Vec<_> = script.comments().iter().map(|comment| script.text(comment.span)).collect();
    assert_eq!(comments, ["// head\n", "// tail"]);
    assert_eq!(script.comments_before(script.end()).len(), 1);
}

#[test]
fn each_child_comes_before_its_parent() {
    let parsed =
        parse("f = (a, b=1) => {return [\"${a.b[0]}\": {a with c: not a + b ^ 2}] |> g(h: if a then b else (c))}");
    let last = parsed.script.expressions().len() - 1;
    assert!(matches!(parsed.script.expressions()[last].kind, ExpressionKind::Function(_)));
    for expression in parsed.script.expressions() {
        assert!(expression.span.start <= expression.span.end);
    }
}

/// Chains are loops, and dropping them is one too.
#[test]
fn a_chain_may_have_any_length() {
    let long = |first: &str, next: &str| format!("x = {first}{}", next.repeat(50_000));
    for source in [
        long("a", " |> f()"),
        long("a", " + a"),
        long("a", " and a"),
        long("a", ".b"),
        long("a", "[0]"),
        long("a", "()"),
    ] {
        assert!(parse(&source).is_sound());
    }
    for prefix in ["-", "not "] {
        assert!(parse(&format!("x = {}a", prefix.repeat(50_000))).is_sound());
    }
    // As JSON each step has the text of all before it.
    assert!(json(&format!("x = a{}", " |> f()".repeat(400))).len() > 400 * 400 * 3);
    let prefixes = format!("x = {}a", "-".repeat(400));
    assert!(json(&prefixes).len() > 400 * 200);
}

#[test]
fn nesting_ends_in_one_error() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a: ", "}"),
        ("f(a: ", ")"),
        ("a[", "]"),
        ("if ", " then b else c"),
        ("\"${", "}\""),
        ("() => ", ""),
        ("() => {return ", "}"),
        ("(a=", ") => 1"),
        ("[1: ", "]"),
        ("{a with b: ", "}"),
        ("testcase a {", "}"),
        ("(a ", ")"),
        ("@a(", ") x"),
        ("() => {", "}"),
    ] {
        for levels in [81, 10_000] {
            let source = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let errors = messages(&source);
            assert!(!errors.is_empty() && errors.len() < 4, "{levels} {open}: {errors:?}");
            assert!(parse(&source).refusal().is_some());
        }
    }
    assert!(parse(&format!("x = {}1{}", "(".repeat(78), ")".repeat(78))).is_sound());
    let types = |levels: usize| parse(&format!("builtin f : {}int{}", "[".repeat(levels), "]".repeat(levels)));
    assert!(types(100).is_sound());
    assert!(types(101).errors()[0].message.contains("nested too deep"));
    assert_eq!(types(10_000).errors().len(), 1);
}

/// A file as long as a project may have, of mistakes that wait for a node that never comes: no mistake costs more than another.
#[test]
fn many_mistakes_at_one_place_take_no_longer_each() {
    for (open, levels) in
        [("{a:", 300_000), ("{a with b:", 100_000), ("[a:", 300_000), ("f(a:", 250_000), ("@a(", 300_000)]
    {
        let parsed = parse(&format!("x={}", open.repeat(levels)));
        assert!((1..4).contains(&parsed.errors().len()), "{open}");
    }
}

#[test]
fn what_follows_a_nul_is_not_read() {
    let parsed = parse("x = 1\0 )");
    assert_eq!((parsed.script.body().len(), parsed.script.end(), parsed.refusal()), (1, 5, None));
    assert_eq!(messages("x = 1\0 )"), ["1:6 a NUL character\n  help: influxd reads nothing of what follows it"]);
}

#[test]
fn lines_end_with_a_line_feed_alone() {
    assert_eq!(messages("a\r\nb\rc\n\n )"), ["4:2 `)` closes nothing"]);
}

#[test]
fn types_are_read_whole() {
    let parsed =
        parse("builtin f : (<-t: stream[A], ?x: [string:int]) => {A with b: vector[dynamic]} where A: Record + X");
    assert!(parsed.is_sound());
    let StatementKind::Builtin { ty, .. } = &parsed.script.body()[0].kind else { panic!() };
    assert!(matches!(&parsed.script.ty(ty.ty).kind, TypeKind::Function { parameters, .. } if parameters.len() == 2));
    assert_eq!(ty.constraints[0].kinds.len(), 2);
}

/// Each paragraph is a script; what is said about it stands below it in the snapshot.
#[test]
fn each_mistake_is_said_once_in_plain_words() {
    let mut said = String::new();
    for script in include_str!("tests/mistakes.txt").split("\n----\n") {
        said += script;
        said += "\n";
        for message in messages(script) {
            said += &format!("  > {}\n", message.replace('\n', "\n  > "));
        }
        said += "----\n";
    }
    insta::assert_snapshot!(said);
}

proptest::proptest! {
    /// No text makes it panic, and what is wrong has a place within the text.
    #[test]
    fn any_text_has_a_tree(text in "([ -~\n]|[(){}\\[\\]\"$,:=|>.]|option |if |é|\0|1h|/){0,60}") {
        let parsed = parse(&text);
        json(&text);
        for error in parsed.errors() {
            proptest::prop_assert!(error.span.range().end <= text.len() && text.get(error.span.range()).is_some());
        }
        proptest::prop_assert_eq!(parsed.is_sound(), parsed.errors().is_empty());
        proptest::prop_assert!(parsed.refusal().is_none() || !parsed.is_sound());
    }
}
