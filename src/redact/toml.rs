//! Secrets in TOML, also in broken TOML: in strings, in values without quotes, and in comments. What joins them is never one.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::commands::{self, Runs};
use super::doubt::{is_address, is_certain, is_no_secret, is_path, kinds, names_file};
use super::hook::hide_path;
use super::literals::{Language, Piece, Search};
use super::names::{is_about, is_secret};
use super::options::{attached, option};
use super::shapes::PrivateKey;
use super::urls::address;

/// Keys that say where a manifest takes a secret from, or where it puts one.
const SOURCES: [&str; 8] = ["command", "env", "file", "key", "secret", "stderr", "timeout", "var"];
/// Of the kinds that have to do with secrets, the fields and settings of which a manifest says what everybody may know. What
/// stands elsewhere in their tables may be a secret that somebody did not know how to write.
const KINDS: [(&str, &[&str]); 6] = [
    ("remote", &["name", "org", "description", "url", "remote_org", "allow_insecure_tls"]),
    ("secret", &["key", "org"]),
    ("user", &["name", "status", "member_of", "owner_of"]),
    ("token", &["description", "org", "user", "status", "read", "write", "for", "labels", "id", "deliver", "rotate"]),
    ("v1_token", &["username", "org", "description", "status", "user", "read", "write", "for"]),
    (
        ENDPOINT,
        &["name", "org", "description", "status", "labels", "secret_version", "http", "pagerduty", "slack", "telegram"],
    ),
];
/// The kind whose secrets stand in tables within its own, and what of these everybody may know.
const ENDPOINT: &str = "notification_endpoint";
const OF_ENDPOINT: &[&str] = &["url", "method", "client_url", "channel"];
const SETTINGS: [&str; 5] = ["enabled", "external", "for_each", "lifecycle", "id"];

/// Last words of keys under which there are addresses, perhaps without a scheme.
const ADDRESSES: [&str; 8] = ["address", "addresses", "broker", "brokers", "server", "servers", "url", "urls"];

/// Keys of what runs, and of where it sends to: no secrets, also in the table of one.
const RUNS: [&str; 12] = [
    "broker", "brokers", "commands", "exec", "hosts", "query", "script", "scripts", "server", "servers", "source",
    "urls",
];

/// What a configuration sends or runs besides, which is shown in the table of a secret too.
const GIVEN: [&str; 2] = ["data", "run"];
/// The key that says where a secret goes.
const DELIVER: &str = "deliver";
/// A part of the names of plugins that run programs.
const RUNNING: &str = "exec";

/// Finds what is given to keys that are called like secrets, and secrets in other strings and in comments.
pub(super) fn find(search: &mut Search<'_>, is_manifest: bool) {
    let text = search.text;
    let mut key = PrivateKey::default();
    let mut walk = Walk {
        search,
        is_manifest,
        kinds: OnceCell::new(),
        table: Table::default(),
        open: vec![Bracket::default()],
        words: Vec::new(),
        header: None,
        line: Line::default(),
        is_pending: false,
    };
    for token in Source::new(text).lex() {
        let span = token.span().start()..token.span().end();
        if token.kind() == TokenKind::Comment {
            walk.flush(false);
            let rest = span.start + 1..span.end;
            key.line(walk.search, rest.clone());
            // In a broken value, it may be a part of it; in a list, a secret that was taken out.
            match walk.line.has_bare_secret || walk.open.len() > 1 && walk.bracket().now.is_some() {
                true => walk.search.add(rest, false),
                false => walk.search.piece(rest, Piece::Comment),
            }
        } else {
            walk.token(token.kind(), span);
        }
    }
    walk.end_line();
}

/// What the table that is read is about.
#[derive(Default)]
struct Table {
    /// Whether it is called like a secret.
    is_secret: bool,
    /// Whether it is a configuration of Telegraf.
    is_telegraf: bool,
    /// Whether it is the table of what runs programs.
    runs: bool,
    /// Keys under which everybody may read what stands there, in the table of a kind that has to do with secrets.
    shown: Option<&'static [&'static str]>,
    /// The same of the tables within it, where secrets stand in these.
    shown_within: Option<&'static [&'static str]>,
}

