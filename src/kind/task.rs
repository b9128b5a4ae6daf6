//! Tasks.

mod cron;
mod export;
mod reach;
mod script;

use serde_json::Value as Json;

use super::live::{self, Edit, Object, Presence};
use super::one_of::OneOf;
use super::spec::{Key, Spec};
use super::wire::{self, Body, Pages, Row, Wire};
use super::{Kind, hidden_task};
use crate::api::{ApiError, Client};
use crate::field::{Compared, Field, Omitted, Role, Type};
use crate::flux::{AuthorScript, Schedule, TaskHead};
use crate::value::{Fields, Script, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A Flux script that the server runs on a schedule, with the org role of the user that created it.",
    ty: "tasks",
    key: Key::LoneName,
    fields: &[
        Field::name("name", Role::Name, "The name; the script's own `option task` may set it too."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::status("Whether the task is scheduled."),
        Field::text("every", Omitted::Unset, "The interval between runs, at least `1s`. Either this or `cron`.")
            .of_type(Type::Duration { months: true }),
        Field::text("cron", Omitted::Unset, "The times of runs as a cron expression. Either this or `every`.")
            .of_type(Type::Cron),
        Field::text(
            "offset",
            Omitted::Unset,
            "How long after its scheduled time a run starts; with a `-`, how long before.",
        )
        .of_type(Type::SignedDuration),
        Field::text("flux", Omitted::Required, "The script: text, or `{ file = \"...\" }`.").of_type(Type::Flux),
        Field::params("Values for the script, in one record."),
        Field::text("params_as", Omitted::Default("params"), "The name of that record in the script.")
            .of_type(Type::Identifier)
            .compared(Compared::Never),
        Field::text(
            "reads",
            Omitted::Theirs,
            "Buckets that the script reads, where fluxform cannot tell that from it.",
        )
        .of_type(Type::Refs(Kind::Bucket))
        .role(Role::Reads)
        .compared(Compared::Never),
        Field::text(
            "writes",
            Omitted::Theirs,
            "Buckets that the script writes, where fluxform cannot tell that from it.",
        )
        .of_type(Type::Refs(Kind::Bucket))
        .role(Role::Writes)
        .compared(Compared::Never),
        Field::labels("All labels of the task."),
        Field::id("The ID of an external task, where several have its name."),
    ],
    one_of: Some(OneOf { fields: &["every", "cron"], words: None }),
    check: script::check,
    export: export::export,
    lost: export::lost,
    delete_rank: 10,
    runs_as_creator: true,
    acts_as_user: false,
    ..Spec::PLAIN
};

/// Tasks on a server.
pub(super) struct Live;

/// The fields that stand in `option task`.
const HEAD: [&str; 4] = ["name", "every", "cron", "offset"];

/// The script of `fields` as a whole.
fn whole(fields: &Fields) -> Option<&str> {
    match fields.get("flux")? {
        Value::Script(script) => script.source(),
        _ => None,
    }
}

/// The script to send when a task that is as `live` is to change; none if nothing that stands in it changes. Always sent
/// whole: PATCH of the schedule alone would re-format the script.
fn to_send(live: &Fields, desired: &Fields, changed: &dyn Fn(&str) -> bool) -> Result<Option<String>, ApiError> {
    if !HEAD.into_iter().chain(["flux"]).any(changed) {
        return Ok(None);
    }
    let missing = || ApiError::unsent("the task's script is not known");
    if HEAD.iter().all(|field| desired.get(field).is_some())
        && let Some(source) = whole(desired)
    {
        return Ok(Some(source.to_owned()));
    }
    // Some of it is left as it is: each part comes from its own side.
    let side = |field| if changed(field) { desired } else { live };
    let source = whole(side("flux")).ok_or_else(missing)?;
    let author = AuthorScript::read(source, None).map_err(|error| ApiError::unsent(error.to_string()))?;
    let part = |field| match side(field).get(field) {
        Some(value @ (Value::Text(_) | Value::Duration(_) | Value::Before(_))) => Some(value.to_string()),
        _ => None,
    };
    let schedule = match (part("every"), part("cron")) {
        (Some(every), _) => Schedule::Every(every),
        (None, Some(cron)) => Schedule::Cron(cron),
        (None, None) => return Err(ApiError::unsent("the task would have neither `every` nor `cron`")),
    };
    let extra = author.task.iter().flat_map(|task| &task.extra);
    let extra = extra.map(|(key, value)| (key.clone(), value.value.clone())).collect();
    let head = TaskHead { name: part("name").ok_or_else(missing)?, schedule, offset: part("offset"), extra };
    author.compose(&head, None).map(Some).map_err(|error| ApiError::unsent(error.to_string()))
}

/// The same error with the line of `script` that it speaks of: the script that was sent has lines of ours, so in the author's
/// file that line has another number.
fn with_line(error: ApiError, script: Option<&str>) -> ApiError {
    let number = error.message.split_once("loc ").or_else(|| error.message.split_once('@'));
    let number = number.and_then(|(_, rest)| rest.split_once(':')?.0.parse::<usize>().ok()?.checked_sub(1));
    let line = number.zip(script).and_then(|(number, script)| script.lines().nth(number)).map(str::trim);
    match line.filter(|line| !line.is_empty()) {
        Some(line) => ApiError { message: format!("{} (in the line `{line}`)", error.message), ..error },
        None => error,
    }
}

impl live::Live for Live {
    const WIRE: Wire = Wire {
        pages: Pages::After,
        user: Some("ownerID"),
        also: &["flux", "every", "cron", "offset"],
        ..Wire::new(Kind::Task, "/api/v2/tasks", "tasks")
    };

    /// A task behind a check or a rule is in no list, and is not told from others when it is asked for (influxd 2.9.1, measured).
    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        let mut presence = wire::find::<Self>(api, id).await?;
        if let Presence::Found(task) = &mut presence {
            hidden_task::told(api, task).await?;
        }
        Ok(presence)
    }

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        let cron: Option<String> = row.get("cron")?;
        object.fields.set("cron", cron.map_or(Value::Unset, Value::Text));
        // An offset of `0s` is not there (influxd 2.9.1, measured).
        for field in ["every", "offset"] {
            let duration: Option<String> = row.get(field)?;
            let value = match duration.as_deref().map(Value::signed_duration) {
                None => Value::Unset,
                Some(Ok(duration)) => duration,
                Some(Err(error)) => Value::Text(error.text()),
            };
            object.fields.set(field, value);
        }
        object.fields.set("flux", Value::Script(Script::of_task(row.text("flux")?)));
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        // Part of the script.
        body.remove("name");
        let flux = match live {
            Some(live) => to_send(&live.fields, desired.fields, changed)?,
            None => whole(desired.fields).map(str::to_owned),
        };
        body.extend(flux.map(|flux| ("flux".to_owned(), flux.into())));
        if let Some(live) = live.filter(|_| !body.is_empty()) {
            // A description alone is refused (influxd 2.9.1, measured); a status that it has already does nothing.
            let status = live.fields.text("status").unwrap_or_default();
            body.entry("status").or_insert_with(|| status.into());
        }
        Ok(())
    }

    fn explain(error: ApiError, sent: &Body) -> ApiError {
        with_line(error, sent.get("flux").and_then(Json::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, every: &str, source: &str) -> Fields {
        let every = Value::Duration(every.parse().expect("a duration"));
        let fields =
            [("name", Value::Text(name.into())), ("every", every), ("cron", Value::Unset), ("offset", Value::Unset)];
        let mut fields: Fields = fields.into_iter().collect();
        fields.set("flux", Value::Script(Script::of_task(source.into())));
        fields
    }

    const LIVE: &str = "option task = {name: \"a\", every: 1h, concurrency: 2}\nlive()\n";
    const WANT: &str = "option task = {name: \"a\", every: 2h}\nwant()\n";

    #[test]
    fn the_declared_script_is_sent_as_it_is() {
        let sent =
            to_send(&fields("a", "1h", LIVE), &fields("a", "2h", WANT), &|field| field == "every").expect("a script");
        assert_eq!(sent.as_deref(), Some(WANT));
        assert_eq!(
            to_send(&fields("a", "1h", LIVE), &fields("a", "2h", WANT), &|field| field == "status").expect("none"),
            None
        );
    }

    #[test]
    fn a_servers_mistake_has_its_line() {
        let script = "option task = {name: \"a\", every: 1h}\n\n  x = from(\n";
        let said = |words: &str| with_line(ApiError::unsent(words), Some(script)).message;
        for words in ["invalid AST: loc 3:7-3:12: expected RPAREN, got EOF", "error @3:7-3:8: undefined identifier"] {
            assert_eq!(said(words), format!("{words} (in the line `x = from(`)"));
        }
        for words in ["loc 0:0-0:0: unknown operator", "invalid AST: loc 2:1-9:1: x", "loc 7:1: x", "a@b: c", "no"] {
            assert_eq!(said(words), words);
        }
    }

    #[test]
    fn what_is_ignored_stays() {
        let mut desired = fields("a", "2h", WANT);
        desired.remove("flux");
        let sent = to_send(&fields("a", "1h", LIVE), &desired, &|field| field == "every").expect("a script");
        insta::assert_snapshot!(sent.expect("some"), @r#"
        option task = {name: "a", every: 2h, concurrency: 2}
        live()
        "#);
        let mut desired = fields("a", "2h", WANT);
        desired.remove("every");
        let sent = to_send(&fields("a", "1h", LIVE), &desired, &|field| field == "flux").expect("a script");
        insta::assert_snapshot!(sent.expect("some"), @r#"
        option task = {name: "a", every: 1h}
        want()
        "#);
    }

    #[test]
    fn a_script_is_compared_without_its_schedule() {
        let script = |source: &str| Script::of_task(source.into());
        assert_eq!(
            script("option task = {name: \"a\", every: 1h}\nx()"),
            script("option task = {name: \"b\", cron: \"@daily\"}\n\nx()\n")
        );
        assert_ne!(script(LIVE), script("option task = {name: \"a\", every: 1h}\nlive()"), "concurrency counts");
        assert_ne!(script("option params = {a: 1}\nx()"), script("option params = {a: 2}\nx()"), "values count");
        assert_ne!(script("x(\""), script("y(\""), "what cannot be read is compared too");
    }
}
