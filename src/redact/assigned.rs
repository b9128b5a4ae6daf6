//! Keys that are called like secrets, and what is given to them: in TOML that may be broken, in JSON, in headers, in the
//! addresses of databases, in options of commands, and in each of these within a string of another.

use super::doubt::{is_certain, is_no_secret, names_file};
use super::literals::{Search, Text};
use super::names::{is_about, is_secret};
use super::quotes::{Quote, is_quote};

/// Keys that say where a manifest takes a secret from, or where it puts one.
const SOURCES: [&str; 6] = ["command", "env", "file", "key", "stderr", "timeout"];
/// No key is longer.
const KEY: usize = 120;

/// Finds what is given to such keys.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    let mut reader =
        Reader { text, search, line: 0, line_end: 0, quote: None, string_end: 0, in_secrets: false, in_secret: false };
    let mut at = reader.begin_line(0);
    while let Some(byte) = text.as_bytes().get(at) {
        at = match byte {
            b'\n' => reader.begin_line(at + 1),
            b'=' | b':' => reader.operator(at),
            b'-' => reader.option(at),
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
    /// Whether the table is called like a secret.
    in_secrets: bool,
    /// Whether the table is a resource of the kind `secret`.
    in_secret: bool,
}

/// What stands before an operator.
struct Key<'t> {
    name: &'t str,
    is_quoted: bool,
    /// Whether its first letter may be the end of a line in a string: `\n`.
    is_escaped: bool,
    /// Whether a quote is right before.
    begins_string: bool,
    begins_line: bool,
    in_comment: bool,
}