/// What stands between two brackets, or on no bracket.
#[derive(Clone, Default)]
struct Bracket {
    /// Whether what has no key of its own there is a secret.
    whole: bool,
    /// The secret whose value is read, by its key.
    now: Option<Range<usize>>,
    /// Whether what is read is called an address.
    is_address: bool,
    /// How it is run.
    runs: Runs,
    /// Whether it is a table in which secrets stand.
    has_secrets: bool,
    /// The words of the command that is read, if it is a list.
    argv: Option<Vec<Range<usize>>>,
    /// The words of a list so far: the first, and the last.
    words: Option<(Range<usize>, Range<usize>)>,
}

/// A line so far.
#[derive(Default)]
struct Line {
    /// Whether it has an operator, or something within brackets.
    has_operator: bool,
    has_bare_secret: bool,
    /// Whether its key is called like a secret and has no value yet.
    expects_secret: bool,
}

/// A word: a string, or what stands in no quotes.
#[derive(Clone)]
struct Word {
    /// Without quotes.
    text: Range<usize>,
    is_string: bool,
}

struct Walk<'s, 't> {
    search: &'s mut Search<'t>,
    is_manifest: bool,
    /// The kinds of its tables, once they are asked for.
    kinds: OnceCell<HashSet<&'t str>>,
    table: Table,
    open: Vec<Bracket>,
    /// What may be a key, or the words of a value.
    words: Vec<Word>,
    /// The words of the header that is read.
    header: Option<Vec<Range<usize>>>,
    line: Line,
    /// Whether the line before has the key of a secret and no value.
    is_pending: bool,
}

impl Walk<'_, '_> {
    fn token(&mut self, kind: TokenKind, span: Range<usize>) {
        use TokenKind as K;
        match kind {
            K::Newline => self.end_line(),
            K::LeftSquareBracket if self.open.len() == 1 && self.is_begin_of_line() => {
                self.header.get_or_insert_default();
            }
            K::LeftSquareBracket | K::RightSquareBracket if self.header.is_some() => {}
            K::Atom | K::LiteralString | K::BasicString | K::MlLiteralString | K::MlBasicString => {
                let word = self.word(kind, span);
                match &mut self.header {
                    Some(header) => header.push(word.text),
                    None => self.words.push(word),
                }
            }
            K::LeftCurlyBracket if self.is_expansion() => self.words.push(Word { text: span, is_string: false }),
            K::LeftSquareBracket | K::LeftCurlyBracket => {
                self.flush(false);
                self.line.has_operator = true;
                let outer = self.bracket();
                let whole = outer.now.clone();
                let bracket = Bracket {
                    whole: whole.is_some(),
                    argv: (outer.runs == Runs::List && kind == K::LeftSquareBracket).then(Vec::new),
                    words: None,
                    ..outer.clone()
                };
                self.open.push(bracket);
            }
            K::RightCurlyBracket if self.words.iter().any(|word| self.text(word) == "{") => {
                self.words.push(Word { text: span, is_string: false });
            }
            K::RightSquareBracket | K::RightCurlyBracket => {
                self.flush(false);
                if self.open.len() > 1
                    && let Some(argv) = self.open.pop().and_then(|closed| closed.argv)
                {
                    commands::find(self.search, &argv);
                }
            }
            K::Comma => {
                self.flush(false);
            }
            K::Equals => self.key(),
            K::Dot if !self.words.is_empty() => self.words.push(Word { text: span, is_string: false }),
            _ => {}
        }
    }

    fn text(&self, word: &Word) -> &str {
        &self.search.text[word.text.clone()]
    }

    fn bracket(&mut self) -> &mut Bracket {
        self.open.last_mut().expect("invariant: the last one is never taken away")
    }

    fn is_begin_of_line(&self) -> bool {
        self.words.is_empty() && !self.line.has_operator
    }

    /// Whether a `{` is that of `${NAME}`.
    fn is_expansion(&self) -> bool {
        self.words.last().is_some_and(|word| !word.is_string && self.text(word).ends_with('$'))
    }

    fn word(&self, kind: TokenKind, span: Range<usize>) -> Word {
        let text = &self.search.text[span.clone()];
        let quote = match kind {
            TokenKind::Atom => return Word { text: span, is_string: false },
            TokenKind::LiteralString => "'",
            TokenKind::BasicString => "\"",
            TokenKind::MlLiteralString => "'''",
            _ => "\"\"\"",
        };
        let start = span.start + quote.len();
        let is_closed = text.len() >= 2 * quote.len() && text.ends_with(quote);
        let end = if is_closed { span.end - quote.len() } else { span.end };
        // Two more quotes before the three are a part of the string, and stay where they are.
        let within = self.search.text.get(start..end).unwrap_or_default();
        let trimmed = if quote.len() > 1 { within.trim_end_matches(&quote[..1]) } else { within };
        let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
        let escaped = usize::from(kind == TokenKind::MlBasicString && backslashes % 2 == 1);
        Word { text: start..start + within.len().min(trimmed.len() + escaped), is_string: true }
    }

