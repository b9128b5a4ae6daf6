//! Whether a cron expression is one that influxd understands and that ever comes true.
//!
//! Measured on influxd 2.9.1. What it refuses is refused; so is what it takes by accident and reads as something else, such
//! as what follows a comma in the last field.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::diagnostic::nearest;
use crate::duration::{Duration, DurationError};
use crate::kind::schedule::{self, Uncounted};

/// Years before it are past for everybody who has this program.
const FIRST_YEAR: u32 = 2026;
/// The words with `@`, which must be written in small letters.
const WORDS: [&str; 9] =
    ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight", "@every_minute", "@every_second"];

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CronError {
    /// One sentence without a full stop.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}

/// One of the fields.
struct Part {
    /// One of its values: "hour".
    name: &'static str,
    first: u32,
    last: u32,
    /// The longest step.
    step: u32,
    /// The names of its values, from `first` on.
    names: &'static [&'static str],
}

const fn part(name: &'static str, first: u32, last: u32, step: u32, names: &'static [&'static str]) -> Part {
    Part { name, first, last, step, names }
}

const PARTS: [Part; 7] = [
    part("second", 0, 59, 59, &[]),
    part("minute", 0, 59, 59, &[]),
    part("hour", 0, 23, 23, &[]),
    part("day", 1, 31, 30, &[]),
    part("month", 1, 12, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    part("weekday", 0, 6, 7, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    part("year", 1970, 2099, 128, &[]),
];

impl CronError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Whether influxd takes `text` as a schedule and can find a time for it.
pub(super) fn check(text: &str) -> Result<(), CronError> {
    if text.trim_start().starts_with('@') {
        return word(text.trim());
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let parts = match fields.len() {
        5 => &PARTS[1..6],
        6 => &PARTS[..6],
        7 => &PARTS[..],
        other => {
            let message = format!("a cron expression has 5 fields, not {other}");
            let help = "write minute, hour, day, month and weekday, such as `0 2 * * mon`; seconds may stand before them and \
                        years after those; or write `@daily`, or `@every 1h`";
            return Err(CronError::new(message).help(help));
        }
    };
    let times = parts.iter().zip(&fields).map(|(part, field)| part.values(field)).collect::<Result<Vec<_>, _>>()?;
    let days = times.len() - 3 - usize::from(times.len() == 7);
    if comes(&times[days], &times[days + 1], &times[days + 2], times.get(6)) {
        return Ok(());
    }
    Err(CronError::new(format!("`{text}` never matches: there is no such date")))
}

/// What influxd runs more often than the expression says: its table of steps has 59 beside 0 and 30, so that `*/30` comes three
/// times in an hour or a minute (2.9.1, measured). Asked of an expression that passes [`check`].
pub(super) fn surprise(text: &str) -> Option<CronError> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let parts = match fields.len() {
        5 => &PARTS[1..2],
        6 | 7 => &PARTS[..2],
        _ => return None,
    };
    let is_half = |range: &&str| matches!(*range, "*/30" | "0/30" | "0-59/30");
    let (part, range) =
        parts.iter().zip(&fields).find_map(|(part, field)| Some((part, field.split(',').find(is_half)?)))?;
    let message = format!("InfluxDB reads `{range}` as the {name}s 0, 30 and 59", name = part.name);
    Some(CronError::new(message).help("write `0,30`"))
}

/// Whether there is a day of these in what is left of the time that influxd knows.
fn comes(
    days: &BTreeSet<u32>,
    months: &BTreeSet<u32>,
    weekdays: &BTreeSet<u32>,
    years: Option<&BTreeSet<u32>>,
) -> bool {
    let is_weekday = |date: Date| weekdays.contains(&u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs()));
    let date = |year: u32, month: u32, day: u32| {
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    (FIRST_YEAR..=2099)
        .filter(|year| years.is_none_or(|years| years.contains(year)))
        .any(|year| months.iter().any(|&month| days.iter().any(|&day| date(year, month, day).is_some_and(is_weekday))))
}

impl Part {
    /// The values that a field has.
    fn values(&self, field: &str) -> Result<BTreeSet<u32>, CronError> {
        let mut values = BTreeSet::new();
        for range in field.split(',') {
            values.extend(self.range(range)?);
        }
        Ok(values)
    }

    fn range(&self, text: &str) -> Result<BTreeSet<u32>, CronError> {
        let Self { name, first, last, .. } = *self;
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => {
                let (from, to) = (self.value(from)?, self.end(to)?);
                if to < from {
                    let message = format!("the {name}s {range} end before they begin");
                    let help = format!("write `{from}-{last},{first}-{to}`");
                    return Err(CronError::new(message).help(help));
                }
                (from, to)
            }
            None => {
                let value = self.value(range)?;
                (value, if step.is_some() { last } else { value })
            }
        };
        // Steps of weekdays are counted from Sunday, wherever the range begins.
        let origin = if name == "weekday" { first } else { from };
        let step = step.unwrap_or(1);
        let mut values: BTreeSet<u32> = (from..=to).filter(|value| (value - origin).is_multiple_of(step)).collect();
        // influxd keeps years in words of 64, and loses those that fall between two (2.9.1, measured).
        if name == "year" && (from == to || step >= 64) {
            values.retain(|year| !matches!(year, 2034 | 2098));
            if values.is_empty() {
                return Err(CronError::new(format!("InfluxDB does not understand the year {from}"))
                    .help(format!("write `{from}-{}`", from + 1)));
            }
        }
        if values.is_empty() {
            return Err(CronError::new(format!("`{text}` matches no {name}"))
                .help("steps of weekdays are counted from Sunday, wherever the range begins"));
        }
        Ok(values)
    }

    fn step(&self, text: &str) -> Result<u32, CronError> {
        match number(text) {
            Some(0) => Err(CronError::new("the step must be at least 1")),
            Some(step) if step <= self.step => Ok(step),
            Some(step) => Err(CronError::new(format!(
                "a step of {step} {}s is too long: the maximum is {}",
                self.name, self.step
            ))),
            None => Err(CronError::new(format!("invalid step `{text}`"))),
        }
    }

    /// The last value of a range; weekdays may end with 7.
    fn end(&self, text: &str) -> Result<u32, CronError> {
        if self.name == "weekday" && number(text) == Some(7) { Ok(self.last) } else { self.value(text) }
    }

    fn value(&self, text: &str) -> Result<u32, CronError> {
        let Self { name, first, last, names, .. } = *self;
        let lower = text.to_ascii_lowercase();
        if let Some(place) = names.iter().position(|known| *known == lower) {
            return Ok(first + u32::try_from(place).unwrap_or_default());
        }
        let range = match name {
            "weekday" => "weekdays are 0 (Sunday) to 6, or `sun` to `sat`".to_owned(),
            "month" => "months are 1 to 12, or `jan` to `dec`".to_owned(),
            _ => format!("{name}s are {first} to {last}"),
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let known = number(text).filter(|number| (first..=last).contains(number));
            return known.ok_or_else(|| CronError::new(format!("there is no {name} {text}: {range}")));
        }
        let error = CronError::new(format!("invalid {name} `{text}`"));
        Err(match text {
            "" => CronError::new(format!("missing {name}")).help(range),
            "?" => error.help("write `*`: InfluxDB does not know `?`"),
            text if text.contains(['L', 'W', '#', 'l', 'w']) && text.bytes().any(|byte| byte.is_ascii_digit())
                || matches!(text, "L" | "W" | "LW") =>
            {
                error.help("InfluxDB does not know `L`, `W` and `#`")
            }
            _ => error.help(range),
        })
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn word(text: &str) -> Result<(), CronError> {
    if WORDS.contains(&text) {
        return Ok(());
    }
    if let Some(every) = text.strip_prefix("@every")
        && (every.is_empty() || every.starts_with(|c: char| c.is_ascii_whitespace()))
    {
        return lengths(every.trim());
    }
    let error = CronError::new(format!("unknown schedule `{text}`"));
    Err(match nearest(&text.to_ascii_lowercase(), WORDS) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => {
            error.help("write `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` or `@every 1h`, or five fields")
        }
    })
}

/// What follows `@every`: lengths of time, which may have spaces between them, and units in capitals.
fn lengths(text: &str) -> Result<(), CronError> {
    if text.is_empty() {
        return Err(CronError::new("`@every` needs a duration").help("write for example `@every 1h`"));
    }
    let no_length = || CronError::new(format!("invalid duration `{text}`: write it like `1h` or `1h30m`"));
    let mut total = Duration::default();
    for word in text.split_ascii_whitespace() {
        let word = word.to_ascii_lowercase().replace("hr", "h");
        let length: Duration = word.parse().map_err(|error| match error {
            DurationError::Form(_) => no_length(),
            DurationError::TooLong(_) => CronError::new(error.to_string()),
        })?;
        // influxd reads `µ` here as two wrong characters.
        if !word.is_ascii() {
            return Err(no_length().help("write `us` for microseconds"));
        }
        // Of months or years that are said twice, the last ones count.
        if total.months > 0 && length.months > 0 || word.matches("mo").count() > 1 || word.matches('y').count() > 1 {
            return Err(no_length().help("give months and years once"));
        }
        let months = total.months.checked_add(length.months).ok_or_else(no_length)?;
        total = Duration { months, nanos: total.nanos.checked_add(length.nanos).ok_or_else(no_length)? };
    }
    if total == Duration::default() {
        return Err(no_length());
    }
    // Months and years are not added up here, so there is no longest.
    let counted =
        if total.months > 0 && total.nanos == 0 { Duration::from_secs(1) } else { Duration { months: 0, ..total } };
    schedule::counted(counted).map_err(|uncounted| {
        CronError::new(match uncounted {
            Uncounted::TooOften => format!("a task can run at most once a second, not every `{text}`"),
            Uncounted::Fraction => format!("`@every` must be whole seconds, not `{text}`"),
            Uncounted::TooLong => format!("`{text}` is too long: the maximum is {}", Duration::LONGEST_IN_WORDS),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let CronError { message, help } = check(text).expect_err(text);
        help.map_or_else(|| message.clone(), |help| format!("{message} / {help}"))
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let wrong = [
            "0 25 * * *",
            "0 0 30 2 *",
            "@every 500ms",
            "@every 2562048h",
            "@every",
            "@Hourly",
            "@reboot",
            "* * * *",
            "hourly",
            "0 0 ? * *",
            "0 0 L * *",
            "0 0 * * 5#3",
            "0 0 * * 7",
            "0 0 * * sunday",
            "0 22-2 * * *",
            "*/0 * * * *",
            "*/90 * * * *",
            "1,,2 * * * *",
            "0 0 * * 3-5/7",
            "0 0 * * mon,foo",
            "0 0 mon * *",
            "99999999999999999999 * * * *",
            "0 0 0 1 1 * 2020",
            "0 0 0 1 1 * 2034",
        ];
        insta::assert_snapshot!(wrong.map(|text| format!("{text}\n    {}", said(text))).join("\n"), @r"
        0 25 * * *
            there is no hour 25: hours are 0 to 23
        0 0 30 2 *
            `0 0 30 2 *` never matches: there is no such date
        @every 500ms
            a task can run at most once a second, not every `500ms`
        @every 2562048h
            `2562048h` is too long: the maximum is 292 years (2562047h)
        @every
            `@every` needs a duration / write for example `@every 1h`
        @Hourly
            unknown schedule `@Hourly` / did you mean `@hourly`?
        @reboot
            unknown schedule `@reboot` / write `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` or `@every 1h`, or five fields
        * * * *
            a cron expression has 5 fields, not 4 / write minute, hour, day, month and weekday, such as `0 2 * * mon`; seconds may stand before them and years after those; or write `@daily`, or `@every 1h`
        hourly
            a cron expression has 5 fields, not 1 / write minute, hour, day, month and weekday, such as `0 2 * * mon`; seconds may stand before them and years after those; or write `@daily`, or `@every 1h`
        0 0 ? * *
            invalid day `?` / write `*`: InfluxDB does not know `?`
        0 0 L * *
            invalid day `L` / InfluxDB does not know `L`, `W` and `#`
        0 0 * * 5#3
            invalid weekday `5#3` / InfluxDB does not know `L`, `W` and `#`
        0 0 * * 7
            there is no weekday 7: weekdays are 0 (Sunday) to 6, or `sun` to `sat`
        0 0 * * sunday
            invalid weekday `sunday` / weekdays are 0 (Sunday) to 6, or `sun` to `sat`
        0 22-2 * * *
            the hours 22-2 end before they begin / write `22-23,0-2`
        */0 * * * *
            the step must be at least 1
        */90 * * * *
            a step of 90 minutes is too long: the maximum is 59
        1,,2 * * * *
            missing minute / minutes are 0 to 59
        0 0 * * 3-5/7
            `3-5/7` matches no weekday / steps of weekdays are counted from Sunday, wherever the range begins
        0 0 * * mon,foo
            invalid weekday `foo` / weekdays are 0 (Sunday) to 6, or `sun` to `sat`
        0 0 mon * *
            invalid day `mon` / days are 1 to 31
        99999999999999999999 * * * *
            there is no minute 99999999999999999999: minutes are 0 to 59
        0 0 0 1 1 * 2020
            `0 0 0 1 1 * 2020` never matches: there is no such date
        0 0 0 1 1 * 2034
            InfluxDB does not understand the year 2034 / write `2034-2035`
        ");
    }

    #[test]
    fn half_an_hour_is_no_step() {
        for odd in ["*/30 * * * *", "5,0/30 * * * *", "*/30 * * * * *", "0 0-59/30 * * * *"] {
            assert_eq!(check(odd), Ok(()), "{odd}");
            assert!(surprise(odd).is_some(), "{odd}");
        }
        for even in ["0,30 * * * *", "*/15 * * * *", "1/30 * * * *", "0 * */30 * *", "@every 30m"] {
            assert_eq!(surprise(even), None, "{even}");
        }
    }

    #[test]
    fn what_comes_is_taken() {
        for good in [
            "0 0 29 2 *",
            "0 0 31 1-2 *",
            "0 0 0 1 1 * 2030-2040/5",
            " 0  0 * * 1-7 ",
            "@every 1h 30M",
            "@every 1mo",
            "@every 300y",
            "@every_minute",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }
}
