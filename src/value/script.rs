//! A script as a value: Flux, or the text of another program.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digest;
use crate::flux::format;
use crate::flux::parser::parse;
use crate::flux::{FluxError, LiveScript, NormalForm};
use crate::redact::{self, Part};

/// A Flux script, or the text of another program. Flux is compared without the name and the schedule in its `option task`, by its
/// tokens; what we cannot read, what is not Flux, and a query that is kept as it is written, byte by byte. Written down, it is what
/// is compared.
#[derive(Clone)]
pub struct Script {
    /// The whole text, as a server has it or as it is sent; none of a script that was only written down.
    source: Option<Box<str>>,
    language: Language,
    /// Made when it is asked for: scripts that are the same byte for byte need not be read.
    reading: OnceLock<Box<Reading>>,
}

/// What a script is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Language {
    #[default]
    Flux,
    /// Flux that the server lays out anew.
    LaidOut,
    /// Flux of which every byte counts.
    Query,
    /// The language of another program.
    Other,
}

/// What is put before the bytes of a text of which each counts.
const QUERY: &str = "query";
const OTHER: &str = "other";
const UNREAD: &str = "unread";

impl Language {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What a text that people read means.
    fn meaning(self, text: &str) -> String {
        let normal = matches!(self, Self::Flux | Self::LaidOut).then(|| NormalForm::of(text).ok()).flatten();
        normal.map_or_else(|| text.to_owned(), |normal| normal.to_string())
    }

    /// The digests that a script may have of which people read `text`, in which nothing is hidden.
    fn digests(self, text: &str) -> Vec<String> {
        let bytes = |word: &str| digest(&format!("{word} {text}"));
        match self {
            Self::Query => vec![bytes(QUERY)],
            Self::Other => vec![bytes(OTHER)],
            Self::Flux | Self::LaidOut => {
                let extra = text.strip_prefix(EXTRA).and_then(|rest| rest.split_once("}\n"));
                let (extra, rest) = extra.unwrap_or(("", text));
                let read = LiveScript::read(rest, None).map(|script| digest_of(extra, &script));
                [bytes(UNREAD)].into_iter().chain(read).collect()
            }
        }
    }

    /// As what its secrets are looked for.
    fn masked_as(self) -> redact::Language {
        match self {
            Self::Flux | Self::LaidOut | Self::Query => redact::Language::Flux,
            Self::Other => redact::Language::Config,
        }
    }
}

/// What a script says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reading {
    /// What a person reads, and what a line diff is made of: it keeps the injected record, and what `option task` says
    /// besides name and schedule, and has no secrets.
    text: String,
    /// Digest of the tokens that count.
    digest: String,
    #[serde(default, skip_serializing_if = "Language::is_default")]
    language: Language,
}

impl Script {
    /// The script with this text, as a server has it or takes it.
    pub fn of_task(source: String) -> Self {
        Self { source: Some(source.into()), language: Language::Flux, reading: OnceLock::new() }
    }

    /// The same where the server lays it out anew: people read it in one layout, whoever has written it.
    pub fn laid_out(source: String) -> Self {
        Self { source: Some(source.into()), language: Language::LaidOut, reading: OnceLock::new() }
    }

    /// The query with this text, which a server keeps as it is written.
    pub fn query(source: String) -> Self {
        Self { source: Some(source.into()), language: Language::Query, reading: OnceLock::new() }
    }

    /// The text of another program, every byte of which counts. Nobody reads the secrets in it.
    pub fn verbatim(source: String) -> Self {
        Self { source: Some(source.into()), language: Language::Other, reading: OnceLock::new() }
    }

    /// Another spelling of the same script, or another script.
    #[must_use]
    pub fn with_source(&self, source: String) -> Self {
        Self { source: Some(source.into()), language: self.language, reading: OnceLock::new() }
    }

    fn of_reading(reading: Reading) -> Self {
        Self { source: None, language: reading.language, reading: OnceLock::from(Box::new(reading)) }
    }

    /// Whether it is Flux.
    pub fn is_flux(&self) -> bool {
        self.language != Language::Other
    }

    /// The same without its spelling: only what is compared, and the meaning of what people read of it. In a file somebody may have
    /// written another text.
    #[must_use]
    pub fn without_spelling(&self) -> Self {
        let Reading { text, digest: own, language } = self.reading();
        let digest = match text.contains(redact::HIDDEN) {
            true => digest(&format!("{own} shown as {}", language.meaning(text))),
            false if self.source.is_some() || language.digests(text).contains(own) => own.clone(),
            false => digest(&format!("{own} not as in {text}")),
        };
        Self::of_reading(Reading { text: String::new(), digest, language: *language })
    }

