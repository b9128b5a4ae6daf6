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

/// What is wrong so far, in influxd's order: what is in a node that is known, then what waits for its node.
#[derive(Debug, Default)]
pub(super) struct Faults {
    placed: Vec<Fault>,
    waiting: Vec<Fault>,
}

impl Faults {
    pub(super) fn len(&self) -> usize {
        self.placed.len() + self.waiting.len()
    }

    /// How many have their node.
    pub(super) fn placed(&self) -> usize {
        self.placed.len()
    }

    /// One that has its node.
    pub(super) fn push_placed(&mut self, fault: Fault) {
        self.placed.push(fault);
    }

    /// One that waits for its node.
    pub(super) fn push_waiting(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    /// The node that all were waiting for has been made.
    pub(super) fn place(&mut self, node: Span) {
        self.waiting.iter_mut().for_each(|fault| fault.node = node);
        self.placed.append(&mut self.waiting);
    }

    /// The last one that has its node.
    pub(super) fn last_placed(&mut self) -> Option<&mut Fault> {
        self.placed.last_mut()
    }

    pub(super) fn last(&mut self) -> Option<&mut Fault> {
        self.waiting.last_mut().or(self.placed.last_mut())
    }

    /// Those that have their node, from the `known`th on.
    pub(super) fn placed_from(&mut self, known: usize) -> &mut [Fault] {
        &mut self.placed[known..]
    }

    /// All from the `known`th on.
    pub(super) fn from(&mut self, known: usize) -> impl Iterator<Item = &mut Fault> {
        let placed = known.min(self.placed.len());
        let waiting = known - placed;
        self.placed[placed..].iter_mut().chain(&mut self.waiting[waiting..])
    }

    /// As they were when there were `known`, `placed` of which had their node.
    pub(super) fn back_to(&mut self, known: usize, placed: usize) {
        let mut waiting = self.placed.split_off(placed);
        waiting.append(&mut self.waiting);
        waiting.truncate(known - placed);
        self.waiting = waiting;
    }

    pub(super) fn into_vec(mut self) -> Vec<Fault> {
        self.placed.append(&mut self.waiting);
        self.placed
    }
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
