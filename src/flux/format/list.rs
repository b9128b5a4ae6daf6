//! Lists: a few items stand on one line if they fit there, many never do.

use super::Formatter;
use super::doc::{Doc, Id};

/// From so many items on, each has a line of its own.
const MANY: usize = 5;

impl Formatter<'_> {
    /// The items with commas between them, and one behind the last if they are not on one line. No edges.
    pub(super) fn items(&mut self, items: &[Id]) -> Id {
        let bare = vec![None; items.len()];
        self.items_with_comments(items, &bare)
    }

    /// The same with what stands before the commas.
    pub(super) fn items_with_comments(&mut self, items: &[Id], before_commas: &[Option<Id>]) -> Id {
        let many = items.len() >= MANY;
        let mut parts = Vec::new();
        for (at, (item, before_comma)) in items.iter().zip(before_commas).enumerate() {
            if at > 0 {
                parts.push(self.text(","));
                parts.push(if many { self.hard() } else { self.line() });
            }
            parts.push(*item);
            parts.extend(*before_comma);
        }
        if !items.is_empty() {
            parts.push(self.docs.push(Doc::Broken(",")));
        }
        self.sequence(parts)
    }

    /// What stands between a bracket and the items.
    pub(super) fn rim(&mut self, count: usize) -> Id {
        if count >= MANY { self.hard() } else { self.edge() }
    }
}