    /// The same where it takes the place of `other`: what is read of it tells where only a secret differs.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let (Some(own), Some(others)) = (self.plain(), other.plain()) else { return self.clone() };
        let lines = |plain, shown| Part::between("\n", plain, shown).unwrap_or_else(|| vec![Part { plain, shown }]);
        let (new, old) = (lines(&own, self.text()), lines(&others, other.text()));
        let (text, digest) = (redact::beside(&old, &new).join("\n"), self.digest().to_owned());
        let reading = Reading { text, digest, language: self.language };
        Self { source: self.source.clone(), language: self.language, reading: OnceLock::from(Box::new(reading)) }
    }

    /// What a person would read with its secrets.
    fn plain(&self) -> Option<String> {
        let source = self.source.as_deref()?;
        Some(match self.language {
            Language::Flux => plain(source).map_or_else(|_| source.to_owned(), |(text, _)| text),
            Language::LaidOut => plain(&in_one_layout(source)).map_or_else(|_| source.to_owned(), |(text, _)| text),
            Language::Query | Language::Other => source.to_owned(),
        })
    }

    /// Whether it certainly has a secret in plain text.
    pub fn has_secret(&self) -> bool {
        let language = self.language.masked_as();
        self.source().is_some_and(|source| !redact::certain_literals(source, language).is_empty())
    }

    /// The whole text, as a server has it or takes it; none of a script that was only written down.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What a person reads, and what a line diff is made of.
    pub fn text(&self) -> &str {
        &self.reading().text
    }

    /// Digest of the tokens that count.
    pub(super) fn digest(&self) -> &str {
        &self.reading().digest
    }

    fn reading(&self) -> &Reading {
        self.reading.get_or_init(|| {
            let source = self.source.as_deref().expect("invariant: what has no text has been read");
            Box::new(match self.language {
                Language::Flux => Reading::of(source).unwrap_or_else(|_| Reading::unread(source)),
                Language::LaidOut => {
                    let reading = Reading::of(&in_one_layout(source)).unwrap_or_else(|_| Reading::unread(source));
                    Reading { language: self.language, ..reading }
                }
                Language::Query => Reading::bytes(source, QUERY, self.language),
                Language::Other => Reading::bytes(source, OTHER, self.language),
            })
        })
    }
}

/// The text that a person would read with its secrets, and a digest of the tokens that count.
fn plain(source: &str) -> Result<(String, String), FluxError> {
    let script = LiveScript::read(source, None)?;
    let mut extra = Vec::new();
    for (key, value) in script.task.iter().flat_map(|task| &task.extra) {
        extra.push(format!("{key}: {}", NormalForm::of(&value.value)?));
    }
    extra.sort();
    let extra = extra.join(", ");
    let digest = digest_of(&extra, &script);
    let text = script.text();
    let text = if extra.is_empty() { text } else { format!("{EXTRA}{extra}}}\n{text}") };
    Ok((text, digest))
}

/// A script in the layout of the formatter, if it is one.
fn in_one_layout(source: &str) -> String {
    let parsed = parse(source);
    if parsed.is_sound() { format::format(&parsed.script) } else { source.to_owned() }
}

/// What stands before what `option task` says besides name and schedule.
const EXTRA: &str = "option task = {..., ";

/// Digest of the tokens that count of a script that says `extra` in its `option task`.
fn digest_of(extra: &str, script: &LiveScript<'_>) -> String {
    digest(&format!("{extra}\n{}", script.body))
}

impl Reading {
    fn of(source: &str) -> Result<Self, FluxError> {
        let (text, digest) = plain(source)?;
        let text = redact::without_literals(&text, redact::Language::Flux).into_owned();
        Ok(Self { text, digest, language: Language::Flux })
    }

    fn unread(source: &str) -> Self {
        Self::bytes(source, UNREAD, Language::Flux)
    }

    /// What every byte of `source` counts in, `word` telling apart what it is.
    fn bytes(source: &str, word: &str, language: Language) -> Self {
        let text = redact::without_literals(source, language.masked_as()).into_owned();
        Self { text, digest: digest(&format!("{word} {source}")), language }
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        (self.source.is_some() && self.source == other.source) || self.digest() == other.digest()
    }
}

impl Eq for Script {}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.source.as_deref().unwrap_or_else(|| self.text())).finish()
    }
}

