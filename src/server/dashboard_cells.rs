//! The cells of dashboards and their views: `/api/v2/dashboards/{id}/cells` (influxd 2.9.1, measured).

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::dashboard_views as views;
use super::dashboards::{DASHBOARDS, keep, kept};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::plain::Deed;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::store::object;

/// What a dashboard keeps of its cells. Views stay where a change only places cells anew.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Cells {
    cells: Vec<Kept>,
    views: BTreeMap<String, View>,
}

/// A cell.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    id: Id,
    #[serde(flatten)]
    place: Place,
    /// The name of the view that it was sent with, if it was.
    view: Option<String>,
}

/// Where a cell is, and how large.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    x: i64,
    y: i64,
    w: i64,
    h: i64,
}

/// What a cell shows. One that none was sent for in a change of the whole has no ID.
#[derive(Clone, Serialize, Deserialize)]
struct View {
    id: Option<Id>,
    name: String,
    properties: Value,
}

/// A cell as a body has it.
pub(super) struct SentCell {
    pub(super) id: Option<Id>,
    place: Place,
    view: Option<(String, Value)>,
}

impl Place {
    /// Those of its four numbers that are sent.
    fn sent(fields: &Fields) -> Result<[Option<i64>; 4], BodyError> {
        let number = |name| fields.whole(name, "int32");
        Ok([number("x")?, number("y")?, number("w")?, number("h")?])
    }

    fn moved(mut self, [x, y, w, h]: [Option<i64>; 4]) -> Self {
        for (of, sent) in [(&mut self.x, x), (&mut self.y, y), (&mut self.w, w), (&mut self.h, h)] {
            *of = sent.unwrap_or(*of);
        }
        self
    }
}

impl SentCell {
    pub(super) fn read(fields: &Fields) -> Result<Self, BodyError> {
        let name = fields.text("name")?.unwrap_or_default();
        // A view that cannot be read is none.
        let properties = fields.all().get("properties");
        let properties =
            properties.and_then(|sent| Fields::of(sent, "").ok()).and_then(|holder| views::within(&holder).ok());
        let view = match properties {
            None if name.is_empty() => None,
            properties => Some((name, properties.flatten().unwrap_or_else(views::empty))),
        };
        let place = Place::default().moved(Place::sent(&fields.embedded("CellProperty"))?);
        Ok(Self { id: fields.id("id")?, place, view })
    }
}

/// A cell in a reply, with its view if it is shown.
fn cell(dashboard: Id, id: Id, place: Place, view: Option<(&str, &Value)>) -> Value {
    let path = format!("/api/v2/dashboards/{dashboard}/cells/{id}");
    let mut cell = json!({ "id": id });
    let all = cell.as_object_mut().expect("invariant: it is an object");
    all.extend(
        [("x", place.x), ("y", place.y), ("w", place.w), ("h", place.h)].map(|(key, n)| (key.to_owned(), json!(n))),
    );
    if let Some((name, properties)) = view {
        all.insert("properties".to_owned(), properties.clone());
        if !name.is_empty() {
            all.insert("name".to_owned(), json!(name));
        }
    }
    all.insert("links".to_owned(), json!({ "self": path, "view": format!("{path}/view") }));
    cell
}

/// Cells as they were sent.
pub(super) fn shown(dashboard: Id, sent: &[SentCell]) -> Value {
    let shown = |sent: &SentCell| {
        let id = sent.id.expect("invariant: cells have IDs before they are shown");
        cell(dashboard, id, sent.place, sent.view.as_ref().map(|(name, properties)| (name.as_str(), properties)))
    };
    sent.iter().map(shown).collect()
}

impl Kept {
    fn of(sent: &SentCell) -> Self {
        let id = sent.id.expect("invariant: cells have IDs before they are kept");
        Self { id, place: sent.place, view: sent.view.as_ref().map(|(name, _)| name.clone()) }
    }

    /// A reply that is about one cell has nothing of what it shows but the name.
    fn alone(&self, dashboard: Id) -> Value {
        let mut alone = self.shown(dashboard);
        if let Some(all) = alone.as_object_mut() {
            all.remove("properties");
        }
        alone
    }

