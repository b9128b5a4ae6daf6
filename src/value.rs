//! The values of fields, the same for what a manifest wants and what a server has.

mod fields;
mod masked;
mod number;
mod script;
mod secrets;
mod set;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::address::Address;
use crate::duration::{Duration, DurationError};
use crate::kind::Kind;
use crate::redact::{Path, has_credentials, without_path, without_secrets, without_secrets_in_command};
use crate::secret::{Sink, Source};

pub use fields::Fields;
pub(crate) use masked::{called, masked, sealed_text};
pub use number::Number;
pub use script::Script;
pub use set::Set;

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ref {
    /// A resource of this project.
    To(Address),
    /// The org of `[server]`, where no resource declares it.
    Home,
    /// An object that no resource of this project stands for, by its ID.
    Id(Kind, String),
}

/// What one permission of a token covers. There are many: what is rare in them is boxed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One object.
    Object(Ref),
    /// One object by type and ID: of a type that is no kind of ours, or with an org that is not the object's own.
    Bare {
        /// InfluxDB's name of the type, such as `dashboards`.
        ty: String,
        /// The object's ID.
        id: String,
        /// The org that the permission names.
        org: Option<Box<Ref>>,
    },
    /// Every object of a type in one org.
    Org {
        /// InfluxDB's name of the type.
        ty: String,
        /// The org.
        org: Box<Ref>,
    },
    /// Every object of a type in every org.
    Instance {
        /// InfluxDB's name of the type.
        ty: String,
    },
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Said to be absent: a task without `offset`.
    Unset,
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
    /// Values whose order counts.
    List(Vec<Value>),
    /// A number.
    Number(Number),
    /// A table: its fields, or what stands under its keys.
    Table(BTreeMap<String, Value>),
    /// A length of time.
    Duration(Duration),
    /// A length of time before something, written with a `-`.
    Before(Duration),
    /// Retention without an end.
    Infinite,
    /// One object.
    Ref(Ref),
    /// A set of objects.
    Refs(Set<Ref>),
    /// Free properties.
    Map(BTreeMap<String, String>),
    /// A Flux script.
    Script(Script),
    /// What a token may read, or write.
    Scopes(Set<Scope>),
    /// Where a secret comes from. Never compared.
    Source(Source),
    /// Where a secret goes.
    Sinks(Vec<Sink>),
    /// What is said in the place of a value that no manifest can say: `its task runs another script`.
    Note(String),
}

impl Value {
    /// Reads a duration that may have a `-`; zero is never negative.
    ///
    /// # Errors
    /// A text that is no duration.
    pub fn signed_duration(text: &str) -> Result<Self, DurationError> {
        let length = text.strip_prefix('-').unwrap_or(text).parse().map_err(|error| match error {
            DurationError::Form(_) => DurationError::Form(text.to_owned()),
            DurationError::TooLong(_) => DurationError::TooLong(text.to_owned()),
        })?;
        Ok(if length == Duration::default() || !text.starts_with('-') {
            Self::Duration(length)
        } else {
            Self::Before(length)
        })
    }
}

impl Ref {
    /// The ID, when an object that no resource stands for is meant.
    pub fn bare_id(&self) -> Option<&str> {
        match self {
            Self::Id(_, id) => Some(id),
            Self::To(_) | Self::Home => None,
        }
    }

    /// The address, when a resource of this project is meant.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::To(address) => Some(address),
            Self::Home | Self::Id(..) => None,
        }
    }
}

impl Scope {
    /// All references in it.
    pub fn refs(&self) -> impl Iterator<Item = &Ref> {
        match self {
            Self::Object(of) => Some(of),
            Self::Bare { org, .. } => org.as_deref(),
            Self::Org { org, .. } => Some(org.as_ref()),
            Self::Instance { .. } => None,
        }
        .into_iter()
    }

    /// The same with every reference passed through `with`.
    #[must_use]
    pub fn map_refs(&self, with: &impl Fn(&Ref) -> Ref) -> Self {
        match self {
            Self::Object(of) => Self::Object(with(of)),
            Self::Bare { ty, id, org } => {
                Self::Bare { ty: ty.clone(), id: id.clone(), org: org.as_ref().map(|org| Box::new(with(org))) }
            }
            Self::Org { ty, org } => Self::Org { ty: ty.clone(), org: Box::new(with(org)) },
            Self::Instance { ty } => Self::Instance { ty: ty.clone() },
        }
    }
}

