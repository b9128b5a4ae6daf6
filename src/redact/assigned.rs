//! What is called like a secret within a string, a comment or words, and what is given to it: in JSON, in headers, in the
//! addresses of databases, in tags, in options of commands, and in each of these within a string of another.

use std::ops::Range;

use super::doubt::{is_certain, is_no_secret, is_prose, names_file};
use super::key::{KEY, Key, is_of_name};
use super::literals::{Piece, Search};
use super::names::is_secret;
use super::options::{attached, option};
use super::quotes::{Quote, is_quote};
use super::shapes::is_scheme;
use super::urls;

/// What ends a word of a shell.
const SHELL: [char; 7] = [';', '|', '&', '<', '>', '(', ')'];

/// Finds what is given to such keys.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    let urls = urls::places(text);
    let mut reader = Reader { text, search, line: 0, line_end: 0, quote: None, string_end: 0, urls };
    let mut at = reader.begin_line(0);
    while let Some(byte) = text.as_bytes().get(at) {
        at = match byte {
            b'\n' => reader.begin_line(at + 1),
            b'=' | b':' => reader.operator(at),
            b'-' => reader.option(at),
            b'>' => reader.tag(at),
            byte => {
                if is_quote(*byte) {
                    (reader.quote, reader.string_end) = (Quote::at(text, at), 0);
                }
                at + 1
            }
        };
    }
}

struct Reader<'s, 't> {
    text: &'t str,
    search: &'s mut Search<'t>,
    /// Where the line begins and ends.
    line: usize,
    line_end: usize,
    /// The last quote before in this line: the text may be in its string.
    quote: Option<Quote>,
    /// Where that string ends, once it is known.
    string_end: usize,
    /// Where hosts and paths of URLs are, in order, also users: what looks like a name there is none.
    urls: Vec<Range<usize>>,
}

impl Reader<'_, '_> {
    fn set_line(&mut self, at: usize) {
        let rest = &self.text[at..];
        (self.line, self.quote) = (at, None);
        self.line_end = at + rest.find('\n').unwrap_or(rest.len());
    }

    fn begin_line(&mut self, at: usize) -> usize {
        self.set_line(at);
        let line = &self.text[at..self.line_end];
        // A key without an operator, as in `# password hunter2`.
        let mut words = line.trim_start_matches(['#', '/', ' ', '\t']).split_whitespace();
        if let (Piece::Comment, Some(key), Some(value), None) =
            (self.search.of, words.next(), words.next(), words.next())
            && is_plain(key)
            && is_secret(last(key))
            && !is_prose(value)
            && !value.starts_with(['=', ':', '+', '-', '.'])
        {
            let end = at + line.trim_end().len();
            self.search.add(end - value.len()..end, false);
        }
        at
    }

    /// The value after the operator that begins at `at`; returns where to go on.
    fn operator(&mut self, at: usize) -> usize {
        let length = self.text[at..].bytes().take(3).take_while(|byte| b"=:>".contains(byte)).count();
        let (operator, after) = (&self.text[at..at + length], at + length);
        let is_none = operator.starts_with("::")
            || operator.starts_with("==")
            || operator == ":" && self.text[after..].starts_with("//");
        if is_none {
            return after;
        }
        let Some(key) = Key::before(self.text, self.line, at).filter(|key| key.is_secret() && !key.is_parameter) else {
            return after;
        };
        if self.is_in_url(at) {
            return after;
        }
        let start = after + spaces(&self.text[after..]);
        let end = match (self.search.of, Quote::begins(self.text, start)) {
            (Piece::Comment, _) => self.rest_of_line(operator, after, start),
            (_, Some(quote)) => self.string(&key, quote),
            (_, None) => match self.text.as_bytes().get(start) {
                Some(b'{' | b'[') => self.group(start),
                None | Some(b'\n' | b'\r') => start,
                Some(_) => self.bare(&key, operator, start),
            },
        };
        self.go_on(at, end.max(after))
    }

    fn go_on(&mut self, from: usize, to: usize) -> usize {
        if let Some(end) = self.text[from..to].rfind('\n') {
            self.set_line(from + end + 1);
        }
        to
    }

