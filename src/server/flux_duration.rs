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

    /// Its length, where months count in whole weeks. Each part must fit 292 years; their sum wraps around.
    pub(super) fn nanoseconds(&self) -> Result<i64, String> {
        self.0.iter().try_fold(0_i64, |sum, (magnitude, unit)| Ok(sum.wrapping_add(length(*magnitude, unit)?)))
    }

    /// Its length where only Go's units are known, up to `h`.
    pub(super) fn go_duration(&self) -> Result<SignedDuration, String> {
        let text = self.to_string();
        let units = text.trim_start_matches('-').split(|c: char| c.is_ascii_digit()).filter(|unit| !unit.is_empty());
        // The sign of a second part is taken for the end of the unit before it.
        if let Some(unit) = units.into_iter().find(|unit| !["ns", "us", "ms", "s", "m", "h"].contains(unit)) {
            return Err(format!("time: unknown unit \"{unit}\" in duration \"{text}\""));
        }
        Ok(SignedDuration::from_nanos(self.nanoseconds()?))
    }
}

/// The length of one part, brought to hours first where Go knows no such unit.
fn length(magnitude: i64, unit: &str) -> Result<i64, String> {
    let (magnitude, unit) = match unit {
        "y" => (weeks(magnitude.wrapping_mul(12)).wrapping_mul(168), "h"),
        "mo" => (weeks(magnitude).wrapping_mul(168), "h"),
        "w" => (magnitude.wrapping_mul(168), "h"),
        "d" => (magnitude.wrapping_mul(24), "h"),
        other => (magnitude, other),
    };
    let nanoseconds = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(format!("time: unknown unit \"{unit}\" in duration \"{magnitude}{unit}\"")),
    };
    magnitude.checked_mul(nanoseconds).ok_or_else(|| format!("time: invalid duration \"{magnitude}{unit}\""))
}

/// The weeks of so many months, rounded down.
fn weeks(months: i64) -> i64 {
    // As there, through a floating-point number: what is beyond its integers becomes the largest or smallest.
    (months as f64 * (365.25 / 12.0 / 7.0)) as i64
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
        assert_eq!(Duration::parse("1h30m").and_then(|duration| duration.nanoseconds()), Ok(5_400_000_000_000));
        assert_eq!(Duration::parse("x"), Err("invalid duration x".to_owned()));
        assert_eq!(Duration::parse("5"), Err("duration is missing a unit: ".to_owned()));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let length = |text: &str| Duration::parse(text).and_then(|duration| duration.nanoseconds());
        assert_eq!(length("292y"), Ok(15_236 * 604_800_000_000_000));
        assert_eq!(length("300y"), Err("time: invalid duration \"2629704h\"".to_owned()));
        assert_eq!(length("-9223372037s"), Err("time: invalid duration \"-9223372037s\"".to_owned()));
        assert!(length("292y4mo").is_ok_and(|length| length < 0), "a sum wraps around");
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
