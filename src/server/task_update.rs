//! `PATCH /api/v2/tasks/{id}`.

use http::StatusCode;

use super::auth::Action;
use super::flux_duration::Duration;
use super::go_text;
use super::id::Id;
use super::json::{BodyError, Fields};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::store::task::{self, Task, TaskUpdate};
use super::task_edit::OptionEdit;
use super::task_schedule;
use super::tasks::{self, TaskReply};

/// The body of a change.
struct UpdateRequest {
    flux: Option<String>,
    status: Option<String>,
    description: Option<String>,
    option: OptionEdit,
    /// Whether `concurrency` or `retry` was sent, alone a panic on the real server.
    limits: bool,
}

fn update_request(body: &[u8]) -> Result<UpdateRequest, Problem> {
    let fields = Fields::parse(body, "").map_err(BodyError::plain)?;
    let text = |name: &str| fields.text(name).map_err(BodyError::plain);
    let duration = |name: &str, go_type: &str| match fields.text_as(name, go_type).map_err(BodyError::plain)? {
        Some(text) => Duration::parse(&text).map(Some).map_err(Problem::invalid),
        None => Ok(None),
    };
    let not_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let limit = |name: &str| fields.integer(name).map_err(BodyError::plain);
    let every = duration("every", "options.Duration")?.filter(|every| !every.is_zero());
    let cron = not_empty(text("cron")?);
    let offset = duration("offset", "*options.Duration")?;
    let name = not_empty(text("name")?);
    let limits = limit("concurrency")?.is_some() || limit("retry")?.is_some();
    let (flux, status, description) = (text("flux")?, text("status")?, text("description")?);
    let real_offset = offset.as_ref().filter(|offset| !offset.is_zero());
    let nothing = name.is_none() && cron.is_none() && every.is_none() && real_offset.is_none() && !limits;
    // The real server checks only the first of these that applies.
    if every.is_some() {
        if cron.is_some() {
            return Err(Problem::invalid("cannot specify both every and cron"));
        }
    } else if let Some(offset) = real_offset {
        offset.go_duration().map_err(|reason| {
            Problem::invalid(format!("offset: {offset}, {reason} is invalid, the largest unit supported is h"))
        })?;
    } else if flux.is_none() && status.is_none() && nothing {
        return Err(Problem::invalid("cannot update task without content"));
    } else if let Some(status) = status.as_ref().filter(|status| !matches!(status.as_str(), "active" | "inactive")) {
        return Err(Problem::invalid(format!("invalid task status: {}", go_text::quote(status))));
    }
    // An offset of zero counts only together with something else.
    let offset = if nothing { None } else { offset };
    Ok(UpdateRequest { flux, status, description, option: OptionEdit { name, every, cron, offset }, limits })
}

pub(super) fn update(call: &Call) -> Result<Reply, Problem> {
    let id = tasks::id(call, "id")?;
    let request = update_request(&call.body)
        .map_err(|problem| problem.within("failed to decode request").with_code(Code::Invalid))?;
    let changed = change_task(call, id, request).map_err(|problem| match problem.message.as_str() {
        panic if panic.starts_with("a panic") => problem,
        _ => problem.within("failed to update task"),
    })?;
    Reply::compact(StatusCode::OK, &TaskReply::new(&call.store().view()?, changed)?)
}

fn change_task(call: &Call, id: Id, request: UpdateRequest) -> Result<Task, Problem> {
    let found = tasks::find(call, Action::Write, id)?;
    let script = if !request.option.is_empty() {
        let script = request.flux.as_deref().filter(|flux| !flux.is_empty()).unwrap_or(&found.flux);
        Some(request.option.apply(script)?)
    } else if request.limits && request.flux.is_none() {
        return Err(Problem::new(
            Code::Internal,
            format!(
                "a panic has occurred: {}: runtime error: invalid memory address or nil pointer dereference",
                call.path
            ),
        ));
    } else {
        request.flux
    };
    let script = match script {
        Some(script) => {
            let schedule = task_schedule::read(&script)?;
            Some((script, schedule))
        }
        None => None,
    };
    let update = TaskUpdate { script, description: request.description, status: request.status };
    let changed = call.store().change(|change| task::update(change, id, update))?;
    reschedule(&changed).map_err(|reason| Problem::new(Code::Internal, reason))?;
    Ok(changed)
}

/// What the real server does after the change is stored: where it fails, the answer is an error and the change stays.
fn reschedule(after: &Task) -> Result<(), String> {
    if after.status == "inactive" {
        return task_schedule::plan(&after.schedule).map(drop);
    }
    task_schedule::startable(&after.schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_not_checked_beside_a_new_interval() {
        let message = |body: &str| update_request(body.as_bytes()).err().map(|problem| problem.message);
        assert_eq!(message(r#"{"status":"weird"}"#), Some("invalid task status: \"weird\"".to_owned()));
        assert_eq!(message(r#"{"status":"weird","every":"1h"}"#), None);
        assert_eq!(message(r#"{"description":"d"}"#), Some("cannot update task without content".to_owned()));
        assert_eq!(message(r#"{"offset":"0s"}"#), Some("cannot update task without content".to_owned()));
    }
}
