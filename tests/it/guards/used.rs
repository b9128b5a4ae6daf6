//! What uses something that goes and is in no manifest is named in the plan.

use fluxform::diagnostic::Code;
use fluxform::diff::Goal;
use serde_json::{Value, json};

use crate::support::{Fate, Project, Proxy, Scene, both, id};

const OURS: &str = "[label.l]\n";

/// What a plan says of things that are still used.
async fn said(project: &Project, goal: Goal) -> Vec<String> {
    let warnings = project.plan(goal).await.unwrap().plan.warnings;
    let of = warnings.into_iter().filter(|warning| warning.code == Code::PlanStillUsed);
    of.map(|warning| warning.message).collect()
}

/// A project that owns what others can use.
async fn owner(scene: &Scene) -> Project {
    let project = Project::new(scene);
    project.write("value", "s3cret");
    project.declare(&format!(
        "{OURS}[label.ul]\n[bucket.ub]\n[secret.us]\nvalue = {{ file = \"value\" }}\n\
         [notification_endpoint.ue]\nhttp = {{ url = \"http://localhost:1/\" }}\n\
         [notification_rule.ours]\nendpoint = \"notification_endpoint.ue\"\nevery = \"5m\"\non = [\"crit\"]\n"
    ));
    project.apply().await;
    project
}

async fn first(scene: &Scene, kind: &str, name: &str) -> String {
    let list = scene.http.get(&format!("{kind}?orgID={}&limit=100", scene.org)).await.expect(200);
    let rows = list.as_object().unwrap().values().find_map(Value::as_array).unwrap();
    id(rows.iter().find(|row| row["name"] == name).unwrap())
}

both!(what_nobody_manages_and_uses_what_goes_is_named, async |scene| {
    let project = owner(&scene).await;
    project.declare(OURS);
    assert_eq!(said(&project, Goal::Declared).await, [""; 0], "what goes too uses it no more");

    let (endpoint, label) = (first(&scene, "notificationEndpoints", "ue").await, first(&scene, "labels", "ul").await);
    let bucket = first(&scene, "buckets", "ub").await;
    let rule = json!({
        "orgID": scene.org, "name": "by hand", "status": "active", "type": "http", "endpointID": endpoint,
        "every": "5m", "statusRules": [{"currentLevel": "CRIT"}],
    });
    scene.http.post("notificationRules", rule).await.expect(201);
    let other = scene.bucket("theirs").await;
    scene.http.post(&format!("buckets/{other}/labels"), json!({"labelID": label})).await.expect(201);
    let task = async |name: &str, text: &str| {
        let flux =
            format!("import \"influxdata/influxdb/secrets\"\noption task = {{name: \"{name}\", every: 1h}}\n{text}");
        scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux, "status": "inactive"})).await.expect(201);
    };
    task("pages", "x = secrets.get(key: \"us\")").await;
    task("reads", "from(bucket: \"ub\") |> range(start: -1h)").await;
    task("reads more", "from(bucket: \"ub\") |> range(start: -2h)").await;
    task("else", "from(bucket: \"theirs\") |> range(start: -2h)").await;
    let scraper =
        json!({"orgID": scene.org, "name": "s", "type": "prometheus", "url": "http://x/m", "bucketID": bucket});
    scene.http.post("scrapers", scraper).await.expect(201);
    let token = json!({"orgID": scene.org, "description": "reader", "permissions": [scene.may_one("read", "buckets", &bucket)]});
    scene.http.post("authorizations", token).await.expect(201);

    let is = |address: &str, objects: &str, uses: &str| {
        format!("{address} is deleted, and {objects}, which this project does not manage, still {uses}")
    };
    let mut all = vec![
        is("label.ul", "the bucket \"theirs\"", "uses it"),
        is("secret.us", "the task \"pages\"", "uses it"),
        is("notification_endpoint.ue", "the notification_rule \"by hand\"", "uses it"),
        is("bucket.ub", "the scraper \"s\", 2 tasks (\"reads\" and \"reads more\") and the token \"reader\"", "use it"),
    ];
    all.sort();
    for goal in [Goal::Declared, Goal::Destroyed] {
        let mut found = said(&project, goal).await;
        found.sort();
        assert_eq!(found, all);
    }
});

