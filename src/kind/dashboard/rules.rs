//! What is wrong with the cells of a dashboard, and the form in which they come back from a server.

use super::cell::{self, COLUMNS, ROWS, Said};
use super::color::KEYS;
use super::file;
use super::json;
use super::kept::{self, Dropped};
use super::view::{VIEWS, View};
use crate::diagnostic::Code;
use crate::flux::parser::parse;
use crate::flux::refs::{Reference, Steps};
use crate::kind::draft::{Draft, Fault};
use crate::kind::expression::Words;
use crate::kind::script;
use crate::lint::Setting;
use crate::value::Value;

/// The names that dashboards give to their queries.
pub(super) const GIVEN: [&str; 1] = ["v"];
/// What is said of expressions of the manifests in a query.
const QUERY: Words<'_> = Words {
    code: Code::FluxName,
    field: "cell",
    given: &GIVEN,
    message: "cannot be used in the query of a cell: nothing of the manifest is put into it",
    advice: &|one| {
        match one.root() {
        "each" => "write a file for each key, and `flux = { file = \"flux/NAME_${each.key}.flux\" }`; or let a variable of the dashboard choose, as `v.NAME`".to_owned(),
        "bucket" => "write the name of the bucket itself".to_owned(),
        _ => "write the value itself, or take it from a variable of the dashboard, as `v.NAME`".to_owned(),
    }
    },
};
/// The fields that say what a cell shows without any query.
const WITHOUT_QUERY: [&str; 2] = ["markdown", "empty"];

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    if let Some(text) = draft.script {
        return file::check(draft, text, faults);
    }
    let Some(Value::List(cells)) = draft.fields.get("cell") else { return };
    let mut cells: Vec<Said> =
        cells.iter().filter_map(|cell| if let Value::Table(cell) = cell { Some(cell.clone()) } else { None }).collect();
    let known = faults.len();
    for (at, said) in cells.iter_mut().enumerate() {
        let cell = One { path: format!("cell[{at}]") };
        cell.look(said, draft, faults);
    }
    faults.extend(overlaps(&cells));
    let is_wrong = faults[known..].iter().any(|fault| fault.severity == crate::diagnostic::Severity::Error);
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

    fn look(&self, said: &mut Said, draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
        if let Some((message, field)) = off_grid(said) {
            faults.push(self.fault(Code::DashboardLayout, field, message, "not on the grid"));
        }
        self.sort(said, faults);
        let mut queries = Vec::new();
        if let Some(flux) = said.remove("flux") {
            if said.contains_key("queries") {
                let message = "a cell has either `flux` or `queries`";
                faults.push(self.fault(Code::DashboardView, "queries", message, "has `flux` too"));
            }
            queries.push((format!("{}.flux", self.path), flux.clone()));
            said.insert("queries".to_owned(), Value::List(vec![Value::Table([("flux".to_owned(), flux)].into())]));
        } else if let Some(Value::List(said)) = said.get("queries") {
            for (n, query) in said.iter().enumerate() {
                if let Value::Table(query) = query
                    && let Some(flux) = query.get("flux")
                {
                    queries.push((format!("{}.queries[{n}].flux", self.path), flux.clone()));
                }
            }
        }
        for (path, flux) in queries {
            let Value::Script(flux) = flux else { continue };
            let (found, reached) = query("cell", flux.source().unwrap_or_default(), draft.steps);
            faults.extend(found.into_iter().map(|fault| fault.inner(&path)));
            draft.reaches_within.extend(reached.into_iter().map(|reference| (path.clone(), reference)));
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

/// What is wrong with a query that stands in `field`, and what it reaches. The server keeps any text, and the cell shows an error.
pub(super) fn query(field: &'static str, flux: &str, steps: &Steps) -> (Vec<Fault>, Vec<Reference>) {
    let parsed = parse(flux);
    let words = Words { field, ..QUERY };
    let forms = script::forms(field, &parsed, |mistake| words.help(flux, mistake));
    if !parsed.is_sound() {
        return (forms, Vec::new());
    }
    let asked = words.faults(&parsed.script);
    let mut faults = script::names(field, &parsed.script, &GIVEN, &asked);
    faults.extend(asked);
    let followed = script::followed(field, &parsed.script, &[], steps, &mut faults);
    faults.extend(script::lints(field, &parsed.script, &followed, Setting::of_dashboard()));
    faults.extend(forms);
    (faults, followed.references.all)
}
