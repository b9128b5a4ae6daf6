//! The script of a custom check, which says the schedule and the name itself. InfluxDB writes its own `_check_id` into it, and
//! lays it out anew.

use std::ops::Range;

use super::rules::WORDS;
use crate::address::few;
use crate::diagnostic::Code;
use crate::flux::ast::{ExpressionKind, Property, Record, Script};
use crate::flux::parser::parse;
use crate::flux::{LiveScript, records};
use crate::kind::draft::{Draft, Fault};
use crate::kind::params::{self, Params};
use crate::kind::schedule::{duration, late, without_zero};
use crate::kind::{schedule, script};
use crate::value::{self, Fields, Value};

/// The variable with what a status is to have. The first record of it counts, and the server puts its ID into each.
const CHECK: &str = "check";
/// What the server sets in it.
const ID: &str = "_check_id";

/// What the text of a custom check on a server says.
pub(super) fn read(fields: &mut Fields, text: &str) {
    let task = LiveScript::read(text, None).ok().and_then(|script| script.task);
    let said = |of: fn(&crate::flux::TaskOption) -> &Option<crate::flux::Spanned<String>>| {
        task.as_ref().and_then(|task| of(task).as_ref()).map(|said| said.value.clone())
    };
    fields.set("every", duration(said(|task| &task.every).as_deref()));
    fields.set("offset", without_zero(duration(said(|task| &task.offset).as_deref())));
    fields.set("flux", Value::Script(value::Script::laid_out(without_id(text))));
}

/// The script without the ID that the server has put into it.
pub(super) fn without_id(source: &str) -> String {
    let parsed = parse(source);
    let mut gone: Vec<_> =
        records(&parsed.script, CHECK).into_iter().filter_map(|record| id_in(&parsed.script, record)).collect();
    gone.sort_by_key(|range| std::cmp::Reverse(range.start));
    let mut text = source.to_owned();
    for range in gone {
        text.replace_range(range, "");
    }
    text
}

/// The ID where the server puts one: into each record that has none. A query has no such record.
pub(super) fn put_in(script: &Script) -> Vec<(usize, &'static str)> {
    let lacking = records(script, CHECK).into_iter().filter(|record| id_in(script, record).is_none());
    let mut places: Vec<_> = lacking
        .map(|record| match record.properties.first() {
            Some(first) => (first.span.range().start, "_check_id: \"\", "),
            None => (record.span.range().end - 1, "_check_id: \"\""),
        })
        .collect();
    places.sort_unstable();
    places
}

/// Where a record has the ID, with a comma beside it.
fn id_in(script: &Script, record: &Record) -> Option<Range<usize>> {
    let properties = &record.properties;
    let at = properties.iter().position(|property| script.key(property.key) == ID)?;
    let own = properties[at].span.range();
    Some(match (at.checked_sub(1).map(|before| properties[before].span.range()), properties.get(at + 1)) {
        (_, Some(next)) => own.start..next.span.range().start,
        (Some(before), None) => before.end..own.end,
        (None, None) => own,
    })
}

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    for field in ["message", "tags"].into_iter().filter(|field| (draft.written)(field)) {
        let message = format!("a custom check has no `{field}`: its script says it");
        faults.push(Fault::new(Code::CheckCustom, field, message, "not looked at").other("custom").help("remove it"));
    }
    let Some(source) = draft.script else { return };
    let parsed = parse(source);
    let record = draft.params.take();
    let params = Params::of(draft, record.as_ref(), "flux", "check", &[]);
    faults.extend(script::forms("flux", &parsed, |mistake| params.help(source, mistake)));
    faults.extend(params::secrets(record.as_ref()));
    if !parsed.is_accepted() {
        return;
    }
    let task = match LiveScript::read(source, None) {
        Ok(script) => script.task,
        Err(error) => {
            faults.push(fault(error.message, "here", Some(error.span)));
            return;
        }
    };
    if let Some(task) = &task {
        schedule::merge(draft, task, &WORDS, faults);
    }
    let lacks = ["name", "every", "offset"].into_iter().filter(|field| schedule::said(task.as_ref(), field).is_none());
    let lacks: Vec<_> = lacks.map(|field| format!("`{field}`")).collect();
    if !lacks.is_empty() {
        let place = task.as_ref().map(|task| task.span.clone());
        let message = format!("a custom check needs {} in its `option task`", few(&lacks));
        let name = draft.fields.text("name").unwrap_or_default();
        let help = format!("write `option task = {{name: {name:?}, every: 1m, offset: 0s}}`");
        faults.push(fault(message, "not in it", place).help(help));
    }
    if let Some(cron) = schedule::said(task.as_ref(), "cron") {
        draft.fields.remove("cron");
        faults.push(fault("a check has no `cron`".to_owned(), "not run by it", Some(cron)).help("write `every`"));
    }
    let written = draft.written;
    let found = schedule::faults(&mut draft.fields, &WORDS).into_iter().chain(late(&draft.fields, &WORDS));
    faults.extend(found.map(|fault| schedule::place(fault, written, task.as_ref())));
    faults.extend(identified(&parsed.script, draft.fields.text("name").unwrap_or_default()));
    let mut sent = source.to_owned();
    if parsed.is_sound() {
        let setting = schedule::setting(&draft.fields);
        draft.reaches = params.look(&parsed.script, setting, draft.steps, faults).references.all;
        sent = params.before(&parsed.script, faults);
    }
    draft.fields.set("flux", Value::Script(value::Script::laid_out(without_id(&sent))));
}