    fn shown(&self, dashboard: Id) -> Value {
        let empty = views::empty();
        cell(dashboard, self.id, self.place, self.view.as_deref().map(|name| (name, &empty)))
    }
}

impl Cells {
    /// Forgets all cells and the views of those that there are.
    pub(super) fn clear(&mut self) {
        for cell in self.cells.drain(..) {
            self.views.remove(&cell.id.to_string());
        }
    }

    /// Adds cells with their views.
    pub(super) fn take(&mut self, sent: &[SentCell]) {
        for sent in sent {
            let cell = Kept::of(sent);
            let view = match &sent.view {
                Some((name, properties)) => View { id: sent.id, name: name.clone(), properties: properties.clone() },
                None => View { id: None, name: String::new(), properties: views::empty() },
            };
            self.views.insert(cell.id.to_string(), view);
            self.cells.push(cell);
        }
    }

    /// All cells, without what they show.
    pub(super) fn placed(&self, dashboard: Id) -> Value {
        self.cells.iter().map(|cell| cell.shown(dashboard)).collect()
    }

    /// All cells, with what they show.
    ///
    /// # Errors
    /// A cell has none.
    pub(super) fn with_views(&self, dashboard: Id) -> Result<Value, Problem> {
        let shown = |kept: &Kept| {
            let view = self.view(kept.id)?;
            Ok(cell(dashboard, kept.id, kept.place, Some((&view.name, &view.properties))))
        };
        self.cells.iter().map(shown).collect::<Result<_, _>>()
    }

    fn view(&self, cell: Id) -> Result<&View, Problem> {
        self.views.get(&cell.to_string()).ok_or_else(|| Problem::not_found("view not found"))
    }

    fn position(&self, cell: Id) -> Result<usize, Problem> {
        self.cells.iter().position(|kept| kept.id == cell).ok_or_else(|| Problem::not_found("cell not found"))
    }
}

/// The refusal of a change of nothing.
pub(super) fn nothing() -> Problem {
    Problem::invalid("must update at least one attribute")
}

/// What of a dashboard a change is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changed {
    Cells,
    /// Of when a dashboard was changed, these say nothing.
    Views,
}

/// Changes the cells of a dashboard, or their views.
fn change<T>(
    call: &Call,
    id: Id,
    changed: Changed,
    with: impl Fn(&mut Cells) -> Result<T, Problem>,
) -> Result<T, Problem> {
    DASHBOARDS.allowed(call, &call.store().view()?, id, Deed::Patch)?;
    call.store().change(|change| {
        let before = DASHBOARDS.find(change, id)?;
        let mut cells = kept(&before);
        let result = with(&mut cells)?;
        let mut after = before.clone();
        keep(&mut after, &cells);
        match changed {
            Changed::Cells => object::replace(change, &before, &mut after).map(drop)?,
            Changed::Views => object::amend(change, &after)?,
        }
        Ok(result)
    })
}

/// What a body says of a new cell.
struct NewCell {
    place: Place,
    /// Whether it says anything of its place.
    is_placed: bool,
    using: Option<Id>,
    name: Option<String>,
}

fn new_cell(body: &[u8]) -> Result<NewCell, BodyError> {
    let fields = Fields::parse(body, "transport.postDashboardCellRequest")?;
    Ok(NewCell {
        place: Place::default().moved(Place::sent(&fields.embedded("CellProperty"))?),
        is_placed: ["x", "y", "w", "h"].iter().any(|name| fields.all().contains_key(*name)),
        using: fields.id("usingView")?,
        name: fields.text("name")?,
    })
}

pub(super) fn create(call: &Call) -> Result<Reply, Problem> {
    let sent = new_cell(&call.body).map_err(|error| error.invalid("bad request json body"))?;
    let id = call.id("id")?;
    let using = match sent.using {
        Some(cell) => {
            let found = DASHBOARDS.allowed(call, &call.store().view()?, id, Deed::Read)?;
            Some(kept(&found).view(cell)?.clone())
        }
        None if sent.name.is_none() && !sent.is_placed => return Err(Problem::invalid("req body is empty")),
        None => None,
    };
    let cell = Kept { id: call.store().ids.next(), place: sent.place, view: None };
    let properties = using.as_ref().map_or_else(views::empty, |view| view.properties.clone());
    let name = sent.name.or(using.map(|view| view.name)).unwrap_or_default();
    let view = View { id: Some(cell.id), name, properties };
    change(call, id, Changed::Cells, |cells| {
        cells.views.insert(cell.id.to_string(), view.clone());
        cells.cells.push(cell.clone());
        Ok(())
    })?;
    Reply::indented(StatusCode::CREATED, &cell.alone(id))
}

