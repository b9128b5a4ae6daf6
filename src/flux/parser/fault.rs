//! What is wrong in a script, as the parser sees it.

use super::super::ast::Span;
use super::super::token::TokenKind;
use super::lexer::Token;
use super::pattern::PatternError;

/// Something that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// The bytes that a person should look at.
    pub(super) span: Span,
    /// Where influxd says that it is: the whole of the node that the fault is in.
    pub(super) node: Span,
    /// Where the token before it ends.
    pub(super) after: u32,
    /// The innermost bracket that was open there.
    pub(super) open: Option<Span>,
    /// Whether influxd takes the script for a task all the same; it fails when it runs.
    pub(super) accepted: bool,
    /// Whether influxd finds it in the tree, after what it found while it parsed.
    pub(super) checked: bool,
}

/// What is wrong. "The next token" is the one at the fault's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Another token should be here.
    Expected { wanted: Wanted, got: Token },
    /// The bracket that was opened at `open` is not closed where it must be.
    Unclosed { open: Span, closer: TokenKind, got: Token },
    /// A token that starts no statement.
    Statement(Token),
    /// Attributes with nothing behind them.
    ExtraAttributes,
    /// A token that starts no expression, within brackets.
    Skipped(Token),
    /// Two expressions side by side within brackets.
    NoOperator,
    /// Nothing after a binary operator.
    NoRight,
    /// Nothing before a binary operator.
    NoLeft,
    /// Something else than a call after `|>`.
    PipeTarget,
    /// No comma between two properties.
    NoComma(Token),
    /// `{a b: 1}`
    NoWith(Token),
    /// A token that starts no property.
    Key { got: Token, in_record: bool },
    /// `: 1`
    NoKey,
    /// `a:`
    NoValue,
    /// Two commas.
    NoProperty,
    /// `"a"` in a record or a call.
    QuotedWithoutValue,
    /// `{a, b: 1}`
    Mixed,
    /// `a[]`
    EmptyIndex,
    /// A string that goes wrong: ends too late, or has an escape that there is not.
    InString { open: Span, got: Token },
    /// `007`
    LeadingZero,
    /// Beyond 64 bits.
    IntegerRange,
    /// Escaped bytes that are no UTF-8: how many of them, from which on.
    Utf8 { at: usize, length: Option<usize> },
    /// An escape that `$` hid from the lexer.
    HiddenEscape(&'static str, Option<char>),
    /// A regular expression that one of the two libraries refuses that read it.
    Pattern(Box<PatternError>),
    /// Deeper than the server parses.
    TooDeep,
    /// A type deeper than we parse.
    TypeTooDeep,
    /// `23:59:60`
    LeapSecond,
    /// `.a`
    Label,
    /// `.a` as a type.
    LabelType,
    /// A NUL: the server ignores what follows.
    Nul,
    /// More than a place can count.
    TooLong,
    /// Nothing where a value must be.
    NoExpression(Token),
    /// Not a time of this world, or one without an offset.
    Time(&'static str),
    /// A magnitude beyond 64 bits.
    DurationRange,
    /// A text between interpolations with an escape that is none.
    InterpolatedText,
}

/// What should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Token(TokenKind),
    /// A key of a record type.
    TypeKey,
}

/// How much of what comes after a mistake cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing: all goes on as if it were right.
    Itself,
    /// The rest of the line.
    Line,
    /// The rest of the statement, and where that ends is not known.
    Statement,
}

impl FaultKind {
    /// How much of what comes after the mistake cannot be trusted.
    pub(super) fn reach(&self) -> Reach {
        match self {
            Self::Expected {
                wanted: Wanted::Token(TokenKind::Comma | TokenKind::Colon | TokenKind::RBrace), ..
            }
            | Self::Statement(_)
            | Self::Skipped(_)
            | Self::NoOperator
            | Self::NoComma(_)
            | Self::NoWith(_)
            | Self::Key { .. }
            | Self::NoKey => Reach::Line,
            Self::Expected { .. }
            | Self::Unclosed { .. }
            | Self::InString { .. }
            | Self::TooDeep
            | Self::TypeTooDeep => Reach::Statement,
            _ => Reach::Itself,
        }
    }

    /// Whether the server finds it before it looks at places.
    pub(super) fn comes_first(&self) -> bool {
        match self {
            Self::NoOperator | Self::LeapSecond | Self::Label | Self::LabelType => true,
            Self::Pattern(error) => matches!(**error, PatternError::Go(_)),
            _ => false,
        }
    }
}
