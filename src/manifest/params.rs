//! The values for scripts.

use super::context::DecodeContext;
use super::node::{Node, Raw, Table};
use super::text::text;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::flux::Literal;
use crate::kind::Kind;

/// Reads `params`: a table, whose values become Flux literals.
pub(super) fn params(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) -> Option<Literal> {
    match &node.value {
        Raw::Table(table) => record(context, table),
        _ => context.wrong_type("params", "a table", node),
    }
}

fn record(context: &mut DecodeContext<'_, '_>, table: &Table<'_>) -> Option<Literal> {
    let mut fields = Vec::new();
    let mut sound = true;
    for entry in &table.0 {
        match literal(context, &entry.node) {
            Some(value) => fields.push((entry.key.clone().into_owned(), value)),
            None => sound = false,
        }
    }
    sound.then_some(Literal::Record(fields))
}

fn literal(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) -> Option<Literal> {
    let literal = match &node.value {
        Raw::Text(text) => {
            looks_like_an_address(context, text, node);
            Literal::String(text.clone().into_owned())
        }
        Raw::Integer(number) => Literal::Integer(*number),
        Raw::Float(number) => Literal::Float(*number),
        Raw::Boolean(yes) => Literal::Boolean(*yes),
        Raw::Datetime(at) => Literal::DateTime(at.to_string()),
        Raw::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| literal(context, item)).collect();
            return Some(Literal::Array(items.into_iter().collect::<Option<_>>()?));
        }
        Raw::Table(table) => match table.only() {
            Some(only) if only.key == "duration" => {
                Literal::Duration(text(context, "duration", &only.node)?.to_owned())
            }
            Some(only) if only.key == "regex" => Literal::Regex(text(context, "regex", &only.node)?.to_owned()),
            Some(only) if only.key == "bucket" => Literal::String(bucket(context, &only.node)?),
            _ => return record(context, table),
        },
    };
    match literal.check() {
        Ok(()) => Some(literal),
        Err(error) => context.fail(Code::ManifestParams, node.span, error.to_string(), "cannot be written as Flux"),
    }
}

/// Warns of a text that is the address of a resource: the script is given the text, and no name.
fn looks_like_an_address(context: &mut DecodeContext<'_, '_>, text: &str, node: &Node<'_>) {
    let Ok(address) = text.parse::<Address>() else { return };
    if context.project.declared(&address).is_none() {
        return;
    }
    let help = (address.kind == Kind::Bucket).then(|| format!("for its name, write `{{ bucket = \"{address}\" }}`"));
    let message = format!("`{address}` is passed to the script as this text, not as the resource");
    let diagnostic = Diagnostic::warning(Code::ManifestParams, message).at(context.place(node.span), "plain text");
    context.say(diagnostic.help_known(help));
}

/// The name of the bucket at an address.
fn bucket(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) -> Option<String> {
    let address = super::typed::address(context, "bucket", Kind::Bucket, node)?;
    context.beside.push(address.clone());
    context.name_of(&address, node.span)
}
