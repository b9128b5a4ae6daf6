//! What an apply has done, for people.

use super::compact;
use super::human::role;
use super::page::Page;
use super::reason::sign;
use super::style::{Look, Role};
use crate::address::Address;
use crate::apply::Outcome;
use crate::diagnostic::Code;
use crate::diff::Action;
use crate::exit::Exit;
use crate::report::Report;

/// Which command a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `fluxform apply`.
    Apply,
    /// `fluxform destroy`.
    Destroy,
    /// `fluxform rotate`.
    Rotate,
}

impl Verb {
    /// The command's name.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Destroy => "destroy",
            Self::Rotate => "rotate",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Destroy => "Destroy",
            Self::Rotate => "Rotation",
        }
    }
}

/// The whole report.
pub fn report(report: &Report, verb: Verb, look: Look) -> String {
    let mut page = Page::new(look);
    if look.compact {
        alike(&mut page, report, "Applied:", |address, action, outcome| {
            matches!(outcome, Outcome::Done { .. }).then(|| on_ledger(report, address, action, |from| from.to_string()))
        });
    } else {
        section(&mut page, report, "Applied:", |outcome| matches!(outcome, Outcome::Done { .. }));
    }
    rest(page, report, verb)
}

/// The report for who has seen each change as it was done.
pub fn report_after_progress(report: &Report, verb: Verb, look: Look) -> String {
    rest(Page::new(look), report, verb)
}

/// What came out alike, a line for all instances of a table of which the same is said.
fn alike(page: &mut Page, report: &Report, title: &str, said: impl Fn(&Address, Action, &Outcome) -> Option<String>) {
    let all = compact::tables(report.outcomes.keys());
    let rows = compact::rows(report.outcomes.iter().filter_map(|(address, (action, outcome))| {
        Some((address, format!("{:>3}\n{}", sign(*action), said(address, *action, outcome)?)))
    }));
    if !rows.is_empty() {
        page.heading(title);
    }
    for row in rows {
        let (sign, words) = row.words().split_once('\n').unwrap_or_default();
        page.say(sign).say(" ");
        row.put(page, &all);
        page.say(words).fold(6);
    }
}

/// What a change that is done has done to the ledger, for the end of its line.
pub(super) fn on_ledger(
    report: &Report,
    address: &Address,
    action: Action,
    shown: impl Fn(Address) -> String,
) -> String {
    let recorded = report.recorded.get(address).cloned().unwrap_or_default();
    let words = [
        (action == Action::Forget).then(|| "forgotten".to_owned()),
        recorded.adopts.then(|| "adopted".to_owned()),
        recorded.moved_from.map(|from| format!("was {}", shown(from))),
        recorded.releases.then(|| "fields released".to_owned()),
        recorded.stays.then(|| "the one before works until its overlap ends".to_owned()),
        (recorded.predecessors > 0).then(|| "what it replaced is deleted".to_owned()),
    ];
    match words.into_iter().flatten().collect::<Vec<_>>() {
        none if none.is_empty() && action == Action::None => ": recorded".to_owned(),
        none if none.is_empty() => String::new(),
        words => format!(": {}", words.join("; ")),
    }
}

/// What was not done, and the sum.
fn rest(mut page: Page, report: &Report, verb: Verb) -> String {
    section(&mut page, report, "Failed:", |outcome| matches!(outcome, Outcome::Failed(_)));
    if page.look().compact {
        alike(&mut page, report, "Skipped:", |_, _, outcome| match outcome {
            Outcome::Skipped { because } => Some(format!(": {because} was not done")),
            _ => None,
        });
        alike(&mut page, report, "Not started:", |_, _, outcome| {
            matches!(outcome, Outcome::NotStarted).then(String::new)
        });
    } else {
        section(&mut page, report, "Skipped:", |outcome| matches!(outcome, Outcome::Skipped { .. }));
        section(&mut page, report, "Not started:", |outcome| matches!(outcome, Outcome::NotStarted));
    }
    stopped(&mut page, report);
    summary(&mut page, report, verb);
    page.finish()
}

