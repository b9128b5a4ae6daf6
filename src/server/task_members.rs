//! `members` and `owners` of tasks: always empty until somebody posts one, even for the task's owner.

use axum::routing::MethodFilter;
use http::StatusCode;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::members::{MemberReply, MembersReply, role, user_in_body};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, compact};
use super::store::member::{self, Member};
use super::store::{View, task, user};

pub(super) fn routes() -> Routes {
    ["members", "owners"].into_iter().fold(Routes::new(), |routes, roles| {
        routes
            .route(
                &format!("/api/v2/tasks/{{id}}/{roles}"),
                compact(MethodFilter::GET, list).merge(compact(MethodFilter::POST, add)),
            )
            .route(&format!("/api/v2/tasks/{{id}}/{roles}/{{user}}"), compact(MethodFilter::DELETE, remove))
    })
}

fn permission(view: &View, action: Action, id: Id) -> Result<Permission, Problem> {
    Ok(Permission::at(action, ResourceType::Tasks, id, task::find(view, id)?.org))
}

/// An absent task has no members; that is no error.
fn list(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let mut members = member::of_resource(&view, id)?;
    if !members.is_empty() && !call.caller()?.holds(&permission(&view, Action::Read, id)?) {
        members.clear();
    }
    Reply::compact(StatusCode::OK, &MembersReply::new(&view, ResourceType::Tasks, id, role(call), members, true)?)
}

fn add(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let role = role(call);
    let view = call.store().view()?;
    let user = user_in_body(call).map_err(|problem| match problem.code {
        // The older handlers do not say what is wrong with a body.
        Code::Internal => Problem::new(Code::Internal, "An internal error has occurred - check server logs"),
        _ => problem,
    })?;
    let user = user::find(&view, user)?;
    call.caller()?.require(&permission(&view, Action::Write, id)?)?;
    let member = Member { user: user.id, role, resource_type: ResourceType::Tasks, resource: id };
    call.store().change(|change| member::create(change, &member))?;
    Reply::compact(StatusCode::CREATED, &MemberReply::new(user, role, true))
}

fn remove(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let user = call.id("user")?;
    let view = call.store().view()?;
    if member::find(&view, id, user)?.is_some() {
        call.caller()?.require(&permission(&view, Action::Write, id)?)?;
        call.store().change(|change| member::delete(change, id, user))?;
    }
    Ok(Reply::no_content())
}
