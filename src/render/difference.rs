//! What a plan has become since it was reviewed, for people.

use super::alike::apart;
use super::items;
use super::lines::{self, Line};
use super::page::Page;
use super::reason::{lost, reason};
use super::style::{Look, Role};
use super::value::{self, Shown, last, short};
use crate::diff::{Action, FieldChange, Reason};
use crate::kind::Kind;
use crate::plan::{Difference, Part, Side};
use crate::redact::{ANOTHER, HIDDEN};
use crate::value::Value;

/// All differences, each side by side.
pub fn difference(differences: &[Difference], look: Look) -> String {
    let mut page = Page::new(look);
    page.heading("Not the plan that was reviewed:");
    for difference in differences {
        one(&mut page, difference);
    }
    page.finish()
}

/// One address, its two sides one after the other.
pub(super) fn one(page: &mut Page, difference: &Difference) {
    let Difference { address, reviewed, now, stake } = difference;
    page.say("  ").put(Role::Strong, address).end();
    let does = |side: &Option<Side>| match side {
        None => "nothing to do".to_owned(),
        Some(side) => does(side.change.action, side.change.adopts).to_owned(),
    };
    if reviewed.is_none() || now.is_none() {
        sides(page, "      ", &does(reviewed), &does(now));
    }
    for part in difference.parts() {
        match part {
            Part::Action(a, b) => {
                named(page, "what happens");
                sides(page, "        ", does_alone(a), does_alone(b));
            }
            Part::Reason(a, b) => {
                named(page, "why");
                sides(page, "        ", &why(a, address.kind), &why(b, address.kind));
            }
            Part::Field(name, a, b) if [a, b].into_iter().flatten().any(|field| items(field).is_some()) => {
                named(page, name);
                by_items(page, Role::Destroy, "reviewed:", a);
                by_items(page, Role::Add, "now:", b);
            }
            Part::Field(name, a, b) => {
                named(page, name);
                let (reviewed, mut now) = (value(a), value(b));
                if reviewed == now {
                    now = now.replace(HIDDEN, ANOTHER);
                }
                sides(page, "        ", &reviewed, &now);
                script(page, a.and_then(|field| field.live.as_ref()), b.and_then(|field| field.live.as_ref()));
                script(page, a.map(|field| &field.wanted), b.map(|field| &field.wanted));
            }
            Part::Other(name, a, b) => {
                named(page, name);
                sides(page, "        ", &a, &b);
            }
        }
    }
    if let Some((agreed, at_stake)) = stake {
        named(page, "data at stake");
        let agreed = agreed.as_ref().map_or_else(|| "nothing".to_owned(), |agreed| lost(address.kind, agreed));
        sides(page, "        ", &agreed, &lost(address.kind, at_stake));
    }
}

fn named(page: &mut Page, name: &str) {
    page.say("      ").say(name).end();
}

fn sides(page: &mut Page, indent: &str, reviewed: &str, now: &str) {
    let (reviewed, now) = apart(reviewed, now);
    page.say(indent).put(Role::Destroy, "reviewed: ").say(reviewed).end();
    page.say(indent).put(Role::Add, "now:      ").say(now).end();
}

const fn does(action: Action, adopts: bool) -> &'static str {
    match (action, adopts) {
        (Action::None, true) => "adopt (ledger only)",
        _ => does_alone(action),
    }
}

const fn does_alone(action: Action) -> &'static str {
    match action {
        Action::None => "a change to the ledger only",
        Action::Create => "create",
        Action::Update => "change in place",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Forget => "forget (ledger only)",
    }
}

fn why(of: &Reason, kind: Kind) -> String {
    reason(of, kind).unwrap_or_else(|| match of {
        Reason::New => "it does not exist".to_owned(),
        Reason::Destroy => "everything is destroyed".to_owned(),
        _ => "fields differ".to_owned(),
    })
}

fn value(field: Option<&FieldChange>) -> String {
    let Some(field) = field else { return "not changed".to_owned() };
    match field.live.as_ref().map(|live| Shown::of(field.field, live)).or_else(|| last(field)) {
        Some(before) => {
            let (before, after) = before.beside(&Shown::of(field.field, &field.wanted));
            format!("{before} -> {after}")
        }
        None => short(field.field, &field.wanted),
    }
}

/// The lines in which a table with items changes; none of what is no such table.
fn items(field: &FieldChange) -> Option<Vec<Line>> {
    items::by_items(field.field, field.live.as_ref(), &field.wanted)
}

/// One side of such a change.
fn by_items(page: &mut Page, role: Role, side: &str, field: Option<&FieldChange>) {
    page.say("        ").put(role, side);
    match field.and_then(items) {
        Some(lines) => lines::write(page.end(), &lines),
        None => {
            page.say(" ").say(value(field)).end();
        }
    }
}

/// The lines in which two scripts differ.
fn script(page: &mut Page, a: Option<&Value>, b: Option<&Value>) {
    if let (Some(a @ Value::Script(_)), Some(b @ Value::Script(_))) = (a, b)
        && a != b
        && let (Some(a), Some(b)) = (value::lines("", a), value::lines("", b))
    {
        lines::write(page, &lines::of_scripts(&a, &b));
    }
}
