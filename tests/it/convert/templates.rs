//! Templates: what a converted one makes is what InfluxDB's own `POST /api/v2/templates/apply` makes, field by field.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Converted, source};
use crate::ci::yaml;
use crate::moving::Home;
use crate::support::{Backend, both, real};

/// The lists of what templates make, each with the key of its rows.
const LISTS: [(&str, &str); 9] = [
    ("labels?orgID=", "labels"),
    ("buckets?limit=100&orgID=", "buckets"),
    ("variables?orgID=", "variables"),
    ("telegrafs?orgID=", "configurations"),
    ("tasks?limit=100&orgID=", "tasks"),
    ("checks?limit=100&orgID=", "checks"),
    ("notificationEndpoints?limit=100&orgID=", "notificationEndpoints"),
    ("notificationRules?limit=100&orgID=", "notificationRules"),
    ("dashboards?orgID=", "dashboards"),
];

/// What another server, or another time, has otherwise.
const OTHERS: [&str; 18] = [
    "id",
    "orgID",
    "org",
    "ownerID",
    "authorizationID",
    "taskID",
    "createdAt",
    "updatedAt",
    "latestCompleted",
    "latestScheduled",
    "lastRunStatus",
    "lastRunError",
    "links",
    "meta",
    "endpointID",
    "user",
    "userResourceID",
    // InfluxDB does nothing with it.
    "reportZero",
];

/// What an empty option of a view stands for.
const USUAL: [(&str, &str); 5] = [
    ("xColumn", "_time"),
    ("yColumn", "_value"),
    ("scale", "linear"),
    ("wrapping", "truncate"),
    ("timeFormat", "YYYY-MM-DD HH:mm:ss"),
];

