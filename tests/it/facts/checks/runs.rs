//! Which queries make a check whose runs fail: these, and no others, fluxform refuses.

use super::*;
use crate::support::real;
use crate::terminal::Place;

const FROM: &str = "from(bucket: \"b\") |> range(start: -1h)";
const FIELD: &str = "filter(fn: (r) => r._field == \"u\")";

/// What follows the field in a query, and whether runs fail: those with levels, those of a deadman.
const STEPS: [(&str, bool, bool); 48] = [
    ("count()", true, true),
    ("sum() |> sort()", true, true),
    ("mean()", true, true),
    ("median()", true, true),
    ("median(method: \"exact_mean\")", true, true),
    ("median(method: \"exact_selector\")", false, false),
    ("quantile(q: 0.5)", true, true),
    ("stddev()", true, true),
    ("spread()", true, true),
    ("mode()", true, true),
    ("skew()", true, true),
    ("integral(unit: 1m)", true, true),
    ("distinct()", true, true),
    ("covariance(columns: [\"_value\", \"_value\"])", true, true),
    ("timeWeightedAvg(unit: 1m)", true, true),
    ("lowestAverage(n: 1, groupColumns: [\"_measurement\"])", true, true),
    ("reduce(fn: (r, accumulator) => ({t: r._value}), identity: {t: 0.0})", true, true),
    ("keys()", true, true),
    ("columns()", true, true),
    ("window(every: 1m) |> mean()", true, true),
    ("mean() |> duplicate(column: \"_stop\", as: \"_time\")", false, false),
    ("mean() |> map(fn: (r) => ({r with _time: now()}))", false, false),
    ("last()", false, false),
    ("aggregateWindow(every: 1m, fn: mean)", false, false),
    ("aggregateWindow(every: 1m, fn: mean, timeDst: \"t\")", true, false),
    ("drop(columns: [\"_field\"])", true, true),
    ("drop(columns: [\"host\", \"_start\", \"_stop\"])", false, false),
    ("keep(columns: [\"_value\"])", true, true),
    ("keep(columns: [\"_time\", \"_value\", \"_field\"])", true, true),
    ("keep(columns: [\"_time\", \"_value\", \"_field\", \"_measurement\"])", false, false),
    ("rename(columns: {_value: \"v\"})", true, true),
    ("rename(columns: {_measurement: \"v\"})", true, true),
    ("rename(columns: {_time: \"t\"}) |> rename(columns: {t: \"_time\"})", false, false),
    ("pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")", true, true),
    ("v1.fieldsAsCols()", true, true),
    ("map(fn: (r) => ({r with a: 1}))", false, false),
    ("map(fn: (r) => ({_time: r._time, _value: r._value, _field: r._field}))", true, true),
    (
        "map(fn: (r) => ({_time: r._time, _value: r._value, _field: r._field, _measurement: r._measurement}))",
        false,
        false,
    ),
    ("group()", true, true),
    ("group(columns: [\"host\"])", true, true),
    ("group(columns: [\"host\"]) |> last() |> group(columns: [\"_measurement\"])", false, false),
    ("group() |> group(columns: [\"_measurement\", \"host\"])", false, false),
    ("group(columns: [\"_time\", \"_value\"], mode: \"except\")", false, false),
    ("group(columns: [\"_value\"], mode: \"except\")", true, true),
    ("group(columns: [\"_measurement\", \"_time\"])", true, true),
    // A field has one type in all statuses.
    ("toString() |> set(key: \"_field\", value: \"text\")", true, false),
    ("toString() |> toFloat()", false, false),
    ("window(every: 1m) |> top(n: 1) |> fill(value: 0.0) |> tail(n: 1)", false, false),
];

/// Whole queries, with the same.
fn whole() -> Vec<(String, bool, bool)> {
    let from = "from(bucket: \"b\")";
    let negated = |not: &str| format!("{FROM} |> filter(fn: (r) => {not})");
    vec![
        (format!("{from} |> {FIELD}"), true, true),
        (format!("{from} |> {FIELD} |> range(start: -1h)"), true, true),
        (format!("{from} |> {FIELD} |> drop(columns: [\"host\"]) |> range(start: -1h)"), true, true),
        (negated("not r._field == \"u\""), true, false),
        (negated("not (r._field == \"u\")"), true, false),
        (negated("not (not r._field == \"u\")"), false, false),
    ]
}

/// Whether a run of a check fails.
async fn fails(scene: &Scene, check: &Value) -> bool {
    let script = json!({"query": query(scene, check).await, "type": "flux"});
    let reply = scene.http.post(&format!("query?orgID={}", scene.org), script).await;
    // What fails once there are rows is at the end of what had been sent.
    reply.status != 200 || reply.text.contains("error,reference")
}

