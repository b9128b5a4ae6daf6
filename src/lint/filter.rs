//! What a script leaves out of what it reads, and when.

use super::Look;
use super::stream::{input, is, writes};
use crate::diagnostic::Code;
use crate::flux::refs::Value;

/// A `filter` after `group` or `map` whose answer is the same before it: the server reads and moves what is thrown away.
pub(super) fn too_late(look: &mut Look<'_>) {
    for at in 0..look.calls.len() {
        let call = &look.calls[at];
        let stream = input(call, &look.streams).filter(|stream| is(call, "universe", "filter") && !stream.is_computed);
        let Some((stream, barrier)) = stream.and_then(|stream| Some((stream, stream.barrier?))) else { continue };
        let Some(read) = look.columns.read_by(call).filter(|read| !read.is_empty()) else { continue };
        let mut sets = |map| look.columns.set_by(&look.calls[map]).is_none_or(|row| !row.set.is_disjoint(&read));
        if stream.map.is_some_and(&mut sets) {
            continue;
        }
        let behind = if stream.range.is_some() { "range" } else { "from" };
        let barrier = look.calls[barrier].callee;
        let message = format!("this `filter` could come before `{}`", look.script.text(barrier));
        let help = format!("put it right behind `{behind}`: what it leaves out is not even read then");
        look.find(Code::FluxLateFilter, call.callee, message, "looks at what was there before", help);
        look.also(barrier, "does not need what is left out");
    }
}

/// A script that writes points of whatever measurement a bucket has.
pub(super) fn of_no_measurement(look: &mut Look<'_>) {
    for at in 0..look.calls.len() {
        let (call, stream) = (&look.calls[at], look.streams[at]);
        let Some(from) = stream.from.filter(|_| writes(call) && !stream.is_measured) else { continue };
        let message = "no `filter` says which measurement is meant";
        let help = "add `|> filter(fn: (r) => r._measurement == \"...\")` behind `range`: whatever is written into the bucket later \
                    will not come along then";
        look.find(Code::FluxNoMeasurement, look.calls[from].callee, message, "reads all measurements", help);
    }
}

/// Tables for nearly each point.
pub(super) fn of_many_groups(look: &mut Look<'_>) {
    for at in 0..look.calls.len() {
        let call = &look.calls[at];
        if !is(call, "universe", "group") || call.given.get("mode").is_some_and(|(mode, _)| mode.text() != Some("by")) {
            continue;
        }
        let Some((Value::Array(columns, _), span)) = call.given.get("columns") else { continue };
        let broad = columns.iter().filter_map(|column| column.text()).find(|name| ["_time", "_value"].contains(name));
        let Some(broad) = broad.map(str::to_owned) else { continue };
        let message = format!("grouping by `{broad}` makes a table for nearly each point");
        let help = "group by tags, which have few values; the server holds all tables in memory";
        look.find(Code::FluxBroadGroup, span, message, "very many groups", help);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Code;
    use crate::flux::parser::parse;
    use crate::flux::refs::follow;
    use crate::lint::{Setting, findings};

    #[test]
    fn a_filter_that_comes_late_belongs_behind_what_is_there() {
        for (behind, reads) in [("range", "from(bucket: \"b\") |> range(start: -1h)"), ("from", "from(bucket: \"b\")")]
        {
            let script = parse(&format!("{reads} |> group() |> filter(fn: (r) => r.a == \"x\")")).script;
            let found = findings(&script, &follow(&script, &[]), Setting::default());
            let late = found.into_iter().find(|finding| finding.code == Code::FluxLateFilter);
            let help = late.and_then(|finding| finding.mistake.help);
            assert!(help.is_some_and(|help| help.contains(&format!("right behind `{behind}`"))), "{reads}");
        }
    }
}
