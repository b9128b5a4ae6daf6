//! What stands in brackets: records, arrays, dictionaries, parameters, interpolations.

use super::Formatter;
use super::doc::{Doc, Id};
use super::expression::{PIPE, TIGHT, infix_rank};
use super::hang::{Hang, Head};
use crate::flux::ast::{Body, DictItem, ExpressionId, ExpressionKind, Function, Part, Property, Record, Span};

impl<'a> Formatter<'a> {
    /// `a: b` in a record or a call.
    pub(super) fn property(&mut self, property: &Property) -> Id {
        let key = self.token(property.key.span());
        let (Some(value), Some(colon)) = (property.value, property.separator) else { return key };
        let head = vec![key, self.comments_below(colon, ""), self.text(":")];
        let head = self.sequence(head);
        let gap = self.line();
        let value = self.value(value);
        let value = self.behind(head, Some(gap), value);
        self.hang(value)
    }

    /// `a`, `a=b` among parameters.
    pub(super) fn parameter(&mut self, parameter: &Property) -> Id {
        let name = self.token(parameter.key.span());
        let (Some(value), Some(equals)) = (parameter.value, parameter.separator) else { return name };
        let head = vec![name, self.comments(equals), self.text("=")];
        let head = self.sequence(head);
        let value = self.value(value);
        let value = self.behind(head, None, value);
        self.hang(value)
    }

    /// All properties of a record or a call, without edges.
    pub(super) fn properties(&mut self, properties: &[Property]) -> Id {
        let items: Vec<Id> = properties.iter().map(|property| self.property(property)).collect();
        let commas: Vec<Option<Id>> = properties
            .iter()
            .map(|property| property.comma)
            .map(|comma| comma.map(|comma| self.comments_below(comma, "")))
            .collect();
        self.items_with_comments(&items, &commas)
    }

    pub(super) fn record(&mut self, record: &'a Record) -> Hang {
        let count = record.properties.len();
        let mut body = Vec::new();
        match record.with {
            Some(with) => {
                let with =
                    vec![self.token(with), self.text(" with"), if count >= 5 { self.hard() } else { self.line() }];
                let with = self.sequence(with);
                body.push(self.group(with));
            }
            None => body.push(self.rim(count)),
        }
        body.push(self.properties(&record.properties));
        body.push(self.comments_below(record.span.end - 1, ""));
        let body = self.sequence(body);
        let closing = vec![self.rim(count), self.text("}")];
        let closing = self.sequence(closing);
        let open = vec![self.comments(record.span.start), self.text("{")];
        let open = self.sequence(open);
        Hang { heads: vec![Head { text: open, nests: false }], body, closing }
    }

    pub(super) fn array(&mut self, elements: &[ExpressionId], span: Span) -> Hang {
        let items: Vec<Id> = elements.iter().map(|element| self.expression(*element)).collect();
        let body = vec![self.rim(items.len()), self.items(&items)];
        let body = self.sequence(body);
        let end = span.end - 1;
        let rim = if self.has_comments(end) { self.comments(end) } else { self.rim(items.len()) };
        self.anchors.push(end);
        let closing = vec![rim, self.text("]")];
        let closing = self.sequence(closing);
        let heads = [self.comments(span.start), self.text("[")].map(|text| Head { text, nests: false });
        Hang { heads: heads.into(), body, closing }
    }

