//! What an object on the server uses: what it refers to by an ID, and what its scripts reach by a name.

use super::Kind;
use super::live::Object;
use super::spec::Level;
use crate::field::{Role, Type};
use crate::flux::parser::parse;
use crate::flux::refs::{Target, references};
use crate::value::{Ref, Value};

/// Another object, as one refers to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// By its ID.
    Id(Kind, String),
    /// By its name.
    Name(Kind, String),
}

/// The key under which a setting of an endpoint names a secret.
const SECRET: &str = "secret";

impl Kind {
    /// The kinds whose objects use objects of this kind, and do not go along with them.
    pub fn users(self) -> impl Iterator<Item = Self> {
        let by_name = self.is_named_in_scripts();
        Self::ALL.iter().copied().filter(move |kind| {
            let spec = kind.spec();
            let refers = spec.fields.iter().any(|field| match field.ty {
                Type::Ref(to) | Type::Refs(to) => to == self && !matches!(field.role, Role::Host | Role::Reads),
                Type::Scopes => self.spec().holds_data && self.can_be_permitted(),
                _ => false,
            });
            let names = self == Self::Secret && *kind == Self::NotificationEndpoint;
            spec.level == Level::Org && (refers || names || by_name && kind.has_scripts())
        })
    }

    /// Whether scripts name objects of this kind.
    pub fn is_named_in_scripts(self) -> bool {
        [Target::Bucket, Target::Secret].into_iter().any(|target| Self::reached_as(target) == Some(self))
    }

    /// Whether its objects run scripts by themselves.
    pub fn has_scripts(self) -> bool {
        let spec = self.spec();
        spec.runs_as_creator && spec.fields.iter().any(|field| field.ty == Type::Flux)
    }

    /// What `object`, which is of this kind, uses, as far as it can be told without a run.
    pub fn uses(self, object: &Object) -> Vec<Use> {
        let mut uses = Vec::new();
        for (_, value) in object.fields.iter() {
            uses.extend(value.refs().into_iter().filter_map(|of| match of {
                Ref::Id(kind, id) => Some(Use::Id(*kind, id.clone())),
                Ref::To(_) | Ref::Home => None,
            }));
            if let Value::Table(table) = value {
                uses.extend(table.values().filter_map(secret_of).map(|key| Use::Name(Self::Secret, key)));
            }
            for script in value.scripts().into_iter().filter(|script| script.is_flux()) {
                let parsed = parse(script.source().unwrap_or(script.text()));
                let here = references(&parsed.script, &[]).all.into_iter().filter(|of| of.elsewhere.is_none());
                uses.extend(here.filter_map(|of| match of.target {
                    Target::BucketId => Some(Use::Id(Self::Bucket, of.name?)),
                    target => Some(Use::Name(Self::reached_as(target)?, of.name?)),
                }));
            }
        }
        uses
    }
}

/// The key in `{ secret = "KEY" }`.
fn secret_of(value: &Value) -> Option<String> {
    let Value::Table(table) = value else { return None };
    match table.get(SECRET)? {
        Value::Text(key) => Some(key.clone()),
        _ => None,
    }
}
