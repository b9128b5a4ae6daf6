//! `[[import]]`: objects that exist already and have no natural key, or not the declared one.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::section::Section;
use super::syntax::Document;
use super::variables::Values;
use super::{Import, Manifest, Resource};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::Type;
use crate::value::Value;

/// Reads all `[[import]]`, each with an address and an ID.
pub(super) fn read(
    document: &Document<'_>,
    values: &Values,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<Address, Import> {
    let mut imports: BTreeMap<Address, Import> = BTreeMap::new();
    for written in &document.imports {
        if values.budget.is_enough(problems) {
            break;
        }
        let mut section = Section::new(written, "[[import]]", &["to", "id"], values, problems);
        section.needs("[[import]]", &["to", "id"], "it has `to`, an address, and `id`, the ID of the object");
        let to = section.address("to");
        let id = section.id("id", to.as_ref().map(|to| to.value.kind));
        let (Some(to), Some(id)) = (to, id) else { continue };
        let import = Import { id: id.value, place: Some(written.place()) };
        match imports.entry(to.value) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(import);
            }
            std::collections::btree_map::Entry::Occupied(first) => {
                let message = format!("two objects are imported to {}", first.key());
                let diagnostic = Diagnostic::error(Code::ManifestImport, message).at(to.place, "again here");
                let diagnostic = diagnostic.at_known(first.get().place.as_ref(), "first here");
                problems.push(diagnostic.help("an address is one object"));
            }
        }
    }
    imports
}

impl Manifest {
    /// Imports an object to an address as an `[[import]]` would, because the command line says so.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn import(&mut self, to: &Address, id: &str) -> Result<(), Vec<Diagnostic>> {
        if let Some(written) = self.imports.get(to).filter(|written| written.id != id) {
            let message = format!("an [[import]] says that {to} is the object {}, not {id}", written.id);
            let diagnostic = Diagnostic::error(Code::ManifestImport, message).at_known(written.place.as_ref(), "here");
            return Err(vec![diagnostic.help("remove the [[import]], or name its object")]);
        }
        let mut problems = Vec::new();
        if !to.kind.is_id(id) {
            let message = format!("invalid ID `{id}`");
            let help = format!("{}, as `influx` shows it", to.kind.spec().identity.form(id));
            return Err(vec![Diagnostic::error(Code::ManifestId, message).help(help)]);
        }
        self.imports.entry(to.clone()).or_insert_with(|| Import { id: id.to_owned(), place: None });
        check(&self.resources, &self.imports, &Budget::default(), &mut problems);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// Imports that cannot be.
pub(super) fn check(
    resources: &BTreeMap<Address, Resource>,
    imports: &BTreeMap<Address, Import>,
    budget: &Budget,
    problems: &mut Vec<Diagnostic>,
) {
    let mut known: BTreeMap<&str, (&Address, Option<&Place>)> = external(resources).collect();
    for (to, import) in imports {
        if budget.is_enough(problems) {
            break;
        }
        let place = import.place.as_ref();
        let mut fail = |message: String, label: &str, other: Option<(&Place, &str)>, help: &str| {
            let diagnostic = Diagnostic::error(Code::ManifestImport, message).at_known(place, label);
            let diagnostic = match other {
                Some((place, label)) => diagnostic.at(place.clone(), label),
                None => diagnostic,
            };
            problems.push(diagnostic.help(help));
        };
        match resources.get(to) {
            None => {
                let instances = resources.range(to.clone()..).next().filter(|(next, _)| next.table() == *to);
                let (message, help) = match instances {
                    Some((instance, _)) => {
                        (format!("{to} has `for_each`: name one instance"), format!("write for example `{instance}`"))
                    }
                    None => (format!("{to} is not declared"), not_declared(resources, to, budget)),
                };
                fail(message, "is imported", None, &help);
            }
            Some(resource) if resource.external => {
                let help = match place {
                    Some(_) => "remove either the `[[import]]` or `external = true`",
                    None => "remove `external = true`, if the project is to manage it",
                };
                let message = format!("{to} is external, and cannot be imported");
                fail(message, "is imported", Some((&resource.place, "is external")), help);
            }
            Some(_) => {}
        }
        match known.get(import.id.as_str()) {
            Some((other, place)) => {
                let message = format!("the object {} cannot be both {other} and {to}", import.id);
                fail(message, "again here", place.map(|place| (place, "first here")), "an object has one address");
            }
            None => {
                known.insert(&import.id, (to, place));
            }
        }
    }
}

/// The external resources that are found by an ID.
fn external(resources: &BTreeMap<Address, Resource>) -> impl Iterator<Item = (&str, (&Address, Option<&Place>))> {
    resources.iter().filter(|(_, resource)| resource.external).flat_map(|(address, resource)| {
        let ids = address.kind.spec().fields.iter().filter(|field| field.ty == Type::Id);
        ids.filter_map(move |field| match resource.fields.get(field.name) {
            Some(Value::Text(id)) => Some((id.as_str(), (address, Some(resource.place_of(field.name))))),
            _ => None,
        })
    })
}

fn not_declared(resources: &BTreeMap<Address, Resource>, to: &Address, budget: &Budget) -> String {
    let names = || resources.keys().filter(|known| known.kind == to.kind).take(5_000).map(Address::to_string);
    match budget.nearest(&to.to_string(), names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it: write `[{to}]` with what the object is to be"),
    }
}
