//! From values to Flux: the one encoder.

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
    #[error("invalid date or date-time {0:?}: write it like `2026-01-02T03:04:05Z`")]
    DateTime(String),
    /// No duration, or one with a magnitude beyond 64 bits.
    #[error("invalid Flux duration {0:?}: write it like `1h30m`, `7d` or `1mo`")]
    Duration(String),
    /// A pattern that ends in a single backslash, or with a broken `\\x`.
    #[error("the regular expression {0:?} has an unfinished escape")]
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

    /// Whether [`Literal::encode`] can write the value.
    ///
    /// # Errors
    /// The same.
    pub fn check(&self) -> Result<(), LiteralError> {
        match self {
            Self::String(text) => check_string(text),
            Self::Integer(_) | Self::Boolean(_) => Ok(()),
            Self::Duration(text) => check_duration(text),
            other => other.encode().map(drop),
        }
    }

    pub(super) fn push(&self, out: &mut String) -> Result<(), LiteralError> {
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

fn check_string(text: &str) -> Result<(), LiteralError> {
    if text.contains('\0') { Err(LiteralError::Nul) } else { Ok(()) }
}

pub(super) fn push_string(out: &mut String, text: &str) -> Result<(), LiteralError> {
    check_string(text)?;
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

/// A pattern between slashes, spelt so that it also survives the server's formatter. The server reads `\/` and `\xNN`
/// itself before the pattern is compiled, takes a slash after any backslash for part of the pattern, and writes the
/// pattern back without escaping either again (influxd 2.9.1, measured).
fn push_regex(out: &mut String, pattern: &str) -> Result<(), LiteralError> {
    if pattern.contains('\0') {
        return Err(LiteralError::Nul);
    }
    out.push('/');
    if pattern.is_empty() {
        out.push_str("(?:)");
    }
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let next = rest.chars().next().ok_or_else(|| LiteralError::Regex(pattern.to_owned()))?;
                rest = &rest[next.len_utf8()..];
                match next {
                    '/' => out.push_str("\\/"),
                    '\\' if rest.is_empty() => out.push_str("[\\x5c\\x5c]"),
                    '\\' => out.push_str("\\x5c\\x5c"),
                    'x' => {
                        let (c, length) = hex_escape(rest).ok_or_else(|| LiteralError::Regex(pattern.to_owned()))?;
                        rest = &rest[length..];
                        push_pattern_char(out, c);
                    }
                    next if next.is_control() => push_bytes(out, next),
                    next => out.extend(['\\', next]),
                }
            }
            '/' => out.push_str("\\/"),
            c if c.is_control() => push_bytes(out, c),
            c => out.push(c),
        }
    }
    out.push('/');
    Ok(())
}

/// The character that `41` or `{1f600}` after `\x` means, and the length of that.
fn hex_escape(text: &str) -> Option<(char, usize)> {
    let (digits, length) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}').map(|(digits, _)| (digits, digits.len() + 2))?,
        None => (text.get(..2)?, 2),
    };
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
    char::from_u32(code).filter(|c| *c != '\0').map(|c| (c, length))
}