impl<'t> Reader<'_, 't> {
    fn set_line(&mut self, at: usize) {
        let rest = &self.text[at..];
        (self.line, self.quote) = (at, None);
        self.line_end = at + rest.find('\n').unwrap_or(rest.len());
    }

    fn begin_line(&mut self, at: usize) -> usize {
        self.set_line(at);
        let line = self.text[at..self.line_end].trim();
        if let Some(header) = header(line) {
            // What comes first in a manifest are the kind and the key of a resource.
            self.in_secret = header.starts_with("secret.");
            self.in_secrets = header.split('.').skip(2).any(|part| is_secret(part.trim_matches(['"', '\'', ' '])));
        }
        // A key without an operator.
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        let value = line[word.len()..].trim_start();
        if !self.is_flux()
            && !value.is_empty()
            && !value.starts_with(['=', ':', '+', '-', '.'])
            && is_plain(word)
            && is_secret(last(word))
        {
            let start = at + self.text[at..].find(line).unwrap_or_default() + line.len() - value.len();
            self.search.add(start..start + value.len(), false);
        }
        at
    }

    /// The value after the operator that begins at `at`; returns where to go on.
    fn operator(&mut self, at: usize) -> usize {
        let length = self.text[at..].bytes().take(3).take_while(|byte| b"=:>".contains(byte)).count();
        let (operator, after) = (&self.text[at..at + length], at + length);
        if operator.starts_with("::") || operator == ":" && self.text[after..].starts_with("//") {
            return after;
        }
        let Some(key) = self.key(at) else { return after };
        let is_field = self.in_secrets && key.begins_line && !SOURCES.contains(&key.name) && !is_about(key.name);
        let is_value = self.in_secret && key.begins_line && key.name == "value";
        if !(is_field || is_value || key.is_secret()) {
            return after;
        }
        let start = after + spaces(&self.text[after..]);
        let compares = operator.starts_with("==") && (!key.begins_line || self.is_flux());
        // What is a name or a call in Flux is no secret; within a string it may be one.
        let is_code = self.is_flux() && (key.begins_line || operator == ":" || self.quote.is_none());
        let quote = Quote::begins(self.text, start).filter(|_| !(compares && self.is_flux()));
        let end = if let Some(quote) = quote {
            self.string(&key, quote)
        } else if compares || is_code {
            after
        } else {
            match self.text.as_bytes().get(start) {
                Some(b'{' | b'[') => self.group(start),
                None | Some(b'\n' | b'\r') => self.next_line(&key, start),
                Some(_) => self.bare(&key, operator, start),
            }
        };
        self.go_on(at, end.max(after))
    }

    fn go_on(&mut self, from: usize, to: usize) -> usize {
        if let Some(end) = self.text[from..to].rfind('\n') {
            self.set_line(from + end + 1);
        }
        to
    }

    fn is_flux(&self) -> bool {
        self.search.of == Text::Flux
    }

    /// What stands before the operator at `at`.
    fn key(&self, at: usize) -> Option<Key<'t>> {
        let from = (self.line.max(at.saturating_sub(KEY))..=at).find(|at| self.text.is_char_boundary(*at))?;
        let before = self.text[from..at].trim_end_matches([' ', '\t', '+']);
        let key = before.trim_end_matches(['"', '\'', '`', '\\']);
        let is_quoted = key.len() < before.len();
        let start = match is_quoted {
            true => key.rfind(['"', '\'', '`']).map(|at| at + 1),
            false => key.char_indices().rev().find(|(_, c)| !is_of_name(*c)).map(|(at, c)| at + c.len_utf8()),
        };
        let start = start.unwrap_or(0);
        let start = if is_quoted { start } else { two_words(key, start) };
        let lead =
            self.text[from..from + start].trim_end_matches(|c| is_quoted && matches!(c, '"' | '\'' | '`' | '\\'));
        Some(Key {
            name: &key[start..],
            is_quoted,
            is_escaped: key[..start].ends_with('\\') && key[start..].starts_with(['n', 'r', 't']),
            begins_string: self.text[..from + start].ends_with(['"', '\'', '`']) && !is_quoted,
            begins_line: from == self.line && lead.chars().all(|c| is_of_name(c) || ".# \t".contains(c)),
            in_comment: self.text[self.line..].trim_start_matches([' ', '\t']).starts_with(['#', '/']),
        })
    }

    /// A string that is a secret as a whole.
    fn string(&mut self, key: &Key<'_>, quote: Quote) -> usize {
        let string = quote.string(self.text);
        let value = &self.text[string.within.clone()];
        if names_file(key.name, value) {
            return string.end;
        }
        let is_certain = is_certain(key.name, value);
        if ends(&self.text[string.end..], key.begins_line) {
            self.search.add(string.within, is_certain);
            return string.end;
        }
        // The string has quotes that are not escaped: what else stands there is of it, in doubt.
        let end = self.end_of_line(string.end);
        self.search.add(string.within.start..end, is_certain);
        end
    }

    /// What stands in no quotes.
    fn bare(&mut self, key: &Key<'_>, operator: &str, start: usize) -> usize {
        let within = self.within(start);
        let first = |is_end: &dyn Fn(&str) -> bool| {
            let value = &self.text[start..within];
            start + value.char_indices().find(|(at, _)| is_end(&value[*at..])).map_or(value.len(), |(at, _)| at)
        };
        let (end, is_certain) = match (operator, key.begins_line) {
            (":", _) if key.is_quoted => (first(&|rest| rest.starts_with([',', '}', ']', ' ', '\t', '\\'])), true),
            (":", _) => (within, key.begins_string),
            (_, true) => (self.end_of_line(start), !key.in_comment),
            _ => (first(&|rest| rest.starts_with(char::is_whitespace) || is_next_field(rest)), true),
        };
        let value = &self.text[start..end];
        if !is_no_secret(value.split(" #").next().unwrap_or_default().trim()) {
            self.search.add(start..end, is_certain);
        }
        end
    }

    /// A value that begins in the line after its key, which TOML forbids.
    fn next_line(&mut self, key: &Key<'_>, end: usize) -> usize {
        let start = end + (self.text[end..].len() - self.text[end..].trim_start().len());
        let line = self.text[start..].lines().next().unwrap_or_default();
        if key.begins_line && !line.starts_with(['[', '#']) && !line.contains(['=', ':']) {
            match Quote::begins(self.text, start) {
                Some(quote) => return self.string(key, quote),
                None => self.search.add(start..start + line.trim_end().len(), false),
            }
        }
        end
    }

    /// All values of the list or the table that begins at `start`.
    fn group(&mut self, start: usize) -> usize {
        let within = &self.text[start + 1..];
        let first = within.trim_start();
        let name = &first[..first.find(|c| !is_of_name(c)).unwrap_or(first.len())];
        if SOURCES.contains(&name) && first[name.len()..].trim_start().starts_with('=') {
            return start + 1;
        }
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
                self.search.add(value, true);
            }
            at = end;
        }
        at
    }

    /// The option of a command that begins at `at`, and what follows it: `--password x`, `["--password", "x"]`.
    fn option(&mut self, at: usize) -> usize {
        let begins = self.text[..at].chars().next_back().is_none_or(|c| !is_of_name(c) && c != '.');
        let word = &self.text[at..];
        let word = &word[..word.find(|c| !is_of_name(c)).unwrap_or(word.len())];
        let name = word.trim_start_matches('-');
        let end = at + word.len();
        if !begins || name.is_empty() || self.is_flux() {
            return end;
        }
        let is_password = is_secret(name);
        let is_short = word == "-p" || matches!(word, "-u" | "--user");
        if let Some(attached) = word.strip_prefix("-p").filter(|value| !value.is_empty() && !is_password)
            && self.is_of_mysql(at)
        {
            let value = end - attached.len();
            let end = value
                + self.text[value..].find(|c: char| c.is_whitespace() || "\"'`".contains(c)).unwrap_or(attached.len());
            self.search.add(value..end, false);
            return end;
        }
        if !is_password && !is_short {
            return end;
        }
        let Some(value) = self.argument(end) else { return end };
        let text = &self.text[value.clone()];
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let end = value.end;
        if is_password && !text.starts_with('-') {
            self.search.add(value, true);
        } else if is_short && !is_number && !text.starts_with('-') && (word == "-p" || text.contains(':')) {
            self.search.add(value, false);
        }
        self.go_on(at, end)
    }

    fn is_of_mysql(&self, at: usize) -> bool {
        let from = (self.line.max(at.saturating_sub(KEY))..=at).find(|at| self.text.is_char_boundary(*at));
        from.is_some_and(|from| ["mysql", "mariadb"].iter().any(|name| self.text[from..at].contains(name)))
    }

    /// The argument after the option that ends at `end`.
    fn argument(&mut self, end: usize) -> Option<std::ops::Range<usize>> {
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
        let length = value.find(char::is_whitespace).unwrap_or(value.len());
        (length > 0).then(|| start..start + length)
    }

    /// Where the string ends that `at` may be in, or the line.
    fn within(&mut self, at: usize) -> usize {
        let Some(quote) = self.quote else { return self.end_of_line(at) };
        if self.string_end < at {
            self.string_end = quote.end(self.text, at);
        }
        self.string_end
    }

    /// Where the line ends that `at` is in, or the string of several lines that ends in it.
    fn end_of_line(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = self.text.get(at..self.line_end).unwrap_or_else(|| rest.split('\n').next().unwrap_or(rest));
        let line = ["'''", "\"\"\""].into_iter().find_map(|end| line.trim_end().strip_suffix(end)).unwrap_or(line);
        at + line.trim_end().len()
    }
}

