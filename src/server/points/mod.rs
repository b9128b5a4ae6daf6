//! Points: line protocol in, evidence out.
//!
//! [`line_protocol`], [`store`], [`delete`] and [`query`] read, keep, take away and answer; they know neither HTTP nor users.
//! The routes stand on top of them.

mod batch;
mod delete;
mod delete_route;
pub(super) mod expiry;
mod fields;
mod flux_route;
mod line_protocol;
mod predicate;
mod query;
mod query_route;
mod script;
mod secret_digest;
mod shards;
pub(super) mod store;
mod write_route;

use super::id::Id;
use super::problem::Problem;
use super::request::{Call, parse_id};
use super::routes::Routes;
use super::store::bucket::Bucket;
use super::store::{View, org};

/// `/api/v2/write`, `/api/v2/delete`, and `/api/v2/query` with what is below it.
pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(write_route::routes())
        .merge(delete_route::routes())
        .merge(query_route::routes())
        .merge(flux_route::routes())
}

/// The `Allow` header of a path here.
pub(super) fn allowed_methods(path: &str) -> Option<&'static str> {
    let paths = ["/api/v2/write", "/api/v2/delete", "/api/v2/query", "/api/v2/query/ast", "/api/v2/query/analyze"];
    paths.contains(&path).then_some("OPTIONS, POST")
}

/// How long the points of a bucket are kept.
pub(super) fn retention(bucket: &Bucket) -> store::Retention {
    store::Retention { duration: bucket.retention, shard_group: bucket.engine_shard_group }
}

/// Whether the tables of points are what they are here, those that there are.
///
/// # Errors
/// A table of another type, or one that cannot be read.
pub(super) fn check(transaction: &redb::ReadTransaction) -> Result<(), redb::Error> {
    store::check(transaction)?;
    shards::check(transaction)
}

/// Nothing is wrong with a table that is not there yet.
fn is_sound<T>(opened: Result<T, redb::TableError>) -> Result<(), redb::Error> {
    match opened {
        Ok(_) | Err(redb::TableError::TableDoesNotExist(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The org that `orgID` names, or else `org`, by name or ID.
fn org(call: &Call, view: &View) -> Result<Id, Problem> {
    if let Some(id) = call.query.id("orgID")? {
        return Ok(org::find(view, id)?.id);
    }
    let name = call.query.get("org").ok_or_else(|| Problem::invalid("Please provide either orgID or org"))?;
    Ok(match parse_id(name) {
        Ok(id) => org::find(view, id)?.id,
        Err(_) => org::find_by_name(view, name)?.id,
    })
}
