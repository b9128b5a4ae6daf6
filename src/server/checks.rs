//! `/api/v2/checks` (influxd 2.9.1, measured). A check is run by a task that no list has: its status is the task's, and a change
//! of the check that the task cannot follow is stored all the same.

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::base::{self, Update};
use super::check_body::{self, Sent};
use super::hidden_task::{self, TASK};
use super::id::Id;
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::List;
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::reply::{Reply, Style};
use super::request::Call;
use super::routes::{Routes, compact};
use super::store::Change;
use super::store::column::{Cell, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::{self, Clash, Class, Object, Unique};
use super::store::task::{Schedule, Task};
use super::task_schedule;
use crate::alerting::of_check;

pub(super) static CHECKS: Plain = Plain {
    handlers: Handlers { create, patch, put, ..Handlers::BY_TABLE },
    list: List::in_org("checks"),
    links: hidden_task::LINKS,
    patch: Some(Body::bare("influxdb.CheckUpdate")),
    put: Some(Body::bare("")),
    missing: "check not found for key \"{id}\"",
    clash,
    read_to_change: true,
    after: hidden_task::after,
    ..Plain::new(
        Api {
            style: Style::Compact,
            labels: true,
            members: true,
            more: routes,
            ..Api::new("checks", ResourceType::Checks)
        },
        &CLASS,
    )
};

static CLASS: Class = Class {
    name: "checks",
    columns: &[
        ID,
        text("name"),
        text("description").shown(Shown::UnlessEmpty),
        Column::new("ownerID", Holds::Maker).fixed(),
        ORG,
        Column::new("query", Holds::Json(base::as_it_is)),
        text(TASK).fixed(),
        text("statusMessageTemplate").shown(Shown::If(|_, check| Ok(check.text("type") != "custom"))),
        text("cron").shown(Shown::UnlessEmpty),
        text("every").shown(Shown::UnlessEmpty),
        text("offset").shown(Shown::UnlessEmpty),
        Column::new("tags", Holds::Json(base::as_it_is))
            .shown(Shown::If(|_, check| Ok(check.text("type") != "custom"))),
        Column::new("createdAt", Holds::Created).fixed(),
        Column::new("updatedAt", Holds::Updated).fixed(),
        Column::new("thresholds", Holds::Json(base::as_it_is))
            .shown(Shown::If(|_, check| Ok(check.text("type") == "threshold"))),
        text("timeSince").shown(Shown::UnlessEmpty),
        text("staleTime").shown(Shown::UnlessEmpty),
        Column::new("reportZero", Holds::Flag).shown(Shown::If(|_, check| Ok(check.text("type") == "deadman"))),
        text("level").shown(Shown::UnlessEmpty),
        text("type"),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
        Column::new("status", Holds::Derived(hidden_task::status)).fixed(),
        Column::new("latestCompleted", Holds::Derived(hidden_task::latest)).fixed(),
        Column::new("latestScheduled", Holds::Derived(hidden_task::latest)).fixed(),
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.as_bytes().to_vec() }),
    goes_with: None,
};

fn clash(check: &Object, _: Clash, deed: Deed) -> Problem {
    let key = || format!("{}{}", check.org.map(|org| org.to_string()).unwrap_or_default(), check.text("name"));
    Problem::conflict(match deed {
        Deed::Put => "check name is not unique".to_owned(),
        Deed::Patch => format!("check entity update conflicts with an existing entity for key {}", key()),
        _ => format!("check is not unique for key {}", key()),
    })
}

fn routes() -> Routes {
    Routes::new().route("/api/v2/checks/{id}/query", compact(MethodFilter::GET, query))
}

fn in_task(problem: Problem) -> Problem {
    // Whatever it is, it is the request's fault here.
    problem.within("Could not create task from check").with_code(Code::Invalid)
}