impl Key<'_> {
    fn is_secret(&self) -> bool {
        is_secret(self.name) || self.is_escaped && is_secret(&self.name[1..])
    }
}

/// What stands in the brackets of a line that begins a table.
fn header(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?;
    let name = name.strip_prefix('[').unwrap_or(name);
    name.starts_with(|c: char| c.is_alphanumeric() || c == '_').then(|| name.split(']').next().unwrap_or(name))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '%')
}

/// Whether `word` is a key, perhaps with dots.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| is_of_name(c) || c == '.') && !word.starts_with('-')
}

fn last(word: &str) -> &str {
    word.rsplit('.').next().unwrap_or(word)
}

/// Where a key of two words begins whose last one begins at `start`: `Access Key=`.
fn two_words(key: &str, start: usize) -> usize {
    let before =
        key[..start].strip_suffix(' ').filter(|_| matches!(&*key[start..].to_ascii_lowercase(), "key" | "string"));
    let Some(before) = before else { return start };
    before.char_indices().rev().find(|(_, c)| !is_of_name(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Whether what follows a string can follow one.
fn ends(rest: &str, ends_line: bool) -> bool {
    let next = rest.trim_start_matches([' ', '\t']);
    let closes = next.is_empty()
        || next.starts_with(['\n', '\r', '#', ',', ';', '}', ']', ')', '\\'])
        || ["'''", "\"\"\"", "//"].iter().any(|mark| next.starts_with(mark));
    closes || !ends_line && (next.len() < rest.len() || next.starts_with(['"', '\'', '`', '&']))
}

/// Whether `rest` separates a value from the next field, or ends the last one.
fn is_next_field(rest: &str) -> bool {
    let Some(next) = rest.strip_prefix([',', ';', '&']) else { return false };
    let next = next.trim_start_matches(' ');
    let name = next.bytes().take(KEY).take_while(|byte| is_of_name(char::from(*byte)) || *byte == b' ').count();
    name == next.len() || name > 0 && next.as_bytes().get(name) == Some(&b'=') || next.starts_with([',', ';', '&'])
}
