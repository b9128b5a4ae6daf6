//! What had to be read besides lists to decide a change: whether data is at stake.

mod stops;

pub use stops::stops;

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::api::{ApiError, Client};
use crate::diff::{Action, Change};
use crate::duration::Duration;
use crate::flux::evidence as query;
use crate::kind::{Asked, Kind, Object, Place};
use crate::snapshot::Snapshot;
use crate::value::Value;

/// What is known of the points that a change would delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// It is shown that there are none.
    None,
    /// There are some.
    Some {
        /// How many values, where they were counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
        /// The time of the first (RFC 3339).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<String>,
        /// The time of the last (RFC 3339).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<String>,
    },
    /// It is not known; with the reason. Counts as if there were some.
    Unknown(String),
}

impl std::fmt::Display for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("no points"),
            Self::Unknown(why) => write!(f, "it may hold points ({why})"),
            Self::Some { count, first, last } => {
                match count {
                    Some(1) => f.write_str("1 value")?,
                    Some(count) => write!(f, "{count} values")?,
                    None => f.write_str("points")?,
                }
                match (first, last) {
                    (Some(first), Some(last)) if first == last => write!(f, " at {first}"),
                    (Some(first), Some(last)) => write!(f, " from {first} to {last}"),
                    (Some(first), None) => write!(f, " from {first} on"),
                    (None, Some(last)) => write!(f, " until {last}"),
                    (None, None) => Ok(()),
                }
            }
        }
    }
}

/// Queries that are under way at once.
const AT_ONCE: usize = 8;

/// What a change would delete.
enum Stake<'a> {
    /// All that the object holds.
    All(&'a Object),
    /// What the object holds that is older than this.
    Older(&'a Object, Duration),
}

/// What `change` would delete; none where no data can be lost.
fn stake<'a>(change: &Change, snapshot: &'a Snapshot) -> Option<Stake<'a>> {
    let spec = change.address.kind.spec();
    if !spec.holds_data || change.action == Action::None {
        return None;
    }
    let object = snapshot.object(change.address.kind, &change.object.as_ref()?.id)?;
    if change.action.removes() {
        return Some(Stake::All(object));
    }
    let keeps = spec.keeps_for?;
    let field = change.fields.iter().find(|field| field.field == keeps)?;
    let (Value::Duration(wanted), live) = (&field.wanted, field.live.as_ref()) else { return None };
    let shortened = match live {
        Some(Value::Duration(live)) => wanted < live,
        _ => true,
    };
    shortened.then_some(Stake::Older(object, *wanted))
}

