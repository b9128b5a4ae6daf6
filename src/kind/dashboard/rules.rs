//! What is wrong with the cells of a dashboard, and the form in which they come back from a server.

use super::cell::{self, COLUMNS, ROWS, Said};
use super::color::KEYS;
use super::file;
use super::json;
use super::kept::{self, Dropped};
use super::view::{VIEWS, View};
use crate::diagnostic::Code;
use crate::flux::Literal;
use crate::flux::parser::parse;
use crate::flux::refs::{Reference, Steps};
use crate::kind::draft::{Draft, Fault};
use crate::kind::params::{self, Params};
use crate::kind::{script, shown};
use crate::lint::Setting;
use crate::value::{Script, Value};

/// The names that dashboards give to their queries.
pub(super) const GIVEN: [&str; 1] = [shown::RECORD];
/// The fields that say what a cell shows without any query.
const WITHOUT_QUERY: [&str; 2] = ["markdown", "empty"];

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let record = draft.params.take();
    faults.extend(params::secrets(record.as_ref()));
    if let Some(text) = draft.script {
        let params = queries("file", draft, record.as_ref());
        return file::check(draft, text, params, faults);
    }
    let params = queries("cell", draft, record.as_ref());
    let Some(Value::List(cells)) = draft.fields.get("cell") else { return };
    let mut cells: Vec<Said> =
        cells.iter().filter_map(|cell| if let Value::Table(cell) = cell { Some(cell.clone()) } else { None }).collect();
    let known = faults.len();
    for (at, said) in cells.iter_mut().enumerate() {
        let cell = One { path: format!("cell[{at}]") };
        cell.look(said, params, draft, faults);
    }
    faults.extend(overlaps(&cells));
    let is_wrong = faults[known..].iter().any(Fault::stops);
    if is_wrong {
        draft.fields.remove("cell");
    } else {
        let cells = cells.iter().map(cell::as_it_comes_back).collect();
        draft.fields.set("cell", cell::keyed(cells));
    }
}

/// Why the grid has no room for cells, if it has none.
pub(super) fn layout(cells: &[(&str, &Said)]) -> Option<String> {
    let named = |(key, said): &(&str, &Said)| off_grid(said).map(|(message, _)| format!("its cell {key:?}: {message}"));
    let said: Vec<Said> = cells.iter().map(|(_, said)| (*said).clone()).collect();
    cells.iter().find_map(named).or_else(|| {
        let (first, second) = overlapping(&said).next()?;
        Some(format!("its cells {:?} and {:?} overlap", cells[first].0, cells[second].0))
    })
}

/// Why a cell does not lie on the grid, and the field that says so.
pub(super) fn off_grid(said: &Said) -> Option<(String, &'static str)> {
    let Some((x, y)) = cell::pair(said, "at") else {
        return Some(("`at` must be two whole numbers, the column and the row".to_owned(), "at"));
    };
    let Some((w, h)) = cell::pair(said, "size") else {
        return Some(("`size` must be two whole numbers, the width and the height".to_owned(), "size"));
    };
    if x < 0 || y < 0 || x >= COLUMNS {
        return Some((format!("a cell begins in columns 0 to {}, in row 0 or below", COLUMNS - 1), "at"));
    }
    if w < 1 || h < 1 {
        return Some(("a cell is at least 1 column wide and 1 row high".to_owned(), "size"));
    }
    if w > COLUMNS - x {
        let end = x.saturating_add(w);
        return Some((format!("a dashboard has {COLUMNS} columns, and this cell ends in column {end}"), "size"));
    }
    (y.saturating_add(h) > ROWS).then(|| {
        let field = if y >= ROWS { "at" } else { "size" };
        (format!("a dashboard has at most {ROWS} rows, and this cell ends in row {}", y.saturating_add(h)), field)
    })
}