impl Serialize for Script {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.reading().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reading::deserialize(deserializer).map(Self::of_reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_changes_is_told_with_whatever_else_changes() {
        let flux = |token: &str, x: i32| Script::of_task(format!("token = \"{token}\"\nx = {x}\n"));
        let text = |script: &Script, of: &Script| script.beside(of).text().to_owned();
        assert_eq!(text(&flux("B", 2), &flux("A", 1)), "token = \"*** (another secret)\"\nx = 2\n");
        assert_eq!(text(&flux("A", 2), &flux("A", 1)), "token = \"***\"\nx = 2\n");
        assert_eq!(flux("B", 2).beside(&flux("A", 1)), flux("B", 2));
        let config = |lines: &str| Script::verbatim(lines.to_owned());
        assert_eq!(
            text(&config("[a]\ntoken = 'B1'\n[b]\ntoken = 'A1'"), &config("[a]\ntoken = 'A1'\n[b]\ntoken = 'B1'")),
            "[a]\ntoken = '*** (another secret)'\n[b]\ntoken = '*** (another secret)'"
        );
    }

    #[test]
    fn what_the_server_lays_out_anew_is_read_in_one_layout() {
        let here =
            Script::laid_out("x = f(a:1,\n  b: (2))\noption task = {name: \"a\", every: 1h}\ny=1 // c".to_owned());
        let there = |b: &str| {
            let text = format!("option task = {{name: \"a\", every: 1h}}\n\nx = f(a: 1, b: {b})\ny = 1\n\n// c");
            Script::laid_out(text)
        };
        assert!(here.beside(&there("3")).text().starts_with("x = f(a: 1, b: 2)\n"));
        assert_eq!((here.without_spelling(), here.is_flux()), (here.clone(), true));
        assert_eq!(here, there("2"));
        assert_ne!(here, there("3"));
    }

    #[test]
    fn every_byte_of_a_query_counts() {
        let query = |text: &str| Script::query(text.to_owned());
        assert_ne!(query("f(a: 1)"), query("f(a:1)"));
        assert_eq!(Script::of_task("f(a: 1)".to_owned()), Script::of_task("f(a:1)".to_owned()));
        assert!(query("x").is_flux() && query("http.basicAuth(u: \"a\", p: \"b1\")").has_secret());
        assert_eq!(query("token = \"A\" // c").text(), "token = \"***\" // c");
        let written = serde_json::to_string(&query("x")).expect("JSON");
        assert_eq!(serde_json::from_str::<Script>(&written).expect("a script"), query("x"), "{written}");
    }

    #[test]
    fn a_secret_in_plain_text_is_known() {
        assert!(Script::of_task("http.basicAuth(u: \"a\", p: \"b1\")".to_owned()).has_secret());
        assert!(!Script::of_task("token = secrets.get(key: \"t\")".to_owned()).has_secret());
        assert!(Script::verbatim("urls = ['https://hooks.slack.com/services/T/B/X']".to_owned()).has_secret());
        assert!(!Script::verbatim("token = '$TOKEN'".to_owned()).has_secret());
    }

    #[test]
    fn what_is_written_down_is_told_from_another_text() {
        let written = |script: &Script| serde_json::to_string(script).expect("JSON");
        let read = |json: &str| serde_json::from_str::<Script>(json).expect("a script").without_spelling();
        for script in [
            Script::of_task("option task = {name: \"n\", every: 1h}\n\nx = 1 // c\n".to_owned()),
            Script::of_task(
                "option task = {name: \"n\", every: 1h, a: {b: \"}\\n\"}, retry: 3}x = 1\ny = (2)".to_owned(),
            ),
            Script::of_task("token = \"S3KRIT7\"\nx = 1\n".to_owned()),
            Script::of_task("x = \"".to_owned()),
            Script::query("x = 1".to_owned()),
            Script::verbatim("x = 1".to_owned()),
            Script::verbatim("password = 'S3KRIT7'\nx = 1".to_owned()),
        ] {
            let json = written(&script);
            assert_eq!(read(&json), script.without_spelling(), "{json}");
            let forged = json.replacen("x = ", "x = 1", 1);
            assert!(forged != json && read(&forged) != script.without_spelling(), "{forged}");
        }
        let laid_out = |text: &str| Script::of_task(text.to_owned()).without_spelling();
        assert_eq!(laid_out("token = \"S3KRIT7\"\nx = f(a:1)"), laid_out("token = \"S3KRIT7\"\n\nx = f( a: 1 ) // c"));
        assert_ne!(laid_out("token = \"S3KRIT7\""), laid_out("token = \"S3KRIT8\""));
    }

    #[test]
    fn a_secret_that_changes_in_a_script_within_a_table_is_told() {
        let cell = |token: &str, x: i32| {
            let script = Script::query(format!("o = {{token: \"{token}\", x: {x}}}\ny = {x}"));
            super::super::Value::Table([("flux".to_owned(), super::super::Value::Script(script))].into())
        };
        let wanted = cell("B", 2).beside(&cell("A", 1));
        assert_eq!(wanted.scripts()[0].text(), "o = {token: \"*** (another secret)\", x: 2}\ny = 2");
        assert_eq!(cell("A", 2).beside(&cell("A", 1)).scripts()[0].text(), "o = {token: \"***\", x: 2}\ny = 2");
    }
}
