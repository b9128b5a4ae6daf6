//! One line for each resource, and one for all instances of a `for_each` that go the same way.

use std::collections::HashMap;

use super::field::{by_lines, sides};
use super::human::{on_ledger, released, role, settings, verb_width};
use super::lines::Line;
use super::page::Page;
use super::reason::{listed, lost, reason, sign, threat};
use super::shared::{Rest, Shared};
use super::style::{Look, Role};
use super::{drift, human};
use crate::address::Address;
use crate::diff::{Action, Cause, Change, FieldChange};
use crate::kind::Kind;
use crate::plan::Plan;

/// A value of more characters is only named.
const SHORT: usize = 40;
/// Of a part of the instances, so many are named.
const NAMED: usize = 6;

/// Resources that share a line.
pub(super) struct Row<'a> {
    /// The first of them.
    address: &'a Address,
    instances: Vec<&'a str>,
    /// What is said of all of them.
    words: String,
}

/// One line for each resource, and for all instances of one table of which the same is said.
pub(super) fn rows<'a>(items: impl IntoIterator<Item = (&'a Address, String)>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut known: HashMap<(Kind, &'a str, String), usize> = HashMap::new();
    for (address, words) in items {
        let Some(instance) = address.instance.as_deref() else {
            rows.push(Row { address, instances: Vec::new(), words });
            continue;
        };
        let row = *known.entry((address.kind, &address.key, words.clone())).or_insert_with(|| {
            rows.push(Row { address, instances: Vec::new(), words });
            rows.len() - 1
        });
        rows[row].instances.push(instance);
    }
    rows
}

/// How many instances each table has.
pub(super) type Tables<'a> = HashMap<(Kind, &'a str), usize>;

/// That of the tables of all addresses.
pub(super) fn tables<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Tables<'a> {
    let mut tables = HashMap::new();
    for address in addresses.into_iter().filter(|address| address.instance.is_some()) {
        *tables.entry((address.kind, &*address.key)).or_insert(0) += 1;
    }
    tables
}

impl Row<'_> {
    /// The address, or the table, and then how many of its instances are meant, of `all` that it has.
    pub(super) fn named(&self, all: &Tables<'_>) -> (String, String) {
        let many = match self.instances.as_slice() {
            [] | [_] => return (self.address.to_string(), String::new()),
            many => many,
        };
        let table = format!("{}[*]", self.address.table());
        let all = all.get(&(self.address.kind, &*self.address.key)).copied().unwrap_or(many.len());
        if all <= many.len() {
            return (table, format!(" ({} instances)", many.len()));
        }
        let mut named = many.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if many.len() > NAMED {
            named.push_str(&format!(", {} more", many.len() - NAMED));
        }
        (table, format!(" ({} of {all} instances: {named})", many.len()))
    }

    /// Writes that.
    pub(super) fn put(&self, page: &mut Page, all: &Tables<'_>) {
        let (name, instances) = self.named(all);
        page.put(Role::Strong, name).put(Role::Quiet, instances);
    }

    /// What is said of all of them.
    pub(super) fn words(&self) -> &str {
        &self.words
    }
}

/// Changes of which the same is said.
pub(super) struct Alike<'a> {
    pub(super) row: Row<'a>,
    pub(super) changes: Vec<&'a Change>,
    /// In which fields they differ,
    pub(super) differing: String,
    /// and what else is said of them.
    pub(super) words: String,
}

/// The changes by what is said of them: each by itself, and the instances of a `for_each` that go the same way together.
pub(super) fn alike<'a>(changes: &[&'a Change], shared: &Shared<'_>) -> Vec<Alike<'a>> {
    // Rows go by their words, so the sign is one of them.
    let items = changes
        .iter()
        .map(|change| (&change.address, format!("{}\n{}", sign(change.action), said(change, shared.rest(change)))));
    let known: HashMap<&Address, &'a Change> = changes.iter().map(|change| (&change.address, *change)).collect();
    let of = |row: Row<'a>| {
        let members = row.instances.iter().filter_map(|key| known.get(&row.address.table().at(*key)).copied());
        let mut changes: Vec<_> = members.collect();
        if changes.is_empty() {
            changes.push(known[row.address]);
        }
        let (_, words) = row.words.split_once('\n').unwrap_or_default();
        Alike { differing: differing(&changes), words: words.to_owned(), changes, row }
    };
    rows(items).into_iter().map(of).collect()
}

/// Writes changes on the server.
pub(super) fn changes(page: &mut Page, plan: &Plan, changes: &[&Change], shared: &Shared<'_>) {
    let all = tables(plan.changes.iter().map(|change| &change.address));
    for Alike { row, changes, differing, words } in alike(changes, shared) {
        let action = changes[0].action;
        page.put(role(action), format_args!("{:>3}", sign(action))).say(" ");
        row.put(page, &all);
        page.put(Role::Quiet, differing).say(words).end();
    }
}

/// In which fields the instances of a row differ, in words.
fn differing(members: &[&Change]) -> String {
    let [first, rest @ ..] = members else { return String::new() };
    let of =
        |change: &Change, field: &str| change.fields.iter().find(|of| of.field == field).map(|of| of.wanted.clone());
    let differs =
        |field: &&FieldChange| rest.iter().any(|other| of(other, field.field).as_ref() != Some(&field.wanted));
    let names: Vec<&str> = first.fields.iter().filter(differs).map(|field| field.field).collect();
    if names.is_empty() { String::new() } else { format!(", each with its own {}", listed(names)) }
}

