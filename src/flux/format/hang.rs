//! How a long value begins on the line of what it belongs to: `x = f(`, `key: (r) =>`.

use super::Formatter;
use super::doc::{Doc, Id};

/// What a value begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) text: Id,
    /// Whether its own further lines and all that follows it stand deeper.
    pub(super) nests: bool,
}

/// A value that may be broken behind any of its heads.
#[derive(Debug)]
pub(super) struct Hang {
    /// The outermost first.
    pub(super) heads: Vec<Head>,
    /// What stands deeper.
    pub(super) body: Id,
    /// What comes at last, as deep as the heads.
    pub(super) closing: Id,
}

impl Formatter<'_> {
    /// A value without heads.
    pub(super) fn plain(&mut self, body: Id) -> Hang {
        let closing = self.nil();
        Hang { heads: Vec::new(), body, closing }
    }

    /// The value behind a head of another one, with `gap` between them.
    pub(super) fn behind(&mut self, head: Id, gap: Option<Id>, value: Hang) -> Hang {
        let mut value = value;
        if let Some(gap) = gap {
            let first = match value.heads.first_mut() {
                Some(head) => &mut head.text,
                None => &mut value.body,
            };
            *first = self.sequence(vec![gap, *first]);
        }
        value.heads.insert(0, Head { text: head, nests: true });
        value
    }

    /// The value as text: all its heads on one line, or all but the last, and so on; at last all that follows the first
    /// stands deeper. The first way without a line that is too long is taken.
    pub(super) fn hang(&mut self, value: Hang) -> Id {
        let Hang { heads, body, closing } = value;
        let body = self.nest(body);
        let end = self.sequence(vec![body, closing]);
        let Some(count) = heads.len().checked_sub(1) else {
            return self.group(end);
        };
        // What follows each head, each in a group of its own.
        let mut after = vec![self.group(end)];
        for head in heads[1..].iter().rev() {
            let inner = if after.len() == 1 { end } else { after[after.len() - 1] };
            let mut part = self.sequence(vec![head.text, inner]);
            if head.nests {
                part = self.nest(part);
            }
            if after.len() == count && heads[0].nests {
                part = self.nest(part);
            }
            after.push(self.group(part));
        }
        let mut ways = Vec::new();
        for (joined, rest) in after.iter().enumerate().map(|(at, rest)| (count + 1 - at, *rest)) {
            let heads: Vec<Id> = heads[..joined].iter().map(|head| head.text).collect();
            let heads = self.sequence(heads);
            let heads = if joined > 1 { self.docs.push(Doc::OneLine(heads)) } else { heads };
            ways.push(self.sequence(vec![heads, rest]));
        }
        if ways.len() == 1 { ways[0] } else { self.docs.push(Doc::Choice(ways)) }
    }
}
