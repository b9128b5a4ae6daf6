//! Where the secrets of tokens that go were delivered: fluxform does not fetch them back.

use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::ledger::Ledger;

/// The field that says where a secret goes.
const DELIVER: &str = "deliver";
/// So many tokens are named.
const NAMED: usize = 5;

/// Tells of the secrets that stop working with `changes` and stay where they were delivered: those of tokens that are deleted,
/// and of tokens that deliver elsewhere from now on.
pub(super) fn stay(changes: &[Change], ledger: &Ledger) -> Option<Diagnostic> {
    let mut stay: Vec<String> = Vec::new();
    for change in changes.iter().filter(|change| change.address.kind.delivers()) {
        let elsewhere = || change.fields.iter().any(|field| field.field == DELIVER);
        let goes = change.action == Action::Delete || change.action == Action::Replace && elsewhere();
        let was = change.moved_from.as_ref().unwrap_or(&change.address);
        let Some(entry) = ledger.entries.get(was).filter(|entry| goes && entry.secret.is_some()) else { continue };
        match entry.fields.get(DELIVER).map(|print| print.strip_prefix('=')) {
            None | Some(Some("[discard]")) => {}
            Some(Some(sinks)) => stay.push(format!("{was} in {}", sinks.trim_matches(['[', ']']))),
            // Too long for the ledger to hold.
            Some(None) => stay.push(was.to_string()),
        }
    }
    let more = stay.len().saturating_sub(NAMED);
    let (first, more) = match (stay.get(..NAMED), more) {
        (Some(first), more @ 1..) => (first, format!(", and {more} more")),
        _ => (stay.as_slice(), String::new()),
    };
    if first.is_empty() {
        return None;
    }
    let message = match stay.len() {
        1 => format!("the secret of {} stops working and stays where it was delivered", first[0]),
        _ => format!("these secrets stop working and stay where they were delivered: {}{more}", first.join("; ")),
    };
    let help = "fluxform does not remove delivered secrets: delete them yourself once nothing reads them";
    Some(Diagnostic::warning("plan::secret-stays", message).help(help))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::address::Address;
    use crate::diff::{Cause, FieldChange, Reason};
    use crate::ledger::Entry;
    use crate::value::Value;

    fn address(key: &str) -> Address {
        format!("token.{key}").parse().expect("an address")
    }

    fn said(changes: &[Change], delivered: &[(&str, &str)]) -> Option<String> {
        let entry = |print: &str| Entry {
            secret: Some("0123456789ab".to_owned()),
            fields: BTreeMap::from([(DELIVER.to_owned(), print.to_owned())]),
            ..Entry::blank("1", "t")
        };
        let entries = delivered.iter().map(|(key, print)| (address(key), entry(print))).collect();
        stay(changes, &Ledger { entries, ..Ledger::default() }).map(|diagnostic| diagnostic.message)
    }

    fn deleted(key: &str) -> Change {
        Change::blank(&address(key), Action::Delete, Reason::NotDeclared)
    }

    #[test]
    fn secrets_of_tokens_that_go_or_move_are_named() {
        assert_eq!(
            said(&[deleted("a")], &[("a", "=[file secrets/a]")]).as_deref(),
            Some("the secret of token.a in file secrets/a stops working and stays where it was delivered")
        );
        assert_eq!(said(&[deleted("a")], &[("a", "=[discard]")]), None);
        assert_eq!(said(&[deleted("a")], &[]), None);
        let replaced = |field| Change {
            fields: vec![FieldChange { field, live: None, wanted: Value::Integer(1), last: None, cause: Cause::Yours }],
            ..Change::blank(&address("a"), Action::Replace, Reason::Differs)
        };
        assert_eq!(said(&[replaced("write")], &[("a", "=[file x]")]), None);
        assert_eq!(
            said(&[replaced(DELIVER), deleted("b")], &[("a", "=[env_file .env A]"), ("b", "#0123")]).as_deref(),
            Some("these secrets stop working and stay where they were delivered: token.a in env_file .env A; token.b")
        );
    }

    #[test]
    fn of_many_the_first_are_named() {
        let keys: Vec<String> = (0..300).map(|n| format!("t{n}")).collect();
        let changes: Vec<Change> = keys.iter().map(|key| deleted(key)).collect();
        let delivered: Vec<_> = keys.iter().map(|key| (key.as_str(), "=[file x]")).collect();
        let said = said(&changes, &delivered).expect("a warning");
        assert!(said.ends_with("token.t4 in file x, and 295 more"), "{said}");
    }
}
