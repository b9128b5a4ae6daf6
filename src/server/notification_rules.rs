//! `/api/v2/notificationRules` (influxd 2.9.1, measured). A rule is run by a task that no list has, made from the rule and its
//! endpoint: a change of the endpoint does not reach it.

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::base::{self, Update};
use super::hidden_task::{self, TASK};
use super::id::Id;
use super::kind::Api;
use super::notification_endpoints::ENDPOINTS;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List};
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::reply::{Reply, Style};
use super::request::Call;
use super::routes::{Routes, compact};
use super::rule_body;
use super::store::column::{Cell, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::{self, Class, Object};
use super::store::task::Schedule;
use super::store::{Change, Read};
use super::task_schedule;
use crate::alerting::{Endpoint, Rule, of_rule};

pub(super) static RULES: Plain = Plain {
    handlers: Handlers { create, patch, put, ..Handlers::BY_TABLE },
    list: List {
        filters: &[
            Filter { parameter: "orgID", by: By::NamedOrg },
            Filter { parameter: "org", by: By::OrgName },
            Filter { parameter: "tag", by: By::Tags(sends_for) },
        ],
        ..List::in_org("notificationRules")
    },
    links: hidden_task::LINKS,
    patch: Some(Body::bare("")),
    put: Some(Body::bare("")),
    missing: "notification rule not found",
    after: hidden_task::after,
    ..Plain::new(
        Api {
            style: Style::Compact,
            labels: true,
            members: true,
            more: || Routes::new().route("/api/v2/notificationRules/{id}/query", compact(MethodFilter::GET, query)),
            ..Api::new("notificationRules", ResourceType::NotificationRules)
        },
        &CLASS,
    )
};

static CLASS: Class = Class {
    name: "notificationRules",
    columns: &[
        ID,
        text("name"),
        text("description").shown(Shown::UnlessEmpty),
        Column::new("endpointID", Holds::Reference),
        ORG,
        Column::new("ownerID", Holds::Maker).fixed(),
        text(TASK).fixed(),
        text("sleepUntil").shown(Shown::UnlessEmpty),
        text("every"),
        text("offset").shown(Shown::UnlessEmpty),
        text("runbookLink"),
        Column::new("tagRules", Holds::Json(base::as_it_is)).shown(Shown::UnlessEmpty),
        Column::new("statusRules", Holds::Json(base::as_it_is)).shown(Shown::UnlessEmpty),
        Column::new("limit", Holds::Integer).shown(Shown::UnlessEmpty),
        Column::new("limitEvery", Holds::Integer).shown(Shown::UnlessEmpty),
        Column::new("createdAt", Holds::Created).fixed(),
        Column::new("updatedAt", Holds::Updated).fixed(),
        text("channel").shown(Shown::If(|_, rule| Ok(rule.text("type") == "slack"))),
        text("messageTemplate").shown(Shown::If(|_, rule| Ok(rule.text("type") != "http"))),
        text("parseMode").shown(Shown::If(|_, rule| Ok(rule.text("type") == "telegram"))),
        Column::new("disableWebPagePreview", Holds::Flag)
            .shown(Shown::If(|_, rule| Ok(rule.text("type") == "telegram"))),
        text("type"),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
        Column::new("status", Holds::Derived(hidden_task::status)).fixed(),
        Column::new("latestCompleted", Holds::Derived(hidden_task::latest)).fixed(),
        Column::new("latestScheduled", Holds::Derived(hidden_task::latest)).fixed(),
    ],
    unique: None,
    goes_with: None,
};

/// Whether each tag that a rule asks for is among `tags`, or is asked not to be.
fn sends_for(rule: &Object, tags: &[(&str, &str)]) -> bool {
    let Cell::Json(asked) = rule.value("tagRules") else { return true };
    asked.as_array().into_iter().flatten().all(|asked| {
        tags.iter().any(|(key, value)| {
            let same = asked["value"] == *value;
            asked["key"] == *key && (asked["operator"] == "equal" && same || asked["operator"] == "notequal" && !same)
        })
    })
}

/// An endpoint as a rule sees it.
struct OfRule<'a>(&'a Object);

impl Endpoint for OfRule<'_> {
    fn id(&self) -> String {
        self.0.id.to_string()
    }

    fn text(&self, key: &str) -> &str {
        self.0.text(key)
    }
}

