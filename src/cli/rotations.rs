//! When the next steps of rotations are due, from the ledger and the manifests.

use serde::Serialize;

use crate::address::Address;
use crate::duration::Duration;
use crate::ledger::{Entry, Ledger};
use crate::manifest::Manifest;

/// A step, and when it is due.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    /// Whose.
    address: String,
    step: Does,
    /// When, in server time (RFC 3339, whole seconds).
    at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    Rotate,
    DeletePredecessor,
}

impl Step {
    /// The step for people.
    pub(super) fn words(&self) -> String {
        let Self { address, step, at } = self;
        match step {
            Does::Rotate => format!("{address} is rotated by the first apply after {at}"),
            Does::DeletePredecessor => format!("what {address} replaced is deleted by the first apply after {at}"),
        }
    }
}

/// The steps of all that is declared, first those that are due first.
pub(super) fn steps(ledger: &Ledger, manifest: &Manifest) -> Vec<Step> {
    let of = |(address, entry)| of(address, entry, manifest);
    let mut all: Vec<(u64, Step)> = ledger.entries.iter().flat_map(of).collect();
    all.sort_by(|(a, one), (b, other)| (a, &one.address).cmp(&(b, &other.address)));
    all.into_iter().map(|(_, step)| step).collect()
}

fn of(address: &Address, entry: &Entry, manifest: &Manifest) -> Vec<(u64, Step)> {
    let resource = manifest.resources.get(address).filter(|resource| !resource.external);
    let Some((resource, rotation)) = resource.and_then(|of| Some((of, address.kind.rotation(&of.fields)?))) else {
        return Vec::new();
    };
    let may = entry.is_ours_by(&resource.lifecycle) && !address.kind.is_inactive(&resource.fields);
    let made = entry.created.as_ref().and_then(|created| created.parse::<jiff::Timestamp>().ok());
    let made = made.and_then(|made| u64::try_from(made.as_millisecond()).ok());
    let rotates = made.zip(rotation.every).filter(|_| may).map(|(made, every)| (made, every, Does::Rotate));
    let ends = entry.succeeded.values().max().map(|since| (*since, rotation.overlap, Does::DeletePredecessor));
    let step = |(since, after, step)| {
        let at = after_ms(since, after);
        let words = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at / 1_000).ok())?;
        Some((at, Step { address: address.to_string(), step, at: words.to_string() }))
    };
    rotates.into_iter().chain(ends).filter_map(step).collect()
}

const fn after_ms(since: u64, after: Duration) -> u64 {
    since.saturating_add(after.nanos / 1_000_000)
}
