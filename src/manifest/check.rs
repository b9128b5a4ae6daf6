//! What only shows when all resources are known.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::budget::Budget;
use super::grouped::Grouped;
use super::orgs::org_of;
use super::{Moved, Resource};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::graph::Cycle;
use crate::kind::{Level, NaturalKey};
use crate::secret::Sink;
use crate::value::{Ref, Value};

type Resources = BTreeMap<Address, Resource>;

/// How many steps of a circle are said.
const STEPS: usize = 12;

/// Says that resources need each other. `edges` tells what a resource needs, and where it says so.
pub(super) fn cycle(
    Cycle(path): &Cycle,
    resources: &Resources,
    edges: &dyn Fn(&Address) -> BTreeMap<Address, Place>,
) -> Diagnostic {
    let mut names: Vec<_> = path.iter().take(STEPS).map(Address::to_string).collect();
    if path.len() > STEPS {
        names.push(format!("{} more", path.len() - STEPS));
    }
    names.extend(path.first().map(Address::to_string));
    let mut diagnostic = Diagnostic::error(Code::ManifestCycle, format!("dependency cycle: {}", names.join(" -> ")));
    for (at, address) in path.iter().enumerate().take(STEPS) {
        let need = &path[(at + 1) % path.len()];
        let Some(resource) = resources.get(address) else { continue };
        let spot = match edges(address).get(need) {
            Some(place) => place.clone(),
            None => resource.place.clone(),
        };
        diagnostic = diagnostic.at(spot, format!("{address} needs {need}"));
    }
    diagnostic.help("remove one of these references")
}

/// Two resources with one natural key.
pub(super) fn names(resources: &Resources, home: Option<&str>, problems: &mut Vec<Diagnostic>) {
    let mut said = Grouped::default();
    let mut first: HashMap<NaturalKey<&Ref>, &Address> = HashMap::with_capacity(resources.len());
    for (address, resource) in resources {
        let Some(name) = address.kind.name_in(&resource.fields) else { continue };
        let org = match address.kind.spec().level {
            Level::Server => None,
            Level::Org => match org_of(address.kind, resource, resources, home) {
                Some(org) => Some(org),
                None => continue,
            },
        };
        let Some(key) = NaturalKey::unique(address.kind, org, &name) else { continue };
        match first.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(address);
            }
            Entry::Occupied(slot) => {
                let earlier = *slot.get();
                let Some(other) = resources.get(earlier) else { continue };
                let message = format!("{earlier} and {address} are the same {}, `{name}`", address.kind);
                let place = resource.place_of_name(address.kind).clone();
                let diagnostic = Diagnostic::error(Code::ManifestDuplicateName, message);
                let diagnostic = if address.table() == earlier.table() {
                    let help = "give each instance its own name, for example with `${each.key}`";
                    diagnostic.at(place, "several instances").help(help)
                } else {
                    diagnostic
                        .at(place, address.to_string())
                        .at(other.place_of_name(earlier.kind).clone(), earlier.to_string())
                        .help("names must be unique: rename one of them")
                };
                said.add(address, diagnostic);
            }
        }
    }
    problems.extend(said.finish());
}

