//! TOML as we keep it: compact, borrowed from the text, each value with its place.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::limits::{MISTAKES, NESTING};

/// A range of bytes in a source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// `range` of the text that begins at `offset`.
    pub(super) fn at(range: Range<usize>, offset: usize) -> Self {
        let end = |at: usize| u32::try_from(offset + at).unwrap_or(u32::MAX);
        Self { start: end(range.start), end: end(range.end) }
    }

    /// The range for a [`crate::diagnostic::Place`].
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) span: Span,
    pub(super) value: Raw<'a>,
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Datetime(Datetime),
    Array(Vec<Node<'a>>),
    Table(Table<'a>),
}

/// A table, sorted by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table<'a>(pub(super) Vec<Entry<'a>>);

/// One key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) key: Cow<'a, str>,
    /// Where the key is written.
    pub(super) at: Span,
    pub(super) node: Node<'a>,
}

/// What TOML can write and we cannot keep.
pub(super) enum Beyond {
    /// A number that does not fit.
    Number(Span),
    /// A list or table within too many others.
    Nested(Span),
}

/// What takes over the values that the TOML parser read.
pub(super) struct Intake {
    /// Where the text begins in its file.
    pub(super) offset: usize,
    /// How many more values there may be.
    pub(super) left: usize,
    /// Where the first one is that is too much; nothing is taken over from there on.
    pub(super) full: Option<Span>,
    /// What cannot be kept, as zero or false; of very much the first.
    pub(super) beyond: Vec<Beyond>,
    /// How many mistakes a text has that is no TOML.
    pub(super) faults: usize,
}

impl Intake {
    /// Takes over at most so many values.
    pub(super) fn of(left: usize) -> Self {
        Self { offset: 0, left, full: None, beyond: Vec::new(), faults: 0 }
    }

    fn note(&mut self, one: Beyond) {
        if !MISTAKES.exceeded(self.beyond.len()) {
            self.beyond.push(one);
        }
    }

    /// Counts a value; false where it is too much.
    fn takes(&mut self, at: Range<usize>) -> bool {
        match self.left.checked_sub(1) {
            Some(left) if self.full.is_none() => self.left = left,
            _ => {
                self.full.get_or_insert(Span::at(at, self.offset));
            }
        }
        self.full.is_none()
    }
}

impl<'a> Node<'a> {
    /// Takes over a value, `depth` lists and tables deep.
    fn read(value: Spanned<DeValue<'a>>, depth: usize, intake: &mut Intake) -> Self {
        let span = Span::at(value.span(), intake.offset);
        let nests = matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_));
        if nests && NESTING.exceeded(depth + 1) {
            intake.note(Beyond::Nested(span));
            return Self { span, value: Raw::Boolean(false) };
        }
        let value = match value.into_inner() {
            DeValue::String(text) => Raw::Text(text),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix());
                Raw::Integer(read.unwrap_or_else(|_| {
                    intake.note(Beyond::Number(span));
                    0
                }))
            }
            DeValue::Float(number) => Raw::Float(number.as_str().parse().unwrap_or_else(|_| {
                intake.note(Beyond::Number(span));
                0.0
            })),
            DeValue::Boolean(yes) => Raw::Boolean(yes),
            DeValue::Datetime(at) => Raw::Datetime(at),
            DeValue::Array(items) => {
                let mut all = Vec::with_capacity(items.len().min(intake.left));
                for item in items {
                    if !intake.takes(item.span()) {
                        break;
                    }
                    all.push(Self::read(item, depth + 1, intake));
                }
                Raw::Array(all)
            }
            DeValue::Table(table) => Raw::Table(Table::within(table, depth + 1, intake)),
        };
        Self { span, value }
    }

    /// A value that stands alone, without a place: what a variable is given as.
    pub(super) fn alone(value: Spanned<DeValue<'a>>, intake: &mut Intake) -> Self {
        Self::read(value, 0, intake)
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Raw::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same at another place: a value that is used where it was not written.
    pub(super) fn moved(mut self, span: Span) -> Self {
        match &mut self.value {
            Raw::Array(items) => {
                for item in items {
                    *item = std::mem::take(item).moved(span);
                }
            }
            Raw::Table(table) => {
                for entry in &mut table.0 {
                    entry.at = span;
                    entry.node = std::mem::take(&mut entry.node).moved(span);
                }
            }
            _ => {}
        }
        Self { span, ..self }
    }

    /// The same without borrowed text.
    pub(super) fn into_owned(self) -> Node<'static> {
        let value = match self.value {
            Raw::Text(text) => Raw::Text(Cow::Owned(text.into_owned())),
            Raw::Integer(number) => Raw::Integer(number),
            Raw::Float(number) => Raw::Float(number),
            Raw::Boolean(yes) => Raw::Boolean(yes),
            Raw::Datetime(at) => Raw::Datetime(at),
            Raw::Array(items) => Raw::Array(items.into_iter().map(Node::into_owned).collect()),
            Raw::Table(Table(entries)) => Raw::Table(Table(entries.into_iter().map(Entry::into_owned).collect())),
        };
        Node { span: self.span, value }
    }
}

impl Default for Node<'_> {
    fn default() -> Self {
        Self { span: Span::default(), value: Raw::Boolean(false) }
    }
}

impl Entry<'_> {
    fn into_owned(self) -> Entry<'static> {
        Entry { key: Cow::Owned(self.key.into_owned()), at: self.at, node: self.node.into_owned() }
    }
}

impl<'a> Table<'a> {
    /// Takes over a table.
    pub(super) fn read(table: DeTable<'a>, intake: &mut Intake) -> Self {
        Self::within(table, 0, intake)
    }

    /// The same, `depth` lists and tables deep.
    fn within(table: DeTable<'a>, depth: usize, intake: &mut Intake) -> Self {
        let mut entries = Vec::with_capacity(table.len().min(intake.left));
        for (key, value) in table {
            if !intake.takes(value.span()) {
                break;
            }
            let at = Span::at(key.span(), intake.offset);
            entries.push(Entry { at, key: key.into_inner(), node: Node::read(value, depth, intake) });
        }
        entries.sort_by(|a: &Entry<'a>, b| a.key.cmp(&b.key));
        Self(entries)
    }

    /// The entry of `key`.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.0.binary_search_by(|entry| entry.key.as_ref().cmp(key)).ok().map(|at| &self.0[at])
    }

    /// The value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Takes the value of `key` out of it.
    pub(super) fn take(&mut self, key: &str) -> Option<Node<'a>> {
        let at = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(at).node)
    }

    /// Its only entry, where it has exactly one.
    pub(super) fn only(&self) -> Option<&Entry<'a>> {
        match self.0.as_slice() {
            [entry] => Some(entry),
            _ => None,
        }
    }
}

impl Raw<'_> {
    /// What it is, with an article, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date-time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// A text that two values share if they are equal, and only then.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| item.value.canonical()).collect();
                format!("[{}]", items.join(","))
            }
            Self::Table(Table(entries)) => {
                let entry = |entry: &Entry<'_>| format!("{:?}:{}", entry.key, entry.node.value.canonical());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
            }
            other => format!("{} {}", other.what(), other.inline().unwrap_or_default()),
        }
    }

    /// Its text inside a longer string; none for lists and tables.
    pub(super) fn inline(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Boolean(yes) => Cow::Owned(yes.to_string()),
            Self::Datetime(at) => Cow::Owned(at.to_string()),
            Self::Array(_) | Self::Table(_) => return None,
        })
    }
}
