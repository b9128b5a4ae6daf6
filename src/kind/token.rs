//! Tokens (InfluxDB: authorizations).

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Compared, Field, Omitted, Shape};
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "An API token. Its secret exists once, in the server's reply, and goes straight to its sinks.",
    ty: "authorizations",
    key: Key::None,
    place: Place::Org,
    fields: &[
        Field::text("description", Omitted::Key, "A text for people."),
        Field::text("org", Omitted::HomeOrg, "The org it lives in.").shaped(Shape::Ref(Kind::Org)).replaces(),
        Field::text("status", Omitted::Default("active"), "Whether it works.")
            .shaped(Shape::Choice(&["active", "inactive"])),
        Field::text("user", Omitted::Theirs, "The user it acts as; the run's own user when omitted.")
            .shaped(Shape::Ref(Kind::User))
            .replaces(),
        Field::text("read", Omitted::Empty, "What it may read.").shaped(Shape::Scopes).replaces(),
        Field::text("write", Omitted::Empty, "What it may write.").shaped(Shape::Scopes).replaces(),
        Field::text("deliver", Omitted::Required, "Where the secret goes: one sink or a list of them.")
            .shaped(Shape::Sinks)
            .compared(Compared::Ledger)
            .replaces(),
        Field::text("id", Omitted::Theirs, "The ID of an external token.").shaped(Shape::Id).compared(Compared::Never),
    ],
    check,
    replace: Delete::Last,
    delete_rank: 50,
    serial: false,
    holds_data: false,
    delivers: true,
    runs_as_creator: false,
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if let (Some(Value::Scopes(read)), Some(Value::Scopes(write))) = (fields.get("read"), fields.get("write"))
        && read.is_empty()
        && write.is_empty()
    {
        let message = "a token that may read and write nothing is no token";
        let fault = Fault::new("token::scopes", "read", message, "has neither `read` nor `write`").other("write");
        faults.push(fault.help("write for example `read = [\"bucket.KEY\"]`"));
    }
}

/// Tokens on a server.
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
