//! Levels that no run ever says, or each run does: InfluxDB takes them without a word.

use std::collections::BTreeMap;

use super::level::LEVELS;
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::kind::draft::Fault;
use crate::value::{Fields, Value};

/// What is to be known of the levels and of the times of a deadman check.
pub(super) fn warnings(fields: &Fields) -> Vec<Fault> {
    match (fields.get("when"), fields.get("deadman")) {
        (Some(Value::Table(levels)), _) => unsaid(levels),
        (_, Some(Value::Table(deadman))) => silent(deadman).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn warning(field: &'static str, within: &str, message: String, label: &str) -> Fault {
    Fault::new(Code::CheckRule, field, message, label).within(within).warning()
}

/// The open ranges of values that a level has; none where it is not sound.
fn ranges(level: &Value) -> Option<Vec<(f64, f64)>> {
    let Value::Table(of) = level else { return None };
    let (field, value) = of.iter().next()?;
    let number = |value: &Value| if let Value::Number(number) = value { Some(number.get()) } else { None };
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    match (field.as_str(), value) {
        ("above", value) => Some(vec![(number(value)?, high)]),
        ("below", value) => Some(vec![(low, number(value)?)]),
        (field, Value::List(ends)) => {
            let (min, max) = (number(ends.first()?)?, number(ends.last()?)?);
            Some(if field == "inside" { vec![(min, max)] } else { vec![(low, min), (max, high)] })
        }
        _ => None,
    }
}

/// Levels that no value has, or that have only values of higher levels, which win.
fn unsaid(levels: &BTreeMap<String, Value>) -> Vec<Fault> {
    let mut warnings = Vec::new();
    let mut higher: Vec<(&str, f64, f64)> = Vec::new();
    for level in LEVELS.into_iter().rev() {
        let Some(ranges) = levels.get(level).and_then(ranges) else { continue };
        let holder = |(low, high): &(f64, f64)| higher.iter().find(|(_, from, to)| from <= low && high <= to);
        if ranges.iter().all(|(low, high)| low >= high) {
            let message = format!("no value is inside of `when.{level}`: its ends count as outside");
            warnings.push(warning("when", level, message, "never comes"));
        } else if let Some(holders) = ranges.iter().map(holder).collect::<Option<Vec<_>>>() {
            let winner = holders[0].0;
            let message = format!("`{level}` never comes: `{winner}` has all of its values, and wins over it");
            warnings.push(warning("when", level, message, "never comes"));
        }
        higher.extend(ranges.into_iter().map(|(low, high)| (level, low, high)));
    }
    warnings
}

/// That a deadman check says the same at each run.
fn silent(deadman: &BTreeMap<String, Value>) -> Option<Fault> {
    let time = |key: &str| if let Some(Value::Duration(time)) = deadman.get(key) { Some(*time) } else { None };
    let (after, forget) = (time("after")?, time("forget")?);
    if after == Duration::default() {
        let message = "everything has sent nothing for `after`, which is 0s: each run says so of all there is";
        return Some(warning("deadman", "after", message.to_owned(), "no time at all"));
    }
    // How long a month is, only a run knows.
    let is_comparable = after.months == forget.months;
    let message = format!(
        "the check never says anything but `ok`: what has sent nothing for {after} was forgotten after {forget}"
    );
    (is_comparable && forget.nanos <= after.nanos).then(|| {
        warning("deadman", "forget", message, "not longer than `after`").help("`forget` must be longer than `after`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Number;

    fn number(number: f64) -> Value {
        Value::Number(Number::new(number).expect("a finite number"))
    }

    fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::Table(fields.map(|(key, value)| (key.to_owned(), value)).into())
    }

    fn said<const N: usize>(field: &'static str, of: [(&str, Value); N]) -> Vec<String> {
        let fields = [(field, table(of))].into_iter().collect();
        warnings(&fields).into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn levels_that_never_come_are_told() {
        let (above, below) = (|at| table([("above", number(at))]), |at| table([("below", number(at))]));
        let range = |word, min, max| table([(word, Value::List(vec![number(min), number(max)]))]);
        let wins = |level, over| format!("`{level}` never comes: `{over}` has all of its values, and wins over it");
        let when = |crit: Value, warn: Value| said("when", [("crit", crit), ("warn", warn)]);
        assert_eq!(when(above(75.0), above(90.0)), [wins("warn", "crit")]);
        assert_eq!(when(above(90.0), above(90.0)), [wins("warn", "crit")]);
        assert_eq!(when(range("outside", 1.0, 9.0), range("outside", 0.0, 10.0)), [wins("warn", "crit")]);
        assert_eq!(when(range("outside", 1.0, 9.0), below(0.0)), [wins("warn", "crit")]);
        assert_eq!(when(range("inside", 7.0, 7.0), above(1.0)).len(), 1);
        for (crit, warn) in [
            (above(90.0), above(75.0)),
            (above(90.0), below(10.0)),
            (above(1.0), range("outside", 0.0, 10.0)),
            (range("inside", 1.0, 9.0), range("inside", 0.0, 9.0)),
            (range("outside", 7.0, 7.0), range("inside", 6.0, 8.0)),
        ] {
            assert_eq!(when(crit, warn), [""; 0]);
        }
        assert_eq!(said("when", [("ok", above(9.0)), ("info", above(1.0))]), [wins("ok", "info")]);
    }

    #[test]
    fn a_deadman_check_that_always_says_the_same_is_told() {
        let time = |text: &str| Value::Duration(text.parse().expect("a duration"));
        let deadman = |after, forget| said("deadman", [("after", time(after)), ("forget", time(forget))]);
        assert_eq!(deadman("90s", "10m"), [""; 0]);
        assert_eq!(deadman("1mo", "1d"), [""; 0]);
        let never = "the check never says anything but `ok`: what has sent nothing for 10m was forgotten after 5m";
        assert_eq!(deadman("10m", "5m"), [never]);
        assert_eq!(deadman("5m", "5m").len(), 1);
        assert_eq!(deadman("0s", "5m").len(), 1);
    }
}
