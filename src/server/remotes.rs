//! `/api/v2/remotes`. Nothing in them is checked, and nothing is sent to them (influxd 2.9.1, measured).

use http::StatusCode;
use serde_json::json;

use super::auth::ResourceType;
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List, ListLinks};
use super::plain::{Deed, Handlers, Plain};
use super::problem::{Code, Problem};
use super::replications;
use super::reply::Reply;
use super::request::Call;
use super::store::column::{Column, Holds, ID, ORG, Shown, text};
use super::store::object::{self, Class, Object, Unique};
use super::store::page::Page;

pub(super) static REMOTES: Plain = Plain {
    handlers: Handlers { list: listed, ..Handlers::BY_TABLE },
    list: List {
        links: ListLinks::None,
        filters: &[
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "name", by: By::Column("name", str::to_owned) },
            Filter { parameter: "remoteURL", by: By::Column("remoteURL", str::to_owned) },
        ],
        sort: |_, remotes| remotes.sort_by(|a, b| a.text("remoteURL").cmp(b.text("remoteURL"))),
        ..List::new("remotes")
    },
    create: Body::told("CreateRemoteConnectionRequest"),
    patch: Some(Body::told("UpdateRemoteConnectionRequest")),
    missing: "remote connection not found",
    malformed: Some("remote-connection ID is invalid"),
    after: |change, remote, deed| {
        let uses = |replication: &Object| replication.reference("remoteID") == Some(remote.id);
        let is_used =
            deed == Deed::Delete && !object::list(change, &replications::CLASS, &Page::default(), uses)?.is_empty();
        let words = "remote-connection cannot be deleted as a replication references it";
        if is_used { Err(Problem::new(Code::Internal, words).into()) } else { Ok(()) }
    },
    clash: |_, _, _| Problem::new(Code::Internal, "UNIQUE constraint failed: remotes.org_id, remotes.name"),
    ..Plain::new(Api::new("remotes", ResourceType::Remotes), &CLASS)
};

pub(super) static CLASS: Class = Class {
    name: "remotes",
    columns: &[
        ID,
        ORG,
        text("name"),
        text("description").shown(Shown::UnlessUnset),
        text("remoteURL"),
        text("remoteAPIToken").shown(Shown::Never),
        Column::new("remoteOrgID", Holds::Reference),
        Column::new("allowInsecureTLS", Holds::Flag),
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.as_bytes().to_vec() }),
    goes_with: None,
};

/// `null` where the filters leave nothing, and an empty list where the caller may see nothing of that.
pub(super) fn listed(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let org = call.query.id("orgID").ok().flatten().ok_or_else(|| Problem::invalid("invalid or missing org ID"))?;
    let filters = plain.list.filters.iter().filter(|filter| filter.parameter != "orgID");
    let asked: Vec<_> =
        filters.filter_map(|filter| Some((filter.parameter, call.query.get(filter.parameter)?))).collect();
    let found = object::list(&call.store().view()?, plain.class, &Page::default(), |object| {
        object.org == Some(org) && asked.iter().all(|(column, asked)| object.text(column) == *asked)
    })?;
    match found.is_empty() {
        true => Reply::json(plain.api.style, StatusCode::OK, &json!({ plain.list.rows: null })),
        false => plain.list(call),
    }
}
