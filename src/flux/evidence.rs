//! The queries that show whether data is at stake, and how their replies read.
//!
//! A bucket goes by its **name**: the server then checks that the token may read it, and answers 404 "could not find
//! bucket" if not. By ID (`from(bucketID: ...)`) influxd 2.9.1 checks nothing, neither the token's permissions nor its
//! organization nor whether it is active (measured), so evidence by ID would be read without a right to it.
//!
//! Each answer has its own `from`: a shared source keeps the server from answering out of its index, and the slow path
//! loses the points at the very end of time (measured: 6 of 8 values). `first` and `last` before `keep` let values of
//! different types stand side by side. On 1,000,000 values in 20,000 series [`any_point`] took 0.8 s, [`extent`] 3.8 s;
//! a bare `limit(n: 1)` took 28 s.
//!
//! Sent as `Content-Type: application/vnd.flux`, the reply is CSV with CRLF, one block for each answer in any order:
//!
//! ```text
//! ,result,table,_time
//! ,first,0,1677-09-21T00:12:43.145224194Z
//!
//! ,result,table,_value
//! ,count,0,8
//!
//! ```
//!
//! An answer without rows is an empty line.

use jiff::Timestamp;
use thiserror::Error;

use super::{Literal, LiteralError};

/// The earliest time that a point can have, nanoseconds since 1970.
const EARLIEST: i64 = i64::MIN + 2;
/// What lies behind the latest time that a point can have, nanoseconds since 1970.
const BEYOND_LATEST: i64 = i64::MAX;

const COUNT: &str = r#"count() |> keep(columns: ["_value"]) |> sum()"#;
const FIRST: &str = r#"first() |> keep(columns: ["_time"]) |> sort(columns: ["_time"]) |> limit(n: 1)"#;
const LAST: &str = r#"last() |> keep(columns: ["_time"]) |> sort(columns: ["_time"], desc: true) |> limit(n: 1)"#;

/// A query for one point of a bucket, the first: before `stop`, or wherever in time.
///
/// A `stop` outside the times that a point can have is moved to their edge: beyond it the server wraps around and
/// answers with points of other times (influxd 2.9.1, measured).
///
/// # Errors
/// A bucket name that Flux cannot hold, here and below.
pub fn any_point(bucket: &str, stop: Option<Timestamp>) -> Result<String, LiteralError> {
    pipeline(bucket, end(stop), FIRST, "first")
}

