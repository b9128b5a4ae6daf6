//! What an object on the server uses: what it refers to by an ID, and what its scripts reach by a name.

use super::live::Object;
use super::spec::Level;
use super::{Kind, shown, telegraf};
use crate::field::{Role, Type};
use crate::flux::parser::parse;
use crate::flux::refs::{Target, references};
use crate::value::{Ref, Scope, Value};

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
        Self::ALL.iter().copied().filter(move |kind| {
            let spec = kind.spec();
            let refers = spec.fields.iter().any(|field| match field.ty {
                Type::Ref(to) | Type::Refs(to) => to == self && !matches!(field.role, Role::Host | Role::Reads),
                Type::Scopes => self.spec().holds_data && self.can_be_permitted(),
                _ => false,
            });
            let names = self == Self::Secret && *kind == Self::NotificationEndpoint;
            spec.level == Level::Org && (refers || names || kind.names_in_scripts(self))
        })
    }

    /// The kinds whose objects have a copy of what they need of an object of this kind: a change of it does not reach them.
    pub fn copiers(self) -> impl Iterator<Item = Self> {
        let copies = move |kind: &Self| kind.with(Role::Copied).is_some_and(|field| field.ty == Type::Ref(self));
        Self::ALL.iter().copied().filter(copies)
    }

    /// Whether scripts name objects of this kind.
    pub fn is_named_in_scripts(self) -> bool {
        [Target::Bucket, Target::Secret, Target::Variable]
            .into_iter()
            .any(|target| Self::reached_as(target) == Some(self))
    }

    /// Whether scripts of its objects name objects of `other`.
    pub fn names_in_scripts(self, other: Self) -> bool {
        let spec = self.spec();
        if self == Self::Telegraf {
            return other == Self::Bucket;
        }
        let is_given = Self::reached_as(Target::Variable) != Some(other) || spec.given.contains(&shown::RECORD);
        let has_scripts = spec.fields.iter().any(|field| field.ty == Type::Flux || has_scripts(field.ty));
        other.is_named_in_scripts() && is_given && has_scripts
    }

    /// The field with parts that have scripts. A list may lack it.
    pub fn scripts_in_parts(self) -> Option<&'static str> {
        self.spec().fields.iter().find(|field| has_scripts(field.ty)).map(|field| field.name)
    }

    /// What `object`, which is of this kind, uses, as far as it can be told without a run.
    pub fn uses(self, object: &Object) -> Vec<Use> {
        let mut uses = Vec::new();
        if self == Self::Telegraf {
            let named = telegraf::outputs(&object.fields).into_iter().filter_map(|output| output.bucket);
            uses.extend(named.map(|bucket| Use::Name(Self::Bucket, bucket)));
        }
        for (_, value) in object.fields.iter() {
            uses.extend(value.refs().into_iter().filter_map(|of| match of {
                Ref::Id(kind, id) => Some(Use::Id(*kind, id.clone())),
                Ref::To(_) | Ref::Home => None,
            }));
            if let Value::Scopes(scopes) = value {
                uses.extend(scopes.iter().filter_map(|scope| match scope {
                    Scope::Bare { ty, id, .. } => Some(Use::Id(Self::from_type(ty)?, id.to_string())),
                    _ => None,
                }));
            }
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
                if self.names_in_scripts(Self::Variable) {
                    let variables = shown::variables(&parsed.script).filter_map(|(name, _)| name);
                    uses.extend(variables.map(|name| Use::Name(Self::Variable, name)));
                }
            }
        }
        uses
    }
}

/// Whether parts of a field of this type have scripts.
fn has_scripts(ty: Type) -> bool {
    match ty {
        Type::List(of) | Type::Keyed(_, of) => has_scripts(*of),
        Type::Block(fields) => fields.iter().any(|field| field.ty == Type::Flux || has_scripts(field.ty)),
        _ => false,
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
