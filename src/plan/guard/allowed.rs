//! What was agreed to: by the command line, and by `[policy]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::address::{Address, Matcher, matches};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::diff::Change;
use crate::manifest::{Allow, Policy, What};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::shell_words::shell_quoted;

/// What the user agreed to: beforehand with flags, or at the prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Taking over objects that exist already.
    pub adopt: bool,
    /// Losing data of addresses that match one of these patterns (`*` stands for anything).
    pub data_loss: Vec<String>,
    /// Whether somebody is asked, who sees what would be taken over.
    pub asked: bool,
    /// Whose data may be lost since somebody has typed the address.
    pub typed: BTreeSet<Address>,
}

/// A flag that is a consent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// `--adopt`.
    Adopt,
    /// `--allow-data-loss` with this pattern.
    AllowDataLoss(String),
    /// `--allow-empty`.
    AllowEmpty,
}

impl Flag {
    /// Its words, as the command line has them.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::Adopt => vec!["--adopt"],
            Self::AllowDataLoss(pattern) => vec!["--allow-data-loss", pattern],
            Self::AllowEmpty => vec!["--allow-empty"],
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell_quoted(self.words()))
    }
}

/// What a guard let pass because a flag says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flagged {
    /// The flag.
    pub flag: Flag,
    /// To whom it would happen.
    pub addresses: BTreeSet<Address>,
}

impl Consent {
    /// Whether losing the data of `address` was agreed to.
    pub fn allows_data_loss(&self, address: &Address) -> bool {
        self.typed.contains(address) || self.pattern(address).is_some()
    }

    /// Whether somebody has said so at the prompt, or is about to.
    fn in_person(&self, what: What, address: &Address) -> bool {
        match what {
            What::Adopt => self.asked,
            What::DataLoss => self.typed.contains(address),
            What::BlastRadius | What::TaskOwner => false,
        }
    }

    /// The flag that lets `what` happen to `address`.
    fn flag(&self, what: What, address: &Address) -> Option<Flag> {
        match what {
            What::Adopt => self.adopt.then_some(Flag::Adopt),
            What::DataLoss => self.pattern(address).cloned().map(Flag::AllowDataLoss),
            What::BlastRadius | What::TaskOwner => None,
        }
    }

    fn pattern(&self, address: &Address) -> Option<&String> {
        let address = address.to_string();
        self.data_loss.iter().find(|pattern| matches(pattern, &address))
    }
}

/// A consent of `[policy]` that a plan rests on: a `[[policy.allow]]`, or a setting that is looser than the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// What may happen.
    pub what: What,
    /// To whom it would happen.
    pub addresses: BTreeSet<Address>,
    /// The last day on which it may (UTC); none of what a setting lets pass as long as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Why it may: what the manifests say of it, or the setting.
    pub reason: String,
}

impl Plan {
    /// Whether `what` may happen to `address` because a flag or the manifests say so; what somebody
    /// typed at the prompt does not count.
    pub fn lets(&self, what: What, address: &Address) -> bool {
        let flag = |flagged: &Flagged| match flagged.flag {
            Flag::Adopt => what == What::Adopt,
            Flag::AllowDataLoss(_) => what == What::DataLoss,
            Flag::AllowEmpty => false,
        };
        self.allowed.iter().any(|allowed| allowed.what == what && allowed.addresses.contains(address))
            || self.flags.iter().any(|flagged| flag(flagged) && flagged.addresses.contains(address))
    }
}

/// For so many patterns the nearest address is looked for: that takes long in a large project.
const GUESSES: usize = 20;

/// The code of the guard that asks whether `what` is allowed.
const fn guard_of(what: What) -> Code {
    match what {
        What::Adopt => Code::GuardAdoption,
        What::DataLoss => Code::GuardDataLoss,
        What::BlastRadius => Code::GuardBlastRadius,
        What::TaskOwner => Code::GuardTaskOwner,
    }
}

/// Patterns of `--allow-data-loss` that mean nothing: a slip of the pen would be looked for in vain.
pub(super) fn idle_patterns(changes: &[Change], consent: &Consent) -> Vec<Diagnostic> {
    if consent.data_loss.is_empty() {
        return Vec::new();
    }
    let addresses: Vec<String> = changes.iter().map(|change| change.address.to_string()).collect();
    let idle = consent.data_loss.iter().filter(|pattern| {
        let pattern = Matcher::new(pattern);
        !addresses.iter().any(|address| pattern.matches(address))
    });
    let said = |pattern: &String| {
        let flag = Flag::AllowDataLoss(pattern.clone());
        let near = nearest(pattern, addresses.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        Diagnostic::warning(Code::PolicyAllowsNothing, format!("`{flag}` matches nothing in the project"))
            .help_known(near)
    };
    idle.take(GUESSES).map(said).collect()
}

/// Everything that was agreed to, and what of it was needed.
pub(super) struct Agreed<'a> {
    consent: &'a Consent,
    policy: &'a Policy,
    /// The patterns of all that it allows.
    patterns: Vec<Matcher<'a>>,
    /// The server's day (UTC); none if its time is not known: nothing that ends is counted then.
    today: Option<Date>,
    used: BTreeMap<usize, BTreeSet<Address>>,
    /// What was needed of the settings, each with what it says.
    settings: BTreeMap<(What, String), BTreeSet<Address>>,
    flags: BTreeMap<Flag, BTreeSet<Address>>,
}

