//! What an apply has done.

use serde::Serialize;

use super::plan::action;
use super::problem::{self, DiagnosticForm};
use crate::address::Address;
use crate::apply::Outcome;
use crate::diff::Action;
use crate::report::Report;

#[derive(Serialize)]
pub(super) struct Form<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_digest: Option<&'a str>,
    summary: Summary,
    /// Whether the server took the whole record of what was done.
    recorded: bool,
    results: Vec<One<'a>>,
    stopped: Vec<problem::Form<'a>>,
    warnings: Vec<DiagnosticForm<'a>>,
}

#[derive(Serialize)]
struct Summary {
    added: usize,
    changed: usize,
    replaced: usize,
    destroyed: usize,
    forgotten: usize,
    adopted: usize,
    moved: usize,
    failed: usize,
    skipped: usize,
    not_started: usize,
}

#[derive(Serialize)]
struct One<'a> {
    address: &'a Address,
    action: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<problem::Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a Address>,
}

impl<'a> Form<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let count = |wanted: &str| report.outcomes.values().filter(|(_, outcome)| word(outcome) == wanted).count();
        Self {
            plan_digest: report.plan_digest.as_deref(),
            summary: Summary {
                added: report.done(Action::Create),
                changed: report.done(Action::Update),
                replaced: report.done(Action::Replace),
                destroyed: report.destroyed(),
                forgotten: report.done(Action::Forget),
                adopted: report.done_to_ledger(|recorded| recorded.adopts),
                moved: report.done_to_ledger(|recorded| recorded.moved_from.is_some()),
                failed: count("failed"),
                skipped: count("skipped"),
                not_started: count("not_started"),
            },
            recorded: !report.unrecorded,
            results: report
                .outcomes
                .iter()
                .map(|(address, (action, outcome))| One::new(address, *action, outcome))
                .collect(),
            stopped: report.stopped.iter().map(problem::Form::new).collect(),
            warnings: report.warnings.iter().map(DiagnosticForm::new).collect(),
        }
    }
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped { .. } => "skipped",
        Outcome::NotStarted => "not_started",
    }
}

impl<'a> One<'a> {
    fn new(address: &'a Address, did: Action, outcome: &'a Outcome) -> Self {
        let bare =
            Self { address, action: action(did), outcome: word(outcome), id: None, problem: None, because: None };
        match outcome {
            Outcome::Done { id } => Self { id: (!id.is_empty()).then_some(id), ..bare },
            Outcome::Failed(problem) => Self { problem: Some(problem::Form::new(problem)), ..bare },
            Outcome::Skipped { because } => Self { because: Some(because), ..bare },
            Outcome::NotStarted => bare,
        }
    }
}
