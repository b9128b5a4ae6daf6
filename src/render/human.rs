//! A plan for people, as they know it from Terraform: what may be lost first, then drift, then changes.

use std::collections::BTreeSet;

use super::markdown::Comment;
use super::overlap::overlaps;
use super::page::Page;
use super::probed::probed;
use super::reason::{listed, lost, object, reason, sign, threat};
use super::shared::{Library, Shared};
use super::style::{Look, Role};
use super::value::count;
use super::{compact, field, lines};
use crate::address::{Address, few};
use crate::diff::{Action, Change, Rotated, Turn};
use crate::plan::{Allowed, Counts, Flagged, Plan, short};

/// The whole plan.
pub fn plan(plan: &Plan, look: Look) -> String {
    whole(plan, Comment::Plan, look)
}

/// The whole plan of a destroy.
pub fn destruction(plan: &Plan, look: Look) -> String {
    whole(plan, Comment::PlanDestroy, look)
}

/// What is said of a plan with nothing to do.
pub(super) const fn nothing(of: Comment) -> (&'static str, &'static str) {
    match of {
        Comment::PlanDestroy | Comment::Destroy => {
            ("Nothing to destroy.", "The project owns no object on this server.")
        }
        _ => ("No changes.", "The server matches the manifests."),
    }
}

fn whole(plan: &Plan, of: Comment, look: Look) -> String {
    let mut page = Page::new(look);
    at_stake(&mut page, plan);
    allowed(&mut page, plan);
    flags(&mut page, plan);
    let server: Vec<_> = plan.changes.iter().filter(|change| on_server(change)).collect();
    let (drift, changes): (Vec<_>, Vec<_>) = server.into_iter().partition(|change| change.drifted());
    section(&mut page, plan, "Drift (changed on the server since the last apply):", &drift);
    section(&mut page, plan, "Changes:", &changes);
    ledger(&mut page, plan);
    overlaps(&mut page, plan);
    probed(&mut page, plan);
    summary(&mut page, plan, of);
    page.finish()
}

/// Whether something happens on the server.
pub(super) fn on_server(change: &Change) -> bool {
    !matches!(change.action, Action::None | Action::Forget)
}

fn at_stake(page: &mut Page, plan: &Plan) {
    if plan.at_stake.is_empty() {
        return;
    }
    page.heading("Data at stake:");
    if page.look().compact {
        return compact::at_stake(page, plan);
    }
    for change in &plan.changes {
        if let Some(stake) = plan.at_stake.get(&change.address) {
            let role = if stake.is_nothing() { Role::Quiet } else { Role::Warning };
            page.say("  ").put(role, "!").say(" ").put(Role::Strong, &change.address);
            page.say(format_args!(" {}: ", threat(change))).put(role, lost(change.address.kind, stake)).fold(6);
        }
    }
}

/// What was let pass: whoever reads the plan sees what it rests on, and why.
fn allowed(page: &mut Page, plan: &Plan) {
    if plan.allowed.is_empty() {
        return;
    }
    page.heading("Allowed by [policy]:");
    for Allowed { what, addresses, until, reason } in &plan.allowed {
        page.say("  ").put(Role::Warning, what).say(" of ");
        page.put(Role::Strong, few(addresses));
        let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
        page.say(format_args!("{until}: {reason}")).fold(6);
    }
}

/// What was let pass because of flags: an apply of the saved plan needs them again.
fn flags(page: &mut Page, plan: &Plan) {
    if plan.flags.is_empty() {
        return;
    }
    page.heading("Allowed by flags of this run:");
    for Flagged { flag, addresses } in &plan.flags {
        page.say("  ").put(Role::Warning, flag).say(": ");
        page.put(Role::Strong, few(addresses)).fold(6);
    }
}

fn section(page: &mut Page, plan: &Plan, title: &str, changes: &[&Change]) {
    if changes.is_empty() {
        return;
    }
    page.heading(title);
    let shared = Shared::of(changes);
    for (n, library) in shared.libraries.iter().enumerate() {
        if n > 0 && !page.look().compact {
            page.end();
        }
        one_library(page, library);
    }
    let changes: Vec<&Change> = changes.iter().copied().filter(|change| !shared.is_all(change)).collect();
    if page.look().compact {
        return compact::changes(page, plan, &changes, &shared);
    }
    if !shared.libraries.is_empty() && !changes.is_empty() {
        page.end();
    }
    for (n, change) in changes.iter().enumerate() {
        if n > 0 && (!change.fields.is_empty() || !changes[n - 1].fields.is_empty()) {
            page.end();
        }
        one(page, change, &shared);
    }
}

/// An address, with all of its table if it is an instance.
fn table(address: &Address) -> String {
    let table = address.table();
    if address.instance.is_some() { format!("{table}[*]") } else { table.to_string() }
}

