//! Checks cron expressions as influxd 2.9.1 does: 5 fields, 6 with seconds, 7 with years, or an `@` macro.

/// The fields in order; which of them are there depends on their number.
const FIELDS: [Field; 7] = [
    Field { name: "second", singular: "second", from: 0, below: 60, names: &[], end: End::Itself },
    Field { name: "minute", singular: "minute", from: 0, below: 60, names: &[], end: End::Start },
    Field { name: "hour", singular: "hour", from: 0, below: 24, names: &[], end: End::Start },
    // influxd says "month" for the day of the month.
    Field { name: "month", singular: "day month", from: 1, below: 32, names: DAYS, end: End::Start },
    Field { name: "month", singular: "month", from: 0, below: 13, names: MONTHS, end: End::Start },
    Field { name: "day of week", singular: "day of week", from: 0, below: 8, names: DAYS, end: End::Start },
    Field { name: "year", singular: "year", from: 0, below: 2100, names: &[], end: End::Itself },
];

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: &[&str] = &["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MACROS: &[&str] =
    &["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly", "every_minute", "every_second"];
const UNITS: &[&str] = &["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "mo", "y"];

/// Which number influxd names when the end of a range is too large.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Itself,
    Start,
}

struct Field {
    /// In messages about the ends of ranges.
    name: &'static str,
    /// In messages about steps.
    singular: &'static str,
    /// What is taken off a number before it is compared.
    from: u64,
    /// The first number that is too large, before `from` is taken off.
    below: u64,
    names: &'static [&'static str],
    end: End,
}

/// Why an expression is refused, in influxd's words.
pub(super) fn check(expression: &str) -> Result<(), String> {
    let refused = || format!("failed to parse cron string '{expression}' {{0 0 0 0 0 0 0 0 0 0 0 false}} 111111111111");
    if let Some(macro_name) = expression.trim_start().strip_prefix('@') {
        return if known_macro(macro_name) { Ok(()) } else { Err(refused()) };
    }
    let words: Vec<&str> = expression.split_ascii_whitespace().collect();
    let fields = match words.len() {
        5 => &FIELDS[1..6],
        6 => &FIELDS[..6],
        7 => &FIELDS[..],
        _ => return Err(refused()),
    };
    for (field, word) in fields.iter().zip(words) {
        for range in word.split(',') {
            field.check(range, &refused)?;
        }
    }
    Ok(())
}

fn known_macro(text: &str) -> bool {
    let text = text.trim_end();
    if let Some(durations) = text.strip_prefix("every ") {
        return durations.split_ascii_whitespace().all(known_duration);
    }
    MACROS.contains(&text)
}

fn known_duration(mut text: &str) -> bool {
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let letters = text[digits..].chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum::<usize>();
        if digits == 0 || !UNITS.contains(&text[digits..digits + letters].to_lowercase().as_str()) {
            return false;
        }
        text = &text[digits + letters..];
    }
    true
}

impl Field {
    fn check(&self, range: &str, refused: &dyn Fn() -> String) -> Result<(), String> {
        let (range, step) = match range.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u64>().map_err(|_| refused())?)),
            None => (range, None),
        };
        if let Some(step) = step.filter(|step| *step >= self.below) {
            return Err(format!("invalid {} */{step}", self.singular));
        }
        if range == "*" {
            return Ok(());
        }
        let (start, end) = match range.split_once('-') {
            Some((start, end)) => (start, Some(self.number(end).ok_or_else(refused)?)),
            None => (range, None),
        };
        let start = self.number(start).ok_or_else(refused)?;
        let shown = |number: u64| number.wrapping_sub(self.from);
        if start >= self.below || start < self.from || (self.name == "year" && start < 1970) {
            return Err(format!("invalid start {} {}", self.name, shown(start)));
        }
        let Some(end) = end else {
            // A single 7 is a range from Sunday after the week's end.
            return if self.name == "day of week" && start == 7 { Err(backwards()) } else { Ok(()) };
        };
        if end >= self.below {
            let named = if self.end == End::Itself { shown(end) } else { shown(start) };
            return Err(format!("invalid end {} {named}", self.name));
        }
        if self.name == "day of week" && start > end.min(6) {
            return Err(backwards());
        }
        Ok(())
    }

    fn number(&self, text: &str) -> Option<u64> {
        let name = text.to_ascii_lowercase();
        let named = self.names.iter().position(|known| !known.is_empty() && *known == name);
        if let Some(place) = named {
            return u64::try_from(place).ok();
        }
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }
}

fn backwards() -> String {
    "invalid day of week range start must be before end".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_influxd_accepts() {
        for good in
            ["0 * * * *", "*/5 0-6 1,15 JAN-mar mon", "0 */5 * * * *", "0 0 0 1 1 * 2030", "@daily", "@every 1h30m"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_influxd_refuses_and_how() {
        let refused =
            |text: &str| format!("failed to parse cron string '{text}' {{0 0 0 0 0 0 0 0 0 0 0 false}} 111111111111");
        assert_eq!(check("bad"), Err(refused("bad")));
        assert_eq!(check("* * * *"), Err(refused("* * * *")));
        assert_eq!(check("60 * * * *"), Err("invalid start minute 60".to_owned()));
        assert_eq!(check("1-70 2 * * *"), Err("invalid end minute 1".to_owned()));
        assert_eq!(check("0 2 * JAN 7"), Err("invalid day of week range start must be before end".to_owned()));
    }
}
