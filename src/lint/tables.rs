//! Which columns tables no longer have, and by which they are grouped, as far as that is certain (influxd 2.9.1, measured).

use super::columns::Columns;
use super::stream::writes;
use crate::flux::refs::{Call, CallId, NAME_LISTS, Value};

/// The package of lists of names.
pub(super) const SCHEMA: &str = "influxdata/influxdb/schema";
/// The same under its old name.
pub(super) const V1: &str = "influxdata/influxdb/v1";
/// The columns that all points have where they are read.
const NAMES: [&str; 6] = ["_time", "_value", "_measurement", "_field", "_start", "_stop"];
/// Functions that aggregate a column: of the others, only those stay by which tables are grouped.
pub(super) const AGGREGATES: &[&str] =
    &["count", "integral", "mean", "median", "mode", "quantile", "skew", "spread", "stddev", "sum"];
/// Functions that select rows.
const SELECTORS: &[&str] = &["bottom", "first", "last", "max", "min", "sample", "top", "unique"];
/// Functions that leave these columns as they are.
const PASSING: &[&str] = &[
    "cumulativeSum",
    "derivative",
    "difference",
    "elapsed",
    "exponentialMovingAverage",
    "filter",
    "hourSelection",
    "increase",
    "kaufmansAMA",
    "limit",
    "movingAverage",
    "relativeStrengthIndex",
    "sort",
    "stateCount",
    "stateDuration",
    "tail",
    "timeShift",
    "tripleEMA",
    "truncateTimeColumn",
    "yield",
];

/// Whether tables are grouped by a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Grouped {
    #[default]
    Unknown,
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, Default)]
struct Column {
    /// The call since which it is gone; none where there may be one.
    gone: Option<CallId>,
    grouped: Grouped,
}

/// What is known of the tables that come out of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tables {
    columns: [Column; NAMES.len()],
    /// Whether they are tables at all.
    are_tables: bool,
}

/// What comes out of each call.
pub(super) fn of<'a>(calls: &[Call<'a>], columns: &mut Columns<'a>) -> Vec<Tables> {
    let mut all: Vec<Tables> = Vec::with_capacity(calls.len());
    for (at, call) in calls.iter().enumerate() {
        all.push(after(input(call, &all), call, at, columns));
    }
    all
}

/// What comes into a call: nothing is known of what is put together of several.
pub(super) fn input(call: &Call<'_>, all: &[Tables]) -> Tables {
    let mut inputs = call.inputs.iter().filter_map(|input| all.get(*input)).filter(|one| one.are_tables);
    match (inputs.next(), inputs.next()) {
        (Some(one), None) => *one,
        (one, _) => Tables { are_tables: one.is_some(), ..Tables::default() },
    }
}

/// What a call is given as `argument`, or what it takes where it is given nothing; none where that is not known.
pub(super) fn given<'c>(call: &'c Call<'_>, argument: &str, default: &'c str) -> Option<&'c str> {
    call.given.get(argument).map_or(Some(default), |(value, _)| value.text())
}

/// The texts of an array, if all are known.
fn texts<'v>(value: &'v Value<'_>) -> Option<Vec<&'v str>> {
    let Value::Array(items, _) = value else { return None };
    items.iter().map(Value::text).collect()
}

/// The same of an argument.
pub(super) fn list<'c>(call: &'c Call<'_>, argument: &str) -> Option<Vec<&'c str>> {
    texts(call.given.get(argument)?.0)
}

impl Tables {
    /// The call since which a column is gone.
    pub(super) fn gone(&self, name: &str) -> Option<CallId> {
        self.columns().find(|(own, _)| *own == name)?.1.gone
    }

    /// Whether tables are grouped by a column.
    pub(super) fn grouped(&self, name: &str) -> Grouped {
        self.columns().find(|(own, _)| *own == name).map_or(Grouped::Unknown, |(_, column)| column.grouped)
    }

    fn columns(&self) -> impl Iterator<Item = (&'static str, Column)> {
        NAMES.into_iter().zip(self.columns)
    }

    /// The same with each column changed.
    fn each(mut self, change: impl Fn(&str, Column) -> Column) -> Self {
        for (name, column) in NAMES.into_iter().zip(&mut self.columns) {
            *column = change(name, *column);
        }
        Self { are_tables: true, ..self }
    }

    /// Points as they are read.
    fn read() -> Self {
        Self::default().each(|name, column| match name {
            "_time" | "_value" => Column { grouped: Grouped::No, ..column },
            _ => Column { grouped: Grouped::Yes, ..column },
        })
    }

    /// Tables of which nothing is known.
    fn unknown() -> Self {
        Self { are_tables: true, ..Self::default() }
    }

    /// Without the columns that `is_taken`.
    fn without(self, at: CallId, is_taken: impl Fn(&str, Grouped) -> bool) -> Self {
        self.each(|name, column| match column {
            Column { gone: None, grouped } if is_taken(name, grouped) => {
                Column { gone: Some(at), grouped: Grouped::No }
            }
            _ => column,
        })
    }

    /// With a column, which is no part of the group key unless it was.
    fn with(self, put: &str) -> Self {
        self.each(|name, column| if name == put { Column { gone: None, ..column } } else { column })
    }

    fn grouped_as(self, put: &str, grouped: Grouped) -> Self {
        self.each(|name, column| if name == put { Column { grouped, ..column } } else { column })
    }

    /// What an aggregate leaves: the group key and what it computes.
    fn aggregated(self, at: CallId, computed: &[&str]) -> Self {
        let left = self.without(at, |name, grouped| grouped == Grouped::No && !computed.contains(&name));
        computed.iter().fold(left, |left, name| left.with(name))
    }
}

