//! Labels.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::Kind;
use super::draft::{Draft, Fault};
use super::live::{self, Desired, Edit, Live as _, Object, ReadScope, Standing};
use super::natural_key::Names;
use super::spec::{Key, Spec};
use super::wire::{self, Body, Wire};
use crate::api::{ApiError, Class, Client, Writer, whole};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::{Fields, Ref, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A label of an org: what lives there may have it in `labels`.",
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
            .of_type(Type::Map),
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
            faults.push(Fault::new(Code::LabelName, "name", "a label's name cannot be empty", "empty"));
        }
        fields.set("name", Value::Text(name));
    }
    if let Some(Value::Map(properties)) = fields.get("properties")
        && let Some((key, _)) = properties.iter().find(|(_, value)| value.is_empty())
    {
        let message = format!("the property `{key}` is empty, and InfluxDB does not store empty properties");
        let fault = Fault::new(Code::LabelProperties, "properties", message, "has an empty value");
        faults.push(fault.help("remove it"));
    }
}

/// Labels on a server.
pub(super) struct Live;

/// The property that tells what a label of ours is.
const MARK: &str = "fluxform";

#[derive(Deserialize)]
struct Page {
    labels: Vec<Row>,
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
struct Attach<'a> {
    #[serde(rename = "labelID")]
    label: &'a str,
}

/// Whether properties are those of a ledger or a lock, whatever its label is called by now.
fn are_records(properties: &BTreeMap<String, String>) -> bool {
    properties.get(MARK).is_some_and(|word| word.starts_with("ledger") || word == "lock")
}

/// Leaves out what POST keeps and PATCH takes away, so that it means nothing: empty values.
fn without_empty(mut properties: BTreeMap<String, String>) -> Value {
    properties.retain(|_, value| !value.is_empty());
    Value::Map(properties)
}

impl Row {
    /// Its properties.
    fn properties(&self) -> Result<BTreeMap<String, String>, serde_json::Error> {
        self.properties.as_ref().map_or(Ok(BTreeMap::new()), |raw| serde_json::from_str(raw.get()))
    }

    /// Whether it holds what projects know of themselves.
    fn is_record(&self) -> bool {
        let may_be = || self.properties.as_ref().is_some_and(|raw| raw.get().contains(MARK));
        is_records(&self.name) || may_be() && self.properties().is_ok_and(|properties| are_records(&properties))
    }

    /// The object; without fields if it is no record and `asked` is not for it.
    fn object(self, asked: impl FnOnce(&Self) -> bool) -> Result<Object, ApiError> {
        let standing = if self.is_record() { Standing::Record } else { Standing::Ordinary };
        let mut fields = Fields::default();
        if standing == Standing::Record || asked(&self) {
            let properties = self.properties().map_err(|error| {
                let message = format!("the label {} has invalid properties: {error}", self.id);
                ApiError::unexpected("GET", Live::WIRE.path, message)
            })?;
            let properties =
                if standing == Standing::Record { Value::Map(properties) } else { without_empty(properties) };
            fields.set("name", Value::Text(self.name.clone()));
            fields.set("properties", properties);
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

/// Objects whose labels are read at once.
const AT_ONCE: usize = 8;

/// `objects` with the labels that are `asked` for, one request each: of a kind whose replies show none (influxd 2.9.1, measured).
pub(super) async fn read_each(
    api: &Client,
    of: &Wire,
    objects: Vec<Object>,
    asked: ReadScope<'_>,
) -> Result<Vec<Object>, ApiError> {
    let read = objects.into_iter().map(async |object| {
        let is_asked = (asked.field)("labels") && (asked.object)(&object.id, &object.name);
        if is_asked { read(api, of, object).await } else { Ok(without(object)) }
    });
    stream::iter(read).buffered(AT_ONCE).try_collect().await
}

/// The object with its labels, of a kind whose replies show none.
pub(super) async fn read(api: &Client, of: &Wire, mut object: Object) -> Result<Object, ApiError> {
    match api.get::<Page>(&format!("{}/labels", of.at(&object.id)), &[]).await {
        Ok(page) => object.fields.set("labels", attached(&page.labels)),
        // It has gone in between.
        Err(error) if error.class == Class::NotFound => return Ok(without(object)),
        Err(error) => return Err(error),
    }
    Ok(object)
}

fn without(mut object: Object) -> Object {
    object.fields.remove("labels");
    object
}

/// What is yet to be given to a new object that is wanted with labels.
pub(super) fn to_attach(desired: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
    let any = desired.set("labels")?.is_some_and(|labels| !labels.is_empty());
    Ok(if any { vec!["labels"] } else { Vec::new() })
}

/// Brings the labels of the object `live` at `path` to what is wanted, if they are among the fields `changed`.
pub(super) async fn attach_changed(
    api: &Writer,
    path: &str,
    live: &Object,
    desired: &Desired<'_>,
    changed: &[&'static str],
) -> Result<(), ApiError> {
    match desired.set("labels")?.filter(|_| changed.contains(&"labels")) {
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

impl live::Live for Live {
    // Not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire { one: Some("label"), ..Wire::new(Kind::Label, "/api/v2/labels", "labels") };

    /// By rows of their own: of most labels nobody asks for more than the name.
    async fn list(api: &Client, orgs: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let path = Self::WIRE.path;
        let lists = orgs.iter().map(async |org| whole(api, path, &[("orgID", org)], |page: Page| page.labels).await);
        let object = |row: Row| row.object(|row| (asked.object)(&row.id, &row.name));
        try_join_all(lists).await?.into_iter().flatten().map(object).collect()
    }

    fn read(_: &wire::Row, object: &mut Object) -> Result<(), String> {
        let name = object.fields.text("name").unwrap_or_default();
        let Some(Value::Map(properties)) = object.fields.get("properties") else { return Ok(()) };
        if is_records(name) || are_records(properties) {
            object.standing = Standing::Record;
        } else {
            let properties = without_empty(properties.clone());
            object.fields.set("properties", properties);
        }
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Some(Json::Object(properties)) = body.get_mut("properties") else { return Ok(()) };
        properties.retain(|_, value| value != "");
        // The server merges: what is to go is sent empty.
        if let Some(Value::Map(live)) = edit.live.and_then(|live| live.fields.get("properties")) {
            for key in live.keys() {
                properties.entry(key).or_insert_with(|| "".into());
            }
        }
        Ok(())
    }
}
