//! Which changes nobody is to overlook, however much else there is, and which come before the rest.

use crate::diff::{Change, FieldChange};
use crate::field::{Field, INACTIVE, Role, Type};
use crate::flux::parser::parse;
use crate::flux::refs::{Target, references};
use crate::kind::Kind;
use crate::value::{Script, Value};

/// Whether a change gives somebody rights or gives them back, takes a secret from somewhere or brings it there, has something run
/// again, or takes over an object.
pub(super) fn is_grave(change: &Change) -> bool {
    change.adopts || change.fields.iter().any(|field| is_grave_field(change.address.kind, field))
}

fn is_grave_field(kind: Kind, change: &FieldChange) -> bool {
    let sets_secret = |field: &Field| field.secret.is_some_and(|rule| rule.is_set_with(change.field));
    let is_inactive = |value: &Value| *value == Value::Text(INACTIVE.to_owned());
    match &change.wanted {
        Value::Scopes(_) | Value::Sinks(_) | Value::Source(_) => true,
        Value::Script(script) => gets_secret(script),
        wanted => {
            let activates = change.live.as_ref().is_some_and(is_inactive) && !is_inactive(wanted);
            let field = kind.field(change.field);
            kind.spec().fields.iter().any(sets_secret)
                || field
                    .is_some_and(|field| field.role == Role::Status && activates || field.ty == Type::Refs(Kind::HOME))
        }
    }
}

/// Whether there is more to a change than plain values: a script, or an address that something is sent to or read from.
pub(super) fn has_more(change: &Change) -> bool {
    change.fields.iter().any(|field| leads_elsewhere(&field.wanted))
}

fn leads_elsewhere(value: &Value) -> bool {
    match value {
        Value::Script(_) => true,
        Value::Text(text) => text.starts_with("http"),
        Value::List(items) => items.iter().any(leads_elsewhere),
        Value::Table(table) => table.values().any(leads_elsewhere),
        _ => false,
    }
}

/// Whether a script gets a secret of its org.
fn gets_secret(script: &Script) -> bool {
    let parsed = parse(script.source().unwrap_or(script.text()));
    let reaches = || references(&parsed.script, &[]).all;
    script.is_flux() && parsed.is_sound() && reaches().iter().any(|reference| reference.target == Target::Secret)
}
