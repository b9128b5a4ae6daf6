//! `option task`: reading it, and writing it.

use std::borrow::Cow;
use std::ops::Range;

use super::error::{FluxError, Spanned};
use super::literal::{Literal, LiteralError, check_duration, is_identifier, push_string};
use super::statement::Statements;
use super::token::TokenKind;
use super::value::value;
use crate::duration::Duration;

/// What a script's own `option task` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskOption {
    /// `name`
    pub name: Option<Spanned<String>>,
    /// `every`, as the script spells it.
    pub every: Option<Spanned<String>>,
    /// `cron`
    pub cron: Option<Spanned<String>>,
    /// `offset`, as the script spells it; may be negative.
    pub offset: Option<Spanned<String>>,
    /// All other keys (`concurrency`, `retry`) in their order, each with the source of its value.
    pub extra: Vec<(String, Spanned<String>)>,
    /// The whole statement.
    pub span: Range<usize>,
}

/// When a task runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// A Flux duration.
    Every(String),
    /// A cron expression.
    Cron(String),
}

/// The `option task` that is written into a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskHead {
    /// The task's name.
    pub name: String,
    /// When it runs.
    pub schedule: Schedule,
    /// How long after the scheduled time; a Flux duration, may be negative.
    pub offset: Option<String>,
    /// Further keys, each with Flux source as its value: those of [`TaskOption::extra`].
    pub extra: Vec<(String, String)>,
}

impl TaskHead {
    /// `option task = {name: "...", every: 1h, offset: 5m}`, on one line and without a line end.
    ///
    /// # Errors
    /// A name with NUL, a schedule or offset that is no Flux duration.
    pub fn render(&self) -> Result<String, LiteralError> {
        let name = Literal::String(self.name.clone()).encode()?;
        let cron;
        let schedule = match &self.schedule {
            Schedule::Every(every) => {
                check_duration(every)?;
                ("every", every.as_str())
            }
            Schedule::Cron(expression) => {
                cron = Literal::String(expression.clone()).encode()?;
                ("cron", cron.as_str())
            }
        };
        let offset = self.offset.as_deref().map(|offset| check_duration(offset).and_then(|()| in_hours(offset)));
        let offset = offset.transpose()?;
        let offset = offset.iter().map(|offset| ("offset", offset.as_ref()));
        let extra = self.extra.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        render([("name", name.as_str()), schedule].into_iter().chain(offset).chain(extra))
    }
}

/// `option task` with these keys, each with the source of its value.
///
/// # Errors
/// A key with NUL.
pub(crate) fn render<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, LiteralError> {
    let mut line = String::from("option task = {");
    for (n, (key, value)) in fields.enumerate() {
        line.push_str(if n == 0 { "" } else { ", " });
        if is_identifier(key) {
            line.push_str(key);
        } else {
            push_string(&mut line, key)?;
        }
        line.extend([": ", value]);
    }
    line.push('}');
    Ok(line)
}

/// An offset as the server takes it: without weeks and days, to which it answers 500 "unknown unit" here, as to months, and
/// a negative one in a single unit, because it reads `-1h30m` as `-1h-30m` (influxd 2.9.1, measured).
pub(crate) fn in_hours(offset: &str) -> Result<Cow<'_, str>, LiteralError> {
    const UNITS: [(&str, u64); 6] = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let error = || LiteralError::Duration(offset.to_owned());
    let negative = offset.strip_prefix('-');
    let magnitude = negative.unwrap_or(offset);
    let length: Duration = magnitude.parse().map_err(|_| error())?;
    if length.months > 0 {
        return Err(error());
    }
    if negative.is_some() {
        let (unit, nanos) = UNITS.iter().find(|(_, nanos)| length.nanos.is_multiple_of(*nanos)).ok_or_else(error)?;
        return Ok(format!("-{}{unit}", length.nanos / nanos).into());
    }
    if !magnitude.contains(['d', 'w']) {
        return Ok(offset.into());
    }
    let (_, hour) = UNITS[0];
    let rest = Duration { months: 0, nanos: length.nanos % hour };
    let rest = if rest == Duration::default() { String::new() } else { rest.to_string() };
    Ok(format!("{}h{rest}", length.nanos / hour).into())
}

