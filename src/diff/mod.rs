//! The generic differ: what must happen to each address, and why.

mod apart;
mod canonical;
mod compare;
mod comparison;
mod differences;
mod find;
mod follow;
mod import;
mod leave;
mod lifecycle;
mod moved;
mod rotation;
#[cfg(test)]
mod tests;
mod undecided;
mod unfound;

pub use compare::compare;
pub use comparison::{Comparison, Goal};
pub use lifecycle::{Setting, Turn};
pub use rotation::Rotated;
pub use unfound::two_owners;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::field::{Field, Role, SecretRule};
use crate::kind::Kept;
use crate::ledger::Origin;
use crate::manifest::Lifecycle;
use crate::value::Value;

/// What must happen to one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose change it is.
    pub address: Address,
    /// What happens on the server.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The object that is there now.
    pub object: Option<Target>,
    /// The ID of the org that it lives in, or will live in; none where there is no org, or none yet.
    pub org: Option<String>,
    /// The fields that differ; for a create all that will be set.
    pub fields: Vec<FieldChange>,
    /// Whether the ledger takes over an object that it did not have.
    pub adopts: bool,
    /// Whether an `[[import]]` names the object: it agrees to taking it over, and holds the address to this object.
    pub imported: bool,
    /// The address that the ledger had the object under.
    pub moved_from: Option<Address>,
    /// Fields that were named and are no longer: the ledger lets go of them.
    pub released: BTreeSet<String>,
    /// Whether the ledger's fingerprints lag behind what manifest and server agree on.
    pub settles: bool,
    /// Whether it is not proven that nothing with this name exists (the token does not see enough).
    pub unverified: bool,
    /// The lifecycle that holds: the manifest's, or the ledger's for a block that is gone; protected by either.
    pub lifecycle: Lifecycle,
    /// In what the ledger has another lifecycle: it is written even if nothing else is, because it holds when the block
    /// is gone.
    pub lifecycle_changes: Vec<Setting>,
    /// Where the object comes from, for objects that the ledger has.
    pub origin: Option<Origin>,
    /// What the server keeps for the object and no longer has to, as far as the token sees.
    pub kept: Vec<Kept>,
    /// The IDs of what the object has taken over from and that goes now: an earlier run did not come to delete it, or its overlap is
    /// over.
    pub predecessors: BTreeSet<String>,
    /// The IDs of what the object has taken over from, or takes over from now, and that goes on working until an overlap ends.
    pub overlapping: BTreeSet<String>,
    /// When the overlaps of those of them end that have begun: milliseconds since 1970 in server time.
    pub until: BTreeMap<String, u64>,
    /// What is to be told of a rotation of its secret.
    pub rotated: Option<Rotated>,
}

/// An object on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its ID.
    pub id: String,
    /// The ID of its org; none for orgs and users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Its name.
    pub name: String,
}

/// What happens on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    None,
    /// An object is made.
    Create,
    /// An object is changed in place.
    Update,
    /// An object is made anew.
    Replace,
    /// An object is deleted.
    Delete,
    /// The ledger lets go of an object.
    Forget,
}

impl Action {
    /// Whether the object that is there now goes.
    pub const fn removes(self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }
}

/// Why something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Manifest, ledger and server agree.
    InSync,
    /// It is declared and does not exist.
    New,
    /// It was deleted by hand.
    Gone,
    /// What the server shows it by was deleted by hand ([`Spec::hidden_without`](crate::kind::Spec::hidden_without)).
    Hidden,
    /// Fields differ.
    Differs,
    /// These fields can only be changed by making the object anew.
    CannotChange(BTreeSet<&'static str>),
    /// The user it runs as is gone, or does not own the org any more.
    CreatorGone,
    /// A secret was made and never delivered.
    Undelivered,
    /// An earlier run was interrupted before it deleted what this object replaces.
    Leftovers,
    /// Somebody asks for another secret.
    RotationAsked,
    /// Its secret is old enough.
    RotationDue,
    /// Its secret is not in all sinks any more to which it was delivered.
    SecretLost,
    /// It was rotated, and what it has taken over from has worked beside it long enough.
    OverlapEnded,
    /// An earlier run was interrupted after it made the object.
    Resumed,
    /// An earlier run made it and did not get to all of its fields.
    Unfinished,
    /// It is not declared any more.
    NotDeclared,
    /// Its declaration says `enabled = false`.
    Disabled,
    /// It is not declared any more, and was not made by this project.
    NotOurs,
    /// Everything is to be destroyed, and this was not made by this project.
    Kept,
    /// It is not declared any more, and is gone already.
    AlreadyGone,
    /// It is declared `external` now.
    External,
    /// Everything is to be destroyed.
    Destroy,
    /// The home org is never deleted.
    HomeOrg,
    /// It is not deleted by itself, because the project did not create it, but with its org.
    GoesWithOrg,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field.
    pub field: &'static str,
    /// The server's value; none for an object that is not there, and for what a server cannot tell.
    pub live: Option<Value>,
    /// The manifest's value.
    pub wanted: Value,
    /// The last applied value, where the ledger has its text.
    pub last: Option<String>,
    /// Who moved.
    pub cause: Cause,
}

