//! Calls that InfluxDB refuses whatever the data (influxd 2.9.1, measured).

use super::Look;
use super::stream::{is, writes};
use crate::diagnostic::Code;
use crate::flux::names::parameters;
use crate::flux::refs::{Call, Value};

pub(super) fn calls(look: &mut Look<'_>) {
    for call in look.calls.iter().filter(|call| !call.is_idle) {
        for (message, help) in [alone(call), bucket(call), token(call), range(call)].into_iter().flatten() {
            let called = look.script.text(call.callee);
            look.find(Code::FluxRefused, call.callee, message.replace("{}", called), "refused in each run", help);
        }
    }
}

/// A `range` that ends before it begins; one without a `stop` ends now.
fn range(call: &Call<'_>) -> Said {
    let at = |name: &str| match call.given.get(name) {
        Some((Value::Duration(after), _)) if after.months == 0 => Some(i128::from(after.nanos)),
        Some((Value::Before(before), _)) if before.months == 0 => Some(-i128::from(before.nanos)),
        None if name == "stop" => Some(0),
        _ => None,
    };
    let (start, stop) = (at("start")?, at("stop")?);
    (is(call, "universe", "range") && takes_all(call) && start >= stop).then_some((
        "`{}` ends before it begins",
        "times that have passed have a minus: `range(start: -1h)` is the last hour",
    ))
}

type Said = Option<(&'static str, &'static str)>;

/// A union of one stream, or of none.
fn alone(call: &Call<'_>) -> Said {
    let Value::Array(streams, _) = call.given.get("tables").filter(|_| is(call, "universe", "union"))?.0 else {
        return None;
    };
    (streams.len() < 2).then_some(("`{}` needs at least two streams", "use the stream as it is"))
}

/// A bucket that is named twice, or not at all.
fn bucket(call: &Call<'_>) -> Said {
    let names_one = writes(call) || ["from", "cardinality"].iter().any(|name| is(call, "influxdata/influxdb", name));
    match (call.given.get("bucket"), call.given.get("bucketID")) {
        (Some(_), Some(_)) if names_one => Some(("`{}` takes `bucket` or `bucketID`, not both", "remove one of them")),
        (None, None) if names_one && takes_all(call) => Some(("`{}` needs a bucket", "name it: `bucket: \"...\"`")),
        _ => None,
    }
}

/// Whether the function takes all that it is given: one of it may have been meant as the bucket otherwise, and is no name.
fn takes_all(call: &Call<'_>) -> bool {
    let known = parameters(&call.package, call.name).unwrap_or_default();
    call.given.iter().all(|(given, ..)| known.contains(given))
}

/// A token for the own server: `wideTo` does not mind it.
fn token(call: &Call<'_>) -> Said {
    let is_own = is(call, "influxdata/influxdb", "to") && call.given.get("host").is_none();
    call.given.get("token").filter(|_| is_own)?;
    Some((
        "`{}` takes a `token` only together with `host`",
        "remove it: a script writes with the rights that it runs with",
    ))
}