both!(a_rule_that_nobody_manages_and_that_tells_where_an_endpoint_was_is_named, async |scene| {
    let project = owner(&scene).await;
    let endpoint = first(&scene, "notificationEndpoints", "ue").await;
    let rule = json!({
        "orgID": scene.org, "name": "by hand", "status": "active", "type": "http", "endpointID": endpoint,
        "every": "5m", "statusRules": [{"currentLevel": "CRIT"}],
    });
    scene.http.post("notificationRules", rule).await.expect(201);
    let declare = |endpoint: &str, rule: &str| {
        project.declare(&format!(
            "{OURS}[label.ul]\n[bucket.ub]\n[secret.us]\nvalue = {{ file = \"value\" }}\n\
             [notification_endpoint.ue]\n{endpoint}\n{rule}"
        ));
    };
    let ours = "[notification_rule.ours]\nendpoint = \"notification_endpoint.ue\"\nevery = \"5m\"\non = [\"crit\"]\n";
    let is = |objects: &str, has: &str| {
        format!(
            "notification_endpoint.ue is changed, and {objects}, which this project does not manage, {has} of what it was"
        )
    };
    let by_hand = is("the notification_rule \"by hand\"", "has a copy");
    declare("http = { url = \"http://localhost:2/\" }", ours);
    assert_eq!(said(&project, Goal::Declared).await, std::slice::from_ref(&by_hand));
    declare("name = \"new\"\nhttp = { url = \"http://localhost:1/\" }", ours);
    assert_eq!(said(&project, Goal::Declared).await, [by_hand]);
    declare("description = \"d\"\nhttp = { url = \"http://localhost:1/\" }", ours);
    assert_eq!(said(&project, Goal::Declared).await, [""; 0], "no rule has a copy of that");
    declare("http = { url = \"http://localhost:2/\" }", "[notification_rule.ours]\nexternal = true\n");
    let both = is("2 notification_rules (\"ours\" and \"by hand\")", "have copies");
    assert_eq!(said(&project, Goal::Declared).await, [both]);
});

both!(what_nobody_manages_any_more_and_uses_what_is_renamed_is_named, async |scene| {
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    let task = |name: &str, bucket: &str| {
        let flux =
            format!("option task = {{name: \"{name}\", every: 1h}}\nfrom(bucket: \"{bucket}\") |> range(start: -1h)");
        scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux, "status": "inactive"}))
    };
    for (name, bucket) in [("adopted", "rb"), ("theirs", "rb"), ("else", "other")] {
        task(name, bucket).await.expect(201);
    }
    let script = "flux = 'from(bucket: \"rb\") |> range(start: -1h)'";
    let adopted =
        format!("[task.q]\nname = \"adopted\"\nevery = \"1h\"\n{script}\n[bucket.b]\nname = \"rb\"\n[bucket.other]\n");
    project.declare(&adopted);
    project.apply().await;
    project.declare("[bucket.b]\nname = \"new\"\n[bucket.other]\n");
    let renamed = "bucket.b is renamed, and 2 tasks (\"adopted\" and \"theirs\"), which this project does not manage, still use it";
    assert_eq!(said(&project, Goal::Declared).await, [renamed]);
    project.declare("[bucket.b]\nname = \"new\"\n[bucket.another]\nname = \"rb\"\n[bucket.other]\n");
    assert_eq!(said(&project, Goal::Declared).await, [""; 0], "another one has the name then");
    project.declare("[bucket.other]\n");
    assert_eq!(said(&project, Goal::Declared).await, [renamed.replace("renamed", "deleted")]);
    project.declare("[task.q]\nname = \"adopted\"\nexternal = true\n[bucket.b]\nname = \"new\"\n[bucket.other]\n");
    assert_eq!(said(&project, Goal::Declared).await, [renamed]);
});

