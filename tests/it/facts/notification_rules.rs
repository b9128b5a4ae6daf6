//! Notification rules, the tasks behind them, and what these have of endpoints.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Reply, Scene, both, id, names, unique};

const NONE: Value = Value::Null;
const UNTOLD: &str = "An internal error has occurred - check server logs";

fn with(all: &Value, other: Value) -> Value {
    let mut all = all.clone();
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

/// A new endpoint.
async fn endpoint(scene: &Scene, other: Value) -> Value {
    let all = json!({"orgID": scene.org, "name": unique("e"), "status": "active", "type": "slack", "url": "http://x"});
    scene.http.post("notificationEndpoints", with(&all, other)).await.expect(201)
}

/// What `other` says, and for the rest a rule that sends to `endpoint`.
fn rule(scene: &Scene, endpoint: &Value, other: Value) -> Value {
    let mut all = json!({
        "orgID": scene.org, "name": "n", "status": "active", "type": endpoint["type"], "endpointID": endpoint["id"],
        "every": "5m", "statusRules": [{"currentLevel": "CRIT"}],
    });
    if endpoint["type"] != "http" {
        all["messageTemplate"] = json!("m ${ r._message }");
    }
    with(&all, other)
}

async fn post(scene: &Scene, body: Value) -> Reply {
    scene.http.post("notificationRules", body).await
}

async fn made(scene: &Scene, body: Value) -> Value {
    post(scene, body).await.expect(201)
}

async fn put(http: &Http, path: &str, body: &Value) -> Reply {
    let http = http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
}

fn path(rule: &Value) -> String {
    format!("notificationRules/{}", id(rule))
}

/// What a rule says that its task runs.
async fn query(scene: &Scene, rule: &Value) -> String {
    let reply = scene.http.get(&format!("{}/query", path(rule))).await.expect(200);
    reply["flux"].as_str().unwrap().to_owned()
}

async fn task(scene: &Scene, rule: &Value) -> Value {
    scene.http.get(&format!("tasks/{}", rule["taskID"].as_str().unwrap())).await.expect(200)
}

async fn in_step(scene: &Scene, rule: &Value) -> bool {
    query(scene, rule).await == task(scene, rule).await["flux"]
}

both!(a_reply_is_the_rule_with_what_its_task_says, async |scene| {
    let endpoint = endpoint(&scene, json!({})).await;
    let rule = made(&scene, rule(&scene, &endpoint, json!({}))).await;
    let at = format!("/api/v2/{}", path(&rule));
    let wanted = json!({
        "id": rule["id"], "name": "n", "endpointID": endpoint["id"], "orgID": scene.org, "ownerID": scene.user,
        "taskID": rule["taskID"], "every": "5m", "runbookLink": "",
        "statusRules": [{"currentLevel": "CRIT", "previousLevel": null}],
        "createdAt": rule["createdAt"], "updatedAt": rule["createdAt"],
        "channel": "", "messageTemplate": "m ${ r._message }", "type": "slack", "labels": [],
        "links": {
            "self": at, "labels": format!("{at}/labels"), "members": format!("{at}/members"),
            "owners": format!("{at}/owners"), "query": format!("{at}/query"),
        },
        "status": "active", "latestCompleted": rule["latestCompleted"], "latestScheduled": rule["latestCompleted"],
    });
    assert_eq!(rule, wanted);
    assert_eq!(scene.http.get(&path(&rule)).await.expect(200), wanted);
    let list = scene.http.get(&format!("notificationRules?orgID={}", scene.org)).await.expect(200);
    let this = format!("/api/v2/notificationRules?descending=false&limit=20&offset=0&orgID={}", scene.org);
    assert_eq!(list, json!({"notificationRules": [wanted], "links": {"self": this}}));
});

both!(all_is_kept_but_levels_are_made_large, async |scene| {
    let slack = endpoint(&scene, json!({})).await;
    let tags = json!([{"key": "a b", "value": "x\"y", "operator": "equal"}]);
    let said = json!({
        "description": "d", "every": "90s", "offset": "0s", "channel": "#c", "tagRules": [{"key": "a b", "value": "x\"y"}],
        "statusRules": [{"currentLevel": "crit", "previousLevel": "ok", "count": 5}, {"currentLevel": "any"}, {}],
        "limit": 1, "limitEvery": 5, "runbookLink": "r",
    });
    let rule_ = made(&scene, rule(&scene, &slack, said)).await;
    let statuses = json!([
        {"currentLevel": "CRIT", "previousLevel": "OK"}, {"currentLevel": "ANY", "previousLevel": null},
        {"currentLevel": "UNKNOWN", "previousLevel": null},
    ]);
    for (key, value) in [
        ("description", json!("d")),
        ("every", json!("90s")),
        ("offset", json!("0s")),
        ("channel", json!("#c")),
        ("tagRules", tags),
        ("statusRules", statuses),
        ("limit", json!(1)),
        ("limitEvery", json!(5)),
        ("runbookLink", json!("r")),
    ] {
        assert_eq!(rule_[key], value, "{key}");
    }
    let telegram = endpoint(&scene, json!({"type": "telegram", "token": "t", "channel": "c"})).await;
    let own = json!({"parseMode": "x\"", "disableWebPagePreview": true});
    let made = made(&scene, rule(&scene, &telegram, own)).await;
    assert_eq!((&made["parseMode"], &made["disableWebPagePreview"]), (&json!("x\""), &json!(true)));
    assert_eq!(made.get("channel"), None);
});

both!(what_is_missing_is_refused_and_nothing_is_kept, async |scene| {
    let (slack, http) = (
        endpoint(&scene, json!({})).await,
        endpoint(&scene, json!({"type": "http", "method": "POST", "authMethod": "none"})).await,
    );
    let absent = format!("notification endpoint not found for key \"{ABSENT}\"");
    for (other, words) in [
        (json!({"orgID": NONE}), "invalid org id for permission: invalid ID"),
        (json!({"type": NONE}), "invalid notification type "),
        (json!({"type": "foo"}), "invalid notification type foo"),
        (json!({"type": 5}), "unable to detect the notification type from json"),
        (json!({"name": ""}), "invalid options: invalid options: name required"),
        (json!({"name": "a${b}"}), "invalid options: failed to parse field 'name' in task options"),
        (json!({"status": "on"}), "invalid status: must be active or inactive"),
        (json!({"endpointID": NONE}), "no key was provided for notification endpoint"),
        (json!({"every": "500ms"}), "invalid options: invalid options: every option must be at least 1 second"),
        (json!({"every": "-1m"}), "invalid duration -1m"),
        (json!({"offset": "5m"}), "Offset should not be equal or greater than the interval"),
        (json!({"tagRules": [{"key": "a", "value": "b", "operator": "x"}]}), "unrecognized operator"),
        (json!({"tagRules": [{"key": "a"}]}), "tag must contain a key and a value"),
        (json!({"limit": 1}), "if limit is set, limit and limitEvery must be larger than 0"),
        (json!({"limit": null}), "if limit is set, limit and limitEvery must be larger than 0"),
        (json!({"messageTemplate": ""}), "slack msg template is empty"),
        (json!({"channel": 5}), "json: cannot unmarshal number into Go struct field Slack.channel of type string"),
        (json!({"name": 5}), "json: cannot unmarshal number into Go struct field Slack.Base.name of type string"),
    ] {
        post(&scene, rule(&scene, &slack, other)).await.refused(400, "invalid", words);
    }
    post(&scene, rule(&scene, &slack, json!({"endpointID": ABSENT}))).await.refused(404, "not found", &absent);
    post(&scene, rule(&scene, &http, json!({"orgID": ABSENT}))).await.refused(
        404,
        "not found",
        "organization not found",
    );
    for other in [
        json!({"endpointID": http["id"]}),
        json!({"every": ""}),
        json!({"offset": ""}),
        json!({"status": NONE}),
        json!({"labels": [{}]}),
    ] {
        assert_eq!(post(&scene, rule(&scene, &slack, other.clone())).await.status, 500, "{other}");
    }
    for message in ["${", "a ${ x"] {
        assert_eq!(post(&scene, rule(&scene, &slack, json!({"messageTemplate": message}))).await.status, 400);
    }
    let list = scene.http.get(&format!("notificationRules?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["notificationRules"], json!([]));
    // Each of its runs fails, or tells nothing.
    for other in [json!({"statusRules": []}), json!({"statusRules": NONE}), json!({"messageTemplate": "${zz}"})] {
        let rule = made(&scene, rule(&scene, &slack, other)).await;
        assert!(in_step(&scene, &rule).await);
    }
});

both!(what_a_rule_runs_has_its_endpoint, async |scene| {
    let statuses =
        json!([{"currentLevel": "CRIT"}, {"currentLevel": "WARN", "previousLevel": "OK"}, {"currentLevel": "ANY"}]);
    let mut scripts = Vec::new();
    for other in [
        json!({"type": "slack"}),
        json!({"type": "slack", "token": "k"}),
        json!({"type": "http", "method": "POST", "authMethod": "none"}),
        json!({"type": "http", "method": "POST", "authMethod": "bearer", "token": "secret: own"}),
        json!({"type": "http", "method": "POST", "authMethod": "basic", "username": "u", "password": "p"}),
        json!({"type": "pagerduty", "routingKey": "k", "clientURL": "http://c"}),
        json!({"type": "telegram", "token": "k", "channel": "c"}),
    ] {
        let endpoint = endpoint(&scene, other).await;
        let said = json!({
            "statusRules": statuses, "offset": "10s", "channel": "#c", "parseMode": "x",
            "tagRules": [{"key": "team", "value": "ops"}, {"key": "a b", "value": "x\"y", "operator": "notequal"}],
        });
        for said in [said, json!({"every": "1h30m"})] {
            let rule = made(&scene, rule(&scene, &endpoint, said)).await;
            assert!(in_step(&scene, &rule).await);
            let names = [
                (id(&rule), "RULE"),
                (id(&endpoint), "ENDPOINT"),
                (endpoint["name"].as_str().unwrap().to_owned(), "NAME"),
            ];
            scripts.push(names.iter().fold(query(&scene, &rule).await, |text, (old, new)| text.replace(old, new)));
        }
    }
    insta::assert_snapshot!("rule-scripts", scripts.join("\n"));
});

both!(a_patch_changes_no_more_than_name_description_and_status, async |scene| {
    let endpoint = endpoint(&scene, json!({})).await;
    let rule = made(&scene, rule(&scene, &endpoint, json!({"description": "d"}))).await;
    let patch = async |body: Value| scene.http.patch(&path(&rule), body).await;
    let same = |reply: &Value| with(&rule, json!({"updatedAt": reply["updatedAt"]}));
    let reply = patch(json!({"every": "9m", "endpointID": ABSENT, "description": null})).await.expect(200);
    assert_eq!(reply, same(&reply));
    let reply = patch(json!({"name": "q", "status": "inactive"})).await.expect(200);
    assert_eq!((&reply["name"], &reply["status"]), (&json!("q"), &json!("inactive")));
    let behind = task(&scene, &rule).await;
    assert_eq!(
        (&behind["name"], &behind["status"], &behind["description"]),
        (&json!("q"), &json!("inactive"), &json!("d"))
    );
    for (body, words) in [
        (json!({"name": ""}), "Notification Rule Name can't be empty"),
        (json!({"description": ""}), "Notification Rule Description can't be empty"),
        (json!({"status": "x"}), "invalid status: must be active or inactive"),
        (json!({"name": "a${b}"}), "invalid options: failed to parse field 'name' in task options"),
    ] {
        patch(body).await.refused(400, "invalid", words);
    }
    assert!(in_step(&scene, &rule).await);
    scene
        .http
        .patch(&format!("tasks/{}", rule["taskID"].as_str().unwrap()), json!({"status": "active"}))
        .await
        .expect(200);
    assert_eq!(scene.http.get(&path(&rule)).await.expect(200)["status"], "active");
});

both!(a_put_replaces_all_and_one_that_fails_changes_nothing, async |scene| {
    let (slack, http) = (
        endpoint(&scene, json!({})).await,
        endpoint(&scene, json!({"type": "http", "method": "POST", "authMethod": "none"})).await,
    );
    let first =
        made(&scene, rule(&scene, &slack, json!({"description": "d", "offset": "1m", "limit": 1, "limitEvery": 1})))
            .await;
    let put = async |body: Value| put(&scene.http, &path(&first), &body).await;
    let reply = put(rule(&scene, &slack, json!({"orgID": ABSENT, "name": "m"}))).await.expect(200);
    assert_eq!((reply.get("description"), reply.get("offset"), reply.get("limit")), (None, None, None));
    assert_eq!(
        (&reply["orgID"], &reply["ownerID"], &reply["name"]),
        (&json!(scene.org), &json!(scene.user), &json!("m"))
    );
    let before = scene.http.get(&path(&first)).await.expect(200);
    for (other, status, words) in [
        (json!({"name": ""}), 400, "Notification Rule Name can't be empty"),
        (json!({"status": "x"}), 400, "invalid status: must be active or inactive"),
        (json!({"endpointID": NONE}), 400, "Notification Rule EndpointID is invalid"),
        (json!({"endpointID": ABSENT}), 404, "notification endpoint not found for key"),
        (json!({"endpointID": http["id"]}), 500, UNTOLD),
        (json!({"every": NONE}), 500, "a panic has occurred"),
        (json!({"status": NONE}), 500, "a panic has occurred"),
        (json!({"every": ""}), 500, UNTOLD),
        (json!({"every": "10ms"}), 400, "invalid options: invalid options: every option must be at least 1 second"),
        (json!({"offset": "10m"}), 400, "Offset should not be equal or greater than the interval"),
        (json!({"messageTemplate": ""}), 400, "slack msg template is empty"),
        (json!({"messageTemplate": "${"}), 500, UNTOLD),
        (json!({"name": "a${b}"}), 400, "invalid options: failed to parse field 'name' in task options"),
        (json!({"limit": 1}), 400, "if limit is set, limit and limitEvery must be larger than 0"),
    ] {
        let reply = put(rule(&scene, &slack, other.clone())).await;
        assert_eq!(reply.status, status, "{other}: {}", reply.text);
        assert!(reply.message().starts_with(words), "{other}: {}", reply.text);
    }
    assert_eq!(scene.http.get(&path(&first)).await.expect(200), before);
    assert!(in_step(&scene, &first).await);
    let reply = put(rule(&scene, &http, json!({"orgID": NONE}))).await.expect(200);
    assert_eq!((&reply["id"], &reply["taskID"], &reply["type"]), (&first["id"], &first["taskID"], &json!("http")));
    assert_eq!(reply.get("messageTemplate"), None);
    assert!(in_step(&scene, &first).await);
});

both!(a_rule_has_its_endpoint_as_it_was_until_it_is_touched, async |scene| {
    let mut endpoint = endpoint(&scene, json!({})).await;
    let other = self::endpoint(&scene, json!({})).await;
    let first = made(&scene, rule(&scene, &endpoint, json!({}))).await;
    let at = format!("notificationEndpoints/{}", id(&endpoint));
    for (key, value) in
        [("url", json!("http://y")), ("name", json!(unique("renamed"))), ("token", json!("secret: own"))]
    {
        endpoint[key] = value;
        put(&scene.http, &at, &endpoint).await.expect(200);
        assert!(!in_step(&scene, &first).await, "{key}");
        scene.http.patch(&path(&first), json!({})).await.expect(200);
        assert!(in_step(&scene, &first).await, "{key}");
    }
    endpoint["description"] = json!("d");
    put(&scene.http, &at, &endpoint).await.expect(200);
    assert!(in_step(&scene, &first).await);
    let http = with(&endpoint, json!({"type": "http", "method": "POST", "authMethod": "none"}));
    put(&scene.http, &at, &http).await.expect(200);
    for reply in [
        scene.http.get(&format!("{}/query", path(&first))).await,
        scene.http.patch(&path(&first), json!({})).await,
        put(&scene.http, &path(&first), &first).await,
    ] {
        reply.refused(500, "internal error", UNTOLD);
    }
    scene.http.get(&path(&first)).await.expect(200);
    scene.http.delete(&at).await.expect(204);
    let absent = format!("notification endpoint not found for key \"{}\"", id(&endpoint));
    scene.http.get(&format!("{}/query", path(&first))).await.refused(500, "internal error", &absent);
    scene.http.patch(&path(&first), json!({})).await.refused(404, "not found", &absent);
    scene.http.get(&path(&first)).await.expect(200);
    put(&scene.http, &path(&first), &rule(&scene, &other, json!({}))).await.expect(200);
    assert!(in_step(&scene, &first).await);
});

both!(a_rule_without_its_task_is_seen_by_nobody, async |scene| {
    let endpoint = endpoint(&scene, json!({})).await;
    let first = made(&scene, rule(&scene, &endpoint, json!({}))).await;
    let behind = format!("tasks/{}", first["taskID"].as_str().unwrap());
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"], json!([]));
    scene.http.delete(&path(&first)).await.expect(204);
    scene.http.get(&behind).await.refused(404, "not found", "failed to find task: task not found");
    scene.http.delete(&path(&first)).await.refused(404, "not found", "notification rule not found");
    let first = made(&scene, rule(&scene, &endpoint, json!({}))).await;
    scene.http.delete(&format!("tasks/{}", first["taskID"].as_str().unwrap())).await.expect(204);
    for reply in [
        scene.http.get(&path(&first)).await,
        scene.http.patch(&path(&first), json!({})).await,
        put(&scene.http, &path(&first), &first).await,
        scene.http.delete(&path(&first)).await,
    ] {
        reply.refused(404, "not found", "task not found");
    }
    let list = scene.http.get(&format!("notificationRules?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["notificationRules"], json!([]));
});

both!(the_list_has_pages_and_no_names, async |scene| {
    let endpoint = endpoint(&scene, json!({})).await;
    for n in 0..3 {
        made(&scene, rule(&scene, &endpoint, json!({"name": format!("r{n}")}))).await;
    }
    made(&scene, rule(&scene, &endpoint, json!({"name": "r2"}))).await;
    let list = async |query: &str| scene.http.get(&format!("notificationRules?{query}")).await;
    let of_org = format!("orgID={}", scene.org);
    for (query, wanted) in [
        (format!("{of_org}&limit=2"), &["r0", "r1"][..]),
        (format!("{of_org}&limit=2&offset=2"), &["r2", "r2"]),
        (format!("{of_org}&descending=true&limit=1"), &["r2"]),
        (format!("{of_org}&name=r1&id=x&endpointID=x&limit=1"), &["r0"]),
        (format!("org={}&limit=1", scene.org_name), &["r0"]),
        (format!("orgID={ABSENT}"), &[]),
    ] {
        let found = list(&query).await.expect(200);
        assert_eq!(names(&found["notificationRules"]), wanted, "{query}");
    }
    list(&format!("{of_org}&limit=101")).await.refused(400, "invalid", "limit must be between 1 and 100");
    list("orgID=x").await.refused(400, "invalid", "orgID is invalid: id must have a length of 16 bytes");
    list("org=nosuch").await.refused(404, "not found", "organization name \"nosuch\" not found");
});
