//! One field: a list of numbers, names, ranges and steps, as bits.

use super::{Cron, is_space};

/// Which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
    Year,
}

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// One item of a list, as influxd's scanner leaves it.
struct Item {
    start: u64,
    end: u64,
    step: u64,
    /// The number that was read last, whatever it meant.
    last: u64,
}

impl FieldKind {
    /// Seconds, minutes, hours, days, months, weekdays, years.
    pub(super) const IN_ORDER: [Self; 7] =
        [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Weekday, Self::Year];

    /// What `*` means: first, last, and the number that was "read".
    fn all(self) -> (u64, u64, u64) {
        match self {
            Self::Second | Self::Minute => (0, 59, 1),
            Self::Hour => (0, 23, 1),
            Self::Day => (0, 30, 0),
            Self::Month => (1, 12, 0),
            Self::Weekday => (0, 6, 0),
            Self::Year => (1970, 2099, 0),
        }
    }

    /// Reads a number or a name; the second part is the rest.
    fn number(self, text: &str) -> Option<(u64, &str)> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            return Some((wrapping(&text[..digits]), &text[digits..]));
        }
        // Weekdays are taken for days of the month too.
        let (names, first): (&[&str], _) = match self {
            Self::Day | Self::Weekday => (&WEEKDAYS, 0),
            Self::Month => (&MONTHS, 1),
            _ => return None,
        };
        let word = text.get(..3)?;
        let place = names.iter().position(|name| name.eq_ignore_ascii_case(word))?;
        Some((u64::try_from(place).ok()? + first, &text[3..]))
    }

    /// Reads one item; the second part is the rest.
    fn item(self, text: &str) -> Option<(Item, &str)> {
        let from = u64::from(self == Self::Day);
        let (mut item, mut rest) = if let Some(rest) = text.strip_prefix('*') {
            let (start, end, last) = self.all();
            (Item { start, end, step: 1, last }, rest)
        } else {
            let (number, rest) = self.number(text)?;
            let start = number.wrapping_sub(from);
            let end = match self {
                Self::Weekday => 6,
                Self::Year => start,
                _ => 0,
            };
            match rest.strip_prefix('-') {
                None => (Item { start, end, step: 0, last: number }, rest),
                Some(rest) => {
                    let (number, rest) = self.number(rest)?;
                    (Item { start, end: number.wrapping_sub(from), step: 1, last: number }, rest)
                }
            }
        };
        if let Some(after) = rest.strip_prefix('/') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            item.step = wrapping(&after[..digits]);
            item.last = item.step;
            rest = &after[digits..];
        }
        Some((item, rest))
    }
}