    /// The words before an operator are a key.
    fn key(&mut self) {
        self.line.has_operator = true;
        let words = std::mem::take(&mut self.words);
        let is_name = |word: &&Word| word.is_string || self.text(word).contains(char::is_alphanumeric);
        let names: Vec<Range<usize>> = words.iter().filter(is_name).map(|word| word.text.clone()).collect();
        let Some(last) = names.last().cloned() else { return };
        let name = |of: &Range<usize>| self.search.text[of.clone()].trim_end_matches(':');
        let is_outermost = self.open.len() == 1;
        let own = name(&last);
        let is_given = !self.is_manifest && GIVEN.contains(&own);
        let says_where = SOURCES.contains(&own) || RUNS.contains(&own) || is_given || is_about(own);
        let runs = Runs::of(own);
        let before = names[..names.len() - 1].iter().any(|of| is_secret(&unescaped(name(of))));
        let under_secret = before || self.open.last().is_some_and(|open| open.whole);
        let is_shown = |shown: &[&str]| [shown, &SETTINGS].iter().any(|keys| keys.contains(&name(&names[0])));
        let is_within = self.open.last().is_some_and(|open| open.has_secrets) && !is_outermost;
        let shown = match self.table.shown_within.filter(|_| is_within) {
            Some(shown) => Some(shown),
            None => self.table.shown.filter(|_| is_outermost),
        };
        let unknown = shown.is_some_and(|shown| !is_shown(shown));
        let has_secrets = is_within || self.table.shown_within.is_some() && !SETTINGS.contains(&name(&names[0]));
        let in_secret = (self.table.is_secret && is_outermost || under_secret || unknown) && !says_where;
        let is_sink = is_outermost && self.table.shown.is_some() && own == DELIVER;
        // A secret of the org, by its key.
        let names_secret = own == "secret" && is_within;
        let is_one = in_secret || is_secret(&unescaped(own)) && !names_secret || is_sink;
        let is_address = ADDRESSES.iter().any(|end| own.ends_with(end));
        let bracket = self.bracket();
        let now = is_one.then_some(last);
        *bracket = Bracket { now, is_address, runs, has_secrets, ..bracket.clone() };
        self.line.expects_secret = is_one && is_outermost;
    }

    /// The words so far are a value. `ends_line` tells of words without an operator in their line.
    fn flush(&mut self, ends_line: bool) {
        let mut words = std::mem::take(&mut self.words);
        if words.is_empty() {
            return;
        }
        self.line.expects_secret = false;
        let mut secret = self.bracket().now.clone().map(|key| (key, true));
        if ends_line {
            let first = words[0].text.clone();
            let is_key = is_secret(last_part(self.search.text[first.clone()].trim_end_matches(':')));
            secret = if self.is_pending {
                Some((0..0, words[0].is_string))
            } else if is_key && words.len() > 1 && !words[0].is_string {
                words.remove(0);
                Some((first, false))
            } else {
                None
            };
        }
        if secret.is_some() && words.iter().all(|word| !word.is_string) {
            let whole = words[0].text.start..words.last().expect("invariant: there is a word").text.end;
            if is_no_secret(&self.search.text[whole.clone()]) || self.search.only_names(whole) {
                return;
            }
            self.line.has_bare_secret |= self.open.len() == 1;
        }
        for word in words {
            self.value(&word, secret.as_ref());
        }
    }

