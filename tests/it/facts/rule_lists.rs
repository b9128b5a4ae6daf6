//! Lists of notification rules by tags, and rights on rules.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Scene, both, id, names, unique};

async fn endpoint(scene: &Scene) -> Value {
    let body = json!({"orgID": scene.org, "name": unique("e"), "status": "active", "type": "slack", "url": "http://x"});
    scene.http.post("notificationEndpoints", body).await.expect(201)
}

/// A rule for `endpoint`; `other` is added, and wins.
fn rule(scene: &Scene, endpoint: &Value, other: Value) -> Value {
    let mut all = json!({
        "orgID": scene.org, "name": "n", "status": "active", "type": "slack", "endpointID": endpoint["id"],
        "every": "5m", "statusRules": [{"currentLevel": "CRIT"}], "messageTemplate": "m",
    });
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

async fn made(scene: &Scene, body: Value) -> Value {
    scene.http.post("notificationRules", body).await.expect(201)
}

both!(a_list_by_tags_has_the_rules_whose_tags_are_all_asked_for, async |scene| {
    let endpoint = endpoint(&scene).await;
    for (name, tags) in [
        ("none", &[][..]),
        ("ops", &[("team", "ops", "equal")]),
        ("dev", &[("team", "dev", "equal")]),
        ("not", &[("team", "ops", "notequal")]),
        ("regex", &[("team", "ops", "equalregex")]),
        ("two", &[("team", "ops", "equal"), ("host", "a", "equal")]),
    ] {
        let tags: Vec<_> = tags.iter().map(|(k, v, o)| json!({"key": k, "value": v, "operator": o})).collect();
        made(&scene, rule(&scene, &endpoint, json!({"name": name, "tagRules": tags}))).await;
    }
    let all = ["none", "ops", "dev", "not", "regex", "two"];
    for (query, wanted) in [
        ("tag=team:ops", &["none", "ops"][..]),
        ("tag=team:dev", &["none", "dev", "not"]),
        ("tag=nosuch:x", &["none"]),
        ("tag=team:ops&tag=host:a", &["none", "ops", "two"]),
        ("tag=team:ops&limit=1&offset=1", &["ops"]),
        // What is no pair is passed over.
        ("tag=x&tag=team:dev", &["none", "dev", "not"]),
        ("tag=x", &all),
        ("tag=:ops", &all),
        ("tag=team:", &all),
        ("tag=a:b:c", &all),
    ] {
        let found = scene.http.get(&format!("notificationRules?orgID={}&{query}", scene.org)).await.expect(200);
        assert_eq!(names(&found["notificationRules"]), wanted, "{query}");
    }
    let found = scene.http.get(&format!("notificationRules?orgID={}&tag=team:ops&tag=a:b", scene.org)).await;
    let this = format!(
        "/api/v2/notificationRules?descending=false&limit=20&offset=0&orgID={}&tag=team%3Aops&tag=a%3Ab",
        scene.org
    );
    assert_eq!(found.expect(200)["links"]["self"], this);
});

both!(of_all_changes_only_a_put_takes_the_right_to_read, async |scene| {
    let endpoint = endpoint(&scene).await;
    let first = made(&scene, rule(&scene, &endpoint, json!({}))).await;
    let path = format!("notificationRules/{}", id(&first));
    let put = async |http: &Http| {
        let http = http.clone().with_header("content-type", "application/json");
        http.send(Method::PUT, &path, Some(rule(&scene, &endpoint, json!({})).to_string().into_bytes())).await
    };
    let of_rule = format!("orgs/{}/notificationRules/{}", scene.org, id(&first));
    let lacks = |action: &str| format!("{action}:{of_rule} is unauthorized");
    let may = ["read", "write"].map(|action| scene.may(action, "notificationRules"));
    let list = format!("notificationRules?orgID={}", scene.org);

    let reader = scene.token(json!([may[0]])).await.http;
    for path in [path.clone(), format!("{path}/query")] {
        reader.get(&path).await.expect(200);
    }
    assert_eq!(reader.get(&list).await.expect(200)["notificationRules"].as_array().unwrap().len(), 1);
    reader.patch(&path, json!({})).await.refused(401, "unauthorized", &lacks("write"));
    put(&reader).await.refused(401, "unauthorized", &lacks("write"));
    reader.delete(&path).await.refused(401, "unauthorized", &lacks("write"));
    let org_wide = format!("write:orgs/{}/notificationRules is unauthorized", scene.org);
    let body = rule(&scene, &endpoint, json!({}));
    reader.post("notificationRules", body.clone()).await.refused(401, "unauthorized", &org_wide);

    let writer = scene.token(json!([may[1]])).await.http;
    for path in [path.clone(), format!("{path}/query")] {
        writer.get(&path).await.refused(401, "unauthorized", &lacks("read"));
    }
    assert_eq!(writer.get(&list).await.expect(200)["notificationRules"], json!([]));
    writer.patch(&path, json!({})).await.expect(200);
    put(&writer).await.refused(401, "unauthorized", &lacks("read"));
    // Nothing on the endpoint, and nothing on secrets.
    writer.post("notificationRules", body).await.expect(201);
    let both = scene.token(json!(may)).await.http;
    put(&both).await.expect(200);
    writer.delete(&path).await.expect(204);
});

both!(a_rule_is_made_with_labels_and_for_an_endpoint_of_any_org, async |scene| {
    let (endpoint, far) = (endpoint(&scene).await, endpoint(&scene.beside().await).await);
    let label = scene.label("l").await;
    let said = json!({
        "labels": [label, ABSENT], "name": "q\"\\\n ü", "id": ABSENT, "ownerID": ABSENT, "taskID": ABSENT,
        "description": "", "nosuch": 1, "sleepUntil": "2030-01-01T00:00:00Z",
    });
    let first = made(&scene, rule(&scene, &endpoint, said)).await;
    assert_eq!((names(&first["labels"]), &first["name"]), (vec!["l"], &json!("q\"\\\n ü")));
    assert!(first["id"] != ABSENT && first["ownerID"] == scene.user && first.get("description").is_none(), "{first}");
    made(&scene, rule(&scene, &far, json!({}))).await;
    // A name may be there twice, and so may a rule.
    made(&scene, rule(&scene, &far, json!({}))).await;
    for lacking in ["status", "every"] {
        let mut body = rule(&scene, &endpoint, json!({}));
        body.as_object_mut().unwrap().remove(lacking);
        let reply = scene.http.post("notificationRules", body).await;
        reply.refused(500, "internal error", "a panic has occurred");
    }
});

both!(nobody_sees_the_rules_of_an_org_that_is_gone, async |scene| {
    let gone = scene.beside().await;
    let first = made(&gone, rule(&gone, &endpoint(&gone).await, json!({}))).await;
    scene.http.delete(&format!("orgs/{}", gone.org)).await.expect(204);
    let path = format!("notificationRules/{}", id(&first));
    scene.http.get(&path).await.refused(404, "not found", "task not found");
    scene.http.delete(&path).await.refused(404, "not found", "task not found");
});

both!(telegram_and_pagerduty_need_a_message, async |scene| {
    for (ty, own, words) in [
        ("pagerduty", json!({"routingKey": "k"}), "pagerduty invalid message template"),
        ("telegram", json!({"token": "t", "channel": "c"}), "Telegram MessageTemplate is invalid"),
    ] {
        let mut body = json!({"orgID": scene.org, "name": ty, "status": "active", "type": ty});
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let endpoint = scene.http.post("notificationEndpoints", body).await.expect(201);
        let empty = rule(&scene, &endpoint, json!({"type": ty, "messageTemplate": ""}));
        scene.http.post("notificationRules", empty).await.refused(400, "invalid", words);
        made(&scene, rule(&scene, &endpoint, json!({"type": ty}))).await;
    }
});
