//! `/api/v2/dashboards` (influxd 2.9.1, measured). A dashboard keeps where its cells are, and what they show in views beside it:
//! only a reply to what sent views has them, or one to `include=properties`.

use axum::routing::MethodFilter;
use http::StatusCode;

use super::auth::{Action, ResourceType};
use super::dashboard_cells::{self, Cells, SentCell};
use super::json::{BodyError, Fields};
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List, ListLinks, Paged};
use super::plain::{Deed, Handlers, Plain};
use super::problem::Problem;
use super::reply::Reply;
use super::request::{Call, Query, flag};
use super::routes::{Routes, indented};
use super::store::column::{Cell, Column, Holds, ID, LINKS, ORG, Shown, text};
use super::store::object::{self, Class, Object};

pub(super) static DASHBOARDS: Plain = Plain {
    handlers: Handlers { create, get, patch, ..Handlers::BY_TABLE },
    list: List {
        links: ListLinks::Pages,
        paged: Paged::AcrossOrgs,
        filters: &[
            Filter { parameter: "id", by: By::Id },
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "org", by: By::OrgName },
        ],
        sort,
        ..List::new("dashboards")
    },
    links: &[
        ("self", "/api/v2/dashboards/{id}"),
        ("members", "/api/v2/dashboards/{id}/members"),
        ("owners", "/api/v2/dashboards/{id}/owners"),
        ("cells", "/api/v2/dashboards/{id}/cells"),
        ("labels", "/api/v2/dashboards/{id}/labels"),
        ("org", "/api/v2/orgs/{orgID}"),
    ],
    patch: Some(Body::bare("influxdb.DashboardUpdate")),
    missing: "dashboard not found",
    ..Plain::new(
        Api { labels: true, members: true, more: routes, ..Api::new("dashboards", ResourceType::Dashboards) },
        &CLASS,
    )
};

static CLASS: Class = Class {
    name: "dashboards",
    columns: &[
        ID,
        ORG,
        text("name"),
        text("description"),
        Column::new("meta", Holds::Times).fixed(),
        Column::new(KEPT, Holds::Json(|value| Ok(value.clone()))).shown(Shown::Never),
        Column::new(CELLS, Holds::Derived(|_, dashboard| Ok(Some(cells(dashboard))))).fixed(),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
    ],
    unique: None,
    goes_with: None,
};

/// What is kept of the cells.
const KEPT: &str = "kept";
/// What is shown of them.
const CELLS: &str = "cells";

fn routes() -> Routes {
    let cells =
        indented(MethodFilter::POST, dashboard_cells::create).merge(indented(MethodFilter::PUT, dashboard_cells::put));
    let cell = indented(MethodFilter::PATCH, dashboard_cells::patch)
        .merge(indented(MethodFilter::DELETE, dashboard_cells::delete));
    let view = indented(MethodFilter::GET, dashboard_cells::get_view)
        .merge(indented(MethodFilter::PATCH, dashboard_cells::patch_view));
    Routes::new()
        .route("/api/v2/dashboards/{id}/cells", cells)
        .route("/api/v2/dashboards/{id}/cells/{cell}", cell)
        .route("/api/v2/dashboards/{id}/cells/{cell}/view", view)
}

/// The cells that an object has.
pub(super) fn kept(dashboard: &Object) -> Cells {
    match dashboard.value(KEPT) {
        Cell::Json(kept) => serde_json::from_value((**kept).clone()).expect("invariant: what is kept is what was put"),
        _ => Cells::default(),
    }
}

/// Puts cells into an object.
pub(super) fn keep(dashboard: &mut Object, cells: &Cells) {
    let kept = serde_json::to_value(cells).expect("invariant: cells are JSON");
    *dashboard.value_mut(KEPT) = Cell::Json(Box::new(kept));
}

/// What a reply has of the cells: what was set for it, or where they are.
fn cells(dashboard: &Object) -> Cell {
    match dashboard.value(CELLS) {
        Cell::Nothing => Cell::Json(Box::new(kept(dashboard).placed(dashboard.id))),
        set => set.clone(),
    }
}