/// Who moved, seen from what was last applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The manifest moved.
    #[serde(rename = "manifest")]
    Yours,
    /// The server moved.
    Drift,
    /// Both moved.
    Both,
    /// Nothing is known of the field: it is managed from now on.
    New,
    /// Nobody: the run that made the object did not get to it.
    Unfinished,
    /// Nobody: it is what the run itself makes of it, such as its own user's. Another run makes something else of it.
    Run,
}

/// The word of each reason but [`Reason::CannotChange`].
const REASONS: [(&str, Reason); 23] = [
    ("in_sync", Reason::InSync),
    ("new", Reason::New),
    ("gone", Reason::Gone),
    ("hidden", Reason::Hidden),
    ("differs", Reason::Differs),
    ("creator_gone", Reason::CreatorGone),
    ("undelivered", Reason::Undelivered),
    ("leftovers", Reason::Leftovers),
    ("rotation_asked", Reason::RotationAsked),
    ("rotation_due", Reason::RotationDue),
    ("secret_lost", Reason::SecretLost),
    ("overlap_ended", Reason::OverlapEnded),
    ("resumed", Reason::Resumed),
    ("unfinished", Reason::Unfinished),
    ("not_declared", Reason::NotDeclared),
    ("disabled", Reason::Disabled),
    ("not_ours", Reason::NotOurs),
    ("kept", Reason::Kept),
    ("already_gone", Reason::AlreadyGone),
    ("external", Reason::External),
    ("destroy", Reason::Destroy),
    ("home_org", Reason::HomeOrg),
    ("goes_with_org", Reason::GoesWithOrg),
];
/// The word of [`Reason::CannotChange`].
const CANNOT_CHANGE: &str = "cannot_change";

impl Reason {
    /// Its word in machine output and plan files.
    pub fn word(&self) -> &'static str {
        REASONS.iter().find(|(_, reason)| reason == self).map_or(CANNOT_CHANGE, |(word, _)| word)
    }

    /// The reason called `word`; `fields` are those that cannot be changed in place.
    pub fn from_word(word: &str, fields: BTreeSet<&'static str>) -> Option<Self> {
        if word == CANNOT_CHANGE {
            return Some(Self::CannotChange(fields));
        }
        REASONS.iter().find(|(known, _)| *known == word).map(|(_, reason)| reason.clone())
    }

    /// Whether another secret is made because of it, and nothing else is.
    pub const fn rotates(&self) -> bool {
        matches!(self, Self::RotationAsked | Self::RotationDue | Self::SecretLost)
    }

    /// The fields that cannot be changed in place.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = if let Self::CannotChange(fields) = self { Some(fields) } else { None };
        fields.into_iter().flatten().copied()
    }
}

impl Change {
    /// A change that says nothing more than what happens to whom, and why.
    pub fn blank(address: &Address, action: Action, reason: Reason) -> Self {
        Self {
            address: address.clone(),
            action,
            reason,
            object: None,
            org: None,
            fields: Vec::new(),
            adopts: false,
            imported: false,
            moved_from: None,
            released: BTreeSet::new(),
            settles: false,
            unverified: false,
            lifecycle: Lifecycle::default(),
            lifecycle_changes: Vec::new(),
            origin: None,
            kept: Vec::new(),
            predecessors: BTreeSet::new(),
            overlapping: BTreeSet::new(),
            until: BTreeMap::new(),
            rotated: None,
        }
    }

