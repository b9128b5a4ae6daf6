//! Objects of plain kinds on the wire.

use std::fmt::Display;

use http::StatusCode;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Plain;
use crate::server::auth::Caller;
use crate::server::links::Links;
use crate::server::problem::Problem;
use crate::server::relations;
use crate::server::reply::{Reply, Style};
use crate::server::request::Call;
use crate::server::store::View;
use crate::server::store::column::{Holds, Shown as When};
use crate::server::store::object::Object;

/// An object as replies have it.
pub(in crate::server) struct Shown {
    plain: &'static Plain,
    object: Object,
    /// What comes from other objects, in the order of the columns.
    others: Vec<Other>,
}

enum Other {
    Value(Option<Value>),
    Labels(Vec<Shown>),
}

impl Plain {
    /// An object whose columns hold all there is to show.
    pub(in crate::server) fn bare(&'static self, object: Object) -> Shown {
        Shown { plain: self, object, others: Vec::new() }
    }

    /// An object with what its kind shows of others.
    pub(super) fn shown(&'static self, view: &View, caller: &Caller, object: Object) -> Result<Shown, Problem> {
        let mut others = Vec::new();
        for column in self.class.columns {
            match column.holds {
                Holds::Derived(derive) => others.push(Other::Value(derive(view, &object)?)),
                Holds::Labels => others.push(Other::Labels(relations::labels_of(view, &self.api, caller, object.id)?)),
                _ => {}
            }
        }
        Ok(Shown { plain: self, object, others })
    }

    /// The reply to a request for one object.
    pub(super) fn reply(&'static self, call: &Call, status: StatusCode, object: Object) -> Result<Reply, Problem> {
        let shown = self.shown(&call.store().view()?, call.caller()?, object)?;
        self.one(self.api.style, status, &shown)
    }

    /// The reply that has one object.
    pub(in crate::server) fn one(&self, style: Style, status: StatusCode, shown: &Shown) -> Result<Reply, Problem> {
        match self.wrapped {
            Some(name) => Reply::json(style, status, &Wrapped { name, shown }),
            None => Reply::json(style, status, shown),
        }
    }
}

impl Shown {
    fn links(&self) -> Links {
        let object = &self.object;
        let references: Vec<(&str, &str)> =
            object.columns().filter_map(|(column, value)| Some((column.name, value.as_str()?))).collect();
        Links::new(self.plain.links, |name| match (name, &object.org) {
            ("id", _) => &object.id as &dyn Display,
            ("orgID", Some(org)) => org,
            _ => references.iter().find(|(column, _)| *column == name).map_or(&"", |(_, value)| value),
        })
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = &self.object;
        let mut others = self.others.iter();
        let mut map = serializer.serialize_map(None)?;
        for (column, value) in object.columns() {
            let name = column.name;
            match column.holds {
                Holds::Id | Holds::ChosenId => map.serialize_entry(name, &object.id)?,
                Holds::Org => map.serialize_entry(name, &object.org)?,
                Holds::Created => map.serialize_entry(name, &object.times.map(|(created, _)| created))?,
                Holds::Updated => map.serialize_entry(name, &object.times.map(|(_, updated)| updated))?,
                Holds::Links => map.serialize_entry(name, &self.links())?,
                Holds::Derived(_) | Holds::Labels => match others.next() {
                    Some(Other::Value(Some(value))) => map.serialize_entry(name, value)?,
                    Some(Other::Labels(labels)) => map.serialize_entry(name, labels)?,
                    Some(Other::Value(None)) | None => {}
                },
                _ => match column.shown {
                    When::Always => map.serialize_entry(name, value)?,
                    When::UnlessEmpty if !is_empty(value) => map.serialize_entry(name, value)?,
                    When::UnlessEmpty | When::Never => {}
                },
            }
        }
        map.end()
    }
}

/// What Go leaves out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

/// An object under a name, beside its links.
struct Wrapped<'s> {
    name: &'static str,
    shown: &'s Shown,
}

impl Serialize for Wrapped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("links", &self.shown.links())?;
        map.serialize_entry(self.name, self.shown)?;
        map.end()
    }
}