fn after<'a>(input: Tables, call: &Call<'a>, at: CallId, columns: &mut Columns<'a>) -> Tables {
    match (&*call.package, call.name) {
        ("influxdata/influxdb", "from") => Tables::read(),
        ("influxdata/influxdb", "buckets") => Tables::unknown().without(at, |_, _| true),
        (SCHEMA | V1, name) if NAME_LISTS.contains(&name) => Tables::unknown().without(at, |name, _| name != "_value"),
        (SCHEMA | V1, "fieldsAsCols") => pivoted(input, at, &["_time"], &["_field"], "_value"),
        ("universe", name) => known(input, call, name, at, columns).unwrap_or_else(Tables::unknown),
        _ if writes(call) => input,
        _ => Tables { are_tables: input.are_tables, ..Tables::default() },
    }
}

/// What comes out of a function of the prelude; none where that is not known.
fn known<'a>(input: Tables, call: &Call<'a>, name: &str, at: CallId, columns: &mut Columns<'a>) -> Option<Tables> {
    let column = |argument, default| given(call, argument, default);
    Some(match name {
        "median" | "quantile" => match column("method", "estimate_tdigest")? {
            "exact_selector" => input,
            _ => input.aggregated(at, &[column("column", "_value")?]),
        },
        _ if AGGREGATES.contains(&name) => input.aggregated(at, &[column("column", "_value")?]),
        _ if SELECTORS.contains(&name) || PASSING.contains(&name) => input,
        "distinct" | "keyValues" => input.aggregated(at, &["_value"]),
        "columns" | "keys" => input.aggregated(at, &[column("column", "_value")?]),
        "covariance" => input.aggregated(at, &[column("valueDst", "_value")?]),
        "histogram" => input.aggregated(at, &[column("upperBoundColumn", "le")?, column("countColumn", "_value")?]),
        "reduce" => match call.given.get("identity")?.0 {
            Value::Record(fields, _) => input.aggregated(at, &fields.keys().copied().collect::<Vec<_>>()),
            _ => return None,
        },
        "range" => in_time(input),
        "window" => in_time(input),
        "aggregateWindow" => windowed(input, call, at)?,
        "timedMovingAverage" => in_time(input.aggregated(at, &[column("column", "_value")?, "_time"])),
        "map" => {
            let row = columns.made_by(call)?;
            let left = input.without(at, |name, _| !row.has_others && !row.set.contains(name));
            row.set.iter().fold(left, |left, name| left.with(name))
        }
        "drop" => {
            let Some((Value::Array(items, _), _)) = call.given.get("columns") else { return Some(input) };
            input.without(at, |name, _| items.iter().any(|item| item.text() == Some(name)))
        }
        "keep" => match list(call, "columns") {
            Some(kept) => input.without(at, |name, _| !kept.contains(&name)),
            None => input,
        },
        "rename" => renamed(input, call, at)?,
        "duplicate" => {
            let name = column("as", "")?;
            input.with(name).grouped_as(name, Grouped::No)
        }
        "set" => input.with(column("key", "")?),
        "fill" => input.with(column("column", "_value")?),
        "toBool" | "toFloat" | "toInt" | "toString" | "toTime" | "toUInt" => input.with("_value"),
        "group" => grouped(input, call)?,
        "pivot" => {
            let (rows, of) = (list(call, "rowKey")?, list(call, "columnKey")?);
            pivoted(input, at, &rows, &of, column("valueColumn", "")?)
        }
        // What is no function of tables gives none, wherever tables come from.
        _ => Tables { are_tables: input.are_tables, ..Tables::default() },
    })
}

/// With the bounds of the time that tables are of.
fn in_time(input: Tables) -> Tables {
    ["_start", "_stop"].into_iter().fold(input, |all, name| all.with(name).grouped_as(name, Grouped::Yes))
}

fn windowed(input: Tables, call: &Call<'_>, at: CallId) -> Option<Tables> {
    let to = given(call, "timeDst", "_time");
    let windows = in_time(input);
    let computed = match call.given.get("fn")?.0 {
        Value::Library(package, name) if **package == *"universe" && AGGREGATES.contains(name) => {
            windows.aggregated(at, &[given(call, "column", "_value")?])
        }
        Value::Library(package, name) if **package == *"universe" && SELECTORS.contains(name) => windows,
        _ => return None,
    };
    Some(match to {
        Some("_time") | None => computed.with("_time"),
        Some(_) => computed.without(at, |name, _| name == "_time"),
    })
}

fn renamed(input: Tables, call: &Call<'_>, at: CallId) -> Option<Tables> {
    let Value::Record(names, _) = call.given.get("columns")?.0 else { return None };
    let taken = input.without(at, |name, _| names.contains_key(name));
    names.iter().try_fold(taken, |all, (from, to)| {
        let to = to.text()?;
        Some(all.with(to).grouped_as(to, input.grouped(from)))
    })
}

fn grouped(input: Tables, call: &Call<'_>) -> Option<Tables> {
    let listed = if call.given.get("columns").is_some() { list(call, "columns")? } else { Vec::new() };
    let is_by = match given(call, "mode", "by")? {
        "by" => true,
        "except" => false,
        _ => return None,
    };
    Some(input.each(|name, column| {
        let is_key = column.gone.is_none() && listed.contains(&name) == is_by;
        Column { grouped: if is_key { Grouped::Yes } else { Grouped::No }, ..column }
    }))
}

/// What `pivot` leaves: the group key, the row key, and a column for each value of what it takes.
fn pivoted(input: Tables, at: CallId, rows: &[&str], of: &[&str], value: &str) -> Tables {
    input.without(at, |name, grouped| {
        name == value || of.contains(&name) || grouped == Grouped::No && !rows.contains(&name)
    })
}
