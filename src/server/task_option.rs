//! Finds `option task = {...}` in a script, with influxd's words for what is wrong with it.

use std::ops::Range;

use super::problem::{Code, Problem};
use crate::flux::ast::{ExpressionKind, OptionTarget, Property as Written, Script, Span, StatementKind};
use crate::flux::parser::{Parsed, Refusal, parse};

/// The record after `option task =`.
pub(super) struct TaskOption {
    pub(super) properties: Vec<Property>,
    /// Where the closing brace is.
    pub(super) end: usize,
}

/// One `key: value` of it.
pub(super) struct Property {
    pub(super) name: String,
    /// From the key to the value.
    pub(super) place: Range<usize>,
    /// The value alone; all of it, if it has none.
    pub(super) value_place: Range<usize>,
    pub(super) value: Value,
}

/// What a property is set to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Duration(String),
    Integer(String),
    /// An operator before something, as written.
    Signed(String),
    /// Anything else.
    Other,
}

/// The script as influxd reads it.
///
/// # Errors
/// How it refuses it.
pub(super) fn read(script: &str) -> Result<Parsed, Problem> {
    let parsed = parse(script);
    match parsed.refusal() {
        None => Ok(parsed),
        Some(Refusal::Invalid(words)) => Err(Problem::invalid(words).within("invalid options")),
        Some(Refusal::Panic(words)) => {
            Err(Problem::new(Code::Internal, format!("a panic has occurred: /api/v2/tasks: {words}")))
        }
    }
}

/// Finds the option, which stands at the top level.
pub(super) fn locate(script: &Script) -> Result<TaskOption, String> {
    let is_task = |target: &OptionTarget| matches!(target, OptionTarget::Name(name) if script.text(*name) == "task");
    let mut found = script.body().iter().filter_map(|statement| match &statement.kind {
        StatementKind::Option { target, value, .. } if is_task(target) => Some(*value),
        _ => None,
    });
    let value = match (found.next(), found.next()) {
        (None, _) => return Err("no task options defined".to_owned()),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err("multiple task options defined".to_owned()),
    };
    let ExpressionKind::Record(record) = &script.expression(value).kind else {
        // The wording, with its wrong type, is influxd's.
        return Err("task option expected to be object literal, but found \"ObjectExpression\"".to_owned());
    };
    let properties = record.properties.iter().map(|property| Property::new(script, property)).collect();
    Ok(TaskOption { properties, end: record.span.end as usize - 1 })
}

impl Property {
    fn new(script: &Script, written: &Written) -> Self {
        use crate::flux::ast::Key;
        let name = match written.key {
            Key::Name(span) => script.text(span).to_owned(),
            Key::Quoted(span) => script.unquoted(span).into_owned(),
        };
        let value = written.value.map_or(Value::Other, |value| {
            let expression = script.expression(value);
            let text = |span: Span| script.text(span).to_owned();
            match expression.kind {
                ExpressionKind::String => Value::Text(script.unquoted(expression.span).into_owned()),
                ExpressionKind::Duration => Value::Duration(text(expression.span)),
                ExpressionKind::Integer => Value::Integer(text(expression.span)),
                ExpressionKind::Unary { .. } => Value::Signed(text(expression.span)),
                _ => Value::Other,
            }
        });
        let value_place = written.value.map_or(written.span, |value| script.expression(value).span).range();
        Self { name, place: written.span.range(), value_place, value }
    }
}
