//! Expressions.

use super::Formatter;
use super::doc::Id;
use super::hang::Hang;
use crate::flux::ast::{ExpressionId, ExpressionKind, Infix, Prefix, Span};

/// How loose an expression binds, for influxd's formatter: what is looser than what is around it needs parentheses.
fn rank(kind: &ExpressionKind) -> u8 {
    match kind {
        ExpressionKind::Call { .. } | ExpressionKind::Member { .. } | ExpressionKind::Index { .. } => TIGHT,
        ExpressionKind::Pipe { .. } => PIPE,
        ExpressionKind::Function(_) => 3,
        ExpressionKind::Unary { operator: Prefix::Plus | Prefix::Minus, .. } => SIGN,
        ExpressionKind::Unary { .. } => NOT,
        ExpressionKind::Binary { operator, .. } => infix_rank(*operator),
        ExpressionKind::Conditional { .. } => LOOSE,
        _ => 0,
    }
}

pub(super) const TIGHT: u8 = 1;
pub(super) const PIPE: u8 = 2;
pub(super) const SIGN: u8 = 6;
pub(super) const NOT: u8 = 8;
const LOOSE: u8 = 11;

pub(super) fn infix_rank(operator: Infix) -> u8 {
    match operator {
        Infix::Power => 4,
        Infix::Multiply | Infix::Divide | Infix::Modulo => 5,
        Infix::Add | Infix::Subtract => SIGN,
        Infix::And => 9,
        Infix::Or => 10,
        _ => 7,
    }
}

impl<'a> Formatter<'a> {
    /// The expression without the parentheses around it, up to those that have a comment.
    pub(super) fn bare(&self, id: ExpressionId) -> ExpressionId {
        let mut id = id;
        while let ExpressionKind::Paren(inner) = self.kind(id) {
            let span = self.span(id);
            if self.has_comments(span.start) || self.has_comments(span.end - 1) {
                break;
            }
            id = *inner;
        }
        id
    }

    /// How loose an expression binds that was in parentheses, or in none.
    pub(super) fn rank(&self, id: ExpressionId) -> u8 {
        let mut inner = self.bare(id);
        // Parentheses that stay are enough, but influxd does not see them within others.
        let sees = self.careful || inner == id;
        while let ExpressionKind::Paren(next) = self.kind(inner) {
            if sees {
                return 0;
            }
            inner = *next;
        }
        match self.kind(inner) {
            // It takes along all that follows it.
            ExpressionKind::Function(_) if self.careful => LOOSE,
            kind => rank(kind),
        }
    }

    pub(super) fn kind(&self, id: ExpressionId) -> &'a ExpressionKind {
        &self.script.expression(id).kind
    }

    pub(super) fn span(&self, id: ExpressionId) -> Span {
        self.script.expression(id).span
    }

    /// An expression within another one: in parentheses if it is looser than `most`.
    pub(super) fn child(&mut self, id: ExpressionId, most: u8) -> Id {
        let inner = self.expression(id);
        if self.rank(id) <= most {
            return inner;
        }
        let (open, close) = (self.text("("), self.text(")"));
        self.sequence(vec![open, inner, close])
    }

    /// An expression by itself.
    pub(super) fn expression(&mut self, id: ExpressionId) -> Id {
        let value = self.value(id);
        if value.heads.is_empty() { self.group(value.body) } else { self.hang(value) }
    }

    /// An expression with what it begins with.
    pub(super) fn value(&mut self, id: ExpressionId) -> Hang {
        match self.kind(id) {
            // It begins with nothing, though its parentheses go.
            ExpressionKind::Paren(_) => {
                let bare = self.bare(id);
                let body = if bare == id { self.headless(id) } else { self.expression(bare) };
                self.plain(body)
            }
            ExpressionKind::Record(record) => self.record(record),
            ExpressionKind::Array(elements) => self.array(elements, self.span(id)),
            ExpressionKind::Function(function) => self.function(function, self.span(id)),
            ExpressionKind::Interpolation(parts) => self.interpolation(parts),
            ExpressionKind::Index { array, .. } => {
                let array = self.links(*array);
                self.indexed(id, array)
            }
            _ => {
                let body = self.headless(id);
                self.plain(body)
            }
        }
    }

    /// An expression that begins with no head.
    fn headless(&mut self, id: ExpressionId) -> Id {
        let span = self.span(id);
        let text = match self.kind(id) {
            ExpressionKind::Dict(items) => return self.dict(id, items),
            ExpressionKind::Member { .. } | ExpressionKind::Call { .. } => return self.links(id),
            ExpressionKind::Pipe { .. } => return self.pipes(id),
            ExpressionKind::Unary { operator, argument } => return self.unary(span, *operator, *argument),
            ExpressionKind::Binary { .. } => return self.binary(id),
            ExpressionKind::Conditional { .. } => return self.conditional(id),
            ExpressionKind::Paren(inner) => {
                let mut parts = vec![self.comments(span.start), self.text("("), self.expression(*inner)];
                parts.extend([self.comments_below(span.end - 1, ""), self.text(")")]);
                return self.sequence(parts);
            }
            ExpressionKind::Duration => {
                self.script.duration(span).map(|(magnitude, unit)| format!("{magnitude}{unit}")).collect()
            }
            ExpressionKind::Time => self.script.time(span),
            // What an escape stands for may be the begin of another one.
            ExpressionKind::Regex if !self.careful => format!("/{}/", self.script.pattern(span).replace('/', "\\/")),
            _ => return self.token(span),
        };
        let (comments, text) = (self.comments(span.start), self.owned(text));
        self.sequence(vec![comments, text])
    }

    /// Whether the author has broken it.
    pub(super) fn goes_over_lines(&self, id: ExpressionId) -> bool {
        let span = self.span(id);
        self.lines.differ(span.start, span.end)
    }
}
