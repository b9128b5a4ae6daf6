//! What a plan has become since it was reviewed.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::digest::{HOME, counts};
use crate::address::Address;
use crate::diff::{Action, Change, FieldChange, Reason, Target};
use crate::evidence::{Data, Stake};
use crate::ledger::Origin;

/// One address of which the plan is another one than was reviewed.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Whose change it is.
    pub address: Address,
    /// What was reviewed; none if nothing was to be done.
    pub reviewed: Option<Side>,
    /// What would be done now; none if nothing.
    pub now: Option<Side>,
    /// What was said to be at stake, and what is now, where it is more.
    pub stake: Option<(Option<Stake>, Stake)>,
}

/// A change on one side of a comparison.
#[derive(Clone, Debug)]
pub struct Side {
    /// The change.
    pub change: Change,
    /// What of it counts.
    canonical: Change,
}

/// All in which `now` is another plan than `reviewed`, by address. Nothing, if and only if the digests are equal and no
/// more data is at stake.
pub fn difference(reviewed: &Plan, now: &Plan) -> Vec<Difference> {
    let (mut before, mut after) = (sides(reviewed), sides(now));
    let addresses: BTreeSet<Address> = before.keys().chain(after.keys()).chain(now.at_stake.keys()).cloned().collect();
    let one = |address: Address| {
        let agreed = reviewed.at_stake.get(&address);
        let stake = now.at_stake.get(&address).filter(|stake| !stake.within(agreed));
        let stake = stake.map(|stake| (agreed.cloned(), stake.clone()));
        let (reviewed, now) = (before.remove(&address), after.remove(&address));
        let counts = |side: &Option<Side>| side.as_ref().map(|side| side.canonical.clone());
        let same = counts(&reviewed) == counts(&now);
        (!same || stake.is_some()).then_some(Difference { address, reviewed, now, stake })
    };
    addresses.into_iter().filter_map(one).collect()
}

/// Whether more is at stake `now` than was shown with `before`, for one of the `addresses` whose data somebody gave up when
/// they saw that. What was agreed to beforehand was agreed to whatever there is, and is not compared.
pub fn outgrown(before: &Plan, now: &Plan, addresses: &BTreeSet<Address>) -> bool {
    addresses
        .iter()
        .any(|address| now.at_stake.get(address).is_some_and(|stake| !stake.within(before.at_stake.get(address))))
}

fn sides(plan: &Plan) -> BTreeMap<Address, Side> {
    let writes = plan.changes.iter().filter(|change| counts(change));
    writes
        .map(|change| (change.address.clone(), Side { change: change.clone(), canonical: plan.canonical(change) }))
        .collect()
}

/// One thing in which two changes of an address differ.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// What happens.
    Action(Action, Action),
    /// Why.
    Reason(&'a Reason, &'a Reason),
    /// A field: as reviewed and now; none where it was, or is, not to be changed.
    Field(&'static str, Option<&'a FieldChange>, Option<&'a FieldChange>),
    /// Anything else: its name, as reviewed, and now.
    Other(&'static str, String, String),
}

impl Difference {
    /// The fields of an object that only one of the plans changes.
    fn alone(&self) -> Vec<Part<'_>> {
        let reviewed = changed(self.reviewed.as_ref()).iter().map(|field| Part::Field(field.field, Some(field), None));
        let now = changed(self.now.as_ref()).iter().map(|field| Part::Field(field.field, None, Some(field)));
        reviewed.chain(now).collect()
    }

    /// Whether nothing has changed but that there are more points than were reviewed: something goes on writing.
    pub fn is_growth(&self) -> bool {
        let same = self.reviewed.is_some() && self.now.is_some() && self.parts().is_empty();
        let grows = |(agreed, now): &(Option<Stake>, Stake)| {
            let points = agreed.as_ref().is_some_and(|agreed| matches!(agreed.data, Data::Some { .. }));
            points && Stake { data: Data::None, ..now.clone() }.within(agreed.as_ref())
        };
        same && self.stake.as_ref().is_some_and(grows)
    }

    /// In what the two changes differ. Where there is only one, all fields that it changes.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let (Some(reviewed), Some(now)) = (&self.reviewed, &self.now) else { return self.alone() };
        let (a, b) = (&reviewed.canonical, &now.canonical);
        let mut parts = Vec::new();
        if a.action != b.action {
            parts.push(Part::Action(a.action, b.action));
        }
        if a.reason != b.reason {
            parts.push(Part::Reason(&a.reason, &b.reason));
        }
        let names: BTreeSet<&'static str> = a.fields.iter().chain(&b.fields).map(|field| field.field).collect();
        for name in names.into_iter().filter(|name| field(a, name) != field(b, name)) {
            parts.push(Part::Field(name, field(&reviewed.change, name), field(&now.change, name)));
        }
        let others = others(a).into_iter().zip(others(b)).filter(|((_, a), (_, b))| a != b);
        parts.extend(others.map(|((name, a), (_, b))| Part::Other(name, a, b)));
        parts
    }
}

/// The fields of an existing object that a change is about.
fn changed(side: Option<&Side>) -> &[FieldChange] {
    let side = side.filter(|side| matches!(side.change.action, Action::Update | Action::Replace));
    side.map_or(&[], |side| &side.change.fields)
}

fn field<'a>(change: &'a Change, name: &str) -> Option<&'a FieldChange> {
    change.fields.iter().find(|field| field.field == name)
}

/// All of a change but what happens, why, and to which fields. What is left out here is no part of the digest either.
fn others(change: &Change) -> Vec<(&'static str, String)> {
    let Change { object, org, adopts, imported, moved_from, released, lifecycle, .. } = change;
    let Change { lifecycle_changes, origin, predecessors, overlapping, .. } = change;
    let text = |text: Option<&str>| text.unwrap_or("(none)").to_owned();
    let flag = |flag: &bool| if *flag { "yes" } else { "no" }.to_owned();
    let names = |names: &BTreeSet<String>| match names.is_empty() {
        true => text(None),
        false => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    // The home org has no ID that counts.
    let home = |org: &str| if org == HOME { "the home org".to_owned() } else { format!("org {org}") };
    let object = object.as_ref().map(|Target { id, org, name }| match org {
        _ if id == HOME => format!("{name:?} (the home org)"),
        Some(org) => format!("{name:?} (ID {id}, {})", home(org)),
        None => format!("{name:?} (ID {id})"),
    });
    let org = org.as_deref().map(|org| if org == HOME { "(home org)" } else { org });
    let settings: Vec<_> = lifecycle_changes.iter().map(ToString::to_string).collect();
    vec![
        ("object", text(object.as_deref())),
        ("org", text(org)),
        ("origin", text(origin.map(Origin::word))),
        ("adopted", flag(adopts)),
        ("named by an [[import]]", flag(imported)),
        ("moved from", text(moved_from.as_ref().map(ToString::to_string).as_deref())),
        ("released fields", names(released)),
        ("prevent_destroy", flag(&lifecycle.prevent_destroy)),
        ("protected by [policy]", flag(&lifecycle.protected)),
        ("owned", flag(&lifecycle.owned)),
        ("what it has replaced", names(predecessors)),
        ("what goes on working for a while", names(overlapping)),
        ("ignored fields", names(&lifecycle.ignore)),
        ("lifecycle is written", if settings.is_empty() { "no".to_owned() } else { settings.join(", ") }),
    ]
}
