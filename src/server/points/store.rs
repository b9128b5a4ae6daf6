//! Points in redb: written inside the caller's transaction, so they are durable when its commit returns.
//!
//! A *series* here is one field of one measurement with one set of tags. Its row keeps count, first and last time, so
//! that evidence about a whole bucket reads one row for each series and no values.

use std::collections::BTreeMap;
use std::ops::Range;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableError, WriteTransaction};

use super::batch::Batch;
use super::is_sound;
use super::line_protocol::{MIN_TIME, Point};
use super::shards::{self, ShardGroups};

/// Bucket and series name.
pub(super) type SeriesKey = (u64, &'static [u8]);
/// Series number, values, first time, last time.
pub(super) type SeriesRow = (u64, u64, i64, i64);
/// Bucket, series number and time.
pub(super) type ValueKey = (u64, u64, i64);
/// Bucket, start of the shard group, and field of a measurement.
pub(super) type FieldKey = (u64, i64, &'static [u8]);

/// Each series of each bucket.
pub(super) const SERIES: TableDefinition<'_, SeriesKey, SeriesRow> = TableDefinition::new("points_series");
/// Each value, encoded.
pub(super) const VALUES: TableDefinition<'_, ValueKey, &[u8]> = TableDefinition::new("points_values");
/// The type of each field.
pub(super) const FIELD_TYPES: TableDefinition<'_, FieldKey, u8> = TableDefinition::new("points_field_types");
/// The next series number, under the empty key.
pub(super) const NEXT_SERIES: TableDefinition<'_, (), u64> = TableDefinition::new("points_next_series");

/// What decides how long the points of a bucket are kept, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// How long a point is kept; 0 is for ever.
    pub(crate) duration: i64,
    /// How long a new shard group is; never 0.
    pub(crate) shard_group: i64,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// How many points were kept.
    pub(crate) points: u64,
    /// Why some were not (or lost a field), as influxd 2.9.1 words it; the others are kept.
    pub(crate) partial: Option<String>,
}

/// Values of a bucket within some time range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// How many values, over all fields.
    pub(crate) values: u64,
    /// The times of the first and the last value, nanoseconds since 1970; `None` without values.
    pub(crate) times: Option<(i64, i64)>,
}

/// Writes a batch into a bucket; `now` is in nanoseconds since 1970.
///
/// The last value written for a series and a time wins. Points before the retention, and points with a field that has
/// another type in the same shard group, are left out and named in [`Written::partial`] (influxd 2.9.1, measured).
///
/// # Errors
/// Only those of the database.
pub(super) fn write(
    transaction: &WriteTransaction,
    bucket: u64,
    retention: Retention,
    points: &[Point],
    now: i64,
) -> Result<Written, redb::Error> {
    let mut batch = Batch::open(transaction, bucket)?;
    let mut groups = ShardGroups::open(transaction, bucket, retention)?;
    let oldest = if retention.duration == 0 { MIN_TIME } else { now.saturating_sub(retention.duration) };
    for point in points.iter().filter(|point| point.time >= oldest) {
        groups.cover(point.time)?;
    }
    let mut by_group: BTreeMap<i64, Vec<&Point>> = BTreeMap::new();
    let mut outside = Vec::new();
    for point in points {
        match groups.covered(point.time) {
            Some(start) => by_group.entry(start).or_default().push(point),
            None => outside.push(point),
        }
    }
    let mut partial = shards::outside_retention(&outside, oldest, retention, bucket);
    let mut kept = 0;
    let mut refused_in_group = None;
    for (start, points) in by_group {
        let (count, reason) = batch.add_group(start, &points)?;
        kept += count;
        refused_in_group = refused_in_group.or(reason);
    }
    // A refusal inside a shard group hides the one for the retention.
    partial = refused_in_group.or(partial);
    batch.finish()?;
    Ok(Written { points: kept, partial })
}

