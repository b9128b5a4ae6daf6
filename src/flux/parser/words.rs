//! What is wrong in influxd's words: those of `POST /api/v2/query/ast`, which the tasks' routes repeat (influxd 2.9.1,
//! measured).

use super::Parsed;
use super::fault::{Fault, FaultKind, Wanted};
use super::lexer::Token;
use super::pattern::PatternError;
use crate::flux::ast::{Lines, Span};
use crate::flux::token::TokenKind;

/// How influxd refuses a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Status 400 with a place and words, `loc 1:5-1:6: ...`.
    Invalid(String),
    /// Status 500: it panics, with these words.
    Panic(String),
}

impl Parsed {
    /// How influxd refuses the script; none if it takes it for a task, which may fail all the same when it runs.
    ///
    /// Of several mistakes it tells the first. Of a script that is broken in many places ours may be another one.
    pub fn refusal(&self) -> Option<Refusal> {
        let refused = || self.faults.iter().filter(|fault| !fault.accepted);
        // A node comes before what is in it; a missing name comes before what stands where it should.
        let order = |fault: &&Fault| {
            let node = fault.node;
            (node.start, !node.is_empty(), std::cmp::Reverse(node.end), fault.checked)
        };
        let unplaced =
            refused().filter(|fault| fault.kind.comes_first() && fault.kind != FaultKind::Label).min_by_key(order);
        if let Some(fault) = unplaced {
            return Some(Refusal::Invalid(format!("loc 0:0-0:0: {}", self.words(fault, None))));
        }
        if refused().any(|fault| fault.kind == FaultKind::Label) {
            return Some(Refusal::Panic("walk not defined for node *ast.LabelLiteral".to_owned()));
        }
        let fault = refused().min_by_key(order)?;
        let lines = Lines::of(self.script.source());
        let words = self.words(fault, Some(&lines));
        Some(Refusal::Invalid(format!("loc {}: {words}", place(&lines, fault.node))))
    }

    fn words(&self, fault: &Fault, lines: Option<&Lines>) -> String {
        let text = |span: Span| self.script.text(span);
        let at = |span: Span| lines.map_or_else(String::new, |lines| place(lines, span));
        let begin = |span: Span| at(span).split('-').next().unwrap_or_default().to_owned();
        let found = |token: &Token| match token.kind {
            TokenKind::End => name(token.kind).to_owned(),
            kind => format!("{} ({}) at {}", name(kind), text(token.span), begin(token.span)),
        };
        match &fault.kind {
            FaultKind::Expected { wanted: Wanted::Token(wanted), got } => {
                format!("expected {}, got {}", name(*wanted), found(got))
            }
            FaultKind::Expected { wanted: Wanted::TypeKey, got } => {
                format!("expected  `IDENT` or `STRING`, got {}", found(got))
            }
            FaultKind::Unclosed { closer, got, .. } => format!("expected {}, got {}", name(*closer), name(got.kind)),
            FaultKind::Statement(token) => format!("invalid statement @{}: {}", at(token.span), text(token.span)),
            FaultKind::ExtraAttributes => {
                format!("invalid statement @{}: extra attributes not associated with anything", at(fault.span))
            }
            FaultKind::Skipped(token) => format!("invalid expression @{}: {}", at(token.span), text(token.span)),
            FaultKind::NoOperator => "unknown operator \"<INVALID_OP>\"".to_owned(),
            FaultKind::NoRight => "missing right hand side of expression".to_owned(),
            FaultKind::NoLeft => "missing left hand side of expression".to_owned(),
            FaultKind::PipeTarget => "pipe destination must be a function call".to_owned(),
            FaultKind::NoComma(got) => format!("expected comma in property list, got {}", name(got.kind)),
            FaultKind::NoWith(_) => String::new(),
            FaultKind::Key { got, .. } => {
                format!("unexpected token for property key: {} ({})", name(got.kind), text(got.span))
            }
            FaultKind::NoKey => "missing property key".to_owned(),
            FaultKind::NoValue => "missing property value".to_owned(),
            FaultKind::NoProperty => "missing property in property list".to_owned(),
            FaultKind::QuotedWithoutValue => format!("string literal key {} must have a value", text(fault.span)),
            FaultKind::Mixed => "cannot mix implicit and explicit properties".to_owned(),
            FaultKind::EmptyIndex => "no expression included in brackets".to_owned(),
            FaultKind::InString { got, .. } => {
                format!("got unexpected token in string expression @{}: {}", at(got.span), name(got.kind))
            }
            FaultKind::LeadingZero => {
                format!("invalid integer literal \"{}\": nonzero value cannot start with 0", text(fault.span))
            }
            FaultKind::IntegerRange => format!("invalid integer literal \"{}\": value out of range", text(fault.span)),
            FaultKind::Utf8 { at, length } => utf8(*at, *length),
            FaultKind::HiddenEscape(words, found) => match found {
                Some(found) => format!("{words}{found}"),
                None => (*words).to_owned(),
            },
            FaultKind::Pattern(error) => pattern(error),
            FaultKind::TooDeep => "Program is nested too deep".to_owned(),
            FaultKind::LeapSecond => format!("parsing time \"{}\": second out of range", text(fault.span)),
            FaultKind::LabelType => "unknown type \"LabelType\"".to_owned(),
            // What it accepts it has no words for.
            _ => String::new(),
        }
    }
}

