//! Text in a resource, where a field or an item of a list must be text.

use super::context::DecodeContext;
use super::node::Node;

/// The text that a field must be.
pub(super) fn text<'n>(context: &mut DecodeContext<'_, '_>, name: &str, node: &'n Node<'_>) -> Option<&'n str> {
    match node.text() {
        Some(text) => Some(text),
        None => {
            let help = node.value.inline().map(|value| format!("put it in quotes: `\"{value}\"`"));
            context.wrong_type_with(name, "a string", node, help)
        }
    }
}

/// The text that an item of a list must be.
pub(super) fn item_text<'n>(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    wanted: &str,
    item: &'n Node<'_>,
) -> Option<&'n str> {
    match item.text() {
        Some(text) => Some(text),
        None => context.wrong_type(name, &format!("a list of {wanted}"), item),
    }
}

/// Whether `text` is a letter or `_`, then letters, digits and `_`.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
