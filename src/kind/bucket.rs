//! Buckets.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::draft::{Draft, Fault};
use super::export::ExportError;
use super::live::{self, Edit, Object, Standing};
use super::natural_key::Names;
use super::spec::{Key, Spec};
use super::wire::{Body, Pages, Row, Wire};
use crate::api::ApiError;
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::{Fields, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A bucket: a named place for points, with a retention.",
    ty: "buckets",
    key: Key::Name(Names::AsWritten),
    fields: &[
        Field::name(
            "name",
            Role::Name,
            "The name, unique in the org; not empty, without `\"` and without a leading `_`.",
        ),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text(
            "retention",
            Omitted::Theirs,
            "How long points are kept: a duration of at least `1h`, or `infinite`.",
        )
        .of_type(Type::Retention)
        .role(Role::KeepsFor),
        Field::text(
            "shard_group_duration",
            Omitted::Theirs,
            "How much time one shard group covers; not above the retention.",
        )
        .of_type(Type::Duration { months: false }),
        Field::labels("All labels of the bucket."),
    ],
    check,
    export,
    delete_rank: 70,
    serial: true,
    holds_data: true,
    hides_labels: true,
    // What each run of a task has said, for three days. What checks have found, in `_monitoring`, is the data of their users.
    logs: &["_tasks"],
    acts_as_user: false,
    ..Spec::PLAIN
};

/// The shortest retention. A shorter shard-group duration silently becomes this one (influxd 2.9.1, measured).
const HOUR: Duration = Duration::from_secs(3600);

/// What to do about a shard-group duration that cannot be used.
const CHOOSES: &str = "remove it: InfluxDB then chooses one that fits the retention";

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if let Some(name) = fields.text("name") {
        if name.is_empty() {
            faults.push(Fault::new(Code::BucketName, "name", "a bucket's name cannot be empty", "empty"));
        } else if name.starts_with('_') {
            let message = format!("a bucket's name cannot begin with `_`: `{name}`");
            let fault = Fault::new(Code::BucketName, "name", message, "such names are InfluxDB's own");
            faults.push(fault.help(
                "to refer to one of InfluxDB's own buckets, add `external = true`: it is looked up, never changed",
            ));
        } else if name.contains('"') {
            let message = format!("a bucket's name cannot have a quote: `{name}`");
            faults.push(Fault::new(Code::BucketName, "name", message, "has a `\"`"));
        }
    }
    let retention = match fields.get("retention") {
        Some(Value::Duration(retention)) => Some(*retention),
        _ => None,
    };
    if let Some(retention) = retention.filter(|retention| *retention < HOUR) {
        let message = format!("the retention {retention} is too short: the minimum is 1h");
        let fault = Fault::new(Code::BucketRetention, "retention", message, "too short");
        faults.push(fault.help("write `1h` or more, or `infinite` to keep points forever"));
    }
    for field in ["retention", "shard_group_duration"] {
        if let Some(Value::Duration(duration)) = fields.get(field)
            && *duration > Duration::LONGEST
        {
            let message = format!("{duration} is too long: the maximum is {}", Duration::LONGEST_IN_WORDS);
            let fault = Fault::new(Code::BucketRetention, field, message, "too long");
            faults.push(fault.help(match field {
                "retention" => "write `infinite` to keep points forever",
                _ => CHOOSES,
            }));
        }
    }
    let Some(Value::Duration(shard)) = fields.get("shard_group_duration") else { return };
    if shard.whole_secs().is_none() {
        let message = "`shard_group_duration` must be whole seconds";
        let fault = Fault::new(Code::BucketShardGroup, "shard_group_duration", message, "has a fraction of a second");
        faults.push(fault.help(CHOOSES));
    } else if *shard < HOUR {
        let message = format!("the shard-group duration {shard} is too short: the minimum is 1h");
        let fault = Fault::new(Code::BucketShardGroup, "shard_group_duration", message, "too short");
        faults.push(fault.help(CHOOSES));
    } else if let Some(retention) = retention.filter(|retention| retention < shard) {
        let message = format!("the shard-group duration {shard} is longer than the retention {retention}");
        let fault = Fault::new(Code::BucketShardGroup, "shard_group_duration", message, "longer than the retention");
        faults.push(fault.other("retention").help(CHOOSES));
    }
}

/// The retention is always said, since another one may lose points; the shard-group duration only if it is not what the
/// server itself gives.
fn export(object: &Object) -> Result<Fields, ExportError> {
    let mut told = object.fields.clone();
    let given = every(&told).map(default_shard);
    if shard(&told).is_none_or(|shard| shard == 0 || Some(shard) == given) {
        told.remove("shard_group_duration");
    }
    Ok(told)
}

/// Buckets on a server.
pub(super) struct Live;

const RULES: &str = "retentionRules";

/// A retention rule. A PATCH that leaves `everySeconds` out makes the retention infinite (influxd 2.9.1, measured).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Rule {
    #[serde(rename = "type", skip_deserializing)]
    ty: Expire,
    /// 0 is infinite.
    #[serde(rename = "everySeconds", default)]
    every: u64,
    #[serde(rename = "shardGroupDurationSeconds", default, skip_serializing_if = "Option::is_none")]
    shard: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Expire {
    #[default]
    Expire,
}

