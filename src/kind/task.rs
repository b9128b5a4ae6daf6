//! Tasks.

mod cron;
mod params;
mod script;
mod tell;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::live::{self, Asked, Made, Object, Presence, Standing, Want};
use super::spec::{Key, Spec};
use super::{Kind, label};
use crate::api::{ApiError, Client, Identified, Writer, after};
use crate::field::{Compared, Field, Omitted, Role, Shape};
use crate::flux::{AuthorScript, Schedule, TaskHead};
use crate::value::{Fields, Ref, Script, Value};

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
            .shaped(Shape::Duration { months: true })
            .or("cron"),
        Field::text("cron", Omitted::Unset, "The times of runs as a cron expression. Either this or `every`.")
            .shaped(Shape::Cron)
            .or("every"),
        Field::text(
            "offset",
            Omitted::Unset,
            "How long after its scheduled time a run starts; with a `-`, how long before.",
        )
        .shaped(Shape::SignedDuration),
        Field::text("flux", Omitted::Required, "The script: text, or `{ file = \"...\" }`.").shaped(Shape::Flux),
        Field::text("params", Omitted::Theirs, "Values for the script, in one record.")
            .shaped(Shape::Params)
            .compared(Compared::Never),
        Field::text("params_as", Omitted::Default("params"), "The name of that record in the script.")
            .shaped(Shape::Identifier)
            .compared(Compared::Never),
        Field::labels("All labels of the task."),
    ],
    check: script::check,
    tell: tell::tell,
    delete_rank: 10,
    runs_as_creator: true,
    acts_as_user: false,
    ..Spec::PLAIN
};

/// Tasks on a server.
pub(super) struct Live;

const TASKS: &str = "/api/v2/tasks";

/// The fields that stand in `option task`.
const HEAD: [&str; 4] = ["name", "every", "cron", "offset"];

#[derive(Deserialize)]
struct Page {
    tasks: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "orgID")]
    org: String,
    #[serde(rename = "ownerID")]
    owner: Option<String>,
    name: String,
    #[serde(default)]
    description: String,
    status: String,
    flux: String,
    every: Option<String>,
    cron: Option<String>,
    /// Not there for an offset of `0s` (influxd 2.9.1, measured).
    offset: Option<String>,
    #[serde(default)]
    labels: Vec<label::Row>,
    #[serde(rename = "createdAt")]
    created: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flux: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

impl Identified for Row {
    const TIMED: bool = true;

    fn id(&self) -> &str {
        &self.id
    }
}

impl Row {
    fn object(self) -> Object {
        let text = |text: Option<String>| text.map_or(Value::Unset, Value::Text);
        let duration = |text: Option<String>| match text.as_deref().map(Value::signed_duration) {
            None => Value::Unset,
            Some(Ok(duration)) => duration,
            Some(Err(error)) => Value::Text(error.text()),
        };
        let fields = [
            ("name", Value::Text(self.name.clone())),
            ("org", Value::Ref(Ref::Id(Kind::Org, self.org.clone()))),
            ("description", Value::Text(self.description)),
            ("status", Value::Text(self.status)),
            ("every", duration(self.every)),
            ("cron", text(self.cron)),
            ("offset", duration(self.offset)),
            ("flux", Value::Script(Script::of_task(self.flux))),
            ("labels", label::attached(&self.labels)),
        ];
        Object {
            id: self.id,
            org: Some(self.org),
            name: self.name,
            created: self.created,
            fields: fields.into_iter().collect(),
            standing: Standing::Ordinary,
            user: self.owner,
        }
    }
}

/// The script of `fields` as a whole.
fn whole(fields: &Fields) -> Option<&str> {
    match fields.get("flux")? {
        Value::Script(script) => script.source(),
        _ => None,
    }
}

/// The script to send when a task that is as `live` is to change; none if nothing that stands in it changes. Always sent
/// whole: PATCH of the schedule alone would re-format the script.
fn to_send(live: &Fields, want: &Fields, changed: &[&'static str]) -> Result<Option<String>, ApiError> {
    if !changed.iter().any(|field| *field == "flux" || HEAD.contains(field)) {
        return Ok(None);
    }
    let missing = || ApiError::unsent("the task's script is not known");
    if HEAD.iter().all(|field| want.get(field).is_some())
        && let Some(source) = whole(want)
    {
        return Ok(Some(source.to_owned()));
    }
    // Some of it is left as it is: each part comes from its own side.
    let side = |field| if changed.contains(&field) { want } else { live };
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
    async fn list(api: &Client, orgs: &[&str], _: Asked<'_>) -> Result<Vec<Object>, ApiError> {
        let lists = orgs
            .iter()
            .map(async |org| after(api, TASKS, &[("orgID", org)], |page: Page| page.tasks, |row: &Row| &row.id).await);
        Ok(try_join_all(lists).await?.into_iter().flatten().map(Row::object).collect())
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        Presence::of(api.get(&format!("{TASKS}/{id}"), &[]).await.map(Row::object))
    }

    async fn create(api: &Writer, want: &Want<'_>) -> Result<Made, ApiError> {
        let rest = Self::rest(want)?;
        let body = Body {
            org: Some(want.org),
            flux: whole(want.fields).map(str::to_owned),
            status: want.text("status"),
            description: want.text("description"),
        };
        let row: Row = api.create(TASKS, &body).await.map_err(|error| with_line(error, body.flux.as_deref()))?;
        Ok(Made { rest, ..Made::new(Kind::Task, TASKS, row.object(), want)? })
    }

    fn rest(want: &Want<'_>) -> Result<Vec<&'static str>, ApiError> {
        label::to_attach(want)
    }

    async fn update(api: &Writer, live: &Object, want: &Want<'_>, changed: &[&'static str]) -> Result<(), ApiError> {
        let path = format!("{TASKS}/{}", live.id);
        let text = |field| want.text(field).filter(|_| changed.contains(&field));
        let flux = to_send(&live.fields, want.fields, changed)?;
        let (status, description) = (text("status"), text("description"));
        if flux.is_some() || status.is_some() || description.is_some() {
            // A description alone is refused (influxd 2.9.1, measured); a status that it has already does nothing.
            let status = status.or_else(|| live.fields.text("status"));
            let body = Body { org: None, flux, status, description };
            let sent = api.patch::<_, Row>(&path, &body).await;
            sent.map_err(|error| with_line(error, body.flux.as_deref()))?;
        }
        label::attach_changed(api, &path, live, want, changed).await
    }

    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        live::delete(api, &format!("{TASKS}/{id}")).await
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
        let sent = to_send(&fields("a", "1h", LIVE), &fields("a", "2h", WANT), &["every"]).expect("a script");
        assert_eq!(sent.as_deref(), Some(WANT));
        assert_eq!(to_send(&fields("a", "1h", LIVE), &fields("a", "2h", WANT), &["status"]).expect("none"), None);
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
        let mut want = fields("a", "2h", WANT);
        want.remove("flux");
        let sent = to_send(&fields("a", "1h", LIVE), &want, &["every"]).expect("a script");
        insta::assert_snapshot!(sent.expect("some"), @r#"
        option task = {name: "a", every: 2h, concurrency: 2}
        live()
        "#);
        let mut want = fields("a", "2h", WANT);
        want.remove("every");
        let sent = to_send(&fields("a", "1h", LIVE), &want, &["flux"]).expect("a script");
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
