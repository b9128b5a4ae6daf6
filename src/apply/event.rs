//! What happens while a plan is applied.

use crate::address::Address;
use crate::diff::Action;
use crate::plan::{Leftover, Plan};
use crate::problem::Problem;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The walk begins, with so many changes to make.
    Begin {
        /// How many changes there are to make, ledger-only ones included.
        total: usize,
    },
    /// Somebody else holds the lock, and we wait.
    Waiting {
        /// Who holds it, in a line.
        holder: String,
    },
    /// Under the lock the plan is another one than was shown: this one is applied.
    Replanned(Box<Plan>),
    /// Something that an interrupted run had left is cleared up.
    Swept(Leftover),
    /// A change begins.
    Started {
        /// Whose.
        address: Address,
        /// What is done.
        action: Action,
    },
    /// A change is done, or not.
    Ended {
        /// Whose.
        address: Address,
        /// What was to be done.
        action: Action,
        /// How it went.
        outcome: Outcome,
    },
    /// Something to say that belongs to no change.
    Warning(crate::diagnostic::Diagnostic),
    /// No further change is started, and why.
    Stopping(Problem),
    /// The walk is over.
    End,
}

/// How a change went.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Done; with the object's ID.
    Done {
        /// The ID of the object, empty where only the ledger changed.
        id: String,
    },
    /// Not done, and the cause.
    Failed(Problem),
    /// Not tried, because this one was not done.
    Skipped {
        /// The change it waited for.
        because: Address,
    },
    /// Not tried, because the run was stopped.
    NotStarted,
}