impl Value {
    /// Shows itself and all values in it.
    fn walk<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        each(self);
        match self {
            Self::List(items) => items.iter().for_each(|item| item.walk(each)),
            Self::Table(table) => table.values().for_each(|value| value.walk(each)),
            _ => {}
        }
    }

    /// All references in it.
    pub fn refs(&self) -> Vec<&Ref> {
        let mut refs = Vec::new();
        self.walk(&mut |value| match value {
            Self::Ref(of) => refs.push(of),
            Self::Refs(set) => refs.extend(set.iter()),
            Self::Scopes(scopes) => refs.extend(scopes.iter().flat_map(Scope::refs)),
            _ => {}
        });
        refs
    }

    /// The same with every reference passed through `with`.
    #[must_use]
    pub fn map_refs(&self, with: &impl Fn(&Ref) -> Ref) -> Self {
        match self {
            Self::Ref(of) => Self::Ref(with(of)),
            Self::Refs(set) => Self::Refs(set.iter().map(with).collect()),
            Self::Scopes(scopes) => Self::Scopes(scopes.iter().map(|scope| scope.map_refs(with)).collect()),
            Self::List(items) => Self::List(items.iter().map(|item| item.map_refs(with)).collect()),
            Self::Table(table) => {
                Self::Table(table.iter().map(|(key, value)| (key.clone(), value.map_refs(with))).collect())
            }
            other => other.clone(),
        }
    }

    /// Whether something stands in it of which only a part is compared.
    fn is_compared_in_part(&self) -> bool {
        let mut is_in_part = false;
        self.walk(&mut |value| is_in_part |= matches!(value, Self::Script(_) | Self::Source(_)));
        is_in_part
    }

    /// The scripts that stand in it.
    pub fn scripts(&self) -> Vec<&Script> {
        let mut scripts = Vec::new();
        self.walk(&mut |value| scripts.extend(if let Self::Script(script) = value { Some(script) } else { None }));
        scripts
    }

    /// What the ledger keeps of it: the plain text of a short scalar, else a digest. Two values have equal fingerprints
    /// if they are equal.
    pub fn fingerprint(&self) -> String {
        let (text, plain) = match self {
            Self::Script(script) => return format!("#{}", script.digest()),
            // Where a secret comes from is not compared.
            Self::Source(_) => return "=(secret)".to_owned(),
            Self::Text(_)
            | Self::Integer(_)
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Duration(_)
            | Self::Before(_)
            | Self::Infinite
            | Self::Ref(_)
            | Self::Note(_)
            | Self::Unset => (self.to_string(), true),
            Self::Map(map) => (map.iter().map(|(k, v)| format!("{k:?}={v:?}\n")).collect(), false),
            // Scripts are compared by what counts in them.
            Self::List(items) if self.is_compared_in_part() => {
                (items.iter().map(|item| format!("{:?}\n", item.fingerprint())).collect(), false)
            }
            Self::Table(table) if self.is_compared_in_part() => {
                (table.iter().map(|(key, value)| format!("{key:?}={:?}\n", value.fingerprint())).collect(), false)
            }
            Self::List(_) | Self::Table(_) | Self::Refs(_) | Self::Scopes(_) | Self::Sinks(_) => {
                (self.to_string(), true)
            }
        };
        // The address that messages are sent to may be a secret.
        let leads_to_hook = |value: &Self| match value {
            Self::Text(text) => without_path(text, Path::Nothing) != *text,
            _ => false,
        };
        let leads = || matches!(self, Self::Table(table) if table.values().any(leads_to_hook));
        let hides = || [without_secrets(&text), without_secrets_in_command(&text)].iter().any(|shown| *shown != text);
        if plain && text.len() <= 64 && !(leads() || has_credentials(&text) || hides()) {
            format!("={text}")
        } else {
            format!("#{}", digest(&text))
        }
    }
}

/// The first 24 hex digits of the SHA-256 of `text`.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: impl IntoIterator<Item = T>) -> fmt::Result {
    f.write_str("[")?;
    for (n, item) in items.into_iter().enumerate() {
        write!(f, "{}{item}", if n == 0 { "" } else { ", " })?;
    }
    f.write_str("]")
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(address) => write!(f, "{address}"),
            Self::Home => f.write_str("(home org)"),
            Self::Id(kind, id) => write!(f, "{}-id:{id}", kind.name()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(of) => write!(f, "{of}"),
            Self::Bare { ty, id, org: None } => write!(f, "{ty}-id:{id} of no org"),
            Self::Bare { ty, id, org: Some(org) } => write!(f, "{ty}-id:{id} of {org}"),
            Self::Org { ty, org } => write!(f, "{org}/{ty}"),
            Self::Instance { ty } => write!(f, "instance/{ty}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("(none)"),
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(items) => list(f, items.iter().map(Self::within)),
            Self::Table(table) => {
                let fields: Vec<_> = table.iter().map(|(key, value)| format!("{key} = {}", value.within())).collect();
                if fields.is_empty() { f.write_str("{}") } else { write!(f, "{{ {} }}", fields.join(", ")) }
            }
            Self::Duration(duration) => write!(f, "{duration}"),
            Self::Before(duration) => write!(f, "-{duration}"),
            Self::Infinite => f.write_str("infinite"),
            Self::Ref(of) => write!(f, "{of}"),
            Self::Refs(set) => list(f, set),
            Self::Map(map) => list(f, map.iter().map(|(key, value)| format!("{key} = {value}"))),
            Self::Script(script) => f.write_str(script.text()),
            Self::Scopes(scopes) => list(f, scopes),
            Self::Source(source) => write!(f, "(secret from {source})"),
            Self::Sinks(sinks) => list(f, sinks),
            Self::Note(words) => write!(f, "({words})"),
        }
    }
}

impl Value {
    /// As a part of a list or a table: two texts are not one with a comma in it.
    fn within(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Duration(_) | Self::Before(_) | Self::Infinite => format!("\"{self}\""),
            Self::Script(script) => format!("{:?}", script.text()),
            other => other.to_string(),
        }
    }
}
