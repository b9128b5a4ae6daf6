//! From text to a tree, the way influxd 2.9.1 reads it: what it refuses is an error here, and so is what it accepts but can
//! never run (`x =`).
//!
//! Which scripts it takes, and what it makes of them, was measured with `POST /api/v2/query/ast`. That includes how it goes on
//! after a mistake, because for a script that it accepts in spite of one the tree must be the same.

mod diagnose;
mod expression;
mod fault;
mod island;
mod letters;
mod lexer;
mod list;
mod literal;
mod message;
mod pattern;
mod primary;
mod statement;
mod types;
mod words;

use super::ast::{Expression, ExpressionId, ExpressionKind, Script, Span, Type};
use super::token::TokenKind;
use fault::{Fault, FaultKind, Faults, Reach, Wanted};
use lexer::{Lexer, Token};

/// Statements and expressions within each other that influxd reads (2.9.1, measured).
const DEEPEST: u32 = 80;

pub use words::Refusal;

/// What was read, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree; with errors, as much of it as could be made out.
    pub script: Script,
    faults: Vec<Fault>,
}

/// Reads a script.
pub fn parse(source: &str) -> Parsed {
    let mut parser = Parser::new(readable(source));
    if source.len() > u32::MAX as usize {
        parser.fault(FaultKind::TooLong, Span::empty(0));
    } else if parser.length < source.len() {
        let at = Span::new(parser.length as u32, parser.length as u32 + 1);
        parser.check(FaultKind::Nul, at, at);
    }
    let file = parser.file();
    let script = Script {
        source: source.into(),
        package: file.package,
        imports: file.imports,
        body: file.body,
        end: parser.length as u32,
        expressions: parser.expressions,
        types: parser.types,
        comments: parser.lexer.comments,
    };
    Parsed { script, faults: parser.faults.into_vec() }
}

