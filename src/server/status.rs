//! What needs no store: `/health`, `/ready`, `/ping`, the links of `/api/v2`, and the list of resource types.

use axum::routing::{MethodFilter, any};
use http::StatusCode;
use http::header::VARY;
use serde::Serialize;
use serde_json::json;

use super::auth::ResourceType;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, any_method, compact, indented};

/// The version of influxd that the server behaves as.
pub(super) const VERSION: &str = "2.9.1";
const JSON: &str = "application/json; charset=utf-8";

pub(super) fn routes() -> Routes {
    // influxd mounts these two, so that they answer any method and whatever follows in the path.
    let mounted = |path: &str, handler: fn(&Call) -> Result<Reply, Problem>| {
        Routes::new()
            .route(path, indented(any_method(), handler))
            .route(&format!("{path}/{{*rest}}"), indented(any_method(), handler))
    };
    Routes::new()
        .merge(mounted("/health", health))
        .merge(mounted("/ready", ready))
        .route("/ping", indented(MethodFilter::GET, ping))
        .route("/api/v2", compact(any_method(), links))
        .route("/api/v2/resources", compact(any_method(), resources))
        .route("/debug/{*rest}", any(async || StatusCode::NOT_FOUND))
}

fn health(_: &Call) -> Result<Reply, Problem> {
    let body = format!(
        r#"{{"name":"influxdb", "message":"ready for queries and writes", "status":"pass", "checks":[], "version": "{VERSION}", "commit": "fluxform"}}"#
    );
    Ok(Reply::raw(StatusCode::OK, JSON, body + "\n"))
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    started: String,
    up: String,
}

fn ready(call: &Call) -> Result<Reply, Problem> {
    let ready = Ready {
        status: "ready",
        started: call.app.started.to_string(),
        up: format!("{:.9}s", call.app.clock.elapsed().as_secs_f64()),
    };
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    ready
        .serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))
        .map_err(|error| Problem::invalid(error.to_string()))?;
    text.push(b'\n');
    Ok(Reply::raw(StatusCode::OK, JSON, text))
}

fn ping(_: &Call) -> Result<Reply, Problem> {
    Ok(Reply::no_content().with_header(VARY, http::HeaderValue::from_static("Accept-Encoding")))
}

fn resources(_: &Call) -> Result<Reply, Problem> {
    let names: Vec<&str> = ResourceType::ALL.iter().map(|kind| kind.name()).collect();
    let text = serde_json::to_string(&names).map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(Reply::raw(StatusCode::OK, "application/json", text + "\n"))
}

/// All the paths that influxd 2.9.1 lists, whether or not this server has them.
fn links(_: &Call) -> Result<Reply, Problem> {
    let links = json!({
        "authorizations": "/api/v2/authorizations",
        "backup": "/api/v2/backup",
        "buckets": "/api/v2/buckets",
        "checks": "/api/v2/checks",
        "dashboards": "/api/v2/dashboards",
        "delete": "/api/v2/delete",
        "external": { "statusFeed": "https://www.influxdata.com/feed/json" },
        "flags": "/api/v2/flags",
        "labels": "/api/v2/labels",
        "me": "/api/v2/me",
        "notificationEndpoints": "/api/v2/notificationEndpoints",
        "notificationRules": "/api/v2/notificationRules",
        "orgs": "/api/v2/orgs",
        "plugins": "/api/v2/telegraf/plugins",
        "query": {
            "analyze": "/api/v2/query/analyze",
            "ast": "/api/v2/query/ast",
            "self": "/api/v2/query",
            "suggestions": "/api/v2/query/suggestions",
        },
        "restore": "/api/v2/restore",
        "scrapers": "/api/v2/scrapers",
        "setup": "/api/v2/setup",
        "signin": "/api/v2/signin",
        "signout": "/api/v2/signout",
        "sources": "/api/v2/sources",
        "swagger": "/api/v2/swagger.json",
        "system": { "debug": "/debug/pprof", "health": "/health", "metrics": "/metrics" },
        "tasks": "/api/v2/tasks",
        "telegrafs": "/api/v2/telegrafs",
        "users": "/api/v2/users",
        "variables": "/api/v2/variables",
        "write": "/api/v2/write",
    });
    Reply::compact(StatusCode::OK, &links)
}
