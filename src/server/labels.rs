//! `/api/v2/labels`.

use std::collections::BTreeMap;

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::orgs::SelfLink;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::label::{self, Label};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/labels", indented(MethodFilter::GET, list).merge(indented(MethodFilter::POST, create)))
        .route(
            "/api/v2/labels/{id}",
            indented(MethodFilter::GET, get)
                .merge(indented(MethodFilter::PATCH, update))
                .merge(indented(MethodFilter::DELETE, delete)),
        )
}

/// A label on the wire, as part of other replies.
#[derive(Serialize)]
pub(super) struct LabelReply {
    id: Id,
    #[serde(rename = "orgID")]
    org_id: Id,
    name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, String>,
}

impl From<Label> for LabelReply {
    fn from(label: Label) -> Self {
        Self { id: label.id, org_id: label.org, name: label.name, properties: label.properties }
    }
}

/// A label alone.
#[derive(Serialize)]
pub(super) struct WrappedLabel {
    links: SelfLink,
    label: LabelReply,
}

impl WrappedLabel {
    pub(super) fn new(label: Label) -> Self {
        Self { links: SelfLink::new(format!("/api/v2/labels/{}", label.id)), label: label.into() }
    }
}

/// Labels alone.
#[derive(Serialize)]
pub(super) struct LabelsReply {
    links: SelfLink,
    labels: Vec<LabelReply>,
}

impl LabelsReply {
    pub(super) fn new(labels: Vec<LabelReply>) -> Self {
        Self { links: SelfLink::new("/api/v2/labels"), labels }
    }
}

/// Read or write of one label.
pub(super) fn permission(action: Action, label: &Label) -> Permission {
    Permission::at(action, ResourceType::Labels, label.id, label.org)
}

/// Not paged: `limit` is ignored. A malformed `orgID` is ignored too.
fn list(call: &Call) -> Result<Reply, Problem> {
    let org = call.query.get("orgID").and_then(|text| text.parse().ok());
    let labels = label::list(&call.store().view()?, org, call.query.get("name"))?;
    let caller = call.caller()?;
    let seen = labels.into_iter().filter(|label| caller.holds(&permission(Action::Read, label)));
    Reply::indented(StatusCode::OK, &LabelsReply::new(seen.map(LabelReply::from).collect()))
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let found = label::find(&call.store().view()?, call.id("id")?)?;
    call.caller()?.require(&permission(Action::Read, &found))?;
    Reply::indented(StatusCode::OK, &WrappedLabel::new(found))
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let decode = || {
        let fields = Fields::parse(&call.body, "influxdb.Label")?;
        let name = fields.text("name")?.unwrap_or_default();
        Ok((fields.id("orgID")?, name, fields.texts("properties")?.into_iter().collect()))
    };
    let (org, name, properties) = decode().map_err(BodyError::unmarshal)?;
    if name.is_empty() {
        return Err(Problem::invalid("label name is required"));
    }
    let org = org.ok_or_else(|| Problem::invalid("orgID is required"))?;
    call.caller()?.require(&Permission::in_org(Action::Write, ResourceType::Labels, org))?;
    let store = call.store();
    let made = store.change(|change| label::create(change, &store.ids, org, &name, properties))?;
    Reply::indented(StatusCode::CREATED, &WrappedLabel::new(made))
}

/// Needs no right to read: whoever may write sees the properties in the reply.
fn update(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let decode = || {
        let fields = Fields::parse(&call.body, "influxdb.LabelUpdate")?;
        Ok((fields.text("name")?, fields.texts("properties")?.into_iter().collect()))
    };
    let (name, properties) = decode().map_err(BodyError::plain)?;
    let found = label::find(&call.store().view()?, id)?;
    call.caller()?.require(&permission(Action::Write, &found))?;
    let changed = call.store().change(|change| label::update(change, id, name.as_deref(), properties))?;
    Reply::indented(StatusCode::OK, &WrappedLabel::new(changed))
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let found = label::find(&call.store().view()?, id)?;
    call.caller()?.require(&permission(Action::Write, &found))?;
    call.store().change(|change| label::delete(change, id))?;
    Ok(Reply::no_content())
}
