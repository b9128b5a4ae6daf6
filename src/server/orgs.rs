//! `/api/v2/orgs`.

use axum::routing::MethodFilter;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::members;
use super::problem::Problem;
use super::reply::Reply;
use super::request::{Call, Paging};
use super::routes::{Routes, indented};
use super::store::org::{self, Org};
use super::store::{Error, member};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/orgs", indented(MethodFilter::GET, list).merge(indented(MethodFilter::POST, create)))
        .route(
            "/api/v2/orgs/{id}",
            indented(MethodFilter::GET, get)
                .merge(indented(MethodFilter::PATCH, update))
                .merge(indented(MethodFilter::DELETE, delete)),
        )
        .merge(members::of_orgs())
}

/// An org on the wire. `logs` and `labels` lead nowhere, as on the real server.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrgReply {
    links: OrgLinks,
    id: Id,
    name: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct OrgLinks {
    buckets: String,
    dashboards: String,
    labels: String,
    logs: String,
    members: String,
    owners: String,
    secrets: String,
    #[serde(rename = "self")]
    this: String,
    tasks: String,
}

impl OrgReply {
    pub(super) fn new(org: Org) -> Self {
        let under = |what: &str| format!("/api/v2/orgs/{}/{what}", org.id);
        let of = |what: &str| format!("/api/v2/{what}?org={}", org.name);
        Self {
            links: OrgLinks {
                buckets: of("buckets"),
                dashboards: of("dashboards"),
                labels: under("labels"),
                logs: under("logs"),
                members: under("members"),
                owners: under("owners"),
                secrets: under("secrets"),
                this: format!("/api/v2/orgs/{}", org.id),
                tasks: of("tasks"),
            },
            id: org.id,
            name: org.name,
            description: org.description,
            created_at: org.created_at,
            updated_at: org.updated_at,
        }
    }
}

#[derive(Serialize)]
struct OrgsReply {
    links: SelfLink,
    orgs: Vec<OrgReply>,
}

/// The only link of lists that have no pages.
#[derive(Serialize)]
pub(super) struct SelfLink {
    #[serde(rename = "self")]
    this: String,
}

impl SelfLink {
    pub(super) fn new(this: impl Into<String>) -> Self {
        Self { this: this.into() }
    }
}

/// Read or write of one org.
pub(super) fn permission(action: Action, id: Id) -> Permission {
    Permission::on(action, ResourceType::Orgs, id)
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let paging = Paging::parse(&call.query)?;
    let caller = call.caller()?;
    let view = call.store().view()?;
    // Malformed IDs are ignored here, unlike elsewhere.
    let wanted = call.query.get("orgID").and_then(|text| text.parse().ok());
    let user = call.query.get("userID").and_then(|text| text.parse().ok());
    let name = call.query.get("org");
    let global = caller.holds(&Permission::global(Action::Read, ResourceType::Orgs));
    let orgs = match (wanted, name, user) {
        (Some(id), _, _) => vec![org::find(&view, id)?],
        (None, Some(name), _) => vec![org::find_by_name(&view, name)?],
        (None, None, Some(user)) => of_user(&view, user, &paging)?,
        (None, None, None) if global => org::list(&view, &paging)?,
        // Without the right to see all orgs only the caller's own are looked through.
        (None, None, None) => of_user(&view, caller.user, &paging)?,
    };
    let seen = orgs.into_iter().filter(|org| caller.holds(&permission(Action::Read, org.id)));
    let reply = OrgsReply { links: SelfLink::new("/api/v2/orgs"), orgs: seen.map(OrgReply::new).collect() };
    Reply::indented(StatusCode::OK, &reply)
}

/// A page of the orgs that a user is owner or member of; `offset` counts all memberships, `limit` those of orgs.
fn of_user(view: &super::store::View, user: Id, paging: &Paging) -> Result<Vec<Org>, Error> {
    let memberships = member::of_user(view, user)?;
    memberships
        .into_iter()
        .skip(paging.offset)
        .filter(|member| member.resource_type == ResourceType::Orgs)
        .take(if paging.limit == 0 { usize::MAX } else { paging.limit })
        .filter_map(|member| match org::find(view, member.resource) {
            Err(error) if error.is_missing() => None,
            other => Some(other),
        })
        .collect()
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let fields = Fields::parse(&call.body, "influxdb.Organization").map_err(BodyError::unmarshal)?;
    let name = fields.text("name").map_err(BodyError::unmarshal)?.unwrap_or_default();
    let description = fields.text("description").map_err(BodyError::unmarshal)?.unwrap_or_default();
    let caller = call.caller()?;
    caller.require(&Permission::global(Action::Write, ResourceType::Orgs))?;
    let made = call.store().change(|change| org::create(change, &name, &description, Some(caller.user)))?;
    Reply::indented(StatusCode::CREATED, &OrgReply::new(made))
}

/// Authorizes first: the reply to a foreign ID does not tell whether it exists.
fn get(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    call.caller()?.require(&permission(Action::Read, id))?;
    let found = org::find(&call.store().view()?, id)?;
    Reply::indented(StatusCode::OK, &OrgReply::new(found))
}

fn update(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let fields = Fields::parse(&call.body, "influxdb.OrganizationUpdate").map_err(BodyError::unmarshal)?;
    let name = fields.text("name").map_err(BodyError::unmarshal)?;
    let description = fields.text("description").map_err(BodyError::unmarshal)?;
    call.caller()?.require(&permission(Action::Write, id))?;
    let changed = call.store().change(|change| org::update(change, id, name.as_deref(), description.as_deref()))?;
    Reply::indented(StatusCode::OK, &OrgReply::new(changed))
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    call.caller()?.require(&permission(Action::Write, id))?;
    call.store().change(|change| org::delete(change, id))?;
    Ok(Reply::no_content())
}
