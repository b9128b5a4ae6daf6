//! What is wrong with a check. Most of it the server takes, and each run fails (influxd 2.9.1, measured).

use super::{ONE_OF, custom, message, query, quiet};
use crate::diagnostic::Code;
use crate::flux::is_name;
use crate::kind::draft::{Draft, Fault};
use crate::kind::flux_text;
use crate::kind::schedule::{self, Words};
use crate::value::{Fields, Value};

pub(super) const WORDS: Words = Words { kind: "check", schedule: Code::CheckSchedule, disagrees: Code::CheckCustom };

/// What a check looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Threshold,
    Deadman,
    Custom,
}

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let sort = sort(draft, faults);
    match sort {
        Some(Sort::Custom) => custom::check(draft, faults),
        Some(sort) => query::check(draft, sort, faults),
        None => {}
    }
    if sort != Some(Sort::Custom) {
        faults.extend(scheduled(draft));
        faults.extend(message::check(draft, sort));
    }
    name(draft, sort, faults);
    let wrong = levels(&draft.fields);
    if wrong.is_empty() {
        faults.extend(quiet::warnings(&draft.fields));
    }
    faults.extend(wrong);
    faults.extend(tag_faults(draft));
}

/// What the check looks for, if it says that once.
fn sort(draft: &Draft<'_>, faults: &mut Vec<Fault>) -> Option<Sort> {
    ONE_OF.said(draft, faults).map(|field| match field {
        "when" => Sort::Threshold,
        "deadman" => Sort::Deadman,
        _ => Sort::Custom,
    })
}

/// The name becomes a string of the task's script, in which `${` would begin an expression.
fn name(draft: &Draft<'_>, sort: Option<Sort>, faults: &mut Vec<Fault>) {
    let Some(name) = draft.fields.text("name") else { return };
    // The script of a custom one has it in quotes already.
    let in_script = if sort == Some(Sort::Custom) { name.replace("${", "") } else { name.to_owned() };
    let wrong = flux_text::not_a_name("check", if name.is_empty() { name } else { &in_script });
    faults.extend(wrong.map(|(message, label)| Fault::new(Code::CheckName, "name", message, label)));
}

/// What is wrong with the schedule of a check that says it itself.
fn scheduled(draft: &mut Draft<'_>) -> Vec<Fault> {
    let mut faults = schedule::faults(&mut draft.fields, &WORDS);
    if !(draft.written)("every") {
        let fault = Fault::new(Code::CheckSchedule, "name", "a check needs `every`", "has no interval");
        faults.push(fault.help("write for example `every = \"1m\"`"));
    }
    faults.extend(schedule::late(&draft.fields, &WORDS));
    faults
}

/// What is wrong with the levels in `when`.
fn levels(fields: &Fields) -> Vec<Fault> {
    let Some(Value::Table(levels)) = fields.get("when") else { return Vec::new() };
    let fault = |message: String, label: &str| Fault::new(Code::CheckRule, "when", message, label);
    if levels.is_empty() {
        let fault = fault("`when` has no level".to_owned(), "empty");
        return vec![fault.help("write for example `when = { crit = { above = 90 } }`")];
    }
    let one = |(level, of): (&String, &Value)| {
        let Value::Table(of) = of else { return None };
        let mut written = of.iter();
        match (written.next(), written.next()) {
            (None, _) => {
                let help = "set one of `above`, `below`, `inside` and `outside`";
                Some(fault(format!("`when.{level}` says no values"), "empty").within(level).help(help))
            }
            (Some((first, _)), Some((second, _))) => {
                let help = "a level has one of `above`, `below`, `inside` and `outside`";
                let fault = fault(format!("`when.{level}` has both `{first}` and `{second}`"), "one of them");
                Some(fault.within(level).within(second).help(help))
            }
            (Some((field, Value::List(ends))), None) => match ends.as_slice() {
                [Value::Number(min), Value::Number(max)] if min.get() <= max.get() => None,
                [Value::Number(min), Value::Number(max)] => {
                    let message = format!("`when.{level}.{field}` begins at {min} and ends at {max}");
                    Some(fault(message, "the wrong way round").within(level).within(field))
                }
                _ => {
                    let help = format!("write `{field} = [MIN, MAX]`");
                    let fault = fault(format!("`when.{level}.{field}` must be two numbers"), "not two");
                    Some(fault.within(level).within(field).help(help))
                }
            },
            (Some(_), None) => None,
        }
    };
    levels.iter().filter_map(one).collect()
}

/// What is wrong with the tags: keys become names in the task's script.
fn tag_faults(draft: &mut Draft<'_>) -> Vec<Fault> {
    let Some(Value::Map(tags)) = draft.fields.get("tags") else { return Vec::new() };
    let wrong = |(key, value): (&String, &String)| {
        let fault = |message: String, label: &str| Fault::new(Code::CheckTags, "tags", message, label).within(key);
        if !is_name(key) {
            let fault = fault(format!("the tag `{key}` is not a name in Flux"), "not a name");
            Some(fault.key().help("use letters, digits and `_` only, and no keyword"))
        } else if value.is_empty() {
            Some(fault(format!("the tag `{key}` is empty"), "has an empty value").help("remove it"))
        } else if value.contains("${") {
            Some(fault(format!("the tag `{key}` cannot contain `${{`"), "begins an expression in Flux"))
        } else {
            None
        }
    };
    let faults = tags.iter().filter_map(wrong).collect();
    if tags.is_empty() {
        draft.fields.set("tags", Value::Unset);
    }
    faults
}
