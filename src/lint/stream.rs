//! What is known of the tables that come out of a call.

use super::columns::Columns;
use crate::flux::refs::{Call, CallId};

/// Functions that leave names and tags of their points as they are and give other points.
const AGGREGATES: &[&str] = &[
    "aggregateWindow",
    "count",
    "cumulativeSum",
    "derivative",
    "difference",
    "exponentialMovingAverage",
    "first",
    "increase",
    "integral",
    "last",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "movingAverage",
    "quantile",
    "skew",
    "spread",
    "stddev",
    "sum",
    "timedMovingAverage",
];
/// Functions that give some of the points, or all of them, as they are.
const PASSING: &[&str] = &["filter", "limit", "range", "sample", "sort", "tail", "top", "bottom", "window", "yield"];
/// The columns that a `map` may set without giving points other names or tags.
const VALUES: [&str; 2] = ["_value", "_time"];

/// Tables that come from one `from`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    /// The `from`; none for what comes from elsewhere, or from several.
    pub(super) from: Option<CallId>,
    /// The last `range` since then.
    pub(super) range: Option<CallId>,
    /// The last `aggregateWindow` or `window`.
    pub(super) window: Option<CallId>,
    /// Whether points are computed from several.
    pub(super) is_aggregated: bool,
    /// Whether it may have other names or tags than what was read.
    pub(super) is_renamed: bool,
    /// Whether a `filter` looks at the measurement.
    pub(super) is_measured: bool,
    /// The first `group` or `map`, where nothing but these, `range` and `filter` came so far: it looks at rows one by one.
    pub(super) barrier: Option<CallId>,
    /// The last `map`.
    pub(super) map: Option<CallId>,
    /// Whether anything else came, or several `map`.
    pub(super) is_computed: bool,
}

/// What comes out of each call.
pub(super) fn of<'a>(calls: &[Call<'a>], columns: &mut Columns<'a>) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::with_capacity(calls.len());
    for (at, call) in calls.iter().enumerate() {
        let stream = match input(call, &streams) {
            _ if is(call, "influxdata/influxdb", "from") => Stream { from: Some(at), ..Stream::default() },
            Some(input) => after(input, call, at, columns),
            None => Stream::default(),
        };
        streams.push(stream);
    }
    streams
}

/// What comes into a call; none where it is unknown, or of several streams.
pub(super) fn input(call: &Call<'_>, streams: &[Stream]) -> Option<Stream> {
    let mut inputs = call.inputs.iter().filter_map(|input| streams.get(*input)).filter(|one| one.from.is_some());
    inputs.next().copied().filter(|_| inputs.next().is_none())
}

/// Whether `call` calls `name` of `package`.
pub(super) fn is(call: &Call<'_>, package: &str, name: &str) -> bool {
    call.name == name && *call.package == *package
}

/// Whether `call` writes points into a bucket.
pub(super) fn writes(call: &Call<'_>) -> bool {
    matches!((&*call.package, call.name), ("influxdata/influxdb" | "experimental", "to" | "wideTo"))
}

fn after<'a>(input: Stream, call: &Call<'a>, at: CallId, columns: &mut Columns<'a>) -> Stream {
    let name = if *call.package == *"universe" { call.name } else { "" };
    let is_aggregate = AGGREGATES.contains(&name);
    let mut sets_values =
        || columns.set_by(call).is_some_and(|row| row.set.iter().all(|column| VALUES.contains(column)));
    let is_passing = is_aggregate || PASSING.contains(&name) || writes(call) || name == "map" && sets_values();
    let is_measured = name == "filter" && columns.read_by(call).is_some_and(|read| read.contains("_measurement"));
    Stream {
        range: if name == "range" { Some(at) } else { input.range },
        window: if matches!(name, "aggregateWindow" | "window") { Some(at) } else { input.window },
        is_aggregated: input.is_aggregated || is_aggregate,
        is_renamed: input.is_renamed || !is_passing,
        is_measured: input.is_measured || is_measured,
        barrier: input.barrier.or_else(|| matches!(name, "group" | "map").then_some(at)),
        map: if name == "map" { Some(at) } else { input.map },
        is_computed: input.is_computed
            || !matches!(name, "range" | "filter" | "group" | "map")
            || name == "map" && input.map.is_some(),
        ..input
    }
}
