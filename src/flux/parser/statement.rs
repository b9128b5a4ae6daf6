//! Files and statements.

use super::super::ast::{
    Attribute, ExpressionKind, Import, OptionTarget, Package, Span, Statement, StatementKind, TestCase,
};
use super::super::token::TokenKind;
use super::fault::FaultKind;
use super::{File, Parser};

impl Parser<'_> {
    /// The whole script.
    pub(super) fn file(&mut self) -> File {
        let mut attributes = self.attributes();
        let mut file = File { package: None, imports: Vec::new(), body: Vec::new() };
        if self.peek().kind == TokenKind::Package {
            let start = self.next().span;
            let name = self.name();
            let span = start.to(name);
            self.place(span);
            file.package = Some(Package { span, name, attributes: attributes.into() });
            attributes = self.attributes();
        }
        while self.peek().kind == TokenKind::Import {
            let import = self.import(attributes);
            file.imports.push(import);
            attributes = self.attributes();
        }
        if self.peek().kind == TokenKind::End {
            if let (Some(first), Some(last)) = (attributes.first(), attributes.last()) {
                let span = first.span.to(last.span);
                self.check(FaultKind::ExtraAttributes, span, span);
                file.body.push(Statement { span, kind: StatementKind::Bad, attributes: attributes.into() });
            }
        } else {
            file.body.push(self.statement(attributes));
            while self.peek().kind != TokenKind::End {
                file.body.push(self.statement_with_attributes());
            }
        }
        self.place(Span::new(0, self.length as u32));
        file
    }

    fn import(&mut self, attributes: Vec<Attribute>) -> Import {
        let start = self.next().span;
        let alias = self.next_if(TokenKind::Ident).map(|token| token.span);
        let path = self.string_literal();
        let span = start.to(path);
        self.place(span);
        Import { span, alias, path, attributes: attributes.into() }
    }

    /// A string where no expression may stand.
    fn string_literal(&mut self) -> Span {
        let token = self.expect(TokenKind::String);
        if token.kind == TokenKind::String {
            self.plain_string(token);
        }
        self.place(token.span);
        token.span
    }

    /// The server reads attributes and forgets them, whatever is wrong with them.
    fn attributes(&mut self) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        let (known, placed) = (self.faults.len(), self.faults.placed());
        while let Some(token) = self.next_if(TokenKind::Attribute) {
            let mut arguments = Vec::new();
            let mut span = token.span;
            if self.peek().kind == TokenKind::LParen {
                let open = self.opening(TokenKind::LParen, TokenKind::RParen);
                while self.more() {
                    let argument = self.postfix(None);
                    if self.is_hole(argument) && self.next_if(TokenKind::Comma).is_none() {
                        break;
                    }
                    arguments.push(argument);
                    self.next_if(TokenKind::Comma);
                }
                self.closing(open, TokenKind::RParen);
                span.end = self.after;
            }
            self.faults.back_to(known, placed);
            attributes.push(Attribute { span, name: token.span, arguments: arguments.into() });
        }
        attributes
    }

    pub(super) fn statement_with_attributes(&mut self) -> Statement {
        let attributes = self.attributes();
        self.statement(attributes)
    }

    fn statement(&mut self, attributes: Vec<Attribute>) -> Statement {
        let read = self.deeper(Self::statement_kind);
        let (span, kind) = read.unwrap_or_else(|| {
            let token = self.next();
            self.place(token.span);
            (token.span, StatementKind::Bad)
        });
        Statement { span, kind, attributes: attributes.into() }
    }

    fn statement_kind(&mut self) -> (Span, StatementKind) {
        let token = self.peek_operand();
        let (span, kind) = match token.kind {
            TokenKind::Ident => self.named(),
            TokenKind::Option => self.option(),
            TokenKind::Builtin => self.builtin(),
            TokenKind::TestCase => self.test_case(),
            TokenKind::Return => {
                let start = self.next().span;
                let value = self.required_expression();
                (start.to(self.span(value)), StatementKind::Return(value))
            }
            TokenKind::Int
            | TokenKind::Float
            | TokenKind::String
            | TokenKind::StringStart
            | TokenKind::Div
            | TokenKind::Regex
            | TokenKind::Time
            | TokenKind::Duration
            | TokenKind::PipeReceive
            | TokenKind::LParen
            | TokenKind::LBrack
            | TokenKind::LBrace
            | TokenKind::Add
            | TokenKind::Sub
            | TokenKind::Not
            | TokenKind::If
            | TokenKind::Exists => {
                let value = self.required_expression();
                (self.span(value), StatementKind::Expression(value))
            }
            _ => {
                self.check(FaultKind::Statement(token), token.span, token.span);
                self.next();
                (token.span, StatementKind::Bad)
            }
        };
        self.place(span);
        (span, kind)
    }

    /// An assignment, or an expression that starts with a name.
    fn named(&mut self) -> (Span, StatementKind) {
        let name = self.next().span;
        if let Some(equals) = self.next_if(TokenKind::Assign) {
            self.place(name);
            let value = self.required_expression();
            let span = name.to(self.span(value));
            return (span, StatementKind::Assignment { name, equals: equals.span.start, value });
        }
        let first = self.push(name, ExpressionKind::Identifier);
        let value = self.binary(0, Some(first));
        (self.span(value), StatementKind::Expression(value))
    }

    fn option(&mut self) -> (Span, StatementKind) {
        let token = self.next();
        let bad = |parser: &mut Self| {
            parser.check(FaultKind::Statement(token), token.span, token.span);
            (token.span, StatementKind::Bad)
        };
        let Some(object) = self.next_if(TokenKind::Ident).map(|token| token.span) else {
            return bad(self);
        };
        let (target, equals) = match self.peek().kind {
            TokenKind::Assign => (OptionTarget::Name(object), self.next()),
            TokenKind::Dot => {
                let dot = self.next().span.start;
                let property = self.name();
                let target = OptionTarget::Member { span: object.to(property), object, dot, property };
                (target, self.expect(TokenKind::Assign))
            }
            _ => return bad(self),
        };
        let value = self.required_expression();
        let span = token.span.to(self.span(value));
        (span, StatementKind::Option { target, equals: equals.span.start, value })
    }

    fn builtin(&mut self) -> (Span, StatementKind) {
        let start = self.next().span;
        let name = self.name();
        let known = self.faults.len();
        let colon = self.expect(TokenKind::Colon).span.start;
        let ty = self.type_expression(known);
        (start.to(ty.span), StatementKind::Builtin { name, colon, ty })
    }

    fn test_case(&mut self) -> (Span, StatementKind) {
        let start = self.next().span;
        let name = self.name();
        let token = self.peek();
        let extends = (token.kind == TokenKind::Ident && self.text(token.span) == "extends").then(|| {
            self.next();
            let known = self.faults.len();
            let path = self.string_literal();
            self.accept_from(known);
            path
        });
        let block = self.block();
        (start.to(block.span), StatementKind::TestCase(TestCase { name, extends, block }))
    }
}
