//! What goes or changes and is still used by something that the project does not manage.

use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::evidence::{Stake, Used};

/// Tells of each of `changes` that takes something away from objects that nobody manages, those in `used`, and of which kinds of objects
/// nobody could look.
pub fn still_used(changes: &[Change], used: &Used) -> Vec<Diagnostic> {
    let unread = used.unread.iter().map(|(kind, why)| {
        let message = format!("could not look which {kind} of others uses what this plan deletes or changes: {why}");
        let help = "plan again to know it, or look yourself: the plan does the same either way";
        Diagnostic::warning(Code::PlanStillUsed, message).help(help)
    });
    let said = changes.iter().filter_map(|change| {
        let along = used.by.get(&change.address)?.clone();
        let (one, objects) = (along.len() == 1, Stake { along, ..Stake::default() }.objects());
        let address = &change.address;
        if change.action == Action::Update && !address.kind.is_named_in_scripts() {
            let has = if one { "has a copy" } else { "have copies" };
            let message = format!(
                "{address} is changed, and {objects}, which this project does not manage, {has} of what it was"
            );
            let help = "save that again in InfluxDB's UI after the apply, or have the project manage it";
            return Some(Diagnostic::warning(Code::PlanStillUsed, message).help(help));
        }
        let goes = match change.action {
            Action::Replace => "replaced by a new object",
            Action::Update => "renamed",
            _ => "deleted",
        };
        let (uses, they) = if one { ("uses it", "it does") } else { ("use it", "they do") };
        let message = format!("{address} is {goes}, and {objects}, which this project does not manage, still {uses}");
        let keep = if change.action == Action::Update { "the name of " } else { "" };
        let help = format!("change that first, or keep {keep}{address}: {they} not find it any more");
        Some(Diagnostic::warning(Code::PlanStillUsed, message).help(help))
    });
    said.chain(unread).collect()
}