    pub(super) fn function(&mut self, function: &'a Function, span: Span) -> Hang {
        let parameters = &function.parameters;
        let items: Vec<Id> = parameters.iter().map(|parameter| self.parameter(parameter)).collect();
        let commas: Vec<Option<Id>> =
            parameters.iter().map(|parameter| parameter.comma.map(|comma| self.comments(comma))).collect();
        let inner = vec![self.rim(items.len()), self.items_with_comments(&items, &commas)];
        let inner = self.sequence(inner);
        let inner = vec![self.nest(inner), self.rim(items.len()), self.comments(function.paren)];
        let inner = self.sequence(inner);
        let mut arrow = vec![self.text("("), inner, self.text(")")];
        arrow.extend([self.comments_below(function.arrow, " "), self.text("=>")]);
        let arrow = self.sequence(arrow);
        let arrow = self.group(arrow);
        let comments = self.comments(span.start);
        let mut heads = vec![Head { text: comments, nests: false }];
        match &function.body {
            Body::Expression(body) => {
                heads.push(Head { text: arrow, nests: false });
                let id = self.bare(*body);
                let mut value = self.expression(id);
                if matches!(self.kind(id), ExpressionKind::Record(_)) || self.careful && self.begins_with_brace(id) {
                    let parts = vec![self.text("("), value, self.text(")")];
                    value = self.sequence(parts);
                }
                let gap = self.line();
                let body = self.sequence(vec![gap, value]);
                let closing = self.nil();
                Hang { heads, body, closing }
            }
            Body::Block(block) => {
                heads.push(Head { text: arrow, nests: true });
                let open = vec![self.line(), self.comments(block.span.start), self.text("{")];
                let open = self.sequence(open);
                heads.push(Head { text: open, nests: false });
                let (body, closing) = self.block(block);
                Hang { heads, body, closing }
            }
        }
    }

    /// Whether the first thing written of an expression is the brace of a record.
    pub(super) fn begins_with_brace(&self, id: ExpressionId) -> bool {
        let mut id = id;
        loop {
            let (next, most) = match self.kind(id) {
                ExpressionKind::Record(_) => return true,
                ExpressionKind::Member { object: next, .. }
                | ExpressionKind::Call { callee: next, .. }
                | ExpressionKind::Index { array: next, .. } => (*next, TIGHT),
                ExpressionKind::Pipe { argument, .. } => (*argument, PIPE),
                ExpressionKind::Binary { operator, left, .. } => (*left, infix_rank(*operator)),
                _ => return false,
            };
            // In parentheses of its own.
            if self.rank(next) > most {
                return false;
            }
            id = self.bare(next);
        }
    }

    pub(super) fn interpolation(&mut self, parts: &'a [Part]) -> Hang {
        let mut body = Vec::new();
        for part in parts {
            match part {
                Part::Text(span) => {
                    // Escapes become what they stand for; only quotes and backslashes are escaped again.
                    let text = if self.careful {
                        self.script.text(*span).to_owned()
                    } else {
                        self.script.unescaped(*span).replace('\\', "\\\\").replace('"', "\\\"")
                    };
                    for (at, line) in text.split('\n').enumerate() {
                        if at > 0 {
                            body.push(self.docs.push(Doc::Raw));
                        }
                        body.push(self.owned(line.to_owned()));
                    }
                }
                Part::Value { expression, .. } => {
                    body.push(self.text("${"));
                    body.push(self.expression(*expression));
                    body.push(self.text("}"));
                }
            }
        }
        let body = self.sequence(body);
        let (open, closing) = (self.text("\""), self.text("\""));
        Hang { heads: vec![Head { text: open, nests: false }], body, closing }
    }

    pub(super) fn dict(&mut self, id: ExpressionId, items: &[DictItem]) -> Id {
        let span = self.span(id);
        let many = self.goes_over_lines(id);
        let mut parts = vec![self.edge()];
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                parts.push(self.text(","));
                parts.push(if many { self.hard() } else { self.line() });
            }
            parts.extend([self.expression(item.key), self.text(": "), self.expression(item.value)]);
        }
        parts.push(if items.is_empty() { self.text(":") } else { self.docs.push(Doc::Broken(",")) });
        parts.push(self.comments(span.end - 1));
        let body = self.sequence(parts);
        let body = self.nest(body);
        let all = vec![self.comments(span.start), self.text("["), body, self.edge(), self.text("]")];
        let all = self.sequence(all);
        self.group(all)
    }
}