/// The `option task` of a script; None if it has none.
///
/// # Errors
/// Several of them, one that is no plain record, a field of the wrong type, `every` together with `cron`: what the
/// server would refuse.
pub(crate) fn read(statements: &Statements<'_>) -> Result<Option<TaskOption>, FluxError> {
    let found: Vec<_> =
        statements.bindings("task").into_iter().filter(|binding| binding.first != binding.name).collect();
    if let Some(second) = found.get(1) {
        let span = statements.tokens[second.first].span.start..statements.tokens[second.name].span.end;
        return Err(FluxError::new("a task cannot have a second `option task`", span));
    }
    let Some(binding) = found.first() else {
        return Ok(None);
    };
    let start = statements.tokens[binding.first].span.start;
    let Some((open, close)) = statements.record(binding.name) else {
        let span = start..statements.tokens[binding.name].span.end;
        return Err(FluxError::new("`option task` must be a record: `option task = {name: \"...\", every: 1h}`", span));
    };
    let mut option = TaskOption {
        name: None,
        every: None,
        cron: None,
        offset: None,
        extra: Vec::new(),
        span: start..statements.tokens[close].span.end,
    };
    let mut at = open + 1;
    while at < close {
        at = field(statements, &mut option, at, close)?;
    }
    if let (Some(_), Some(cron)) = (&option.every, &option.cron) {
        return Err(FluxError::new("`option task` has both `every` and `cron`", cron.span.clone()));
    }
    Ok(Some(option))
}

/// Reads the field whose key is at `at`; the answer is the index of the next key or of `close`.
fn field(statements: &Statements<'_>, option: &mut TaskOption, at: usize, close: usize) -> Result<usize, FluxError> {
    let token = statements.tokens[at];
    let is_key = matches!(token.kind, TokenKind::Ident | TokenKind::String);
    if !is_key || statements.kind(at + 1) != Some(TokenKind::Colon) {
        return Err(FluxError::new("expected `key: value` in `option task`", token.span.clone()));
    }
    let key = value(token, statements.source)?.into_owned();
    let end = value_end(statements, at + 2, close);
    if end == at + 2 {
        return Err(FluxError::new(format!("`{key}` has no value"), token.span.clone()));
    }
    let tokens = &statements.tokens[at + 2..end];
    let span = tokens[0].span.start..tokens[tokens.len() - 1].span.end;
    let kinds: Vec<TokenKind> = tokens.iter().map(|token| token.kind).collect();
    let wrong = |wanted: &str| Err(FluxError::new(format!("`{key}` must be {wanted}"), span.clone()));
    let read = match (key.as_str(), kinds.as_slice()) {
        ("name" | "cron", [TokenKind::String]) => value(tokens[0], statements.source)?.into_owned(),
        ("name" | "cron", _) => return wrong("a string without interpolation"),
        ("every", [TokenKind::Duration])
        | ("offset", [TokenKind::Duration] | [TokenKind::Sub, TokenKind::Duration]) => {
            tokens.iter().map(|token| token.text(statements.source)).collect()
        }
        ("every" | "offset", _) => return wrong("a duration such as `1h`"),
        _ => statements.source[span.clone()].to_owned(),
    };
    let read = Spanned { value: read, span };
    let slot = match key.as_str() {
        "name" => &mut option.name,
        "every" => &mut option.every,
        "cron" => &mut option.cron,
        "offset" => &mut option.offset,
        _ if option.extra.iter().any(|(earlier, _)| *earlier == key) => {
            return Err(FluxError::new(format!("duplicate `{key}` in `option task`"), token.span.clone()));
        }
        _ => {
            option.extra.push((key, read));
            return Ok(end + 1);
        }
    };
    if slot.replace(read).is_some() {
        return Err(FluxError::new(format!("duplicate `{key}` in `option task`"), token.span.clone()));
    }
    Ok(end + 1)
}

