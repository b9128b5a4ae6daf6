//! How much time a script reads, and into which pieces it divides that.

use super::stream::{is, writes};
use super::{Look, Reader};
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::flux::refs::{Call, Value};

/// So many times more windows than are new are too many: a few more are for data that comes late.
const TOO_MANY: u128 = 100;
const DAY: u128 = 86_400_000_000_000;
/// Days of the shortest and of the longest month.
const MONTH: (u128, u128) = (28, 31);

/// A `from` that no `range` follows at once: influxd refuses to run such a script, also where a `range` comes later (2.9.1,
/// measured).
pub(super) fn missing(look: &mut Look<'_>) {
    // A check that reads without one is an error of its own.
    if look.setting.is_retimed {
        return;
    }
    let is_bare = |at: usize| {
        let call = &look.calls[at];
        is(call, "influxdata/influxdb", "from") && call.given.get("host").is_none()
    };
    let used = look.calls.iter().filter(|call| !is(call, "universe", "range"));
    let used = used.flat_map(|call| call.inputs.iter().map(move |input| (*input, Some(call.callee))));
    let ends = look.calls.iter().enumerate().filter(|(_, call)| call.ends).map(|(at, _)| (at, None));
    let bare: Vec<_> = used.chain(ends).filter(|(from, _)| is_bare(*from)).collect();
    for (from, by) in bare {
        let help = match look.setting.reader {
            Reader::Dashboard => {
                "put `|> range(start: v.timeRangeStart, stop: v.timeRangeStop)` right behind it, \
                 which is the time that the dashboard shows"
            }
            Reader::Other => {
                "put `|> range(start: -1h)` right behind it, or `-task.every` for what is new in each run of a task"
            }
        };
        let message = "InfluxDB reads no bucket without a `range`";
        let label = "no `range` right behind it";
        look.find(Code::FluxNoRange, look.calls[from].callee, message, label, help);
        if let Some(span) = by {
            look.also(span, "comes before a `range`");
        }
    }
}

/// A task that computes and writes far more windows in each run than have ended since the last one.
pub(super) fn too_wide(look: &mut Look<'_>) {
    let Some(every) = look.setting.every else { return };
    for at in 0..look.calls.len() {
        let stream = look.streams[at];
        let (true, Some(range), Some(window)) = (writes(&look.calls[at]), stream.range, stream.window) else {
            continue;
        };
        let (range, window) = (&look.calls[range], &look.calls[window]);
        let (Some(width), Some(step)) = (width(range), step(window)) else { continue };
        let new = longest(every).max(longest(step));
        if shortest(width) <= new.saturating_mul(TOO_MANY) {
            continue;
        }
        let times = shortest(width) / new.max(1);
        let span = range.given.get("start").map_or(range.span, |(_, span)| span);
        let message = format!("each run reads {width} and writes about {times} windows, of which one is new");
        let help = format!("the task runs every {every}: read as much, and a little more for data that comes late");
        look.find(Code::FluxWideRange, span, message, "far longer than a run is apart from the next", help);
    }
}

/// A window that is longer than what was read: each run computes it from a part of its points.
pub(super) fn shorter_than_window(look: &mut Look<'_>) {
    if look.setting.is_retimed {
        return;
    }
    for at in 0..look.calls.len() {
        let Some(range) = look.streams[at].range.map(|range| &look.calls[range]) else { continue };
        let window = &look.calls[at];
        let (Some(width), Some(step)) = (width(range), step(window)) else { continue };
        if shortest(step) <= longest(width) {
            continue;
        }
        let span = window.given.get("every").map_or(window.span, |(_, span)| span);
        let message = format!("a window of {step} is computed from {width} of data");
        let also = range.given.get("start").map_or(range.span, |(_, span)| span);
        let help = "read at least as much as a window is long, or make the window shorter";
        look.find(Code::FluxWideWindow, span, message, "longer than the range", help);
        look.also(also, "what is read");
    }
}

/// How long a `range` is, where it ends now or at a time relative to now.
fn width(call: &Call<'_>) -> Option<Duration> {
    let start = before(call.given.get("start")?.0)?;
    match call.given.get("stop") {
        None => Some(start),
        Some((stop, _)) => {
            let stop = before(stop)?;
            let nanos = start.nanos.checked_sub(stop.nanos)?;
            Some(Duration { months: start.months.checked_sub(stop.months)?, nanos })
        }
    }
}

/// How long before now a time is.
fn before(value: &Value<'_>) -> Option<Duration> {
    match value {
        Value::Before(duration) => Some(*duration),
        _ => None,
    }
}

/// How long the windows of a call are, if it divides time.
fn step(call: &Call<'_>) -> Option<Duration> {
    let divides = is(call, "universe", "aggregateWindow") || is(call, "universe", "window");
    match call.given.get("every").filter(|_| divides)?.0 {
        Value::Duration(every) => Some(*every),
        _ => None,
    }
}

/// Nanoseconds, of months with the fewest days.
fn shortest(of: Duration) -> u128 {
    u128::from(of.nanos) + u128::from(of.months) * MONTH.0 * DAY
}

/// Nanoseconds, of months with the most days.
fn longest(of: Duration) -> u128 {
    u128::from(of.nanos) + u128::from(of.months) * MONTH.1 * DAY
}

/// A task that runs at the end of what it reads: a point that comes a moment later is in no run.
pub(super) fn without_offset(look: &mut Look<'_>) {
    if look.setting.offset != Some(false) {
        return;
    }
    for at in 0..look.calls.len() {
        let range = look.streams[at].range.filter(|_| writes(&look.calls[at])).map(|range| &look.calls[range]);
        let Some(range) = range.filter(|range| width(range).is_some() && range.given.get("stop").is_none()) else {
            continue;
        };
        let message = "the task reads up to the moment in which it runs";
        let help = "set `offset` in the task, such as `offset = \"1m\"`: it then waits for points that come late, and reads the same time";
        look.find(Code::FluxNoOffset, range.callee, message, "what comes later is in no run", help);
    }
}