fn section(page: &mut Page, report: &Report, title: &str, belongs: impl Fn(&Outcome) -> bool) {
    let mut empty = true;
    for (address, (action, outcome)) in &report.outcomes {
        if !belongs(outcome) {
            continue;
        }
        if empty {
            page.heading(title);
            empty = false;
        }
        let colour = if matches!(outcome, Outcome::Done { .. }) { role(*action) } else { Role::Quiet };
        page.put(colour, format_args!("{:>3}", sign(*action))).say(" ").put(Role::Strong, address);
        match outcome {
            Outcome::Done { id } => {
                if !id.is_empty() {
                    page.put(Role::Quiet, format_args!("  (id {id})"));
                }
                page.say(on_ledger(report, address, *action, |from| from.to_string())).end()
            }
            Outcome::Failed(problem) => {
                page.say(": ").put(Role::Error, &problem.diagnostic.message).fold(6);
                for line in &problem.diagnostic.output {
                    page.put(Role::Quiet, format_args!("      | {line}")).end();
                }
                match &problem.diagnostic.help {
                    Some(help) => page.put(Role::Quiet, format_args!("      help: {help}")).fold(12),
                    None => page,
                }
            }
            Outcome::Skipped { because } => page.say(format_args!(": {because} was not done")).fold(6),
            Outcome::NotStarted => page.end(),
        };
    }
}

fn stopped(page: &mut Page, report: &Report) {
    if report.stopped.is_empty() {
        return;
    }
    page.heading("Stopped:");
    for problem in &report.stopped {
        page.say("  ").put(Role::Error, &problem.diagnostic.message).fold(4);
        if let Some(help) = &problem.diagnostic.help {
            page.put(Role::Quiet, format_args!("      help: {help}")).fold(12);
        }
    }
}

/// How to go on after a run that did not do all; `code` sets a command apart from the words around it.
pub(super) fn going_on(report: &Report, verb: Verb, code: impl Fn(&str) -> String) -> Option<String> {
    if report.exit() == Exit::Ok {
        return None;
    }
    let again = || match &report.again {
        Some(command) => code(command),
        None => code(&format!("fluxform {}", verb.command())),
    };
    if report.unrecorded {
        return Some(format!(
            "The server did not take the whole record of what was done. When it answers again, run {} once more: \
             it finds what this run has done, and goes on from there.",
            again()
        ));
    }
    let outgrown = |outcome: &Outcome| matches!(outcome, Outcome::Failed(problem) if problem.diagnostic.code == Code::ApplyOutgrown);
    Some(if report.outcomes.values().any(|(_, outcome)| outgrown(outcome)) {
        let plan = code("fluxform plan");
        format!("What was done is recorded. Run {plan} to see what else is at stake now.")
    } else if report.spent() {
        let plan = code("fluxform plan --out FILE");
        format!("What was done is recorded. The saved plan is used up: plan the rest with {plan}.")
    } else {
        format!("What was done is recorded. Run {} again to continue where this run stopped.", again())
    })
}

/// A command in a sentence.
fn quoted(command: &str) -> String {
    format!("`{command}`")
}

/// What was done and what was not, counted.
pub(super) fn counts(report: &Report, verb: Verb) -> String {
    let counted = |belongs: fn(&Outcome) -> bool| report.outcomes.values().filter(|(_, o)| belongs(o)).count();
    let replaced = report.done(Action::Replace);
    let added = report.done(Action::Create) + replaced;
    let destroyed = report.destroyed() + replaced - report.done_to_ledger(|recorded| recorded.stays);
    let changed = report.done(Action::Update);
    let mut text = match (verb, report.exit()) {
        (Verb::Destroy, Exit::Ok) => format!("Resources: {destroyed} destroyed"),
        _ => format!("Resources: {added} added, {changed} changed, {destroyed} destroyed"),
    };
    for (number, word) in [
        (report.done_to_ledger(|recorded| recorded.adopts), "adopted"),
        (report.done_to_ledger(|recorded| recorded.moved_from.is_some()), "moved"),
        (report.done(Action::Forget), "forgotten"),
        (counted(|outcome| matches!(outcome, Outcome::Failed(_))), "failed"),
        (counted(|outcome| matches!(outcome, Outcome::Skipped { .. })), "skipped"),
        (counted(|outcome| matches!(outcome, Outcome::NotStarted)), "not started"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    text + "."
}

fn summary(page: &mut Page, report: &Report, verb: Verb) {
    let exit = report.exit();
    page.gap();
    if exit == Exit::Ok {
        page.put(Role::Strong, format_args!("{} complete!", verb.title()));
    } else {
        page.put(Role::Error, format_args!("{} incomplete.", verb.title()));
    }
    page.say(format_args!(" {}", counts(report, verb))).fold(2);
    if let Some(digest) = &report.plan_digest {
        page.put(Role::Quiet, format_args!("Plan digest: {digest}")).end();
    }
    if let Some(words) = going_on(report, verb, quoted) {
        page.say(words).fold(0);
    }
}
