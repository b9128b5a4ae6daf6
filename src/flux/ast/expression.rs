//! Expressions.

use super::{Block, Span};

/// Names an expression of a [`Script`](super::Script).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExpressionId(u32);

impl ExpressionId {
    pub(in super::super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("invariant: no more expressions than bytes"))
    }

    /// Its position in [`Script::expressions`](super::Script::expressions).
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// Where it stands, its brackets included. What stands at `span.start` is its first token.
    pub span: Span,
    /// What it is.
    pub kind: ExpressionKind,
}

/// What an expression is. Literals and names are their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpressionKind {
    /// Something that is missing or cannot be a value: the place of an error.
    Hole,
    /// A name. `true` and `false` are names.
    Identifier,
    /// `1`
    Integer,
    /// `1.5`
    Float,
    /// `"a"` without interpolation.
    String,
    /// `1h30m`
    Duration,
    /// `2026-01-02` or `2026-01-02T03:04:05Z`
    Time,
    /// `/a/`
    Regex,
    /// `<-`
    PipeReceive,
    /// `.a` where a value stands, an experiment that influxd 2.9.1 refuses.
    Label,
    /// `"a${b}c"`
    Interpolation(Box<[Part]>),
    /// `[a, b]`
    Array(Box<[ExpressionId]>),
    /// `["a": b]`
    Dict(Box<[DictItem]>),
    /// `{a: b}`
    Record(Box<Record>),
    /// `a.b`, `a["b"]`
    Member {
        /// What has the member.
        object: ExpressionId,
        /// Where the `.` or `[` is.
        operator: u32,
        /// The member's name.
        property: Key,
    },
    /// `a[b]`
    Index {
        /// What is indexed.
        array: ExpressionId,
        /// Where the `[` is.
        bracket: u32,
        /// Which element.
        index: ExpressionId,
    },
    /// `f(a: b)`
    Call {
        /// What is called.
        callee: ExpressionId,
        /// Where the `(` is.
        paren: u32,
        /// What is passed; from the first to the last argument. None: there are none.
        arguments: Option<Box<Record>>,
    },
    /// `a |> f()`
    Pipe {
        /// What is piped.
        argument: ExpressionId,
        /// Where the `|>` is.
        operator: u32,
        /// Where to: always a call in a script without errors.
        call: ExpressionId,
    },
    /// `-a`, `not a`
    Unary {
        /// Its operator, which stands at the begin.
        operator: Prefix,
        /// What it works on.
        argument: ExpressionId,
    },
    /// `a + b`, `a and b`
    Binary {
        /// Its operator.
        operator: Infix,
        /// Where the operator is.
        at: u32,
        /// Its left side.
        left: ExpressionId,
        /// Its right side.
        right: ExpressionId,
    },
    /// `if a then b else c`
    Conditional {
        /// The condition.
        test: ExpressionId,
        /// Where `then` is.
        then: u32,
        /// The value if it holds.
        consequent: ExpressionId,
        /// Where `else` is.
        otherwise: u32,
        /// The value if not.
        alternate: ExpressionId,
    },
    /// `(a)`
    Paren(ExpressionId),
    /// `(a, b=1, t=<-) => c`
    Function(Box<Function>),
}

/// A piece of a string with interpolations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Text, with its escapes.
    Text(Span),
    /// `${a}`
    Value {
        /// From `${` to `}`.
        span: Span,
        /// What stands between.
        expression: ExpressionId,
    },
}

/// `"a": b` in a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DictItem {
    /// The key.
    pub key: ExpressionId,
    /// The value.
    pub value: ExpressionId,
}

/// `{a: b}`, or the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub span: Span,
    /// The `r` of `{r with a: b}`.
    pub with: Option<Span>,
    /// What is in it.
    pub properties: Box<[Property]>,
}

/// `a: b`, `a`, or a function's parameter `a`, `a=1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property {
    /// From the key to the value.
    pub span: Span,
    /// Its name.
    pub key: Key,
    /// Where the `:` or `=` is.
    pub separator: Option<u32>,
    /// Its value. In a record or a call, none stands for the variable of the key's name; in a function's parameters, for
    /// a parameter that must be given.
    pub value: Option<ExpressionId>,
    /// Where the comma behind it is.
    pub comma: Option<u32>,
}

/// A name, or a name in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `a`; empty where a name is missing.
    Name(Span),
    /// `"a"`, with its quotes.
    Quoted(Span),
}

impl Key {
    /// Where it stands.
    pub const fn span(self) -> Span {
        match self {
            Self::Name(span) | Self::Quoted(span) => span,
        }
    }
}

/// `(a, b=1) => c`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The parameters, in order.
    pub parameters: Box<[Property]>,
    /// Where the `)` is.
    pub paren: u32,
    /// Where the `=>` is.
    pub arrow: u32,
    /// What it does.
    pub body: Body,
}

/// What a function does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// It gives a value.
    Expression(ExpressionId),
    /// `{ ... return a }`
    Block(Block),
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `not`
    Not,
    /// `exists`
    Exists,
}

impl Prefix {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Not => "not",
            Self::Exists => "exists",
        }
    }
}

/// An operator between its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Infix {
    /// `^`
    Power,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
    /// `and`
    And,
    /// `or`
    Or,
    /// Nothing: two values side by side in brackets, an error.
    Missing,
}

impl Infix {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Power => "^",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
            Self::And => "and",
            Self::Or => "or",
            Self::Missing => "<INVALID_OP>",
        }
    }

    /// Whether it works on booleans only.
    pub const fn is_logical(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }
}
