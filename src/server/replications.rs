//! `/api/v2/replications`. They are kept, and nothing is sent (influxd 2.9.1, measured).

use axum::routing::MethodFilter;

use super::auth::{Action, Permission, ResourceType};
use super::json::Fields;
use super::kind::Api;
use super::plain::body::{Body, Sent};
use super::plain::list::{By, Filter, List, ListLinks};
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::remotes::{self, listed};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::column::{Cell, Column, Holds, ID, ORG, Shown, text};
use super::store::object::{Class, Object, Unique};
use super::store::{Change, Error, bucket, if_there, object};

pub(super) static REPLICATIONS: Plain = Plain {
    handlers: Handlers { list, create, patch, ..Handlers::BY_TABLE },
    list: List {
        links: ListLinks::None,
        filters: &[
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "name", by: By::Column("name", str::to_owned) },
            Filter { parameter: "remoteID", by: By::Column("remoteID", str::to_owned) },
            Filter { parameter: "localBucketID", by: By::Column("localBucketID", str::to_owned) },
        ],
        ..List::new("replications")
    },
    create: Body::told("CreateReplicationRequest"),
    patch: Some(Body::told(UPDATE)),
    missing: "replication not found",
    malformed: Some("replication ID is invalid"),
    clash: |_, _, _| Problem::new(Code::Internal, "UNIQUE constraint failed: replications.org_id, replications.name"),
    also: |replication, deed| match (deed, replication.org) {
        (Deed::Create, Some(org)) => {
            let read =
                |column, resource| Some(Permission::at(Action::Read, resource, replication.reference(column)?, org));
            read(BUCKET, ResourceType::Buckets).into_iter().chain(read(REMOTE, ResourceType::Remotes)).collect()
        }
        _ => Vec::new(),
    },
    check,
    after,
    ..Plain::new(Api { more, ..Api::new("replications", ResourceType::Replications) }, &CLASS)
};

const UPDATE: &str = "UpdateReplicationRequest";
const BUCKET: &str = "localBucketID";
const REMOTE: &str = "remoteID";
const REMOTE_BUCKET: &str = "remoteBucketID";
const QUEUE: &str = "maxQueueSizeBytes";
const AGE: &str = "maxAgeSeconds";
const SMALLEST_QUEUE: i64 = 33_554_430;
const USUAL_QUEUE: i64 = 67_108_860;

pub(super) static CLASS: Class = Class {
    name: "replications",
    columns: &[
        ID,
        ORG,
        text("name"),
        text("description").shown(Shown::UnlessUnset),
        Column::new(REMOTE, Holds::Reference),
        Column::new(BUCKET, Holds::Reference).fixed(),
        Column::new(REMOTE_BUCKET, Holds::Reference),
        // In requests it begins with a small letter: the case of keys does not count.
        text("RemoteBucketName"),
        Column::new(QUEUE, Holds::Integer),
        Column::new("currentQueueSizeBytes", Holds::Derived(|_, _| Ok(Some(Cell::Integer(0))))).fixed(),
        Column::new("remainingBytesToBeSynced", Holds::Derived(|_, _| Ok(Some(Cell::Integer(0))))).fixed(),
        Column::new("dropNonRetryableData", Holds::Flag),
        Column::new(AGE, Holds::Integer),
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.as_bytes().to_vec() }),
    goes_with: Some(BUCKET),
};

fn check(sent: &mut Sent, deed: Deed) -> Result<(), Problem> {
    let number = |sent: &Sent, column| match sent.value(column) {
        Some(Cell::Integer(number)) => Some(*number),
        _ => None,
    };
    if deed == Deed::Create {
        if sent.org.is_some() && (sent.value(BUCKET).is_none() || sent.value(REMOTE).is_none()) {
            return Err(Problem::invalid("invalid id for permission: invalid ID"));
        }
        if sent.value(QUEUE).is_none() {
            sent.set(QUEUE, Some(Cell::Integer(USUAL_QUEUE)));
        }
        // An ID is enough.
        if sent.value(REMOTE_BUCKET).is_some() {
            sent.set("RemoteBucketName", None);
        }
    }
    if number(sent, QUEUE).is_some_and(|bytes| bytes < SMALLEST_QUEUE) {
        return Err(Problem::invalid("maxQueueSize too small, must be at least 33554430"));
    }
    if number(sent, AGE).is_some_and(|seconds| seconds != 0 && !(60..=5_184_000).contains(&seconds)) {
        return Err(Problem::invalid("maxAgeSeconds must be 0 (use default) or between 60 and 5184000"));
    }
    Ok(())
}

/// What it is about exists.
fn after(change: &Change, replication: &Object, deed: Deed) -> Result<(), Error> {
    if !matches!(deed, Deed::Create | Deed::Patch) {
        return Ok(());
    }
    let absent = |what: &str, column, why| {
        let words = format!("{what} \"{}\" not found: {why}", replication.text(column));
        Err(Problem::invalid(words).into())
    };
    let there = |column| replication.reference(column);
    if deed == Deed::Create {
        if let Some(id) = there(BUCKET)
            && if_there(bucket::find(change, id))?.is_none()
        {
            return absent("local bucket", BUCKET, "bucket not found");
        }
        if there(REMOTE_BUCKET).is_none() && replication.text("RemoteBucketName").is_empty() {
            let words = "one of remote_bucket_id, remote_bucket_name should be provided";
            return Err(Problem::new(Code::Unprocessable, words).into());
        }
    }
    match there(REMOTE) {
        Some(id) if object::find(change, &remotes::CLASS, id)?.is_none() => {
            absent("remote", REMOTE, "FOREIGN KEY constraint failed")
        }
        _ => Ok(()),
    }
}

fn list(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    for (parameter, what) in [(REMOTE, "remote ID"), (BUCKET, "local bucket ID")] {
        if call.query.id(parameter).is_err() {
            return Err(Problem::invalid(format!("invalid {what}")));
        }
    }
    listed(plain, call)
}

/// Whether the remote can be written to is all that is asked for: nothing is made.
fn create(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    if call.query.get("validate") == Some("true") { Err(unsent()) } else { plain.create(call) }
}

/// It takes the right to read another remote.
fn patch(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let remote = Fields::parse(&call.body, UPDATE).and_then(|fields| fields.id(REMOTE));
    if let (Ok(Some(remote)), Ok(id)) = (remote, call.id("id"))
        && let Ok(found) = plain.allowed(call, &call.store().view()?, id, Deed::Patch)
        && let Some(org) = found.org
    {
        call.caller()?.require(&Permission::at(Action::Read, ResourceType::Remotes, remote, org))?;
    }
    if call.query.get("validate") == Some("true") { Err(unsent()) } else { plain.patch(call) }
}

fn more() -> Routes {
    Routes::new().route(
        "/api/v2/replications/{id}/validate",
        indented(MethodFilter::POST, |call| {
            REPLICATIONS.allowed(call, &call.store().view()?, call.id("id")?, Deed::Read)?;
            Err(unsent())
        }),
    )
}

fn unsent() -> Problem {
    Problem::new(Code::NotImplemented, "the embedded server sends nothing to other servers")
}
