//! Secrets in JSON, also in broken JSON: what is given to keys that are called like secrets, and secrets in other strings, as
//! they are written and as they are read.

use std::ops::Range;

use super::doubt::is_no_secret;
use super::literals::{Piece, Search};
use super::names::is_secret;

/// Finds them. What joins them is never one.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    // However broken it is.
    search.piece(0..text.len(), Piece::String);
    let mut walk = Walk { search, open: vec![Bracket::default()] };
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        at = match byte {
            b'"' => walk.string(at),
            b'{' | b'[' => walk.opens(at),
            b'}' | b']' => walk.closes(at),
            b',' => walk.comma(at),
            b':' | b'=' | b';' => at + 1,
            byte if byte.is_ascii_whitespace() => at + 1,
            _ => walk.bare(at),
        };
    }
}

/// What stands between two brackets, or on no bracket.
#[derive(Clone, Copy, Default)]
struct Bracket {
    /// Whether all that stands there is a secret.
    whole: bool,
    /// Whether what is read next is one.
    now: bool,
    is_object: bool,
    /// Whether a key comes next.
    expects_key: bool,
}

struct Walk<'s, 't> {
    search: &'s mut Search<'t>,
    open: Vec<Bracket>,
}

impl Walk<'_, '_> {
    fn bracket(&mut self) -> &mut Bracket {
        self.open.last_mut().expect("invariant: the last one is never taken away")
    }

    fn opens(&mut self, at: usize) -> usize {
        let is_object = self.search.text[at..].starts_with('{');
        let outer = self.bracket();
        let whole = outer.whole || outer.now;
        *outer = Bracket { now: false, expects_key: false, ..*outer };
        self.open.push(Bracket { whole, now: false, is_object, expects_key: is_object });
        at + 1
    }

    fn closes(&mut self, at: usize) -> usize {
        if self.open.len() > 1 {
            self.open.pop();
        }
        at + 1
    }

    /// What has no value yet may have it behind a comma that was to be a colon.
    fn comma(&mut self, at: usize) -> usize {
        let bracket = self.bracket();
        bracket.expects_key = bracket.is_object && !bracket.now;
        at + 1
    }

    /// The string whose quote stands at `at`, a key or a value. Nothing closes one beyond its line.
    fn string(&mut self, at: usize) -> usize {
        let text = self.search.text;
        let start = at + 1;
        let (mut end, mut is_escaped) = (text.len(), false);
        for (length, byte) in text[start..].bytes().enumerate() {
            if byte == b'\n' || byte == b'"' && !is_escaped {
                end = start + length;
                break;
            }
            is_escaped = byte == b'\\' && !is_escaped;
        }
        let is_closed = text[end..].starts_with('"');
        let (read, places) = decoded(text, start..end);
        let after = end + usize::from(is_closed);
        if self.is_key(after) {
            self.key(&read);
        } else if self.bracket().whole || self.bracket().now {
            self.search.add(start..end, true);
            // The rest of what is not closed is a part of it.
            self.bracket().now &= !is_closed;
        }
        self.search.decoded(&read, &places);
        after
    }

    /// What stands in no quotes.
    fn bare(&mut self, at: usize) -> usize {
        let text = self.search.text;
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | ',' | ':' | '=' | ';' | '{' | '}' | '[' | ']');
        let end = text[at..].find(is_end).map_or(text.len(), |length| at + length);
        let word = &text[at..end];
        if self.is_key(end) {
            self.key(word);
        } else if self.bracket().whole || self.bracket().now {
            if !is_no_secret(word) {
                self.search.add(at..end, true);
            }
            // Others may follow that belong to it.
            self.bracket().now = !text[end..].trim_start().starts_with([',', '}', ']']);
        }
        end
    }

    /// Whether what ends at `end` is a key. What may be a secret is none, whatever stands behind it.
    fn is_key(&mut self, end: usize) -> bool {
        let Bracket { whole, now, expects_key, .. } = *self.bracket();
        expects_key || !(whole || now) && self.search.text[end..].trim_start().starts_with(':')
    }

    fn key(&mut self, name: &str) {
        let bracket = self.bracket();
        (bracket.now, bracket.expects_key) = (is_secret(name), false);
    }
}

/// What the string `of` says, and where each byte of that is written, as well as its end.
fn decoded(text: &str, of: Range<usize>) -> (String, Vec<usize>) {
    let (mut read, mut places) = (String::with_capacity(of.len()), Vec::with_capacity(of.len() + 1));
    let mut at = of.start;
    while let Some(first) = text[at..of.end].chars().next() {
        let (said, length) = if first == '\\' { escape(&text[at..of.end]) } else { (first, first.len_utf8()) };
        read.push(said);
        places.resize(read.len(), at);
        at += length;
    }
    places.push(at);
    (read, places)
}