    /// Whether the operator at `at` stands in a URL, before its query.
    fn is_in_url(&self, at: usize) -> bool {
        let next = self.urls.partition_point(|url| url.end <= at);
        self.urls.get(next).is_some_and(|url| url.start <= at)
    }

    /// What a comment says of a secret.
    fn rest_of_line(&mut self, operator: &str, after: usize, start: usize) -> usize {
        let end = start + self.text[start..self.line_end].trim_end().len();
        let value = &self.text[start..end];
        if !is_no_secret(value) {
            let is_certain = operator == "=" && after == start || Quote::begins(self.text, start).is_some();
            match Quote::begins(self.text, start).map(|quote| quote.string(self.text)) {
                Some(string) if string.end == end => self.search.add(string.within, is_certain),
                _ => self.search.add(start..end, is_certain),
            }
        }
        end
    }

    /// A string that is a secret as a whole.
    fn string(&mut self, key: &Key<'_>, quote: Quote) -> usize {
        let string = quote.string(self.text);
        let value = &self.text[string.within.clone()];
        if !names_file(key.name, value) {
            self.search.secret(string.within, is_certain(key.name, value));
        }
        string.end
    }

    /// What stands in no quotes.
    fn bare(&mut self, key: &Key<'_>, operator: &str, start: usize) -> usize {
        let within = self.within(start);
        let value = &self.text[start..within];
        let value = &value[..end_of_line(value)];
        let until = |is_end: &dyn Fn(&str) -> bool| {
            value.char_indices().find(|(at, _)| is_end(&value[*at..])).map_or(value.len(), |(at, _)| at)
        };
        let is_blank = |rest: &str| rest.starts_with(char::is_whitespace);
        let (length, is_certain) = match operator {
            ":" if key.is_quoted => (until(&|rest| rest.starts_with([',', '}', ']', ' ', '\t', '\\'])), true),
            // A header.
            ":" if key.begins && self.search.of == Piece::String => (value.len(), true),
            ":" => {
                let scheme = value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme));
                let skipped = scheme.map_or(0, |(scheme, _)| scheme.len() + 1);
                let word = &value[skipped..];
                let end = word.find(|c: char| c.is_whitespace() || SHELL.contains(&c)).unwrap_or(word.len());
                (skipped + end, self.search.of == Piece::Words)
            }
            _ => (until(&|rest| is_blank(rest) || rest.starts_with(SHELL) || is_next_field(rest)), true),
        };
        let end = start + length;
        let value = value[..length].split(" #").next().unwrap_or_default().trim();
        if !is_no_secret(value) {
            let is_certain = is_certain && !(operator == ":" && self.search.of == Piece::Words && is_prose(value));
            self.search.secret(start..end, is_certain);
        }
        end
    }

    /// All values of the list or the table that begins at `start`.
    fn group(&mut self, start: usize) -> usize {
        let (mut depth, mut at) = (0_usize, start);
        while let Some(byte) = self.text.as_bytes().get(at) {
            let (value, end) = match byte {
                b'{' | b'[' | b'(' => {
                    depth += 1;
                    (None, at + 1)
                }
                b'}' | b']' | b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                    (None, at + 1)
                }
                b'\\' | b',' | b';' | b'=' | b':' => (None, at + 1),
                b' ' | b'\t' | b'\n' | b'\r' => (None, at + 1),
                byte if is_quote(*byte) => {
                    let string = Quote::at(self.text, at).expect("invariant: this is a quote").string(self.text);
                    (Some(string.within), string.end)
                }
                _ => {
                    let ends = |c: char| "{}[](),;=:\\\"'` \t\n\r".contains(c);
                    let end = self.text[at..].find(ends).map_or(self.text.len(), |length| at + length);
                    (Some(at..end).filter(|word| !is_no_secret(&self.text[word.clone()])), end)
                }
            };
            let is_key = self.text[end..].trim_start_matches([' ', '\t']).starts_with(['=', ':']);
            if let Some(value) = value.filter(|_| !is_key) {
                self.search.secret(value, true);
            }
            at = end;
        }
        at
    }

    /// What stands in the tag that ends at `at`: `<password>x</password>`.
    fn tag(&mut self, at: usize) -> usize {
        let from = (self.line.max(at.saturating_sub(KEY))..=at).find(|at| self.text.is_char_boundary(*at));
        let tag = from.and_then(|from| self.text[from..at].rsplit_once('<')).map_or("", |(_, tag)| tag);
        let name = tag.split_whitespace().next().unwrap_or_default();
        let rest = &self.text[at + 1..];
        let length = rest.find(['<', '>']).unwrap_or(rest.len());
        if is_secret(name.rsplit(':').next().unwrap_or(name)) && rest[length..].starts_with("</") {
            self.search.add_within(at + 1..at + 1 + length, true);
        }
        at + 1
    }

    /// The option of a command that begins at `at`, and what follows it.
    fn option(&mut self, at: usize) -> usize {
        let begins = self.text[..at].chars().next_back().is_none_or(|c| !is_of_name(c) && c != '.');
        let word = &self.text[at..];
        let word = &word[..word.find(|c| !is_of_name(c)).unwrap_or(word.len())];
        let end = at + word.len();
        if !begins || word.len() < 2 {
            return end;
        }
        let from = (self.line.max(at.saturating_sub(KEY))..=at).find(|at| self.text.is_char_boundary(*at));
        let before = from.map_or("", |from| &self.text[from..at]);
        if let Some(length) = attached(before, word) {
            let value = at + length;
            let rest = &self.text[value..];
            let end = value
                + rest
                    .find(|c: char| c.is_whitespace() || "\"'`".contains(c) || SHELL.contains(&c))
                    .unwrap_or(rest.len());
            self.search.add_within(value..end, true);
            return end;
        }
        let Some(argument) = self.argument(end) else { return end };
        let Some((part, is_certain)) = option(before, word, &self.text[argument.clone()]) else { return end };
        self.search.secret(argument.start + part.start..argument.start + part.end, is_certain);
        self.go_on(at, argument.end)
    }

    /// The argument after the option that ends at `end`.
    fn argument(&mut self, end: usize) -> Option<Range<usize>> {
        let rest = &self.text[end..];
        let start = match Quote::begins(self.text, end) {
            Some(quote) => {
                let list = self.text[quote.at + 1..].trim_start_matches([' ', '\t']).strip_prefix(',')?;
                self.text.len() - list.trim_start().len()
            }
            None => end + Some(spaces(rest)).filter(|spaces| *spaces > 0)?,
        };
        if let Some(quote) = Quote::begins(self.text, start) {
            return Some(quote.string(self.text).within);
        }
        let value = self.text.get(start..self.within(start))?;
        let length = value.find(|c: char| c.is_whitespace() || SHELL.contains(&c)).unwrap_or(value.len());
        (length > 0).then(|| start..start + length)
    }

    /// Where the string ends that `at` may be in, or the line.
    fn within(&mut self, at: usize) -> usize {
        let Some(quote) = self.quote else { return self.line_end.max(at) };
        if self.string_end < at {
            self.string_end = quote.end(self.text, at);
        }
        self.string_end
    }
}

/// Whether `word` is a key, perhaps with dots.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| is_of_name(c) || c == '.') && !word.starts_with('-')
}

fn last(word: &str) -> &str {
    word.rsplit('.').next().unwrap_or(word)
}

/// Where the line ends that `text` begins with, also where only a language that it is written in reads an end.
fn end_of_line(text: &str) -> usize {
    let is_end = |(at, c): (usize, char)| match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\0' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        '\\' => text[at + 1..].starts_with(['n', 'r']),
        _ => false,
    };
    text.char_indices().find(|at| is_end(*at)).map_or(text.len(), |(at, _)| at)
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Whether `rest` separates a value from the next field, or ends the last one.
fn is_next_field(rest: &str) -> bool {
    let Some(next) = rest.strip_prefix(',') else { return false };
    let next = next.trim_start_matches(' ');
    let name = next.bytes().take(KEY).take_while(|byte| is_of_name(char::from(*byte)) || *byte == b' ').count();
    name == next.len() || name > 0 && next.as_bytes().get(name) == Some(&b'=') || next.starts_with(',')
}
