//! `/api/v2/tasks`. Errors are in one line, say what was being done, and are 500 or 404 where a right is missing.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::auth::{Action, Caller, Permission, ResourceType};
use super::go_text;
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::{Api, Own, Place};
use super::links::{Links, Templates};
use super::plain::Shown;
use super::problem::{Code, Problem};
use super::reply::{Reply, Style};
use super::request::{Call, link};
use super::store::task::{self, NewTask, Task, TaskFilter};
use super::store::{Error, View, label, org};
use super::task_schedule;
use super::{labels, task_runs, task_update};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;

pub(super) static TASKS: Own = Own {
    api: Api {
        style: Style::Compact,
        labels: true,
        members: true,
        more: task_runs::routes,
        ..Api::new("tasks", ResourceType::Tasks)
    },
    handlers: [list, create, get, task_update::update, delete],
    place: |view, id| {
        task::find(view, id).map(|found| Place { org: found.org, seen: permission(Action::Read, &found) })
    },
    allow: allowed_methods,
};

const LINKS: Templates = &[
    ("labels", "/api/v2/tasks/{id}/labels"),
    ("logs", "/api/v2/tasks/{id}/logs"),
    ("members", "/api/v2/tasks/{id}/members"),
    ("owners", "/api/v2/tasks/{id}/owners"),
    ("runs", "/api/v2/tasks/{id}/runs"),
    ("self", "/api/v2/tasks/{id}"),
];

/// The `Allow` header of a path that only tasks have.
fn allowed_methods(rest: &[&str]) -> Option<&'static str> {
    match rest {
        [_, "logs"] | [_, "runs", _, "logs"] => Some("GET, OPTIONS"),
        [_, "runs", _] => Some("DELETE, GET, OPTIONS"),
        [_, "runs", _, "retry"] => Some("OPTIONS, POST"),
        _ => None,
    }
}

/// A task on the wire; times have whole seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskReply {
    links: Links,
    labels: Vec<Shown>,
    id: Id,
    #[serde(rename = "orgID")]
    org_id: Id,
    org: String,
    #[serde(rename = "ownerID")]
    owner_id: Id,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    status: String,
    flux: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    every: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cron: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    offset: String,
    latest_completed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

impl TaskReply {
    /// All labels are shown, whether or not the caller may see them.
    pub(super) fn new(view: &View, task: Task) -> Result<Self, Error> {
        let labels = label::of_resource(view, task.id)?.into_iter().map(labels::shown).collect();
        Ok(Self {
            links: Links::new(LINKS, |_| Some(&task.id)),
            labels,
            id: task.id,
            org_id: task.org,
            org: task.org_name,
            owner_id: task.owner,
            name: task.schedule.name,
            description: task.description,
            status: task.status,
            flux: task.flux,
            every: task.schedule.every,
            cron: task.schedule.cron,
            offset: hours_minutes_seconds(task.schedule.offset),
            latest_completed: whole_seconds(task.latest_completed),
            created_at: Some(whole_seconds(task.created_at)),
            updated_at: task.updated_at.map(whole_seconds),
        })
    }

    /// As `type=basic` asks for: without script and times.
    fn basic(self) -> Self {
        Self { org: String::new(), flux: String::new(), created_at: None, updated_at: None, ..self }
    }
}

fn whole_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `90s` as `1m30s`, `1h` as `1h`.
fn hours_minutes_seconds(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let mut text = if seconds < 0 { "-".to_owned() } else { String::new() };
    let seconds = seconds.unsigned_abs();
    for (amount, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")] {
        if amount != 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    }
    text
}

#[derive(Serialize)]
struct TasksReply {
    links: PageLinks,
    tasks: Vec<TaskReply>,
}

#[derive(Serialize)]
struct PageLinks {
    #[serde(rename = "self")]
    this: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn permission(action: Action, task: &Task) -> Permission {
    Permission::at(action, ResourceType::Tasks, task.id, task.org)
}

/// A missing right is "unauthorized" without a class, which makes it a 500 unless the handler says otherwise.
pub(super) fn require(caller: &Caller, asked: &Permission) -> Result<(), Problem> {
    if caller.holds(asked) { Ok(()) } else { Err(Problem::new(Code::Internal, "unauthorized")) }
}

/// The task of the path, if the caller may do this with it.
pub(super) fn find(call: &Call, action: Action, id: Id) -> Result<Task, Problem> {
    let found = task::find(&call.store().view()?, id)?;
    require(call.caller()?, &permission(action, &found))?;
    Ok(found)
}

/// The ID of the path.
pub(super) fn id(call: &Call, name: &str) -> Result<Id, Problem> {
    call.id(name).map_err(|problem| problem.within("failed to decode request"))
}

/// A whole number in a query, with Go's words.
pub(super) fn whole_number(text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_| Problem::invalid(format!("strconv.Atoi: parsing {}: invalid syntax", go_text::quote(text))))
}

/// What a list request asks for.
struct ListRequest {
    filter: TaskFilter,
    org_name: Option<String>,
    user: Option<Id>,
    basic: bool,
}

