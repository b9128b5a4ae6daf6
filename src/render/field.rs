//! The fields of one change.

use super::alike::apart;
use super::items::by_items;
use super::lines::{self, Line};
use super::page::Page;
use super::reason::is_version;
use super::shared::Rest;
use super::style::Role;
use super::value::{Shown, last, lines, lines_beside, short_of};
use crate::diff::{Cause, Change, FieldChange};
use crate::flux::format::format;
use crate::flux::parser::parse;
use crate::value::Value;

/// A drifted set of so many members is shown in one line.
const IN_ONE_LINE: usize = 3;

/// Writes the fields of an object that is made: all that will be set. Of scripts `rest` may be all that is to be shown.
pub(super) fn created(page: &mut Page, change: &Change, rest: Option<&Rest>) {
    let width = change.fields.iter().map(|field| field.field.len()).max().unwrap_or(0);
    for field in &change.fields {
        if let Some(rest) = rest.filter(|rest| rest.field == field.field) {
            put_rest(page, Role::Add, "+", rest);
            continue;
        }
        match lines(field.field, &field.wanted) {
            Some(lines) if matches!(field.wanted, Value::Script(_)) || lines.len() > 1 => {
                head(page, Role::Add, "+", field.field);
                for line in lines {
                    page.say("          ").put(Role::Add, format_args!("+ {line}")).end();
                }
            }
            _ => {
                page.say("      ").put(Role::Add, "+");
                page.say(format_args!(" {:width$} = {}", field.field, short_of(change.address.kind, field))).end();
            }
        }
    }
}

/// Writes the fields that differ: the server's value, the manifest's, and who moved. Of a script `rest` may be all that is to be shown.
pub(super) fn changed(page: &mut Page, change: &Change, rest: Option<&Rest>) {
    for field in &change.fields {
        if let Some(rest) = rest.filter(|rest| rest.field == field.field) {
            put_rest(page, Role::Change, "~", rest);
        } else if !changed_lines(page, field) {
            page.say("      ").put(Role::Change, "~").say(format_args!(" {}: ", field.field));
            let (before, after) = sides(field);
            page.say(before).put(Role::Quiet, " -> ").say(after);
            put_cause(page, field);
            page.end();
        }
    }
}

/// What is left of scripts whose libraries are shown elsewhere.
fn put_rest(page: &mut Page, role: Role, sign: &str, rest: &Rest) {
    page.say("      ").put(role, sign).say(format_args!(" {}:", rest.field));
    page.put(Role::Quiet, format_args!("  ({})", rest.words())).end();
    lines::write(page, &rest.lines);
}

fn head(page: &mut Page, role: Role, sign: &str, field: &str) {
    page.say("      ").put(role, sign).say(format_args!(" {field}:")).end();
}

/// A field before and after, so that both can be told apart.
pub(super) fn sides(field: &FieldChange) -> (String, String) {
    let (before, after) = before(field).beside(&Shown::of(field.field, &field.wanted));
    apart(&before, &after)
}

/// What the server has; what the ledger has, where the server cannot tell.
fn before(field: &FieldChange) -> Shown {
    match &field.live {
        Some(live) => Shown::of(field.field, live),
        None if is_first_version(field) => Shown::words("(unset)"),
        None => last(field).unwrap_or_else(|| Shown::words("(unknown)")),
    }
}

/// Whether it counts for the first time how often a secret was set: that sets the secret again.
fn is_first_version(field: &FieldChange) -> bool {
    field.cause == Cause::New && field.live.is_none() && is_version(field.field) && last(field).is_none()
}

