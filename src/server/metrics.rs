//! `/metrics`: requests, objects by kind and points written, as Prometheus text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::routing::MethodFilter;
use http::{Method, StatusCode};

use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::{Read as _, authorization, bucket, label, object, org, task, user};

const STANDARD: &[Method] =
    &[Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// What has been counted since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    points: AtomicU64,
}

impl Metrics {
    /// Counts a request to a route; everything without a route is one row, so that nobody can grow the table.
    pub(super) fn request(&self, method: &Method, route: Option<&str>, status: StatusCode) {
        let path = route
            .map_or_else(|| "/other".to_owned(), |route| route.replace("{*", ":").replace('{', ":").replace('}', ""));
        let method = if STANDARD.contains(method) { method.as_str() } else { "OTHER" };
        let key = (path, method.to_owned(), status.as_u16());
        *self.requests.lock().expect("invariant: nothing panics while it counts").entry(key).or_default() += 1;
    }

    /// Counts points that were written.
    pub(crate) fn points_written(&self, number: u64) {
        self.points.fetch_add(number, Ordering::Relaxed);
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().route("/metrics", indented(MethodFilter::GET, metrics))
}

fn metrics(call: &Call) -> Result<Reply, Problem> {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{line}");
    };
    line(format_args!("# HELP http_api_requests_total Number of http requests received"));
    line(format_args!("# TYPE http_api_requests_total counter"));
    let requests = call.app.metrics.requests.lock().expect("invariant: nothing panics while it counts").clone();
    for ((path, method, status), count) in requests {
        line(format_args!(
            r#"http_api_requests_total{{handler="platform",method="{method}",path="{path}",response_code="{status}",status="{}XX"}} {count}"#,
            status / 100
        ));
    }
    let view = call.store().view()?;
    for (name, what, count) in [
        ("influxdb_buckets_total", "buckets", view.count(bucket::BUCKETS)?),
        ("influxdb_labels_total", "labels", object::count(&view, &label::CLASS)?),
        ("influxdb_organizations_total", "organizations", view.count(org::ORGS)?),
        ("influxdb_tasks_total", "tasks", view.count(task::TASKS)?),
        ("influxdb_tokens_total", "tokens", view.count(authorization::AUTHORIZATIONS)?),
        ("influxdb_users_total", "users", object::count(&view, &user::CLASS)?),
    ] {
        line(format_args!("# HELP {name} Number of total {what} on the server"));
        line(format_args!("# TYPE {name} gauge"));
        line(format_args!("{name} {count}"));
    }
    line(format_args!("# HELP influxdb_points_written_total Number of points written since the start"));
    line(format_args!("# TYPE influxdb_points_written_total counter"));
    line(format_args!("influxdb_points_written_total {}", call.app.metrics.points.load(Ordering::Relaxed)));
    line(format_args!("# HELP influxdb_uptime_seconds influxdb process uptime in seconds"));
    line(format_args!("# TYPE influxdb_uptime_seconds gauge"));
    line(format_args!("influxdb_uptime_seconds {}", call.app.clock.elapsed().as_secs_f64()));
    Ok(Reply::raw(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
}
