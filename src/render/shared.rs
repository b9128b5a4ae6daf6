//! Libraries: what one does to several scripts alike is shown once, and so is one that comes with new scripts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::human::remarks;
use super::items::by_items_but;
use super::lines::{self, Line};
use super::value::{lines as lines_of, lines_beside};
use crate::address::Address;
use crate::diff::{Action, Cause, Change, FieldChange};
use crate::flux::library::{END, USE};
use crate::value::Value;

/// What libraries do to the scripts of some changes.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    /// The libraries, in the order of the first script of each.
    pub(super) libraries: Vec<Library<'a>>,
    rests: HashMap<&'a Address, Rest>,
}

/// A library that changes several scripts alike, or comes with new ones.
#[derive(Debug)]
pub(super) struct Library<'a> {
    /// Its path in the project.
    pub(super) name: String,
    /// Whose scripts they are.
    pub(super) addresses: Vec<&'a Address>,
    /// How many scripts these are.
    pub(super) scripts: usize,
    /// Whether it comes, goes or changes.
    pub(super) action: Action,
    /// The lines that differ.
    pub(super) lines: Vec<Line>,
}

/// What is left of a change of scripts whose libraries are shown elsewhere.
#[derive(Debug)]
pub(super) struct Rest {
    /// The field with the scripts.
    pub(super) field: &'static str,
    /// The libraries that are shown elsewhere.
    pub(super) libraries: Vec<String>,
    /// The other lines that differ.
    pub(super) lines: Vec<Line>,
    /// Whether nothing else changes.
    is_all: bool,
}

/// The lines of a script, or of several, each with the library that it is of.
struct Parts(Vec<(Option<String>, String)>);

impl<'a> Shared<'a> {
    /// Of what a plan does in the order in which it is shown.
    pub(super) fn of(changes: &[&'a Change]) -> Self {
        let scripts: Vec<_> = changes.iter().map(|change| (*change, Script::all(change))).collect();
        let mut count: HashMap<(&str, &Sides), usize> = HashMap::new();
        for (name, sides) in scripts.iter().flat_map(|(_, scripts)| scripts).flat_map(|script| &script.libraries) {
            *count.entry((name.as_str(), sides)).or_insert(0) += 1;
        }
        let is_folded = |script: &Script<'_>, name: &str, sides: &Sides| script.is_new || count[&(name, sides)] > 1;
        let mut shared = Self::default();
        let mut known: HashMap<(&str, &Sides), usize> = HashMap::new();
        for (change, scripts) in &scripts {
            for script in scripts {
                for (name, sides) in script.libraries.iter().filter(|(name, sides)| is_folded(script, name, sides)) {
                    let at = *known.entry((name.as_str(), sides)).or_insert_with(|| {
                        shared.libraries.push(Library::new(name, sides));
                        shared.libraries.len() - 1
                    });
                    shared.libraries[at].add(&change.address);
                }
            }
            let rest = rest(change, scripts, is_folded);
            shared.rests.extend(rest.map(|rest| (&change.address, rest)));
        }
        shared
    }

    /// What is left of a change whose libraries are shown elsewhere.
    pub(super) fn rest(&self, change: &Change) -> Option<&Rest> {
        self.rests.get(&change.address)
    }

    /// Whether all of a change is shown with a library.
    pub(super) fn is_all(&self, change: &Change) -> bool {
        self.rest(change).is_some_and(|rest| rest.is_all)
    }
}

impl<'a> Library<'a> {
    fn new(name: &str, sides: &Sides) -> Self {
        let (old, new) = sides;
        let (action, lines) = match (old.is_empty(), new.is_empty()) {
            (true, false) => (Action::Create, lines::of_sets(old, new)),
            (false, true) => (Action::Delete, lines::of_sets(old, new)),
            _ => (Action::Update, lines::of_scripts(old, new)),
        };
        Self { name: name.to_owned(), addresses: Vec::new(), scripts: 0, action, lines }
    }