/// The colors that hold where a view has none.
const UNSAID: [&str; 3] = [r##"["#31C0F6","#A500A5","#FF7E27"]"##, r##"["#00C9FF"]"##, r##"["#FFFFFF"]"##];

/// All that templates make in the org, by kind and name, with names in the place of IDs.
async fn made(home: &Home) -> BTreeMap<String, Value> {
    let mut names = BTreeMap::new();
    let mut all = Vec::new();
    for (list, key) in LISTS {
        let rows = home.http.get(&format!("{list}{}", home.org)).await.expect(200);
        for row in rows[key].as_array().unwrap() {
            let name = row["name"].as_str().unwrap_or_default().to_owned();
            if name.starts_with("fluxform/") || row["type"] == "system" || name == "first-bucket" {
                continue;
            }
            let id = row["id"].as_str().unwrap();
            names.insert(id.to_owned(), format!("<{name}>"));
            let row = match key {
                "dashboards" => home.http.get(&format!("dashboards/{id}?include=properties")).await.expect(200),
                _ => row.clone(),
            };
            all.push((format!("{key} {name}"), row));
        }
    }
    all.into_iter().map(|(name, row)| (name, plain(row, &names))).collect()
}

/// A row without what is otherwise each time, and by meaning where InfluxDB writes the same in two ways.
fn plain(value: Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Object(mut all) => {
            if let Some(endpoint) = all.get("endpointID").and_then(Value::as_str) {
                all.insert("endpoint".into(), json!(names.get(endpoint)));
            }
            OTHERS.iter().for_each(|key| drop(all.remove(*key)));
            // InfluxDB gives a template's objects an offset of nothing.
            for (key, nothing) in [("offset", "0s"), ("description", ""), ("color", "")] {
                if all.get(key).is_some_and(|value| value == nothing) {
                    all.remove(key);
                }
            }
            for key in ["every", "offset", "timeSince", "staleTime"] {
                if let Some(text) = all.get(key).and_then(Value::as_str) {
                    let meant: Result<fluxform::duration::Duration, _> = text.parse();
                    let meant = meant.map_or_else(|_| text.to_owned(), |meant| format!("{:?}", meant.whole_secs()));
                    all.insert(key.to_owned(), meant.into());
                }
            }
            if let Some(flux) = all.get("flux").and_then(Value::as_str) {
                let script = fluxform::value::Script::of_task(flux.to_owned());
                all.insert("flux".to_owned(), fluxform::value::Value::Script(script).fingerprint().into());
            }
            for (key, by) in [("labels", "name"), ("thresholds", "level")] {
                if let Some(Value::Array(rows)) = all.get_mut(key) {
                    rows.sort_by_key(|row| row[by].to_string());
                }
            }
            // What holds where the UI finds nothing.
            for (key, usual) in USUAL {
                if all.get(key).is_some_and(|value| value == usual) {
                    all.insert(key.to_owned(), json!(""));
                }
            }
            let hexes =
                all.get("colors").and_then(Value::as_array).map(|colors| colors.iter().map(|color| &color["hex"]));
            if hexes.is_some_and(|hexes| UNSAID.contains(&json!(hexes.collect::<Vec<_>>()).to_string().as_str())) {
                all.remove("colors");
            }
            let all = all.into_iter().map(|(key, value)| (key, plain(value, names)));
            // What fluxform makes has lists where InfluxDB leaves them out.
            let is_nothing = |value: &Value| {
                value.is_null() || *value == json!([]) || *value == json!({}) || *value == json!(["", ""])
            };
            let all: BTreeMap<String, Value> = all.filter(|(_, value)| !is_nothing(value)).collect();
            Value::Object(all.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(|item| plain(item, names)).collect(),
        other => other,
    }
}

/// The objects in a text of YAML.
fn objects(text: &str) -> Vec<Value> {
    yaml::documents(text)
}

/// Has InfluxDB apply a template.
async fn apply(home: &Home, text: &str) {
    let body = json!({"orgID": home.org, "template": {"contents": objects(text)}});
    let reply = home.http.post("templates/apply", body).await.expect(201);
    assert!(reply["errors"].as_array().is_none_or(Vec::is_empty), "{:#}", reply["errors"]);
}

/// The secrets that the templates of the tests refer to.
const SECRETS: [&str; 5] = ["hook_token", "hook_user", "hook_password", "slack_token", "pager_key"];

/// Sets them: no template has their values.
async fn secrets(home: &Home) {
    let all: Map<String, Value> = SECRETS.iter().map(|key| ((*key).to_owned(), json!("none of yours"))).collect();
    let reply = home.http.patch(&format!("orgs/{}/secrets", home.org), all.into()).await;
    assert_eq!(reply.status, 204, "{}", reply.text);
}

/// Applies the project that was made of `text` to a new server.
async fn applied(backend: Backend, converted: &Converted) -> Home {
    let home = Home::another(backend).await;
    secrets(&home).await;
    home.fluxform(&["apply", "--auto-approve"]).arg(converted.project()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(converted.project()).run().with(0);
    home
}

#[track_caller]
fn assert_same(theirs: &BTreeMap<String, Value>, ours: &BTreeMap<String, Value>) {
    for (name, theirs) in theirs {
        let text = |value: &Value| format!("{value:#}\n");
        let ours = ours.get(name).map(text).unwrap_or_default();
        let theirs = text(theirs);
        let difference = similar::TextDiff::from_lines(&theirs, &ours);
        assert!(theirs == ours, "{name}: theirs and ours\n{}", difference.unified_diff());
    }
    assert_eq!(theirs.len(), ours.len());
}

/// A template of the tests, with how many objects it makes.
async fn is_as_influxd_makes_it(name: &str, count: u64, notes: &[&str]) {
    let text = source(name);
    let converted = Converted::of(name, &text);
    assert_eq!(converted.ended.code, 0, "{}", converted.ended.all());
    let said = converted.ended.words();
    let said: Vec<&str> = said.split(" ⚠ ").skip(1).map(|said| said.split(" ╭").next().unwrap()).collect();
    let is_said = said.len() == notes.len() && said.iter().zip(notes).all(|(said, note)| said.contains(note));
    assert!(is_said, "{said:?} {}", converted.ended.all());
    let theirs = Home::another(Backend::Real).await;
    apply(&theirs, &text).await;
    let wanted = made(&theirs).await;
    assert_eq!(wanted.len() as u64, count);
    assert_same(&wanted, &made(&applied(Backend::Real, &converted).await).await);
    // What `influx apply` has made is taken over as it is.
    assert_eq!(theirs.plan(&converted.project()), (count, String::new()));
    theirs.fluxform(&["adopt", "--auto-approve"]).arg(converted.project()).run().with(0);
    theirs.fluxform(&["plan", "--detailed-exitcode"]).arg(converted.project()).run().with(0);
}

real!(plain_kinds_are_made_as_influxd_makes_them, async |_scene| {
    is_as_influxd_makes_it("plain.yml", 10, &[]).await;
});

real!(checks_endpoints_and_rules_are_made_as_influxd_makes_them, async |_scene| {
    let secrets = SECRETS.map(|_| "the template has no value for the secret");
    let zero = "the check `silent` is converted without `reportZero`";
    is_as_influxd_makes_it("alerting.yml", 12, &[&secrets[..], &[zero]].concat()).await;
});

real!(dashboards_are_made_as_influxd_makes_them, async |_scene| {
    is_as_influxd_makes_it(
        "dashboards.yml",
        2,
        &[
            "InfluxDB ignores `timeFormat` of a chart of the kind Single_Stat_Plus_Line",
            "InfluxDB ignores `fillColumns` of a chart of the kind Scatter",
            "InfluxDB ignores `symbolColumns` of a chart of the kind Scatter",
            "InfluxDB ignores `fillColumns` of a chart of the kind Mosaic",
        ],
    )
    .await;
});

both!(converted_templates_apply, virgin, async |server| {
    let home = Home::on(server).await;
    for name in ["plain.yml", "alerting.yml", "dashboards.yml"] {
        let converted = Converted::of(name, &source(name));
        converted.ended.with(0);
    }
    secrets(&home).await;
    let text = ["plain.yml", "alerting.yml", "dashboards.yml"].map(source).join("---\n");
    let converted = Converted::of("all.yml", &text);
    home.fluxform(&["apply", "--auto-approve"]).arg(converted.project()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(converted.project()).run().with(0);
    assert_eq!(made(&home).await.len(), 24);
});

/// JSON, and what Jsonnet prints, which is a list, say the same as YAML.
#[test]
fn json_says_the_same() {
    let yaml = Converted::of("t.yml", &source("alerting.yml"));
    let list = serde_json::to_string_pretty(&objects(&source("alerting.yml"))).unwrap();
    let json = Converted::of("t.json", &list);
    assert_eq!(json.ended.code, 0, "{}", json.ended.all());
    assert_eq!(crate::moving::files(&yaml.project()), crate::moving::files(&json.project()));
}
