//! Takes points away: between two times, of the series that a predicate holds of.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use redb::{ReadableTable as _, WriteTransaction};

use super::fields::unescape;
use super::predicate::Predicate;
use super::shards;
use super::store::{self, FIELD_TYPES, SERIES, VALUES};

/// Deletes the points of a bucket in `range`.
///
/// # Errors
/// Only those of the database.
pub(super) fn points(
    transaction: &WriteTransaction,
    bucket: u64,
    range: &Range<i64>,
    predicate: &Predicate,
) -> Result<(), redb::Error> {
    store::drop_range(transaction, bucket, range, |series| predicate.holds(series))?;
    for group in shards::all(transaction, bucket)? {
        if group.start < range.end && range.start < group.end {
            forget_types(transaction, bucket, &group)?;
        }
    }
    Ok(())
}

/// The types of fields are forgotten with the last point of a measurement in a shard group (influxd 2.9.1, measured).
fn forget_types(transaction: &WriteTransaction, bucket: u64, group: &Range<i64>) -> Result<(), redb::Error> {
    let measurements = measurements(transaction, bucket, group)?;
    transaction.open_table(FIELD_TYPES)?.retain_in(
        store::field_types(bucket, group.start)..store::field_types(bucket, group.start + 1),
        |(_, _, field), _| measurements.contains(field.split(|byte| *byte == 0).next().unwrap_or_default()),
    )?;
    Ok(())
}

/// The measurements with a point in `group`.
fn measurements(
    transaction: &WriteTransaction,
    bucket: u64,
    group: &Range<i64>,
) -> Result<BTreeSet<Vec<u8>>, redb::Error> {
    let (series, values) = (transaction.open_table(SERIES)?, transaction.open_table(VALUES)?);
    let mut found = BTreeMap::new();
    for row in series.range(store::bucket_rows(bucket))? {
        let (key, row) = row?;
        let (number, _, first, last) = row.value();
        if last < group.start || group.end <= first {
            continue;
        }
        let has_points = found.entry(measurement(key.value().1)).or_insert(false);
        if !*has_points {
            let mut rows = values.range((bucket, number, group.start)..(bucket, number, group.end))?;
            *has_points = rows.next().transpose()?.is_some();
        }
    }
    Ok(found.into_iter().filter_map(|(measurement, has_points)| has_points.then_some(measurement)).collect())
}

/// The measurement of a series, without its escapes.
fn measurement(series: &[u8]) -> Vec<u8> {
    let end = (0..series.len())
        .find(|at| series[*at] == 0 || series[*at] == b',' && (*at == 0 || series[at - 1] != b'\\'))
        .unwrap_or(series.len());
    unescape(&series[..end], b", ")
}
