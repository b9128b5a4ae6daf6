//! Which cell of a dashboard is which: one that keeps its name is the same, wherever it is moved to, and so is one that keeps what
//! it shows, or its place.

use serde_json::{Value as Json, json};

use super::cell::{self, Cell, Said};
use crate::value::Value;

/// Whether a cell that is wanted, with its key, is the one at a place among those that there are.
type Same<'a> = dyn Fn((&str, &Said), usize) -> bool + 'a;

/// All cells that are wanted, as they are sent, each with the ID and what nothing is said of from the one that it is among `live`.
pub(super) fn bodies(wanted: &Value, live: &[Cell]) -> Vec<Json> {
    let said: Vec<Said> = live.iter().map(Cell::said).collect();
    let keys = cell::keys(&said);
    let wanted = cell::in_order(wanted);
    let mut of: Vec<Option<usize>> = vec![None; wanted.len()];
    let shows = |cell: &Said| -> Said {
        let is_shown = |field: &str| !["name", "at", "size", "properties"].contains(&field);
        cell.iter().filter(|(field, _)| is_shown(field)).map(|(field, value)| (field.clone(), value.clone())).collect()
    };
    let is_same: [&Same<'_>; 3] =
        [&|(key, _), at| keys[at] == key, &|(_, cell), at| shows(cell) == shows(&said[at]), &|(_, cell), at| {
            cell.get("at") == said[at].get("at")
        }];
    for is_same in is_same {
        for (n, wanted) in wanted.iter().enumerate() {
            if of[n].is_none() {
                of[n] = (0..live.len()).find(|at| !of.contains(&Some(*at)) && is_same(*wanted, *at));
            }
        }
    }
    wanted.iter().zip(of).map(|((_, said), of)| body(said, of.map(|at| &live[at]))).collect()
}

/// A cell as it is sent. What it shows is sent within a view (influxd 2.9.1, measured).
fn body(said: &Said, live: Option<&Cell>) -> Json {
    let ((x, y), (w, h)) = (cell::pair(said, "at").unwrap_or_default(), cell::pair(said, "size").unwrap_or_default());
    let name = said.get("name").map(ToString::to_string).unwrap_or_default();
    let properties = cell::properties(said, live.map(|live| &live.properties));
    let mut body = json!({ "x": x, "y": y, "w": w, "h": h, "name": name, "properties": { "properties": properties } });
    if let Some(id) = live.and_then(|live| live.id.as_deref()) {
        body["id"] = json!(id);
    }
    body
}

/// Which of the cells that were sent the server has not taken, by its reply: of what it cannot read it says nothing, and shows
/// nothing (influxd 2.9.1, measured).
pub(super) fn not_taken(sent: &[Json], reply: &Json) -> Option<String> {
    let cells = reply["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ty = |properties: &Json| properties["type"].as_str().unwrap_or_default().to_owned();
    let is_taken = |(at, sent): (usize, &Json)| {
        ty(&sent["properties"]["properties"]) == cells.get(at).map(|cell| ty(&cell["properties"])).unwrap_or_default()
    };
    let at = sent.iter().enumerate().position(|(at, sent)| !is_taken((at, sent)))?;
    let (name, ty) = (sent[at]["name"].as_str().unwrap_or_default(), ty(&sent[at]["properties"]["properties"]));
    Some(format!("the server took the cell {name:?}, and cannot read what it is to show (a view of the type {ty})"))
}
