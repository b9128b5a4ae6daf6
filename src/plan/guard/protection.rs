//! What is protected, and what was there before, is neither deleted nor replaced.

use std::collections::BTreeSet;

use super::{Written, refuse};
use crate::address::{Pattern, matches};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change, Reason};
use crate::ledger::{Ledger, Origin};
use crate::manifest::Policy;
use crate::plan::Plan;
use crate::problem::Problem;

pub(super) fn refusal(change: &Change, policy: &Policy, ledger: &Ledger, written: Written<'_>) -> Option<Problem> {
    let verb = match change.action {
        Action::Delete => "deleted",
        Action::Replace => "replaced",
        _ => return None,
    };
    let address = &change.address;
    // What is not declared any more is protected by what the ledger remembers.
    let resource = written.resources.get(address);
    let declared = resource.map(|resource| &resource.place);
    if change.lifecycle.prevent_destroy {
        let recorded = match resource {
            Some(resource) => !resource.lifecycle.prevent_destroy,
            None => ledger.entries.get(address).is_none_or(|entry| entry.lifecycle.prevent_destroy),
        };
        let help = match declared {
            Some(_) if recorded => {
                "to allow that, apply once without `prevent_destroy` and without any other change to it first: then the ledger \
                 does not record it any more"
            }
            Some(_) => "to allow that, apply once with `prevent_destroy = false` first",
            None if !recorded => "to allow that, remove `prevent_destroy` from its table",
            None if change.reason == Reason::Disabled => {
                "to allow that, apply once with `prevent_destroy = false` and without `enabled = false` first"
            }
            None => {
                "put its table back; to allow that, apply once with `prevent_destroy = false` in it, and then remove it"
            }
        };
        let (why, label) = if recorded {
            ("the last apply recorded `prevent_destroy` for it", "declared here, without `prevent_destroy`")
        } else {
            ("its lifecycle sets `prevent_destroy`", "declared here")
        };
        let message = format!("{address} would be {verb}, but {why}");
        let mut problem = refuse(Code::GuardPreventDestroy, message, help);
        problem.diagnostic = problem.diagnostic.at_known(declared, label);
        return Some(problem);
    }
    if change.lifecycle.protected {
        let text = address.to_string();
        let pattern = policy.protected.iter().find(|pattern| matches(pattern.value.as_str(), &text));
        let help = match declared {
            Some(_) if pattern.is_none() => {
                "to allow that, apply once without any other change to it first: then the ledger does not record the \
                 protection any more"
            }
            Some(_) => "to allow that, apply once without the pattern in `protected` first",
            None => {
                "put its table back; to allow that, apply once with it and without the pattern in `protected`, and then remove it"
            }
        };
        let why = match pattern {
            Some(_) => "[policy] protects it",
            None => "the last apply recorded that [policy] protects it",
        };
        let mut problem = refuse(Code::GuardProtected, format!("{address} would be {verb}, but {why}"), help);
        problem.diagnostic = problem.diagnostic.at_known(pattern.map(|pattern| &pattern.place), "by this pattern");
        return Some(problem);
    }
    let adopted = change.adopts || change.origin == Some(Origin::Adopted);
    (adopted && change.action == Action::Replace && !change.lifecycle.owned).then(|| {
        refuse(
            Code::GuardAdopted,
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
    let protects = |pattern: &Pattern| {
        if pattern.is_wild() {
            let pattern = pattern.matcher();
            addresses.iter().any(|address| pattern.matches(address))
        } else {
            addresses.contains(pattern.as_str())
        }
    };
    let idle = policy.protected.iter().filter(|pattern| !protects(&pattern.value));
    idle.map(|pattern| {
        let message = format!("`{}` protects nothing: the project has no such resource", pattern.value);
        Diagnostic::warning(Code::PolicyProtectsNothing, message).at(pattern.place.clone(), "matches nothing")
    })
    .collect()
}
