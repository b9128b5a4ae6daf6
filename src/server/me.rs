//! `/api/v2/me`: the user behind the token or session.

use axum::routing::MethodFilter;
use http::StatusCode;

use super::auth::Action;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::user;
use super::users;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/me", indented(MethodFilter::GET, get))
        .route("/api/v2/me/password", indented(MethodFilter::PUT, change_password))
}

/// Tells a wrong token, an inactive one and a narrow one apart, and names the user's ID to the narrow one.
fn get(call: &Call) -> Result<Reply, Problem> {
    let caller = call.caller()?;
    caller.require(&users::permission(Action::Read, caller.user))?;
    Reply::indented(StatusCode::OK, &users::shown(user::find(&call.store().view()?, caller.user)?))
}

fn change_password(call: &Call) -> Result<Reply, Problem> {
    let id = call.caller()?.user;
    let (old, new) = users::old_and_new(call)?;
    users::replace_password(call, id, &old, &new)
}