fn place(lines: &Lines, span: Span) -> String {
    let (start, end) = (lines.position(span.start), lines.position(span.end));
    format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
}

fn utf8(at: usize, length: Option<usize>) -> String {
    match length {
        Some(length) => format!("invalid utf-8 sequence of {length} bytes from index {at}"),
        None => format!("incomplete utf-8 byte sequence from index {at}"),
    }
}

fn pattern(error: &PatternError) -> String {
    match error {
        PatternError::Unterminated => "unterminated regex sequence".to_owned(),
        PatternError::Hex(words) => (*words).to_owned(),
        PatternError::Utf8 { at, length } => utf8(*at, *length),
        // Several lines with carets in one line, without the carets.
        PatternError::Rust { message, column, pattern } => {
            format!("regex parse error: {} {}error: {message}", pattern.replace('^', ""), " ".repeat(*column))
        }
        PatternError::Go(message) => format!("error parsing regexp: {message}"),
    }
}

/// What influxd calls a token.
pub(super) fn name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Comment => "COMMENT",
        TokenKind::Ident => "IDENT",
        TokenKind::And => "AND",
        TokenKind::Or => "OR",
        TokenKind::Not => "NOT",
        TokenKind::Import => "IMPORT",
        TokenKind::Package => "PACKAGE",
        TokenKind::Return => "RETURN",
        TokenKind::Option => "OPTION",
        TokenKind::Builtin => "BUILTIN",
        TokenKind::TestCase => "TESTCASE",
        TokenKind::If => "IF",
        TokenKind::Then => "THEN",
        TokenKind::Else => "ELSE",
        TokenKind::Exists => "EXISTS",
        TokenKind::Int => "INT",
        TokenKind::Float => "FLOAT",
        TokenKind::Duration => "DURATION",
        TokenKind::Time => "TIME",
        TokenKind::String => "STRING",
        TokenKind::StringStart | TokenKind::StringEnd => "QUOTE",
        TokenKind::StringText => "TEXT",
        TokenKind::InterpolationStart => "STRINGEXPR",
        TokenKind::Regex => "REGEX",
        TokenKind::Attribute => "ATTRIBUTE",
        TokenKind::Add => "ADD",
        TokenKind::Sub => "SUB",
        TokenKind::Mul => "MUL",
        TokenKind::Div => "DIV",
        TokenKind::Mod => "MOD",
        TokenKind::Pow => "POW",
        TokenKind::Eq => "EQ",
        TokenKind::Neq => "NEQ",
        TokenKind::Lt => "LT",
        TokenKind::Lte => "LTE",
        TokenKind::Gt => "GT",
        TokenKind::Gte => "GTE",
        TokenKind::RegexEq => "REGEXEQ",
        TokenKind::RegexNeq => "REGEXNEQ",
        TokenKind::Assign => "ASSIGN",
        TokenKind::Arrow => "ARROW",
        TokenKind::PipeReceive => "PIPE_RECEIVE",
        TokenKind::PipeForward => "PIPE_FORWARD",
        TokenKind::LParen => "LPAREN",
        TokenKind::RParen => "RPAREN",
        TokenKind::LBrack => "LBRACK",
        TokenKind::RBrack => "RBRACK",
        TokenKind::LBrace => "LBRACE",
        TokenKind::RBrace | TokenKind::InterpolationEnd => "RBRACE",
        TokenKind::Colon => "COLON",
        TokenKind::Comma => "COMMA",
        TokenKind::Dot => "DOT",
        TokenKind::Question => "QUESTION_MARK",
        TokenKind::Illegal => "ILLEGAL",
        TokenKind::End => "EOF",
    }
}
