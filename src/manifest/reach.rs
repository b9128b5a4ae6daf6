//! What scripts reach, as edges: a resource needs the buckets and secrets of the project that its script names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::check::{Claimed, STEPS, round};
use super::orgs::org_of;
use super::{Reached, Resource};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::Role;
use crate::flux::refs::{Access, Elsewhere, Reference, Target};
use crate::graph::Graph;
use crate::kind::{Kind, NaturalKey};
use crate::value::{Ref, Value};

type Resources = BTreeMap<Address, Resource>;

/// A resource that a script reaches.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What is done with it.
    pub access: Access,
    /// The resource.
    pub to: Address,
    /// Where that is said.
    pub place: Place,
}

/// What the script of each resource reaches.
pub(super) type Reaches = BTreeMap<Address, Vec<Reach>>;

/// What the scripts of `resources` reach of these, whose names are in `named`.
pub(super) fn reaches(resources: &Resources, home: Option<&str>, named: &Claimed<'_>) -> Reaches {
    let mut all = Reaches::new();
    for (address, resource) in resources {
        let own = org_of(address.kind, resource, resources, home);
        // Variables may name each other in a circle, and nothing runs by itself.
        let needed = resource.reaches.iter().filter(|reached| reached.reference.target != Target::Variable);
        let in_script = needed.filter_map(|reached| {
            let to = find(&reached.reference, own?, home, named)?.clone();
            Some(Reach { access: reached.reference.access, to, place: reached.place.clone() })
        });
        let reaches: Vec<_> = in_script.chain(said(address, resource)).filter(|reach| reach.to != *address).collect();
        if !reaches.is_empty() {
            all.insert(address.clone(), reaches);
        }
    }
    all
}

/// What the manifest says of the script of a resource.
pub(super) fn said<'r>(address: &Address, resource: &'r Resource) -> impl Iterator<Item = Reach> + use<'r> {
    let kind = address.kind;
    [(Role::Reads, Access::Reads), (Role::Writes, Access::Writes)].into_iter().flat_map(move |(role, access)| {
        let place = resource.place_of_role(kind, role);
        let refs = kind.get(role, &resource.fields).into_iter().flat_map(Value::refs);
        refs.filter_map(Ref::address).map(move |to| Reach { access, to: to.clone(), place: place.clone() })
    })
}

/// Takes the home org for the org of a resource in it, where a script calls that by its name.
pub(super) fn at_home(resources: &mut Resources, home: Option<&str>) {
    let Some(home) = home else { return };
    let is_home =
        |reached: &Reached| matches!(&reached.reference.elsewhere, Some(Elsewhere::Org(Some(org))) if org == home);
    let named = resources.iter().filter(|(_, resource)| resource.reaches.iter().any(is_home));
    let here =
        named.filter(|(address, resource)| org_of(address.kind, resource, resources, Some(home)) == Some(&Ref::Home));
    let here: Vec<Address> = here.map(|(address, _)| address.clone()).collect();
    for address in here {
        let Some(resource) = resources.get_mut(&address) else { continue };
        let reached = resource.reaches.iter_mut().filter(|reached| is_home(reached));
        reached.for_each(|reached| reached.reference.elsewhere = None);
    }
}

/// The resource that `reference` in a script of the org `own` means, if the project has it.
pub(super) fn find<'r>(
    reference: &Reference,
    own: &Ref,
    home: Option<&str>,
    named: &Claimed<'r>,
) -> Option<&'r Address> {
    let kind = Kind::reached_as(reference.target)?;
    let name = reference.name.as_deref()?;
    let other;
    let org = match &reference.elsewhere {
        None => own,
        Some(Elsewhere::Org(Some(org))) if home == Some(org) => &Ref::Home,
        Some(Elsewhere::Org(Some(org))) => {
            other = Ref::To((*named.get(&NaturalKey::unique(Kind::HOME, None, org)?)?).clone());
            &other
        }
        Some(Elsewhere::Org(None) | Elsewhere::Server) => return None,
    };
    named.get(&NaturalKey::unique(kind, Some(org), name)?).copied()
}

