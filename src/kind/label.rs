//! Labels.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Kind;
use super::live::{self, Asked, Made, Object, Presence, Standing, Want};
use super::natural_key::Names;
use super::spec::{Draft, Fault, Key, Spec};
use crate::api::{ApiError, Class, Client, Identified, Writer, whole};
use crate::field::{Field, Omitted, Role, Shape};
use crate::value::{Fields, Ref, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A label of an org, to be attached to its buckets and tasks.",
    ty: "labels",
    key: Key::Name(Names::Folded),
    forbidden,
    fields: &[
        Field::name(
            "name",
            Role::Name,
            "The name, unique in the org; case does not count. Names under `fluxform/` are reserved for fluxform.",
        ),
        Field::org(),
        Field::text("properties", Omitted::Theirs, "All properties, such as `color` and `description`.")
            .shaped(Shape::Map),
    ],
    check,
    delete_rank: 60,
    acts_as_user: false,
    ..Spec::PLAIN
};

/// Whether the labels that ledgers and locks are made of may be called so, as the server tells names apart.
fn is_records(name: &str) -> bool {
    const RECORDS: &[u8] = b"fluxform/";
    name.trim().as_bytes().get(..RECORDS.len()).is_some_and(|start| start.eq_ignore_ascii_case(RECORDS))
}

fn forbidden(name: &str) -> Option<&'static str> {
    is_records(name).then_some("names under `fluxform/` are reserved for ledgers and locks")
}

/// The server trims names (influxd 2.9.1, measured), and removes a property whose value becomes empty.
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &mut draft.fields;
    if let Some(name) = fields.text("name") {
        let name = name.trim().to_owned();
        if name.is_empty() {
            faults.push(Fault::new("label::name", "name", "a label's name cannot be empty", "empty"));
        }
        fields.set("name", Value::Text(name));
    }
    if let Some(Value::Map(properties)) = fields.get("properties")
        && let Some((key, _)) = properties.iter().find(|(_, value)| value.is_empty())
    {
        let message = format!("the property `{key}` is empty, and InfluxDB does not store empty properties");
        let fault = Fault::new("label::properties", "properties", message, "has an empty value");
        faults.push(fault.help("remove it"));
    }
}

/// Labels on a server.
pub(super) struct Live;

const LABELS: &str = "/api/v2/labels";

#[derive(Deserialize)]
struct Page {
    labels: Vec<Row>,
}

#[derive(Deserialize)]
struct One {
    label: Row,
}

/// A label in a reply, its own or that of an object it is attached to.
#[derive(Deserialize)]
pub(super) struct Row {
    id: String,
    #[serde(rename = "orgID")]
    org: Option<String>,
    name: String,
    /// As it came: of most labels nobody asks for them.
    #[serde(default)]
    properties: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<BTreeMap<&'a str, &'a str>>,
}

#[derive(Serialize)]
struct Attach<'a> {
    #[serde(rename = "labelID")]
    label: &'a str,
}

impl Identified for One {
    const TIMED: bool = true;

    fn id(&self) -> &str {
        &self.label.id
    }
}

impl Row {
    /// Its properties.
    fn properties(&self) -> Result<BTreeMap<String, String>, serde_json::Error> {
        self.properties.as_ref().map_or(Ok(BTreeMap::new()), |raw| serde_json::from_str(raw.get()))
    }

    /// Whether it holds what projects know of themselves: by its name, or by the mark of one that was renamed.
    fn is_record(&self) -> bool {
        const MARK: &str = "fluxform";
        let marked = || {
            self.properties.as_ref().is_some_and(|raw| raw.get().contains(MARK))
                && self.properties().is_ok_and(|properties| {
                    properties.get(MARK).is_some_and(|word| word.starts_with("ledger") || word == "lock")
                })
        };
        is_records(&self.name) || marked()
    }

    fn object(self) -> Result<Object, ApiError> {
        self.object_if(|_| true)
    }

