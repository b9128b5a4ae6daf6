//! Organizations.

use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Field, Omitted};

pub(super) static SPEC: Spec = Spec {
    doc: "An organization. Its system buckets `_monitoring` and `_tasks` come with it and are never managed.",
    ty: "orgs",
    key: Key::Name { folded: false },
    place: Place::Server,
    fields: &[
        Field::text("name", Omitted::Key, "The name, unique on the server."),
        Field::text("description", Omitted::Theirs, "A text for people."),
    ],
    check,
    replace: Delete::First,
    delete_rank: 90,
    serial: true,
    holds_data: true,
    delivers: false,
    runs_as_creator: false,
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if fields.text("name").is_some_and(|name| name.trim().is_empty()) {
        faults.push(Fault::new("org::name", "name", "an org's name cannot be empty", "empty"));
    }
}

/// Orgs on a server.
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
