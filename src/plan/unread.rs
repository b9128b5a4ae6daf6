//! What was not compared, because the token may not read it.

use std::collections::BTreeMap;

use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Change;
use crate::snapshot::Snapshot;

/// Tells once for each type of objects of which that the token may not read a part: nobody knows whether that changed.
pub(super) fn parts(changes: &[Change], snapshot: &Snapshot) -> impl Iterator<Item = Diagnostic> {
    let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for change in changes {
        let object = change.object.as_ref().and_then(|object| snapshot.object(change.address.kind, &object.id));
        if let Some(ty) = object.and_then(|object| object.unread()) {
            by_type.entry(ty).or_default().push(change.address.to_string());
        }
    }
    by_type.into_iter().map(|(ty, addresses)| {
        let message =
            format!("not compared with what they run, because the token may not read {ty}: {}", few(&addresses));
        Diagnostic::warning(Code::SightUnreadable, message).help(format!("give the token `read:{ty}`"))
    })
}
