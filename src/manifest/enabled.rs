//! `enabled`: resources that are declared and have no instance.

use std::collections::BTreeSet;

use super::expand::expand;
use super::node::Raw;
use super::source::place;
use super::syntax::Document;
use super::template::Expression;
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
        let mut other = false;
        let expanded = expand(node, &mut |expression, span| {
            let value = match expression {
                Expression::Var(name) => values.copy(name, declared.source, span),
                _ => None,
            };
            other |= value.is_none();
            value.unwrap_or(Err(()))
        });
        let at = place(declared.source, node.span);
        match expanded {
            _ if other => {
                let message = "only variables can be used in `enabled`";
                let label = "not a declared variable";
                problems.push(Diagnostic::error(Code::ManifestEnabled, message).at(at, label));
            }
            Ok(node) => match &node.value {
                Raw::Boolean(true) => {}
                Raw::Boolean(false) => {
                    disabled.insert(address.clone());
                }
                other => problems.push(wrong_type("enabled", "`true` or `false`", other, at)),
            },
            Err(error) => problems.extend(error.diagnostic(declared.source)),
        }
    }
    disabled
}