/// Whether its tables are of their types.
pub(super) fn check(transaction: &ReadTransaction) -> Result<(), redb::Error> {
    is_sound(transaction.open_table(SERIES))?;
    is_sound(transaction.open_table(VALUES))?;
    is_sound(transaction.open_table(FIELD_TYPES))?;
    is_sound(transaction.open_table(NEXT_SERIES))
}

/// What a bucket has between two times, the end excluded.
///
/// # Errors
/// Only those of the database.
pub(super) fn extent(transaction: &ReadTransaction, bucket: u64, range: Range<i64>) -> Result<Extent, redb::Error> {
    let (series, values) = match (transaction.open_table(SERIES), transaction.open_table(VALUES)) {
        (Ok(series), Ok(values)) => (series, values),
        // Nobody has written a point yet.
        (Err(TableError::TableDoesNotExist(_)), _) | (_, Err(TableError::TableDoesNotExist(_))) => {
            return Ok(Extent::default());
        }
        (Err(error), _) | (_, Err(error)) => return Err(error.into()),
    };
    let mut total = Extent::default();
    for row in series.range(bucket_rows(bucket))? {
        let (number, count, first, last) = row?.1.value();
        let found = if range.start <= first && last < range.end {
            Extent { values: count, times: Some((first, last)) }
        } else {
            series_extent(&values, bucket, number, &range)?
        };
        total.values += found.values;
        total.times = match (total.times, found.times) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
    }
    Ok(total)
}

fn series_extent(
    values: &ReadOnlyTable<ValueKey, &'static [u8]>,
    bucket: u64,
    number: u64,
    range: &Range<i64>,
) -> Result<Extent, redb::Error> {
    let mut found = Extent::default();
    if range.is_empty() {
        return Ok(found);
    }
    for row in values.range((bucket, number, range.start)..(bucket, number, range.end))? {
        let time = row?.0.value().2;
        found.values += 1;
        found.times = Some((found.times.map_or(time, |(first, _)| first), time));
    }
    Ok(found)
}

/// Forgets a bucket's points and everything known about them.
///
/// # Errors
/// Only those of the database.
pub(crate) fn delete_bucket(transaction: &WriteTransaction, bucket: u64) -> Result<(), redb::Error> {
    transaction.open_table(SERIES)?.retain_in(bucket_rows(bucket), |_, _| false)?;
    transaction.open_table(VALUES)?.retain_in((bucket, 0, i64::MIN)..=(bucket, u64::MAX, i64::MAX), |_, _| false)?;
    transaction
        .open_table(FIELD_TYPES)?
        .retain_in(field_types(bucket, i64::MIN)..field_types_end(bucket), |_, _| false)?;
    shards::delete_bucket(transaction, bucket)
}

/// Drops the shard groups of a bucket that ended before its retention, as influxd does every 30 minutes; `now` is in
/// nanoseconds since 1970. Says whether anything was dropped.
///
/// # Errors
/// Only those of the database.
pub(super) fn drop_expired(
    transaction: &WriteTransaction,
    bucket: u64,
    retention: Retention,
    now: i64,
) -> Result<bool, redb::Error> {
    let expired = shards::take_expired(transaction, bucket, retention, now)?;
    for group in &expired {
        transaction
            .open_table(FIELD_TYPES)?
            .retain_in(field_types(bucket, group.start)..field_types(bucket, group.start + 1), |_, _| false)?;
        drop_range(transaction, bucket, group, |_| true)?;
    }
    Ok(!expired.is_empty())
}

