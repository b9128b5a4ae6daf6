//! What a request says of a notification rule, and what is kept of it (influxd 2.9.1, measured).

use serde_json::{Value, json};

use super::check_body::{level, positive, status};
use super::flux_duration::Duration;
use super::id::Id;
use super::json::{BodyError, Fields};
use super::problem::{Code, Problem};
use super::store::column::Cell;
use super::store::object::Object;
use crate::alerting::{Rule, Tag};

/// What was sent.
pub(super) struct Sent {
    pub(super) rule: Rule,
    pub(super) org: Option<Id>,
    pub(super) endpoint: Option<Id>,
    pub(super) description: String,
    pub(super) status: Option<String>,
    every: Option<String>,
    limit: Option<(i64, i64)>,
    runbook: String,
    sleep: String,
}

const TYPES: [(&str, &str); 4] =
    [("http", "rule.HTTP"), ("pagerduty", "rule.PagerDuty"), ("slack", "rule.Slack"), ("telegram", "rule.Telegram")];
const OPERATORS: [&str; 4] = ["equal", "notequal", "equalregex", "notequalregex"];

/// Reads a body.
///
/// # Errors
/// Influxd's words for what is wrong with its form.
pub(super) fn read(body: &[u8]) -> Result<Sent, Problem> {
    let untyped = || Problem::invalid("unable to detect the notification type from json");
    let ty = Fields::parse(body, "").and_then(|fields| fields.text("type")).map_err(|_| untyped())?.unwrap_or_default();
    let Some((_, go)) = TYPES.iter().find(|(name, _)| *name == ty) else {
        return Err(Problem::invalid(format!("invalid notification type {ty}")));
    };
    let own = Fields::parse(body, go).map_err(BodyError::bare)?;
    let base = own.clone().within("Base.");
    let text = |of: &Fields, name: &str| Ok::<_, Problem>(of.text(name).map_err(BodyError::bare)?.unwrap_or_default());
    // Of an interval any JSON is read; what is no text is empty.
    let time = |name: &str| base.any(name).map(|text| text.as_str().unwrap_or_default().to_owned());
    let (every, offset) = (time("every"), time("offset"));
    for duration in [&every, &offset].into_iter().flatten().filter(|duration| !duration.is_empty()) {
        positive(duration)?;
    }
    let statuses = base.objects("statusRules", "notification.StatusRule").map_err(BodyError::bare)?;
    let statuses = statuses.iter().map(|of| {
        let before = of.text("previousLevel").map_err(BodyError::bare)?;
        Ok((level(&text(of, "currentLevel")?), before.as_deref().map(level)))
    });
    let tags = base.objects("tagRules", "notification.TagRule").map_err(BodyError::bare)?;
    let tags = tags.iter().map(|of| {
        let operator = of.text("operator").map_err(BodyError::bare)?.unwrap_or_else(|| OPERATORS[0].to_owned());
        if !OPERATORS.contains(&operator.as_str()) {
            return Err(Problem::invalid("unrecognized operator"));
        }
        Ok(Tag { key: text(of, "key")?, value: text(of, "value")?, operator })
    });
    let number = |name: &str| Ok::<_, Problem>(base.integer(name).map_err(BodyError::bare)?.unwrap_or(0));
    let is_limited = base.has("limit") || base.has("limitEvery");
    let slack = ty == "slack";
    let telegram = ty == "telegram";
    let of = |is: bool, name: &str| if is { text(&own, name) } else { Ok(String::new()) };
    let rule = Rule {
        name: text(&base, "name")?,
        every: every.clone().unwrap_or_default(),
        offset,
        statuses: statuses.collect::<Result<_, Problem>>()?,
        tags: tags.collect::<Result<_, _>>()?,
        message: of(ty != "http", "messageTemplate")?,
        channel: of(slack, "channel")?,
        parse_mode: of(telegram, "parseMode")?,
        no_preview: telegram && own.boolean("disableWebPagePreview").map_err(BodyError::bare)?.unwrap_or(false),
        ty,
    };
    Ok(Sent {
        org: base.id("orgID").map_err(BodyError::bare)?,
        endpoint: base.id("endpointID").map_err(BodyError::bare)?,
        description: text(&base, "description")?,
        status: base.text("status").map_err(BodyError::bare)?,
        limit: if is_limited { Some((number("limit")?, number("limitEvery")?)) } else { None },
        runbook: text(&base, "runbookLink")?,
        sleep: text(&base, "sleepUntil")?,
        every,
        rule,
    })
}

