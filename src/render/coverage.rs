//! How much of a server projects manage, for people.

use super::page::Page;
use super::reason::listed;
use super::style::{Look, Role};
use super::value::count;
use crate::coverage::Coverage;
use crate::kind::UNMANAGED;
use crate::redact::without_secrets;
use crate::snapshot::Sight;

/// What no project owns, and how much the others are.
pub fn coverage(coverage: &Coverage, look: Look) -> String {
    let mut page = Page::new(look);
    if !coverage.unmanaged.is_empty() {
        page.put(Role::Strong, "Unmanaged (no project owns it):").end();
    }
    for object in &coverage.unmanaged {
        page.say("  ").put(Role::Strong, format_args!("{} {:?}", object.kind, without_secrets(&object.name)));
        page.put(Role::Quiet, format_args!("  (id {})", object.id)).end();
    }
    page.gap().put(Role::Strong, format_args!("Coverage: {} %.", coverage.percent()));
    page.say(format_args!(" {}", managed(coverage))).end();
    let others = listed(UNMANAGED);
    page.put(Role::Quiet, format_args!("Not counted: what fluxform does not manage, such as {others}.")).fold(0);
    for (kind, sight) in coverage.hidden() {
        page.say("  ").put(Role::Warning, format_args!("{kind}s")).say(format_args!(": {}", hidden(sight))).end();
    }
    page.finish()
}

/// How many objects are managed, and by whom.
pub(super) fn managed(coverage: &Coverage) -> String {
    let all = coverage.managed() + coverage.unmanaged.len();
    let mut text = format!("{} of {} managed", coverage.managed(), count(all, "object"));
    let theirs: usize = coverage.kinds.values().map(|count| count.theirs).sum();
    if theirs > 0 {
        text.push_str(&format!(", {theirs} of them by other projects"));
    }
    if coverage.external() > 0 {
        text.push_str(&format!("; {} external", coverage.external()));
    }
    text + "."
}

/// Why there may be more of a kind.
pub(super) const fn hidden(sight: Sight) -> &'static str {
    match sight {
        Sight::Blind => "the token sees none, and is not proven to see all",
        Sight::Partial | Sight::Complete => "the token is not proven to see all",
    }
}