async fn write(scene: &Scene, bucket: &str, points: &str) {
    let reply = scene.http.post_text(&format!("write?org={}&bucket={bucket}", scene.org), points).await;
    assert_eq!(reply.status, 204, "{}", reply.text);
}

real!(the_checks_of_the_manual_run, async |scene| {
    let manual = include_str!("../../../../docs/manifest.md");
    let example = manual.split("## Checks").nth(1).and_then(|text| text.split("```toml\n").nth(1)).unwrap();
    let place = Place::new(&scene, &format!("[bucket.hosts]\n{}", example.split("```").next().unwrap()));
    place.apply().run().with(0);
    write(&scene, "hosts", "cpu,host=h usage=95\nroom,host=h temperature=90").await;
    let checks = scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200)["checks"].clone();
    let mut fail = Vec::new();
    for check in checks.as_array().unwrap() {
        if fails(&scene, check).await {
            fail.push(check["name"].clone());
        }
    }
    assert_eq!(fail, [Value::Null; 0]);
    let statuses = "from(bucket: \"_monitoring\") |> range(start: -1h) |> keep(columns: [\"_check_name\", \"_level\"])";
    let query = json!({"query": statuses, "type": "flux"});
    let said = scene.http.post(&format!("query?orgID={}", scene.org), query).await.text;
    assert!(said.contains("CPU busy,crit") && said.contains("own,crit"), "{said}");
});