/// By ID but where times are asked for.
fn sort(query: &Query, dashboards: &mut [Object]) {
    match query.get("sortBy") {
        Some("CreatedAt") => dashboards.sort_by_key(|dashboard| dashboard.times.map(|(created, _)| created)),
        Some("UpdatedAt") => dashboards.sort_by_key(|dashboard| dashboard.times.map(|(_, updated)| updated)),
        _ => {
            dashboards.sort_by_key(|dashboard| dashboard.id);
            if query.get("descending").and_then(flag) == Some(true) {
                dashboards.reverse();
            }
        }
    }
}

/// What a body says of a dashboard.
struct Sent {
    name: Option<String>,
    description: Option<String>,
    cells: Option<Vec<SentCell>>,
}

impl Sent {
    fn read(fields: &Fields) -> Result<Self, BodyError> {
        let cells = fields.items("cells", "*influxdb.Cell")?;
        Ok(Self {
            name: fields.text("name")?,
            description: fields.text("description")?,
            cells: cells.map(|cells| cells.iter().map(SentCell::read).collect()).transpose()?,
        })
    }

    fn put_into(&self, dashboard: &mut Object) {
        for (column, sent) in [("name", &self.name), ("description", &self.description)] {
            if let Some(sent) = sent {
                *dashboard.value_mut(column) = sent.as_str().into();
            }
        }
    }
}

fn create(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let read = || {
        let fields = Fields::parse(&call.body, "influxdb.Dashboard")?;
        Ok((fields.id("orgID")?, Sent::read(&fields)?))
    };
    let (org, mut sent) = read().map_err(BodyError::unmarshal)?;
    let org = org.ok_or_else(|| Problem::invalid(plain.org_needed))?;
    let store = call.store();
    let mut dashboard = Object::new(&CLASS, store.ids.next(), Some(org));
    call.caller()?.require(&super::auth::Permission::in_org(Action::Write, ResourceType::Dashboards, org))?;
    sent.put_into(&mut dashboard);
    for cell in sent.cells.iter_mut().flatten() {
        cell.id = Some(store.ids.next());
    }
    place(&mut dashboard, sent.cells.as_deref().unwrap_or_default(), |_| {});
    store.change(|change| object::insert(change, &dashboard).map(drop))?;
    plain.reply(call, StatusCode::CREATED, dashboard)
}

/// Puts cells with their views into an object, and shows them as they were sent.
fn place(dashboard: &mut Object, sent: &[SentCell], first: impl FnOnce(&mut Cells)) {
    let mut cells = kept(dashboard);
    first(&mut cells);
    cells.take(sent);
    keep(dashboard, &cells);
    *dashboard.value_mut(CELLS) = Cell::Json(Box::new(dashboard_cells::shown(dashboard.id, sent)));
}

fn get(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let mut found = plain.allowed(call, &call.store().view()?, call.id("id")?, Deed::Read)?;
    if call.query.get("include") == Some("properties") {
        let cells = kept(&found).with_views(found.id)?;
        *found.value_mut(CELLS) = Cell::Json(Box::new(cells));
    }
    plain.reply(call, StatusCode::OK, found)
}

/// Who may write and not read changes it, and is told that it may not read.
fn patch(plain: &'static Plain, call: &Call) -> Result<Reply, Problem> {
    let read = || Sent::read(&Fields::parse(&call.body, "influxdb.DashboardUpdate")?);
    let mut sent = read().map_err(BodyError::bare)?;
    let id = call.id("id")?;
    if sent.name.is_none() && sent.description.is_none() {
        return Err(dashboard_cells::nothing());
    }
    plain.allowed(call, &call.store().view()?, id, Deed::Patch)?;
    for cell in sent.cells.iter_mut().flatten() {
        cell.id.get_or_insert_with(|| call.store().ids.next());
    }
    let changed = call.store().change(|change| {
        let before = plain.find(change, id)?;
        let mut after = before.clone();
        sent.put_into(&mut after);
        if let Some(cells) = &sent.cells {
            place(&mut after, cells, Cells::clear);
        }
        object::replace(change, &before, &mut after)?;
        Ok::<_, Problem>(after)
    })?;
    plain.allowed(call, &call.store().view()?, id, Deed::Read)?;
    plain.reply(call, StatusCode::OK, changed)
}
