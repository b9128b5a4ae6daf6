//! Whether the rows of a check's query have what its script needs: the columns `_time`, `_value`, `_field` and `_measurement`, from
//! which InfluxDB makes one column of the field and a status of each row. A query that takes one away is taken, and each run that
//! finds data fails (influxd 2.9.1, measured).

use std::collections::BTreeMap;

use super::pipe::{Step, steps};
use super::query::fault;
use super::rules::Sort;
use crate::flux::ast::{ExpressionKind, Script, Span};
use crate::kind::draft::Fault;

const TIME: &str = "_time";
const VALUE: &str = "_value";
const FIELD: &str = "_field";
const MEASUREMENT: &str = "_measurement";

/// What gives one row of many, which has no time.
const AGGREGATES: [&str; 16] = [
    "columns",
    "count",
    "covariance",
    "distinct",
    "highestAverage",
    "integral",
    "keys",
    "lowestAverage",
    "mean",
    "mode",
    "reduce",
    "skew",
    "spread",
    "stddev",
    "sum",
    "timeWeightedAvg",
];
/// The same, unless `method` says that one of the rows is taken.
const MIDDLES: [&str; 2] = ["median", "quantile"];
/// What leaves the columns as they are.
const NEUTRAL: [&str; 19] = [
    "bottom",
    "cumulativeSum",
    "derivative",
    "difference",
    "elapsed",
    "fill",
    "filter",
    "first",
    "last",
    "limit",
    "max",
    "min",
    "range",
    "sort",
    "tail",
    "timeShift",
    "top",
    "window",
    "yield",
];

/// Why a column does not arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// A step of the pipe drops it.
    Dropped,
    /// A step leaves one row of many.
    Aggregated,
    /// It is in no group key, or in one, where it must not be.
    Grouped,
    /// Its values are no numbers any more.
    NoNumber,
}

/// What no run of the check can do with the query.
pub(super) fn faults(script: &Script, sort: Sort) -> Vec<Fault> {
    let Some(steps) = steps(script) else { return Vec::new() };
    let [first, rest @ ..] = steps.as_slice() else { return Vec::new() };
    let unbounded = rest.first().is_none_or(|next| {
        let is_known = next.name.is_some_and(|name| {
            AGGREGATES.iter().chain(&MIDDLES).chain(&NEUTRAL).chain(&OTHERS).any(|known| *known == name)
        });
        is_known && next.name != Some("range")
    });
    if first.name == Some("from") && first.argument("host").is_none() && unbounded {
        let fault =
            fault("`range` must come right after `from` in the query of a check", "no `range`", Some(first.span));
        let help = "write `from(bucket: \"...\") |> range(start: -1h) |> ...`; the check puts its own times there";
        return vec![fault.help(help)];
    }
    let mut rows = Rows { sort, gone: BTreeMap::new() };
    rest.iter().for_each(|step| rows.go_through(step));
    rows.faults()
}

/// Functions that do more to columns.
const OTHERS: [&str; 16] = [
    "aggregateWindow",
    "drop",
    "duplicate",
    "fieldsAsCols",
    "group",
    "keep",
    "map",
    "pivot",
    "rename",
    "set",
    "toBool",
    "toFloat",
    "toInt",
    "toString",
    "toTime",
    "toUInt",
];

/// Why a column is lost, the step that it is lost with, and the name of that.
type Lost = (Why, Span, String);

/// The rows in a pipe: which of the columns do not arrive, with the step that took each away.
struct Rows {
    sort: Sort,
    gone: BTreeMap<&'static str, Lost>,
}

impl Rows {
    fn lose(&mut self, column: &'static str, why: Why, step: &Step<'_>) {
        let name = step.name.unwrap_or_default().to_owned();
        self.gone.entry(column).or_insert((why, step.span, name));
    }

    fn lose_where(&mut self, step: &Step<'_>, is_gone: impl Fn(&str) -> bool) {
        let gone = [TIME, VALUE, FIELD, MEASUREMENT].into_iter().filter(|column| is_gone(column));
        gone.for_each(|column| self.lose(column, Why::Dropped, step));
    }

