//! How much a project has come to so far: what is beyond a limit is said once, and after that nothing more is read.

use std::cell::{Cell, RefCell};

use super::node::{Node, Raw};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::flux::refs::Steps;
use crate::limits::{ITEMS, Limit, MISTAKES, NESTING, REFERENCES, TEXT};
use crate::secret::{Sink, Source};
use crate::value::{Fields, Value};

/// What one reading of a project may still cost.
#[derive(Debug)]
pub(super) struct Budget {
    items: Cell<usize>,
    text: Cell<usize>,
    references: Cell<usize>,
    /// How many steps scripts may still be followed.
    pub(super) steps: Steps,
    /// How many more times the nearest of many names is looked for: that takes long in a large project.
    guesses: Cell<u32>,
    /// The first limit that was exceeded; what is to be said of it, until that is said.
    exceeded: Cell<Option<&'static Limit>>,
    unsaid: RefCell<Option<Diagnostic>>,
}

/// How much something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    items: usize,
    text: usize,
}

impl Weight {
    /// Both together.
    const fn and(self, other: Self) -> Self {
        Self { items: self.items + other.items, text: self.text + other.text }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            items: Cell::default(),
            text: Cell::default(),
            references: Cell::default(),
            steps: Steps::default(),
            guesses: Cell::new(20),
            exceeded: Cell::default(),
            unsaid: RefCell::default(),
        }
    }
}

impl Budget {
    /// Whether a limit was exceeded: what is read from then on is of no use.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded.get().is_some()
    }

    /// What is to be said of an exceeded limit, once.
    pub(super) fn said(&self) -> Option<Diagnostic> {
        self.unsaid.take()
    }

    /// Says that `what` is more than `limit`; only the first time. `what` ends where the
    /// number comes: "the project has more values than".
    pub(super) fn exceed(&self, limit: &'static Limit, what: impl FnOnce() -> (String, Option<Place>)) {
        if self.is_exceeded() {
            return;
        }
        self.exceeded.set(Some(limit));
        let (what, place) = what();
        let diagnostic = Diagnostic::error(Code::ManifestLimit, format!("{what} {limit}"));
        *self.unsaid.borrow_mut() = Some(diagnostic.at_known(place.as_ref(), "here"));
    }

    /// Takes a copy of `node` into account; false where that is too much. `what` names the value, with its place.
    pub(super) fn copies(&self, node: &Node<'_>, what: impl Fn() -> (String, Place)) -> bool {
        let mut left = Weight {
            items: ITEMS.size().saturating_sub(self.items.get()),
            text: TEXT.size().saturating_sub(self.text.get()),
        };
        let limit = match spend(node, NESTING.size(), &mut left) {
            Ok(()) => {
                self.items.set(ITEMS.size() - left.items);
                self.text.set(TEXT.size() - left.text);
                return !self.is_exceeded();
            }
            Err(limit) => limit,
        };
        self.exceed(limit, || {
            let (name, place) = what();
            let words = match limit {
                limit if *limit == NESTING => format!("the lists and tables of {name} nest deeper than"),
                limit if *limit == ITEMS => format!("with {name} the project has more values than"),
                _ => format!("with {name} the project has more text than"),
            };
            (words, Some(place))
        });
        false
    }

    /// Takes the fields of a resource into account; false where that is too much.
    pub(super) fn keeps(&self, fields: &Fields, address: &dyn std::fmt::Display, place: &Place) -> bool {
        let weight = fields.iter().map(|(_, value)| weight(value)).fold(Weight::default(), Weight::and);
        self.items.set(self.items.get() + weight.items);
        self.text.set(self.text.get() + weight.text);
        for (limit, now, words) in [(&ITEMS, &self.items, "values"), (&TEXT, &self.text, "text")] {
            if limit.exceeded(now.get()) {
                self.exceed(limit, || {
                    (format!("with {address} the project has more {words} than"), Some(place.clone()))
                });
            }
        }
        !self.is_exceeded()
    }

    /// Takes references to `count` resources into account, whose keys have so much `text`; false where that is too much.
    pub(super) fn refers(&self, count: usize, text: usize, place: impl FnOnce() -> Place) -> bool {
        self.references.set(self.references.get() + count);
        self.text.set(self.text.get() + text);
        if REFERENCES.exceeded(self.references.get()) {
            self.exceed(&REFERENCES, || ("with this the project has more references than".to_owned(), Some(place())));
        } else if TEXT.exceeded(self.text.get()) {
            self.exceed(&TEXT, || ("with this the project has more text than".to_owned(), Some(place())));
        }
        !self.is_exceeded()
    }

    /// Stops the reading where there are so many mistakes that nobody reads them.
    pub(super) fn is_enough(&self, problems: &[Diagnostic]) -> bool {
        if MISTAKES.exceeded(problems.len()) {
            self.exceed(&MISTAKES, || {
                ("the rest of the project was not read: it has more mistakes than".to_owned(), None)
            });
        }
        self.is_exceeded()
    }

    /// The one of many names that is nearest to `word`; the first few times that it is asked for.
    pub(super) fn nearest<S, N>(&self, word: &str, names: impl FnOnce() -> N) -> Option<String>
    where
        S: AsRef<str>,
        N: IntoIterator<Item = S>,
    {
        let left = self.guesses.get();
        self.guesses.set(left.saturating_sub(1));
        if left == 0 {
            return None;
        }
        let names: Vec<S> = names().into_iter().collect();
        nearest(word, names.iter().map(AsRef::as_ref)).map(str::to_owned)
    }
}

