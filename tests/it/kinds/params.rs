//! `params`: scripts of every kind that has some take values from the manifest.

use serde_json::{Value, json};

use crate::support::{Scene, both};
use crate::terminal::Place;

/// A project whose scripts name a bucket by its resource.
const PROJECT: &str = r#"
[var]
env = { default = "prod" }

[defaults.bucket]
retention = "1d"

[bucket.raw]
name = "${var.env}_raw"

[bucket.quiet]
name = "It's ${var.env}"

[check.hot]
every = "1m"
params = { source = { bucket = "bucket.raw" }, room = "hall \"1\"", back = { duration = "-5m" }, floor = -1, field = "t" }
flux = 'from(bucket: params.source) |> range(start: params.back) |> filter(fn: (r) => r.room == params.room and r._field == params.field)'
when = { crit = { above = 30 } }

[check.own]
custom = true
name = "own"
params = { source = { bucket = "bucket.raw" } }
flux = '''
import "influxdata/influxdb/monitor"
option task = {name: "own", every: 1m, offset: 0s}
check = {_check_id: "", _check_name: "own", _type: "custom", tags: {}}
from(bucket: params.source)
    |> range(start: -1m)
    |> filter(fn: (r) => r._measurement == "m" and r._field == "f")
    |> monitor.check(data: check, messageFn: (r) => "m", crit: (r) => r.f > 1.0)
'''

[variable.rooms]
params = { source = { bucket = "bucket.raw" } }
query = '''
import "influxdata/influxdb/schema"
schema.tagValues(bucket: params.source, tag: "room")'''

[dashboard.rooms]
params = { source = { bucket = "bucket.raw" }, quiet = { bucket = "bucket.quiet" } }

[[dashboard.rooms.cell]]
name = "both"
at = [0, 0]
size = [4, 4]
queries = [
    { flux = 'from(bucket: params.source) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == "m")' },
    { flux = 'from(bucket: params.quiet) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == "m")' },
]
xy = {}

[[dashboard.rooms.cell]]
name = "literal"
at = [4, 0]
size = [4, 4]
flux = 'from(bucket: "_monitoring") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "statuses")'
table = {}

[dashboard.file]
file = "rooms.json"
params = { source = { bucket = "bucket.raw" } }
"#;

fn query(text: &str) -> Value {
    json!({"type": "xy", "queries": [{"text": text, "editMode": "advanced", "name": ""}]})
}

/// The texts of all scripts that the server has, apart from tasks.
async fn texts(scene: &Scene) -> Vec<String> {
    let get = async |path: &str| scene.http.get(&format!("{path}orgID={}", scene.org)).await.expect(200);
    let (checks, variables) = (get("checks?").await, get("variables?").await);
    let mut texts: Vec<String> = Vec::new();
    let mut add = |text: &Value| texts.push(text.as_str().unwrap_or_default().to_owned());
    checks["checks"].as_array().unwrap().iter().for_each(|check| add(&check["query"]["text"]));
    variables["variables"].as_array().unwrap().iter().for_each(|one| add(&one["arguments"]["values"]["query"]));
    for dashboard in get("dashboards?").await["dashboards"].as_array().unwrap() {
        let path = format!("dashboards/{}?include=properties", crate::support::id(dashboard));
        for cell in scene.http.get(&path).await.expect(200)["cells"].as_array().unwrap() {
            cell["properties"]["queries"].as_array().unwrap().iter().for_each(|query| add(&query["text"]));
        }
    }
    texts.sort();
    texts
}

both!(scripts_of_each_kind_follow_a_bucket_that_is_renamed, async |scene| {
    let place = Place::new(&scene, PROJECT);
    let from_file =
        query("from(bucket: params.source) |> range(start: -1h) |> filter(fn: (r) => r._measurement == \"m\")");
    let file = json!({"cells": [{"x": 0, "y": 0, "w": 4, "h": 4, "name": "file", "properties": from_file}]});
    std::fs::write(place.path().join("rooms.json"), file.to_string()).unwrap();
    let validated = place.on("validate").run().with(0);
    assert!(!validated.all().contains("Warning") && validated.err.is_empty(), "{}", validated.all());
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    place.on("drift").run().with(0);
    let checks = scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200);
    let ids: Vec<String> = checks["checks"].as_array().unwrap().iter().map(crate::support::id).collect();
    let unnamed = |text: String| ids.iter().fold(text, |text, id| text.replace(id, "ID"));
    let texts = texts(&scene).await.into_iter().map(unnamed).collect::<Vec<_>>();
    insta::assert_snapshot!("params", texts.join("\n---\n"));

    let plan = place.on("plan").args(&["--var", "env=test", "--format", "json"]).run().with(0).json();
    let changes = plan["plan"]["changes"].as_array().unwrap();
    let mut changed: Vec<&str> =
        changes.iter().filter(|one| one["action"] == "update").map(|one| one["address"].as_str().unwrap()).collect();
    changed.sort_unstable();
    let all =
        ["bucket.quiet", "bucket.raw", "check.hot", "check.own", "dashboard.file", "dashboard.rooms", "variable.rooms"];
    assert_eq!(changed, all, "{plan:#}");
    place.apply().args(&["--var", "env=test"]).run().with(0);
    place.on("plan").args(&["--var", "env=test", "--detailed-exitcode"]).run().with(0);
    let texts = self::texts(&scene).await;
    assert!(texts.iter().all(|text| !text.contains("prod")), "{texts:#?}");
    assert_eq!(texts.iter().filter(|text| text.contains("test_raw")).count(), 6, "{texts:#?}");
    place.on("destroy").arg("--auto-approve").run().with(0);
});

both!(a_dashboard_in_a_file_is_exported_back_into_it, async |scene| {
    let project = "[var]\nenv = { default = \"prod\" }\n\n[bucket.raw]\nname = \"${var.env}_raw\"\n\n[dashboard.file]\n\
                   file = \"rooms.json\"\nparams = { source = { bucket = \"bucket.raw\" } }\n";
    let place = Place::new(&scene, project);
    let script =
        "import \"math\"\nfrom(bucket: params.source) |> range(start: -1h) |> map(fn: (r) => ({r with pi: math.pi}))";
    let file = json!({"cells": [{"x": 0, "y": 0, "w": 4, "h": 4, "name": "file", "properties": query(script)}]});
    std::fs::write(place.path().join("rooms.json"), file.to_string()).unwrap();
    place.apply().run().with(0);
    let dashboards = scene.http.get(&format!("dashboards?orgID={}", scene.org)).await.expect(200);
    let path = format!("dashboards/{}?include=properties", crate::support::id(&dashboards["dashboards"][0]));
    let shown = scene.http.get(&path).await.expect(200);
    assert!(shown.to_string().contains("option params = {source: "), "{shown}");
    std::fs::write(place.path().join("rooms.json"), shown.to_string()).unwrap();
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    // The manifest says what is in the record.
    place.apply().args(&["--var", "env=test"]).run().with(0);
    assert_eq!(texts(&scene).await, [script.replacen('\n', "\noption params = {source: \"test_raw\"}\n", 1)]);
    // What is wrong stands where it stands in the file.
    let wrong = shown.to_string().replace("params.source", "params.sauce");
    std::fs::write(place.path().join("rooms.json"), &wrong).unwrap();
    let said = place.on("validate").run().with(65);
    let column = wrong.find("sauce").unwrap() + 1;
    assert!(said.err.contains(&format!("rooms.json:1:{column}]")), "{}", said.err);
});