    fn go_through(&mut self, step: &Step<'_>) {
        let Some(name) = step.name else { return self.gone.clear() };
        match name {
            _ if NEUTRAL.contains(&name) => {}
            _ if AGGREGATES.contains(&name) => self.lose(TIME, Why::Aggregated, step),
            _ if MIDDLES.contains(&name) => {
                let method = step.argument("method").map(|method| step.text(method));
                if method.is_none_or(|method| method.is_some_and(|method| method != "exact_selector")) {
                    self.lose(TIME, Why::Aggregated, step);
                }
            }
            // The script of a deadman check leaves it out.
            "aggregateWindow" if self.sort == Sort::Threshold => {
                self.gone.retain(|_, (why, ..)| *why != Why::NoNumber);
                let time = step.argument("timeDst").map(|time| step.text(time));
                if time.flatten().is_some_and(|time| time != TIME) {
                    self.lose(TIME, Why::Dropped, step);
                }
            }
            "aggregateWindow" => {}
            "drop" => {
                let dropped = step.texts("columns").unwrap_or_default();
                self.lose_where(step, |column| dropped.iter().any(|dropped| dropped == column));
            }
            "keep" => {
                if let Some(kept) = step.texts("columns") {
                    self.lose_where(step, |column| !kept.iter().any(|kept| kept == column));
                }
            }
            "fieldsAsCols" => self.lose_where(step, |column| [FIELD, VALUE].contains(&column)),
            "pivot" => {
                let value = step.argument("valueColumn").and_then(|value| step.text(value));
                let keys = step.texts("columnKey").unwrap_or_default();
                self.lose_where(step, |column| {
                    value.as_deref() == Some(column) || keys.iter().any(|key| key == column)
                });
            }
            "rename" => self.rename(step),
            "duplicate" => self.regain(step.argument("as").and_then(|column| step.text(column)).as_deref()),
            "set" => self.regain(step.argument("key").and_then(|column| step.text(column)).as_deref()),
            "map" => self.map(step),
            "group" => self.group(step),
            "toString" | "toBool" | "toTime" if self.sort == Sort::Threshold => {
                self.lose(VALUE, Why::NoNumber, step);
            }
            "toFloat" | "toInt" | "toUInt" => self.gone.retain(|_, (why, ..)| *why != Why::NoNumber),
            _ => self.gone.clear(),
        }
    }

    fn regain(&mut self, column: Option<&str>) {
        match column {
            Some(column) => drop(self.gone.remove(column)),
            None => self.gone.clear(),
        }
    }

    fn rename(&mut self, step: &Step<'_>) {
        let names = step.argument("columns").map(|names| &step.script.expression(names).kind);
        let Some(ExpressionKind::Record(names)) = names else { return self.gone.clear() };
        for property in &names.properties {
            let old = step.script.key(property.key);
            self.lose_where(step, |column| column == old);
            self.regain(property.value.and_then(|new| step.text(new)).as_deref());
        }
    }

    fn map(&mut self, step: &Step<'_>) {
        let Some(record) = step.mapped().filter(|_| step.argument("mergeKey").is_none()) else {
            return self.gone.clear();
        };
        let made: Vec<&str> = record.properties.iter().map(|property| step.script.key(property.key)).collect();
        if record.with.is_none() {
            self.lose_where(step, |column| !made.contains(&column));
        }
        made.into_iter().for_each(|column| drop(self.gone.remove(column)));
    }

    /// What is in no group key is lost when the field becomes a column, apart from the time and the value.
    fn group(&mut self, step: &Step<'_>) {
        self.gone.retain(|_, (why, ..)| *why != Why::Grouped);
        let columns = match step.argument("columns") {
            None => Some(Vec::new()),
            Some(_) => step.texts("columns"),
        };
        let mode = step.argument("mode").map(|mode| step.text(mode));
        let (Some(columns), None | Some(Some(_))) = (columns, &mode) else { return };
        let is_named = |column: &str| columns.iter().any(|named| named == column);
        let is_key = |column: &str| match mode.as_ref().and_then(Option::as_deref) {
            None | Some("by") => is_named(column),
            // Of another mode nothing is known.
            Some("except") => !is_named(column),
            Some(_) => column == MEASUREMENT,
        };
        if !is_key(MEASUREMENT) {
            self.lose(MEASUREMENT, Why::Grouped, step);
        } else if is_key(TIME) {
            self.lose(TIME, Why::Grouped, step);
        }
    }

