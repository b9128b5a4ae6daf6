//! Operators, pipes and conditionals.

use super::Formatter;
use super::doc::Id;
use super::expression::{NOT, PIPE, SIGN, TIGHT, infix_rank};
use crate::flux::ast::{ExpressionId, ExpressionKind, Prefix, Span};

impl Formatter<'_> {
    /// Signs and words before a value, the outermost first.
    pub(super) fn unary(&mut self, span: Span, operator: Prefix, argument: ExpressionId) -> Id {
        let (mut span, mut operator, mut argument) = (span, operator, argument);
        let mut parts = Vec::new();
        loop {
            // influxd takes a sign for as loose as addition: `-(a + b)` becomes `-a + b`.
            let sign = if self.careful { TIGHT } else { SIGN };
            let (rank, text) = match operator {
                Prefix::Plus => (sign, "+"),
                Prefix::Minus => (sign, "-"),
                Prefix::Not => (NOT, "not "),
                Prefix::Exists => (NOT, "exists "),
            };
            parts.extend([self.comments(span.start), self.text(text)]);
            let ExpressionKind::Unary { operator: next, argument: inner } = self.kind(argument) else {
                parts.push(self.child(argument, rank));
                return self.sequence(parts);
            };
            // Not in parentheses, and so as tight or tighter.
            (span, operator, argument) = (self.span(argument), *next, *inner);
        }
    }

    pub(super) fn pipes(&mut self, id: ExpressionId) -> Id {
        let many = self.goes_over_lines(id);
        let mut calls = Vec::new();
        let mut first = id;
        while let ExpressionKind::Pipe { argument, operator, call } = self.kind(first) {
            calls.push((*operator, *call));
            first = *argument;
        }
        let first = self.child(first, PIPE);
        let mut parts = Vec::new();
        for (operator, call) in calls.into_iter().rev() {
            parts.push(if many { self.hard() } else { self.line() });
            parts.extend([self.comments(operator), self.text("|> ")]);
            parts.push(self.child(call, PIPE));
        }
        let rest = self.sequence(parts);
        let rest = self.nest(rest);
        let all = self.sequence(vec![first, rest]);
        self.group(all)
    }

    pub(super) fn binary(&mut self, id: ExpressionId) -> Id {
        // Down the left side.
        let mut spine = Vec::new();
        let (mut first, mut most) = (id, 0);
        while let ExpressionKind::Binary { operator, left, .. } = self.kind(first) {
            spine.push(first);
            (first, most) = (*left, infix_rank(*operator));
        }
        let mut all = self.child(first, most);
        for id in spine.into_iter().rev() {
            let mut parts = Vec::new();
            self.operation(id, &mut parts);
            let rest = self.sequence(parts);
            let rest = self.nest(rest);
            let both = self.sequence(vec![all, rest]);
            all = self.group(both);
        }
        all
    }

    /// The operator and the right side of a binary expression, and of that if it is another one.
    pub(super) fn operation(&mut self, id: ExpressionId, parts: &mut Vec<Id>) {
        let ExpressionKind::Binary { operator, at, right, .. } = self.kind(id) else { return };
        let most = infix_rank(*operator) - 1;
        let text = vec![self.line(), self.comments(*at), self.text(operator.text()), self.line()];
        let text = self.sequence(text);
        parts.push(self.group(text));
        match self.kind(*right) {
            ExpressionKind::Binary { operator: inner, left, .. } if !inner.is_logical() => {
                parts.push(self.child(*left, infix_rank(*inner)));
                self.operation(*right, parts);
            }
            _ => parts.push(self.child(*right, most)),
        }
    }

    pub(super) fn conditional(&mut self, id: ExpressionId) -> Id {
        let many = self.goes_over_lines(id);
        let comments = self.comments(self.span(id).start);
        let mut parts = Vec::new();
        let mut next = id;
        while let ExpressionKind::Conditional { test, then, consequent, otherwise, alternate } = self.kind(next) {
            let test = self.expression(*test);
            let test = self.nest(test);
            if next == id {
                let gap = if self.has_comments(*then) { self.comments(*then) } else { self.line() };
                self.anchors.push(*then);
                let head = vec![self.text("if "), test, gap, self.text("then")];
                let head = self.sequence(head);
                parts.push(self.group(head));
            } else {
                parts.extend([self.text("else if "), test, self.comments(*then), self.text(" then")]);
            }
            let gap = if many { self.hard() } else { self.line() };
            let value = self.expression(*consequent);
            let value = self.sequence(vec![gap, value]);
            parts.push(self.nest(value));
            parts.push(if many { self.hard() } else { self.line() });
            parts.push(self.comments(*otherwise));
            next = *alternate;
            if matches!(self.kind(next), ExpressionKind::Conditional { .. }) {
                parts.push(self.comments(self.span(next).start));
                continue;
            }
            parts.push(self.text("else"));
            let gap = if many { self.hard() } else { self.line() };
            let value = self.expression(next);
            let value = self.sequence(vec![gap, value]);
            parts.push(self.nest(value));
        }
        let all = self.sequence(parts);
        let all = self.group(all);
        self.sequence(vec![comments, all])
    }
}
