//! `/api/v2/orgs`.

use std::fmt::Display;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::{self, Api, Own, Place};
use super::links::{Links, SelfLink, Templates};
use super::problem::Problem;
use super::reply::Reply;
use super::request::{Call, Paging};
use super::secrets;
use super::store::org::{self, Org};
use super::store::page::Page;
use super::store::{Error, if_there, member};

pub(super) static ORGS: Own = Own {
    api: Api { members: true, more: secrets::routes, ..Api::new("orgs", ResourceType::Orgs) },
    handlers: [list, create, get, update, delete],
    place: |view, id| Ok(Place { org: org::find(view, id)?.id, seen: permission(Action::Read, id) }),
    allow: |_| None,
};

/// `logs` and `labels` lead nowhere, as on the real server.
const LINKS: Templates = &[
    ("buckets", "/api/v2/buckets?org={name}"),
    ("dashboards", "/api/v2/dashboards?org={name}"),
    ("labels", "/api/v2/orgs/{id}/labels"),
    ("logs", "/api/v2/orgs/{id}/logs"),
    ("members", "/api/v2/orgs/{id}/members"),
    ("owners", "/api/v2/orgs/{id}/owners"),
    ("secrets", "/api/v2/orgs/{id}/secrets"),
    ("self", "/api/v2/orgs/{id}"),
    ("tasks", "/api/v2/tasks?org={name}"),
];

/// An org on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrgReply {
    links: Links,
    id: Id,
    name: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl OrgReply {
    pub(super) fn new(org: Org) -> Self {
        let links = Links::new(LINKS, |name| match name {
            "name" => Some(&org.name as &dyn Display),
            _ => Some(&org.id),
        });
        Self {
            links,
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
        (None, None, Some(user)) => of_user(&view, user, &paging.page)?,
        (None, None, None) if global => org::list(&view, &paging.page)?,
        // Without the right to see all orgs only the caller's own are looked through.
        (None, None, None) => of_user(&view, caller.user, &paging.page)?,
    };
    let seen = orgs.into_iter().filter(|org| caller.holds(&permission(Action::Read, org.id)));
    let reply = OrgsReply { links: SelfLink::new("/api/v2/orgs"), orgs: seen.map(OrgReply::new).collect() };
    Reply::indented(StatusCode::OK, &reply)
}

/// A page of the orgs that a user is owner or member of; `offset` counts all memberships, `limit` those of orgs.
fn of_user(view: &super::store::View, user: Id, page: &Page) -> Result<Vec<Org>, Error> {
    let memberships = member::of_user(view, user)?;
    memberships
        .into_iter()
        .skip(page.offset)
        .filter(|member| member.resource_type == ResourceType::Orgs)
        .take(if page.limit == 0 { usize::MAX } else { page.limit })
        .filter_map(|member| if_there(org::find(view, member.resource)).transpose())
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
    call.store().change(|change| org::delete(change, id, kind::classes()))?;
    Ok(Reply::no_content())
}
