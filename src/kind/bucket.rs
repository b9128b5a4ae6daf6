//! Buckets.

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Field, Omitted, Shape};

pub(super) static SPEC: Spec = Spec {
    doc: "A bucket: a named place for points, with a retention.",
    ty: "buckets",
    key: Key::Name { folded: false },
    place: Place::Org,
    fields: &[
        Field::text(
            "name",
            Omitted::Key,
            "The name, unique in the org; not empty, without `\"` and without a leading `_`.",
        ),
        Field::text("org", Omitted::HomeOrg, "The org it lives in.").shaped(Shape::Ref(Kind::Org)).replaces(),
        Field::text("description", Omitted::Theirs, "A text for people."),
        Field::text(
            "retention",
            Omitted::Theirs,
            "How long points are kept: a duration of at least `1h`, or `infinite`.",
        )
        .shaped(Shape::Retention),
        Field::text(
            "shard_group_duration",
            Omitted::Theirs,
            "How much time one shard group covers; not above the retention.",
        )
        .shaped(Shape::Duration { months: false }),
        Field::text("labels", Omitted::Theirs, "All labels of the bucket.").shaped(Shape::Refs(Kind::Label)),
    ],
    replace: Delete::First,
    delete_rank: 70,
    serial: true,
    holds_data: true,
    keeps_for: Some("retention"),
    delivers: false,
    runs_as_creator: false,
};

/// Buckets on a server.
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
