//! What a plan has become since it was reviewed.

use serde::Serialize;

use super::plan::{Change, Stake};
use crate::address::Address;
use crate::plan::{Difference, Part};

#[derive(Serialize)]
pub(super) struct Form<'a> {
    address: &'a Address,
    reviewed: Option<Change<'a>>,
    now: Option<Change<'a>>,
    differs: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_stake: Option<Stakes<'a>>,
}

#[derive(Serialize)]
struct Stakes<'a> {
    reviewed: Option<Stake<'a>>,
    now: Stake<'a>,
}

impl<'a> Form<'a> {
    pub(super) fn new(difference: &'a Difference) -> Self {
        let Difference { address, reviewed, now, stake } = difference;
        Self {
            address,
            reviewed: reviewed.as_ref().map(|side| Change::new(&side.change)),
            now: now.as_ref().map(|side| Change::new(&side.change)),
            differs: difference.parts().iter().map(word).collect(),
            at_stake: stake.as_ref().map(|(reviewed, now)| Stakes {
                reviewed: reviewed.as_ref().map(|data| Stake::new(address, data)),
                now: Stake::new(address, now),
            }),
        }
    }
}

/// What differs: `action`, `reason`, a field, or another part in words.
fn word(part: &Part<'_>) -> &'static str {
    match part {
        Part::Action(..) => "action",
        Part::Reason(..) => "reason",
        Part::Field(name, ..) | Part::Other(name, ..) => name,
    }
}
