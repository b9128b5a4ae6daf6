//! What an apply has done, folded from its events.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::apply::{Event, Outcome};
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::problem::Problem;

/// What an apply has done.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The digest of the plan that was applied; none where nothing was to be done.
    pub plan_digest: Option<String>,
    /// Whether the plan was a saved one, which is spent as soon as a part of it is done.
    pub saved: bool,
    /// The command that continues, where more than its name is known.
    pub again: Option<String>,
    /// What the plan's changes do to the ledger besides.
    pub recorded: BTreeMap<Address, Recorded>,
    /// How each change went.
    pub outcomes: BTreeMap<Address, (Action, Outcome)>,
    /// What stopped the run.
    pub stopped: Vec<Problem>,
    /// Whether the ledger may lack a part of what was done: its last write failed.
    pub unrecorded: bool,
    /// What is to be said besides.
    pub warnings: Vec<Diagnostic>,
}

/// What a change does to the ledger besides what its action says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// It takes over an object.
    pub adopts: bool,
    /// It gives the object another address than this one.
    pub moved_from: Option<Address>,
    /// It lets go of fields.
    pub releases: bool,
    /// So many objects that an earlier run has replaced are deleted with it.
    pub predecessors: usize,
    /// Its object goes on working beside the one that takes over from it.
    pub stays: bool,
}

impl Report {
    /// The empty report of a run that is about to apply `plan`.
    pub fn of(plan: &Plan) -> Self {
        Self { plan_digest: Some(plan.digest()), recorded: recorded(plan), ..Self::default() }
    }

    /// Takes one event in.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Ended { address, action, outcome } => {
                self.outcomes.insert(address.clone(), (*action, outcome.clone()));
            }
            Event::Warning(warning) => self.warnings.push(warning.clone()),
            Event::Stopping(problem) => self.stopped.push(problem.clone()),
            Event::Replanned(plan) => {
                self.plan_digest = Some(plan.digest());
                self.recorded = recorded(plan);
            }
            Event::Begin { .. } | Event::Waiting { .. } | Event::Swept(_) | Event::Started { .. } | Event::End => {}
        }
    }

    /// Whether nothing was tried and nothing went wrong.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.stopped.is_empty()
    }

    /// Whether the rest needs a new plan: the one that was applied was a saved one, and is not the plan any more.
    pub fn spent(&self) -> bool {
        self.saved && self.outcomes.values().any(|(_, outcome)| matches!(outcome, Outcome::Done { .. }))
    }

    /// How many changes of `action` are done.
    pub fn done(&self, action: Action) -> usize {
        self.outcomes
            .values()
            .filter(|(did, outcome)| *did == action && matches!(outcome, Outcome::Done { .. }))
            .count()
    }

    /// How many of the changes that are done have `what` in the ledger.
    pub fn done_to_ledger(&self, what: impl Fn(&Recorded) -> bool) -> usize {
        self.done_and_recorded().filter(|recorded| what(recorded)).count()
    }

    /// How many objects are deleted that none was made for in their place: also those that an earlier run has replaced.
    pub fn destroyed(&self) -> usize {
        self.done(Action::Delete) + self.done_and_recorded().map(|recorded| recorded.predecessors).sum::<usize>()
    }

    fn done_and_recorded(&self) -> impl Iterator<Item = &Recorded> {
        let done = |address| matches!(self.outcomes.get(address), Some((_, Outcome::Done { .. })));
        self.recorded.iter().filter(move |(address, _)| done(*address)).map(|(_, recorded)| recorded)
    }

    /// How the process ends. An interruption counts first; something done beside something not done is `Partial`.
    pub fn exit(&self) -> Exit {
        let problems = || {
            let failed = self.outcomes.values().filter_map(|(_, outcome)| match outcome {
                Outcome::Failed(problem) => Some(problem.exit),
                _ => None,
            });
            self.stopped.iter().map(|problem| problem.exit).chain(failed)
        };
        let worst = problems().fold(Exit::Ok, Exit::or);
        let any_done = self.outcomes.values().any(|(_, outcome)| matches!(outcome, Outcome::Done { .. }));
        if worst != Exit::Ok && any_done { worst.or(Exit::Partial) } else { worst }
    }
}

/// What the changes of `plan` do to the ledger besides.
fn recorded(plan: &Plan) -> BTreeMap<Address, Recorded> {
    let of = |change: &Change| Recorded {
        adopts: change.adopts,
        moved_from: change.moved_from.clone(),
        releases: !change.released.is_empty(),
        predecessors: change.predecessors.len(),
        stays: change.stays(),
    };
    let all = plan.changes.iter().map(|change| (change.address.clone(), of(change)));
    all.filter(|(_, recorded)| *recorded != Recorded::default()).collect()
}
