//! Manifests: from paths to what a project declares.

mod asked;
mod broken;
mod budget;
mod check;
mod context;
mod decode;
mod defaults;
mod each;
mod enabled;
mod expand;
mod foreign;
mod given;
mod grouped;
mod head;
mod hidden_value;
mod import;
pub(crate) mod library;
mod lint;
mod load;
mod lookup;
mod named_file;
mod node;
mod orgs;
mod params;
mod parts;
mod policy;
mod reach;
mod reference;
mod rights;
mod rotating;
mod scalar;
mod scope;
mod section;
mod sink;
mod source;
mod syntax;
mod template;
mod text;
mod text_file;
mod text_place;
mod typed;
mod uses;
mod variables;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::address::Address;
use crate::confine::Root;
use crate::diagnostic::{Place, Source};
use crate::field::Role;
use crate::flux::refs::Reference;
use crate::kind::Kind;
use crate::secret::Secret;
use crate::value::{Fields, Ref, Scope, Set, Value};

pub use given::Inputs;
pub use head::is_project_name;
pub use lint::Lints;
pub use load::{Loaded, load};
pub(crate) use orgs::scope_of_another_org;
pub use policy::{Allow, BlastRadius, Policy, What};
pub use reach::Reach;
pub use rotating::Rotating;
pub use scope::{is_permission_type, is_type_in_orgs};
pub use source::reads_as;
pub use text_place::TextPlace;

/// All that a project declares, with every variable and `for_each` expanded.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The project's name.
    pub project: String,
    /// The project directory: paths in the manifests are relative to it.
    pub root: Root,
    /// `[server]`.
    pub server: Server,
    /// `[policy]`.
    pub policy: Policy,
    /// The resources.
    pub resources: BTreeMap<Address, Resource>,
    /// What the scripts of resources reach of the project.
    pub reaches: BTreeMap<Address, Vec<Reach>>,
    /// The tables that are declared and say `enabled = false`.
    pub disabled: BTreeSet<Address>,
    /// What tables say that may have fewer instances than the ledger has.
    pub tables: BTreeMap<Address, Terms>,
    /// `[[moved]]`.
    pub moved: Vec<Moved>,
    /// `[[import]]`, by the address that it imports to.
    pub imports: BTreeMap<Address, Import>,
    /// What the command line asks to rotate.
    pub rotating: Option<Rotating>,
    /// The values of sensitive variables, as far as they are given. They are in no field.
    pub sensitive: BTreeMap<String, Secret>,
    /// The digest of the value of each variable that is not sensitive: equal ones have equal values.
    pub variables: BTreeMap<String, String>,
    /// The files that were read, in order of name.
    pub sources: Vec<Arc<Source>>,
}

impl Manifest {
    /// What is said of `address`, whether it has an instance or not.
    pub fn terms(&self, address: &Address) -> Option<Terms> {
        let table = address.table();
        let resource = self.resources.get(address).or_else(|| self.resources.get(&table));
        let said = |resource: &Resource| Terms { external: resource.external, lifecycle: resource.lifecycle.clone() };
        resource.map(said).or_else(|| self.tables.get(&table).cloned())
    }
}

/// What a table says of its resource besides the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether it must exist and is never changed.
    pub external: bool,
    /// `lifecycle`.
    pub lifecycle: Lifecycle,
}

/// A value with the place where it was written.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

