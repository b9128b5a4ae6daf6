//! The record, kept on the server, of which objects the project owns and what it last applied.

mod error;
#[cfg(test)]
mod fake;
mod holder;
mod journal;
mod labels;
mod listed;
mod lock;
mod machine;
mod page;
mod problem;
mod recover;
mod seal;
mod state;
mod store;

pub use error::LedgerError;
pub use holder::{Freed, Hold, Holder, free, held, read_lock};
pub use journal::{Journal, JournalError, Permit, remove_all, sign};
pub use labels::{Labels, Row, rows};
pub use lock::{Claim, Lease, LockError, Lost, Timing, acquire};
pub use machine::{Machine, Process, ThisMachine, who};
pub use recover::{Resolution, resolve, set_by_post};
pub use seal::{Key, ShortKey, Trust};
pub use state::{State, Update};
pub use store::{LABELS, Owners, decode, is_there, named, owners, owners_elsewhere, read};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::duration::Duration;
use crate::kind::{DEFAULT_OVERLAP, Rotation};
use crate::manifest::Lifecycle;

/// What the project knows of itself, as it stands on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Whether there is one on the server.
    pub found: bool,
    /// The last run that wrote something.
    pub last_apply: Option<LastApply>,
    /// One entry for each owned object.
    pub entries: BTreeMap<Address, Entry>,
    /// What a run meant to create and has not been seen to have created.
    pub intents: BTreeMap<Address, Intent>,
}

/// The last run that wrote something: an apply, or one that changed the ledger alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastApply {
    /// When, in server time (RFC 3339, whole seconds).
    pub at: String,
    /// The commit that was applied, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The CI run, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The digest of the plan that was applied; none in what older versions have written, and of a run that had no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_digest: Option<String>,
    /// Who: `user@host`; none in what older versions have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The command: `apply`, `destroy`, `adopt`, `import`, `forget`; none in what older versions have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// How many of its changes it did not make: they failed, waited for one that did, or it was stopped.
    #[serde(default, skip_serializing_if = "is_none")]
    pub undone: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

/// Where an owned object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// This project made it.
    Created,
    /// It was there before; never deleted unless `lifecycle.owned`.
    Adopted,
}

impl Origin {
    /// Its word in plans.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Adopted => "adopted",
        }
    }
}

/// One owned object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object's ID.
    pub id: String,
    /// The ID of the org it lives in; none for orgs and users.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org: Option<String>,
    /// Its name (a token's description) when last written.
    pub name: String,
    /// The server's creation time, where it keeps one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Fingerprint of each field as last applied.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// The manifest's `lifecycle` when last applied.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Addresses it referred to when last applied: they are deleted after it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub needs: BTreeSet<Address>,
    /// Fingerprint of the delivered secret (12 hex digits of its SHA-256); none until it is delivered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<String>,
    /// Fields that the object was never given, as far as is known: those that an interrupted or failed create did not get
    /// to, and those that a server does not tell and no manifest has said yet, such as a password.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub lacks: BTreeSet<String>,
    /// IDs of predecessors that still have to be deleted.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub predecessors: BTreeSet<String>,
    /// When those of them were taken over from that go on working until an overlap ends: milliseconds since 1970 in server time, or
    /// [`NOT_YET`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub succeeded: BTreeMap<String, u64>,
    /// How long they go on working, where the manifest said that when they were taken over from: it holds where it says nothing later.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub overlaps: BTreeMap<String, Duration>,
    /// The fingerprints of their secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub worn: BTreeMap<String, String>,
}

/// When a predecessor is taken over from whose successor is made, and not delivered yet.
pub const NOT_YET: u64 = u64::MAX;

impl Entry {
    /// When the overlap of the predecessor with this ID ends if it is rotated like this: [`NOT_YET`] where it has not begun. None has
    /// what is not to go on working.
    pub fn overlap_ends(&self, id: &str, rotation: Rotation) -> Option<u64> {
        let since = *self.succeeded.get(id)?;
        let overlap = rotation.said.or_else(|| self.overlaps.get(id).copied()).unwrap_or(DEFAULT_OVERLAP);
        Some(since.saturating_add(overlap.nanos / 1_000_000))
    }

    /// The predecessors that are not known to go on working for a while.
    pub fn left(&self) -> impl Iterator<Item = &String> {
        self.predecessors.iter().filter(|id| !self.succeeded.contains_key(*id))
    }

    /// Whether its secret, if it has one, is one that the project has not made.
    pub fn is_theirs(&self) -> bool {
        self.origin == Origin::Adopted && self.secret.is_none()
    }

    /// Whether the project may delete the object.
    pub fn is_ours(&self) -> bool {
        self.is_ours_by(&self.lifecycle)
    }

    /// The same where this lifecycle holds for it.
    pub fn is_ours_by(&self, lifecycle: &Lifecycle) -> bool {
        self.origin == Origin::Created || lifecycle.owned
    }
}

#[cfg(test)]
impl Entry {
    /// An object that was created with this ID and name, and nothing else.
    pub(crate) fn blank(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            org: None,
            name: name.into(),
            created: None,
            origin: Origin::Created,
            fields: BTreeMap::new(),
            lifecycle: Lifecycle::default(),
            needs: BTreeSet::new(),
            secret: None,
            lacks: BTreeSet::new(),
            predecessors: BTreeSet::new(),
            succeeded: BTreeMap::new(),
            overlaps: BTreeMap::new(),
            worn: BTreeMap::new(),
        }
    }
}

/// What a run is about to create: written before the first POST, so that a lost reply can be resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The org it is made in; none for orgs and users, and for an org that does not exist yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org: Option<String>,
    /// The name it gets.
    pub name: String,
    /// Digest of the script where names are not unique; elsewhere of all that was declared.
    pub digest: String,
    /// Milliseconds since 1970 in server time (`Date` of a reply) before the POST.
    pub at: u64,
    /// The random word in the description of an object that is found by it (tokens).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub marker: Option<String>,
    /// Fingerprints of what the POST sets besides the name, where a server tells it: an object with something else is not
    /// what the POST has made.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// Whether the run did not see whether there was one of this name: then what is found later may be anybody's.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub blind: bool,
}

impl Intent {
    /// Whether what the one was about to make is what the other is, but for the values of secrets.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.org, &self.name, &self.digest) == (&other.org, &other.name, &other.digest)
    }
}
