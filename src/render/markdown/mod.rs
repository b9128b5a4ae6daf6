//! A plan or a report for a comment on a pull request: a marker to find it again, no more than a comment may hold, and
//! nothing in it that could be anything but text.

mod change;
mod fit;
mod grave;
mod outcome;
mod safe;
mod same;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::compact;
use super::coverage::{hidden, managed};
use super::diagnostic;
use super::difference::one as one_difference;
use super::human::{nothing, on_server, refused as refused_words, totals};
use super::json::{Document, Part};
use super::page::Page;
use super::shared::Shared;
use super::style::Look;
use super::value::count;
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Change;
use crate::exit::Exit;
use crate::plan::{Allowed, Flagged, Origin, Plan};
use crate::problem::Problem;
use crate::redact::without_secrets;
pub use fit::Fitted;
use fit::{Group, Item, NAME, Rank, Section, fit};
use grave::{has_more, is_grave};
use safe::{block, code, cut};

/// How long a comment may be: GitHub's limit, in bytes, so that it holds however characters are counted.
const LIMIT: usize = 65_536;
/// Columns of a diagnostic.
const WIDTH: usize = 100;

/// Which command a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    /// `fluxform plan`, and `fluxform show` of a saved plan.
    Plan,
    /// `fluxform plan --destroy`.
    PlanDestroy,
    /// `fluxform drift`.
    Drift,
    /// `fluxform apply`.
    Apply,
    /// `fluxform destroy`.
    Destroy,
    /// `fluxform validate`.
    Validate,
}

impl Comment {
    /// What its hidden first line calls it: no two dashes may stand there.
    const fn marker(self) -> &'static str {
        if matches!(self, Self::PlanDestroy) { "plan-destroy" } else { self.word() }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::PlanDestroy => "plan --destroy",
            Self::Drift => "drift",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
            Self::Validate => "validate",
        }
    }
}

/// What a run has to say, as Markdown. Its first line is hidden, and always the same for one command.
pub fn comment(of: Comment, document: &Document<'_>) -> Fitted {
    let word = of.word();
    let mut head = format!("<!-- fluxform {} -->\n### fluxform {word}", of.marker());
    if let Some(named) = document.plan.map(|plan| plan.project.as_str()).or(document.dir) {
        head.push_str(&format!(": {}", code(cut(named, NAME))));
    }
    head.push_str("\n\n");
    fit(&[group(of, head, document)], LIMIT)
}

