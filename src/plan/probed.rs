//! What secrets that were looked at are not as they should be, as a plan warns of it.

use std::collections::BTreeSet;

use super::Plan;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::evidence::{Place, Probed};

impl Plan {
    /// Takes up what was found in sinks and behind sources, and warns of what is not as it should be.
    pub fn probe(&mut self, probed: Vec<Probed>) {
        self.warnings.extend(dead(&probed));
        self.warnings.extend(another(&probed));
        self.warnings.extend(unknown(&probed));
        self.probed = probed;
    }

    /// Whether what was found asks for something.
    pub fn has_dead_secrets(&self) -> bool {
        sought(&self.probed).next().is_some()
    }
}

/// Of what lies in sinks and does not work.
fn dead(probed: &[Probed]) -> Option<Diagnostic> {
    let dead: Vec<_> = sought(probed).filter(|one| matches!(one.place, Place::Sink(_))).map(named).collect();
    if dead.is_empty() {
        return None;
    }
    let message = format!("what lies in these sinks is not what was delivered, or does not work: {}", few(dead.iter()));
    let help = "`fluxform apply --redeliver` creates new ones for what is not in its sinks as it was delivered, and \
                `fluxform rotate ADDRESS` for any token";
    Some(Diagnostic::warning(Code::PlanSecretMissing, message).help(help))
}

/// Of sources that give something else than the server has.
fn another(probed: &[Probed]) -> Option<Diagnostic> {
    let mut again: BTreeSet<&str> = BTreeSet::new();
    let other: Vec<_> = sought(probed)
        .filter(|one| match one.place {
            Place::Sink(_) => false,
            Place::Source { again: field, .. } => {
                again.insert(field);
                true
            }
        })
        .map(named)
        .collect();
    if other.is_empty() {
        return None;
    }
    let fields: Vec<_> = again.iter().map(|field| format!("`{field}`")).collect();
    let message = format!("the server has other secrets than these sources give: {}", few(other.iter()));
    let help = format!("where the source is right, increase {}, and apply", fields.join(" or "));
    Some(Diagnostic::warning(Code::PlanSecretDiffers, message).help(help))
}

/// Of what could not be looked at, or of which the server did not say anything.
fn unknown(probed: &[Probed]) -> Option<Diagnostic> {
    let unknown: Vec<_> = probed.iter().filter(|one| one.held.is_unknown()).map(named).collect();
    if unknown.is_empty() {
        return None;
    }
    let message = format!("nobody knows whether these secrets are as they should be: {}", few(unknown.iter()));
    let help = "see above why, and plan again when that is mended: nothing needs a new secret for it";
    Some(Diagnostic::warning(Code::PlanSecretUnknown, message).help(help))
}

/// What is known not to be as it should be.
fn sought(probed: &[Probed]) -> impl Iterator<Item = &Probed> {
    probed.iter().filter(|one| !one.is_fine && !one.held.is_unknown())
}

/// A sink or a source, with whose it is.
fn named(one: &Probed) -> String {
    let address = &one.address;
    match &one.place {
        Place::Sink(sink) => format!("{sink} of {address}"),
        Place::Source { at, source, .. } => format!("`{at}` of {address} ({source})"),
    }
}
