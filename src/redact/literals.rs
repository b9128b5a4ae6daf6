//! Secrets in plain text where somebody has written them.

use std::borrow::Cow;
use std::ops::Range;

use super::print::{is_sealed, sealed, without_prints};
use super::reference::is_reference;
use super::{MARK, assigned, commands, flux, json, shapes, toml, urls};
use crate::flux::Quoted;

/// What is shown where a secret was, however long it is.
pub(crate) const HIDDEN: &str = "***";
/// A piece of fewer bytes has nothing that tells a secret.
const SHORTEST: usize = 4;
/// No word of fewer bytes is a secret by its looks alone.
const SHORTEST_TELLING: usize = 19;

/// A search for secrets in one piece of a text: a string, a comment, or words. What is found never lies beyond it.
pub(super) struct Search<'t> {
    pub(super) text: &'t str,
    pub(super) of: Piece,
    /// Whether what is found is hidden: of a command, that is less than what may be a secret.
    pub(super) hides: bool,
    /// Whether something puts what they name in the place of `$NAME`, `${NAME}` and `@{store:name}`: these are no secrets then.
    expands: bool,
    /// Characters that take the next one along in a string.
    escapes: &'static [u8],
    found: Vec<Literal>,
}

/// What is searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// What stands in a string. It may be in another language, such as that of a shell.
    String,
    /// The rest of a line, which nobody runs.
    Comment,
    /// What is written for people.
    Words,
}

/// What a text is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// TOML of ours, or what was to be it. Nothing in it only names a secret.
    Manifest,
    /// The configuration of Telegraf, which is TOML. It replaces `$NAME` and `${NAME}` by variables of its environment, and
    /// `@{store:name}` by what a store of secrets has: these name secrets, and are none.
    Config,
    /// Flux.
    Flux,
    /// JSON, or what was to be it. Nothing in it only names a secret.
    Json,
}

impl Language {
    const fn expands(self) -> bool {
        matches!(self, Self::Config | Self::Flux)
    }
}

/// What is, or in doubt may be, a secret.
struct Literal {
    span: Range<usize>,
    is_certain: bool,
}

impl<'t> Search<'t> {
    const fn new(text: &'t str, of: Piece, expands: bool) -> Self {
        Self { text, of, hides: true, expands, escapes: b"\\", found: Vec::new() }
    }

    /// A search in the whole `text`, piece by piece.
    fn whole(text: &'t str, language: Language, hides: bool) -> Self {
        let mut search = Self { hides, ..Self::new(text, Piece::String, language.expands()) };
        match language {
            Language::Json => json::find(&mut search),
            Language::Flux => {
                search.escapes = b"\\$";
                flux::find(&mut search);
            }
            Language::Manifest | Language::Config => toml::find(&mut search, language == Language::Manifest),
        }
        search
    }

    /// Searches a piece of the text by itself.
    pub(super) fn piece(&mut self, span: Range<usize>, of: Piece) {
        if span.len() < SHORTEST {
            return;
        }
        let mut search = Search::new(&self.text[span.clone()], of, self.expands);
        search.find();
        if of == Piece::String {
            self.keep_escapes(span.clone(), &mut search.found);
        }
        self.take(search.found, span.start);
    }

    /// Moves what begins or ends within an escape of the string `span` behind it: a quote must not seem to close what it does not.
    fn keep_escapes(&self, span: Range<usize>, found: &mut [Literal]) {
        if found.is_empty() {
            return;
        }
        let text = &self.text[span];
        let mut within = vec![false; text.len() + 1];
        let mut chars = text.char_indices();
        while let Some((_, c)) = chars.next() {
            if u8::try_from(c).is_ok_and(|c| self.escapes.contains(&c))
                && let Some((at, _)) = chars.next()
            {
                within[at] = true;
            }
        }
        let behind = |at: usize| if within[at] { at + text[at..].chars().next().map_or(0, char::len_utf8) } else { at };
        for Literal { span, .. } in found {
            *span = behind(span.start)..behind(span.end).max(behind(span.start));
        }
    }

    /// Searches a piece of the text by itself, which may be written in another language.
    pub(super) fn text_of(&mut self, language: Language, span: Range<usize>) {
        let search = Search::whole(&self.text[span.clone()], language, self.hides);
        self.take(search.found, span.start);
    }

    /// Searches `text`, which may be written in Flux too, and of which byte `n` is written at `places[n]`.
    pub(super) fn decoded(&mut self, text: &str, places: &[usize]) {
        let mut search = Search::whole(text, Language::Flux, self.hides);
        search.piece(0..text.len(), Piece::String);
        let found = search.found.into_iter();
        self.found.extend(
            found
                .map(|Literal { span, is_certain }| Literal { span: places[span.start]..places[span.end], is_certain }),
        );
    }

