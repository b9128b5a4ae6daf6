//! A secret in what others say: taken out before anybody sees it.
//!
//! A server or a proxy may echo a request: in an error, on a page of its own, in `Location`, in a name. Each reply is
//! searched here for the run's own token as it comes in, so that nothing that is made of it later, be it shown, saved or
//! recorded, can hold it. So is what a sink's command writes to its standard error, for the secret that it was given.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What is written where the token of the run was.
pub(crate) const MARK: &str = "[the token of this run]";
/// What is written where another secret was that the run knows.
pub(crate) const SECRET: &str = "[the secret]";
/// A token of fewer bytes may be a word of the API itself: it is searched for only in what is said to people.
const SHORTEST_IN_DATA: usize = 16;
/// A token of fewer bytes is not searched for: it would be found everywhere.
const SHORTEST: usize = 4;
/// So many characters of a token from its beginning are as good as the token, or all of them if it has fewer.
const TELLING: usize = 20;

/// A token in all forms in which it may come back.
#[derive(Clone)]
pub(crate) struct Redaction {
    mark: &'static str,
    forms: Vec<Form>,
    /// Whether a form can begin with this byte.
    begins: [bool; 256],
    in_data: bool,
}

#[derive(Clone)]
struct Form {
    text: Vec<u8>,
    alphabet: Alphabet,
}

/// Which characters of a form are the same.
#[derive(Clone, Copy, PartialEq)]
enum Alphabet {
    /// None.
    Plain,
    /// `-` and `+`, `_` and `/`.
    Base64,
    /// Upper and lower case.
    Hex,
}

impl Alphabet {
    fn fold(self, byte: u8) -> u8 {
        match (self, byte) {
            (Self::Base64, b'-') => b'+',
            (Self::Base64, b'_') => b'/',
            (Self::Hex, byte) => byte.to_ascii_lowercase(),
            _ => byte,
        }
    }
}

impl Redaction {
    /// What takes the run's own `token` out.
    pub(crate) fn of(token: &str) -> Self {
        Self::with_mark(token, MARK)
    }

    /// What puts `mark` where the secret `token` is.
    pub(crate) fn with_mark(token: &str, mark: &'static str) -> Self {
        let mut forms = Vec::new();
        if token.len() >= SHORTEST {
            forms.push(Form { text: token.as_bytes().to_vec(), alphabet: Alphabet::Plain });
            let escaped = serde_json::Value::from(token).to_string();
            let within = &escaped[1..escaped.len() - 1];
            for text in [token].into_iter().chain((within != token).then_some(within)) {
                forms.extend((0..3).map(|before| Form { text: base64(text, before), alphabet: Alphabet::Base64 }));
            }
            let hex = token.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
            forms.push(Form { text: hex, alphabet: Alphabet::Hex });
        }
        let mut begins = [false; 256];
        for form in &forms {
            for byte in 0..=u8::MAX {
                begins[usize::from(byte)] |= form.alphabet.fold(byte) == form.text[0] || b"%\\&".contains(&byte);
            }
        }
        Self { mark, forms, begins, in_data: token.len() >= SHORTEST_IN_DATA }
    }

    /// The reply `data` without the token.
    pub(crate) fn data(&self, data: Vec<u8>) -> Vec<u8> {
        if !self.in_data {
            return data;
        }
        match self.search(&data) {
            Some(without) => without,
            None => data,
        }
    }

    /// The words `said` without the token.
    pub(crate) fn said<'a>(&self, said: &'a str) -> Cow<'a, str> {
        match self.search(said.as_bytes()) {
            // What is taken out is whole characters, unless the token was cut; either way it is text.
            Some(without) => Cow::Owned(String::from_utf8_lossy(&without).into_owned()),
            None => Cow::Borrowed(said),
        }
    }

    /// Where the form ends that begins at `at`, the longest if there are several.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let may = self.begins[usize::from(text[at])];
        self.forms.iter().filter(|_| may).filter_map(|form| form.end(text, at)).max()
    }

    /// `text` without the token; none if it is not there.
    fn search(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut without: Option<Vec<u8>> = None;
        // What is before this is in `without` already, once there is one.
        let mut kept = 0;
        let mut at = 0;
        while at < text.len() {
            match self.end(text, at) {
                Some(mut end) => {
                    // What only looked like the beginning of one form may hide where another begins.
                    let mut within = at + 1;
                    while within < end {
                        end = end.max(self.end(text, within).unwrap_or(end));
                        within += 1;
                    }
                    let without = without.get_or_insert_with(|| Vec::with_capacity(text.len()));
                    without.extend_from_slice(&text[kept..at]);
                    without.extend_from_slice(self.mark.as_bytes());
                    (kept, at) = (end, end);
                }
                None => at += 1,
            }
        }
        let mut without = without?;
        without.extend_from_slice(&text[kept..]);
        Some(without)
    }
}

