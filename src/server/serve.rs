//! From the socket to the routes and back: connections, what every reply has, and what influxd says when there is no route.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, ORIGIN, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tower::Layer as _;
use tower::util::{MapRequestLayer, MapResponseLayer};

use super::problem::{Code, Problem};
use super::reply::{Style, panicked, refuse};
use super::routes::{BODY_LIMIT, TrailingSlash};
use super::{App, authenticate, kind, me, metrics, points, session, setup, status};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NOSNIFF: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

/// How long to wait where a connection could not be taken.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_secs(1);

/// How long a connection may take until the head of its next request is there: longer than clients keep idle connections.
const HEAD_DEADLINE: Duration = Duration::from_secs(60);
/// How long the body of a request may take.
const BODY_DEADLINE: Duration = Duration::from_secs(60);
/// How many connections are served at once; more wait until one of these ends.
const CONNECTIONS: usize = 1_000;

/// Serves until `stop`; what is under way then is finished.
pub(super) async fn serve(listener: TcpListener, app: Arc<App>, mut stop: oneshot::Receiver<()>) {
    let service = MapResponseLayer::new(without_invented_allow).layer(router(app));
    let service = MapRequestLayer::new(without_trailing_slash::<Body>).layer(service);
    let service = MapRequestLayer::new(|request: http::Request<Incoming>| request.map(Body::new)).layer(service);
    let service = TowerToHyperService::new(service);
    let mut http = http1::Builder::new();
    // A client that has sent a request and closed its side is served all the same (influxd 2.9.1, measured).
    http.half_close(true).timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE);
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = tokio::select! {
            permit = room.clone().acquire_owned() => permit.expect("invariant: nobody closes it"),
            _ = &mut stop => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the embedded server could not take a connection");
                    // Such as too many open files: the next try would fail as fast.
                    tokio::time::sleep(AFTER_A_FAILED_ACCEPT).await;
                    continue;
                }
            },
            // An error means that the server was dropped, which stops it too.
            _ = &mut stop => break,
        };
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service.clone()));
        // What goes wrong on a connection is its client's to see.
        tokio::spawn(async move {
            connection.await.ok();
            drop(permit);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(status::routes())
        .merge(metrics::routes())
        .merge(setup::routes())
        .merge(session::routes())
        .merge(me::routes())
        .merge(kind::routes())
        .merge(points::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), authenticate::layer))
        .layer(middleware::from_fn_with_state(app.clone(), each_request))
        .with_state(app)
}

/// The routes do not know of trailing slashes, which influxd ignores.
fn without_trailing_slash<B>(mut request: http::Request<B>) -> http::Request<B> {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || trimmed.is_empty() {
        return request;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    if let Ok(uri) = target.parse() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(TrailingSlash);
    }
    request
}

/// Marks a reply whose `Allow` header influxd sends too.
#[derive(Clone, Copy)]
struct RealAllow;

/// axum adds an `Allow` header to each 405; influxd has it only where its older handlers answer.
fn without_invented_allow(mut response: Response) -> Response {
    if response.extensions().get::<RealAllow>().is_none() {
        response.headers_mut().remove(ALLOW);
    }
    response
}

/// Answers a request in a task of its own: what has begun is done, though the client may go away (influxd 2.9.1, measured).
async fn each_request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match tokio::spawn(answer(app, request, next)).await {
        Ok(response) => response,
        Err(error) => panicked(Style::Indented, &error),
    }
}

/// What every reply has: the version headers, and a place in the metrics. Also refuses methods that influxd does not know.
async fn answer(app: Arc<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let origin = request.headers().get(ORIGIN).cloned();
    let api = path.starts_with("/api/v2");
    // Read whole, because a reply before the end of the body breaks the connection of clients that still send.
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_DEADLINE, axum::body::to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            return refuse(Style::Indented, &Problem::new(Code::TooLarge, error.to_string()));
        }
        Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body of the request did not arrive in time\n"),
    };
    let request = Request::from_parts(parts, Body::from(body));
    let mut response = match method {
        Method::OPTIONS if api => preflight(origin.is_some()),
        Method::HEAD if api => empty(StatusCode::METHOD_NOT_ALLOWED),
        _ if path == "/api/v2/tasks" && request.extensions().get::<TrailingSlash>().is_some() => moved("/api/v2/tasks"),
        _ => next.run(request).await,
    };
    app.metrics.request(&method, route.as_ref().map(MatchedPath::as_str), response.status());
    let headers = response.headers_mut();
    if let (true, Some(origin)) = (api, origin) {
        headers.insert("access-control-allow-origin", origin);
    }
    headers.insert("x-influxdb-build", HeaderValue::from_static("OSS"));
    headers.insert("x-influxdb-version", HeaderValue::from_static(status::VERSION));
    response
}

fn preflight(with_origin: bool) -> Response {
    if !with_origin {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert("access-control-allow-methods", HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE, PATCH"));
    headers.insert(
        "access-control-allow-headers",
        HeaderValue::from_static("Accept, Content-Type, Content-Length, Accept-Encoding, Authorization, User-Agent"),
    );
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn text(status: StatusCode, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().extend(HeaderMap::from_iter([(CONTENT_TYPE, TEXT), NOSNIFF]));
    response
}

fn moved(to: &'static str) -> Response {
    let mut response = Response::new(Body::from(format!("<a href=\"{to}\">Moved Permanently</a>.\n\n")));
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// What is no kind and has a router of its own, as the kinds of influxd's newer handlers have, which answers with Go's plain 404.
const OWN_ROUTER: &[&str] = &["me", "setup", "signin", "signout"];

async fn not_found(request: Request) -> Response {
    let path = request.uri().path();
    let Some(rest) = path.strip_prefix("/api/v2/") else {
        if path.starts_with("/api/v2") || path.starts_with("/private/") || path.starts_with("/v1") {
            return refuse(Style::Indented, &Problem::not_found("path not found"));
        }
        let mut response = text(StatusCode::NOT_FOUND, "no assets included in binary\n");
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        return response;
    };
    let segment = rest.split('/').next().unwrap_or_default();
    match kind::by_path(segment).map(|kind| kind.api().style) {
        Some(Style::Compact) => refuse(Style::Compact, &Problem::not_found("path not found")),
        None if !OWN_ROUTER.contains(&segment) => refuse(Style::Indented, &Problem::not_found("path not found")),
        _ => text(StatusCode::NOT_FOUND, "404 page not found\n"),
    }
}

async fn method_not_allowed(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/ping" {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        response.extensions_mut().insert(RealAllow);
        return response;
    }
    match kind::allowed_methods(path).or_else(|| points::allowed_methods(path)) {
        Some(allowed) => {
            let problem = Problem::new(Code::MethodNotAllowed, format!("allow: {allowed}"));
            let mut response = refuse(Style::Compact, &problem);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            response.extensions_mut().insert(RealAllow);
            response
        }
        None => empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}

#[cfg(test)]
mod tests;
