//! `/api/v2/buckets`.

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::auth::{Action, Caller, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::{self, Api, Own, Place};
use super::links::{Links, Templates};
use super::plain::Shown;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::{Call, PageLinks, Paging};
use super::store::bucket::{self, Bucket, BucketType, BucketUpdate, Deletion, NewBucket};
use super::store::{View, label, org};
use super::{orgs, relations};

const SECOND: i64 = 1_000_000_000;

pub(super) static BUCKETS: Own = Own {
    api: Api { labels: true, members: true, ..Api::new("buckets", ResourceType::Buckets) },
    handlers: [list, create, get, update, delete],
    place: |view, id| bucket::find(view, id).map(|found| Place { org: found.org, seen: read_permission(&found) }),
    allow: |_| None,
};

const LINKS: Templates = &[
    ("labels", "/api/v2/buckets/{id}/labels"),
    ("members", "/api/v2/buckets/{id}/members"),
    ("org", "/api/v2/orgs/{org}"),
    ("owners", "/api/v2/buckets/{id}/owners"),
    ("self", "/api/v2/buckets/{id}"),
    ("write", "/api/v2/write?org={org}&bucket={id}"),
];

/// A bucket on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BucketReply {
    id: Id,
    #[serde(rename = "orgID")]
    org_id: Id,
    #[serde(rename = "type")]
    kind: BucketType,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    rp: String,
    retention_rules: Vec<RuleReply>,
    created_at: Timestamp,
    updated_at: Timestamp,
    links: Links,
    labels: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleReply {
    #[serde(rename = "type")]
    kind: &'static str,
    every_seconds: i64,
    shard_group_duration_seconds: i64,
}

impl BucketReply {
    pub(super) fn new(bucket: Bucket, labels: Vec<Shown>) -> Self {
        let rule = RuleReply {
            kind: "expire",
            every_seconds: rounded_seconds(bucket.retention),
            shard_group_duration_seconds: rounded_seconds(bucket.shard_group),
        };
        Self {
            id: bucket.id,
            org_id: bucket.org,
            kind: bucket.kind,
            description: bucket.description,
            name: bucket.name,
            rp: bucket.rp,
            retention_rules: if bucket.retention > 0 || bucket.shard_group > 0 { vec![rule] } else { Vec::new() },
            created_at: bucket.created_at,
            updated_at: bucket.updated_at,
            links: Links::new(LINKS, |name| Some(if name == "org" { &bucket.org } else { &bucket.id })),
            labels,
        }
    }

    /// With the labels that the caller may see; none if it may not read the bucket as a bucket.
    fn seen(view: &View, caller: &Caller, bucket: Bucket) -> Result<Self, Problem> {
        let labels = if caller.holds(&permission(Action::Read, &bucket)) {
            relations::labels_seen(caller, label::of_resource(view, bucket.id)?)
        } else {
            Vec::new()
        };
        Ok(Self::new(bucket, labels))
    }
}

fn rounded_seconds(nanoseconds: i64) -> i64 {
    nanoseconds.saturating_add(SECOND / 2) / SECOND
}

#[derive(Serialize)]
struct BucketsReply {
    links: PageLinks,
    buckets: Vec<BucketReply>,
}

fn permission(action: Action, bucket: &Bucket) -> Permission {
    Permission::at(action, ResourceType::Buckets, bucket.id, bucket.org)
}

/// What it takes to see a bucket: system buckets follow their org.
pub(super) fn read_permission(bucket: &Bucket) -> Permission {
    match bucket.kind {
        BucketType::System => orgs::permission(Action::Read, bucket.org),
        BucketType::User => permission(Action::Read, bucket),
    }
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let paging = Paging::parse(&call.query)?;
    let org_id = call.query.id("orgID")?;
    let org_name = call.query.get("org");
    let name = call.query.get("name");
    let id = call.query.id("id")?;
    let view = call.store().view()?;
    let found = if let Some(id) = id {
        vec![bucket::find(&view, id)?]
    } else {
        let org = match (org_id, org_name) {
            (None, Some(org_name)) => Some(org::find_by_name(&view, org_name)?.id),
            (org_id, _) => org_id,
        };
        match (org, name) {
            (Some(org), Some(name)) => vec![bucket::find_by_name(&view, org, name)?],
            (Some(org), None) => bucket::list_of_org(&view, org, &paging.page)?,
            (None, name) => bucket::list(&view, name, &paging.page)?,
        }
    };
    let caller = call.caller()?;
    let buckets = found
        .into_iter()
        .filter(|bucket| caller.holds(&read_permission(bucket)))
        .map(|bucket| BucketReply::seen(&view, caller, bucket))
        .collect::<Result<Vec<_>, _>>()?;
    let filter = [
        ("id", id.map(|id| id.to_string())),
        ("bucket", name.map(str::to_owned)),
        ("orgID", org_id.map(|id| id.to_string())),
        ("org", org_name.map(str::to_owned)),
    ];
    let links = paging.links("/api/v2/buckets", &filter, buckets.len());
    Reply::indented(StatusCode::OK, &BucketsReply { links, buckets })
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let bucket = bucket::find(&view, id)?;
    let caller = call.caller()?;
    caller.require(&read_permission(&bucket))?;
    Reply::indented(StatusCode::OK, &BucketReply::seen(&view, caller, bucket)?)
}

/// The retention rule of a body, in nanoseconds.
struct Rule {
    retention: Option<i64>,
    shard_group: Option<i64>,
}

fn rule(fields: &Fields) -> Result<Option<Rule>, Problem> {
    let rules = fields.objects("retentionRules", "tenant.retentionRule").map_err(BodyError::unmarshal)?;
    let unprocessable = |message: &str| Problem::new(Code::Unprocessable, message);
    let decoded = rules
        .iter()
        .map(|rule| Ok((rule.integer("everySeconds")?, rule.integer("shardGroupDurationSeconds")?)))
        .collect::<Result<Vec<_>, BodyError>>()
        .map_err(BodyError::unmarshal)?;
    if decoded.len() > 1 {
        return Err(unprocessable("buckets cannot have more than one retention rule at this time"));
    }
    let Some((every, shard_group)) = decoded.into_iter().next() else {
        return Ok(None);
    };
    if every.is_some_and(|every| every < 0) {
        return Err(unprocessable("expiration seconds cannot be negative"));
    }
    if shard_group.is_some_and(|shard_group| shard_group < 0) {
        return Err(unprocessable("shard-group duration seconds cannot be negative"));
    }
    // Too many seconds wrap around, as in Go.
    Ok(Some(Rule {
        retention: every.map(|every| every.wrapping_mul(SECOND)),
        shard_group: shard_group.map(|shard_group| shard_group.wrapping_mul(SECOND)),
    }))
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let fields = Fields::parse(&call.body, "tenant.postBucketRequest").map_err(BodyError::unmarshal)?;
    let org = fields.id("orgID").map_err(BodyError::unmarshal)?;
    let name = fields.text("name").map_err(BodyError::unmarshal)?.unwrap_or_default();
    let description = fields.text("description").map_err(BodyError::unmarshal)?.unwrap_or_default();
    let rp = fields.text("rp").map_err(BodyError::unmarshal)?.unwrap_or_default();
    let org = org.ok_or_else(|| Problem::invalid("organization id must be provided"))?;
    let rule = rule(&fields)?;
    call.caller()?.require(&Permission::in_org(Action::Write, ResourceType::Buckets, org))?;
    let new = NewBucket {
        org,
        kind: BucketType::User,
        name,
        description,
        rp,
        retention: rule.as_ref().and_then(|rule| rule.retention).unwrap_or_default(),
        shard_group: rule.as_ref().and_then(|rule| rule.shard_group).unwrap_or_default(),
    };
    let made = call.store().change(|change| bucket::create(change, new))?;
    Reply::indented(StatusCode::CREATED, &BucketReply::new(made, Vec::new()))
}

fn update(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let fields = Fields::parse(&call.body, "tenant.bucketUpdate").map_err(BodyError::unmarshal)?;
    let name = fields.text("name").map_err(BodyError::unmarshal)?;
    let description = fields.text("description").map_err(BodyError::unmarshal)?;
    let rule = rule(&fields)?;
    let caller = call.caller()?;
    let found = bucket::find(&call.store().view()?, id)?;
    if name.is_some() {
        // Only a rename needs the right to read.
        caller.require(&read_permission(&found))?;
    }
    caller.require(&permission(Action::Write, &found))?;
    let update = BucketUpdate {
        name,
        description,
        retention: rule.as_ref().and_then(|rule| rule.retention),
        shard_group: rule.as_ref().and_then(|rule| rule.shard_group),
    };
    let changed = call.store().change(|change| bucket::update(change, id, update))?;
    Reply::indented(StatusCode::OK, &BucketReply::new(changed, Vec::new()))
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let found = bucket::find(&call.store().view()?, id)?;
    call.caller()?.require(&permission(Action::Write, &found))?;
    match call.store().change(|change| bucket::delete(change, id, kind::classes()))? {
        Deletion::Gone => Ok(Reply::no_content()),
        Deletion::Emptied => Err(Problem::invalid("system buckets cannot be deleted")),
    }
}
