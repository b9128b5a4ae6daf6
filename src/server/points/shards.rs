//! Shard groups: the stretches of time within which a field has one type, and which expire as a whole.

use std::collections::BTreeMap;
use std::ops::Range;

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::line_protocol::{MAX_TIME, Point};
use super::store::Retention;
use crate::server::go_text;

/// Bucket and start of a shard group to its end (excluded), nanoseconds since 1970.
const SHARD_GROUPS: TableDefinition<'_, (u64, i64), i64> = TableDefinition::new("points_shard_groups");

/// Whether its table is of its type.
pub(super) fn check(transaction: &ReadTransaction) -> Result<(), redb::Error> {
    super::is_sound(transaction.open_table(SHARD_GROUPS))
}

/// Shard groups are counted from the year 1, so that those of 7 days begin on a Monday.
const YEAR_1: i128 = -62_135_596_800_000_000_000;

/// The shard groups of a bucket, made where a batch needs them.
pub(super) struct ShardGroups<'t> {
    bucket: u64,
    length: i128,
    table: Table<'t, (u64, i64), i64>,
    /// Those that this batch asked for: start to end.
    needed: BTreeMap<i64, i64>,
}

impl<'t> ShardGroups<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        bucket: u64,
        retention: Retention,
    ) -> Result<Self, redb::Error> {
        Ok(Self {
            bucket,
            length: i128::from(retention.shard_group.max(1)),
            table: transaction.open_table(SHARD_GROUPS)?,
            needed: BTreeMap::new(),
        })
    }

    /// The start of the group that covers a time, among those that [`Self::cover`] was asked for.
    pub(super) fn covered(&self, time: i64) -> Option<i64> {
        self.needed.range(..=time).next_back().filter(|(_, end)| time < **end).map(|(start, _)| *start)
    }

    /// Makes sure that a group covers a time; a new one yields to its neighbours.
    pub(super) fn cover(&mut self, time: i64) -> Result<(), redb::Error> {
        if self.covered(time).is_some() {
            return Ok(());
        }
        let since = i128::from(time) - YEAR_1;
        let start = YEAR_1 + since - since.rem_euclid(self.length);
        let mut end = i64::try_from(start + self.length).unwrap_or(MAX_TIME + 1);
        let mut start = i64::try_from(start).unwrap_or(i64::MIN);
        let before = self.table.range((self.bucket, i64::MIN)..=(self.bucket, time))?.next_back().transpose()?;
        let before = before.map(|(key, end)| (key.value().1, end.value()));
        if let Some((earlier, earlier_end)) = before {
            if time < earlier_end {
                self.needed.insert(earlier, earlier_end);
                return Ok(());
            }
            start = start.max(earlier_end);
        }
        let after = self.table.range((self.bucket, time)..=(self.bucket, i64::MAX))?.next().transpose()?;
        if let Some(later) = after.map(|(key, _)| key.value().1) {
            end = end.min(later);
        }
        self.table.insert((self.bucket, start), end)?;
        self.needed.insert(start, end);
        Ok(())
    }
}

/// What influxd says about points before the retention.
pub(super) fn outside_retention(points: &[&Point], oldest: i64, retention: Retention, bucket: u64) -> Option<String> {
    // Among points of one time the first in the batch is named.
    let earliest = points.iter().min_by_key(|point| point.time)?;
    let latest = points.iter().rev().max_by_key(|point| point.time)?;
    let bound = go_text::time(oldest);
    let dropped = |point: &Point| {
        format!(
            "point {} at {} dropped because it violates a Retention Policy Lower Bound at {bound}",
            go_text::lossy(&point.series),
            go_text::time(point.time)
        )
    };
    Some(format!(
        "partial write: dropped {count} points outside retention policy of duration {} - oldest {}, newest {} \
         dropped={count} for database: {bucket:016x} for retention policy: autogen",
        go_text::duration(retention.duration),
        dropped(earliest),
        dropped(latest),
        count = points.len(),
    ))
}

/// The groups of a bucket.
pub(super) fn all(transaction: &WriteTransaction, bucket: u64) -> Result<Vec<Range<i64>>, redb::Error> {
    let table = transaction.open_table(SHARD_GROUPS)?;
    let rows = table.range((bucket, i64::MIN)..=(bucket, i64::MAX))?;
    rows.map(|row| row.map(|(start, end)| start.value().1..end.value()).map_err(Into::into)).collect()
}

pub(super) fn delete_bucket(transaction: &WriteTransaction, bucket: u64) -> Result<(), redb::Error> {
    transaction.open_table(SHARD_GROUPS)?.retain_in((bucket, i64::MIN)..=(bucket, i64::MAX), |_, _| false)?;
    Ok(())
}

/// Forgets the groups that ended before the retention, and says which.
pub(super) fn take_expired(
    transaction: &WriteTransaction,
    bucket: u64,
    retention: Retention,
    now: i64,
) -> Result<Vec<Range<i64>>, redb::Error> {
    let mut expired = Vec::new();
    if retention.duration == 0 {
        return Ok(expired);
    }
    let oldest = now.saturating_sub(retention.duration);
    transaction.open_table(SHARD_GROUPS)?.retain_in((bucket, i64::MIN)..=(bucket, i64::MAX), |(_, start), end| {
        if end < oldest {
            expired.push(start..end);
        }
        end >= oldest
    })?;
    Ok(expired)
}
