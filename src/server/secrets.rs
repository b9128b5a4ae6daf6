//! `/api/v2/orgs/{id}/secrets`: keys are shown, values never. Who may not read the org is told that there is no such page
//! (influxd 2.9.1, measured).

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields, texts};
use super::kind::Kind;
use super::links::{Links, Templates};
use super::orgs::ORGS;
use super::problem::{Code, Problem};
use super::relations;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::secret;

/// The longest key: what the real server's database takes, less the ID of the org.
const LONGEST_KEY: usize = 32_768 - 8;

const LINKS: Templates = &[("org", "/api/v2/orgs/{id}"), ("self", "/api/v2/orgs/{id}/secrets")];

/// The routes.
pub(super) fn routes() -> Routes {
    let all = indented(MethodFilter::GET, list).merge(indented(MethodFilter::PATCH, set));
    Routes::new()
        .route("/api/v2/orgs/{id}/secrets", all)
        .route("/api/v2/orgs/{id}/secrets/delete", indented(MethodFilter::POST, delete))
        .route("/api/v2/orgs/{id}/secrets/{key}", indented(MethodFilter::DELETE, delete_one))
}

/// Keys on the wire.
#[derive(Serialize)]
struct KeysReply {
    links: Links,
    secrets: Vec<String>,
}

/// The org of the path, if the caller may see it.
fn org(call: &Call) -> Result<Id, Problem> {
    relations::visible(Kind::Own(&ORGS), call, &call.store().view()?).map(|(id, _)| id)
}

fn require(call: &Call, action: Action, org: Id) -> Result<(), Problem> {
    call.caller()?.require(&Permission::in_org(action, ResourceType::Secrets, org))
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let org = org(call)?;
    require(call, Action::Read, org)?;
    let secrets = secret::keys(&call.store().view()?, org)?;
    Reply::indented(StatusCode::OK, &KeysReply { links: Links::new(LINKS, |_| Some(&org)), secrets })
}

fn set(call: &Call) -> Result<Reply, Problem> {
    let org = org(call)?;
    let secrets = texts(&call.body).map_err(BodyError::unmarshal)?;
    require(call, Action::Write, org)?;
    if secrets.iter().any(|(key, _)| key.len() > LONGEST_KEY) {
        return Err(Problem::new(Code::TooLarge, "key too large"));
    }
    call.store().change(|change| secret::set(change, org, &secrets))?;
    Ok(Reply::no_content())
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let org = org(call)?;
    let keys = Fields::parse(&call.body, "secret.secretsDeleteBody").and_then(|fields| fields.list("secrets"));
    remove(call, org, &keys.map_err(BodyError::unmarshal)?)
}

fn delete_one(call: &Call) -> Result<Reply, Problem> {
    let org = org(call)?;
    // A slash is no other word for the end of a key, and is not decoded (influxd 2.9.1, measured).
    let written = call.path.rsplit('/').next().unwrap_or_default();
    let is_kept = written.to_ascii_uppercase().contains("%2F");
    remove(call, org, &[if is_kept { written } else { call.param("key") }.to_owned()])
}

fn remove(call: &Call, org: Id, keys: &[String]) -> Result<Reply, Problem> {
    require(call, Action::Write, org)?;
    call.store().change(|change| secret::delete(change, org, keys))?;
    Ok(Reply::no_content())
}
