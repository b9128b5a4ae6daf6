//! The script of the task behind a check, laid out as influxd does (2.9.1, measured): the query with the check's own times, and what
//! gives rows a level.

use std::fmt::Write as _;
use std::ops::Range;

use super::check_body::{Check, Rule, Threshold};
use super::flux_text::{Strings, quoted};
use super::id::Id;
use super::problem::Problem;
use super::task_option::{self, Value as Said};
use crate::flux::ast::{
    Expression, ExpressionId, ExpressionKind, Infix, Property, Record, Script, Statement, StatementKind,
};
use crate::flux::format::format_as_influxd;
use crate::flux::parser::{Parsed, Refusal, parse};
use crate::flux::records;

/// The script of a check with this ID.
///
/// # Errors
/// The query is no Flux, or has not just one field.
pub(super) fn script(check: &Check, id: Id) -> Result<String, Problem> {
    let (times, packages, kind): (&str, &[&str], _) = match &check.rule {
        Rule::Custom => return Ok(check.query.clone()),
        Rule::Threshold(_) => (&check.every, &["influxdata/influxdb/monitor", "influxdata/influxdb/v1"], "threshold"),
        Rule::Deadman { stale, .. } => (
            stale.as_deref().unwrap_or_default(),
            &["influxdata/influxdb/monitor", "experimental", "influxdata/influxdb/v1"],
            "deadman",
        ),
    };
    let parsed = read(&check.query)?;
    let field = match &check.rule {
        Rule::Threshold(_) => only_field(&parsed.script)?,
        _ => String::new(),
    };
    let mut strings = Strings::default();
    let mut text = Edits::of(&parsed.script).query(times, kind == "deadman", packages);
    let offset = check.offset.as_ref().map_or_else(String::new, |offset| format!(", offset: {offset}"));
    let name = strings.put(&check.name);
    let mut say = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a String takes all");
    say(format_args!("\n\noption task = {{name: {name}, every: {}{offset}}}\n", check.every));
    let (id, name) = (strings.put(&id.to_string()), strings.put(&check.name));
    let tags: Vec<_> =
        check.tags.iter().flatten().map(|(key, value)| format!("{key}: {}", strings.put(value))).collect();
    let tags = tags.join(", ");
    say(format_args!("check = {{_check_id: {id}, _check_name: {name}, _type: \"{kind}\", tags: {{{tags}}}}}\n"));
    let mut levels = String::new();
    match &check.rule {
        Rule::Threshold(thresholds) => {
            for threshold in thresholds.iter().flatten() {
                let level = threshold.level.to_lowercase();
                say(format_args!("{level} = (r) => {}\n", condition(threshold, &field)));
                let _ = write!(levels, ", {level}: {level}");
            }
        }
        Rule::Deadman { level, .. } => {
            let level = level.to_lowercase();
            say(format_args!("{level} = (r) => r[\"dead\"]\n"));
            let _ = write!(levels, ", {level}: {level}");
        }
        Rule::Custom => {}
    }
    let message = strings.put(&check.message);
    say(format_args!("messageFn = (r) => {message}\ndata |> v1[\"fieldsAsCols\"]()"));
    if let Rule::Deadman { since, .. } = &check.rule {
        say(format_args!(" |> monitor[\"deadman\"](t: experimental[\"subDuration\"](from: now(), d: {since}))"));
    }
    say(format_args!(" |> monitor[\"check\"](data: check, messageFn: messageFn{levels})\n"));
    Ok(strings.laid_out(&text))
}

/// The text of a custom check, with the ID in each of its records `check`; none where it is no Flux.
pub(super) fn identified(text: &str, id: Id) -> Option<String> {
    let parsed = read(text).ok()?;
    let script = &parsed.script;
    let mut edits = Edits::of(script);
    for record in records(script, "check") {
        let said = format!("_check_id: \"{id}\"");
        match record.properties.iter().find(|property| script.key(property.key) == "_check_id") {
            Some(property) => edits.put(property.span.range(), said),
            None => edits.add(record, &said),
        }
    }
    let text = edits.applied();
    Some(format_as_influxd(&parse(&text).script))
}

