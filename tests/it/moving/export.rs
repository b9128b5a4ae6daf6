//! What an export says, and what it does not.

use std::path::Path;

use serde_json::{Value, json};

use super::{Home, files};
use crate::support::{Relay, both, hourly, id};

/// A directory for an export, in one that goes at the end.
fn out() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("iot");
    (dir, out)
}

/// All IDs as one, and the server's address too.
fn masked(text: &str, home: &Home) -> String {
    super::masked(text, home.server.url())
}

fn shown(dir: &Path, home: &Home) -> String {
    let files = files(dir).into_iter().filter(|(path, _)| path != ".gitignore");
    files.map(|(path, text)| format!("=== {path}\n{}", masked(&text, home))).collect()
}

/// A server as somebody leaves it who has clicked for a year.
pub(super) async fn clicked(home: &Home) -> Value {
    let label =
        home.make("labels", json!({"name": "Prod", "properties": {"color": "#ff0000", "description": "paged"}})).await;
    let raw = home
        .make("buckets", json!({"name": "raw", "retentionRules": [{"type": "expire", "everySeconds": 2_592_000}]}))
        .await;
    let old = home.make("buckets", json!({"name": "My bucket (old)", "description": "do not use"})).await;
    let gone = home.make("buckets", json!({"name": "gone"})).await;
    let attach = json!({"labelID": label});
    home.http.post(&format!("buckets/{raw}/labels"), attach.clone()).await.expect(201);
    let script = "import \"math\"\n\noption task = {name: \"Hourly\", every: 60m, offset: 5m}\n\n// The mean.\nfrom(bucket: \"raw\") |> range(start: -1h) |> to(bucket: \"My bucket (old)\")";
    let task = home.make("tasks", json!({"flux": script, "description": "means"})).await;
    home.http.post(&format!("tasks/{task}/labels"), attach).await.expect(201);
    let extra = "option task = {name: \"nightly\", cron: \"0 3 * * *\", concurrency: 2}\n\nx = 1";
    home.make("tasks", json!({"flux": extra, "status": "inactive"})).await;
    let arguments = |ty: &str, values: Value| json!({"type": ty, "values": values});
    for (name, arguments) in [
        ("region", arguments("constant", json!(["us", "eu", "us"]))),
        ("Window", arguments("map", json!({"an hour": "1h", "a day": "1d"}))),
        ("host", arguments("query", json!({"language": "flux", "query": "// all\nschema.tagValues(tag: \"host\")"}))),
        ("sql", arguments("query", json!({"language": "sql", "query": "SELECT 1"}))),
        ("none", arguments("constant", json!([]))),
    ] {
        home.make("variables", json!({"name": name, "arguments": arguments, "selected": ["eu"]})).await;
    }
    let odd = home.make("variables", json!({"name": "odd", "arguments": arguments("constant", json!([]))})).await;
    home.http.patch(&format!("variables/{odd}"), json!({"name": "import"})).await.expect(200);
    for (name, url) in [("nodes", "http://nodes.example.com/metrics"), ("open", "http://me:hunter2@a.example.com")] {
        let scraper = json!({"name": name, "type": "prometheus", "url": url, "bucketID": raw, "allowInsecure": true});
        home.make("scrapers", scraper).await;
    }
    for (database, policy, default) in
        [("Legacy", "autogen", false), ("Legacy", "a year", true), ("legacy", "autogen", false)]
    {
        let mapping = json!({"bucketID": raw, "database": database, "retention_policy": policy, "default": default});
        home.make("dbrps", mapping).await;
    }
    let remote = async |name: &str, url: &str| {
        let remote =
            json!({"name": name, "remoteURL": url, "remoteAPIToken": "hunter2", "remoteOrgID": "0123456789abcdef"});
        home.make("remotes", remote).await
    };
    remote("open", "https://me:hunter2@hq.example.com").await;
    let hq = remote("Head office", "https://hq.example.com").await;
    for (name, to, value) in [("Raw", "remoteBucketName", "plant"), ("by ID", "remoteBucketID", "0123456789abcdef")] {
        home.make("replications", json!({"name": name, "remoteID": hq, "localBucketID": raw, to: value})).await;
    }
    let agents = "[[outputs.influxdb_v2]]\n  token = \"$INFLUX_TOKEN\"\n  bucket = \"${BUCKET}\"\n";
    let field =
        "from(bucket: \"raw\")\n    |> range(start: v.timeRangeStart)\n    |> filter(fn: (r) => r._field == \"u\")";
    let own = "option task = {name: \"Own\", every: 1h, offset: 0s}\ncheck = {_check_name: \"Own\", _type: \"custom\", tags: {}}\nfrom(bucket: \"raw\") |> range(start: -1h)";
    let crit = json!([{"type": "greater", "level": "CRIT", "value": 90}, {"type": "range", "level": "WARN", "min": 0, "max": 80.5}]);
    for more in [
        json!({
            "name": "CPU busy", "type": "threshold", "every": "60s", "offset": "0s", "query": {"text": field, "editMode": "builder", "builderConfig": {"buckets": ["raw"]}},
            "thresholds": crit, "statusMessageTemplate": "${ r.host } is \"${ r._level }\"", "tags": [{"key": "team", "value": "ops"}],
        }),
        json!({
            "name": "silent", "type": "deadman", "every": "1m", "offset": "10s", "query": {"text": "from(bucket: \"raw\") |> range(start: -1m)"},
            "timeSince": "90s", "staleTime": "10m", "level": "CRIT", "status": "inactive", "description": "hosts",
        }),
        json!({"name": "Own", "type": "custom", "query": {"text": own}}),
        json!({"name": "never", "type": "threshold", "every": "1m", "query": {"text": format!("x = 1\n{field}")}, "thresholds": crit}),
    ] {
        let mut check = json!({"status": "active"});
        check.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        home.make("checks", check).await;
    }
    for more in [
        json!({"name": "Chat", "type": "slack", "url": "https://slack.com/api/chat.postMessage", "token": "hunter2"}),
        json!({"name": "chat.old", "type": "slack", "url": "https://hooks.slack.com/services/T0/B0/hunter2"}),
        json!({"name": "8 to 5", "type": "telegram", "token": "hunter2", "channel": "-1001", "description": "day shift"}),
        json!({"name": "Hook", "type": "http", "method": "PUT", "authMethod": "basic", "url": "http://hook.example.com/a",
               "username": "hunter2", "password": "hunter2", "headers": {"a": "b"}}),
        json!({"name": "open", "type": "http", "method": "POST", "authMethod": "none", "url": "http://me:hunter2@a.example.com"}),
    ] {
        let mut endpoint = json!({"status": "active"});
        endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        home.make("notificationEndpoints", endpoint).await;
    }
    let send = async |name: &str, other: Value| {
        let mut endpoint =
            json!({"name": name, "status": "active", "type": "slack", "url": "https://slack.com/api/chat.postMessage"});
        endpoint.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        home.make("notificationEndpoints", endpoint).await
    };
    let (ops, hook) = (
        send("Ops", json!({})).await,
        send("Ops hook", json!({"type": "http", "method": "POST", "authMethod": "none"})).await,
    );
    let crit = json!([{"currentLevel": "CRIT"}, {"currentLevel": "WARN", "previousLevel": "OK"}]);
    for more in [
        json!({"name": "Ops", "type": "slack", "endpointID": ops, "messageTemplate": "${ r._message }", "channel": "#ops",
               "offset": "0s", "tagRules": [{"key": "team", "value": "ops"}]}),
        json!({"name": "Hook", "type": "http", "endpointID": hook, "status": "inactive", "description": "all", "limit": 1, "limitEvery": 60}),
        json!({"name": "not here", "type": "http", "endpointID": hook, "tagRules": [{"key": "a", "value": "b", "operator": "notequal"}]}),
    ] {
        let mut rule = json!({"status": "active", "every": "1h0m0s", "statusRules": crit});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        home.make("notificationRules", rule).await;
    }
    let view = |view: Value| json!({"properties": view});
    let query = |text: &str| json!({"text": text, "editMode": "builder", "builderConfig": {"buckets": ["raw"]}});
    let cells = json!([
        {"x": 0, "y": 0, "w": 8, "h": 4, "name": "Usage", "properties": view(json!({
            "shape": "chronograf-v2", "type": "xy", "queries": [query(field)], "geom": "step", "legendOpacity": 1, "legendHide": true,
            "axes": {"x": {"base": "10", "scale": "linear"}, "y": {"label": "°C", "bounds": ["0", ""], "scale": "log"}},
            "xColumn": "_time", "yColumn": "_value", "position": "overlaid",
            "colors": [{"id": "8a-b", "type": "scale", "hex": "#31C0F6", "name": "Nineteen Eighty Four", "value": 0}],
        }))},
        {"x": 8, "y": 0, "w": 4, "h": 2, "name": "Now", "properties": view(json!({
            "shape": "chronograf-v2", "type": "single-stat", "suffix": "${ a }", "decimalPlaces": {"digits": 2}, "colors": [],
            "queries": [{"text": "buckets()", "name": "A"}, {"text": "x = 1"}],
        }))},
        {"x": 8, "y": 2, "w": 4, "h": 1, "properties": view(json!({"shape": "chronograf-v2", "type": "markdown", "note": "# ${x}\n'''"}))},
        {"x": 0, "y": 4, "w": 4, "h": 4, "name": "Now", "properties": view(json!({
            "shape": "chronograf-v2", "type": "geo", "zoom": 3.5, "center": {"lat": 1}, "layers": [{"type": "circleMap", "radius": 2}],
        }))},
        {"x": 4, "y": 4, "w": 1, "h": 1, "name": "new"},
    ]);
    home.make("dashboards", json!({"name": "Plant", "description": "all", "cells": cells})).await;
    home.make("dashboards", json!({"name": "blank"})).await;
    let over = json!([{"w": 2, "h": 1, "name": "a"}, {"x": 1, "w": 2, "h": 1, "name": "b"}]);
    home.make("dashboards", json!({"name": "untidy", "cells": over})).await;
    let graph = |queries: Value| view(json!({"shape": "chronograf-v2", "type": "xy", "queries": queries}));
    let broken = json!([
        {"w": 1, "h": 1, "name": "sound", "properties": graph(json!([{"text": "x = 1"}]))},
        {"x": 1, "w": 1, "h": 1, "properties": graph(json!([{"text": "x = 1"}, {"text": "x = 1\n\ny = from(bucket: "}]))},
    ]);
    home.make("dashboards", json!({"name": "broken", "cells": broken})).await;
    for (name, config) in [
        ("Hosts", agents.to_owned()),
        ("windows", agents.replace('\n', "\r\n")),
        ("open", agents.replace("$INFLUX_TOKEN", "hunter2==")),
    ] {
        home.make("telegrafs", json!({"name": name, "config": config, "metadata": {"buckets": []}})).await;
    }
    let may = json!([home.may_one("write", "buckets", &raw), home.may("read", "buckets")]);
    let v1 = |username: &str| json!({"token": username, "description": "dashboards", "permissions": may});
    let grafana = home.make("/private/legacy/authorizations", v1("Grafana")).await;
    home.make("/private/legacy/authorizations", v1("with:colon")).await;
    home.token("Sees Grafana", json!([home.may_one("read", "authorizations", &grafana)])).await;
    let secrets = json!({"smtp \u{1b}[31m": "hunter2", "0123456789abcdef-token": "of an endpoint"});
    home.http.patch(&format!("orgs/{}/secrets", home.org), secrets).await.expect(204);
    let alice = home.http.post("users", json!({"name": "alice"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    home.http.post(&format!("orgs/{}/members", home.org), json!({"id": alice})).await.expect(201);
    home.http.post("users", json!({"name": "bob", "status": "inactive"})).await.expect(201);
    let one = home
        .token("Ingest", json!([home.may_one("write", "buckets", &raw), home.may_one("read", "buckets", &gone)]))
        .await;
    home.token("Wide", json!([home.may("read", "buckets"), home.may("write", "dashboards"), {"action": "read", "resource": {"type": "orgs"}}])).await;
    home.token("One view", json!([home.may_one("read", "views", "0123456789abcdef")])).await;
    home.http.delete(&format!("buckets/{gone}")).await.expect(204);
    json!({"raw": raw, "old": old, "task": task, "ingest": one.token})
}

both!(a_server_that_was_clicked_together, virgin, async |server| {
    let home = Home::on(server).await;
    clicked(&home).await;
    let before = home.everything().await;
    let (_keep, dir) = out();
    let said = home.export(&dir, &[]).with(0);
    insta::assert_snapshot!("clicked", shown(&dir, &home));
    insta::assert_snapshot!("clicked-said", masked(&said.out, &home).replace(dir.to_str().unwrap(), "iot"));
    // The plan is to adopt, and nothing else; and so it is done.
    let resources = said
        .out
        .lines()
        .filter_map(|line| line.split_once(" resource")?.0.split_whitespace().last()?.parse::<u64>().ok());
    assert_eq!(home.plan(&dir), (resources.sum(), String::new()));
    home.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(&dir).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&dir).run().with(0);
    home.fluxform(&["drift"]).arg(&dir).run().with(0);
    assert_eq!(home.everything().await, before);
    // What the project owns now is exported as it was.
    let (_keep, again) = out();
    home.export(&again, &[]).with(0);
    assert_eq!(files(&again), files(&dir));
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&again).run().with(0);
});

both!(an_export_sets_up_another_server, virgin, async |server| {
    let home = Home::on(server).await;
    clicked(&home).await;
    for name in ["Hourly", "Hourly", "nightly"] {
        let script = format!("option task = {{name: \"{name}\", every: 2h}}\nx = {}", name.len());
        home.make("tasks", json!({"flux": script})).await;
    }
    let (_keep, dir) = out();
    home.export(&dir, &[]).with(0);
    let first = files(&dir);

    let other = Home::another(home.server.backend()).await;
    std::fs::remove_file(dir.join("server.toml")).unwrap();
    let tokens = dir.join("tokens.toml");
    std::fs::write(&tokens, first["tokens.toml"].replace("# deliver", "deliver")).unwrap();
    // A script that was clicked together lacks an import.
    // One after the other: a token and a v1 token that are made at once may get one ID, and a permission on it means both.
    let apply = other.fluxform(&["apply", "--adopt", "--auto-approve", "--no-type-check", "--parallelism=1"]).arg(&dir);
    // The secrets that nobody could read.
    let secrets = ["CHAT_TOKEN", "HEAD_OFFICE_TOKEN", "ENDPOINT_8_TO_5_TOKEN", "HOOK_USERNAME", "HOOK_PASSWORD"];
    secrets.into_iter().fold(apply, |apply, name| apply.var(name, "hunter2")).run().with(0);
    other.fluxform(&["plan", "--detailed-exitcode"]).arg(&dir).run().with(0);
    let (_keep, again) = out();
    other.export(&again, &[]).with(0);
    let mut second = files(&again);
    second.insert("server.toml".into(), first["server.toml"].clone());
    assert_eq!(second, first);
});

both!(one_list_for_each_kind_and_page, virgin, async |server| {
    let home = Home::on(server).await;
    for n in 0..120 {
        home.make("buckets", json!({"name": format!("b{n}")})).await;
    }
    let relay = Relay::to(home.server.url());
    let (_keep, dir) = out();
    let run = home.fluxform(&["export", "--out"]).arg(&dir).args(&["--host", relay.url()]);
    run.run().with(0);
    let lists = |path: &str| relay.requests().iter().filter(|request| request.starts_with(path)).count();
    // 122 buckets with the system's and setup's: two pages and the empty one that ends the walk.
    for (path, count) in [
        ("GET /api/v2/buckets?", 3),
        ("GET /api/v2/tasks?", 1),
        ("GET /api/v2/labels?", 1),
        ("GET /api/v2/authorizations?", 1),
        ("GET /api/v2/users?", 2),
    ] {
        assert_eq!(lists(path), count, "{path}: {:#?}", relay.requests());
    }
    let writes = |request: &&String| !request.starts_with("GET ") && !request.contains("/authorizations");
    assert_eq!(relay.requests().iter().find(writes), None);
});

both!(labels_and_kinds_select, virgin, async |server| {
    let home = Home::on(server).await;
    clicked(&home).await;
    let resources = |said: &crate::cli::fluxform::Ended| -> Vec<String> {
        let all = said.json()["resources"].as_array().unwrap().clone();
        let external = |one: &Value| if one["external"] == true { " external" } else { "" };
        all.iter().map(|one| format!("{}{}", one["address"].as_str().unwrap(), external(one))).collect()
    };
    let (_keep, dir) = out();
    let said = home.export(&dir, &["--label", "prod", "--format=json"]).with(0);
    assert_eq!(resources(&said), ["label.prod", "bucket.raw", "task.hourly"]);
    insta::assert_snapshot!("json", masked(&said.out, &home).replace(dir.to_str().unwrap(), "iot"));
    assert_eq!(home.plan(&dir), (3, String::new()));
    let (_keep, dir) = out();
    let said = home.export(&dir, &["--kind=token", "--format=json"]).with(0);
    assert_eq!(
        resources(&said),
        [
            "org.first external",
            "bucket.raw external",
            "token.ingest",
            "token.one_view external",
            "token.roots_token external",
            "token.sees_grafana",
            "token.wide",
            "v1_token.grafana external"
        ]
    );
    assert_eq!(home.plan(&dir), (3, String::new()));
    let (_keep, dir) = out();
    let said = home.export(&dir, &["--label", "Pord", "--format=json"]).with(1);
    assert!(said.err.contains("there is one named \"Prod\""), "{}", said.err);
    assert!(!dir.exists());
});

both!(what_another_project_owns_is_left_to_it, virgin, async |server| {
    let home = Home::on(server).await;
    let theirs = tempfile::tempdir().unwrap();
    let manifest = "[project]\nname = \"theirs\"\n[bucket.shared]\n[label.theirs]\n";
    std::fs::write(theirs.path().join("main.toml"), manifest).unwrap();
    home.fluxform(&["apply", "--auto-approve"]).arg(theirs.path()).run().with(0);
    let shared =
        home.http.get("buckets?name=shared").await.expect(200)["buckets"][0]["id"].as_str().unwrap().to_owned();
    home.token("reads it", json!([home.may_one("read", "buckets", &shared)])).await;
    let (_keep, dir) = out();
    let said = home.export(&dir, &[]).with(0);
    assert!(said.out.contains("the project `theirs` owns it"), "{}", said.out);
    assert!(!files(&dir).values().any(|text| text.contains("fluxform/theirs")));
    // A user is of no org, and a project of any org may own it.
    home.http.post("orgs", json!({"name": "elsewhere"})).await.expect(201);
    let manifest = "[project]\nname = \"far\"\n[server]\norg = \"elsewhere\"\n[user.far]\n";
    std::fs::write(theirs.path().join("main.toml"), manifest).unwrap();
    home.fluxform(&["apply", "--auto-approve"]).arg(theirs.path()).run().with(0);
    let (_keep, users) = out();
    let said = home.export(&users, &["--kind=user"]).with(0);
    assert!(said.out.contains("the project `far` owns it"), "{}", said.out);
    insta::assert_snapshot!("shared", files(&dir)["buckets.toml"]);
    assert_eq!(home.plan(&dir), (2, String::new()));
});

both!(a_token_that_does_not_see_all_says_so, virgin, async |server| {
    let home = Home::on(server).await;
    clicked(&home).await;
    let reads = ["buckets", "labels", "tasks", "authorizations"].map(|ty| home.may("read", ty));
    let narrow = home.token("narrow", json!(reads)).await;
    let with = |token: &str, arguments: &[&str], dir: &Path| {
        home.fluxform_with(token, &["export", "--org", &home.org, "--out"]).arg(dir).args(arguments).run()
    };
    let (_keep, dir) = out();
    let said = with(&narrow.token, &[], &dir).with(4);
    insta::assert_snapshot!("narrow-said", masked(&said.out, &home).replace(dir.to_str().unwrap(), "iot"));
    insta::assert_snapshot!("narrow", files(&dir)["fluxform.toml"].clone() + &files(&dir)["buckets.toml"]);
    // A token that is proven to see what is asked for: by what it may grant.
    let me = json!({"action": "write", "resource": {"type": "users", "id": home.user}});
    let granting = [reads.to_vec(), vec![home.may("write", "authorizations"), me]].concat();
    let granting = home.token("granting", json!(granting)).await;
    let (_keep, dir) = out();
    with(&granting.token, &["--kind=bucket", "--kind=label", "--kind=task"], &dir).with(0);
    let (_keep, dir) = out();
    with(&granting.token, &["--kind=bucket", "--kind=user"], &dir).with(4);
});

both!(roles_in_other_orgs_are_kept, virgin, async |server| {
    let home = Home::on(server).await;
    let other = home.http.post("orgs", json!({"name": "other"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    for name in ["both", "theirs"] {
        let user = home.http.post("users", json!({"name": name})).await.expect(201)["id"].as_str().unwrap().to_owned();
        home.http.post(&format!("orgs/{other}/owners"), json!({"id": user})).await.expect(201);
        if name == "both" {
            home.http.post(&format!("orgs/{}/members", home.org), json!({"id": user})).await.expect(201);
        }
    }
    let elsewhere = json!({"orgID": other, "name": "elsewhere"});
    home.http.post("buckets", elsewhere).await.expect(201);
    let (_keep, dir) = out();
    let said = home.export(&dir, &[]).with(0);
    assert!(said.out.contains("One more org is not exported"), "{}", said.out);
    insta::assert_snapshot!("roles", files(&dir)["users.toml"]);
    assert_eq!(home.plan(&dir), (2, String::new()));
    // All of them together.
    let (_keep, dir) = out();
    home.export(&dir, &["--all-orgs"]).with(0);
    assert!(
        files(&dir)["buckets.toml"].contains("[bucket.other_elsewhere]\nname = \"elsewhere\"\norg = \"org.other\"")
    );
    assert_eq!(home.plan(&dir), (5, String::new()));
});

both!(what_an_export_loses_or_refers_to_in_vain_is_said, virgin, async |server| {
    let home = Home::on(server).await;
    let query = "from(bucket: \"raw\") |> range(start: -1m) |> filter(fn: (r) => r._field == \"x\")";
    let silent = |name: &str, zero: bool| {
        json!({
            "name": name, "type": "deadman", "status": "active", "every": "1m", "query": {"text": query}, "level": "CRIT",
            "timeSince": "90s", "staleTime": "10m", "reportZero": zero,
        })
    };
    home.make("checks", silent("zero", true)).await;
    home.make("checks", silent("usual", false)).await;
    for (name, comment) in [("told", "\n  // as the auditors want it\n  "), ("plain", "")] {
        let flux = format!("// above\noption task = {{name: \"{name}\", {comment}every: 1h}}\nx = \"http://a\"\n");
        home.make("tasks", json!({"flux": flux})).await;
    }
    let (raw, gone) =
        (home.make("buckets", json!({"name": "raw"})).await, home.make("buckets", json!({"name": "gone"})).await);
    home.token("stale", json!([home.may_one("write", "buckets", &raw), home.may_one("read", "buckets", &gone)])).await;
    home.http.delete(&format!("buckets/{gone}")).await.expect(204);
    let (_keep, dir) = out();
    let said = home.export(&dir, &["--format=json"]).with(0).json();
    let notes = said["notes"].as_array().unwrap().iter();
    let notes: Vec<_> =
        notes.map(|note| ["disposition", "field", "name"].map(|key| note[key].as_str().unwrap_or_default())).collect();
    assert_eq!(
        notes.iter().filter(|[disposition, ..]| *disposition != "external").collect::<Vec<_>>(),
        [
            &["without_field", "comments in `option task`", "told"],
            &["without_field", "reportZero", "zero"],
            &["stale", "read", "stale"],
        ],
        "{said}"
    );
    assert_eq!(home.plan(&dir).1, "");
});

both!(a_token_on_a_bucket_of_the_servers_own_keeps_it, virgin, async |server| {
    let home = Home::on(server).await;
    let found = home.http.get(&format!("buckets?orgID={}&name=_monitoring", home.org)).await.expect(200);
    let monitoring = id(&found["buckets"][0]);
    home.token("watch", json!([home.may_one("read", "buckets", &monitoring)])).await;
    let (_keep, dir) = out();
    home.export(&dir, &[]).with(0);
    let files = files(&dir);
    let has = |file: &str, text: &str| assert!(files[file].contains(text), "{}", files[file]);
    has("tokens.toml", "read = [\"bucket.monitoring\"]");
    has("buckets.toml", "[bucket.monitoring]\nexternal = true\nname = \"_monitoring\"");
    assert_eq!(home.plan(&dir), (2, String::new()));
});

both!(tasks_that_can_never_run_are_not_taken_over, virgin, async |server| {
    let home = Home::on(server).await;
    let user = home.http.post("users", json!({"name": "left"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    home.http.post(&format!("orgs/{}/owners", home.org), json!({"id": user})).await.expect(201);
    let body = json!({"orgID": home.org, "userID": user, "description": "left's", "permissions": [
        home.may("write", "tasks"), home.may("read", "tasks"), {"action": "read", "resource": {"type": "orgs", "id": home.org}},
    ]});
    let secret = home.http.post("authorizations", body).await.expect(201)["token"].as_str().unwrap().to_owned();
    let task = json!({"orgID": home.org, "flux": hourly("orphan")});
    home.http.with_token(&secret).post("tasks", task).await.expect(201);
    home.http.delete(&format!("orgs/{}/owners/{user}", home.org)).await.expect(204);
    let (_keep, dir) = out();
    let said = home.export(&dir, &[]).with(0);
    assert!(said.out.contains("the user that it runs as was deleted, or does not own the org"), "{}", said.out);
    assert_eq!(files(&dir)["server.toml"].matches("[task.orphan]\nexternal = true").count(), 1);
    assert_eq!(home.plan(&dir).1, "");
});