/// What happens to a resource besides its action. Of its script `rest` may be all that is to be shown.
fn said(change: &Change, rest: Option<&Rest>) -> String {
    let mut words = String::new();
    if matches!(change.action, Action::Update | Action::Replace) {
        let rest = |field: &FieldChange| rest.filter(|rest| rest.field == field.field);
        let field = |field| match rest(field) {
            None => changed(field),
            Some(rest) if rest.lines.is_empty() => format!("{} ({})", rest.field, rest.words()),
            Some(rest) => format!("{} {}", rest.field, lines_changed(&rest.lines)),
        };
        let fields: Vec<_> = change.fields.iter().map(field).collect();
        words = format!("  {}", fields.join(", "));
    }
    let mut remarks: Vec<String> = reason(&change.reason, change.address.kind).into_iter().collect();
    remarks.extend(human::rotated(change));
    if change.adopts {
        remarks.push("adopted".to_owned());
    }
    if let Some(from) = &change.moved_from {
        // Those that keep their instance share a line.
        let same = from.instance.is_some() && from.instance == change.address.instance;
        remarks.push(format!("was {}", if same { format!("{}[*]", from.table()) } else { from.to_string() }));
    }
    if !change.released.is_empty() {
        remarks.push(released(change));
    }
    remarks.extend(human::also_deleted(change));
    remarks.extend(change.turn().map(|turn| format!("{} in the ledger: {}", turn.word(), settings(change))));
    if change.unverified {
        remarks.push("unverified".to_owned());
    }
    if words.trim().is_empty() {
        words.clear();
    }
    if !remarks.is_empty() {
        words.push_str(&format!("  # {}", remarks.join("; ")));
    }
    words
}

/// A field that differs, in few words.
fn changed(field: &FieldChange) -> String {
    let drift = match field.cause {
        Cause::Drift | Cause::Both => " (drift)",
        Cause::Unfinished => " (finish)",
        Cause::Yours | Cause::New | Cause::Run => "",
    };
    if let Some(lines) = by_lines(field) {
        return format!("{} {}{drift}", field.field, lines_changed(&lines));
    }
    let (before, after) = sides(field);
    match before.chars().count().max(after.chars().count()) {
        0..=SHORT => format!("{} {before} -> {after}{drift}", field.field),
        _ => format!("{}{drift}", field.field),
    }
}

/// How many lines are new, and how many are gone.
pub(super) fn lines_changed(lines: &[Line]) -> String {
    let count = |new: bool| {
        lines.iter().filter(|line| matches!((line, new), (Line::New(_), true) | (Line::Old(_), false))).count()
    };
    format!("(+{} -{})", count(true), count(false))
}

/// Writes what data may be lost.
pub(super) fn at_stake(page: &mut Page, plan: &Plan) {
    let all = tables(plan.changes.iter().map(|change| &change.address));
    let stakes = plan.changes.iter().filter_map(|change| {
        let stake = plan.at_stake.get(&change.address)?;
        let sign = if stake.is_nothing() { " " } else { "!" };
        Some((&change.address, format!("{sign}\n {}: {}", threat(change), lost(change.address.kind, stake))))
    });
    for row in rows(stakes) {
        let (sign, words) = row.words.split_once('\n').unwrap_or_default();
        let role = if sign == "!" { Role::Warning } else { Role::Quiet };
        page.say("  ").put(role, "!").say(" ");
        row.put(page, &all);
        page.put(role, words).fold(6);
    }
}

/// Writes what only the ledger sees.
pub(super) fn ledger(page: &mut Page, plan: &Plan, changes: &[&Change]) {
    let all = tables(plan.changes.iter().map(|change| &change.address));
    let width = verb_width(changes);
    let verbs = changes.iter().flat_map(|change| {
        let lone = change.address.instance.is_none();
        on_ledger(change).into_iter().map(move |(verb, words)| {
            // The others name an object, which no two instances share.
            let shared = lone || change.turn().is_some_and(|turn| turn.word() == verb);
            (&change.address, format!("{verb:<width$}\n{}", if shared { words } else { String::new() }))
        })
    });
    for row in rows(verbs) {
        let (verb, words) = row.words.split_once('\n').unwrap_or_default();
        page.say("  ").put(Role::Ledger, verb);
        row.put(page, &all);
        page.say(words).end();
    }
}

/// Writes what drifted.
pub(super) fn drifted(page: &mut Page, plan: &Plan, changes: &[&Change]) {
    let all = tables(plan.changes.iter().map(|change| &change.address));
    let said = |change: &Change| {
        let why = drift::gone(change).into_iter();
        let fields = change.fields.iter().filter(|field| matches!(field.cause, Cause::Drift | Cause::Both));
        let fields = fields.map(|field| {
            let (was, is) = drift::sides(field);
            match was.chars().count().max(is.chars().count()) {
                0..=SHORT => format!("{} was {was}, is {is}", field.field),
                _ => field.field.to_owned(),
            }
        });
        why.chain(fields).collect::<Vec<_>>().join("; ")
    };
    for row in rows(changes.iter().map(|change| (&change.address, said(change)))) {
        page.say("  ");
        row.put(page, &all);
        page.say("  ").put(Role::Warning, row.words()).end();
    }
}

/// One line for each resource, with a word on it.
pub fn brief<'a>(items: impl IntoIterator<Item = (&'a Address, &'static str)>, look: Look) -> String {
    let items: Vec<_> = items.into_iter().collect();
    let all = tables(items.iter().map(|(address, _)| *address));
    let mut page = Page::new(look);
    for row in rows(items.iter().map(|(address, word)| (*address, (*word).to_owned()))) {
        row.put(&mut page, &all);
        page.say("  ").put(Role::Quiet, row.words()).end();
    }
    page.finish()
}
