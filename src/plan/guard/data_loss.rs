//! Data, and objects that go along with others, are lost only where that was agreed to.

use std::collections::BTreeMap;

use super::allowed::Agreed;
use super::refuse;
use crate::address::Address;
use crate::evidence::Stake;
use crate::exit::Problem;
use crate::manifest::What;

pub(super) fn refusals(at_stake: &BTreeMap<Address, Stake>, agreed: &mut Agreed<'_>) -> Vec<Problem> {
    let lost = |(address, stake): (&Address, &Stake)| {
        if stake.is_nothing() || agreed.allows(What::DataLoss, address) {
            return None;
        }
        Some(refuse(
            "guard::data-loss",
            format!("{address} {stake}"),
            &format!("if that is intended, allow it with --allow-data-loss '{address}', or in a [[policy.allow]]"),
        ))
    };
    at_stake.iter().filter_map(lost).collect()
}
