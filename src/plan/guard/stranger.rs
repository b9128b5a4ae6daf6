//! What belongs to another user stays, unless the run may write that user: an apply that may not would stop half-way.

use std::collections::BTreeMap;

use super::Grounds;
use crate::address::{Address, few};
use crate::api::sight::Lack;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::diff::Change;
use crate::evidence::{Stranger, acting};
use crate::problem::Problem;
use crate::redact::without_secrets;

/// What belongs to one other user.
#[derive(Default)]
struct Theirs<'a> {
    /// In words, each with its ID.
    named: Vec<String>,
    addresses: Vec<&'a Address>,
}

/// Refuses what the token is shown not to be allowed, and warns of what it may not be: where that is not known, or where whoever applies is
/// somebody else, because the token can write nothing.
pub(super) fn ask(changes: &[Change], grounds: Grounds<'_>) -> (Vec<Problem>, Vec<Diagnostic>) {
    let (mut refusals, mut warnings) = (Vec::new(), Vec::new());
    for (user, theirs) in theirs(changes, grounds) {
        let Some(stranger @ Stranger { lack: Some(lack), .. }) = grounds.strangers.get(user) else { continue };
        let is_other_run = grounds.snapshot.own_token.only_reads;
        let [verb, them] = if theirs.named.len() == 1 { ["belongs", "it"] } else { ["belong", "them"] };
        let right = format!("`write:users/{user}`");
        let takes = match lack {
            _ if is_other_run => format!("to change or delete {them}, the token that applies must have {right}"),
            Lack::Permission(_) => format!("this token may neither change nor delete {them}, because it lacks {right}"),
            lack => format!("to change or delete {them} takes {right}, and {lack}"),
        };
        let who = stranger.name.as_ref().map_or_else(String::new, |name| format!("{:?} ", without_secrets(name)));
        let message = format!("{} {verb} to another user, {who}(ID {user}): {takes}", few(theirs.named));
        let help = "apply with a token of that user or of an operator, or with one that may write that user";
        let places = theirs.addresses.iter().filter_map(|address| Some(&grounds.written.resources.get(address)?.place));
        let said = |diagnostic: Diagnostic| {
            let at = |one: Diagnostic, place: &Place| one.at(place.clone(), "of another user");
            places.clone().take(PLACES).fold(diagnostic, at).help(help)
        };
        match lack {
            Lack::Permission(_) if !is_other_run => {
                refusals.push(said(Diagnostic::error(Code::SightAnotherUser, message)).into());
            }
            _ => warnings.push(said(Diagnostic::warning(Code::SightAnotherUser, message))),
        }
    }
    (refusals, warnings)
}

/// So many places are shown.
const PLACES: usize = 3;

/// What `changes` touch of each other user.
fn theirs<'a>(changes: &'a [Change], grounds: Grounds<'a>) -> BTreeMap<&'a str, Theirs<'a>> {
    let mut all: BTreeMap<&str, Theirs<'_>> = BTreeMap::new();
    for change in changes {
        for object in acting(change, grounds.snapshot) {
            let Some(user) = object.user.as_deref().filter(|user| *user != grounds.snapshot.me) else { continue };
            let is_own = change.object.as_ref().is_some_and(|own| own.id == object.id);
            let of = if is_own { "" } else { "what was replaced by " };
            let theirs = all.entry(user).or_default();
            theirs.named.push(format!("{of}{} (ID {})", change.address, object.id));
            theirs.addresses.push(&change.address);
        }
    }
    all
}
