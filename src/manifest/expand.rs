//! Strings with `${...}` become values.

use std::borrow::Cow;
use std::sync::Arc;

use super::node::{Entry, Node, Raw, Span, Table};
use super::source::place;
use super::template::{Expression, Piece, expression, pieces};
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::limits::STRING;

/// Why a value cannot be expanded.
#[derive(Debug)]
pub(super) enum ExpandError {
    /// What it refers to has no value; that has been said elsewhere.
    Reported,
    /// With the place and the reason.
    At(Span, String),
}

impl ExpandError {
    /// What to tell the user, if it has not been told.
    pub(super) fn diagnostic(self, source: &Arc<Source>) -> Option<Diagnostic> {
        match self {
            Self::Reported => None,
            Self::At(span, message) => {
                Some(Diagnostic::error(Code::ManifestExpression, message).at(place(source, span), "in this value"))
            }
        }
    }
}

/// The value of an expression, or `Err` when it has none, which has been said.
pub(super) type Lookup<'l> = dyn FnMut(&Expression, Span) -> Result<Node<'static>, ()> + 'l;

/// `node` with the value of each `${...}` in its strings; keys are left alone. After a fault the rest is looked at too, so
/// that all of them are said at once.
pub(super) fn expand<'n, 'a>(node: &'n Node<'a>, lookup: &mut Lookup<'_>) -> Result<Cow<'n, Node<'a>>, ExpandError> {
    if !needs_expansion(node) {
        return Ok(Cow::Borrowed(node));
    }
    let value = match &node.value {
        Raw::Text(text) => return Ok(Cow::Owned(expand_text(text, node.span, lookup)?)),
        Raw::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| Ok(expand(item, lookup)?.into_owned())).collect();
            Raw::Array(items.into_iter().collect::<Result<_, _>>()?)
        }
        Raw::Table(Table(entries)) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let node = expand(&entry.node, lookup)?.into_owned();
                    Ok(Entry { key: entry.key.clone(), at: entry.at, node })
                })
                .collect();
            Raw::Table(Table(entries.into_iter().collect::<Result<_, _>>()?))
        }
        other => other.clone(),
    };
    Ok(Cow::Owned(Node { span: node.span, value }))
}

/// Whether a string in `node` has a `${`.
fn needs_expansion(node: &Node<'_>) -> bool {
    match &node.value {
        Raw::Text(text) => text.contains("${"),
        Raw::Array(items) => items.iter().any(needs_expansion),
        Raw::Table(table) => table.0.iter().any(|entry| needs_expansion(&entry.node)),
        _ => false,
    }
}

fn expand_text<'a>(text: &str, span: Span, lookup: &mut Lookup<'_>) -> Result<Node<'a>, ExpandError> {
    let at = |message: String| ExpandError::At(span, message);
    let pieces = pieces(text).map_err(at)?;
    let mut value = |text: &str| {
        let expression = expression(text).map_err(at)?;
        lookup(&expression, span).map_err(|()| ExpandError::Reported)
    };
    if let [Piece::Expression(text)] = pieces.as_slice() {
        return Ok(value(text)?.moved(span));
    }
    let mut all = String::new();
    let mut fault = None;
    for piece in pieces {
        match piece {
            Piece::Literal(text) => all.push_str(text),
            Piece::Expression(text) => match value(text) {
                Err(error) => fault = fault.or(Some(error)),
                Ok(node) => match node.value.inline() {
                    Some(inline) => all.push_str(&inline),
                    None => {
                        let what = node.value.what();
                        fault = fault.or(Some(at(format!("`${{{text}}}` is {what} and cannot be part of a string"))));
                    }
                },
            },
        }
        if STRING.exceeded(all.len()) {
            return Err(at(format!("this text grows beyond {STRING}")));
        }
    }
    match fault {
        Some(fault) => Err(fault),
        None => Ok(Node { span, value: Raw::Text(Cow::Owned(all)) }),
    }
}
