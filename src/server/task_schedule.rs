//! The schedule in a script's `option task`, with influxd's words for what is wrong with it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::cron::Cron;
use super::flux_duration::Duration;
use super::problem::{Code, Problem};
use super::store::task::Schedule;
use super::task_option::{self, Property, TaskOption, Value, locate};

const MAX_CONCURRENCY: i64 = 100;
const MAX_RETRY: i64 = 10;

/// The schedule that a script gives itself.
pub(super) fn read(script: &str) -> Result<Schedule, Problem> {
    let parsed = task_option::read(script)?;
    let option = locate(&parsed.script).and_then(|option| option.schedule());
    let (schedule, offset) = option.map_err(|message| Problem::invalid(message).within("invalid options"))?;
    let offset = offset
        .map(|offset| offset.go_duration())
        .transpose()
        .map_err(|message| Problem::new(Code::Internal, message).within("unexpected error parsing time"))?;
    Ok(Schedule { offset: offset.unwrap_or_default(), ..schedule })
}

impl TaskOption {
    fn get(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    fn schedule(&self) -> Result<(Schedule, Option<Duration>), String> {
        let unreadable = |name: &str| format!("failed to parse field '{name}' in task options");
        let missing = |name: &str| format!("missing required option: {name}");
        let name = self.get("name").ok_or_else(|| missing("name"))?;
        let name = name.text().ok_or_else(|| unreadable("name"))?;
        let (cron, every) = (self.get("cron"), self.get("every"));
        if cron.is_some() && every.is_some() {
            return Err("cannot use both cron and every in task options".to_owned());
        }
        if cron.is_none() && every.is_none() {
            return Err(missing("cron or every"));
        }
        let cron = cron.map(|cron| cron.text().ok_or_else(|| unreadable("cron"))).transpose()?;
        let every = every.map(|every| every.duration().unwrap_or_else(|| Err(unreadable("every")))).transpose()?;
        let offset = self
            .get("offset")
            .map(|offset| offset.signed_duration().unwrap_or_else(|| Err(unreadable("offset"))))
            .transpose()?;
        let number = |name: &str| self.get(name).map(|one| one.integer().ok_or_else(|| unreadable(name))).transpose();
        let (concurrency, retry) = (number("concurrency")?, number("retry")?);
        let cron = cron.unwrap_or_default();
        let complaints = complaints(&name, &cron, every.as_ref(), offset.as_ref(), concurrency, retry)?;
        if !complaints.is_empty() {
            return Err(format!("invalid options: {}", complaints.join(", ")));
        }
        let every = every.map(|every| every.to_string()).unwrap_or_default();
        Ok((Schedule { name, every, cron, offset: SignedDuration::ZERO }, offset))
    }
}

fn complaints(
    name: &str,
    cron: &str,
    every: Option<&Duration>,
    offset: Option<&Duration>,
    concurrency: Option<i64>,
    retry: Option<i64>,
) -> Result<Vec<String>, String> {
    const SECOND: i64 = 1_000_000_000;
    let mut found = Vec::new();
    let mut complain = |text: &str| found.push(text.to_owned());
    if name.is_empty() {
        complain("name required");
    }
    let every = every.filter(|every| !every.is_zero());
    match (cron, every) {
        ("", None) => complain("must specify exactly one of either cron or every"),
        ("", Some(every)) => {
            // What cannot be counted hides all that is wrong beside it.
            let length = every.nanoseconds()?;
            if length < SECOND {
                complain("every option must be at least 1 second");
            } else if length % SECOND != 0 {
                complain("every option must be expressible as whole seconds");
            }
        }
        (cron, _) => {
            if let Err(reason) = Cron::parse(cron) {
                complain(&format!("cron invalid: {reason}"));
            }
        }
    }
    if let Some(offset) = offset
        && offset.nanoseconds()? % SECOND != 0
    {
        complain("offset option must be expressible as whole seconds");
    }
    match concurrency {
        Some(few) if few < 1 => complain("concurrency must be at least 1"),
        Some(many) if many > MAX_CONCURRENCY => complain("concurrency exceeded max of 100"),
        _ => {}
    }
    match retry {
        Some(few) if few < 1 => complain("retry must be at least 1"),
        Some(many) if many > MAX_RETRY => complain("retry exceeded max of 10"),
        _ => {}
    }
    Ok(found)
}

/// Whether the schedule has a time to come; else influxd's words for what its scheduler says then. It asks after the task
/// is stored, and does not take the task back where it only changed.
pub(super) fn startable(schedule: &Schedule) -> Result<(), String> {
    let cron = plan(schedule)?;
    let now = TimeZone::UTC.to_datetime(Timestamp::now());
    cron.next_after(now).map_err(str::to_owned)
}

/// The schedule as the scheduler reads it.
pub(super) fn plan(schedule: &Schedule) -> Result<Cron, String> {
    match schedule.every.as_str() {
        "" => Cron::parse(&schedule.cron),
        every => Cron::parse(&format!("@every {every}")),
    }
}

impl Property {
    fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// A duration; `None` for anything else.
    fn duration(&self) -> Option<Result<Duration, String>> {
        match &self.value {
            Value::Duration(text) => Some(Duration::parse(text)),
            _ => None,
        }
    }

