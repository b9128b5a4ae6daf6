//! What was rotated before and still works.

use super::human::on_server;
use super::page::Page;
use super::reason::time;
use super::style::Role;
use crate::diff::{Action, Change};
use crate::plan::Plan;

/// The predecessors that go on working, and until when, each on a line.
pub(super) fn overlaps(page: &mut Page, plan: &Plan) {
    let stays = |change: &&Change| change.action == Action::None || on_server(change);
    let overlaps =
        plan.changes.iter().filter(stays).flat_map(|change| change.until.iter().map(move |one| (change, one)));
    let mut overlaps = overlaps.peekable();
    if overlaps.peek().is_none() {
        return;
    }
    page.heading("Replaced by a rotation, and still working:");
    for (change, (id, until)) in overlaps {
        page.say("  ").put(Role::Strong, &change.address);
        page.say(format_args!(
            ": {} (id {id}) until the first apply after {}",
            change.address.kind.name(),
            time(*until)
        ));
        page.fold(6);
    }
}
