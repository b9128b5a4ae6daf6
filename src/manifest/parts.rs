//! Large files are parsed in sections, whose cost is known before: the TOML parser takes many times the memory of its text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeTable;
use toml_parser::lexer::{Token, TokenKind};

use super::broken;
use super::node::{Entry, Intake, Node, Raw, Span, Table};
use super::source::place;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::kind::Kind;
use crate::limits::SECTION;

/// About how much text is parsed at once. What this much can cost is allowed.
const PART: usize = 1 << 18;

/// What the parser takes for each token: the token and its event.
const TOKEN: usize = 56;
/// What a key or value takes besides, in a list or table that grows.
const WORD: usize = 150;
/// What a list or table takes besides, of which each of these tokens may make one.
const NEST: usize = 400;

/// A part of a file that stands for itself.
#[derive(Debug)]
struct Section {
    text: Range<usize>,
    /// About the memory in bytes that parsing it takes.
    cost: usize,
}

/// Why a file cannot be read in sections.
enum Whole {
    /// This section is no TOML.
    Broken(Range<usize>),
    /// The same stands in two sections.
    Twice(Span, Span),
}

/// The table that `source` is, taken over by `intake`. None where it is no TOML or too much, which is said.
pub(super) fn parse<'a>(
    source: &'a Arc<Source>,
    intake: &mut Intake,
    problems: &mut Vec<Diagnostic>,
) -> Option<Table<'a>> {
    let text = source.text.as_str();
    let sections = sections(text);
    if let Some(dear) = sections.iter().find(|section| SECTION.exceeded(section.cost)) {
        problems.push(too_dear(source).at(place(source, Span::at(first_line(text, &dear.text), 0)), "from here on"));
        return None;
    }
    let whole = match sections.as_slice() {
        [] | [_] => None,
        sections => {
            let (left, noted) = (intake.left, intake.beyond.len());
            match in_sections(text, sections, intake) {
                Ok(table) => return Some(table),
                Err(whole) => {
                    intake.left = left;
                    intake.beyond.truncate(noted);
                    Some(whole)
                }
            }
        }
    };
    let cost = sections.iter().map(|section| section.cost).sum();
    match whole {
        // Only all of it would tell what holds: a table may be written in many places.
        Some(Whole::Twice(first, again)) if SECTION.exceeded(cost) => {
            let diagnostic = too_dear(source).at(place(source, again), "this is part of one from another section");
            problems.push(diagnostic.at(place(source, first), "which is here"));
            None
        }
        Some(Whole::Broken(section)) if SECTION.exceeded(cost) => {
            intake.faults = broken::read(source, section, problems).err().unwrap_or_default();
            None
        }
        _ => match broken::read(source, 0..text.len(), problems) {
            Ok(table) => Some(Table::read(table, intake)),
            Err(faults) => {
                intake.faults = faults;
                None
            }
        },
    }
}

fn too_dear(source: &Source) -> Diagnostic {
    let message = format!("a section of {} takes more memory than {SECTION}", source.name);
    let help = "a section ends at a line such as `[bucket.KEY]`, or with the file: divide it, and keep together what belongs to one resource";
    Diagnostic::error(Code::ManifestLimit, message).help(help)
}

/// The first line in `range` with something in it.
fn first_line(text: &str, range: &Range<usize>) -> Range<usize> {
    let section = &text[range.clone()];
    let start = range.start + (section.len() - section.trim_start().len());
    start..start + text[start..range.end].lines().next().unwrap_or_default().len()
}

fn in_sections<'a>(text: &'a str, sections: &[Section], intake: &mut Intake) -> Result<Table<'a>, Whole> {
    let mut all = All::default();
    for Section { text: range, .. } in sections {
        let table = DeTable::parse(&text[range.clone()]).map_err(|_| Whole::Broken(range.clone()))?;
        intake.offset = range.start;
        let table = Table::read(table.into_inner(), intake);
        intake.offset = 0;
        all.add(table).map_err(|(first, again)| Whole::Twice(first, again))?;
        if intake.full.is_some() {
            break;
        }
    }
    all.table().map_err(|(first, again)| Whole::Twice(first, again))
}

/// `text` in sections of about [`PART`] or more, with what they cost if there is a choice.
fn sections(text: &str) -> Vec<Section> {
    if text.len() <= PART {
        return vec![Section { text: 0..text.len(), cost: 0 }];
    }
    let mut sections = Vec::new();
    let (mut start, mut cost) = (0, 0);
    let mut line = Line::default();
    for token in toml_parser::Source::new(text).lex() {
        if let Some(head) = line.head(text, token)
            && head.at >= start + PART
        {
            sections.push(Section { text: start..head.at, cost: cost - head.cost });
            (start, cost) = (head.at, head.cost);
        }
        cost += price(token.kind());
    }
    sections.push(Section { text: start..text.len(), cost });
    sections
}