impl Form {
    /// Whether what stands at `at` may be the beginning: quickly no, for nearly all of a long reply.
    fn may_begin(&self, text: &[u8], at: usize) -> bool {
        for (byte, wanted) in text[at..].iter().zip(&self.text).take(4) {
            match byte {
                b'%' | b'\\' | b'&' | b'\n' | b'\r' => return true,
                byte if self.alphabet.fold(*byte) != *wanted => return false,
                _ => {}
            }
        }
        true
    }

    /// Where the form ends that begins at `at` in `text`, whole or as far as it tells enough.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        if !self.may_begin(text, at) {
            return None;
        }
        let telling = self.text.len().min(TELLING);
        let mut end = None;
        // A character may be read in more than one way, and it shows only later which one is right.
        let mut open = Vec::new();
        open.extend(self.next(text, 0, at));
        while let Some((matched, at)) = open.pop() {
            if matched >= telling {
                end = end.max(Some(at));
            }
            open.extend(self.next(text, matched, at));
        }
        end
    }

    /// Where the next character of the form may end that stands at `at`, after so many that are there.
    fn next<'a>(&'a self, text: &'a [u8], matched: usize, at: usize) -> impl Iterator<Item = (usize, usize)> + 'a {
        let wanted = self.text.get(matched);
        let right = move |(byte, _): &(u8, usize)| wanted.is_some_and(|wanted| self.alphabet.fold(*byte) == *wanted);
        readings(text, at).filter(right).map(move |(_, next)| (matched + 1, next))
    }
}

/// What `text` has in base64 whatever stands before and after it there: `before` bytes more than a multiple of three precede
/// it.
fn base64(text: &str, before: usize) -> Vec<u8> {
    let padded = [&vec![0; before][..], text.as_bytes()].concat();
    let encoded = STANDARD_NO_PAD.encode(&padded);
    // Characters that hold bits of what precedes, and one that holds bits of what follows.
    let first = [0, 2, 3][before];
    let last = encoded.len() - usize::from(padded.len() % 3 != 0);
    encoded.as_bytes()[first..last].to_vec()
}

/// The bytes that may be meant at `at`, and where the next begins: what stands there, or what URL, JSON or HTML write so,
/// also several times over, or the first of the next line.
fn readings(text: &[u8], at: usize) -> impl Iterator<Item = (u8, usize)> {
    let escaped = match text.get(at) {
        Some(b'%') => [0, 1, 2].map(|times| percent(text, at + 1, times)),
        Some(b'\\') => {
            let itself = (text.get(at + 1) == Some(&b'\\')).then_some((b'\\', at + 2));
            [backslash(text, at + 1), itself, None]
        }
        Some(b'&') => [entity(text, at + 1), None, None],
        Some(b'\n' | b'\r') => [wrapped(text, at), None, None],
        _ => [None; 3],
    };
    text.get(at).map(|byte| (*byte, at + 1)).into_iter().chain(escaped.into_iter().flatten())
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u8> {
    let digits = std::str::from_utf8(text.get(at..at + digits)?).ok()?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| plain).and_then(|code| u8::try_from(code).ok())
}

/// `2F` after a `%`, or `252F` where the `%` was written so again, so many times.
fn percent(text: &[u8], at: usize, again: usize) -> Option<(u8, usize)> {
    let digits = at + 2 * again;
    let written_again = text.get(at..digits)?.chunks(2).all(|pair| pair == b"25");
    hex(text, digits, 2).filter(|_| written_again).map(|byte| (byte, digits + 2))
}

/// `u002f` or `/` after a `\`, or after several.
fn backslash(text: &[u8], mut at: usize) -> Option<(u8, usize)> {
    while text.get(at) == Some(&b'\\') {
        at += 1;
    }
    match text.get(at)? {
        b'u' => Some((hex(text, at + 1, 4)?, at + 5)),
        b'x' => Some((hex(text, at + 1, 2)?, at + 3)),
        byte @ (b'/' | b'"' | b'\'') => Some((*byte, at + 1)),
        _ => None,
    }
}

/// What goes on in the next line, as programs that encode wrap what is long.
fn wrapped(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let next = at + text[at..].iter().take(3).position(|byte| !b"\r\n".contains(byte))?;
    Some((text[next], next + 1))
}

