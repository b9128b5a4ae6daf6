//! Tables whose items have several lines each, such as the cells of a dashboard: they are compared item by item.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{self, Line};
use super::value::{below_name, lines as lines_of, nested_beside, word};
use crate::value::Value;

/// The lines in which two such tables differ, each below the name of its item; none where they are no such tables.
pub(super) fn by_items(field: &str, old: Option<&Value>, new: &Value) -> Option<Vec<Line>> {
    by_items_but(field, old, new, |_, lines| lines)
}

/// The same without what is shown elsewhere: `rest` gives what is left of the lines of the item with a key.
pub(super) fn by_items_but(
    field: &str,
    old: Option<&Value>,
    new: &Value,
    rest: impl Fn(&str, Vec<String>) -> Vec<String>,
) -> Option<Vec<Line>> {
    let none = Value::Table(BTreeMap::new());
    let old = old.filter(|old| **old != Value::Unset).unwrap_or(&none);
    let (Value::Table(old), Value::Table(new)) = (old, new) else { return None };
    let is_item = |value: &Value| matches!(value, Value::Table(_)) && lines_of(field, value).is_some();
    if !old.values().chain(new.values()).any(is_item) {
        return None;
    }
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let sides = |key: &String| {
        let (old, new) = (old.get(key), new.get(key));
        match (old, new) {
            (Some(_), Some(_)) => nested_beside(field, [old, new]),
            // Of an item that comes or goes, its name stands above it.
            _ => {
                let [old, new] = [old, new].map(|side| side.map(|value| below_name(key, value)));
                nested_beside(field, [old.as_deref(), new.as_deref()])
            }
        }
    };
    let item = |key: &String| {
        let all = sides(key);
        let left = all.clone().map(|side| side.map(|lines| rest(key, lines)));
        let is_elsewhere = left[0] == left[1] && left != all;
        if is_elsewhere { Vec::new() } else { item(&word(key), left) }
    };
    Some(differ.flat_map(item).collect())
}

fn item(name: &str, sides: [Option<Vec<String>>; 2]) -> Vec<Line> {
    let whole = |lines: Vec<String>| {
        let lines = lines.into_iter().map(|line| format!("    {line}"));
        std::iter::once(format!("{name}:")).chain(lines).collect::<Vec<_>>()
    };
    match sides {
        [Some(old), Some(new)] => lines::of_part(name, &old, &new),
        [old, new] => lines::of_sets(&old.map(whole).unwrap_or_default(), &new.map(whole).unwrap_or_default()),
    }
}
