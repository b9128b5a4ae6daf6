//! What tells one change list from every other, on any machine.

use std::collections::BTreeMap;
use std::io::Write;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::Plan;
use super::form::{ChangeForm, sealed};
use crate::diff::{Cause, Change};
use crate::value::{Ref, Value};

/// Stands for the ID of the home org: a server that is only made by the apply has another one then.
pub const HOME: &str = "home";
/// Digits of the short form.
const SHORT: usize = 12;

/// The change list as it is digested: change by change, so that a long one is never there twice.
struct Canonical<'a> {
    plan: &'a Plan,
    changes: Vec<&'a Change>,
}

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Changes<'a>(&'a Canonical<'a>);
        impl Serialize for Changes<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let Canonical { plan, changes } = self.0;
                serializer.collect_seq(changes.iter().map(|change| ChangeForm::from(&plan.canonical(change))))
            }
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("project", &self.plan.project)?;
        map.serialize_entry("changes", &Changes(self))?;
        map.end()
    }
}

/// Takes what is written to it into a hash.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Plan {
    /// The SHA-256 of the change list, as 64 hexadecimal digits: equal for two plans that would do the same to the same
    /// objects. What is at stake is no part of it, nor how much the run's token sees, nor which steps of a rotation are due.
    pub fn digest(&self) -> String {
        let mut changes: Vec<&Change> = self.changes.iter().filter(|change| counts(change)).collect();
        changes.sort_by(|a, b| a.address.cmp(&b.address));
        let mut hashing = std::io::BufWriter::new(Hashing(Sha256::new()));
        let written = serde_json::to_writer(&mut hashing, &Canonical { plan: self, changes });
        written.expect("invariant: the forms have string keys and no failing parts, and a hash takes all bytes");
        let Hashing(hash) = hashing.into_inner().unwrap_or_else(|_| unreachable!("a hash takes all bytes"));
        hexadecimal(&hash.finalize())
    }

    /// `change` without what two runs may see differently: what the token sees or not, secrets, which a file has not, the spelling
    /// of a script, the ID of an org that a server makes anew, what only this run would make of it, prints in the ledger that only
    /// lag behind, how old it is, and when overlaps end.
    pub(super) fn canonical(&self, change: &Change) -> Change {
        let mut change = sealed(Change {
            settles: false,
            unverified: false,
            kept: Vec::new(),
            rotated: None,
            until: BTreeMap::new(),
            ..change.clone()
        });
        rename(&mut change, self.home.as_deref());
        change.fields.retain(|field| field.cause != Cause::Run);
        for value in change.fields.iter_mut().flat_map(|field| field.live.iter_mut().chain([&mut field.wanted])) {
            if let Value::Script(script) = value {
                *script = script.without_spelling();
            }
        }
        change
    }

    /// The same plan for a server that is gone with the run: the one that an apply makes has another home org.
    #[must_use]
    pub fn of_a_new_server(mut self) -> Self {
        let home = self.home.take();
        self.changes.iter_mut().for_each(|change| rename(change, home.as_deref()));
        self
    }
}

/// Whether a change tells one plan from another. What only time asks for does not: it may come between a plan and its apply, and
/// does what the manifests say.
pub(super) fn counts(change: &Change) -> bool {
    change.writes() && !(change.due() && change.fields.is_empty())
}

/// Puts a word in the place of the home org's ID.
fn rename(change: &mut Change, home: Option<&str>) {
    let is_home = |id: &str| home == Some(id);
    let object = change.object.iter_mut().flat_map(|object| [&mut object.id].into_iter().chain(&mut object.org));
    object.chain(&mut change.org).filter(|id| is_home(id)).for_each(|id| HOME.clone_into(id));
    for value in change.fields.iter_mut().flat_map(|field| field.live.iter_mut().chain([&mut field.wanted])) {
        *value = value.map_refs(&|of| if of.bare_id().is_some_and(is_home) { Ref::Home } else { of.clone() });
    }
}

/// The first digits of a digest: enough for people to compare.
pub fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

/// `bytes` as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
