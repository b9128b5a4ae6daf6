//! What stands between the braces of a record and the parentheses of a call.

use super::super::ast::{Key, Property, Span};
use super::super::token::TokenKind;
use super::Parser;
use super::fault::FaultKind;
use super::lexer::Token;

/// Properties, and where commas are missing between them.
pub(super) struct List {
    pub(super) with: Option<Span>,
    pub(super) properties: Vec<Property>,
    /// The tokens before which commas are missing, and where what is before them ends.
    without_comma: Vec<(Token, u32)>,
}

impl Parser<'_> {
    /// All up to the closing bracket.
    pub(super) fn properties(&mut self, in_record: bool) -> List {
        let mut list = List { with: None, properties: Vec::new(), without_comma: Vec::new() };
        let mut first = None;
        if in_record && let Some(name) = self.next_if(TokenKind::Ident) {
            match self.next_if(TokenKind::Ident) {
                Some(with) => {
                    self.place(name.span);
                    list.with = Some(name.span);
                    if self.text(with.span) != "with" {
                        self.fault(FaultKind::NoWith(with), with.span);
                    }
                }
                None => first = Some(name.span),
            }
        }
        let mut named_first = in_record && list.with.is_none();
        while first.is_some() || self.more() {
            let property = match first.take() {
                Some(name) => Some(self.after_key(Key::Name(name))),
                None => self.property(in_record),
            };
            list.properties.extend(property);
            if !self.more() {
                break;
            }
            match self.next_if(TokenKind::Comma) {
                Some(comma) => {
                    if let Some(last) = list.properties.last_mut().filter(|_| property.is_some()) {
                        last.comma = Some(comma.span.start);
                    }
                }
                // The server says nothing of it behind the first name of a record, but that what follows is no property.
                None if named_first => {}
                None => {
                    let token = self.peek();
                    list.without_comma.push((token, self.after));
                }
            }
            named_first = false;
        }
        list
    }

    /// One property; None: there is none that makes sense.
    fn property(&mut self, in_record: bool) -> Option<Property> {
        let token = self.peek();
        match token.kind {
            TokenKind::Ident => {
                self.next();
                Some(self.after_key(Key::Name(token.span)))
            }
            TokenKind::String => {
                self.plain_string(token);
                self.next();
                Some(self.after_key(Key::Quoted(token.span)))
            }
            TokenKind::Colon => {
                self.next();
                let value = self.expressions_until(None, &[TokenKind::Comma, TokenKind::Colon]);
                let span = value.map_or(token.span, |value| token.span.to(self.span(value)));
                self.check(FaultKind::NoKey, token.span, span);
                None
            }
            TokenKind::Comma => {
                self.check(FaultKind::NoProperty, token.span, Span::empty(token.span.start));
                None
            }
            _ => {
                while self.peek().kind != TokenKind::Comma && self.more() {
                    self.next();
                }
                let span = Span::new(token.span.start, self.peek().span.start);
                self.check(FaultKind::Key { got: token, in_record }, token.span, span);
                None
            }
        }
    }

    /// A property whose key was read.
    fn after_key(&mut self, key: Key) -> Property {
        self.place(key.span());
        let Some(colon) = self.next_if(TokenKind::Colon) else {
            if let Key::Quoted(span) = key {
                self.check(FaultKind::QuotedWithoutValue, span, span);
            }
            return Property { span: key.span(), key, separator: None, value: None, comma: None };
        };
        let value = self.expressions_until(None, &[TokenKind::Comma, TokenKind::Colon]);
        let span = match value {
            Some(value) => key.span().to(self.span(value)),
            None => {
                self.check(FaultKind::NoValue, colon.span, key.span());
                key.span()
            }
        };
        self.place(span);
        Property { span, key, separator: Some(colon.span.start), value, comma: None }
    }

    /// Says where commas are missing, in the node that the list belongs to.
    pub(super) fn check_list(&mut self, list: &List, open: Token, node: Span) {
        for (token, after) in &list.without_comma {
            self.check(FaultKind::NoComma(*token), token.span, node);
            if let Some(fault) = self.faults.last_placed() {
                (fault.open, fault.after) = (Some(open.span), *after);
            }
        }
    }

    /// A list has values for all its keys or for none.
    pub(super) fn check_mixed(&mut self, properties: &[Property], node: Span) {
        let implicit = properties.iter().find(|property| property.separator.is_none());
        if let Some(implicit) = implicit
            && properties.iter().any(|property| property.separator.is_some())
        {
            self.check(FaultKind::Mixed, implicit.span, node);
        }
    }
}