/// Who moved, in words; nothing where the manifest alone did.
pub(super) fn cause(field: &FieldChange) -> Option<String> {
    Some(match (field.cause, last(field).map(|side| side.shown)) {
        (Cause::Yours, None) if matches!(field.wanted, Value::Source(_)) => "set again".to_owned(),
        // An address or list that is too long for the ledger is there as a digest.
        (Cause::Yours, None) if field.live.is_none() => "the last applied value is not recorded".to_owned(),
        (Cause::Yours, _) => return None,
        (Cause::New, _) if is_first_version(field) => "the secret is set again".to_owned(),
        (Cause::New, _) => "managed from now on".to_owned(),
        (Cause::Unfinished, _) if field.live.is_none() => "finish: possibly never set".to_owned(),
        (Cause::Unfinished, _) if leaves_only_secrets(field) => {
            "finish: what the server still keeps of its former secrets is deleted".to_owned()
        }
        (Cause::Unfinished, _) => "finish: an earlier run did not set it".to_owned(),
        (Cause::Run, _) => "the user of this run's token".to_owned(),
        (Cause::Drift, Some(last)) => format!("drift: was {last} when last applied"),
        (Cause::Drift, None) => "drift: changed on the server".to_owned(),
        (Cause::Both, Some(last)) => format!("drift: was {last} when last applied; the manifest changed too"),
        (Cause::Both, None) => "drift: changed on the server; the manifest changed too".to_owned(),
    })
}

/// Whether an earlier run set it, and may not have come to delete the secrets that it had before.
fn leaves_only_secrets(field: &FieldChange) -> bool {
    field.cause == Cause::Unfinished && field.live.as_ref().is_some_and(|live| live.is_like(&field.wanted))
}

fn put_cause(page: &mut Page, field: &FieldChange) {
    let quiet = matches!(field.cause, Cause::New | Cause::Unfinished);
    let role = if quiet { Role::Quiet } else { Role::Warning };
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
    lines::write(page, &lines);
    true
}

/// A script or a long set that somebody changed on the server, line by line; none for what fits in one line, and where it is not
/// known what it was.
pub(super) fn drift_by_lines(field: &FieldChange) -> Option<Vec<Line>> {
    // Where the manifest did not move, it still says what was applied.
    let (Cause::Drift, Some(live)) = (field.cause, &field.live) else { return None };
    if let Some(lines) = by_items(field.field, Some(&field.wanted), live) {
        return Some(lines);
    }
    let (was, is) = lines_beside(field.field, Some(&field.wanted), live)?;
    let long = matches!(field.wanted, Value::Script(_)) || was.len().max(is.len()) > IN_ONE_LINE;
    long.then(|| apart_by_lines(&was, &is, &field.wanted))
}

/// A script or a set that changes, line by line; none for values of one line.
pub(super) fn by_lines(field: &FieldChange) -> Option<Vec<Line>> {
    if field.live.is_none() && field.last.is_some() {
        return None;
    }
    if leaves_only_secrets(field) {
        return Some(Vec::new());
    }
    if let Some(lines) = by_items(field.field, field.live.as_ref(), &field.wanted) {
        return Some(lines);
    }
    let (old, new) = lines_beside(field.field, field.live.as_ref(), &field.wanted)?;
    Some(apart_by_lines(&old, &new, &field.wanted))
}

/// The lines of two values like `like` in which they differ.
fn apart_by_lines(old: &[String], new: &[String], like: &Value) -> Vec<Line> {
    if matches!(like, Value::Script(script) if script.is_flux()) {
        let lines = lines::of_scripts(old, new);
        return laid_out_alike(old, new).filter(|alike| count(alike) < count(&lines)).map_or(lines, |alike| {
            let note = Line::Note("both are laid out alike, as `fluxform flux fmt` does");
            [note].into_iter().chain(alike).collect()
        });
    }
    if matches!(like, Value::Script(_) | Value::List(_) | Value::Table(_)) {
        lines::of_scripts(old, new)
    } else {
        lines::of_sets(old, new)
    }
}

/// The lines in which two scripts differ that are laid out in the same way; none if they do not differ then, or are no Flux.
fn laid_out_alike(old: &[String], new: &[String]) -> Option<Vec<Line>> {
    let laid_out = |lines: &[String]| {
        let parsed = parse(&lines.join("\n"));
        parsed.is_sound().then(|| format(&parsed.script).lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let (old, new) = (laid_out(old)?, laid_out(new)?);
    (old != new).then(|| lines::of_scripts(&old, &new))
}

/// How many lines are new or gone.
fn count(lines: &[Line]) -> usize {
    lines.iter().filter(|line| matches!(line, Line::Old(_) | Line::New(_))).count()
}
