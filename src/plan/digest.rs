//! What tells one change list from every other, on any machine.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Plan;
use super::form::ChangeForm;
use crate::diff::Change;
use crate::value::{Ref, Value};

/// Stands for the ID of the home org: a server that is only made by the apply has another one then.
const HOME: &str = "home";
/// Digits of the short form.
const SHORT: usize = 12;

#[derive(Serialize)]
struct Canonical<'a> {
    project: &'a str,
    changes: Vec<ChangeForm>,
}

impl Plan {
    /// The SHA-256 of the change list, as 64 hexadecimal digits: equal for two plans that would do the same to the same
    /// objects. What is at stake is no part of it, nor how much the run's token sees.
    pub fn digest(&self) -> String {
        let writes = self.changes.iter().filter(|change| change.writes());
        let mut changes: Vec<Change> = writes.map(|change| self.canonical(change)).collect();
        changes.sort_by(|a, b| a.address.cmp(&b.address));
        let canonical = Canonical { project: &self.project, changes: changes.iter().map(ChangeForm::from).collect() };
        hex(&serde_json::to_vec(&canonical).expect("invariant: the forms have string keys and no failing parts"))
    }

    /// `change` without what two runs may see differently: what the token does not see, the spelling of a script, the ID
    /// of an org that a server makes anew, and prints in the ledger that only lag behind.
    pub(super) fn canonical(&self, change: &Change) -> Change {
        let mut change = Change { settles: false, unverified: false, ..change.clone() };
        rename(&mut change, self.home.as_deref());
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

/// The SHA-256 of `bytes` as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
