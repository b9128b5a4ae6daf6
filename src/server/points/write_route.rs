//! `POST /api/v2/write`, and `POST /write` of InfluxDB 1.x.

use std::borrow::Cow;
use std::io::{self, Read as _};

use axum::routing::MethodFilter;
use flate2::bufread::MultiGzDecoder;
use http::header::CONTENT_ENCODING;
use jiff::Timestamp;

use super::line_protocol::{self, Precision};
use super::store::{self as points, Written};
use crate::server::auth::{Action, Caller, Permission, ResourceType};
use crate::server::id::Id;
use crate::server::problem::{Code, Problem};
use crate::server::reply::Reply;
use crate::server::request::Call;
use crate::server::routes::{BODY_LIMIT, Routes, compact};
use crate::server::store::bucket::{self, Bucket};
use crate::server::store::{self, View};
use crate::server::{dbrps, v1_tokens};

/// What influxd says when it will not say why.
const HIDDEN: &str = "An internal error has occurred - check server logs";
/// The first bytes of a gzip stream.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// The length of the shortest gzip header.
const GZIP_HEADER: usize = 10;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/write", compact(MethodFilter::POST, write))
        .route("/write", compact(MethodFilter::POST, write_v1))
}

fn write(call: &Call) -> Result<Reply, Problem> {
    let precision = precision(call)
        .ok_or_else(|| Problem::invalid("invalid precision; valid precision units are ns, us, ms, and s"))?;
    let name = call.query.get("bucket").ok_or_else(|| Problem::not_found("bucket not found"))?;
    let zipped = is_zipped(call)?;
    let view = call.store().view()?;
    let org = super::org(call, &view)?;
    let bucket = find_bucket(&view, org, name)?;
    check_permission(call.caller()?, org, bucket.id)?;
    keep(call, &bucket, zipped, precision)
}

fn write_v1(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (caller, org) = v1_tokens::login(call, &view)?;
    let database = call.query.get("db").ok_or_else(|| Problem::invalid("missing db"))?;
    let zipped = is_zipped(call)?;
    let bucket = dbrps::written(&caller, &view, org, (database, call.query.get("rp")))?;
    let bucket = bucket::find(&view, bucket)?;
    check_permission(&caller, bucket.org, bucket.id)?;
    keep(call, &bucket, zipped, precision(call).unwrap_or(Precision::Nanoseconds))
}

fn precision(call: &Call) -> Option<Precision> {
    Precision::from_parameter(call.query.get("precision").unwrap_or_default())
}

/// Writes what was sent.
fn keep(call: &Call, bucket: &Bucket, zipped: bool, precision: Precision) -> Result<Reply, Problem> {
    let body = if zipped { unzip(&call.body)? } else { Cow::Borrowed(&*call.body) };
    let now = now();
    let points = line_protocol::parse(&body, precision, now).map_err(Problem::invalid)?;
    if points.is_empty() {
        return Ok(Reply::no_content());
    }
    let Written { points, partial } = call.store().change(|change| {
        // As it is now: it may have been changed or deleted since it was found.
        let bucket = bucket::find(change, bucket.id)?;
        let retention = super::retention(&bucket);
        points::write(change.transaction(), bucket.id.number(), retention, &points, now).map_err(store::Error::from)
    })?;
    call.app.metrics.points_written(points);
    match partial {
        None => Ok(Reply::no_content()),
        Some(reason) => Err(Problem::new(Code::Unprocessable, format!("failure writing points to database: {reason}"))),
    }
}

/// By ID, which may be one of another org, or else by name.
pub(super) fn find_bucket(view: &View, org: Id, name: &str) -> Result<Bucket, Problem> {
    if let Ok(id) = name.parse() {
        match bucket::find(view, id) {
            Err(error) if error.is_missing() => {}
            found => return Ok(found?),
        }
    }
    Ok(bucket::find_by_name(view, org, name)?)
}

fn check_permission(caller: &Caller, org: Id, bucket: Id) -> Result<(), Problem> {
    let refused = "insufficient permissions for write";
    if caller.permissions.is_none() {
        return Err(Problem::new(Code::Forbidden, format!("{refused}: token is inactive")));
    }
    if !caller.holds(&Permission::at(Action::Write, ResourceType::Buckets, bucket, org)) {
        return Err(Problem::new(Code::Forbidden, refused));
    }
    Ok(())
}

/// Whether the body claims to be compressed; a body that then does not begin so is refused before anything else.
fn is_zipped(call: &Call) -> Result<bool, Problem> {
    let encoding = call.headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    let zipped = matches!(encoding, Some(b"gzip" | b"x-gzip"));
    if zipped && (call.body.len() < GZIP_HEADER || !call.body.starts_with(&GZIP)) {
        return Err(Problem::new(Code::Internal, HIDDEN));
    }
    Ok(zipped)
}

/// What a compressed body holds, at most as much as a body may: a few kilobytes can stand for gigabytes.
fn unzip(body: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    let mut text = Vec::new();
    match MultiGzDecoder::new(body).take(BODY_LIMIT as u64 + 1).read_to_end(&mut text) {
        Ok(_) if text.len() > BODY_LIMIT => {
            Err(Problem::new(Code::TooLarge, "unable to read data: points batch is too large"))
        }
        Ok(_) => Ok(Cow::Owned(text)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Problem::new(Code::Internal, "unable to read data: unexpected EOF"))
        }
        Err(_) => Err(Problem::invalid("unable to read data: gzip: invalid checksum")),
    }
}

/// Nanoseconds since 1970, within what a point may have.
pub(super) fn now() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(line_protocol::MAX_TIME)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn zipped(zeros: usize) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        for _ in 0..zeros >> 20 {
            encoder.write_all(&[b'#'; 1 << 20]).unwrap();
        }
        encoder.finish().unwrap()
    }

    #[test]
    fn the_limit_of_a_body_counts_what_is_unpacked() {
        assert_eq!(unzip(&zipped(BODY_LIMIT)).unwrap().len(), BODY_LIMIT);
        // Two members, one after the other, are one body.
        for bomb in [zipped(BODY_LIMIT + (1 << 20)), [zipped(BODY_LIMIT), zipped(1 << 20)].concat()] {
            assert!(bomb.len() < BODY_LIMIT / 100);
            assert_eq!(unzip(&bomb).unwrap_err().code, Code::TooLarge);
        }
    }
}
