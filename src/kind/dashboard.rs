//! Dashboards: cells on a grid, and what these show.

mod cell;
mod color;
mod export;
mod fields;
mod file;
mod json;
mod kept;
mod matching;
mod rules;
mod view;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value as Json;

use super::Kind;
use super::live::{self, Desired, Edit, Made, Object, Presence, ReadScope};
use super::one_of::OneOf;
use super::spec::{Items, Key, Spec};
use super::wire::{self, Body, Row, Wire};
use crate::api::{ApiError, Class, Client, Writer};
use crate::field::{Compared, Field, Omitted, Role, Type};
use cell::{CELL, Cell};

pub(super) static SPEC: Spec = Spec {
    doc: "A dashboard. All its cells are made and changed at once, in one request; one that is renamed, moved or shows something else \
          stays the same cell.",
    ty: "dashboards",
    key: Key::LoneName,
    fields: &[
        Field::name("name", Role::Name, "The name."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text("cell", Omitted::Theirs, "All cells, each as a table `[[dashboard.KEY.cell]]`.")
            .of_type(Type::List(&Type::Block(CELL)))
            .by_hand(),
        Field::text(
            "file",
            Omitted::Theirs,
            "A file with all cells in JSON, as the UI exports a dashboard and as the API shows it.",
        )
        .of_type(Type::TextFile(file::JSON))
        .compared(Compared::Never)
        .by_hand(),
        Field::params("Values for the queries of all cells, in one record."),
        Field::labels("All labels of the dashboard."),
        Field::id("The ID of an external dashboard, where several have its name."),
    ],
    one_of: Some(OneOf { fields: &["cell", "file"], words: None }),
    items: Some(Items { field: "cell", aligned: matching::aligned, keyed: cell::rekeyed }),
    check: rules::check,
    export: export::export,
    given: &rules::GIVEN,
    delete_rank: 20,
    hides_labels: true,
    ..Spec::PLAIN
};

/// The key of the cells in the server's JSON, and what has a reply say what they show.
const CELLS: &str = "cells";
const WITH_VIEWS: (&str, &str) = ("include", "properties");
/// Dashboards that are read at once.
const AT_ONCE: usize = 8;

/// The error of a server that takes what it cannot do: it has refused that.
fn refused(error: ApiError) -> ApiError {
    ApiError { class: Class::Refused, ..error }
}

/// Dashboards on a server.
pub(super) struct Live;

impl live::Live for Live {
    // The list of an org is not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire { also: &[CELLS], ..Wire::new(Kind::Dashboard, "/api/v2/dashboards", "dashboards") };

    /// A list does not say what cells show.
    async fn list(api: &Client, orgs: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let dashboards = wire::list::<Self>(api, orgs).await?;
        let whole = dashboards.into_iter().map(async |mut dashboard| {
            if !(asked.field)("cell") || !(asked.object)(&dashboard.id, &dashboard.name) {
                dashboard.fields.remove("cell");
                return Ok::<_, ApiError>(Some(dashboard));
            }
            Ok(match Self::find(api, &dashboard.id).await? {
                Presence::Found(found) => Some(*found),
                // It has gone in between.
                Presence::Absent | Presence::Unreadable(_) | Presence::Unknown(_) | Presence::Hidden => None,
            })
        });
        let all: Vec<Option<Object>> = stream::iter(whole).buffered(AT_ONCE).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        wire::find_with::<Self>(api, id, &[WITH_VIEWS]).await
    }

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        let cells: Vec<Cell> = row.get(CELLS)?.unwrap_or_default();
        object.fields.set("cell", cell::keyed(cells.iter().map(Cell::said).collect()));
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        if edit.live.is_none()
            && let Some(cells) = edit.desired.fields.get("cell")
        {
            body.insert(CELLS.to_owned(), matching::bodies(cells, &[]).into());
        }
        Ok(())
    }

    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
        let made = wire::create::<Self>(api, desired).await?;
        let sent = desired.fields.get("cell").map(|cells| matching::bodies(cells, &[])).unwrap_or_default();
        if sent.is_empty() {
            return Ok(made);
        }
        let path = Self::WIRE.at(&made.object.id);
        let kept = api.get::<Json>(&path, &[WITH_VIEWS]).await.map_err(live::made)?;
        match matching::not_taken(&sent, &kept) {
            None => Ok(made),
            Some(wrong) => Err(refused(live::withdraw(api, &Self::WIRE, &made, &wrong).await)),
        }
    }

    /// Cells are sent with all that the server has of them. A change of these alone is refused: the name goes with them (influxd
    /// 2.9.1, measured).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        let mut also = Body::new();
        let mut sent = Vec::new();
        if let Some(cells) = desired.fields.get("cell").filter(|_| changed.contains(&"cell")) {
            let path = Self::WIRE.at(&live.id);
            let before: Json = api.get(&path, &[WITH_VIEWS]).await?;
            let now: Vec<Cell> = serde_json::from_value(before[CELLS].clone())
                .map_err(|error| ApiError::unexpected("GET", &path, format!("`{CELLS}`: {error}")))?;
            sent = matching::bodies(cells, &now);
            also.insert(CELLS.to_owned(), sent.clone().into());
            also.insert("name".to_owned(), before["name"].clone());
        }
        let reply: Option<Json> = wire::patch::<Self, _>(api, live, desired, changed, also).await?;
        match reply.and_then(|reply| matching::not_taken(&sent, &reply)) {
            Some(wrong) => Err(refused(ApiError::unexpected("PATCH", &Self::WIRE.at(&live.id), wrong))),
            None => Ok(()),
        }
    }
}