/// What a run over several projects has to say; those of which something goes, or that stopped, come first.
pub fn comments(of: Comment, exit: Exit, parts: &[Part<'_>]) -> Fitted {
    let word = of.word();
    let mut order: Vec<&Part<'_>> = parts.iter().collect();
    order.sort_by_key(|part| urgency(&part.document));
    let mut groups: Vec<Group> = order
        .into_iter()
        .map(|part| {
            let project = part.document.plan.map(|plan| format!(" ({})", code(&plan.project)));
            let head = format!("### {}{}\n\n", code(&part.dir), project.unwrap_or_default());
            group(of, head, &part.document)
        })
        .collect();
    let marker = of.marker();
    let mut head = format!("<!-- fluxform {marker} -->\n## fluxform {word}: {}\n\n", count(parts.len(), "project"));
    if exit.is_failure() {
        head.push_str(&format!("Exit code {} ({}).\n\n", exit.code(), code(exit.reason())));
    }
    if let Some(first) = groups.first_mut() {
        first.head.insert_str(0, &head);
    }
    fit(&groups, LIMIT)
}

/// Where a project stands among others: lower comes first.
fn urgency(document: &Document<'_>) -> u8 {
    let Some(plan) = document.plan else { return u8::from(document.problems.is_empty()) * 4 };
    let gone = |change: &Change| change.action.removes() || change.drifted();
    match () {
        () if !plan.refusals.is_empty() || !document.problems.is_empty() => 1,
        () if plan.changes.iter().any(gone) => 2,
        () if plan.writes() => 3,
        () => 4,
    }
}

fn group(of: Comment, mut head: String, document: &Document<'_>) -> Group {
    if let Some(Origin { server, org, .. }) = document.origin {
        head.push_str(&format!(
            "Server {}, org {}\n\n",
            code(cut(&server.to_string(), NAME)),
            code(cut(&without_secrets(org), NAME))
        ));
    }
    head.push_str(&headline(of, document));
    let warnings = warnings(document);
    if !warnings.is_empty() {
        head.push_str(&format!("**Warnings:** {}\n\n", warnings.len()));
    }
    let (never_allowed, warnings): (Vec<&Diagnostic>, Vec<_>) =
        warnings.into_iter().partition(|warning| warning.code == Code::FluxHiddenPlace);
    let mut sections = Vec::new();
    let said = |problem: &Problem| diagnosed(&problem.diagnostic);
    sections.push(section("Problems", Rank::First, document.problems.iter().map(said).collect()));
    let refusals = document.plan.iter().flat_map(|plan| &plan.refusals);
    // Of drift the guards say nothing: what is left could not be seen.
    let title = if of == Comment::Drift { "Undecided" } else { "Refused" };
    sections.push(section(title, Rank::First, refusals.map(said).collect()));
    let differs = document.difference.iter().map(|difference| {
        let mut page = Page::new(Look::PLAIN);
        one_difference(&mut page, difference);
        let full = format!("{}\n", block("diff", page.finish().lines().map(as_diff)));
        let name = code(cut(&difference.address.to_string(), NAME));
        Item { full, short: None, brief: format!("- **{name}**\n"), name: Some(name), rank: Rank::Rest }
    });
    sections.push(section("Not the plan that was reviewed", Rank::First, differs.collect()));
    let never_allowed = never_allowed.into_iter().map(diagnosed).collect();
    sections.push(section("Warnings that no policy can allow", Rank::First, never_allowed));
    if let Some(report) = document.report {
        sections.extend(outcome::sections(report));
    }
    if let Some(plan) = document.plan.filter(|_| document.report.is_none() && document.difference.is_empty()) {
        sections.extend(if of == Comment::Drift { drift(plan) } else { planned(plan) });
    }
    sections.push(section("Warnings", Rank::Said, warnings.into_iter().map(diagnosed).collect()));
    if let Some(coverage) = document.coverage {
        head.push_str(&format!("**Coverage:** {} %. {}\n\n", coverage.percent(), managed(coverage)));
        let hidden = coverage.hidden().map(|(kind, sight)| Item::line(|_| format!("- {kind}s: {}\n", hidden(sight))));
        sections.push(section("Possibly incomplete", Rank::Rest, hidden.collect()));
        let unmanaged = coverage.unmanaged.iter().map(|object| {
            let name = format!("{:?}", object.name);
            Item::line(|most| format!("- {} {} (id {})\n", object.kind, code(cut(&name, most)), code(&object.id)))
        });
        sections.push(section("Unmanaged (no project owns it)", Rank::Rest, unmanaged.collect()));
    }
    sections.retain(|section| !section.items.is_empty());
    Group { head, sections, tail: tail(of, document) }
}

fn section(title: &'static str, rank: Rank, items: Vec<Item>) -> Section {
    Section { title, rank, items }
}

/// All warnings that are shown.
fn warnings<'a>(document: &Document<'a>) -> Vec<&'a Diagnostic> {
    let of_plan = document.plan.filter(|_| document.report.is_none() && document.difference.is_empty());
    let of_plan = of_plan.into_iter().flat_map(|plan| &plan.warnings);
    let of_report = document.report.into_iter().flat_map(|report| &report.warnings);
    let of_manifests = document.valid.into_iter().flat_map(|valid| &valid.warnings);
    of_report.chain(of_plan).chain(of_manifests).chain(document.warnings).collect()
}

