//! Runs and logs of tasks. This server runs no tasks: there are none, and none can be asked for.

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::Action;
use super::id::Id;
use super::reply::{Code, Problem, Reply};
use super::request::Call;
use super::routes::{Routes, compact};
use super::tasks;

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

/// The task of the path, or the refusal with what was being done in front.
fn task(call: &Call, action: Action, doing: &str) -> Result<Id, Problem> {
    let id = tasks::id(call, "id")?;
    tasks::find(call, action, id).map_err(|problem| problem.within(doing))?;
    Ok(id)
}

/// A run of a task that exists: there is none.
fn absent_run(call: &Call, action: Action, doing: &str) -> Result<Reply, Problem> {
    tasks::id(call, "id")?;
    tasks::id(call, "run")?;
    task(call, action, doing)?;
    Err(Problem::not_found("run not found").within(doing))
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let id = task(call, Action::Read, "failed to find runs")?;
    let task = format!("/api/v2/tasks/{id}");
    Reply::compact(StatusCode::OK, &RunsReply { links: RunsLinks { this: format!("{task}/runs"), task }, runs: [] })
}

fn logs(call: &Call) -> Result<Reply, Problem> {
    task(call, Action::Read, "failed to find task logs")?;
    Reply::compact(StatusCode::OK, &LogsReply { events: None })
}

fn get(call: &Call) -> Result<Reply, Problem> {
    absent_run(call, Action::Read, "failed to find run")
}

fn logs_of_run(call: &Call) -> Result<Reply, Problem> {
    absent_run(call, Action::Read, "failed to find task logs")
}

fn cancel(call: &Call) -> Result<Reply, Problem> {
    absent_run(call, Action::Write, "failed to cancel run")
}

fn retry(call: &Call) -> Result<Reply, Problem> {
    absent_run(call, Action::Write, "failed to retry run")
}

fn force(call: &Call) -> Result<Reply, Problem> {
    task(call, Action::Write, "failed to force run")?;
    Err(Problem::new(Code::NotImplemented, "failed to force run: the embedded server does not run tasks"))
}
