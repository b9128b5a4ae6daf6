//! Tasks.

mod script;

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Compared, Field, Omitted, Shape};

pub(super) static SPEC: Spec = Spec {
    doc: "A Flux script that the server runs on a schedule, with the org role of the user that created it.",
    ty: "tasks",
    key: Key::LoneName,
    place: Place::Org,
    fields: &[
        Field::text("name", Omitted::Key, "The name; the script's own `option task` may give it too."),
        Field::text("org", Omitted::HomeOrg, "The org it lives in.").shaped(Shape::Ref(Kind::Org)).replaces(),
        Field::text("description", Omitted::Theirs, "A text for people."),
        Field::text("status", Omitted::Default("active"), "Whether the task is scheduled.")
            .shaped(Shape::Choice(&["active", "inactive"])),
        Field::text("every", Omitted::Unset, "The interval between runs, at least `1s`. Either this or `cron`.")
            .shaped(Shape::Duration { months: true }),
        Field::text("cron", Omitted::Unset, "The times of runs as a cron expression. Either this or `every`.")
            .shaped(Shape::Cron),
        Field::text("offset", Omitted::Unset, "How long after its time a run starts.")
            .shaped(Shape::Duration { months: true }),
        Field::text("flux", Omitted::Required, "The script: text, or `{ file = \"...\" }`.").shaped(Shape::Flux),
        Field::text("params", Omitted::Theirs, "Values for the script, in one record.")
            .shaped(Shape::Params)
            .compared(Compared::Never),
        Field::text("params_as", Omitted::Default("params"), "The name of that record in the script.")
            .shaped(Shape::Identifier)
            .compared(Compared::Never),
        Field::text("labels", Omitted::Theirs, "All labels of the task.").shaped(Shape::Refs(Kind::Label)),
    ],
    check: script::check,
    replace: Delete::First,
    delete_rank: 10,
    serial: false,
    holds_data: false,
    delivers: false,
    runs_as_creator: true,
};

/// Tasks on a server.
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
