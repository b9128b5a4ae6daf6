//! Cells: between the server's JSON and what a manifest says of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::view::{MARKDOWN, VIEWS, View};
use super::{fields, json};
use crate::field::{Field, Omitted, Type};
use crate::value::{Script, Value};

/// The columns of the grid.
pub(super) const COLUMNS: i64 = 12;
/// The rows that a grid may have: no browser shows a longer page.
pub(super) const ROWS: i64 = 100_000;

const QUERY: &[Field] = &[
    Field::text("flux", Omitted::Required, "The query: text, or `{ file = \"...\" }`.").of_type(Type::Flux),
    Field::text("name", Omitted::Unset, "What the query is called."),
    Field::text("edit", Omitted::Theirs, "How the UI opens it: `advanced`, or `builder` with what `builder` says."),
    Field::text("builder", Omitted::Theirs, "What the query builder of the UI keeps of it.").of_type(Type::Any),
];

const fn shows(name: &'static str, fields: &'static [Field], doc: &'static str) -> Field {
    Field::text(name, Omitted::Unset, doc).of_type(Type::Block(fields))
}

/// What a manifest says of a cell.
pub(super) const CELL: &[Field] = &[
    Field::text("name", Omitted::Unset, "What stands above it."),
    Field::text("at", Omitted::Required, "The column and the row of its corner: `[0, 0]` is the first.")
        .of_type(Type::List(&Type::Integer)),
    Field::text("size", Omitted::Required, "How many columns it is wide, of 12, and how many rows it is high.")
        .of_type(Type::List(&Type::Integer)),
    shows("xy", fields::XY, "A graph."),
    shows("line_single_stat", fields::LINE_SINGLE_STAT, "A graph with its last value."),
    shows("band", fields::BAND, "A graph with bounds."),
    shows("single_stat", fields::SINGLE_STAT, "The last value."),
    shows("gauge", fields::SINGLE_STAT, "The last value on a gauge; its `colors` say where it begins and ends."),
    shows("table", fields::TABLE, "A table."),
    shows("heatmap", fields::HEATMAP, "A heatmap."),
    shows("scatter", fields::SCATTER, "A scatter plot."),
    shows("mosaic", fields::MOSAIC, "A mosaic."),
    shows("histogram", fields::HISTOGRAM, "A histogram."),
    shows("geo", fields::GEO, "A map: what else it says is in `properties`."),
    shows("check", &[], "A check: what else it says is in `properties`."),
    shows("log_viewer", &[], "A log viewer: what else it says is in `properties`."),
    Field::text("markdown", Omitted::Unset, "Text in Markdown, and no query."),
    Field::text("empty", Omitted::Unset, "`true` where it shows nothing yet.").of_type(Type::Bool),
    Field::text("flux", Omitted::Unset, "Its one query: text, or `{ file = \"...\" }`.").of_type(Type::Flux),
    Field::text("queries", Omitted::Unset, "Its queries, where there are several or one has a name.")
        .of_type(Type::List(&Type::Block(QUERY))),
    Field::text(
        "properties",
        Omitted::Theirs,
        "What else the server keeps of what it shows, under its own names; what is not said there stays as it is.",
    )
    .of_type(Type::Any),
];

/// What a manifest says of a cell, field by field.
pub(super) type Said = BTreeMap<String, Value>;

/// A cell as the server has it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Cell {
    pub(super) id: Option<String>,
    x: i64,
    y: i64,
    w: i64,
    h: i64,
    name: String,
    pub(super) properties: Json,
}

/// The column and the row, or the width and the height.
pub(super) fn pair(said: &Said, field: &str) -> Option<(i64, i64)> {
    match said.get(field) {
        Some(Value::List(items)) => match items.as_slice() {
            [Value::Integer(a), Value::Integer(b)] => Some((*a, *b)),
            _ => None,
        },
        _ => None,
    }
}

fn list((a, b): (i64, i64)) -> Value {
    Value::List(vec![Value::Integer(a), Value::Integer(b)])
}

/// The row and the column: the order in which cells are read.
pub(super) fn position(said: &Said) -> (i64, i64) {
    pair(said, "at").map_or((0, 0), |(x, y)| (y, x))
}

/// The type of view that a cell has a field for.
pub(super) fn view_of(said: &Said) -> Option<(&'static View, &Value)> {
    VIEWS.iter().find_map(|view| Some((view, said.get(view.word)?)))
}

