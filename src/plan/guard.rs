//! The rules that refuse a plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::evidence::Data;
use crate::exit::{Exit, Problem};
use crate::ledger::Origin;
use crate::snapshot::Snapshot;
use crate::value::Value;

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
}

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
}

fn refuse(code: &'static str, message: String, help: &str) -> Problem {
    Problem { exit: Exit::Refused, diagnostic: Diagnostic::error(code, message).help(help) }
}

/// All that the guards refuse in `plan`.
pub(super) fn refusals(plan: &Plan, snapshot: &Snapshot, consent: &Consent) -> Vec<Problem> {
    let mut refusals = Vec::new();
    for change in &plan.changes {
        refusals.extend(protection(change));
        refusals.extend(import(change));
        refusals.extend(own_user(change, snapshot));
        refusals.extend(creator(change, snapshot));
    }
    refusals.extend(data_loss(&plan.at_stake, consent));
    refusals.extend(adoption(plan, snapshot, consent));
    refusals
}

fn protection(change: &Change) -> Option<Problem> {
    let verb = match change.action {
        Action::Delete => "deleted",
        Action::Replace => "replaced",
        _ => return None,
    };
    let address = &change.address;
    if change.lifecycle.prevent_destroy {
        return Some(refuse(
            "guard::prevent-destroy",
            format!("{address} would be {verb}, and its lifecycle says prevent_destroy"),
            "apply once with `prevent_destroy = false` first, if it really is to go",
        ));
    }
    let adopted = change.adopts || change.origin == Some(Origin::Adopted);
    (adopted && change.action == Action::Replace && !change.lifecycle.owned).then(|| {
        refuse(
            "guard::adopted",
            format!("{address} would be replaced, and this project did not create it"),
            "set `lifecycle = { owned = true }` if the project may delete what it adopted",
        )
    })
}

/// An `[[import]]` that stands names one object for good: another one would contradict it in the next plan.
fn import(change: &Change) -> Option<Problem> {
    let what = match change.action {
        Action::Replace => "would be replaced, and its [[import]] names the object that would go",
        Action::Create => "would be made anew, and its [[import]] names the object that is gone",
        _ => return None,
    };
    let help = if change.address.kind.spec().delivers {
        "take the [[import]] out, and give `deliver`: a new one has a secret that somebody must get"
    } else {
        "take the [[import]] out"
    };
    change.imported.then(|| refuse("guard::imported", format!("{} {what}", change.address), help))
}

fn own_user(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    let own = change.object.as_ref().is_some_and(|object| object.id == snapshot.me);
    let deactivates =
        change.fields.iter().any(|field| field.field == "status" && field.wanted == Value::Text("inactive".into()));
    let goes = matches!(change.action, Action::Delete | Action::Replace);
    (own && (goes || deactivates)).then(|| {
        refuse(
            "guard::own-user",
            format!("{} is the user that this run acts as: it would lock itself out", change.address),
            "run with a token of another user",
        )
    })
}

/// A task made by a user that does not own the org is accepted and never works.
fn creator(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    if !change.address.kind.spec().runs_as_creator || !matches!(change.action, Action::Create | Action::Replace) {
        return None;
    }
    // The creator of an org owns it.
    let org = change.org.as_deref()?;
    let what = match snapshot.owners.get(org) {
        Some(owners) if owners.contains(&snapshot.me) => return None,
        Some(_) => "does not own the org",
        None => "is not proven to own the org: this token may not read the org's owners",
    };
    Some(Problem {
        exit: Exit::NotAuthorized,
        diagnostic: Diagnostic::error(
            "sight::not-an-owner",
            format!("{} would never run: it runs as the user of this run's token, who {what}", change.address),
        )
        .help("use a token of a user that is an owner of the org, with `read:orgs`"),
    })
}

fn data_loss(at_stake: &BTreeMap<Address, Data>, consent: &Consent) -> Vec<Problem> {
    let lost = |(address, data): (&Address, &Data)| {
        if *data == Data::None || consent.allows_data_loss(address) {
            return None;
        }
        Some(refuse(
            "guard::data-loss",
            format!("{address} would lose data: {data}"),
            &format!("if that is meant, say so with --allow-data-loss '{address}'"),
        ))
    };
    at_stake.iter().filter_map(lost).collect()
}

fn adoption(plan: &Plan, snapshot: &Snapshot, consent: &Consent) -> Option<Problem> {
    let adopted: Vec<String> = plan
        .changes
        .iter()
        .filter(|change| change.adopts && !change.imported && !is_home_as_declared(change, snapshot))
        .map(|change| {
            let object = change.object.as_ref().map_or("", |object| &object.id);
            format!("{} (ID {object})", change.address)
        })
        .collect();
    (!adopted.is_empty() && !consent.adopt).then(|| {
        refuse(
            "guard::adoption",
            format!("these exist already and would be taken over: {}", adopted.join(", ")),
            "say --adopt if the project is to manage them; adopted objects are never deleted unless `lifecycle.owned` says so",
        )
    })
}

/// Whether `change` takes over the home org and writes nothing to it. That needs no consent: the manifests name this org
/// twice, it holds the project's record in any case, it is never deleted, and it may be what an interrupted run of this
/// project made before there was a ledger that could tell.
fn is_home_as_declared(change: &Change, snapshot: &Snapshot) -> bool {
    let object = change.object.as_ref().map(|object| object.id.as_str());
    change.action == Action::None && object.is_some() && object == snapshot.home.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn a_pattern_matches_whole_addresses() {
        let consent = |pattern: &str| Consent { adopt: false, data_loss: vec![pattern.to_owned()] };
        let raw = Address::new(Kind::Bucket, "raw");
        for (pattern, yes) in [
            ("bucket.*", true),
            ("*", true),
            ("bucket.raw", true),
            ("bucket.r*w", true),
            ("bucket.ra", false),
            ("org.*", false),
        ] {
            assert_eq!(consent(pattern).allows_data_loss(&raw), yes, "{pattern}");
        }
    }
}
