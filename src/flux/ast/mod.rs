//! A script as a tree: what `parser` reads, and what everything that looks into a script works on.
//!
//! The tree owns its source and holds places in it instead of text. Expressions and types stand in two lists and refer to
//! each other by position, a child always before its parent: a loop over the list sees every expression without any
//! recursion, and dropping a chain of a million pipes drops a list.

mod comment;
mod expression;
mod json;
mod lines;
mod statement;
mod types;
mod value;

pub use comment::Comment;
pub use expression::{
    Body, DictItem, Expression, ExpressionId, ExpressionKind, Function, Infix, Key, Part, Prefix, Property, Record,
};
pub use lines::{Lines, Position};
pub use statement::{Attribute, Block, Import, OptionTarget, Package, Statement, StatementKind, TestCase};
pub use types::{Constraint, Parameter, ParameterKind, PropertyType, Type, TypeExpression, TypeId, TypeKind};

use std::ops::Range;

/// Bytes of a script, from `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes between the two places.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// No bytes at all, at a place.
    pub const fn empty(at: u32) -> Self {
        Self { start: at, end: at }
    }

    /// From the begin of this to the end of `last`.
    #[must_use]
    pub const fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }

    /// The same as a range, for slices.
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A whole script.
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) source: Box<str>,
    pub(super) package: Option<Package>,
    pub(super) imports: Vec<Import>,
    pub(super) body: Vec<Statement>,
    pub(super) expressions: Vec<Expression>,
    pub(super) types: Vec<Type>,
    pub(super) comments: Vec<Comment>,
    /// Where the end of the script is: before a NUL, if there is one.
    pub(super) end: u32,
}

impl Script {
    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text of a place.
    pub fn text(&self, span: Span) -> &str {
        &self.source[span.range()]
    }

    /// The package clause.
    pub fn package(&self) -> Option<&Package> {
        self.package.as_ref()
    }

    /// The imports, in order.
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The statements at the top level, in order.
    pub fn body(&self) -> &[Statement] {
        &self.body
    }

    /// The expression that an ID stands for.
    pub fn expression(&self, id: ExpressionId) -> &Expression {
        &self.expressions[id.index()]
    }

    /// All expressions, each after those that it consists of. Those of statements that were given up are among them.
    pub fn expressions(&self) -> &[Expression] {
        &self.expressions
    }

    /// The type that an ID stands for.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// All comments, in order.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The comments right before the token that starts at byte `at`.
    pub fn comments_before(&self, at: u32) -> &[Comment] {
        let start = self.comments.partition_point(|comment| comment.before < at);
        let count = self.comments[start..].partition_point(|comment| comment.before == at);
        &self.comments[start..start + count]
    }

    /// Where the script ends: at its first NUL, because influxd reads no further, or at the end of the text.
    pub const fn end(&self) -> u32 {
        self.end
    }
}
