//! The Flux that the embedded server answers: how many values a bucket has, and when the first and the last are.
//!
//! A query is recognised by its text, and answered with the CSV that influxd 2.9.1 gives for it (measured).

use std::ops::Range;

use super::script::{self, Argument, Call};
use super::store::Extent;
use crate::server::go_text;

/// What the embedded server says to any other script.
pub(super) const NOT_ANSWERED: &str =
    "the embedded server answers only the evidence queries that fluxform itself sends";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Count,
    First,
    Last,
}

/// One question about one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The bucket's name.
    pub(super) bucket: String,
    /// From and up to (excluded) which time, nanoseconds since 1970.
    pub(super) range: Range<i64>,
    asked: Asked,
    result: String,
}

/// A line of comments above a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Annotation {
    /// `#group`: whether a column is in the group key.
    Group,
    /// `#datatype`: the type of a column.
    Datatype,
    /// `#default`: what an empty cell stands for; the result's name is then only there.
    Default,
}

/// How the CSV of a reply is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Whether the names of the columns are given.
    pub(super) header: bool,
    /// The annotations, in the order of their lines.
    pub(super) annotations: Vec<Annotation>,
    /// What stands between cells.
    pub(super) delimiter: char,
    /// What an annotation begins with.
    pub(super) comment_prefix: String,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { header: true, annotations: Vec::new(), delimiter: ',', comment_prefix: "#".to_owned() }
    }
}

/// Reads a script as questions, or `None` if it asks anything else.
#[must_use]
pub(super) fn questions(script: &str) -> Option<Vec<Question>> {
    let questions: Vec<Question> =
        script::pipelines(script)?.iter().map(|calls| question(calls)).collect::<Option<_>>()?;
    let distinct = |(at, one): (usize, &Question)| questions[..at].iter().all(|other| other.result != one.result);
    (!questions.is_empty() && questions.iter().enumerate().all(distinct)).then_some(questions)
}

fn question(calls: &[Call]) -> Option<Question> {
    let mut shape = calls.iter().map(|call| (call.name.as_str(), call.arguments.as_slice()));
    let mut next = || shape.next();
    let ("from", [(bucket, Argument::String(name))]) = next()? else {
        return None;
    };
    let ("range", [(start, Argument::Time(from)), (stop, Argument::Time(to))]) = next()? else {
        return None;
    };
    if (bucket.as_str(), start.as_str(), stop.as_str()) != ("bucket", "start", "stop") || from >= to {
        return None;
    }
    let asked = match next()? {
        ("count", []) => Asked::Count,
        ("first", []) => Asked::First,
        ("last", []) => Asked::Last,
        _ => return None,
    };
    let column = if asked == Asked::Count { "_value" } else { "_time" };
    let only =
        |argument: &(String, Argument)| *argument == ("columns".to_owned(), Argument::Strings(vec![column.to_owned()]));
    match next()? {
        ("keep", [columns]) if only(columns) => {}
        _ => return None,
    }
    let descending = ("desc".to_owned(), Argument::Boolean(true));
    match (asked, next()?) {
        (Asked::Count, ("sum", [])) => {}
        (Asked::First, ("sort", [columns])) if only(columns) => {}
        (Asked::Last, ("sort", [columns, order])) if only(columns) && *order == descending => {}
        _ => return None,
    }
    if asked != Asked::Count {
        let ("limit", [(n, Argument::Integer(1))]) = next()? else {
            return None;
        };
        if n != "n" {
            return None;
        }
    }
    let result = match next() {
        None => "_result".to_owned(),
        Some(("yield", [(argument, Argument::String(result))])) if argument == "name" => result.clone(),
        Some(_) => return None,
    };
    next().is_none().then(|| Question { bucket: name.clone(), range: *from..*to, asked, result })
}

