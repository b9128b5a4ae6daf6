//! What is known of the tables that come out of a call.

use crate::flux::ast::{Body, ExpressionKind, Script};
use crate::flux::refs::{Call, CallId, Value};

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
}

/// What comes out of each call.
pub(super) fn of(script: &Script, calls: &[Call<'_>]) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::with_capacity(calls.len());
    for (at, call) in calls.iter().enumerate() {
        let mut inputs = call.inputs.iter().filter_map(|input| streams.get(*input)).filter(|one| one.from.is_some());
        let stream = match (inputs.next(), inputs.next()) {
            _ if is(call, "influxdata/influxdb", "from") => Stream { from: Some(at), ..Stream::default() },
            (Some(input), None) => after(script, *input, call, at),
            _ => Stream::default(),
        };
        streams.push(stream);
    }
    streams
}

/// Whether `call` calls `name` of `package`.
pub(super) fn is(call: &Call<'_>, package: &str, name: &str) -> bool {
    call.name == name && *call.package == *package
}

/// Whether `call` writes points into a bucket.
pub(super) fn writes(call: &Call<'_>) -> bool {
    matches!((&*call.package, call.name), ("influxdata/influxdb" | "experimental", "to" | "wideTo"))
}

fn after(script: &Script, input: Stream, call: &Call<'_>, at: CallId) -> Stream {
    let is_known = *call.package == *"universe";
    let name = if is_known { call.name } else { "" };
    let is_aggregate = AGGREGATES.contains(&name);
    let is_passing =
        is_aggregate || PASSING.contains(&name) || writes(call) || name == "map" && sets_values(script, call);
    Stream {
        range: if name == "range" { Some(at) } else { input.range },
        window: if matches!(name, "aggregateWindow" | "window") { Some(at) } else { input.window },
        is_aggregated: input.is_aggregated || is_aggregate,
        is_renamed: input.is_renamed || !is_passing,
        ..input
    }
}

/// Whether a `map` changes nothing but values and times: `(r) => ({r with _value: ...})`.
fn sets_values(script: &Script, call: &Call<'_>) -> bool {
    let Some((Value::Written(function, _), _)) = call.given.get("fn") else { return false };
    let Body::Expression(mut body) = function.body else { return false };
    while let ExpressionKind::Paren(inner) = script.expression(body).kind {
        body = inner;
    }
    let ExpressionKind::Record(record) = &script.expression(body).kind else { return false };
    let mut keys = record.properties.iter().map(|property| script.key(property.key));
    record.with.is_some() && keys.all(|key| ["_value", "_time"].contains(&key))
}
