//! What only shows when all resources are known.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::node::Span;
use super::shape::is_id;
use super::source::place;
use super::{Moved, Resource, Server};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::graph::{Cycle, Graph};
use crate::kind::{Key, Kind, Place as Home};
use crate::secret::Sink;
use crate::value::{Ref, Value};

type Resources = BTreeMap<Address, Resource>;

/// Resources that need each other.
pub(super) fn cycles(resources: &Resources) -> Vec<Cycle> {
    let graph = Graph::build(resources.iter().map(|(address, resource)| (address, &resource.needs)));
    graph.err().unwrap_or_default()
}

/// Says that resources need each other. `edges` tells what a resource needs, and where it says so.
pub(super) fn cycle(
    Cycle(path): &Cycle,
    resources: &Resources,
    edges: &dyn Fn(&Address) -> BTreeMap<Address, Span>,
) -> Diagnostic {
    let names: Vec<_> = path.iter().chain(path.first()).map(Address::to_string).collect();
    let mut diagnostic =
        Diagnostic::error("manifest::cycle", format!("resources need each other: {}", names.join(" -> ")));
    for (at, address) in path.iter().enumerate() {
        let need = &path[(at + 1) % path.len()];
        let Some(resource) = resources.get(address) else { continue };
        let spot = match edges(address).get(need) {
            Some(span) => place(&resource.place.source, *span),
            None => resource.place.clone(),
        };
        diagnostic = diagnostic.at(spot, format!("{address} needs {need}"));
    }
    diagnostic.help("take one of these references out")
}

/// The org that `resource` lives in, as far as the manifest tells.
fn org_of<'r>(resource: &'r Resource, resources: &'r Resources, server: &Server) -> Option<&'r Ref> {
    let Some(Value::Ref(org)) = resource.fields.get("org") else { return None };
    Some(plain_org(org, resources, server))
}

/// `org` as far as the manifest tells: the home org by its name is the home org.
fn plain_org<'r>(org: &'r Ref, resources: &'r Resources, server: &Server) -> &'r Ref {
    let home = server.org.as_ref().map(|org| org.value.as_str());
    let named = org.address().and_then(|address| resources.get(address)).and_then(|org| org.fields.text("name"));
    if named.is_some() && named == home { &Ref::Home } else { org }
}

/// Whether two orgs are certainly not one. Which one the home org is, may not be known without a server.
fn are_apart(one: &Ref, other: &Ref, server: &Server) -> bool {
    let home_is_known = server.org.as_ref().is_some_and(|org| !is_id(&org.value));
    one != other && (home_is_known || ![one, other].contains(&&Ref::Home))
}

/// Two resources with one natural key.
pub(super) fn names(resources: &Resources, server: &Server, problems: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(Kind, Option<&Ref>, std::borrow::Cow<'_, str>), &Address> = BTreeMap::new();
    for (address, resource) in resources {
        let spec = address.kind.spec();
        let Key::Name { folded } = spec.key else { continue };
        let Some(name) = resource.fields.text("name") else { continue };
        let org = match spec.place {
            Home::Server => None,
            Home::Org => match org_of(resource, resources, server) {
                Some(org) => Some(org),
                None => continue,
            },
        };
        let key = if folded { name.to_lowercase().into() } else { name.into() };
        match first.entry((address.kind, org, key)) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(address);
            }
            std::collections::btree_map::Entry::Occupied(slot) => {
                let earlier = *slot.get();
                let Some(other) = resources.get(earlier) else { continue };
                let message = format!("{earlier} and {address} are both the {} `{name}`", address.kind);
                let place = resource.place_of("name").clone();
                let diagnostic = Diagnostic::error("manifest::duplicate-name", message);
                problems.push(if address.table() == earlier.table() {
                    let help = "give each instance a name of its own, for example with `${each.key}`";
                    diagnostic.at(place, "several instances").help(help)
                } else {
                    diagnostic
                        .at(place, address.to_string())
                        .at(other.place_of("name").clone(), earlier.to_string())
                        .help("the server has one object of this name")
                });
            }
        }
    }
}

/// Two secrets that would go to one target.
pub(super) fn sinks(resources: &Resources, problems: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(Target, String), (&Address, &Place)> = BTreeMap::new();
    for (address, resource) in resources {
        for (field, value) in resource.fields.iter() {
            let Value::Sinks(sinks) = value else { continue };
            let place = resource.place_of(field);
            for sink in sinks {
                let Some((target, part)) = target(sink) else { continue };
                let whole = (target.clone(), String::new());
                let clash = first.get(&(target.clone(), part.clone())).or_else(|| first.get(&whole)).or_else(|| {
                    let any = || first.range(whole.clone()..).next().filter(|((other, _), _)| *other == target);
                    part.is_empty().then(any).flatten().map(|(_, found)| found)
                });
                if let Some((earlier, other)) = clash {
                    let message = format!("the secrets of {earlier} and {address} would go to one place: {sink}");
                    let diagnostic = Diagnostic::error("manifest::sink", message);
                    let diagnostic = if earlier.table() == address.table() {
                        diagnostic.at(place.clone(), "one place for several")
                    } else {
                        diagnostic.at(place.clone(), address.to_string()).at((*other).clone(), earlier.to_string())
                    };
                    problems.push(diagnostic.help("give each secret a place of its own"));
                    break;
                } else {
                    first.insert((target, part), (address, place));
                }
            }
        }
    }
}

