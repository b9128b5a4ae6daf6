//! What comparing has found.

use std::collections::BTreeMap;

use super::{Action, Change, Reason, Target};
use crate::address::Address;
use crate::kind::Object;
use crate::ledger::Entry;
use crate::problem::Problem;

/// Where a run wants to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// What the manifests declare.
    Declared,
    /// Nothing of the project is left.
    Destroyed,
}

/// What comparing has found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// One change for each address of the manifest and the ledger, but external ones: dependencies first.
    pub changes: Vec<Change>,
    /// What stops the run.
    pub problems: Vec<Problem>,
    /// The object behind each external resource.
    pub external: BTreeMap<Address, Target>,
}

pub(super) fn target(object: &Object) -> Target {
    Target { id: object.id.clone(), org: object.org.clone(), name: object.name.clone() }
}

pub(super) fn forget(address: &Address, entry: &Entry, object: Option<Target>, reason: Reason) -> Change {
    Change {
        object,
        origin: Some(entry.origin),
        lifecycle: entry.lifecycle.clone(),
        // What it has replaced has nobody else to delete it.
        predecessors: entry.predecessors.clone(),
        ..Change::blank(address, Action::Forget, reason)
    }
}
