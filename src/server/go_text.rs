//! Texts in the spelling that influxd's messages have.

use std::fmt::Write as _;

use jiff::Timestamp;

/// Bytes as text; each byte that is not UTF-8 becomes U+FFFD.
pub(super) fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    out
}

/// Bytes between double quotes, with the escapes that influxd writes.
pub(super) fn quote(text: impl AsRef<[u8]>) -> String {
    let mut out = String::from("\"");
    for chunk in text.as_ref().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => out.extend(['\\', letter]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                control if control.is_control() => {
                    write!(out, "\\x{:02x}", u32::from(control)).expect("a String takes all");
                }
                other => out.push(other),
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").expect("a String takes all");
        }
    }
    out.push('"');
    out
}

/// A duration of whole seconds, given in nanoseconds, as `720h0m0s`.
pub(super) fn duration(nanoseconds: i64) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Nanoseconds since 1970 as RFC 3339 with as many decimals as needed.
pub(super) fn time(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(i128::from(nanoseconds))
        .expect("every i64 of nanoseconds is a year between 1677 and 2262")
        .to_string()
}