fn create(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let sent = check_body::read(&call.body)?;
    let labels = base::labels(&call.body)?;
    let caller = call.caller()?;
    let org = sent.org.ok_or_else(|| Problem::invalid(plain.org_needed))?;
    caller.require(&Permission::in_org(Action::Write, ResourceType::Checks, org))?;
    let id = call.store().ids.next();
    let mut sent = sent.with_id(id);
    sent.valid()?;
    sent.status()?;
    let runs = script(&mut sent, id).map_err(in_task)?;
    let mut check = Object::new(&CLASS, id, Some(org));
    sent.put_into(&mut check);
    *check.value_mut("ownerID") = Cell::Text(caller.user.to_string());
    let new = hidden_task::New { runs, description: sent.description.clone(), status: sent.status.clone() };
    hidden_task::create(call, &mut check, new, |change, check| match object::insert(change, check)? {
        Some(clashes) => Err(clash(check, clashes, Deed::Create)),
        None => Ok(base::attach(change, id, &labels)?),
    })?;
    plain.reply(call, StatusCode::CREATED, check)
}

/// What the task of a check runs.
fn script(sent: &mut Sent, id: Id) -> Result<(String, Schedule), Problem> {
    let flux = of_check(&sent.check, &id.to_string()).map_err(Problem::invalid)?;
    let schedule = task_schedule::read(&flux)?;
    Ok((flux, schedule))
}

fn put(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let sent = check_body::read(&call.body).map_err(|problem| problem.within("malformed check body"))?;
    let mut sent = sent.with_id(id);
    sent.status()?;
    plain.allowed(call, &call.store().view()?, id, Deed::Put)?;
    if sent.org.is_none() {
        return Err(Problem::invalid("Check OrgID is invalid"));
    }
    sent.valid()?;
    let changed = call.store().change(|change| {
        let (before, _) = with_task(plain, change, id)?;
        let mut after = before.clone();
        sent.put_into(&mut after);
        store(change, &before, after, Deed::Put)
    })?;
    // The check is stored, and stays so if its task cannot follow.
    let runs = script(&mut sent, id).map_err(untold)?;
    let (description, status) = (Some(sent.description.clone()), Some(sent.status.clone()));
    let follow = |change: &Change| hidden_task::follow(change, &changed, Some(runs), description, status);
    call.store().change(follow)?;
    plain.reply(call, StatusCode::OK, changed)
}

/// Of what is wrong with a query, a change says nothing.
fn untold(problem: Problem) -> Problem {
    let told = !problem.message.contains("loc ") && problem.message.contains("options:");
    if told || problem.message.contains("parsing time") {
        return problem;
    }
    Problem::new(Code::Internal, "An internal error has occurred - check server logs")
}

fn patch(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let update = Update::read(&call.body, "influxdb.CheckUpdate", "Check")?;
    plain.allowed(call, &call.store().view()?, id, Deed::Patch)?;
    let changed = call.store().change(|change| {
        let (before, _) = with_task(plain, change, id)?;
        let mut after = before.clone();
        if let Some(name) = &update.name {
            check_body::named(&before, name)?;
        }
        update.put_into(&mut after);
        store(change, &before, after, Deed::Patch)
    })?;
    call.store().change(|change| hidden_task::follow(change, &changed, None, update.description, update.status))?;
    plain.reply(call, StatusCode::OK, changed)
}

fn with_task(plain: &'static Plain, change: &Change, id: Id) -> Result<(Object, Task), Problem> {
    let check = plain.find(change, id)?;
    let task = hidden_task::find(change, &check)?;
    Ok((check, task))
}

fn store(change: &Change, before: &Object, mut after: Object, deed: Deed) -> Result<Object, Problem> {
    match object::replace(change, before, &mut after)? {
        Some(clashes) => Err(clash(&after, clashes, deed)),
        None => Ok(after),
    }
}

#[derive(Serialize)]
struct QueryReply {
    flux: String,
}

/// What the task would run if it were made now.
fn query(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let check = CHECKS.allowed(call, &call.store().view()?, id, Deed::Read)?;
    let flux = of_check(&check_body::kept(&check), &id.to_string())
        .map_err(|_| Problem::new(Code::Internal, "An internal error has occurred - check server logs"))?;
    Reply::compact(StatusCode::OK, &QueryReply { flux })
}