    fn add(&mut self, address: &'a Address) {
        self.scripts += 1;
        if self.addresses.last() != Some(&address) {
            self.addresses.push(address);
        }
    }
}

impl Rest {
    /// What is said of the libraries that are shown elsewhere.
    pub(super) fn words(&self) -> String {
        format!("with {} as above", super::reason::listed(&self.libraries))
    }
}

/// What is left of a change without the libraries that are folded; none where none of its libraries is.
fn rest(
    change: &Change,
    scripts: &[Script<'_>],
    is_folded: impl Fn(&Script<'_>, &str, &Sides) -> bool,
) -> Option<Rest> {
    // Of an item only what is shown elsewhere for all of its scripts can be left out.
    let mut folded: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for script in scripts {
        let names = script.libraries.iter().filter(|(name, sides)| is_folded(script, name, sides));
        folded.entry(script.item).or_default().extend(names.map(|(name, _)| name.as_str()));
    }
    for script in scripts {
        for (name, _) in script.libraries.iter().filter(|(name, sides)| !is_folded(script, name, sides)) {
            folded.entry(script.item).or_default().remove(name.as_str());
        }
    }
    let libraries: BTreeSet<&str> = folded.values().flatten().copied().collect();
    let field = scripts.first()?.field;
    if libraries.is_empty() {
        return None;
    }
    let without = |item: &str, lines: Vec<String>| match folded.get(item) {
        Some(names) => Parts::of(lines).without(names),
        None => lines,
    };
    let lines = match (field.live.as_ref(), change.action) {
        (live, Action::Update) => match by_items_but(field.field, live, &field.wanted, without) {
            Some(lines) => lines,
            None => {
                let (old, new) = lines_beside(field.field, live, &field.wanted)?;
                let [old, new] = [old, new].map(|lines| without(ALONE, lines));
                if old == new { Vec::new() } else { lines::of_scripts(&old, &new) }
            }
        },
        // All that is new.
        _ => lines::of_sets(&[], &Parts::of(lines_of(field.field, &field.wanted)?).without(&libraries)),
    };
    let is_all =
        change.action == Action::Update && lines.is_empty() && change.fields.len() == 1 && remarks(change).is_empty();
    Some(Rest { field: field.field, libraries: libraries.into_iter().map(str::to_owned).collect(), lines, is_all })
}

/// The lines of something before and after.
type Sides = (Vec<String>, Vec<String>);

/// The item of a script that is a field by itself.
const ALONE: &str = "";

/// A script that is new, or that changes.
struct Script<'a> {
    field: &'a FieldChange,
    /// The key of what has it among others, such as a dashboard's cell.
    item: &'a str,
    is_new: bool,
    /// The libraries that differ.
    libraries: Vec<(String, Sides)>,
}

impl<'a> Script<'a> {
    /// The scripts of a change that only the manifests have made, as far as they have libraries.
    fn all(change: &'a Change) -> Vec<Self> {
        let is_new = match change.action {
            Action::Create => true,
            Action::Update => false,
            _ => return Vec::new(),
        };
        let is_ours = |field: &&FieldChange| match field.live {
            None => is_new,
            Some(_) => field.cause == Cause::Yours,
        };
        let of = |field| pairs(field, ALONE, field.live.as_ref(), &field.wanted);
        let mut fields = change.fields.iter().filter(is_ours).map(of);
        fields.find(|scripts| !scripts.is_empty()).unwrap_or_default()
    }

    /// What libraries do to a script; none where it has no library.
    fn of(field: &'a FieldChange, item: &'a str, old: Option<&Value>, new: &Value) -> Option<Self> {
        let (before, after) = lines_beside(field.field, old, new)?;
        let (before, after) = (Parts::of(before), Parts::of(after));
        // A definition sees those above it: in another order, the same libraries may mean something else.
        if before.order_of_those_in(&after) != after.order_of_those_in(&before) {
            return None;
        }
        let mut libraries: Vec<(String, Sides)> = Vec::new();
        for name in after.names().chain(before.names()) {
            if libraries.iter().all(|(known, _)| known != name) {
                libraries.push((name.to_owned(), (before.library(name), after.library(name))));
            }
        }
        libraries.retain(|(_, (old, new))| old != new);
        (!libraries.is_empty()).then_some(Self { field, item, is_new: old.is_none(), libraries })
    }
}

/// The scripts with libraries in a value, each with what it was.
fn pairs<'a>(field: &'a FieldChange, item: &'a str, old: Option<&Value>, new: &'a Value) -> Vec<Script<'a>> {
    let has = |value: &Value| matches!(value, Value::Script(script) if script.text().contains(USE));
    match new {
        Value::Script(_) if has(new) || old.is_some_and(has) => {
            let old = old.filter(|old| matches!(old, Value::Script(_)));
            Script::of(field, item, old, new).into_iter().collect()
        }
        Value::Table(table) => {
            let old = old.and_then(|old| if let Value::Table(old) = old { Some(old) } else { None });
            let of = |(key, value): (&'a String, &'a Value)| {
                let item = if item == ALONE { key } else { item };
                pairs(field, item, old.and_then(|old| old.get(key)), value)
            };
            table.iter().flat_map(of).collect()
        }
        Value::List(list) => {
            let old = old.and_then(|old| if let Value::List(old) = old { Some(old) } else { None });
            let of = |(at, value)| pairs(field, item, old.and_then(|old| old.get(at)), value);
            list.iter().enumerate().flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

impl Parts {
    /// The parts of scripts, as these say themselves in comments. A script may be indented, and something else may stand around it.
    fn of(lines: Vec<String>) -> Self {
        let mut current = None;
        let mut is_own = false;
        let mut indent = 0;
        let lines = lines.into_iter().map(|line| {
            let text = line.trim_start();
            let column = line.len() - text.len();
            if column < indent && !text.is_empty() {
                (current, is_own, indent) = (None, false, 0);
            }
            let marked = text.find(USE).filter(|_| !is_own);
            let name = marked.map(|at| text[at + USE.len()..].trim_end().to_owned());
            match (marked, name) {
                (Some(0), name) => (current, indent) = (name, column),
                (Some(_), name) => return (name, line),
                (None, _) if text.trim_end() == END => (current, is_own) = (None, true),
                (None, _) => {}
            }
            (current.clone(), line)
        });
        Self(lines.collect())
    }

    /// The libraries that there are, some several times.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(name, _)| name.as_deref())
    }

    /// The libraries that `other` has too, in their order.
    fn order_of_those_in<'p>(&'p self, other: &Self) -> Vec<&'p str> {
        let marks = self.0.iter().filter(|(_, line)| line.starts_with(USE)).filter_map(|(name, _)| name.as_deref());
        marks.filter(|name| other.names().any(|one| one == *name)).collect()
    }

    /// The lines of a library, without empty ones at its end: where the server formats a script, it adds some.
    fn library(&self, name: &str) -> Vec<String> {
        let own = self.0.iter().filter(|(of, line)| of.as_deref() == Some(name) && !line.starts_with(USE));
        let own = own.map(|(_, line)| line.find(USE).map_or(&**line, |at| line[..at].trim_end()).to_owned());
        let mut lines: Vec<String> = own.collect();
        while lines.pop_if(|line| line.is_empty()).is_some() {}
        lines
    }

    /// The lines that are of none of these libraries.
    fn without(&self, libraries: &BTreeSet<&str>) -> Vec<String> {
        let others = self.0.iter().filter(|(name, line)| {
            let is_mark = line.trim() == END;
            !is_mark && name.as_deref().is_none_or(|name| !libraries.contains(name))
        });
        others.map(|(_, line)| line.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