fn fault(message: String, label: &str, span: Option<Range<usize>>) -> Fault {
    let fault = Fault::new(Code::CheckCustom, "flux", message, label);
    match span {
        Some(span) => fault.script(span),
        None => fault,
    }
}

/// What the record `check` lacks: statuses are found by it.
fn identified(script: &Script, name: &str) -> Vec<Fault> {
    let Some(record) = records(script, CHECK).first().copied() else {
        let fault = fault("a custom check needs a record `check`".to_owned(), "has none", None);
        let help = format!("write `check = {{_check_name: {name:?}, _type: \"custom\", tags: {{}}}}`");
        return vec![fault.help(help)];
    };
    let property = |key: &str| record.properties.iter().find(|property| script.key(property.key) == key);
    let text = |property: &Property| {
        let value = script.expression(property.value?);
        matches!(value.kind, ExpressionKind::String).then(|| script.unquoted(value.span))
    };
    let one = |(key, wanted): (&str, &str)| match property(key) {
        None => {
            let fault = fault(format!("the record `check` needs `{key}`"), "lacks it", Some(record.span.range()));
            Some(fault.help(format!("write `{key}: {wanted:?}`")))
        }
        Some(property) if text(property).as_deref() == Some(wanted) => None,
        Some(property) => {
            let message = format!("`{key}` of a custom check must be `{wanted}`");
            let value = property.value.map_or(property.span, |value| script.expression(value).span);
            Some(fault(message, "another text", Some(value.range())).help(format!("write `{key}: {wanted:?}`")))
        }
    };
    [("_check_name", name), ("_type", "custom")].into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_id_is_no_part_of_a_script() {
        for (source, wanted) in [
            ("check = {_check_id: \"1\", _type: \"custom\"}\nx", "check = {_type: \"custom\"}\nx"),
            ("check = {_type: \"custom\", _check_id: \"1\"}", "check = {_type: \"custom\"}"),
            ("check = {_type: \"custom\", _check_id: \"1\", tags: {}}", "check = {_type: \"custom\", tags: {}}"),
            ("check = {\n    _type: \"custom\",\n    _check_id: \"1\",\n}", "check = {\n    _type: \"custom\",\n}"),
            ("check = {_check_id: \"1\"}", "check = {}"),
            ("other = {_check_id: \"1\"}", "other = {_check_id: \"1\"}"),
            ("check = f({_check_id: \"1\"})", "check = f({_check_id: \"1\"})"),
            ("check = {", "check = {"),
            (
                "option check = {_check_id: \"1\"}\nf = () => { check = {a: 1, _check_id: \"1\"} return check }",
                "option check = {}\nf = () => { check = {a: 1} return check }",
            ),
        ] {
            assert_eq!(without_id(source), wanted);
        }
    }
}
