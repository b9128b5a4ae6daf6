//! Labels.

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Field, Omitted, Shape};

pub(super) static SPEC: Spec = Spec {
    doc: "A label of an org, to be attached to its buckets and tasks.",
    ty: "labels",
    key: Key::Name { folded: true },
    place: Place::Org,
    fields: &[
        Field::text("name", Omitted::Key, "The name, unique in the org; case does not count."),
        Field::text("org", Omitted::HomeOrg, "The org it lives in.").shaped(Shape::Ref(Kind::Org)).replaces(),
        Field::text("properties", Omitted::Theirs, "All properties, such as `color` and `description`.")
            .shaped(Shape::Map),
    ],
    replace: Delete::First,
    delete_rank: 60,
    serial: false,
    holds_data: false,
    keeps_for: None,
    delivers: false,
    runs_as_creator: false,
};

/// Labels on a server.
pub(super) struct Live;

impl super::live::Live for Live {
    async fn list(_: &Client, _: &[&str], _: &dyn Fn(&str) -> bool) -> Result<Vec<Object>, ApiError> {
        todo!()
    }

    async fn find(_: &Client, _: &str) -> Result<Presence, ApiError> {
        todo!()
    }

    async fn create(_: &Writer, _: &Want<'_>) -> Result<Made, ApiError> {
        todo!()
    }

    async fn update(_: &Writer, _: &Object, _: &Want<'_>, _: &[&'static str]) -> Result<(), ApiError> {
        todo!()
    }

    async fn delete(_: &Writer, _: &str) -> Result<(), ApiError> {
        todo!()
    }
}
