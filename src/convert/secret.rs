//! Where a source has secrets in plain text: none is shown.

use std::ops::Range;

use super::node::{Inner, Node};
use crate::redact::is_secret;

/// What each template has in the version of its objects.
const TEMPLATE: &str = "influxdata.com/v2alpha";

/// What else may be one in an endpoint of a template.
pub(super) const ENDPOINTS: [&str; 6] = ["token", "routingKey", "username", "password", "url", "clientURL"];

/// Whether a text is one of a template, as far as that can be told of one that cannot be read.
pub(super) fn is_template(text: &str) -> bool {
    text.contains(TEMPLATE)
}

/// What may be a secret in a text that cannot be read: all of it, as it may be a state, or a token. Of a template, what stands on a line
/// behind a word that is called like a secret, and the lines below that are further in.
pub(super) fn unread(text: &str) -> Vec<Range<usize>> {
    if !is_template(text) {
        return std::iter::once(0..text.len()).collect();
    }
    let mut found = Vec::new();
    let (mut start, mut below) = (0, None);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let is_below = below.is_some_and(|outer| indent > outer || line.trim().is_empty());
        let hidden = if is_below { Some(indent) } else { behind_secret(line) };
        if !is_below {
            below = hidden.map(|_| indent);
        }
        let end = line.trim_end().len();
        found.extend(hidden.filter(|at| *at < end).map(|at| start + at..start + end));
        start += line.len();
    }
    found
}

/// Where in a line something stands behind a word that is called like a secret.
fn behind_secret(line: &str) -> Option<usize> {
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    line.split(|c| !is_inner(c)).find_map(|word| {
        let end = at + word.len();
        at = end + line[end..].chars().next().map_or(0, char::len_utf8);
        if word.is_empty() {
            return None;
        }
        let rest = line[end..].trim_start_matches(['"', '\'', ' ', '\t']);
        let is_one = is_secret(word) || ENDPOINTS.contains(&word);
        (is_one && rest.starts_with(':')).then(|| line.len() - rest.len() + 1)
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        unread(text).into_iter().rev().for_each(|range| shown.replace_range(range, "***"));
        shown
    }

    #[test]
    fn of_what_cannot_be_read_no_secret_is_shown() {
        for text in ["t0ken", "{\"version\": 4, \"outputs\": {\"a\": {\"value\": \"t0ken\" x", "a: [t0ken"] {
            assert_eq!(shown(text), "***");
        }
        let head = "apiVersion: influxdata.com/v2alpha1\n";
        for (text, wanted) in [
            (
                "spec:\n  token: >-\n    t0ken\n\n    more\n  every: [x\n",
                "spec:\n  token:***\n    ***\n\n    ***\n  every: [x\n",
            ),
            ("spec: {every: x, token: {t0ken\nname: b\n", "spec: {every: x, token:***\nname: b\n"),
            ("{\"routingKey\" : \"t0ken\", }", "{\"routingKey\" :***"),
            ("é: ü\ntokens are: x\n", "é: ü\ntokens are: x\n"),
        ] {
            assert_eq!(shown(&format!("{head}{text}")), format!("{head}{wanted}"));
        }
    }
}
