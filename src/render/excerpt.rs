//! The lines of a source that a diagnostic speaks of, without hidden characters, what is far away in long lines, and the rest of the
//! file: a diagnostic takes no longer to draw in a large file than in a small one.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::sanitize::line;
use crate::diagnostic::Source;
use crate::hidden::is_hidden;
use crate::redact::HIDDEN;

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
            parts.push(Part { line: first, start, cropped: Cropped::new(source, of.clone(), places), of });
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
        let column = contents.column() + part.cropped.left_of(contents.span().offset());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            span,
            line,
            column,
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

/// The part of a line from byte `at` on, `length` bytes long, that is drawn: its begin, or what is around the first of `places` in it.
fn window(source: &Source, at: usize, length: usize, places: &[Range<usize>]) -> Range<usize> {
    let end = at + length;
    let boundary = |at: usize| source.text.floor_char_boundary(at);
    let first = places.iter().map(|place| place.start).filter(|start| (at..=end).contains(start)).min();
    match first.filter(|first| length > LINE && first - at > LINE / 2) {
        Some(first) => {
            let begin = boundary((first - LINE / 2).min(end - LINE));
            // What says that something is left out is not longer than that.
            let begin = if begin - at < CUT.len() { at } else { begin };
            begin..boundary((first + LINE / 2).min(end))
        }
        None => at..boundary((at + LINE).min(end)),
    }
}

/// A text without hidden characters, secrets, and what is far away in long lines.
#[derive(Debug)]
struct Cropped {
    text: String,
    /// What is left out, in order.
    cuts: Vec<Left>,
}

/// What is left out of a line.
#[derive(Debug)]
struct Left {
    /// The bytes, from the begin of the part on.
    of: Range<usize>,
    /// Where the text has `mark` instead.
    at: usize,
    mark: &'static str,
}

impl Cropped {
    fn new(source: &Source, of: Range<usize>, places: &[Range<usize>]) -> Self {
        let mut cropped = Self { text: String::new(), cuts: Vec::new() };
        let secrets = source.unshown();
        let mut secrets = &secrets[secrets.partition_point(|secret| secret.end <= of.start)..];
        let mut at = of.start;
        for line in source.text[of.clone()].split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
            let Range { start: mut shown, end: kept } = window(source, at, body.len(), places);
            cropped.leave_out(at - of.start..shown - of.start, CUT);
            secrets = &secrets[secrets.partition_point(|secret| secret.end <= shown)..];
            while let Some(secret) = secrets.first().filter(|secret| secret.start < kept) {
                cropped.text += &visible(&source.text[shown..secret.start.max(shown)]);
                cropped.leave_out(secret.start.max(shown) - of.start..secret.end.min(kept) - of.start, HIDDEN);
                shown = secret.end.min(kept);
                if secret.end > kept {
                    break;
                }
                secrets = &secrets[1..];
            }
            cropped.text += &visible(&source.text[shown..kept]);
            at += line.len();
            cropped.leave_out(kept - of.start..at - end.len() - of.start, CUT);
            cropped.text += end;
            secrets = &secrets[secrets.partition_point(|secret| secret.end <= at)..];
        }
        cropped
    }

    fn leave_out(&mut self, of: Range<usize>, mark: &'static str) {
        if !of.is_empty() {
            self.cuts.push(Left { of, at: self.text.len(), mark });
            self.text += mark;
        }
    }

    /// The place in the text of byte `at` of the source; for what is left out the mark, or with `after` its end.
    fn place(&self, at: usize, after: bool) -> usize {
        let before = self.cuts.partition_point(|left| left.of.start < at || left.of.start == at && !after);
        match before.checked_sub(1).map(|last| &self.cuts[last]) {
            None => at,
            Some(left) if at < left.of.end || at == left.of.end && after => {
                left.at + if after { left.mark.len() } else { 0 }
            }
            Some(left) => left.at + left.mark.len() + (at - left.of.end),
        }
    }

    /// How much further to the right of its line what is at byte `at` of the text is in the source.
    fn left_of(&self, at: usize) -> usize {
        let begin = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let cut = self.cuts.iter().find(|left| left.mark == CUT && left.at == begin && at > begin);
        cut.map_or(0, |left| left.of.len() - left.mark.len())
    }

    /// Whether byte `at` of the source is in a part of its line that is left out.
    fn hides(&self, at: usize) -> bool {
        self.cuts.iter().any(|left| left.mark == CUT && left.of.contains(&at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mask_moves_no_place() {
        let text =
            "a = 1\nx = { token = \"s3cr3t\", b = 2 }\nkey = \"\"\"\n-----BEGIN PRIVATE KEY-----\ns3\n\npr1v\n\"\"\"\n";
        let source = Source::new("a.toml", "a.toml", text);
        let [secret, after, last] = ["s3cr3t", "b =", "pr1v"].map(|part| text.find(part).expect("a part"));
        let places = [secret..secret + 6, after..after + 1, last..last + 4];
        let excerpt = Excerpt::new(&source, &places);
        let shown: String = excerpt.parts.iter().map(|part| part.cropped.text.as_str()).collect();
        assert!(!shown.contains("s3") && !shown.contains("pr1v"), "{shown}");
        let read = |place: &Range<usize>| {
            let (read, hidden) = excerpt.place(&source, place);
            let contents = excerpt.read_span(&SourceSpan::from(read.clone()), 0, 0).expect("a place that is there");
            assert!(!hidden);
            (shown[read].to_owned(), contents.line())
        };
        assert_eq!(places.each_ref().map(read), [("***".into(), 1), ("b".into(), 1), ("***".into(), 6)]);
        assert!(shown.contains("\"***\", b = 2 }\n"), "{shown}");
    }

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_drawn() {
        let far = "x".repeat(5_000);
        let text = format!("{{ \"a\": \"{far}\", \"token\": \"s3cr3t\", \"here\": 1, \"b\": \"{far}\" }}\nlast\n");
        let source = Source::new("a.json", "a.json", text.clone());
        let here = text.find("here").expect("a place");
        let place = here..here + 4;
        let excerpt = Excerpt::new(&source, std::slice::from_ref(&place));
        let shown = &excerpt.parts[0].cropped.text;
        assert!(shown.starts_with("…x") && shown.contains("x…\nlast\n"), "{shown}");
        assert!(!shown.contains("s3cr3t") && shown.len() < LINE + 30, "{shown}");
        let (read, hidden) = excerpt.place(&source, &place);
        assert_eq!((&shown[read.clone()], hidden), ("here", false));
        let contents = excerpt.read_span(&SourceSpan::from(read), 0, 0).expect("a place that is there");
        // A mask before it is shorter than what it hides.
        assert_eq!((contents.line(), contents.column()), (0, here - "s3cr3t".len() + HIDDEN.len()));
        assert!(excerpt.place(&source, &(9..10)).1);
    }

    #[test]
    fn a_place_in_the_middle_of_a_long_line_is_read_where_little_is_left_out() {
        let source = Source::new("a.toml", "a.toml", "a".repeat(LINE + 10));
        for start in LINE / 2 - 2..LINE / 2 + 12 {
            let excerpt = Excerpt::new(&source, std::slice::from_ref(&(start..start + 1)));
            let (read, hidden) = excerpt.place(&source, &(start..start + 1));
            let contents = excerpt.read_span(&SourceSpan::from(read), 0, 0).expect("a place that is there");
            assert_eq!((hidden, contents.line(), contents.column()), (false, 0, start), "{start}");
        }
    }

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
