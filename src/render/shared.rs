//! Libraries: what a change of one does to several scripts alike is shown once.

use std::collections::{HashMap, HashSet};

use super::human::remarks;
use super::lines::{self, Line};
use super::value::lines_beside;
use crate::address::Address;
use crate::diff::{Action, Cause, Change, FieldChange};
use crate::flux::library::{END, USE};
use crate::value::Value;

/// What libraries do to the scripts of some changes.
#[derive(Debug, Default)]
pub(super) struct Shared<'a> {
    /// The libraries that change several scripts alike, in the order of the first of these.
    pub(super) libraries: Vec<Library<'a>>,
    rests: HashMap<&'a Address, Rest>,
}

/// A library that changes several scripts alike.
#[derive(Debug)]
pub(super) struct Library<'a> {
    /// Its path in the project.
    pub(super) name: String,
    /// Whose scripts they are.
    pub(super) addresses: Vec<&'a Address>,
    /// The lines that differ.
    pub(super) lines: Vec<Line>,
}

/// What is left of the change of a script whose libraries change.
#[derive(Debug)]
pub(super) struct Rest {
    /// The field with the script.
    pub(super) field: &'static str,
    /// The libraries whose change is shown elsewhere.
    pub(super) libraries: Vec<String>,
    /// The other lines that differ.
    pub(super) lines: Vec<Line>,
    /// Whether nothing else changes.
    is_all: bool,
}

/// The lines of a script, each with the library that it is of.
struct Parts(Vec<(Option<String>, String)>);

