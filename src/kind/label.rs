//! Labels.

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::field::{Field, Omitted, Shape};
use crate::value::Value;

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
    check,
    replace: Delete::First,
    delete_rank: 60,
    serial: false,
    holds_data: false,
    delivers: false,
    runs_as_creator: false,
};

/// The server trims names (influxd 2.9.1, measured), and removes a property whose value becomes empty.
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &mut draft.fields;
    if let Some(name) = fields.text("name") {
        let name = name.trim().to_owned();
        if name.is_empty() {
            faults.push(Fault::new("label::name", "name", "a label's name cannot be empty", "empty"));
        }
        fields.set("name", Value::Text(name));
    }
    if let Some(Value::Map(properties)) = fields.get("properties")
        && let Some((key, _)) = properties.iter().find(|(_, value)| value.is_empty())
    {
        let message = format!("the property `{key}` is empty: the server keeps no empty properties");
        let fault = Fault::new("label::properties", "properties", message, "has an empty value");
        faults.push(fault.help("leave it out"));
    }
}

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
