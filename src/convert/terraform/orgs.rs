//! The orgs of a state: by IDs in the objects, with names where something has these.

use std::collections::BTreeMap;

use serde_json::json;

use super::Instance;
use crate::convert::node::Node;
use crate::convert::reader::Reader;
use crate::kind::Kind;

/// The word of orgs in the types of resources.
pub(super) const WORD: &str = "organization";

/// What a state tells of orgs.
pub(super) struct Orgs {
    /// How many objects are in each.
    count: BTreeMap<String, usize>,
    names: BTreeMap<String, String>,
    /// Those that Terraform manages.
    managed: Vec<String>,
}

impl Orgs {
    pub(super) fn of(instances: &[Instance<'_>]) -> Self {
        let mut orgs = Self { count: BTreeMap::new(), names: BTreeMap::new(), managed: Vec::new() };
        for Instance { word, is_data, attributes, .. } in instances {
            let text = |key: &str| attributes.get(key).and_then(Node::as_text).filter(|text| !text.is_empty());
            if *word == WORD {
                let Some(id) = text("id") else { continue };
                orgs.names.extend(text("name").map(|name| (id.clone(), name)));
                orgs.count.entry(id.clone()).or_default();
                if !is_data {
                    orgs.managed.push(id);
                }
            } else if let Some(id) = text("org_id") {
                orgs.names.extend(text("org").map(|name| (id.clone(), name)));
                *orgs.count.entry(id).or_default() += usize::from(!is_data);
            }
        }
        orgs
    }

    /// The org that most objects are in.
    pub(super) fn home(&self) -> Option<&str> {
        let most = self.count.iter().rev().max_by_key(|(_, count)| **count);
        most.map(|(id, _)| id.as_str())
    }

    pub(super) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Whether the state says what the org is called.
    pub(super) fn is_known(&self, id: &str) -> bool {
        self.names.contains_key(id)
    }

    /// Puts down those that Terraform only knows, as external ones.
    pub(super) fn put(&self, reader: &mut Reader<'_>) {
        for (id, name) in self.names.iter().filter(|(id, _)| !self.managed.contains(id)) {
            if let Some(made) = reader.make(Kind::Org, 0..0, &json!({"id": id, "name": name}), None) {
                made.external = true;
            }
        }
    }
}