/// The line that says it all.
fn headline(of: Comment, document: &Document<'_>) -> String {
    if let Some(report) = document.report.filter(|report| !report.is_empty()) {
        return outcome::headline(report, of);
    }
    let refusals = document.plan.map_or(0, |plan| plan.refusals.len());
    let refused = document.plan.filter(|_| refusals > 0 && of != Comment::Drift);
    let words = match document.plan {
        _ if !document.difference.is_empty() => {
            "**Not applied**: the plan is not the one that was reviewed.".to_owned()
        }
        None if document.exit == Exit::Ok && of == Comment::Validate => match document.valid {
            Some(valid) => format!("**Valid**: {}.", count(valid.resources, "resource")),
            None => "**Valid.**".to_owned(),
        },
        None => format!("**Stopped** by {}.", count(document.problems.len(), "problem")),
        Some(plan) if of == Comment::Drift => drift_line(plan),
        // Nothing to do is not what a plan says that could not be made whole.
        Some(plan) if !plan.writes() && refused.is_some() => {
            return format!("**Plan refused**: {}\n\n", refused_words(plan));
        }
        Some(plan) if !plan.writes() && document.problems.is_empty() => {
            let (strong, rest) = nothing(of);
            format!("**{strong}** {rest}")
        }
        Some(plan) => format!("**Plan:** {}", totals(plan)),
    };
    let refusal = refused.map(|plan| format!("\n\n**Plan refused**: {}", refused_words(plan)));
    format!("{words}{}\n\n", refusal.unwrap_or_default())
}

fn drift_line(plan: &Plan) -> String {
    let drifted = plan.drifted().count();
    match (drifted, plan.refusals.is_empty()) {
        (0, true) => "**No drift.** The server is as it was last applied.".to_owned(),
        (0, false) => "**No drift** in what the token sees; the rest is unknown.".to_owned(),
        (drifted, _) => format!("**Drift** in {}.", count(drifted, "resource")),
    }
}

fn planned(plan: &Plan) -> Vec<Section> {
    let stakes = plan.changes.iter().filter_map(|change| {
        let data = plan.at_stake.get(&change.address)?;
        Some(change::stake(change, data))
    });
    let destroys = |change: &&Change| change.action.removes();
    let server = || plan.changes.iter().filter(|change| on_server(change));
    let (destroyed, rest): (Vec<_>, Vec<_>) = server().partition(destroys);
    let (drifted, changed): (Vec<_>, Vec<_>) = rest.into_iter().partition(|change| change.drifted());
    let (grave, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(|change| is_grave(change));
    let warned: BTreeSet<&str> = plan.warnings.iter().flat_map(|warning| words(&warning.message)).collect();
    let all = compact::tables(plan.changes.iter().map(|change| &change.address));
    let item = |change: &Change, shared: &Shared<'_>| {
        let soon = has_more(change) || warned.contains(change.address.to_string().as_str());
        Item { rank: if soon { Rank::Soon } else { Rank::Rest }, ..change::change(change, shared.rest(change)) }
    };
    let alone = |change: &Change| is_grave(change) || warned.contains(change.address.to_string().as_str());
    let items = |changes: &[&Change], shared: &Shared<'_>| {
        same::items(changes, shared, &all, alone, |change| item(change, shared))
    };
    let none = Shared::default();
    let destroyed = destroyed.into_iter().map(|change| item(change, &none)).collect();
    let shared = Shared::of(&changed);
    let others: Vec<&Change> = changed.into_iter().filter(|change| !shared.is_all(change)).collect();
    let changed = shared.libraries.iter().map(change::library).chain(items(&others, &shared)).collect();
    let ledger = plan.changes.iter().filter(|change| change.ledger_only()).flat_map(change::ledger);
    vec![
        section("Data at stake", Rank::First, stakes.collect()),
        section("Allowed by [policy]", Rank::First, plan.allowed.iter().map(allowed).collect()),
        section("Allowed by flags of this run", Rank::First, plan.flags.iter().map(flagged).collect()),
        section("Destroyed or replaced", Rank::Kept, destroyed),
        section("Drift (changed on the server since the last apply)", Rank::First, items(&drifted, &none)),
        section("Rights, secrets and adoptions", Rank::First, items(&grave, &none)),
        section("Changes", Rank::Rest, changed),
        section("Ledger only (nothing changes on the server)", Rank::Rest, ledger.collect()),
    ]
}

