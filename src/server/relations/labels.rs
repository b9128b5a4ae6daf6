//! `labels` of objects.

use http::StatusCode;
use serde::Serialize;

use super::{Relation, visible};
use crate::server::auth::{Action, Caller, Permission};
use crate::server::id::Id;
use crate::server::json::{BodyError, Fields};
use crate::server::kind::Kind;
use crate::server::labels::{LABELS, permission, shown};
use crate::server::links::SelfLink;
use crate::server::plain::Shown;
use crate::server::problem::{Code, Problem};
use crate::server::reply::{Reply, Style};
use crate::server::request::Call;
use crate::server::store::label;
use crate::server::store::object::Object;

pub(super) fn relation(style: Style) -> Relation {
    match style {
        Style::Indented => Relation { list, add, remove, other: Some(other) },
        Style::Compact => Relation { list: list_unchecked, add: add_unchecked, remove: remove_unchecked, other: None },
    }
}

/// Labels alone.
#[derive(Serialize)]
struct LabelsReply {
    links: SelfLink,
    labels: Vec<Shown>,
}

impl LabelsReply {
    fn new(labels: Vec<Shown>) -> Self {
        Self { links: SelfLink::new("/api/v2/labels"), labels }
    }
}

/// Those labels that the caller may see.
pub(in crate::server) fn seen(caller: &Caller, labels: Vec<Object>) -> Vec<Shown> {
    let seen = labels.into_iter().filter(|label| caller.holds(&permission(Action::Read, label)));
    seen.map(shown).collect()
}

const UNREAD: &str = "Invalid post label map request";
const MISSING: &str = "label id is required";

/// Two refusals, one after the other: influxd goes on after the first.
fn unread_twice() -> Result<Reply, Problem> {
    let text = |message| format!("{{\n\t\"code\": \"invalid\",\n\t\"message\": \"{message}\"\n}}");
    let both = [UNREAD, MISSING].map(text).concat();
    Ok(Reply::raw(StatusCode::BAD_REQUEST, "application/json; charset=utf-8", both))
}

fn label_in_body(call: &Call) -> Result<Id, Problem> {
    let decode = || Fields::parse(&call.body, "influxdb.LabelMapping")?.id("labelID");
    let id = decode().map_err(|_: BodyError| Problem::invalid(UNREAD))?;
    id.ok_or_else(|| Problem::invalid(MISSING))
}

/// A method that is not allowed; whether the object may be seen is decided first.
fn other(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    visible(kind, call, &call.store().view()?)?;
    Err(Problem::new(Code::MethodNotAllowed, "allow: "))
}

fn list(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = visible(kind, call, &view)?;
    let caller = call.caller()?;
    caller.require(&Permission::at(Action::Read, kind.api().resource, id, org))?;
    Reply::indented(StatusCode::OK, &LabelsReply::new(seen(caller, label::of_resource(&view, id)?)))
}

/// Writing a label and an object; the org of the label decides, not that of the object.
fn require_both(kind: Kind, call: &Call, label: &Object, id: Id) -> Result<(), Problem> {
    let caller = call.caller()?;
    caller.require(&permission(Action::Write, label))?;
    caller.require(&Permission::at(Action::Write, kind.api().resource, id, label.org.unwrap_or(label.id)))
}

fn add(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, _) = visible(kind, call, &view)?;
    let label = match label_in_body(call) {
        Err(problem) if problem.message == UNREAD => return unread_twice(),
        label => label?,
    };
    let found = label::find(&view, label)?;
    call.caller()?.require(&permission(Action::Read, &found))?;
    require_both(kind, call, &found, id)?;
    call.store().change(|change| label::attach(change, id, found.id))?;
    LABELS.one(Style::Indented, StatusCode::CREATED, &shown(found))
}

fn remove(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, _) = visible(kind, call, &view)?;
    let found = label::find(&view, call.id("label")?)?;
    require_both(kind, call, &found, id)?;
    call.store().change(|change| label::detach(change, id, found.id))?;
    Ok(Reply::no_content())
}

/// No right is asked for, as on the real server.
fn list_unchecked(_: Kind, call: &Call) -> Result<Reply, Problem> {
    let labels = label::of_resource(&call.store().view()?, call.id("id")?)?;
    Reply::compact(StatusCode::OK, &LabelsReply::new(labels.into_iter().map(shown).collect()))
}

fn add_unchecked(_: Kind, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let label = label_in_body(call)?;
    let found = call.store().change(|change| {
        label::attach(change, id, label)?;
        label::find(change, label)
    })?;
    LABELS.one(Style::Compact, StatusCode::CREATED, &shown(found))
}

fn remove_unchecked(_: Kind, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let label = call.id("label")?;
    call.store().change(|change| label::detach(change, id, label))?;
    Ok(Reply::no_content())
}
