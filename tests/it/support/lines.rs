//! A plan in as few words as tell it apart from another.

use std::fmt::Write as _;

use fluxform::diff::{Action, Change};
use fluxform::plan::{Allowed, Plan};
use fluxform::problem::Problem;
use fluxform::value::Value as Field;

/// What a plan changes: a line for each address, and one for each field of an update; what it rests on, what is refused.
pub(crate) fn lines(plan: &Plan) -> String {
    let mut text = String::new();
    for change in plan.changes.iter().filter(|change| change.writes()) {
        line(&mut text, change);
    }
    for Allowed { what, addresses, reason, .. } in &plan.allowed {
        let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        writeln!(text, "? {what} of {} allowed: {reason}", addresses.join(", ")).unwrap();
    }
    for problem in &plan.refusals {
        text += &refused(problem);
    }
    text
}

fn line(text: &mut String, change: &Change) {
    let symbol = match change.action {
        Action::None => "=",
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
        Action::Forget => "x",
    };
    write!(text, "{symbol} {} {:?}", change.address, change.reason).unwrap();
    if change.adopts {
        text.push_str(", adopted");
    }
    if let Some(was) = &change.moved_from {
        write!(text, ", was {was}").unwrap();
    }
    for field in &change.released {
        write!(text, ", {field} released").unwrap();
    }
    for setting in &change.lifecycle_changes {
        write!(text, ", {setting}").unwrap();
    }
    text.push('\n');
    if !matches!(change.action, Action::Update | Action::Replace) {
        return;
    }
    for field in &change.fields {
        let live = field.live.as_ref().map_or_else(|| "?".to_owned(), Field::to_string);
        let shown = format!("{live} -> {}", field.wanted).replace('\n', "\\n");
        let last = field.last.as_ref().map(|last| format!(", was {last}")).unwrap_or_default();
        writeln!(text, "    {}: {shown} ({:?}{last})", field.field, field.cause).unwrap();
    }
}

/// The first part of a refusal: what follows a colon are numbers and times.
pub(crate) fn refused(problem: &Problem) -> String {
    let message = &problem.diagnostic.message;
    let head = message.split_once(": ").map_or(message.as_str(), |(head, _)| head);
    format!("! {} {}: {head}\n", problem.exit.code(), problem.diagnostic.code)
}
