//! `labels` of buckets and tasks.

use axum::routing::MethodFilter;
use http::StatusCode;

use super::auth::{Action, Caller, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::labels::{self, LabelReply, LabelsReply, WrappedLabel};
use super::members;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, compact, indented};
use super::store::label::{self, Label};

/// Of buckets.
pub(super) fn of_buckets() -> Routes {
    let others = MethodFilter::PUT.or(MethodFilter::PATCH);
    Routes::new()
        .route(
            "/api/v2/buckets/{id}/labels",
            indented(MethodFilter::GET, list_of_bucket)
                .merge(indented(MethodFilter::POST, attach_to_bucket))
                .merge(indented(others.or(MethodFilter::DELETE), other)),
        )
        .route(
            "/api/v2/buckets/{id}/labels/{label}",
            indented(MethodFilter::DELETE, detach_from_bucket)
                .merge(indented(others.or(MethodFilter::GET).or(MethodFilter::POST), other)),
        )
}

/// Of tasks: no permission is asked for, as on the real server.
pub(super) fn of_tasks() -> Routes {
    Routes::new()
        .route(
            "/api/v2/tasks/{id}/labels",
            compact(MethodFilter::GET, list_of_task).merge(compact(MethodFilter::POST, attach_to_task)),
        )
        .route("/api/v2/tasks/{id}/labels/{label}", compact(MethodFilter::DELETE, detach_from_task))
}

/// Those labels that the caller may see.
pub(super) fn seen(caller: &Caller, labels: Vec<Label>) -> Vec<LabelReply> {
    let seen = labels.into_iter().filter(|label| caller.holds(&labels::permission(Action::Read, label)));
    seen.map(LabelReply::from).collect()
}

fn label_in_body(call: &Call) -> Result<Id, Problem> {
    let decode = || Fields::parse(&call.body, "influxdb.LabelMapping")?.id("labelID");
    let id = decode().map_err(|_: BodyError| Problem::invalid("Invalid post label map request"))?;
    id.ok_or_else(|| Problem::invalid("label id is required"))
}

/// A method that is not allowed; whether the bucket may be seen is decided first.
fn other(call: &Call) -> Result<Reply, Problem> {
    members::resource(call, &call.store().view()?, ResourceType::Buckets)?;
    Err(Problem::new(Code::MethodNotAllowed, "allow: "))
}

fn list_of_bucket(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = members::resource(call, &view, ResourceType::Buckets)?;
    let caller = call.caller()?;
    caller.require(&Permission::at(Action::Read, ResourceType::Buckets, id, org))?;
    let labels = seen(caller, label::of_resource(&view, id)?);
    Reply::indented(StatusCode::OK, &LabelsReply::new(labels))
}

/// Writing a label and a bucket; the org of the label decides, not that of the bucket.
fn require_both(call: &Call, label: &Label, bucket: Id) -> Result<(), Problem> {
    let caller = call.caller()?;
    caller.require(&labels::permission(Action::Write, label))?;
    caller.require(&Permission::at(Action::Write, ResourceType::Buckets, bucket, label.org))
}

fn attach_to_bucket(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, _) = members::resource(call, &view, ResourceType::Buckets)?;
    let found = label::find(&view, label_in_body(call)?)?;
    call.caller()?.require(&labels::permission(Action::Read, &found))?;
    require_both(call, &found, id)?;
    call.store().change(|change| label::attach(change, id, found.id))?;
    Reply::indented(StatusCode::CREATED, &WrappedLabel::new(found))
}

fn detach_from_bucket(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, _) = members::resource(call, &view, ResourceType::Buckets)?;
    let found = label::find(&view, call.id("label")?)?;
    require_both(call, &found, id)?;
    call.store().change(|change| label::detach(change, id, found.id))?;
    Ok(Reply::no_content())
}

fn list_of_task(call: &Call) -> Result<Reply, Problem> {
    let labels = label::of_resource(&call.store().view()?, call.id("id")?)?;
    Reply::compact(StatusCode::OK, &LabelsReply::new(labels.into_iter().map(LabelReply::from).collect()))
}

fn attach_to_task(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let label = label_in_body(call)?;
    let found = call.store().change(|change| {
        label::attach(change, id, label)?;
        label::find(change, label)
    })?;
    Reply::compact(StatusCode::CREATED, &WrappedLabel::new(found))
}

fn detach_from_task(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let label = call.id("label")?;
    call.store().change(|change| label::detach(change, id, label))?;
    Ok(Reply::no_content())
}
