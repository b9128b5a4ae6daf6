//! What literals say: strings, regular expressions, durations, times.

use std::borrow::Cow;
use std::ops::Range;

use super::error::FluxError;
use super::number::duration_parts;
use super::token::{Token, TokenKind};

/// What the text of a string says: `text` is what stands between the quotes or between interpolations.
///
/// # Errors
/// Escaped bytes that are no UTF-8. `span` is where `text` stands.
pub(crate) fn decode_text<'a>(text: &'a str, span: &Range<usize>) -> Result<Cow<'a, str>, FluxError> {
    if !text.contains('\\') {
        return Ok(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let (byte, length) = match escape.as_bytes().first() {
            Some(b'n') => (b'\n', 1),
            Some(b'r') => (b'\r', 1),
            Some(b't') => (b'\t', 1),
            Some(b'x') => (hex_byte(escape, span)?, 3),
            Some(&byte @ (b'\\' | b'"' | b'$')) => (byte, 1),
            _ => return Err(FluxError::new("unknown escape in a string", span.clone())),
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    from_utf8(bytes, span)
}

fn from_utf8(bytes: Vec<u8>, span: &Range<usize>) -> Result<Cow<'static, str>, FluxError> {
    let text = String::from_utf8(bytes);
    text.map(Cow::Owned).map_err(|_| FluxError::new("escaped bytes are no UTF-8", span.clone()))
}

/// The byte of an `x41` at the start of `escape`.
fn hex_byte(escape: &str, span: &Range<usize>) -> Result<u8, FluxError> {
    escape
        .get(1..3)
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .ok_or_else(|| FluxError::new("`\\x` needs two hexadecimal digits", span.clone()))
}

/// The pattern of a regular expression: `\/` is a slash, `\xNN` a byte, all else stays.
pub(crate) fn decode_regex<'a>(text: &'a str, span: &Range<usize>) -> Result<Cow<'a, str>, FluxError> {
    if !text.contains('\\') {
        return Ok(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let Some(next) = escape.chars().next() else {
            return Err(FluxError::new("a regular expression ends in a backslash", span.clone()));
        };
        let length = match next {
            '/' => {
                bytes.push(b'/');
                1
            }
            'x' => {
                bytes.push(hex_byte(escape, span)?);
                3
            }
            next => {
                bytes.push(b'\\');
                bytes.extend_from_slice(next.to_string().as_bytes());
                next.len_utf8()
            }
        };
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    from_utf8(bytes, span)
}

/// `2026-01-02` is midnight UTC; zeros at the end of a fraction and digits below the nanosecond are dropped; an offset
/// of zero is `Z`.
pub(crate) fn canonical_time(text: &str) -> String {
    let Some((date, clock)) = text.split_once('T') else {
        return format!("{text}T00:00:00Z");
    };
    let split = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(split);
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let offset = if matches!(offset, "+00:00" | "-00:00") { "Z" } else { offset };
    format!("{date}T{seconds}{dot}{fraction}{offset}")
}

/// `01h` is `1h`, `1µs` is `1us`; `60m` stays `60m`, because the server keeps it too.
fn canonical_duration(text: &str) -> Cow<'_, str> {
    if duration_parts(text).all(|(magnitude, unit)| !magnitude.starts_with('0') && unit.is_ascii()) {
        return text.into();
    }
    duration_parts(text)
        .map(|(magnitude, unit)| {
            let digits = magnitude.trim_start_matches('0');
            let unit = if unit == "\u{b5}s" { "us" } else { unit };
            format!("{}{unit}", if digits.is_empty() { "0" } else { digits })
        })
        .collect::<String>()
        .into()
}

/// What a token says, independent of its spelling.
///
/// # Errors
/// A string or regular expression with an escape that the server refuses.
pub(crate) fn value<'a>(token: &Token, source: &'a str) -> Result<Cow<'a, str>, FluxError> {
    let text = token.text(source);
    match token.kind {
        TokenKind::String => decode_text(&text[1..text.len() - 1], &token.span),
        TokenKind::StringText => decode_text(text, &token.span),
        TokenKind::Regex => decode_regex(&text[1..text.len() - 1], &token.span),
        TokenKind::Time => Ok(canonical_time(text).into()),
        TokenKind::Duration => Ok(canonical_duration(text)),
        _ => Ok(text.into()),
    }
}
