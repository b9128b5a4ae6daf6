//! A new server, and what a server says of itself.

use serde_json::{Value, json};

use crate::support::{both, id, names};

both!(a_virgin_server_allows_setup_without_a_token, virgin, async |server| {
    let allowed = server.anonymous().get("setup").await.expect(200);
    assert_eq!(allowed["allowed"], json!(true));
    let reply = server.set_up().await;
    assert_eq!(reply["org"]["name"], "first");
    assert_eq!(reply["bucket"]["name"], "first-bucket");
    assert_eq!(reply["bucket"]["orgID"], reply["org"]["id"]);
    assert_eq!(reply["user"]["name"], "root");
    assert_eq!(reply["auth"]["userID"], reply["user"]["id"]);
    assert_eq!(reply["auth"]["description"], "root's Token");
    assert_eq!(reply["auth"]["token"], json!(server.token()));
    let allowed = server.anonymous().get("setup").await.expect(200);
    assert_eq!(allowed["allowed"], json!(false));
});

both!(setup_happens_once, virgin, async |server| {
    server.set_up().await;
    let body = json!({"username": "two", "password": "long-enough", "org": "two", "bucket": "two"});
    let reply = server.anonymous().post("setup", body).await;
    reply.refused(422, "conflict", "onboarding has already been completed");
});

both!(setup_refuses_what_lacks, virgin, async |server| {
    let whole = json!({"username": "u", "password": "long-enough", "org": "o", "bucket": "b"});
    for missing in ["username", "org", "bucket"] {
        let mut body = whole.clone();
        body[missing] = json!("");
        let reply = server.anonymous().post("setup", body).await;
        assert_eq!(reply.status, 422, "{missing}: {}", reply.text);
    }
    let mut body = whole.clone();
    body["password"] = json!("short");
    let reply = server.anonymous().post("setup", body).await;
    reply.refused(400, "invalid", "passwords must be between 8 and 72 characters long");
    let allowed = server.anonymous().get("setup").await.expect(200);
    assert_eq!(allowed["allowed"], json!(true));
});

both!(setup_makes_a_token_if_none_is_chosen, virgin, async |server| {
    let body = json!({"username": "u", "password": "long-enough", "org": "o", "bucket": "b"});
    let reply = server.anonymous().post("setup", body).await.expect(201);
    let token = reply["auth"]["token"].as_str().unwrap();
    assert_eq!(token.len(), 88);
    let me = server.anonymous().with_token(token).get("me").await.expect(200);
    assert_eq!(me["name"], "u");
});

both!(setup_takes_a_retention, virgin, async |server| {
    let body =
        json!({"username": "u", "password": "long-enough", "org": "o", "bucket": "b", "retentionPeriodSeconds": 7200});
    let reply = server.anonymous().post("setup", body).await.expect(201);
    assert_eq!(reply["bucket"]["retentionRules"][0]["everySeconds"], json!(7200));
});

both!(the_first_user_owns_the_first_org_and_the_first_token_may_all, virgin, async |server| {
    let reply = server.set_up().await;
    let org = id(&reply["org"]);
    let owners = server.operator().get(&format!("orgs/{org}/owners")).await.expect(200);
    assert_eq!(names(&owners["users"]), ["root"]);
    let permissions = reply["auth"]["permissions"].as_array().unwrap();
    let has = |action: &str, kind: &str| {
        permissions.iter().any(|p| p["action"] == action && p["resource"] == json!({"type": kind}))
    };
    for kind in ["authorizations", "buckets", "labels", "orgs", "tasks", "users"] {
        assert!(has("read", kind) && has("write", kind), "{kind}: {}", reply["auth"]["permissions"]);
    }
    assert!(!has("read", "instance") && !has("write", "instance"));
});

both!(a_virgin_server_knows_no_token, virgin, async |server| {
    let reply = server.anonymous().with_token("x").get("buckets").await;
    reply.refused(401, "unauthorized", "unauthorized access");
});

both!(health_needs_no_token_and_gives_the_version, async |scene| {
    let reply = scene.server.anonymous().get("/health").await;
    assert_eq!(reply.header("x-influxdb-build"), "OSS");
    let version = reply.header("x-influxdb-version").to_owned();
    let health = reply.expect(200);
    assert_eq!(health["status"], "pass");
    assert_eq!(health["name"], "influxdb");
    let said = health["version"].as_str().unwrap();
    assert_eq!(version.trim_start_matches('v'), said.trim_start_matches('v'));
});

both!(ready_needs_no_token, async |scene| {
    let ready = scene.server.anonymous().get("/ready").await.expect(200);
    assert_eq!(ready["status"], "ready");
    assert_ne!(ready["started"], Value::Null);
});

both!(ping_is_204, async |scene| {
    let reply = scene.server.anonymous().get("/ping").await;
    assert_eq!(reply.header("x-influxdb-build"), "OSS");
    assert!(!reply.header("x-influxdb-version").is_empty());
    reply.expect(204);
});

both!(metrics_need_no_token, async |scene| {
    let reply = scene.server.anonymous().get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/plain"));
    assert!(reply.text.contains("# TYPE"), "{}", reply.text);
});

both!(every_reply_names_build_and_version, async |scene| {
    for path in ["buckets", "orgs", "users/0123456789abcdef"] {
        let reply = scene.http.get(path).await;
        assert_eq!(reply.header("x-influxdb-build"), "OSS", "{path}");
        assert!(!reply.header("x-influxdb-version").is_empty(), "{path}");
        assert_eq!(reply.header("etag"), "", "{path}");
    }
});

both!(resources_are_the_types_of_permissions, async |scene| {
    let reply = scene.http.get("resources").await.expect(200);
    let types: Vec<_> = reply.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for kind in ["authorizations", "buckets", "labels", "orgs", "tasks", "users", "instance", "dbrp"] {
        assert!(types.contains(&kind), "{kind}: {reply}");
    }
});

both!(me_is_the_tokens_user, async |scene| {
    let me = scene.http.get("me").await.expect(200);
    assert_eq!(me["name"], "root");
    assert_eq!(me["status"], "active");
});
