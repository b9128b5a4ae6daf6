//! What is wrong with a script, whoever finds it.

use super::ast::Span;

/// No script has more mistakes that anybody wants to read.
pub(super) const MOST: usize = 100;

/// A mistake in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes to look at.
    pub span: Span,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write under the place; may be empty.
    pub label: String,
    /// Another place that has to do with it, and what it is.
    pub also: Option<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
}
