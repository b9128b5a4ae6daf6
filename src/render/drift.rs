//! Drift alone: what somebody changed on the server since the last apply.

use super::alike::apart;
use super::compact;
use super::field::drift_by_lines;
use super::human::rotated;
use super::lines;
use super::page::Page;
use super::reason::{object, reason};
use super::style::{Look, Role};
use super::value::{Shown, count, last};
use crate::diff::{Cause, Change, FieldChange, Reason};
use crate::plan::Plan;

/// Exactly the fields that drifted, each with its old value.
pub fn drift(plan: &Plan, look: Look) -> String {
    let mut page = Page::new(look);
    let drifted: Vec<_> = plan.drifted().collect();
    let left = plan.changes.iter().filter(|change| change.unfinished()).count();
    if drifted.is_empty() {
        undone(&mut page, plan);
    }
    if drifted.is_empty() && !plan.refusals.is_empty() {
        page.put(Role::Strong, "No drift").say(" in what the token sees; the rest is unknown.").fold(2);
        return page.finish();
    }
    if drifted.is_empty() {
        let but = if left > 0 { ", except for what is unfinished" } else { "" };
        page.put(Role::Strong, "No drift.").say(format_args!(" The server is as it was last applied{but}.")).end();
        return page.finish();
    }
    page.heading("Drift (changed on the server since the last apply):");
    if look.compact {
        compact::drifted(&mut page, plan, &drifted);
    } else {
        drifted.iter().for_each(|change| one(&mut page, change));
    }
    undone(&mut page, plan);
    page.gap().put(Role::Strong, "Drift:").say(summary(&drifted)).fold(2);
    page.finish()
}

/// How much drifted, and what an apply does about it.
fn summary(drifted: &[&Change]) -> String {
    let deleted: Vec<_> = drifted.iter().filter(|change| change.lost()).collect();
    let fields: usize = drifted.iter().map(|change| fields(change).count()).sum();
    let mut parts = Vec::new();
    if !deleted.is_empty() {
        parts.push(format!("{} deleted", deleted.len()));
    }
    if fields > 0 {
        parts.push(format!("{} changed", count(fields, "field")));
    }
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let lost = deleted.iter().any(|change| change.address.kind.spec().holds_data);
    let but = match drifted.iter().any(|change| change.reason == Reason::Hidden) {
        true => ", but nothing that the server hides",
        false if lost => ", but no deleted data",
        false => "",
    };
    format!(
        " {} drifted{parts}. `fluxform apply` restores what the manifests declare{but}.",
        count(drifted.len(), "resource")
    )
}

/// What an apply would do besides, though nobody changed it.
fn undone(page: &mut Page, plan: &Plan) {
    let left: Vec<_> = plan.changes.iter().filter(|change| change.unfinished()).collect();
    list(page, "Unfinished (an earlier run was interrupted; `fluxform apply` finishes it):", &left);
    let due: Vec<_> = plan.changes.iter().filter(|change| change.due()).collect();
    list(page, "Due (nobody changed it; `fluxform apply` does it):", &due);
}

fn list(page: &mut Page, title: &str, changes: &[&Change]) {
    if !changes.is_empty() {
        page.heading(title);
    }
    for change in changes {
        page.say("  ").put(Role::Strong, &change.address);
        if let Some(why) = reason(&change.reason, change.address.kind) {
            page.say(": ").say(why);
        }
        if let Some(more) = rotated(change) {
            page.say("; ").say(more);
        }
        page.fold(6);
    }
    if !changes.is_empty() {
        page.gap();
    }
}

/// The fields that drifted.
fn fields(change: &Change) -> impl Iterator<Item = &FieldChange> {
    change.fields.iter().filter(|field| matches!(field.cause, Cause::Drift | Cause::Both))
}

/// Why a whole object counts as drift, where it does.
pub(super) fn gone(change: &Change) -> Option<String> {
    let gone = change.lost() || change.reason == Reason::CreatorGone;
    reason(&change.reason, change.address.kind).filter(|_| gone)
}

/// Writes one resource.
fn one(page: &mut Page, change: &Change) {
    page.say("  ").put(Role::Strong, &change.address);
    if let Some(target) = &change.object {
        page.put(Role::Quiet, format_args!("  {}", object(target)));
    }
    page.end();
    if let Some(why) = gone(change) {
        page.say("      ").put(Role::Warning, why).fold(6);
    }
    for field in fields(change) {
        page.say("      ").put(Role::Warning, field.field);
        if let Some(lines) = drift_by_lines(field) {
            page.say(" (- as last applied, + on the server):").end();
            lines::write(page, &lines);
            continue;
        }
        let (was, is) = sides(field);
        page.say(format_args!(": was {was}, is {is}")).end();
    }
}

/// A field as it was last applied, and as the server has it, so that both can be told apart.
pub(super) fn sides(field: &FieldChange) -> (String, String) {
    let (was, is) = was(field).beside(&is(field));
    apart(&was, &is)
}

/// A field as it was last applied.
fn was(field: &FieldChange) -> Shown {
    match (last(field), field.cause) {
        (Some(last), _) => last,
        // The manifest did not move, so it still says what was applied.
        (None, Cause::Drift) => Shown::of(field.field, &field.wanted),
        (None, _) => Shown::words("something else"),
    }
}

/// A field as the server has it.
fn is(field: &FieldChange) -> Shown {
    field.live.as_ref().map_or_else(|| Shown::words("unknown"), |live| Shown::of(field.field, live))
}