/// A query for what [`any_point`] asks, of many buckets at once.
///
/// # Errors
/// As [`any_point`].
pub fn first_points(buckets: &[(&str, Option<Timestamp>)]) -> Result<String, LiteralError> {
    let answers = buckets.iter().enumerate();
    let answers = answers.map(|(at, (bucket, stop))| pipeline(bucket, end(*stop), FIRST, &format!("first{at}")));
    Ok(answers.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// A query for when the first and the last point of a bucket are, and how many values it has; before `stop` for the ends
/// alone, since the number of what a retention would drop changes by itself.
///
/// # Errors
/// As [`any_point`].
pub fn extent(bucket: &str, stop: Option<Timestamp>) -> Result<String, LiteralError> {
    let ends = [(FIRST, "first"), (LAST, "last")];
    let answers = ends.into_iter().chain(stop.is_none().then_some((COUNT, "count")));
    let answers = answers.map(|(answer, name)| pipeline(bucket, end(stop), answer, name));
    Ok(answers.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// The end of a range, nanoseconds since 1970.
fn end(stop: Option<Timestamp>) -> i64 {
    let Some(stop) = stop else { return BEYOND_LATEST };
    let edge = if stop.as_nanosecond() < 0 { EARLIEST + 1 } else { BEYOND_LATEST };
    i64::try_from(stop.as_nanosecond()).unwrap_or(edge).max(EARLIEST + 1)
}

fn pipeline(bucket: &str, stop: i64, answer: &str, name: &str) -> Result<String, LiteralError> {
    let (start, stop) = (time(EARLIEST), time(stop));
    let bucket = Literal::String(bucket.to_owned()).encode()?;
    Ok(format!("from(bucket: {bucket}) |> range(start: {start}, stop: {stop}) |> {answer} |> yield(name: \"{name}\")"))
}

fn time(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).expect("invariant: 64 bits of nanoseconds fit")
}

/// What a server answered to one of the queries here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// How many values: a point with two fields counts twice. `None`: not asked, or there are none.
    pub values: Option<u64>,
    /// When the first point is. `None`: not asked, or there is none.
    pub first: Option<Timestamp>,
    /// When the last point is. `None`: not asked, or there is none.
    pub last: Option<Timestamp>,
}

/// Why a reply with status 200 cannot be evidence.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReplyError {
    /// The server began to answer and failed then; its own words.
    #[error("the query failed: {0}")]
    Failed(String),
    /// Something else than the answers that were asked for.
    #[error("unexpected line in the reply to an evidence query: {0:?}")]
    Unexpected(String),
}

/// Reads the CSV of a reply to [`any_point`] or [`extent`].
///
/// # Errors
/// [`ReplyError::Failed`] for an error that the server put into the CSV, [`ReplyError::Unexpected`] for anything that
/// is not an answer: evidence that cannot be read is none.
pub fn read_reply(csv: &str) -> Result<Reply, ReplyError> {
    let mut reply = Reply::default();
    answers(csv, |column, result, cell| {
        match (column, result) {
            ("_value", "count") => reply.values = Some(cell.parse().ok()?),
            ("_time", "first") => reply.first = Some(cell.parse().ok()?),
            ("_time", "last") => reply.last = Some(cell.parse().ok()?),
            _ => return None,
        }
        Some(())
    })?;
    Ok(reply)
}

/// Reads the CSV of a reply to [`first_points`] of so many buckets: when the first point of each is, where it has one.
///
/// # Errors
/// As [`read_reply`].
pub fn read_first_points(csv: &str, buckets: usize) -> Result<Vec<Option<Timestamp>>, ReplyError> {
    let mut firsts = vec![None; buckets];
    answers(csv, |column, result, cell| {
        let first = firsts.get_mut(result.strip_prefix("first")?.parse::<usize>().ok()?)?;
        *first = Some(cell.parse().ok().filter(|_| column == "_time")?);
        Some(())
    })?;
    Ok(firsts)
}

/// Gives the column, the result and the cell of each answer in a reply to `take`, which gives none for what is no answer.
fn answers(csv: &str, mut take: impl FnMut(&str, &str, &str) -> Option<()>) -> Result<(), ReplyError> {
    let mut header: Option<Vec<&str>> = None;
    // Even the reply for an empty bucket ends so: anything else was cut off, or came from somebody else.
    let whole = csv.ends_with("\r\n");
    for line in csv.lines().map(|line| line.trim_end_matches('\r')) {
        let cells: Vec<&str> = line.split(',').collect();
        match (&header, cells.as_slice()) {
            (_, [""]) => header = None,
            (_, [first, ..]) if first.starts_with('#') => {}
            (_, ["", "error", ..] | ["error", ..]) => {
                let message = csv[line.as_ptr().addr() - csv.as_ptr().addr() + line.len()..].trim();
                return Err(ReplyError::Failed(message.trim_matches(',').to_owned()));
            }
            (None, ["", "result", "table", _]) => header = Some(cells),
            (Some(header), ["", result, _, cell]) => {
                take(header[3], result, cell).ok_or_else(|| ReplyError::Unexpected(line.to_owned()))?;
            }
            _ => return Err(ReplyError::Unexpected(line.to_owned())),
        }
    }
    if !whole {
        return Err(ReplyError::Unexpected(csv.lines().last().unwrap_or_default().to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_the_bucket_and_all_of_time() {
        insta::assert_snapshot!(any_point("iot_data", None).unwrap(), @r#"from(bucket: "iot_data") |> range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z) |> first() |> keep(columns: ["_time"]) |> sort(columns: ["_time"]) |> limit(n: 1) |> yield(name: "first")"#);
        assert_eq!(extent("b", None).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_bucket_name_cannot_leave_its_string() {
        let query = any_point("a\"b\\c${d}$e\nf", None).unwrap();
        assert!(query.starts_with(r#"from(bucket: "a\"b\\c\${d}$e\nf") |>"#), "{query}");
    }

    #[test]
    fn a_stop_outside_the_possible_times_is_moved_to_their_edge() {
        let stop = |text: &str| any_point("b", Some(text.parse().unwrap())).unwrap();
        assert!(stop("2026-01-02T03:04:05Z").contains("stop: 2026-01-02T03:04:05Z)"));
        assert!(stop("1500-01-01T00:00:00Z").contains("stop: 1677-09-21T00:12:43.145224195Z)"));
        assert!(stop("9000-01-01T00:00:00Z").contains("stop: 2262-04-11T23:47:16.854775807Z)"));
    }

    #[test]
    fn a_reply_of_influxd_is_read_in_any_order() {
        let csv = ",result,table,_time\r\n,last,0,2262-04-11T23:47:16.854775806Z\r\n\r\n\
                   ,result,table,_value\r\n,count,0,8\r\n\r\n\
                   ,result,table,_time\r\n,first,0,1677-09-21T00:12:43.145224194Z\r\n\r\n";
        let reply = read_reply(csv).unwrap();
        assert_eq!(reply.values, Some(8));
        assert_eq!(reply.first, Some(time(EARLIEST)));
        assert_eq!(reply.last, Some(time(BEYOND_LATEST - 1)));
    }

    #[test]
    fn many_buckets_are_asked_about_in_one_query() {
        let stop = "2026-01-02T03:04:05Z".parse().unwrap();
        insta::assert_snapshot!(first_points(&[("a", None), ("b\"", Some(stop))]).unwrap(), @r#"
        from(bucket: "a") |> range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z) |> first() |> keep(columns: ["_time"]) |> sort(columns: ["_time"]) |> limit(n: 1) |> yield(name: "first0")
        from(bucket: "b\"") |> range(start: 1677-09-21T00:12:43.145224194Z, stop: 2026-01-02T03:04:05Z) |> first() |> keep(columns: ["_time"]) |> sort(columns: ["_time"]) |> limit(n: 1) |> yield(name: "first1")
        "#);
        let csv = ",result,table,_time\r\n,first1,0,1970-01-01T00:00:00.00000001Z\r\n\r\n\r\n";
        let second = Some("1970-01-01T00:00:00.00000001Z".parse().unwrap());
        assert_eq!(read_first_points(csv, 2), Ok(vec![None, second]));
        assert!(
            matches!(read_first_points(csv, 1), Err(ReplyError::Unexpected(_))),
            "of a bucket that was not asked about"
        );
    }

    #[test]
    fn an_empty_bucket_has_no_answers() {
        assert_eq!(read_reply("\r\n\r\n\r\n"), Ok(Reply::default()));
    }

    #[test]
    fn an_error_or_anything_strange_is_no_evidence() {
        let failed = read_reply("\r\n,error,reference\r\n,runtime error: cannot divide by zero,\r\n");
        assert_eq!(failed, Err(ReplyError::Failed("runtime error: cannot divide by zero".to_owned())));
        for csv in [
            "<html>",
            ",result,table,_time\r\n,first,0,soon\r\n",
            ",result,table,_time\r\n,other,0,1\r\n",
            ",first,0,1\r\n",
            "",
            "\n",
            ",result,table,_value\r\n,count,0,1",
        ] {
            assert!(matches!(read_reply(csv), Err(ReplyError::Unexpected(_))), "{csv}");
        }
    }
}
