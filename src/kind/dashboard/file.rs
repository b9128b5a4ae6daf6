//! A dashboard in a file: as the UI exports it, or as the API shows it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::cell::{self, Cell, Said};
use super::kept::{self, Dropped};

use super::rules::{self, Query};
use super::view::{MARKDOWN, VIEWS};
use crate::diagnostic::{Code, nearest};
use crate::field::TextFile;
use crate::flux::ast::Span;
use crate::flux::refs::Reference;
use crate::flux::without_params;
use crate::json_places::{Node, Step, written};
use crate::kind::draft::{Draft, Fault};
use crate::kind::params::Params;
use crate::limits::PROBLEMS;
use crate::lint::Allowed;
use crate::value::{Script, Value};

pub(super) const JSON: TextFile = TextFile { what: "dashboard", ending: "json", named: true, uses: false };

/// The keys of a cell, besides that of its ID those that a UI gives it.
const CELL: &[&str] = &["x", "y", "w", "h", "name", "properties", "id", "links", "minH", "minW"];
/// What UIs and InfluxDB Cloud write into views, and no InfluxDB 2 keeps.
const NOISE: &[&str] = &[
    "legend",
    "staticLegend",
    "hidden",
    "colorMapping",
    "adaptiveZoomHide",
    "useS2CellID",
    "s2Column",
    "latLonColumns",
];

/// A cell in a file.
struct Found<'j> {
    /// Where it stands.
    at: Vec<Step>,
    cell: &'j Json,
    name: &'j Json,
    /// What it shows, and where that stands; none where the file does not say it.
    view: Option<(Vec<Step>, &'j Json)>,
}

/// What the queries of a cell are looked at with.
#[derive(Clone, Copy)]
struct Asked<'a> {
    /// The key of the cell.
    key: &'a str,
    /// The file, and where in it things stand.
    text: &'a str,
    places: &'a Node,
    params: Params<'a>,
}

/// Puts the cells of the file `text` into the draft, and what their queries reach.
pub(super) fn check(draft: &mut Draft<'_>, text: &str, params: Params<'_>, faults: &mut Vec<Fault>) {
    let json: Json = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => {
            let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            // Where it ends too early, its last character is what there is to show.
            let last = text.trim_end().len().saturating_sub(1);
            let at = text.floor_char_boundary((lines + error.column().saturating_sub(1)).min(last));
            let length = text[at..].chars().next().map_or(0, char::len_utf8);
            faults.push(fault("a dashboard in a file must be JSON", error.to_string()).script(at..at + length));
            return;
        }
    };
    let Some(found) = found(&json) else {
        let help =
            "export the dashboard in the UI, or take the reply to `GET /api/v2/dashboards/ID?include=properties`";
        let fault = fault("this file has no cells of a dashboard", "neither `content.included` nor `cells`");
        faults.push(fault.help(help));
        return;
    };
    if (draft.written)("cell") {
        faults.push(fault("a dashboard has either `file` or `cell`", "has `cell` too").other("cell"));
        return;
    }
    let places = Node::of(text);
    let known = faults.len();
    let again = places.repeated().into_iter().take(PROBLEMS.size());
    faults.extend(again.map(|(key, span)| {
        fault(format!("`{key}` stands twice in one table of this file"), "only the last one counts").script(span)
    }));
    let cells: Vec<Option<Cell>> = found.iter().enumerate().map(|(n, found)| found.read(n, &places, faults)).collect();
    if faults.len() > known {
        return;
    }
    let mut said: Vec<Said> =
        cells.iter().flatten().map(Cell::said).map(|said| cell::as_it_comes_back(&said)).collect();
    let keys = cell::keys(&said);
    for ((found, key), said) in found.iter().zip(&keys).zip(&mut said) {
        found.queries(Asked { key, text, places: &places, params }, said, draft, faults);
    }
    let place = |n: usize| places.begin(&found[n].at);
    let layout = |message: String, label| Fault { code: Code::DashboardLayout, ..fault(message, label) };
    for (n, (said, key)) in said.iter().zip(&keys).enumerate() {
        let off = rules::off_grid(said).map(|(message, _)| format!("the cell {key:?}: {message}"));
        faults.extend(off.map(|message| layout(message, "not on the grid").script(place(n))));
    }
    for (first, second) in rules::overlapping(&said) {
        let message = format!("the cells {:?} and {:?} overlap", keys[first], keys[second]);
        let also = vec![(place(first), "the other one".to_owned())];
        faults.push(Fault { also, ..layout(message, "lies over another cell").script(place(second)) });
    }
    draft.fields.set("cell", cell::keyed(said));
}

