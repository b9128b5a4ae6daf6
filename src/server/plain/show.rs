//! Objects of plain kinds on the wire.

use std::fmt::Display;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::Plain;
use crate::server::auth::Caller;
use crate::server::id::Id;
use crate::server::links::Links;
use crate::server::problem::Problem;
use crate::server::relations;
use crate::server::reply::{Reply, Style};
use crate::server::request::Call;
use crate::server::store::View;
use crate::server::store::column::{Cell, Column, Holds, Shown as When};
use crate::server::store::object::Object;

/// An object as replies have it: names and what stands under them.
pub(in crate::server) struct Shown(Vec<(&'static str, Entry)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Id(Id),
    Time(Timestamp),
    Times(Times),
    Cell(Cell),
    Labels(Vec<Shown>),
    Links(Links),
}

/// When an object was made and last changed.
#[derive(Serialize)]
struct Times {
    #[serde(rename = "createdAt")]
    created: Timestamp,
    #[serde(rename = "updatedAt")]
    updated: Timestamp,
}

impl Plain {
    /// An object that shows nothing of others.
    pub(in crate::server) fn bare(&self, object: Object) -> Shown {
        self.assembled(object, Vec::new())
    }

    /// An object with what its kind shows of others.
    pub(super) fn shown(&self, view: &View, caller: &Caller, object: Object) -> Result<Shown, Problem> {
        let mut others = Vec::new();
        for column in self.class.columns {
            match (column.shown, column.holds) {
                (When::If(there), _) if !there(view, &object)? => others.push((column.name, None)),
                (_, Holds::Derived(derive)) => others.push((column.name, derive(view, &object)?.map(Entry::Cell))),
                (_, Holds::Labels) => {
                    let labels = relations::labels_of(view, &self.api, caller, object.id)?;
                    others.push((column.name, Some(Entry::Labels(labels))));
                }
                _ => {}
            }
        }
        Ok(self.assembled(object, others))
    }

    /// The columns in order; `others` are those that follow from other objects, or are left out because of them.
    fn assembled(&self, object: Object, others: Vec<(&'static str, Option<Entry>)>) -> Shown {
        let Object { id, org, times, values, .. } = object;
        let mut others = others.into_iter().peekable();
        let mut entries = Vec::with_capacity(values.len());
        let mut links = None;
        for (column, cell) in self.class.columns.iter().zip(values) {
            let entry = match others.next_if(|(name, _)| *name == column.name) {
                Some((_, entry)) => entry,
                None => match column.holds {
                    Holds::Id | Holds::ChosenId => Some(Entry::Id(id)),
                    Holds::Org => org.map(Entry::Id),
                    Holds::Created => times.map(|(created, _)| Entry::Time(created)),
                    Holds::Updated => times.map(|(_, updated)| Entry::Time(updated)),
                    Holds::Times => times.map(|(created, updated)| Entry::Times(Times { created, updated })),
                    Holds::Links => {
                        links = Some((entries.len(), column.name));
                        None
                    }
                    _ if is_left_out(column, &cell) => None,
                    _ => Some(Entry::Cell(cell)),
                },
            };
            entries.extend(entry.map(|entry| (column.name, entry)));
        }
        let mut shown = Shown(entries);
        if let Some((at, name)) = links {
            let links = self.links(&shown);
            shown.0.insert(at, (name, Entry::Links(links)));
        }
        shown
    }

    fn links(&self, shown: &Shown) -> Links {
        let path = format!("/api/v2/{}", self.api.path);
        Links::new(self.links, |name| match name {
            "path" => Some(&path as &dyn Display),
            _ => shown.0.iter().find(|(column, _)| *column == name).and_then(|(_, entry)| match entry {
                Entry::Id(id) => Some(id as &dyn Display),
                Entry::Cell(Cell::Text(text)) => Some(text),
                _ => None,
            }),
        })
    }

    /// The reply to a request for one object.
    pub(in crate::server) fn reply(&self, call: &Call, status: StatusCode, object: Object) -> Result<Reply, Problem> {
        let shown = self.shown(&call.store().view()?, call.caller()?, object)?;
        self.one(self.api.style, status, &shown)
    }

    /// The reply that has one object.
    pub(in crate::server) fn one(&self, style: Style, status: StatusCode, shown: &Shown) -> Result<Reply, Problem> {
        let Some(name) = self.wrapped else { return Reply::json(style, status, shown) };
        let wrapped = Wrapped { links: self.links(shown), name, shown };
        Reply::json(style, status, &wrapped)
    }
}

/// Whether a column is not shown.
fn is_left_out(column: &Column, cell: &Cell) -> bool {
    match column.shown {
        When::Always | When::If(_) => false,
        When::UnlessEmpty => cell.is_empty(),
        When::UnlessUnset => *cell == Cell::Nothing,
        When::Never => true,
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, entry)| (name, entry)))
    }
}

/// An object under a name, beside its links.
struct Wrapped<'s> {
    links: Links,
    name: &'static str,
    shown: &'s Shown,
}

impl Serialize for Wrapped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("links", &self.links)?;
        map.serialize_entry(self.name, self.shown)?;
        map.end()
    }
}
