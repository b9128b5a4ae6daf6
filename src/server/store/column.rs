//! The columns of a kind's objects, as data: their names in JSON, what they hold, and what becomes of them when an object
//! is made, changed and shown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::Object;
use super::{Error, View};
use crate::server::problem::Problem;

/// One column. Columns are shown in the order in which a kind lists them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    /// The text that an object is made with where none is sent, or an empty one.
    pub(crate) default: &'static str,
    /// Whether a text is kept without the blanks around it.
    pub(crate) trimmed: bool,
    pub(crate) changes: Changes,
    pub(crate) shown: Shown,
}

/// What a column holds.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "the kinds there are need some of them; a test uses all"))]
pub(crate) enum Holds {
    /// The ID, which the server makes.
    Id,
    /// The ID, which the client may choose.
    ChosenId,
    /// The ID of the org.
    Org,
    /// The user that made it.
    Maker,
    /// When the object was made.
    Created,
    /// When it was last changed.
    Updated,
    /// Both, in an object.
    Times,
    /// The links of the kind.
    Links,
    /// The labels that are attached to it.
    Labels,
    /// A text, with the name that Go has for its type.
    Text(&'static str),
    Flag,
    Integer,
    /// The ID of another object, or `null`.
    Reference,
    /// A map of texts: a change adds to it, and removes what it sends an empty text for.
    Texts,
    /// Anything that the function accepts, in the form that it gives it.
    Json(fn(&Value) -> Result<Value, Problem>),
    /// What follows from other objects; left out if it is `None`.
    Derived(fn(&View, &Object) -> Result<Option<Cell>, Error>),
}

/// What is in one column of one object. It is small, because lists hold many.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Nothing,
    Flag(bool),
    Integer(i64),
    Text(String),
    Texts(BTreeMap<String, String>),
    Json(Box<Value>),
}

impl Cell {
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether Go would leave it out.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Flag(flag) => !flag,
            Self::Integer(number) => *number == 0,
            Self::Text(text) => text.is_empty(),
            Self::Texts(texts) => texts.is_empty(),
            Self::Json(value) => match &**value {
                Value::Array(items) => items.is_empty(),
                Value::Object(entries) => entries.is_empty(),
                other => other.is_null(),
            },
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What a PATCH does with a column. A PUT replaces all but the fixed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "the kinds there are need some of them; a test uses all"))]
pub(crate) enum Changes {
    /// It is not read.
    Never,
    /// What is not sent stays.
    IfSent,
    /// What is not sent, or is sent as an empty text, stays.
    IfNotEmpty,
    /// What is not sent becomes empty.
    Always,
}

/// When a column is in replies.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "the kinds there are need some of them; a test uses all"))]
pub(crate) enum Shown {
    Always,
    UnlessEmpty,
    /// A text that may be empty, unless none was ever sent.
    UnlessUnset,
    /// It is a secret.
    Never,
    /// Where the function says so: influxd leaves out what leads to nothing.
    If(fn(&View, &Object) -> Result<bool, Error>),
}

pub(crate) const ID: Column = Column::new("id", Holds::Id).fixed();
pub(crate) const CHOSEN_ID: Column = Column::new("id", Holds::ChosenId).fixed();
pub(crate) const ORG: Column = Column::new("orgID", Holds::Org).fixed();
pub(crate) const LINKS: Column = Column::new("links", Holds::Links).fixed();

/// A text.
pub(crate) const fn text(name: &'static str) -> Column {
    Column::new(name, Holds::Text("string"))
}

impl Column {
    pub(crate) const fn new(name: &'static str, holds: Holds) -> Self {
        Self { name, holds, default: "", trimmed: false, changes: Changes::IfSent, shown: Shown::Always }
    }

    pub(crate) const fn fixed(self) -> Self {
        Self { changes: Changes::Never, ..self }
    }

    pub(crate) const fn changed(self, changes: Changes) -> Self {
        Self { changes, ..self }
    }

    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    pub(crate) const fn trimmed(self) -> Self {
        Self { trimmed: true, ..self }
    }

    pub(crate) const fn shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// Whether there is nothing in it until something is sent, if only an empty text.
    pub(crate) fn is_unset_at_first(&self) -> bool {
        matches!(self.shown, Shown::UnlessUnset)
    }

    /// Whether it is kept among an object's values.
    pub(crate) fn is_kept(&self) -> bool {
        use Holds as H;
        !matches!(
            self.holds,
            H::Id | H::ChosenId | H::Org | H::Created | H::Updated | H::Times | H::Links | H::Labels | H::Derived(_)
        )
    }

    /// What it holds where nothing was ever sent.
    pub(crate) fn empty(&self) -> Cell {
        match self.holds {
            Holds::Text(_) if self.is_unset_at_first() => Cell::Nothing,
            Holds::Text(_) => self.default.into(),
            Holds::Flag => Cell::Flag(false),
            Holds::Integer => Cell::Integer(0),
            Holds::Texts => Cell::Texts(BTreeMap::new()),
            _ => Cell::Nothing,
        }
    }

    /// What is stored in it.
    pub(super) fn decode(&self, stored: &RawValue) -> Result<Cell, serde_json::Error> {
        /// Nothing may be stored in any column.
        fn read<T: DeserializeOwned>(stored: &RawValue, cell: impl Fn(T) -> Cell) -> Result<Cell, serde_json::Error> {
            Ok(serde_json::from_str::<Option<T>>(stored.get())?.map_or(Cell::Nothing, cell))
        }
        match self.holds {
            Holds::Text(_) | Holds::Reference | Holds::Maker => read(stored, Cell::Text),
            Holds::Texts => read(stored, Cell::Texts),
            Holds::Flag => read(stored, Cell::Flag),
            Holds::Integer => read(stored, Cell::Integer),
            _ => read(stored, |value| Cell::Json(Box::new(value))),
        }
    }
}
