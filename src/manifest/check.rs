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
use crate::redact::without_secrets_in_command;
use crate::secret::Sink;
use crate::value::{Ref, Value};

type Resources = BTreeMap<Address, Resource>;

/// How many steps of a circle are said.
pub(super) const STEPS: usize = 12;

/// The way along `path` and back to its beginning.
pub(super) fn round(path: &[Address]) -> String {
    let mut names: Vec<_> = path.iter().take(STEPS).map(Address::to_string).collect();
    if path.len() > STEPS {
        names.push(format!("{} more", path.len() - STEPS));
    }
    names.extend(path.first().map(Address::to_string));
    names.join(" -> ")
}

/// Says that resources need each other. `edges` tells what a resource needs, and where it says so.
pub(super) fn cycle(
    Cycle(path): &Cycle,
    resources: &Resources,
    edges: &dyn Fn(&Address) -> BTreeMap<Address, Place>,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::ManifestCycle, format!("dependency cycle: {}", round(path)));
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

/// The resources by what they claim to be, of those that claim the same the first.
pub(super) type Claimed<'r> = HashMap<NaturalKey<&'r Ref>, &'r Address>;

/// Finds two resources that are one object, or claim to be what only one can be; gives the resources by their names.
pub(super) fn names<'r>(resources: &'r Resources, home: Option<&str>, problems: &mut Vec<Diagnostic>) -> Claimed<'r> {
    let mut said = Grouped::default();
    let (mut first, mut lone) = (Claimed::with_capacity(resources.len()), Claimed::new());
    for (address, resource) in resources {
        let kind = address.kind;
        let org = match kind.spec().level {
            Level::Server => None,
            Level::Org => match org_of(kind, resource, resources, home) {
                Some(org) => Some(org),
                None => continue,
            },
        };
        if let Some(name) = kind.name_in(&resource.fields)
            && let Some(earlier) = claim(&mut first, NaturalKey::unique(kind, org, &name), address)
        {
            let message = format!("{earlier} and {address} are the same {kind}, `{name}`");
            let helps = [
                "give each instance its own name, for example with `${each.key}`",
                "names must be unique: rename one of them",
            ];
            let place = |of: &Resource| of.place_of_name(kind).clone();
            said.add(address, clash(resources, (earlier, address), message, place, helps));
        }
        if let Some((field, of)) = kind.claimed_in(&resource.fields)
            && let Some(earlier) = claim(&mut lone, NaturalKey::unique(kind, org, of), address)
        {
            let message = format!("{earlier} and {address} both have `{field} = true`: only one {kind} of `{of}` can");
            let help = "remove it from all but one";
            let place = |of: &Resource| of.place_of(field).clone();
            said.add(address, clash(resources, (earlier, address), message, place, [help; 2]));
        }
    }
    problems.extend(said.finish());
    first
}

/// Finds what does not fit what it names: both must have the same one of some fields, or none.
pub(super) fn alike(resources: &Resources, problems: &mut Vec<Diagnostic>) {
    let mut said = Grouped::default();
    for (address, resource) in resources.iter().filter(|(_, resource)| !resource.external) {
        let Some((by, fields)) = address.kind.spec().alike else { continue };
        let Some(Value::Ref(Ref::To(named))) = resource.fields.get(by) else { continue };
        let Some(other) = resources.get(named).filter(|other| !other.external) else { continue };
        let has = |of: &Resource| fields.iter().copied().find(|field| of.places.get(field).is_some());
        let (message, field) = match (has(resource), has(other)) {
            (own, theirs) if own == theirs => continue,
            (Some(own), Some(theirs)) => (format!("{address} has `{own}`, but {named} has `{theirs}`"), own),
            (Some(own), None) => (format!("{address} has `{own}`, but {named} has none"), own),
            (None, theirs) => {
                (format!("{address} has no `{0}`, but {named} has `{0}`", theirs.unwrap_or_default()), by)
            }
        };
        let diagnostic = Diagnostic::error(Code::RuleSort, message)
            .at(resource.place_of(field).clone(), "does not fit")
            .at(has(other).map_or(&other.place, |field| other.place_of(field)).clone(), named.to_string());
        said.add(address, diagnostic.help(format!("write what {named} has, or name another {}", named.kind)));
    }
    problems.extend(said.finish());
}

