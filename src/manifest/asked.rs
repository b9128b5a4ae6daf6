//! Which resources others may ask for the value of a field.

use std::collections::BTreeSet;

use super::context::Project;
use super::node::{Node, Raw};
use super::template::{Expression, Piece, expression, index, pieces};
use crate::address::{Address, read_key};
use crate::kind::Kind;

/// The tables that others may ask; none where that can only be told by reading all of them.
pub(super) fn tables(project: &Project<'_, '_>) -> Option<BTreeSet<Address>> {
    let plain = |node: &Node<'_>| !matches!(node.value, Raw::Array(_) | Raw::Table(_));
    let values = project.known.values.all().all(plain);
    let items = project.known.instances.values().flatten().flat_map(|each| each.instances.values());
    if !values || !items.map(|instance| &instance.value).all(plain) {
        // Such a value can hold a reference itself.
        return None;
    }
    let mut asked = BTreeSet::new();
    for written in project.document.defaults.values() {
        written.table.0.iter().try_for_each(|entry| collect(&entry.node, &mut asked))?;
    }
    for declared in project.document.resources.values() {
        for entry in &declared.table().0 {
            collect(&entry.node, &mut asked)?;
        }
    }
    Some(asked)
}

/// Adds what `node` asks for; none where that is made of other values.
fn collect(node: &Node<'_>, asked: &mut BTreeSet<Address>) -> Option<()> {
    match &node.value {
        Raw::Text(text) if text.contains("${") => {
            for piece in pieces(text).unwrap_or_default() {
                if let Piece::Expression(text) = piece
                    && let Ok(Expression::Attribute { table, .. }) = expression(text)
                {
                    asked.insert(table);
                }
            }
        }
        Raw::Array(items) => items.iter().try_for_each(|item| collect(item, asked))?,
        Raw::Table(table) => {
            table.0.iter().try_for_each(|entry| collect(&entry.node, asked))?;
            // The name of a bucket in a script's values.
            if let Some(only) = table.only().filter(|only| only.key == Kind::Bucket.name())
                && let Some(text) = only.node.text()
            {
                if text.contains("${") {
                    return None;
                }
                let read = text.strip_prefix("bucket.").and_then(read_key);
                if let Some((key, _)) = read.filter(|(_, rest)| index(rest).is_some()) {
                    asked.insert(Address::new(Kind::Bucket, key));
                }
            }
        }
        _ => {}
    }
    Some(())
}
