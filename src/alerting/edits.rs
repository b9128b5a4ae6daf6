//! Changes of a script, by place.

use std::ops::Range;

use crate::flux::ast::{ExpressionId, ExpressionKind, Property, Record, Script, Statement, StatementKind};
use crate::flux::format::format_as_influxd;
use crate::flux::parser::{Parsed, Refusal, parse};
use crate::flux::records;

/// The text of a custom check, with the ID in each of its records `check`; none where it is no Flux.
pub fn identified(text: &str, id: &str) -> Option<String> {
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

/// A query, or influxd's words for why it is none.
pub(super) fn read(text: &str) -> Result<Parsed, String> {
    let parsed = parse(text);
    match parsed.refusal() {
        None => Ok(parsed),
        Some(Refusal::Invalid(words) | Refusal::Panic(words)) => Err(words),
    }
}

/// Changes of a script, by place.
pub(super) struct Edits<'a> {
    script: &'a Script,
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    pub(super) fn of(script: &'a Script) -> Self {
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
    pub(super) fn query(mut self, times: &str, deadman: bool, packages: &[&str]) -> String {
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
