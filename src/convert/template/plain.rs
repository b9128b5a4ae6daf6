//! Labels, buckets, variables, tasks and Telegraf configurations of a template.

use serde_json::{Value as Json, json};

use super::{Part, name};
use crate::convert::node::{Inner, Node};
use crate::convert::reader::Reader;
use crate::flux::{AuthorScript, Schedule, TaskHead};

/// InfluxDB keeps `color` and `description` of a template's label even where they are empty, and takes an empty one away as soon as
/// anybody changes it.
pub(super) fn label(part: &Part<'_>) -> Json {
    let said = ["color", "description"].into_iter().map(|key| (key, part.spec.text(key)));
    let properties: Json =
        said.filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key.to_owned(), Json::from(text))).collect();
    json!({ "properties": properties })
}

pub(super) fn bucket(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let rules = part.spec.list("retentionRules");
    for rule in rules.iter().skip(1) {
        reader.note(rule.head(), "InfluxDB takes the first retention rule of a bucket, and no other", "left out");
    }
    let first = rules.first();
    if let Some(shard) = first.and_then(|rule| rule.get("shardGroupDurationSeconds")) {
        reader.note(
            shard.head(),
            "InfluxDB takes no shard-group duration from a template: it chooses one that fits the retention",
            "left out",
        );
    }
    let said = first.and_then(|rule| rule.get("everySeconds"));
    if let Some(said) = said.filter(|said| !matches!(said.inner, Inner::Null) && said.as_whole().is_none()) {
        reader.refuse(said.head(), "`everySeconds` must be a whole number", "left out");
        return None;
    }
    if reader.refuse_beyond(said) {
        return None;
    }
    let every = said.and_then(Node::as_whole).unwrap_or_default();
    if every < 0 {
        reader.refuse(part.at.clone(), "a retention cannot be negative", "left out");
        return None;
    }
    Some(json!({
        "type": "user",
        "description": part.spec.text("description"),
        "retentionRules": [{"type": "expire", "everySeconds": every}],
    }))
}

pub(super) fn variable(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let spec = part.spec;
    let ty = spec.text("type");
    let arguments = match ty.as_str() {
        "constant" => json!({"type": "constant", "values": spec.texts("values")}),
        "map" => {
            let values = spec.get("values").map(Node::entries).unwrap_or_default().iter();
            let values: Json =
                values.filter_map(|entry| Some((entry.key.clone(), Json::from(entry.value.as_text()?)))).collect();
            json!({"type": "map", "values": values})
        }
        "query" => json!({
            "type": "query",
            "values": {"query": spec.text("query").trim(), "language": spec.text("language")},
        }),
        _ => {
            let at = spec.get("type").map_or_else(|| part.at.clone(), Node::head);
            reader.refuse(at, format!("a variable is `constant`, `map` or `query`, not `{ty}`"), "left out");
            return None;
        }
    };
    let mut selected = Vec::new();
    for one in spec.list("selected") {
        if name::reference(one).is_some() {
            reader.note(one.head(), "what is selected cannot come from outside: its default is taken", "the default");
        }
        selected.extend(name::value(one));
    }
    Some(json!({"description": spec.text("description"), "arguments": arguments, "selected": selected}))
}

pub(super) fn telegraf(part: &Part<'_>) -> Json {
    json!({"description": part.spec.text("description"), "config": part.spec.text("config")})
}

/// Whether a duration is none: not written, or of no length.
fn is_nothing(duration: &str) -> bool {
    !duration.contains(|c: char| ('1'..='9').contains(&c))
}

/// A manifest has the schedule apart from the script, as a template does: the script is kept as it is, where InfluxDB cuts it at what
/// looks like an import and writes durations in the way of Go.
pub(super) fn task(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let spec = part.spec;
    let (every, cron) = (spec.text("every"), spec.text("cron"));
    if every.is_empty() == cron.is_empty() {
        let message = "a task has either `every` or `cron`";
        reader.refuse(part.at.clone(), message, if cron.is_empty() { "has neither" } else { "has both" });
        return None;
    }
    let script = spec.text("query");
    if script.trim().is_empty() {
        reader.refuse(part.at.clone(), "a task needs `query`", "left out");
        return None;
    }
    without_params(spec, reader);
    let schedule = match cron.is_empty() {
        true => Schedule::Every(every.clone()),
        false => Schedule::Cron(cron.clone()),
    };
    let offset = Some(spec.text("offset")).filter(|offset| !is_nothing(offset));
    // InfluxDB drops one that is not positive (influxd 2.9.1, measured).
    let offset = offset.filter(|offset| {
        let is_negative = offset.starts_with('-');
        if is_negative {
            let at = spec.get("offset").map_or_else(|| part.at.clone(), Node::head);
            reader.note(at, "InfluxDB takes no negative `offset` from a template: the task has none", "left out");
        }
        !is_negative
    });
    let head = TaskHead { name: part.named.name.clone(), schedule, offset: offset.clone(), extra: Vec::new() };
    let composed = AuthorScript::read(&script, None).map_err(|error| error.to_string()).and_then(|author| {
        let message = "InfluxDB refuses a template whose script has an `option task` of its own";
        if author.task.is_some() {
            Err(message.to_owned())
        } else {
            author.compose(&head, None).map_err(|error| error.to_string())
        }
    });
    let flux = match composed {
        Ok(flux) => flux,
        Err(error) => {
            reader.refuse(
                part.at.clone(),
                format!("the task `{}` cannot be converted: {error}", part.named.name),
                "left out",
            );
            return None;
        }
    };
    let mut row = json!({
        "description": spec.text("description"),
        "status": status(part, reader)?,
        "flux": flux,
    });
    for (key, text) in [("every", Some(every)), ("cron", Some(cron)), ("offset", offset)] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            row[key] = text.into();
        }
    }
    Some(row)
}

/// Says that a script keeps its own `params`, where a template has others.
pub(super) fn without_params(of: &Node, reader: &mut Reader<'_>) {
    if let Some(params) = of.get("params") {
        let message = "values of `params` are not put into the script, which keeps its own";
        reader.note(params.head(), message, "write them into the script");
    }
}

/// Whether an object works; none for another word, which is said.
pub(super) fn status(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<String> {
    // What is no text is said already.
    let status = match part.spec.get("status") {
        Some(said) => said.as_text()?.to_lowercase(),
        None => String::new(),
    };
    match status.as_str() {
        "" => Some("active".to_owned()),
        "active" | "inactive" => Some(status),
        _ => {
            let at = part.spec.get("status").map_or_else(|| part.at.clone(), Node::head);
            reader.refuse(at, "`status` is `active` or `inactive`", "left out");
            None
        }
    }
}

/// The duration under `key`; none where it must be one and is not, which is said.
pub(super) fn duration(part: &Part<'_>, key: &str, reader: &mut Reader<'_>) -> Option<String> {
    let text = part.spec.text(key);
    if text.parse::<crate::duration::Duration>().is_ok() {
        return Some(text);
    }
    let at = part.spec.get(key).map_or_else(|| part.at.clone(), Node::head);
    let label = if matches!(part.spec.get(key).map(|node| &node.inner), None | Some(Inner::Null)) {
        "it is not there"
    } else {
        "no duration"
    };
    reader.refuse(at, format!("`{key}` of this {} must be a duration, such as `1m`", part.word), label);
    None
}
