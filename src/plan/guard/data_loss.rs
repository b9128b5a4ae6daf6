//! Data, and objects that go along with others, are lost only where that was agreed to.

use std::collections::BTreeMap;

use super::allowed::Agreed;
use super::refuse;
use crate::address::Address;
use crate::diff::{Action, Change};
use crate::evidence::Stake;
use crate::exit::Problem;
use crate::manifest::What;

pub(super) fn refusals(
    at_stake: &BTreeMap<Address, Stake>,
    changes: &[Change],
    agreed: &mut Agreed<'_>,
) -> Vec<Problem> {
    let changed: BTreeMap<&Address, &Change> = changes.iter().map(|change| (&change.address, change)).collect();
    let lost = |(address, stake): (&Address, &Stake)| {
        if stake.is_nothing() || agreed.allows(What::DataLoss, address) {
            return None;
        }
        let renamed = changed.get(address).map(|change| renamed(change, changes)).unwrap_or_default();
        Some(refuse(
            "guard::data-loss",
            format!("{address} {stake}"),
            &format!(
                "if that is intended, allow it with --allow-data-loss '{address}', or in a [[policy.allow]]{renamed}"
            ),
        ))
    };
    at_stake.iter().filter_map(lost).collect()
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