impl<'a> Shared<'a> {
    /// Of what a plan does in the order in which it is shown.
    pub(super) fn of(changes: &[&'a Change]) -> Self {
        let scripts: Vec<_> = changes.iter().filter_map(|change| Some((*change, Script::of(change)?))).collect();
        let mut count: HashMap<(&str, &Sides), usize> = HashMap::new();
        for (name, sides) in scripts.iter().flat_map(|(_, script)| &script.libraries) {
            *count.entry((name.as_str(), sides)).or_insert(0) += 1;
        }
        let mut shared = Self::default();
        let mut known: HashMap<(&str, &Sides), usize> = HashMap::new();
        for (change, script) in &scripts {
            let folded: Vec<_> =
                script.libraries.iter().filter(|(name, sides)| count[&(name.as_str(), sides)] > 1).collect();
            if folded.is_empty() {
                continue;
            }
            for (name, sides) in &folded {
                let at = *known.entry((name.as_str(), sides)).or_insert_with(|| {
                    let lines = lines::of_scripts(&sides.0, &sides.1);
                    shared.libraries.push(Library { name: name.clone(), addresses: Vec::new(), lines });
                    shared.libraries.len() - 1
                });
                shared.libraries[at].addresses.push(&change.address);
            }
            let names: HashSet<&str> = folded.iter().map(|(name, _)| name.as_str()).collect();
            shared.rests.insert(&change.address, script.rest(change, &names));
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

impl Rest {
    /// What is said of the libraries whose change is shown elsewhere.
    pub(super) fn words(&self) -> String {
        format!("with {} as above", super::reason::listed(&self.libraries))
    }
}

/// The lines of something before and after.
type Sides = (Vec<String>, Vec<String>);

/// A script that changes.
struct Script {
    field: &'static str,
    old: Parts,
    new: Parts,
    /// The libraries that differ.
    libraries: Vec<(String, Sides)>,
}

impl Script {
    /// The script of an update that only the manifests have changed; none where it has no library.
    fn of(change: &Change) -> Option<Self> {
        let is_script = |field: &&FieldChange| match (&field.live, &field.wanted) {
            (Some(Value::Script(old)), Value::Script(new)) if field.cause == Cause::Yours => {
                old.text().contains(USE) || new.text().contains(USE)
            }
            _ => false,
        };
        let field = change.fields.iter().find(is_script).filter(|_| change.action == Action::Update)?;
        let (old, new) = lines_beside(field.field, field.live.as_ref(), &field.wanted)?;
        let (old, new) = (Parts::of(old), Parts::of(new));
        // A definition sees those above it: in another order, the same libraries may mean something else.
        if old.order_of_those_in(&new) != new.order_of_those_in(&old) {
            return None;
        }
        let mut libraries: Vec<(String, Sides)> = Vec::new();
        for name in new.names().chain(old.names()) {
            if libraries.iter().all(|(known, _)| known != name) {
                libraries.push((name.to_owned(), (old.library(name), new.library(name))));
            }
        }
        libraries.retain(|(_, (old, new))| old != new);
        (!libraries.is_empty()).then_some(Self { field: field.field, old, new, libraries })
    }

    fn rest(&self, change: &Change, libraries: &HashSet<&str>) -> Rest {
        let (old, new) = (self.old.without(libraries), self.new.without(libraries));
        let lines = if old == new { Vec::new() } else { lines::of_scripts(&old, &new) };
        let is_all = lines.is_empty() && change.fields.len() == 1 && remarks(change).is_empty();
        let of = |(name, _): &(String, Sides)| libraries.contains(name.as_str()).then(|| name.clone());
        Rest { field: self.field, libraries: self.libraries.iter().filter_map(of).collect(), lines, is_all }
    }
}

impl Parts {
    /// The parts of a script, as it says itself in comments.
    fn of(lines: Vec<String>) -> Self {
        let mut current = None;
        let mut is_own = false;
        let lines = lines.into_iter().map(|line| {
            let marked = line.find(USE).filter(|_| !is_own);
            let name = marked.map(|at| line[at + USE.len()..].trim_end().to_owned());
            match (marked, name) {
                (Some(0), name) => current = name,
                (Some(_), name) => return (name, line),
                (None, _) if line.trim_end() == END => (current, is_own) = (None, true),
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
    fn without(&self, libraries: &HashSet<&str>) -> Vec<String> {
        let others = self.0.iter().filter(|(name, line)| {
            let is_mark = line.trim_end() == END;
            !is_mark && name.as_deref().is_none_or(|name| !libraries.contains(name))
        });
        others.map(|(_, line)| line.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{change, field, script};
    use super::*;
    use crate::diff::Reason;
    use crate::kind::Kind;

    fn text(import: &str, library: &str, own: &str) -> String {
        format!("import \"date\"\n{import}{USE}lib/a.flux\n\n{library}\n{END}\n{own}\n")
    }

    fn update(key: &str, old: &str, new: &str) -> Change {
        let field = field("flux", Some(script(old)), script(new), None, Cause::Yours);
        Change { fields: vec![field], ..change(Kind::Task, key, Action::Update, Reason::Differs) }
    }

    #[test]
    fn what_a_library_changes_alike_is_shown_once() {
        let import = format!("import \"math\" {USE}lib/a.flux\n");
        let old = |own: &str| text("", "a = 1", own);
        let new = |own: &str| text(&import, "a = 2", own);
        let changes = [
            update("x", &old("x"), &new("x")),
            update("y", &old("y"), &new("z")),
            // Another change of the same library.
            update("z", &text("", "a = 3", "x"), &new("x")),
            update("w", "b = 1", "b = 2"),
        ];
        let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
        let [library] = &*shared.libraries else { panic!("{shared:?}") };
        let addresses: Vec<String> = library.addresses.iter().map(ToString::to_string).collect();
        assert_eq!((library.name.as_str(), addresses), ("lib/a.flux", vec!["task.x".to_owned(), "task.y".to_owned()]));
        let count = |lines: &[Line]| lines.iter().filter(|line| matches!(line, Line::Old(_) | Line::New(_))).count();
        assert_eq!(count(&library.lines), 3);
        assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, false, false, false]);
        assert_eq!(
            changes.each_ref().map(|change| shared.rest(change).map(|rest| count(&rest.lines))),
            [Some(0), Some(2), None, None]
        );
    }

    #[test]
    fn a_library_that_is_new_is_shown_once_and_one_alone_with_its_script() {
        let by_hand = "import \"date\"\na = 1\nx\n";
        let changes = [update("x", by_hand, &text("", "a = 2", "x")), update("y", by_hand, &text("", "a = 2", "x"))];
        let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
        assert_eq!(shared.libraries.len(), 1);
        assert!(shared.rest(&changes[0]).is_some_and(|rest| !rest.is_all && !rest.lines.is_empty()));
        assert!(Shared::of(&[&changes[0]]).libraries.is_empty());
    }

    #[test]
    fn another_order_of_libraries_is_shown_with_each_script() {
        let text = |first: &str, second: &str, comment: &str| {
            format!("{USE}{first}\n{first}1 = 1 // {comment}\n{USE}{second}\n{second}1 = 1 // {comment}\n{END}\nx\n")
        };
        let one = |key: &str, new: &str| update(key, &text("a", "b", "c"), new);
        let (same, swapped) = (text("a", "b", "d"), text("b", "a", "d"));
        let changes = [one("x", &same), one("y", &same), one("z", &swapped), one("w", &swapped)];
        let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
        assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, true, false, false]);
        assert_eq!(changes.each_ref().map(|change| shared.rest(change).is_some()), [true, true, false, false]);
    }

    #[test]
    fn a_change_with_more_to_say_is_not_all_of_it() {
        let one = |key: &str| update(key, &text("", "a = 1", "x"), &text("", "a = 2", "x"));
        let mut more = one("y");
        more.fields.push(field("every", None, super::super::sample::duration("1h"), None, Cause::Yours));
        let moved = Change { moved_from: Some(Address::new(Kind::Task, "old")), ..one("z") };
        let changes = [one("x"), more, moved];
        let shared = Shared::of(&changes.iter().collect::<Vec<_>>());
        assert_eq!(changes.each_ref().map(|change| shared.is_all(change)), [true, false, false]);
        let drifted = |key: &str| {
            let mut change = one(key);
            change.fields[0].cause = Cause::Drift;
            change
        };
        assert!(Shared::of(&[&drifted("x"), &drifted("y")]).libraries.is_empty());
    }
}