/// Adds `reaches` to what `resources` need.
pub(super) fn add(resources: &mut Resources, reaches: &Reaches) {
    for (address, reaches) in reaches {
        let Some(resource) = resources.get_mut(address) else { continue };
        if reaches.iter().all(|reach| resource.needs.contains(&reach.to)) {
            continue;
        }
        let written = resource.needs.iter().cloned();
        resource.needs = written.chain(reaches.iter().map(|reach| reach.to.clone())).collect();
    }
}

/// The name of the org `org`, where it is known.
pub(super) fn org_name(org: &Ref, resources: &Resources, home: Option<&str>) -> Option<String> {
    if matches!(org, Ref::Home) {
        return home.map(str::to_owned);
    }
    let address = org.address()?;
    Some(address.kind.name_in(&resources.get(address)?.fields)?.to_string())
}

/// Says which scripts write into another org than the one that they run in, as far as the names of both are known: the server looks for
/// that org with the rights of a task, which it has in its own only.
pub(super) fn other_orgs(resources: &Resources, home: Option<&str>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let runs_here = resources.iter().filter(|(address, _)| !address.kind.spec().runs_elsewhere);
    for (address, resource) in runs_here {
        let written = resource.reaches.iter().filter(|reached| reached.reference.access == Access::Writes);
        for reached in written {
            let Some(Elsewhere::Org(Some(org))) = &reached.reference.elsewhere else { continue };
            let own = org_of(address.kind, resource, resources, home).and_then(|org| org_name(org, resources, home));
            if own.is_some_and(|own| own != *org) {
                let message = format!("{address} writes into the org `{org}`, which is not its own");
                let help =
                    "a script writes into buckets of the org that it runs in: remove `org`, or set `org` of the task";
                found.push(
                    Diagnostic::warning(Code::FluxOtherOrg, message)
                        .at(reached.place.clone(), "in another org")
                        .help(help),
                );
            }
        }
    }
    found
}

/// Says where tasks pass data on in a circle. Reading and writing one bucket alone is none.
pub(super) fn loops(reaches: &Reaches) -> Vec<Diagnostic> {
    let mut flow: DiGraph<&Address, ()> = DiGraph::new();
    let mut nodes: HashMap<&Address, NodeIndex> = HashMap::new();
    let mut pass = |from, to| {
        let [from, to] = [from, to].map(|address| *nodes.entry(address).or_insert_with(|| flow.add_node(address)));
        flow.add_edge(from, to, ());
    };
    for (task, reaches) in reaches {
        let with = |access: Access| reaches.iter().filter(move |reach| reach.access == access).map(|reach| &reach.to);
        let read: BTreeSet<_> = with(Access::Reads).collect();
        for bucket in with(Access::Writes).filter(|bucket| !read.contains(bucket)) {
            pass(task, bucket);
        }
        for bucket in read {
            pass(bucket, task);
        }
    }
    // Nearly always there is none, and no graph with the way around is needed.
    if toposort(&flow, None).is_ok() {
        return Vec::new();
    }
    let sources = flow.node_indices().map(|node| {
        let before = flow.neighbors_directed(node, Direction::Incoming).map(|node| flow[node]);
        (flow[node], before)
    });
    let cycles = Graph::build(sources).err().unwrap_or_default();
    cycles.iter().map(|cycle| circle(&cycle.0, reaches)).collect()
}

/// Says that data goes round along `path`, in which each needs the next.
fn circle(path: &[Address], reaches: &Reaches) -> Diagnostic {
    let mut way: Vec<Address> = path.iter().rev().cloned().collect();
    way.rotate_right(1);
    let mut diagnostic = Diagnostic::warning(Code::FluxLoop, format!("data goes round in a circle: {}", round(&way)));
    for (at, task) in way.iter().enumerate().take(STEPS) {
        let next = &way[(at + 1) % way.len()];
        let mut written = reaches.get(task).into_iter().flatten().filter(|reach| reach.access == Access::Writes);
        if let Some(reach) = written.find(|reach| reach.to == *next) {
            diagnostic = diagnostic.at(reach.place.clone(), format!("{task} writes {next}"));
        }
    }
    diagnostic.help("write to a bucket that none of these tasks reads")
}