fn fault(message: impl Into<String>, label: impl Into<String>) -> Fault {
    Fault::new(Code::DashboardFile, "file", message, label)
}

/// The cells in a file; none where it is no dashboard.
fn found(json: &Json) -> Option<Vec<Found<'_>>> {
    if let Json::Array(included) = &json["content"]["included"] {
        return Some(exported(included));
    }
    let cells = json["cells"].as_array()?.iter().enumerate().map(|(n, cell)| {
        let at = vec!["cells".into(), Step::At(n)];
        let view = cell.get("properties").map(|view| (with(&at, "properties"), view));
        Found { at, cell, name: &cell["name"], view }
    });
    Some(cells.collect())
}

/// The cells that the UI has exported, each with the view that it names.
fn exported(included: &[Json]) -> Vec<Found<'_>> {
    let at = |n| vec!["content".into(), "included".into(), Step::At(n), "attributes".into()];
    let mut views: BTreeMap<&str, (usize, &Json)> = BTreeMap::new();
    for (n, one) in included.iter().enumerate().filter(|(_, one)| one["type"] == "view") {
        if let Some(id) = one["id"].as_str() {
            views.entry(id).or_insert((n, &one["attributes"]));
        }
    }
    let cells = included.iter().enumerate().filter(|(_, one)| one["type"] == "cell").map(|(n, one)| {
        let view = one["relationships"]["view"]["data"]["id"].as_str().and_then(|id| views.get(id));
        let name = view.map_or(&Json::Null, |(_, view)| &view["name"]);
        let view = view.and_then(|(n, view)| Some((with(&at(*n), "properties"), view.get("properties")?)));
        Found { at: at(n), cell: &one["attributes"], name, view }
    });
    cells.collect()
}

fn with(path: &[Step], key: &str) -> Vec<Step> {
    [path, &[Step::from(key)]].concat()
}

