use std::fmt::Write as _;

use super::number::{duration, duration_parts, time};
use super::token::TokenKind;

/// A value that is written into a script: the only place where values become Flux.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text. NUL has no place in Flux.
    String(String),
    /// A 64-bit integer.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or an RFC 3339 date-time with an offset, as TOML spells it.
    DateTime(String),
    /// A Flux duration such as `1h30m`, `-1mo`.
    Duration(String),
    /// The pattern of a regular expression, without slashes around it.
    Regex(String),
    /// A list. Flux wants one type for all items; the server checks that.
    Array(Vec<Literal>),
    /// A record, in the order in which it is written.
    Record(Vec<(String, Literal)>),
}

/// Why a value cannot be written as Flux.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// A string with a NUL: the server cuts a script there.
    #[error("a Flux string cannot hold a NUL character")]
    Nul,
    /// Infinity or NaN.
    #[error("{0} has no Flux literal")]
    NotFinite(String),
    /// No date or RFC 3339 date-time that Flux reads.
    #[error("{0:?} is no date or date-time with an offset (`2026-01-02T03:04:05Z`)")]
    DateTime(String),
    /// No duration, or one with a magnitude beyond 64 bits.
    #[error("{0:?} is no Flux duration (`1h30m`, `7d`, `1mo`)")]
    Duration(String),
    /// A pattern that ends in a single backslash.
    #[error("the regular expression {0:?} ends in a backslash")]
    Regex(String),
    /// The same key twice in a record.
    #[error("the record has the key {0:?} twice")]
    DuplicateKey(String),
}

impl Literal {
    /// The Flux source of the value, on one line.
    ///
    /// # Errors
    /// A value, at any depth, that Flux has no literal for.
    pub fn encode(&self) -> Result<String, LiteralError> {
        let mut out = String::new();
        self.push(&mut out)?;
        Ok(out)
    }

    fn push(&self, out: &mut String) -> Result<(), LiteralError> {
        match self {
            Self::String(text) => push_string(out, text)?,
            // The sign is an operator, and the magnitude alone is out of range.
            Self::Integer(i64::MIN) => out.push_str("(-9223372036854775807 - 1)"),
            Self::Integer(value) => push_display(out, value),
            Self::Float(value) if !value.is_finite() => {
                return Err(LiteralError::NotFinite(value.to_string()));
            }
            Self::Float(value) => {
                let digits = value.to_string();
                let fraction = if digits.contains('.') { "" } else { ".0" };
                out.push_str(&digits);
                out.push_str(fraction);
            }
            Self::Boolean(value) => push_display(out, value),
            Self::DateTime(text) => out.push_str(&date_time(text)?),
            Self::Duration(text) => {
                check_duration(text)?;
                out.push_str(text);
            }
            Self::Regex(pattern) => push_regex(out, pattern)?,
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.push(out)?;
                }
                out.push(']');
            }
            Self::Record(fields) => {
                out.push('{');
                for (at, (key, field)) in fields.iter().enumerate() {
                    if fields[..at].iter().any(|(earlier, _)| earlier == key) {
                        return Err(LiteralError::DuplicateKey(key.clone()));
                    }
                    out.push_str(if at == 0 { "" } else { ", " });
                    if is_identifier(key) {
                        out.push_str(key);
                    } else {
                        push_string(out, key)?;
                    }
                    out.push_str(": ");
                    field.push(out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("invariant: writing to a String cannot fail");
}

/// Whether `name` needs no quotes as a key.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && TokenKind::keyword(name).is_none()
}

fn push_string(out: &mut String, text: &str) -> Result<(), LiteralError> {
    if text.contains('\0') {
        return Err(LiteralError::Nul);
    }
    out.push('"');
    push_text(out, text);
    out.push('"');
    Ok(())
}

/// The text of a string, escaped. A `$` takes the character after it along, so it is itself escaped before anything that
/// needs an escape (influxd 2.9.1, measured: `"$\""` is a syntax error).
pub(crate) fn push_text(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\' | '"', _) => out.extend(['\\', c]),
            ('\n', _) => out.push_str("\\n"),
            ('\r', _) => out.push_str("\\r"),
            ('\t', _) => out.push_str("\\t"),
            ('$', Some('{')) => out.push_str("\\$"),
            ('$', Some(next)) if matches!(next, '$' | '\\' | '"') || next.is_control() => out.push_str("\\x24"),
            (c, _) if c.is_control() => push_bytes(out, c),
            (c, _) => out.push(c),
        }
    }
}

fn push_bytes(out: &mut String, c: char) {
    for byte in c.to_string().bytes() {
        push_display(out, format_args!("\\x{byte:02x}"));
    }
}

/// A pattern between slashes. The server reads `\/` and `\xNN` itself before the pattern is compiled, and takes a slash
/// after any backslash for part of the pattern (influxd 2.9.1, measured).
fn push_regex(out: &mut String, pattern: &str) -> Result<(), LiteralError> {
    if pattern.contains('\0') {
        return Err(LiteralError::Nul);
    }
    out.push('/');
    if pattern.is_empty() {
        out.push_str("(?:)");
    }
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('/') => out.push_str("\\/"),
                Some('\\') => out.push_str("\\x5c\\x5c"),
                Some('x') => out.push_str("\\x5cx"),
                Some(next) if next.is_control() => {
                    out.push_str("\\x5c");
                    push_bytes(out, next);
                }
                Some(next) => out.extend(['\\', next]),
                None => return Err(LiteralError::Regex(pattern.to_owned())),
            },
            '/' => out.push_str("\\/"),
            c if c.is_control() => push_bytes(out, c),
            c => out.push(c),
        }
    }
    out.push('/');
    Ok(())
}

/// A TOML date or date-time in the spelling that Flux reads: `T` and `Z` in capitals, no space, nanoseconds at most.
fn date_time(text: &str) -> Result<String, LiteralError> {
    let refused = || LiteralError::DateTime(text.to_owned());
    if !text.is_ascii() {
        return Err(refused());
    }
    let mut spelt = text.to_ascii_uppercase();
    if spelt.as_bytes().get(10) == Some(&b' ') {
        spelt.replace_range(10..11, "T");
    }
    if time(&spelt) != Some(spelt.len()) {
        return Err(refused());
    }
    let instant = if spelt.len() == 10 { format!("{spelt}T00:00:00Z") } else { spelt.clone() };
    let second = &instant[17..19];
    instant.parse::<jiff::Timestamp>().ok().filter(|_| second != "60").ok_or_else(refused)?;
    Ok(spelt)
}

/// Whether `text` is a duration that Flux reads, with or without a sign.
pub(crate) fn check_duration(text: &str) -> Result<(), LiteralError> {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let whole = !magnitude.is_empty() && duration(magnitude) == magnitude.len();
    if whole && duration_parts(magnitude).all(|(digits, _)| digits.parse::<i64>().is_ok()) {
        Ok(())
    } else {
        Err(LiteralError::Duration(text.to_owned()))
    }
}
