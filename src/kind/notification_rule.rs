//! Notification rules: which statuses are told, where, and how.

mod export;
mod rules;
mod task;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Kind;
use super::hidden_task::{self, TASK};
use super::live::{self, Desired, Edit, Object, ReadScope};
use super::one_of::{self, OneOf};
use super::schedule::{self, duration, without_zero};
use super::spec::{Key, Spec};
use super::wire::{self, Body, Pages, Row, Wire};
use crate::api::{ApiError, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::Value;
use task::Endpoints;

pub(super) static SPEC: Spec = Spec {
    doc: "A notification rule, which sends messages about statuses on a schedule, with the org role of the user that created it. What \
          it says is that of its endpoint's sort: `pagerduty`, `slack` or `telegram`, and of `http` nothing.",
    ty: "notificationRules",
    key: Key::LoneName,
    fields: &[
        Field::name("name", Role::Name, "The name. Statuses that were told have it as `_notification_rule_name`."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::status("Whether the rule runs."),
        Field::text("endpoint", Omitted::Required, "Where the messages go.")
            .of_type(Type::Ref(Kind::NotificationEndpoint))
            .role(Role::Copied)
            .at("endpointID"),
        Field::text("every", Omitted::Required, "The interval between runs, at least `1s`.")
            .of_type(Type::Duration { months: true })
            .by_hand(),
        Field::text("offset", Omitted::Unset, "How long after its scheduled time a run starts; less than `every`.")
            .of_type(Type::Duration { months: false })
            .by_hand(),
        Field::text(
            "on",
            Omitted::Required,
            "The levels that are told, such as `\"crit\"` and `\"any\"`, and the changes, such as `\"ok -> warn\"`.",
        )
        .of_type(Type::List(&Type::Text))
        .by_hand(),
        Field::text("tags", Omitted::Unset, "The tags that a status must have to be told.")
            .of_type(Type::Map)
            .by_hand(),
        Field::text("pagerduty", Omitted::Unset, "What a service of PagerDuty is told.")
            .of_type(Type::Block(PAGERDUTY)),
        Field::text("slack", Omitted::Unset, "What a channel of Slack is told.").of_type(Type::Block(SLACK)),
        Field::text("telegram", Omitted::Unset, "What a chat of Telegram is told.").of_type(Type::Block(TELEGRAM)),
        Field::labels("All labels of the rule."),
        Field::id("The ID of an external rule, where several have its name."),
    ],
    one_of: Some(ONE_OF),
    check: rules::check,
    export: export::export,
    unsaid: &[("limit", UNUSED), ("runbookLink", UNUSED)],
    alike: Some(("endpoint", &SORTS)),
    delete_rank: 5,
    runs_as_creator: true,
    ..Spec::PLAIN
};

const UNUSED: &str = "no manifest can say it, and InfluxDB 2.9 does not use it";

/// The fields that say something of an endpoint's sort; one of the sort `http` is told nothing.
const SORTS: [&str; 3] = ["pagerduty", "slack", "telegram"];
const ONE_OF: OneOf = OneOf {
    fields: &SORTS,
    words: Some(one_of::Words {
        code: Code::RuleSort,
        what: "a notification rule",
        none: None,
        several: "a rule has one endpoint",
        help: None,
    }),
};

const MESSAGE: Field = Field::text(
    "message",
    Omitted::Required,
    "The message. `${...}` in it is Flux, such as `${ r._message }`, `${ r._level }` and tags of the status.",
)
.of_type(Type::Verbatim)
.at("messageTemplate");
const PAGERDUTY: &[Field] = &[Field::text(
    "message",
    Omitted::Required,
    "What is shown of the message. InfluxDB 2.9 sends that of the status.",
)
.of_type(Type::Verbatim)
.at("messageTemplate")];
const SLACK: &[Field] =
    &[MESSAGE, Field::text("channel", Omitted::Unset, "The channel, such as `#ops`. Webhooks have one of their own.")];
const TELEGRAM: &[Field] = &[
    MESSAGE,
    Field::text("parse_mode", Omitted::Unset, "How Telegram reads the message, such as `MarkdownV2`.").at("parseMode"),
    Field::text("no_preview", Omitted::False, "Whether links are shown without a preview.")
        .of_type(Type::Bool)
        .at("disableWebPagePreview"),
];

/// What is said to an endpoint of this sort.
fn said_to(sort: &str) -> &'static [Field] {
    match sort {
        "pagerduty" => PAGERDUTY,
        "slack" => SLACK,
        "telegram" => TELEGRAM,
        _ => &[],
    }
}

/// Notification rules on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire = Wire {
        pages: Pages::Offset,
        user: Some("ownerID"),
        keeps_rows: true,
        also: &[
            "type",
            "every",
            "offset",
            "statusRules",
            "tagRules",
            "messageTemplate",
            "channel",
            "parseMode",
            "disableWebPagePreview",
            "limit",
            "runbookLink",
            TASK,
        ],
        ..Wire::new(Kind::NotificationRule, "/api/v2/notificationRules", "notificationRules")
    };

    /// The endpoint of a rule whose task has it as it was is none that a manifest can name.
    async fn list(api: &Client, orgs: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let rules = wire::list_with_rows::<Self>(api, orgs).await?;
        let endpoints = match rules.iter().any(|(rule, _)| hidden_task::is_asked(rule, asked, "endpoint")) {
            true => Endpoints::read(api, orgs).await?,
            false => Endpoints::default(),
        };
        let script = |id: &str, row: &str| endpoints.script(id, row);
        hidden_task::looked_at(api, &Self::WIRE, rules, asked, "endpoint", script).await
    }

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            current_level: String,
            previous_level: Option<String>,
        }
        #[derive(serde::Deserialize)]
        struct Tag {
            key: String,
            value: String,
            operator: String,
        }
        let fields = &mut object.fields;
        fields.set("every", duration(row.get::<String>("every")?.as_deref()));
        fields.set("offset", without_zero(duration(row.get::<String>("offset")?.as_deref())));
        let statuses: Vec<Status> = row.get("statusRules")?.unwrap_or_default();
        let on = statuses.into_iter().map(|Status { current_level, previous_level }| match previous_level {
            Some(before) => format!("{} -> {}", before.to_lowercase(), current_level.to_lowercase()),
            None => current_level.to_lowercase(),
        });
        fields.set("on", rules::sorted(on));
        let tags: Vec<Tag> = row.get("tagRules")?.unwrap_or_default();
        let other = tags.iter().find(|tag| tag.operator != "equal");
        // Not one that a manifest can say.
        let other = other.map(|Tag { key, value, operator }| Value::Note(format!("{key} {operator} {value}")));
        let equal = tags.iter().map(|Tag { key, value, .. }| (key.clone(), value.clone()));
        fields.set("tags", other.unwrap_or_else(|| super::flux_text::tags(equal)));
        let ty = row.text("type")?;
        if let Some(sort) = SORTS.into_iter().find(|sort| *sort == ty) {
            let mut said = BTreeMap::new();
            for field in said_to(sort) {
                let value = match field.ty {
                    Type::Bool => Value::Bool(row.get(wire::key(field))?.unwrap_or(false)),
                    _ => Value::Text(row.text(wire::key(field))?),
                };
                if field.omitted != Omitted::Unset || value != Value::Text(String::new()) {
                    said.insert(field.name.to_owned(), value);
                }
            }
            fields.set(sort, Value::Table(said));
        } else if ty != "http" {
            fields.set(SORTS[0], Value::Note(format!("a rule of the type {ty}")));
        }
        let others =
            [("limit", row.get::<Json>("limit")?.is_some()), ("runbookLink", !row.text("runbookLink")?.is_empty())];
        object.note_unsaid(others.into_iter());
        hidden_task::note(row, object)
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        let merged = |field: &str| desired.fields.get(field).or_else(|| live?.fields.get(field));
        let mut put = |key: &str, value: Json| drop(body.insert(key.to_owned(), value));
        match merged("every").filter(|_| changed("every")) {
            Some(Value::Duration(every)) => put("every", every.to_string().into()),
            _ if changed("every") => return Err(ApiError::unsent("the interval of the rule is not known")),
            _ => {}
        }
        if let Some(offset) = schedule::offset(merged("offset").filter(|_| changed("offset")), live.is_some())? {
            put("offset", offset);
        }
        if let Some(Value::List(on)) = merged("on").filter(|_| changed("on")) {
            put("statusRules", on.iter().map(|status| rules::status(&status.to_string())).collect());
        }
        match merged("tags").filter(|_| changed("tags")) {
            Some(Value::Map(tags)) => {
                let tag = |(key, value)| json!({"key": key, "value": value, "operator": "equal"});
                put("tagRules", tags.iter().map(tag).collect());
            }
            Some(Value::Unset) if live.is_some() => put("tagRules", json!([])),
            _ => {}
        }
        if SORTS.into_iter().any(changed) {
            let said = SORTS.into_iter().find_map(|sort| match merged(sort) {
                Some(Value::Table(said)) => Some((sort, said)),
                _ => None,
            });
            put("type", said.map_or("http", |(sort, _)| sort).into());
            for field in said.iter().flat_map(|(sort, _)| said_to(sort)) {
                let value = said.and_then(|(_, said)| said.get(field.name));
                put(
                    wire::key(field),
                    match value {
                        Some(Value::Bool(yes)) => (*yes).into(),
                        other => other.map(Value::to_string).unwrap_or_default().into(),
                    },
                );
            }
        }
        Ok(())
    }

    /// Of a rule that does not fit its endpoint, the server says nothing (influxd 2.9.1, measured).
    fn explain(error: ApiError, _: &Body) -> ApiError {
        let said = "InfluxDB does not say why; it refuses a rule that is of another sort than its endpoint";
        match error.status {
            Some(500) => ApiError { message: format!("{} ({said})", error.message), ..error },
            _ => error,
        }
    }

    /// A PATCH takes only name, description and status. Either makes the task anew, and one that fails changes nothing (influxd
    /// 2.9.1, measured).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        wire::put::<Self>(api, live, desired, changed, |_| ()).await
    }
}
