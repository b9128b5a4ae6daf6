//! Diagnostics as text, with the lines that they speak of.

use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use textwrap::WordSplitter;

use super::sanitize::line;
use super::style::Look;
use super::words::SEPARATOR;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::hidden::is_hidden;

/// Columns where the look says none.
const WIDTH: usize = 100;

/// How many diagnostics are drawn in full; what is beyond is counted.
const SHOWN: usize = 100;

/// The diagnostics as a user reads them. No control character of the input is in it.
pub fn text(diagnostics: &[Diagnostic], look: Look) -> String {
    let theme = match (look.ascii, look.colour) {
        (true, true) => GraphicalTheme::ascii(),
        (true, false) => GraphicalTheme::none(),
        (false, true) => GraphicalTheme::unicode(),
        (false, false) => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(look.width.unwrap_or(WIDTH))
        .with_break_words(false)
        .with_word_separator(SEPARATOR)
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN) {
        handler
            .render_report(&mut text, &Shown::new(diagnostic))
            .expect("invariant: writing to a string cannot fail, and places lie within their source");
        text.push('\n');
    }
    if let Some(more) = diagnostics.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("... and {more} more\n"));
    }
    text
}

/// A source text in which each hidden character has become one of the same length that can be seen.
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

/// How many bytes of a source line are drawn. (A place beyond column 65,535 is more than miette can format.)
const LINE: usize = 400;
const CUT: &str = "…";

/// A source text without the ends of long lines.
struct Cropped {
    text: String,
    /// What is cut off, as bytes of the source, and where the text has the mark instead.
    cuts: Vec<(Range<usize>, usize)>,
}

impl Cropped {
    fn new(source: &str) -> Self {
        let mut cropped = Self { text: String::with_capacity(source.len()), cuts: Vec::new() };
        let mut at = 0;
        for line in source.split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
            let kept = (0..=LINE.min(body.len())).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
            cropped.text += &body[..kept];
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

/// The column of byte `at`, from 1.
fn column(source: &str, at: usize) -> usize {
    source[..at].chars().rev().take_while(|c| *c != '\n').count() + 1
}

/// A diagnostic as miette wants it. Miette knows one source for each: places in further files become related ones.
#[derive(Debug)]
struct Shown<'d> {
    diagnostic: &'d Diagnostic,
    message: String,
    help: Option<String>,
    /// Whether this is the further part of another one.
    part: bool,
    source: Option<NamedSource<String>>,
    labels: Vec<LabeledSpan>,
    others: Vec<Shown<'d>>,
}

impl<'d> Shown<'d> {
    fn new(diagnostic: &'d Diagnostic) -> Self {
        let mut sources: Vec<&Source> = Vec::new();
        for (place, _) in &diagnostic.places {
            if !sources.iter().any(|source| std::ptr::eq(*source, &*place.source)) {
                sources.push(&place.source);
            }
        }
        let mut parts: Vec<_> = sources.iter().map(|source| Self::part(diagnostic, Some(source))).collect();
        let others = parts.split_off(parts.len().min(1));
        let mut shown = parts.pop().unwrap_or_else(|| Self::part(diagnostic, None));
        shown.part = false;
        shown.message = line(&diagnostic.message).into_owned();
        shown.help = diagnostic.help.as_deref().map(|help| line(help).into_owned());
        shown.others = others;
        shown
    }

    fn part(diagnostic: &'d Diagnostic, source: Option<&Source>) -> Self {
        let here =
            diagnostic.places.iter().filter(|(place, _)| source.is_some_and(|s| std::ptr::eq(s, &*place.source)));
        let cropped = source.map(|source| Cropped::new(&visible(&source.text)));
        let labels = here
            .zip(std::iter::repeat(cropped.as_ref()))
            .filter_map(|((place, label), cropped)| {
                let (cropped, end) = (cropped?, place.source.text.len());
                let (start, end) = (place.span.start.min(end), place.span.end.min(end));
                let mut label = line(label).into_owned();
                if cropped.hides(start) {
                    label += &format!(" (column {})", column(&place.source.text, start));
                }
                let span = cropped.place(start, false)..cropped.place(end, start < end);
                Some(LabeledSpan::new_with_span(Some(label).filter(|label| !label.is_empty()), span))
            })
            .collect();
        Self {
            diagnostic,
            message: source.map_or_else(String::new, |source| format!("see also {}", line(&source.name))),
            help: None,
            part: true,
            source: source.zip(cropped).map(|(source, cropped)| NamedSource::new(line(&source.name), cropped.text)),
            labels,
            others: Vec::new(),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        if self.part { None } else { Some(Box::new(self.diagnostic.code)) }
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match (self.part, self.diagnostic.severity) {
            (true, _) => miette::Severity::Advice,
            (false, Severity::Error) => miette::Severity::Error,
            (false, Severity::Warning) => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(self.others.iter().map(|other| other as &dyn miette::Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn place(name: &str, text: &str, span: Range<usize>) -> Place {
        Place { source: Arc::new(Source { name: name.into(), path: name.into(), text: text.into() }), span }
    }

    proptest! {
        #[test]
        fn nothing_hidden_reaches_the_reader(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}\u{2066}ab ]{0,20}") {
            let diagnostic = Diagnostic::error("a::b", input.clone())
                .at(place(&input, &input, 0..input.len()), input.clone())
                .help(input);
            let shown = text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN });
            prop_assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{:?}", shown);
        }

        #[test]
        fn a_visible_text_has_the_same_places(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}ab ]{0,20}") {
            let shown = visible(&input);
            prop_assert!(input.char_indices().map(|(at, _)| at).eq(shown.char_indices().map(|(at, _)| at)));
        }
    }

    #[test]
    fn the_end_of_a_long_line_is_cut_off_and_its_column_said() {
        let source = format!("a = 1\nb = {} # c\nd = 2\n", "é".repeat(100_000));
        let shown = |span: Range<usize>| {
            let diagnostic = Diagnostic::error("a::b", "wrong").at(place("m.toml", &source, span), "here");
            text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN })
        };
        let (long, last) = (source.find('é').expect("there"), source.len() - 2);
        assert!(shown(last..last + 1).contains("[m.toml:3:5]"), "{}", shown(last..last + 1));
        for (span, words) in
            [(long..long + 200_000, "[m.toml:2:5]"), (long + 150_000..long + 150_002, "here (column 75005)")]
        {
            let shown = shown(span);
            assert!(shown.contains(words) && shown.contains("ééé…\n") && shown.len() < 5_000, "{shown}");
        }
    }

    #[test]
    fn places_in_two_files_show_both() {
        let diagnostic = Diagnostic::error("manifest::duplicate", "bucket.a is written twice")
            .at(place("b.toml", "[bucket.a]\n", 0..10), "again here")
            .at(place("a.toml", "# first\n[bucket.a]\n", 8..18), "first here")
            .help("take one out");
        insta::assert_snapshot!(text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN }), @r"
        manifest::duplicate

          × bucket.a is written twice
           ╭─[b.toml:1:1]
         1 │ [bucket.a]
           · ─────┬────
           ·      ╰── again here
           ╰────
          help: take one out

        Advice: 
          ☞ see also a.toml
           ╭─[a.toml:2:1]
         1 │ # first
         2 │ [bucket.a]
           · ─────┬────
           ·      ╰── first here
           ╰────
        ");
    }
}
