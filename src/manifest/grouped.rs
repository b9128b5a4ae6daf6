//! What is wrong with resources: the same mistake of several instances of one table is said once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Source};

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    all: Vec<Once>,
    /// Where in `all` the mistakes of instances are: of one instance there may be several at one place.
    known: HashMap<Mistake, Vec<usize>>,
    /// What is said of tables, with its place: of a file that several of them have it is said once.
    said: HashSet<(*const Source, usize, Code, String)>,
}

/// One mistake.
#[derive(Debug)]
struct Once {
    diagnostic: Diagnostic,
    /// The last instance that has it.
    last: Option<Arc<str>>,
    /// How many more instances than the first have it.
    more: usize,
    /// Whether it is told of each of them in the same words.
    alike: bool,
}

/// What makes mistakes of instances the same: where they are, and what is said there but for the instance.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Mistake {
    table: Address,
    code: Code,
    source: *const Source,
    span: (usize, usize),
    label: String,
}

impl Grouped {
    /// How many mistakes there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds what is wrong with the resource `address`.
    pub(super) fn add(&mut self, address: &Address, diagnostic: Diagnostic) {
        let Some((place, label)) = diagnostic.places.first() else { return self.push(None, diagnostic) };
        let Some(instance) = &address.instance else {
            let key = (Arc::as_ptr(&place.source), place.span.start, diagnostic.code, diagnostic.message.clone());
            if self.said.insert(key) {
                self.push(None, diagnostic);
            }
            return;
        };
        let mistake = Mistake {
            table: address.table(),
            code: diagnostic.code,
            source: Arc::as_ptr(&place.source),
            span: (place.span.start, place.span.end),
            label: label.replace(&format!("[{instance}]"), "[]"),
        };
        let before = self.known.entry(mistake).or_default();
        let all = &mut self.all;
        // Said in the same words of another instance, else in other words: what it says of its own value.
        let same = before.iter().find(|at| all[**at].diagnostic.message == diagnostic.message);
        let other = || before.iter().find(|at| all[**at].last.as_ref() != Some(instance));
        let Some(known) = same.or_else(other).map(|at| &mut all[*at]) else {
            before.push(all.len());
            return self.push(Some(instance.clone()), diagnostic);
        };
        known.alike &= known.diagnostic.message == diagnostic.message;
        known.more += usize::from(known.last.as_ref() != Some(instance));
        known.last = Some(instance.clone());
    }

    fn push(&mut self, last: Option<Arc<str>>, diagnostic: Diagnostic) {
        self.all.push(Once { diagnostic, last, more: 0, alike: true });
    }

    /// All of it.
    pub(super) fn finish(self) -> impl Iterator<Item = Diagnostic> {
        self.all.into_iter().map(|Once { mut diagnostic, more, alike, .. }| {
            match more {
                _ if alike => {}
                0 => {}
                1 => diagnostic.message.push_str(" (and 1 more instance)"),
                more => diagnostic.message.push_str(&format!(" (and {more} more instances)")),
            }
            diagnostic
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;
    use crate::kind::Kind;

    #[test]
    fn a_mistake_of_instances_is_said_once() {
        let source = Arc::new(Source::new("a.toml", "a.toml", "abc"));
        let line = Address::new(Kind::Bucket, "line");
        let said = |of: &Address, message: &str, at: usize| {
            let place = Place { source: Arc::clone(&source), span: at..at + 1 };
            Diagnostic::error(Code::ManifestValue, message).at(place, format!("of {of}"))
        };
        let mut all = Grouped::default();
        for key in ["x", "y", "z"] {
            let address = line.at(key);
            all.add(&address, said(&address, &format!("no `{key}`"), 0));
            all.add(&address, said(&address, "the same", 1));
        }
        let other = Address::new(Kind::Bucket, "other");
        all.add(&other, said(&other, "one", 0));
        all.add(&other, said(&other, "two", 0));
        // Of another table at the same place, as in a file that both have.
        all.add(&Address::new(Kind::Bucket, "third"), said(&other, "two", 0));
        let messages: Vec<String> = all.finish().map(|diagnostic| diagnostic.message).collect();
        assert_eq!(messages, ["no `x` (and 2 more instances)", "the same", "one", "two"]);
    }

    #[test]
    fn two_mistakes_of_one_instance_at_one_place_are_two() {
        let source = Arc::new(Source::new("a.toml", "a.toml", "abc"));
        let line = Address::new(Kind::Bucket, "line").at("x");
        let said = |message| {
            Diagnostic::error(Code::ManifestValue, message).at(Place { source: Arc::clone(&source), span: 0..1 }, "")
        };
        let mut all = Grouped::default();
        for key in ["x", "y", "z"] {
            all.add(&line.at(key), said("one"));
            all.add(&line.at(key), said("two"));
        }
        let messages: Vec<String> = all.finish().map(|diagnostic| diagnostic.message).collect();
        assert_eq!(messages, ["one", "two"]);
    }
}
