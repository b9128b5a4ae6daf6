//! Line protocol, as strict and as lax as influxd 2.9.1 reads it.
//!
//! Everything here was measured on influxd 2.9.1: a bad line refuses the whole request, a carriage return is no line end,
//! a quoted string may hold line breaks, names need not be UTF-8, and text behind a closing quote belongs to the string.

use super::fields::{self, Refusal};
use crate::server::go_text;

/// The earliest time a point may have, nanoseconds since 1970 (1677-09-21T00:12:43.145224194Z).
pub(super) const MIN_TIME: i64 = i64::MIN + 2;
/// The latest time a point may have, nanoseconds since 1970 (2262-04-11T23:47:16.854775806Z).
pub(super) const MAX_TIME: i64 = i64::MAX - 1;

/// The longest series key with a field name, in bytes.
const MAX_KEY: usize = 65_535;
/// What the storage engine puts between a series key and a field name: it counts towards [`MAX_KEY`].
const KEY_SEPARATOR: usize = 4;
/// Tag keys that the query language needs for itself.
const RESERVED_TAGS: [&[u8]; 5] = [b"\xff", b"\x00", b"_field", b"_measurement", b"time"];

/// The unit of the timestamps in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// `ns`, also when the request names none.
    Nanoseconds,
    /// `us`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
}

impl Precision {
    /// Reads the `precision` parameter; an empty one means nanoseconds, an unknown one is `None`.
    #[must_use]
    pub(super) fn from_parameter(text: &str) -> Option<Self> {
        match text {
            "" | "ns" => Some(Self::Nanoseconds),
            "us" => Some(Self::Microseconds),
            "ms" => Some(Self::Milliseconds),
            "s" => Some(Self::Seconds),
            _ => None,
        }
    }

    /// How many nanoseconds one unit has.
    fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
        }
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `1`, `1.5`, `1e3`.
    Float(f64),
    /// `1i`.
    Integer(i64),
    /// `1u`.
    Unsigned(u64),
    /// `"text"`, unescaped; not necessarily UTF-8.
    String(Vec<u8>),
    /// `t`, `true`, `False`, ...
    Boolean(bool),
}

/// One line: a series, its fields and a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// Measurement and tags, still escaped, tags sorted by key: what identifies the series.
    pub(super) series: Vec<u8>,
    /// The measurement, unescaped.
    pub(super) measurement: Vec<u8>,
    /// Names, unescaped, and values in the order of the line; a name may occur twice.
    pub(super) fields: Vec<(Vec<u8>, Value)>,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
}

/// Reads a request body; `now` (nanoseconds since 1970) is the time of lines that have none.
///
/// # Errors
/// One text for all lines that cannot be read, `unable to parse '...': ...` for each, as influxd 2.9.1 words them.
/// No point of such a request is written.
pub(super) fn parse(body: &[u8], precision: Precision, now: i64) -> Result<Vec<Point>, String> {
    let mut points = Vec::new();
    let mut failed = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = line_end(rest);
        let line = trim_start(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        // Left over from a quote that is never closed.
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match parse_line(line, precision, now) {
            Ok(point) => points.push(point),
            Err(reason) => failed.push(format!("unable to parse '{}': {reason}", go_text::lossy(line))),
        }
    }
    if failed.is_empty() { Ok(points) } else { Err(failed.join("\n")) }
}

/// Where the first line ends: at a line feed that is neither escaped nor inside a quoted field value.
fn line_end(text: &[u8]) -> usize {
    let (mut at, mut quoted, mut in_fields) = (0, false, false);
    let (mut equals, mut commas) = (0_usize, 0_usize);
    while at < text.len() {
        let byte = text[at];
        if byte == b'\\' && at + 2 < text.len() {
            at += 2;
            continue;
        }
        in_fields |= byte == b' ';
        match byte {
            b'=' if in_fields && !quoted => equals += 1,
            b',' if in_fields && !quoted => commas += 1,
            b'"' if in_fields && equals > commas => quoted = !quoted,
            b'\n' if !quoted => break,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Drops what counts as white space before a section: spaces, tabs, NULs.
pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | 0)).unwrap_or(text.len());
    &text[start..]
}

fn parse_line(line: &[u8], precision: Precision, now: i64) -> Result<Point, Refusal> {
    let Series { key: series, measurement, rest } = parse_series(line)?;
    too_long(series.len())?;
    let (gap, rest) = rest.split_at(rest.len() - trim_start(rest).len());
    let before = gap.last().copied().expect("invariant: a series ends before a space");
    let length = fields::section_length(before, rest)?;
    let fields = fields::split(&rest[..length]);
    for (raw_name, _) in &fields {
        too_long(series.len() + KEY_SEPARATOR + raw_name.len())?;
    }
    let fields = fields.into_iter().map(|(name, value)| (fields::unescape_name(name), value)).collect();
    let time = parse_time(trim_start(&rest[length..]), precision, now)?;
    Ok(Point { series, measurement, fields, time })
}

