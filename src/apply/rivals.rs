//! Other projects that are at the same objects at the same moment: a lock is one project's.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Target, two_owners};
use crate::ledger::{Intent, Owners, named};
use crate::plan::Plan;
use crate::problem::Problem;

/// Whether a run of `plan` has to look for others: it takes something over, or creates what another one would overwrite without a word.
pub fn may_meet(plan: &Plan, intents: &BTreeMap<Address, Intent>) -> bool {
    plan.changes.iter().any(|change| change.adopts) || ids(intents).next().is_some()
}

/// What other projects have, or are about to create, of what a run is about to: read after it has taken down its own intents, so that of
/// two at least one sees the other.
pub fn rivals(plan: &Plan, intents: &BTreeMap<Address, Intent>, others: &Owners) -> Vec<Problem> {
    let created = ids(intents).filter_map(|(address, id)| {
        let id = (address.kind, id);
        let (project, does) = match (others.objects.get(&id), others.about_to_create.get(&id)) {
            (Some(project), _) => (project, "owns"),
            (None, project) => (project?, "is about to create"),
        };
        Some(rival(address, &intents[address].name, (project, does)))
    });
    let adopted = adopted(plan, others);
    created.chain(adopted.map(|(address, object, project)| rival(address, &object.name, (project, "owns")))).collect()
}

/// What other projects have taken over while this one did.
pub fn met(plan: &Plan, others: &Owners) -> Option<Problem> {
    adopted(plan, others).next().map(|(address, object, project)| two_owners(address, object, project, None))
}

/// What a run takes over and another project owns, and which.
fn adopted<'a>(plan: &'a Plan, others: &'a Owners) -> impl Iterator<Item = (&'a Address, &'a Target, &'a str)> {
    plan.changes.iter().filter(|change| change.adopts).filter_map(|change| {
        let object = change.object.as_ref()?;
        let project = others.objects.get(&(change.address.kind, object.id.clone()))?;
        Some((&change.address, object, project.as_str()))
    })
}

/// What is about to be created, by its ID, where that is known before.
fn ids(intents: &BTreeMap<Address, Intent>) -> impl Iterator<Item = (&Address, String)> {
    intents
        .iter()
        .filter_map(|(address, intent)| Some((address, named(address.kind, intent.org.as_deref(), &intent.name)?)))
}

fn rival(address: &Address, name: &str, (project, does): (&str, &str)) -> Problem {
    let message = format!("{address} is {name:?}, which the project `{project}` {does}");
    let help = "nothing was written; if both are to use it, one of them declares it with `external = true`; if the other one was \
                interrupted, apply that first, or `fluxform forget` it there";
    Diagnostic::error(Code::PlanForeignOwner, message).help(help).into()
}
