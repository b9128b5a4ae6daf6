//! Diagnostics as text, with the lines that they speak of.

use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use textwrap::WordSplitter;

use super::excerpt::Excerpt;
use super::sanitize::line;
use super::style::Look;
use super::words::SEPARATOR;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::limits::PROBLEMS;

/// Columns where the look says none.
const WIDTH: usize = 100;

/// The diagnostics as a user reads them; of very many, those beyond [`PROBLEMS`] are counted. No control character of the
/// input is in it.
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
    for diagnostic in diagnostics.iter().take(PROBLEMS.size()) {
        handler
            .render_report(&mut text, &Shown::new(diagnostic))
            .expect("invariant: writing to a string cannot fail, and places lie within their source");
        for output in &diagnostic.output {
            text.push_str(&format!("  | {}\n", line(output)));
        }
        text.push('\n');
    }
    if let Some(more) = diagnostics.len().checked_sub(PROBLEMS.size()).filter(|more| *more > 0) {
        text.push_str(&format!("... and {more} more\n"));
    }
    text
}

/// A diagnostic as miette wants it. Miette knows one source for each: places in further files become related ones.
#[derive(Debug)]
struct Shown<'d> {
    diagnostic: &'d Diagnostic,
    message: String,
    help: Option<String>,
    /// Whether this is the further part of another one.
    part: bool,
    source: Option<Excerpt>,
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
            || diagnostic.places.iter().filter(|(place, _)| source.is_some_and(|s| std::ptr::eq(s, &*place.source)));
        let excerpt = source.map(|source| {
            let places: Vec<Range<usize>> = here().map(|(place, _)| place.span.clone()).collect();
            Excerpt::new(source, &places)
        });
        let labels = here().filter_map(|(place, label)| {
            let (span, hidden) = excerpt.as_ref()?.place(&place.source, &place.span);
            let mut label = line(label).into_owned();
            if hidden {
                label += &format!(" (column {})", place.position().1);
            }
            Some(LabeledSpan::new_with_span(Some(label).filter(|label| !label.is_empty()), span))
        });
        let labels = labels.collect();
        Self {
            diagnostic,
            message: source.map_or_else(String::new, |source| format!("see also {}", line(&source.name))),
            help: None,
            part: true,
            source: excerpt,
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
    use crate::diagnostic::{Code, Place};
    use crate::hidden::is_hidden;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn place(name: &str, text: &str, span: Range<usize>) -> Place {
        Place { source: Arc::new(Source::new(name, name, text)), span }
    }

    proptest! {
        #[test]
        fn nothing_hidden_reaches_the_reader(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}\u{2066}ab ]{0,20}") {
            let diagnostic = Diagnostic::error(Code::ManifestValue, input.clone())
                .at(place(&input, &input, 0..input.len()), input.clone())
                .help(input);
            let shown = text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN });
            prop_assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{:?}", shown);
        }
    }

    #[test]
    fn of_a_long_line_what_is_far_away_is_cut_off_and_its_column_said() {
        let source = format!("a = 1\nb = {} # c\nd = 2\n", "é".repeat(100_000));
        let shown = |span: Range<usize>| {
            let diagnostic = Diagnostic::error(Code::ManifestValue, "wrong").at(place("m.toml", &source, span), "here");
            text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN })
        };
        let (long, last) = (source.find('é').expect("there"), source.len() - 2);
        assert!(shown(last..last + 1).contains("[m.toml:3:5]"), "{}", shown(last..last + 1));
        for (span, words, begin) in [
            (long..long + 200_000, "[m.toml:2:5]", "b = ééé"),
            (long + 150_000..long + 150_002, "[m.toml:2:150005]", "…ééé"),
        ] {
            let shown = shown(span);
            assert!(shown.contains(words) && shown.contains(begin) && shown.contains("ééé…\n"), "{shown}");
            assert!(shown.len() < 5_000, "{shown}");
        }
    }

    #[test]
    fn of_a_place_of_many_lines_the_first_are_drawn() {
        let source = "b\n".repeat(100_000);
        let diagnostic =
            Diagnostic::error(Code::ManifestValue, "wrong").at(place("m.toml", &source, 20..150_000), "here");
        let shown = text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN });
        assert!(shown.contains("[m.toml:11:1]") && shown.contains("30 │") && !shown.contains("35 │"), "{shown}");
    }

    #[test]
    fn what_another_program_wrote_stands_below() {
        let diagnostic =
            Diagnostic::error(Code::SecretSource, "`push` failed").output(vec!["a\u{1b}[31m".into(), "b".into()]);
        let shown = text(&[diagnostic], Look { ascii: true, ..Look::PLAIN });
        assert!(shown.contains("`push` failed\n  | a\\u{1b}[31m\n  | b\n") && shown.is_ascii(), "{shown}");
    }

    #[test]
    fn places_in_two_files_show_both() {
        let diagnostic = Diagnostic::error(Code::ManifestDuplicate, "duplicate resource bucket.a")
            .at(place("b.toml", "[bucket.a]\n", 0..10), "again here")
            .at(place("a.toml", "# first\n[bucket.a]\n", 8..18), "first here")
            .help("take one out");
        insta::assert_snapshot!(text(&[diagnostic], Look { width: Some(80), ..Look::PLAIN }), @r"
        manifest::duplicate

          × duplicate resource bucket.a
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
