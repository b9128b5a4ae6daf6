//! Where a script writes.

use super::Look;
use super::stream::{is, writes};
use crate::diagnostic::Code;
use crate::flux::ast::Span;
use crate::flux::refs::Call;

/// Arguments of `to` that give points other names and tags than the tables have.
const RENAMING: [&str; 4] = ["measurementColumn", "tagColumns", "fieldFn", "host"];

/// A script that computes points from others and writes them into the same series, from where the next run reads them.
pub(super) fn read_again(look: &mut Look<'_>) {
    for at in 0..look.calls.len() {
        let (call, stream) = (&look.calls[at], look.streams[at]);
        let is_same_series = stream.is_aggregated && !stream.is_renamed;
        let (true, true, Some(from)) = (writes(call), is_same_series, stream.from) else { continue };
        let from = &look.calls[from];
        if RENAMING.iter().any(|name| call.given.get(name).is_some()) || !is_same_bucket(from, call) {
            continue;
        }
        let (written, read) = (place(call), place(from));
        let message = "the script writes its results into the series that it reads";
        let help = "write into another bucket, or give the results another name: `|> set(key: \"_measurement\", value: \"...\")`";
        look.find(Code::FluxOwnOutput, written, message, "the next run reads this too", help);
        look.also(read, "read here");
    }
}

/// Whether both name one bucket of one org.
fn is_same_bucket(from: &Call<'_>, to: &Call<'_>) -> bool {
    let same = |argument: &str| {
        let text = |call: &Call<'_>| call.given.get(argument).and_then(|(value, _)| value.text().map(str::to_owned));
        text(from).is_some_and(|name| text(to) == Some(name))
    };
    let is_elsewhere = ["host", "org", "orgID"].iter().any(|argument| from.given.get(argument).is_some());
    !is_elsewhere && (same("bucket") || same("bucketID"))
}

/// Where a call names its bucket.
fn place(call: &Call<'_>) -> Span {
    let named = ["bucket", "bucketID"].iter().find_map(|argument| call.given.get(argument));
    named.map_or(call.span, |(_, span)| span)
}

/// Functions that read, of the package of InfluxDB.
const READING: [&str; 3] = ["buckets", "cardinality", "from"];

/// A `from` with an org and no host: influxd refuses it whatever the org is, its own included (2.9.1, measured).
pub(super) fn read_of_an_org(look: &mut Look<'_>) {
    let reads = |call: &&Call<'_>| READING.iter().any(|name| is(call, "influxdata/influxdb", name));
    for call in look.calls.iter().filter(reads) {
        let named = ["org", "orgID"].iter().find_map(|argument| call.given.get(argument));
        let Some((_, span)) = named.filter(|_| call.given.get("host").is_none()) else { continue };
        let message = format!("InfluxDB refuses a `{}` that names an org", call.name);
        let help = "remove it: a script reads buckets of the org that it runs in";
        look.find(Code::FluxOtherOrg, span, message, "never allowed without `host`", help);
    }
}
