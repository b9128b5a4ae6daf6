//! What is made anew because its secret is old enough or because somebody asks, and when those before it go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::{Action, Change, Reason};
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic};
use crate::duration::Duration;
use crate::kind::Object;
use crate::ledger::Entry;
use crate::manifest::{Manifest, Resource, Rotating};
use crate::problem::Problem;
use crate::snowflake::created_ms;

/// What is to be told of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// How old the object is.
    pub age: Duration,
    /// The age at which a successor is due, if one ever is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// How long the object goes on working beside its successor.
    pub overlap: Duration,
}

/// How a person asks for a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether the predecessors go at once.
    at_once: bool,
    /// Whether its secret is not where it was delivered.
    lost: bool,
}

/// How a person asks for another secret of `address`, if one does.
pub(super) fn asked(manifest: &Manifest, address: &Address) -> Option<Asked> {
    let rotating =
        manifest.rotating.as_ref().filter(|rotating| !rotating.due && rotating.addresses.contains(address))?;
    Some(Asked { at_once: rotating.at_once, lost: rotating.lost })
}

const fn ms(length: Duration) -> u64 {
    length.nanos / 1_000_000
}

/// The predecessors of `entry` whose overlap has not ended at `at`, and when it does. Of what is not to work, none goes on working.
pub(super) fn overlapping(entry: &Entry, address: &Address, resource: &Resource, at: u64) -> BTreeMap<String, u64> {
    let rotation = address.kind.rotation(&resource.fields);
    let Some(rotation) = rotation.filter(|_| !address.kind.is_inactive(&resource.fields)) else {
        return BTreeMap::new();
    };
    let ends = |id: &String| Some((id.clone(), entry.overlap_ends(id, rotation)?));
    entry.predecessors.iter().filter_map(ends).filter(|(_, end)| *end > at).collect()
}

/// When `object` was made, in milliseconds since 1970 by the server's clock.
fn made_ms(object: &Object) -> Option<u64> {
    let said: Option<jiff::Timestamp> = object.created.as_ref().and_then(|created| created.parse().ok());
    said.and_then(|time| u64::try_from(time.as_millisecond()).ok()).or_else(|| created_ms(&object.id))
}

/// So long that a person wants to know no more: whole days, else hours, else seconds.
fn rounded(ms: u64) -> Duration {
    let seconds = ms / 1_000;
    let unit = [86_400, 3_600, 1].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
    Duration::from_secs(seconds / unit * unit)
}

/// Makes `change` a rotation, if one is asked for or due at `at`, and says what of that before it goes and what stays a while.
pub(super) fn rotate(
    change: &mut Change,
    resource: &Resource,
    entry: Option<&Entry>,
    object: &Object,
    (at, asked): (u64, Option<Asked>),
) {
    let kind = change.address.kind;
    let Some(rotation) = kind.rotation(&resource.fields) else { return };
    let age = made_ms(object).map_or(0, |made| at.saturating_sub(made));
    let is_old = rotation.every.is_some_and(|every| age >= ms(every));
    // What the project may not delete has no successor, and what does not work needs none.
    let is_ours = !change.adopts && entry.is_some_and(|entry| entry.is_ours_by(&change.lifecycle));
    let is_due = is_old && is_ours && !kind.is_inactive(&resource.fields);
    if change.action != Action::Replace && (asked.is_some() || is_due) {
        let reason = match asked {
            Some(Asked { lost: true, .. }) => Reason::SecretLost,
            Some(_) => Reason::RotationAsked,
            None => Reason::RotationDue,
        };
        (change.action, change.reason) = (Action::Replace, reason);
    }
    // An earlier run was rotating it, and may have given its secret to somebody.
    let interrupted = change.reason == Reason::Undelivered && entry.is_some_and(|entry| !entry.succeeded.is_empty());
    // Its secret is in no sink: whoever has it gets the successor's from somewhere else, and needs time for that.
    let is_theirs = change.adopts || entry.is_some_and(Entry::is_theirs);
    let overlap = rotation.overlap();
    let rotates = change.reason.rotates() || interrupted || change.action == Action::Replace && is_theirs;
    if rotates {
        change.rotated = Some(Rotated { age: rounded(age), every: rotation.every, overlap });
    }
    if change.action != Action::Replace {
        return;
    }
    let at_once = asked.is_some_and(|asked| asked.at_once) || ms(overlap) == 0;
    if !rotates || at_once {
        change.predecessors.append(&mut change.overlapping);
        change.until.clear();
        return;
    }
    if !kind.is_inactive(&object.fields) {
        change.overlapping.insert(object.id.clone());
    }
}

/// Leaves nothing to do but what is asked for, and what is due of earlier rotations.
pub(super) fn only(comparison: &mut Comparison, rotating: &Rotating, manifest: &Manifest) {
    let is_asked = |change: &Change| {
        rotating.addresses.contains(&change.address) && (!rotating.due || change.reason == Reason::RotationDue)
    };
    let comes: BTreeMap<&Address, Action> =
        comparison.changes.iter().map(|change| (&change.address, change.action)).collect();
    let mut problems = Vec::new();
    for change in comparison.changes.iter().filter(|change| is_asked(change)) {
        let needs = manifest.resources[&change.address].needs.iter();
        let missing = |need: &&Address| {
            !rotating.addresses.contains(*need)
                && matches!(comes.get(need), Some(Action::Create | Action::Replace | Action::Delete))
        };
        let missing: Vec<&Address> = needs.filter(missing).collect();
        if change.action == Action::Create && change.reason == Reason::New {
            let message = format!("{} does not exist yet, so there is no secret to rotate", change.address);
            problems.push(not_rotated(message, "run `fluxform apply`, which creates it"));
        } else if !missing.is_empty() {
            let message = format!("{} cannot be rotated before an apply has created {}", change.address, few(missing));
            problems.push(not_rotated(message, "run `fluxform apply` first"));
        }
    }
    comparison.problems.extend(problems);
    let changes = std::mem::take(&mut comparison.changes);
    comparison.changes =
        changes.into_iter().filter_map(|change| if is_asked(&change) { Some(change) } else { rest(change) }).collect();
}

/// What is left of a change that nobody asks for: its object is there, and what is due of an earlier rotation is done.
fn rest(change: Change) -> Option<Change> {
    if change.reason == Reason::OverlapEnded {
        return Some(change);
    }
    let Change { address, object, org, origin, overlapping, until, .. } = change;
    let object = Some(object?);
    Some(Change { object, org, origin, overlapping, until, ..Change::blank(&address, Action::None, Reason::InSync) })
}

fn not_rotated(message: String, help: &str) -> Problem {
    Diagnostic::error(Code::CliUsage, message).help(help).into()
}
