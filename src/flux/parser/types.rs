//! Types. What is wrong in them the server does not mind before it runs the script.

use super::super::ast::{
    Constraint, Key, Parameter, ParameterKind, PropertyType, Span, Type, TypeExpression, TypeId, TypeKind,
};
use super::super::token::TokenKind;
use super::Parser;
use super::fault::{FaultKind, Wanted};

/// Types within each other that we read; the server has no limit.
const DEEPEST_TYPE: u32 = 100;

impl Parser<'_> {
    /// A type with its constraints. The faults from the `known`th on belong to it.
    pub(super) fn type_expression(&mut self, known: usize) -> TypeExpression {
        let ty = self.monotype(0);
        let mut constraints = Vec::new();
        let token = self.peek();
        if token.kind == TokenKind::Ident && self.text(token.span) == "where" {
            self.next();
            constraints.push(self.constraint());
            while self.next_if(TokenKind::Comma).is_some() {
                constraints.push(self.constraint());
            }
        }
        let start = self.types[ty.index()].span;
        let span = start.to(constraints.last().map_or(start, |constraint| constraint.span));
        self.place(span);
        self.accept_from(known);
        TypeExpression { span, ty, constraints: constraints.into() }
    }

    /// The server takes a task with the faults from the `known`th on.
    pub(super) fn accept_from(&mut self, known: usize) {
        for fault in self.faults.from(known) {
            fault.accepted = !matches!(fault.kind, FaultKind::LabelType | FaultKind::TooDeep);
        }
    }

    fn constraint(&mut self) -> Constraint {
        let variable = self.name();
        self.expect(TokenKind::Colon);
        let mut kinds = vec![self.name()];
        while self.next_if(TokenKind::Add).is_some() {
            kinds.push(self.name());
        }
        let span = variable.to(*kinds.last().unwrap_or(&variable));
        Constraint { span, variable, kinds: kinds.into() }
    }

    fn push_type(&mut self, span: Span, kind: TypeKind) -> TypeId {
        self.place(span);
        self.types.push(Type { span, kind });
        TypeId::new(self.types.len() - 1)
    }

    fn monotype(&mut self, depth: u32) -> TypeId {
        let token = self.peek();
        if depth > DEEPEST_TYPE {
            self.fault(FaultKind::TypeTooDeep, token.span);
            return self.push_type(token.span, TypeKind::Hole);
        }
        match token.kind {
            TokenKind::LBrack => self.list_type(depth),
            TokenKind::LBrace => self.record_type(depth),
            TokenKind::LParen => self.function_type(depth),
            TokenKind::Ident => match self.text(token.span) {
                "stream" => self.element_type(depth, TypeKind::Stream),
                "vector" => self.element_type(depth, TypeKind::Vector),
                text => {
                    let kind = match text {
                        "dynamic" => TypeKind::Dynamic,
                        _ if text.len() == 1 => TypeKind::Variable,
                        _ => TypeKind::Named,
                    };
                    self.next();
                    self.push_type(token.span, kind)
                }
            },
            TokenKind::Dot => {
                let dot = self.next().span;
                let span = match self.next_if(TokenKind::String) {
                    Some(token) => dot.to(token.span),
                    None => dot.to(self.name()),
                };
                self.fault(FaultKind::LabelType, span);
                self.push_type(span, TypeKind::Hole)
            }
            _ => {
                self.fault(FaultKind::Expected { wanted: Wanted::Token(TokenKind::Ident), got: token }, token.span);
                self.push_type(token.span, TypeKind::Hole)
            }
        }
    }

    /// `[T]` or `[K:V]`
    fn list_type(&mut self, depth: u32) -> TypeId {
        let open = self.opening(TokenKind::LBrack, TokenKind::RBrack);
        let element = self.monotype(depth + 1);
        let kind = if self.peek().kind == TokenKind::RBrack {
            TypeKind::Array(element)
        } else {
            self.expect(TokenKind::Colon);
            TypeKind::Dict { key: element, value: self.monotype(depth + 1) }
        };
        let end = self.closing(open, TokenKind::RBrack);
        self.push_type(open.span.to(end), kind)
    }

    /// `stream[T]`, `vector[T]`
    fn element_type(&mut self, depth: u32, kind: fn(TypeId) -> TypeKind) -> TypeId {
        let start = self.next().span;
        let open = self.opening(TokenKind::LBrack, TokenKind::RBrack);
        let element = self.monotype(depth + 1);
        let end = self.closing(open, TokenKind::RBrack);
        self.push_type(start.to(end), kind(element))
    }

    fn record_type(&mut self, depth: u32) -> TypeId {
        let open = self.opening(TokenKind::LBrace, TokenKind::RBrace);
        let mut with = None;
        let mut properties = Vec::new();
        let first = self.peek();
        match first.kind {
            TokenKind::Ident => {
                self.next();
                let token = self.peek();
                if token.kind == TokenKind::Ident && self.text(token.span) == "with" {
                    self.next();
                    with = Some(first.span);
                    self.place(first.span);
                    self.property_types(depth, None, &mut properties);
                } else if token.kind == TokenKind::Colon {
                    self.place(first.span);
                    self.property_types(depth, Some(Key::Name(first.span)), &mut properties);
                }
            }
            TokenKind::String => self.property_types(depth, None, &mut properties),
            _ => {}
        }
        let end = self.closing(open, TokenKind::RBrace);
        self.push_type(open.span.to(end), TypeKind::Record { with, properties: properties.into() })
    }

    /// Properties up to the closing brace; the key of the first may have been read.
    fn property_types(&mut self, depth: u32, first: Option<Key>, properties: &mut Vec<PropertyType>) {
        let mut first = first;
        loop {
            let key = match first.take() {
                Some(key) => key,
                None => self.property_key(),
            };
            self.expect(TokenKind::Colon);
            let ty = self.monotype(depth + 1);
            let span = key.span().to(self.types[ty.index()].span);
            properties.push(PropertyType { span, key, ty });
            // Commas are a matter of taste.
            self.next_if(TokenKind::Comma);
            if !self.more() {
                return;
            }
        }
    }

    fn property_key(&mut self) -> Key {
        let token = self.next();
        match token.kind {
            TokenKind::Ident => Key::Name(token.span),
            TokenKind::String => {
                self.plain_string(token);
                Key::Quoted(token.span)
            }
            _ => {
                self.fault(FaultKind::Expected { wanted: Wanted::TypeKey, got: token }, token.span);
                Key::Name(Span::empty(token.span.start))
            }
        }
    }

    fn function_type(&mut self, depth: u32) -> TypeId {
        let open = self.opening(TokenKind::LParen, TokenKind::RParen);
        let mut parameters = Vec::new();
        if matches!(self.peek().kind, TokenKind::Ident | TokenKind::Question | TokenKind::PipeReceive) {
            while self.more() {
                parameters.push(self.parameter_type(depth));
                self.next_if(TokenKind::Comma);
            }
        }
        self.closing(open, TokenKind::RParen);
        self.expect(TokenKind::Arrow);
        let result = self.monotype(depth + 1);
        let span = open.span.to(self.types[result.index()].span);
        self.push_type(span, TypeKind::Function { parameters: parameters.into(), result })
    }

    fn parameter_type(&mut self, depth: u32) -> Parameter {
        let start = self.peek().span;
        let kind = match self.peek().kind {
            TokenKind::Question => ParameterKind::Optional,
            TokenKind::PipeReceive => ParameterKind::Pipe,
            _ => ParameterKind::Required,
        };
        if kind != ParameterKind::Required {
            self.next();
        }
        let named = kind != ParameterKind::Pipe || self.peek().kind == TokenKind::Ident;
        let name = named.then(|| self.name());
        self.expect(TokenKind::Colon);
        let ty = self.monotype(depth + 1);
        let span = start.to(self.types[ty.index()].span);
        Parameter { span, kind, name, ty }
    }
}
