//! The field section of a line: `name=value,name=value`.

use std::borrow::Cow;

use super::line_protocol::Value;

/// Why a line cannot be read.
pub(super) type Refusal = Cow<'static, str>;

/// How long the field section is that `text` starts with, or why it is none; `before` is the byte before it.
pub(super) fn section_length(before: u8, text: &[u8]) -> Result<usize, Refusal> {
    let (mut at, mut quoted) = (0, false);
    let (mut equals, mut commas) = (0_usize, 0_usize);
    while at < text.len() {
        match text[at] {
            b'\\' if at + 1 < text.len() => {
                at += 2;
                continue;
            }
            // Quotes mean something in values only.
            b'"' if equals > commas => quoted = !quoted,
            b'=' if !quoted => {
                equals += 1;
                if name_is_missing(before, text, at) {
                    return Err("missing field key".into());
                }
                match text.get(at + 1) {
                    None | Some(b',' | b' ') => return Err("missing field value".into()),
                    Some(b'"') => {}
                    Some(first) => {
                        at += 1 + unquoted_length(&text[at + 1..], *first)?;
                        continue;
                    }
                }
            }
            b',' if !quoted => commas += 1,
            b' ' if !quoted => break,
            _ => {}
        }
        at += 1;
    }
    if quoted {
        return Err("unbalanced quotes".into());
    }
    if equals == 0 || commas + 1 != equals {
        return Err("invalid field format".into());
    }
    Ok(at)
}

/// Whether the `=` at `at` stands where a field name should have begun.
fn name_is_missing(before: u8, text: &[u8], at: usize) -> bool {
    match at {
        // An empty name behind a tab is none that is missing.
        0 => before == b' ',
        1 => text[0] == b',',
        _ => text[at - 1] == b',' && text[at - 2] != b'\\',
    }
}

fn unquoted_length(text: &[u8], first: u8) -> Result<usize, Refusal> {
    let length = text.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(text.len());
    if first.is_ascii_digit() || matches!(first, b'.' | b'-' | b'N' | b'n') {
        number(&text[..length])?;
    } else {
        boolean(&text[..length]).ok_or("invalid boolean")?;
    }
    Ok(length)
}

fn number(text: &[u8]) -> Result<Value, Refusal> {
    const INVALID: Refusal = Cow::Borrowed("invalid number");
    let text = std::str::from_utf8(text).map_err(|_| INVALID)?;
    let (digits, suffix) = match text.strip_suffix(['i', 'u']) {
        Some(digits) => (digits, text.as_bytes().last().copied()),
        None => (text, None),
    };
    let unsigned_part = digits.strip_prefix('-').unwrap_or(digits);
    if let Some(suffix) = suffix {
        if unsigned_part.is_empty() || !unsigned_part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(INVALID);
        }
        if suffix == b'i' {
            return digits.parse().map(Value::Integer).map_err(|_| {
                format!("unable to parse integer {digits}: strconv.ParseInt: parsing \"{digits}\": value out of range")
                    .into()
            });
        }
        if digits.starts_with('-') {
            return Err(INVALID);
        }
        return digits.parse().map(Value::Unsigned).map_err(|_| {
            format!("unable to parse unsigned {digits}: strconv.ParseUint: parsing \"{digits}\": value out of range")
                .into()
        });
    }
    let mut previous = 0;
    for byte in unsigned_part.bytes() {
        let sign_of_exponent = matches!(byte, b'+' | b'-') && matches!(previous, b'e' | b'E');
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E') || sign_of_exponent) {
            return Err(INVALID);
        }
        previous = byte;
    }
    let points = unsigned_part.bytes().filter(|byte| *byte == b'.').count();
    // An `e` counts as a digit here: `-e5` gets as far as the conversion.
    if points > 1 || unsigned_part.len() == points {
        return Err(INVALID);
    }
    match digits.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(Value::Float(float)),
        _ => Err("invalid float".into()),
    }
}

fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => Some(true),
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// Splits a section that [`section_length`] accepted; names are still escaped.
pub(super) fn split(section: &[u8]) -> Vec<(&[u8], Value)> {
    let mut fields = Vec::new();
    let mut rest = section;
    while !rest.is_empty() {
        let equals =
            (0..rest.len()).find(|at| rest[*at] == b'=' && (*at == 0 || rest[at - 1] != b'\\')).unwrap_or(rest.len());
        let name = &rest[..equals];
        rest = rest.get(equals + 1..).unwrap_or_default();
        let end = value_length(rest);
        if let Some(value) = value(&rest[..end]) {
            fields.push((name, value));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    fields
}

fn value_length(text: &[u8]) -> usize {
    let (mut at, mut quoted) = (0, false);
    while at < text.len() {
        match text[at] {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\')) => at += 1,
            b'"' => quoted = !quoted,
            b',' if !quoted => break,
            _ => {}
        }
        at += 1;
    }
    at.min(text.len())
}

fn value(text: &[u8]) -> Option<Value> {
    match text.first()? {
        // Whatever stands last is taken for the closing quote.
        b'"' => Some(Value::String(unescape(text.get(1..text.len() - 1).unwrap_or_default(), b"\"\\"))),
        first if first.is_ascii_digit() || matches!(first, b'.' | b'-') => number(text).ok(),
        _ => boolean(text).map(Value::Boolean),
    }
}

/// Takes the backslash away from escaped commas, quotes, spaces and equals signs.
pub(super) fn unescape_name(raw: &[u8]) -> Vec<u8> {
    unescape(raw, b",\" =")
}

/// Takes the backslash away before each of `escapable`.
pub(super) fn unescape(raw: &[u8], escapable: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(next) if byte == b'\\' && escapable.contains(next) => {
                out.push(*next);
                bytes.next();
            }
            _ => out.push(byte),
        }
    }
    out
}
