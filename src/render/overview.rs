//! Several projects in one run: one line for each.

use super::human::totals;
use super::json::Part;
use super::markdown::Comment;
use super::page::Page;
use super::style::{Palette, Role};
use super::value::count;
use crate::exit::Exit;

/// One line for each project, below what is shown of each.
pub fn overview(of: Comment, parts: &[Part<'_>], palette: Palette) -> String {
    let mut page = Page::new(palette);
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
            (Comment::Validate, Exit::Ok) => "valid".to_owned(),
            _ => format!("stopped by {}{exit}", count(document.problems.len(), "problem")),
        };
    };
    let refused = match plan.refusals.len() {
        0 => String::new(),
        some => {
            format!(" {}{exit}.", count(some, if of == Comment::Drift { "thing not decided" } else { "objection" }))
        }
    };
    let drifted = plan.drifted().count();
    match of {
        Comment::Drift if drifted == 0 => format!("No drift.{refused}"),
        Comment::Drift => format!("Drift in {}.{refused}", count(drifted, "resource")),
        _ if !plan.writes() => format!("No changes.{refused}"),
        _ => format!("{}{refused}", totals(plan)),
    }
}