    fn take(&mut self, found: Vec<Literal>, from: usize) {
        let moved = |Range { start, end }| from + start..from + end;
        let found = found.into_iter();
        self.found.extend(found.map(|Literal { span, is_certain }| Literal { span: moved(span), is_certain }));
    }

    pub(super) fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    /// Takes back what was found in `spans`, which are in order.
    pub(super) fn show(&mut self, spans: &[Range<usize>]) {
        self.found.retain(|Literal { span, .. }| {
            let next = spans.partition_point(|shown| shown.end < span.end);
            spans.get(next).is_none_or(|shown| span.start < shown.start)
        });
    }

    fn find(&mut self) {
        assigned::find(self);
        shapes::find(self);
        urls::find(self);
    }

    pub(super) fn add(&mut self, mut span: Range<usize>, is_certain: bool) {
        // What comes from there on has been taken out already.
        if let Some((mark, _)) =
            self.text[span.clone()].match_indices('[').find(|(at, _)| self.is_mark(span.start + at))
        {
            span.end = span.start + mark;
        }
        let value = &self.text[span.clone()];
        if !(value.trim_matches([' ', '\t', '\r', '\n', '"', '\'', '`']).is_empty()
            || value == HIDDEN
            || self.expands && is_reference(value))
        {
            self.found.push(Literal { span, is_certain });
        }
    }

    /// What stands in a string, which may be in another language: not what a shell or a program would run.
    pub(super) fn add_within(&mut self, span: Range<usize>, is_certain: bool) {
        let (before, value, after) = (&self.text[..span.start], &self.text[span.clone()], &self.text[span.end..]);
        let runs = before.ends_with('`') || value.contains("$(") || value.contains('`') || after.starts_with('(');
        if !(self.of == Piece::String && runs) {
            self.add(span, is_certain);
        }
    }

    /// The value of what is called like a secret. Where a URL goes is none: passwords and parameters in it are found as in any other.
    pub(super) fn secret(&mut self, span: Range<usize>, is_certain: bool) {
        if !urls::is_url(&self.text[span.clone()]) {
            self.add_within(span, is_certain);
        }
    }

    /// The same where the rest of the piece is not searched.
    pub(super) fn whole_secret(&mut self, span: Range<usize>, is_certain: bool) {
        match urls::is_url(&self.text[span.clone()]) {
            true => self.piece(span, Piece::String),
            false => self.add(span, is_certain),
        }
    }

    /// Whether what stands there only names a secret.
    pub(super) fn only_names(&self, span: Range<usize>) -> bool {
        self.expands && is_reference(&self.text[span])
    }

    fn is_mark(&self, at: usize) -> bool {
        self.text[at..].starts_with(MARK)
    }

    /// In order; what overlaps is one, and certain if a part of it is.
    fn merged(mut self) -> Vec<Literal> {
        self.found.sort_unstable_by_key(|found| (found.span.start, found.span.end));
        let mut merged: Vec<Literal> = Vec::with_capacity(self.found.len());
        for next in self.found {
            match merged.last_mut().filter(|last| next.span.start < last.span.end) {
                Some(last) => {
                    last.span.end = last.span.end.max(next.span.end);
                    last.is_certain |= next.is_certain;
                }
                None => merged.push(next),
            }
        }
        merged
    }

    /// The same, line by line, so that a text without secrets has the lines that it has with them.
    fn lines(self) -> Vec<Literal> {
        let text = self.text;
        let mut lines = Vec::new();
        for Literal { span, is_certain } in self.merged() {
            let mut at = span.start;
            for line in text[span].split_inclusive('\n') {
                let start = at + line.len() - line.trim_start().len();
                let end = at + line.trim_end().len();
                if start < end {
                    lines.push(Literal { span: start..end, is_certain });
                }
                at += line.len();
            }
        }
        lines
    }
}

/// Where `text` has secrets: what is given to what is called like one, passwords in URLs and in addresses of databases, and
/// private keys. In doubt, more than that. Each is within one string, one value or one comment, and in one line.
pub(crate) fn literals(text: &str, language: Language) -> Vec<Range<usize>> {
    Search::whole(text, language, true).lines().into_iter().map(|literal| literal.span).collect()
}

/// Where `text` has what certainly are secrets, whether they are hidden or not. The lines of one are one.
pub(crate) fn certain_literals(text: &str, language: Language) -> Vec<Range<usize>> {
    whole(text, Search::whole(text, language, false).lines())
}

/// Those of `found` that certainly are secrets; the lines of one are one.
fn whole(text: &str, found: Vec<Literal>) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    for Literal { span, .. } in found.into_iter().filter(|literal| literal.is_certain) {
        match whole.last_mut().filter(|last| is_end_of_line(&text[last.end..span.start])) {
            Some(last) => last.end = span.end,
            None => whole.push(span),
        }
    }
    whole
}

