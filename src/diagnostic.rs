//! What we say to a user who made a mistake, or whose server did: a code, places and a hint.

mod code;
mod level;
mod page;
mod secrets;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use crate::nearest::nearest;
pub use code::{Code, Group};
pub use level::Level;
pub use secrets::hide_secrets;

use crate::limits::MESSAGE;
use crate::redact::{self, Language};

/// One file of a project, as read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user would write it from where they stand.
    pub name: String,
    /// Where it was read.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Where each of its lines begins; made when it is first asked for.
    lines: OnceLock<Box<[usize]>>,
    /// How many characters begin before each so many bytes; made when it is first asked for.
    characters: OnceLock<Box<[usize]>>,
    /// Where it has secrets; made when it is first asked for.
    secrets: OnceLock<Box<[Range<usize>]>>,
}

/// The marks with which a text in UTF-16 begins.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
const UTF_16_HELP: &str = "it is UTF-16, as PowerShell writes with `>`: save it as UTF-8";
/// So many bytes tell whether a text without a mark is in UTF-16: sources begin with ASCII.
const BEGIN: usize = 64;

/// Whether a text is in UTF-16: it begins with its mark, or has a zero in each pair of bytes, always on the same side.
fn is_utf_16(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes[..bytes.len().min(BEGIN)].as_chunks::<2>();
    let is_side = |zero: usize| pairs.iter().all(|pair| pair[zero] == 0 && pair[1 - zero] != 0);
    UTF_16.iter().any(|mark| bytes.starts_with(mark)) || pairs.len() > 1 && (is_side(0) || is_side(1))
}

/// So many bytes of a text are counted at once: one line may be all of it.
const CHUNK: usize = 1 << 12;

impl Source {
    /// A file that was read at `path`, and that messages call `name`.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let (lines, characters, secrets) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { name: name.into(), path: path.into(), text: text.into(), lines, characters, secrets }
    }

    /// The text in `bytes`, which were read at `path`, and which messages call `name`.
    ///
    /// # Errors
    /// What is not UTF-8, under `code` and at its first wrong byte, and UTF-16 that happens to be both.
    pub fn utf8(code: Code, path: &Path, name: &str, bytes: Vec<u8>) -> Result<String, Diagnostic> {
        let is_wide = is_utf_16(&bytes);
        if is_wide && std::str::from_utf8(&bytes).is_ok() {
            return Err(Diagnostic::error(code, format!("{name} is not UTF-8")).help(UTF_16_HELP));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let place = Place {
                source: Arc::new(Self::new(name, path, text)),
                span: at..at + char::REPLACEMENT_CHARACTER.len_utf8(),
            };
            let diagnostic =
                Diagnostic::error(code, format!("{name} is not UTF-8")).at(place, "the first byte that is none");
            // Between its zeros no secret is found.
            if is_wide { diagnostic.showing_nothing().help(UTF_16_HELP) } else { diagnostic }
        })
    }

    /// Where each of its lines begins, as bytes of its text. There is at least one line.
    pub fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        })
    }

    /// How many characters begin before byte `at` of its text.
    fn characters(&self, at: usize) -> usize {
        let text = self.text.as_bytes();
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
        let before = self.characters.get_or_init(|| {
            let counts = text.chunks(CHUNK).scan(0, |sum, chunk| {
                let before = *sum;
                *sum += count(chunk);
                Some(before)
            });
            counts.collect()
        });
        let chunk = (at / CHUNK).min(before.len().saturating_sub(1));
        before.get(chunk).map_or(0, |before| before + count(&text[chunk * CHUNK..at]))
    }

    /// What is not to be shown of its text, in order and apart from each other: secrets, and in doubt more than that.
    pub fn unshown(&self) -> &[Range<usize>] {
        self.secrets.get_or_init(|| redact::literals(&self.text, self.language()).into())
    }

    fn language(&self) -> Language {
        match self.path.extension().and_then(|ending| ending.to_str()) {
            Some("flux") => Language::Flux,
            Some("conf") => Language::Config,
            Some("json") => Language::Json,
            _ => Language::Manifest,
        }
    }

    /// The same with `more` that is not to be shown.
    #[must_use]
    pub fn hiding(&self, more: impl IntoIterator<Item = Range<usize>>) -> Self {
        let secrets = redact::apart(self.unshown().iter().cloned().chain(more));
        Self { secrets: OnceLock::from(Box::from(secrets)), ..self.clone() }
    }

    /// The number of the line that byte `at` is in, from 0.
    pub fn line_of(&self, at: usize) -> usize {
        self.lines().partition_point(|start| *start <= at).saturating_sub(1)
    }
}

