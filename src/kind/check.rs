//! Checks: what is measured is looked at on a schedule, and its level is written down as a status.

mod columns;
mod custom;
mod export;
mod level;
mod message;
mod pipe;
mod query;
mod quiet;
mod rules;
mod task;

use serde_json::{Value as Json, json};

use super::hidden_task::{self, TASK};
use super::live::{self, Desired, Edit, Object, Presence, ReadScope};
use super::natural_key::Names;
use super::one_of::{self, OneOf};
use super::schedule::{self, duration, without_zero};
use super::spec::{Key, Spec};
use super::wire::{self, Body, Pages, Row, Wire};
use super::{Kind, flux_text, label};
use crate::api::{ApiError, Class, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::{Fields, Script, Value};
use level::{DEADMAN, LEVELS, THRESHOLD, Threshold};

pub(super) static SPEC: Spec = Spec {
    doc: "A check, which writes statuses into `_monitoring` on a schedule, with the org role of the user that created it. What it \
          looks for is exactly one of `when`, `deadman` and `custom`.",
    ty: "checks",
    key: Key::Name(Names::AsWritten),
    fields: &[
        Field::name("name", Role::Name, "The name, unique in the org; case counts. Statuses have it as `_check_name`."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::status("Whether the check runs."),
        Field::text(
            "every",
            Omitted::Unset,
            "The interval between runs, at least `1s`. Required, except that a custom check has it in its script.",
        )
        .of_type(Type::Duration { months: true })
        .by_hand(),
        Field::text("offset", Omitted::Unset, "How long after its scheduled time a run starts; less than `every`.")
            .of_type(Type::Duration { months: false })
            .by_hand(),
        Field::text(
            "flux",
            Omitted::Required,
            "What is looked at, as one pipe from `from()`; of a custom check the whole script. Text, or `{ file = \"...\" }`.",
        )
        .of_type(Type::Flux),
        Field::params("Values for `flux`, in one record; in a query they are written where it reads them."),
        Field::text("when", Omitted::Unset, "The levels, and which values of the one field in `flux` have them.")
            .of_type(Type::Keyed(&LEVELS, &Type::Block(THRESHOLD))),
        Field::text("deadman", Omitted::Unset, "The level of what has sent nothing for a while.")
            .of_type(Type::Block(DEADMAN)),
        Field::text(
            "custom",
            Omitted::Unset,
            "`true` if `flux` is the whole script of the check, with its own `option task` and `check = {...}`.",
        )
        .of_type(Type::Bool)
        .by_hand(),
        Field::text(
            "message",
            Omitted::Unset,
            "The message of each status. `${...}` in it is Flux, such as `${ r._check_name }`, `${ r._level }` and tags of the row.",
        )
        .of_type(Type::Verbatim),
        Field::text("tags", Omitted::Unset, "Tags that each status gets.").of_type(Type::Map).by_hand(),
        Field::labels("All labels of the check."),
    ],
    one_of: Some(ONE_OF),
    check: rules::check,
    export: export::export,
    unsaid: &[
        (
            BUILDER,
            "a manifest has the query as text; a check that is made from it opens in the UI as a script, not in the query builder",
        ),
        (level::ALL, "no manifest can say it of a threshold, and InfluxDB 2.9 does not use it"),
        (ZERO, "no manifest can say it, and InfluxDB 2.9 does not use it"),
    ],
    given: &["v"],
    put_in: custom::put_in,
    delete_rank: 10,
    runs_as_creator: true,
    hidden_without: Some("task"),
    ..Spec::PLAIN
};

/// What a check looks for.
const SORTS: [&str; 3] = ["when", "deadman", "custom"];
const ONE_OF: OneOf = OneOf {
    fields: &SORTS,
    words: Some(one_of::Words {
        code: Code::CheckRule,
        what: "a check",
        none: Some(("looks for nothing", "write for example `when = { crit = { above = 90 } }`")),
        several: "a check looks for one thing",
        help: None,
    }),
};

/// What the server's JSON has of a check, apart from what it says of runs. A PUT resets what it leaves out.
const KEYS: [&str; 14] = [
    "name",
    "description",
    "status",
    "type",
    "every",
    "offset",
    "query",
    "statusMessageTemplate",
    "tags",
    "thresholds",
    "timeSince",
    "staleTime",
    "level",
    ZERO,
];
/// Whether a deadman check was to report points without a value.
const ZERO: &str = "reportZero";

/// How the UI has put a query together, and the parts of that.
const BUILDER: &str = "builderConfig";
const PARTS: [&str; 3] = ["buckets", "tags", "functions"];

/// The query with the text of `new`, and with what the UI keeps of `old` beside its text: how it was put together only as long as
/// it is the same.
fn with_ui(old: &Json, new: &Json) -> Json {
    let Json::Object(mut kept) = old.clone() else { return new.clone() };
    if old["text"] != new["text"] {
        kept.remove(BUILDER);
        if old["editMode"] == "builder" {
            kept.insert("editMode".to_owned(), "advanced".into());
        }
    }
    kept.insert("text".to_owned(), new["text"].clone());
    kept.into()
}

/// What stands in the script of `fields`.
fn source(fields: &Fields) -> Option<&str> {
    match fields.get("flux")? {
        Value::Script(script) => script.source(),
        _ => None,
    }
}

/// A text that is not there where it is empty.
fn unless_empty(text: String) -> Value {
    if text.is_empty() { Value::Unset } else { Value::Text(text) }
}

/// Checks on a server.
pub(super) struct Live;

impl Live {
    /// What makes the object at `path` again as it was, which is `before`, where a PUT that failed with `error` has stored the
    /// new check: the task that runs it is then still the old one (influxd 2.9.1, measured).
    async fn put_back(api: &Writer, path: &str, before: &Body, error: ApiError) -> ApiError {
        let is_as_it_was = |now: &Body| KEYS.iter().all(|key| now.get(*key) == before.get(*key));
        if error.status.is_none() {
            return error;
        }
        let said = match api.get::<Body>(path, &[]).await {
            Ok(now) if !is_as_it_was(&now) => match api.put::<_, Body>(path, before).await {
                Ok(_) => "the server stored it all the same, without running it, so the check was put back as it was"
                    .to_owned(),
                Err(second) => format!(
                    "the server stored it all the same, without running it, and the check could not be put back as it was: {}",
                    second.message
                ),
            },
            Ok(_) | Err(_) => return error,
        };
        ApiError { message: format!("{}; {said}", error.message), ..error }
    }
}

impl live::Live for Live {
    const WIRE: Wire = Wire {
        pages: Pages::Offset,
        user: Some("ownerID"),
        keeps_rows: true,
        also: &[
            "type",
            "every",
            "offset",
            "query",
            "statusMessageTemplate",
            "tags",
            "thresholds",
            "timeSince",
            "staleTime",
            "level",
            TASK,
            ZERO,
        ],
        ..Wire::new(Kind::Check, "/api/v2/checks", "checks")
    };

    /// The script of a check whose task runs another one is none that a manifest can say.
    async fn list(api: &Client, orgs: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let checks = wire::list_with_rows::<Self>(api, orgs).await?;
        hidden_task::looked_at(api, &Self::WIRE, checks, asked, "flux", task::script).await
    }

    /// Of a check without its task the server says that the task is missing, to whatever is asked of it, and keeps its name (influxd
    /// 2.9.1, measured).
    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        hidden_task::presence(wire::get::<Self>(api, id).await)
    }

    fn explain(error: ApiError, _: &Body) -> ApiError {
        if error.class != Class::Conflict {
            return error;
        }
        let said = "a check has that name, perhaps one that InfluxDB hides because its task was deleted: no request frees \
                    such a name, so choose another one";
        ApiError { message: format!("{} ({said})", error.message), ..error }
    }

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        #[derive(Default, serde::Deserialize)]
        struct Query {
            #[serde(default)]
            text: String,
            #[serde(default, rename = "builderConfig")]
            builder: Json,
        }
        #[derive(serde::Deserialize)]
        struct Tag {
            key: String,
            value: String,
        }
        let fields = &mut object.fields;
        let Query { text, builder } = row.get("query")?.unwrap_or_default();
        fields.set("every", duration(row.get::<String>("every")?.as_deref()));
        fields.set("offset", without_zero(duration(row.get::<String>("offset")?.as_deref())));
        let query = || Value::Script(Script::query(text.clone()));
        let ty = row.text("type")?;
        let thresholds: Vec<Threshold> = row.get("thresholds")?.unwrap_or_default();
        let is_of_zero = ty == "deadman" && row.get::<bool>(ZERO)?.unwrap_or_default();
        let is_of_all = ty == "threshold" && thresholds.iter().any(Threshold::is_of_all);
        match ty.as_str() {
            "threshold" => {
                fields.set("when", level::when(thresholds));
                fields.set("flux", query());
            }
            "deadman" => {
                let silence = (
                    duration(row.get::<String>("timeSince")?.as_deref()),
                    duration(row.get::<String>("staleTime")?.as_deref()),
                );
                fields.set("deadman", level::deadman(&row.text("level")?, silence));
                fields.set("flux", query());
            }
            "custom" => {
                fields.set("custom", Value::Bool(true));
                custom::read(fields, &text);
            }
            // Not one that a manifest can say: it differs from whatever is declared.
            other => fields.set("when", Value::Note(format!("a check of the type {other}"))),
        }
        fields.set("message", unless_empty(row.text("statusMessageTemplate")?));
        let tags: Vec<Tag> = row.get("tags")?.unwrap_or_default();
        fields.set("tags", flux_text::tags(tags.into_iter().map(|tag| (tag.key, tag.value))));
        let is_built = PARTS.into_iter().any(|part| builder[part].as_array().is_some_and(|part| !part.is_empty()));
        object.note_unsaid([(BUILDER, is_built), (level::ALL, is_of_all), (ZERO, is_of_zero)].into_iter());
        hidden_task::note(row, object)
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        let fields = desired.fields;
        // What nobody looks at stays as it is.
        let merged = |field: &str| fields.get(field).or_else(|| live?.fields.get(field));
        // One sort of check does not keep what another one has.
        let is_resorted = SORTS.into_iter().any(changed);
        let sent = |field: &str| merged(field).filter(|_| is_resorted || changed(field));
        let mut put = |key: &str, value: Json| drop(body.insert(key.to_owned(), value));
        for (field, key, absent) in [("every", "every", Json::Null), ("message", "statusMessageTemplate", "".into())] {
            match sent(field) {
                Some(Value::Unset) if live.is_some() => put(key, absent),
                Some(value @ (Value::Text(_) | Value::Duration(_))) => put(key, value.to_string().into()),
                _ => {}
            }
        }
        if let Some(offset) = schedule::offset(sent("offset"), live.is_some())? {
            put("offset", offset);
        }
        match sent("tags") {
            Some(Value::Map(tags)) => {
                put("tags", tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect());
            }
            Some(Value::Unset) if live.is_some() => put("tags", json!([])),
            _ => {}
        }
        if let Some(text) = source(fields).filter(|_| changed("flux")) {
            put("query", json!({ "text": text }));
        }
        if is_resorted {
            match (merged("when"), merged("deadman"), merged("custom")) {
                (Some(Value::Table(levels)), ..) => {
                    put("type", "threshold".into());
                    put("thresholds", level::thresholds(levels));
                }
                (_, Some(Value::Table(deadman)), _) => {
                    put("type", "deadman".into());
                    level::silence(deadman).into_iter().for_each(|(key, value)| put(key, value));
                }
                (.., Some(Value::Bool(true))) => put("type", "custom".into()),
                _ => return Err(ApiError::unsent("what the check looks for is not known")),
            }
        }
        Ok(())
    }

    /// A PATCH takes only name, description and status, and leaves the name in the task as it was (influxd 2.9.1, measured).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        let path = Self::WIRE.at(&live.id);
        if let Some((before, mut all)) = wire::replacement::<Self>(api, live, desired, changed).await? {
            all.insert("query".to_owned(), with_ui(&before["query"], &all["query"]));
            if let (Some(old), Some(new)) = (before.get("thresholds"), all.get_mut("thresholds")) {
                level::keep_all(old, new);
            }
            if let Err(error) = wire::replace::<Self>(api, &path, &all).await {
                return Err(Self::put_back(api, &path, &before, error).await);
            }
        }
        label::attach_changed(api, &path, live, desired, changed).await
    }
}
