//! What had to be read besides lists to decide a change: what would be lost with it.

mod along;
mod dependents;
mod held;
mod kept;
mod sourced;
mod stake;
mod strangers;
mod taken;
mod tried;
mod types;
mod used;

pub use dependents::dependents;
pub use held::{Held, Place, Probed, held};
pub use kept::kept;
pub use sourced::sourced;
pub use stake::{Along, Stake};
pub use strangers::{Stranger, acting, creators, strangers};
pub use taken::taken;
pub use tried::tried;
pub use types::{Compiled, Unchecked, compile};
pub use used::{Used, used};

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::api::{ApiError, Class, Client};
use crate::diff::{Action, Change, Target};
use crate::duration::Duration;
use crate::field::{Field, Role, Type};
use crate::flux::evidence as query;
use crate::kind::{Kind, Level, Object, ReadScope};
use crate::snapshot::{Server, Snapshot};
use crate::value::Value;

/// What is known of the points that a change would delete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// It is shown that there are none.
    #[default]
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
            Self::Unknown(why) => write!(f, "it may contain points ({why})"),
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

/// Buckets that one query asks about: compiling a query costs influxd several times what answering it does (measured: 900
/// empty buckets one by one 9 s, so many at once 2 s).
const PER_QUERY: usize = 20;
/// Queries about many buckets that are under way at once.
const AT_ONCE: usize = 2;
/// Queries about one bucket that are under way at once.
const ALONE_AT_ONCE: usize = 8;

/// Of which points a change would delete some.
enum Reach<'a> {
    /// All that the object holds.
    All(&'a Object),
    /// What the object holds that is older than this.
    Older(&'a Object, Duration),
}

/// Of which points `change` would delete some; none where no data can be lost.
fn reach<'a>(change: &Change, snapshot: &'a Snapshot) -> Option<Reach<'a>> {
    let spec = change.address.kind.spec();
    if !spec.holds_data || change.action == Action::None {
        return None;
    }
    let object = snapshot.object(change.address.kind, &change.object.as_ref()?.id)?;
    if change.action.removes() {
        return Some(Reach::All(object));
    }
    let field = change.field(Role::KeepsFor)?;
    let (Value::Duration(wanted), live) = (&field.wanted, field.live.as_ref()) else { return None };
    let shortened = match live {
        Some(Value::Duration(live)) => wanted < live,
        _ => true,
    };
    shortened.then_some(Reach::Older(object, *wanted))
}

/// What a plan's changes delete or make anew: kinds and IDs.
type Gone<'a> = BTreeSet<(Kind, &'a str)>;

fn gone(changes: &[Change]) -> Gone<'_> {
    let removing = changes.iter().filter(|change| change.action.removes());
    removing.filter_map(|change| Some((change.address.kind, change.object.as_ref()?.id.as_str()))).collect()
}

/// Every org that the token sees, of those that the field `owns` can name: which of them an object that goes owns need not have been read.
async fn all_orgs(client: &Client, owns: &Field) -> Result<BTreeSet<String>, ApiError> {
    let Type::Refs(orgs) = owns.ty else { return Ok(BTreeSet::new()) };
    Ok(orgs.list(client, &[], ReadScope::NOTHING).await?.into_iter().map(|org| org.id).collect())
}

/// Reads what is at stake in `changes`: points, and what goes along with an org, a user or a bucket. No right to look means that there
/// may be something.
///
/// # Errors
/// The server's, where it does not answer at all.
pub async fn read(
    client: &Client,
    server: &Server,
    changes: &[Change],
    snapshot: &Snapshot,
) -> Result<BTreeMap<Address, Stake>, ApiError> {
    at_stake(client, server, changes, &gone(changes), snapshot).await
}

/// What goes along with one object of the `plan`'s, and what would stop without it, as it is right before `change` deletes
/// it: a plan takes a while, and others go on working.
///
/// # Errors
/// The server's, where it does not answer at all.
pub async fn again(
    client: &Client,
    server: &Server,
    change: &Change,
    plan: &[Change],
    snapshot: &Snapshot,
) -> Result<(Stake, Vec<Target>), ApiError> {
    let (change, gone, none) = (std::slice::from_ref(change), gone(plan), BTreeMap::new());
    let mut at_stake = at_stake(client, server, change, &gone, snapshot).await?;
    let (mut dependents, _) = dependents::of(client, server, change, &gone, &none, snapshot).await?;
    let address = &change[0].address;
    Ok((at_stake.remove(address).unwrap_or_default(), dependents.remove(address).unwrap_or_default()))
}

/// Whether others may put something into the object of `kind`, or let it act as the object, that goes with it unasked.
pub fn takes_along(kind: Kind) -> bool {
    kind == Kind::HOME || kind.with(Role::Owns).is_some()
}

