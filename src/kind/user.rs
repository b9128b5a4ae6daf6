//! Users.

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Compared, Field, Omitted, Shape};
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "A user of the server.",
    ty: "users",
    key: Key::Name { folded: false },
    place: Place::Server,
    fields: &[
        Field::text("name", Omitted::Key, "The name, unique on the server."),
        Field::text("status", Omitted::Default("active"), "Whether the user may do anything.")
            .shaped(Shape::Choice(&["active", "inactive"])),
        Field::text("password", Omitted::Theirs, "Where the password comes from; 8 to 72 bytes. Set when the user is created and when `password_version` changes.")
            .shaped(Shape::Source)
            .compared(Compared::Never),
        Field::text("password_version", Omitted::Theirs, "Count it up to set the password again.")
            .shaped(Shape::Integer)
            .compared(Compared::Ledger),
        Field::text("member_of", Omitted::Theirs, "All orgs that the user is a member of.").shaped(Shape::Refs(Kind::Org)),
        Field::text("owner_of", Omitted::Theirs, "All orgs that the user owns.").shaped(Shape::Refs(Kind::Org)),
    ],
    check,
    replace: Delete::First,
    delete_rank: 80,
    serial: false,
    holds_data: false,
    delivers: false,
    runs_as_creator: false,
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if fields.text("name").is_some_and(str::is_empty) {
        faults.push(Fault::new("user::name", "name", "a user's name cannot be empty", "empty"));
    }
    if fields.get("password_version").is_some() && fields.get("password").is_none() {
        let message = "`password_version` says when to set the password again, and there is no `password`";
        faults.push(Fault::new("user::password", "password_version", message, "without a password"));
    }
    if let (Some(Value::Refs(member)), Some(Value::Refs(owner))) = (fields.get("member_of"), fields.get("owner_of"))
        && let Some(org) = member.intersection(owner).next()
    {
        let message = format!("a user has one role in an org, and two in {org}");
        faults.push(Fault::new("user::roles", "member_of", message, "member here").other("owner_of"));
    }
}

/// Users on a server.
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
