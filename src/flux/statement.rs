//! Where statements of the top level begin and end, as far as a scanner can see it.

use std::ops::Range;

use super::group::binding;
use super::token::{Token, TokenKind};

/// The tokens that matter and where they stand.
pub(crate) struct Statements<'a> {
    pub(crate) source: &'a str,
    /// Without comments.
    pub(crate) tokens: Vec<&'a Token>,
}

/// An assignment at the top level.
pub(crate) struct Binding {
    /// Index of the first token: `option` or the name.
    pub first: usize,
    /// Index of the name.
    pub name: usize,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(tokens: &'a [Token], source: &'a str) -> Self {
        let tokens = tokens.iter().filter(|token| token.kind != TokenKind::Comment).collect();
        Self { source, tokens }
    }

    pub(crate) fn text(&self, at: usize) -> &'a str {
        self.tokens[at].text(self.source)
    }

    pub(crate) fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The assignments to `name` (or to a member of it) at the top level, with and without `option`.
    pub(crate) fn bindings(&self, name: &str) -> Vec<Binding> {
        let mut found = Vec::new();
        for at in self.outermost(TokenKind::Ident).filter(|at| self.text(*at) == name) {
            let option = at > 0 && self.kind(at - 1) == Some(TokenKind::Option);
            let assigned = self.kind(at + 1) == Some(TokenKind::Assign);
            let member = at > 0 && self.kind(at - 1) == Some(TokenKind::Dot);
            if option || (assigned && !member) {
                found.push(Binding { first: if option { at - 1 } else { at }, name: at });
            }
        }
        found
    }

    /// The indices of the tokens of `kind` at the top level.
    fn outermost(&self, kind: TokenKind) -> impl Iterator<Item = usize> {
        let mut depth = 0_usize;
        self.tokens.iter().enumerate().filter_map(move |(at, token)| {
            if token.kind.opens() {
                depth += 1;
            } else if token.kind.closes() {
                depth = depth.saturating_sub(1);
            }
            (depth == 0 && token.kind == kind).then_some(at)
        })
    }

    /// The imports: index of the alias (if any) and of the path.
    pub(crate) fn imports(&self) -> Vec<(Option<usize>, usize)> {
        let import = |at| match (self.kind(at + 1), self.kind(at + 2)) {
            (Some(TokenKind::String), _) => Some((None, at + 1)),
            (Some(TokenKind::Ident), Some(TokenKind::String)) => Some((Some(at + 1), at + 2)),
            _ => None,
        };
        self.outermost(TokenKind::Import).filter_map(import).collect()
    }

    /// The byte after the package clause and the imports; 0 if there are none.
    pub(crate) fn head_end(&self) -> usize {
        if let Some((_, path)) = self.imports().last() {
            return self.tokens[*path].span.end;
        }
        match self.outermost(TokenKind::Package).next() {
            Some(at) if self.kind(at + 1) == Some(TokenKind::Ident) => self.tokens[at + 1].span.end,
            _ => 0,
        }
    }

    /// The index of the token that closes what the token at `open` opens.
    pub(crate) fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            if token.kind.opens() {
                depth += 1;
            } else if token.kind.closes() {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// The record that is assigned to the name at `name`: indices of its braces. None if the value is anything else.
    pub(crate) fn record(&self, name: usize) -> Option<(usize, usize)> {
        let assigned = self.kind(name + 1) == Some(TokenKind::Assign);
        if !assigned || self.kind(name + 2) != Some(TokenKind::LBrace) {
            return None;
        }
        let open = name + 2;
        let close = self.closing(open)?;
        (!self.kind(close + 1).is_some_and(goes_on)).then_some((open, close))
    }
}

/// Whether a token after an operand belongs to the same expression.
pub(crate) fn goes_on(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Dot | TokenKind::LParen | TokenKind::LBrack => true,
        TokenKind::If | TokenKind::Not | TokenKind::Exists => false,
        kind => binding(kind, true).is_some(),
    }
}

/// The bytes to cut so that a statement leaves no empty line: its own, the blanks around it on its lines, one line end.
pub(crate) fn cut(source: &str, statement: &Range<usize>) -> Range<usize> {
    let blank = |c: char| c == ' ' || c == '\t';
    let before = source[..statement.start].trim_end_matches(blank);
    let after = &source[statement.end..];
    let rest = after.trim_start_matches(blank);
    let line_end = ["\r\n", "\n"].iter().find(|end| rest.starts_with(**end)).map(|end| end.len());
    let end = source.len() - rest.len();
    match line_end {
        Some(length) if before.is_empty() || before.ends_with('\n') => before.len()..end + length,
        None if rest.is_empty() && (before.is_empty() || before.ends_with('\n')) => before.len()..end,
        _ => statement.clone(),
    }
}
