//! Tokens that begin with a digit: numbers, durations, times.

use super::token::TokenKind;

/// Units of a duration, a longer one before the one it starts with.
const UNITS: [&str; 11] = ["mo", "ms", "us", "\u{b5}s", "ns", "y", "w", "d", "h", "m", "s"];

/// The longest token that starts with a digit (or a dot before a digit) at the start of `rest`: kind and length.
pub(crate) fn number(rest: &str) -> (TokenKind, usize) {
    if let Some(length) = time(rest) {
        return (TokenKind::Time, length);
    }
    let int = digits(rest);
    if rest[int..].starts_with('.') {
        return (TokenKind::Float, int + 1 + digits(&rest[int + 1..]));
    }
    match duration(rest) {
        0 => (TokenKind::Int, int),
        length => (TokenKind::Duration, length),
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The length of the duration at the start of `text`; 0 if there is none.
pub(crate) fn duration(text: &str) -> usize {
    let mut end = 0;
    loop {
        let magnitude = digits(&text[end..]);
        let unit = UNITS.iter().find(|unit| text[end + magnitude..].starts_with(**unit));
        match unit {
            Some(unit) if magnitude > 0 => end += magnitude + unit.len(),
            _ => return end,
        }
    }
}

/// Magnitudes and units of a duration literal without its sign.
pub(crate) fn duration_parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let magnitude = digits(rest);
        let unit = UNITS.iter().find(|unit| rest[magnitude..].starts_with(**unit))?;
        let part = (&rest[..magnitude], &rest[magnitude..magnitude + unit.len()]);
        rest = &rest[magnitude + unit.len()..];
        Some(part)
    })
}

/// Whether `text` starts with `shape`, where `0` stands for a digit.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

/// The length of the date or date-time at the start of `text`.
pub(crate) fn time(text: &str) -> Option<usize> {
    const DATE: &str = "0000-00-00";
    const CLOCK: &str = "T00:00:00";
    if !has_shape(text, DATE) {
        return None;
    }
    let mut end = DATE.len();
    if !has_shape(&text[end..], CLOCK) {
        return Some(end);
    }
    end += CLOCK.len();
    if text[end..].starts_with('.') {
        end += 1 + digits(&text[end + 1..]);
    }
    if text[end..].starts_with('Z') {
        end += 1;
    } else if ["+00:00", "-00:00"].iter().any(|shape| has_shape(&text[end..], shape)) {
        end += "+00:00".len();
    }
    Some(end)
}
