//! `POST /api/v2/query/ast` and `/api/v2/query/analyze`: how a script is read. Neither asks for a right.

use axum::routing::MethodFilter;
use http::StatusCode;
use serde_json::json;

use crate::flux::parser::{Refusal, parse};
use crate::server::json::Fields;
use crate::server::problem::{Code, Problem};
use crate::server::reply::Reply;
use crate::server::request::Call;
use crate::server::routes::{Routes, compact};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/query/ast", compact(MethodFilter::POST, ast))
        .route("/api/v2/query/analyze", compact(MethodFilter::POST, analyze))
}

fn ast(call: &Call) -> Result<Reply, Problem> {
    let [source, _] = texts(call, "http.langRequest", ["query", "query"])?;
    let parsed = parse(&source);
    match parsed.refusal() {
        Some(Refusal::Invalid(words)) => return Err(Problem::invalid(words).within("invalid AST")),
        Some(Refusal::Panic(words)) => return Err(panicked(call, &words)),
        None => {}
    }
    let mut tree = Vec::new();
    parsed.script.write_json(&mut tree).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    tree.push(b'\n');
    Ok(Reply::raw(StatusCode::OK, "application/json; charset=utf-8", tree))
}

/// Tells the first mistake only. influxd tells all that its tree has, some of them twice.
fn analyze(call: &Call) -> Result<Reply, Problem> {
    let [source, language] = texts(call, "http.QueryRequest", ["query", "type"])?;
    if language != "flux" {
        return Err(Problem::new(Code::Internal, "An internal error has occurred - check server logs"));
    }
    let errors = match parse(&source).refusal() {
        None => Vec::new(),
        Some(Refusal::Panic(words)) => return Err(panicked(call, &words)),
        Some(Refusal::Invalid(words)) => {
            let (line, column, message) = placed(&words);
            vec![json!({"line": line, "column": column, "character": 0, "message": message})]
        }
    };
    Reply::compact(StatusCode::OK, &json!({ "errors": errors }))
}

/// Two texts of the body; what is absent is empty.
fn texts(call: &Call, go_type: &'static str, names: [&str; 2]) -> Result<[String; 2], Problem> {
    let read = || {
        let fields = Fields::parse(&call.body, go_type)?;
        Ok([fields.text(names[0])?.unwrap_or_default(), fields.text(names[1])?.unwrap_or_default()])
    };
    read().map_err(|error: crate::server::json::BodyError| error.invalid("invalid json"))
}

fn panicked(call: &Call, words: &str) -> Problem {
    Problem::new(Code::Internal, format!("a panic has occurred: {}: {words}", call.path))
}

/// Line, column and message of `loc 1:5-1:6: MESSAGE`.
fn placed(words: &str) -> (u64, u64, &str) {
    let (place, message) = words.strip_prefix("loc ").and_then(|rest| rest.split_once(": ")).unwrap_or(("", words));
    let start = place.split('-').next().unwrap_or_default();
    let (line, column) = start.split_once(':').unwrap_or_default();
    (line.parse().unwrap_or(0), column.parse().unwrap_or(0), message)
}
