//! The plan: the ordered changes, the facts they rest on, and what a guard says of them. Plain data, free of secrets.

mod difference;
mod digest;
mod file;
mod form;
mod guard;
mod heir;
mod leftover;
mod missing;
mod order;
mod probed;
mod secrets;
mod strange;
#[cfg(test)]
mod tests;
mod tried;
mod twin;
mod types;
mod unread;
mod used;

pub use difference::{Difference, Part, Side, difference, outgrown};
pub use digest::{HOME, short};
pub use file::{Origin, Saved, meant, read, writable, write};
pub use guard::{Allowed, Consent, Flag, Flagged, Written};
pub use leftover::{Leftover, in_the_way, leftovers};
pub use strange::lost_creators;
pub use tried::would_fail;
pub use twin::twins;
pub use types::without_told;
pub use used::still_used;

use std::collections::BTreeMap;

use url::Url;

use crate::address::Address;
use crate::diff::{Action, Change, Comparison, Target, Turn};
use crate::evidence::{Compiled, Probed, Stake, Stranger};
use crate::graph::Graph;
use crate::kind::Holder;
use crate::ledger::Ledger;
use crate::manifest::{Policy, What};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// What an apply would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The project's name.
    pub project: String,
    /// The ID of the home org; none when it does not exist.
    pub home: Option<String>,
    /// All changes, those with nothing to do included, in the order in which they are started.
    pub changes: Vec<Change>,
    /// For each address with something to do on the server: the addresses whose changes come first.
    pub after: BTreeMap<Address, Vec<Address>>,
    /// What is at stake where data or objects besides the changed one may be lost.
    pub at_stake: BTreeMap<Address, Stake>,
    /// What would stop running, by the change that would stop it; not in a saved plan.
    pub dependents: BTreeMap<Address, Vec<Target>>,
    /// What a guard has let pass because `[[policy.allow]]` allows it.
    pub allowed: Vec<Allowed>,
    /// What a guard has let pass because a flag of this very run allows it.
    pub flags: Vec<Flagged>,
    /// What the guards refuse: an apply does nothing while there is one.
    pub refusals: Vec<Problem>,
    /// What an interrupted run has left that nobody goes on with.
    pub leftovers: Vec<Leftover>,
    /// What is to be said and stops nothing.
    pub warnings: Vec<crate::diagnostic::Diagnostic>,
    /// What lies in sinks, where somebody asked; not in a saved plan.
    pub probed: Vec<Probed>,
}

/// How many changes of each sort a plan has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects to be made.
    pub add: usize,
    /// Objects to be changed in place.
    pub change: usize,
    /// Objects to be made anew.
    pub replace: usize,
    /// Objects to be deleted.
    pub destroy: usize,
    /// Objects that the ledger takes over.
    pub adopt: usize,
    /// Resources with released fields.
    pub release: usize,
    /// Resources that are protected from now on.
    pub protect: usize,
    /// Resources that are protected no longer.
    pub unprotect: usize,
    /// Resources of whose lifecycle something else changes in the ledger.
    pub record: usize,
    /// Objects that the ledger lets go of.
    pub forget: usize,
    /// Ledger entries that get another address.
    pub moved: usize,
    /// Resources with nothing to do.
    pub unchanged: usize,
}

impl Plan {
    /// The changes, counted.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            match change.action {
                Action::None => counts.unchanged += usize::from(!change.ledger_only()),
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Replace if change.stays() => counts.add += 1,
                Action::Replace => counts.replace += 1,
                Action::Delete => counts.destroy += 1,
                Action::Forget => counts.forget += 1,
            }
            counts.destroy += change.predecessors.len();
            counts.adopt += usize::from(change.adopts);
            counts.release += usize::from(!change.released.is_empty());
            match change.turn() {
                None => {}
                Some(Turn::Protect) => counts.protect += 1,
                Some(Turn::Unprotect) => counts.unprotect += 1,
                Some(Turn::Record) => counts.record += 1,
            }
            counts.moved += usize::from(change.moved_from.is_some());
        }
        counts
    }

    /// Whether nothing on the server is to be added, changed, replaced or destroyed.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| matches!(change.action, Action::None | Action::Forget))
    }

    /// Whether `[[policy.allow]]` lets `what` happen to `address`.
    pub fn allows(&self, what: What, address: &Address) -> bool {
        self.allowed.iter().any(|allowed| allowed.what == what && allowed.addresses.contains(address))
    }

    /// What somebody changed on the server.
    pub fn drifted(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.drifted())
    }

    /// Whether the ledger lags behind what the manifests and the server agree on: an apply records that, and a plan does not
    /// speak of it.
    pub fn settles(&self) -> bool {
        self.changes.iter().any(|change| change.settles)
    }

    /// Whether an apply would write anything at all, if only to the ledger.
    pub fn writes(&self) -> bool {
        self.changes.iter().any(Change::writes)
    }
}

