//! When a script runs: what a manifest writes of it, and the script's own `option task`, as one.

use std::ops::Range;

use serde_json::Value as Json;

use super::draft::{Draft, Fault};
use crate::api::ApiError;
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::flux::{Spanned, TaskOption, in_hours};
use crate::lint::Setting;
use crate::value::{Fields, Value};

/// A second in nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// How a kind speaks of its schedule.
pub(super) struct Words {
    /// Its word.
    pub(super) kind: &'static str,
    /// The code of a schedule that cannot be.
    pub(super) schedule: Code,
    /// The code of a manifest and a script that are not at one.
    pub(super) disagrees: Code,
}

/// Takes over what only the script says; what both say must agree.
pub(super) fn merge(draft: &mut Draft<'_>, task: &TaskOption, words: &Words, faults: &mut Vec<Fault>) {
    let said: [(&'static str, Option<&Spanned<String>>); 4] = [
        ("name", task.name.as_ref()),
        ("every", task.every.as_ref()),
        ("cron", task.cron.as_ref()),
        ("offset", task.offset.as_ref()),
    ];
    for (field, said) in said {
        let Some(said) = said else { continue };
        let value = match field {
            "every" | "offset" => match Value::signed_duration(&said.value) {
                Ok(duration) => duration,
                Err(error) => {
                    let message = format!("`{field}` in the script: {error}");
                    faults.push(Fault::new(words.schedule, "flux", message, "here").script(said.span.clone()));
                    continue;
                }
            },
            _ => Value::Text(said.value.clone()),
        };
        if !(draft.written)(field) {
            draft.fields.set(field, value);
        } else if let Some(written) = draft.fields.get(field)
            && *written != value
        {
            let message = format!("`{field}` is `{written}` in the manifest, and `{value}` in the script");
            let fault = Fault::new(words.disagrees, field, message, "in the manifest");
            faults.push(fault.script(said.span.clone()).help("set it in one place only"));
        }
    }
}

/// How a script with these fields is run.
pub(super) fn setting(fields: &Fields) -> Setting {
    let every = match fields.get("every") {
        Some(Value::Duration(every)) => Some(*every),
        _ => None,
    };
    let offset = matches!(fields.get("offset"), Some(Value::Duration(_) | Value::Before(_)));
    Setting { every, offset: Some(offset), is_formatted: true, ..Setting::default() }
}

/// Where the script's own `option task` says `field`.
pub(super) fn said(task: Option<&TaskOption>, field: &str) -> Option<Range<usize>> {
    let task = task?;
    let said = match field {
        "name" => &task.name,
        "every" => &task.every,
        "cron" => &task.cron,
        "offset" => &task.offset,
        _ => return None,
    };
    said.as_ref().map(|said| said.span.clone())
}

/// `fault` at its place: of a field that only the script says, it is there.
pub(super) fn place(fault: Fault, written: &dyn Fn(&str) -> bool, task: Option<&TaskOption>) -> Fault {
    match said(task, fault.field).filter(|_| !written(fault.field)) {
        Some(span) => Fault { field: "flux", ..fault }.script(span),
        None => fault,
    }
}

/// A length of time as the server says it.
pub(super) fn duration(text: Option<&str>) -> Value {
    match text.map(Value::signed_duration) {
        None => Value::Unset,
        Some(Ok(duration)) => duration,
        Some(Err(error)) => Value::Text(error.text()),
    }
}

/// The same, where zero says nothing.
pub(super) fn without_zero(offset: Value) -> Value {
    if offset == Value::Duration(Duration::default()) { Value::Unset } else { offset }
}

/// What is sent for the offset of a check or a rule; none where nothing is. Where the object `is_there`, `null` takes it away.
pub(super) fn offset(value: Option<&Value>, is_there: bool) -> Result<Option<Json>, ApiError> {
    match value {
        Some(Value::Duration(offset)) => match in_hours(&offset.to_string()) {
            Ok(offset) => Ok(Some(offset.into())),
            Err(error) => Err(ApiError::unsent(error.to_string())),
        },
        Some(Value::Unset) if is_there => Ok(Some(Json::Null)),
        _ => Ok(None),
    }
}

/// An offset that is as long as the interval.
pub(super) fn late(fields: &Fields, words: &Words) -> Option<Fault> {
    let (Some(Value::Duration(every)), Some(Value::Duration(offset))) = (fields.get("every"), fields.get("offset"))
    else {
        return None;
    };
    let message = format!("`offset` must be shorter than `every`, which is {every}");
    (every.months == 0 && offset.nanos >= every.nanos)
        .then(|| Fault::new(words.schedule, "offset", message, "too long").other("every"))
}

/// What the server refuses of `every` and `offset` (influxd 2.9.1, measured). It does not keep an offset of zero.
pub(super) fn faults(fields: &mut Fields, words: &Words) -> Vec<Fault> {
    let Words { kind, schedule, .. } = words;
    let mut faults = Vec::new();
    let mut fault = |field, message: String, label: &str| faults.push(Fault::new(*schedule, field, message, label));
    if let Some(Value::Duration(every)) = fields.get("every")
        && let Err(uncounted) = counted(*every)
    {
        let message = match uncounted {
            Uncounted::TooOften => format!("a {kind} can run at most once a second, not every {every}"),
            Uncounted::Fraction => "`every` must be whole seconds".to_owned(),
            Uncounted::TooLong => {
                format!("{every} is too long: the maximum is {}", Duration::LONGEST_IN_WORDS)
            }
        };
        fault("every", message, uncounted.label());
    }
    if let Some(Value::Duration(offset) | Value::Before(offset)) = fields.get("offset") {
        if offset.months > 0 {
            fault("offset", "`offset` cannot have months or years".to_owned(), "`mo` or `y`");
        } else if !offset.nanos.is_multiple_of(SECOND) {
            fault("offset", "`offset` must be whole seconds".to_owned(), Uncounted::Fraction.label());
        } else if *offset > Duration::LONGEST {
            let message = format!("{offset} is too long: the maximum is {}", Duration::LONGEST_IN_WORDS);
            fault("offset", message, Uncounted::TooLong.label());
        } else if offset.nanos == 0 {
            fields.set("offset", Value::Unset);
        }
    }
    faults
}

/// Why a length of time is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uncounted {
    /// It is less than a second.
    TooOften,
    /// It is not in whole seconds.
    Fraction,
    /// It is more than the server can count.
    TooLong,
}

impl Uncounted {
    /// What its place shows.
    fn label(self) -> &'static str {
        match self {
            Self::TooOften => "too often",
            Self::Fraction => "has a fraction of a second",
            Self::TooLong => "too long",
        }
    }
}

/// Whether a script can run at such an interval. Months count in whole weeks where the server adds up (influxd 2.9.1,
/// measured).
pub(super) fn counted(every: Duration) -> Result<(), Uncounted> {
    if every.months == 0 && every.nanos < SECOND {
        return Err(Uncounted::TooOften);
    }
    if !every.nanos.is_multiple_of(SECOND) {
        return Err(Uncounted::Fraction);
    }
    let weeks = u128::from(every.months) * 1461 / 336;
    let length = weeks * u128::from(7 * 86_400 * SECOND) + u128::from(every.nanos);
    if length > u128::from(Duration::LONGEST.nanos) { Err(Uncounted::TooLong) } else { Ok(()) }
}