/// Drops what the series that `belongs` names have in `range`.
pub(super) fn drop_range(
    transaction: &WriteTransaction,
    bucket: u64,
    range: &Range<i64>,
    belongs: impl Fn(&[u8]) -> bool,
) -> Result<(), redb::Error> {
    let mut series = transaction.open_table(SERIES)?;
    let mut values = transaction.open_table(VALUES)?;
    let mut changed = Vec::new();
    for row in series.range(bucket_rows(bucket))? {
        let (key, row) = row?;
        let (number, count, first, last) = row.value();
        if first < range.end && range.start <= last && belongs(key.value().1) {
            changed.push((key.value().1.to_vec(), number, count));
        }
    }
    for (name, number, count) in changed {
        let mut gone = 0;
        values.retain_in((bucket, number, range.start)..(bucket, number, range.end), |_, _| {
            gone += 1;
            false
        })?;
        let mut left = values.range((bucket, number, i64::MIN)..=(bucket, number, i64::MAX))?;
        let first = left.next().transpose()?.map(|(key, _)| key.value().2);
        let last = left.next_back().transpose()?.map(|(key, _)| key.value().2);
        drop(left);
        let key = (bucket, name.as_slice());
        match first {
            Some(first) => drop(series.insert(key, (number, count - gone, first, last.unwrap_or(first)))?),
            None => drop(series.remove(key)?),
        }
    }
    Ok(())
}

/// The rows of a bucket among the series.
pub(super) fn bucket_rows(bucket: u64) -> Range<SeriesKey> {
    // IDs are never all ones: the server makes them.
    (bucket, &[][..])..(bucket.saturating_add(1), &[][..])
}

/// Where the types of a shard group begin.
pub(super) fn field_types(bucket: u64, start: i64) -> FieldKey {
    (bucket, start, &[])
}