impl Sent {
    /// What influxd looks at before it makes the script. It panics without a status and an interval.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn possible(&self, path: &str) -> Result<(), Problem> {
        match &self.status {
            Some(given) if self.every.is_some() => status(given),
            _ => Err(Problem::new(
                Code::Internal,
                format!(
                    "a panic has occurred: {path}: runtime error: invalid memory address or nil pointer dereference"
                ),
            )),
        }
    }

    /// What influxd looks at before it keeps a rule.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn valid(&self) -> Result<(), Problem> {
        let Rule { ty, every, offset, tags, message, .. } = &self.rule;
        let length = |text: &str| Duration::parse(text).and_then(|duration| duration.nanoseconds());
        let wrong = |words: &str| Err(Problem::invalid(words));
        match (ty.as_str(), self.limit) {
            _ if offset.as_ref().is_some_and(|offset| length(offset).ok() >= length(every).ok()) => {
                wrong("Offset should not be equal or greater than the interval")
            }
            _ if tags.iter().any(|tag| tag.key.is_empty() || tag.value.is_empty()) => {
                wrong("tag must contain a key and a value")
            }
            (_, Some((limit, every))) if limit <= 0 || every <= 0 => {
                wrong("if limit is set, limit and limitEvery must be larger than 0")
            }
            ("slack", _) if message.is_empty() => wrong("slack msg template is empty"),
            ("pagerduty", _) if message.is_empty() => wrong("pagerduty invalid message template"),
            ("telegram", _) if message.is_empty() => wrong("Telegram MessageTemplate is invalid"),
            _ => Ok(()),
        }
    }

    /// Puts what was sent in the place of what an object has.
    pub(super) fn put_into(&self, object: &mut Object) {
        let Rule { ty, name, every, offset, message, channel, parse_mode, no_preview, statuses, tags } = &self.rule;
        let list =
            |items: Vec<Value>| if items.is_empty() { Cell::Nothing } else { Cell::Json(Box::new(items.into())) };
        let status = |(now, before): &(String, Option<String>)| json!({"currentLevel": now, "previousLevel": before});
        let tag = |tag: &Tag| json!({"key": tag.key, "value": tag.value, "operator": tag.operator});
        for (column, cell) in [
            ("name", name.as_str().into()),
            ("description", self.description.as_str().into()),
            ("endpointID", self.endpoint.map_or(Cell::Nothing, |id| Cell::Text(id.to_string()))),
            ("sleepUntil", self.sleep.as_str().into()),
            ("every", every.as_str().into()),
            ("offset", offset.as_deref().unwrap_or_default().into()),
            ("runbookLink", self.runbook.as_str().into()),
            ("statusRules", list(statuses.iter().map(status).collect())),
            ("tagRules", list(tags.iter().map(tag).collect())),
            ("limit", Cell::Integer(self.limit.map_or(0, |(limit, _)| limit))),
            ("limitEvery", Cell::Integer(self.limit.map_or(0, |(_, every)| every))),
            ("channel", channel.as_str().into()),
            ("messageTemplate", message.as_str().into()),
            ("parseMode", parse_mode.as_str().into()),
            ("disableWebPagePreview", Cell::Flag(*no_preview)),
            ("type", ty.as_str().into()),
        ] {
            *object.value_mut(column) = cell;
        }
    }
}

/// The rule that an object is.
pub(super) fn kept(object: &Object) -> Rule {
    let text = |column: &str| object.text(column).to_owned();
    let list = |column: &str| match object.value(column) {
        Cell::Json(value) => value.as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let own = |of: &Value, key: &str| of[key].as_str().map(str::to_owned);
    let status = |of: &Value| Some((own(of, "currentLevel")?, own(of, "previousLevel")));
    let tag = |of: &Value| Some(Tag { key: own(of, "key")?, value: own(of, "value")?, operator: own(of, "operator")? });
    Rule {
        ty: text("type"),
        name: text("name"),
        every: text("every"),
        offset: Some(text("offset")).filter(|offset| !offset.is_empty()),
        message: text("messageTemplate"),
        channel: text("channel"),
        parse_mode: text("parseMode"),
        no_preview: *object.value("disableWebPagePreview") == Cell::Flag(true),
        statuses: list("statusRules").iter().filter_map(status).collect(),
        tags: list("tagRules").iter().filter_map(tag).collect(),
    }
}
