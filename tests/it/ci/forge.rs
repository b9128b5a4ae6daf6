//! As much of GitHub's and GitLab's API as the scripts ask for.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// The token that it takes.
pub(super) const TOKEN: &str = "forge-token";
/// Who that token is.
pub(super) const BOT: &str = "github-actions[bot]";

/// A comment: who wrote it, and what.
pub(super) type Comment = (String, String);

#[derive(Default)]
struct Desk {
    comments: Mutex<Vec<Comment>>,
    fixed: Mutex<BTreeMap<String, Value>>,
}

/// A forge on a loopback port, with one pull request, of number 3; it ends with this value.
pub(super) struct Forge {
    pub(super) url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Forge {
    pub(super) async fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let app = axum::Router::new().fallback(answer).with_state(desk.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, desk, task }
    }

    /// Somebody writes a comment.
    pub(super) fn says(&self, author: &str, body: &str) {
        self.desk.comments.lock().unwrap().push((author.to_owned(), body.to_owned()));
    }

    /// The comments of the pull request.
    pub(super) fn comments(&self) -> Vec<Comment> {
        self.desk.comments.lock().unwrap().clone()
    }

    /// What the forge answers to a GET of a path.
    pub(super) fn answers(&self, path: &str, reply: Value) {
        self.desk.fixed.lock().unwrap().insert(path.to_owned(), reply);
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Comments on a page: so few that a second page is asked for.
const PAGE: usize = 2;

async fn answer(State(desk): State<Arc<Desk>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let known = [header("authorization"), header("private-token")].into_iter().flatten().collect::<Vec<_>>();
    if known != [format!("Bearer {TOKEN}")] && known != [TOKEN] {
        return (StatusCode::UNAUTHORIZED, "Bad credentials").into_response();
    }
    if let Some(reply) = desk.fixed.lock().unwrap().get(uri.path()) {
        return axum::Json(reply.clone()).into_response();
    }
    let mut comments = desk.comments.lock().unwrap();
    let row = |id: usize, (author, body): &Comment| {
        let who = json!({"login": author, "id": if author == BOT { 41 } else { 42 }});
        json!({"id": id, "user": who, "author": who, "body": body})
    };
    let said = || serde_json::from_slice::<Value>(&body).unwrap()["body"].as_str().unwrap().to_owned();
    let (list, one) = match uri.path() {
        path if path.starts_with("/repos/") => {
            ("/repos/acme/iot/issues/3/comments", "/repos/acme/iot/issues/comments/")
        }
        _ => ("/projects/7/merge_requests/3/notes", "/projects/7/merge_requests/3/notes/"),
    };
    let path = uri.path();
    let reply = match (method.as_str(), path.strip_prefix(one).and_then(|id| id.parse::<usize>().ok())) {
        ("GET", _) if path == "/user" => json!({"id": 41}),
        ("GET", _) if path == list => {
            let page: usize = uri.query().unwrap().rsplit_once("page=").unwrap().1.parse().unwrap();
            let rows = comments.iter().enumerate().skip((page - 1) * PAGE).take(PAGE);
            rows.map(|(id, comment)| row(id, comment)).collect()
        }
        ("POST", _) if path == list => {
            comments.push((BOT.to_owned(), said()));
            row(comments.len() - 1, comments.last().unwrap())
        }
        ("PATCH" | "PUT", Some(id)) => {
            comments[id].1 = said();
            row(id, &comments[id])
        }
        _ => return (StatusCode::NOT_FOUND, "Not Found").into_response(),
    };
    axum::Json(reply).into_response()
}