/// The retention of `fields` in seconds, 0 for infinite.
fn every(fields: &Fields) -> Option<u64> {
    match fields.get("retention")? {
        Value::Infinite => Some(0),
        Value::Duration(duration) => duration.whole_secs(),
        _ => None,
    }
}

/// The shard-group duration of `fields` in seconds.
fn shard(fields: &Fields) -> Option<u64> {
    match fields.get("shard_group_duration")? {
        Value::Duration(duration) => duration.whole_secs(),
        _ => None,
    }
}

/// The shard-group duration that the server gives a new bucket (influxd 2.9.1, measured).
fn default_shard(every: u64) -> u64 {
    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;
    match every {
        0 => 7 * DAY,
        every if every < 2 * DAY => HOUR,
        every if every < 180 * DAY => DAY,
        _ => 7 * DAY,
    }
}

/// The rule to send for a new bucket; none if the server's own will do.
fn first_rule(desired: &Fields) -> Option<Rule> {
    let (every, shard) = (every(desired), shard(desired));
    (every.is_some() || shard.is_some()).then(|| Rule { ty: Expire::Expire, every: every.unwrap_or(0), shard })
}

/// The rule to send when a bucket that is as `live` is to change. The server keeps a shard-group duration that is not
/// sent, and refuses a retention below it; then it needs a new one in the same request.
fn rule(live: &Fields, desired: &Fields, changed: &dyn Fn(&str) -> bool) -> Option<Rule> {
    let (retention, shards) = (changed("retention"), changed("shard_group_duration"));
    if !retention && !shards {
        return None;
    }
    let every = if retention { every(desired) } else { every(live) }?;
    let fits = |shard: &u64| *shard > 0 && (every == 0 || *shard <= every);
    let shard = if shards {
        shard(desired)
    } else if shard(live).as_ref().is_some_and(fits) {
        None
    } else {
        Some(shard(desired).filter(fits).unwrap_or_else(|| default_shard(every)))
    };
    Some(Rule { ty: Expire::Expire, every, shard })
}

impl live::Live for Live {
    const WIRE: Wire = Wire {
        pages: Pages::Offset,
        timed: false,
        also: &["type", "retentionRules"],
        ..Wire::new(Kind::Bucket, "/api/v2/buckets", "buckets")
    };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        let rules: Vec<Rule> = row.get(RULES)?.unwrap_or_default();
        // No rule at all is infinite too; the server then does not say how long a shard group is.
        let (every, shard) = rules.first().map_or((0, 0), |rule| (rule.every, rule.shard.unwrap_or(0)));
        let length = |seconds| Duration::of_secs(seconds).map(Value::Duration).map_err(|error| error.to_string());
        let retention = if every == 0 { Value::Infinite } else { length(every)? };
        object.fields.set("retention", retention);
        object.fields.set("shard_group_duration", length(shard)?);
        if row.text("type")? == "system" {
            object.standing = Standing::System;
        }
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        let rule = match live {
            Some(live) => rule(&live.fields, desired.fields, changed),
            None => first_rule(desired.fields),
        };
        if let Some(rule) = rule {
            body.insert(RULES.to_owned(), serde_json::json!([rule]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(retention: &str, shard: &str) -> Fields {
        let read = |text: &str| Value::Duration(text.parse().expect("a duration"));
        let retention = if retention == "infinite" { Value::Infinite } else { read(retention) };
        [("retention", retention), ("shard_group_duration", read(shard))].into_iter().collect()
    }

    fn sent(live: (&str, &str), desired: (&str, &str), changed: &[&'static str]) -> (u64, Option<u64>) {
        let rule = rule(&fields(live.0, live.1), &fields(desired.0, desired.1), &|field| changed.contains(&field))
            .expect("a rule");
        (rule.every, rule.shard)
    }

    #[test]
    fn a_shard_group_duration_is_sent_when_it_changes_or_must() {
        const DAY: u64 = 86_400;
        let retention = &["retention"][..];
        let shard = &["shard_group_duration"][..];
        assert_eq!(sent(("30d", "1d"), ("60d", "1d"), retention), (60 * DAY, None), "it stays");
        assert_eq!(sent(("30d", "1d"), ("2h", "1d"), retention), (7200, Some(3600)), "it would be refused");
        assert_eq!(sent(("30d", "7d"), ("2d", "1h"), retention), (2 * DAY, Some(3600)), "the wanted one fits");
        assert_eq!(sent(("30d", "0s"), ("infinite", "0s"), retention), (0, Some(7 * DAY)), "0 is no duration");
        assert_eq!(sent(("30d", "1d"), ("1d", "2d"), shard), (30 * DAY, Some(2 * DAY)), "retention goes along");
        assert_eq!(sent(("infinite", "7d"), ("1d", "1d"), shard), (0, Some(DAY)), "and stays infinite");
        assert_eq!(rule(&fields("1d", "1h"), &fields("2d", "1h"), &|field| field == "name"), None);
    }
}