/// The index of the comma or brace that ends the value at `at`.
fn value_end(statements: &Statements<'_>, at: usize, close: usize) -> usize {
    let mut depth = 0_usize;
    for index in at..close {
        let kind = statements.tokens[index].kind;
        if kind.opens() {
            depth += 1;
        } else if kind.closes() {
            depth = depth.saturating_sub(1);
        } else if kind == TokenKind::Comma && depth == 0 {
            return index;
        }
    }
    close
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::scan;

    fn task(source: &str) -> Result<Option<TaskOption>, FluxError> {
        let tokens = scan(source)?;
        read(&Statements::new(&tokens, source))
    }

    #[test]
    fn an_offset_has_no_unit_above_hours_and_a_negative_one_a_single_unit() {
        for (offset, sent) in [
            ("90m", "90m"),
            ("1d", "24h"),
            ("1d90s", "24h1m30s"),
            ("-5m", "-5m"),
            ("-1w2h", "-170h"),
            ("-1h30m", "-90m"),
            ("-1h1s", "-3601s"),
        ] {
            assert_eq!(in_hours(offset), Ok(sent.into()));
        }
        assert!(in_hours("1mo").is_err());
    }

    #[test]
    fn every_key_is_read_with_its_place() {
        let source =
            "// c\noption task={\"name\":\"a\\tb\", // c\n every : 1h30m,offset:-5m,retry:3,concurrency: 2,}\nx = 1";
        let task = task(source).expect("a task option").expect("one");
        let said = |field: &Option<Spanned<String>>| {
            let field = field.as_ref().expect("a field");
            (field.value.clone(), source[field.span.clone()].to_owned())
        };
        assert_eq!(said(&task.name), ("a\tb".to_owned(), "\"a\\tb\"".to_owned()));
        assert_eq!(said(&task.every).0, "1h30m");
        assert_eq!(said(&task.offset), ("-5m".to_owned(), "-5m".to_owned()));
        assert_eq!(task.cron, None);
        let extra: Vec<_> = task.extra.iter().map(|(key, value)| (key.as_str(), value.value.as_str())).collect();
        assert_eq!(extra, [("retry", "3"), ("concurrency", "2")]);
        assert!(source[task.span].ends_with(",}"));
    }

    #[test]
    fn only_the_top_level_counts() {
        for source in [
            "",
            "task = {name: \"x\"}",
            "f = () => { option task = {name: \"x\"} return 1 }",
            "x = \"option task = {}\"",
        ] {
            assert_eq!(task(source), Ok(None), "{source}");
        }
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_at_its_place() {
        let cases = [
            ("option task = {name: \"a\", every: 1h} option task = {}", "option task", 37),
            ("option task = x", "option task", 0),
            ("option task = {name: \"a\"}.b", "option task", 0),
            ("option task.every = 1h", "option task", 0),
            ("option task = {name: \"a${1}\"}", "\"a${1}\"", 21),
            ("option task = {every: \"1h\"}", "\"1h\"", 22),
            ("option task = {every: -1h}", "-1h", 22),
            ("option task = {every: 1h, every: 2h}", "every", 26),
            ("option task = {every: 1h, cron: \"* * * * *\"}", "\"* * * * *\"", 32),
            ("option task = {x with every: 1h}", "x", 15),
            ("option task = {name, every: 1h}", "name", 15),
        ];
        for (source, text, start) in cases {
            let error = task(source).expect_err(source);
            assert_eq!((&source[error.span.clone()], error.span.start), (text, start), "{source}");
        }
    }

    #[test]
    fn a_head_is_one_line_that_reads_back() {
        let head = TaskHead {
            name: "a \"${b}\"\n".to_owned(),
            schedule: Schedule::Cron("0 * * * *".to_owned()),
            offset: Some("-5m".to_owned()),
            extra: vec![("retry".to_owned(), "3".to_owned())],
        };
        let source = head.render().expect("a head");
        insta::assert_snapshot!(source, @r#"option task = {name: "a \"\${b}\"\n", cron: "0 * * * *", offset: -5m, retry: 3}"#);
        let read = task(&source).expect("a task option").expect("one");
        assert_eq!(read.name.map(|name| name.value), Some(head.name));
        assert_eq!(read.offset.map(|offset| offset.value), head.offset);
    }

    #[test]
    fn a_schedule_that_is_no_duration_is_not_written() {
        let schedule = Schedule::Every("1h}".to_owned());
        let head = TaskHead { name: "t".to_owned(), schedule, offset: None, extra: Vec::new() };
        assert_eq!(head.render(), Err(LiteralError::Duration("1h}".to_owned())));
    }
}