/// Whether the script of a custom check says what it must.
///
/// # Errors
/// What it lacks.
pub(super) fn says_itself(check: &Check) -> Result<(), Problem> {
    let wrong = |words: &str| Err(Problem::invalid(words));
    let parsed = parse(&check.query);
    let script = &parsed.script;
    let records = records(script, "check");
    let Some(record) = records.first().filter(|_| parsed.refusal().is_none()) else {
        return wrong("Custom flux must have an object called 'check'");
    };
    let says = |key: &str, wanted: &str| {
        record.properties.iter().any(|property| {
            let value = property.value.map(|value| script.expression(value));
            let is_wanted =
                |value: &Expression| value.kind == ExpressionKind::String && script.unquoted(value.span) == wanted;
            script.key(property.key) == key && value.is_some_and(is_wanted)
        })
    };
    if !says("_check_name", &check.name) {
        return wrong("_check_name parameter on check object must match check name");
    }
    if !says("_type", "custom") {
        return wrong("_type parameter on check object must be set to 'custom'");
    }
    let Ok(option) = task_option::locate(script) else { return wrong("Custom flux missing task option statement") };
    let find = |name: &str| option.properties.iter().find(|property| property.name == name);
    for name in ["name", "every", "offset"] {
        match find(name) {
            None => {
                return wrong(&format!("Custom flux missing {name} parameter from task option statement"));
            }
            Some(property) if name == "name" && property.value != Said::Text(check.name.clone()) => {
                return wrong("Name parameter from task option statement must match check name");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn read(text: &str) -> Result<Parsed, Problem> {
    let parsed = parse(text);
    match parsed.refusal() {
        None => Ok(parsed),
        Some(Refusal::Invalid(words) | Refusal::Panic(words)) => Err(Problem::invalid(words)),
    }
}

/// The one field that the query compares, in influxd's words if it is not one.
fn only_field(script: &Script) -> Result<String, Problem> {
    let field = |kind: &ExpressionKind| match kind {
        ExpressionKind::Binary { operator, left, right, .. } if *operator != Infix::Missing => {
            let ExpressionKind::Member { property, .. } = script.expression(*left).kind else { return None };
            let right = script.expression(*right);
            (script.key(property) == "_field" && right.kind == ExpressionKind::String)
                .then(|| script.unquoted(right.span).into_owned())
        }
        _ => None,
    };
    let mut fields: Vec<String> =
        script.expressions().iter().filter_map(|expression| field(&expression.kind)).collect();
    match (fields.len(), fields.pop()) {
        (1, Some(field)) => Ok(field),
        (_, last) => {
            fields.extend(last);
            Err(Problem::invalid(format!("expected a single field but got: [{}]", fields.join(" "))))
        }
    }
}

/// What a row of a level is like.
fn condition(threshold: &Threshold, field: &str) -> String {
    let value = format!("r[{}]", quoted(field));
    let Threshold { value: number, min, max, within, .. } = threshold;
    match (threshold.ty, within) {
        ("greater", _) => format!("{value} > {}", float(*number)),
        ("lesser", _) => format!("{value} < {}", float(*number)),
        (_, true) => format!("{value} < {} and {value} > {}", float(*max), float(*min)),
        (_, false) => format!("{value} < {} or {value} > {}", float(*min), float(*max)),
    }
}

fn float(number: f64) -> String {
    let digits = number.to_string();
    if digits.contains('.') { digits } else { digits + ".0" }
}

/// Changes of a script, by place.
struct Edits<'a> {
    script: &'a Script,
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    fn of(script: &'a Script) -> Self {
        Self { script, edits: Vec::new() }
    }

    fn put(&mut self, place: Range<usize>, text: impl Into<String>) {
        self.edits.push((place, text.into()));
    }

    /// Adds a property at the end of a record.
    fn add(&mut self, record: &Record, property: &str) {
        match record.properties.last() {
            Some(last) => self.put(last.span.range().end..last.span.range().end, format!(", {property}")),
            None => self.put(record.span.range().start + 1..record.span.range().start + 1, property),
        }
    }

    fn applied(mut self) -> String {
        self.edits.sort_by_key(|(place, _)| (place.start, place.end));
        let mut text = String::new();
        let mut at = 0;
        for (place, put) in self.edits {
            // What is in something that goes is gone already.
            if place.start >= at {
                text.push_str(&self.script.source()[at..place.start]);
                text.push_str(&put);
                at = place.end;
            }
        }
        text + &self.script.source()[at..]
    }

    fn called(&self, call: ExpressionId) -> Option<&'a str> {
        let ExpressionKind::Call { callee, .. } = self.script.expression(call).kind else { return None };
        let callee = self.script.expression(callee);
        (callee.kind == ExpressionKind::Identifier).then(|| self.script.text(callee.span))
    }

    /// The query as the check runs it: `data`, with the check's own times.
    fn query(mut self, times: &str, deadman: bool, packages: &[&str]) -> String {
        let script = self.script;
        let imports: String = packages.iter().map(|package| format!("import \"{package}\"\n")).collect();
        match (script.imports().last().map(|import| import.span), script.package().map(|package| package.span)) {
            (Some(last), _) | (None, Some(last)) => {
                self.put(last.range().end..last.range().end, format!("\n{}", imports.trim_end()));
            }
            (None, None) => self.put(0..0, imports),
        }
        for (at, expression) in script.expressions().iter().enumerate() {
            match &expression.kind {
                ExpressionKind::Record(record) => self.times(&record.properties, times, false),
                ExpressionKind::Call { callee, arguments: Some(record), .. } => {
                    let called = script.text(script.expression(*callee).span);
                    self.times(&record.properties, times, called == "range");
                    let says = |key| record.properties.iter().any(|property| script.key(property.key) == key);
                    if called == "aggregateWindow" && !says("createEmpty") {
                        self.add(record, "createEmpty: false");
                    }
                }
                ExpressionKind::Pipe { argument, call, .. } if deadman => {
                    let argument = script.expression(*argument);
                    if self.called(*call) == Some("aggregateWindow")
                        && matches!(argument.kind, ExpressionKind::Pipe { .. })
                    {
                        let end = script.expressions()[at].span.range().end;
                        self.put(argument.span.range().end..end, "");
                    }
                }
                _ => {}
            }
        }
        if let [Statement { kind: StatementKind::Expression(value), .. }] = script.body()
            && let ExpressionKind::Pipe { argument, call, .. } = script.expression(*value).kind
        {
            let whole = script.expression(*value).span.range();
            if self.called(call) == Some("yield") {
                self.put(script.expression(argument).span.range().end..whole.end, "");
            }
            self.put(whole.start..whole.start, "data = ");
        }
        self.applied()
    }

    /// Puts the check's times in the place of others.
    fn times(&mut self, properties: &[Property], times: &str, is_range: bool) {
        for (at, property) in properties.iter().enumerate() {
            let (key, place) = (self.script.key(property.key), property.span.range());
            match key {
                "start" => self.put(place, format!("start: -{times}")),
                "every" => self.put(place, format!("every: {times}")),
                "stop" if is_range => {
                    let place = match (at.checked_sub(1).map(|before| properties[before]), properties.get(at + 1)) {
                        (Some(before), _) => before.span.range().end..place.end,
                        (None, Some(next)) => place.start..next.span.range().start,
                        (None, None) => place,
                    };
                    self.put(place, "");
                }
                _ => {}
            }
        }
    }
}
