//! What is wrong with a notification rule. Most of it the server takes, and each run fails, or tells nothing (influxd 2.9.1,
//! measured).

use serde_json::{Value as Json, json};

use super::{ONE_OF, SORTS};
use crate::diagnostic::Code;
use crate::kind::draft::{Draft, Fault};
use crate::kind::flux_text;
use crate::kind::message;
use crate::kind::schedule::{self, Words};
use crate::value::Value;

const WORDS: Words = Words { kind: "rule", schedule: Code::RuleSchedule, disagrees: Code::RuleSchedule };
const LEVELS: [&str; 5] = ["ok", "info", "warn", "crit", "any"];
/// What stands between two levels.
const CHANGE: &str = "->";

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    faults.extend(schedule::faults(&mut draft.fields, &WORDS));
    faults.extend(schedule::late(&draft.fields, &WORDS));
    let fault = |code, field, message: String, label: &str| Fault::new(code, field, message, label);
    if let Some(wrong) = draft.fields.text("name").and_then(|name| flux_text::not_a_name("notification rule", name)) {
        faults.push(fault(Code::RuleName, "name", wrong.0, wrong.1));
    }
    ONE_OF.said(draft, faults);
    for sort in SORTS {
        let Some(Value::Table(said)) = draft.fields.get(sort) else { continue };
        let texts = said.iter().filter_map(|(field, value)| Some((field, text_of(value)?)));
        faults.extend(texts.flat_map(|(field, text)| said_faults(sort, field, text)));
    }
    on(draft, faults);
    tags(draft, faults);
}

fn text_of(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

/// What is wrong with a text that is said to an endpoint of this sort.
fn said_faults(sort: &'static str, field: &str, text: &str) -> Vec<Fault> {
    let what = format!("`{sort}.{field}`");
    let one = |message: String, label: &str, help: &str| {
        vec![Fault::new(Code::RuleMessage, sort, message, label).within(field).help(help)]
    };
    match field {
        "message" if text.is_empty() => {
            one(format!("{what} is empty"), "says nothing", "write for example `message = \"${ r._message }\"`")
        }
        "message" | "channel" => message::of_rule(Code::RuleMessage, (sort, field), text, field == "message"),
        "parse_mode" if text.contains("${") => {
            one(format!("{what} cannot contain `${{`"), "begins an expression in Flux", "write the mode itself")
        }
        _ => Vec::new(),
    }
}

/// What is wrong with the statuses that are told.
fn on(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(Value::List(items)) = draft.fields.get("on") else { return };
    let mut fault = |message: String, label: &str, help: &str| {
        faults.push(Fault::new(Code::RuleStatus, "on", message, label).help(help));
    };
    const HELP: &str =
        "the levels are `ok`, `info`, `warn`, `crit` and `any`; a change is two of them, as `ok -> warn`";
    let mut seen: Vec<String> = Vec::new();
    for item in items {
        let text = item.to_string();
        let levels: Vec<String> = text.split(CHANGE).map(|level| level.trim().to_lowercase()).collect();
        let is_level = |level: &String| LEVELS.contains(&level.as_str());
        if levels.len() > 2 || !levels.iter().all(is_level) {
            fault(format!("`on` has `{text}`, which is neither a level nor a change"), "not a level", HELP);
            continue;
        }
        let status = levels.join(&format!(" {CHANGE} "));
        if levels.len() == 2 && levels[0] == levels[1] && levels[0] != "any" {
            fault(format!("`on` has `{status}`, which is no change"), "the same twice", HELP);
        } else if seen.contains(&status) {
            fault(format!("`on` has `{status}` twice"), "twice", "remove one of them");
        }
        seen.push(status);
    }
    if items.is_empty() {
        fault("`on` is empty".to_owned(), "tells nothing", "write for example `on = [\"crit\"]`");
    }
    draft.fields.set("on", sorted(seen.into_iter()));
}

/// Statuses in the one order that they are compared in.
pub(super) fn sorted(statuses: impl Iterator<Item = String>) -> Value {
    let mut all: Vec<String> = statuses.collect();
    all.sort();
    Value::List(all.into_iter().map(Value::Text).collect())
}

/// A status as it is sent.
pub(super) fn status(text: &str) -> Json {
    match text.split_once(CHANGE) {
        Some((before, now)) => {
            json!({"currentLevel": now.trim().to_uppercase(), "previousLevel": before.trim().to_uppercase()})
        }
        None => json!({"currentLevel": text.to_uppercase()}),
    }
}

/// What is wrong with the tags: keys and values become strings in the task's script.
fn tags(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(Value::Map(tags)) = draft.fields.get("tags") else { return };
    for (key, value) in tags {
        let wrong = if key.is_empty() || value.is_empty() {
            (format!("a tag of `tags` is empty: `{key}` = `{value}`"), "has an empty tag")
        } else if key.contains("${") || value.contains("${") {
            (format!("the tag `{key}` cannot contain `${{`"), "begins an expression in Flux")
        } else {
            continue;
        };
        faults.push(Fault::new(Code::RuleTags, "tags", wrong.0, wrong.1));
    }
    if tags.is_empty() {
        draft.fields.set("tags", Value::Unset);
    }
}
