//! Which columns functions leave and need: what the server says, and what the lint `flux::missing-column` says of the same script.

use fluxform::diagnostic::Code;

use crate::lints::found;
use crate::support::{Reply, Scene, real};

/// Points of two fields and two tags, of the last ten minutes.
pub(crate) async fn sample(scene: &Scene, bucket: &str) {
    scene.bucket(bucket).await;
    let now = jiff::Timestamp::now().as_nanosecond();
    let line = |n: i128, host| {
        format!("cpu,host={host},region=eu usage={n}.5,idle={n}.25 {}\n", now - (n + 1) * 60_000_000_000)
    };
    let lines: String = (0..10).flat_map(|n| [line(n, "web-1"), line(n, "db-1")]).collect();
    scene.http.post_text(&format!("write?orgID={}&bucket={bucket}", scene.org), &lines).await.expect(204);
}

/// What the server says of a script that it runs; nothing if it has run it.
pub(crate) async fn refused(scene: &Scene, script: &str) -> Option<String> {
    let http = scene.http.clone().with_header("content-type", "application/vnd.flux");
    let Reply { status, text, .. } = http.post_text(&format!("query?orgID={}", scene.org), script).await;
    (status != 200 || text.contains("error,reference")).then_some(text)
}

/// How the server says that a column is not there, or that tables are not grouped as they must be.
const LACKS: [&str; 17] = [
    "\\\" does not exist",
    "\\\" doesn't exist",
    "\\\" exists",
    "\\\" is missing",
    "_time doesn't exist",
    "_value column",
    "_field column",
    "with label _measurement exists",
    "column does not exist in table",
    "invalid time column",
    "failed to evaluate map function: invalid",
    "no time column",
    "missing time column",
    "missing required column",
    "in the group key",
    "not in group key",
    "group key column",
];

const READ: &str = "import \"influxdata/influxdb/schema\"\n\nfrom(bucket: \"b\")\n    |> range(start: -1h)\n    \
                    |> filter(fn: (r) => r._measurement == \"cpu\" and r._field == \"usage\")";
const PIVOT: &str = "pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")";
/// What takes columns away, or the grouping by them.
const BEFORE: &[&str] = &[
    "limit(n: 9)",
    PIVOT,
    "group()",
    "drop(columns: [\"_time\"])",
    "drop(columns: [\"_value\"])",
    "keep(columns: [\"_time\", \"_value\", \"_field\"])",
    "rename(columns: {_time: \"t\"})",
    "rename(columns: {_field: \"_measurement\", _measurement: \"m\"})",
    "map(fn: (r) => ({_time: r._time, _value: r._value}))",
    "map(fn: (r) => ({r with _measurement: \"m\"}))",
    "group(columns: [\"host\"])",
    "group(columns: [\"_value\", \"_time\", \"_measurement\"], mode: \"except\")",
    "group(columns: [\"host\", \"_time\", \"_measurement\", \"_field\"])",
    "mean()",
    "schema.fieldsAsCols()",
];
/// What comes behind that.
const AFTER: &[&str] = &[
    "aggregateWindow(every: 5m, fn: last)",
    "aggregateWindow(every: 5m, fn: mean)",
    "aggregateWindow(every: 5m, fn: mean, timeDst: \"t\")",
    "bottom(n: 2)",
    "columns()",
    "count()",
    "covariance(columns: [\"_value\", \"_value\"])",
    "cumulativeSum()",
    "derivative()",
    "difference()",
    "distinct()",
    "duplicate(column: \"_stop\", as: \"_time\")",
    "duplicate(column: \"_value\", as: \"x\")",
    "elapsed()",
    "exponentialMovingAverage(n: 2)",
    "fill(value: 0.0)",
    "first()",
    "histogram(bins: [100.0])",
    "hourSelection(start: 0, stop: 23)",
    "increase()",
    "integral()",
    "kaufmansAMA(n: 2)",
    "keyValues(keyColumns: [\"host\"])",
    "keys()",
    "last()",
    "limit(n: 1)",
    "map(fn: (r) => ({r with _time: now()}))",
    "max()",
    "mean()",
    "median()",
    "median(method: \"exact_selector\")",
    "min()",
    "mode()",
    "movingAverage(n: 2)",
    "quantile(q: 0.5)",
    "range(start: -30m)",
    "schema.fieldsAsCols()",
    "reduce(fn: (r, accumulator) => ({_value: accumulator._value + 1.0}), identity: {_value: 0.0})",
    "relativeStrengthIndex(n: 2)",
    "sample(n: 2)",
    "set(key: \"_measurement\", value: \"m\")",
    "skew()",
    "sort()",
    "spread()",
    "stateCount(fn: (r) => true)",
    "stateDuration(fn: (r) => true)",
    "stddev()",
    "sum()",
    "tail(n: 1)",
    "timeShift(duration: 1h)",
    "timedMovingAverage(every: 5m, period: 10m)",
    "toFloat()",
    "top(n: 2)",
    "tripleEMA(n: 2)",
    "truncateTimeColumn(unit: 1m)",
    "unique()",
    "window(every: 5m)",
    PIVOT,
];
const WRITING: &[&str] = &[
    "to(bucket: \"c\")",
    "to(bucket: \"c\", timeColumn: \"_stop\")",
    "to(bucket: \"c\", fieldFn: (r) => ({x: 1.0}))",
    "wideTo(bucket: \"c\")",
];

