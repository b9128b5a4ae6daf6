//! Checks, notification endpoints and notification rules of a template.

use serde_json::{Value as Json, json};

use super::plain::{duration, status};
use super::{Others, Part, name};
use crate::convert::made::Variable;
use crate::convert::node::Node;
use crate::convert::reader::Reader;
use crate::kind::{Kind, is_of_endpoint, path_shown};
use crate::redact::without_path;

/// The levels as InfluxDB writes them.
const LEVELS: [&str; 4] = ["OK", "INFO", "WARN", "CRIT"];

pub(super) fn check(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let spec = part.spec;
    let tags = spec.list("tags").iter().map(|tag| json!({"key": tag.text("key"), "value": tag.text("value")}));
    let mut row = json!({
        "description": spec.text("description"),
        "status": status(part, reader)?,
        "every": duration(part, "every", reader)?,
        "query": {"text": spec.text("query").trim()},
        "statusMessageTemplate": spec.text("statusMessageTemplate"),
        "tags": tags.collect::<Vec<_>>(),
    });
    if spec.get("offset").is_some() {
        row["offset"] = duration(part, "offset", reader)?.into();
    }
    for key in ["query", "statusMessageTemplate"] {
        if spec.text(key).trim().is_empty() {
            reader.refuse(part.at.clone(), format!("a {} needs `{key}`", part.word), "left out");
            return None;
        }
    }
    if part.word == "CheckDeadman" {
        row["type"] = "deadman".into();
        row["reportZero"] = spec.flag("reportZero").into();
        row["level"] = level(part, spec, "level", reader)?.into();
        row["timeSince"] = duration(part, "timeSince", reader)?.into();
        row["staleTime"] = duration(part, "staleTime", reader)?.into();
        return Some(row);
    }
    let thresholds = spec.list("thresholds");
    if thresholds.is_empty() {
        reader.refuse(part.at.clone(), "a CheckThreshold needs `thresholds`", "left out");
        return None;
    }
    let thresholds: Option<Vec<Json>> = thresholds.iter().map(|one| threshold(part, one, reader)).collect();
    row["type"] = "threshold".into();
    row["thresholds"] = thresholds?.into();
    Some(row)
}

fn threshold(part: &Part<'_>, one: &Node, reader: &mut Reader<'_>) -> Option<Json> {
    let level = level(part, one, "level", reader)?;
    let ty = one.text("type").to_lowercase();
    let number = |key: &str| match one.get(key) {
        // What is no number is said already: no check watches for another one.
        Some(_) => one.number(key),
        None => Some(0.0),
    };
    Some(match ty.as_str() {
        "greater" | "lesser" => {
            json!({"type": ty, "level": level, "value": number("value")?, "allValues": one.flag("allValues")})
        }
        "inside_range" | "outside_range" => json!({
            "type": "range",
            "level": level,
            "min": number("min")?,
            "max": number("max")?,
            "within": ty == "inside_range",
            "allValues": one.flag("allValues"),
        }),
        _ => {
            let at = one.get("type").map_or_else(|| one.head(), Node::head);
            let message = "a threshold is `greater`, `lesser`, `inside_range` or `outside_range`";
            reader.refuse(at, format!("{message}: `{}` is left out", part.named.name), "another type");
            return None;
        }
    })
}

/// The level under `key`; none where it is no level, which is said: InfluxDB takes any word, and each run fails.
fn level(part: &Part<'_>, of: &Node, key: &str, reader: &mut Reader<'_>) -> Option<String> {
    let level = of.text(key).to_uppercase();
    if LEVELS.contains(&level.as_str()) {
        return Some(level);
    }
    let at = of.get(key).map_or_else(|| of.head(), Node::head);
    reader.refuse(
        at,
        format!("a level of `{}` is none of `ok`, `info`, `warn` and `crit`", part.named.name),
        "no level",
    );
    None
}

/// What an endpoint may have that is secret, by the keys of a template.
const SECRETS: [&str; 4] = ["token", "username", "password", "routingKey"];

pub(super) fn endpoint(part: &Part<'_>, reader: &mut Reader<'_>) -> Option<Json> {
    let spec = part.spec;
    let sort = part.word.trim_start_matches("NotificationEndpoint").to_lowercase();
    let mut row = json!({"type": sort, "description": spec.text("description"), "status": status(part, reader)?});
    for key in SECRETS {
        if let Some(text) = spec.get(key).and_then(|said| secret(part, key, said, reader)) {
            row[key] = text.into();
        }
    }
    let url = spec.text("url");
    match sort.as_str() {
        "pagerduty" => row["clientURL"] = address(part, (&sort, "client_url"), url, reader).into(),
        _ => row["url"] = address(part, (&sort, "url"), url, reader).into(),
    }
    if sort == "http" {
        let auth = spec.text("type").to_lowercase();
        if !["none", "basic", "bearer"].contains(&auth.as_str()) {
            let at = spec.get("type").map_or_else(|| part.at.clone(), Node::head);
            reader.refuse(at, format!("`type` of a {} is `none`, `basic` or `bearer`", part.word), "left out");
            return None;
        }
        let needed: &[&str] = match auth.as_str() {
            "bearer" => &["token"],
            "basic" => &["username", "password"],
            _ => &[],
        };
        if let Some(lacking) = needed.iter().find(|key| row.get(**key).is_none()) {
            let message = format!("InfluxDB refuses a {} of the `type` {auth} without `{lacking}`", part.word);
            reader.refuse(part.at.clone(), message, "left out");
            return None;
        }
        row["authMethod"] = auth.into();
        row["method"] = spec.text("method").to_uppercase().into();
        for key in ["headers", "contentTemplate"] {
            if let Some(said) = spec.get(key) {
                reader.note(said.head(), format!("InfluxDB ignores `{key}` of a template"), "left out");
            }
        }
    }
    Some(row)
}