/// A piece of a source file.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes that are meant.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column of its begin, both from 1, in characters.
    pub fn position(&self) -> (usize, usize) {
        self.position_of(self.span.start)
    }

    /// Line and column of its end: the column is that behind its last character.
    pub fn end(&self) -> (usize, usize) {
        self.position_of(self.span.end)
    }

    fn position_of(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.source.text.len());
        let line = self.source.line_of(at);
        let begin = self.source.lines()[line];
        (line + 1, self.source.characters(at).saturating_sub(self.source.characters(begin)) + 1)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The run goes on.
    Warning,
    /// The run stops with an exit code of its own.
    Error,
}

/// One thing to tell the user.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// A stable name, such as `manifest::unknown-key`.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// Where, the main place first, each with a short label.
    pub places: Vec<(Place, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// What another program has written, line by line.
    pub output: Box<[String]>,
}

impl Diagnostic {
    /// An error without a place or a hint yet. A message of a length that nobody reads is cut, and credentials in URLs are
    /// left out, as in hints and labels.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        let message = said(message);
        Self { code, severity: Severity::Error, message, places: Vec::new(), help: None, output: Box::default() }
    }

    /// A warning without a place or a hint yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        debug_assert!(code.warns(), "invariant: the list says that {code} warns");
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same with one more place.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.places.push((place, said(label)));
        self.hide_literals();
        self
    }

    /// The same with nothing shown of what is at its places.
    #[must_use]
    pub fn showing_nothing(mut self) -> Self {
        for (place, _) in &mut self.places {
            place.source = Arc::new(place.source.hiding(std::iter::once(0..place.source.text.len())));
        }
        self
    }

    /// Says nothing of a literal that is not shown at its place either.
    fn hide_literals(&mut self) {
        let mut hidden = Vec::new();
        for (Place { source, span }, _) in &self.places {
            let unshown = source.unshown();
            let first = unshown.partition_point(|secret| secret.end <= span.start);
            let within = unshown[first..].iter().take_while(|secret| secret.start < span.end);
            hidden.extend(
                within.take(MOST_HIDDEN).filter_map(|secret| source.text.get(secret.clone())).map(str::to_owned),
            );
        }
        hidden.iter().for_each(|text| self.hide(&format!("`{text}`"), "`***`"));
    }

    /// Puts `mark` wherever `text` is said.
    fn hide(&mut self, text: &str, mark: &str) {
        self.all_said().filter(|said| said.contains(text)).for_each(|said| *said = said.replace(text, mark));
    }

    /// Puts `mark` wherever the value `text` is quoted, and wherever else it cannot be a word of ours, or a part of one.
    pub(crate) fn hide_value(&mut self, text: &str, mark: &str) {
        if text.len() >= SHORTEST && !text.chars().all(char::is_alphabetic) {
            return self.hide(text, mark);
        }
        let quoted =
            |part: &str| if text.len() < SHORTEST { replace_words(part, text, mark) } else { part.replace(text, mark) };
        for said in self.all_said() {
            let parts =
                said.split('`').enumerate().map(|(n, part)| if n % 2 == 1 { quoted(part) } else { part.to_owned() });
            *said = parts.collect::<Vec<_>>().join("`");
        }
    }

    fn all_said(&mut self) -> impl Iterator<Item = &mut String> {
        let labels = self.places.iter_mut().map(|(_, label)| label);
        [&mut self.message].into_iter().chain(labels).chain(&mut self.help)
    }

    /// The same with one more place where one is known.
    #[must_use]
    pub fn at_known(self, place: Option<&Place>, label: impl Into<String>) -> Self {
        match place {
            Some(place) => self.at(place.clone(), label),
            None => self,
        }
    }

    /// The same with what another program has written.
    #[must_use]
    pub fn output(mut self, lines: Vec<String>) -> Self {
        self.output = lines.into();
        self
    }

    /// The same with a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(said(help));
        self.hide_literals();
        self
    }

    /// The same with a hint where there is one.
    #[must_use]
    pub fn help_known(self, help: Option<impl Into<String>>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }
}

/// A value of fewer bytes is a part of many words.
const SHORTEST: usize = 4;

/// `said` with `mark` in the place of `text` where that is a word of its own.
fn replace_words(said: &str, text: &str, mark: &str) -> String {
    let mut out = String::new();
    let mut kept = 0;
    for (at, _) in said.match_indices(text) {
        let (before, after) = (said[..at].chars().next_back(), said[at + text.len()..].chars().next());
        if [before, after].into_iter().flatten().all(|c| !c.is_alphanumeric()) {
            out.push_str(&said[kept..at]);
            out.push_str(mark);
            kept = at + text.len();
        }
    }
    out + &said[kept..]
}

