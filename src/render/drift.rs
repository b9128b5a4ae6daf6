//! Drift alone: what somebody changed on the server since the last apply.

use super::page::Page;
use super::reason::{object, reason};
use super::style::{Palette, Role};
use super::value::{count, last, plain};
use crate::diff::{Cause, Change, FieldChange, Reason};
use crate::plan::Plan;

/// Exactly the fields that drifted, each with its old value.
pub fn drift(plan: &Plan, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let drifted: Vec<_> = plan.drifted().collect();
    if drifted.is_empty() && !plan.refusals.is_empty() {
        page.put(Role::Strong, "No drift").say(" in what could be seen; the rest could not be decided.").end();
        return page.finish();
    }
    if drifted.is_empty() {
        page.put(Role::Strong, "No drift.").say(" The server is as it was last applied.").end();
        return page.finish();
    }
    page.heading("Drift (changed on the server since the last apply):");
    let mut fields = 0;
    for change in &drifted {
        fields += one(&mut page, change);
    }
    page.gap().put(Role::Strong, "Drift:").say(format_args!(" {} drifted", count(drifted.len(), "resource")));
    if fields > 0 {
        page.say(format_args!(" in {}", count(fields, "field")));
    }
    page.say(". `fluxform apply` brings back what the manifests say.").end();
    page.finish()
}

/// Writes one resource, and gives the number of its fields that drifted.
fn one(page: &mut Page, change: &Change) -> usize {
    page.say("  ").put(Role::Strong, &change.address);
    if let Some(target) = &change.object {
        page.put(Role::Quiet, format_args!("  {}", object(target)));
    }
    page.end();
    if let (Reason::Gone | Reason::CreatorGone, Some(why)) =
        (&change.reason, reason(&change.reason, change.address.kind))
    {
        page.say("      ").put(Role::Warning, why).end();
    }
    let fields: Vec<_> =
        change.fields.iter().filter(|field| matches!(field.cause, Cause::Drift | Cause::Both)).collect();
    for field in &fields {
        page.say("      ").put(Role::Warning, field.field);
        page.say(format_args!(": was {}, is {}", was(field), is(field))).end();
    }
    fields.len()
}

/// A field as it was last applied.
pub(super) fn was(field: &FieldChange) -> String {
    match (last(field), field.cause) {
        (Some(last), _) => last,
        // The manifest did not move, so it still says what was applied.
        (None, Cause::Drift) => plain(&field.wanted),
        (None, _) => "something else".to_owned(),
    }
}

/// A field as the server has it.
pub(super) fn is(field: &FieldChange) -> String {
    field.live.as_ref().map_or_else(|| "not known".to_owned(), plain)
}
