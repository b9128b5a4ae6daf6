//! The state of Terraform or OpenTofu, as the providers for InfluxDB 2.x leave it: `komminarlabs/influxdb` (also as
//! `thulasirajkomminar/influxdb`), and `lancey-energy-storage/influxdb-v2` with those that go back to it.

mod orgs;
mod resource;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::made::Converted;
use super::node::{Inner, Node};
use super::reader::Reader;
use super::{bad, secret};
use crate::diagnostic::{Diagnostic, Source};
use orgs::Orgs;

/// What the names of such types of resources begin with.
const PREFIXES: [&str; 4] = ["influxdb-v2_", "influxdbv2_", "influxdb2_", "influxdb_"];
/// The provider of that name for InfluxDB 1.x.
const FIRST: &str = "/hashicorp/influxdb\"";
/// The version of states that Terraform writes since 0.12.
const VERSION: i64 = 4;

/// So many resources of other providers are shown, each of another type.
const SHOWN: usize = 3;

/// An object of a state.
struct Instance<'n> {
    /// What follows the prefix in the type of the resource.
    word: &'n str,
    /// The address in Terraform.
    address: String,
    /// Whether Terraform only looks it up.
    is_data: bool,
    attributes: &'n Node,
}

/// Whether a document is a state, or what else Terraform writes in JSON.
pub(super) fn is_one(document: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().all(|key| document.get(key).is_some());
    let is_old = has(&["version", "modules"]) && document.get("apiVersion").is_none();
    is_old
        || has(&["version", "terraform_version"])
        || has(&["version", "lineage"])
        || has(&["format_version", "values"])
}

/// Reads the objects of a state. Nothing of `unread`, which is the same, is shown.
///
/// # Errors
/// Another version of states, and what is no state.
pub(super) fn read(source: &Arc<Source>, unread: &Arc<Source>, state: &Node) -> Result<Converted, Diagnostic> {
    let version = state.whole("version");
    if version != Some(VERSION) {
        let at = state.get("version").map_or_else(|| state.head(), Node::head);
        if let Some(old) = version.filter(|version| (1..VERSION).contains(version)) {
            let error =
                bad(unread, at, format!("this is a state of version {old}, of a Terraform before 0.12"), "not 4");
            return Err(error.help(
                "a newer Terraform or OpenTofu writes it anew: give what its `terraform state pull` prints, in the directory of the \
                 configuration",
            ));
        }
        let error = bad(unread, at, "this is no state of version 4", "another form");
        return Err(error.help("give what `terraform state pull` prints, of Terraform 0.12 or later, or of OpenTofu"));
    }
    let source = Arc::new(source.hiding(secrets(state)));
    let mut reader = Reader::new(&source);
    let mut instances = Vec::new();
    let mut others: BTreeMap<&str, &Node> = BTreeMap::new();
    for resource in state.list("resources") {
        let ty = resource.get("type").and_then(text).unwrap_or_default();
        let Some(word) = PREFIXES.iter().find_map(|prefix| ty.strip_prefix(prefix)) else {
            others.entry(ty).or_insert_with(|| resource.get("type").unwrap_or(resource));
            continue;
        };
        let is_data = resource.text("mode") == "data";
        if resource.text("provider").contains(FIRST) && !is_data {
            let message = format!("`{ty}` of the provider hashicorp/influxdb is of InfluxDB 1.x");
            reader.refuse(resource.head(), message, "left out");
            continue;
        }
        for instance in resource.list("instances") {
            let address = address(resource, ty, instance);
            if instance.get("deposed").is_some() {
                let message = format!("Terraform has replaced this {address}, and has yet to delete it");
                reader.note(instance.head(), message, "left out");
            } else if let Some(attributes) = instance.get("attributes") {
                instances.push(Instance { word, address, is_data, attributes });
            }
        }
    }
    let orgs = Orgs::of(&instances);
    let home = orgs.home().unwrap_or_default().to_owned();
    for instance in &instances {
        resource::read(instance, &orgs, &mut reader);
    }
    orgs.put(&mut reader);
    if !others.is_empty() {
        let types: Vec<_> = others.keys().map(|ty| format!("`{ty}`")).collect();
        let message = format!("resources of other providers are not converted: {}", types.join(", "));
        let mut at: Vec<_> = others.into_values().map(Node::head).collect();
        at.sort_by_key(|at| at.start);
        reader.note_all(at.into_iter().take(SHOWN), message, "left out");
    }
    let Reader { told, made, variables, .. } = reader;
    Ok(Converted {
        made,
        variables,
        told,
        org: orgs.name(&home).map(str::to_owned),
        home,
        hidden: Vec::new(),
        are_there: true,
    })
}

/// What is called otherwise than secrets are and is one all the same.
const ALSO: [&str; 3] = ["token", "private", "value"];

/// The places of everything that may be a secret.
fn secrets(state: &Node) -> Vec<Range<usize>> {
    // What is known is little: the rest is other tools'.
    let but = |node: &'_ Node, known: &[&str]| -> Vec<Range<usize>> {
        let others = node.entries().iter().filter(|entry| !known.contains(&&*entry.key));
        others.map(|entry| entry.value.span.clone()).collect()
    };
    let mut found = but(state, &["version", "terraform_version", "serial", "resources"]);
    for resource in state.list("resources") {
        found.extend(but(resource, &["module", "mode", "type", "name", "provider", "instances"]));
        let is_ours = PREFIXES.iter().any(|prefix| resource.text("type").starts_with(prefix));
        let known: &[&str] = if is_ours { &["index_key", "attributes"] } else { &[] };
        found.extend(resource.list("instances").iter().flat_map(|instance| but(instance, known)));
    }
    for instance in state.list("resources").iter().flat_map(|resource| resource.list("instances")) {
        let sensitive = instance.get("sensitive_attributes").map(|paths| paths.json().to_string()).unwrap_or_default();
        let also = |key: &str| ALSO.contains(&key) || sensitive.contains(&format!("\"{key}\""));
        found.extend(secret::places(instance, &also));
    }
    found
}

/// The address of an instance in Terraform.
fn address(resource: &Node, ty: &str, instance: &Node) -> String {
    let module = resource.get("module").and_then(text).map(|module| format!("{module}.")).unwrap_or_default();
    let data = if resource.text("mode") == "data" { "data." } else { "" };
    let index = match instance.get("index_key").map(|index| &index.inner) {
        Some(Inner::Text(key)) => format!("[{key:?}]"),
        Some(Inner::Number(number)) => format!("[{number}]"),
        _ => String::new(),
    };
    format!("{module}{data}{ty}.{}{index}", resource.text("name"))
}

fn text(node: &Node) -> Option<&str> {
    if let Inner::Text(text) = &node.inner { Some(text) } else { None }
}
