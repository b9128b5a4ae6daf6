//! Buckets.

use super::Kind;
use super::live::{Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Client, Writer};
use crate::duration::Duration;
use crate::field::{Field, Omitted, Shape};
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "A bucket: a named place for points, with a retention.",
    ty: "buckets",
    key: Key::Name { folded: false },
    place: Place::Org,
    fields: &[
        Field::text(
            "name",
            Omitted::Key,
            "The name, unique in the org; not empty, without `\"` and without a leading `_`.",
        ),
        Field::text("org", Omitted::HomeOrg, "The org it lives in.").shaped(Shape::Ref(Kind::Org)).replaces(),
        Field::text("description", Omitted::Theirs, "A text for people."),
        Field::text(
            "retention",
            Omitted::Theirs,
            "How long points are kept: a duration of at least `1h`, or `infinite`.",
        )
        .shaped(Shape::Retention),
        Field::text(
            "shard_group_duration",
            Omitted::Theirs,
            "How much time one shard group covers; not above the retention.",
        )
        .shaped(Shape::Duration { months: false }),
        Field::text("labels", Omitted::Theirs, "All labels of the bucket.").shaped(Shape::Refs(Kind::Label)),
    ],
    check,
    replace: Delete::First,
    delete_rank: 70,
    serial: true,
    holds_data: true,
    delivers: false,
    runs_as_creator: false,
};

/// The shortest retention. A shorter shard-group duration silently becomes this one (influxd 2.9.1, measured).
const HOUR: Duration = Duration::from_secs(3600);
/// The longest that influxd can count, 292 years (2.9.1, measured).
const LONGEST: Duration = Duration::from_secs(9_223_372_036);

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if let Some(name) = fields.text("name") {
        if name.is_empty() {
            faults.push(Fault::new("bucket::name", "name", "a bucket's name cannot be empty", "empty"));
        } else if name.starts_with('_') {
            let message = format!("a bucket's name cannot begin with `_`: `{name}`");
            faults.push(Fault::new("bucket::name", "name", message, "such names are InfluxDB's own"));
        } else if name.contains('"') {
            let message = format!("a bucket's name cannot have a quote: `{name}`");
            faults.push(Fault::new("bucket::name", "name", message, "has a `\"`"));
        }
    }
    let retention = match fields.get("retention") {
        Some(Value::Duration(retention)) => Some(*retention),
        _ => None,
    };
    if let Some(retention) = retention.filter(|retention| *retention < HOUR) {
        let message = format!("a retention is at least 1h, and this is {retention}");
        faults.push(Fault::new("bucket::retention", "retention", message, "too short"));
    }
    for field in ["retention", "shard_group_duration"] {
        if let Some(Value::Duration(duration)) = fields.get(field)
            && *duration > LONGEST
        {
            let message = format!("influxd cannot count as far as {duration}");
            faults.push(Fault::new("bucket::retention", field, message, "too long").help("write `infinite`"));
        }
    }
    let Some(Value::Duration(shard)) = fields.get("shard_group_duration") else { return };
    if shard.whole_secs().is_none() {
        let message = "a shard-group duration is in whole seconds";
        faults.push(Fault::new("bucket::shard-group", "shard_group_duration", message, "has a fraction of a second"));
    } else if *shard < HOUR {
        let message = format!("a shard-group duration is at least 1h, and this is {shard}");
        faults.push(Fault::new("bucket::shard-group", "shard_group_duration", message, "too short"));
    } else if let Some(retention) = retention.filter(|retention| retention < shard) {
        let message = format!("the shard-group duration {shard} is above the retention {retention}");
        let fault = Fault::new("bucket::shard-group", "shard_group_duration", message, "longer than points are kept");
        faults.push(fault.other("retention"));
    }
}

/// Buckets on a server.
pub(super) struct Live;

impl super::live::Live for Live {
    async fn list(_: &Client, _: &[&str], _: &dyn Fn(&str) -> bool) -> Result<Vec<Object>, ApiError> {
        todo!()
    }

    async fn find(_: &Client, _: &str) -> Result<Presence, ApiError> {
        todo!()
    }

    async fn create(_: &Writer, _: &Want<'_>) -> Result<Made, ApiError> {
        todo!()
    }

    async fn update(_: &Writer, _: &Object, _: &Want<'_>, _: &[&'static str]) -> Result<(), ApiError> {
        todo!()
    }

    async fn delete(_: &Writer, _: &str) -> Result<(), ApiError> {
        todo!()
    }
}
