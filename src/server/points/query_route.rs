//! `POST /api/v2/query`, for evidence queries, and `/query` of InfluxDB 1.x, for none.

use axum::routing::MethodFilter;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::query::{self, Annotation, Dialect, Question};
use super::{secret_digest, store};
use crate::flux::ast::{Lines, Span};
use crate::flux::names;
use crate::flux::parser::parse;
use crate::server::buckets;
use crate::server::go_text;
use crate::server::id::Id;
use crate::server::json::{BodyError, Fields};
use crate::server::problem::{Code, Problem};
use crate::server::reply::Reply;
use crate::server::request::Call;
use crate::server::routes::{Routes, compact};
use crate::server::store::bucket::{self, Bucket};
use crate::server::store::{Error, View};
use crate::server::v1_tokens;

const FLUX: &str = "application/vnd.flux";
const CSV: &str = "text/csv; charset=utf-8";

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/query", compact(MethodFilter::POST, query))
        .route("/query", compact(MethodFilter::GET.or(MethodFilter::POST), query_v1))
}

fn query_v1(call: &Call) -> Result<Reply, Problem> {
    v1_tokens::login(call, &call.store().view()?)?;
    Err(Problem::new(Code::NotImplemented, "the embedded server runs no InfluxQL"))
}

fn query(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let decoded = script(call).and_then(|decoded| Ok((decoded, super::org(call, &view)?)));
    // Whatever is wrong with a request is a 400 here, an absent org included.
    let ((script, dialect), org) =
        decoded.map_err(|problem| problem.with_code(Code::Invalid).within("failed to decode request body"))?;
    if let Some(errors) = unknown_imports(&script) {
        return Err(Problem::invalid(errors));
    }
    if let Some(asked) = secret_digest::asked(&script) {
        let digest = secret_digest::answer(call, &view, org, &asked)?;
        return Ok(Reply::raw(StatusCode::OK, CSV, digest));
    }
    let questions = query::questions(&script).ok_or_else(|| Problem::new(Code::NotImplemented, query::NOT_ANSWERED))?;
    let mut csv = String::new();
    for question in questions {
        let bucket = readable(call, &view, org, &question)?;
        let extent = store::extent(view.transaction(), bucket.id.number(), question.range.clone());
        csv += &question.answer(extent.map_err(Error::from)?, &dialect);
    }
    Ok(Reply::raw(StatusCode::OK, CSV, csv))
}

/// The compiler's words for a script that imports packages that there are not. This server knows no other errors of it.
fn unknown_imports(script: &str) -> Option<String> {
    let parsed = parse(script);
    let lines = Lines::of(script);
    let errors = names::unknown_imports(&parsed.script)
        .map(|(import, path)| format!("error @{}: invalid import path {path}", place(&lines, import.span)));
    let errors: Vec<_> = errors.collect();
    (parsed.is_sound() && !errors.is_empty()).then(|| errors.join("\n\n"))
}

/// From where to where a part of a script goes, as the compiler writes it.
pub(super) fn place(lines: &Lines, span: Span) -> String {
    let [start, end] = [span.start, span.end].map(|at| lines.position(at));
    format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
}

/// The bucket of a question; one that the caller may not read is not found.
fn readable(call: &Call, view: &View, org: Id, question: &Question) -> Result<Bucket, Problem> {
    let initialising = "failed to initialize execute state";
    let name = &question.bucket;
    if name.is_empty() {
        return Err(Problem::invalid("no bucket name or id have been specified").within(initialising));
    }
    let hidden = || {
        let name = go_text::quote(name);
        Problem::not_found(format!("could not find bucket {name}")).within(initialising)
    };
    let bucket = match bucket::find_by_name(view, org, name) {
        Err(error) if error.is_missing() => return Err(hidden()),
        found => found?,
    };
    if !call.caller()?.holds(&buckets::read_permission(&bucket)) {
        return Err(hidden());
    }
    Ok(bucket)
}

/// The script of a request, and how the reply is to look.
fn script(call: &Call) -> Result<(String, Dialect), Problem> {
    let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let (script, dialect) = if media_type.eq_ignore_ascii_case(FLUX) {
        (String::from_utf8_lossy(&call.body).into_owned(), Dialect::default())
    } else {
        json(&call.body)?
    };
    if script.is_empty() {
        return Err(Problem::invalid("request body requires either query or AST"));
    }
    Ok((script, dialect))
}

fn json(body: &[u8]) -> Result<(String, Dialect), Problem> {
    let broken = |error: BodyError| {
        error.invalid(
            "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' \
             in your request headers",
        )
    };
    let fields = Fields::parse(body, "http.QueryRequest").map_err(broken)?;
    let script = fields.text("query").map_err(broken)?.unwrap_or_default();
    if let Some(kind) = fields.text("type").map_err(broken)?.filter(|kind| !matches!(kind.as_str(), "" | "flux")) {
        return Err(Problem::invalid(format!("unknown query type: {kind}")));
    }
    let dialect = match fields.object("dialect", "http.QueryDialect").map_err(broken)? {
        Some(fields) => dialect(&Wanted::read(&fields).map_err(broken)?)?,
        None => Dialect::default(),
    };
    Ok((script, dialect))
}

/// The dialect of a request, before it is checked.
struct Wanted {
    header: bool,
    delimiter: String,
    comment_prefix: Option<String>,
    date_time_format: String,
    annotations: Vec<String>,
}

impl Wanted {
    fn read(fields: &Fields) -> Result<Self, BodyError> {
        Ok(Self {
            header: fields.boolean("header")?.unwrap_or(true),
            delimiter: fields.text("delimiter")?.unwrap_or_default(),
            comment_prefix: fields.text("commentPrefix")?,
            date_time_format: fields.text("dateTimeFormat")?.unwrap_or_default(),
            annotations: fields.list("annotations")?,
        })
    }
}

fn dialect(wanted: &Wanted) -> Result<Dialect, Problem> {
    let mut dialect = Dialect { header: wanted.header, ..Dialect::default() };
    if let Some(prefix) = wanted.comment_prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
        if prefix.chars().count() > 1 {
            return Err(Problem::invalid("invalid dialect comment prefix: must be length 0 or 1"));
        }
        dialect.comment_prefix.clone_from(prefix);
    }
    let mut letters = wanted.delimiter.chars();
    match (letters.next(), letters.next()) {
        (None, _) => {}
        (Some(delimiter), None) => dialect.delimiter = delimiter,
        // The misspelling is influxd's.
        _ => return Err(Problem::invalid("invalid dialect delimeter: must be length 1")),
    }
    for annotation in &wanted.annotations {
        dialect.annotations.push(match annotation.as_str() {
            "group" => Annotation::Group,
            "datatype" => Annotation::Datatype,
            "default" => Annotation::Default,
            other => return Err(Problem::invalid(format!("unknown dialect annotation type: {other}"))),
        });
    }
    if !matches!(wanted.date_time_format.as_str(), "" | "RFC3339" | "RFC3339Nano") {
        let format = &wanted.date_time_format;
        return Err(Problem::invalid(format!("unknown dialect date time format: {format}")));
    }
    Ok(dialect)
}
