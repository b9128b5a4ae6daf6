//! The query of a check. InfluxDB makes a task's script of it: the pipe is assigned to a variable, what says a time range gets
//! that of the check, and the levels follow.

use std::ops::Range;

use super::columns;
use super::rules::Sort;
use crate::diagnostic::Code;
use crate::flux::ast::{Expression, ExpressionKind, Infix, Prefix, Property, Script, Span, StatementKind};
use crate::flux::params::uses;
use crate::flux::parser::parse;
use crate::kind::draft::{Draft, Fault};
use crate::kind::params::{self, Params};
use crate::kind::script;
use crate::kind::shown::RECORD as VARIABLES;
use crate::lint::Setting;
use crate::value::{self, Value};

pub(super) fn check(draft: &mut Draft<'_>, sort: Sort, faults: &mut Vec<Fault>) {
    let Some(source) = draft.script else { return };
    if draft.uses {
        let fault = fault("the query of a check must be one pipe, and cannot use libraries", "uses libraries", None);
        return faults.push(fault.help("remove `use`, or write a check with `custom = true`"));
    }
    let parsed = parse(source);
    let record = draft.params.take();
    let params = Params::of(draft, record.as_ref(), "flux", "check", &[VARIABLES]);
    faults.extend(script::forms("flux", &parsed, |mistake| params.help(source, mistake)));
    faults.extend(params::secrets(record.as_ref()));
    let mut sent = source.to_owned();
    if parsed.is_sound() {
        let script = &parsed.script;
        let wrong = no_pipe(script);
        let is_pipe = wrong.is_none();
        faults.extend(wrong);
        if sort == Sort::Threshold {
            faults.extend(no_single_field(script, &params.strings(script)));
        }
        if is_pipe {
            faults.extend(columns::faults(script, sort));
        }
        faults.extend(variables(script, sort));
        let setting = Setting { is_formatted: true, is_retimed: true, ..Setting::default() };
        draft.reaches = params.look(script, setting, draft.steps, faults).references.all;
        sent = params.within(script, faults);
    }
    draft.fields.set("flux", Value::Script(value::Script::query(sent)));
}

pub(super) fn fault(message: &str, label: &str, span: Option<Span>) -> Fault {
    let fault = Fault::new(Code::CheckQuery, "flux", message, label);
    match span {
        Some(span) => fault.script(span.range()),
        None => fault,
    }
}

/// That the query is no single pipe: the task would know no `data`.
fn no_pipe(script: &Script) -> Option<Fault> {
    let help = "write `from(bucket: \"...\") |> range(start: -1h) |> ...`";
    let fault = match script.body() {
        [] => fault("the query of a check is empty", "empty", None),
        [one] => match one.kind {
            StatementKind::Expression(id) => match script.expression(id).kind {
                ExpressionKind::Pipe { .. } => return None,
                _ => fault("the query of a check must be a pipe", "not a pipe", Some(one.span)),
            },
            _ => fault("the query of a check must be a pipe", "not a pipe", Some(one.span)),
        },
        [_, second, ..] => fault("the query of a check must be one pipe", "a second statement", Some(second.span)),
    };
    Some(fault.help(help))
}

/// The comparisons of `r._field` with a string, as InfluxDB finds them once the parameters are in their places.
fn fields<'s>(script: &'s Script, strings: &[Range<usize>]) -> Vec<(&'s Expression, Infix)> {
    let of_field = |expression: &'_ Expression| match &expression.kind {
        ExpressionKind::Binary { operator, left, right, .. } => {
            let ExpressionKind::Member { property, .. } = script.expression(*left).kind else { return None };
            let right = script.expression(*right);
            let is_string = matches!(right.kind, ExpressionKind::String) || strings.contains(&right.span.range());
            (script.key(property) == "_field" && is_string).then_some(*operator)
        }
        _ => None,
    };
    script.expressions().iter().filter_map(|expression| Some((expression, of_field(expression)?))).collect()
}

/// That the query has no field, or several: the levels are those of one. `strings` are the places of parameters that are strings.
fn no_single_field(script: &Script, strings: &[Range<usize>]) -> Option<Fault> {
    match fields(script, strings).as_slice() {
        [(one, Infix::Equal)] => is_negated(script, one).then(|| {
            let fault =
                fault("a check with `when` needs one field, and `not` leaves that one out", "not this", Some(one.span));
            fault.help(
                "InfluxDB takes the field that `r._field` is compared with for that of the levels: remove the `not`",
            )
        }),
        [(one, _)] => Some(fault("a check with `when` needs one field", "not `==`", Some(one.span))),
        [] => {
            let fault = fault("a check with `when` needs one field, and the query selects none", "no `_field`", None);
            Some(fault.help("add `|> filter(fn: (r) => r._field == \"NAME\")`, with `r._field` on the left"))
        }
        [(first, _), (second, _), ..] => {
            let fault = fault(
                "a check with `when` needs one field, and the query selects several",
                "another one",
                Some(second.span),
            );
            let fault = Fault { also: vec![(first.span.range(), "the first".to_owned())], ..fault };
            Some(fault.help("make a check of each field"))
        }
    }
}

