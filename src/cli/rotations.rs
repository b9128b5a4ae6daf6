//! When the next steps of rotations are due, from the ledger and the manifests.

use serde::Serialize;

use crate::address::Address;
use crate::kind::Rotation;
use crate::ledger::{Entry, Ledger, NOT_YET};
use crate::manifest::Manifest;
use crate::render::time;

/// A step, and when it is due.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    /// Whose.
    address: String,
    step: Does,
    /// The ID of the predecessor that goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// When, in server time (RFC 3339, whole seconds); none for what the next apply does.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    Rotate,
    DeletePredecessor,
    /// An interrupted run made the successor: the overlap begins when another one is delivered.
    KeepPredecessor,
}

impl Step {
    /// Whether it is about what was replaced and still works.
    pub(super) const fn is_of_predecessor(&self) -> bool {
        self.id.is_some()
    }

    /// The step for people.
    pub(super) fn words(&self) -> String {
        let Self { address, at, id, step } = self;
        let after = at.as_ref().map_or_else(|| "the next apply".to_owned(), |at| format!("the first apply after {at}"));
        match id {
            None => format!("{address} is rotated by {after}"),
            Some(id) if *step == Does::KeepPredecessor => {
                format!(
                    "what {address} replaced (id {id}), until the next apply has delivered a successor and the overlap has ended"
                )
            }
            Some(id) => format!("what {address} replaced (id {id}), until {after}"),
        }
    }
}

/// The steps of all that the ledger has, first those that are due first.
pub(super) fn steps(ledger: &Ledger, manifest: &Manifest) -> Vec<Step> {
    let of = |(address, entry)| of(address, entry, manifest);
    let mut all: Vec<(u64, Step)> = ledger.entries.iter().flat_map(of).collect();
    all.sort_by(|(a, one), (b, other)| (a, &one.address, &one.id).cmp(&(b, &other.address, &other.id)));
    all.into_iter().map(|(_, step)| step).collect()
}

fn of(address: &Address, entry: &Entry, manifest: &Manifest) -> Vec<(u64, Step)> {
    let resource = manifest.resources.get(address).filter(|resource| !resource.external);
    let works = resource.filter(|resource| !address.kind.is_inactive(&resource.fields));
    let rotation = works.and_then(|resource| address.kind.rotation(&resource.fields));
    let may = works.is_some_and(|resource| entry.is_ours_by(&resource.lifecycle));
    let rotates = rotation.filter(|_| may).and_then(|rotation| due(entry, rotation));
    let rotates = rotates.map(|at| (at, Does::Rotate, None));
    // What is not declared to work has no predecessor that does: the next apply deletes those.
    let end = |id: &String| rotation.and_then(|rotation| entry.overlap_ends(id, rotation)).unwrap_or(0);
    let ends = entry.predecessors.iter().map(|id| {
        let step = if end(id) == NOT_YET { Does::KeepPredecessor } else { Does::DeletePredecessor };
        (end(id), step, Some(id.clone()))
    });
    let step = |(at, step, id)| {
        let words = (at != 0 && at != NOT_YET).then(|| time(at));
        (at, Step { address: address.to_string(), step, id, at: words })
    };
    rotates.into_iter().chain(ends).map(step).collect()
}

/// When the object of `entry` is old enough.
fn due(entry: &Entry, rotation: Rotation) -> Option<u64> {
    let made: jiff::Timestamp = entry.created.as_ref()?.parse().ok()?;
    let made = u64::try_from(made.as_millisecond()).ok()?;
    Some(made.saturating_add(rotation.every?.nanos / 1_000_000))
}