/// Two secrets that would go to one target.
pub(super) fn sinks(resources: &Resources, sources: &[Arc<Source>], problems: &mut Vec<Diagnostic>) {
    let mut said = Grouped::default();
    // A project that is one file may have any name; no sink is called as other manifests are.
    let odd = sources.iter().find(|source| !source.name.ends_with(".toml"));
    let odd = odd.and_then(|source| Some((source, Path::new(source.path.file_name()?))));
    // By target and part, and the first part of each target that has parts.
    let mut taken: HashMap<(Target<'_>, &str), (&Address, &Place)> = HashMap::new();
    let mut parts: HashMap<Target<'_>, &str> = HashMap::new();
    for (address, resource) in resources {
        for (field, value) in resource.fields.iter() {
            let Value::Sinks(sinks) = value else { continue };
            let place = resource.place_of(field);
            for sink in sinks {
                let Some((target, part)) = target(sink) else { continue };
                if let Some((manifest, _)) = odd.filter(|(_, path)| target == Target::File((*path).into())) {
                    let message = format!("the secret of {address} would overwrite the manifest {}", manifest.name);
                    let diagnostic =
                        Diagnostic::error(Code::ManifestSink, message).at(place.clone(), "names the manifest");
                    said.add(address, diagnostic.help("deliver each secret to a place of its own"));
                    break;
                }
                let others = [Some(part), Some(WHOLE), parts.get(&target).copied().filter(|_| part == WHOLE)];
                let clash = others.into_iter().flatten().find_map(|part| taken.get(&(target.clone(), part)));
                if let Some((earlier, other)) = clash {
                    let message = format!("{earlier} and {address} deliver their secrets to the same place: {sink}");
                    let diagnostic = Diagnostic::error(Code::ManifestSink, message);
                    let diagnostic = if earlier.table() == address.table() {
                        diagnostic.at(place.clone(), "the same for several instances")
                    } else {
                        diagnostic.at(place.clone(), address.to_string()).at((*other).clone(), earlier.to_string())
                    };
                    said.add(address, diagnostic.help("deliver each secret to a place of its own"));
                    break;
                }
                if part != WHOLE {
                    parts.entry(target.clone()).or_insert(part);
                }
                taken.insert((target, part), (address, place));
            }
        }
    }
    problems.extend(said.finish());
}

/// What a sink writes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Target<'r> {
    File(Cow<'r, Path>),
    Command(&'r [String]),
}

/// The part of a target that is all of it.
const WHOLE: &str = "";

/// What a sink writes to, and which part of it.
fn target(sink: &Sink) -> Option<(Target<'_>, &str)> {
    match sink {
        Sink::File { path } => Some((Target::File(plain(path)), WHOLE)),
        Sink::EnvFile { path, key } => Some((Target::File(plain(path)), key)),
        Sink::Command { argv, .. } => Some((Target::Command(argv), WHOLE)),
        Sink::Discard => None,
    }
}

/// The path without `.` and `..`, as far as the text tells.
fn plain(path: &Path) -> Cow<'_, Path> {
    if path.components().all(|part| matches!(part, Component::Normal(_) | Component::RootDir)) {
        return path.into();
    }
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain.into()
}

/// `[[moved]]` that cannot be.
pub(super) fn moved(
    resources: &Resources,
    disabled: &BTreeSet<Address>,
    moved: &[Moved],
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) {
    let mut froms: BTreeMap<&Address, &Place> = BTreeMap::new();
    let mut tos: BTreeMap<&Address, &Place> = BTreeMap::new();
    for step in moved {
        if budget.is_enough(problems) {
            break;
        }
        let Moved { from, to, place } = step;
        let mut fail = |message: String, help: &str, other: Option<&Place>| {
            let diagnostic = Diagnostic::error(Code::ManifestMoved, message).at(place.clone(), "here");
            problems.push(diagnostic.at_known(other, "and here").help(help));
        };
        if from.kind != to.kind {
            fail(
                format!("cannot move {from} to {to}: they are different kinds"),
                "move it to an address of the same kind",
                None,
            );
        }
        // Without instances, a whole table moves.
        let stands = |address: &Address| {
            resources.contains_key(address) || address.instance.is_none() && has_instances(resources, address)
        };
        if stands(from) {
            let other = resources.get(from).map(|resource| &resource.place);
            fail(format!("{from} is moved away, but still declared"), "remove either the move or the resource", other);
        }
        if !stands(to) && !disabled.contains(&to.table()) {
            let names = || resources.keys().filter(|known| known.kind == to.kind).take(5_000).map(Address::to_string);
            let help = match budget.nearest(&to.to_string(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the target of a move must be declared".to_owned(),
            };
            fail(format!("{from} is moved to {to}, which is not declared"), &help, None);
        }
        if let Some(first) = froms.insert(from, place) {
            fail(format!("{from} is moved twice"), "a resource can be moved to one address only", Some(first));
        }
        if let Some(first) = tos.insert(to, place) {
            fail(
                format!("two resources are moved to {to}"),
                "only one resource can be moved to an address",
                Some(first),
            );
        }
    }
}

fn has_instances(resources: &Resources, table: &Address) -> bool {
    let next = resources.range(table.clone()..).next();
    next.is_some_and(|(address, _)| address.instance.is_some() && address.table() == *table)
}

#[cfg(test)]
mod tests {
    use super::plain;
    use std::path::Path;

    #[test]
    fn paths_are_compared_by_meaning() {
        for (path, wanted) in [("a/./b", "a/b"), ("a/../b", "b"), ("../a", "../a"), ("../../a", "../../a")] {
            assert_eq!(plain(Path::new(path)), Path::new(wanted), "{path}");
        }
    }
}
