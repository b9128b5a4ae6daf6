//! `/api/v2/notificationEndpoints` (influxd 2.9.1, measured). What is sent for a secret is kept among the secrets of the org, and
//! stays there: replies have the key.

use http::StatusCode;

use super::auth::{Action, Permission, ResourceType};
use super::base::{self, Update};
use super::go_text::quote;
use super::go_url;
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List, ListLinks, Paged};
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::reply::{Reply, Style};
use super::request::Call;
use super::store::column::{Cell, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::{self, Class, Object, Unique};
use super::store::{Change, secret};

pub(super) static ENDPOINTS: Plain = Plain {
    handlers: Handlers { list, create, patch, put, ..Handlers::BY_TABLE },
    list: List {
        links: ListLinks::Pages,
        paged: Paged::Filtered,
        filters: &[Filter { parameter: "orgID", by: By::NamedOrg }],
        ..List::new("notificationEndpoints")
    },
    links: &[
        ("self", "{path}/{id}"),
        ("labels", "{path}/{id}/labels"),
        ("members", "{path}/{id}/members"),
        ("owners", "{path}/{id}/owners"),
    ],
    patch: Some(Body::bare("")),
    put: Some(Body::bare("")),
    missing: "notification endpoint not found for key \"{id}\"",
    clash: |endpoint, _, deed| {
        let key = format!("{}{}", endpoint.org.map(|org| org.to_string()).unwrap_or_default(), endpoint.text("name"));
        Problem::conflict(match deed {
            Deed::Create => format!("notification endpoint is not unique for key {key}"),
            _ => format!("notification endpoint entity update conflicts with an existing entity for key {key}"),
        })
    },
    read_to_change: true,
    ..Plain::new(
        Api {
            style: Style::Compact,
            labels: true,
            members: true,
            ..Api::new("notificationEndpoints", ResourceType::NotificationEndpoints)
        },
        &CLASS,
    )
};

static CLASS: Class = Class {
    name: "notificationEndpoints",
    columns: &[
        ID,
        text("name"),
        text("description").shown(Shown::UnlessEmpty),
        ORG,
        text("status"),
        Column::new("createdAt", Holds::Created).fixed(),
        Column::new("updatedAt", Holds::Updated).fixed(),
        text("url").shown(Shown::If(|_, endpoint| Ok(matches!(endpoint.text("type"), "http" | "slack")))),
        Column::new("headers", Holds::Texts).shown(Shown::UnlessEmpty),
        text("token").shown(Shown::If(|_, endpoint| Ok(endpoint.text("type") != "pagerduty"))),
        text("username").shown(HTTP_ONLY),
        text("password").shown(HTTP_ONLY),
        text("authMethod").shown(HTTP_ONLY),
        text("method").shown(HTTP_ONLY),
        text("contentTemplate").shown(HTTP_ONLY),
        text("clientURL").shown(PAGERDUTY_ONLY),
        text("routingKey").shown(PAGERDUTY_ONLY),
        text("channel").shown(Shown::If(|_, endpoint| Ok(endpoint.text("type") == "telegram"))),
        text("type"),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.as_bytes().to_vec() }),
    goes_with: None,
};

const HTTP_ONLY: Shown = Shown::If(|_, endpoint| Ok(endpoint.text("type") == "http"));
const PAGERDUTY_ONLY: Shown = Shown::If(|_, endpoint| Ok(endpoint.text("type") == "pagerduty"));
/// The types, with Go's names for them, and what is read of each: secrets behind the others.
const TYPES: [(&str, &str, &[&str], &[&str]); 4] = [
    ("http", "endpoint.HTTP", &["url", "authMethod", "method", "contentTemplate"], &["token", "username", "password"]),
    ("pagerduty", "endpoint.PagerDuty", &["clientURL"], &["routingKey"]),
    ("slack", "endpoint.Slack", &["url"], &["token"]),
    ("telegram", "endpoint.Telegram", &["channel"], &["token"]),
];
const REFERENCE: &str = "secret: ";

