//! What is wrong with a script.

use std::ops::Range;

/// What is wrong with a Flux script, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FluxError {
    /// What is wrong, in one line.
    pub message: String,
    /// The bytes of the script that it is about.
    pub span: Range<usize>,
}

impl FluxError {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

/// A value read from a script, and the bytes it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The bytes of the script that say it.
    pub span: Range<usize>,
}
