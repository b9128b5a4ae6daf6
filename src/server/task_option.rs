//! Finds `option task = {...}` in a script, with influxd's words for what is wrong with it.
//!
//! This is no parser: of the rest of the script only what stands at its top level is looked at.

use std::ops::Range;

use super::flux_tokens::{Kind, Token, tokens, unquote};

/// The record after `option task =`.
pub(super) struct TaskOption {
    pub(super) properties: Vec<Property>,
    /// Where the closing brace is.
    pub(super) end: usize,
}

/// One `key: value` of it.
pub(super) struct Property {
    pub(super) name: String,
    pub(super) key: Range<usize>,
    pub(super) value: Vec<Token>,
}

impl Property {
    /// The bytes of the value.
    pub(super) fn value_place(&self) -> Range<usize> {
        match (self.value.first(), self.value.last()) {
            (Some(first), Some(last)) => first.place.start..last.place.end,
            _ => self.key.end..self.key.end,
        }
    }
}

/// Finds the option, and what stands at the top level where nothing may stand.
pub(super) fn locate(script: &str) -> Result<TaskOption, String> {
    let tokens = tokens(script);
    let starts = top_level_options(script, &tokens)?;
    let start = match starts.as_slice() {
        [] => return Err("no task options defined".to_owned()),
        [start] => *start,
        _ => return Err("multiple task options defined".to_owned()),
    };
    match tokens.get(start) {
        Some(token) if token.is(script, "{") => record(script, &tokens[start + 1..]),
        // The wording, with its wrong type, is influxd's.
        _ => Err("task option expected to be object literal, but found \"ObjectExpression\"".to_owned()),
    }
}

/// The places after each `option task =` at the top level.
fn top_level_options(script: &str, tokens: &[Token]) -> Result<Vec<usize>, String> {
    let mut starts = Vec::new();
    let mut open: Vec<&Token> = Vec::new();
    let mut statements = false;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let follows = |offset: usize, text: &str| tokens.get(index + offset).is_some_and(|next| next.is(script, text));
        let top = open.is_empty();
        match (token.kind, token.text(script)) {
            (Kind::Symbol, "{" | "(" | "[") => {
                open.push(token);
                statements = true;
            }
            (Kind::Symbol, "}" | ")" | "]") => {
                open.pop().ok_or_else(|| invalid_statement(script, token))?;
            }
            (Kind::Word, "import") if top && statements => {
                return Err(invalid_statement(script, token));
            }
            (Kind::Word, "import") if top => {
                // The path, with its name before it or not.
                let path = tokens[index + 1..].iter().position(|next| next.kind == Kind::Text).unwrap_or(0);
                index += path + 2;
                continue;
            }
            (Kind::Word, "package") if top && index == 0 => {
                index += 2;
                continue;
            }
            (Kind::Word, "option") if top && follows(1, "task") && follows(2, "=") => {
                starts.push(index + 3);
                statements = true;
            }
            _ => statements = true,
        }
        index += 1;
    }
    match open.last() {
        Some(opener) => Err(unclosed(script, tokens, opener)),
        None => Ok(starts),
    }
}

/// Line and column, from 1.
fn place(script: &str, at: usize) -> String {
    let before = &script[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    format!("{}:{}", before.matches('\n').count() + 1, at - line_start + 1)
}

/// The words for what is never closed; what else the real parser says depends on what stands around it.
fn unclosed(script: &str, tokens: &[Token], opener: &Token) -> String {
    if opener.is(script, "{") {
        return "loc 0:0-0:0: unknown operator \"<INVALID_OP>\"".to_owned();
    }
    let closer = if opener.is(script, "(") { "RPAREN" } else { "RBRACK" };
    // A call begins at what is called.
    let before = tokens.iter().take_while(|token| token.place.end <= opener.place.start).collect::<Vec<_>>();
    let called = before.iter().rev().take_while(|token| token.kind == Kind::Word || token.is(script, ".")).last();
    let start = place(script, called.map_or(opener.place.start, |token| token.place.start));
    let end = place(script, script.len());
    format!("loc {start}-{end}: expected {closer}, got EOF")
}

fn invalid_statement(script: &str, token: &Token) -> String {
    let (start, end) = (place(script, token.place.start), place(script, token.place.end));
    format!("loc {start}-{end}: invalid statement @{start}-{end}: {}", token.text(script))
}

/// Reads the properties up to the closing brace.
fn record(script: &str, tokens: &[Token]) -> Result<TaskOption, String> {
    let broken = || "loc 0:0-0:0: unknown operator \"<INVALID_OP>\"".to_owned();
    let mut properties = Vec::new();
    let mut rest = tokens;
    if let [word, with, ..] = rest
        && word.kind == Kind::Word
        && with.is(script, "with")
    {
        rest = &rest[2..];
    }
    loop {
        match rest {
            [end, ..] if end.is(script, "}") => {
                return Ok(TaskOption { properties, end: end.place.start });
            }
            [key, colon, ..] if matches!(key.kind, Kind::Word | Kind::Text) && colon.is(script, ":") => {
                let len = value_len(script, &rest[2..]);
                let value = rest[2..2 + len].to_vec();
                if value.is_empty() {
                    return Err(broken());
                }
                let name = match key.kind {
                    Kind::Text => unquote(key.text(script)).unwrap_or_default(),
                    _ => key.text(script).to_owned(),
                };
                properties.push(Property { name, key: key.place.clone(), value });
                rest = &rest[2 + len..];
                match rest {
                    [comma, ..] if comma.is(script, ",") => rest = &rest[1..],
                    [end, ..] if end.is(script, "}") => {}
                    _ => return Err(broken()),
                }
            }
            _ => return Err(broken()),
        }
    }
}

/// How many tokens the value has: up to the comma or brace that belongs to the record, or to a colon that is too many.
fn value_len(script: &str, tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        if token.kind != Kind::Symbol {
            return false;
        }
        match token.text(script) {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" if depth == 0 => return true,
            "}" | ")" | "]" => depth -= 1,
            "," | ":" if depth == 0 => return true,
            _ => {}
        }
        false
    });
    end.unwrap_or(tokens.len())
}