/// What a sink writes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    File(PathBuf),
    Command(Vec<String>),
}

/// What a sink writes to, and which part of it; the empty part is all of it.
fn target(sink: &Sink) -> Option<(Target, String)> {
    match sink {
        Sink::File { path } => Some((Target::File(plain(path)), String::new())),
        Sink::EnvFile { path, key } => Some((Target::File(plain(path)), key.clone())),
        Sink::Command { argv, .. } => Some((Target::Command(argv.clone()), String::new())),
        Sink::Discard => None,
    }
}

/// The path without `.` and `..`, as far as the text tells.
fn plain(path: &Path) -> PathBuf {
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
    plain
}

/// Labels of another org.
pub(super) fn labels(resources: &Resources, server: &Server, problems: &mut Vec<Diagnostic>) {
    for (address, resource) in resources {
        let Some(org) = org_of(resource, resources, server) else { continue };
        let Some(Value::Refs(labels)) = resource.fields.get("labels") else { continue };
        for label in labels.iter().filter_map(Ref::address) {
            let Some(other) = resources.get(label) else { continue };
            if org_of(other, resources, server).is_some_and(|other| are_apart(org, other, server)) {
                let message = format!("{address} and {label} are in different orgs");
                problems.push(
                    Diagnostic::error("manifest::org", message)
                        .at(resource.place_of("labels").clone(), "takes this label")
                        .at(other.place_of("org").clone(), "is of another org"),
                );
            }
        }
    }
}

/// Rights on all of a type in an org, for a token of another org.
pub(super) fn scopes(resources: &Resources, server: &Server, problems: &mut Vec<Diagnostic>) {
    for (address, resource) in resources {
        let Some(own) = org_of(resource, resources, server) else { continue };
        for (field, org, ty) in resource.org_wide_scopes() {
            if are_apart(own, plain_org(org, resources, server), server) {
                problems.push(scope_of_another_org(address, resource, field, org, ty));
            }
        }
    }
}

/// Says that the scope `org/ty` in `field` is of another org than `resource`: a server gives a token rights on all of a type
/// only in the token's own org (400 "is not for org id"; influxd 2.9.1, measured).
pub(crate) fn scope_of_another_org(
    address: &Address,
    resource: &Resource,
    field: &str,
    org: &Ref,
    ty: &str,
) -> Diagnostic {
    let message =
        format!("`{org}/{ty}`: {address} is in another org, and can have rights on all {ty} of its own org only");
    let diagnostic = Diagnostic::error("manifest::scope-org", message)
        .at(resource.place_of(field).clone(), format!("of {org}"))
        .help(format!(
            "name single {ty}, or write `org = \"{org}\"`; for both orgs make two tokens, or write `instance/{ty}`, which is all orgs"
        ));
    match resource.places.get("org") {
        Some(place) => diagnostic.at(place.clone(), "lives here"),
        None => diagnostic,
    }
}

/// `[[moved]]` that cannot be.
pub(super) fn moved(resources: &Resources, moved: &[Moved], problems: &mut Vec<Diagnostic>) {
    let mut froms: BTreeMap<&Address, &Place> = BTreeMap::new();
    let mut tos: BTreeMap<&Address, &Place> = BTreeMap::new();
    for step in moved {
        let Moved { from, to, place } = step;
        let mut fail = |message: String, help: &str, other: Option<&Place>| {
            let diagnostic = Diagnostic::error("manifest::moved", message).at(place.clone(), "here");
            problems.push(diagnostic.at_known(other, "and here").help(help));
        };
        if from.kind != to.kind {
            fail(format!("{from} cannot become {to}: they are of different kinds"), "a move keeps the kind", None);
        }
        // Without instances, a whole table moves.
        let stands = |address: &Address| {
            resources.contains_key(address) || address.instance.is_none() && has_instances(resources, address)
        };
        if stands(from) {
            let other = resources.get(from).map(|resource| &resource.place);
            fail(format!("{from} has moved, and is declared"), "take the move out, or the resource", other);
        }
        if !stands(to) {
            let names: Vec<_> =
                resources.keys().filter(|known| known.kind == to.kind).take(5_000).map(Address::to_string).collect();
            let help = match nearest(&to.to_string(), names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a move ends at a declared resource".to_owned(),
            };
            fail(format!("{from} has moved to {to}, which is not declared"), &help, None);
        }
        if let Some(first) = froms.insert(from, place) {
            fail(format!("{from} moves twice"), "a resource moves to one address", Some(first));
        }
        if let Some(first) = tos.insert(to, place) {
            fail(format!("two resources move to {to}"), "an address takes one resource", Some(first));
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
    use std::path::{Path, PathBuf};

    #[test]
    fn paths_are_compared_by_meaning() {
        for (path, wanted) in [("a/./b", "a/b"), ("a/../b", "b"), ("../a", "../a"), ("../../a", "../../a")] {
            assert_eq!(plain(Path::new(path)), PathBuf::from(wanted), "{path}");
        }
    }
}
