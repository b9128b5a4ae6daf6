//! The run does not saw off the branch that it sits on: its own user, its own token.

use super::{ends, refuse};
use crate::diagnostic::Code;
use crate::diff::Change;
use crate::ledger::{Entry, Ledger};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

pub(super) fn own_user(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    let own = change.object.as_ref().is_some_and(|object| object.id == snapshot.me);
    (own && ends(change)).then(|| {
        refuse(
            Code::GuardOwnUser,
            format!("{} is the user that this run acts as: it would lock itself out", change.address),
            "run with a token of another user",
        )
    })
}

/// The run's own token is known by its ID, where that was given, or by the fingerprint of a secret that was delivered.
pub(super) fn own_token(change: &Change, snapshot: &Snapshot, ledger: &Ledger) -> Option<Problem> {
    let kind = change.address.kind;
    if !kind.delivers() {
        return None;
    }
    let own = &snapshot.own_token;
    let is_own = |id: &str, fingerprint: Option<&str>| {
        own.id.as_deref() == Some(id) || fingerprint.is_some() && fingerprint == own.fingerprint.as_deref()
    };
    let entry = |has: &dyn Fn(&Entry) -> bool| {
        ledger.entries.iter().find(|(address, entry)| address.kind == kind && has(entry)).map(|(_, entry)| entry)
    };
    let goes = |id: &&str| (ends(change) || change.action.removes()) && !change.overlapping.contains(*id);
    let object = change.object.as_ref().map(|object| object.id.as_str()).filter(goes);
    if object.is_some_and(|id| is_own(id, entry(&|entry| entry.id == id).and_then(|entry| entry.secret.as_deref()))) {
        let message = format!("{} is the token that this run uses: it would lock itself out", change.address);
        return Some(refuse(Code::GuardOwnToken, message, "run with another token"));
    }
    let worn = |id: &str| entry(&|entry| entry.predecessors.contains(id)).and_then(|entry| entry.worn.get(id));
    let predecessor = change.predecessors.iter().find(|id| is_own(id, worn(id).map(String::as_str)))?;
    let message = format!(
        "this run uses a token that {} has replaced (ID {predecessor}), and would delete it: it would lock itself out",
        change.address
    );
    Some(refuse(Code::GuardOwnToken, message, "run with the new token, which was delivered, or with another one"))
}
