//! Expressions, loosest operators first. Chains of operators, pipes, members and calls are loops, not recursion.

use super::super::ast::{ExpressionId, ExpressionKind, Infix, Prefix, Span};
use super::super::token::TokenKind;
use super::Parser;
use super::fault::FaultKind;

/// How tight `not` and `exists` bind: between `and` and comparisons.
const NOT: u8 = 3;
const COMPARISON: u8 = 4;

/// What an operator is, and how tight it binds.
fn infix(kind: TokenKind) -> Option<(Infix, u8)> {
    Some(match kind {
        TokenKind::Or => (Infix::Or, 1),
        TokenKind::And => (Infix::And, 2),
        TokenKind::Eq => (Infix::Equal, COMPARISON),
        TokenKind::Neq => (Infix::NotEqual, COMPARISON),
        TokenKind::Lt => (Infix::Less, COMPARISON),
        TokenKind::Lte => (Infix::LessOrEqual, COMPARISON),
        TokenKind::Gt => (Infix::Greater, COMPARISON),
        TokenKind::Gte => (Infix::GreaterOrEqual, COMPARISON),
        TokenKind::RegexEq => (Infix::Matches, COMPARISON),
        TokenKind::RegexNeq => (Infix::NotMatches, COMPARISON),
        TokenKind::Add => (Infix::Add, 5),
        TokenKind::Sub => (Infix::Subtract, 5),
        TokenKind::Mul => (Infix::Multiply, 6),
        TokenKind::Div => (Infix::Divide, 6),
        TokenKind::Mod => (Infix::Modulo, 6),
        TokenKind::Pow => (Infix::Power, 7),
        _ => return None,
    })
}