    /// The IDs of the objects that a request changes or deletes.
    pub fn touched(&self) -> impl Iterator<Item = &String> {
        let changes = match self.action {
            Action::Update => !self.fields.is_empty(),
            action => action.removes(),
        };
        let object = self.object.as_ref().filter(|_| changes).map(|object| &object.id);
        object.into_iter().chain(&self.predecessors)
    }

    /// Whether it sets the secret at `at`, within `field`: one of a table stays as it is on the server where that has one.
    pub fn sets_secret(&self, field: &Field, rule: SecretRule, at: &str) -> bool {
        let has = |live: &Value| live.sources(field.name).iter().any(|(has, _)| has == at);
        self.fields
            .iter()
            .any(|one| rule.is_set_with(one.field) || one.field == field.name && !one.live.as_ref().is_some_and(has))
    }

    /// The fields with what takes the place of secrets that the server has: it may keep these.
    pub fn leaves_secrets(&self) -> impl Iterator<Item = &'static str> {
        let sources = |value: fn(&FieldChange) -> Option<&Value>| {
            let values = self.fields.iter().filter_map(move |field| Some((field.field, value(field)?)));
            values.flat_map(|(field, value)| value.sources(field)).map(|(at, _)| at).collect::<BTreeSet<_>>()
        };
        let leaves = !sources(|field| field.live.as_ref()).is_subset(&sources(|field| Some(&field.wanted)));
        let has_secrets = |field: &&FieldChange| {
            field.wanted != Value::Unset
                && self.address.kind.field(field.field).is_some_and(|field| field.secret.is_some())
        };
        self.fields.iter().filter(move |_| leaves).filter(has_secrets).map(|field| field.field)
    }

    /// How the field in this role changes, if it does.
    pub fn field(&self, role: Role) -> Option<&FieldChange> {
        let name = self.address.kind.with(role)?.name;
        self.fields.iter().find(|field| field.field == name)
    }

    /// What the object is to be named; none where it keeps the name that it has.
    pub fn new_name(&self) -> Option<String> {
        let wanted = |part: &Field| match &self.fields.iter().find(|field| field.field == part.name)?.wanted {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        };
        let old = self.object.as_ref().map_or("", |object| &object.name);
        self.address.kind.renamed(old, wanted)
    }

    /// Whether somebody deleted the object, or what the server shows it by.
    pub fn lost(&self) -> bool {
        matches!(self.reason, Reason::Gone | Reason::Hidden)
    }

    /// Whether somebody changed the server behind our back.
    pub fn drifted(&self) -> bool {
        self.lost()
            || self.reason == Reason::CreatorGone
            || self.fields.iter().any(|field| matches!(field.cause, Cause::Drift | Cause::Both))
    }

    /// Whether an earlier run left it unfinished: the next one goes on, and nobody has changed anything.
    pub fn unfinished(&self) -> bool {
        matches!(self.reason, Reason::Undelivered | Reason::Leftovers | Reason::Resumed | Reason::Unfinished)
    }

    /// Whether a step of a rotation is due: nobody has changed anything.
    pub fn due(&self) -> bool {
        matches!(self.reason, Reason::RotationDue | Reason::OverlapEnded)
    }

    /// Whether its object goes on working beside the one that takes over from it.
    pub fn stays(&self) -> bool {
        self.action == Action::Replace
            && self.object.as_ref().is_some_and(|object| self.overlapping.contains(&object.id))
    }

    /// Whether an apply writes anything for it, if only to the ledger. Settling alone is no write.
    pub fn writes(&self) -> bool {
        self.action != Action::None || self.ledger_only()
    }

    /// Whether only the ledger changes.
    pub fn ledger_only(&self) -> bool {
        match self.action {
            Action::Forget => true,
            Action::None => {
                self.adopts
                    || self.moved_from.is_some()
                    || !self.released.is_empty()
                    || !self.lifecycle_changes.is_empty()
                    || self.reason == Reason::Resumed
            }
            _ => false,
        }
    }
}
