//! Values of variables that a plan hides, in scripts of which nobody can see what they reach.

use std::collections::BTreeMap;

use super::Resource;
use super::check::Claimed;
use super::orgs::org_of;
use super::reach::find;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::flux::refs::{Access, Target};
use crate::kind::Kind;

/// Says where what a dashboard reaches may be made of a value that is hidden. Whoever wrote it must not be able to allow it.
pub(super) fn hidden_values(
    resources: &BTreeMap<Address, Resource>,
    home: Option<&str>,
    named: &Claimed<'_>,
) -> Vec<Diagnostic> {
    let hide = |address: &&Address| resources.get(*address).is_some_and(hides);
    let hiding: Vec<&Address> =
        resources.keys().filter(|address| address.kind == Kind::Variable).filter(hide).collect();
    let mut found = Vec::new();
    for (address, resource) in resources.iter().filter(|_| !hiding.is_empty()) {
        let Some(own) = org_of(address.kind, resource, resources, home) else { continue };
        for reached in &resource.reaches {
            let reference = &reached.reference;
            if (reference.target, reference.access) != (Target::Variable, Access::Calls) {
                continue;
            }
            let variable = match reference.name {
                Some(_) => find(reference, own, home, named).filter(hide),
                None => hiding.first().copied(),
            };
            let Some(variable) = variable else { continue };
            let message =
                format!("a value of {variable} is hidden, and {address} may reach a place by it which no plan shows");
            let said = Diagnostic::warning(Code::FluxHiddenPlace, message).at(reached.place.clone(), "used here");
            let said = said.at(resources[variable].place.clone(), "has a value that is shown as `***`");
            found.push(said.help(
                "a reviewer cannot see what it reaches: read the values themselves, or name the place in the script",
            ));
        }
    }
    found
}

/// Whether a plan hides any of the values of a variable.
fn hides(variable: &Resource) -> bool {
    let values = variable.fields.iter().filter(|(field, _)| ["values", "map", "selected"].contains(field));
    values.into_iter().any(|(field, value)| value.clone().sealed(field) != *value)
}