/// The character that `text` begins with, which is written with a backslash, and how much of it that is.
fn escape(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let code = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(code, 16).ok()
    };
    if let Some(first) = unit(0) {
        let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
        return match (char::from_u32(first.into()), pair) {
            (None, Some(pair)) => (pair, 12),
            (one, _) => (one.unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        };
    }
    match text[1..].chars().next() {
        Some('n') => ('\n', 2),
        Some('t') => ('\t', 2),
        Some('r') => ('\r', 2),
        Some('b' | 'f') => (' ', 2),
        Some(other) => (other, 1 + other.len_utf8()),
        None => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Language, without_literals};

    #[track_caller]
    fn shown(text: &str, wanted: &str) {
        assert_eq!(without_literals(text, Language::Json), wanted, "{text}");
    }

    #[test]
    fn secrets_in_json_are_found() {
        for (text, wanted) in [
            (r#"{"password": "S3", "x": "y"}"#, r#"{"password": "***", "x": "y"}"#),
            (r#"{"pass\u0077ord":"S3"}"#, r#"{"pass\u0077ord":"***"}"#),
            (r#"{"apiToken":["S3","S4"],"x":1}"#, r#"{"apiToken":["***","***"],"x":1}"#),
            (r#"{"credentials":{"a":{"b":"S3"}},"x":"y"}"#, r#"{"credentials":{"a":{"b":"***"}},"x":"y"}"#),
            (r#"{"password":12345,"token":null}"#, r#"{"password":***,"token":null}"#),
            (r#"{"type":"token","name":"x"}"#, r#"{"type":"token","name":"x"}"#),
            (r#"["token","host"]"#, r#"["token","host"]"#),
            (
                r#"{"note":"https:\/\/hooks.slack.com\/services\/T1\/B1\/S3"}"#,
                r#"{"note":"https:\/\/hooks.slack.com\/services\/***"}"#,
            ),
            (r#"{"note":"\u0067hp_0123456789abcdefghij"}"#, r#"{"note":"***"}"#),
            (r#"{"text":"x = f(token: \"S3\")\n |> y()"}"#, r#"{"text":"x = f(token: \"***\")\n |> y()"}"#),
            (r#"{"text":"passwo\u0072d = \"S3\"\ny"}"#, r#"{"text":"passwo\u0072d = \"***\"\ny"}"#),
        ] {
            shown(text, wanted);
        }
    }

    #[test]
    fn secrets_in_broken_json_are_found() {
        for (text, wanted) in [
            (r#"{"password":"S3" "note":"n"}"#, r#"{"password":"***" "note":"n"}"#),
            (r#"{"password" "S3","note":"n"}"#, r#"{"password" "***","note":"n"}"#),
            (r#"{"password", "S3","note":"n"}"#, r#"{"password", "***","note":"n"}"#),
            (r#"{"password"="S3","note":"n"}"#, r#"{"password"="***","note":"n"}"#),
            (r#"{password:"S3",note:"n"}"#, r#"{password:"***",note:"n"}"#),
            (r#"{"a":[{"password":"S3"}]],"token":"S3","#, r#"{"a":[{"password":"***"}]],"token":"***","#),
            (
                r#"{"text":"from(bucket: \"b\", token: \"S3\" |> range(start: -1h) ""#,
                r#"{"text":"from(bucket: \"b\", token: \"***\" |> range(start: -1h) ""#,
            ),
            (
                r#"{"note":"https://hooks.slack.com/services/T1/B1/S3",}"#,
                r#"{"note":"https://hooks.slack.com/services/***",}"#,
            ),
            (r#"{"apiToken""S3":1}"#, r#"{"apiToken""***":1}"#),
            (r#"{"credentials":{"a" "S3": 1}}"#, r#"{"credentials":{"***" "***": 1}}"#),
            ("{\"password\":\"S3\nS4\", \"x\":1}", "{\"password\":\"***\n***\"*** \"x\":1}"),
        ] {
            shown(text, wanted);
        }
    }

    proptest! {
        #[test]
        fn what_is_given_to_a_secret_is_never_shown(
            before in "[\\[\\]{}\",:\\\\ a\n]{0,12}",
            between in "( ?: ?| ?= ?|)",
            after in "[\\[\\]{}\",:\\\\ a]{0,12}",
        ) {
            let text = format!("{before}\n{{\"apiToken\"{between}\"S3KRIT7\"{after}");
            let shown = without_literals(&text, Language::Json);
            prop_assert!(!shown.contains("S3KRIT7"), "{text} as {shown}");
            prop_assert_eq!(text.lines().count(), shown.lines().count());
        }
    }
}
