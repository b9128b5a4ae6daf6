//! Flux durations as tasks have them.

use std::fmt;

use jiff::SignedDuration;

/// A Flux duration as written: `60m` stays `60m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Duration(Vec<(i64, String)>);

impl Duration {
    /// Reads a duration with an optional minus sign.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(format!("invalid duration {rest}"));
            }
            let magnitude: i64 = rest[..digits]
                .parse()
                .map_err(|_| format!("strconv.ParseInt: parsing \"{}\": value out of range", &rest[..digits]))?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            if letters == 0 {
                return Err(format!("duration is missing a unit: {rest}"));
            }
            let unit = if &rest[..letters] == "µs" { "us" } else { &rest[..letters] };
            parts.push((sign * magnitude, unit.to_owned()));
            rest = &rest[letters..];
        }
        Ok(Self(parts))
    }

    /// Whether it is no time at all, or nothing was written.
    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|(magnitude, _)| *magnitude == 0)
    }

    /// Its length; months count 30 days and years 365.
    pub(super) fn nanoseconds(&self) -> i128 {
        let unit = |name: &str| match name {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            "mo" => 2_592_000_000_000_000,
            "y" => 31_536_000_000_000_000,
            _ => 0_i128,
        };
        self.0.iter().map(|(magnitude, name)| i128::from(*magnitude) * unit(name)).sum()
    }

    /// Its length where only Go's units are known, up to `h`.
    pub(super) fn go_duration(&self) -> Result<SignedDuration, String> {
        let text = self.to_string();
        let units = text.trim_start_matches('-').split(|c: char| c.is_ascii_digit()).filter(|unit| !unit.is_empty());
        // The sign of a second part is taken for the end of the unit before it.
        if let Some(unit) = units.into_iter().find(|unit| !["ns", "us", "ms", "s", "m", "h"].contains(unit)) {
            return Err(format!("time: unknown unit \"{unit}\" in duration \"{text}\""));
        }
        let nanoseconds =
            i64::try_from(self.nanoseconds()).map_err(|_| format!("time: invalid duration \"{self}\""))?;
        Ok(SignedDuration::from_nanos(nanoseconds))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(magnitude, unit)| write!(f, "{magnitude}{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_stays_as_written() {
        assert_eq!(Duration::parse("60m").map(|duration| duration.to_string()), Ok("60m".to_owned()));
        assert_eq!(Duration::parse("1h30m").map(|duration| duration.nanoseconds()), Ok(5_400_000_000_000));
        assert_eq!(Duration::parse("x"), Err("invalid duration x".to_owned()));
        assert_eq!(Duration::parse("5"), Err("duration is missing a unit: ".to_owned()));
    }

    #[test]
    fn days_are_no_unit_of_go() {
        let day = Duration::parse("1d").unwrap();
        assert_eq!(day.go_duration(), Err("time: unknown unit \"d\" in duration \"1d\"".to_owned()));
        assert_eq!(Duration::parse("-5m").unwrap().go_duration(), Ok(SignedDuration::from_secs(-300)));
        let two = Duration::parse("-1h30m").unwrap();
        assert_eq!(two.go_duration(), Err("time: unknown unit \"h-\" in duration \"-1h-30m\"".to_owned()));
    }
}