impl Cell {
    /// What a manifest says of it.
    pub(super) fn said(&self) -> Said {
        let mut said =
            Said::from([("at".to_owned(), list((self.x, self.y))), ("size".to_owned(), list((self.w, self.h)))]);
        let mut put = |field: &str, value: Value| drop(said.insert(field.to_owned(), value));
        if !self.name.is_empty() {
            put("name", Value::Text(self.name.clone()));
        }
        let text = |key: &str| self.properties[key].as_str().unwrap_or_default();
        let view = VIEWS.iter().find(|view| view.ty == text("type"));
        match view {
            _ if text("type") == MARKDOWN => put("markdown", Value::Text(text("note").to_owned())),
            None => put("empty", Value::Bool(true)),
            Some(view) => {
                put(view.word, view.read(&self.properties));
                let queries: Vec<Value> =
                    self.properties["queries"].as_array().into_iter().flatten().map(query).collect();
                if !queries.is_empty() {
                    put("queries", Value::List(queries));
                }
                let rest = view.rest(&self.properties);
                if !json::is_empty(&rest) {
                    put("properties", json::value(&rest).unwrap_or(Value::Unset));
                }
            }
        }
        said
    }
}

fn query(query: &Json) -> Value {
    let text = |key: &str| query[key].as_str().unwrap_or_default().to_owned();
    let mut said = Said::from([("flux".to_owned(), Value::Script(Script::query(text("text"))))]);
    if !text("name").is_empty() {
        said.insert("name".to_owned(), Value::Text(text("name")));
    }
    if !["", "advanced"].contains(&text("editMode").as_str()) {
        said.insert("edit".to_owned(), Value::Text(text("editMode")));
    }
    let builder = json::without_empty(query["builderConfig"].clone());
    if !json::is_empty(&builder) {
        said.extend(json::value(&builder).map(|builder| ("builder".to_owned(), builder)));
    }
    Value::Table(said)
}

/// Queries as they are sent, each with what nothing is said of from the one with its script in `live`.
fn queries(said: &[Value], live: &[Json]) -> Vec<Json> {
    let script = |query: &Value| if let Value::Table(query) = query { query.get("flux").cloned() } else { None };
    let (of, there): (Vec<_>, Vec<_>) =
        (said.iter().map(script).collect(), live.iter().map(|live| script(&query(live))).collect());
    let stays = |n: &usize| of.get(*n).is_some_and(|of| there.get(*n) == Some(of));
    let mut free: Vec<usize> = (0..live.len()).filter(|n| !stays(n)).collect();
    let one = |(n, said): (usize, &Value)| {
        let moved = |free: &mut Vec<usize>| Some(free.remove(free.iter().position(|at| there[*at] == of[n])?));
        let at = if stays(&n) { Some(n) } else { moved(&mut free) };
        query_json(said, at.map(|at| &live[at]))
    };
    said.iter().enumerate().map(one).collect()
}

fn query_json(said: &Value, live: Option<&Json>) -> Json {
    if let Some(live) = live.filter(|live| is_as_wanted(QUERY, said, query(live))) {
        return live.clone();
    }
    let said = json::json(said);
    let mut query = live.cloned().unwrap_or_else(|| json!({ "text": said["flux"] }));
    query["name"] = said.get("name").cloned().unwrap_or_else(|| json!(""));
    for (field, key) in [("edit", "editMode"), ("builder", "builderConfig")] {
        if let Some(said) = said.get(field) {
            query[key] = said.clone();
        }
    }
    if query.get("editMode").is_none_or(json::is_empty) {
        query["editMode"] = json!("advanced");
    }
    query
}

/// Whether `live`, of these fields, is what is wanted.
pub(super) fn is_as_wanted(fields: &'static [Field], wanted: &Value, live: Value) -> bool {
    Type::Block(fields).compared_with(wanted, live).is_like(wanted)
}

/// What a cell shows, as it is sent; what nothing is said of is as in `live`, if that is of the same type.
pub(super) fn properties(said: &Said, live: Option<&Json>) -> Json {
    let markdown = said.get("markdown");
    let Some((view, options)) = view_of(said) else {
        return match markdown {
            Some(note) => json!({ "shape": "chronograf-v2", "type": MARKDOWN, "note": note.to_string() }),
            None => json!({ "shape": "empty" }),
        };
    };
    let live = live.filter(|live| live["type"] == view.ty);
    let mut json = live.cloned().unwrap_or_else(|| json!({}));
    if let Some(rest) = said.get("properties") {
        put_rest(view, &mut json, &json::json(rest));
    }
    json["shape"] = json!("chronograf-v2");
    json["type"] = json!(view.ty);
    view.write(options, &mut json);
    let said = if let Some(Value::List(queries)) = said.get("queries") { queries.as_slice() } else { &[] };
    if live.is_none_or(|live| !live["queries"].is_null()) || !said.is_empty() {
        let live = live.and_then(|live| live["queries"].as_array()).map(Vec::as_slice).unwrap_or_default();
        json["queries"] = queries(said, live).into();
    }
    if live.is_none() {
        view.put_lists(&mut json);
    }
    json
}

