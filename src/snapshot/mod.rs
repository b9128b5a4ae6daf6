//! What the server has, read once: per kind all that the token sees, and how much that is.

mod elsewhere;
mod read;

pub use read::{Extent, Orgs, Server, read, survey};

use std::collections::{BTreeMap, BTreeSet};

use crate::api::sight::Lack;
use crate::kind::{Kind, Level, Object, Presence};

/// What the server has.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The server's version, such as `2.9.1`.
    pub version: String,
    /// The home org's ID; none when it does not exist.
    pub home: Option<String>,
    /// The ID of the user that the run's token belongs to.
    pub me: String,
    /// What is known of the run's own token.
    pub own_token: OwnToken,
    /// The server's time when it had been read, in milliseconds since 1970.
    pub at: u64,
    /// Why it is not proven that the token sees all labels of the home org, and so the ledger if there is one; none where
    /// it is proven, or there is no home org.
    pub ledger_lack: Option<Lack>,
    /// Why it is not proven that the token sees all labels of the other orgs in which something that it shows labels of declares
    /// them; none where it is proven, or nothing does.
    pub labels_lack: Option<Lack>,
    /// For each type (InfluxDB's names) of which the token is not proven to see everything in the orgs of the project: why not.
    pub lacks: BTreeMap<String, Lack>,
    /// Each kind that the manifest or the ledger names.
    pub kinds: BTreeMap<Kind, View>,
    /// The owners (user IDs) of each org in which something runs as its creator; an org whose owners may not be read is
    /// left out.
    pub owners: BTreeMap<String, BTreeSet<String>>,
    /// What else an object is that is to be imported and is not of the declared kind, by ID.
    pub of_another_kind: BTreeMap<String, Kind>,
}

/// What is known of the token that a run uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnToken {
    /// Its ID, where the user gave it.
    pub id: Option<String>,
    /// The fingerprint of its secret, as the ledger has it of those that were delivered.
    pub fingerprint: Option<String>,
    /// Whether it is proven that it may write nothing: then whoever applies is somebody else.
    pub only_reads: bool,
}

impl Snapshot {
    /// The object of `kind` with this ID.
    pub fn object(&self, kind: Kind, id: &str) -> Option<&Object> {
        self.kinds.get(&kind)?.objects.get(id)
    }

    /// Whether the server hides the object with this ID.
    pub fn hides(&self, kind: Kind, id: &str) -> bool {
        self.kinds.get(&kind).is_some_and(|view| view.missing.get(id) == Some(&Presence::Hidden))
    }

    /// The kind of the object that a permission of a token means by type and ID: the org that the permission names, if it
    /// names one, must be the object's own. `holder` is the token's org, which stands in for the org of an object that is
    /// not there.
    pub fn permitted(&self, ty: &str, id: &str, named: Option<&str>, holder: Option<&str>) -> Option<Kind> {
        let kind = Kind::of_type(ty).find(|kind| self.object(*kind, id).is_some()).or(Kind::from_type(ty))?;
        let own = match (kind.spec().level, self.object(kind, id)) {
            (Level::Server, _) => None,
            (Level::Org, Some(object)) => object.org.as_deref(),
            (Level::Org, None) => holder,
        };
        (named.is_none() || own == named).then_some(kind)
    }

    /// The ID of the org of each object that lives in one.
    pub fn orgs_of_objects(&self) -> BTreeMap<(Kind, String), String> {
        let all = self.kinds.iter().flat_map(|(kind, view)| view.objects.values().map(|object| (*kind, object)));
        all.filter_map(|(kind, object)| Some(((kind, object.id.clone()), object.org.clone()?))).collect()
    }
}

/// How much of a kind the token sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it: proven.
    Complete,
    /// Some; whether it is all is not proven.
    Partial,
    /// Nothing; whether there is anything is not proven.
    Blind,
}

/// What is known of one kind.
#[derive(Clone, Debug)]
pub struct View {
    /// How much the list shows.
    pub sight: Sight,
    /// The objects in the list, and those found by ID, by ID.
    pub objects: BTreeMap<String, Object>,
    /// What asking by ID has shown of owned objects that the list lacks.
    pub missing: BTreeMap<String, Presence>,
}

impl View {
    /// The object with this ID, none if it is proven that no request reaches one.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn look(&self, id: &str) -> Result<Option<&Object>, &str> {
        match (self.objects.get(id), self.missing.get(id)) {
            (Some(object), _) => Ok(Some(object)),
            (None, Some(Presence::Found(object))) => Ok(Some(object)),
            (None, Some(Presence::Absent | Presence::Hidden)) => Ok(None),
            (None, Some(Presence::Unreadable(words) | Presence::Unknown(words))) => Err(words),
            (None, None) => Err("the server did not say whether it exists"),
        }
    }
}
