//! The rules that refuse a plan, one file a guard.

mod account;
mod adoption;
mod allowed;
mod blast_radius;
mod creator;
mod data_loss;
mod imported;
mod name_taken;
mod protection;
mod stranger;
mod system;
mod task_owner;
#[cfg(test)]
mod tests;

pub use allowed::{Allowed, Consent, Flag, Flagged};

use std::collections::BTreeMap;

use super::Plan;
use crate::address::Address;
use crate::diagnostic::Code;
use crate::diff::{Action, Change, Target};
use crate::evidence::Stranger;
use crate::field::{INACTIVE, Role};
use crate::kind::Holder;
use crate::ledger::Ledger;
use crate::manifest::{Import, Policy, Resource};
use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::value::Value;
use allowed::Agreed;

/// What the guards look at besides the plan.
#[derive(Clone, Copy)]
pub(super) struct Grounds<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) ledger: &'a Ledger,
    /// What would stop running, by the change that would stop it.
    pub(super) dependents: &'a BTreeMap<Address, Vec<Target>>,
    /// Who has the name of what is to be made, of those that no list shows.
    pub(super) taken: &'a BTreeMap<Address, Holder>,
    /// Users other than the run's whose objects would be changed or deleted, by ID.
    pub(super) strangers: &'a BTreeMap<String, Stranger>,
    pub(super) consent: &'a Consent,
    pub(super) policy: &'a Policy,
    /// Where what the manifests say of an address is written.
    pub(super) written: Written<'a>,
    /// Whether everything is meant to go.
    pub(super) all_goes: bool,
}

/// What the manifests say of addresses, and where.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// What is declared.
    pub resources: &'a BTreeMap<Address, Resource>,
    /// What is imported.
    pub imports: &'a BTreeMap<Address, Import>,
}

/// Asks all guards about `plan`: adds what they refuse, what was let pass because the policy allows it, and what is to be
/// said of the policy.
pub(super) fn ask(plan: &mut Plan, grounds: Grounds<'_>) {
    let Grounds { snapshot, ledger, dependents, taken, strangers: _, consent, policy, written, all_goes } = grounds;
    let mut agreed = Agreed::new(consent, policy, snapshot.at);
    let mut refusals = Vec::new();
    for change in &plan.changes {
        refusals.extend(protection::refusal(change, policy, ledger, written));
        refusals.extend(imported::refusal(change, written));
        refusals.extend(system::refusal(change, snapshot));
        refusals.extend(account::own_user(change, snapshot));
        refusals.extend(account::own_token(change, snapshot, ledger));
        refusals.extend(creator::refusal(change, snapshot));
        refusals.extend(name_taken::refusal(change, &plan.changes, snapshot, written));
        refusals.extend(name_taken::by_hidden(change, (snapshot, ledger), written));
        refusals.extend(name_taken::by_others(change, taken, written));
    }
    refusals.extend(task_owner::refusals(dependents, &mut agreed));
    refusals.extend(data_loss::refusals(&plan.at_stake, &plan.changes, &mut agreed));
    if !all_goes {
        refusals.extend(blast_radius::refusals(plan, ledger, policy.blast_radius, &mut agreed));
    }
    refusals.extend(adoption::refusal(plan, snapshot, &mut agreed));
    let (theirs, warnings) = stranger::ask(&plan.changes, grounds);
    refusals.extend(theirs);
    plan.warnings.extend(warnings);
    plan.refusals.extend(refusals);
    plan.warnings.extend(agreed.expired());
    plan.warnings.extend(agreed.idle(&plan.changes, &plan.refusals));
    plan.warnings.extend(allowed::idle_patterns(&plan.changes, consent));
    plan.warnings.extend(protection::idle(plan, policy));
    (plan.allowed, plan.flags) = agreed.used();
}

fn refuse(code: Code, message: String, help: &str) -> Problem {
    Problem::new(code, message).help(help)
}

/// Whether the object that is there now will not be, or will not work. A rotation takes it from nobody: whoever reads where its
/// secret goes has one that works.
fn ends(change: &Change) -> bool {
    let inactive = Value::Text(INACTIVE.to_owned());
    let deactivates = || change.field(Role::Status).is_some_and(|field| field.wanted == inactive);
    change.action.removes() && !change.reason.rotates() || change.action == Action::Update && deactivates()
}