/// Sets which cells there are, in what order and where; their views stay as they are.
pub(super) fn put(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let read = || {
        let cells = Fields::parse_list(&call.body, "[]*influxdb.Cell")?;
        cells.iter().map(SentCell::read).collect::<Result<Vec<_>, BodyError>>()
    };
    let sent = read().map_err(BodyError::plain)?;
    change(call, id, Changed::Cells, |cells| {
        for cell in &sent {
            let id = cell.id.ok_or_else(|| Problem::invalid("cannot provide empty cell id"))?;
            cells.position(id).map_err(|_| Problem::conflict("cannot replace cells that were not already present"))?;
        }
        cells.cells = sent.iter().map(Kept::of).collect();
        Ok(())
    })?;
    let links = json!({ "self": format!("/api/v2/dashboards/{id}/cells") });
    Reply::indented(StatusCode::CREATED, &json!({ "cells": shown(id, &sent), "links": links }))
}

pub(super) fn patch(call: &Call) -> Result<Reply, Problem> {
    let (id, cell) = (call.id("id")?, call.id("cell")?);
    let read = || Place::sent(&Fields::parse(&call.body, "influxdb.CellUpdate")?);
    let sent = read().map_err(BodyError::bare)?;
    if sent.iter().all(Option::is_none) {
        return Err(nothing());
    }
    let changed = change(call, id, Changed::Cells, |cells| {
        let at = cells.position(cell)?;
        let cell = &mut cells.cells[at];
        cell.place = cell.place.moved(sent);
        Ok(cell.clone())
    })?;
    Reply::indented(StatusCode::OK, &changed.alone(id))
}

pub(super) fn delete(call: &Call) -> Result<Reply, Problem> {
    let (id, cell) = (call.id("id")?, call.id("cell")?);
    change(call, id, Changed::Cells, |cells| {
        let at = cells.position(cell)?;
        cells.cells.remove(at);
        cells.views.remove(&cell.to_string());
        Ok(())
    })?;
    Ok(Reply::no_content())
}

fn view_reply(dashboard: Id, cell: Id, view: &View) -> Result<Reply, Problem> {
    let mut all = serde_json::Map::new();
    if let Some(id) = view.id {
        all.insert("id".to_owned(), json!(id));
    }
    all.insert("name".to_owned(), json!(view.name));
    all.insert("links".to_owned(), json!({ "self": format!("/api/v2/dashboards/{dashboard}/cells/{cell}") }));
    all.insert("properties".to_owned(), view.properties.clone());
    Reply::indented(StatusCode::OK, &all)
}

pub(super) fn get_view(call: &Call) -> Result<Reply, Problem> {
    let (id, cell) = (call.id("id")?, call.id("cell")?);
    let found = DASHBOARDS.allowed(call, &call.store().view()?, id, Deed::Read)?;
    view_reply(id, cell, kept(&found).view(cell)?)
}

/// A name alone takes all that the cell shows away.
pub(super) fn patch_view(call: &Call) -> Result<Reply, Problem> {
    let (id, cell) = (call.id("id")?, call.id("cell")?);
    let read = || {
        let fields = Fields::parse(&call.body, "influxdb.ViewContentsUpdate")?;
        Ok::<_, BodyError>((fields.text("name")?, views::within(&fields)?))
    };
    let (name, properties) = read().map_err(BodyError::plain)?;
    let view = change(call, id, Changed::Views, |cells| {
        let view = cells.view(cell)?.clone();
        if name.is_none() && properties == Some(views::empty()) {
            return Err(Problem::invalid("expected at least one attribute to be updated"));
        }
        let name = name.clone().unwrap_or(view.name);
        let properties = properties.clone().unwrap_or(view.properties);
        let view = View { id: view.id, name, properties };
        cells.views.insert(cell.to_string(), view.clone());
        Ok(view)
    })?;
    view_reply(id, cell, &view)
}
