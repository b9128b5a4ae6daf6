//! `/api/v2/remotes`. Nothing in them is checked, and nothing is sent to them (influxd 2.9.1, measured).

use http::StatusCode;
use serde_json::json;

use super::auth::ResourceType;
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List, ListLinks};
use super::plain::{Handlers, Plain};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::store::column::{Column, Holds, ID, ORG, Shown, text};
use super::store::object::{self, Class, Unique};
use super::store::page::Page;

pub(super) static REMOTES: Plain = Plain {
    handlers: Handlers { list, ..Handlers::BY_TABLE },
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
    clash: |_, _, _| Problem::new(Code::Internal, "UNIQUE constraint failed: remotes.org_id, remotes.name"),
    ..Plain::new(Api::new("remotes", ResourceType::Remotes), &CLASS)
};

static CLASS: Class = Class {
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
    goes_with_org: false,
};

/// `null` where the filters leave nothing, and an empty list where the caller may see nothing of that.
fn list(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let org = call.query.id("orgID").ok().flatten().ok_or_else(|| Problem::invalid("invalid or missing org ID"))?;
    let is_asked_for = |name: &str, value: &str| call.query.get(name).is_none_or(|asked| asked == value);
    let found = object::list(&call.store().view()?, &CLASS, &Page::default(), |remote| {
        remote.org == Some(org)
            && ["name", "remoteURL"].into_iter().all(|column| is_asked_for(column, remote.text(column)))
    })?;
    match found.is_empty() {
        true => Reply::json(plain.api.style, StatusCode::OK, &json!({ "remotes": null })),
        false => plain.list(call),
    }
}
