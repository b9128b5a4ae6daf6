//! `/api/v2/authorizations`: tokens, and the exact permission oracle that creating them is. Those of InfluxDB 1.x are much the
//! same: what is different stands in `v1_tokens`.

use std::fmt::Display;

use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::auth::{Action, Caller, Permission, Resource, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::{Api, Own, Place};
use super::links::{Links, SelfLink, Templates};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::store::authorization::{self, Authorization, NewAuthorization, Tokens};
use super::store::{Error, View, bucket, if_there, org, user};
use super::{users, v1_tokens};

pub(super) static TOKENS: Own = Own {
    api: Api { more: v1_tokens::routes, ..Api::new("authorizations", ResourceType::Authorizations) },
    handlers: [
        |call| API.list(call),
        |call| API.create(call),
        |call| API.get(call),
        |call| API.update(call),
        |call| API.delete(call),
    ],
    place: |view, id| {
        let found = API.kept.find(view, id)?;
        let seen = Permission::at(Action::Read, ResourceType::Authorizations, id, found.org);
        Ok(Place { org: found.org, seen })
    },
    allow: |_| None,
};

/// One sort of tokens.
pub(super) struct Sort {
    /// The path of the list.
    pub(super) path: &'static str,
    pub(super) links: Templates,
    pub(super) kept: Tokens,
    /// Whether clients name them: the name is shown as `token`, and finds one. Else that is the secret, in the reply to the
    /// creation alone.
    pub(super) named: bool,
    /// How the refusal of an unknown status begins.
    pub(super) unknown_status: &'static str,
}

static API: Sort = Sort {
    path: "/api/v2/authorizations",
    links: &[("self", "/api/v2/authorizations/{id}"), ("user", "/api/v2/users/{user}")],
    kept: authorization::API,
    named: false,
    unknown_status: "encodeAuthorization: ",
};

/// The links of a token of the API.
pub(super) fn links(id: Id, user: Id) -> Links {
    API.links(id, user)
}

/// A token on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenReply {
    id: Id,
    token: String,
    status: String,
    description: String,
    #[serde(rename = "orgID")]
    org_id: Id,
    org: String,
    #[serde(rename = "userID")]
    user_id: Id,
    user: String,
    permissions: Vec<PermissionReply>,
    links: Links,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct PermissionReply {
    action: Action,
    resource: ResourceReply,
}

#[derive(Serialize)]
struct ResourceReply {
    #[serde(rename = "type")]
    kind: ResourceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    org_id: Option<Id>,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    org: String,
}

#[derive(Serialize)]
struct TokensReply {
    links: SelfLink,
    authorizations: Vec<TokenReply>,
}

impl TokenReply {
    fn new(view: &View, sort: &Sort, row: Authorization, secret: Option<&SecretString>) -> Result<Self, Error> {
        let permissions =
            row.permissions.iter().map(|one| PermissionReply::new(view, one)).collect::<Result<_, _>>()?;
        Ok(Self {
            id: row.id,
            token: match secret {
                _ if sort.named => row.username(),
                Some(secret) => secret.expose_secret().to_owned(),
                None => String::new(),
            },
            status: row.status,
            description: row.description,
            org_id: row.org,
            org: org::find(view, row.org)?.name,
            user_id: row.user,
            user: user::find(view, row.user)?.text("name").to_owned(),
            permissions,
            links: sort.links(row.id, row.user),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl PermissionReply {
    /// The names are looked up; where the object is gone, the org's name is left out too.
    fn new(view: &View, permission: &Permission) -> Result<Self, Error> {
        let Permission { action, resource: Resource { kind, id, org_id } } = *permission;
        let name = match id {
            Some(id) => name_of(view, kind, id)?,
            None => Some(String::new()),
        };
        let org = match (org_id, &name) {
            (Some(org), Some(_)) => name_of(view, ResourceType::Orgs, org)?.unwrap_or_default(),
            _ => String::new(),
        };
        let name = name.unwrap_or_default();
        Ok(Self { action, resource: ResourceReply { kind, id, org_id, name, org } })
    }
}

/// The name of an object; `None` if it is gone, empty if its type has no name here.
fn name_of(view: &View, kind: ResourceType, id: Id) -> Result<Option<String>, Error> {
    if_there(match kind {
        ResourceType::Buckets => bucket::find(view, id).map(|bucket| bucket.name),
        ResourceType::Orgs => org::find(view, id).map(|org| org.name),
        ResourceType::Users => user::find(view, id).map(|user| user.text("name").to_owned()),
        _ => Ok(String::new()),
    })
}

/// What it takes to see or change a token: a right on the token and one on its user.
fn require(caller: &Caller, action: Action, row: &Authorization) -> Result<(), Problem> {
    caller.require(&Permission::at(action, ResourceType::Authorizations, row.id, row.org))?;
    caller.require(&users::permission(action, row.user))
}

impl Sort {
    fn links(&self, id: Id, user: Id) -> Links {
        Links::new(self.links, |name| match name {
            "user" => Some(&user as &dyn Display),
            _ => Some(&id),
        })
    }

    /// Not paged. What has names is found by them, as `token`, and not by those of its user and org, which must exist all the
    /// same.
    pub(super) fn list(&self, call: &Call) -> Result<Reply, Problem> {
        let user_id = call.query.id("userID")?;
        let org_id = call.query.id("orgID")?;
        let id = call.query.id("id")?;
        let view = call.store().view()?;
        let name = call.query.get("token").filter(|_| self.named);
        let found = match (id, name) {
            (Some(id), _) => Some(self.kept.find(&view, id)?),
            (None, Some(name)) => {
                let found = self.kept.find_by_key(&view, name.as_bytes())?;
                Some(found.ok_or_else(authorization::missing)?)
            }
            (None, None) => None,
        };
        let user = match (user_id, call.query.get("user")) {
            (None, Some(name)) => Some(user::find_by_name(&view, name)?.id).filter(|_| !self.named),
            (user, _) => user,
        };
        let org = match (org_id, call.query.get("org")) {
            (None, Some(name)) => Some(org::find_by_name(&view, name)?.id).filter(|_| !self.named),
            (org, _) => org,
        };
        let rows = match found {
            Some(found) => vec![found],
            None => self
                .kept
                .list(&view, |row| org.is_none_or(|org| row.org == org) && user.is_none_or(|user| row.user == user))?,
        };
        let caller = call.caller()?;
        let mut authorizations = Vec::new();
        for row in rows.into_iter().filter(|row| require(caller, Action::Read, row).is_ok()) {
            match TokenReply::new(&view, self, row, None) {
                Ok(reply) => authorizations.push(reply),
                // A token whose user or org is gone is hidden.
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Reply::indented(StatusCode::OK, &TokensReply { links: SelfLink::new(self.path), authorizations })
    }

    pub(super) fn get(&self, call: &Call) -> Result<Reply, Problem> {
        let id = call.id("id")?;
        let view = call.store().view()?;
        let row = self.kept.find(&view, id)?;
        require(call.caller()?, Action::Read, &row)?;
        Reply::indented(StatusCode::OK, &TokenReply::new(&view, self, row, None)?)
    }

    /// Checks in influxd's order; the permissions one by one as sent, and `instance` never.
    pub(super) fn create(&self, call: &Call) -> Result<Reply, Problem> {
        let Request { name, org, user, status, description, permissions } = decode(&call.body, self.named)?;
        let caller = call.caller()?;
        let store = call.store();
        let user = user.unwrap_or(caller.user);
        caller.require(&Permission::in_org(Action::Write, ResourceType::Authorizations, org))?;
        caller.require(&users::permission(Action::Write, user))?;
        for asked in &permissions {
            caller.require(asked).map_err(|problem| {
                problem.within(&format!("permission {asked} is not allowed")).with_code(Code::Forbidden)
            })?;
        }
        if permissions.iter().any(|asked| asked.resource.kind == ResourceType::Instance) {
            return Err(Problem::new(
                Code::Internal,
                "authorizations cannot be created with the instance type, it is only used during setup",
            ));
        }
        let new = NewAuthorization { org, user, status, description, permissions };
        let secret = authorization::new_secret();
        let key = name.map_or_else(|| authorization::digest(&secret), String::into_bytes);
        let row = store.change(|change| self.kept.create(change, &store.ids, new, key))?;
        Reply::indented(StatusCode::CREATED, &TokenReply::new(&store.view()?, self, row, Some(&secret))?)
    }

    /// Takes status and description; anything else in the body is ignored.
    pub(super) fn update(&self, call: &Call) -> Result<Reply, Problem> {
        let id = call.id("id")?;
        let fields = Fields::parse(&call.body, "influxdb.AuthorizationUpdate").map_err(BodyError::plain)?;
        let status = fields.text_as("status", "influxdb.Status").map_err(BodyError::plain)?;
        let description = fields.text("description").map_err(BodyError::plain)?;
        let row = self.kept.find(&call.store().view()?, id)?;
        let caller = call.caller()?;
        require(caller, Action::Read, &row)?;
        require(caller, Action::Write, &row)?;
        let status = match status.as_deref() {
            // An empty status is stored as the default.
            Some("") => Some("active".to_owned()),
            None | Some("active" | "inactive") => status,
            Some(_) => {
                return Err(Problem::invalid(format!("{}unknown authorization status", self.unknown_status)));
            }
        };
        let row = call.store().change(|change| self.kept.update(change, id, status, description))?;
        Reply::indented(StatusCode::OK, &TokenReply::new(&call.store().view()?, self, row, None)?)
    }

    pub(super) fn delete(&self, call: &Call) -> Result<Reply, Problem> {
        let id = call.id("id")?;
        let row = self.kept.find(&call.store().view()?, id)?;
        require(call.caller()?, Action::Write, &row)?;
        call.store().change(|change| self.kept.delete(change, id))?;
        Ok(Reply::no_content())
    }
}

/// A permission of a body; types and actions are judged after the whole body was read.
struct Asked {
    action: String,
    kind: String,
    id: Option<Id>,
    org_id: Option<Id>,
}

impl Asked {
    fn decode(fields: &Fields) -> Result<Self, BodyError> {
        let action = fields.text_as("action", "influxdb.Action")?.unwrap_or_default();
        let Some(resource) = fields.object("resource", "influxdb.Resource")? else {
            return Ok(Self { action, kind: String::new(), id: None, org_id: None });
        };
        let kind = resource.text_as("type", "influxdb.ResourceType")?.unwrap_or_default();
        Ok(Self {
            action,
            kind,
            id: resource.id_as("id", "*platform.ID")?,
            org_id: resource.id_as("orgID", "*platform.ID")?,
        })
    }

    fn check(self) -> Result<Permission, Problem> {
        let kind = ResourceType::named(&self.kind).ok_or_else(|| {
            Problem::invalid("invalid resource type for permission: unknown resource type for permission")
        })?;
        let action = Action::named(&self.action)
            .ok_or_else(|| Problem::invalid("invalid action type for permission: unknown action for permission"))?;
        Ok(Permission { action, resource: Resource { kind, id: self.id, org_id: self.org_id } })
    }
}

/// What a body asks for, checked.
struct Request {
    /// The name, where it must have one.
    name: Option<String>,
    org: Id,
    user: Option<Id>,
    status: String,
    description: String,
    permissions: Vec<Permission>,
}

fn decode(body: &[u8], named: bool) -> Result<Request, Problem> {
    let read = || {
        let fields = Fields::parse(body, "authorization.postAuthorizationRequest")?;
        let asked = fields.objects("permissions", "influxdb.Permission")?;
        let asked = asked.iter().map(Asked::decode).collect::<Result<Vec<_>, _>>()?;
        let status = fields.text_as("status", "influxdb.Status")?.filter(|status| !status.is_empty());
        let status = status.unwrap_or_else(|| "active".to_owned());
        let description = fields.text("description")?.unwrap_or_default();
        let name = if named { Some(fields.text("token")?.unwrap_or_default()) } else { None };
        Ok((name, fields.id("orgID")?, fields.id_as("userID", "*platform.ID")?, status, description, asked))
    };
    let (name, org, user, status, description, asked) =
        read().map_err(|error: BodyError| error.invalid("invalid json structure"))?;
    if asked.is_empty() {
        return Err(Problem::invalid("authorization must include permissions"));
    }
    let permissions = asked.into_iter().map(Asked::check).collect::<Result<Vec<_>, _>>()?;
    let org = org.ok_or_else(|| Problem::invalid("org id required: invalid ID"))?;
    if !matches!(status.as_str(), "active" | "inactive") {
        return Err(Problem::invalid("invalid status: must be active or inactive"));
    }
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(Problem::invalid("token required for v1 user authorization type"));
    }
    Ok(Request { name, org, user, status, description, permissions })
}
