//! The one query about secrets that the embedded server answers: the digest of one.

use super::query_route::place;
use super::script;
use crate::flux::ast::{Lines, Span};
use crate::flux::digest;
use crate::server::auth::{Action, Permission, ResourceType};
use crate::server::id::Id;
use crate::server::problem::Problem;
use crate::server::request::Call;
use crate::server::store::{View, secret};

/// Which secret is asked for, and where in the script.
pub(super) struct Asked {
    key: String,
    place: String,
}

/// What a script asks for that is such a query.
pub(super) fn asked(script: &str) -> Option<Asked> {
    let (literal, call) = digest::asked(script)?;
    let span = Span::new(u32::try_from(call.start).ok()?, u32::try_from(call.end).ok()?);
    Some(Asked { key: script::string(literal)?, place: place(&Lines::of(script), span) })
}

/// The answer in CSV. There is no secret for an empty value either (influxd 2.9.1, measured).
pub(super) fn answer(call: &Call, view: &View, org: Id, asked: &Asked) -> Result<String, Problem> {
    let calling = format!("error calling function \"get\" @{}", asked.place);
    let required = Permission::in_org(Action::Read, ResourceType::Secrets, org);
    call.caller()?.require(&required).map_err(|problem| problem.within(&calling))?;
    let value = secret::value(view, org, &asked.key)?.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| Problem::not_found("secret not found").within(&calling))?;
    Ok(digest::reply(&digest::of(&value)))
}