/// A library that is shown once for several scripts.
fn one_library(page: &mut Page, Library { name, addresses, scripts, action, lines }: &Library<'_>) {
    page.put(role(*action), format_args!("{:>3}", sign(*action))).say(" ").put(Role::Strong, name);
    let scripts = count(*scripts, "script");
    if page.look().compact {
        let changed = compact::lines_changed(lines);
        let tables: BTreeSet<String> = addresses.iter().map(|address| table(address)).collect();
        page.put(Role::Quiet, format_args!("  in {scripts}: {}", few(tables))).say(format_args!("  {changed}")).end();
        return;
    }
    page.put(Role::Quiet, format_args!("  in {scripts}")).end();
    page.put(Role::Quiet, format_args!("      # {}", listed(addresses.iter().map(ToString::to_string)))).fold(8);
    lines::write(page, lines);
}

/// The colour of an action.
pub(super) const fn role(action: Action) -> Role {
    match action {
        Action::None => Role::Quiet,
        Action::Create => Role::Add,
        Action::Update => Role::Change,
        Action::Replace | Action::Delete => Role::Destroy,
        Action::Forget => Role::Ledger,
    }
}

fn one(page: &mut Page, change: &Change, shared: &Shared<'_>) {
    page.put(role(change.action), format_args!("{:>3}", sign(change.action)));
    page.say(" ").put(Role::Strong, &change.address);
    if let Some(target) = &change.object {
        page.put(Role::Quiet, format_args!("  {}", object(target)));
    }
    page.end();
    for remark in remarks(change) {
        page.put(Role::Quiet, format_args!("      # {remark}")).fold(8);
    }
    match change.action {
        Action::Create => field::created(page, change, shared.rest(change)),
        Action::Update | Action::Replace => field::changed(page, change, shared.rest(change)),
        Action::None | Action::Delete | Action::Forget => {}
    }
}

/// The fields that differ, each as the server has it and as the manifest says it.
pub fn differences(change: &Change, look: Look) -> String {
    let mut page = Page::new(look);
    page.put(Role::Change, format_args!("{:>3}", sign(Action::Update)))
        .say(" ")
        .put(Role::Strong, &change.address)
        .end();
    field::changed(&mut page, change, None);
    page.finish()
}

/// What is to be said of a change besides its fields.
pub(super) fn remarks(change: &Change) -> Vec<String> {
    let mut remarks: Vec<String> = reason(&change.reason, change.address.kind).into_iter().collect();
    remarks.extend(rotated(change));
    if change.adopts {
        let why = if change.imported { ", as an [[import]] says" } else { "" };
        remarks.push(format!("it already exists and is adopted{why}"));
    }
    remarks.extend(also_deleted(change));
    if let Some(from) = &change.moved_from {
        remarks.push(format!("it was {from}"));
    }
    if !change.released.is_empty() {
        remarks.push(released(change));
    }
    if let Some(turn) = change.turn() {
        remarks.push(format!("{}{}", turned(turn), settings(change)));
    }
    if change.unverified {
        remarks.push(format!(
            "unverified: the token may not see every {}, so one with this name may already exist",
            change.address.kind.name()
        ));
    }
    remarks.extend(kept(change));
    remarks
}

/// What becomes of the secrets that the server keeps for an object, in words.
fn kept(change: &Change) -> Vec<String> {
    let goes = change.kept.iter().filter(|kept| kept.used_by.is_none() && !kept.unseen);
    let goes: Vec<String> = goes.map(|kept| format!("`{}`", kept.key)).collect();
    let goes = match goes.as_slice() {
        [] => None,
        [key] => Some(format!("the server keeps the secret {key} for it, which is deleted too")),
        keys => Some(format!("the server keeps the secrets {} for it, which are deleted too", listed(keys))),
    };
    let stays = change.kept.iter().filter_map(|kept| {
        let user = kept.used_by.as_ref()?;
        Some(format!("the server keeps the secret `{}` for it, which stays: {user} uses it", kept.key))
    });
    let unseen = change.kept.iter().filter(|kept| kept.unseen).map(|kept| {
        format!(
            "the server keeps the secret `{}` for it, which stays unless the token that applies may read and write secrets",
            kept.key
        )
    });
    goes.into_iter().chain(stays).chain(unseen).collect()
}

/// What is to be told of a rotation, in words.
pub(super) fn rotated(change: &Change) -> Option<String> {
    let Rotated { age, every, overlap } = change.rotated.as_ref()?;
    let every = every.map(|every| format!(", and `every` is {every}")).unwrap_or_default();
    if change.stays() && !change.reason.rotates() && !change.unfinished() {
        return Some(format!(
            "fluxform did not deliver its secret, so it goes on working for another {overlap} after the new one is delivered"
        ));
    }
    let then = match change.stays() {
        true => format!("the old one works for another {overlap} after the new one is delivered"),
        false => "the new one works before the old one is deleted".to_owned(),
    };
    Some(format!("it is {age} old{every}; {then}"))
}

