//! One batch inside one transaction: types are checked, values inserted, the rows of their series updated at the end.

use std::collections::{BTreeMap, HashMap};

use redb::{ReadableTable, Table, WriteTransaction};

use super::line_protocol::{Point, Value};
use super::store::{Extent, FIELD_TYPES, FieldKey, NEXT_SERIES, SERIES, SeriesKey, SeriesRow, VALUES, ValueKey};
use crate::server::go_text;

/// The longest string value, in bytes.
const MAX_STRING: usize = 1_048_576;

/// Open tables and what one batch changes in them.
pub(super) struct Batch<'t> {
    bucket: u64,
    series: Table<'t, SeriesKey, SeriesRow>,
    values: Table<'t, ValueKey, &'static [u8]>,
    types: Table<'t, FieldKey, u8>,
    next_series: Table<'t, (), u64>,
    next: u64,
    /// By the name of the series.
    touched: HashMap<Vec<u8>, Touched>,
    /// Types of the shard group at hand, by field of a measurement.
    known: HashMap<Vec<u8>, u8>,
}

/// A series that gets values. They are inserted at the end, in the order of their keys: pages are then written once.
struct Touched {
    number: u64,
    extent: Extent,
    /// Encoded, by time.
    values: BTreeMap<i64, Vec<u8>>,
}

impl<'t> Batch<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, bucket: u64) -> Result<Self, redb::Error> {
        let next_series = transaction.open_table(NEXT_SERIES)?;
        let next = next_series.get(())?.map_or(0, |next| next.value());
        Ok(Self {
            bucket,
            series: transaction.open_table(SERIES)?,
            values: transaction.open_table(VALUES)?,
            types: transaction.open_table(FIELD_TYPES)?,
            next_series,
            next,
            touched: HashMap::new(),
            known: HashMap::new(),
        })
    }

    /// Adds what belongs into one shard group: how many points, and why not all.
    pub(super) fn add_group(&mut self, start: i64, points: &[&Point]) -> Result<(u64, Option<String>), redb::Error> {
        let (mut kept, mut dropped) = (0, 0_u64);
        let mut reason: Option<String> = None;
        let mut stripped = None;
        self.known.clear();
        for point in points {
            let measurement = go_text::lossy(&point.measurement);
            if point.fields.iter().all(|(name, _)| name == b"time") {
                dropped += 1;
                reason.get_or_insert_with(|| {
                    format!("invalid field name: input field \"time\" on measurement \"{measurement}\" is invalid")
                });
                continue;
            }
            if let Some(refusal) = self.check_fields(start, point)? {
                dropped += 1;
                reason.get_or_insert(refusal);
                continue;
            }
            for (name, value) in &point.fields {
                if name == b"time" {
                    stripped = Some(format!(
                        "partial write: invalid field name: input field \"time\" on measurement \"{measurement}\" is invalid. \
                         Field \"time\" has been stripped from point. dropped=0 for database: {:016x} for retention policy: autogen",
                        self.bucket
                    ));
                    continue;
                }
                self.add_value(&point.series, name, point.time, value)?;
            }
            kept += 1;
        }
        Ok((kept, reason.map(|reason| format!("partial write: {reason} dropped={dropped}")).or(stripped)))
    }

    /// Why a point is refused for a field; the fields before that one are known from then on all the same.
    fn check_fields(&mut self, start: i64, point: &Point) -> Result<Option<String>, redb::Error> {
        for (name, value) in &point.fields {
            let refused = |what: String| format!("input field {} on measurement {what}", go_text::quote(name));
            if let Value::String(text) = value
                && text.len() > MAX_STRING
            {
                let measurement = go_text::quote(&point.measurement);
                return Ok(Some(refused(format!("{measurement} is too long, {} > {MAX_STRING}", text.len()))));
            }
            if name == b"time" {
                continue;
            }
            let mut field = point.measurement.clone();
            field.push(0);
            field.extend_from_slice(name);
            let known = match self.known.get(&field) {
                Some(known) => Some(*known),
                None => self.types.get((self.bucket, start, field.as_slice()))?.map(|known| known.value()),
            };
            match known {
                None => drop(self.types.insert((self.bucket, start, field.as_slice()), type_code(value))?),
                Some(known) if known == type_code(value) => {}
                Some(known) => {
                    let measurement = go_text::quote(&point.measurement);
                    let (new, old) = (type_name(type_code(value)), type_name(known));
                    let refused = refused(format!("{measurement} is type {new}, already exists as type {old}"));
                    return Ok(Some(format!("field type conflict: {refused}")));
                }
            }
            self.known.insert(field, type_code(value));
        }
        Ok(None)
    }

    fn add_value(&mut self, series: &[u8], field: &[u8], time: i64, value: &Value) -> Result<(), redb::Error> {
        let mut name = Vec::with_capacity(series.len() + 1 + field.len());
        name.extend_from_slice(series);
        name.push(0);
        name.extend_from_slice(field);
        if let Some(touched) = self.touched.get_mut(&name) {
            touched.values.insert(time, encoded(value));
            return Ok(());
        }
        let row = self.series.get((self.bucket, name.as_slice()))?.map(|row| row.value());
        let (number, extent) = match row {
            Some((number, values, first, last)) => (number, Extent { values, times: Some((first, last)) }),
            None => {
                self.next += 1;
                (self.next, Extent::default())
            }
        };
        let values = BTreeMap::from([(time, encoded(value))]);
        self.touched.insert(name, Touched { number, extent, values });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), redb::Error> {
        let mut touched: Vec<_> = self.touched.into_iter().collect();
        touched.sort_unstable_by_key(|(_, series)| series.number);
        for (name, Touched { number, mut extent, values }) in touched {
            for (time, value) in values {
                let replaced = self.values.insert((self.bucket, number, time), value.as_slice())?.is_some();
                extent.values += u64::from(!replaced);
                let (first, last) = extent.times.unwrap_or((time, time));
                extent.times = Some((first.min(time), last.max(time)));
            }
            let (first, last) = extent.times.expect("invariant: a touched series has a value");
            self.series.insert((self.bucket, name.as_slice()), (number, extent.values, first, last))?;
        }
        self.next_series.insert((), self.next)?;
        Ok(())
    }
}

fn type_code(value: &Value) -> u8 {
    match value {
        Value::Float(_) => 0,
        Value::Integer(_) => 1,
        Value::Unsigned(_) => 2,
        Value::String(_) => 3,
        Value::Boolean(_) => 4,
    }
}

fn type_name(code: u8) -> &'static str {
    match code {
        0 => "float",
        1 => "integer",
        2 => "unsigned",
        3 => "string",
        _ => "boolean",
    }
}

/// One byte for the type, then the value.
fn encoded(value: &Value) -> Vec<u8> {
    let mut out = vec![type_code(value)];
    match value {
        Value::Float(float) => out.extend_from_slice(&float.to_le_bytes()),
        Value::Integer(integer) => out.extend_from_slice(&integer.to_le_bytes()),
        Value::Unsigned(unsigned) => out.extend_from_slice(&unsigned.to_le_bytes()),
        Value::String(text) => out.extend_from_slice(text),
        Value::Boolean(boolean) => out.push(u8::from(*boolean)),
    }
    out
}
