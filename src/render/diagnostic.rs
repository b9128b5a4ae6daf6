//! Diagnostics as text, with the lines that they speak of.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::sanitize::{is_hidden, line};
use crate::diagnostic::{Diagnostic, Severity, Source};

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// With ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// How many diagnostics are drawn in full; what is beyond is counted.
const SHOWN: usize = 100;

/// The diagnostics as a user reads them. No control character of the input is in it.
pub fn text(diagnostics: &[Diagnostic], look: Look) -> String {
    let theme = if look.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false);
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
        let labels = here
            .map(|(place, label)| {
                let end = place.source.text.len();
                let span = place.span.start.min(end)..place.span.end.min(end);
                LabeledSpan::new_with_span(Some(line(label).into_owned()), span)
            })
            .collect();
        Self {
            diagnostic,
            message: source.map_or_else(String::new, |source| format!("see also {}", line(&source.name))),
            help: None,
            part: true,
            source: source.map(|source| NamedSource::new(line(&source.name), visible(&source.text))),
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

    fn place(name: &str, text: &str, span: std::ops::Range<usize>) -> Place {
        Place { source: Arc::new(Source { name: name.into(), path: name.into(), text: text.into() }), span }
    }

    proptest! {
        #[test]
        fn nothing_hidden_reaches_the_reader(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}\u{2066}ab ]{0,20}") {
            let diagnostic = Diagnostic::error("a::b", input.clone())
                .at(place(&input, &input, 0..input.len()), input.clone())
                .help(input);
            let shown = text(&[diagnostic], Look { colour: false, width: 80 });
            prop_assert!(shown.chars().all(|c| c == '\n' || !is_hidden(c)), "{:?}", shown);
        }

        #[test]
        fn a_visible_text_has_the_same_places(input in "[\\x00-\\x7f\u{80}-\u{9f}\u{202e}ab ]{0,20}") {
            let shown = visible(&input);
            prop_assert!(input.char_indices().map(|(at, _)| at).eq(shown.char_indices().map(|(at, _)| at)));
        }
    }

    #[test]
    fn places_in_two_files_show_both() {
        let diagnostic = Diagnostic::error("manifest::duplicate", "bucket.a is written twice")
            .at(place("b.toml", "[bucket.a]\n", 0..10), "again here")
            .at(place("a.toml", "# first\n[bucket.a]\n", 8..18), "first here")
            .help("take one out");
        insta::assert_snapshot!(text(&[diagnostic], Look { colour: false, width: 80 }), @r"
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
