//! Calls that need a column that was taken away before them.

use super::Look;
use super::stream::{is, writes};
use super::tables::{AGGREGATES, Grouped, SCHEMA, Tables, V1, given, input, list};
use crate::diagnostic::Code;
use crate::flux::refs::Call;

/// Arguments that name a column, each with the column that is meant where it is omitted. Where there is none, it is always that.
type Needs = &'static [(&'static str, &'static str)];

const VALUE: Needs = &[("column", "_value")];
const ITS_VALUE: Needs = &[("", "_value")];
const TIME: Needs = &[("timeColumn", "_time")];
const ITS_TIME: Needs = &[("", "_time")];
const BOTH: Needs = &[("timeColumn", "_time"), ("column", "_value")];

/// What functions of the prelude fail without, where there are rows (influxd 2.9.1, measured).
const NEEDS: &[(&[&str], Needs)] = &[
    (
        &[
            "count",
            "first",
            "histogram",
            "last",
            "max",
            "mean",
            "median",
            "min",
            "quantile",
            "sample",
            "skew",
            "spread",
            "stddev",
            "sum",
            "unique",
        ],
        VALUE,
    ),
    (&["exponentialMovingAverage", "movingAverage", "tripleEMA"], ITS_VALUE),
    (&["derivative", "elapsed", "hourSelection", "stateDuration", "truncateTimeColumn", "window"], TIME),
    (&["range", "stateCount"], ITS_TIME),
    (&["holtWinters", "integral"], BOTH),
    (&["aggregateWindow", "timedMovingAverage"], &[("", "_time"), ("column", "_value")]),
    (&["duplicate"], VALUE),
    (&["pivot"], &[("valueColumn", "_value")]),
];
/// Lists of columns that they fail without one of.
const LISTED: &[(&str, &[&str])] = &[("covariance", &["columns"]), ("pivot", &["rowKey", "columnKey"])];
/// What `fieldsAsCols` fails without.
const PIVOTED: Needs = &[("", "_time"), ("", "_field"), ("", "_value")];
/// What `to` fails without, unless it is told the fields.
const POINT: Needs = &[("measurementColumn", "_measurement"), ("timeColumn", "_time")];
const FIELD: Needs = &[("", "_field"), ("", "_value")];
/// What `wideTo` fails without.
const WIDE: Needs = &[("", "_measurement"), ("", "_time")];

/// Whether a call writes a field for each column.
fn is_wide(call: &Call<'_>) -> bool {
    writes(call) && !is(call, "influxdata/influxdb", "to")
}

/// The columns that a call needs.
fn needed<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c str> {
    let fields: Needs = if call.given.get("fieldFn").is_some() { &[] } else { FIELD };
    let (one, more): (Needs, Needs) = match &*call.package {
        _ if is_wide(call) => (WIDE, &[]),
        _ if writes(call) => (POINT, fields),
        "universe" => {
            let needs = NEEDS.iter().find(|(names, _)| names.contains(&call.name));
            (needs.map_or(&[], |(_, needs)| needs), &[])
        }
        SCHEMA | V1 if call.name == "fieldsAsCols" => (PIVOTED, &[]),
        _ => (&[], &[]),
    };
    let named = one.iter().chain(more).filter_map(|(argument, column)| given(call, argument, column));
    let listed = LISTED.iter().filter(|(name, _)| is(call, "universe", name)).flat_map(|(_, arguments)| *arguments);
    named.chain(listed.filter_map(|argument| list(call, argument)).flatten())
}

/// A call that fails whenever there are rows, since they lack a column.
pub(super) fn columns(look: &mut Look<'_>) {
    // What a check lacks is an error of its own.
    if look.setting.is_retimed {
        return;
    }
    for at in 0..look.calls.len() {
        let call = &look.calls[at];
        let tables = input(call, &look.tables);
        let gone: Vec<_> = needed(call).filter_map(|name| Some((name, tables.gone(name)?))).collect();
        if let Some((first, taker)) = gone.first().copied() {
            let names: Vec<_> = gone.iter().map(|(name, _)| format!("`{name}`")).collect();
            let called = look.script.text(call.callee);
            let message = format!("`{called}` needs {}, which the tables no longer have", names.join(" and "));
            let help = help(call, &tables, first, &look.calls[taker]);
            look.find(Code::FluxMissingColumn, call.callee, message, "fails whenever there is data", help);
            look.also(look.calls[taker].callee, &format!("leaves out `{first}`"));
        } else if let Some((message, help)) = is_wide(call).then(|| not_wide(&tables)).flatten() {
            look.find(Code::FluxMissingColumn, call.callee, message, "fails whenever there is data", help);
        }
    }
}

/// What is wrong with tables that have all columns and yet cannot be written as a field for each column.
fn not_wide(tables: &Tables) -> Option<(&'static str, &'static str)> {
    if tables.grouped("_field") == Grouped::Yes {
        let help = "use `to`; or make a column of each field first: \
                    `|> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")`";
        return Some(("this writes each column as a field, and the tables have one field each", help));
    }
    let message = "this writes tables that are grouped by `_measurement`, and these are not";
    (tables.grouped("_measurement") == Grouped::No).then_some((message, "name `_measurement` in `group`"))
}

/// What `aggregateWindow` takes as `fn` to compute what `call` does; none where it takes nothing that does (influxd 2.9.1, measured).
fn in_windows<'c>(call: &Call<'c>) -> Option<&'c str> {
    match call.name {
        "quantile" => Some("(column, tables=<-) => tables |> quantile(q: ..., column: column)"),
        name => AGGREGATES.contains(&name).then_some(name),
    }
}

/// How to have the column, or to do without it.
fn help(call: &Call<'_>, tables: &Tables, column: &str, taker: &Call<'_>) -> String {
    let is_pivot = ["pivot", "fieldsAsCols"].contains(&taker.name);
    let is_taken = ["drop", "keep", "map", "rename"].contains(&taker.name);
    match column {
        "_field" | "_value" if is_pivot && writes(call) => {
            "use `wideTo`, which writes a field for each column, or `fieldFn`".to_owned()
        }
        "_value" if is_pivot => format!("say which column is meant: `{}(column: \"...\")`", call.name),
        "_time" if taker.name == "aggregateWindow" => "leave out `timeDst`, which puts the time elsewhere".to_owned(),
        "_time" if !is_taken && !is_pivot => {
            let give = if tables.gone("_stop").is_none() {
                "`|> duplicate(column: \"_stop\", as: \"_time\")`"
            } else {
                "`|> map(fn: (r) => ({r with _time: now()}))`"
            };
            match in_windows(taker) {
                Some(computed) => format!(
                    "use `aggregateWindow(every: ..., fn: {computed})`, which gives each window a time; \
                     or give the result one: {give}"
                ),
                None => format!("give the result a time: {give}"),
            }
        }
        "_measurement" | "_field" if !is_taken => format!(
            "group by it too: `group(columns: [\"_measurement\", \"_field\", ...])`; or set it: \
             `|> set(key: \"{column}\", value: \"...\")`"
        ),
        _ => format!("leave `{column}` in the tables"),
    }
}
