//! What becomes of that which is not declared any more.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Comparison, forget, target};
use super::find::Finder;
use super::lifecycle::protection;
use super::moved::step;
use super::unfound::unreadable;
use super::{Action, Change, Reason};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{Kind, NaturalKey};
use crate::ledger::{Entry, Ledger, Origin};
use crate::manifest::{Manifest, Terms};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// What must happen if nothing of the project is to be left.
pub(super) fn destroyed(
    manifest: &Manifest,
    snapshot: &Snapshot,
    ledger: &Ledger,
    foreign: &BTreeMap<(Kind, String), String>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let finder = Finder::new(manifest, snapshot, ledger, foreign, BTreeMap::new());
    let steps = manifest.moved.iter().map(|moved| (&moved.from, moved)).collect();
    for (address, entry) in &ledger.entries {
        let now = step(&steps, address).map_or_else(|| address.clone(), |(now, _)| now);
        comparison.leave(&finder, (address, entry), manifest.terms(&now), Reason::Destroy);
    }
    comparison.leave_unrecorded(&finder, ledger.intents.keys(), &Reason::Destroy);
    comparison
}

/// What is only forgotten does not stay where its org is deleted.
pub(super) fn go_with_orgs(changes: &mut [Change]) {
    let removed = changes.iter().filter(|change| change.address.kind == Kind::HOME && change.action.removes());
    let orgs: BTreeSet<String> = removed.filter_map(|org| Some(org.object.as_ref()?.id.clone())).collect();
    for change in
        changes.iter_mut().filter(|change| matches!(change.reason, Reason::NotOurs | Reason::Kept | Reason::External))
    {
        let org = change.object.as_ref().and_then(|object| object.org.as_ref());
        if org.is_some_and(|org| orgs.contains(org)) {
            change.reason = Reason::GoesWithOrg;
        }
    }
}

impl Comparison {
    /// Deletes what an interrupted run made for `addresses` and did not come to record.
    pub(super) fn leave_unrecorded<'a>(
        &mut self,
        finder: &Finder<'_>,
        addresses: impl Iterator<Item = &'a Address>,
        reason: &Reason,
    ) {
        for address in addresses.filter(|address| !finder.owns_at(address)) {
            match finder.unrecorded(address) {
                Ok(None) => {}
                Ok(Some(object)) => self.changes.push(Change {
                    object: Some(target(object)),
                    origin: Some(Origin::Created),
                    ..Change::blank(address, Action::Delete, reason.clone())
                }),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    /// What must happen to an object of the ledger that is not declared (any more), or of which the manifests say so much: no apply
    /// may have recorded that yet.
    pub(super) fn leave(
        &mut self,
        finder: &Finder<'_>,
        (address, entry): (&Address, &Entry),
        terms: Option<Terms>,
        reason: Reason,
    ) {
        let snapshot = finder.snapshot;
        let view = snapshot.kinds.get(&address.kind).expect("a snapshot has each kind of the ledger");
        let object = match view.look(&entry.id) {
            Ok(Some(object)) => object,
            Ok(None) => {
                // An interrupted run may have made it anew.
                match finder.unrecorded(address) {
                    Ok(None) => self.changes.push(forget(address, entry, None, Reason::AlreadyGone)),
                    Ok(Some(object)) => self.changes.push(Change {
                        object: Some(target(object)),
                        origin: Some(Origin::Created),
                        predecessors: entry.predecessors.clone(),
                        ..Change::blank(address, Action::Delete, reason)
                    }),
                    Err(problem) => self.problems.push(problem),
                }
                return;
            }
            Err(words) => {
                let lack = snapshot.lacks.get(address.kind.spec().ty);
                self.problems.push(unreadable(address, entry, words, lack, "what cannot be seen is not deleted"));
                return;
            }
        };
        let lifecycle = match &terms {
            Some(terms) => protection(&terms.lifecycle, Some(&entry.lifecycle)),
            None => entry.lifecycle.clone(),
        };
        let ours = entry.is_ours_by(&lifecycle);
        let (action, reason) = if terms.is_some_and(|terms| terms.external) {
            (Action::Forget, Reason::External)
        } else if Some(entry.id.as_str()) == snapshot.home.as_deref() {
            (Action::Forget, Reason::HomeOrg)
        } else if !ours && reason == Reason::Destroy {
            (Action::Forget, Reason::Kept)
        } else if !ours {
            (Action::Forget, Reason::NotOurs)
        } else {
            (Action::Delete, reason)
        };
        // Until its secret is delivered, a marker may stand behind the name.
        let unfinished = address.kind.delivers() && entry.secret.is_none();
        let key = |name: &str| NaturalKey::<()>::of(address.kind, None, name).ok_or_else(|| name.to_owned());
        let same_name = key(&object.name) == key(&entry.name) || (unfinished && object.name.starts_with(&entry.name));
        let same =
            same_name && (entry.created.is_none() || object.created.is_none() || entry.created == object.created);
        if action == Action::Delete && !same {
            self.problems.push(Problem::from(
                Diagnostic::error(
                    Code::PlanNotTheSame,
                    format!(
                        "{address} (ID {}) is now named {:?}, and was {:?} when last applied: it may be another object",
                        entry.id, object.name, entry.name
                    ),
                )
                .help("apply once with the resource declared, or delete the object by hand"),
            ));
            return;
        }
        self.changes.push(Change { action, lifecycle, ..forget(address, entry, Some(target(object)), reason) });
    }
}
