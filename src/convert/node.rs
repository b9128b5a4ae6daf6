//! A value of a document, with its place.

use std::ops::Range;

/// A value, and the bytes where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) inner: Inner,
    /// How many values it counts for.
    pub(super) weight: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Inner {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// What a table has under one key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// A value that has others, of which each has been counted.
    pub(super) fn of(span: Range<usize>, inner: Inner) -> Self {
        let inside = match &inner {
            Inner::List(items) => items.iter().map(|item| item.weight).sum(),
            Inner::Table(entries) => entries.iter().map(|entry| entry.value.weight).sum(),
            Inner::Text(text) => weight(text),
            _ => 0,
        };
        Self { span, inner, weight: inside + 1 }
    }

    /// The entries of a table; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        if let Inner::Table(entries) = &self.inner { entries } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        if let Inner::List(items) = &self.inner { items } else { &[] }
    }

    /// What stands under `key`, unless that is nothing.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let entry = self.entries().iter().find(|entry| entry.key == key)?;
        Some(&entry.value).filter(|value| !matches!(value.inner, Inner::Null))
    }

    /// The items under `key`.
    pub(super) fn list(&self, key: &str) -> &[Self] {
        self.get(key).map(Self::items).unwrap_or_default()
    }

    /// The text that it is, or the number as text.
    pub(super) fn as_text(&self) -> Option<String> {
        match &self.inner {
            Inner::Text(text) => Some(text.clone()),
            Inner::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The text under `key`; empty where there is none.
    pub(super) fn text(&self, key: &str) -> String {
        self.get(key).and_then(Self::as_text).unwrap_or_default()
    }

    /// The texts in the list under `key`.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).iter().filter_map(Self::as_text).collect()
    }

    /// Whether `true` stands under `key`.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value.inner, Inner::Bool(true)))
    }

    /// The number under `key`.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match &self.get(key)?.inner {
            Inner::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The whole number under `key`, or what is before the point of another one.
    #[allow(clippy::cast_possible_truncation, reason = "as influxd does")]
    pub(super) fn whole(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_whole()
    }

    /// The whole number that it is.
    pub(super) fn as_whole(&self) -> Option<i64> {
        match &self.inner {
            Inner::Number(number) => number.as_i64().or_else(|| Some(number.as_f64()? as i64)),
            _ => None,
        }
    }

    /// Whether it is a number that is greater than any whole number that can be counted to.
    pub(super) fn is_beyond(&self) -> bool {
        match &self.inner {
            Inner::Number(number) => number.as_i64().is_none() && number.as_f64().is_some_and(|size| size >= BEYOND),
            _ => false,
        }
    }

    /// A short place to point at: the value itself where it is on one line, else its first key.
    pub(super) fn head(&self) -> Range<usize> {
        match &self.inner {
            Inner::Table(entries) => entries.first().map_or_else(|| self.span.clone(), |entry| entry.at.clone()),
            Inner::List(items) => items.first().map_or_else(|| self.span.clone(), Self::head),
            _ => self.span.clone(),
        }
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.inner {
            Inner::Null => serde_json::Value::Null,
            Inner::Bool(yes) => (*yes).into(),
            Inner::Number(number) => number.clone().into(),
            Inner::Text(text) => text.as_str().into(),
            Inner::List(items) => items.iter().map(Self::json).collect(),
            Inner::Table(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.json())).collect(),
        }
    }
}

/// The first whole number that is too great.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// How many values a text counts for, besides the one that it is.
pub(super) const fn weight(text: &str) -> usize {
    text.len() / TEXT
}

/// So many bytes of a text count as one more value.
const TEXT: usize = 256;