fn price(kind: TokenKind) -> usize {
    use TokenKind::{Atom, BasicString, LiteralString, MlBasicString, MlLiteralString};
    use TokenKind::{Dot, LeftCurlyBracket, LeftSquareBracket};
    TOKEN
        + match kind {
            Atom | BasicString | LiteralString | MlBasicString | MlLiteralString => WORD,
            Dot | LeftCurlyBracket | LeftSquareBracket => NEST,
            _ => 0,
        }
}

/// The tokens of a line, as long as they may be those of a head.
#[derive(Default)]
struct Line {
    /// Where it begins.
    start: usize,
    /// How many tokens of a head it has: `[`, a kind, `.`, a key and `]`; none if it is something else.
    matched: Option<usize>,
    cost: usize,
}

/// The head of a resource or variable.
struct Head {
    at: usize,
    /// The cost of its tokens that were counted.
    cost: usize,
}

impl Line {
    /// Takes the next token; gives the head of which it is the last one. In a string there are no tokens, and in a list or
    /// table the name of a kind is no value: such a line is never anything else, and ends whatever was left open.
    fn head(&mut self, text: &str, token: Token) -> Option<Head> {
        use TokenKind::{Atom, BasicString, Dot, LeftSquareBracket, LiteralString, Newline, RightSquareBracket};
        let span = token.span();
        let matched = match (self.matched, token.kind()) {
            (_, Newline) => {
                *self = Self { start: span.end(), matched: Some(0), cost: 0 };
                return None;
            }
            (_, TokenKind::Whitespace) => self.matched,
            (Some(0), LeftSquareBracket) => Some(1),
            (Some(1), Atom) if divides(&text[span.start()..span.end()]) => Some(2),
            (Some(2), Dot) => Some(3),
            (Some(3), Atom | BasicString | LiteralString) => Some(4),
            (Some(4), RightSquareBracket) => Some(5),
            _ => None,
        };
        let head = (self.matched == Some(4) && matched == Some(5)).then_some(Head { at: self.start, cost: self.cost });
        self.matched = matched;
        self.cost += price(token.kind());
        head
    }
}

/// Whether the tables of `word` may be divided among sections.
fn divides(word: &str) -> bool {
    word == "var" || Kind::from_name(word).is_some()
}

/// The sections so far.
#[derive(Default)]
struct All<'a> {
    /// What is not divided.
    rest: BTreeMap<Cow<'a, str>, Entry<'a>>,
    /// The tables of each kind, and the variables, with where its name stands for the first time.
    kinds: Vec<(Entry<'a>, Vec<Entry<'a>>)>,
}

impl<'a> All<'a> {
    /// Adds a section; the places of what it has in common with others.
    fn add(&mut self, section: Table<'a>) -> Result<(), (Span, Span)> {
        for mut entry in section.0 {
            // A table of a kind that only its resources imply has the place of its name.
            let is_kind = divides(&entry.key) && entry.node.span == entry.at;
            match entry.node.value {
                Raw::Table(Table(tables)) if is_kind => {
                    entry.node.value = Raw::Boolean(false);
                    match self.kinds.iter_mut().find(|(kind, _)| kind.key == entry.key) {
                        Some((_, known)) => known.extend(tables),
                        None => self.kinds.push((entry, tables)),
                    }
                }
                value => {
                    let at = entry.at;
                    let entry = Entry { node: Node { value, ..entry.node }, ..entry };
                    if let Some(first) = self.rest.insert(entry.key.clone(), entry) {
                        return Err((first.at, at));
                    }
                }
            }
        }
        Ok(())
    }

    /// All sections as one table; the places of a resource that is in two of them.
    fn table(self) -> Result<Table<'a>, (Span, Span)> {
        let mut all: Vec<Entry<'a>> = self.rest.into_values().collect();
        for (kind, mut tables) in self.kinds {
            if let Some(rest) = all.iter().find(|entry| entry.key == kind.key) {
                return Err((rest.at, kind.at));
            }
            tables.shrink_to_fit();
            tables.sort_by(|a, b| a.key.cmp(&b.key));
            if let Some(pair) = tables.windows(2).find(|pair| pair[0].key == pair[1].key) {
                return Err((pair[0].at, pair[1].at));
            }
            all.push(Entry { node: Node { span: kind.node.span, value: Raw::Table(Table(tables)) }, ..kind });
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Table(all))
    }
}

#[cfg(test)]
mod tests;