/// `[server]`.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// `http(s)://...` or `embedded:PATH`.
    pub url: Option<Placed<String>>,
    /// The home org: a name or an ID.
    pub org: Option<Placed<String>>,
    /// The ID of the token that the run uses.
    pub token_id: Option<Placed<String>>,
    /// A PEM file of further certificate authorities.
    pub ca_file: Option<Placed<PathBuf>>,
    /// A PEM file with the client certificate.
    pub client_cert: Option<Placed<PathBuf>>,
    /// A PEM file with the client certificate's key.
    pub client_key: Option<Placed<PathBuf>>,
    /// How long one request may take.
    pub timeout: Option<Placed<std::time::Duration>>,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The fields that hold for it: those written, and those with a default. References are `Ref::To` or `Ref::Home`.
    pub fields: Fields,
    /// Whether it must exist and is never changed.
    pub external: bool,
    /// `lifecycle`.
    pub lifecycle: Lifecycle,
    /// What it refers to in any way: fields, `${...}`, `for_each`, Flux params, and what its script names.
    pub needs: Set<Address>,
    /// What of that must be in the same org: a task's buckets, which Flux finds by name.
    pub beside: Set<Address>,
    /// The buckets and secrets that its script reaches, and the secrets that its fields name.
    pub reaches: Box<[Reached]>,
    /// The table's head.
    pub place: Place,
    /// The value of each written field.
    pub places: Places,
    /// Where its scripts stand, and its texts of other programs, each with the place of the whole value.
    pub texts: Box<[(Place, TextPlace)]>,
}

/// Something that the script of a resource reaches, or one of its fields.
#[derive(Clone, Debug)]
pub struct Reached {
    /// What it is.
    pub reference: Reference,
    /// Where it is named.
    pub place: Place,
}

/// Where the fields of a resource are written.
#[derive(Clone, Debug, Default)]
pub struct Places(Box<[(&'static str, Place)]>);

impl Places {
    /// These places; the last one of a field holds.
    pub fn new(places: impl IntoIterator<Item = (&'static str, Place)>) -> Self {
        let places: BTreeMap<_, _> = places.into_iter().collect();
        Self(places.into_iter().collect())
    }

    /// Where `field` is written, if it is.
    pub fn get(&self, field: &str) -> Option<&Place> {
        self.0.binary_search_by(|(name, _)| (*name).cmp(field)).ok().map(|at| &self.0[at].1)
    }
}

impl Resource {
    /// Where `field` is written, else the table's head.
    pub fn place_of(&self, field: &str) -> &Place {
        self.places.get(field).unwrap_or(&self.place)
    }

    /// Where the field in `role` is written, else the table's head; the resource is of `kind`.
    pub fn place_of_role(&self, kind: Kind, role: Role) -> &Place {
        kind.with(role).map_or(&self.place, |field| self.place_of(field.name))
    }

    /// Where the name of the resource, which is of `kind`, is written: its last part, where it has several.
    pub fn place_of_name(&self, kind: Kind) -> &Place {
        let written = kind.naming().rev().find_map(|field| self.places.get(field.name));
        written.unwrap_or(&self.place)
    }

    /// The scopes on all of a type in one org: the field, the org, InfluxDB's name of the type.
    pub fn org_wide_scopes(&self) -> impl Iterator<Item = (&'static str, &Ref, &str)> {
        self.fields.iter().flat_map(|(field, value)| {
            let scopes = if let Value::Scopes(scopes) = value { Some(scopes) } else { None };
            scopes.into_iter().flatten().filter_map(move |scope| match scope {
                Scope::Org { ty, org } => Some((field, &**org, ty.as_str())),
                Scope::Object(_) | Scope::Bare { .. } | Scope::Instance { .. } => None,
            })
        })
    }
}

/// `lifecycle` of a resource, and what `[policy]` adds to it; kept in the ledger too.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Lifecycle {
    /// Refuse to delete or replace it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prevent_destroy: bool,
    /// A pattern of `[policy]` protects it from being deleted or replaced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// Fields whose live value is left alone.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub ignore: BTreeSet<String>,
    /// Treat an adopted object as if the project had created it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
}

/// One `[[moved]]`.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The address that the ledger has.
    pub from: Address,
    /// The address that is declared now.
    pub to: Address,
    /// Where it is written.
    pub place: Place,
}

/// One `[[import]]`: the object behind an address that the ledger does not have yet.
#[derive(Clone, Debug)]
pub struct Import {
    /// The object's ID.
    pub id: String,
    /// Where it is written; none where the command line says it.
    pub place: Option<Place>,
}
