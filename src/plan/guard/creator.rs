//! Tasks are made only by those that may run them.

use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// A task made by a user that does not own the org is accepted and never works. Of a token that can write nothing, as a
/// plan's in CI, nothing is asked: it does not make the task, and an apply with it gets no lock.
pub(super) fn refusal(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    if snapshot.own_token.only_reads
        || !change.address.kind.spec().runs_as_creator
        || !matches!(change.action, Action::Create | Action::Replace)
    {
        return None;
    }
    // The creator of an org owns it.
    let org = change.org.as_deref()?;
    let what = match snapshot.owners.get(org) {
        Some(owners) if owners.contains(&snapshot.me) => return None,
        Some(_) => "does not own the org",
        None => "is not proven to own the org: this token may not read the org's owners",
    };
    Some(Problem::from(
        Diagnostic::error(
            Code::SightNotAnOwner,
            format!("{} would never run: it runs as the user of this run's token, who {what}", change.address),
        )
        .help("use a token of a user that is an owner of the org, with `read:orgs`"),
    ))
}