/// What the server keeps of a secret: a reference to a secret of the org, or a value of the endpoint's own, which is not copied.
fn secret(part: &Part<'_>, key: &'static str, said: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let message = format!("`{key}` of `{}` is not copied", part.named.name);
    let field = if key == "routingKey" { "routing_key" } else { key };
    let help = "the manifest has `{ env = \"NAME\" }` in its place: set that variable where you apply, or name a secret of the org, \
                `{ secret = \"KEY\" }`";
    if let Some(reference) = said.get("secretRef") {
        let name = reference.get("key").and_then(Node::as_text)?;
        if !is_of_endpoint(&name) {
            let message = format!("the template has no value for the secret `{name}` of the org");
            reader.note(reference.head(), message, "set it before the apply, or declare a `secret`");
            return Some(format!("secret: {name}"));
        }
        // As `influx export` names what a server keeps for an endpoint itself.
        reader.hide_unnamed(field, reference.head(), message, "kept by the other server", help);
    } else {
        said.as_text().filter(|text| !text.is_empty())?;
        reader.hide_unnamed(field, said.head(), message, "a secret in plain text", help);
    }
    let key = if key == "routingKey" { "routing-key" } else { key };
    Some(format!("secret: {}-{key}", part.id))
}

/// The address of an endpoint; where it has a secret in it, one that stands for a variable of the project.
fn address(part: &Part<'_>, (sort, key): (&str, &str), url: String, reader: &mut Reader<'_>) -> String {
    if path_shown(sort, key).is_none_or(|path| without_path(&url, path) == url) {
        return url;
    }
    let name = format!("{}_url", part.named.handle);
    let stand_in = format!("https://{}.invalid", part.id);
    let name = reader.variable(&name, Variable { default: None, stand_in: Some(stand_in.clone()) });
    let at = part.spec.get("url").map_or_else(|| part.at.clone(), Node::head);
    let message = format!("`url` of `{}` has a secret in it, and is not copied", part.named.name);
    let label = "a secret in plain text";
    reader.hide(
        at,
        message,
        label,
        format!("the manifest has `${{var.{name}}}` in its place: set `FLUXFORM_VAR_{name}`"),
    );
    stand_in
}

pub(super) fn rule(part: &Part<'_>, others: &Others, reader: &mut Reader<'_>) -> Option<Json> {
    let spec = part.spec;
    let handle = spec.get("endpointName").and_then(name::value).unwrap_or_default();
    let Some((endpoint, word)) = others.get(Kind::NotificationEndpoint, &handle) else {
        let at = spec.get("endpointName").map_or_else(|| part.at.clone(), Node::head);
        let near = others.nearest(Kind::NotificationEndpoint, &handle);
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        reader.refuse(at, format!("this template has no endpoint `{handle}`{near}"), "the rule is left out");
        return None;
    };
    let statuses = spec.list("statusRules");
    if statuses.is_empty() {
        reader.refuse(part.at.clone(), "a NotificationRule needs `statusRules`", "left out");
        return None;
    }
    let statuses = statuses.iter().map(|status| {
        let mut rule = json!({"currentLevel": status.text("currentLevel").to_uppercase()});
        let before = status.text("previousLevel").to_uppercase();
        if !before.is_empty() {
            rule["previousLevel"] = before.into();
        }
        rule
    });
    let statuses: Vec<Json> = statuses.collect();
    let tags = spec.list("tagRules").iter().map(|tag| {
        json!({"key": tag.text("key"), "value": tag.text("value"), "operator": tag.text("operator").to_lowercase()})
    });
    let mut row = json!({
        "type": word.trim_start_matches("NotificationEndpoint").to_lowercase(),
        "endpointID": endpoint,
        "description": spec.text("description"),
        "status": status(part, reader)?,
        "every": duration(part, "every", reader)?,
        "statusRules": statuses,
        "tagRules": tags.collect::<Vec<_>>(),
        "messageTemplate": spec.text("messageTemplate"),
        "channel": spec.text("channel"),
    });
    if spec.get("offset").is_some() {
        row["offset"] = duration(part, "offset", reader)?.into();
    }
    Some(row)
}