    fn value(&mut self, word: &Word, secret: Option<&(Range<usize>, bool)>) {
        let text = self.search.text;
        let value = &text[word.text.clone()];
        let list = self.open.last().and_then(|open| open.words.clone());
        let first = list.as_ref().map_or(word.text.clone(), |(first, _)| first.clone());
        let before = list.map(|(_, last)| last);
        let is_list = self.open.len() > 1;
        if is_list && word.is_string {
            self.bracket().words = Some((first.clone(), word.text.clone()));
        }
        let is_run = word.is_string && self.search.hides && self.open.last().is_some_and(|open| open.runs != Runs::Not);
        match secret {
            Some(_) if value == "discard" || is_run && !self.is_manifest => {}
            Some(_) if self.is_manifest && is_address(value, self.kinds.get_or_init(|| kinds(text))) => {}
            Some((key, _)) if self.is_manifest && &text[key.clone()] == DELIVER && is_path(value) => {}
            Some((key, is_sure)) if word.is_string => {
                let name = unescaped(&text[key.clone()]);
                if !names_file(&name, value) {
                    self.search.whole_secret(word.text.clone(), *is_sure && is_certain(&name, value));
                }
                return;
            }
            Some((_, is_sure)) if value.contains(char::is_alphanumeric) => self.search.add(word.text.clone(), *is_sure),
            Some(_) | None => {}
        }
        if !word.is_string {
            return;
        }
        if is_run || self.search.hides && self.table.runs {
            let bracket = self.bracket();
            match &mut bracket.argv {
                Some(argv) => argv.push(word.text.clone()),
                None if matches!(bracket.runs, Runs::List | Runs::Lines) => {
                    commands::find_in_line(self.search, word.text.clone());
                }
                None => {}
            }
            return;
        }
        // The argument of an option is the next string of the list.
        let argument = match (before, attached(&text[first.clone()], value)) {
            (Some(_), Some(start)) => Some((start..value.len(), true)),
            (Some(before), None) => option(&text[first], &text[before], value),
            (None, _) => None,
        };
        match argument {
            Some((part, is_certain)) => {
                let span = word.text.start + part.start..word.text.start + part.end;
                if commands::is_path(&value[part]) {
                    self.search.piece(span, Piece::String);
                } else {
                    self.search.add(span, is_certain);
                }
            }
            None => self.string(word.text.clone()),
        }
    }

    fn string(&mut self, text: Range<usize>) {
        if self.bracket().is_address {
            address(self.search, text.clone());
        }
        if self.table.shown_within.is_some() {
            hide_path(self.search, text.clone());
        }
        // A configuration or a script within a manifest.
        if self.is_manifest && self.search.text[text.clone()].contains('\n') {
            let language = if self.table.is_telegraf { Language::Config } else { Language::Flux };
            self.search.text_of(language, text.clone());
        }
        self.search.piece(text, Piece::String);
    }

    fn end_line(&mut self) {
        if let Some(header) = self.header.take() {
            self.begin_table(&header);
        }
        let is_alone = self.open.len() == 1 && !self.line.has_operator;
        let was_empty = self.words.is_empty() && is_alone;
        self.flush(is_alone);
        self.is_pending = self.line.expects_secret || self.is_pending && was_empty;
        if self.open.len() == 1 {
            self.open[0] = Bracket::default();
        }
        self.line = Line::default();
    }

    fn begin_table(&mut self, header: &[Range<usize>]) {
        let name = |at: usize| header.get(at).map_or("", |part| &self.search.text[part.clone()]);
        let kind = name(0);
        let of_kind = KINDS.iter().find(|(of, _)| kind == *of || kind.strip_suffix('s') == Some(of));
        // What comes first in a manifest are the kind and the key of a resource.
        let first = if matches!(kind, "var" | "variable") { 1 } else { 2 };
        let is_secret = (first..header.len()).any(|at| is_secret(name(at)));
        let shown = of_kind.filter(|_| self.is_manifest).map(|(_, shown)| match header.len() {
            1 => &[][..],
            2 => shown,
            3 if kind == ENDPOINT => OF_ENDPOINT,
            _ => &[],
        });
        let is_setting = header.len() > 2 && SETTINGS.contains(&name(2));
        let is_telegraf = kind == "telegraf";
        let runs = (0..header.len()).any(|at| name(at).contains(RUNNING));
        let shown = shown.filter(|_| !is_setting);
        let shown_within = (kind == ENDPOINT && shown.is_some()).then_some(OF_ENDPOINT);
        self.table = Table { is_secret, is_telegraf, runs, shown, shown_within };
        self.open.truncate(1);
    }
}

fn last_part(word: &str) -> &str {
    word.rsplit('.').next().unwrap_or(word)
}

/// A key as whoever reads TOML sees it: in quotes, its letters may be written as escapes.
fn unescaped(key: &str) -> Cow<'_, str> {
    let read = || format!("\"{key}\" = 0").parse::<toml::Table>().ok()?.into_iter().next();
    match key.contains('\\').then(read).flatten() {
        Some((key, _)) => Cow::Owned(key),
        None => Cow::Borrowed(key),
    }
}
