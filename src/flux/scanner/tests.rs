//! Tokens as the server reads them.

use super::*;
use proptest::prelude::*;

fn tokens(source: &str) -> Vec<String> {
    let tokens = scan(source).expect("tokens");
    tokens.iter().map(|token| format!("{:?} {}", token.kind, token.text(source))).collect()
}

fn kinds(source: &str) -> Vec<TokenKind> {
    scan(source).expect("tokens").into_iter().map(|token| token.kind).collect()
}

#[test]
fn numbers_take_what_they_can() {
    assert_eq!(
        tokens("1h30m 1h30 5min 1mo 1ms 2\u{b5}s"),
        [
            "Duration 1h30m",
            "Duration 1h",
            "Int 30",
            "Duration 5m",
            "Ident in",
            "Duration 1mo",
            "Duration 1ms",
            "Duration 2\u{b5}s",
        ]
    );
    assert_eq!(
        tokens("1. .5 1..2 1e3 007"),
        ["Float 1.", "Float .5", "Float 1.", "Float .2", "Int 1", "Ident e3", "Int 007"]
    );
    assert_eq!(
        tokens("2026-01-02 2026-01-02T03:04:05.6+01:00 2026-01-02T1 2026-1-2"),
        [
            "Time 2026-01-02",
            "Time 2026-01-02T03:04:05.6+01:00",
            "Time 2026-01-02",
            "Ident T1",
            "Int 2026",
            "Sub -",
            "Int 1",
            "Sub -",
            "Int 2",
        ]
    );
}

#[test]
fn a_slash_divides_after_an_operand_and_else_opens_a_regular_expression() {
    use TokenKind as K;
    assert_eq!(kinds("a / b / c"), [K::Ident, K::Div, K::Ident, K::Div, K::Ident]);
    assert_eq!(kinds("f(x) / 2 // c"), [K::Ident, K::LParen, K::Ident, K::RParen, K::Div, K::Int, K::Comment]);
    assert_eq!(kinds("a =~ /b/ / /c/"), [K::Ident, K::RegexEq, K::Regex, K::Div, K::Regex]);
    assert_eq!(kinds("x = // c\n/a\\/b/"), [K::Ident, K::Assign, K::Comment, K::Regex]);
    assert_eq!(kinds("[/a/, /b/]"), [K::LBrack, K::Regex, K::Comma, K::Regex, K::RBrack]);
}

#[test]
fn strings_hold_scripts() {
    assert_eq!(
        tokens(r#""a${ {b: "}"}.b }c\${d}" "$" "$${e}" "x\"y""#),
        [
            "StringStart \"",
            "StringText a",
            "InterpolationStart ${",
            "LBrace {",
            "Ident b",
            "Colon :",
            "String \"}\"",
            "RBrace }",
            "Dot .",
            "Ident b",
            "InterpolationEnd }",
            "StringText c\\${d}",
            "StringEnd \"",
            "String \"$\"",
            "String \"$${e}\"",
            "String \"x\\\"y\"",
        ]
    );
    assert_eq!(tokens(r#""${"${a}"}""#).len(), 9);
}

#[test]
fn operators_and_words() {
    assert_eq!(
        tokens("a<-b|>c=>d !~ e @f(g: not é_1)"),
        [
            "Ident a",
            "PipeReceive <-",
            "Ident b",
            "PipeForward |>",
            "Ident c",
            "Arrow =>",
            "Ident d",
            "RegexNeq !~",
            "Ident e",
            "Attribute @f",
            "LParen (",
            "Ident g",
            "Colon :",
            "Not not",
            "Ident é_1",
            "RParen )",
        ]
    );
}

#[test]
fn what_no_token_can_be_is_an_error_at_its_byte() {
    for (source, at) in [
        ("é ; b", 3),
        ("x = \"abc", 4),
        ("x = \"${a", 5),
        ("x = \"${\"b\"", 5),
        ("x = /a", 4),
        ("\"a\\q\"", 2),
        ("\"\\x4\"", 1),
        ("\u{feff}x", 0),
        ("a\0", 1),
        ("a // \0", 5),
        ("\"\0\"", 1),
        ("a ! b", 2),
        ("#!/bin/flux", 0),
        ("'a'", 0),
        ("\"a\\", 2),
        ("\"$\\\"\"", 4),
    ] {
        assert_eq!(scan(source).map_err(|error| error.span.start), Err(at), "{source}");
    }
}

proptest! {
    #[test]
    fn between_tokens_there_is_only_white_space(source in "[-a-z0-9 \n\"${}()/\\\\.:,=<>|@é]{0,40}") {
        if let Ok(tokens) = scan(&source) {
            let mut end = 0;
            for token in &tokens {
                prop_assert!(source[end..token.span.start].trim().is_empty());
                prop_assert!(!token.span.is_empty());
                end = token.span.end;
            }
            prop_assert!(source[end..].trim().is_empty());
        }
    }
}
