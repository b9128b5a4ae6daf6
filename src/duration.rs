//! Flux durations, compared by meaning: `60m` is `1h`, and a month is never a number of days.

use std::fmt;
use std::str::FromStr;

/// A length of time as Flux has it: calendar months beside exact nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Calendar months.
    pub months: u64,
    /// Nanoseconds.
    pub nanos: u64,
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is not written as one.
    #[error("invalid duration `{0}`")]
    Form(String),
    /// It is longer than anything that can be counted here, and more so by InfluxDB.
    #[error("`{0}` is too long: the maximum is {limit}", limit = Duration::LONGEST_IN_WORDS)]
    TooLong(String),
}

impl DurationError {
    /// What to write instead.
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Form(_) => Some("write it like `1h`, `30d` or `1h30m`"),
            Self::TooLong(_) => None,
        }
    }

    /// The text.
    pub fn text(self) -> String {
        match self {
            Self::Form(text) | Self::TooLong(text) => text,
        }
    }
}

const NANOS: [(&str, u64); 8] = [
    ("w", 604_800_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Duration {
    /// The longest that InfluxDB can count, in whole seconds: its nanoseconds have 63 bits (influxd 2.9.1, measured).
    pub const LONGEST: Self = Self::from_secs(9_223_372_036);
    /// [`Self::LONGEST`] for people.
    pub const LONGEST_IN_WORDS: &str = "292 years (2562047h)";

    /// `seconds` as a duration: the longest one where they are more than can be counted.
    pub const fn from_secs(seconds: u64) -> Self {
        Self { months: 0, nanos: seconds.saturating_mul(1_000_000_000) }
    }

    /// `seconds`, which are somebody else's, as a duration.
    ///
    /// # Errors
    /// They are more than can be counted here.
    pub fn of_secs(seconds: u64) -> Result<Self, DurationError> {
        let length = Self::from_secs(seconds);
        if length.nanos < u64::MAX { Ok(length) } else { Err(DurationError::TooLong(format!("{seconds}s"))) }
    }

    /// How Flux's `string(v:)` spells it: with weeks, as in `1w3d` (influxd 2.9.1, measured).
    pub fn in_flux(self) -> String {
        let mut text = String::new();
        let spelled = self.spell(&mut text, &NANOS, "0ns");
        spelled.expect("invariant: a string takes any text");
        text
    }

    fn spell(self, out: &mut impl fmt::Write, units: &[(&str, u64)], zero: &str) -> fmt::Result {
        if self == Self::default() {
            return out.write_str(zero);
        }
        for (count, unit) in [(self.months / 12, "y"), (self.months % 12, "mo")] {
            if count > 0 {
                write!(out, "{count}{unit}")?;
            }
        }
        let mut left = self.nanos;
        for (unit, nanos) in units {
            if left >= *nanos {
                write!(out, "{}{unit}", left / nanos)?;
                left %= nanos;
            }
        }
        Ok(())
    }

    /// Whole seconds, if it has no months and no fraction of a second.
    pub fn whole_secs(self) -> Option<u64> {
        (self.months == 0 && self.nanos.is_multiple_of(1_000_000_000)).then_some(self.nanos / 1_000_000_000)
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || DurationError::Form(text.to_owned());
        let too_long = || DurationError::TooLong(text.to_owned());
        let mut rest = text;
        let mut total = Self::default();
        if rest.is_empty() {
            return Err(error());
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(error());
            }
            let count = rest[..digits].parse::<u64>();
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let unit = &rest[..letters];
            rest = &rest[letters..];
            let unit = if unit == "µs" { "us" } else { unit };
            let nanos = NANOS.iter().find(|(name, _)| *name == unit);
            if nanos.is_none() && !matches!(unit, "mo" | "y") {
                return Err(error());
            }
            let count = count.map_err(|_| too_long())?;
            match unit {
                "mo" => total.months = total.months.checked_add(count).ok_or_else(too_long)?,
                "y" => {
                    total.months =
                        count.checked_mul(12).and_then(|m| total.months.checked_add(m)).ok_or_else(too_long)?;
                }
                _ => {
                    let (_, nanos) = nanos.ok_or_else(error)?;
                    total.nanos =
                        count.checked_mul(*nanos).and_then(|n| total.nanos.checked_add(n)).ok_or_else(too_long)?;
                }
            }
        }
        Ok(total)
    }
}

impl fmt::Display for Duration {
    /// The shortest spelling without weeks: `30d`, `1h30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f, &NANOS[1..], "0s")
    }
}

impl serde::Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(months in 0u64..1000, nanos: u64) {
            let duration = Duration { months, nanos };
            prop_assert_eq!(duration.to_string().parse::<Duration>(), Ok(duration));
        }

        #[test]
        fn no_number_of_seconds_becomes_another_length(seconds: u64) {
            let wanted = u128::from(seconds) * 1_000_000_000;
            match Duration::of_secs(seconds) {
                Ok(length) => prop_assert_eq!(u128::from(length.nanos), wanted),
                Err(_) => prop_assert!(wanted >= u128::from(u64::MAX)),
            }
            prop_assert!(Duration::from_secs(seconds).nanos == u64::MAX || u128::from(Duration::from_secs(seconds).nanos) == wanted);
        }
    }

    #[test]
    fn spelling_does_not_matter() {
        let read = |text: &str| text.parse::<Duration>().expect("a duration");
        assert_eq!(read("60m"), read("1h"));
        assert_eq!(read("1w"), read("7d"));
        assert_eq!(read("1y"), read("12mo"));
        assert_ne!(read("1mo"), read("30d"));
        assert_eq!(read("1h30m").to_string(), "1h30m");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "1", "h", "1x", "-1h", "1.5h", "1 h"] {
            assert!(matches!(text.parse::<Duration>(), Err(DurationError::Form(_))), "{text}");
        }
        for text in ["99999999999999999999w", "18446744073709551615w", "99999999h", "1h99999999h"] {
            assert_eq!(text.parse::<Duration>(), Err(DurationError::TooLong(text.into())), "{text}");
        }
    }
}