real!(a_query_is_refused_where_each_run_fails, async |scene| {
    scene.bucket("b").await;
    for field in ["u", "v"] {
        write(&scene, "b", &format!("m,host=h {field}=1.5")).await;
    }
    let steps = STEPS.map(|(step, levels, deadman)| {
        let import = if step.contains("v1.") { "import \"influxdata/influxdb/v1\"\n" } else { "" };
        (format!("{import}{FROM} |> {FIELD} |> {step}"), levels, deadman)
    });
    let mut wrong = Vec::new();
    for (text, levels, silence) in steps.into_iter().chain(whole()) {
        let common = json!({"query": {"text": text}, "every": "1h"});
        let silent = with(&common, json!({"timeSince": "1s", "staleTime": "1h"}));
        for (sort, check, fail) in [
            ("when = { crit = { above = 1 } }", threshold(&scene, common.clone()), levels),
            ("deadman = { level = \"crit\", after = \"1s\", forget = \"1h\" }", deadman(&scene, silent), silence),
        ] {
            let place = Place::new(&scene, &format!("[check.c]\nevery = \"1h\"\nflux = '''\n{text}\n'''\n{sort}\n"));
            let refused = place.on("validate").run().code == 65;
            let check = made(&scene, check).await;
            let fails = fails(&scene, &check).await;
            scene.http.delete(&path(&check)).await.expect(204);
            if (refused, fails) != (fail, fail) {
                wrong.push(format!("{text}, {sort}: refused: {refused}, fails: {fails}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
});

// All of these `validate` refuses: tests/cases/invalid/checks and check-texts.
real!(what_is_taken_of_a_check_and_refused_by_us_fails_at_each_run, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m,host=h u=1.5").await;
    let pipe = format!("{FROM} |> {FIELD}");
    let text = |text: String| json!({"query": {"text": text}, "every": "1h"});
    let plain = |other: Value| with(&text(pipe.clone()), other);
    let level = |level: &str| json!({"type": "greater", "level": level, "value": 1});
    let silent = |other: Value| with(&plain(json!({"timeSince": "1s", "staleTime": "1h"})), other);
    let checks = [
        (threshold(&scene, plain(json!({}))), false),
        (threshold(&scene, plain(json!({"thresholds": []}))), false),
        (threshold(&scene, plain(json!({"statusMessageTemplate": "${r.nosuch}"}))), true),
        (threshold(&scene, plain(json!({"tags": [{"key": "a", "value": "x"}, {"key": "a", "value": "y"}]}))), true),
        (threshold(&scene, plain(json!({"thresholds": [level("CRIT"), level("crit")]}))), true),
        (threshold(&scene, plain(json!({"thresholds": [level("nonsense")]}))), true),
        (threshold(&scene, plain(json!({"thresholds": [level("any")]}))), true),
        (threshold(&scene, text(format!("x = 1\n{pipe}"))), true),
        (threshold(&scene, text(format!("rows = {pipe}"))), true),
        (deadman(&scene, silent(json!({}))), false),
        (deadman(&scene, silent(json!({"level": null}))), true),
        (deadman(&scene, silent(json!({"query": null}))), true),
        (deadman(&scene, silent(json!({"query": {"text": "from(bucket: \"b\")"}}))), true),
    ];
    for (body, fail) in checks {
        let check = made(&scene, body.clone()).await;
        assert_eq!(fails(&scene, &check).await, fail, "{body}");
    }
});

real!(a_level_is_that_of_the_gravest_threshold_and_the_rest_is_ok_or_unknown, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m,host=h u=5").await;
    let above = |level: &str, value: u8| json!({"type": "greater", "level": level, "value": value});
    let range = |within: bool| json!({"type": "range", "level": "WARN", "min": 5, "max": 9, "within": within});
    for (thresholds, level) in [
        (json!([above("OK", 1), above("WARN", 2), above("CRIT", 3)]), "crit"),
        (json!([above("CRIT", 9)]), "ok"),
        (json!([above("CRIT", 9), above("OK", 7)]), "unknown"),
        // Neither is the edge inside, nor outside.
        (json!([range(true)]), "ok"),
        (json!([range(false)]), "ok"),
        (json!([]), "ok"),
    ] {
        let text = format!("{FROM} |> {FIELD}");
        let other = json!({"query": {"text": text}, "every": "1h", "thresholds": thresholds});
        let check = made(&scene, threshold(&scene, other)).await;
        let script = query(&scene, &check).await + " |> keep(columns: [\"_level\"])";
        let body = json!({"query": script, "type": "flux"});
        let said = scene.http.post(&format!("query?orgID={}", scene.org), body).await.text;
        assert!(said.contains(&format!(",{level}")), "{thresholds}: {said}");
    }
});

real!(a_rule_without_levels_or_with_one_twice_fails_at_each_run, async |scene| {
    let body =
        json!({"orgID": scene.org, "name": "e", "status": "active", "type": "slack", "url": "http://127.0.0.1:1"});
    let endpoint = scene.http.post("notificationEndpoints", body).await.expect(201);
    let crit = json!({"currentLevel": "CRIT"});
    for (levels, fail) in [(json!([crit]), false), (json!([]), true), (Value::Null, true), (json!([crit, crit]), true)]
    {
        let body = json!({
            "orgID": scene.org, "name": "r", "status": "active", "type": "slack", "endpointID": endpoint["id"],
            "every": "1h", "statusRules": levels, "messageTemplate": "m",
        });
        let rule = scene.http.post("notificationRules", body).await.expect(201);
        let script = scene.http.get(&format!("notificationRules/{}/query", id(&rule))).await.expect(200);
        let body = json!({"query": script["flux"], "type": "flux"});
        let reply = scene.http.post(&format!("query?orgID={}", scene.org), body).await;
        assert_eq!(reply.status != 200 || reply.text.contains("error,reference"), fail, "{levels}: {}", reply.text);
    }
});

/// The first request that a server at this address gets.
async fn first_request(listener: tokio::net::TcpListener) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut read, mut part) = (String::new(), [0; 4096]);
    // A body is as long as it says, and ends with its row.
    while !read.trim_end().ends_with('}') {
        let length = stream.read(&mut part).await.unwrap();
        assert!(length > 0, "it ends early: {read}");
        read += std::str::from_utf8(&part[..length]).unwrap();
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    read
}

real!(an_inactive_endpoint_is_told_and_much_of_what_it_says_is_not_used, async |scene| {
    scene.bucket("b").await;
    write(&scene, "b", "m,host=h u=5").await;
    let above = json!([{"type": "greater", "level": "CRIT", "value": 1}]);
    let text = format!("{FROM} |> {FIELD}");
    let other = json!({"query": {"text": text}, "every": "1h", "thresholds": above});
    let check = made(&scene, threshold(&scene, other)).await;
    assert!(!fails(&scene, &check).await);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let body = json!({
        "orgID": scene.org, "name": "e", "status": "inactive", "type": "http", "authMethod": "none", "method": "GET",
        "url": format!("http://{}/hook", listener.local_addr().unwrap()),
        "headers": {"X-Ours": "v"}, "contentTemplate": "ours",
    });
    let endpoint = scene.http.post("notificationEndpoints", body).await.expect(201);
    let body = json!({
        "orgID": scene.org, "name": "r", "status": "active", "type": "http", "endpointID": endpoint["id"],
        "every": "1h", "statusRules": [{"currentLevel": "CRIT"}],
    });
    let rule = scene.http.post("notificationRules", body).await.expect(201);
    let script = scene.http.get(&format!("notificationRules/{}/query", id(&rule))).await.expect(200);
    let body = json!({"query": script["flux"], "type": "flux"});
    let told = tokio::spawn(first_request(listener));
    let reply = scene.http.post(&format!("query?orgID={}", scene.org), body).await;
    assert!(reply.status == 200 && !reply.text.contains("error,reference"), "{}", reply.text);
    let told = told.await.unwrap();
    let (head, row) = told.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n") && !head.to_lowercase().contains("x-ours"), "{head}");
    let row: Value = serde_json::from_str(row).unwrap();
    assert_eq!((&row["_level"], &row["_check_name"]), (&json!("crit"), &check["name"]), "{row}");
});
