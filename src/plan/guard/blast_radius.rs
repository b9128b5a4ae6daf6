//! Not much of a kind goes at once: that is more often a slip than a wish.

use super::allowed::Agreed;
use super::{ends, refuse};
use crate::diagnostic::Code;
use crate::diff::{Action, Cause, Change};
use crate::kind::Kind;
use crate::ledger::Ledger;
use crate::manifest::{BlastRadius, What};
use crate::plan::Plan;
use crate::problem::Problem;

pub(super) fn refusals(plan: &Plan, ledger: &Ledger, limit: BlastRadius, agreed: &mut Agreed<'_>) -> Vec<Problem> {
    let BlastRadius { percent, from } = limit;
    let setting = format!("blast_radius = {{ percent = {percent}, from = {from} }}");
    let mut refusals = Vec::new();
    for kind in Kind::ALL {
        let owned = ledger.entries.keys().filter(|address| address.kind == *kind).count();
        let hit: Vec<&Change> = plan
            .changes
            .iter()
            .filter(|change| change.address.kind == *kind && (ends(change) || renames(change)))
            .collect();
        let beyond =
            |limit: BlastRadius, hit: usize| owned >= limit.from && hit * 100 > owned * usize::from(limit.percent);
        let too_many = |hit| beyond(limit, hit);
        let gone = hit.iter().filter(|change| change.action == Action::Delete).count();
        // Consent is asked for only where it is needed.
        if !too_many(hit.len()) {
            if beyond(BlastRadius::default(), hit.len()) {
                agreed.rests_on(What::BlastRadius, &setting, hit.into_iter().map(|change| &change.address));
            }
            continue;
        }
        let hit = hit.into_iter().filter(|change| !agreed.allows(What::BlastRadius, &change.address)).count();
        if too_many(hit) {
            let message = format!(
                "{hit} of {owned} {kind}s would be deleted, replaced, renamed or deactivated: more than {percent} %"
            );
            let is_new = |change: &&Change| change.address.kind == *kind && change.action == Action::Create;
            let moved = match plan.changes.iter().filter(is_new).count() {
                new if gone > 0 && new >= gone => "; where only a key has changed, keep the object with a [[moved]]",
                _ => "",
            };
            let help = format!(
                "check twice; if it is intended, do it in smaller steps, or allow it in a [[policy.allow]] with \
                 `what = \"blast_radius\"`{moved}"
            );
            refusals.push(refuse(Code::GuardBlastRadius, message, &help));
        }
    }
    refusals
}

/// Whether the manifest gives an object another name: many at once are more often another environment's than new names. What
/// somebody else has renamed and gets its name back does not count.
fn renames(change: &Change) -> bool {
    let ours = |cause| matches!(cause, Cause::Yours | Cause::Both);
    let is_name = |field: &str| change.address.kind.naming().any(|part| part.name == field);
    change.fields.iter().any(|field| is_name(field.field) && ours(field.cause))
}
