//! Mappings of databases and retention policies of InfluxDB 1.x to buckets.

use super::Kind;
use super::draft::{Draft, Fault};
use super::live::{self, Object, Presence, ReadScope, Standing};
use super::natural_key::Names;
use super::spec::{Identity, Key, Spec};
use super::wire::{self, Row, Wire};
use crate::api::{ApiError, Client};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::Value;

/// The longest name of a database that the server takes, less than 1 kB below its limit (influxd 2.9.1, measured).
const LONGEST_DATABASE: usize = 32_000;

pub(super) static SPEC: Spec = Spec {
    doc: "A mapping of a database and a retention policy of InfluxDB 1.x to a bucket, for clients that write and query as they did there.",
    ty: "dbrp",
    permitted_by: Some(Kind::Bucket),
    key: Key::Name(Names::AsWritten),
    identity: Identity::OrgAndId,
    forbidden,
    fields: &[
        Field::text("database", Omitted::Required, "The database.").role(Role::Name).replaces(),
        Field::text("retention_policy", Omitted::Default("autogen"), "The retention policy.").role(Role::Subname),
        Field::org(),
        Field::text("bucket", Omitted::Required, "The bucket that clients get to.")
            .of_type(Type::Ref(Kind::Bucket))
            .at("bucketID")
            .replaces()
            .role(Role::Host),
        Field::text(
            "default",
            Omitted::Theirs,
            "`true` for the mapping that is meant where a client names no retention policy. Each database has one: it cannot be `false`.",
        )
        .of_type(Type::Bool)
        .role(Role::Lone),
    ],
    check,
    delete_rank: 30,
    races: true,
    ..Spec::PLAIN
};

/// What the server calls no letters, numbers, `_`, `-` or `.` (influxd 2.9.1, measured).
fn forbidden(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        "." | ".." => Some("it would be a path"),
        name if name.contains(['/', '\\']) => Some("it has a slash"),
        name if !is_printed(name) => Some("it has a character that is not printed"),
        name if name.len() > LONGEST_DATABASE => Some("it is longer than 32,000 bytes"),
        _ => None,
    }
}

/// Whether a name without backslashes has only letters, marks, numbers, punctuation, symbols and spaces.
fn is_printed(name: &str) -> bool {
    // The first letter keeps a mark that goes with the letter before it from being escaped.
    let escaped = format!("a{name}").escape_debug().to_string();
    escaped.split('\\').skip(1).all(|rest| rest.starts_with(['"', '\'']))
}

/// The server gives each database a default, whatever is sent: that a mapping is not the default would never come true (influxd
/// 2.9.1, measured).
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    if draft.fields.get("default") == Some(&Value::Bool(false)) {
        let message = "`default` of a dbrp can only be `true`: each database has a default";
        let fault = Fault::new(Code::ManifestValue, "default", message, "not `true`");
        faults.push(fault.help("remove it, and write `default = true` in the dbrp that is to be the default one"));
    }
}

/// Mappings on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire = Wire {
        one: Some("content"),
        made_bare: true,
        also: &["virtual"],
        ..Wire::new(Kind::Dbrp, "/api/v2/dbrps", "content")
    };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        if row.get("virtual")? == Some(true) {
            object.standing = Standing::System;
        }
        Ok(())
    }

    /// What follows from the name of a bucket is no object: nothing changes it (influxd 2.9.1, measured).
    async fn list(api: &Client, orgs: &[&str], _: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let mut mappings = wire::list::<Self>(api, orgs).await?;
        mappings.retain(|mapping| !mapping.never_managed());
        Ok(mappings)
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        match wire::find::<Self>(api, id).await? {
            Presence::Found(mapping) if mapping.never_managed() => Ok(Presence::Absent),
            presence => Ok(presence),
        }
    }
}
