//! The ledger's entries at the addresses that they have now.

use std::collections::{BTreeMap, HashMap};

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{Kind, NaturalKey};
use crate::ledger::{Entry, Ledger};
use crate::manifest::{Manifest, Moved, Resource};
use crate::problem::Problem;

/// Where `steps` move `address` to, itself or with its whole table.
pub(super) fn step<'m>(steps: &HashMap<&Address, &'m Moved>, address: &Address) -> Option<(Address, &'m Moved)> {
    if let Some(moved) = steps.get(address) {
        return Some((moved.to.clone(), moved));
    }
    let instance = address.instance.as_ref().filter(|_| !steps.is_empty())?;
    steps.get(&address.table()).map(|moved| (moved.to.at(instance.clone()), *moved))
}

/// What `all` has at addresses that `others` has not: both are walked once, in order.
pub(super) fn without<'x, 'y, A, B>(
    all: &'x BTreeMap<Address, A>,
    others: &'y BTreeMap<Address, B>,
) -> impl Iterator<Item = (&'x Address, &'x A)> + use<'x, 'y, A, B> {
    let mut others = others.keys().peekable();
    all.iter().filter(move |(address, _)| {
        while others.next_if(|other| other < address).is_some() {}
        others.peek() != Some(address)
    })
}

/// The ledger's entries under their present addresses: explicit moves first, then those that a natural key shows.
pub(super) fn moved<'a>(
    manifest: &Manifest,
    ledger: &'a Ledger,
    org_of: &dyn Fn(Kind, &Resource) -> Option<&'a str>,
) -> (BTreeMap<Address, (&'a Address, &'a Entry)>, Vec<Problem>) {
    let mut problems = Vec::new();
    let steps: HashMap<&Address, &Moved> = manifest.moved.iter().map(|moved| (&moved.from, moved)).collect();
    let stays = |(address, _): &(&Address, &Entry)| step(&steps, address).is_none();
    let mut entries: BTreeMap<Address, (&Address, &Entry)> =
        ledger.entries.iter().filter(stays).map(|(address, entry)| (address.clone(), (address, entry))).collect();
    for (address, entry) in &ledger.entries {
        let Some((target, moved)) = step(&steps, address) else { continue };
        if ledger.entries.contains_key(&target) {
            problems.push(Problem::from(
                Diagnostic::error(
                    Code::PlanMovedOntoAnother,
                    format!("cannot move {address} to {target}: the ledger has an object there"),
                )
                .at(moved.place.clone(), "moved here")
                .help("remove this [[moved]], or move the other object away first"),
            ));
        }
        entries.insert(target, (address, entry));
    }
    type Free<'a> = BTreeMap<NaturalKey<&'a str>, Vec<(Address, &'a Address, &'a Entry)>>;
    let mut free = Free::new();
    for (address, (was, entry)) in without(&entries, &manifest.resources) {
        if let Some(key) = NaturalKey::of(address.kind, entry.org.as_deref(), &entry.name) {
            free.entry(key).or_default().push((address.clone(), *was, *entry));
        }
    }
    let unowned: Vec<(&Address, &Resource)> = without(&manifest.resources, &entries).collect();
    for (address, resource) in unowned.into_iter().filter(|(_, resource)| !resource.external) {
        let Some(name) = address.kind.name_in(&resource.fields) else { continue };
        let Some(key) = NaturalKey::of(address.kind, org_of(address.kind, resource), &name) else { continue };
        // What an import names is another object.
        let import = manifest.imports.get(address);
        if let Some([(now, was, entry)]) = free
            .get(&key)
            .map(Vec::as_slice)
            .filter(|free| import.is_none_or(|import| free.iter().all(|(.., entry)| entry.id == import.id)))
        {
            entries.remove(now);
            entries.insert(address.clone(), (*was, *entry));
            free.remove(&key);
        }
    }
    (entries, problems)
}
