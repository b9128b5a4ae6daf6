//! Which functions of its libraries a script needs: each of them may be there for other scripts.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{END, USE};
use crate::flux::ast::{ExpressionKind, Key, Property, Record, Script, StatementKind};

/// The functions of libraries that the rest of a script does not need, by their first bytes: nothing calls them.
pub(in crate::flux) fn unneeded(script: &Script) -> HashSet<u32> {
    let Some(shared) = shared(script) else { return HashSet::new() };
    let body = script.body();
    // What is no function does something where it stands, whoever needs it.
    let is_function = |value| matches!(script.expression(value).kind, ExpressionKind::Function(_));
    let is_shared = |at: &usize| {
        let statement = &body[*at];
        let StatementKind::Assignment { value, .. } = statement.kind else { return false };
        is_function(value) && shared.contains(&statement.span.start)
    };
    let mut named: Vec<Vec<&str>> = vec![Vec::new(); body.len()];
    for one in script.expressions() {
        let Some(at) = body.partition_point(|statement| statement.span.start <= one.span.start).checked_sub(1) else {
            continue;
        };
        match &one.kind {
            ExpressionKind::Identifier => named[at].push(script.text(one.span)),
            ExpressionKind::Record(record) => named[at].extend(taken(script, record)),
            ExpressionKind::Call { arguments: Some(record), .. } => named[at].extend(taken(script, record)),
            _ => {}
        }
    }
    let called =
        |at: usize| if let StatementKind::Assignment { name, .. } = body[at].kind { script.text(name) } else { "" };
    let by_name: HashMap<&str, usize> = (0..body.len()).filter(is_shared).map(|at| (called(at), at)).collect();
    let mut unneeded: HashSet<usize> = by_name.values().copied().collect();
    let mut next: Vec<usize> = (0..body.len()).filter(|at| !is_shared(at)).collect();
    while let Some(at) = next.pop() {
        let needed = named[at].iter().filter_map(|name| by_name.get(name).copied());
        next.extend(needed.filter(|at| unneeded.remove(at)));
    }
    unneeded.into_iter().map(|at| body[at].span.start).collect()
}

/// The names that a record takes up as they are: `{a}`, `{a with b: 1}`.
fn taken<'s>(script: &'s Script, record: &'s Record) -> impl Iterator<Item = &'s str> {
    let short = |property: &Property| match (property.key, property.value) {
        (Key::Name(name), None) => Some(name),
        _ => None,
    };
    record.properties.iter().filter_map(short).chain(record.with).map(move |name| script.text(name))
}

/// Where a script that `compose` has made has its libraries.
fn shared(script: &Script) -> Option<Range<u32>> {
    if !script.source().contains(USE) {
        return None;
    }
    let mut comments = script.comments().iter();
    let first = comments.find(|comment| script.text(comment.span).starts_with(USE))?;
    let last = comments.find(|comment| script.text(comment.span).trim_end() == END)?;
    Some(first.span.start..last.span.start)
}