    fn faults(self) -> Vec<Fault> {
        // By the end of the step, which tells it from all others.
        let mut by_step: BTreeMap<u32, (Lost, Vec<&str>)> = BTreeMap::new();
        for (column, lost) in self.gone {
            by_step.entry(lost.1.end).or_insert((lost, Vec::new())).1.push(column);
        }
        let one = |((why, span, name), columns): (Lost, Vec<&str>)| {
            let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
            let (message, label, help) = match (why, self.sort) {
                (Why::Aggregated, Sort::Threshold) => (
                    format!("`{name}` leaves rows without `_time`, of which no status can be made"),
                    "drops `_time`",
                    format!(
                        "write `aggregateWindow(every: 1m, fn: ...)`, or add `|> duplicate(column: \"_stop\", as: \"_time\")` \
                         after `{name}`"
                    ),
                ),
                (Why::Aggregated, _) => (
                    format!(
                        "`{name}` leaves rows without `_time`, by which a deadman check knows what has sent nothing"
                    ),
                    "drops `_time`",
                    "remove it: a deadman check needs no values".to_owned(),
                ),
                (Why::Dropped, _) => (
                    format!("`{name}` takes away {columns}, of which InfluxDB makes the status"),
                    "drops it",
                    "keep `_time`, `_value`, `_field` and `_measurement`".to_owned(),
                ),
                (Why::Grouped, _) if columns == "`_time`" => (
                    format!("`{name}` groups by `_time`, and no status can have that in its group key"),
                    "groups by `_time`",
                    "group by `_measurement` and tags".to_owned(),
                ),
                (Why::Grouped, _) => (
                    format!(
                        "`{name}` leaves `_measurement` out of the group key, and without it no status can be made"
                    ),
                    "not grouped by `_measurement`",
                    "add it: `group(columns: [\"_measurement\", ...])`".to_owned(),
                ),
                (Why::NoNumber, _) => (
                    format!("after `{name}` the value is no number, which `when` compares it with"),
                    "makes it no number",
                    "remove it, or add `|> toFloat()`".to_owned(),
                ),
            };
            fault(&message, label, Some(span)).help(help)
        };
        by_step.into_values().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;

    fn said(sort: Sort, source: &str) -> Vec<String> {
        let script = parse(source).script;
        let place = |fault: &Fault| fault.script.clone().map(|span| source[span].to_owned()).unwrap_or_default();
        faults(&script, sort).iter().map(|fault| format!("{} @{}", fault.message, place(fault))).collect()
    }

    #[test]
    fn what_takes_a_column_away_is_named() {
        for (steps, wanted) in [
            ("count()", "`count` leaves rows without `_time`, of which no status can be made @count()"),
            (
                "keep(columns: [\"_time\", \"_value\"])",
                "`keep` takes away `_field`, `_measurement`, of which InfluxDB makes the status @keep(columns: [\"_time\", \"_value\"])",
            ),
            (
                "group() |> limit(n: 1)",
                "`group` leaves `_measurement` out of the group key, and without it no status can be made @group()",
            ),
            (
                "group(columns: [\"_value\"], mode: \"except\")",
                "`group` groups by `_time`, and no status can have that in its group key @group(columns: [\"_value\"], mode: \"except\")",
            ),
            ("toString()", "after `toString` the value is no number, which `when` compares it with @toString()"),
        ] {
            assert_eq!(
                said(Sort::Threshold, &format!("from(bucket: \"b\") |> range(start: -1h) |> {steps}")),
                [wanted]
            );
        }
        let both = said(Sort::Deadman, "from(bucket: \"b\") |> range(start: -1h) |> group() |> mean()");
        assert!(both[0].ends_with("@group()") && both[1].ends_with("@mean()") && both.len() == 2, "{both:?}");
    }

    #[test]
    fn of_what_may_bring_a_column_back_nothing_is_said() {
        for steps in [
            "f()",
            "my.range()",
            "map(fn: f)",
            "rename(fn: (column) => \"_time\")",
            "keep(columns: columns)",
            "median(method: method) |> drop(fn: (column) => column == \"a\")",
            "count() |> f()",
            "group(columns: columns)",
            "group(columns: [\"a\"], mode: mode)",
        ] {
            let query = format!("from(bucket: \"b\") |> range(start: -1h) |> {steps}");
            assert_eq!(said(Sort::Threshold, &query), [""; 0], "{steps}");
        }
        assert_eq!(said(Sort::Threshold, "from(bucket: \"b\") |> my.range()"), [""; 0]);
        assert_eq!(said(Sort::Threshold, "from(bucket: \"b\", host: \"h\") |> last()"), [""; 0]);
    }
}