/// No message quotes more literals of one place.
const MOST_HIDDEN: usize = 100;

/// The text, without credentials, and without what nobody reads of a very long one.
fn said(text: impl Into<String>) -> String {
    let text = text.into();
    let mut text = match redact::without_credentials(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(without) => without,
    };
    if MESSAGE.exceeded(text.len()) {
        let end = (0..=MESSAGE.size() - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters_from_one() {
        let source = Arc::new(Source::new("a.toml", "a.toml", "a\n\näb\n"));
        for (at, position) in
            [(0, (1, 1)), (1, (1, 2)), (2, (2, 1)), (3, (3, 1)), (5, (3, 2)), (7, (4, 1)), (99, (4, 1))]
        {
            let place = Place { source: Arc::clone(&source), span: at..at };
            assert_eq!((place.position(), place.end()), (position, position), "{at}");
        }
        let long = Place { source, span: 0..5 };
        assert_eq!((long.position(), long.end()), ((1, 1), (3, 2)));
        let empty = Arc::new(Source::new("a.toml", "a.toml", ""));
        assert_eq!(Place { source: empty, span: 0..0 }.position(), (1, 1));
    }

    #[test]
    fn columns_of_a_line_that_is_longer_than_what_is_counted_at_once() {
        let text = format!("x\n{}", "aä€".repeat(CHUNK));
        let source = Arc::new(Source::new("a.json", "a.json", text.clone()));
        for (n, (at, _)) in text[2..].char_indices().enumerate().step_by(97) {
            let place = Place { source: Arc::clone(&source), span: at + 2..at + 2 };
            assert_eq!(place.position(), (2, n + 1));
        }
    }

    #[test]
    fn what_nobody_reads_is_cut() {
        let long = "ä".repeat(1 << 20);
        let source = Arc::new(Source::new("a.toml", "a.toml", ""));
        let diagnostic =
            Diagnostic::error(Code::ManifestValue, &*long).at(Place { source, span: 0..0 }, &*long).help(&*long);
        let help = diagnostic.help.expect("a hint");
        for text in [&diagnostic.message, &diagnostic.places[0].1, &help] {
            assert!(text.len() <= MESSAGE.size() && text.ends_with("ä…"), "{}", text.len());
        }
        let most = "x".repeat(MESSAGE.size());
        assert_eq!(Diagnostic::error(Code::ManifestValue, &*most).message, most);
        assert_ne!(Diagnostic::error(Code::ManifestValue, format!("{most}x")).message, format!("{most}x"));
    }

    #[test]
    fn a_message_quotes_no_literal_that_is_hidden_at_its_place() {
        let text = "[var]\ndb_password = { default = \"S3\", one_of = [\"S4\"] }\n";
        let source = Arc::new(Source::new("a.toml", "a.toml", text));
        let diagnostic = Diagnostic::error(Code::ManifestValue, "it cannot be `S3`")
            .at(Place { source: Arc::clone(&source), span: 0..text.len() }, "not `S3`")
            .help("one of `S4`, `S5`");
        assert_eq!(diagnostic.message, "it cannot be `***`");
        assert_eq!(diagnostic.places[0].1, "not `***`");
        assert_eq!(diagnostic.help.as_deref(), Some("one of `***`, `S5`"));
    }

    #[test]
    fn a_value_is_hidden_where_it_is_quoted_and_not_within_our_own_words() {
        let message =
            "`password` cannot be in a manifest in plain text: `x-e`, `hunter`, hunter2; write `{ env = \"NAME\" }`";
        for (value, wanted) in [
            ("e", message.replace("x-e", "x-***")),
            ("text", message.to_owned()),
            ("hunter", message.replace("`hunter`", "`***`")),
            ("hunter2", message.replace("hunter2", "***")),
            ("12", message.to_owned()),
        ] {
            let mut diagnostic = Diagnostic::error(Code::ManifestValue, message);
            diagnostic.hide_value(value, "***");
            assert_eq!(diagnostic.message, wanted, "{value}");
        }
    }

    #[test]
    fn a_message_quotes_no_credentials() {
        let diagnostic = Diagnostic::error(Code::ManifestValue, "invalid retention `http://u:hunter2@h`")
            .help("not `x?token=hunter2`");
        assert_eq!(diagnostic.message, "invalid retention `http://u:***@h`");
        assert_eq!(diagnostic.help.as_deref(), Some("not `x?token=***`"));
    }
}