/// What the server reads of a script: it stops at a NUL. Of one that is too long, nothing.
fn readable(source: &str) -> &str {
    if source.len() > u32::MAX as usize {
        return "";
    }
    source.find('\0').map_or(source, |at| &source[..at])
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    length: usize,
    /// The next token, if it was looked at.
    ahead: Option<Token>,
    /// Where the last token ended that was taken.
    after: u32,
    /// Where the one before it ended.
    before: u32,
    /// How many brackets of each sort are open.
    open: [u32; 3],
    /// The open brackets, the innermost last.
    brackets: Vec<Span>,
    /// Statements and expressions around.
    depth: u32,
    expressions: Vec<Expression>,
    types: Vec<Type>,
    faults: Faults,
    /// Whether to stop at the first mistake that confuses what comes after it.
    halts: bool,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        Self {
            lexer: Lexer::new(source),
            length: source.len(),
            ahead: None,
            after: 0,
            before: 0,
            open: [0; 3],
            brackets: Vec::new(),
            depth: 0,
            expressions: Vec::with_capacity(source.len() / 8),
            types: Vec::new(),
            faults: Faults::default(),
            halts: false,
        }
    }

    fn text(&self, span: Span) -> &'s str {
        self.lexer.text(span)
    }

    /// The next token; it stays.
    fn peek(&mut self) -> Token {
        if let Some(token) = self.ahead {
            return token;
        }
        let token = self.lexer.next();
        self.ahead = Some(token);
        token
    }

    /// The next token where an expression may start; it stays.
    fn peek_operand(&mut self) -> Token {
        let token = self.peek();
        if token.kind == TokenKind::Div
            && let Some(regex) = self.lexer.regex(token.span.start)
        {
            self.ahead = Some(regex);
            return regex;
        }
        token
    }

    /// The next token.
    fn next(&mut self) -> Token {
        let token = match self.ahead.take() {
            Some(token) => token,
            None => self.lexer.next(),
        };
        self.before = std::mem::replace(&mut self.after, token.span.end);
        token
    }

    /// The next token if it is of this kind.
    fn next_if(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.next())
    }

    /// Whether anything comes before what closes a bracket that is open.
    fn more(&mut self) -> bool {
        match self.peek().kind {
            TokenKind::End => false,
            kind => bracket(kind).is_none_or(|bracket| self.open[bracket] == 0),
        }
    }

    /// Something is wrong in the node that is made next.
    fn fault(&mut self, kind: FaultKind, span: Span) {
        let open = self.brackets.last().copied();
        self.halt_at(&kind);
        self.faults.push_waiting(Fault {
            kind,
            span,
            node: span,
            after: self.after,
            open,
            accepted: false,
            checked: false,
        });
    }

    /// Something is wrong in a node that is known.
    fn check(&mut self, kind: FaultKind, span: Span, node: Span) {
        let accepted = matches!(kind, FaultKind::Nul);
        self.found(kind, span, node, accepted);
    }

    /// Something is missing that influxd does not miss before it runs the script.
    fn hole(&mut self, kind: FaultKind, span: Span) {
        self.found(kind, span, span, true);
    }

    fn found(&mut self, kind: FaultKind, span: Span, node: Span, accepted: bool) {
        let open = self.brackets.last().copied();
        self.halt_at(&kind);
        self.faults.push_placed(Fault { kind, span, node, after: self.after, open, accepted, checked: true });
    }

    /// Where only the first mistake counts, what comes after one that confuses everything is not read.
    fn halt_at(&mut self, kind: &FaultKind) {
        if self.halts && kind.reach() == Reach::Statement {
            self.lexer.skip_to_end();
            self.ahead = None;
        }
    }

    /// A node has been made: what went wrong since the last one is in it.
    fn place(&mut self, node: Span) {
        self.faults.place(node);
    }

    fn push(&mut self, span: Span, kind: ExpressionKind) -> ExpressionId {
        self.place(span);
        self.expressions.push(Expression { span, kind });
        ExpressionId::new(self.expressions.len() - 1)
    }

    /// Nothing where an expression should be: no node, for the server.
    fn push_hole(&mut self, span: Span) -> ExpressionId {
        self.expressions.push(Expression { span, kind: ExpressionKind::Hole });
        ExpressionId::new(self.expressions.len() - 1)
    }

    fn span(&self, id: ExpressionId) -> Span {
        self.expressions[id.index()].span
    }

    fn is_hole(&self, id: ExpressionId) -> bool {
        matches!(self.expressions[id.index()].kind, ExpressionKind::Hole)
    }

    /// Takes the next token, which should be of this kind.
    fn expect(&mut self, kind: TokenKind) -> Token {
        let token = self.next();
        if token.kind != kind {
            self.fault(FaultKind::Expected { wanted: Wanted::Token(kind), got: token }, token.span);
            self.blame_before();
        }
        token
    }

    /// The last fault is about the token that was just taken, not about what comes after it.
    fn blame_before(&mut self) {
        if let Some(fault) = self.faults.last() {
            fault.after = self.before;
        }
    }

    /// Takes the next token if it is of this kind, as it should be; what else is there stays. Gives what is there.
    fn require(&mut self, kind: TokenKind) -> Token {
        let token = self.peek();
        if token.kind == kind {
            self.next();
        } else {
            self.fault(FaultKind::Expected { wanted: Wanted::Token(kind), got: token }, token.span);
        }
        token
    }

    /// Takes a name; what else is there stays.
    fn name(&mut self) -> Span {
        let token = self.require(TokenKind::Ident);
        let span = if token.kind == TokenKind::Ident { token.span } else { Span::empty(token.span.start) };
        self.place(span);
        span
    }

    /// Takes an opening bracket, which is or should be next.
    fn opening(&mut self, kind: TokenKind, closer: TokenKind) -> Token {
        let token = self.expect(kind);
        self.count(closer, 1);
        self.brackets.push(token.span);
        token
    }

    /// Takes the bracket that closes `open`; what else is there stays. Gives what is there.
    fn closing(&mut self, open: Token, closer: TokenKind) -> Span {
        self.count(closer, -1);
        self.brackets.pop();
        let token = self.peek();
        if token.kind == closer {
            self.next();
        } else {
            self.fault(FaultKind::Unclosed { open: open.span, closer, got: token }, token.span);
        }
        token.span
    }

    fn count(&mut self, closer: TokenKind, by: i32) {
        let bracket = bracket(closer).expect("invariant: a closing bracket");
        self.open[bracket] = self.open[bracket].saturating_add_signed(by);
    }

    /// One level deeper; None: that is too deep.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEEPEST {
            let token = self.peek();
            self.fault(FaultKind::TooDeep, token.span);
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        Some(read)
    }
}

/// Which bracket a token closes.
fn bracket(kind: TokenKind) -> Option<usize> {
    match kind {
        TokenKind::RParen => Some(0),
        TokenKind::RBrack => Some(1),
        TokenKind::RBrace => Some(2),
        _ => None,
    }
}

/// What a file consists of.
struct File {
    package: Option<super::ast::Package>,
    imports: Vec<super::ast::Import>,
    body: Vec<super::ast::Statement>,
}

#[cfg(test)]
mod tests;
