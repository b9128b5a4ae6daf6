//! `POST /api/v2/delete`: points of a bucket between two times, both included.

use axum::routing::MethodFilter;
use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::line_protocol::{MAX_TIME, MIN_TIME};
use super::predicate::{Predicate, Refusal};
use super::{delete, write_route};
use crate::server::auth::{Action, Permission, ResourceType};
use crate::server::go_text;
use crate::server::id::Id;
use crate::server::json::{BodyError, Fields};
use crate::server::problem::{Code, Problem};
use crate::server::reply::Reply;
use crate::server::request::Call;
use crate::server::routes::{Routes, compact};
use crate::server::store::bucket::{self, Bucket};
use crate::server::store::{self, View};

pub(super) fn routes() -> Routes {
    Routes::new().route("/api/v2/delete", compact(MethodFilter::POST, delete_points))
}

fn delete_points(call: &Call) -> Result<Reply, Problem> {
    let (start, stop, predicate) = body(&call.body)?;
    let view = call.store().view()?;
    let org = super::org(call, &view)?;
    let bucket = named(call, &view, org)?;
    if !call.caller()?.holds(&Permission::at(Action::Write, ResourceType::Buckets, bucket.id, org)) {
        return Err(Problem::new(Code::Forbidden, "insufficient permissions to delete"));
    }
    if start <= stop {
        // The last time that a point may have is one below the largest number.
        let range = start..stop + 1;
        call.store().change(|change| {
            let bucket = bucket::find(change, bucket.id)?.id.number();
            delete::points(change.transaction(), bucket, &range, &predicate).map_err(store::Error::from)
        })?;
    }
    Ok(Reply::no_content())
}

fn named(call: &Call, view: &View, org: Id) -> Result<Bucket, Problem> {
    if let Some(id) = call.query.id("bucketID")? {
        return Ok(bucket::find(view, id)?);
    }
    let name = call.query.get("bucket").ok_or_else(|| Problem::invalid("Please provide either bucketID or bucket"))?;
    write_route::find_bucket(view, org, name)
}

/// From and up to which time, and what a series must have.
fn body(text: &[u8]) -> Result<(i64, i64, Predicate), Problem> {
    let decoding = |problem: Problem| problem.within("error decoding json body");
    let read = |error: BodyError| {
        let problem = error.bare();
        let unfit = problem.message.starts_with("json: ");
        decoding(if unfit { problem.within("Invalid delete predicate node request") } else { problem })
    };
    let fields = Fields::parse(text, "http.deleteRequestDecode").map_err(read)?;
    let said = |name| fields.text(name).map(Option::unwrap_or_default).map_err(read);
    let [start, stop, predicate] = [said("start")?, said("stop")?, said("predicate")?];
    let start = time(&start).ok_or_else(|| decoding(unread("start", "2009-01-02T23:00:00Z")))?;
    if start < i128::from(MIN_TIME) {
        let earliest = go_text::time(MIN_TIME);
        return Err(decoding(Problem::invalid(format!(
            "invalid start time, start time must not be before {earliest}"
        ))));
    }
    let stop = time(&stop).ok_or_else(|| decoding(unread("stop", "2009-01-01T23:00:00Z")))?;
    if stop > i128::from(MAX_TIME) {
        let latest = go_text::time(MAX_TIME);
        return Err(decoding(Problem::invalid(format!("invalid stop time, stop time must not be after {latest}"))));
    }
    let within = |time: i128| i64::try_from(time.clamp(MIN_TIME.into(), MAX_TIME.into())).unwrap_or(MAX_TIME);
    let predicate = match Predicate::parse(&predicate) {
        Err(Refusal::Body(words)) => return Err(decoding(Problem::invalid(words))),
        other => other,
    };
    if let Some(more) = behind(text) {
        let words = format!("invalid character '{more}' after top-level value");
        return Err(Problem::invalid(words).within("error decoding json body for predicate"));
    }
    let predicate = predicate.map_err(|refusal| match refusal {
        Refusal::NotDone(words) => Problem::new(Code::NotImplemented, words),
        Refusal::Second(words) | Refusal::Body(words) => {
            Problem::invalid(words).within("invalid request; error parsing predicate")
        }
    })?;
    Ok((within(start), within(stop), predicate))
}

fn unread(field: &str, example: &str) -> Problem {
    Problem::invalid(format!(
        "invalid RFC3339Nano for field {field}, please format your time with RFC3339Nano format, example: {example}"
    ))
}

/// A time as Go reads it: with `T`, and `Z` or an offset.
fn time(text: &str) -> Option<i128> {
    let is_separated = text.as_bytes().get(10) == Some(&b'T');
    let has_zone = text.ends_with('Z') || text.len() > 6 && matches!(text.as_bytes()[text.len() - 6], b'+' | b'-');
    if !is_separated || !has_zone {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
}

/// What stands behind the first JSON value.
fn behind(text: &[u8]) -> Option<char> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    values.next();
    let rest = String::from_utf8_lossy(&text[values.byte_offset()..]);
    rest.trim_start().chars().next()
}