/// Whether there is nothing but the end of a line, and what begins a comment.
fn is_end_of_line(between: &str) -> bool {
    between.trim_matches(|c: char| c.is_whitespace() || c == '#').is_empty() && between.contains('\n')
}

/// `spans` in order, those that overlap as one.
pub(crate) fn apart(spans: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut search = Search::new("", Piece::Words, false);
    search.found = spans.map(|span| Literal { span, is_certain: true }).collect();
    search.merged().into_iter().map(|literal| literal.span).collect()
}

/// `text` with [`HIDDEN`] in the place of what may be a secret.
pub(crate) fn without_literals(text: &str, language: Language) -> Cow<'_, str> {
    hidden(text, Search::whole(text, language, true).lines())
}

/// The words of a person with [`HIDDEN`] in the place of what certainly is a secret. What stands in `${...}` may be code.
pub(crate) fn without_secrets(words: &str) -> Cow<'_, str> {
    if is_short_word(words) {
        return words.into();
    }
    seen(words, |words| hidden(words, in_words(words)))
}

/// Where the words of a person have what certainly is a secret. The lines of one are one.
pub(crate) fn secrets_in(words: &str) -> Vec<Range<usize>> {
    whole(words, if is_short_word(words) { Vec::new() } else { in_words(words) })
}

fn in_words(words: &str) -> Vec<Literal> {
    let mut search = Search::new(words, Piece::Words, false);
    if words.contains("${") {
        for text in Quoted::new(words).texts() {
            search.piece(text, Piece::Words);
        }
    } else {
        search.find();
    }
    search.found.retain(|literal| literal.is_certain);
    search.lines()
}

/// Whether `text` is one word, and no secret that its looks tell is as short: so are most texts of a plan.
fn is_short_word(text: &str) -> bool {
    text.len() < SHORTEST_TELLING && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// What `hide` makes of `text`, of which a print is nothing that people see.
fn seen<'t>(text: &'t str, hide: impl Fn(&str) -> Cow<'_, str>) -> Cow<'t, str> {
    match without_prints(text) {
        Cow::Borrowed(text) => hide(text),
        Cow::Owned(text) => Cow::Owned(hide(&text).into_owned()),
    }
}

/// Commands as [`crate::secret::Sink`] and [`crate::secret::Source`] write them with [`HIDDEN`] in the place of what can only be
/// a secret. Nothing is hidden that may run, or that a program may connect to.
pub(crate) fn without_secrets_in_command(said: &str) -> Cow<'_, str> {
    seen(said, |said| {
        let mut search = Search::new(said, Piece::String, false);
        commands::find_in_lists(&mut search);
        hidden(said, search.lines())
    })
}

/// The words of a command in one line, written in the same way.
pub(crate) fn without_secrets_in_words(argv: &[String]) -> String {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let mut shown = argv.to_vec();
    // Of one word, the last secret goes first.
    for (at, secret) in commands::secrets(&words).into_iter().rev() {
        shown[at].replace_range(secret, HIDDEN);
    }
    shown.join(" ")
}

/// The words of a command as they are written down, each secret with the print that `digest` makes of it.
pub(crate) fn sealed_words(mut argv: Vec<String>, digest: impl Fn(&str) -> String) -> Vec<String> {
    if argv.iter().any(|word| is_sealed(word)) {
        return argv;
    }
    let secrets = commands::secrets(&argv.iter().map(String::as_str).collect::<Vec<_>>());
    for (at, secret) in secrets.into_iter().rev() {
        let print = sealed(HIDDEN, &argv[at][secret.clone()], &digest);
        argv[at].replace_range(secret, &print);
    }
    argv
}

/// What somebody wrote on our own command line with [`HIDDEN`] in the place of what may be a secret.
pub(crate) fn without_secrets_in_argument(words: &str) -> Cow<'_, str> {
    let mut search = Search::new(words, Piece::String, false);
    search.find();
    hidden(words, search.lines())
}

/// Whether `text` has a user or a password before the host of a URL, or a secret in its parameters.
pub(crate) fn has_credentials(text: &str) -> bool {
    credentials(text).iter().any(|literal| literal.is_certain)
}

/// `text` with [`HIDDEN`] in the place of passwords and parameters in URLs that are secrets, and of private keys.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    hidden(text, credentials(text))
}

fn credentials(text: &str) -> Vec<Literal> {
    let mut search = Search::new(text, Piece::Words, false);
    urls::find(&mut search);
    shapes::find(&mut search);
    search.lines()
}

fn hidden(text: &str, found: Vec<Literal>) -> Cow<'_, str> {
    if found.is_empty() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for Literal { span, .. } in found {
        out.push_str(&text[at..span.start]);
        out.push_str(HIDDEN);
        at = span.end;
    }
    out.push_str(&text[at..]);
    out.into()
}

#[cfg(test)]
mod code;
#[cfg(test)]
mod tests;