fn too_long(length: usize) -> Result<(), Refusal> {
    if length > MAX_KEY {
        return Err(format!("max key length exceeded: {length} > {MAX_KEY}").into());
    }
    Ok(())
}

/// Measurement and tags.
struct Series<'l> {
    /// Still escaped, with sorted tags.
    key: Vec<u8>,
    measurement: Vec<u8>,
    /// What follows in the line.
    rest: &'l [u8],
}

fn parse_series(line: &[u8]) -> Result<Series<'_>, Refusal> {
    if line.first().is_none_or(|byte| *byte == b',') {
        return Err("missing measurement".into());
    }
    let mut at = 1;
    loop {
        match line.get(at) {
            None => return Err("missing fields".into()),
            Some(b',' | b' ') if line[at - 1] != b'\\' => break,
            Some(_) => at += 1,
        }
    }
    let mut key = line[..at].to_vec();
    let measurement = fields::unescape(&key, b", ");
    let mut tags: Vec<(&[u8], &[u8])> = Vec::new();
    while line[at] == b',' {
        let (tag, key_length) = parse_tag(&line[at + 1..])?;
        tags.push((&tag[..key_length], tag));
        at += 1 + tag.len();
    }
    for (key, _) in &tags {
        if RESERVED_TAGS.contains(key) {
            return Err(format!("cannot use reserved tag key {}", go_text::quote(key)).into());
        }
    }
    tags.sort_by_key(|(key, _)| *key);
    if tags.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err("duplicate tags".into());
    }
    for (_, tag) in tags {
        key.push(b',');
        key.extend_from_slice(tag);
    }
    Ok(Series { key, measurement, rest: &line[at..] })
}

/// Reads `key=value` up to the comma or space behind it; also how long the key is.
fn parse_tag(text: &[u8]) -> Result<(&[u8], usize), Refusal> {
    if text.first().is_none_or(|byte| matches!(byte, b' ' | b',' | b'=')) {
        return Err("missing tag key".into());
    }
    let mut at = 1;
    loop {
        match text.get(at) {
            None => return Err("missing tag value".into()),
            Some(b' ' | b',') if text[at - 1] != b'\\' => return Err("missing tag value".into()),
            Some(b'=') if text[at - 1] != b'\\' => break,
            Some(_) => at += 1,
        }
    }
    let key_length = at;
    at += 1;
    if text.get(at).is_none_or(|byte| matches!(byte, b',' | b' ')) {
        return Err("missing tag value".into());
    }
    at += 1;
    loop {
        match text.get(at) {
            None => return Err("missing fields".into()),
            Some(b'=') if text[at - 1] != b'\\' => return Err("invalid tag format".into()),
            Some(b' ' | b',') if text[at - 1] != b'\\' => return Ok((&text[..at], key_length)),
            Some(_) => at += 1,
        }
    }
}

