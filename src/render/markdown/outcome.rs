//! What an apply has done.

use super::super::reason::sign;
use super::super::report::{Verb, counts, going_on, on_ledger};
use super::fit::{Item, NAME, Rank, Section};
use super::safe::{code, cut};
use super::{Comment, because, section};
use crate::address::Address;
use crate::apply::Outcome;
use crate::diff::Action;
use crate::exit::Exit;
use crate::report::Report;

/// The line that says how it went.
pub(super) fn headline(report: &Report, of: Comment) -> String {
    let verb = if of == Comment::Destroy { Verb::Destroy } else { Verb::Apply };
    let title = match (verb, report.exit()) {
        (Verb::Apply | Verb::Rotate, Exit::Ok) => "Apply complete.",
        (Verb::Apply | Verb::Rotate, _) => "Apply incomplete.",
        (Verb::Destroy, Exit::Ok) => "Destroy complete.",
        (Verb::Destroy, _) => "Destroy incomplete.",
    };
    let next = going_on(report, verb, |command| code(command)).map(|words| format!(" {words}"));
    format!("**{title}** {}{}\n\n", counts(report, verb), next.unwrap_or_default())
}

/// What went wrong first, then what was done.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let of = |title, rank, belongs: fn(&Outcome, Action) -> bool| {
        let items = report.outcomes.iter().filter(|(_, (action, outcome))| belongs(outcome, *action));
        section(
            title,
            rank,
            items.map(|(address, (action, outcome))| item(report, address, *action, outcome)).collect(),
        )
    };
    vec![
        of("Failed", Rank::First, |outcome, _| matches!(outcome, Outcome::Failed(_))),
        section(
            "Stopped",
            Rank::First,
            report.stopped.iter().map(|problem| Item::line(|most| format!("- {}\n", because(problem, most)))).collect(),
        ),
        of("Skipped", Rank::First, |outcome, _| matches!(outcome, Outcome::Skipped { .. })),
        of("Not started", Rank::First, |outcome, _| matches!(outcome, Outcome::NotStarted)),
        of("Destroyed or replaced", Rank::Kept, |outcome, action| done(outcome) && action.removes()),
        of("Applied", Rank::Rest, |outcome, action| done(outcome) && !action.removes()),
    ]
}

const fn done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

fn item(report: &Report, address: &Address, action: Action, outcome: &Outcome) -> Item {
    let (name, of) = (format!("{} {address}", sign(action)), address.to_string());
    let words = |most: usize| match outcome {
        Outcome::Done { id } => {
            let id = if id.is_empty() { String::new() } else { format!(" (id {})", code(id)) };
            format!("{id}{}", on_ledger(report, address, action, code))
        }
        Outcome::Failed(problem) => format!(": {}", because(problem, most)),
        Outcome::Skipped { because } => format!(": {} was not done", code(cut(&because.to_string(), most))),
        Outcome::NotStarted => String::new(),
    };
    Item::line(|most| format!("- **{}**{}\n", code(cut(&name, most)), words(most))).named(code(cut(&of, NAME)))
}
