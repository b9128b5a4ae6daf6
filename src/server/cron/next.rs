//! Whether an expression ever comes true.

use jiff::civil::{Date, DateTime};

use super::Cron;

/// The last year that influxd knows.
const LAST_YEAR: i16 = 2099;

impl Cron {
    /// Whether there is a time for it after `from` (UTC); else influxd's words for that.
    pub(crate) fn next_after(&self, from: DateTime) -> Result<(), &'static str> {
        if self.every {
            return if self.length() > 0 { Ok(()) } else { Err("next time must be later than from time") };
        }
        if self.later_today(from) && self.is_on(from.date()) {
            return Ok(());
        }
        let Ok(tomorrow) = from.date().tomorrow() else { return Err(NEVER) };
        let years = tomorrow.year()..=LAST_YEAR;
        let found =
            years.filter(|year| self.in_year(*year)).flat_map(days).any(|day| day >= tomorrow && self.is_on(day));
        if found { Ok(()) } else { Err(NEVER) }
    }

    /// The whole seconds of `@every`, a month and a year at their mean.
    fn length(&self) -> i128 {
        let signed = |bits: u64| i128::from(bits.cast_signed());
        signed(self.low) * 31_556_952
            + signed(self.minute) * 2_629_746
            + i128::from(self.dom) * 86_400
            + signed(self.second) / 1_000_000_000
    }

    fn later_today(&self, from: DateTime) -> bool {
        let last = |bits: u64| 63_u32.saturating_sub(bits.leading_zeros());
        let latest = (last(u64::from(self.hour)).min(23), last(self.minute).min(59), last(self.second).min(59));
        let now = [from.hour(), from.minute(), from.second()].map(|part| u32::from(part.unsigned_abs()));
        latest > (now[0], now[1], now[2])
    }

    fn is_on(&self, day: Date) -> bool {
        let bit = |bits: u64, at: i8| bits >> at.unsigned_abs() & 1 == 1;
        self.in_year(day.year())
            && bit(u64::from(self.month), day.month() - 1)
            && bit(u64::from(self.dom), day.day() - 1)
            && bit(u64::from(self.dow), day.weekday().to_sunday_zero_offset())
    }

    fn in_year(&self, year: i16) -> bool {
        let Ok(year) = u32::try_from(i32::from(year) - 1970) else { return false };
        let bits = match year {
            128.. => u64::from(self.end).checked_shr(year - 128),
            64.. => self.high.checked_shr(year - 64),
            _ => self.low.checked_shr(year),
        };
        bits.is_some_and(|bits| bits & 1 == 1)
    }
}

const NEVER: &str = "could not fulfil schedule due to year";

fn days(year: i16) -> impl Iterator<Item = Date> {
    let first = Date::new(year, 1, 1).ok();
    std::iter::successors(first, move |day| day.tomorrow().ok().filter(|next| next.year() == year))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes(text: &str) -> Result<(), &'static str> {
        let from = Date::constant(2026, 11, 28).at(12, 0, 0, 0);
        Cron::parse(text).expect(text).next_after(from)
    }

    #[test]
    fn what_never_comes_is_known() {
        for never in ["0 0 30 2 *", "0 0 31 4,6 *", "0 0 0 1 1 * 2020", "0 0 0 28 11 * 2026", "0 0 0 29 2 * 2027"] {
            assert_eq!(comes(never), Err(NEVER), "{never}");
        }
        for never in ["@every 500ms", "@every 9223372037s"] {
            assert_eq!(comes(never), Err("next time must be later than from time"), "{never}");
        }
        for soon in
            ["0 0 30 2,4 *", "0 0 29 2 1", "0 0 13 28 11 * 2026", "0 0 0 1 1 * 2099", "@every 1s", "@every 300y"]
        {
            assert_eq!(comes(soon), Ok(()), "{soon}");
        }
    }
}