/// What is at stake in `changes`, of a plan by which all that is in `gone` goes.
async fn at_stake(
    client: &Client,
    server: &Server,
    changes: &[Change],
    gone: &Gone<'_>,
    snapshot: &Snapshot,
) -> Result<BTreeMap<Address, Stake>, ApiError> {
    let bound = along::read(client, server, changes).await?;
    let mut found: BTreeMap<Address, Stake> = BTreeMap::new();
    let (mut addresses, mut probes) = (Vec::new(), Vec::new());
    for change in changes {
        let (address, kind) = (&change.address, change.address.kind);
        // The run would end itself: that is refused whatever goes along.
        let removed = change.object.as_ref().filter(|object| change.action.removes() && object.id != snapshot.me);
        if let Some(object) = removed {
            let (along, unseen) = bound.along(kind, &object.id, gone);
            if !along.is_empty() || !unseen.is_empty() {
                found.insert(address.clone(), Stake { along, unseen, ..Stake::default() });
            }
        }
        let Some(reach) = reach(change, snapshot) else { continue };
        let stake = found.entry(address.clone()).or_default();
        let first = probes.len();
        match reach {
            Reach::All(object) if kind.spec().level == Level::Org => probes.push(Probe::new(object, None)),
            Reach::All(object) => probes.extend(bound.data_in(&object.id).map(|held| Probe::new(held, None))),
            Reach::Older(object, keep) => match edge(keep, snapshot.at) {
                Some(stop) => probes.push(Probe::new(object, Some(stop))),
                None => stake.data = Data::Unknown("the retention is longer than InfluxDB can count".to_owned()),
            },
        }
        addresses.extend(std::iter::repeat_n(address, probes.len() - first));
    }
    for ((address, probe), data) in addresses.into_iter().zip(&probes).zip(look(client, &probes).await?) {
        let total = &mut found.get_mut(address).expect("invariant: each address was put in above").data;
        *total = std::mem::take(total).and(data, &probe.bucket);
    }
    Ok(found)
}

/// A bucket that is looked into.
struct Probe {
    org: String,
    bucket: String,
    /// Only what is older than this counts.
    stop: Option<Timestamp>,
}

impl Probe {
    fn new(bucket: &Object, stop: Option<Timestamp>) -> Self {
        Self { org: bucket.org.clone().unwrap_or_default(), bucket: bucket.name.clone(), stop }
    }
}

/// Before when a retention of `keep` drops points, seen from the server's time `at` (milliseconds since 1970).
fn edge(keep: Duration, at: u64) -> Option<Timestamp> {
    let now = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    now.checked_sub(SignedDuration::from_nanos(i64::try_from(keep.nanos).ok()?)).ok()
}

/// What is in each bucket: whether there is any point first, which is quick and asked of many at once; how many, and
/// until when, only of those that have one.
async fn look(client: &Client, probes: &[Probe]) -> Result<Vec<Data>, ApiError> {
    let mut orgs: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, probe) in probes.iter().enumerate() {
        orgs.entry(&probe.org).or_default().push(at);
    }
    let batches: Vec<&[usize]> = orgs.values().flat_map(|of_org| of_org.chunks(PER_QUERY)).collect();
    let batches = stream::iter(batches).map(async |batch| {
        let asked: Vec<(&str, Option<Timestamp>)> =
            batch.iter().map(|at| (probes[*at].bucket.as_str(), probes[*at].stop)).collect();
        let firsts = ask(client, &probes[batch[0]].org, query::first_points(&asked)).await?;
        // One bucket that cannot be read fails the query for all.
        let firsts =
            firsts.and_then(|csv| query::read_first_points(&csv, asked.len()).map_err(|error| error.to_string()));
        Ok((batch, firsts.ok()))
    });
    let (mut found, mut rest) = (BTreeMap::new(), Vec::new());
    for (batch, firsts) in batches.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await? {
        match firsts {
            None => rest.extend(batch.iter().map(|at| (*at, false))),
            Some(firsts) => {
                let (some, none): (Vec<_>, Vec<_>) = batch.iter().zip(firsts).partition(|(_, first)| first.is_some());
                found.extend(none.into_iter().map(|(at, _)| (*at, Data::None)));
                rest.extend(some.into_iter().map(|(at, _)| (*at, true)));
            }
        }
    }
    let alone = stream::iter(rest).map(async |(at, shown)| Ok((at, extent(client, &probes[at], shown).await?)));
    found.extend(alone.buffer_unordered(ALONE_AT_ONCE).try_collect::<Vec<_>>().await?);
    Ok(found.into_values().collect())
}

/// The reply to a query, or why the server does not answer this one.
///
/// # Errors
/// The server does not answer at all for now: then nothing is known, and the next run will tell.
async fn ask(
    client: &Client,
    org: &str,
    script: Result<String, crate::flux::LiteralError>,
) -> Result<Result<String, String>, ApiError> {
    let script = match script {
        Ok(script) => script,
        Err(error) => return Ok(Err(error.to_string())),
    };
    match client.evidence_query(org, &script).await {
        Ok(csv) => Ok(Ok(csv)),
        Err(error) if matches!(error.status, Some(429 | 502..=504)) => Err(error),
        Err(error) if error.class == Class::Unavailable => {
            // A query may take too long though the server is well.
            client.health().await?;
            Ok(Err(error.message))
        }
        Err(error) => Ok(Err(error.message)),
    }
}

/// What is in one bucket, of which it may be `shown` already that it is not empty.
async fn extent(client: &Client, probe: &Probe, shown: bool) -> Result<Data, ApiError> {
    let read = async |script| {
        let csv = ask(client, &probe.org, script).await?;
        Ok::<_, ApiError>(csv.and_then(|csv| query::read_reply(&csv).map_err(|error| error.to_string())))
    };
    if !shown {
        match read(query::any_point(&probe.bucket, probe.stop)).await? {
            Err(why) => return Ok(Data::Unknown(why)),
            Ok(reply) if reply.first.is_none() => return Ok(Data::None),
            Ok(_) => {}
        }
    }
    Ok(match read(query::extent(&probe.bucket, probe.stop)).await? {
        Err(_) => Data::Some { count: None, first: None, last: None },
        Ok(reply) => Data::Some {
            count: reply.values,
            first: reply.first.map(|time| time.to_string()),
            last: reply.last.map(|time| time.to_string()),
        },
    })
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
