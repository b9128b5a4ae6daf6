//! Several projects in one run: one line for each.

use super::human::{nothing, totals};
use super::json::Part;
use super::markdown::Comment;
use super::page::Page;
use super::style::{Look, Role};
use super::value::count;
use crate::exit::Exit;

/// One line for each project, below what is shown of each.
pub fn overview(of: Comment, parts: &[Part<'_>], look: Look) -> String {
    let mut page = Page::new(look);
    page.end().put(Role::Strong, "All projects:").end();
    let width = parts.iter().map(|part| part.dir.chars().count()).max().unwrap_or(0);
    for part in parts {
        let role = if part.document.exit.is_failure() { Role::Error } else { Role::Plain };
        page.say(format_args!("  {:width$}  ", part.dir)).put(role, line(of, part)).end();
    }
    page.finish()
}

/// How it is with one project, in one line.
fn line(of: Comment, part: &Part<'_>) -> String {
    let document = &part.document;
    let exit = if document.exit.is_failure() {
        format!(" ({} {})", document.exit.code(), document.exit.reason())
    } else {
        String::new()
    };
    let Some(plan) = document.plan.filter(|_| document.problems.is_empty()) else {
        return match (of, document.exit) {
            (Comment::Validate, Exit::Ok) => match document.valid {
                Some(valid) => format!("valid, {}", count(valid.resources, "resource")),
                None => "valid".to_owned(),
            },
            _ => format!("stopped by {}{exit}", count(document.problems.len(), "problem")),
        };
    };
    let drifted = plan.drifted().count();
    let words = match of {
        Comment::Drift if drifted > 0 => format!("Drift in {}.", count(drifted, "resource")),
        Comment::Drift if plan.refusals.is_empty() => return "No drift.".to_owned(),
        Comment::Drift => "No drift in what the token sees.".to_owned(),
        _ if plan.writes() => totals(plan),
        _ if plan.refusals.is_empty() => return nothing(of).0.to_owned(),
        _ => String::new(),
    };
    let refused = match (plan.refusals.len(), of) {
        (0, _) => return words,
        (1, Comment::Drift) => format!("1 problem prevented a complete result{exit}."),
        (some, Comment::Drift) => format!("{some} problems prevented a complete result{exit}."),
        (some, _) => format!("Refused: {}{exit}.", count(some, "problem")),
    };
    format!("{words} {refused}").trim_start().to_owned()
}