/// Reads the timestamp section, which may be empty.
fn parse_time(text: &[u8], precision: Precision, now: i64) -> Result<i64, Refusal> {
    let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (digits, trailing) = text.split_at(end);
    let unit = precision.nanoseconds();
    if digits.is_empty() {
        return Ok(now - now.rem_euclid(unit));
    }
    if !digits.strip_prefix(b"-").unwrap_or(digits).iter().all(u8::is_ascii_digit) {
        return Err("bad timestamp".into());
    }
    let digits = String::from_utf8_lossy(digits);
    let count: i64 = digits.parse().map_err(|_| {
        let reason = if digits == "-" { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseInt: parsing \"{digits}\": {reason}")
    })?;
    let time = count
        .checked_mul(unit)
        .filter(|time| (MIN_TIME..=MAX_TIME).contains(time))
        .ok_or_else(|| format!("time outside range {MIN_TIME} - {MAX_TIME}"))?;
    if trailing.iter().any(|byte| *byte != b' ') {
        return Err("point is invalid".into());
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_123_456_789;

    fn one(line: &str) -> Point {
        parse(line.as_bytes(), Precision::Nanoseconds, NOW).unwrap().remove(0)
    }

    fn refusal(line: &str) -> String {
        let error = parse(line.as_bytes(), Precision::Nanoseconds, NOW).unwrap_err();
        error.rsplit_once("': ").unwrap().1.to_owned()
    }

    #[test]
    fn values_have_the_type_that_they_are_written_with() {
        let values = |line: &str| one(line).fields.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(values("m a=1,b=-.5,c=5.,d=1e-3"), [1.0, -0.5, 5.0, 0.001].map(Value::Float));
        assert_eq!(values("m a=-9223372036854775808i"), [Value::Integer(i64::MIN)]);
        assert_eq!(values("m a=18446744073709551615u"), [Value::Unsigned(u64::MAX)]);
        assert_eq!(values("m a=t,b=T,c=true,d=True,e=TRUE"), [true; 5].map(Value::Boolean));
        assert_eq!(values("m a=f,b=F,c=false,d=False,e=FALSE"), [false; 5].map(Value::Boolean));
        assert_eq!(values("m a=\"x, =\\\"y\\\\\"b"), [Value::String(b"x, =\"y\\\"".to_vec())]);
    }

    #[test]
    fn a_series_has_sorted_tags_and_names_are_unescaped() {
        let point = one("m\\ a\\,b,t\\ k=x\\=y,a=1 f\\ 1=1 6");
        assert_eq!(point.series, b"m\\ a\\,b,a=1,t\\ k=x\\=y");
        assert_eq!(point.measurement, b"m a,b");
        assert_eq!(point.fields[0].0, b"f 1");
        assert_eq!(point.time, 6);
    }

    #[test]
    fn comments_blank_lines_and_quoted_line_breaks_are_understood() {
        let points = parse(b"# v=1\n\n  \nm v=\"a\nb\" 1\n m v=2 2  \n", Precision::Nanoseconds, NOW).unwrap();
        assert_eq!(points.iter().map(|point| point.time).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn timestamps_count_in_the_unit_asked_for() {
        let time = |line: &str, unit: &str| {
            parse(line.as_bytes(), Precision::from_parameter(unit).unwrap(), NOW).map(|points| points[0].time)
        };
        assert_eq!(time("m v=1 -2", "s"), Ok(-2_000_000_000));
        assert_eq!(time("m v=1 2", "ms"), Ok(2_000_000));
        assert_eq!(time("m v=1 2", "us"), Ok(2_000));
        assert_eq!(time("m v=1", ""), Ok(NOW));
        assert_eq!(time("m v=1", "ms"), Ok(1_700_000_000_123_000_000));
        assert!(time("m v=1 9223372036854775", "s").unwrap_err().contains("time outside range"));
        assert_eq!(Precision::from_parameter("m"), None);
    }

    #[test]
    fn lines_are_refused_with_the_words_of_influxd() {
        // Measured on influxd 2.9.1.
        let measured = [
            ("m", "missing fields"),
            ("m ", "invalid field format"),
            (",t=a v=1", "missing measurement"),
            ("m,t v=1", "missing tag value"),
            ("m,t= v=1", "missing tag value"),
            ("m,=a v=1", "missing tag key"),
            ("m,t=a,t=b v=1", "duplicate tags"),
            ("m,b=1,a=2,b=3 v=1", "duplicate tags"),
            ("m,t=a=b v=1", "invalid tag format"),
            ("m,t=\\ v=1", "invalid tag format"),
            ("m,time=a v=1", "cannot use reserved tag key \"time\""),
            ("m v", "invalid field format"),
            ("m v=", "missing field value"),
            ("m =1", "missing field key"),
            ("m v=1,", "invalid field format"),
            ("m v=1,w=", "missing field value"),
            ("m v=\"a", "unbalanced quotes"),
            ("m v=\"x\\", "unbalanced quotes"),
            ("m v=1 1.5", "bad timestamp"),
            ("m v=1 11\r", "bad timestamp"),
            ("m v=1\r", "invalid number"),
            ("m v=1\t5", "invalid number"),
            ("m\tv=1", "missing fields"),
            ("m v=1 12 x", "point is invalid"),
            ("m v=NaN", "invalid number"),
            ("m v=inf", "invalid boolean"),
            ("m v=+1", "invalid boolean"),
            ("m v=tRUE", "invalid boolean"),
            ("m v=1i2", "invalid number"),
            ("m v=1.5i", "invalid number"),
            ("m v=-1u", "invalid number"),
            ("m v=1e400", "invalid float"),
            ("m v=1e", "invalid float"),
            ("m v=.", "invalid number"),
            ("m v=-", "invalid number"),
            ("m v=1 -", "strconv.ParseInt: parsing \"-\": invalid syntax"),
            ("m v=1 9223372036854775807", "time outside range -9223372036854775806 - 9223372036854775806"),
            ("m v=1 9223372036854775808", "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"),
        ];
        for (line, words) in measured {
            assert_eq!(refusal(line), words, "{line:?}");
        }
        assert!(refusal("m v=9223372036854775808i").ends_with("parsing \"9223372036854775808\": value out of range"));
        assert_eq!(refusal(&format!("{} v=1", "a".repeat(65_536))), "max key length exceeded: 65536 > 65535");
        assert_eq!(refusal(&format!("m {}=1", "f".repeat(65_531))), "max key length exceeded: 65536 > 65535");
    }

    #[test]
    fn all_bad_lines_are_named_and_none_is_taken() {
        let error = parse(b"m v=1\nbad\nm v=3\nworse x", Precision::Nanoseconds, NOW).unwrap_err();
        assert_eq!(error, "unable to parse 'bad': missing fields\nunable to parse 'worse x': invalid field format");
    }

    proptest::proptest! {
        #[test]
        fn no_input_breaks_the_parser(bytes in proptest::collection::vec(proptest::sample::select(b"mt ,=\"\\\n1-.eiuT#\xff\0\t".to_vec()), 0..40)) {
            let points = parse(&bytes, Precision::Seconds, NOW);
            proptest::prop_assert!(points.is_err() || points.unwrap().len() <= bytes.len());
        }
    }
}