/// What the task of a rule runs.
fn script(read: &impl Read, rule: &Rule, id: Id, endpoint: Id) -> Result<(String, Schedule), Problem> {
    let endpoint = ENDPOINTS.find(read, endpoint)?;
    let untold = || Problem::new(Code::Internal, "An internal error has occurred - check server logs");
    let flux = of_rule(rule, &id.to_string(), &OfRule(&endpoint)).ok_or_else(untold)?;
    if rule.every.is_empty() || rule.offset.as_deref() == Some("") {
        return Err(untold());
    }
    let schedule = task_schedule::read(&flux).map_err(|problem| problem.with_code(Code::Invalid))?;
    Ok((flux, schedule))
}

fn create(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let sent = rule_body::read(&call.body)?;
    let labels = base::labels(&call.body)
        .map_err(|_| Problem::new(Code::Internal, "An internal error has occurred - check server logs"))?;
    let caller = call.caller()?;
    let org = sent.org.ok_or_else(|| Problem::invalid(plain.org_needed))?;
    caller.require(&Permission::in_org(Action::Write, ResourceType::NotificationRules, org))?;
    sent.possible("/api/v2/notificationRules")?;
    let store = call.store();
    let mut rule = Object::new(&CLASS, store.ids.next(), Some(org));
    let endpoint = sent.endpoint.ok_or_else(|| Problem::invalid("no key was provided for notification endpoint"))?;
    let runs = script(&store.view()?, &sent.rule, rule.id, endpoint)?;
    sent.valid()?;
    sent.put_into(&mut rule);
    *rule.value_mut("ownerID") = Cell::Text(caller.user.to_string());
    let new = hidden_task::New { runs, description: sent.description.clone(), status: sent.status.unwrap_or_default() };
    hidden_task::create(call, &mut rule, new, |change, rule| {
        object::insert(change, rule)?;
        Ok(base::attach(change, rule.id, &labels)?)
    })?;
    plain.reply(call, StatusCode::CREATED, rule)
}

fn put(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let sent = rule_body::read(&call.body)?;
    // Of all changes only this one takes the right to read.
    for deed in [Deed::Read, Deed::Put] {
        plain.allowed(call, &call.store().view()?, id, deed)?;
    }
    if sent.rule.name.is_empty() {
        return Err(Problem::invalid("Notification Rule Name can't be empty"));
    }
    let endpoint = sent.endpoint.ok_or_else(|| Problem::invalid("Notification Rule EndpointID is invalid"))?;
    sent.valid()?;
    sent.possible(&call.path)?;
    changed(plain, call, id, |change, rule| {
        sent.put_into(rule);
        let runs = script(change, &sent.rule, id, endpoint).map_err(untold)?;
        Ok((runs, Some(sent.description.clone()), sent.status.clone()))
    })
}

/// Of what is wrong with a message, a change says nothing.
fn untold(problem: Problem) -> Problem {
    match problem.message.contains("loc ") {
        true => Problem::new(Code::Internal, "An internal error has occurred - check server logs"),
        false => problem,
    }
}

/// Makes the script anew, whatever it changes.
fn patch(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let update = Update::read(&call.body, "influxdb.NotificationRuleUpdate", "Notification Rule")?;
    plain.allowed(call, &call.store().view()?, id, Deed::Patch)?;
    changed(plain, call, id, |change, rule| {
        update.put_into(rule);
        let endpoint = rule.reference("endpointID").ok_or_else(|| Problem::invalid("no endpoint"))?;
        let runs = script(change, &rule_body::kept(rule), id, endpoint)?;
        Ok((runs, update.description.clone(), update.status.clone()))
    })
}

type Runs = ((String, Schedule), Option<String>, Option<String>);

fn changed(
    plain: &'static Plain,
    call: &Call,
    id: Id,
    edit: impl FnOnce(&Change, &mut Object) -> Result<Runs, Problem>,
) -> Result<Reply, Problem> {
    let changed = call.store().change(|change| {
        let before = plain.find(change, id)?;
        hidden_task::find(change, &before)?;
        let mut after = before.clone();
        let (runs, description, status) = edit(change, &mut after)?;
        object::replace(change, &before, &mut after)?;
        hidden_task::follow(change, &after, Some(runs), description, status)?;
        Ok::<_, Problem>(after)
    })?;
    plain.reply(call, StatusCode::OK, changed)
}

#[derive(Serialize)]
struct QueryReply {
    flux: String,
}

/// What the task would run if it were made now.
fn query(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let rule = RULES.allowed(call, &view, id, Deed::Read)?;
    let endpoint = rule.reference("endpointID").ok_or_else(|| Problem::invalid("no endpoint"))?;
    let (flux, _) =
        script(&view, &rule_body::kept(&rule), id, endpoint).map_err(|problem| problem.with_code(Code::Internal))?;
    Reply::compact(StatusCode::OK, &QueryReply { flux })
}
