//! A dashboard in a file: as the UI exports it, or as the API shows it.

use serde_json::{Value as Json, json};

use super::cell::{self, Cell, Said};
use super::rules;
use crate::diagnostic::Code;
use crate::field::TextFile;
use crate::flux::ast::Span;
use crate::flux::parser::parse;
use crate::flux::refs::{Reference, references};
use crate::kind::spec::{Draft, Fault};
use crate::value::Value;

pub(super) const JSON: TextFile = TextFile { what: "dashboard", ending: "json", named: true };

/// Puts the cells of the file `text` into the draft, and what their queries reach.
pub(super) fn check(draft: &mut Draft<'_>, text: &str, faults: &mut Vec<Fault>) {
    let fault = |message: String, label: &str| Fault::new(Code::DashboardFile, "file", message, label);
    let cells = match cells(text) {
        Ok(cells) => cells,
        Err(wrong) => {
            faults.push(*wrong);
            return;
        }
    };
    if (draft.written)("cell") {
        let message = "a dashboard has either `file` or `cell`".to_owned();
        faults.push(fault(message, "has `cell` too").other("cell"));
        return;
    }
    let said: Vec<Said> = cells.iter().map(Cell::said).map(|said| cell::as_it_comes_back(&said)).collect();
    let keyed = cell::keyed(said);
    if let Some(why) = rules::layout(&cell::in_order(&keyed)) {
        let message = format!("the dashboard in this file cannot be laid out: {why}");
        faults.push(Fault { code: Code::DashboardLayout, ..fault(message, "not on the grid") });
    }
    for (key, said) in cell::in_order(&keyed) {
        let queries = said.get("queries").map(Value::scripts).unwrap_or_default();
        for query in queries {
            let parsed = parse(query.source().unwrap_or_default());
            let wrong = parsed.errors().into_iter().next();
            faults.extend(wrong.map(|mistake| {
                let message = format!("a query of the cell {key:?}: {}", mistake.message);
                let fault = Fault::new(Code::FluxSyntax, "file", message, mistake.label);
                if parsed.is_accepted() { fault.warning() } else { fault }
            }));
            if parsed.is_sound() {
                // Where in the file the query stands, the JSON does not tell.
                let all = references(&parsed.script, &[]).all;
                draft.reaches.extend(all.into_iter().map(|one| Reference { span: Span::empty(0), ..one }));
            }
        }
    }
    draft.fields.set("cell", keyed);
}

/// The cells in a file.
fn cells(text: &str) -> Result<Vec<Cell>, Box<Fault>> {
    let fault = |message: &str, label: &str| Box::new(Fault::new(Code::DashboardFile, "file", message, label));
    let json: Json = serde_json::from_str(text).map_err(|error| {
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = text.floor_char_boundary(lines + error.column().saturating_sub(1));
        Box::new(fault("a dashboard in a file must be JSON", &error.to_string()).script(at..at))
    })?;
    let cells = match (&json["content"]["included"], &json["cells"]) {
        (Json::Array(included), _) => exported(included),
        (_, Json::Array(cells)) => cells.clone(),
        _ => {
            let help =
                "export the dashboard in the UI, or take the reply to `GET /api/v2/dashboards/ID?include=properties`";
            let fault = fault("this file has no cells of a dashboard", "neither `content.included` nor `cells`");
            return Err(Box::new(fault.help(help)));
        }
    };
    // What is read may be anything: nothing of it is shown.
    let of = |(at, cell): (usize, Json)| {
        let message = format!("cell {} in this file is none", at + 1);
        let label = "`x`, `y`, `w` and `h` must be whole numbers, and `name` text";
        serde_json::from_value(cell).map_err(|_| fault(&message, label))
    };
    cells.into_iter().enumerate().map(of).collect()
}

/// The cells that the UI has exported, each with the view that it names.
fn exported(included: &[Json]) -> Vec<Json> {
    let of_type = |ty: &'static str| included.iter().filter(move |one| one["type"] == ty);
    let view = |id: &Json| of_type("view").find(|view| view["id"] == *id);
    let cell = |cell: &Json| {
        let mut all = cell["attributes"].clone();
        if all.is_object()
            && let Some(view) = view(&cell["relationships"]["view"]["data"]["id"])
        {
            all["name"] = match &view["attributes"]["name"] {
                Json::String(name) => json!(name),
                _ => json!(""),
            };
            all["properties"] = view["attributes"]["properties"].clone();
        }
        all
    };
    of_type("cell").map(cell).collect()
}
