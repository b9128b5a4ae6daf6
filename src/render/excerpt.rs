//! The lines of a source that a diagnostic speaks of, without hidden characters, the ends of long lines, and the rest of the
//! file: a diagnostic takes no longer to draw in a large file than in a small one.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::sanitize::line;
use crate::diagnostic::Source;
use crate::hidden::is_hidden;

/// How many bytes of a source line are drawn. (A place beyond column 65,535 is more than miette can format.)
const LINE: usize = 400;
/// How many lines of one place are drawn.
const LINES: usize = 20;
/// Lines around a place that miette asks for, and one more.
const AROUND: usize = 2;
/// Lines between two places that miette may draw as one piece.
const JOINED: usize = 10;
const CUT: &str = "…";

/// Parts of one source, as miette reads it: one text after the other, each with the number of its first line.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    parts: Vec<Part>,
}

/// Lines that stand together.
#[derive(Debug)]
struct Part {
    /// The bytes of the source.
    of: Range<usize>,
    /// The number of its first line, from 0.
    line: usize,
    /// Where it begins in what miette reads.
    start: usize,
    cropped: Cropped,
}

impl Excerpt {
    /// The lines of `source` that `places` lie in; at least one place.
    pub(super) fn new(source: &Source, places: &[Range<usize>]) -> Self {
        let lines = source.lines();
        let mut wanted: Vec<Range<usize>> = places
            .iter()
            .map(|place| {
                let place = clipped(source, place);
                let (first, last) = (source.line_of(place.start), source.line_of(place.end));
                first.saturating_sub(AROUND)..(last + 1 + AROUND).min(lines.len())
            })
            .collect();
        wanted.sort_by_key(|lines| lines.start);
        let mut parts: Vec<Part> = Vec::new();
        let mut joined: Vec<Range<usize>> = Vec::new();
        for next in wanted {
            match joined.last_mut() {
                Some(last) if next.start <= last.end + JOINED => last.end = last.end.max(next.end),
                _ => joined.push(next),
            }
        }
        for Range { start: first, end } in joined {
            let of = lines[first]..lines.get(end).copied().unwrap_or(source.text.len());
            let start = parts.last().map_or(0, |part| part.start + part.cropped.text.len());
            parts.push(Part { line: first, start, cropped: Cropped::new(&source.text[of.clone()]), of });
        }
        Self { name: line(&source.name).into_owned(), parts }
    }

    /// A place of the source in what miette reads, and whether its begin is in a part of a line that is not drawn.
    pub(super) fn place(&self, source: &Source, place: &Range<usize>) -> (Range<usize>, bool) {
        let place = clipped(source, place);
        let part = self.parts.iter().rev().find(|part| part.of.start <= place.start);
        let part = part.expect("invariant: an excerpt has the lines of its places");
        let (start, end) = (place.start - part.of.start, place.end.min(part.of.end) - part.of.start);
        let at = |at, after| part.start + part.cropped.place(at, after);
        (at(start, false)..at(end, start < end), part.cropped.hides(start))
    }
}

/// The place within its source, without the lines that are too many to draw.
fn clipped(source: &Source, place: &Range<usize>) -> Range<usize> {
    let length = source.text.len();
    let (start, end) = (place.start.min(length), place.end.min(length));
    let beyond = source.lines().get(source.line_of(start) + LINES).copied();
    start..end.min(beyond.map_or(length, |line| line - 1)).max(start)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let part = self.parts.iter().rev().find(|part| part.start <= span.offset()).ok_or(MietteError::OutOfBounds)?;
        let inner = SourceSpan::new((span.offset() - part.start).into(), span.len());
        let contents = part.cropped.text.read_span(&inner, before, after)?;
        let span = SourceSpan::new((contents.span().offset() + part.start).into(), contents.span().len());
        let line = contents.line() + part.line;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            span,
            line,
            contents.column(),
            contents.line_count(),
        )))
    }
}

/// A text in which each hidden character has become one of the same length that can be seen.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        shown.push(match (is_hidden(c) && !matches!(c, '\n' | '\t'), c.len_utf8()) {
            (false, _) => c,
            // The end of a line in files from Windows.
            (true, _) if c == '\r' => ' ',
            (true, 1) => '?',
            (true, 2) => '\u{b7}',
            (true, _) => char::REPLACEMENT_CHARACTER,
        });
    }
    shown
}

/// A text without hidden characters and the ends of long lines.
#[derive(Debug)]
struct Cropped {
    text: String,
    /// What is cut off, as bytes of the source, and where the text has the mark instead.
    cuts: Vec<(Range<usize>, usize)>,
}

impl Cropped {
    fn new(source: &str) -> Self {
        let mut cropped = Self { text: String::new(), cuts: Vec::new() };
        let mut at = 0;
        for line in source.split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
            let kept = (0..=LINE.min(body.len())).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
            cropped.text += &visible(&body[..kept]);
            if kept < body.len() {
                cropped.cuts.push((at + kept..at + body.len(), cropped.text.len()));
                cropped.text += CUT;
            }
            cropped.text += end;
            at += line.len();
        }
        cropped
    }

    /// The place in the text of byte `at` of the source; for what is cut off the mark, or with `after` its end.
    fn place(&self, at: usize, after: bool) -> usize {
        let before = self.cuts.partition_point(|(cut, _)| cut.start < at || cut.start == at && !after);
        match before.checked_sub(1).map(|last| &self.cuts[last]) {
            None => at,
            Some((cut, mark)) if at < cut.end || at == cut.end && after => mark + if after { CUT.len() } else { 0 },
            Some((cut, mark)) => mark + CUT.len() + (at - cut.end),
        }
    }

    /// Whether byte `at` of the source is cut off.
    fn hides(&self, at: usize) -> bool {
        self.cuts.iter().any(|(cut, _)| cut.contains(&at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_visible_text_has_the_same_places(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}ab ]{0,20}") {
            let shown = visible(&input);
            prop_assert!(input.char_indices().map(|(at, _)| at).eq(shown.char_indices().map(|(at, _)| at)));
        }

        #[test]
        fn each_place_is_read_with_its_own_line(
            text in "[a\n]{0,200}",
            places in prop::collection::vec((0usize..220, 0usize..90), 1..4),
        ) {
            let source = Source::new("a.toml", "a.toml", text.clone());
            let places: Vec<_> = places.into_iter().map(|(start, length)| start..start + length).collect();
            let excerpt = Excerpt::new(&source, &places);
            for place in &places {
                let (read, hidden) = excerpt.place(&source, place);
                let contents = excerpt.read_span(&SourceSpan::from(read), 0, 0).expect("a place that is there");
                prop_assert!(!hidden);
                prop_assert!(contents.data().iter().filter(|byte| **byte == b'\n').count() <= LINES);
                prop_assert_eq!(contents.line(), source.line_of(place.start.min(text.len())));
            }
        }
    }
}
