//! Operands: literals, brackets, functions, and what follows an operand.

use super::super::ast::{
    Block, Body, DictItem, ExpressionId, ExpressionKind, Function, Key, Part, Property, Record, Span,
};
use super::super::token::TokenKind;
use super::Parser;
use super::fault::FaultKind;
use super::lexer::Token;

impl Parser<'_> {
    /// An operand with its members, elements and calls.
    pub(super) fn postfix(&mut self, first: Option<ExpressionId>) -> ExpressionId {
        let mut object = match first {
            Some(first) => first,
            None => self.operand(),
        };
        loop {
            object = match self.peek().kind {
                TokenKind::Dot => {
                    let operator = self.next().span.start;
                    let name = self.name();
                    let kind = ExpressionKind::Member { object, operator, property: Key::Name(name) };
                    let span = self.span(object).to(name);
                    self.push(span, kind)
                }
                TokenKind::LBrack => self.element(object),
                TokenKind::LParen => self.call(object),
                _ => return object,
            };
        }
    }

    fn element(&mut self, object: ExpressionId) -> ExpressionId {
        let open = self.opening(TokenKind::LBrack, TokenKind::RBrack);
        let index = self.expressions_until(None, &[]);
        let end = self.closing(open, TokenKind::RBrack);
        let span = self.span(object).to(end);
        let bracket = open.span.start;
        let Some(index) = index else {
            self.check(FaultKind::EmptyIndex, open.span.to(end), span);
            return self.push(span, ExpressionKind::Hole);
        };
        let kind = match self.expressions[index.index()] {
            super::super::ast::Expression { span, kind: ExpressionKind::String } => {
                ExpressionKind::Member { object, operator: bracket, property: Key::Quoted(span) }
            }
            _ => ExpressionKind::Index { array: object, bracket, index },
        };
        self.push(span, kind)
    }

    fn call(&mut self, callee: ExpressionId) -> ExpressionId {
        let open = self.opening(TokenKind::LParen, TokenKind::RParen);
        let list = self.properties(false);
        let end = self.closing(open, TokenKind::RParen);
        let span = self.span(callee).to(end);
        self.check_list(&list, open, span);
        let arguments = match (list.properties.first(), list.properties.last()) {
            (Some(first), Some(last)) => {
                let span = first.span.to(last.span);
                self.check_mixed(&list.properties, span);
                Some(Box::new(Record { span, with: None, properties: list.properties.into() }))
            }
            _ => None,
        };
        self.push(span, ExpressionKind::Call { callee, paren: open.span.start, arguments })
    }

    /// An operand, or a hole where none starts.
    fn operand(&mut self) -> ExpressionId {
        let token = self.peek_operand();
        let literal = match token.kind {
            TokenKind::Ident => ExpressionKind::Identifier,
            TokenKind::PipeReceive => ExpressionKind::PipeReceive,
            TokenKind::Int => self.integer(token),
            TokenKind::Float => ExpressionKind::Float,
            TokenKind::String => self.plain_string(token),
            TokenKind::Duration => self.duration(token),
            TokenKind::Time => self.time(token),
            TokenKind::Regex => self.regular_expression(token),
            TokenKind::StringStart => return self.interpolation(),
            TokenKind::LBrack => return self.bracketed(),
            TokenKind::LBrace => return self.record(),
            TokenKind::LParen => return self.parenthesis(),
            TokenKind::Dot => return self.label(),
            _ => return self.push_hole(token.span),
        };
        self.next();
        self.push(token.span, literal)
    }

    fn label(&mut self) -> ExpressionId {
        let dot = self.next().span;
        let name = match self.next_if(TokenKind::String) {
            Some(token) => token.span,
            None => self.name(),
        };
        let span = dot.to(name);
        self.check(FaultKind::Label, span, span);
        self.push(span, ExpressionKind::Label)
    }

    /// A string with interpolations, or with a mistake in it.
    fn interpolation(&mut self) -> ExpressionId {
        let quote = self.next().span;
        let known = self.faults.placed();
        let mut parts = Vec::new();
        loop {
            let token = self.lexer.next_in_string();
            match token.kind {
                TokenKind::StringText => {
                    if !self.text_is_sound(token.span) {
                        let span = quote.to(token.span);
                        self.forget(known);
                        self.hole(FaultKind::InterpolatedText, token.span);
                        return self.push(span, ExpressionKind::Hole);
                    }
                    self.place(token.span);
                    parts.push(Part::Text(token.span));
                }
                TokenKind::InterpolationStart => {
                    let expression = self.required_expression();
                    let end = self.expect(TokenKind::RBrace).span;
                    let span = token.span.to(end);
                    self.place(span);
                    parts.push(Part::Value { span, expression });
                }
                TokenKind::StringEnd => {
                    return self.push(quote.to(token.span), ExpressionKind::Interpolation(parts.into()));
                }
                _ => {
                    let span = quote.to(token.span);
                    self.forget(known);
                    self.check(FaultKind::InString { open: quote, got: token }, token.span, span);
                    return self.push(span, ExpressionKind::Interpolation(parts.into()));
                }
            }
        }
    }

    /// The server forgets what was in a string that goes wrong, and what was wrong in it.
    fn forget(&mut self, known: usize) {
        for fault in self.faults.placed_from(known) {
            fault.accepted = true;
        }
    }

    /// `[a, b]` or `["a": b]`
    fn bracketed(&mut self) -> ExpressionId {
        let open = self.opening(TokenKind::LBrack, TokenKind::RBrack);
        if self.peek().kind == TokenKind::RBrack {
            let end = self.closing(open, TokenKind::RBrack);
            return self.push(open.span.to(end), ExpressionKind::Array(Box::default()));
        }
        if self.next_if(TokenKind::Colon).is_some() {
            let end = self.closing(open, TokenKind::RBrack);
            return self.push(open.span.to(end), ExpressionKind::Dict(Box::default()));
        }
        let first = self.required_expression();
        if self.peek().kind == TokenKind::Colon { self.dict(open, first) } else { self.array(open, first) }
    }

    fn array(&mut self, open: Token, first: ExpressionId) -> ExpressionId {
        let mut elements = vec![first];
        if self.peek().kind != TokenKind::RBrack {
            self.expect(TokenKind::Comma);
        }
        // From the second element on, the server wants no commas.
        while self.more() {
            let before = self.peek().span;
            elements.push(self.required_expression());
            self.next_if(TokenKind::Comma);
            if self.peek().span == before {
                break;
            }
        }
        let end = self.closing(open, TokenKind::RBrack);
        self.push(open.span.to(end), ExpressionKind::Array(elements.into()))
    }

    fn dict(&mut self, open: Token, first: ExpressionId) -> ExpressionId {
        self.next();
        let mut items = vec![DictItem { key: first, value: self.required_expression() }];
        if self.peek().kind != TokenKind::RBrack {
            self.expect(TokenKind::Comma);
        }
        while self.more() {
            let key = self.required_expression();
            self.expect(TokenKind::Colon);
            items.push(DictItem { key, value: self.required_expression() });
            self.next_if(TokenKind::Comma);
        }
        let end = self.closing(open, TokenKind::RBrack);
        self.push(open.span.to(end), ExpressionKind::Dict(items.into()))
    }

    fn record(&mut self) -> ExpressionId {
        let open = self.opening(TokenKind::LBrace, TokenKind::RBrace);
        let list = self.properties(true);
        let end = self.closing(open, TokenKind::RBrace);
        let span = open.span.to(end);
        self.check_list(&list, open, span);
        self.check_mixed(&list.properties, span);
        let record = Record { span, with: list.with, properties: list.properties.into() };
        self.push(span, ExpressionKind::Record(Box::new(record)))
    }

    /// `(a)` or a function.
    fn parenthesis(&mut self) -> ExpressionId {
        let open = self.opening(TokenKind::LParen, TokenKind::RParen);
        match self.peek().kind {
            TokenKind::RParen => return self.function(open, Vec::new()),
            TokenKind::Ident => {}
            _ => {
                let inner = self.expressions_until(None, &[]);
                return self.close_parenthesis(open, inner);
            }
        }
        let name = self.next().span;
        let parameter = |separator, value, end: Span| Property {
            span: name.to(end),
            key: Key::Name(name),
            separator,
            value,
            comma: None,
        };
        match self.peek().kind {
            TokenKind::RParen => {
                let close = self.closing(open, TokenKind::RParen);
                if self.peek().kind == TokenKind::Arrow {
                    return self.function_body(open, vec![parameter(None, None, name)], close);
                }
                let inner = self.push(name, ExpressionKind::Identifier);
                self.push(open.span.to(close), ExpressionKind::Paren(inner))
            }
            TokenKind::Assign => {
                let separator = self.next().span.start;
                let value = self.required_expression();
                let first = parameter(Some(separator), Some(value), self.span(value));
                self.parameters_after(open, first)
            }
            TokenKind::Comma => self.parameters_after(open, parameter(None, None, name)),
            _ => {
                let first = self.push(name, ExpressionKind::Identifier);
                let first = self.binary(0, Some(first));
                let inner = self.expressions_until(Some(first), &[]);
                self.close_parenthesis(open, inner)
            }
        }
    }

    fn close_parenthesis(&mut self, open: Token, inner: Option<ExpressionId>) -> ExpressionId {
        let inner = inner.unwrap_or_else(|| {
            let at = self.peek().span;
            self.push_hole(at)
        });
        let close = self.closing(open, TokenKind::RParen);
        self.push(open.span.to(close), ExpressionKind::Paren(inner))
    }

    /// The parameters after the first, and what comes then.
    fn parameters_after(&mut self, open: Token, first: Property) -> ExpressionId {
        let mut parameters = vec![first];
        if let Some(comma) = self.next_if(TokenKind::Comma) {
            parameters[0].comma = Some(comma.span.start);
            // From the second parameter on, the server wants no commas.
            while self.more() {
                let before = self.peek().span;
                let mut parameter = self.parameter();
                parameter.comma = self.next_if(TokenKind::Comma).map(|comma| comma.span.start);
                parameters.push(parameter);
                if self.peek().span == before {
                    break;
                }
            }
        }
        self.function(open, parameters)
    }

    fn parameter(&mut self) -> Property {
        let name = self.name();
        let (separator, value) = match self.next_if(TokenKind::Assign) {
            Some(assign) => (Some(assign.span.start), Some(self.required_expression())),
            None => (None, None),
        };
        let span = value.map_or(name, |value| name.to(self.span(value)));
        self.place(span);
        Property { span, key: Key::Name(name), separator, value, comma: None }
    }

    /// A function from the end of its parameters on.
    fn function(&mut self, open: Token, parameters: Vec<Property>) -> ExpressionId {
        let close = self.closing(open, TokenKind::RParen);
        self.function_body(open, parameters, close)
    }

    fn function_body(&mut self, open: Token, parameters: Vec<Property>, close: Span) -> ExpressionId {
        let arrow = self.require(TokenKind::Arrow).span.start;
        let (body, end) = if self.peek().kind == TokenKind::LBrace {
            let block = self.block();
            let span = block.span;
            (Body::Block(block), span)
        } else {
            let value = self.required_expression();
            (Body::Expression(value), self.span(value))
        };
        let function = Function { parameters: parameters.into(), paren: close.start, arrow, body };
        self.push(open.span.to(end), ExpressionKind::Function(Box::new(function)))
    }

    /// `{ ... }`
    pub(super) fn block(&mut self) -> Block {
        let open = self.opening(TokenKind::LBrace, TokenKind::RBrace);
        let mut body = Vec::new();
        while self.more() {
            body.push(self.statement_with_attributes());
        }
        let end = self.closing(open, TokenKind::RBrace);
        let span = open.span.to(end);
        self.place(span);
        Block { span, body: body.into() }
    }
}