both!(a_dashboard_that_nobody_manages_and_that_shows_what_goes_is_named, async |scene| {
    let project = Project::new(&scene);
    let cell = "[[dashboard.ours.cell]]\nat = [0, 0]\nsize = [4, 4]\nxy = {}\n\
                flux = 'from(bucket: \"db\") |> range(start: v.timeRangeStart)'\n";
    project.declare(&format!(
        "{OURS}[bucket.db]\n[variable.line]\nvalues = [\"a\"]\n[variable.other]\nvalues = [\"a\"]\n[dashboard.ours]\n{cell}"
    ));
    project.apply().await;
    for (name, query) in [
        ("by bucket", "from(bucket: \"db\") |> range(start: v.timeRangeStart)"),
        ("by variable", "from(bucket: v.line) |> range(start: v.timeRangeStart)"),
        ("else", "from(bucket: \"another\") |> range(start: v.timeRangeStart)"),
    ] {
        let properties = json!({"shape": "chronograf-v2", "type": "xy", "geom": "line", "queries": [{"text": query}]});
        let cells = json!([{"w": 4, "h": 4, "name": "c", "properties": {"properties": properties}}]);
        let body = json!({"orgID": scene.org, "name": name, "cells": cells});
        scene.http.post("dashboards", body).await.expect(201);
    }
    let query = json!({"type": "query", "values": {"language": "flux", "query": "from(bucket: \"db\")"}});
    let by_hand = json!({"orgID": scene.org, "name": "by_hand", "arguments": query});
    scene.http.post("variables", by_hand).await.expect(201);
    let is = |address: &str, goes: &str, objects: &str, uses: &str| {
        format!("{address} is {goes}, and {objects}, which this project does not manage, still {uses}")
    };
    let objects = "the variable \"by_hand\" and the dashboard \"by bucket\"";
    project.declare(OURS);
    let mut found = said(&project, Goal::Declared).await;
    found.sort();
    let variable = is("variable.line", "deleted", "the dashboard \"by variable\"", "uses it");
    assert_eq!(found, [is("bucket.db", "deleted", objects, "use it"), variable.clone()]);
    project.declare(&format!(
        "{OURS}[bucket.db]\nname = \"new\"\n[variable.line]\nname = \"row\"\nvalues = [\"a\"]\n\
         [variable.other]\nvalues = [\"a\"]\n"
    ));
    let mut found = said(&project, Goal::Declared).await;
    found.sort();
    assert_eq!(found, [is("bucket.db", "renamed", objects, "use it"), variable.replace("deleted", "renamed")]);
});

both!(what_others_have_and_nobody_can_read_stops_no_plan, async |scene| {
    let project = Project::new(&scene);
    project.declare(&format!("{OURS}[bucket.db]\n"));
    project.apply().await;
    let body = json!({"orgID": scene.org, "name": "theirs"});
    let theirs = id(&scene.http.post("dashboards", body).await.expect(201));
    let proxy = Proxy::start(scene.server.url(), move |seen| match seen.path.ends_with(&theirs) {
        true => Fate::Refuse(413, "{\"code\":\"request too large\",\"message\":\"too large\"}"),
        false => Fate::Pass,
    })
    .await;
    project.declare(OURS);
    let project = project.through(proxy.url(), scene.server.token());
    let found = said(&project, Goal::Declared).await;
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert!(one.starts_with(
        "could not look which dashboard of others uses what this plan deletes or changes: GET /api/v2/dashboards/"
    ));
    project.apply().await;
    assert!(project.plan(Goal::Declared).await.unwrap().plan.is_empty());
});

