//! What objects of a template are called: by handles among themselves, and by names on the server. Either may be an `envRef`, whose
//! value comes from whoever applies the template.

use std::ops::Range;

use crate::convert::made::Variable;
use crate::convert::node::{Inner, Node};
use crate::convert::reader::Reader;

/// What an object is called.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// What others call it.
    pub(super) handle: String,
    pub(super) name: String,
    /// The variable that the name is.
    pub(super) variable: Option<String>,
    /// Where it is declared.
    pub(super) at: Range<usize>,
}

/// The names of `object`; none where it has none, which is said.
pub(super) fn of(object: &Node, word: &str, reader: &mut Reader<'_>) -> Option<Named> {
    let handle = object.get("metadata").and_then(|metadata| metadata.get("name"));
    let Some((handle, at)) = handle.and_then(|name| Some((value(name)?, name))).filter(|(name, _)| !name.is_empty())
    else {
        let at = object.get("kind").map_or_else(|| object.head(), Node::head);
        reader.refuse(at, format!("a {word} needs `metadata.name`"), "left out");
        return None;
    };
    let own = object.get("spec").and_then(|spec| spec.get("name")).filter(|name| value(name).is_some());
    let node = own.unwrap_or(at);
    Some(Named {
        handle,
        name: value(node).filter(|name| !name.is_empty()).unwrap_or_default(),
        variable: reference(node).map(|(key, default)| declared(&key, default, node, reader)),
        at: node.head(),
    })
}

/// Declares the variable for an `envRef`.
fn declared(key: &str, default: Option<String>, at: &Node, reader: &mut Reader<'_>) -> String {
    if default.is_none() {
        let message = format!(
            "`{key}` has no default: where nobody gives a value, InfluxDB calls the object `env-{key}`, and so does this project"
        );
        reader.note(at.head(), message, "give it one with `--var`");
    }
    let default = default.unwrap_or_else(|| format!("env-{key}"));
    reader.variable(key, Variable { default: Some(default), stand_in: None })
}

/// The text that a name is where nobody gives a value.
pub(super) fn value(node: &Node) -> Option<String> {
    match reference(node) {
        Some((key, default)) => Some(default.unwrap_or_else(|| format!("env-{key}"))),
        None => node.as_text(),
    }
}

/// Says which values of `node` cannot come from outside although they ask for it, apart from those under `taken`.
pub(super) fn misplaced(node: &Node, taken: &[&str], reader: &mut Reader<'_>) {
    for entry in node.entries().iter().filter(|entry| !taken.contains(&entry.key.as_str())) {
        if reference(&entry.value).is_some() {
            let message = format!("InfluxDB takes no `envRef` for `{}`, and leaves it empty", entry.key);
            reader.note(entry.value.head(), message, "left out");
        }
        misplaced(&entry.value, &[], reader);
    }
    node.items().iter().for_each(|item| misplaced(item, &[], reader));
}

/// The key and the default of an `envRef`.
pub(super) fn reference(node: &Node) -> Option<(String, Option<String>)> {
    let reference = node.get("envRef")?;
    match &reference.inner {
        Inner::Text(key) => Some((key.clone(), None)),
        _ => Some((reference.text("key"), reference.get("default").and_then(Node::as_text))),
    }
    .filter(|(key, _)| !key.is_empty())
}
