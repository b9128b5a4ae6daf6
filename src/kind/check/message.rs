//! The message of a check, which becomes a string of the task's script: `${...}` in it is Flux.

use super::rules::Sort;
use crate::diagnostic::Code;
use crate::flux::Mistake;
use crate::flux::ast::{Expression, ExpressionKind, Infix, Script, Span};
use crate::flux::names;
use crate::flux::parser::parse;
use crate::kind::expression::Words;
use crate::kind::script;
use crate::kind::spec::{Draft, Fault};
use crate::value::Value;

/// What the message's function in the script of a check can name, besides what the query imports.
const GIVEN: [&str; 11] = ["r", "check", "data", "task", "monitor", "v1", "experimental", "ok", "info", "warn", "crit"];
/// Columns of a row that are text.
const TEXTS: [&str; 5] = ["_level", "_check_name", "_check_id", "_type", "_source_measurement"];
const HELP: &str = "an expression is Flux, such as `${ r._level }`";

/// What is wrong with the message. An empty one is none.
pub(super) fn check(draft: &mut Draft<'_>, sort: Option<Sort>) -> Vec<Fault> {
    let Some(message) = draft.fields.text("message") else { return Vec::new() };
    if message.is_empty() {
        draft.fields.set("message", Value::Unset);
        return Vec::new();
    }
    let query = draft.script.map(parse).map(|parsed| parsed.script);
    let imported = query.iter().flat_map(|query| query.imports().iter().map(|import| query.bound(import)));
    let is_given = |name: &&str| sort == Some(Sort::Deadman) || *name != "experimental";
    let given: Vec<&str> = GIVEN.into_iter().filter(is_given).chain(imported).collect();
    faults(message, &given)
}

/// What is wrong with a text that the server puts between quotes, where the names `given` are known.
fn faults(message: &str, given: &[&str]) -> Vec<Fault> {
    let quoted = format!("\"{}\"", message.replace('\\', "\\\\").replace('"', "\\\""));
    let parsed = parse(&quoted);
    let script = &parsed.script;
    let mut faults = Vec::new();
    if let Some(error) = parsed.errors().into_iter().next() {
        let message = format!("the message is no string of Flux: {}", error.message);
        faults.push(script::fault(
            Code::CheckMessage,
            "message",
            Mistake { message, help: Some(HELP.to_owned()), ..error },
        ));
    } else {
        let words = Words {
            code: Code::CheckMessage,
            field: "message",
            given,
            message: "cannot be used in a message: nothing of the manifest is put into it",
            advice: &|one| {
                let (text, key) = (one.text, one.key);
                format!("set `tags = {{ {key} = \"${{{text}}}\" }}` in the check, and write `${{ r.{key} }}`")
            },
        };
        faults = words.faults(script);
        let is_said = |error: &Mistake| {
            faults
                .iter()
                .filter_map(|fault| fault.script.as_ref())
                .any(|span| span.contains(&(error.span.start as usize)))
        };
        let names = names::errors(script, given).into_iter().filter(|error| !is_said(error));
        let names: Vec<_> = names
            .map(|error| {
                let help = match &error.help {
                    // What the query imports, the script has.
                    Some(help) => help.replace("the script", "`flux`"),
                    None => "tags and other columns are in `r`: write `r.NAME`".to_owned(),
                };
                script::fault(Code::CheckMessage, "message", Mistake { help: Some(help), ..error })
            })
            .collect();
        faults.extend(names);
        faults.extend(sums(script));
    }
    let written = |at: usize| at - 1 - quoted[1..at].matches(['\\', '"']).count() / 2;
    faults.into_iter().map(|fault| at(fault, &written)).collect()
}

/// The fault, where the place is that in the text as it is written: all of it, where the quotes are to blame.
fn at(fault: Fault, written: &impl Fn(usize) -> usize) -> Fault {
    let moved = |span: std::ops::Range<usize>| written(span.start)..written(span.end);
    let also = fault.also.map(|(span, label)| (moved(span), label));
    Fault { script: fault.script.filter(|span| span.start > 0).map(moved), also, ..fault }
}

/// Calculations with what is text.
fn sums(script: &Script) -> Vec<Fault> {
    let is_text = |one: &Expression| match &one.kind {
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
    let wrong = |one: &Expression| -> Option<(Span, Span)> {
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
    let fault = |(span, text): (Span, Span)| {
        let message = format!("`{}` is text, and cannot be calculated with", script.text(text));
        let fault = Fault::new(Code::CheckMessage, "message", message, "each run fails here").script(span.range());
        fault.help("columns of numbers are those of fields, such as `r.FIELD`")
    };
    script.expressions().iter().filter_map(wrong).map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_of_the_check_cannot_say_is_refused_at_its_place() {
        let never = faults("a ${ r.host", &["r"]);
        assert_eq!(never[0].message, "the message is no string of Flux: this string is never closed");
        for (message, wanted) in [
            ("ü \"a\" \\ ${ nosuch } b", "unknown name `nosuch` @nosuch"),
            ("${ r._level + 1 }", "`r._level` is text, and cannot be calculated with @r._level + 1"),
            ("${ var.x } on", "`var.x` cannot be used in a message: nothing of the manifest is put into it @var.x"),
            (
                "\"${bucket.raw.name}\"",
                "`bucket.raw.name` cannot be used in a message: nothing of the manifest is put into it @bucket.raw.name",
            ),
            ("${strings.title(v: r.host)}", "unknown name `strings` @strings"),
        ] {
            let faults = faults(message, &["r"]);
            let place = |fault: &Fault| message[fault.script.clone().expect("a place")].to_owned();
            let said: Vec<_> = faults.iter().map(|fault| format!("{} @{}", fault.message, place(fault))).collect();
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with(wanted), "{said:?}");
        }
        for message in [
            "${ r._check_name }: ${ r._level + r.host }",
            "$ { } ${string(v: r.u + 1.0)}",
            "${check._check_name}",
            "x ${ r.a } \\",
        ] {
            assert_eq!(faults(message, &["r", "check"]), [], "{message}");
        }
    }
}