/// The words of a message, such as addresses.
fn words(message: &str) -> impl Iterator<Item = &str> {
    message.split([' ', '`', ',', ';']).map(|word| word.trim_end_matches([':', '.'])).filter(|word| word.contains('.'))
}

/// What a policy lets pass, and why.
fn allowed(Allowed { what, addresses, until, reason }: &Allowed) -> Item {
    let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
    Item::line(|most| format!("- {what} of {}{until}: {}\n", some(addresses, most), code(cut(reason, most))))
}

/// What a flag lets pass.
fn flagged(Flagged { flag, addresses }: &Flagged) -> Item {
    Item::line(|most| format!("- {}: {}\n", code(flag), some(addresses, most)))
}

/// The first of some addresses, each in at most so many characters.
fn some<'a>(addresses: impl IntoIterator<Item = &'a Address>, most: usize) -> String {
    few(addresses.into_iter().map(|address| code(cut(&address.to_string(), most))))
}

fn drift(plan: &Plan) -> Vec<Section> {
    let drifted = plan.drifted().map(change::drifted);
    let undone = plan.changes.iter().filter(|change| change.unfinished());
    let undone = undone.map(|change| change::change(change, None));
    let due = plan.changes.iter().filter(|change| change.due()).map(|change| change::change(change, None));
    vec![
        section("Changed on the server since the last apply", Rank::First, drifted.collect()),
        section("Unfinished: an earlier run was interrupted", Rank::Rest, undone.collect()),
        section("Due: nobody changed it, and an apply does it", Rank::Rest, due.collect()),
    ]
}

/// A diagnostic with the lines that it speaks of. No line of it begins a line: some readers take a slash there for an order.
fn diagnosed(diagnostic: &Diagnostic) -> Item {
    let text = diagnostic::text(std::slice::from_ref(diagnostic), Look { width: Some(WIDTH), ..Look::PLAIN });
    let lines = text.trim_end().lines().map(|line| format!("  {line}").trim_end().to_owned());
    Item {
        full: format!("{}\n", block("text", lines)),
        short: None,
        brief: format!("- {}: {}\n", code(diagnostic.code), code(cut(&diagnostic.message, NAME))),
        name: None,
        rank: Rank::Rest,
    }
}

/// A line of a difference in the colours of a diff.
fn as_diff(line: &str) -> String {
    let text = line.trim_start();
    match text.split_once(": ") {
        Some(("reviewed", _)) => format!("- {line}"),
        Some(("now", _)) => format!("+ {line}"),
        _ => format!("  {line}"),
    }
}

fn tail(of: Comment, document: &Document<'_>) -> String {
    let mut tail = Vec::new();
    let digest = match (document.report, document.plan) {
        (Some(report), _) => report.plan_digest.clone(),
        (None, plan) => plan.filter(|plan| of != Comment::Drift && plan.writes()).map(Plan::digest),
    };
    if let Some(digest) = digest {
        tail.push(format!("Plan digest: {}\n", code(digest)));
    }
    if document.exit.is_failure() {
        tail.push(format!("Exit code {} ({}).\n", document.exit.code(), code(document.exit.reason())));
    }
    tail.join("\n")
}

/// What stopped something, in one line, with texts of at most so many characters.
fn because(problem: &Problem, most: usize) -> String {
    let Diagnostic { message, help, output, .. } = &problem.diagnostic;
    let help = help.as_ref().map(|help| format!(" (help: {})", code(cut(help, most))));
    let said =
        if output.is_empty() { String::new() } else { format!(" (output: {})", code(cut(&output.join(" / "), most))) };
    format!("{}{said}{}", code(cut(message, most)), help.unwrap_or_default())
}