fn list_request(call: &Call) -> Result<ListRequest, Problem> {
    let query = &call.query;
    let after = query.id("after")?;
    let (mut org_id, mut org_name) = (None, None);
    if let Some(name) = query.get("org") {
        let found = org::find_by_name(&call.store().view()?, name)?;
        (org_id, org_name) = (Some(found.id), Some(found.name));
    }
    org_id = query.id("orgID")?.or(org_id);
    let user = query.id("user")?;
    let limit = match query.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let limit: i64 = whole_number(text)?;
            usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Problem::invalid(format!("limit must be between 1 and {MAX_LIMIT}")))?
        }
    };
    let status = query.get("status").filter(|status| matches!(*status, "active" | "inactive")).map(str::to_owned);
    let basic = match query.get("type") {
        None | Some("system") => false,
        Some("basic") => true,
        Some(other) => {
            return Err(Problem::invalid(format!("{} is not a valid task type", go_text::quote(other))));
        }
    };
    // Without an org only the caller's own tasks are listed.
    let owner = match (user, org_id) {
        (None, None) => Some(call.caller()?.user),
        (user, _) => user,
    };
    let name = query.get("name").map(str::to_owned);
    let filter = TaskFilter { org: org_id, owner, name, status, after, limit };
    Ok(ListRequest { filter, org_name, user, basic })
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let request = list_request(call).map_err(|problem| {
        // Whatever it is, an absent org too, is the request's fault here.
        problem.within("failed to decode request").with_code(Code::Invalid)
    })?;
    let view = call.store().view()?;
    let caller = call.caller()?;
    let mut tasks = task::list(&view, &request.filter)?;
    tasks.retain(|task| caller.holds(&permission(Action::Read, task)));
    let page = |after: Option<Id>| {
        let pairs = [("after", after), ("orgID", request.filter.org), ("user", request.user)];
        let mut pairs: Vec<(&str, String)> =
            pairs.into_iter().filter_map(|(key, id)| Some((key, id?.to_string()))).collect();
        pairs.extend(request.org_name.clone().map(|name| ("org", name)));
        pairs.push(("limit", request.filter.limit.to_string()));
        link("/api/v2/tasks", pairs)
    };
    let last = tasks.get(request.filter.limit - 1).map(|task| task.id);
    let links = PageLinks { this: page(request.filter.after), next: last.map(|last| page(Some(last))) };
    let tasks = tasks
        .into_iter()
        .map(|task| TaskReply::new(&view, task))
        .map(|reply| if request.basic { reply.map(TaskReply::basic) } else { reply })
        .collect::<Result<Vec<_>, _>>()?;
    Reply::compact(StatusCode::OK, &TasksReply { links, tasks })
}

/// The body of a creation; `name`, `every` and the like are not looked at.
struct CreateRequest {
    flux: String,
    description: String,
    status: String,
    org_id: Option<Id>,
    org: String,
}

fn create_request(body: &[u8]) -> Result<CreateRequest, Problem> {
    let decode = || {
        let fields = Fields::parse(body, "taskmodel.TaskCreate")?;
        Ok(CreateRequest {
            flux: fields.text("flux")?.unwrap_or_default(),
            description: fields.text("description")?.unwrap_or_default(),
            status: fields.text("status")?.unwrap_or_default(),
            org_id: fields.id("orgID")?,
            org: fields.text("org")?.unwrap_or_default(),
        })
    };
    let request: CreateRequest = decode().map_err(BodyError::plain)?;
    if request.flux.is_empty() {
        return Err(Problem::invalid("missing flux"));
    }
    if request.org_id.is_none() && request.org.is_empty() {
        return Err(Problem::invalid("missing orgID and org"));
    }
    if !matches!(request.status.as_str(), "" | "active" | "inactive") {
        return Err(Problem::invalid(format!("invalid task status: {}", go_text::quote(&request.status))));
    }
    Ok(request)
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let request = create_request(&call.body)
        .map_err(|problem| problem.within("failed to decode request").with_code(Code::Invalid))?;
    let view = call.store().view()?;
    let unidentified = |error: Error| Problem::from(error).within("could not identify organization");
    // With both, the ID is what is authorized and the name is what is used.
    let (asked, name) = match (request.org_id, request.org.as_str()) {
        (Some(id), "") => (id, org::find(&view, id).map_err(unidentified)?.name),
        (Some(id), name) => (id, name.to_owned()),
        (None, name) => (org::find_by_name(&view, name).map_err(unidentified)?.id, name.to_owned()),
    };
    let caller = call.caller()?;
    require(caller, &Permission::in_org(Action::Write, ResourceType::Tasks, asked))
        .map_err(|problem| problem.within("failed to create task"))?;
    let org = org::find_by_name(&view, &name)?;
    let schedule = task_schedule::read(&request.flux)?;
    // There it is stored, scheduled, and deleted again.
    task_schedule::startable(&schedule)
        .map_err(|reason| Problem::new(Code::Internal, reason).within("failed to create task"))?;
    let new = NewTask {
        org: org.id,
        org_name: org.name,
        owner: caller.user,
        description: request.description,
        status: if request.status.is_empty() { "active".to_owned() } else { request.status },
        flux: request.flux,
        schedule,
        hidden: false,
    };
    let store = call.store();
    let made = store.change(|change| task::create(change, &store.ids, new))?;
    Reply::compact(StatusCode::CREATED, &TaskReply::new(&view, made)?)
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let id = id(call, "id")?;
    // 404 whether it is absent or hidden; the message tells.
    let found = find(call, Action::Read, id)
        .map_err(|problem| problem.within("failed to find task").with_code(Code::NotFound))?;
    Reply::compact(StatusCode::OK, &TaskReply::new(&call.store().view()?, found)?)
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = id(call, "id")?;
    let doing = |problem: Problem| problem.within("failed to delete task");
    find(call, Action::Write, id).map_err(doing)?;
    call.store().change(|change| task::delete(change, id)).map_err(|error| doing(error.into()))?;
    Ok(Reply::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_shown_in_hours_minutes_and_seconds() {
        assert_eq!(hours_minutes_seconds(SignedDuration::from_secs(90)), "1m30s");
        assert_eq!(hours_minutes_seconds(SignedDuration::from_secs(-3600)), "-1h");
        assert_eq!(hours_minutes_seconds(SignedDuration::ZERO), "");
    }
}
