//! Data is lost only where that was agreed to.

use std::collections::BTreeMap;

use super::allowed::Agreed;
use super::refuse;
use crate::address::Address;
use crate::evidence::Data;
use crate::exit::Problem;
use crate::manifest::What;

pub(super) fn refusals(at_stake: &BTreeMap<Address, Data>, agreed: &mut Agreed<'_>) -> Vec<Problem> {
    let lost = |(address, data): (&Address, &Data)| {
        if *data == Data::None || agreed.allows(What::DataLoss, address) {
            return None;
        }
        Some(refuse(
            "guard::data-loss",
            format!("{address} would lose data: {data}"),
            &format!("if that is intended, allow it with --allow-data-loss '{address}', or in a [[policy.allow]]"),
        ))
    };
    at_stake.iter().filter_map(lost).collect()
}
