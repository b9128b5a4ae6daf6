//! `/api/v2/labels`.

use super::auth::{Action, Permission, ResourceType};
use super::json::BodyError;
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List};
use super::plain::{Deed, Plain, Shown};
use super::problem::Problem;
use super::store::label;
use super::store::object::Object;

pub(super) static LABELS: Plain = Plain {
    list: List {
        // Not paged: `limit` is ignored. A malformed `orgID` is ignored too.
        filters: &[
            Filter { parameter: "orgID", by: By::OrgIfWellFormed },
            Filter { parameter: "name", by: By::Column("name", label::folded) },
        ],
        ..List::new("labels")
    },
    wrapped: Some("label"),
    links: &[("self", "/api/v2/labels/{id}")],
    create: Body { go: "influxdb.Label", broken: BodyError::unmarshal },
    patch: Some(Body::new("influxdb.LabelUpdate")),
    missing: label::MISSING,
    org_needed: "orgID is required",
    clash: |label, _, _| Problem::conflict(format!("label with name {} already exists", label.text("name"))),
    check: |sent, deed| match sent.text("name").unwrap_or_default() {
        "" if deed == Deed::Create => Err(nameless()),
        _ => Ok(()),
    },
    // A name of blanks is refused late, and only when a label is changed.
    after: |_, label, deed| match label.text("name") {
        "" if deed == Deed::Patch => Err(nameless().into()),
        _ => Ok(()),
    },
    ..Plain::new(Api::new("labels", ResourceType::Labels), &label::CLASS)
};

fn nameless() -> Problem {
    Problem::invalid("label name is required")
}

/// A label as part of other replies.
pub(super) fn shown(label: Object) -> Shown {
    LABELS.bare(label)
}

/// Read or write of one label.
pub(super) fn permission(action: Action, label: &Object) -> Permission {
    LABELS.right(action, label.id, label.org)
}
