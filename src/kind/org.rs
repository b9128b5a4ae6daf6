//! Organizations.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::live::{self, Asked, Made, Object, Presence, Standing, Want};
use super::natural_key::Names;
use super::spec::{Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Identified, Writer, by_offset};
use crate::field::{Field, Omitted, Role};
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "An organization. Its system buckets `_monitoring` and `_tasks` come with it and are never managed.",
    ty: "orgs",
    key: Key::Name(Names::Trimmed),
    place: Place::Server,
    fields: &[
        Field::name("name", Role::Name, "The name, unique on the server; white space around it does not count."),
        Field::text("description", Omitted::Theirs, "Free text."),
    ],
    check,
    delete_rank: 90,
    serial: true,
    holds_data: true,
    acts_as_user: false,
    ..Spec::PLAIN
};

/// The server keeps the white space around a name, does not tell names apart by it, and refuses to change it alone (influxd
/// 2.9.1, measured): it is left out on both sides.
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &mut draft.fields;
    if let Some(name) = fields.text("name") {
        let name = name.trim().to_owned();
        if name.is_empty() {
            faults.push(Fault::new("org::name", "name", "an org's name cannot be empty", "empty"));
        }
        fields.set("name", Value::Text(name));
    }
}

/// Orgs on a server.
pub(super) struct Live;

const ORGS: &str = "/api/v2/orgs";

#[derive(Deserialize)]
struct Page {
    orgs: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "createdAt")]
    created: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

impl Identified for Row {
    const TIMED: bool = false;

    fn id(&self) -> &str {
        &self.id
    }
}

impl Row {
    fn object(self) -> Object {
        let name = self.name.trim().to_owned();
        let fields = [("name", Value::Text(name.clone())), ("description", Value::Text(self.description))];
        Object {
            id: self.id,
            org: None,
            name,
            created: self.created,
            fields: fields.into_iter().collect(),
            standing: Standing::Ordinary,
            user: None,
        }
    }
}

impl live::Live for Live {
    async fn list(api: &Client, _: &[&str], _: Asked<'_>) -> Result<Vec<Object>, ApiError> {
        let rows = by_offset(api, ORGS, &[], |page: Page| page.orgs, |row: &Row| &row.id).await?;
        Ok(rows.into_iter().map(Row::object).collect())
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        Presence::of_guarded(api.get(&format!("{ORGS}/{id}"), &[]).await.map(Row::object))
    }

    async fn create(api: &Writer, want: &Want<'_>) -> Result<Made, ApiError> {
        let body = Body { name: want.text("name"), description: want.text("description") };
        let row: Row = api.create(ORGS, &body).await?;
        Made::new(Kind::Org, ORGS, row.object(), want)
    }

    async fn update(api: &Writer, live: &Object, want: &Want<'_>, changed: &[&'static str]) -> Result<(), ApiError> {
        let text = |field| want.text(field).filter(|_| changed.contains(&field));
        let body = Body { name: text("name"), description: text("description") };
        api.patch::<_, Row>(&format!("{ORGS}/{}", live.id), &body).await.map(drop)
    }

    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        live::delete(api, &format!("{ORGS}/{id}")).await
    }
}