/// Cells that lie over another one, each with one of these: from the top down, by what reaches furthest in each column.
pub(super) fn overlapping(cells: &[Said]) -> impl Iterator<Item = (usize, usize)> {
    let area = |n: usize| Some((cell::pair(&cells[n], "at")?, cell::pair(&cells[n], "size")?));
    let mut areas: Vec<_> = (0..cells.len()).filter_map(|n| Some((n, area(n)?))).collect();
    areas.sort_by_key(|(n, ((_, y), _))| (*y, *n));
    let mut reach = [(i64::MIN, 0); COLUMNS as usize];
    let mut found = Vec::new();
    for (n, ((x, y), (w, h))) in areas {
        let columns = usize::try_from(x.clamp(0, COLUMNS)).unwrap_or(0)
            ..usize::try_from(x.saturating_add(w).clamp(0, COLUMNS)).unwrap_or(0);
        let Some(columns) = reach.get_mut(columns) else { continue };
        if let Some((_, other)) = columns.iter().find(|(end, _)| *end > y) {
            found.push((n.min(*other), n.max(*other)));
        }
        for column in columns {
            *column = (*column).max((y.saturating_add(h), n));
        }
    }
    found.sort_unstable_by_key(|(_, second)| *second);
    found.into_iter()
}

fn overlaps(cells: &[Said]) -> impl Iterator<Item = Fault> {
    overlapping(cells).map(|(first, second)| {
        let at = |n: usize| cell::pair(&cells[n], "at").unwrap_or_default();
        let (message, (x, y)) = ("two cells of a dashboard overlap".to_owned(), at(first));
        let fault = Fault::new(Code::DashboardLayout, "cell", message, "lies over another cell");
        fault.inner(format!("cell[{second}].at")).help(format!("the other one is at [{x}, {y}]"))
    })
}

/// One cell of a manifest.
struct One {
    path: String,
}

impl One {
    fn fault(&self, code: Code, field: &str, message: impl Into<String>, label: &str) -> Fault {
        let path = if field.is_empty() { self.path.clone() } else { format!("{}.{field}", self.path) };
        Fault::new(code, "cell", message, label).inner(path)
    }

    fn look(&self, said: &mut Said, params: Params<'_>, draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
        if let Some((message, field)) = off_grid(said) {
            faults.push(self.fault(Code::DashboardLayout, field, message, "not on the grid"));
        }
        self.sort(said, faults);
        let single = said.remove("flux");
        let is_single = single.is_some();
        if let Some(flux) = single {
            if said.contains_key("queries") {
                let message = "a cell has either `flux` or `queries`";
                faults.push(self.fault(Code::DashboardView, "queries", message, "has `flux` too"));
            }
            said.insert("queries".to_owned(), Value::List(vec![Value::Table([("flux".to_owned(), flux)].into())]));
        }
        if let Some(Value::List(all)) = said.get_mut("queries") {
            for (n, one) in all.iter_mut().enumerate() {
                let Value::Table(one) = one else { continue };
                let Some(Value::Script(flux)) = one.get("flux") else { continue };
                let path = match is_single {
                    true => format!("{}.flux", self.path),
                    false => format!("{}.queries[{n}].flux", self.path),
                };
                let Query { faults: found, reaches, sent } =
                    query(flux.source().unwrap_or_default(), params, draft.steps);
                one.insert("flux".to_owned(), Value::Script(Script::query(sent)));
                faults.extend(found.into_iter().map(|fault| fault.inner(&path)));
                draft.reaches_within.extend(reaches.into_iter().map(|reference| (path.clone(), reference)));
            }
        }
        if let Some((view, options)) = cell::view_of(said) {
            self.colors(view, options, faults);
            self.properties(view, said.get("properties"), faults);
        }
    }

    /// A cell shows one thing.
    fn sort(&self, said: &Said, faults: &mut Vec<Fault>) {
        let words = VIEWS.iter().map(|view| view.word).chain(WITHOUT_QUERY);
        let shown: Vec<&'static str> = words.filter(|word| said.contains_key(*word)).collect();
        match shown.as_slice() {
            [] => {
                let message = "a cell needs one of `xy`, `single_stat`, `table`, `markdown` and the like";
                let fault = self.fault(Code::DashboardView, "", message, "does not say what it shows");
                faults.push(fault.help("write for example `xy = {}`, or `empty = true` for a cell that shows nothing"));
            }
            [word] if WITHOUT_QUERY.contains(word) => {
                let others = ["flux", "queries", "properties"];
                if let Some(other) = others.into_iter().find(|field| said.contains_key(*field)) {
                    let message = format!("a cell with `{word}` has no `{other}`");
                    faults.push(self.fault(Code::DashboardView, other, message, "not allowed here"));
                } else if said.get(*word) == Some(&Value::Bool(false)) {
                    let message = "`empty` can only be `true`";
                    faults.push(self.fault(Code::DashboardView, word, message, "says nothing"));
                }
            }
            [_] => {}
            [first, second, ..] => {
                let message = format!("a cell cannot have both `{first}` and `{second}`");
                faults.push(self.fault(Code::DashboardView, second, message, "it shows one thing"));
            }
        }
    }

