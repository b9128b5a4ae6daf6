//! What the author says besides.

use super::Span;

/// A comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From `//` to the end of its line, the line end included if there is one.
    pub span: Span,
    /// Where the token starts that comes next: a comment belongs to it. The end of the script counts as a token.
    pub before: u32,
}
