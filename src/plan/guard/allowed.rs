//! What was agreed to: by the command line, and by `[policy]`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::address::{Address, matches};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Allow, Policy, What};

/// What the user agreed to beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Taking over objects that exist already.
    pub adopt: bool,
    /// Losing data of addresses that match one of these patterns (`*` stands for anything).
    pub data_loss: Vec<String>,
}

impl Consent {
    /// Whether losing the data of `address` was agreed to.
    pub fn allows_data_loss(&self, address: &Address) -> bool {
        let address = address.to_string();
        self.data_loss.iter().any(|pattern| matches(pattern, &address))
    }

    fn allows(&self, what: What, address: &Address) -> bool {
        match what {
            What::Adopt => self.adopt,
            What::DataLoss => self.allows_data_loss(address),
            What::BlastRadius | What::TaskOwner => false,
        }
    }
}

/// A consent of `[[policy.allow]]` that a plan rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// What may happen.
    pub what: What,
    /// To whom it would happen.
    pub addresses: BTreeSet<Address>,
    /// The last day on which it may (UTC).
    pub until: Date,
    /// Why it may.
    pub reason: String,
}

/// Everything that was agreed to, and what of it was needed.
pub(super) struct Agreed<'a> {
    consent: &'a Consent,
    policy: &'a Policy,
    /// The server's day (UTC); none if its time is not known: nothing that ends is counted then.
    today: Option<Date>,
    used: BTreeMap<usize, BTreeSet<Address>>,
}

impl<'a> Agreed<'a> {
    /// `at` is the server's time in milliseconds since 1970, zero if it is not known.
    pub(super) fn new(consent: &'a Consent, policy: &'a Policy, at: u64) -> Self {
        let now = i64::try_from(at).ok().filter(|at| *at > 0).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        Self { consent, policy, today: now.map(|now| Offset::UTC.to_datetime(now).date()), used: BTreeMap::new() }
    }

    fn holds(&self, allow: &Allow) -> bool {
        self.today.is_some_and(|today| today <= allow.until)
    }

    /// Whether `what` may happen to `address`.
    pub(super) fn allows(&mut self, what: What, address: &Address) -> bool {
        if self.consent.allows(what, address) || what == What::Adopt && self.policy.adopt {
            return true;
        }
        let text = address.to_string();
        let matches = |allow: &Allow| matches(allow.address.as_str(), &text);
        let allows = |allow: &Allow| allow.what == what && matches(allow) && self.holds(allow);
        let Some(at) = self.policy.allow.iter().position(allows) else { return false };
        self.used.entry(at).or_default().insert(address.clone());
        true
    }

    /// What is allowed and does not count any more.
    pub(super) fn expired(&self) -> Vec<Diagnostic> {
        let said = |allow: &Allow| {
            let message = match self.today {
                Some(_) => format!("what allows {} of {} ended on {}", allow.what, allow.address, allow.until),
                None => format!("whether {} of {} is still allowed cannot be told", allow.what, allow.address),
            };
            Diagnostic::warning("policy::expired", message)
                .at(allow.place.clone(), "does not count")
                .help("take it out; or review it again, and give it another `until`")
        };
        self.policy.allow.iter().filter(|allow| !self.holds(allow)).map(said).collect()
    }

    /// What the plan rests on.
    pub(super) fn used(self) -> Vec<Allowed> {
        let used = self.used.into_iter().map(|(at, addresses)| {
            let Allow { what, until, reason, .. } = &self.policy.allow[at];
            Allowed { what: *what, addresses, until: *until, reason: reason.clone() }
        });
        used.collect()
    }
}