    /// The object; without fields if it is no record and `asked` is not for it.
    fn object_if(self, asked: impl FnOnce(&Self) -> bool) -> Result<Object, ApiError> {
        let standing = if self.is_record() { Standing::Record } else { Standing::Ordinary };
        let mut fields = Fields::default();
        if standing == Standing::Record || asked(&self) {
            let mut properties = self.properties().map_err(|error| {
                let message = format!("the label {} has invalid properties: {error}", self.id);
                ApiError::unexpected("GET", LABELS, message)
            })?;
            // POST keeps empty values, PATCH takes them away: they mean nothing.
            properties.retain(|_, value| standing == Standing::Record || !value.is_empty());
            fields.set("name", Value::Text(self.name.clone()));
            fields.set("properties", Value::Map(properties));
            if let Some(org) = &self.org {
                fields.set("org", Value::Ref(Ref::Id(Kind::Org, org.clone())));
            }
        }
        Ok(Object { id: self.id, org: self.org, name: self.name, created: None, fields, standing, user: None })
    }
}

/// The labels of an object as the value of its field.
pub(super) fn attached(rows: &[Row]) -> Value {
    let ours = |row: &&Row| !row.is_record();
    Value::Refs(rows.iter().filter(ours).map(|row| Ref::Id(Kind::Label, row.id.clone())).collect())
}

/// What is yet to be given to a new object that is wanted with labels.
pub(super) fn to_attach(want: &Want<'_>) -> Result<Vec<&'static str>, ApiError> {
    let any = want.set("labels")?.is_some_and(|labels| !labels.is_empty());
    Ok(if any { vec!["labels"] } else { Vec::new() })
}

/// Brings the labels of the object `live` at `path` to what is wanted, if they are among the fields `changed`.
pub(super) async fn attach_changed(
    api: &Writer,
    path: &str,
    live: &Object,
    want: &Want<'_>,
    changed: &[&'static str],
) -> Result<(), ApiError> {
    match want.set("labels")?.filter(|_| changed.contains(&"labels")) {
        Some(wanted) => attach(api, path, &live::ids_in(&live.fields, "labels"), &wanted).await,
        None => Ok(()),
    }
}

/// Attaches to and detaches from the object at `path` what makes `live` into `wanted`.
async fn attach(api: &Writer, path: &str, live: &BTreeSet<&str>, wanted: &BTreeSet<&str>) -> Result<(), ApiError> {
    let path = format!("{path}/labels");
    for label in wanted.difference(live) {
        match api.post_only(&path, &Attach { label }).await {
            // It is attached already.
            Err(error) if error.class == Class::Conflict => {}
            done => done?,
        }
    }
    for label in live.difference(wanted) {
        live::delete(api, &format!("{path}/{label}")).await?;
    }
    Ok(())
}

fn properties<'a>(want: &Want<'a>) -> Option<BTreeMap<&'a str, &'a str>> {
    match want.fields.get("properties") {
        Some(Value::Map(map)) => {
            let items = map.iter().filter(|(_, value)| !value.is_empty());
            Some(items.map(|(key, value)| (key.as_str(), value.as_str())).collect())
        }
        _ => None,
    }
}

impl live::Live for Live {
    async fn list(api: &Client, orgs: &[&str], asked: Asked<'_>) -> Result<Vec<Object>, ApiError> {
        // Not paged (influxd 2.9.1, measured).
        let lists = orgs.iter().map(async |org| whole(api, LABELS, &[("orgID", org)], |page: Page| page.labels).await);
        let object = |row: Row| row.object_if(|row| (asked.object)(&row.id, &row.name));
        try_join_all(lists).await?.into_iter().flatten().map(object).collect()
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        let one = api.get(&format!("{LABELS}/{id}"), &[]).await;
        Presence::of(one.and_then(|one: One| one.label.object()))
    }

    async fn create(api: &Writer, want: &Want<'_>) -> Result<Made, ApiError> {
        let body = Body { org: Some(want.org), name: want.text("name"), properties: properties(want) };
        let one: One = api.create(LABELS, &body).await?;
        Made::new(Kind::Label, LABELS, one.label.object().map_err(live::made)?, want)
    }

    async fn update(api: &Writer, live: &Object, want: &Want<'_>, changed: &[&'static str]) -> Result<(), ApiError> {
        let mut properties = properties(want).filter(|_| changed.contains(&"properties"));
        if let (Some(wanted), Some(Value::Map(live))) = (&mut properties, live.fields.get("properties")) {
            // The server merges: what is to go is sent empty.
            for key in live.keys() {
                wanted.entry(key).or_insert("");
            }
        }
        let name = want.text("name").filter(|_| changed.contains(&"name"));
        let body = Body { org: None, name, properties };
        api.patch::<_, One>(&format!("{LABELS}/{}", live.id), &body).await.map(drop)
    }

    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        live::delete(api, &format!("{LABELS}/{id}")).await
    }
}
