//! One resource of a plan.

use super::super::compact::{Alike, Tables};
use super::super::drift;
use super::super::field::{by_lines, cause, drift_by_lines, sides};
use super::super::human::{on_ledger, remarks};
use super::super::lines::{Line, Piece, marked, marks};
use super::super::reason::{lost, object, sign, threat};
use super::super::shared::{Library, Rest};
use super::super::value::{count, lines, short_of};
use super::fit::{Item, NAME, Rank};
use super::grave::is_grave;
use super::safe::{block, code, cut, folded};
use crate::address::few;
use crate::diff::{Action, Cause, Change, FieldChange};
use crate::evidence::Stake;
use crate::value::Value;

/// More lines than this are folded.
pub(super) const OPEN: usize = 12;
/// The lines of a field, and the characters of a line, that a resource with long values shows.
const SHORT: (usize, usize) = (12, 200);
/// The same of what gives rights, or says where a secret comes from or goes.
const SHORT_OF_RIGHTS: (usize, usize) = (60, 2_000);
/// Such lines of a resource of which there is room for nothing else.
const BRIEF: usize = 6;

/// What is said of a field, or of the whole resource.
pub(super) struct Part {
    pub(super) lines: Vec<String>,
    /// Whether this gives rights, or says where a secret comes from or goes.
    gives: bool,
    /// The field that has the resource's own key for its value, and says no more than its address.
    pub(super) is_key: Option<&'static str>,
}

/// A library that is shown once for several scripts.
pub(super) fn library(Library { name, addresses, scripts, action, lines }: &Library<'_>) -> Item {
    let named = code(format_args!("{} {name}", sign(*action)));
    let head = format!("**{named}** in {}: ", count(*scripts, "script"));
    let few = few(addresses.iter().map(code));
    let full = addresses.iter().map(code).collect::<Vec<_>>().join(", ");
    let part = Part { lines: line_diff(lines), gives: false, is_key: None };
    let short = part.short();
    let written = |addresses: &str, diff: &[String]| {
        let shown = block("diff", diff);
        let shown = if diff.len() > OPEN { folded(name, &shown) } else { shown };
        format!("{head}{addresses}\n\n{shown}\n")
    };
    Item {
        full: written(&full, &part.lines),
        short: short.map(|short| written(&few, &short)),
        brief: format!("{head}{few} (details omitted)\n\n"),
        name: Some(named),
        rank: Rank::Soon,
    }
}

/// A change on the server. Of its script `rest` may be all that is to be shown.
pub(super) fn change(change: &Change, rest: Option<&Rest>) -> Item {
    item(sign(change.action), change, &parts(change, rest))
}

/// What is said of a change on the server.
pub(super) fn parts(change: &Change, rest: Option<&Rest>) -> Vec<Part> {
    let remarks = remarks(change).into_iter().map(|remark| format!("# {remark}")).collect();
    let mut parts = vec![Part { lines: remarks, gives: false, is_key: None }];
    match change.action {
        Action::Create => parts.extend(created(change, rest)),
        Action::Update | Action::Replace => {
            parts.extend(change.fields.iter().map(|field| match rest.filter(|rest| rest.field == field.field) {
                None => Part::of(field, changed(field)),
                Some(rest) => Part::of(field, left(rest)),
            }));
        }
        Action::None | Action::Delete | Action::Forget => {}
    }
    parts
}

/// The instances of a `for_each` that change in the same way, of which each has its `items`: `all` says how many there are.
pub(super) fn alike(alike: &Alike<'_>, items: &[Item], all: &Tables<'_>) -> Item {
    let Alike { row, changes, differing, words } = alike;
    let (table, instances) = row.named(all);
    let (name, said) = (format!("{} {table}", sign(changes[0].action)), format!("{instances}{differing}{words}"));
    let head = |most: usize| format!("**{}** {}", code(cut(&name, most)), code(cut(said.trim(), most)));
    let with = |details: &str| format!("{}\n\n{}\n", head(usize::MAX), folded(&name, details));
    let first = items[0].short.as_ref().unwrap_or(&items[0].full);
    let briefs = || items.iter().map(|item| item.brief.as_str()).collect();
    let is_grave = changes.iter().any(|change| is_grave(change));
    Item {
        full: with(&items.iter().map(|item| item.full.as_str()).collect::<String>()),
        short: Some(with(first)),
        brief: if is_grave { briefs() } else { format!("{} (details omitted)\n\n", head(NAME)) },
        name: Some(code(cut(&format!("{name}{instances}"), NAME))),
        rank: items.iter().map(|item| item.rank).min().unwrap_or(Rank::Rest),
    }
}

/// What somebody changed on the server.
pub(super) fn drifted(change: &Change) -> Item {
    let gone = drift::gone(change).into_iter().map(|why| format!("! {why}")).collect();
    let mut parts = vec![Part { lines: gone, gives: false, is_key: None }];
    for field in change.fields.iter().filter(|field| matches!(field.cause, Cause::Drift | Cause::Both)) {
        let lines = match drift_by_lines(field) {
            Some(lines) => [format!("# {}:", field.field)].into_iter().chain(line_diff(&lines)).collect(),
            None => {
                let (was, is) = drift::sides(field);
                vec![format!("- {} = {was}", field.field), format!("+ {} = {is}", field.field)]
            }
        };
        parts.push(Part::of(field, lines));
    }
    item("!", change, &parts)
}

