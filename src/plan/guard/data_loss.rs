//! Data, and objects that go along with others, are lost only where that was agreed to.

use std::collections::{BTreeMap, BTreeSet};

use super::allowed::Agreed;
use super::refuse;
use crate::address::{Address, few};
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::evidence::Stake;
use crate::manifest::What;
use crate::problem::Problem;

/// More resources than these are refused in one sentence.
const APART: usize = 6;

pub(super) fn refusals(
    at_stake: &BTreeMap<Address, Stake>,
    changes: &[Change],
    agreed: &mut Agreed<'_>,
) -> Vec<Problem> {
    let changed: BTreeMap<&Address, &Change> = changes.iter().map(|change| (&change.address, change)).collect();
    let renamed = |address: &Address| changed.get(address).map(|change| renamed(change, changes)).unwrap_or_default();
    let lost: Vec<_> = at_stake
        .iter()
        .filter(|(address, stake)| !stake.is_nothing() && !agreed.allows(What::DataLoss, address))
        .collect();
    if lost.len() > APART {
        let message = format!(
            "data, or other objects along with them, would be lost of {} resources: {}",
            lost.len(),
            few(lost.iter().map(|(address, _)| address))
        );
        let new: BTreeSet<_> =
            changes.iter().filter(|new| new.action == Action::Create).map(|new| new.address.kind).collect();
        let gone = |address| changed.get(address).is_some_and(|change| change.action == Action::Delete);
        let moved = match lost.iter().any(|(address, _)| gone(*address) && new.contains(&address.kind)) {
            true => "; where only a key has changed, keep the object with a [[moved]]",
            false => "",
        };
        let help = format!(
            "what each would lose stands under \"Data at stake\"; if that is intended, allow it with --allow-data-loss \
             PATTERN, in which `*` stands for anything (as often as needed), or in a [[policy.allow]]{moved}"
        );
        return vec![refuse(Code::GuardDataLoss, message, &help)];
    }
    let refusal = |(address, stake): (&Address, &Stake)| {
        let renamed = renamed(address);
        refuse(
            Code::GuardDataLoss,
            format!("{address} {stake}"),
            &format!(
                "if that is intended, allow it with --allow-data-loss '{address}', or in a [[policy.allow]]{renamed}"
            ),
        )
    };
    lost.into_iter().map(refusal).collect()
}

/// How to keep an object whose resource has another key now, where there is a new resource that it could be.
fn renamed(change: &Change, changes: &[Change]) -> String {
    let is_new = |new: &&Change| new.action == Action::Create && new.address.kind == change.address.kind;
    let mut new = changes.iter().filter(is_new).filter(|_| change.action == Action::Delete);
    match (new.next(), new.next()) {
        (Some(Change { address: new, .. }), None) => {
            format!("; if it is {new} now, keep it with a [[moved]]: from = '{}', to = '{new}'", change.address)
        }
        (Some(_), Some(_)) => "; if only its key has changed, keep it with a [[moved]]".to_owned(),
        (None, _) => String::new(),
    }
}