/// The digits as a number, wrapped around as in Go.
pub(super) fn wrapping(digits: &str) -> u64 {
    digits.bytes().fold(0, |number, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

impl Cron {
    /// Reads one field; the answer is what follows it, or `None` where it breaks off: an item counts only if what may
    /// follow it does.
    pub(super) fn field<'t>(&mut self, kind: FieldKind, text: &'t str, last: bool) -> Result<Option<&'t str>, String> {
        let mut rest = text;
        loop {
            let Some((item, after)) = kind.item(rest) else { return Ok(None) };
            match after.chars().next() {
                Some(',') => {
                    self.append(kind, &item)?;
                    rest = &after[1..];
                }
                Some(c) if is_space(c) => {
                    self.append(kind, &item)?;
                    return Ok(Some(after));
                }
                None if last => {
                    self.append(kind, &item)?;
                    return Ok(Some(after));
                }
                _ => return Ok(None),
            }
        }
    }

    fn append(&mut self, kind: FieldKind, item: &Item) -> Result<(), String> {
        let Item { start, end, step, last } = *item;
        let within = |most_step: u64, most_start: u64, most_end: u64, step_name: &str, name: &str| {
            if step > most_step {
                return Err(format!("invalid {step_name} */{step}"));
            }
            if start > most_start {
                return Err(format!("invalid start {name} {start}"));
            }
            // influxd names the wrong one, but for seconds.
            let named = if kind == FieldKind::Second { end } else { start };
            if end > most_end { Err(format!("invalid end {name} {named}")) } else { Ok(()) }
        };
        let bit = |number: u64| shl(1, number);
        match kind {
            FieldKind::Second => {
                within(59, 59, 59, "second", "second")?;
                self.second |= if step == 0 { bit(last) } else { steps(step, 60, start) & below(end) };
            }
            FieldKind::Minute => {
                within(59, 59, 59, "minute", "minute")?;
                self.minute |= if step == 0 { bit(last) } else { steps(step, 60, start) & below(end) };
            }
            FieldKind::Hour => {
                within(23, 23, 23, "hour", "hour")?;
                let bits = if step == 0 { bit(last) } else { steps(step, 24, start) & below(end) };
                self.hour |= low_bits(bits);
            }
            FieldKind::Day => {
                within(30, 30, 31, "day month", "month")?;
                let bits = if step == 0 { bit(last.wrapping_sub(1)) } else { steps(step, 31, start) & below(end) };
                self.dom |= low_bits(bits);
            }
            FieldKind::Month => {
                within(12, 12, 12, "month", "month")?;
                let first = start.wrapping_sub(1);
                let kept = if end == 0 { u64::MAX } else { shl(1, end) - 1 };
                let bits = if step == 0 { bit(first) } else { steps(step, 12, first) & kept };
                self.month |= u16::try_from(bits & 0xffff).unwrap_or_default();
            }
            FieldKind::Weekday => {
                let end = if end == 7 { 6 } else { end };
                if step > 7 {
                    return Err(format!("invalid day of week */{step}"));
                }
                if start > 7 {
                    return Err(format!("invalid start day of week {start}"));
                }
                if end > 6 {
                    return Err(format!("invalid end day of week {start}"));
                }
                if start > end {
                    return Err("invalid day of week range start must be before end".to_owned());
                }
                // Steps are counted from Sunday, wherever the range begins.
                let range = below(end) & !(bit(start) - 1);
                let bits = if step == 0 { bit(start) } else { range & steps(step, 7, 0) };
                self.dow |= u8::try_from(bits & 0xff).unwrap_or_default();
            }
            FieldKind::Year => self.append_years(start, end, step)?,
        }
        Ok(())
    }

    fn append_years(&mut self, start: u64, end: u64, step: u64) -> Result<(), String> {
        if step > 128 {
            return Err(format!("invalid year */{step}"));
        }
        if !(1970..=2099).contains(&start) {
            return Err(format!("invalid start year {start}"));
        }
        if !(1970..=2099).contains(&end) {
            return Err(format!("invalid end year {end}"));
        }
        if step == 0 {
            self.set_year(start);
        } else if step == 1 && start == end {
            (self.low, self.high, self.end) = (u64::MAX, u64::MAX, u8::MAX);
        } else if step >= 64 {
            let mut year = start;
            while year <= end {
                self.set_year(year);
                year += step;
            }
        } else {
            self.add_range(start - 1970, end - 1970, step);
        }
        Ok(())
    }

    /// The bits of a range of years, carried from word to word as influxd carries them.
    fn add_range(&mut self, start: u64, end: u64, step: u64) {
        let repeat = step - 1;
        let every = every_nth(step);
        let carried = |word: u64| shl(every, repeat.wrapping_sub(u64::from(word.leading_zeros())));
        let byte = |bits: u64| u8::try_from(bits & 0xff).unwrap_or_default();
        if end <= start {
            self.set_year(start + 1970);
        } else if start < 64 {
            self.low |= shl(every, start) & if end < 64 { u64::MAX >> (63 - end) } else { u64::MAX };
            if end >= 128 {
                self.high |= carried(self.low);
                self.end |= byte(carried(self.high) & (u64::MAX >> (191 - end)));
            } else if end >= 64 {
                self.high |= carried(self.low) & (u64::MAX >> (127 - end));
            }
        } else if start < 128 {
            self.high |= shl(every, start - 64) & if end < 128 { u64::MAX >> (127 - end) } else { u64::MAX };
            if end >= 128 {
                self.end |= byte(carried(self.high) & (u64::MAX >> (191 - end)));
            }
        } else {
            self.end |= byte(shl(every, start - 128) & (u64::MAX >> (191 - end)));
        }
    }

    /// The years 2034 and 2098 fall between two words and are lost.
    fn set_year(&mut self, year: u64) {
        match year - 1970 {
            late @ 129.. => self.end |= u8::try_from(shl(1, late - 128) & 0xff).unwrap_or_default(),
            middle @ 65.. => self.high |= shl(1, middle - 64),
            early => self.low |= shl(1, early),
        }
    }
}

/// Go's shift: what is shifted out is gone, however far.
fn shl(bits: u64, by: u64) -> u64 {
    u32::try_from(by).ok().and_then(|by| bits.checked_shl(by)).unwrap_or(0)
}

/// Bits up to `end`; all for an end of 0.
fn below(end: u64) -> u64 {
    if end == 0 { u64::MAX } else { u64::MAX >> (63 - end.min(63)) }
}

/// Each `step`th of the first `width` bits, moved to `start`.
fn steps(step: u64, width: u64, start: u64) -> u64 {
    shl(every_nth(step) & ((1 << width) - 1), start)
}

/// The bits 0, `step`, twice `step`, and so on, with the slips of influxd's own table: `*/30` is true at 59 too.
fn every_nth(step: u64) -> u64 {
    match step {
        21 => 1 | 1 << 21 | 1 << 42,
        30 => 1 | 1 << 30 | 1 << 59,
        31 => 1 | 1 << 31 | 1 << 61,
        32 => 1 | 1 << 32 | 1 << 63,
        _ => (0..64).step_by(usize::try_from(step).unwrap_or(64)).fold(0, |bits, at| bits | 1 << at),
    }
}

fn low_bits(bits: u64) -> u32 {
    u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default()
}
