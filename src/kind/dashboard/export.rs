//! A dashboard that exists as a manifest says it.

use super::{cell, rules};
use crate::kind::draft::Fault;
use crate::kind::export::mistake;
use crate::kind::{ExportError, Object};
use crate::value::{Fields, Value};

/// The fields, with the cells as a manifest lists them, where it may say these.
pub(super) fn export(object: &Object) -> Result<Fields, ExportError> {
    let mut told = object.fields.clone();
    let Some(cells) = object.fields.get("cell") else { return Ok(told) };
    let cells = cell::in_order(cells);
    if let Some(why) = rules::layout(&cells) {
        return Err(ExportError::Unsayable(why));
    }
    let (keys, written): (Vec<&str>, Vec<Value>) =
        cells.into_iter().map(|(key, said)| (key, Value::Table(cell::as_it_is_written(said)))).unzip();
    told.set("cell", Value::List(written.clone()));
    match mistake(&told, None, rules::check) {
        Some(fault) => Err(ExportError::Unsayable(why(fault, &keys, &written))),
        None => Ok(told),
    }
}

/// What is wrong with one of these cells, by its key, and in which line of a query.
fn why(fault: Fault, keys: &[&str], cells: &[Value]) -> String {
    let number = |text: &str| text.split_once(']').and_then(|(number, _)| number.parse::<usize>().ok());
    let path = fault.inner.unwrap_or_default();
    let Some(at) = path.strip_prefix("cell[").and_then(number).filter(|at| *at < keys.len()) else {
        return fault.message;
    };
    let (key, scripts) = (keys[at], cells[at].scripts());
    let query = path.split_once("queries[").and_then(|(_, rest)| number(rest));
    let text = scripts.get(query.unwrap_or_default()).and_then(|script| script.source()).unwrap_or_default();
    let line = fault.script.and_then(|span| Some(text.get(..span.start)?.matches('\n').count() + 1));
    let query = match (query, scripts.len()) {
        (Some(query), 2..) => format!("query {} of its cell {key:?}", query + 1),
        _ => format!("the query of its cell {key:?}"),
    };
    match line {
        Some(line) => format!("line {line} of {query}: {}", fault.message),
        None => format!("its cell {key:?}: {}", fault.message),
    }
}
