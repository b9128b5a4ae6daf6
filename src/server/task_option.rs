//! Reads `option task = {...}` out of a script, with influxd's words for what is wrong with it.
//!
//! This is no parser: of the rest of the script only what stands at its top level is looked at.

use std::ops::Range;

use jiff::SignedDuration;

use super::cron;
use super::flux_duration::Duration;
use super::flux_tokens::{Kind, Token, tokens};
use super::reply::{Code, Problem};
use super::store::task::Schedule;

const MAX_CONCURRENCY: i64 = 100;
const MAX_RETRY: i64 = 10;

/// The schedule that a script gives itself.
pub(super) fn read(script: &str) -> Result<Schedule, Problem> {
    let option = locate(script).and_then(|option| option.schedule(script));
    let (schedule, offset) = option.map_err(|message| Problem::invalid(message).within("invalid options"))?;
    let offset = offset
        .map(|offset| offset.go_duration())
        .transpose()
        .map_err(|message| Problem::new(Code::Internal, message).within("unexpected error parsing time"))?;
    Ok(Schedule { offset: offset.unwrap_or_default(), ..schedule })
}

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
    value: Vec<Token>,
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

impl TaskOption {
    fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    fn schedule(&self, script: &str) -> Result<(Schedule, Option<Duration>), String> {
        let unreadable = |name: &str| format!("failed to parse field '{name}' in task options");
        let missing = |name: &str| format!("missing required option: {name}");
        let name = self.get("name").ok_or_else(|| missing("name"))?;
        let name = name.text(script).ok_or_else(|| unreadable("name"))?;
        let (cron, every) = (self.get("cron"), self.get("every"));
        if cron.is_some() && every.is_some() {
            return Err("cannot use both cron and every in task options".to_owned());
        }
        if cron.is_none() && every.is_none() {
            return Err(missing("cron or every"));
        }
        let cron = cron.map(|cron| cron.text(script).ok_or_else(|| unreadable("cron"))).transpose()?;
        let every = every.map(|every| every.duration(script).ok_or_else(|| unreadable("every"))).transpose()?;
        let offset = self
            .get("offset")
            .map(|offset| offset.signed_duration(script).ok_or_else(|| unreadable("offset")))
            .transpose()?;
        let number =
            |name: &str| self.get(name).map(|one| one.integer(script).ok_or_else(|| unreadable(name))).transpose();
        let (concurrency, retry) = (number("concurrency")?, number("retry")?);
        let cron = cron.unwrap_or_default();
        let complaints = complaints(&name, &cron, every.as_ref(), offset.as_ref(), concurrency, retry);
        if !complaints.is_empty() {
            return Err(format!("invalid options: {}", complaints.join(", ")));
        }
        let every = every.map(|every| every.to_string()).unwrap_or_default();
        Ok((Schedule { name, every, cron, offset: SignedDuration::ZERO }, offset))
    }
}

fn complaints(
    name: &str,
    cron: &str,
    every: Option<&Duration>,
    offset: Option<&Duration>,
    concurrency: Option<i64>,
    retry: Option<i64>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut complain = |text: &str| found.push(text.to_owned());
    if name.is_empty() {
        complain("name required");
    }
    let every = every.filter(|every| !every.is_zero());
    match (cron, every) {
        ("", None) => complain("must specify exactly one of either cron or every"),
        ("", Some(every)) if every.nanoseconds() < 1_000_000_000 => {
            complain("every option must be at least 1 second");
        }
        ("", Some(every)) if every.nanoseconds() % 1_000_000_000 != 0 => {
            complain("every option must be expressible as whole seconds");
        }
        ("", Some(_)) => {}
        (cron, _) => {
            if let Err(reason) = cron::check(cron) {
                complain(&format!("cron invalid: {reason}"));
            }
        }
    }
    if offset.is_some_and(|offset| offset.nanoseconds() % 1_000_000_000 != 0) {
        complain("offset option must be expressible as whole seconds");
    }
    match concurrency {
        Some(few) if few < 1 => complain("concurrency must be at least 1"),
        Some(many) if many > MAX_CONCURRENCY => complain("concurrency exceeded max of 100"),
        _ => {}
    }
    match retry {
        Some(few) if few < 1 => complain("retry must be at least 1"),
        Some(many) if many > MAX_RETRY => complain("retry exceeded max of 10"),
        _ => {}
    }
    found
}

