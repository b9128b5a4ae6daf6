//! `/api/v2/telegrafs` (influxd 2.9.1, measured).

use http::header::{ACCEPT, CONTENT_DISPOSITION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use toml::{Table, Value as Toml};

use super::auth::ResourceType;
use super::kind::Api;
use super::plain::body::{Body, Sent};
use super::plain::list::{By, Filter, List, ListLinks};
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::reply::{Reply, Style};
use super::request::Call;
use super::store::column::{Cell, Changes, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::Class;

pub(super) static TELEGRAFS: Plain = Plain {
    handlers: Handlers { get, ..Handlers::BY_TABLE },
    list: List {
        links: ListLinks::None,
        filters: &[Filter { parameter: "orgID", by: By::NamedOrg }],
        ..List::new("configurations")
    },
    links: &[
        ("self", "/api/v2/telegrafs/{id}"),
        ("labels", "/api/v2/telegrafs/{id}/labels"),
        ("members", "/api/v2/telegrafs/{id}/members"),
        ("owners", "/api/v2/telegrafs/{id}/owners"),
    ],
    create: BODY,
    put: Some(BODY),
    missing: "telegraf configuration not found",
    read_to_change: true,
    check,
    ..Plain::new(
        Api { style: Style::Compact, labels: true, members: true, ..Api::new("telegrafs", ResourceType::Telegrafs) },
        &CLASS,
    )
};

const BODY: Body = Body::untold("influxdb.TelegrafConfig");

const PLUGINS: &str = "the embedded server makes no configuration of plugins";

static CLASS: Class = Class {
    name: "telegrafs",
    columns: &[
        ID,
        // A PUT reads it, and does nothing with it.
        ORG.changed(Changes::IfSent),
        text("name").shown(Shown::UnlessEmpty),
        text("description").shown(Shown::UnlessEmpty),
        text("config").shown(Shown::UnlessEmpty),
        // influxd makes a configuration of them that takes the place of the one sent.
        Column::new("plugins", Holds::Json(|_| Err(Problem::new(Code::NotImplemented, PLUGINS)))).shown(Shown::Never),
        Column::new("metadata", Holds::Json(|sent| if sent.is_object() { Ok(sent.clone()) } else { Err(unread()) })),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
    ],
    unique: None,
    goes_with: None,
};

/// What an object's path gives: the configuration for Telegraf, or the object.
const OFFERS: [&str; 3] = ["application/toml", "application/json", "application/octet-stream"];

fn get(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let offer = negotiated(&call.headers);
    if offer == OFFERS[1] {
        return plain.get(call);
    }
    let found = plain.allowed(call, &call.store().view()?, call.id("id")?, Deed::Read)?;
    let config = found.text("config");
    if offer == OFFERS[0] {
        return Ok(Reply::raw(StatusCode::OK, "application/toml; charset=utf-8", config));
    }
    let name = found.text("name").trim().replace(' ', "_");
    let reply = Reply::raw(StatusCode::OK, "application/octet-stream", config);
    Ok(match HeaderValue::from_str(&format!("attachment; filename=\"{name}.toml\"")) {
        Ok(value) => reply.with_header(CONTENT_DISPOSITION, value),
        Err(_) => reply,
    })
}

/// Which of the offers the client likes best, as Go's `httputil.NegotiateContentType` finds it: what has any other parameter
/// than `q` is not read, nor what follows in that header.
fn negotiated(headers: &HeaderMap) -> &'static str {
    let mut specs: Vec<(&str, f32)> = Vec::new();
    for header in headers.get_all(ACCEPT).iter().filter_map(|header| header.to_str().ok()) {
        for spec in header.split(',') {
            let (value, quality) = spec.split_once(';').unwrap_or((spec, "q=1"));
            let Some(quality) = quality.trim().strip_prefix("q=").and_then(|quality| quality.parse().ok()) else {
                break;
            };
            specs.push((value.trim(), quality));
        }
    }
    let (mut best, mut best_quality, mut best_width) = (OFFERS[0], -1.0, 3);
    for offer in OFFERS {
        for &(value, quality) in specs.iter().filter(|(_, quality)| *quality > 0.0) {
            let width = match value {
                "*/*" => 2,
                value
                    if value
                        .strip_suffix('*')
                        .is_some_and(|group| group.ends_with('/') && offer.starts_with(group)) =>
                {
                    1
                }
                value if value == offer => 0,
                _ => continue,
            };
            if quality > best_quality || (quality >= best_quality && best_width > width) {
                (best, best_quality, best_width) = (offer, quality, width);
            }
        }
    }
    best
}

/// The buckets of a configuration are read from it where none are sent.
fn check(sent: &mut Sent, deed: Deed) -> Result<(), Problem> {
    if deed == Deed::Put {
        sent.org = None;
    }
    if sent.value("metadata").is_none_or(Cell::is_empty) {
        let buckets = buckets(sent.text("config").unwrap_or_default())?;
        sent.set("metadata", Some(Cell::Json(Box::new(json!({ "buckets": buckets })))));
    }
    Ok(())
}

fn buckets(config: &str) -> Result<Vec<String>, Problem> {
    let config: Table = config.parse().map_err(|_| unread())?;
    let outputs = match config.get("outputs") {
        None => return Ok(Vec::new()),
        Some(Toml::Table(outputs)) => outputs.get("influxdb_v2"),
        Some(_) => return Err(unread()),
    };
    let outputs = match outputs {
        None => return Ok(Vec::new()),
        Some(Toml::Array(outputs)) if !outputs.is_empty() => outputs,
        Some(_) => return Err(unread()),
    };
    let mut buckets = Vec::new();
    for output in outputs {
        let go = match output.as_table().ok_or_else(unread)?.get("bucket") {
            None => continue,
            Some(Toml::String(bucket)) => {
                buckets.extend(Some(bucket.clone()).filter(|bucket| !bucket.is_empty()));
                continue;
            }
            Some(Toml::Integer(_)) => "int64",
            Some(Toml::Float(_)) => "float64",
            Some(Toml::Boolean(_)) => "bool",
            Some(Toml::Datetime(_)) => "time.Time",
            Some(Toml::Array(_)) => "[]interface {}",
            Some(Toml::Table(_)) => "map[string]interface {}",
        };
        let message = format!(
            "a panic has occurred: /api/v2/telegrafs: interface conversion: interface {{}} is {go}, not string"
        );
        return Err(Problem::new(Code::Internal, message));
    }
    Ok(buckets)
}

fn unread() -> Problem {
    Problem::new(Code::Internal, "An internal error has occurred - check server logs")
}