fn field_types_end(bucket: u64) -> FieldKey {
    field_types(bucket.saturating_add(1), i64::MIN)
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    use super::super::line_protocol::{Precision, parse};
    use super::*;

    const DAY: i64 = 86_400_000_000_000;
    const NOW: i64 = 20_000 * DAY;
    const FOR_EVER: Retention = Retention { duration: 0, shard_group: 7 * DAY };
    const MONTH: Retention = Retention { duration: 30 * DAY, shard_group: DAY };
    const ALL: Range<i64> = MIN_TIME..i64::MAX;

    struct Points(Database);

    impl Points {
        fn new() -> Self {
            Self(Database::builder().create_with_backend(InMemoryBackend::new()).unwrap())
        }

        fn write(&self, bucket: u64, retention: Retention, lines: &str) -> Written {
            let points = parse(lines.as_bytes(), Precision::Nanoseconds, NOW).unwrap();
            let transaction = self.0.begin_write().unwrap();
            let written = write(&transaction, bucket, retention, &points, NOW).unwrap();
            transaction.commit().unwrap();
            written
        }

        fn partial(&self, retention: Retention, lines: &str) -> String {
            self.write(1, retention, lines).partial.unwrap_or_default()
        }

        fn extent(&self, bucket: u64, range: Range<i64>) -> Extent {
            extent(&self.0.begin_read().unwrap(), bucket, range).unwrap()
        }

        fn change(&self, change: impl FnOnce(&WriteTransaction)) {
            let transaction = self.0.begin_write().unwrap();
            change(&transaction);
            transaction.commit().unwrap();
        }
    }

    #[test]
    fn the_last_value_of_a_series_at_a_time_wins() {
        let points = Points::new();
        points.write(1, FOR_EVER, "m,b=1,a=2 v=1,w=1 5\nm,a=2,b=1 v=2 5\nm v=3 5\nm v=1,v=2 5");
        assert_eq!(points.extent(1, ALL), Extent { values: 3, times: Some((5, 5)) });
        assert_eq!(points.write(1, FOR_EVER, "m v=4 5\nm v=4 9").points, 2);
        assert_eq!(points.extent(1, ALL), Extent { values: 4, times: Some((5, 9)) });
    }

    #[test]
    fn a_range_cuts_series_at_both_ends() {
        let points = Points::new();
        points.write(1, FOR_EVER, "m v=1 1\nm v=1 3\nn v=1 5\nn v=1 7");
        points.write(2, FOR_EVER, "m v=1 4");
        assert_eq!(points.extent(1, 2..6), Extent { values: 2, times: Some((3, 5)) });
        assert_eq!(points.extent(1, MIN_TIME..1), Extent::default());
        assert_eq!(points.extent(3, ALL), Extent::default());
    }

    #[test]
    fn the_ends_of_time_are_kept() {
        let points = Points::new();
        let written = points.write(1, FOR_EVER, "m v=1 -9223372036854775806\nm v=1 9223372036854775806");
        assert_eq!(written, Written { points: 2, partial: None });
        assert_eq!(points.extent(1, ALL).times, Some((MIN_TIME, i64::MAX - 1)));
    }

    #[test]
    fn a_field_has_one_type_within_a_shard_group() {
        let points = Points::new();
        assert_eq!(points.partial(FOR_EVER, "m v=1 0"), "");
        assert_eq!(
            points.partial(FOR_EVER, "m v=2 6\nm v=1i 7\nm v=\"x\" 8\nn v=1i 9"),
            "partial write: field type conflict: input field \"v\" on measurement \"m\" is type integer, already exists as type float dropped=2"
        );
        assert_eq!(points.extent(1, ALL), Extent { values: 3, times: Some((0, 9)) });
        assert_eq!(points.partial(FOR_EVER, &format!("m v=1i {}", 10 * DAY)), "");
        // The fields before the one in conflict are known from then on.
        assert!(points.partial(FOR_EVER, "m n=1,v=1i 2").contains("type integer"));
        assert!(points.partial(FOR_EVER, "m n=1i 3").contains("input field \"n\""));
    }

    #[test]
    fn a_field_named_time_is_taken_away() {
        let points = Points::new();
        let only = "partial write: invalid field name: input field \"time\" on measurement \"m\" is invalid";
        assert_eq!(points.partial(FOR_EVER, "m time=1 1"), format!("{only} dropped=1"));
        assert_eq!(
            points.partial(FOR_EVER, "m time=1,v=2 2"),
            format!(
                "{only}. Field \"time\" has been stripped from point. dropped=0 for database: 0000000000000001 for retention policy: autogen"
            )
        );
        assert_eq!(points.extent(1, ALL).values, 1);
    }

    #[test]
    fn points_before_the_retention_are_left_out_unless_their_shard_group_is_needed() {
        let points = Points::new();
        let written = points.write(1, MONTH, &format!("m v=1\nm v=2 {}\nm,t=a v=3 {}", NOW - 40 * DAY, NOW - 50 * DAY));
        assert_eq!(written.points, 1);
        insta::assert_snapshot!(written.partial.unwrap(), @"partial write: dropped 2 points outside retention policy of duration 720h0m0s - oldest point m,t=a at 2024-08-15T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2024-09-04T00:00:00Z, newest point m at 2024-08-25T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2024-09-04T00:00:00Z dropped=2 for database: 0000000000000001 for retention policy: autogen");
        let edge = NOW - 30 * DAY;
        assert!(points.partial(MONTH, &format!("m v=1 {}", edge - 1)).contains("dropped 1 points"));
        let weekly = Retention { shard_group: 7 * DAY, ..MONTH };
        assert_eq!(points.write(2, weekly, &format!("m v=1 {edge}\nm v=1 {}", edge - 1)).partial, None);
    }

    #[test]
    fn a_deleted_bucket_leaves_nothing_and_touches_no_other() {
        let points = Points::new();
        for bucket in [1, 2, 3] {
            points.write(bucket, FOR_EVER, "m v=1 1\nn v=2 2");
        }
        points.change(|transaction| delete_bucket(transaction, 2).unwrap());
        assert_eq!([1, 2, 3].map(|bucket| points.extent(bucket, ALL).values), [2, 0, 2]);
        assert_eq!(points.write(2, FOR_EVER, "m v=1i 1").partial, None);
    }

    #[test]
    fn shard_groups_expire_as_a_whole() {
        let points = Points::new();
        points.write(1, FOR_EVER, &format!("m v=1 {}\nm v=1 {}\nn v=1 0", NOW - 60 * DAY, NOW - DAY));
        points.change(|transaction| {
            assert!(drop_expired(transaction, 1, MONTH, NOW).unwrap());
            assert!(!drop_expired(transaction, 1, MONTH, NOW).unwrap());
        });
        assert_eq!(points.extent(1, ALL), Extent { values: 1, times: Some((NOW - DAY, NOW - DAY)) });
    }
}
