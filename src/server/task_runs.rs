//! Runs and logs of tasks. This server runs no tasks: there are none, and none can be asked for.

use axum::routing::MethodFilter;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::auth::Action;
use super::go_text;
use super::id::Id;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, compact};
use super::store::task;
use super::tasks;

const MAX_LIMIT: i64 = 500;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/tasks/{id}/runs", compact(MethodFilter::GET, list).merge(compact(MethodFilter::POST, force)))
        .route(
            "/api/v2/tasks/{id}/runs/{run}",
            compact(MethodFilter::GET, get).merge(compact(MethodFilter::DELETE, cancel)),
        )
        .route("/api/v2/tasks/{id}/runs/{run}/retry", compact(MethodFilter::POST, retry))
        .route("/api/v2/tasks/{id}/runs/{run}/logs", compact(MethodFilter::GET, logs_of_run))
        .route("/api/v2/tasks/{id}/logs", compact(MethodFilter::GET, logs))
}

#[derive(Serialize)]
struct RunsReply {
    links: RunsLinks,
    runs: [(); 0],
}

#[derive(Serialize)]
struct RunsLinks {
    #[serde(rename = "self")]
    this: String,
    task: String,
}

/// `null`, as the real server has it while there are no logs.
#[derive(Serialize)]
struct LogsReply {
    events: Option<()>,
}

/// The task of the path, to be read, or the refusal with what was being done in front.
fn readable(call: &Call, doing: &str) -> Result<Id, Problem> {
    let id = tasks::id(call, "id")?;
    if call.caller()?.session {
        task::find(&call.store().view()?, id).map_err(|error| {
            Problem::from(error).within("task ID unknown or unauthorized").with_code(Code::Unauthorized)
        })?;
    }
    tasks::find(call, Action::Read, id).map_err(|problem| problem.within(doing))?;
    Ok(id)
}

/// Refuses an inactive task before it asks for the right to write.
fn runnable(call: &Call, doing: &str) -> Result<Id, Problem> {
    let id = tasks::id(call, "id")?;
    let found = task::find(&call.store().view()?, id).map_err(|error| Problem::from(error).within(doing))?;
    if found.status != "active" {
        return Err(Problem::invalid("inactive task").within(doing));
    }
    tasks::find(call, Action::Write, id).map_err(|problem| problem.within(doing))?;
    Ok(id)
}

/// No run exists.
fn absent(doing: &str) -> Problem {
    Problem::not_found("run not found").within(doing)
}

/// Checks the filter, though there is nothing to filter.
fn check_filter(call: &Call) -> Result<(), Problem> {
    call.query.id("after")?;
    if let Some(limit) = call.query.get("limit")
        && !(1..=MAX_LIMIT).contains(&tasks::whole_number(limit)?)
    {
        return Err(Problem::invalid("run limit is out of bounds, must be between 1 and 500"));
    }
    let time = |name: &str| match call.query.get(name) {
        None => Ok(None),
        Some(text) => text.parse::<Timestamp>().map(Some).map_err(|_| {
            let text = go_text::quote(text);
            let layout = "2006-01-02T15:04:05Z07:00";
            Problem::invalid(format!("parsing time {text} as \"{layout}\": cannot parse {text} as \"2006\""))
        }),
    };
    match (time("afterTime")?, time("beforeTime")?) {
        (Some(after), Some(before)) if before <= after => {
            Err(Problem::invalid("beforeTime must be later than afterTime"))
        }
        _ => Ok(()),
    }
}

fn list(call: &Call) -> Result<Reply, Problem> {
    tasks::id(call, "id")?;
    check_filter(call).map_err(|problem| problem.within("failed to decode request"))?;
    let id = readable(call, "failed to find runs")?;
    let task = format!("/api/v2/tasks/{id}");
    let links = RunsLinks { this: format!("{task}/runs"), task };
    Reply::compact(StatusCode::OK, &RunsReply { links, runs: [] })
}

fn logs(call: &Call) -> Result<Reply, Problem> {
    readable(call, "failed to find task logs")?;
    Reply::compact(StatusCode::OK, &LogsReply { events: None })
}

fn get(call: &Call) -> Result<Reply, Problem> {
    tasks::id(call, "run")?;
    readable(call, "failed to find run")?;
    Err(absent("failed to find run"))
}

fn logs_of_run(call: &Call) -> Result<Reply, Problem> {
    tasks::id(call, "run")?;
    readable(call, "failed to find task logs")?;
    Err(absent("failed to find task logs"))
}

fn cancel(call: &Call) -> Result<Reply, Problem> {
    let doing = "failed to cancel run";
    tasks::id(call, "run")?;
    tasks::find(call, Action::Write, tasks::id(call, "id")?).map_err(|problem| problem.within(doing))?;
    Err(absent(doing))
}

fn retry(call: &Call) -> Result<Reply, Problem> {
    tasks::id(call, "run")?;
    runnable(call, "failed to retry run")?;
    Err(absent("failed to retry run"))
}

fn force(call: &Call) -> Result<Reply, Problem> {
    runnable(call, "failed to force run")?;
    Err(Problem::new(Code::NotImplemented, "failed to force run: the embedded server does not run tasks"))
}
