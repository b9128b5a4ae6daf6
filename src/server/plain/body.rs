//! What a request sends for the columns of an object, and what becomes of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Deed;
use crate::server::id::Id;
use crate::server::json::{BodyError, Fields};
use crate::server::problem::Problem;
use crate::server::store::column::{Cell, Changes, Column, Holds};
use crate::server::store::object::{Class, Object};

/// Go's time where none was set.
const YEAR_1: &str = "0001-01-01T00:00:00Z";

/// How influxd reads a body.
pub(in crate::server) struct Body {
    /// The name of the Go struct.
    pub(in crate::server) go: &'static str,
    /// What it makes of one that it does not understand.
    pub(in crate::server) broken: fn(BodyError) -> Problem,
}

impl Body {
    /// One whose errors are passed on as they are.
    pub(in crate::server) const fn new(go: &'static str) -> Self {
        Self { go, broken: BodyError::plain }
    }

    /// One whose errors are all the caller's fault, in the words of the reader.
    pub(in crate::server) const fn bare(go: &'static str) -> Self {
        Self { go, broken: BodyError::bare }
    }

    /// One whose errors are told with what was done, as most handlers do.
    pub(in crate::server) const fn told(go: &'static str) -> Self {
        Self { go, broken: BodyError::unmarshal }
    }

    /// One of whose errors only those of IDs are told, as older handlers do.
    pub(in crate::server) const fn untold(go: &'static str) -> Self {
        Self { go, broken: BodyError::untold }
    }
}

/// What was sent.
pub(in crate::server) struct Sent {
    class: &'static Class,
    pub(in crate::server) id: Option<Id>,
    pub(in crate::server) org: Option<Id>,
    /// As many as there are columns.
    values: Vec<Option<Cell>>,
}

impl Sent {
    pub(super) fn read(class: &'static Class, body: &Body, text: &[u8], deed: Deed) -> Result<Self, Problem> {
        let fields = Fields::parse(text, body.go).map_err(body.broken)?;
        let mut sent = Self { class, id: None, org: None, values: Vec::with_capacity(class.columns.len()) };
        for column in class.columns {
            let value = if deed == Deed::Create || column.changes != Changes::Never {
                match column.holds {
                    Holds::Json(accept) => {
                        fields.any(column.name).map(accept).transpose()?.map(|value| Cell::Json(Box::new(value)))
                    }
                    _ => sent.read_column(&fields, column).map_err(body.broken)?,
                }
            } else {
                None
            };
            sent.values.push(value);
        }
        Ok(sent)
    }

    fn read_column(&mut self, fields: &Fields, column: &Column) -> Result<Option<Cell>, BodyError> {
        let name = column.name;
        match column.holds {
            Holds::ChosenId => self.id = fields.id(name)?,
            Holds::Org => self.org = fields.id(name)?,
            Holds::Text(go) => return Ok(fields.text_as(name, go)?.map(Cell::Text)),
            Holds::Flag => return Ok(fields.boolean(name)?.map(Cell::Flag)),
            Holds::Integer => return Ok(fields.integer(name)?.map(Cell::Integer)),
            Holds::Reference => return Ok(fields.id(name)?.map(|id| Cell::Text(id.to_string()))),
            Holds::Texts => return Ok(Some(Cell::Texts(fields.texts(name)?.into_iter().collect()))),
            _ => {}
        }
        Ok(None)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.class.columns.iter().position(|column| column.name == name)
    }

    /// What was sent for a column.
    pub(in crate::server) fn value(&self, name: &str) -> Option<&Cell> {
        self.values[self.position(name)?].as_ref()
    }

    /// The text that was sent for a column.
    pub(in crate::server) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_text()
    }

    /// Takes something else for what was sent for a column, or nothing.
    pub(in crate::server) fn set(&mut self, name: &str, cell: Option<Cell>) {
        if let Some(at) = self.position(name) {
            self.values[at] = cell;
        }
    }

    /// Puts it into an object.
    pub(super) fn apply(self, object: &mut Object, deed: Deed) {
        if self.org.is_some() {
            object.org = self.org;
        }
        for (column, sent) in self.class.columns.iter().zip(self.values).filter(|(column, _)| column.is_kept()) {
            let whole = match deed {
                Deed::Create => true,
                Deed::Put => column.changes != Changes::Never,
                _ => column.changes == Changes::Always,
            };
            let cell = object.value_mut(column.name);
            let counts = |sent: &Cell| whole || column.changes != Changes::IfNotEmpty || !sent.is_empty();
            match (sent.filter(counts), &mut *cell) {
                (Some(Cell::Texts(sent)), Cell::Texts(texts)) if !whole => merge(texts, sent),
                (Some(Cell::Text(text)), _) => {
                    let text = if column.trimmed { text.trim() } else { &text };
                    let is_empty = whole && text.is_empty() && !column.is_unset_at_first();
                    *cell = if is_empty { column.empty() } else { text.into() };
                }
                (Some(sent), _) => *cell = sent,
                (None, _) if whole => *cell = column.empty(),
                (None, _) => {}
            }
        }
    }
}

/// Adds to a map; an empty text takes a key away.
fn merge(texts: &mut BTreeMap<String, String>, sent: BTreeMap<String, String>) {
    for (key, text) in sent {
        if text.is_empty() {
            texts.remove(&key);
        } else {
            texts.insert(key, text);
        }
    }
}

/// `createdAt` and `updatedAt` of a body.
pub(super) fn times(text: &[u8]) -> Result<(Timestamp, Timestamp), Problem> {
    let fields = Fields::parse(text, "").map_err(BodyError::bare)?;
    let time = |name| match fields.any(name) {
        None => Ok(YEAR_1.parse().expect("invariant: it is a time")),
        Some(Value::String(text)) => text
            .parse()
            .map_err(|_| Problem::invalid(format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\""))),
        Some(_) => Err(Problem::invalid("Time.UnmarshalJSON: input is not a JSON string")),
    };
    Ok((time("createdAt")?, time("updatedAt")?))
}
