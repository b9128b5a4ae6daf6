//! Organizations.

use super::Kind;
use super::draft::{Draft, Fault};
use super::live::{self, Object};
use super::natural_key::Names;
use super::spec::{Key, Level, Spec};
use super::wire::{Pages, Row, Wire};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role};
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "An organization. Its system buckets `_monitoring` and `_tasks` come with it and are never managed.",
    ty: "orgs",
    key: Key::Name(Names::Trimmed),
    level: Level::Server,
    fields: &[
        Field::name("name", Role::Name, "The name, unique on the server; white space around it does not count."),
        Field::text("description", Omitted::Theirs, "Free text."),
    ],
    check,
    delete_rank: 90,
    serial: true,
    holds_data: true,
    acts_as_user: false,
    ..Spec::PLAIN
};

/// The server keeps the white space around a name, does not tell names apart by it, and refuses to change it alone (influxd
/// 2.9.1, measured): it is left out on both sides.
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &mut draft.fields;
    if let Some(name) = fields.text("name") {
        let name = name.trim().to_owned();
        if name.is_empty() {
            faults.push(Fault::new(Code::OrgName, "name", "an org's name cannot be empty", "empty"));
        }
        fields.set("name", Value::Text(name));
    }
}

/// Orgs on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire =
        Wire { pages: Pages::Offset, timed: false, guarded: true, ..Wire::new(Kind::Org, "/api/v2/orgs", "orgs") };

    fn read(_: &Row, object: &mut Object) -> Result<(), String> {
        let name = object.fields.text("name").unwrap_or_default().trim().to_owned();
        object.fields.set("name", Value::Text(name));
        Ok(())
    }
}
