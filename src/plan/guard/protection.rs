//! What is protected, and what was there before, is neither deleted nor replaced.

use std::collections::BTreeSet;

use super::refuse;
use crate::address::{Pattern, matches};
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::exit::Problem;
use crate::ledger::Origin;
use crate::manifest::Policy;
use crate::plan::Plan;

pub(super) fn refusal(change: &Change) -> Option<Problem> {
    let verb = match change.action {
        Action::Delete => "deleted",
        Action::Replace => "replaced",
        _ => return None,
    };
    let address = &change.address;
    if change.lifecycle.prevent_destroy {
        return Some(refuse(
            "guard::prevent-destroy",
            format!("{address} would be {verb}, but its lifecycle sets `prevent_destroy`"),
            "to allow that, apply once with `prevent_destroy = false` first",
        ));
    }
    if change.lifecycle.protected {
        return Some(refuse(
            "guard::protected",
            format!("{address} would be {verb}, but [policy] protects it"),
            "to allow that, apply once with it still declared and without the pattern in `protected` first",
        ));
    }
    let adopted = change.adopts || change.origin == Some(Origin::Adopted);
    (adopted && change.action == Action::Replace && !change.lifecycle.owned).then(|| {
        refuse(
            "guard::adopted",
            format!("{address} would be replaced, but this project did not create it"),
            "set `lifecycle = { owned = true }` if the project may delete what it adopted",
        )
    })
}

/// Patterns that protect nothing: a slip of the pen would leave bare what somebody believes to be safe.
pub(super) fn idle(plan: &Plan, policy: &Policy) -> Vec<Diagnostic> {
    if policy.protected.is_empty() {
        return Vec::new();
    }
    let addresses: BTreeSet<String> = plan.changes.iter().map(|change| change.address.to_string()).collect();
    let protects = |pattern: &Pattern| match pattern.is_wild() {
        true => addresses.iter().any(|address| matches(pattern.as_str(), address)),
        false => addresses.contains(pattern.as_str()),
    };
    let idle = policy.protected.iter().filter(|pattern| !protects(&pattern.value));
    idle.map(|pattern| {
        let message = format!("`{}` protects nothing: the project has no such resource", pattern.value);
        Diagnostic::warning("policy::protects-nothing", message).at(pattern.place.clone(), "matches nothing")
    })
    .collect()
}
