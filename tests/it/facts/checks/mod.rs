//! Checks, and the tasks behind them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Reply, Scene, both, id, unique};

mod changes;
mod custom;
mod runs;
mod seen;

const QUERY: &str = "from(bucket: \"b\") |> range(start: v.timeRangeStart, stop: v.timeRangeStop) |> filter(fn: (r) => r._measurement == \"cpu\" and r._field == \"u\") |> aggregateWindow(every: v.windowPeriod, fn: mean) |> yield(name: \"mean\")";
const CUSTOM: &str = "import \"influxdata/influxdb/monitor\"\noption task = {name: \"NAME\", every: 1h, offset: 5m}\ncheck = {_check_name: \"NAME\", _type: \"custom\", tags: {}}\nfrom(bucket: \"b\") |> range(start: -1h) |> monitor.check(data: check, messageFn: (r) => \"m\", crit: (r) => r._value > 1.0)\n";
const UNTOLD: &str = "An internal error has occurred - check server logs";

/// What `other` says, and for the rest a check with one threshold.
fn threshold(scene: &Scene, other: Value) -> Value {
    let mut all = json!({
        "orgID": scene.org, "name": unique("c"), "type": "threshold", "status": "active", "every": "1m",
        "query": {"text": QUERY}, "thresholds": [{"type": "greater", "level": "CRIT", "value": 90}],
    });
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

fn deadman(scene: &Scene, other: Value) -> Value {
    let mut all = threshold(scene, json!({"type": "deadman", "level": "CRIT", "timeSince": "90s", "staleTime": "10m"}));
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

fn custom(scene: &Scene, name: &str) -> Value {
    json!({
        "orgID": scene.org, "name": name, "type": "custom", "status": "active",
        "query": {"text": CUSTOM.replace("NAME", name)},
    })
}

async fn post(scene: &Scene, body: Value) -> Reply {
    scene.http.post("checks", body).await
}

async fn made(scene: &Scene, body: Value) -> Value {
    post(scene, body).await.expect(201)
}

async fn put(http: &Http, check: &Value, body: Value) -> Reply {
    let http = http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, &path(check), Some(body.to_string().into_bytes())).await
}

fn path(check: &Value) -> String {
    format!("checks/{}", id(check))
}

/// What a check says that its task runs.
async fn query(scene: &Scene, check: &Value) -> String {
    let reply = scene.http.get(&format!("{}/query", path(check))).await.expect(200);
    reply["flux"].as_str().unwrap().to_owned()
}

async fn task(scene: &Scene, check: &Value) -> Value {
    scene.http.get(&format!("tasks/{}", check["taskID"].as_str().unwrap())).await.expect(200)
}

/// The body of a check with other fields.
fn with(check: &Value, other: Value) -> Value {
    let mut all = check.clone();
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

both!(a_reply_is_the_check_with_what_its_task_says, async |scene| {
    let check = made(&scene, threshold(&scene, json!({"name": "c"}))).await;
    let at = format!("/api/v2/{}", path(&check));
    let wanted = json!({
        "id": check["id"], "name": "c", "ownerID": scene.user, "orgID": scene.org,
        "query": {
            "text": QUERY, "editMode": "", "name": "",
            "builderConfig": {"buckets": [], "tags": [], "functions": [], "aggregateWindow": {"period": "", "fillValues": false}},
        },
        "taskID": check["taskID"], "statusMessageTemplate": "", "every": "1m", "tags": null,
        "createdAt": check["createdAt"], "updatedAt": check["createdAt"],
        "thresholds": [{"allValues": false, "level": "CRIT", "value": 90, "type": "greater"}], "type": "threshold",
        "labels": [],
        "links": {
            "self": at, "labels": format!("{at}/labels"), "members": format!("{at}/members"),
            "owners": format!("{at}/owners"), "query": format!("{at}/query"),
        },
        "status": "active", "latestCompleted": check["latestCompleted"], "latestScheduled": check["latestCompleted"],
    });
    assert_eq!(check, wanted);
    assert_eq!(scene.http.get(&path(&check)).await.expect(200), wanted);
    let list = scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200);
    let this = format!("/api/v2/checks?descending=false&limit=20&offset=0&orgID={}", scene.org);
    assert_eq!(list, json!({"checks": [wanted], "links": {"self": this}}));
    let own = made(&scene, custom(&scene, "own")).await;
    for key in ["statusMessageTemplate", "every", "tags", "thresholds", "level"] {
        assert!(own.get(key).is_none(), "{own}");
    }
});

both!(all_is_kept_as_it_is_sent_but_levels_and_zeros, async |scene| {
    let builder = json!({
        "buckets": ["b"], "tags": [{"key": "_measurement", "values": ["cpu"], "aggregateFunctionType": "filter"}],
        "functions": [{"name": "mean"}], "aggregateWindow": {"period": "1m", "fillValues": false},
    });
    let query = json!({"text": QUERY, "editMode": "builder", "name": "q", "builderConfig": builder});
    let tags = json!([{"key": "team", "value": "ops"}, {"key": "ü", "value": "x\"y"}]);
    let check = made(
        &scene,
        threshold(
            &scene,
            json!({
                "description": "d", "every": "60s", "offset": "0s", "query": query, "tags": tags,
                "statusMessageTemplate": "${ r._check_name } is \"${r._level}\"\\ x\ny",
                "thresholds": [
                    {"type": "greater", "level": "crit", "value": 90.5},
                    {"type": "lesser", "level": "Warn"},
                    {"type": "range", "level": "INFO", "min": 0, "max": 10, "within": true},
                    {"type": "range", "level": "OK", "min": -1.5, "max": 0},
                    {"type": "greater", "level": "foo", "value": 1e300},
                    {"type": "greater", "level": "any", "value": 1},
                ],
                "id": ABSENT, "ownerID": ABSENT, "taskID": ABSENT, "nosuch": 1,
            }),
        ),
    )
    .await;
    assert_eq!((&check["query"], &check["tags"]), (&query, &tags));
    let texts = ["description", "every", "offset", "statusMessageTemplate"].map(|key| check[key].as_str().unwrap());
    assert_eq!(texts, ["d", "60s", "0s", "${ r._check_name } is \"${r._level}\"\\ x\ny"]);
    let kept = json!([
        {"allValues": false, "level": "CRIT", "value": 90.5, "type": "greater"},
        {"allValues": false, "level": "WARN", "value": 0, "type": "lesser"},
        {"allValues": false, "level": "INFO", "max": 10, "within": true, "type": "range"},
        {"allValues": false, "level": "OK", "min": -1.5, "within": false, "type": "range"},
        {"allValues": false, "level": "UNKNOWN", "value": 1e300, "type": "greater"},
        {"allValues": false, "level": "ANY", "value": 1, "type": "greater"},
    ]);
    assert_eq!(check["thresholds"], kept);
    assert_eq!(check["ownerID"], scene.user);
    assert_ne!(check["id"], ABSENT);
    for (sent, kept) in [(json!([]), json!([])), (Value::Null, Value::Null)] {
        let check = made(&scene, threshold(&scene, json!({"tags": sent, "thresholds": sent, "description": ""}))).await;
        assert_eq!((&check["tags"], &check["thresholds"]), (&kept, &Value::Null));
        assert!(check.get("description").is_none(), "{check}");
    }
    let check = made(&scene, deadman(&scene, json!({"level": "nonsense", "query": null}))).await;
    let said = ["level", "timeSince", "staleTime"].map(|key| check[key].as_str().unwrap());
    assert_eq!((said, &check["reportZero"]), (["UNKNOWN", "90s", "10m"], &json!(false)));
    assert_eq!(check["query"]["text"], "");
});

both!(the_script_of_the_task_is_made_of_the_query, async |scene| {
    let check = made(&scene, threshold(&scene, json!({"name": "c"}))).await;
    let flux = query(&scene, &check).await;
    let wanted = format!(
        r#"import "influxdata/influxdb/monitor"
import "influxdata/influxdb/v1"

data =
    from(bucket: "b")
        |> range(start: -1m)
        |> filter(fn: (r) => r._measurement == "cpu" and r._field == "u")
        |> aggregateWindow(every: 1m, fn: mean, createEmpty: false)

option task = {{name: "c", every: 1m}}

check = {{_check_id: "{}", _check_name: "c", _type: "threshold", tags: {{}}}}
crit = (r) => r["u"] > 90.0
messageFn = (r) => ""

data |> v1["fieldsAsCols"]() |> monitor["check"](data: check, messageFn: messageFn, crit: crit)
"#,
        id(&check)
    );
    assert_eq!(flux, wanted);
    let behind = task(&scene, &check).await;
    let said = ["flux", "name", "every", "status"].map(|key| behind[key].as_str().unwrap());
    assert_eq!(said, [flux.as_str(), "c", "1m", "active"]);
    let all = threshold(
        &scene,
        json!({
            "name": "d", "offset": "10s", "statusMessageTemplate": "${ r._check_name } is \"${r._level}\"\\ x",
            "tags": [{"key": "team", "value": "ops"}],
            "query": {"text": "import \"math\"\n\nfrom(bucket: \"b\")\n    |> range(start: -5m) // c\n    |> filter(fn: (r) => r[\"_field\"] == \"u\")\n    |> window(every: 2h)"},
            "thresholds": [
                {"type": "greater", "level": "crit", "value": 90.5}, {"type": "lesser", "level": "warn", "value": -3},
                {"type": "range", "level": "info", "min": 0, "max": 10, "within": true},
                {"type": "range", "level": "ok", "min": 10, "max": 20},
            ],
        }),
    );
    let check = made(&scene, all).await;
    let wanted = format!(
        r#"import "math"
import "influxdata/influxdb/monitor"
import "influxdata/influxdb/v1"

data =
    from(bucket: "b")
        |> range(start: -1m)
        // c
        |> filter(fn: (r) => r["_field"] == "u")
        |> window(every: 1m)

option task = {{name: "d", every: 1m, offset: 10s}}

check = {{_check_id: "{}", _check_name: "d", _type: "threshold", tags: {{team: "ops"}}}}
crit = (r) => r["u"] > 90.5
warn = (r) => r["u"] < -3.0
info = (r) => r["u"] < 10.0 and r["u"] > 0.0
ok = (r) => r["u"] < 10.0 or r["u"] > 20.0
messageFn = (r) => "${{ r._check_name }} is \"${{r._level}}\"\\ x"

data
    |> v1["fieldsAsCols"]()
    |> monitor["check"](
        data: check,
        messageFn: messageFn,
        crit: crit,
        warn: warn,
        info: info,
        ok: ok,
    )
"#,
        id(&check)
    );
    assert_eq!(query(&scene, &check).await, wanted);
    let check = made(&scene, deadman(&scene, json!({"name": "e"}))).await;
    let wanted = format!(
        r#"import "influxdata/influxdb/monitor"
import "experimental"
import "influxdata/influxdb/v1"

data =
    from(bucket: "b")
        |> range(start: -10m)
        |> filter(fn: (r) => r._measurement == "cpu" and r._field == "u")

option task = {{name: "e", every: 1m}}

check = {{_check_id: "{}", _check_name: "e", _type: "deadman", tags: {{}}}}
crit = (r) => r["dead"]
messageFn = (r) => ""

data
    |> v1["fieldsAsCols"]()
    |> monitor["deadman"](t: experimental["subDuration"](from: now(), d: 90s))
    |> monitor["check"](data: check, messageFn: messageFn, crit: crit)
"#,
        id(&check)
    );
    assert_eq!(query(&scene, &check).await, wanted);
});

// Each run of the tasks of these fails.
both!(what_is_no_single_pipe_is_taken_and_is_no_data, async |scene| {
    let pipe = "from(bucket: \"b\") |> range(start: -5m) |> filter(fn: (r) => r._field == \"u\")";
    for text in [format!("({pipe})"), format!("x = 1\n{pipe}"), format!("rows = {pipe}")] {
        let check = made(&scene, threshold(&scene, json!({"query": {"text": text}}))).await;
        assert!(!query(&scene, &check).await.contains("data = from"), "{text}");
    }
    for text in ["", "from(bucket: \"b\")"] {
        let check = made(&scene, deadman(&scene, json!({"query": {"text": text}}))).await;
        assert!(!query(&scene, &check).await.contains("data ="), "{text}");
    }
    for other in [
        json!({"thresholds": [{"type": "greater", "level": "CRIT"}, {"type": "greater", "level": "crit"}]}),
        json!({"tags": [{"key": "a", "value": "x"}, {"key": "a", "value": "y"}]}),
        json!({"cron": "* * * * *"}),
    ] {
        made(&scene, threshold(&scene, other)).await;
    }
});

both!(what_is_refused_is_refused_with_these_words, async |scene| {
    let panic =
        "a panic has occurred: /api/v2/checks: runtime error: invalid memory address or nil pointer dereference";
    let fields =
        |filter: &str| json!({"query": {"text": format!("from(bucket: \"b\") |> filter(fn: (r) => {filter})")}});
    for (other, message) in [
        (json!({"type": null}), "invalid check type "),
        (json!({"type": "foo"}), "invalid check type foo"),
        (json!({"type": 1}), "unable to detect the check type from json"),
        (json!({"orgID": null}), "invalid org id for permission: invalid ID"),
        (json!({"orgID": "x"}), "id must have a length of 16 bytes"),
        (json!({"name": null}), "Check Name can't be empty"),
        (json!({"name": ""}), "Check Name can't be empty"),
        (
            json!({"name": 1}),
            "json: cannot unmarshal number into Go struct field thresholdDecode.Base.name of type string",
        ),
        (
            json!({"name": "a${b}"}),
            "Could not create task from check: invalid options: failed to parse field 'name' in task options",
        ),
        (json!({"status": null}), "invalid status: must be active or inactive"),
        (json!({"status": "foo"}), "invalid status: must be active or inactive"),
        (json!({"every": null}), "Check Every must exist"),
        (json!({"every": ""}), "Check Every can't be empty"),
        (json!({"every": 60}), "Check Every can't be empty"),
        (json!({"every": "-1m"}), "invalid duration -1m"),
        (json!({"every": "x"}), "invalid duration x"),
        (
            json!({"every": "500ms"}),
            "Could not create task from check: invalid options: invalid options: every option must be at least 1 second",
        ),
        (
            json!({"every": "1500ms"}),
            "Could not create task from check: invalid options: invalid options: every option must be expressible as whole seconds",
        ),
        (json!({"offset": ""}), "Check Offset can't be empty"),
        (json!({"offset": "-10s"}), "invalid duration -10s"),
        (json!({"offset": "1m"}), "Offset should not be equal or greater than the interval"),
        (json!({"offset": "2m"}), "Offset should not be equal or greater than the interval"),
        (
            json!({"every": "2d", "offset": "1d"}),
            "Could not create task from check: unexpected error parsing time: time: unknown unit \"d\" in duration \"1d\"",
        ),
        (json!({"query": null}), "Could not create task from check: expected a single field but got: []"),
        (
            json!({"query": {"text": "from(bucket: "}}),
            "Could not create task from check: loc 1:1-1:14: expected RPAREN, got EOF",
        ),
        (
            fields("r._field == \"u\" or r._field == \"v\""),
            "Could not create task from check: expected a single field but got: [u v]",
        ),
        (fields("\"u\" == r._field"), "Could not create task from check: expected a single field but got: []"),
        (fields("(r._field) == \"u\""), "Could not create task from check: expected a single field but got: []"),
        (json!({"thresholds": [{"type": "equal", "level": "OK"}]}), "invalid threshold type equal"),
        (
            json!({"thresholds": [{"type": "range", "level": "OK", "min": 2, "max": 1}]}),
            "range threshold min can't be larger than max",
        ),
        (
            json!({"thresholds": [{"type": "greater", "value": "1"}]}),
            "json: cannot unmarshal string into Go struct field thresholdConfigDecode.thresholds.value of type float64",
        ),
        (json!({"tags": [{"key": "a"}]}), "tag must contain a key and a value"),
        (json!({"tags": [{"key": "a b", "value": "c"}]}), "Could not create task from check: invalid options: loc "),
        (json!({"tags": [{"key": "if", "value": "c"}]}), "Could not create task from check: invalid options: loc "),
        (json!({"statusMessageTemplate": "a ${ b"}), "Could not create task from check: invalid options: loc 14:"),
        (json!({"statusMessageTemplate": "${r[\"x\"]}"}), "Could not create task from check: invalid options: loc 14:"),
    ] {
        post(&scene, threshold(&scene, other)).await.refused(400, "invalid", message);
    }
    let reply = post(&scene, threshold(&scene, json!({"orgID": ABSENT}))).await;
    reply.refused(404, "not found", "organization not found");
    for stale in [json!({"staleTime": null})] {
        post(&scene, deadman(&scene, stale)).await.refused(500, "internal error", panic);
    }
    post(&scene, deadman(&scene, json!({"timeSince": "-1m"}))).await.refused(400, "invalid", "invalid duration -1m");
    assert_eq!(scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200)["checks"], json!([]));
});