/// What a plan is made from.
pub struct Facts<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The server's base URL.
    pub host: &'a Url,
    /// Who refers to whom.
    pub graph: &'a Graph,
    /// What the server has.
    pub snapshot: &'a Snapshot,
    /// What the project knows of itself.
    pub ledger: &'a Ledger,
    /// What is at stake where data or objects besides the changed one may be lost.
    pub at_stake: BTreeMap<Address, Stake>,
    /// What would stop running, by the change that would stop it.
    pub dependents: BTreeMap<Address, Vec<Target>>,
    /// Who has the name of what is to be made, of those that no list shows.
    pub taken: &'a BTreeMap<Address, Holder>,
    /// Users other than the run's whose objects would be changed or deleted, by ID.
    pub strangers: &'a BTreeMap<String, Stranger>,
    /// What the server's compiler says of the scripts that would be sent.
    pub compiled: Compiled,
    /// What the user agreed to.
    pub consent: &'a Consent,
    /// `[policy]`.
    pub policy: &'a Policy,
    /// What the manifests say of addresses.
    pub written: Written<'a>,
    /// Whether everything is meant to go.
    pub all_goes: bool,
}

/// Orders the changes of `comparison` and asks the guards.
pub fn order(comparison: Comparison, facts: Facts<'_>) -> Plan {
    let Facts { project, host, graph, snapshot, ledger, at_stake, dependents, .. } = facts;
    let Facts { taken, strangers, compiled, consent, policy, written, all_goes, .. } = facts;
    let ordered = order::order(comparison.changes, graph, ledger);
    let is_planned = |address: &Address| ordered.changes.iter().any(|change| change.address == *address);
    // What waits for a circle is in no plan.
    let at_stake =
        at_stake.into_iter().filter(|(address, _)| ordered.stuck.is_empty() || is_planned(address)).collect();
    let mut plan = Plan {
        project: project.to_owned(),
        home: snapshot.home.clone(),
        changes: ordered.changes,
        after: ordered.after,
        at_stake,
        dependents: BTreeMap::new(),
        allowed: Vec::new(),
        flags: Vec::new(),
        refusals: comparison.problems,
        leftovers: Vec::new(),
        warnings: Vec::new(),
        probed: Vec::new(),
    };
    plan.warnings.extend(secrets::stay(&plan.changes, ledger, written));
    plan.warnings.extend(secrets::held_by_others(&plan.changes, ledger));
    plan.warnings.extend(secrets::not_made(&plan.changes, ledger, written));
    plan.warnings.extend(secrets::not_set(&plan.changes, written));
    plan.warnings.extend(secrets::lacking(&plan.changes, written));
    plan.warnings.extend(strange::nothing_is_declared(project, &plan.changes).filter(|_| !all_goes));
    if !all_goes {
        plan.warnings.extend(unread::parts(&plan.changes, snapshot));
    }
    let (problems, warnings) = missing::missing(&plan.changes, written, snapshot, (host, all_goes));
    plan.refusals.extend(problems);
    plan.warnings.extend(warnings);
    let (problems, unchecked) = types::problems(&plan.changes, &compiled, written);
    plan.refusals.extend(problems);
    plan.warnings.extend(unchecked);
    plan.warnings.extend(heir::passes(&plan.changes, written, snapshot));
    plan.warnings.extend(heir::takes(&plan.changes, written, snapshot));
    plan.refusals.extend(ordered.stuck.iter().map(|stuck| order::circle(stuck, written)));
    guard::ask(
        &mut plan,
        guard::Grounds {
            snapshot,
            ledger,
            dependents: &dependents,
            taken,
            strangers,
            consent,
            policy,
            written,
            all_goes,
        },
    );
    plan.dependents = dependents;
    plan
}