impl Parser<'_> {
    /// An expression, or a hole where none starts.
    pub(super) fn expression(&mut self) -> ExpressionId {
        let read = self.deeper(|parser| match parser.peek().kind {
            TokenKind::If => parser.conditional(),
            _ => parser.binary(0, None),
        });
        read.unwrap_or_else(|| {
            let token = self.next();
            self.push_hole(token.span)
        })
    }

    /// The same where nothing but an expression is right; a hole is an error that the server does not see.
    pub(super) fn required_expression(&mut self) -> ExpressionId {
        let id = self.expression();
        self.note_hole(id);
        id
    }

    /// Says that nothing stands where the expression should.
    pub(super) fn note_hole(&mut self, id: ExpressionId) {
        // A literal that is a hole has said why.
        if self.is_hole(id) && self.peek().span == self.span(id) {
            let token = self.peek();
            self.hole(FaultKind::NoExpression(token), token.span);
        }
    }

    /// All expressions up to one of `stop`, or to what closes an open bracket: should be one. None: there is none.
    pub(super) fn expressions_until(
        &mut self,
        first: Option<ExpressionId>,
        stop: &[TokenKind],
    ) -> Option<ExpressionId> {
        let mut all = first;
        while !stop.contains(&self.peek().kind) && self.more() {
            let next = self.expression();
            if self.is_hole(next) {
                // Also behind a literal that is none, the server leaves a token out.
                let token = self.next();
                self.fault(FaultKind::Skipped(token), token.span);
                self.blame_before();
                continue;
            }
            all = Some(match all {
                None => next,
                Some(left) => {
                    let (at, span) = (self.span(next).start, self.span(left).to(self.span(next)));
                    let after = self.span(left).end;
                    self.check(FaultKind::NoOperator, self.span(next), span);
                    if let Some(fault) = self.faults.last_placed() {
                        fault.after = after;
                    }
                    self.push(span, ExpressionKind::Binary { operator: Infix::Missing, at, left, right: next })
                }
            });
        }
        all
    }

    fn conditional(&mut self) -> ExpressionId {
        let start = self.next().span;
        let test = self.required_expression();
        let then = self.require(TokenKind::Then);
        let missing = Span::empty(then.span.start);
        let (consequent, otherwise, alternate);
        if then.kind == TokenKind::Then {
            consequent = self.required_expression();
            otherwise = self.require(TokenKind::Else);
        } else {
            // The server goes no further.
            consequent = self.push_hole(missing);
            otherwise = self.require(TokenKind::Else);
        }
        if otherwise.kind == TokenKind::Else {
            alternate = self.required_expression();
        } else {
            alternate = self.push_hole(Span::empty(otherwise.span.start));
        }
        let span = start.to(self.span(alternate));
        let (then, otherwise) = (then.span.start, otherwise.span.start);
        self.push(span, ExpressionKind::Conditional { test, then, consequent, otherwise, alternate })
    }

    /// Operators that bind at least as tight as `least` and what they work on; `first` was read already.
    pub(super) fn binary(&mut self, least: u8, first: Option<ExpressionId>) -> ExpressionId {
        let mut left = match first {
            None if least <= NOT => self.logical_prefix(),
            _ => self.pipe(first),
        };
        while let Some((operator, tightness)) = infix(self.peek().kind).filter(|(_, tightness)| *tightness >= least) {
            let at = self.next().span;
            let right = self.binary(tightness + 1, None);
            let span = self.span(left).to(self.span(right));
            if operator.is_logical() {
                self.note_hole_at(left, at);
                self.note_hole(right);
            } else {
                if self.is_hole(left) {
                    self.check(FaultKind::NoLeft, at, span);
                }
                if self.is_hole(right) {
                    self.check(FaultKind::NoRight, at, span);
                }
            }
            left = self.push(span, ExpressionKind::Binary { operator, at: at.start, left, right });
        }
        left
    }

    /// Says that nothing stands before the operator.
    fn note_hole_at(&mut self, id: ExpressionId, operator: Span) {
        if self.is_hole(id) && self.span(id) == operator {
            self.hole(FaultKind::NoLeft, operator);
        }
    }

    fn logical_prefix(&mut self) -> ExpressionId {
        let mut operators = Vec::new();
        loop {
            let operator = match self.peek().kind {
                TokenKind::Not => Prefix::Not,
                TokenKind::Exists => Prefix::Exists,
                _ => break,
            };
            operators.push((operator, self.next().span));
        }
        if operators.is_empty() {
            return self.pipe(None);
        }
        let argument = self.binary(COMPARISON, None);
        self.prefixed(operators, argument)
    }

    /// The operators around their operand, the last innermost.
    fn prefixed(&mut self, operators: Vec<(Prefix, Span)>, mut argument: ExpressionId) -> ExpressionId {
        self.note_hole(argument);
        for (operator, at) in operators.into_iter().rev() {
            let span = at.to(self.span(argument));
            argument = self.push(span, ExpressionKind::Unary { operator, argument });
        }
        argument
    }

    fn pipe(&mut self, first: Option<ExpressionId>) -> ExpressionId {
        let mut argument = self.sign(first);
        while let Some(operator) = self.next_if(TokenKind::PipeForward) {
            self.note_hole_at(argument, operator.span);
            let call = self.sign(None);
            let (from, to) = (self.span(argument), self.span(call));
            if !matches!(self.expressions[call.index()].kind, ExpressionKind::Call { .. }) {
                let looked_at = if self.is_hole(call) { operator.span } else { to };
                self.check(FaultKind::PipeTarget, looked_at, to);
            }
            argument = self.push(from.to(to), ExpressionKind::Pipe { argument, operator: operator.span.start, call });
        }
        argument
    }

    fn sign(&mut self, first: Option<ExpressionId>) -> ExpressionId {
        let mut operators = Vec::new();
        while first.is_none() {
            let operator = match self.peek().kind {
                TokenKind::Add => Prefix::Plus,
                TokenKind::Sub => Prefix::Minus,
                _ => break,
            };
            operators.push((operator, self.next().span));
        }
        let argument = self.postfix(first);
        if operators.is_empty() { argument } else { self.prefixed(operators, argument) }
    }
}