impl<'a> Agreed<'a> {
    /// `at` is the server's time in milliseconds since 1970, zero if it is not known.
    pub(super) fn new(consent: &'a Consent, policy: &'a Policy, at: u64) -> Self {
        let now = i64::try_from(at).ok().filter(|at| *at > 0).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        let today = now.map(|now| Offset::UTC.to_datetime(now).date());
        let patterns = policy.allow.iter().map(|allow| allow.address.matcher()).collect();
        Self {
            consent,
            policy,
            patterns,
            today,
            used: BTreeMap::new(),
            settings: BTreeMap::new(),
            flags: BTreeMap::new(),
        }
    }

    fn holds(&self, allow: &Allow) -> bool {
        self.today.is_some_and(|today| today <= allow.until)
    }

    /// Whether `what` may happen to `address`. A flag counts only where the manifests do not say so.
    pub(super) fn allows(&mut self, what: What, address: &Address) -> bool {
        if what == What::Adopt && self.policy.adopt {
            self.rests_on(what, "adopt = true", [address]);
            return true;
        }
        let text = address.to_string();
        let allows = |(allow, pattern): (&Allow, &Matcher<'_>)| {
            allow.what == what && pattern.matches(&text) && self.holds(allow)
        };
        if let Some(at) = self.policy.allow.iter().zip(&self.patterns).position(allows) {
            self.used.entry(at).or_default().insert(address.clone());
            return true;
        }
        if let Some(flag) = self.consent.flag(what, address) {
            self.flags.entry(flag).or_default().insert(address.clone());
            return true;
        }
        self.consent.in_person(what, address)
    }

    /// Notes that `what` happens to `addresses` because of `setting`, which is looser than the default.
    pub(super) fn rests_on<'c>(&mut self, what: What, setting: &str, addresses: impl IntoIterator<Item = &'c Address>) {
        self.settings.entry((what, setting.to_owned())).or_default().extend(addresses.into_iter().cloned());
    }

    /// What is allowed and does not count any more.
    pub(super) fn expired(&self) -> Vec<Diagnostic> {
        let said = |allow: &Allow| {
            let message = match self.today {
                Some(_) => format!("the consent to {} of {} expired on {}", allow.what, allow.address, allow.until),
                None => format!("cannot tell whether {} of {} is still allowed", allow.what, allow.address),
            };
            Diagnostic::warning(Code::PolicyExpired, message)
                .at(allow.place.clone(), "does not count")
                .help("remove it; or review it again, and set a later `until`")
        };
        self.policy.allow.iter().filter(|allow| !self.holds(allow)).map(said).collect()
    }

    /// What is allowed to nobody, where something of that sort is refused: a slip of the pen would be looked for in vain. Where
    /// nothing is refused, a consent that matches nothing has done its work, or waits for it.
    pub(super) fn idle(&self, changes: &[Change], refusals: &[Problem]) -> Vec<Diagnostic> {
        let refused = |what: What| refusals.iter().any(|problem| problem.diagnostic.code == guard_of(what));
        let allows = self.policy.allow.iter().zip(&self.patterns);
        let asked: Vec<_> = allows.filter(|(allow, _)| refused(allow.what) && self.holds(allow)).collect();
        if asked.is_empty() {
            return Vec::new();
        }
        let addresses: Vec<String> = changes.iter().map(|change| change.address.to_string()).collect();
        let idle = asked.into_iter().filter(|(_, pattern)| !addresses.iter().any(|address| pattern.matches(address)));
        let mut guesses = GUESSES;
        let said = |(allow, _): (&Allow, &Matcher<'_>)| {
            let pattern = allow.address.as_str();
            let instances = format!("{pattern}[");
            let near = if addresses.iter().any(|address| address.starts_with(&instances)) {
                Some(format!("write `{pattern}[*]` for all of its instances"))
            } else if let Some(left) = guesses.checked_sub(1) {
                guesses = left;
                nearest(pattern, addresses.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
            } else {
                None
            };
            let message = format!("the consent to {} of {pattern} matches nothing in the project", allow.what);
            Diagnostic::warning(Code::PolicyAllowsNothing, message).at(allow.place.clone(), "matches nothing").help(
                near.unwrap_or_else(|| "correct its `address`, or remove it if what it allowed is done".to_owned()),
            )
        };
        idle.map(said).collect()
    }

    /// What the plan rests on: of the policy, and of the flags.
    pub(super) fn used(self) -> (Vec<Allowed>, Vec<Flagged>) {
        let used = self.used.into_iter().map(|(at, addresses)| {
            let Allow { what, until, reason, .. } = &self.policy.allow[at];
            Allowed { what: *what, addresses, until: Some(*until), reason: reason.clone() }
        });
        let settings = self.settings.into_iter();
        let settings = settings.map(|((what, reason), addresses)| Allowed { what, addresses, until: None, reason });
        let flags = self.flags.into_iter().map(|(flag, addresses)| Flagged { flag, addresses });
        (settings.chain(used).collect(), flags.collect())
    }
}