impl Property {
    fn text(&self, script: &str) -> Option<String> {
        match self.value.as_slice() {
            [token] if token.kind == Kind::Text => unquote(token.text(script)),
            _ => None,
        }
    }

    fn duration(&self, script: &str) -> Option<Duration> {
        match self.value.as_slice() {
            [token] if token.kind == Kind::Number => Duration::parse(token.text(script)).ok(),
            _ => None,
        }
    }

    fn signed_duration(&self, script: &str) -> Option<Duration> {
        match self.value.as_slice() {
            [sign, token] if sign.is(script, "-") && token.kind == Kind::Number => {
                Duration::parse(&format!("-{}", token.text(script))).ok()
            }
            _ => self.duration(script),
        }
    }

    fn integer(&self, script: &str) -> Option<i64> {
        match self.value.as_slice() {
            [token] if token.kind == Kind::Number => token.text(script).parse().ok(),
            _ => None,
        }
    }
}

/// The contents of a text; `None` if it has `${...}` in it or is not closed.
fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Vec::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => {
                    let hex: String = chars.by_ref().take(2).collect();
                    text.push(u8::from_str_radix(&hex, 16).ok()?);
                    continue;
                }
                other => other,
            },
            '$' if chars.as_str().starts_with('{') => return None,
            other => other,
        };
        text.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(script: &str) -> String {
        read(script).unwrap_err().message
    }

    #[test]
    fn a_schedule_is_read_as_written() {
        let schedule =
            read("import \"x\"\n// c\noption task = {name: \"a\\\"b\", every: 60m, offset: 90s,}\nf()").unwrap();
        assert_eq!(schedule.name, "a\"b");
        assert_eq!(schedule.every, "60m");
        assert_eq!(schedule.offset, SignedDuration::from_secs(90));
    }

    #[test]
    fn refusals_are_worded_as_on_the_real_server() {
        for (script, expected) in [
            ("x", "invalid options: no task options defined"),
            ("f = () => { option task = {name: \"a\", every: 1h} }", "invalid options: no task options defined"),
            ("option task = {}", "invalid options: missing required option: name"),
            ("option task = {name:\"a\"}", "invalid options: missing required option: cron or every"),
            (
                "option task = {name:\"a\",every:1h,cron:\"* * * * *\"}",
                "invalid options: cannot use both cron and every in task options",
            ),
            ("option task = {name:\"\",every:1h}", "invalid options: invalid options: name required"),
            (
                "option task = {name:\"a\",every:0h}",
                "invalid options: invalid options: must specify exactly one of either cron or every",
            ),
            (
                "option task = {name:\"a\",every:500ms}",
                "invalid options: invalid options: every option must be at least 1 second",
            ),
            ("option task = {name:\"a\",every:-1h}", "invalid options: failed to parse field 'every' in task options"),
            (
                "option task = {name:\"a${x}\",every:1h}",
                "invalid options: failed to parse field 'name' in task options",
            ),
            (
                "option task = {name:\"a\",every:1h,concurrency:0,retry:11}",
                "invalid options: invalid options: concurrency must be at least 1, retry exceeded max of 10",
            ),
            (
                "option task = {name:\"a\",every:1h} import \"math\"",
                "invalid options: loc 1:35-1:41: invalid statement @1:35-1:41: import",
            ),
            (
                "option task={name:\"a\",every:1h} from(bucket",
                "invalid options: loc 1:33-1:44: expected RPAREN, got EOF",
            ),
            (
                "option task = {name:\"a\",every:1h} )",
                "invalid options: loc 1:35-1:36: invalid statement @1:35-1:36: )",
            ),
            (
                "option task = {name:\"a\",every:1h,offset:1d}",
                "unexpected error parsing time: time: unknown unit \"d\" in duration \"1d\"",
            ),
        ] {
            assert_eq!(message(script), expected, "{script}");
        }
    }
}