    fn colors(&self, view: &View, options: &Value, faults: &mut Vec<Fault>) {
        let (Some(palette), Value::Table(options)) = (view.palette, options) else { return };
        let Some(Value::List(colors)) = options.get("colors") else { return };
        for (n, color) in colors.iter().enumerate() {
            let is_one = match color {
                Value::Text(_) => true,
                Value::Table(table) if !palette.is_plain() => {
                    let is_typed = |(word, value): (&String, &Value)| match word.as_str() {
                        "from" => matches!(value, Value::Integer(_) | Value::Number(_)),
                        word => KEYS.iter().any(|(known, _)| *known == word) && matches!(value, Value::Text(_)),
                    };
                    table.contains_key("hex") && table.iter().all(is_typed)
                }
                _ => false,
            };
            if !is_one {
                let what = if palette.is_plain() {
                    "a string such as `\"#31C0F6\"`"
                } else {
                    "a string such as `\"#31C0F6\"`, or a table with `hex` and `from`, `type`, `name` or `id`"
                };
                let message = format!("a color of this view must be {what}");
                let field = format!("{}.colors", view.word);
                faults.push(self.fault(Code::DashboardView, &field, message, &format!("color {} is none", n + 1)));
            }
        }
    }

    fn properties(&self, view: &View, said: Option<&Value>, faults: &mut Vec<Fault>) {
        match said {
            None => {}
            Some(Value::Table(said)) => {
                let whole = json::json(&Value::Table(said.clone()));
                let keys: Vec<&'static str> = view.keys().collect();
                for Dropped { message, label, help, .. } in kept::dropped(view.ty, &keys, &whole, &[]) {
                    faults.push(Fault { help, ..self.fault(Code::DashboardView, "properties", message, label) });
                }
                let rest = view.rest(&whole);
                let other = said.iter().find(|(key, value)| {
                    let json = json::without_empty(json::json(value));
                    view.has_key(key)
                        && rest.get(key.as_str()).cloned().unwrap_or_default() != json
                        && !json::is_empty(&json)
                });
                if let Some((key, _)) = other {
                    let message = format!("`properties.{key}` has what `{}` has a word for", view.word);
                    let fault = self.fault(Code::DashboardView, "properties", message, "said there");
                    faults.push(fault.help(format!("write it in `{}`", view.word)));
                }
            }
            Some(_) => {
                let message = "`properties` must be a table";
                faults.push(self.fault(Code::DashboardView, "properties", message, "no table"));
            }
        }
    }
}

/// The parameters of the queries in `field`.
fn queries<'r>(field: &'static str, draft: &Draft<'_>, record: Option<&'r Literal>) -> Params<'r> {
    Params::of(draft, record, field, "dashboard", &GIVEN)
}

/// A query of a cell.
pub(super) struct Query {
    pub(super) faults: Vec<Fault>,
    pub(super) reaches: Vec<Reference>,
    /// The text that the server gets.
    pub(super) sent: String,
}

/// What is wrong with a query, and what it reaches. The server keeps any text, and the cell shows an error.
pub(super) fn query(flux: &str, params: Params<'_>, steps: &Steps) -> Query {
    let parsed = parse(flux);
    let forms = script::forms(params.field, &parsed, |mistake| params.help(flux, mistake));
    let (mut faults, mut reaches, mut sent) = (Vec::new(), Vec::new(), flux.to_owned());
    if parsed.is_sound() {
        let followed = params.look(&parsed.script, Setting::of_dashboard(), steps, &mut faults);
        reaches = shown::reaches(&parsed.script, followed);
        sent = params.before(&parsed.script, &mut faults);
    }
    faults.extend(forms);
    Query { faults, reaches, sent }
}