/// What an earlier run has replaced and did not come to delete, in words.
pub(super) fn also_deleted(change: &Change) -> Option<String> {
    let ids = &change.predecessors;
    (!ids.is_empty()).then(|| format!("what it replaced is deleted: {} (id {})", change.address.kind.name(), few(ids)))
}

/// What changes in the lifecycle of what is changed on the server too.
const fn turned(turn: Turn) -> &'static str {
    match turn {
        Turn::Protect => "it is protected from now on: ",
        Turn::Unprotect => "it is no longer protected: ",
        Turn::Record => "the ledger records that ",
    }
}

/// What changes in a lifecycle, in words.
pub(super) fn settings(change: &Change) -> String {
    listed(change.lifecycle_changes.iter().map(ToString::to_string))
}

/// Which fields are not managed any more, in words.
pub(super) fn released(change: &Change) -> String {
    let names = listed(change.released.iter().map(|field| format!("`{field}`")));
    match change.released.len() {
        1 => format!("{names} is no longer managed; its value stays"),
        _ => format!("{names} are no longer managed; their values stay"),
    }
}

fn ledger(page: &mut Page, plan: &Plan) {
    let changes: Vec<_> = plan.changes.iter().filter(|change| change.ledger_only()).collect();
    if changes.is_empty() {
        return;
    }
    page.heading("Ledger only (nothing changes on the server):");
    if page.look().compact {
        return compact::ledger(page, plan, &changes);
    }
    let width = verb_width(&changes);
    for change in changes {
        for (verb, words) in on_ledger(change) {
            page.say("  ").put(Role::Ledger, format_args!("{verb:<width$}"));
            page.put(Role::Strong, &change.address);
            page.say(words).fold(10);
        }
    }
}

/// How wide the column of the verbs is.
pub(super) fn verb_width(changes: &[&Change]) -> usize {
    let long = changes.iter().any(|change| change.turn() == Some(Turn::Unprotect));
    if long { 10 } else { 8 }
}

/// What happens to a change's entry in the ledger alone: a verb, and the words after the address.
pub(super) fn on_ledger(change: &Change) -> Vec<(&'static str, String)> {
    let target = change.object.as_ref().map(object).unwrap_or_default();
    let mut lines = Vec::new();
    if change.action == Action::Forget {
        let why = reason(&change.reason, change.address.kind);
        let words = why.into_iter().chain(kept(change)).collect::<Vec<_>>().join("; ");
        lines.push(("forget", if words.is_empty() { words } else { format!(": {words}") }));
    }
    if let Some(from) = &change.moved_from {
        lines.push(("move", format!(" was {from}")));
    }
    if change.adopts {
        let why = if change.imported { ", as an [[import]] says" } else { "" };
        lines.push(("adopt", format!(": takes over {target}{why}")));
    } else if change.action == Action::None && change.reason == crate::diff::Reason::Resumed {
        lines.push(("resume", format!(": an interrupted run created {target}")));
    }
    if !change.released.is_empty() {
        lines.push(("release", format!(": {}", released(change))));
    }
    if let Some(turn) = change.turn() {
        lines.push((turn.word(), format!(": {}", settings(change))));
    }
    lines
}

/// What a plan does, counted.
pub(super) fn totals(plan: &Plan) -> String {
    let counts = plan.counts();
    let Counts { add, change, replace, destroy, .. } = counts;
    let mut text = format!("{} to add, {change} to change, {} to destroy.", add + replace, destroy + replace);
    let ledger: Vec<_> = [
        (counts.adopt, "adopt"),
        (counts.moved, "move"),
        (counts.release, "release"),
        (counts.protect, "protect"),
        (counts.unprotect, "unprotect"),
        (counts.record, "record"),
        (counts.forget, "forget"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, verb)| format!("{number} to {verb}"))
    .collect();
    if !ledger.is_empty() {
        text.push_str(&format!(" Ledger: {}.", ledger.join(", ")));
    }
    text
}

fn summary(page: &mut Page, plan: &Plan, of: Comment) {
    let counts = plan.counts();
    page.gap();
    if !plan.writes() && plan.refusals.is_empty() {
        let (strong, rest) = nothing(of);
        page.put(Role::Strong, strong).say(" ").say(rest).end();
        return;
    }
    if plan.writes() {
        if counts.unchanged > 0 {
            page.put(Role::Quiet, format_args!("{} unchanged.", counts.unchanged)).end();
        }
        page.put(Role::Strong, "Plan:").say(format_args!(" {}", totals(plan))).fold(6);
        page.put(Role::Quiet, format_args!("Plan digest: {}", short(&plan.digest()))).end();
    }
    if !plan.refusals.is_empty() {
        page.put(Role::Error, "Plan refused:").say(format_args!(" {}", refused(plan))).fold(2);
    }
}

/// What it means that a plan is refused.
pub(super) fn refused(plan: &Plan) -> String {
    let problems = count(plan.refusals.len(), "problem");
    format!("{problems} must be resolved before anything is applied.")
}
