//! From what a server has to manifests that declare it: references become addresses, names become keys.

mod environment;
mod file;
mod key;
mod scope;
mod select;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::address::Address;
use crate::kind::Kind;
use crate::ledger::Ledger;
use crate::snapshot::{Sight, Snapshot};

pub use file::{HEAD, HERE};
pub use table::quoted;

/// A kind and an ID.
pub type ObjectId = (Kind, String);

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name of the project that the manifests are.
    pub project: String,
    /// The kinds that are exported.
    pub kinds: BTreeSet<Kind>,
    /// Only objects that have one of these labels, by name; empty for all.
    pub labels: BTreeSet<String>,
    /// Whether all orgs are exported that were read, not the home org only.
    pub every_org: bool,
    /// `[server].url`, where there is one.
    pub url: Option<String>,
    /// The flags that name certificates, which the project does not have.
    pub certificates: Vec<&'static str>,
    /// `[server].org`; empty where it is not known.
    pub org: String,
    /// The ID of the run's own token, where it is known: it is not taken over.
    pub token_id: Option<String>,
    /// Whether an `[[import]]` finds each object, not only those that nothing else finds.
    pub imports: bool,
}

/// What there is to export from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The server.
    pub snapshot: &'a Snapshot,
    /// What the project of that name has already.
    pub ledger: &'a Ledger,
    /// The project that owns an object, for what other projects' ledgers have.
    pub foreign: &'a BTreeMap<ObjectId, String>,
    /// What has turned out not to be manageable, and why: it is not declared.
    pub refused: &'a BTreeMap<ObjectId, Refused>,
    /// What is written for the name of an object in place of the name.
    pub names: &'a BTreeMap<ObjectId, String>,
}

impl Sources<'_> {
    /// How much of a kind is seen.
    fn sight(&self, kind: Kind) -> Sight {
        self.snapshot.kinds.get(&kind).map_or(Sight::Blind, |view| view.sight)
    }
}

/// Why an object is not declared although it could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong with it.
    pub why: String,
    /// Whether it cannot even be external.
    pub also_external: bool,
}

/// Manifests, and what they are made of.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// The text of each file, by its path in the project directory.
    pub files: BTreeMap<String, String>,
    /// What the manifests declare.
    pub resources: BTreeMap<Address, Resource>,
    /// What stands where: file, bytes, and the resource that it is about.
    pub places: Vec<(String, Range<usize>, Address)>,
    /// What they do not, or not whole.
    pub notes: Vec<Note>,
    /// The variables of the environment that secrets are read from, by the object and the key that each stands under.
    pub environment: BTreeMap<(ObjectId, String), String>,
    /// How many orgs the token sees that are not exported.
    pub other_orgs: usize,
    /// How many users of other orgs alone the token sees that are not exported.
    pub other_users: usize,
}

/// One resource of the manifests.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object's ID.
    pub id: String,
    /// Whether it is only looked up.
    pub external: bool,
    /// Whether it is found by an `[[import]]`.
    pub imported: bool,
    /// Its file.
    pub file: String,
    /// The file of its script.
    pub script: Option<String>,
}

/// Something that the manifests do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The object's kind.
    pub kind: Kind,
    /// Its ID.
    pub id: String,
    /// Its name (a token's description).
    pub name: String,
    /// What became of it.
    pub disposition: Disposition,
    /// Why.
    pub why: String,
}

/// What became of an object that is not declared as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// It is in no manifest.
    LeftOut,
    /// It is external.
    External,
    /// It is declared without this field.
    Without(&'static str),
    /// It is declared as it is, with this that stands for nothing any more.
    Stale(&'static str),
}

/// Writes the manifests.
pub fn export(request: &Request, sources: Sources<'_>) -> Export {
    let mut selection = select::select(request, sources);
    let environment = environment::tell_apart(&mut selection);
    let names = key::names(&selection, sources);
    Export { environment, ..file::files(request, sources, selection, &names) }
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
