//! How much of a server projects manage, for people.

use super::page::Page;
use super::style::{Palette, Role};
use super::value::count;
use crate::coverage::Coverage;
use crate::snapshot::Sight;

/// What no project owns, and how much the others are.
pub fn coverage(coverage: &Coverage, palette: Palette) -> String {
    let mut page = Page::new(palette);
    if !coverage.unmanaged.is_empty() {
        page.put(Role::Strong, "Unmanaged (no project owns it):").end();
    }
    for object in &coverage.unmanaged {
        page.say("  ").put(Role::Strong, format_args!("{} {:?}", object.kind, object.name));
        page.put(Role::Quiet, format_args!("  (id {})", object.id)).end();
    }
    page.gap().put(Role::Strong, format_args!("Coverage: {} %.", coverage.percent()));
    let all = coverage.managed() + coverage.unmanaged.len();
    page.say(format_args!(" {} of {} managed", coverage.managed(), count(all, "object")));
    let theirs: usize = coverage.kinds.values().map(|count| count.theirs).sum();
    if theirs > 0 {
        page.say(format_args!(", {theirs} of them by other projects"));
    }
    if coverage.external() > 0 {
        page.say(format_args!("; {} external", coverage.external()));
    }
    page.say(".").end();
    for (kind, sight) in coverage.hidden() {
        let what = match sight {
            Sight::Blind => "the token sees none, and is not proven to see all",
            Sight::Partial | Sight::Complete => "the token is not proven to see all",
        };
        page.say("  ").put(Role::Warning, format_args!("{kind}s")).say(format_args!(": {what}")).end();
    }
    page.finish()
}
