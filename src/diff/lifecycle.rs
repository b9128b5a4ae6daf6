//! What changes in the lifecycle that the ledger keeps.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Change;
use crate::manifest::Lifecycle;

/// A setting that the ledger has otherwise than the manifests; what is written is as it is from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `lifecycle.prevent_destroy`.
    PreventDestroy(bool),
    /// A pattern of `[policy]` that protects it.
    Protected(bool),
    /// `lifecycle.owned`.
    Owned(bool),
    /// `lifecycle.ignore`: as it was, and as it is now.
    Ignore(BTreeSet<String>, BTreeSet<String>),
}

/// What the changed settings come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was not protected from being deleted, and is from now on.
    Protect,
    /// It was, and is not any more.
    Unprotect,
    /// As much as it was: something else changes.
    Record,
}

impl Turn {
    /// The verb.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Protect => "protect",
            Self::Unprotect => "unprotect",
            Self::Record => "record",
        }
    }
}

/// The lifecycle that holds for a change: what the ledger protects is protected until an apply has written that it is not
/// any more.
pub(super) fn protection(declared: &Lifecycle, ledger: Option<&Lifecycle>) -> Lifecycle {
    let mut lifecycle = declared.clone();
    if let Some(ledger) = ledger {
        lifecycle.prevent_destroy |= ledger.prevent_destroy;
        lifecycle.protected |= ledger.protected;
    }
    lifecycle
}

/// In what the lifecycle of the ledger differs from the one that is declared.
pub(super) fn settings(ledger: &Lifecycle, declared: &Lifecycle) -> Vec<Setting> {
    // Each field is named, so that a new one cannot be forgotten.
    let Lifecycle { prevent_destroy, protected, ignore, owned } = declared;
    let flag = |was: bool, now: bool, of: fn(bool) -> Setting| (was != now).then(|| of(now));
    let ignored = (ledger.ignore != *ignore).then(|| Setting::Ignore(ledger.ignore.clone(), ignore.clone()));
    [
        flag(ledger.prevent_destroy, *prevent_destroy, Setting::PreventDestroy),
        flag(ledger.protected, *protected, Setting::Protected),
        flag(ledger.owned, *owned, Setting::Owned),
        ignored,
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Change {
    /// What its changed lifecycle comes to; none where nothing changes.
    pub fn turn(&self) -> Option<Turn> {
        if self.lifecycle_changes.is_empty() {
            return None;
        }
        let changed = |wanted: fn(&Setting) -> Option<bool>| self.lifecycle_changes.iter().find_map(wanted);
        let prevent = changed(|setting| if let Setting::PreventDestroy(now) = setting { Some(*now) } else { None });
        let pattern = changed(|setting| if let Setting::Protected(now) = setting { Some(*now) } else { None });
        // What does not change holds before and after.
        let sides = |now: Option<bool>, holds: bool| now.map_or((holds, holds), |now| (!now, now));
        let (prevent, pattern) =
            (sides(prevent, self.lifecycle.prevent_destroy), sides(pattern, self.lifecycle.protected));
        Some(match (prevent.0 || pattern.0, prevent.1 || pattern.1) {
            (false, true) => Turn::Protect,
            (true, false) => Turn::Unprotect,
            _ => Turn::Record,
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |now: bool| if now { "is set" } else { "is no longer set" };
        match self {
            Self::PreventDestroy(now) => write!(f, "`prevent_destroy` {}", set(*now)),
            Self::Owned(now) => write!(f, "`owned` {}", set(*now)),
            Self::Protected(true) => f.write_str("`protected` in [policy] matches it"),
            Self::Protected(false) => f.write_str("`protected` in [policy] no longer matches it"),
            Self::Ignore(was, now) => {
                let names = |names: &BTreeSet<String>| {
                    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
                };
                write!(f, "`ignore` is {} (was {})", names(now), names(was))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::diff::{Action, Reason};
    use crate::kind::Kind;

    const FLAGS: [bool; 2] = [false, true];

    /// All lifecycles, as far as they differ in one ignored field.
    fn all() -> Vec<Lifecycle> {
        let mut all = Vec::new();
        for prevent_destroy in FLAGS {
            for protected in FLAGS {
                for owned in FLAGS {
                    for ignored in FLAGS {
                        let ignore = ignored.then(|| "status".to_owned()).into_iter().collect();
                        all.push(Lifecycle { prevent_destroy, protected, ignore, owned });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn protection_is_announced_as_what_it_becomes() {
        let protects = |lifecycle: &Lifecycle| lifecycle.prevent_destroy || lifecycle.protected;
        for was in all() {
            for now in all() {
                let mut change = Change::blank(&Address::new(Kind::Bucket, "raw"), Action::None, Reason::InSync);
                change.lifecycle_changes = settings(&was, &now);
                // As the differ has it: protected by either.
                change.lifecycle = now.clone();
                change.lifecycle.prevent_destroy |= was.prevent_destroy;
                change.lifecycle.protected |= was.protected;
                let turn = match (protects(&was), protects(&now)) {
                    _ if was == now => None,
                    (false, true) => Some(Turn::Protect),
                    (true, false) => Some(Turn::Unprotect),
                    _ => Some(Turn::Record),
                };
                assert_eq!(change.turn(), turn, "{was:?} {now:?}");
            }
        }
    }
}