/// Whether the opposite of a comparison is asked for.
fn is_negated(script: &Script, comparison: &Expression) -> bool {
    let (mut of, mut negated) = (comparison, false);
    // What an expression stands in comes after it.
    for outer in script.expressions() {
        let inner = match outer.kind {
            ExpressionKind::Paren(inner) => inner,
            ExpressionKind::Unary { operator: Prefix::Not, argument } => argument,
            _ => continue,
        };
        if std::ptr::eq(script.expression(inner), of) {
            negated ^= matches!(outer.kind, ExpressionKind::Unary { .. });
            of = outer;
        }
    }
    negated
}

/// What of the query is replaced by the check's own times.
fn replaced(script: &Script, sort: Sort) -> Vec<Span> {
    let name = |id| {
        let callee = script.expression(id);
        matches!(callee.kind, ExpressionKind::Identifier).then(|| script.text(callee.span))
    };
    let mut spans = Vec::new();
    for expression in script.expressions() {
        let (properties, called): (&[Property], _) = match &expression.kind {
            ExpressionKind::Record(record) => (&record.properties, None),
            ExpressionKind::Call { callee, arguments: Some(record), .. } => (&record.properties, name(*callee)),
            _ => continue,
        };
        if called == Some("aggregateWindow") && sort == Sort::Deadman || called == Some("yield") {
            spans.push(expression.span);
        }
        let gone = |property: &&Property| match script.key(property.key) {
            "start" | "every" => true,
            "stop" => called == Some("range"),
            _ => false,
        };
        spans.extend(properties.iter().filter(gone).map(|property| property.span));
    }
    spans
}

/// That a variable of a dashboard is used where the check puts nothing in its place: each run fails.
fn variables(script: &Script, sort: Sort) -> Vec<Fault> {
    let replaced = replaced(script, sort);
    let stays = |span: &Range<usize>| {
        !replaced.iter().any(|gone| gone.range().start <= span.start && span.end <= gone.range().end)
    };
    let uses = uses(script, VARIABLES).into_iter().filter(|one| stays(&one.span));
    uses.map(|one| {
        let text = &script.source()[one.span.clone()];
        let message = format!("`{text}` is not defined in a check: dashboards have variables");
        let fault = Fault::new(Code::CheckQuery, "flux", message, "not defined").script(one.span);
        fault
            .help("write the value itself; only `start`, `stop` and `every` may be variables, which the check replaces")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sort: Sort, source: &str) -> Vec<String> {
        let script = parse(source).script;
        let field = (sort == Sort::Threshold).then(|| no_single_field(&script, &[])).flatten();
        let faults = no_pipe(&script).into_iter().chain(field).chain(variables(&script, sort));
        faults
            .map(|fault| format!("{} @{}", fault.message, fault.script.map(|span| &source[span]).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_influxdb_takes_and_cannot_run_is_refused() {
        const FROM: &str = "from(bucket: \"b\") |> range(start: v.timeRangeStart, stop: v.timeRangeStop)";
        let one = format!(
            "{FROM} |> filter(fn: (r) => r[\"_field\"] == \"u\") |> window(every: v.windowPeriod) |> yield(name: v.x)"
        );
        assert_eq!(said(Sort::Threshold, &one), [""; 0]);
        assert_eq!(said(Sort::Threshold, &format!("import \"math\"\n{one} // c\n")), [""; 0]);
        assert_eq!(said(Sort::Deadman, &format!("{FROM} |> aggregateWindow(every: 1m, fn: v.fn)")), [""; 0]);
        for (query, wanted) in [
            ("", "the query of a check is empty @"),
            ("from(bucket: \"b\")", "the query of a check must be a pipe @from(bucket: \"b\")"),
            ("x = a |> b()", "the query of a check must be a pipe @x = a |> b()"),
            ("x = 1\na |> b()", "the query of a check must be one pipe @a |> b()"),
            ("a |> b(c: v.d)", "`v.d` is not defined in a check: dashboards have variables @v.d"),
        ] {
            assert_eq!(said(Sort::Deadman, query), [wanted]);
        }
        for (filter, wanted) in [
            ("r._value == \"u\"", "a check with `when` needs one field, and the query selects none @"),
            ("\"u\" == r._field", "a check with `when` needs one field, and the query selects none @"),
            ("r._field != \"u\"", "a check with `when` needs one field @r._field != \"u\""),
            (
                "r._field == \"u\" or r._field == \"v\"",
                "a check with `when` needs one field, and the query selects several @r._field == \"v\"",
            ),
        ] {
            assert_eq!(said(Sort::Threshold, &format!("{FROM} |> filter(fn: (r) => {filter})")), [wanted]);
        }
    }
}