/// A character of a pattern that stands for itself.
fn push_pattern_char(out: &mut String, c: char) {
    match c {
        '\\' => out.push_str("\\x5c\\x5c"),
        c if c.is_control() => push_bytes(out, c),
        c if c.is_ascii_punctuation() => out.extend(['\\', c]),
        c => out.push(c),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;
    use crate::flux::value::value;
    use crate::flux::{NormalForm, scan};
    use proptest::prelude::*;

    fn encoded(literal: &Literal) -> String {
        literal.encode().expect("a literal")
    }

    #[test]
    fn each_type_has_its_spelling() {
        let record = Literal::Record(vec![
            ("s".to_owned(), Literal::String("a\"\\${b}\n$$".to_owned())),
            ("if".to_owned(), Literal::Integer(-1)),
            ("a b".to_owned(), Literal::Float(1.0)),
            ("list".to_owned(), Literal::Array(vec![Literal::Boolean(true), Literal::Boolean(false)])),
            ("none".to_owned(), Literal::Array(Vec::new())),
            ("empty".to_owned(), Literal::Record(Vec::new())),
            ("at".to_owned(), Literal::DateTime("2026-01-02 03:04:05.5z".to_owned())),
            ("day".to_owned(), Literal::DateTime("2026-01-02".to_owned())),
            ("window".to_owned(), Literal::Duration("-1mo2h".to_owned())),
            ("like".to_owned(), Literal::Regex("^a/b\\.c\\x2e\\d$".to_owned())),
            ("least".to_owned(), Literal::Integer(i64::MIN)),
        ]);
        insta::assert_snapshot!(encoded(&record), @r#"{s: "a\"\\\${b}\n\x24$", "if": -1, "a b": 1.0, list: [true, false], none: [], empty: {}, at: 2026-01-02T03:04:05.5Z, day: 2026-01-02, window: -1mo2h, like: /^a\/b\.c\.\d$/, least: (-9223372036854775807 - 1)}"#);
    }

    #[test]
    fn what_flux_cannot_say_is_refused() {
        for literal in [
            Literal::String("a\0".to_owned()),
            Literal::Float(f64::NAN),
            Literal::Float(f64::INFINITY),
            Literal::Duration(String::new()),
            Literal::Duration("1".to_owned()),
            Literal::Duration("1h ".to_owned()),
            Literal::Duration("1\u{3bc}s".to_owned()),
            Literal::Duration("99999999999999999999h".to_owned()),
            Literal::DateTime("2026-01-02T03:04:05".to_owned()),
            Literal::DateTime("2026-13-02".to_owned()),
            Literal::DateTime("2016-12-31T23:59:60Z".to_owned()),
            Literal::DateTime("03:04:05".to_owned()),
            Literal::Regex("a\\".to_owned()),
            Literal::Regex("a\\xg".to_owned()),
            Literal::Record(vec![("a".to_owned(), Literal::Integer(1)), ("a".to_owned(), Literal::Integer(2))]),
        ] {
            assert!(literal.encode().is_err(), "{literal:?}");
            assert!(literal.check().is_err(), "{literal:?}");
            assert!(Literal::Array(vec![literal]).encode().is_err());
        }
    }

    #[test]
    fn a_regular_expression_never_ends_before_its_end() {
        for pattern in ["", "/", "//", "\\/", "\\\\", "a\\\\", "\\\\/", "\n", "\\x5c", "\\x{2f}"] {
            let source = format!("{} + /z/", encoded(&Literal::Regex(pattern.to_owned())));
            let kinds: Vec<_> = scan(&source).expect("tokens").into_iter().map(|token| token.kind).collect();
            assert_eq!(kinds, [TokenKind::Regex, TokenKind::Add, TokenKind::Regex], "{pattern:?}: {source}");
        }
    }

    proptest! {
        /// `PROPTEST_CASES=1000000` makes it as many strings.
        #[test]
        fn a_string_is_one_token_that_says_the_same(text in "[^\0]*|[${}\\\\\"x4n\n\t ]{0,12}") {
            let source = encoded(&Literal::String(text.clone()));
            let tokens = scan(&source).expect("tokens");
            prop_assert_eq!(tokens.len(), 1);
            prop_assert_eq!(tokens[0].kind, TokenKind::String);
            prop_assert_eq!(value(&tokens[0], &source), Ok(text.as_str().into()));
            prop_assert!(!source.chars().any(char::is_control));
            let parsed = parse(&source);
            prop_assert!(parsed.is_sound());
            let [read] = parsed.script.expressions() else { panic!("one expression: {source}") };
            prop_assert_eq!(parsed.script.unquoted(read.span), text);
        }

        #[test]
        fn a_key_does_not_end_its_record(key in "[^\0]*") {
            let source = encoded(&Literal::Record(vec![(key.clone(), Literal::Integer(1))]));
            let form = NormalForm::of(&source).expect("a normal form");
            prop_assert_eq!(form.tokens().len(), 5);
            prop_assert_eq!(&*form.tokens()[1].value, &key);
        }

        #[test]
        fn a_number_reads_back(number: f64, integer in i64::MIN + 1..) {
            prop_assume!(number.is_finite());
            let source = encoded(&Literal::Float(number));
            prop_assert!(source.contains('.'));
            prop_assert_eq!(source.parse::<f64>(), Ok(number));
            prop_assert_eq!(encoded(&Literal::Integer(integer)).parse::<i64>(), Ok(integer));
        }
    }
}
