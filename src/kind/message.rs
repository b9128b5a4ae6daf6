//! Texts about statuses, which the server puts between quotes into the script of a check or a rule: `${...}` in them is Flux, and
//! may name what that script has.

use super::draft::Fault;
use super::expression::Words;
use super::script;
use crate::diagnostic::{Code, nearest};
use crate::flux::ast::{Expression, ExpressionKind, Infix, Script, Span};
use crate::flux::names;
use crate::flux::parser::parse;
use crate::flux::{Mistake, Quoted};
use crate::redact::{Language, certain_literals};

/// Columns of a row that are text.
const TEXTS: [&str; 6] = ["_level", "_check_name", "_check_id", "_message", "_type", "_source_measurement"];
/// All columns that begin with `_` and that InfluxDB gives to rows, to statuses and to notifications.
const GIVEN: [&str; 19] = [
    "_check_id",
    "_check_name",
    "_field",
    "_level",
    "_measurement",
    "_message",
    "_notification_endpoint_id",
    "_notification_endpoint_name",
    "_notification_rule_id",
    "_notification_rule_name",
    "_sent",
    "_source_measurement",
    "_source_timestamp",
    "_start",
    "_status_timestamp",
    "_stop",
    "_time",
    "_type",
    "_value",
];
const HELP: &str = "an expression is Flux, such as `${ r._level }`";

/// Where a text stands, and what it may name.
pub(super) struct Message<'a> {
    pub(super) code: Code,
    pub(super) field: &'static str,
    /// The key of the text, where the field is a table.
    pub(super) key: Option<&'a str>,
    /// What it is called.
    pub(super) what: &'a str,
    /// The names that the script has.
    pub(super) given: &'a [&'a str],
    /// Whose tags its rows have.
    pub(super) tagged: &'a str,
    /// What to do where it needs a package, if nobody can import one.
    pub(super) alone: Option<&'a str>,
    /// Whether expressions of the manifests are not put into it.
    pub(super) verbatim: bool,
}

/// What is wrong with `text`, which stands under `key` of what is said to endpoints of the sort `sort`.
pub(super) fn of_rule(code: Code, (sort, key): (&'static str, &str), text: &str, verbatim: bool) -> Vec<Fault> {
    let place = Message {
        code,
        field: sort,
        key: Some(key),
        what: &format!("`{sort}.{key}`"),
        given: &["r", "notification", "task", "monitor", "experimental", "secrets", sort],
        tagged: "the checks",
        alone: Some("a rule imports nothing: say it in the messages of checks, and write `${ r._message }`"),
        verbatim,
    };
    place.faults(text)
}

impl Message<'_> {
    /// What is wrong with `text`.
    pub(super) fn faults(&self, text: &str) -> Vec<Fault> {
        let quoted = Quoted::new(text);
        let parsed = parse(quoted.as_str());
        let faults = match parsed.errors().into_iter().next() {
            Some(error) => {
                let message = format!("{} is no string of Flux: {}", self.what, error.message);
                vec![self.fault(Mistake { message, help: Some(HELP.to_owned()), ..error })]
            }
            None => self.of_script(&parsed.script),
        };
        let secrets = certain_literals(quoted.as_str(), Language::Flux);
        let faults = faults.into_iter().chain(secrets.into_iter().map(|secret| self.secret(secret)));
        faults.map(|fault| self.at(fault, &quoted)).collect()
    }

    fn secret(&self, at: std::ops::Range<usize>) -> Fault {
        let message = format!("{} has a secret", self.what);
        let fault = Fault::new(Code::FluxSecretLiteral, self.field, message, "whoever gets it can read it").warning();
        fault.script(at).help("leave it out: a message can name no secrets of the org")
    }

    fn fault(&self, mistake: Mistake) -> Fault {
        script::fault(self.code, self.field, mistake)
    }

    /// What a sound string cannot say.
    fn of_script(&self, script: &Script) -> Vec<Fault> {
        let words = Words {
            code: self.code,
            field: self.field,
            given: self.given,
            message: "cannot be used in a message: nothing of the manifest is put into it",
            advice: &|one| {
                let (text, key, tagged) = (one.text, one.key, self.tagged);
                format!("set `tags = {{ {key} = \"${{{text}}}\" }}` in {tagged}, and write `${{ r.{key} }}`")
            },
        };
        let mut faults = if self.verbatim { words.faults(script) } else { Vec::new() };
        let is_said = |error: &Mistake| {
            let mut said = faults.iter().filter_map(|fault| fault.script.as_ref());
            said.any(|span| span.contains(&(error.span.start as usize)))
        };
        let names = names::errors(script, self.given).into_iter().filter(|error| !is_said(error));
        let names = names.map(|error| {
            let help = match (&error.help, self.alone) {
                (Some(help), Some(alone)) if help.contains("import") => alone.to_owned(),
                // What the query imports, the script has.
                (Some(help), _) => help.replace("the script", "`flux`"),
                (None, _) => "tags and other columns are in `r`: write `r.NAME`".to_owned(),
            };
            self.fault(Mistake { help: Some(help), ..error })
        });
        faults.extend(names.collect::<Vec<_>>());
        faults.extend(sums(script).map(|mistake| self.fault(mistake)));
        faults.extend(columns(script).map(|mistake| script::fault(Code::FluxName, self.field, mistake).warning()));
        faults
    }

    /// The fault, where the place is that in the text as it is written: all of it, where the quotes are to blame or expressions of
    /// the manifests are put into it.
    fn at(&self, fault: Fault, quoted: &Quoted) -> Fault {
        let moved = |span: std::ops::Range<usize>| quoted.written(span.start)..quoted.written(span.end);
        let script = fault.script.filter(|span| span.start > 0 && self.verbatim).map(moved);
        let also = fault.also.into_iter().filter(|_| self.verbatim).map(|(span, label)| (moved(span), label)).collect();
        let fault = Fault { script, also, ..fault };
        self.key.into_iter().fold(fault, Fault::within)
    }
}

