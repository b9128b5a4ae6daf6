//! The fields of one change.

use similar::{ChangeTag, TextDiff};

use super::page::Page;
use super::style::Role;
use super::value::{last, lines, short};
use crate::diff::{Cause, Change, FieldChange};
use crate::value::Value;

/// Lines of a script's diff that stay around what differs.
const CONTEXT: usize = 3;

/// Writes the fields of an object that is made: all that will be set.
pub(super) fn created(page: &mut Page, change: &Change) {
    let width = change.fields.iter().map(|field| field.field.len()).max().unwrap_or(0);
    for field in &change.fields {
        match lines(&field.wanted) {
            Some(lines) if matches!(field.wanted, Value::Script(_)) || lines.len() > 1 => {
                head(page, Role::Add, "+", field.field);
                for line in lines {
                    page.say("          ").put(Role::Add, format_args!("+ {line}")).end();
                }
            }
            _ => {
                page.say("      ").put(Role::Add, "+");
                page.say(format_args!(" {:width$} = {}", field.field, short(&field.wanted))).end();
            }
        }
    }
}

/// Writes the fields that differ: the server's value, the manifest's, and who moved.
pub(super) fn changed(page: &mut Page, change: &Change) {
    for field in &change.fields {
        if !changed_lines(page, field) {
            page.say("      ").put(Role::Change, "~").say(format_args!(" {}: ", field.field));
            page.say(before(field)).put(Role::Quiet, " -> ").say(short(&field.wanted));
            cause(page, field);
            page.end();
        }
    }
}

fn head(page: &mut Page, role: Role, sign: &str, field: &str) {
    page.say("      ").put(role, sign).say(format_args!(" {field}:")).end();
}

/// What the server has; what the ledger has, where the server cannot tell.
fn before(field: &FieldChange) -> String {
    match &field.live {
        Some(live) => short(live),
        None => last(field).unwrap_or_else(|| "(not known)".to_owned()),
    }
}

fn cause(page: &mut Page, field: &FieldChange) {
    let role = Role::Warning;
    match (field.cause, last(field)) {
        (Cause::Yours, _) => page,
        (Cause::New, _) => page.put(Role::Quiet, "  (managed from now on)"),
        (Cause::Drift, Some(last)) => page.put(role, format_args!("  (drift: was {last} when last applied)")),
        (Cause::Drift, None) => page.put(role, "  (drift: changed on the server)"),
        (Cause::Both, Some(last)) => {
            page.put(role, format_args!("  (drift: was {last} when last applied; the manifest changed too)"))
        }
        (Cause::Both, None) => page.put(role, "  (drift: changed on the server; the manifest changed too)"),
    };
}

/// Writes a script or a set as a line diff; gives false for values of one line.
fn changed_lines(page: &mut Page, field: &FieldChange) -> bool {
    let Some(new) = lines(&field.wanted) else { return false };
    let Some(old) = field.live.as_ref().map_or(Some(Vec::new()), lines) else { return false };
    if field.live.is_none() && field.last.is_some() {
        return false;
    }
    page.say("      ").put(Role::Change, "~").say(format_args!(" {}:", field.field));
    cause(page, field);
    page.end();
    diff(page, &old, &new, if matches!(field.wanted, Value::Script(_)) { CONTEXT } else { 0 });
    true
}

/// Writes the lines in which two texts differ.
pub(super) fn diff(page: &mut Page, old: &[String], new: &[String], context: usize) {
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    for (n, group) in diff.grouped_ops(context).iter().enumerate() {
        if n > 0 && context > 0 {
            page.put(Role::Quiet, "          ...").end();
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ("-", Role::Destroy),
                ChangeTag::Insert => ("+", Role::Add),
                ChangeTag::Equal => (" ", Role::Quiet),
            };
            page.say("          ").put(role, format_args!("{sign} {}", change.value())).end();
        }
    }
}