/// Reads what is at stake in `changes`. No right to look means that there may be data.
///
/// # Errors
/// The server's, where it does not answer at all.
pub async fn read(
    client: &Client,
    changes: &[Change],
    snapshot: &Snapshot,
) -> Result<BTreeMap<Address, Data>, ApiError> {
    let stakes = changes.iter().filter_map(|change| Some((&change.address, stake(change, snapshot)?)));
    stream::iter(stakes)
        .map(async |(address, stake)| {
            let data = match stake {
                Stake::All(object) => all_of(client, address.kind, object).await?,
                Stake::Older(object, keep) => older(client, object, keep, snapshot.at).await,
            };
            Ok((address.clone(), data))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// The data of one object: its own, or that of everything in an org.
async fn all_of(client: &Client, kind: Kind, object: &Object) -> Result<Data, ApiError> {
    if kind.spec().place == Place::Org {
        return Ok(extent(client, object).await);
    }
    let mut total = Data::None;
    for inner in Kind::ALL.iter().filter(|kind| kind.spec().holds_data && kind.spec().place == Place::Org) {
        for held in inner.list(client, &[&object.id], Asked::NOTHING).await? {
            if !held.system {
                total = total.and(extent(client, &held).await, &held.name);
            }
        }
    }
    Ok(total)
}

async fn ask(
    client: &Client,
    object: &Object,
    script: Result<String, crate::flux::LiteralError>,
) -> Result<query::Reply, String> {
    let script = script.map_err(|error| error.to_string())?;
    let org = object.org.as_deref().unwrap_or_default();
    let csv = client.evidence_query(org, &script).await.map_err(|error| error.message)?;
    query::read_reply(&csv).map_err(|error| error.to_string())
}

/// All points: whether there are any first, which is quick; how many only then.
async fn extent(client: &Client, bucket: &Object) -> Data {
    match ask(client, bucket, query::any_point(&bucket.name)).await {
        Err(why) => return Data::Unknown(why),
        Ok(reply) if reply.first.is_none() => return Data::None,
        Ok(_) => {}
    }
    match ask(client, bucket, query::extent(&bucket.name)).await {
        Err(_) => Data::Some { count: None, first: None, last: None },
        Ok(reply) => Data::Some {
            count: reply.values,
            first: reply.first.map(|time| time.to_string()),
            last: reply.last.map(|time| time.to_string()),
        },
    }
}

/// The points that a retention of `keep` would drop, seen from the server's time `at` (milliseconds since 1970).
async fn older(client: &Client, bucket: &Object, keep: Duration, at: u64) -> Data {
    let edge = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .and_then(|now| now.checked_sub(SignedDuration::from_nanos(i64::try_from(keep.nanos).ok()?)).ok());
    let Some(edge) = edge else { return Data::Unknown("the retention reaches beyond all time".to_owned()) };
    match ask(client, bucket, query::any_point_older_than(&bucket.name, edge)).await {
        Err(why) => return Data::Unknown(why),
        Ok(reply) if reply.first.is_none() => return Data::None,
        Ok(_) => {}
    }
    // How many there are is not asked: their number changes with time by itself.
    match ask(client, bucket, query::ends_older_than(&bucket.name, edge)).await {
        // All of them may have expired in between; that there were some is enough.
        Err(_) => Data::Some { count: None, first: None, last: None },
        Ok(reply) => Data::Some {
            count: None,
            first: reply.first.map(|time| time.to_string()),
            last: reply.last.map(|time| time.to_string()),
        },
    }
}

impl Data {
    /// Whether no more is at stake than was agreed to. The last point that a shorter retention drops is a later one as time
    /// goes on, and is not compared.
    pub fn within(&self, agreed: Option<&Self>) -> bool {
        let time = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
        match (self, agreed) {
            (Self::None, _) | (_, Some(Self::Unknown(_))) => true,
            (Self::Some { count, first, .. }, Some(Self::Some { count: most, first: earliest, .. })) => {
                let fewer = most.is_none_or(|most| count.is_some_and(|count| count <= most));
                let later = time(earliest).is_none_or(|earliest| time(first).is_some_and(|first| first >= earliest));
                fewer && later
            }
            (_, Some(Self::None | Self::Some { .. }) | None) => false,
        }
    }

    /// This and that of the bucket `name` together.
    fn and(self, other: Self, name: &str) -> Self {
        // As times: `...:00.5Z` is later than `...:00Z`, and sorts before it.
        let time = |text: &String| text.parse::<Timestamp>().ok();
        let earlier = |a: Option<String>, b: Option<String>| a.into_iter().chain(b).min_by_key(time);
        let later = |a: Option<String>, b: Option<String>| a.into_iter().chain(b).max_by_key(time);
        match (self, other) {
            (Self::None, other) => other,
            (this, Self::None) => this,
            (Self::Unknown(why), _) => Self::Unknown(why),
            (_, Self::Unknown(why)) => Self::Unknown(format!("{name}: {why}")),
            (Self::Some { count: a, first, last }, Self::Some { count: b, first: first_b, last: last_b }) => {
                Self::Some {
                    count: a.zip(b).map(|(a, b)| a + b),
                    first: earlier(first, first_b),
                    last: later(last, last_b),
                }
            }
        }
    }
}
