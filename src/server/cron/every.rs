//! `@every 1h30m`: lengths of time one after another, each added to what the ones before came to.

use super::field::wrapping;
use super::{Cron, is_space, wrong_byte};

/// The units, each in lower case, the longer of two that begin alike first. `µ` is read byte by byte there, so its second
/// byte is an error.
const UNITS: [(&[u8], Unit); 14] = [
    (b"y", Unit::Years),
    (b"ms", Unit::Nanoseconds(1_000_000)),
    (b"mo", Unit::Months),
    (b"us", Unit::Nanoseconds(1_000)),
    (b"u", Unit::Nanoseconds(1_000)),
    (b"\xc2s", Unit::Nanoseconds(1_000)),
    (b"\xc2", Unit::Nanoseconds(1_000)),
    (b"ns", Unit::Nanoseconds(1)),
    (b"s", Unit::Nanoseconds(1_000_000_000)),
    (b"hr", Unit::Nanoseconds(3_600_000_000_000)),
    (b"h", Unit::Nanoseconds(3_600_000_000_000)),
    (b"m", Unit::Nanoseconds(60_000_000_000)),
    (b"d", Unit::Days(1)),
    (b"w", Unit::Days(7)),
];

#[derive(Clone, Copy)]
enum Unit {
    Years,
    Months,
    Days(u64),
    Nanoseconds(u64),
}

impl Cron {
    /// Reads the lengths from `at` on.
    pub(super) fn every(&mut self, text: &str, at: usize) -> Result<(), String> {
        self.every = true;
        let bytes = text.as_bytes();
        let mut at = at;
        while let Some(&byte) = bytes.get(at) {
            if is_space(char::from(byte)) {
                at += 1;
                continue;
            }
            let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let rest = &bytes[at + digits..];
            let known = UNITS
                .iter()
                .find(|(name, _)| rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)));
            match known {
                Some((name, unit)) if digits > 0 => {
                    self.add(wrapping(&text[at..at + digits]), *unit);
                    at += digits + name.len();
                }
                // What a unit may begin with ends it without a word.
                _ if b"ymunhd".contains(&byte) => return Ok(()),
                _ => return Err(wrong_byte(text, at - 1)),
            }
        }
        Ok(())
    }

    fn add(&mut self, number: u64, unit: Unit) {
        match unit {
            Unit::Years => self.low = number,
            Unit::Months => self.minute = number,
            Unit::Days(days) => {
                let days = number.wrapping_mul(days) & u64::from(u32::MAX);
                self.dom = self.dom.wrapping_add(u32::try_from(days).unwrap_or_default());
            }
            Unit::Nanoseconds(length) => self.second = self.second.wrapping_add(number.wrapping_mul(length)),
        }
    }
}
