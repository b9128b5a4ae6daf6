//! One resource of a plan.

use super::super::drift;
use super::super::field::{by_lines, cause, drift_by_lines, sides};
use super::super::human::{on_ledger, remarks};
use super::super::lines::{Line, Piece, marked, marks};
use super::super::reason::{lost, object, sign, threat};
use super::super::shared::{Library, Rest};
use super::super::value::{count, lines, short_of};
use super::fit::Item;
use super::safe::{block, code, folded};
use crate::address::few;
use crate::diff::{Action, Cause, Change, FieldChange};
use crate::evidence::Stake;
use crate::value::Value;

/// More lines than this are folded.
const OPEN: usize = 12;

/// A library, whose change is that of several scripts.
pub(super) fn library(Library { name, addresses, lines }: &Library<'_>) -> Item {
    let named = code(format_args!("{} {name}", sign(Action::Update)));
    let head = format!("**{named}** in {}: ", count(addresses.len(), "script"));
    let full = addresses.iter().map(code).collect::<Vec<_>>().join(", ");
    let brief = format!("{head}{} (details omitted)\n\n", few(addresses.iter().map(code)));
    let diff = line_diff(lines);
    let shown = block("diff", &diff);
    let shown = if diff.len() > OPEN { folded(name, &shown) } else { shown };
    Item { full: format!("{head}{full}\n\n{shown}\n"), brief, name: Some(named) }
}

/// A change on the server. Of its script `rest` may be all that is to be shown.
pub(super) fn change(change: &Change, rest: Option<&Rest>) -> Item {
    let mut diff: Vec<String> = remarks(change).into_iter().map(|remark| format!("# {remark}")).collect();
    match change.action {
        Action::Create => diff.extend(created(change)),
        Action::Update | Action::Replace => {
            diff.extend(change.fields.iter().flat_map(|field| match rest.filter(|rest| rest.field == field.field) {
                None => changed(field),
                Some(rest) => {
                    let head = format!("# {}: {}", field.field, rest.words());
                    [head].into_iter().chain(line_diff(&rest.lines)).collect()
                }
            }));
        }
        Action::None | Action::Delete | Action::Forget => {}
    }
    item(sign(change.action), change, &diff)
}

/// What somebody changed on the server.
pub(super) fn drifted(change: &Change) -> Item {
    let mut diff: Vec<String> = drift::gone(change).into_iter().map(|why| format!("! {why}")).collect();
    for field in change.fields.iter().filter(|field| matches!(field.cause, Cause::Drift | Cause::Both)) {
        if let Some(lines) = drift_by_lines(field) {
            diff.push(format!("# {}:", field.field));
            diff.extend(line_diff(&lines));
            continue;
        }
        let (was, is) = drift::sides(field);
        diff.push(format!("- {} = {was}", field.field));
        diff.push(format!("+ {} = {is}", field.field));
    }
    item("!", change, &diff)
}

/// What is at stake for a change.
pub(super) fn stake(change: &Change, at_stake: &Stake) -> Item {
    Item::line(format!(
        "- **{}** {}: {}\n",
        code(&change.address),
        threat(change),
        code(lost(change.address.kind, at_stake))
    ))
    .named(code(&change.address))
}

/// What only the ledger sees.
pub(super) fn ledger(change: &Change) -> Vec<Item> {
    let line = |(verb, words): (&str, String)| {
        let words = words.trim_start_matches([':', ' ']);
        let words = if words.is_empty() { String::new() } else { format!(": {}", code(words)) };
        Item::line(format!("- {verb} **{}**{words}\n", code(&change.address)))
    };
    on_ledger(change).into_iter().map(line).collect()
}

fn item(sign: &str, change: &Change, diff: &[String]) -> Item {
    let name = format!("{sign} {}", change.address);
    let named = code(&name);
    let target = change.object.as_ref().map(object);
    let target_code = target.as_ref().map(|target| format!(" {}", code(target))).unwrap_or_default();
    let head = format!("**{}**{target_code}", code(&name));
    if diff.is_empty() {
        return Item::line(format!("{head}\n\n")).named(named);
    }
    let brief = format!("{head} (details omitted)\n\n");
    let diff_block = block("diff", diff);
    let full = if diff.len() > OPEN {
        let summary = [Some(name), target].into_iter().flatten().collect::<Vec<_>>().join(" ");
        format!("{}\n", folded(summary, &diff_block))
    } else {
        format!("{head}\n\n{diff_block}\n")
    };
    Item { full, brief, name: Some(named) }
}

/// All that is set in a new object.
fn created(change: &Change) -> Vec<String> {
    let width = change.fields.iter().map(|field| field.field.len()).max().unwrap_or(0);
    let mut diff = Vec::new();
    for differs in &change.fields {
        let FieldChange { field, wanted, .. } = differs;
        match lines(field, wanted) {
            Some(lines) if matches!(wanted, Value::Script(_)) || lines.len() > 1 => {
                diff.push(format!("+ {field}:"));
                diff.extend(lines.into_iter().map(|line| format!("+     {line}")));
            }
            _ => diff.push(format!("+ {field:width$} = {}", short_of(change.address.kind, differs))),
        }
    }
    diff
}

/// A field that differs.
fn changed(field: &FieldChange) -> Vec<String> {
    let name = field.field;
    let mut diff: Vec<String> = cause(field).into_iter().map(|words| format!("! {name}: {words}")).collect();
    let Some(lines) = by_lines(field) else {
        let (before, after) = sides(field);
        diff.push(format!("- {name} = {before}"));
        diff.push(format!("+ {name} = {after}"));
        return diff;
    };
    diff.push(format!("# {name}:"));
    diff.extend(line_diff(&lines));
    diff
}

/// The lines of a line diff.
fn line_diff(lines: &[Line]) -> Vec<String> {
    let mut diff = Vec::new();
    let text = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text.as_str()).collect::<String>();
    for (line, marked) in lines.iter().zip(marked(lines)) {
        match line {
            // No line of a comment may begin with what could be read as a mention.
            Line::Hunk(text) => diff.push(format!("# {text}")),
            Line::Note(text) => diff.push(format!("# {text}")),
            Line::Both(text) => diff.push(format!("      {text}")),
            Line::Old(pieces) => diff.push(format!("-     {}", text(pieces))),
            Line::New(pieces) => diff.push(format!("+     {}", text(pieces))),
        }
        if let Line::Old(pieces) | Line::New(pieces) = line
            && let Some(marks) = marks(pieces).filter(|_| marked)
        {
            diff.push(format!("      {marks}"));
        }
    }
    diff
}
