//! What is wrong with a notification rule. Most of it the server takes, and each run fails, or tells nothing (influxd 2.9.1,
//! measured).

use serde_json::{Value as Json, json};

use super::SORTS;
use crate::diagnostic::Code;
use crate::kind::flux_text;
use crate::kind::schedule::{self, Words};
use crate::kind::spec::{Draft, Fault};
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
    let written: Vec<&'static str> = SORTS.into_iter().filter(|field| (draft.written)(field)).collect();
    if let [first, second, ..] = written.as_slice() {
        let message = format!("a notification rule cannot have both `{first}` and `{second}`");
        faults.push(fault(Code::RuleSort, second, message, "a rule has one endpoint").other(first));
    }
    for sort in SORTS {
        let Some(Value::Table(said)) = draft.fields.get(sort) else { continue };
        for (field, value) in said {
            let Value::Text(text) = value else { continue };
            let wrong = match field.as_str() {
                "message" if text.is_empty() => Some(format!("`{sort}.message` is empty")),
                "message" | "channel" => {
                    flux_text::fault(text).map(|why| format!("`{sort}.{field}` is no string of Flux: {why}"))
                }
                "parse_mode" if text.contains("${") => Some(format!("`{sort}.parse_mode` cannot contain `${{`")),
                _ => None,
            };
            faults.extend(wrong.map(|wrong| {
                fault(Code::RuleMessage, sort, wrong, "not a message")
                    .help("an expression is Flux, such as `${ r._message }`")
            }));
        }
    }
    on(draft, faults);
    tags(draft, faults);
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