impl Found<'_> {
    /// The cell, the one at `n` in the file, or what is wrong with it. What is read may be anything: nothing of it is shown.
    fn read(&self, n: usize, places: &Node, faults: &mut Vec<Fault>) -> Option<Cell> {
        let all = self.cell.as_object();
        let mut whole = all.cloned().unwrap_or_default();
        let name = if self.name.is_null() { Json::from("") } else { self.name.clone() };
        whole.insert("name".to_owned(), name);
        whole.insert("properties".to_owned(), self.view.as_ref().map(|(_, view)| (*view).clone()).unwrap_or_default());
        let cell: Option<Cell> = serde_json::from_value(whole.into()).ok().filter(|_| all.is_some());
        let Some(cell) = cell else {
            let label = "`x`, `y`, `w` and `h` must be whole numbers, and `name` text";
            faults.push(fault(format!("cell {} in this file is none", n + 1), label).script(places.begin(&self.at)));
            return None;
        };
        let called = match self.name.as_str().filter(|name| !name.is_empty()) {
            Some(name) => format!("the cell {name:?}"),
            None => format!("cell {}", n + 1),
        };
        for key in all.into_iter().flatten().map(|(key, _)| key).filter(|key| !CELL.contains(&key.as_str())) {
            let message = format!("{called}: InfluxDB keeps no `{key}` of a cell");
            let help = match nearest(key, CELL.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("InfluxDB keeps {}", CELL[..6].join(", ")),
            };
            faults.push(fault(message, "not kept").script(places.key(&with(&self.at, key))).help(help));
        }
        self.shown(&called, places, faults);
        Some(cell)
    }

    /// What is wrong with what it shows.
    fn shown(&self, called: &str, places: &Node, faults: &mut Vec<Fault>) {
        let view = |message: String, label: &str| {
            Fault::new(Code::DashboardView, "file", format!("{called}: {message}"), label)
        };
        let Some((at, shown)) = &self.view else {
            let help =
                "the API shows it with `?include=properties`, and the UI exports it as the view that the cell names";
            let fault = view("the file does not say what it shows".to_owned(), "no `properties`");
            return faults.push(fault.script(places.begin(&self.at)).help(help));
        };
        let said = |key: &str| shown[key].as_str();
        let place = |key: &str| places.begin(&with(at, key));
        if shown.get("type").is_none() && said("shape") == Some("empty") {
            return;
        }
        if !shown["shape"].is_null() && said("shape") != Some("chronograf-v2") {
            let fault = view("InfluxDB has no view of this `shape`".to_owned(), "neither `chronograf-v2` nor `empty`");
            return faults.push(fault.script(place("shape")));
        }
        let ty = said("type").unwrap_or_default();
        let keys = match VIEWS.iter().find(|view| view.ty == ty) {
            Some(view) => kept::keys(view),
            None if ty == MARKDOWN => vec!["shape", "type", "note"],
            None => {
                let fault = match said("type") {
                    Some(ty) => view(format!("InfluxDB has no view of the type `{ty}`"), "unknown"),
                    None => view("its view has no `type`".to_owned(), "does not say what it shows"),
                };
                return faults.push(fault.script(place("type")).help(kept::nearest_type(ty)));
            }
        };
        for Dropped { path, message, label, help } in kept::dropped(ty, &keys, shown, NOISE) {
            let place = places.key(&[at.as_slice(), &path].concat());
            faults.push(Fault { help, ..view(message, label).script(place) });
        }
    }

    /// What is wrong with its queries, and what they reach.
    fn queries(&self, asked: Asked<'_>, said: &mut Said, draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
        let Some((at, view)) = &self.view else { return };
        let Asked { key, text, places, params } = asked;
        for (n, query) in view["queries"].as_array().into_iter().flatten().enumerate() {
            let Some(flux) = query["text"].as_str() else { continue };
            let string = places.value(&[at.as_slice(), &["queries".into(), Step::At(n), "text".into()]].concat());
            // As the server shows it, a query has the record of an earlier run.
            let own = params.record.and_then(|_| without_params(flux, params.name));
            let (flux, taken) = own.as_ref().map_or((flux, 0..0), |(rest, taken)| (rest.as_str(), taken.clone()));
            let whole = |at: usize| if at < taken.start { at } else { at + taken.len() };
            let place = |span: std::ops::Range<usize>| {
                written(text, &string, whole(span.start))..written(text, &string, whole(span.end))
            };
            let Query { faults: found, reaches, sent } = rules::query(flux, params, draft.steps);
            if let Some(Value::List(all)) = said.get_mut("queries")
                && let Some(Value::Table(one)) = all.get_mut(n)
            {
                one.insert("flux".to_owned(), Value::Script(Script::query(sent)));
            }
            let allowed = Allowed::of(flux);
            let is_allowed =
                |fault: &Fault| fault.script.as_ref().is_some_and(|span| allowed.has(fault.code, span.start));
            faults.extend(found.into_iter().filter(|fault| !is_allowed(fault)).map(|fault| Fault {
                message: format!("a query of the cell {key:?}: {}", fault.message),
                script: fault.script.map(place),
                also: fault.also.into_iter().map(|(span, label)| (place(span), label)).collect(),
                ..fault
            }));
            let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            draft.reaches.extend(reaches.into_iter().map(|reference| {
                let place = place(reference.span.range());
                Reference { span: Span::new(at(place.start), at(place.end)), ..reference }
            }));
        }
    }
}
