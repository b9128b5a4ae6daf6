//! Where a source has secrets in plain text: none is shown.

use std::ops::Range;

use super::node::{Inner, Node};
use crate::redact::is_secret;

/// The places of all that stands in `node` under a key that is called like a secret, or that `also` is one.
pub(super) fn places(node: &Node, also: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    collect(node, also, &mut found);
    found
}

fn collect(node: &Node, also: &dyn Fn(&str) -> bool, found: &mut Vec<Range<usize>>) {
    for entry in node.entries() {
        let is_hidden = is_secret(&entry.key) || also(&entry.key);
        // What refers to a secret is none.
        let is_one = !matches!(entry.value.inner, Inner::Null) && entry.value.get("secretRef").is_none();
        if is_hidden && is_one {
            found.push(entry.value.span.clone());
        } else {
            collect(&entry.value, also, found);
        }
    }
    node.items().iter().for_each(|item| collect(item, also, found));
}