impl Question {
    /// The answer as CSV, from what the bucket has in [`Self::range`].
    #[must_use]
    pub(super) fn answer(&self, extent: Extent, dialect: &Dialect) -> String {
        let Some((first, last)) = extent.times else {
            return "\r\n".to_owned();
        };
        let (column, datatype, cell) = match self.asked {
            Asked::Count => ("_value", "long", extent.values.to_string()),
            Asked::First => ("_time", "dateTime:RFC3339", go_text::time(first)),
            Asked::Last => ("_time", "dateTime:RFC3339", go_text::time(last)),
        };
        let prefix = &dialect.comment_prefix;
        let mut csv = String::new();
        let mut line = |cells: [&str; 4]| {
            for (at, cell) in cells.into_iter().enumerate() {
                if at > 0 {
                    csv.push(dialect.delimiter);
                }
                csv.push_str(cell);
            }
            csv.push_str("\r\n");
        };
        for annotation in &dialect.annotations {
            match annotation {
                Annotation::Group => line([&format!("{prefix}group"), "false", "false", "false"]),
                Annotation::Datatype => line([&format!("{prefix}datatype"), "string", "long", datatype]),
                Annotation::Default => line([&format!("{prefix}default"), &self.result, "", ""]),
            }
        }
        if dialect.header {
            line(["", "result", "table", column]);
        }
        let result = if dialect.annotations.contains(&Annotation::Default) { "" } else { &self.result };
        line(["", result, "0", &cell]);
        csv + "\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: &str = "range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-04-11T23:47:16.854775807Z)";

    fn first() -> String {
        format!(
            "from(bucket: \"b\") |> {RANGE} |> first() |> keep(columns: [\"_time\"]) |> sort(columns: [\"_time\"]) |> limit(n: 1)"
        )
    }

    fn count() -> String {
        format!("from(bucket: \"b\")\n|> {RANGE} |> count() |> keep(columns: [\"_value\"]) |> sum()")
    }

    #[test]
    fn the_three_questions_are_recognised_by_their_text() {
        let last = first()
            .replace("first()", "last()")
            .replace("sort(columns: [\"_time\"])", "sort(columns: [\"_time\"], desc: true)");
        let script = format!("{} |> yield(name: \"a\") {} |> yield(name: \"b\") {last}", count(), first());
        let read = questions(&script).unwrap();
        assert_eq!(
            read.iter().map(|one| (one.asked, one.result.as_str())).collect::<Vec<_>>(),
            [(Asked::Count, "a"), (Asked::First, "b"), (Asked::Last, "_result")]
        );
        assert!(read.iter().all(|one| one.bucket == "b" && one.range == (i64::MIN + 2..i64::MAX)));
    }

    #[test]
    fn any_other_script_is_not() {
        let others = [
            String::new(),
            first().replace("first()", "last()"),
            first().replace("n: 1", "n: 2"),
            first().replace("bucket:", "bucketID:"),
            first().replace("_time", "_value"),
            count().replace("sum()", "mean()"),
            count() + " |> to(bucket: \"c\")",
            format!("{} {}", count(), first()),
            format!("import \"x\" {}", count()),
            format!("from(bucket: \"b\") |> {RANGE}"),
        ];
        for script in others {
            assert_eq!(questions(&script), None, "{script}");
        }
    }

    #[test]
    fn an_answer_looks_as_influxd_writes_it() {
        let extent = Extent { values: 8, times: Some((i64::MIN + 2, 5)) };
        let answer = |script: &str, dialect: &Dialect| questions(script).unwrap()[0].answer(extent, dialect);
        assert_eq!(answer(&count(), &Dialect::default()), ",result,table,_value\r\n,_result,0,8\r\n\r\n");
        let annotations = vec![Annotation::Group, Annotation::Datatype, Annotation::Default];
        let annotated = Dialect { annotations, ..Dialect::default() };
        assert_eq!(
            answer(&first(), &annotated),
            "#group,false,false,false\r\n#datatype,string,long,dateTime:RFC3339\r\n#default,_result,,\r\n\
             ,result,table,_time\r\n,,0,1677-09-21T00:12:43.145224194Z\r\n\r\n"
        );
        let bare = Dialect { header: false, ..Dialect::default() };
        assert_eq!(answer(&count(), &bare), ",_result,0,8\r\n\r\n");
        assert_eq!(questions(&count()).unwrap()[0].answer(Extent::default(), &annotated), "\r\n");
    }
}