/// Who claimed `key` before `address`, if anybody did.
fn claim<'r>(claimed: &mut Claimed<'r>, key: Option<NaturalKey<&'r Ref>>, address: &'r Address) -> Option<&'r Address> {
    match claimed.entry(key?) {
        Entry::Vacant(slot) => {
            slot.insert(address);
            None
        }
        Entry::Occupied(slot) => Some(slot.get()),
    }
}

/// Says that the second of two resources claims what the first has. The hints are for instances of one table, and for two tables.
fn clash(
    resources: &Resources,
    (earlier, later): (&Address, &Address),
    message: String,
    place: impl Fn(&Resource) -> Place,
    [of_instances, of_tables]: [&str; 2],
) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::ManifestDuplicateName, message);
    if later.table() == earlier.table() {
        return diagnostic.at(place(&resources[later]), "several instances").help(of_instances);
    }
    let at = |diagnostic: Diagnostic, address: &Address| diagnostic.at(place(&resources[address]), address.to_string());
    at(at(diagnostic, later), earlier).help(of_tables)
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
                    let message = format!(
                        "{earlier} and {address} deliver their secrets to the same place: {sink}",
                        sink = without_secrets_in_command(&sink.to_string())
                    );
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
pub(super) fn plain(path: &Path) -> Cow<'_, Path> {
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

/// What is known of the tables of a project, whether or not they have instances here.
pub(super) type Tables = BTreeMap<Address, bool>;

/// Takes those `[[moved]]` away that move nothing here: the tables are there, but not the instances, as in another environment. Says
/// which of the others cannot be. `tables` has each table, and whether it has `for_each`.
pub(super) fn moved(
    resources: &Resources,
    (tables, disabled): (&Tables, &BTreeSet<Address>),
    moved: &mut Vec<Moved>,
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) {
    let onward: BTreeMap<&Address, &Address> = moved.iter().map(|step| (&step.from, &step.to)).collect();
    let mut froms: BTreeMap<&Address, &Place> = BTreeMap::new();
    let mut tos: BTreeMap<&Address, &Place> = BTreeMap::new();
    for step in moved.iter() {
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
        if stands(resources, from) {
            let other = resources.get(from).map(|resource| &resource.place);
            fail(format!("{from} is moved away, but still declared"), "remove either the move or the resource", other);
        }
        match tables.get(&to.table()) {
            Some(false) if to.instance.is_some() => {
                let help = format!("{} has no `for_each`, so its address has no brackets", to.table());
                fail(format!("{from} is moved to {to}, which is not declared"), &help, None);
            }
            Some(_) => {}
            None => {
                let meant = |known: &&Address| known.kind == to.kind && **known != from.table();
                let names = || tables.keys().filter(meant).take(5_000).map(Address::to_string);
                let help = if let Some(end) = end_of(to, &onward) {
                    format!(
                        "write `to = \"{end}\"` here, and remove the move of {to}: one move leads to where the resource is now"
                    )
                } else {
                    match budget.nearest(&to.table().to_string(), names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "the target of a move must be declared".to_owned(),
                    }
                };
                fail(format!("{from} is moved to {to}, which is not declared"), &help, None);
            }
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
    moved.retain(|step| stands(resources, &step.to) || disabled.contains(&step.to.table()));
}

/// Where the moves from `address` lead in the end, if there are any and they are no circle.
fn end_of<'a>(address: &Address, onward: &BTreeMap<&'a Address, &'a Address>) -> Option<&'a Address> {
    let steps = std::iter::successors(onward.get(address).copied(), |at| onward.get(at).copied());
    steps.take(onward.len()).find(|at| !onward.contains_key(at))
}

/// Whether something is declared at `address`: without an instance, it is a whole table.
fn stands(resources: &Resources, address: &Address) -> bool {
    resources.contains_key(address) || address.instance.is_none() && has_instances(resources, address)
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
