//! What each name stands for at one place of a script.

use std::collections::HashMap;

use super::stdlib::{self, Member, Package, Parameter};
use crate::flux::ast::{Function, Span};

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    /// Nothing, but that it is there.
    Value,
    Package(&'static Package),
    /// A function of the standard library.
    Library(&'static [Parameter]),
    /// A function of the script.
    Written(&'a Function),
}

impl From<&'static Member> for Known<'_> {
    fn from(member: &'static Member) -> Self {
        match member {
            Member::Value => Self::Value,
            Member::Function(parameters) => Self::Library(parameters),
        }
    }
}

/// Among more names than these nobody looks for the nearest.
const MANY: usize = 2_000;

/// A name and what it stands for.
#[derive(Debug)]
struct Bound<'a> {
    known: Known<'a>,
    depth: usize,
    /// Where it was set for good; none for an import and what may be set again.
    set: Option<Span>,
}

/// The names, the inner before the outer.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    names: HashMap<&'a str, Vec<Bound<'a>>>,
    /// All that was bound, in order.
    log: Vec<&'a str>,
    /// How much had been bound when each block was opened.
    marks: Vec<usize>,
}

impl<'a> Scope<'a> {
    pub(super) fn open(&mut self) {
        self.marks.push(self.log.len());
    }

    /// Forgets what was bound since the last [`Scope::open`].
    pub(super) fn close(&mut self) {
        let mark = self.marks.pop().unwrap_or_default();
        for name in self.log.drain(mark..) {
            self.names.get_mut(name).and_then(Vec::pop);
        }
    }

    /// Binds a name; gives the place where this block has set it before, which Flux refuses.
    pub(super) fn bind(&mut self, name: &'a str, known: Known<'a>, set: Option<Span>) -> Option<Span> {
        let depth = self.marks.len();
        let bound = self.names.entry(name).or_default();
        let before = bound.last().filter(|bound| bound.depth == depth && set.is_some()).and_then(|bound| bound.set);
        bound.push(Bound { known, depth, set });
        self.log.push(name);
        before
    }

    pub(super) fn find(&self, name: &str) -> Option<Known<'a>> {
        let bound = self.names.get(name).and_then(|bound| bound.last()).map(|bound| bound.known);
        bound.or_else(|| stdlib::prelude(name).map(Known::from))
    }

    /// The names that stand for something here; of very many those of the library alone.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let is_few = self.names.len() <= MANY;
        let bound = self.names.iter().filter(move |(_, bound)| is_few && !bound.is_empty()).map(|(name, _)| *name);
        bound.chain(stdlib::prelude_names().map(|name| -> &'a str { name }))
    }
}
