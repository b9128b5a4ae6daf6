//! What follows an operand: members, elements, calls.

use super::Formatter;
use super::doc::Id;
use super::expression::TIGHT;
use super::hang::{Hang, Head};
use crate::flux::ast::{ExpressionId, ExpressionKind, Key, Record};

impl<'a> Formatter<'a> {
    /// An operand with its members, elements and calls, as many as there are.
    pub(super) fn links(&mut self, id: ExpressionId) -> Id {
        let mut links = Vec::new();
        let mut first = id;
        while let ExpressionKind::Member { object: next, .. }
        | ExpressionKind::Call { callee: next, .. }
        | ExpressionKind::Index { array: next, .. } = self.kind(first)
        {
            links.push(first);
            first = *next;
        }
        let mut all = self.child(first, TIGHT);
        for link in links.into_iter().rev() {
            let end = self.span(link).end;
            all = match self.kind(link) {
                ExpressionKind::Member { object, operator, property: Key::Name(name) } => {
                    // Right behind an integer the point would make another number of it.
                    let integer = matches!(self.kind(self.bare(*object)), ExpressionKind::Integer);
                    let gap = if self.careful && integer { " " } else { "" };
                    let parts = vec![all, self.comments_below(*operator, gap), self.text("."), self.token(*name)];
                    self.sequence(parts)
                }
                ExpressionKind::Member { operator, property: Key::Quoted(name), .. } => {
                    let mut parts = vec![all, self.comments(*operator), self.text("["), self.token(*name)];
                    parts.extend([self.comments_below(end - 1, ""), self.text("]")]);
                    self.sequence(parts)
                }
                ExpressionKind::Call { paren, arguments, .. } => {
                    let parts = vec![
                        all,
                        self.comments_below(*paren, ""),
                        self.text("("),
                        self.arguments(arguments.as_deref(), end),
                    ];
                    let call = self.sequence(parts);
                    self.group(call)
                }
                ExpressionKind::Index { .. } => {
                    let value = self.indexed(link, all);
                    self.hang(value)
                }
                _ => all,
            };
        }
        all
    }

    /// `a[b]` behind its `a`.
    pub(super) fn indexed(&mut self, id: ExpressionId, array: Id) -> Hang {
        let ExpressionKind::Index { bracket, index, .. } = self.kind(id) else { return self.plain(array) };
        let head = vec![array, self.comments(*bracket), self.text("[")];
        let head = self.sequence(head);
        let body = self.index(*index);
        let closing = vec![self.comments(self.span(id).end - 1), self.text("]")];
        let closing = self.sequence(closing);
        Hang { heads: vec![Head { text: head, nests: false }], body, closing }
    }

    pub(super) fn arguments(&mut self, arguments: Option<&'a Record>, end: u32) -> Id {
        let properties = arguments.map_or(&[][..], |record| &record.properties);
        let count = properties.len();
        let body = vec![self.rim(count), self.properties(properties)];
        let body = self.sequence(body);
        let (comments, close) = (self.comments(end - 1), self.text(")"));
        let close = self.sequence(vec![comments, close]);
        // Behind arguments the comments do not count for how they are laid out.
        let (closing, close) = match (count, self.has_comments(end - 1)) {
            (0, true) => (close, self.nil()),
            _ => (self.rim(count), close),
        };
        let head = self.nil();
        let all = self.hang(Hang { heads: vec![Head { text: head, nests: false }], body, closing });
        self.sequence(vec![all, close])
    }

    /// What stands between the brackets of an index: without parentheses a string would be the name of a member.
    pub(super) fn index(&mut self, id: ExpressionId) -> Id {
        let inner = self.expression(id);
        if self.careful && matches!(self.kind(self.bare(id)), ExpressionKind::String) {
            let parts = vec![self.text("("), inner, self.text(")")];
            return self.sequence(parts);
        }
        inner
    }
}
