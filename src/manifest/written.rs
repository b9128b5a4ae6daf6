//! Tables as they are written, each with its place.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::node::{Entry, Raw, Span, Table};
use super::source::place;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::MISTAKES;

/// What every resource may say besides its fields.
pub(super) const META: [&str; 4] = ["external", "for_each", "enabled", "lifecycle"];

/// A table and the file it is in.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) source: &'a Arc<Source>,
    /// The table's head.
    pub(super) head: Span,
    pub(super) table: Table<'a>,
}

/// The table of a resource. It can be let go of when it has been read: in a large project all tables together are large.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub(super) source: &'a Arc<Source>,
    /// The table's head.
    pub(super) head: Span,
    /// Whether it has `for_each`.
    pub(super) each: bool,
    /// Where the value of `enabled` stands, if it has that.
    pub(super) switch: Option<Span>,
    table: RefCell<Option<Rc<Table<'a>>>>,
}

impl<'a> Declared<'a> {
    pub(super) fn new(Written { source, head, mut table }: Written<'a>) -> Self {
        table.0.shrink_to_fit();
        let (each, switch) = (table.get("for_each").is_some(), table.get("enabled").map(|node| node.span));
        Self { source, head, each, switch, table: RefCell::new(Some(Rc::new(table))) }
    }

    /// Its table.
    pub(super) fn table(&self) -> Rc<Table<'a>> {
        let table = self.table.borrow();
        Rc::clone(table.as_ref().expect("invariant: a table that is asked for is kept"))
    }

    /// Lets go of its table, which nobody will ask for.
    pub(super) fn forget(&self) {
        self.table.take();
    }

    /// The place of the table's head.
    pub(super) fn place(&self) -> Place {
        place(self.source, self.head)
    }
}

impl Written<'_> {
    /// The place of the table's head.
    pub(super) fn place(&self) -> Place {
        place(self.source, self.head)
    }
}

/// Takes the one table that a section is.
pub(super) fn take_once<'a>(
    slot: &mut Option<Written<'a>>,
    source: &'a Arc<Source>,
    entry: Entry<'a>,
    problems: &mut Vec<Diagnostic>,
) {
    let word = entry.key.clone();
    let Some(written) = table(source, entry, problems) else { return };
    if let Some(first) = slot {
        problems.push(
            Diagnostic::error(Code::ManifestDuplicate, format!("duplicate section `[{word}]`"))
                .at(written.place(), "again here")
                .at(first.place(), "first here"),
        );
    } else {
        *slot = Some(written);
    }
}

/// Takes the tables of a `[[word]]`.
pub(super) fn take_all<'a>(
    all: &mut Vec<Written<'a>>,
    source: &'a Arc<Source>,
    entry: Entry<'a>,
    problems: &mut Vec<Diagnostic>,
) {
    let Entry { key: word, node, .. } = entry;
    let Raw::Array(items) = node.value else {
        let diagnostic = Diagnostic::error(Code::ManifestType, format!("`{word}` is a list of tables"));
        problems.push(diagnostic.at(place(source, node.span), "one table").help(format!("write `[[{word}]]`")));
        return;
    };
    for item in items {
        if MISTAKES.exceeded(problems.len()) {
            return;
        }
        let head = item.span;
        match item.value {
            Raw::Table(table) => all.push(Written { source, head, table }),
            other => problems.push(wrong_type(&word, "a table", &other, place(source, head))),
        }
    }
}

/// The table that an entry must be.
pub(super) fn table<'a>(
    source: &'a Arc<Source>,
    entry: Entry<'a>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Written<'a>> {
    let Entry { key, node, .. } = entry;
    match node.value {
        Raw::Table(table) => Some(Written { source, head: node.span, table }),
        other => {
            problems.push(wrong_type(&key, "a table", &other, place(source, node.span)));
            None
        }
    }
}

/// Says that `word` is not the list that it must be; of a single text, that it lacks the brackets.
pub(super) fn no_list(word: &str, wanted: &str, found: &Raw<'_>, place: Place) -> Diagnostic {
    let help = match found {
        Raw::Text(text) if text.contains('"') => Some(format!("put it in brackets: `['{text}']`")),
        Raw::Text(text) => Some(format!("put it in brackets: `[\"{text}\"]`")),
        _ => None,
    };
    wrong_type(word, wanted, found, place).help_known(help)
}

/// Says that `word` is not of the type it must have.
pub(super) fn wrong_type(word: &str, wanted: &str, found: &Raw<'_>, place: Place) -> Diagnostic {
    Diagnostic::error(Code::ManifestType, format!("`{word}` must be {wanted}")).at(place, found.what())
}
