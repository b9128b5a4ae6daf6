//! `/api/v2/setup`: the first user, org, bucket and token of a virgin server.

use std::ops::ControlFlow;

use axum::routing::MethodFilter;
use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::auth::{Permission, ResourceType};
use super::authorizations;
use super::buckets::BucketReply;
use super::id::{Id, Snowflakes};
use super::json::{BodyError, Fields};
use super::links::Links;
use super::orgs::OrgReply;
use super::plain::Shown;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::authorization::{self, Authorization, NewAuthorization};
use super::store::bucket::{self, BucketType, NewBucket};
use super::store::member::{self, Member, Role};
use super::store::{Change, Error, Order, Read, decode_id, org, password, user};
use super::users;

const SECOND: i64 = 1_000_000_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/setup", indented(MethodFilter::GET, allowed).merge(indented(MethodFilter::POST, set_up)))
}

/// Makes the first user, who owns the instance.
pub(super) fn first_user(change: &Change, ids: &Snowflakes, name: &str) -> Result<Id, Error> {
    let user = user::create(change, ids, name)?.id;
    own_instance(change, user)?;
    Ok(user)
}

/// The user who owns the instance, if there still is one.
pub(super) fn instance_owner(read: &impl Read) -> Result<Option<Id>, Error> {
    Ok(member::of_resource(read, member::instance())?.first().map(|member| member.user))
}

/// Some org, if there is one.
pub(super) fn any_org(read: &impl Read) -> Result<Option<Id>, Error> {
    let mut first = None;
    read.scan(org::ORGS, b"", Order::Ascending, None, &mut |key, _| {
        first = Some(decode_id(key)?);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(first)
}

fn own_instance(change: &Change, user: Id) -> Result<(), Error> {
    let resource = member::instance();
    member::create(change, &Member { user, role: Role::Owner, resource_type: ResourceType::Instance, resource })
}

#[derive(Serialize)]
struct Allowed {
    allowed: bool,
}

fn allowed(call: &Call) -> Result<Reply, Problem> {
    Reply::indented(StatusCode::OK, &Allowed { allowed: org::virgin(call.store())? })
}

struct Request {
    user: String,
    password: SecretString,
    org: String,
    bucket: String,
    retention: i64,
    token: SecretString,
}

fn decode(body: &[u8]) -> Result<Request, BodyError> {
    let fields = Fields::parse(body, "influxdb.OnboardingRequest")?;
    let seconds = fields.integer("retentionPeriodSeconds")?.unwrap_or_default();
    // Despite its name it counts nanoseconds.
    let nanoseconds = fields.integer("retentionPeriodHrs")?.unwrap_or_default();
    Ok(Request {
        user: fields.text("username")?.unwrap_or_default(),
        password: fields.text("password")?.unwrap_or_default().into(),
        org: fields.text("org")?.unwrap_or_default(),
        bucket: fields.text("bucket")?.unwrap_or_default(),
        retention: if seconds > 0 { seconds.wrapping_mul(SECOND) } else { nanoseconds },
        token: fields.text("token")?.unwrap_or_default().into(),
    })
}

#[derive(Serialize)]
struct SetupReply {
    user: Shown,
    bucket: BucketReply,
    org: OrgReply,
    auth: FirstToken,
}

/// The token as setup shows it: unlike elsewhere without names, and the links last.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FirstToken {
    id: Id,
    token: String,
    status: String,
    description: String,
    #[serde(rename = "orgID")]
    org_id: Id,
    #[serde(rename = "userID")]
    user_id: Id,
    permissions: Vec<Permission>,
    created_at: Timestamp,
    updated_at: Timestamp,
    links: Links,
}

impl FirstToken {
    fn new(row: Authorization, secret: &SecretString) -> Self {
        Self {
            id: row.id,
            token: secret.expose_secret().to_owned(),
            status: row.status,
            description: row.description,
            org_id: row.org,
            user_id: row.user,
            permissions: row.permissions,
            created_at: row.created_at,
            updated_at: row.updated_at,
            links: authorizations::links(row.id, row.user),
        }
    }
}

/// In steps that stay when a later one fails, as on the real server: a bad retention leaves user and org behind.
fn set_up(call: &Call) -> Result<Reply, Problem> {
    let request = decode(&call.body).map_err(BodyError::plain)?;
    let store = call.store();
    if !org::virgin(store)? {
        return Err(Problem::conflict("onboarding has already been completed"));
    }
    let required = [("username", &request.user), ("org", &request.org), ("bucket", &request.bucket)];
    let missing: Vec<&str> = required.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let message = format!("onboarding failed: missing required fields [{}]", missing.join(","));
        return Err(Problem::new(Code::Unprocessable, message));
    }
    if !request.password.expose_secret().is_empty() {
        password::check(&request.password)?;
    }
    let (user, org) = store.change(|change| {
        let user = user::create(change, &store.ids, &request.user)?;
        if !request.password.expose_secret().is_empty() {
            user::set_password(change, user.id, &request.password)?;
        }
        let org = org::create(change, &request.org, "", Some(user.id))?;
        own_instance(change, user.id)?;
        Ok::<_, Error>((user, org))
    })?;
    let bucket = store.change(|change| {
        let new = NewBucket {
            org: org.id,
            kind: BucketType::User,
            name: request.bucket.clone(),
            description: String::new(),
            rp: String::new(),
            retention: request.retention,
            shard_group: 0,
        };
        bucket::create(change, new)
    })?;
    let secret = if request.token.expose_secret().is_empty() { authorization::new_secret() } else { request.token };
    let row = store.change(|change| {
        let new = NewAuthorization {
            org: org.id,
            user: user.id,
            status: "active".to_owned(),
            description: format!("{}'s Token", request.user),
            permissions: Permission::operator(),
        };
        authorization::API.create(change, &store.ids, new, authorization::digest(&secret))
    })?;
    let reply = SetupReply {
        user: users::shown(user),
        bucket: BucketReply::new(bucket, Vec::new()),
        org: OrgReply::new(org),
        auth: FirstToken::new(row, &secret),
    };
    Reply::indented(StatusCode::CREATED, &reply)
}