/// Whether the lint says of a script that it lacks a column.
fn is_found(script: &str) -> bool {
    found(script).iter().any(|(code, _)| *code == Code::FluxMissingColumn)
}

real!(the_lint_says_what_the_server_says, async |scene| {
    sample(&scene, "b").await;
    scene.bucket("c").await;
    let mut scripts: Vec<_> = BEFORE
        .iter()
        .flat_map(|before| {
            let after = AFTER.iter().map(move |after| format!("{READ}\n    |> {before}\n    |> {after}"));
            let writing = WRITING.iter().map(move |to| format!("{READ}\n    |> {before}\n    |> {to}"));
            after.chain(writing)
        })
        .collect();
    scripts.push(format!("{READ}\n    |> {PIVOT}\n    |> sum(column: \"usage\")\n    |> {}", WRITING[3]));
    for after in AFTER {
        scripts.extend(WRITING.iter().map(|to| format!("{READ}\n    |> {after}\n    |> {to}")));
        scripts.push(format!("{READ}\n    |> {PIVOT}\n    |> {after}\n    |> {}", WRITING[3]));
        scripts.push(format!("{READ}\n    |> group(columns: [\"host\"])\n    |> {after}\n    |> {}", WRITING[0]));
    }
    let mut wrong = Vec::new();
    for script in &scripts {
        let said = refused(&scene, script).await;
        let lacks = said.as_ref().is_some_and(|said| LACKS.iter().any(|words| said.contains(words)));
        if is_found(script) != lacks {
            wrong.push(format!("{script}\n=> {}", said.as_deref().unwrap_or("runs")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scripts.len(), wrong.join("\n\n"));
});

real!(lists_of_names_are_no_points, async |scene| {
    sample(&scene, "b").await;
    for list in [
        "schema.fieldKeys(bucket: \"b\")",
        "schema.measurementFieldKeys(bucket: \"b\", measurement: \"cpu\")",
        "schema.measurementTagKeys(bucket: \"b\", measurement: \"cpu\")",
        "schema.measurementTagValues(bucket: \"b\", measurement: \"cpu\", tag: \"host\")",
        "schema.measurements(bucket: \"b\")",
        "schema.tagKeys(bucket: \"b\")",
        "schema.tagValues(bucket: \"b\", tag: \"host\")",
        "buckets()",
    ] {
        let script = format!("import \"influxdata/influxdb/schema\"\n\n{list}\n    |> to(bucket: \"b\")");
        let said = refused(&scene, &script).await.expect("no points");
        assert!(said.contains("to: no column with label _measurement exists"), "{said}");
        assert!(is_found(&script), "{script}");
    }
});

real!(without_rows_nothing_is_missing, async |scene| {
    scene.bucket("b").await;
    for end in ["mean()\n    |> to(bucket: \"b\")", "drop(columns: [\"_time\"])\n    |> window(every: 1m)"] {
        assert_eq!(refused(&scene, &format!("{READ}\n    |> {end}")).await, None, "{end}");
    }
});

real!(some_calls_are_refused_whatever_the_data, async |scene| {
    let id = scene.bucket("b").await;
    let by_both = format!("bucket: \"b\", bucketID: \"{id}\"");
    let cases = [
        ("union(tables: [a])".to_owned(), "union must have at least two streams as input"),
        ("union(tables: [])".to_owned(), "union must have at least two streams as input"),
        (format!("from({by_both}) |> range(start: -1h)"), "must specify only one of bucket or bucketID"),
        ("from() |> range(start: -1h)".to_owned(), "must specify bucket or bucketID"),
        ("influxdb.cardinality(start: -1h)".to_owned(), "must specify only one of bucket or bucketID"),
        (format!("influxdb.cardinality({by_both}, start: -1h)"), "must specify only one of bucket or bucketID"),
        (format!("a |> to({by_both})"), "cannot provide both `bucket` and `bucketID` parameters to the `to` function"),
        ("a |> to()".to_owned(), "missing required keyword argument"),
        (format!("w |> wideTo({by_both})"), "must specify only one of bucket or bucketID"),
        ("w |> wideTo()".to_owned(), "must specify bucket or bucketID"),
        ("a |> to(bucket: \"b\", token: n)".to_owned(), "unused arguments [token]"),
        ("from(bucket: \"b\") |> range(start: 1h)".to_owned(), "cannot query an empty range"),
        ("from(bucket: \"b\") |> range(start: 0h)".to_owned(), "cannot query an empty range"),
        ("from(bucket: \"b\") |> range(start: -1h, stop: -2h)".to_owned(), "cannot query an empty range"),
        ("from(bucket: \"b\") |> range(start: 2h, stop: 1h)".to_owned(), "cannot query an empty range"),
    ];
    let setting = format!(
        "import \"influxdata/influxdb\"\n\na = from(bucket: \"b\") |> range(start: -1h)\nw = a |> {PIVOT}\nn = \"n\"\n"
    );
    for (call, words) in cases {
        let script = format!("{setting}{call}");
        let said = refused(&scene, &script).await.expect("refused");
        assert!(said.contains(words), "{call}: {said}");
        assert!(found(&script).iter().any(|(code, _)| *code == Code::FluxRefused), "{call}");
    }
    for call in [
        "union(tables: [a, w])",
        "w |> wideTo(bucket: \"b\", token: n)",
        "from(bucket: \"b\") |> range(start: 1h, stop: 2h)",
        "from(bucket: \"b\") |> range(start: -2h, stop: -1h)",
    ] {
        let script = format!("{setting}{call}");
        assert_eq!(refused(&scene, &script).await, None, "{call}");
        assert_eq!(found(&script), [], "{call}");
    }
});

real!(what_reads_by_an_org_is_refused, async |scene| {
    scene.bucket("b").await;
    let org = &scene.org_name;
    for (call, words) in [
        (
            format!("from(bucket: \"b\", org: \"{org}\") |> range(start: -1h)"),
            "cannot read from a separate organization",
        ),
        (format!("buckets(org: \"{org}\")"), "cannot list from a separate organization"),
        (format!("influxdb.cardinality(bucket: \"b\", org: \"{org}\", start: -1h)"), "requires a host to be specified"),
    ] {
        let script = format!("import \"influxdata/influxdb\"\n\n{call}");
        let said = refused(&scene, &script).await.expect("refused");
        assert!(said.contains(words), "{said}");
        assert_eq!(found(&script).first().map(|(code, _)| *code), Some(Code::FluxOtherOrg), "{call}");
    }
});
