//! Text whose line ends are not decided yet.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Names a piece of [`Docs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id(u32);

/// A piece of text.
#[derive(Debug)]
pub(super) enum Doc<'a> {
    /// Text as it is; line ends in it are the author's.
    Text(Cow<'a, str>),
    /// A space, or nothing, if the group around fits on a line; else the end of the line.
    Line(&'static str),
    /// The end of the line.
    Hard,
    /// The end of the line within the author's text: the next one begins at its very begin.
    Raw,
    /// Text that is there only if the group around is on several lines.
    Broken(&'static str),
    /// One after the other.
    Sequence(Vec<Id>),
    /// Four columns to the right, from the next line on.
    Nest(Id),
    /// On one line if it fits there, with what follows up to where a line may end.
    Group(Id),
    /// As a group, but where it must be on one line.
    OneLine(Id),
    /// The first that has no line that is too long, or else the last.
    Choice(Vec<Id>),
}

/// Text that never fits.
pub(super) const NEVER: u32 = u32::MAX;

/// What is known of a piece.
#[derive(Debug, Clone, Copy)]
struct Measure {
    /// Its columns on one line, or [`NEVER`].
    flat: u32,
    /// Its columns up to where its first line may end.
    lead: u32,
    /// Whether a line may end in it.
    ends: bool,
}

/// All pieces of a text, each after those that it consists of.
#[derive(Debug, Default)]
pub(super) struct Docs<'a> {
    docs: Vec<Doc<'a>>,
    measures: Vec<Measure>,
}

impl<'a> Docs<'a> {
    pub(super) fn get(&self, id: Id) -> &Doc<'a> {
        &self.docs[id.0 as usize]
    }

    /// How many pieces there are.
    #[cfg(debug_assertions)]
    pub(super) fn count(&self) -> usize {
        self.docs.len()
    }

    /// Columns on one line, or [`NEVER`].
    pub(super) fn flat(&self, id: Id) -> u32 {
        self.measures[id.0 as usize].flat
    }

    /// Columns up to where a line may end, and whether one may.
    pub(super) fn lead(&self, id: Id) -> (u32, bool) {
        let measure = self.measures[id.0 as usize];
        (measure.lead, measure.ends)
    }

    pub(super) fn push(&mut self, doc: Doc<'a>) -> Id {
        let measure = self.measure(&doc);
        self.docs.push(doc);
        self.measures.push(measure);
        Id(u32::try_from(self.docs.len() - 1).expect("invariant: not more pieces than bytes"))
    }

    fn measure(&self, doc: &Doc<'a>) -> Measure {
        let of = |id: &Id| self.measures[id.0 as usize];
        match doc {
            Doc::Text(text) => {
                let width = columns(text);
                Measure { flat: width, lead: width, ends: false }
            }
            Doc::Line(flat) => Measure { flat: flat.len() as u32, lead: 0, ends: true },
            Doc::Hard | Doc::Raw => Measure { flat: NEVER, lead: 0, ends: true },
            Doc::Broken(text) => Measure { flat: 0, lead: text.len() as u32, ends: false },
            Doc::Sequence(parts) => {
                let mut all = Measure { flat: 0, lead: 0, ends: false };
                for part in parts.iter().map(of) {
                    all.flat = all.flat.saturating_add(part.flat);
                    if !all.ends {
                        all.lead = all.lead.saturating_add(part.lead);
                        all.ends = part.ends;
                    }
                }
                all
            }
            Doc::Nest(inner) | Doc::Group(inner) | Doc::OneLine(inner) => of(inner),
            Doc::Choice(ways) => ways.last().map_or(Measure { flat: 0, lead: 0, ends: false }, of),
        }
    }
}

/// How many characters a reader sees.
pub(super) fn columns(text: &str) -> u32 {
    if text.is_ascii() && !text.contains('\r') {
        return text.len() as u32;
    }
    text.graphemes(true).count() as u32
}