    /// What follows a sign is read up to the end of the value, blanks too.
    fn signed_duration(&self) -> Option<Result<Duration, String>> {
        match &self.value {
            Value::Signed(text) => Some(Duration::parse(text)),
            _ => self.duration(),
        }
    }

    fn integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(text) => text.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(script: &str) -> String {
        read(script).unwrap_err().message
    }

    #[test]
    fn a_schedule_is_read_as_written() {
        let schedule =
            read("import \"x\"\n// c\noption task = {name: \"a\\\"b\", every: 60m, offset: 90s,}\nf()").unwrap();
        assert_eq!(schedule.name, "a\"b");
        assert_eq!(schedule.every, "60m");
        assert_eq!(schedule.offset, SignedDuration::from_secs(90));
    }

    #[test]
    fn refusals_are_worded_as_on_the_real_server() {
        for (script, expected) in [
            ("x", "invalid options: no task options defined"),
            ("f = () => { option task = {name: \"a\", every: 1h} }", "invalid options: no task options defined"),
            ("option task = {}", "invalid options: missing required option: name"),
            ("option task = {name:\"a\"}", "invalid options: missing required option: cron or every"),
            (
                "option task = {name:\"a\",every:1h,cron:\"* * * * *\"}",
                "invalid options: cannot use both cron and every in task options",
            ),
            ("option task = {name:\"\",every:1h}", "invalid options: invalid options: name required"),
            (
                "option task = {name:\"a\",every:0h}",
                "invalid options: invalid options: must specify exactly one of either cron or every",
            ),
            (
                "option task = {name:\"a\",every:500ms}",
                "invalid options: invalid options: every option must be at least 1 second",
            ),
            ("option task = {name:\"a\",every:-1h}", "invalid options: failed to parse field 'every' in task options"),
            (
                "option task = {name:\"a${x}\",every:1h}",
                "invalid options: failed to parse field 'name' in task options",
            ),
            (
                "option task = {name:\"a\",every:1h,concurrency:0,retry:11}",
                "invalid options: invalid options: concurrency must be at least 1, retry exceeded max of 10",
            ),
            (
                "option task = {name:\"a\",every:1h} import \"math\"",
                "invalid options: loc 1:35-1:41: invalid statement @1:35-1:41: import",
            ),
            (
                "option task={name:\"a\",every:1h} from(bucket",
                "invalid options: loc 1:33-1:44: expected RPAREN, got EOF",
            ),
            (
                "option task = {name:\"a\",every:1h} )",
                "invalid options: loc 1:35-1:36: invalid statement @1:35-1:36: )",
            ),
            (
                "option task = {name:\"a\",every:1h,offset:1d}",
                "unexpected error parsing time: time: unknown unit \"d\" in duration \"1d\"",
            ),
        ] {
            assert_eq!(message(script), expected, "{script}");
        }
    }
}
