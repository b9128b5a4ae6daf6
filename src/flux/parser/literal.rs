//! Literals that the lexer takes and the server refuses.

use super::super::ast::{ExpressionKind, Span};
use super::super::number::duration_parts;
use super::Parser;
use super::fault::FaultKind;
use super::lexer::Token;
use super::pattern::pattern_error;

/// Why the text of a string cannot be decoded.
enum TextError {
    Escape(&'static str, Option<char>),
    Utf8 { at: usize, length: Option<usize> },
}

/// Whether the text of a string, which the lexer took, can be decoded.
fn check_text(text: &str) -> Result<(), TextError> {
    if !text.contains('\\') {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let Some(next) = escape.chars().next() else {
            return Err(TextError::Escape("invalid escape sequence", None));
        };
        let length = match next {
            'n' | 'r' | 't' | '\\' | '"' | '$' => {
                bytes.push(b' ');
                1
            }
            'x' => {
                let digits = escape[1..].chars().take(2).collect::<String>();
                if digits.chars().count() < 2 {
                    return Err(TextError::Escape("\\x followed by 1 char, must be 2", None));
                }
                match u8::from_str_radix(&digits, 16) {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => return Err(TextError::Escape("invalid byte value", None)),
                }
                3
            }
            other => return Err(TextError::Escape("invalid escape character ", Some(other))),
        };
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(TextError::Utf8 { at: error.valid_up_to(), length: error.error_len() }),
    }
}

impl Parser<'_> {
    pub(super) fn integer(&mut self, token: Token) -> ExpressionKind {
        let text = self.text(token.span);
        if text.len() > 1 && text.starts_with('0') {
            self.check(FaultKind::LeadingZero, token.span, token.span);
        } else if text.parse::<i64>().is_err() {
            self.check(FaultKind::IntegerRange, token.span, token.span);
        }
        ExpressionKind::Integer
    }

    /// A string without interpolations.
    pub(super) fn plain_string(&mut self, token: Token) -> ExpressionKind {
        let text = self.text(token.span);
        match check_text(&text[1..text.len() - 1]) {
            Ok(()) => {}
            Err(TextError::Escape(words, found)) => {
                self.check(FaultKind::HiddenEscape(words, found), token.span, token.span);
            }
            Err(TextError::Utf8 { at, length }) => {
                self.check(FaultKind::Utf8 { at, length }, token.span, token.span);
            }
        }
        ExpressionKind::String
    }

    /// Whether a text between interpolations can be decoded.
    pub(super) fn text_is_sound(&self, span: Span) -> bool {
        check_text(self.text(span)).is_ok()
    }

    pub(super) fn duration(&mut self, token: Token) -> ExpressionKind {
        if duration_parts(self.text(token.span)).all(|(magnitude, _)| magnitude.parse::<i64>().is_ok()) {
            return ExpressionKind::Duration;
        }
        self.hole(FaultKind::DurationRange, token.span);
        ExpressionKind::Hole
    }

    pub(super) fn time(&mut self, token: Token) -> ExpressionKind {
        match time_error(self.text(token.span)) {
            None => ExpressionKind::Time,
            Some(TimeError::LeapSecond) => {
                self.check(FaultKind::LeapSecond, token.span, token.span);
                ExpressionKind::Time
            }
            Some(TimeError::Wrong(why)) => {
                self.hole(FaultKind::Time(why), token.span);
                ExpressionKind::Hole
            }
        }
    }

    pub(super) fn regular_expression(&mut self, token: Token) -> ExpressionKind {
        let text = self.text(token.span);
        if let Some(error) = pattern_error(&text[1..text.len() - 1]) {
            self.check(FaultKind::Pattern(Box::new(error)), token.span, token.span);
        }
        ExpressionKind::Regex
    }
}

enum TimeError {
    LeapSecond,
    Wrong(&'static str),
}

/// What is wrong with a time, whose digits are where they should be.
fn time_error(text: &str) -> Option<TimeError> {
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    if !(1..=12).contains(&month) {
        return Some(TimeError::Wrong("there is no such month"));
    }
    if !(1..=days(year, month)).contains(&day) {
        return Some(TimeError::Wrong("the month has no such day"));
    }
    if text.len() == 10 {
        return None;
    }
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    if hour > 23 || minute > 59 || second > 60 {
        return Some(TimeError::Wrong("a day has no such time"));
    }
    let mut rest = &text[19..];
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return Some(TimeError::Wrong("there are no digits after the point"));
        }
    }
    match rest.len() {
        0 => return Some(TimeError::Wrong("it needs an offset: `Z`, or `+01:00`")),
        1 => {}
        _ => {
            let offset = |range: std::ops::Range<usize>| rest[range].parse::<u32>().unwrap_or(u32::MAX);
            if offset(1..3) > 23 || offset(4..6) > 59 {
                return Some(TimeError::Wrong("there is no such offset"));
            }
        }
    }
    (second == 60).then_some(TimeError::LeapSecond)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}