/// What is at stake for a change.
pub(super) fn stake(change: &Change, at_stake: &Stake) -> Item {
    let (address, lost) = (change.address.to_string(), lost(change.address.kind, at_stake));
    Item::line(|most| format!("- **{}** {}: {}\n", code(cut(&address, most)), threat(change), code(cut(&lost, most))))
        .named(code(cut(&address, NAME)))
}

/// What only the ledger sees.
pub(super) fn ledger(change: &Change) -> Vec<Item> {
    let address = change.address.to_string();
    let line = |(verb, words): (&str, String)| {
        Item::line(|most| {
            let words = cut(words.trim_start_matches([':', ' ']), most);
            let words = if words.is_empty() { String::new() } else { format!(": {}", code(words)) };
            format!("- {verb} **{}**{words}\n", code(cut(&address, most)))
        })
    };
    on_ledger(change).into_iter().map(line).collect()
}

fn item(sign: &str, change: &Change, parts: &[Part]) -> Item {
    let (name, target) = (format!("{sign} {}", change.address), change.object.as_ref().map(object));
    let named = code(cut(&name, NAME));
    let head = |most: usize| {
        let target = target.as_ref().map(|target| format!(" {}", code(cut(target, most))));
        format!("**{}**{}", code(cut(&name, most)), target.unwrap_or_default())
    };
    if parts.iter().all(|part| part.lines.is_empty()) {
        return Item::line(|most| format!("{}\n\n", head(most))).named(named);
    }
    let written = |diff: &[String]| {
        let shown = block("diff", diff);
        if diff.len() > OPEN {
            let summary = [Some(&name), target.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
            format!("{}\n", folded(summary, &shown))
        } else {
            format!("{}\n\n{shown}\n", head(usize::MAX))
        }
    };
    let rights = parts.iter().filter(|part| part.gives).flat_map(|part| &part.lines);
    let rights: Vec<String> = rights.take(BRIEF).map(|line| format!(" {}", code(cut(line, SHORT.1)))).collect();
    let all = |parts: Vec<Vec<String>>| parts.concat();
    let short = parts
        .iter()
        .any(|part| part.short().is_some())
        .then(|| written(&all(parts.iter().map(|part| part.short().unwrap_or_else(|| part.lines.clone())).collect())));
    Item {
        full: written(&all(parts.iter().map(|part| part.lines.clone()).collect())),
        short,
        brief: format!("{} (details omitted){}\n\n", head(NAME), rights.concat()),
        name: Some(named),
        rank: Rank::Rest,
    }
}

impl Part {
    fn of(field: &FieldChange, lines: Vec<String>) -> Self {
        let gives = matches!(field.wanted, Value::Scopes(_) | Value::Sinks(_) | Value::Source(_));
        Self { lines, gives, is_key: None }
    }

    /// The lines with what is long shortened; none where nothing is.
    pub(super) fn short(&self) -> Option<Vec<String>> {
        let (most, wide) = if self.gives { SHORT_OF_RIGHTS } else { SHORT };
        let is_wide = |line: &String| line.chars().nth(wide).is_some();
        if self.lines.len() <= most && !self.lines.iter().any(is_wide) {
            return None;
        }
        let cut_all = |lines: &[String]| lines.iter().map(|line| cut(line, wide).into_owned()).collect::<Vec<_>>();
        let Some(left) = self.lines.len().checked_sub(most).filter(|left| *left > 0) else {
            return Some(cut_all(&self.lines));
        };
        let tail = most / 4;
        let (head, end) = (&self.lines[..most - tail], &self.lines[self.lines.len() - tail..]);
        Some([cut_all(head), vec![format!("# ... ({})", count(left, "more line"))], cut_all(end)].concat())
    }
}

/// What is left of scripts whose libraries are shown elsewhere.
fn left(rest: &Rest) -> Vec<String> {
    let head = format!("# {}: {}", rest.field, rest.words());
    [head].into_iter().chain(line_diff(&rest.lines)).collect()
}

/// All that is set in a new object.
fn created(change: &Change, rest: Option<&Rest>) -> impl Iterator<Item = Part> {
    let width = change.fields.iter().map(|field| field.field.len()).max().unwrap_or(0);
    change.fields.iter().map(move |differs| {
        let FieldChange { field, wanted, .. } = differs;
        if let Some(rest) = rest.filter(|rest| rest.field == *field) {
            return Part::of(differs, left(rest));
        }
        let shown = match lines(field, wanted) {
            Some(lines) if matches!(wanted, Value::Script(_)) || lines.len() > 1 => {
                let lines = lines.into_iter().map(|line| format!("+     {line}"));
                [format!("+ {field}:")].into_iter().chain(lines).collect()
            }
            _ => vec![format!("+ {field:width$} = {}", short_of(change.address.kind, differs))],
        };
        let names = change.address.kind.naming().any(|part| part.name == *field);
        let is_key = matches!(wanted, Value::Text(text) if names && **text == *change.address.key);
        let is_key = is_key.then_some(*field);
        Part { is_key, ..Part::of(differs, shown) }
    })
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
