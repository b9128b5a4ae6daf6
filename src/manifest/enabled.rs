//! `enabled`: resources that are declared and have no instance.

use std::collections::BTreeSet;

use super::node::Raw;
use super::source::place;
use super::syntax::Document;
use super::variables::Values;
use super::written::wrong_type;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};

/// The tables that say `enabled = false`.
pub(super) fn disabled(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> BTreeSet<Address> {
    let mut disabled = BTreeSet::new();
    for (address, declared) in document.resources.iter().filter(|(_, declared)| declared.switch.is_some()) {
        if values.budget.is_enough(problems) {
            break;
        }
        let table = declared.table();
        let Some(node) = table.get("enabled") else { continue };
        let only = (Code::ManifestEnabled, "only variables can be used in `enabled`");
        let Some(expanded) = values.expand(node, declared.source, only, problems) else { continue };
        match &expanded.value {
            Raw::Boolean(true) => {}
            Raw::Boolean(false) => {
                disabled.insert(address.clone());
            }
            other => {
                let at = place(declared.source, node.span);
                problems.push(wrong_type("enabled", "`true` or `false`", other, at));
            }
        }
    }
    disabled
}
