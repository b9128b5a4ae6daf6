//! What routes are made of: a path, methods, and a handler that runs where it may block.

use std::sync::Arc;

use axum::extract::{RawPathParams, Request, State};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};

use super::App;
use super::auth::Caller;
use super::problem::{Code, Problem};
use super::reply::{Reply, Style, panicked, refuse};
use super::request::{Call, Query};

/// The largest request body.
pub(super) const BODY_LIMIT: usize = 64 << 20;

/// Routes of one kind.
pub(crate) type Routes = Router<Arc<App>>;

/// Answers one request; runs where it may block.
pub(crate) trait Handler: Fn(&Call) -> Result<Reply, Problem> + Copy + Send + Sync + 'static {}

impl<H: Fn(&Call) -> Result<Reply, Problem> + Copy + Send + Sync + 'static> Handler for H {}

/// A handler whose errors are indented.
pub(crate) fn indented(method: MethodFilter, handler: impl Handler) -> MethodRouter<Arc<App>> {
    route(method, Style::Indented, handler)
}

/// A handler whose errors are in one line.
pub(crate) fn compact(method: MethodFilter, handler: impl Handler) -> MethodRouter<Arc<App>> {
    route(method, Style::Compact, handler)
}

/// What influxd's routes match that look at no method.
pub(crate) fn any_method() -> MethodFilter {
    MethodFilter::GET.or(MethodFilter::POST).or(MethodFilter::PUT).or(MethodFilter::PATCH).or(MethodFilter::DELETE)
}

/// A handler whose errors are spelt in a style.
pub(crate) fn route(method: MethodFilter, style: Style, handler: impl Handler) -> MethodRouter<Arc<App>> {
    let run = move |State(app): State<Arc<App>>,
                    params: RawPathParams,
                    caller: Option<Extension<Caller>>,
                    request: Request| async move {
        let params = params.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let (parts, body) = request.into_parts();
        let body = match axum::body::to_bytes(body, BODY_LIMIT).await {
            Ok(body) => body,
            Err(error) => return refuse(style, &Problem::new(Code::TooLarge, error.to_string())),
        };
        let call = Call {
            app,
            caller: caller.map(|Extension(caller)| caller),
            path: parts.uri.path().to_owned(),
            params,
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
        };
        match tokio::task::spawn_blocking(move || handler(&call)).await {
            Ok(Ok(reply)) => reply.into_response(),
            Ok(Err(problem)) => refuse(style, &problem),
            Err(error) => panicked(style, &error),
        }
    };
    on(method, run)
}

/// Marks a request whose path ended in a slash.
#[derive(Clone, Copy)]
pub(super) struct TrailingSlash;
