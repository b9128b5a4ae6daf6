//! The run does not saw off the branch that it sits on: its own user, its own token.

use super::{ends, refuse};
use crate::diagnostic::Code;
use crate::diff::Change;
use crate::ledger::Ledger;
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
    let id =
        change.object.as_ref().filter(|_| kind.delivers() && (ends(change) || change.action.removes()))?.id.as_str();
    let mut entries = ledger.entries.iter().filter(|(address, entry)| address.kind == kind && entry.id == id);
    let fingerprint = entries.next().and_then(|(_, entry)| entry.secret.as_deref());
    let own = snapshot.own_token.id.as_deref() == Some(id)
        || fingerprint.is_some() && fingerprint == snapshot.own_token.fingerprint.as_deref();
    own.then(|| {
        refuse(
            Code::GuardOwnToken,
            format!("{} is the token that this run uses: it would lock itself out", change.address),
            "run with another token",
        )
    })
}
