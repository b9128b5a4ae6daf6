//! Manifests: from paths to what a project declares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::{Place, Source};
use crate::value::Fields;

/// All that a project declares, with every variable and `for_each` expanded.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The project's name.
    pub project: String,
    /// The project directory: paths in the manifests are relative to it.
    pub dir: PathBuf,
    /// `[server]`.
    pub server: Server,
    /// The resources.
    pub resources: BTreeMap<Address, Resource>,
    /// `[[moved]]`.
    pub moved: Vec<Moved>,
    /// The files that were read, in order of name.
    pub sources: Vec<Arc<Source>>,
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
    /// What it refers to in any way: fields, `${...}`, `for_each`, Flux params.
    pub needs: BTreeSet<Address>,
    /// The table's head.
    pub place: Place,
    /// The value of each written field.
    pub places: BTreeMap<&'static str, Place>,
}

/// `lifecycle` of a resource, kept in the ledger too.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Lifecycle {
    /// Refuse to delete or replace it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prevent_destroy: bool,
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
