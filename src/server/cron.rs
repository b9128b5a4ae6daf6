//! Cron expressions as influxd 2.9.1 reads them, with its accidents: 5 fields, 6 with seconds, 7 with years, or an `@` word.
//!
//! All of it was measured: which times an expression means is kept in the same bits as there, because what is refused, and
//! the words for it, depend on them.

mod every;
mod field;
mod next;

use std::fmt;

use self::field::FieldKind;

/// What stands for every year, where an expression names none.
const ALL: u64 = u64::MAX;

/// When an expression comes true, in influxd's bits: its own words for a refusal show them in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cron {
    /// Seconds; with `every` nanoseconds.
    second: u64,
    /// Minutes; with `every` months.
    minute: u64,
    /// The years from 1970 on; with `every` years.
    low: u64,
    /// The years from 2034 on.
    high: u64,
    hour: u32,
    /// Days of the month, the first in bit 0; with `every` days.
    dom: u32,
    /// The years from 2098 on.
    end: u8,
    month: u16,
    dow: u8,
    every: bool,
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { second, minute, low, high, hour, dom, end, month, dow, every } = self;
        write!(f, "{{{second} {minute} {low} {high} {hour} {dom} {end} 0 {month} 0 {dow} {every}}}")
    }
}

impl Cron {
    /// Reads an expression; an error has influxd's words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut cron = Self::default();
        let trimmed = text.trim_start_matches(is_space);
        if let Some(word) = trimmed.strip_prefix('@') {
            cron.word(text, text.len() - word.len())?;
        } else {
            cron.fields(text)?;
        }
        if cron.valid() {
            return Ok(cron);
        }
        Err(format!("failed to parse cron string '{text}' {cron} 111111111111"))
    }

    /// Reads fields as far as they go: what follows them and is none goes unnoticed.
    fn fields(&mut self, text: &str) -> Result<(), String> {
        let kinds: &[FieldKind] = match count(text) {
            Count::Fields(5) => {
                (self.second, self.low, self.high) = (1, ALL, ALL);
                &FieldKind::IN_ORDER[1..6]
            }
            Count::Fields(6) => {
                (self.low, self.high) = (ALL, ALL);
                &FieldKind::IN_ORDER[..6]
            }
            Count::Fields(7) => &FieldKind::IN_ORDER,
            Count::Fields(_) => return Ok(()),
            Count::TooMany { end } => return Err(wrong_byte(text, end.saturating_sub(2))),
        };
        let mut rest = text.trim_start_matches(is_space);
        for (place, kind) in kinds.iter().enumerate() {
            let last = place + 1 == kinds.len();
            let Some(after) = self.field(*kind, rest, last)? else { return Ok(()) };
            rest = after.trim_start_matches(is_space);
        }
        Ok(())
    }

    /// Reads what follows an `@` at `at`.
    fn word(&mut self, text: &str, at: usize) -> Result<(), String> {
        const KNOWN: [(&str, &str); 9] = [
            ("yearly", "0 0 1 1 *"),
            ("annually", "0 0 1 1 *"),
            ("monthly", "0 0 1 * *"),
            ("weekly", "0 0 * * 0"),
            ("daily", "0 0 * * *"),
            ("midnight", "0 0 * * *"),
            ("hourly", "0 * * * *"),
            ("every_minute", "* * * * *"),
            ("every_second", "* * * * * *"),
        ];
        let word = &text[at..];
        for (name, fields) in KNOWN {
            let Some(rest) = word.strip_prefix(name) else { continue };
            let rest = rest.trim_start_matches(is_space);
            if !rest.is_empty() {
                return Err(wrong_byte(text, text.len() - rest.len() - 1));
            }
            self.fields(fields)?;
            self.end = u8::MAX;
            return Ok(());
        }
        match word.strip_prefix("every") {
            Some(rest) if rest.starts_with(is_space) => self.every(text, text.len() - rest.len()),
            _ => Ok(()),
        }
    }

    fn valid(&self) -> bool {
        if self.every {
            return self.low != 0 || self.minute != 0 || self.second != 0 || self.dom != 0;
        }
        let years = self.low | self.high | u64::from(self.end);
        self.minute != 0 && self.hour != 0 && self.dom != 0 && self.month != 0 && self.dow != 0 && years != 0
    }
}

/// What the scanner takes for space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// How many fields there are.
enum Count {
    Fields(usize),
    /// More than seven; they end before this byte.
    TooMany {
        end: usize,
    },
}

/// Counts runs of what may stand in a field, up to the first character that may not.
fn count(text: &str) -> Count {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '*' | ',' | '-');
    let mut rest = text.trim_start_matches(is_space);
    let mut fields = 0;
    loop {
        let after = rest.trim_start_matches(allowed);
        if after.len() == rest.len() {
            break;
        }
        fields += 1;
        let spaces = after.len() - after.trim_start_matches(is_space).len();
        // From the eighth field on, a second space ends it all.
        let taken = if fields > 7 { spaces.min(1) } else { spaces };
        rest = &after[taken..];
        if taken == 0 {
            break;
        }
    }
    if fields > 7 { Count::TooMany { end: text.len() - rest.len() } } else { Count::Fields(fields) }
}

/// The words for a byte that does not belong where it is.
fn wrong_byte(text: &str, at: usize) -> String {
    let byte = text.as_bytes().get(at..=at).unwrap_or_default();
    format!("error in parsing at char {at}, '{}'", String::from_utf8_lossy(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Cron::parse(text).expect_err(text)
    }

    #[test]
    fn what_influxd_accepts() {
        for good in [
            "0 * * * *",
            "*/5 0-6 1,15 JAN-mar mon",
            "0 */5 * * * *",
            "0 0 0 1 1 * 2030",
            "@daily",
            "@every 1h30m",
            // Accidents: what follows a complete field is lost, and a number wraps around.
            "0 0 * * mon,foo",
            "0 0 * * * !",
            "18446744073709551621 * * * *",
            "0 0 31-1 * *",
        ] {
            assert_eq!(Cron::parse(good).map(drop), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_influxd_refuses_and_how() {
        let none = "{0 0 0 0 0 0 0 0 0 0 0 false} 111111111111";
        assert_eq!(message("bad"), format!("failed to parse cron string 'bad' {none}"));
        assert_eq!(message("* * * *"), format!("failed to parse cron string '* * * *' {none}"));
        assert_eq!(message("60 * * * *"), "invalid start minute 60");
        assert_eq!(message("1-70 2 * * *"), "invalid end minute 1");
        assert_eq!(message("0 2 * JAN 7"), "invalid day of week range start must be before end");
        assert_eq!(
            message("0 0 * * 1x"),
            "failed to parse cron string '0 0 * * 1x' {1 1 18446744073709551615 18446744073709551615 1 2147483647 0 0 4095 0 0 false} 111111111111"
        );
        assert_eq!(message("1 2 3 4 5 6 2030 8"), "error in parsing at char 16, ' '");
        assert_eq!(message("@hourlyx"), "error in parsing at char 6, 'y'");
        assert_eq!(message("@every 1h!"), "error in parsing at char 8, 'h'");
    }
}