/// Takes `node` off what is `left`.
fn spend(node: &Node<'_>, depth: usize, left: &mut Weight) -> Result<(), &'static Limit> {
    left.items = left.items.checked_sub(1).ok_or(&ITEMS)?;
    let within = || depth.checked_sub(1).ok_or(&NESTING);
    match &node.value {
        Raw::Text(text) => left.text = left.text.checked_sub(text.len()).ok_or(&TEXT)?,
        Raw::Array(items) => {
            let depth = within()?;
            items.iter().try_for_each(|item| spend(item, depth, left))?;
        }
        Raw::Table(table) => {
            let depth = within()?;
            for entry in &table.0 {
                left.text = left.text.checked_sub(entry.key.len()).ok_or(&TEXT)?;
                spend(&entry.node, depth, left)?;
            }
        }
        Raw::Integer(_) | Raw::Float(_) | Raw::Boolean(_) | Raw::Datetime(_) => {}
    }
    Ok(())
}

/// What the value of a field takes.
fn weight(value: &Value) -> Weight {
    let argv = |argv: &[String]| Weight { items: argv.len(), text: argv.iter().map(String::len).sum() };
    let one = |text: usize| Weight { items: 1, text };
    match value {
        Value::Text(text) | Value::Note(text) => one(text.len()),
        Value::Script(script) => one(script.source().map_or(0, str::len)),
        Value::Map(map) => {
            Weight { items: map.len(), text: map.iter().map(|(key, value)| key.len() + value.len()).sum() }
        }
        Value::Refs(refs) => Weight { items: refs.iter().len(), text: 0 },
        Value::Scopes(scopes) => Weight { items: scopes.iter().len(), text: 0 },
        Value::Source(Source::Command { argv: words, .. }) => argv(words),
        Value::List(items) => items.iter().map(weight).fold(Weight::default(), Weight::and),
        Value::Table(table) => {
            let field = |(key, value): (&String, &Value)| weight(value).and(one(key.len()));
            table.iter().map(field).fold(Weight::default(), Weight::and)
        }
        Value::Source(_)
        | Value::Unset
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Integer(_)
        | Value::Duration(_) => one(0),
        Value::Before(_) | Value::Infinite | Value::Ref(_) => one(0),
        Value::Sinks(sinks) => sinks.iter().fold(Weight::default(), |all, sink| {
            let one = match sink {
                Sink::Command { argv: words, .. } => argv(words),
                Sink::File { path } | Sink::EnvFile { path, .. } => one(path.as_os_str().len()),
                Sink::Discard => one(0),
            };
            all.and(one)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::node::Span;
    use std::sync::Arc;

    fn place() -> Place {
        Place { source: Arc::new(crate::diagnostic::Source::new("a.toml", "a.toml", "")), span: 0..0 }
    }

    fn node(value: Raw<'static>) -> Node<'static> {
        Node { span: Span::default(), value }
    }

    fn list(length: usize) -> Node<'static> {
        node(Raw::Array(vec![Node::default(); length]))
    }

    fn text(length: usize) -> Node<'static> {
        node(Raw::Text("x".repeat(length).into()))
    }

    fn nested(levels: usize) -> Node<'static> {
        (1..levels).fold(list(0), |within, _| node(Raw::Array(vec![within])))
    }

    /// The name of the limit that a budget refuses, if it does.
    fn refused(take: impl FnOnce(&Budget) -> bool) -> Option<&'static str> {
        let budget = Budget::default();
        let taken = take(&budget);
        let limit = budget.exceeded.get();
        assert_eq!(taken, limit.is_none());
        let said = budget.said().map(|said| said.message);
        assert!(limit.is_none_or(|limit| said.is_some_and(|said| said.contains(&limit.to_string()))));
        limit.map(|limit| limit.name)
    }

    #[test]
    fn so_much_is_copied() {
        let copies = |nodes: &[Node<'_>]| {
            refused(|budget| nodes.iter().all(|node| budget.copies(node, || ("`x`".to_owned(), place()))))
        };
        // The list itself is one.
        assert_eq!(copies(&[list(ITEMS.size() - 1)]), None);
        assert_eq!(copies(&[list(ITEMS.size())]), Some("items"));
        assert_eq!(copies(&[list(ITEMS.size() - 2), list(0), list(0)]), Some("items"));
        assert_eq!(copies(&[text(TEXT.size())]), None);
        assert_eq!(copies(&[text(TEXT.size()), text(1)]), Some("text"));
        assert_eq!(copies(&[nested(NESTING.size())]), None);
        assert_eq!(copies(&[nested(NESTING.size() + 1)]), Some("nesting"));
    }

    #[test]
    fn so_much_is_referred_to() {
        let refers = |all: &[(usize, usize)]| {
            refused(|budget| all.iter().all(|(count, text)| budget.refers(*count, *text, place)))
        };
        assert_eq!(refers(&[(REFERENCES.size() - 1, 0), (1, TEXT.size())]), None);
        assert_eq!(refers(&[(REFERENCES.size(), 0), (1, 0)]), Some("references"));
        assert_eq!(refers(&[(0, TEXT.size()), (0, 1)]), Some("text"));
    }

    #[test]
    fn so_many_mistakes_are_read() {
        let mistakes = |count: usize| {
            let problems = vec![Diagnostic::error(Code::ManifestValue, "c"); count];
            refused(|budget| !budget.is_enough(&problems))
        };
        assert_eq!(mistakes(MISTAKES.size()), None);
        assert_eq!(mistakes(MISTAKES.size() + 1), Some("mistakes"));
    }
}
