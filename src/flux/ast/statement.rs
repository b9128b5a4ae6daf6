//! Statements.

use super::{ExpressionId, Span, TypeExpression};

/// `package a`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Where it stands, without its attributes.
    pub span: Span,
    /// The package's name.
    pub name: Span,
    /// `@edition("2022.1")` before it.
    pub attributes: Box<[Attribute]>,
}

/// `import a "b"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Where it stands, without its attributes.
    pub span: Span,
    /// The name that the script gives the package.
    pub alias: Option<Span>,
    /// The package, with its quotes; empty where it is missing.
    pub path: Span,
    /// The attributes before it.
    pub attributes: Box<[Attribute]>,
}

/// `@a`, `@a("b", 1)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Where it stands.
    pub span: Span,
    /// `@` and its name.
    pub name: Span,
    /// What stands in its parentheses. The server does not care what it is.
    pub arguments: Box<[ExpressionId]>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands, without its attributes.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind,
    /// The attributes before it.
    pub attributes: Box<[Attribute]>,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// `f()`
    Expression(ExpressionId),
    /// `a = b`
    Assignment {
        /// The variable.
        name: Span,
        /// Where the `=` is.
        equals: u32,
        /// Its value.
        value: ExpressionId,
    },
    /// `option a = b`, `option a.b = c`
    Option {
        /// What is set.
        target: OptionTarget,
        /// Where the `=` is.
        equals: u32,
        /// Its value.
        value: ExpressionId,
    },
    /// `return a`
    Return(ExpressionId),
    /// `builtin a : T`
    Builtin {
        /// Its name.
        name: Span,
        /// Where the `:` is.
        colon: u32,
        /// Its type.
        ty: TypeExpression,
    },
    /// `testcase a {}`
    TestCase(TestCase),
    /// A token that starts no statement, or attributes without one: an error.
    Bad,
}

/// What an option statement sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionTarget {
    /// `a`
    Name(Span),
    /// `a.b`
    Member {
        /// Where both stand.
        span: Span,
        /// The package.
        object: Span,
        /// Where the `.` is.
        dot: u32,
        /// Its option.
        property: Span,
    },
}

impl OptionTarget {
    /// Where it stands.
    pub const fn span(self) -> Span {
        match self {
            Self::Name(span) | Self::Member { span, .. } => span,
        }
    }
}

/// `testcase a extends "b" { ... }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// Its name.
    pub name: Span,
    /// The test case that it builds on, with its quotes; empty where it is missing.
    pub extends: Option<Span>,
    /// What it does.
    pub block: Block,
}

/// `{ ... }` with statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// From `{` to `}`.
    pub span: Span,
    /// The statements, in order.
    pub body: Box<[Statement]>,
}