/// What was sent.
struct Sent {
    org: Option<Id>,
    /// By column.
    values: Vec<(&'static str, Cell)>,
    /// The same of secrets, as they were sent.
    secrets: Vec<(&'static str, String)>,
}

fn read(body: &[u8]) -> Result<Sent, Problem> {
    let untyped = || Problem::invalid("unable to detect the notification endpoint type from json");
    let ty = Fields::parse(body, "").and_then(|fields| fields.text("type")).map_err(|_| untyped())?.unwrap_or_default();
    let of_type = TYPES.iter().find(|(name, ..)| *name == ty);
    let Some((ty, go, plain, secrets)) = of_type else {
        return Err(Problem::invalid(format!("invalid notification endpoint type {ty}")));
    };
    let own = Fields::parse(body, go).map_err(BodyError::bare)?;
    let base = own.clone().within("Base.");
    let text =
        |of: &Fields, name, go| Ok::<_, Problem>(of.text_as(name, go).map_err(BodyError::bare)?.unwrap_or_default());
    let mut values = vec![("type", Cell::from(*ty))];
    for (name, go) in [("name", "string"), ("description", "string"), ("status", "influxdb.Status")] {
        values.push((name, Cell::Text(text(&base, name, go)?)));
    }
    for name in *plain {
        values.push((name, Cell::Text(text(&own, name, "string")?)));
    }
    if *ty == "http" {
        values.push(("headers", Cell::Texts(own.texts("headers").map_err(BodyError::bare)?.into_iter().collect())));
    }
    let secrets = secrets.iter().map(|name| Ok((*name, text(&own, name, "string")?)));
    let org = base.id_as("orgID", "*platform.ID").map_err(BodyError::bare)?;
    Ok(Sent { org, values, secrets: secrets.collect::<Result<_, Problem>>()? })
}

impl Sent {
    /// Puts it in the place of what the endpoint has, and keeps the secrets in it.
    fn store(self, change: &Change, endpoint: &mut Object) -> Result<(), Problem> {
        endpoint.org = self.org;
        for column in CLASS.columns.iter().filter(|column| column.is_kept()) {
            *endpoint.value_mut(column.name) = column.empty();
        }
        for (column, cell) in self.values {
            *endpoint.value_mut(column) = cell;
        }
        let mut kept = Vec::new();
        for (column, sent) in self.secrets {
            let key = match sent.strip_prefix(REFERENCE) {
                Some(key) => key.to_owned(),
                None if sent.is_empty() => sent,
                None => {
                    let key =
                        format!("{}-{}", endpoint.id, if column == "routingKey" { "routing-key" } else { column });
                    kept.push((key.clone(), sent));
                    key
                }
            };
            let shown = if key.is_empty() { key } else { format!("{REFERENCE}{key}") };
            *endpoint.value_mut(column) = Cell::Text(shown);
        }
        valid(endpoint)?;
        Ok(endpoint.org.map_or(Ok(()), |org| secret::set(change, org, &kept))?)
    }
}

fn valid(endpoint: &Object) -> Result<(), Problem> {
    let [ty, url, method, auth] = ["type", "url", "method", "authMethod"].map(|column| endpoint.text(column));
    let lacks = |column: &str| endpoint.text(column).is_empty();
    let of_url =
        || go_url::fault(url).map(|fault| format!("{ty} endpoint URL is invalid: parse {}: {fault}", quote(url)));
    let words = match ty {
        _ if lacks("name") => Some("Notification Endpoint Name can't be empty".to_owned()),
        _ if !matches!(endpoint.text("status"), "active" | "inactive") => Some("invalid status".to_owned()),
        "slack" if url.is_empty() => Some("slack endpoint URL must be provided".to_owned()),
        "slack" => of_url(),
        "pagerduty" => lacks("routingKey").then(|| "pagerduty routing key is invalid".to_owned()),
        "telegram" if lacks("token") => Some("empty telegram bot token".to_owned()),
        "telegram" => lacks("channel").then(|| "empty telegram channel".to_owned()),
        _ if url.is_empty() => Some("http endpoint URL is empty".to_owned()),
        _ => of_url().or_else(|| {
            let words = match auth {
                _ if !["GET", "POST", "PUT"].contains(&method) => "invalid http http method",
                "basic" if lacks("username") || lacks("password") => "invalid http username/password for basic auth",
                "bearer" if lacks("token") => "invalid http token for bearer auth",
                "none" | "basic" | "bearer" => return None,
                _ => "invalid http auth method",
            };
            Some(words.to_owned())
        }),
    };
    words.map_or(Ok(()), |words| Err(Problem::invalid(words)))
}

fn list(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    match (call.query.get("orgID"), call.query.get("org")) {
        (Some(_), _) => plain.list(call),
        (None, None) => Err(Problem::unauthorized("cannot process a request without a org or user filter")),
        (None, Some(_)) => {
            let words = "a panic has occurred: /api/v2/notificationEndpoints: runtime error: invalid memory address or nil pointer dereference";
            Err(Problem::new(Code::Internal, words))
        }
    }
}

fn create(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let sent = read(&call.body)?;
    let labels = base::labels(&call.body)?;
    let org = sent.org.ok_or_else(|| Problem::invalid(plain.org_needed))?;
    call.caller()?.require(&Permission::in_org(Action::Write, ResourceType::NotificationEndpoints, org))?;
    let mut endpoint = Object::new(&CLASS, call.store().ids.next(), Some(org));
    call.store().change(|change| {
        sent.store(change, &mut endpoint)?;
        if let Some(clash) = object::insert(change, &endpoint)? {
            return Err((plain.clash)(&endpoint, clash, Deed::Create));
        }
        Ok(base::attach(change, endpoint.id, &labels)?)
    })?;
    plain.reply(call, StatusCode::CREATED, endpoint)
}

/// Moves it to whatever org is sent.
fn put(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let sent = read(&call.body)?;
    plain.allowed(call, &call.store().view()?, id, Deed::Put)?;
    if sent.org.is_none() {
        let words = "provided notification endpoint Unique Key is an invalid format: no ID was provided";
        return Err(Problem::invalid(words));
    }
    changed(plain, call, id, Deed::Put, |change, endpoint| sent.store(change, endpoint))
}

fn patch(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let update = Update::read(&call.body, "influxdb.NotificationEndpointUpdate", "Notification Endpoint")?;
    plain.allowed(call, &call.store().view()?, id, Deed::Patch)?;
    changed(plain, call, id, Deed::Patch, |_, endpoint| {
        update.put_into(endpoint);
        if let Some(status) = &update.status {
            *endpoint.value_mut("status") = status.as_str().into();
        }
        Ok(())
    })
}

fn changed(
    plain: &'static Plain,
    call: &Call,
    id: Id,
    deed: Deed,
    edit: impl FnOnce(&Change, &mut Object) -> Result<(), Problem>,
) -> Result<Reply, Problem> {
    let changed = call.store().change(|change| {
        let before = plain.find(change, id)?;
        let mut after = before.clone();
        edit(change, &mut after)?;
        match object::replace(change, &before, &mut after)? {
            Some(clash) => Err((plain.clash)(&after, clash, deed)),
            None => Ok(after),
        }
    })?;
    plain.reply(call, StatusCode::OK, changed)
}