both!(a_bucket_that_agents_write_into_is_not_taken_away_without_a_word, async |scene| {
    let project = Project::new(&scene);
    let of = |bucket: &str| {
        format!(
            "[[outputs.influxdb_v2]]\n  urls = ['http://x']\n  organization = '$INFLUX_ORG'\n  bucket = '{bucket}'\n",
        )
    };
    let declare = |bucket: &str, config: &str| {
        let config = format!("[telegraf.ours]\nconfig = \"\"\"\n{}\"\"\"\n", of(config));
        project.declare(&format!("{OURS}[bucket.hosts]\nname = \"{bucket}\"\n{config}"));
    };
    declare("hosts", "hosts");
    project.apply().await;
    for (name, bucket) in [("by hand", "hosts"), ("else", "another")] {
        let body = json!({
            "orgID": scene.org, "name": name, "config": of(bucket), "metadata": {"buckets": [bucket]},
        });
        scene.http.post("telegrafs", body).await.expect(201);
    }
    let still = |goes: &str| {
        format!(
            "bucket.hosts is {goes}, and the telegraf \"by hand\", which this project does not manage, still uses it"
        )
    };
    declare("hosts_v2", "hosts");
    let refused = project.plan(Goal::Declared).await.unwrap().plan.refusals;
    let words: Vec<_> = refused.iter().map(|problem| problem.diagnostic.message.as_str()).collect();
    assert_eq!(words, ["telegraf.ours uses the bucket `hosts`, which this plan renames"]);
    declare("hosts_v2", "hosts_v2");
    assert_eq!(said(&project, Goal::Declared).await, [still("renamed")]);
    project.declare(OURS);
    assert_eq!(said(&project, Goal::Declared).await, [still("deleted")]);
    declare("hosts", "hsots");
    let warnings = project.plan(Goal::Declared).await.unwrap().plan.warnings.into_iter();
    let missing = warnings.filter(|warning| warning.code == Code::FluxMissing);
    let missing: Vec<_> = missing.map(|warning| format!("{}; {}", warning.message, warning.help.unwrap())).collect();
    let lacks =
        "telegraf.ours uses the bucket `hsots`, which neither the project nor the server has; did you mean `hosts`?";
    assert_eq!(missing, [lacks]);
    let here = of("hsots").replace("http://x", scene.server.url());
    project.declare(&format!("{OURS}[bucket.hosts]\n[telegraf.ours]\nconfig = \"\"\"\n{here}\"\"\"\n"));
    let refused = project.plan(Goal::Declared).await.unwrap().plan.refusals;
    let words: Vec<_> = refused.into_iter().map(|problem| problem.diagnostic.message).collect();
    assert_eq!(words, [lacks.split("; ").next().unwrap()], "it sends to this server");
});

both!(a_variable_that_is_not_there_is_named_with_the_nearest, async |scene| {
    let project = Project::new(&scene);
    let by_hand = json!({
        "orgID": scene.org, "name": "by_hand", "arguments": {"type": "constant", "values": ["a"]},
    });
    scene.http.post("variables", by_hand).await.expect(201);
    let dashboard = |name: &str| {
        let query = format!("from(bucket: v.{name}) |> range(start: v.timeRangeStart, stop: v.timeRangeStop)");
        format!(
            "[variable.line]\nvalues = [\"a\"]\n[variable.all]\nquery = 'x = v.by_hnd'\n\
             [dashboard.d]\n[[dashboard.d.cell]]\nat = [0, 0]\nsize = [4, 4]\nxy = {{}}\nflux = '{query}'\n"
        )
    };
    let missing = async |name: &str| {
        project.declare(&dashboard(name));
        let warnings = project.plan(Goal::Declared).await.unwrap().plan.warnings.into_iter();
        let of = warnings.filter(|warning| warning.code == Code::FluxMissing);
        of.map(|warning| format!("{}; {}", warning.message, warning.help.unwrap())).collect::<Vec<_>>()
    };
    let lacks = |who: &str, name: &str, near: &str| {
        format!(
            "{who} uses the variable `{name}`, which neither the project nor the server has; did you mean `{near}`?"
        )
    };
    let other = lacks("variable.all", "by_hnd", "by_hand");
    assert_eq!(missing("lien").await, [other.clone(), lacks("dashboard.d", "lien", "line")]);
    assert_eq!(missing("line").await, std::slice::from_ref(&other));
    assert_eq!(missing("by_hand").await, [other]);
});