/// `#61;`, `#x3d;` or a name after an `&`, or after `&amp;`.
fn entity(text: &[u8], mut at: usize) -> Option<(u8, usize)> {
    const LONGEST: usize = 8;
    let amp = b"amp;";
    let mut ampersand = None;
    while text[at..].starts_with(amp) {
        at += amp.len();
        ampersand = Some((b'&', at));
    }
    let length = text[at..].iter().take(LONGEST).position(|byte| *byte == b';');
    let name = length.and_then(|length| std::str::from_utf8(&text[at..at + length]).ok());
    let byte = name.and_then(|name| match (name.strip_prefix('#'), name) {
        (Some(number), _) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u8::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        },
        (None, "lt") => Some(b'<'),
        (None, "gt") => Some(b'>'),
        (None, "quot") => Some(b'"'),
        (None, "apos") => Some(b'\''),
        (None, "plus") => Some(b'+'),
        (None, "equals") => Some(b'='),
        (None, "sol") => Some(b'/'),
        (None, "lowbar") => Some(b'_'),
        _ => None,
    });
    match (byte, length) {
        (Some(byte), Some(length)) => Some((byte, at + length + 1)),
        _ => ampersand,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "qDLpF3+/x_7-Zk0v\"Yx8<&%Aa1==";

    fn without(text: &str) -> String {
        String::from_utf8(Redaction::of(TOKEN).data(text.as_bytes().to_vec())).expect("text")
    }

    fn each(with: impl Fn(u8) -> String) -> String {
        TOKEN.bytes().map(with).collect()
    }

    #[track_caller]
    fn is_found(written: &str) {
        for text in [written.to_owned(), format!("<p>{written}</p>"), format!("{{\"m\":\"x {written}\"}}")] {
            assert_eq!(without(&text), text.replace(written, MARK), "{text}");
            assert_eq!(Redaction::of(TOKEN).said(&text), text.replace(written, MARK), "{text}");
        }
    }

    #[test]
    fn it_is_found_however_it_is_written() {
        is_found(TOKEN);
        let json = serde_json::to_string(TOKEN).expect("JSON");
        is_found(&json[1..json.len() - 1]);
        let twice = serde_json::to_string(&json[1..json.len() - 1]).expect("JSON");
        is_found(&twice[1..twice.len() - 1]);
        let url: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
        is_found(&url);
        is_found(&url::form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>());
        is_found(&each(|byte| format!("%{byte:02x}")));
        is_found(&each(|byte| format!("\\u{byte:04x}")));
        is_found(&each(|byte| format!("&#{byte};")));
        is_found(&each(|byte| format!("&amp;#x{byte:X};")));
        is_found(&TOKEN.replace('/', "\\/"));
        is_found(&TOKEN.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"));
        is_found(&each(|byte| format!("{byte:02x}")));
        is_found(&each(|byte| format!("{byte:02X}")));
    }

    #[test]
    fn a_part_that_tells_enough_is_found_too() {
        assert_eq!(without(&format!("({})", &TOKEN[..TELLING])), format!("({MARK})"));
        assert_eq!(without(&TOKEN[..TELLING - 1]), TOKEN[..TELLING - 1]);
    }

    #[test]
    fn two_stand_apart() {
        assert_eq!(without(&format!("{TOKEN}{TOKEN} {TOKEN}.")), format!("{MARK}{MARK} {MARK}."));
    }

    #[test]
    fn short_ones_are_words_of_the_api() {
        let body = b"{\"name\":\"influxdb\"}".to_vec();
        assert_eq!(Redaction::of("influxdb").data(body.clone()), body);
        assert_eq!(Redaction::of("influxdb").said("the influxdb"), format!("the {MARK}"));
        assert_eq!(Redaction::of("a").said("an a"), "an a");
        assert_eq!(Redaction::of("").said("x"), "x");
    }

    #[test]
    fn the_beginning_of_one_form_hides_no_other() {
        let token = "\\0A#AaA0#a aAa\\Aaa0 aaAaa 0";
        let without = Redaction::of(token).data(STANDARD.encode(format!("\\{token}")).into_bytes());
        let left = String::from_utf8(without).expect("text").replace(MARK, "");
        assert!(left.len() <= 4, "{left}");
    }

    proptest! {
        #[test]
        fn base64_hides_nothing(before in "[ -~]{0,9}", after in "[ -~]{0,9}", token in "[ -~]{16,90}") {
            for engine in [&STANDARD, &URL_SAFE] {
                let encoded = engine.encode(format!("{before}{token}{after}"));
                let without = Redaction::of(&token).data(encoded.clone().into_bytes());
                let without = String::from_utf8(without).expect("text");
                // At most the ends are left, which hold bits of what stands around.
                prop_assert!(without.contains(MARK), "{} of {}", without, encoded);
                let left = without.replace(MARK, "").len();
                prop_assert!(left <= (before.len() + after.len()).div_ceil(3) * 4 + 12, "{} of {}", without, encoded);
            }
        }

        #[test]
        fn json_stays_json(before in "[a-z \\\\\"]{0,9}", token in "[A-Z0-9+/=_-]{16,90}") {
            let text = serde_json::json!({"message": format!("{before}{token}")}).to_string();
            let without = Redaction::of(&token).data(text.into_bytes());
            let value: serde_json::Value = serde_json::from_slice(&without).expect("JSON");
            // A `\` before a `/` may have been its escape, and then goes along.
            let message = value["message"].as_str().expect("a text").strip_suffix(MARK);
            prop_assert!(message.is_some_and(|left| before.trim_end_matches('\\') == left.trim_end_matches('\\')));
        }

        #[test]
        fn nothing_else_is_touched(text in "[a-z%\\\\&#;0-9]{0,80}") {
            prop_assert_eq!(without(&text), text);
        }

        #[test]
        fn any_bytes_can_be_searched(text: Vec<u8>) {
            Redaction::of(TOKEN).data(text);
        }
    }
}