/// Puts `rest` into a view, which is all there is of what no option is about. What means the same already stays as it is.
fn put_rest(view: &View, json: &mut Json, rest: &Json) {
    let live = view.rest(json);
    let all = [&*json, rest].into_iter().filter_map(Json::as_object);
    let keys: BTreeSet<String> = all.flat_map(|all| all.keys()).filter(|key| is_rest(view, key)).cloned().collect();
    for key in keys {
        let wanted = rest.get(&key).filter(|wanted| !json::is_empty(wanted));
        if wanted.cloned().map(json::without_empty).as_ref() != live.get(&key) {
            json::remove(json, &key);
            wanted.into_iter().for_each(|wanted| json::set(json, &key, wanted.clone()));
        }
    }
}

/// Whether what stands under `key` is no option's as a whole.
fn is_rest(view: &View, key: &str) -> bool {
    !(view.options().any(|option| option.is_at(key)) || view.palette.is_some() && key == "colors")
}

/// `said` in the form in which it comes back from a server.
pub(super) fn as_it_comes_back(said: &Said) -> Said {
    let (x, y) = pair(said, "at").unwrap_or_default();
    let (w, h) = pair(said, "size").unwrap_or_default();
    let name = said.get("name").map(ToString::to_string).unwrap_or_default();
    Cell { id: None, x, y, w, h, name, properties: properties(said, None) }.said()
}

/// The keys of `cells`: their names, with the place where there is none or several have it.
pub(super) fn keys(cells: &[Said]) -> Vec<String> {
    let name = |said: &Said| said.get("name").map(ToString::to_string).unwrap_or_default();
    let mut count = BTreeMap::from([(String::new(), 2)]);
    cells.iter().for_each(|said| *count.entry(name(said)).or_insert(0) += 1);
    let mut taken = BTreeSet::new();
    let key = |said: &Said| {
        let name = name(said);
        let place = || said.get("at").map(ToString::to_string).unwrap_or_default();
        let key = if count[&name] == 1 { name } else { format!("{name} at {}", place()).trim_start().to_owned() };
        untaken(&key, &mut taken)
    };
    cells.iter().map(key).collect()
}

/// `key`, with a number where it is taken.
pub(super) fn untaken(key: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (taken.len()..).map(|n| format!("{key} ({n})"));
    let key = std::iter::once(key.to_owned()).chain(numbered).find(|key| !taken.contains(key)).unwrap_or_default();
    taken.insert(key.clone());
    key
}

/// Cells by their keys, so that one that is moved is the same.
pub(super) fn keyed(cells: Vec<Said>) -> Value {
    let keys = keys(&cells);
    Value::Table(keys.into_iter().zip(cells.into_iter().map(Value::Table)).collect())
}

/// The cells of a value by the keys that [`keyed`] gives them.
pub(super) fn rekeyed(value: &Value) -> Value {
    keyed(in_order(value).into_iter().map(|(_, said)| said.clone()).collect())
}

/// The cells of a value that [`keyed`] has made, with their keys, in the order in which they are read.
pub(super) fn in_order(value: &Value) -> Vec<(&str, &Said)> {
    let Value::Table(cells) = value else { return Vec::new() };
    let mut all: Vec<(&str, &Said)> = cells
        .iter()
        .filter_map(|(key, cell)| if let Value::Table(cell) = cell { Some((key.as_str(), cell)) } else { None })
        .collect();
    all.sort_by_key(|(_, cell)| position(cell));
    all
}

/// `said` as a manifest writes it: one query without a name is the cell's `flux`.
pub(super) fn as_it_is_written(said: &Said) -> Said {
    let mut written = said.clone();
    if let Some(Value::List(queries)) = said.get("queries")
        && let [Value::Table(query)] = queries.as_slice()
        && query.len() == 1
        && let Some(flux) = query.get("flux")
    {
        written.remove("queries");
        written.insert("flux".to_owned(), flux.clone());
    }
    written
}
