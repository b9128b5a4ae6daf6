//! Cuts a Flux script into tokens: enough to find `option task` and to know where it begins and ends, no more.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A text in double quotes.
    Text,
    /// A number or a duration, without a sign.
    Number,
    /// A regular expression.
    Regex,
    /// Anything else, one character.
    Symbol,
}

/// A token and its place in the script, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Range<usize>,
}

impl Token {
    /// Its text in the script.
    pub(super) fn text<'s>(&self, script: &'s str) -> &'s str {
        &script[self.place.clone()]
    }

    /// Whether it is this symbol or word.
    pub(super) fn is(&self, script: &str, text: &str) -> bool {
        self.kind != Kind::Text && self.text(script) == text
    }
}

/// All tokens; comments and white space are left out.
pub(super) fn tokens(script: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = script[at..].chars().next() {
        let rest = &script[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (kind, len) = match first {
            '"' => (Kind::Text, text_len(rest)),
            '/' if regex_may_start(script, found.last()) => (Kind::Regex, regex_len(rest)),
            letter if letter.is_alphabetic() || letter == '_' => {
                (Kind::Word, span(rest, |c| c.is_alphanumeric() || c == '_'))
            }
            digit if digit.is_ascii_digit() => (Kind::Number, span(rest, |c| c.is_alphanumeric() || c == '.')),
            other => (Kind::Symbol, other.len_utf8()),
        };
        found.push(Token { kind, place: at..at + len });
        at += len;
    }
    found
}

fn span(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|c| !inside(c)).unwrap_or(text.len())
}

/// The length of a text with its quotes; `${...}` may hold quotes of its own.
fn text_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' if depth == 0 => {
                chars.next();
            }
            '$' if depth == 0 && chars.peek().is_some_and(|(_, next)| *next == '{') => {
                chars.next();
                depth = 1;
            }
            '{' if depth > 0 => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '"' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn regex_len(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                chars.next();
            }
            '/' => return at + 1,
            '\n' => return at,
            _ => {}
        }
    }
    text.len()
}

/// After a value a slash divides; elsewhere it begins a regular expression.
fn regex_may_start(script: &str, before: Option<&Token>) -> bool {
    match before {
        None => true,
        Some(token) if token.kind == Kind::Symbol => !matches!(token.text(script), ")" | "]" | "}"),
        Some(token) => token.kind == Kind::Word && matches!(token.text(script), "and" | "or" | "not" | "return"),
    }
}

/// The contents of a text; `None` if it has `${...}` in it or is not closed.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Vec::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => {
                    let hex: String = chars.by_ref().take(2).collect();
                    text.push(u8::from_str_radix(&hex, 16).ok()?);
                    continue;
                }
                other => other,
            },
            '$' if chars.as_str().starts_with('{') => return None,
            other => other,
        };
        text.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        tokens(script).iter().map(|token| token.text(script)).collect()
    }

    #[test]
    fn comments_and_texts_hide_what_is_in_them() {
        assert_eq!(texts("a // option\nb"), ["a", "b"]);
        assert_eq!(texts(r#"x = "a \" } b""#), ["x", "=", r#""a \" } b""#]);
        assert_eq!(texts(r#""${f("x")}" y"#), [r#""${f("x")}""#, "y"]);
    }

    #[test]
    fn a_slash_divides_after_a_value_and_begins_a_regex_elsewhere() {
        assert_eq!(texts("a / b"), ["a", "/", "b"]);
        assert_eq!(texts("r =~ /a{2}\\/\"/ x"), ["r", "=", "~", "/a{2}\\/\"/", "x"]);
    }

    #[test]
    fn durations_are_one_token() {
        assert_eq!(texts("-1h30m"), ["-", "1h30m"]);
    }
}
