//! The variables of the environment that secrets are read from: each secret has one of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::ObjectId;
use super::select::Selection;
use crate::secret::Source;
use crate::value::Value;

/// Gives no two secrets the same variable; returns that of each, by its object and the key that it stands under.
pub(super) fn tell_apart(selection: &mut Selection<'_>) -> BTreeMap<(ObjectId, String), String> {
    let mut taken = BTreeSet::new();
    let mut all = BTreeMap::new();
    for (id, declared) in &mut selection.declared {
        let fields: Vec<_> = declared.fields.iter().map(|(name, _)| name).collect();
        for field in fields {
            let Some(mut value) = declared.fields.get(field).filter(|value| has_variable(value)).cloned() else {
                continue;
            };
            name(&mut value, field, &mut |key, variable| {
                let mut names = (1..).map(|n| if n == 1 { variable.clone() } else { format!("{variable}_{n}") });
                *variable = names.find(|name| taken.insert(name.clone())).unwrap_or_default();
                all.insert((id.clone(), key.to_owned()), variable.clone());
            });
            declared.fields.set(field, value);
        }
    }
    all
}

fn has_variable(value: &Value) -> bool {
    match value {
        Value::Source(Source::Env { .. }) => true,
        Value::Table(table) => table.values().any(has_variable),
        _ => false,
    }
}

fn name(value: &mut Value, key: &str, give: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::Source(Source::Env { name }) => give(key, name),
        Value::Table(table) => table.iter_mut().for_each(|(key, value)| name(value, key, give)),
        _ => {}
    }
}
