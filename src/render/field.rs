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
            put_cause(page, field);
            page.end();
        }
    }
}

fn head(page: &mut Page, role: Role, sign: &str, field: &str) {
    page.say("      ").put(role, sign).say(format_args!(" {field}:")).end();
}

/// What the server has; what the ledger has, where the server cannot tell.
pub(super) fn before(field: &FieldChange) -> String {
    match &field.live {
        Some(live) => short(live),
        None => last(field).unwrap_or_else(|| "(not known)".to_owned()),
    }
}

/// Who moved, in words; nothing where the manifest alone did.
pub(super) fn cause(field: &FieldChange) -> Option<String> {
    Some(match (field.cause, last(field)) {
        (Cause::Yours, _) => return None,
        (Cause::New, _) => "managed from now on".to_owned(),
        (Cause::Drift, Some(last)) => format!("drift: was {last} when last applied"),
        (Cause::Drift, None) => "drift: changed on the server".to_owned(),
        (Cause::Both, Some(last)) => format!("drift: was {last} when last applied; the manifest changed too"),
        (Cause::Both, None) => "drift: changed on the server; the manifest changed too".to_owned(),
    })
}

fn put_cause(page: &mut Page, field: &FieldChange) {
    let role = if field.cause == Cause::New { Role::Quiet } else { Role::Warning };
    if let Some(words) = cause(field) {
        page.put(role, format_args!("  ({words})"));
    }
}

/// Writes a script or a set as a line diff; gives false for values of one line.
fn changed_lines(page: &mut Page, field: &FieldChange) -> bool {
    let Some(lines) = by_lines(field) else { return false };
    page.say("      ").put(Role::Change, "~").say(format_args!(" {}:", field.field));
    put_cause(page, field);
    page.end();
    diff(page, &lines);
    true
}

/// One line of a line diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Both(String),
    Old(String),
    New(String),
    /// Lines are left out here: they do not differ.
    Gap,
}

/// A script or a set that changes, line by line; none for values of one line.
pub(super) fn by_lines(field: &FieldChange) -> Option<Vec<Line>> {
    let new = lines(&field.wanted)?;
    let old = field.live.as_ref().map_or(Some(Vec::new()), lines)?;
    if field.live.is_none() && field.last.is_some() {
        return None;
    }
    Some(compared(&old, &new, if matches!(field.wanted, Value::Script(_)) { CONTEXT } else { 0 }))
}

/// The lines in which two texts differ, and so many around them.
pub(super) fn compared(old: &[String], new: &[String], context: usize) -> Vec<Line> {
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut lines = Vec::new();
    for (n, group) in diff.grouped_ops(context).iter().enumerate() {
        if n > 0 && context > 0 {
            lines.push(Line::Gap);
        }
        lines.extend(group.iter().flat_map(|op| diff.iter_changes(op)).map(|change| {
            let text = change.value().to_owned();
            match change.tag() {
                ChangeTag::Delete => Line::Old(text),
                ChangeTag::Insert => Line::New(text),
                ChangeTag::Equal => Line::Both(text),
            }
        }));
    }
    lines
}

/// Writes a line diff.
pub(super) fn diff(page: &mut Page, lines: &[Line]) {
    for line in lines {
        page.say("          ");
        match line {
            Line::Gap => page.put(Role::Quiet, "..."),
            Line::Both(text) => page.put(Role::Quiet, format_args!("  {text}")),
            Line::Old(text) => page.put(Role::Destroy, format_args!("- {text}")),
            Line::New(text) => page.put(Role::Add, format_args!("+ {text}")),
        }
        .end();
    }
}