/// Columns of the row that are called like those of InfluxDB, and that it does not give.
fn columns(script: &Script) -> impl Iterator<Item = Mistake> {
    script.expressions().iter().filter_map(move |one| {
        let ExpressionKind::Member { object, property, .. } = one.kind else { return None };
        let (object, column) = (script.expression(object), script.key(property));
        let is_row = object.kind == ExpressionKind::Identifier && script.text(object.span) == "r";
        if !is_row || !column.starts_with('_') || GIVEN.contains(&column) {
            return None;
        }
        let help = match nearest(column, GIVEN) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "if the query does not set it, nothing stands there".to_owned(),
        };
        Some(Mistake {
            span: one.span,
            message: format!("InfluxDB gives no column `{column}` to statuses"),
            label: "unknown".to_owned(),
            also: None,
            help: Some(help),
        })
    })
}

/// Calculations with what is text.
fn sums(script: &Script) -> impl Iterator<Item = Mistake> {
    let is_text = move |one: &Expression| match &one.kind {
        ExpressionKind::String | ExpressionKind::Interpolation(_) => true,
        ExpressionKind::Member { object, property, .. } => {
            let object = script.expression(*object);
            let is_row = object.kind == ExpressionKind::Identifier && script.text(object.span) == "r";
            is_row && TEXTS.contains(&script.key(*property))
        }
        _ => false,
    };
    let is_number = |one: &Expression| {
        matches!(one.kind, ExpressionKind::Integer | ExpressionKind::Float | ExpressionKind::Duration)
    };
    let wrong = move |one: &Expression| -> Option<(Span, Span)> {
        let ExpressionKind::Binary { operator, left, right, .. } = one.kind else { return None };
        let (left, right) = (script.expression(left), script.expression(right));
        let (text, other) = if is_text(left) { (left, right) } else { (right, left) };
        let fails = match operator {
            Infix::Add => is_number(other),
            Infix::Subtract | Infix::Multiply | Infix::Divide | Infix::Modulo | Infix::Power => true,
            _ => false,
        };
        (is_text(text) && fails).then_some((one.span, text.span))
    };
    script.expressions().iter().filter_map(wrong).map(move |(span, text)| Mistake {
        span,
        message: format!("`{}` is text, and cannot be calculated with", script.text(text)),
        label: "each run fails here".to_owned(),
        also: None,
        help: Some("columns of numbers are those of fields, such as `r.FIELD`".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn message<'a>(given: &'a [&'a str]) -> Message<'a> {
        Message {
            code: Code::CheckMessage,
            field: "message",
            key: None,
            what: "the message",
            given,
            tagged: "the check",
            alone: None,
            verbatim: true,
        }
    }

    #[test]
    fn what_the_script_cannot_say_is_refused_at_its_place() {
        let never = message(&["r"]).faults("a ${ r.host");
        assert_eq!(never[0].message, "the message is no string of Flux: this string is never closed");
        for (text, wanted) in [
            ("ü \"a\" \\ ${ nosuch } b", "unknown name `nosuch` @nosuch"),
            ("${ r._level + 1 }", "`r._level` is text, and cannot be calculated with @r._level + 1"),
            ("${ var.x } on", "`var.x` cannot be used in a message: nothing of the manifest is put into it @var.x"),
            (
                "\"${bucket.raw.name}\"",
                "`bucket.raw.name` cannot be used in a message: nothing of the manifest is put into it @bucket.raw.name",
            ),
            ("${strings.title(v: r.host)}", "unknown name `strings` @strings"),
        ] {
            let faults = message(&["r"]).faults(text);
            let place = |fault: &Fault| text[fault.script.clone().expect("a place")].to_owned();
            let said: Vec<_> = faults.iter().map(|fault| format!("{} @{}", fault.message, place(fault))).collect();
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with(wanted), "{said:?}");
        }
        let said: Vec<_> = message(&["r"]).faults("${ r._levl } ${ r._own } ${ x._levl } ${ r._level }");
        let said: Vec<_> = said.iter().map(|fault| (fault.severity, fault.help.as_deref())).collect();
        assert_eq!(
            said[said.len() - 2..],
            [
                (Severity::Warning, Some("did you mean `_level`?")),
                (Severity::Warning, Some("if the query does not set it, nothing stands there")),
            ]
        );
        for text in [
            "${ r._check_name }: ${ r._level + r.host }",
            "$ { } ${string(v: r.u + 1.0)}",
            "${check._check_name}",
            "x ${ r.a } \\",
        ] {
            assert_eq!(message(&["r", "check"]).faults(text), [], "{text}");
        }
    }

    #[test]
    fn of_a_text_that_expressions_are_put_into_no_byte_has_a_known_place() {
        let faults = Message { key: Some("channel"), verbatim: false, ..message(&["r"]) }.faults("#${ var.x }");
        let said: Vec<_> = faults.iter().map(|fault| (&*fault.message, &fault.script, &*fault.within)).collect();
        assert_eq!(said, [("unknown name `var`", &None, &["channel".to_owned()][..])]);
    }
}
