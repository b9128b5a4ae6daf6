//! Tokens (`authorizations`): secrets, permissions, status.

use serde_json::{Value, json};

use crate::support::{ABSENT, Scene, both, column, real};

pub(super) async fn read(scene: &Scene, token: &str) -> Value {
    scene.http.get(&format!("authorizations/{token}")).await.expect(200)
}

/// Permissions to read and write all tokens of the operator's user in the organization.
pub(super) fn token_keeper(scene: &Scene) -> [Value; 4] {
    let user = |action| json!({"action": action, "resource": {"type": "users", "id": scene.user}});
    [scene.may("read", "authorizations"), scene.may("write", "authorizations"), user("read"), user("write")]
}

pub(super) async fn refused(scene: &Scene, fields: Value, status: u16, code: &str, message: &str) {
    let mut body = json!({"orgID": scene.org, "permissions": [scene.may("read", "buckets")]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    scene.http.post("authorizations", body).await.refused(status, code, message);
}

both!(the_secret_is_in_the_reply_to_post_only, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    assert_eq!(token.token.len(), 88);
    let path = format!("authorizations/{}", token.id);
    assert_eq!(scene.http.get(&path).await.expect(200)["token"], "");
    let list = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["authorizations"][0]["token"], "");
    let patched = scene.http.patch(&path, json!({"description": "d"})).await.expect(200);
    assert_eq!(patched["token"], "");
});

both!(a_reply_names_org_and_user, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let row = read(&scene, &token.id).await;
    assert_eq!(row["orgID"], json!(scene.org));
    assert_eq!(row["org"], json!(scene.org_name));
    assert_eq!(row["userID"], json!(scene.user));
    assert_eq!(row["user"], "root");
    assert_eq!(row["status"], "active");
    assert_eq!(row["description"], "");
});

both!(a_token_in_the_body_is_ignored, async |scene| {
    let body = json!({"token": "chosen", "permissions": [scene.may("read", "buckets")]});
    let token = scene.token_with(body).await;
    assert_ne!(token.token, "chosen");
    scene.http.with_token("chosen").get("buckets").await.refused(401, "unauthorized", "unauthorized access");
});

both!(it_can_be_made_inactive, async |scene| {
    let body = json!({"status": "inactive", "permissions": [scene.may("read", "buckets")]});
    let token = scene.token_with(body).await;
    assert_eq!(read(&scene, &token.id).await["status"], "inactive");
});

both!(a_permission_by_name_becomes_every_object_of_every_org, async |scene| {
    let permission = json!({"action": "read", "resource": {"type": "buckets", "name": "b1", "org": scene.org_name}});
    let token = scene.token(json!([permission])).await;
    let row = read(&scene, &token.id).await;
    assert_eq!(row["permissions"], json!([{"action": "read", "resource": {"type": "buckets"}}]));
    let bucket = scene.bucket("other-name").await;
    token.http.get(&format!("buckets/{bucket}")).await.expect(200);
});

both!(permissions_are_kept_in_order_with_duplicates, async |scene| {
    let asked = [
        scene.may("write", "tasks"),
        scene.may("read", "buckets"),
        scene.may("read", "buckets"),
        scene.may("read", "authorizations"),
    ];
    let token = scene.token(json!(asked)).await;
    let row = read(&scene, &token.id).await;
    let kept: Vec<_> = row["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["action"].as_str().unwrap(), p["resource"]["type"].as_str().unwrap()))
        .collect();
    assert_eq!(kept, [("write", "tasks"), ("read", "buckets"), ("read", "buckets"), ("read", "authorizations")]);
});

both!(permissions_are_echoed_with_names, async |scene| {
    let bucket = scene.bucket("b").await;
    let token = scene.token(json!([scene.may_one("read", "buckets", &bucket), scene.may_org("read")])).await;
    let row = read(&scene, &token.id).await;
    assert_eq!(
        row["permissions"],
        json!([
            {"action": "read", "resource": {"type": "buckets", "id": bucket, "name": "b", "orgID": scene.org, "org": scene.org_name}},
            {"action": "read", "resource": {"type": "orgs", "id": scene.org, "name": scene.org_name}},
        ])
    );
});

both!(an_id_of_an_absent_bucket_is_accepted, async |scene| {
    let token = scene.token(json!([scene.may_one("read", "buckets", ABSENT)])).await;
    let row = read(&scene, &token.id).await;
    let resource = &row["permissions"][0]["resource"];
    assert_eq!(resource["id"], ABSENT);
    assert!(resource.get("name").is_none(), "{resource}");
});

both!(deleting_a_bucket_leaves_the_bare_id, async |scene| {
    let bucket = scene.bucket("b").await;
    let token = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    let row = read(&scene, &token.id).await;
    let resource = &row["permissions"][0]["resource"];
    assert_eq!(resource["id"], json!(bucket));
    assert!(resource.get("name").is_none(), "{resource}");
});

both!(bad_requests_are_400, async |scene| {
    for (fields, message) in [
        (json!({"permissions": []}), "authorization must include permissions"),
        (
            json!({"permissions": [{"action": "read", "resource": {"type": "nope"}}]}),
            "unknown resource type for permission",
        ),
        (json!({"permissions": [{"action": "eat", "resource": {"type": "buckets"}}]}), "unknown action for permission"),
        (json!({"status": "asleep"}), "invalid status: must be active or inactive"),
        (json!({"userID": ABSENT}), "unable to create token"),
        (json!({"orgID": null}), "org id required"),
        (json!({"orgID": ABSENT}), "is not for org id 0123456789abcdef"),
    ] {
        refused(&scene, fields, 400, "invalid", message).await;
    }
});

both!(a_creator_cannot_grant_what_it_lacks, async |scene| {
    let bucket = scene.bucket("b").await;
    let me = json!({"action": "write", "resource": {"type": "users", "id": scene.user}});
    let creator =
        scene.token(json!([scene.may("write", "authorizations"), me, scene.may_one("read", "buckets", &bucket)])).await;
    let own = json!({"orgID": scene.org, "permissions": [scene.may_one("read", "buckets", &bucket)]});
    creator.http.post("authorizations", own).await.expect(201);
    let wider = json!({"orgID": scene.org, "permissions": [
        scene.may_one("read", "buckets", &bucket),
        scene.may("write", "labels"),
        scene.may("write", "tasks"),
    ]});
    let missing =
        format!("permission write:orgs/{0}/labels is not allowed: write:orgs/{0}/labels is unauthorized", scene.org);
    creator.http.post("authorizations", wider).await.refused(403, "forbidden", &missing);
});

both!(creating_needs_write_on_tokens_and_on_the_user, async |scene| {
    let body = json!({"orgID": scene.org, "permissions": [scene.may("read", "buckets")]});
    let none = scene.token(json!([scene.may("read", "buckets")])).await;
    let missing = format!("write:orgs/{}/authorizations is unauthorized", scene.org);
    none.http.post("authorizations", body.clone()).await.refused(401, "unauthorized", &missing);
    let half = scene.token(json!([scene.may("read", "buckets"), scene.may("write", "authorizations")])).await;
    let missing = format!("write:users/{} is unauthorized", scene.user);
    half.http.post("authorizations", body).await.refused(401, "unauthorized", &missing);
});

both!(patch_takes_status_and_description_only, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let before = read(&scene, &token.id).await;
    let path = format!("authorizations/{}", token.id);
    let body = json!({"permissions": [scene.may("write", "tasks")], "orgID": ABSENT, "userID": ABSENT, "unknown": 1});
    let after = scene.http.patch(&path, body).await.expect(200);
    for field in ["permissions", "orgID", "userID", "status", "description"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let body = json!({"status": "inactive", "description": "new"});
    let after = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(after["status"], "inactive");
    assert_eq!(after["description"], "new");
});

both!(an_empty_patch_changes_updated_at, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let before = read(&scene, &token.id).await;
    let after = scene.http.patch(&format!("authorizations/{}", token.id), json!({})).await.expect(200);
    assert_ne!(after["updatedAt"], before["updatedAt"]);
});

both!(null_keeps_a_description_and_empty_clears_it, async |scene| {
    let body = json!({"description": "d", "permissions": [scene.may("read", "buckets")]});
    let path = format!("authorizations/{}", scene.token_with(body).await.id);
    let row = scene.http.patch(&path, json!({"description": null})).await.expect(200);
    assert_eq!(row["description"], "d");
    let row = scene.http.patch(&path, json!({"description": ""})).await.expect(200);
    assert_eq!(row["description"], "");
    let long = "x".repeat(5_000);
    let row = scene.http.patch(&path, json!({"description": long})).await.expect(200);
    assert_eq!(row["description"], json!(long));
});

both!(a_bad_status_is_400, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let path = format!("authorizations/{}", token.id);
    let reply = scene.http.patch(&path, json!({"status": "asleep"})).await;
    reply.refused(400, "invalid", "unknown authorization status");
});

both!(an_empty_status_is_active, async |scene| {
    let permissions = [scene.may("read", "buckets")];
    let body = json!({"status": "inactive", "permissions": permissions});
    let path = format!("authorizations/{}", scene.token_with(body).await.id);
    scene.http.patch(&path, json!({"status": ""})).await.expect(200);
    assert_eq!(scene.http.get(&path).await.expect(200)["status"], "active");
});

both!(a_token_of_another_user_is_seen_with_read_on_that_user, async |scene| {
    let other = scene.user("other").await;
    let body = json!({"userID": other, "permissions": [scene.may("read", "buckets")]});
    let token = scene.token_with(body).await;
    let user = json!({"action": "read", "resource": {"type": "users", "id": other}});
    let reader = scene.token(json!([scene.may("read", "authorizations"), user])).await;
    let list = reader.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(column(&list["authorizations"], "id"), [token.id.as_str()]);
    reader.http.get(&format!("authorizations/{}", token.id)).await.expect(200);
});

both!(a_permission_by_id_shows_no_token, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let reader = scene.token(json!([scene.may_one("read", "authorizations", &token.id)])).await;
    let list = reader.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["authorizations"], json!([]));
    let missing = format!("read:users/{} is unauthorized", scene.user);
    let reply = reader.http.get(&format!("authorizations/{}", token.id)).await;
    reply.refused(401, "unauthorized", &missing);
});

both!(descriptions_are_not_unique, async |scene| {
    for _ in 0..2 {
        scene.token_with(json!({"description": "same", "permissions": [scene.may("read", "buckets")]})).await;
    }
    let list = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(column(&list["authorizations"], "description"), ["same", "same"]);
});

both!(lists_filter_by_org_and_user, async |scene| {
    let user = scene.user("other").await;
    let own = scene.token(json!([scene.may("read", "buckets")])).await;
    let other = scene.token_with(json!({"userID": user, "permissions": [scene.may("read", "buckets")]})).await;
    for (query, expected) in [
        (format!("orgID={}&userID={user}", scene.org), vec![other.id.as_str()]),
        (format!("org={}&userID={}", scene.org_name, scene.user), vec![own.id.as_str()]),
        (format!("userID={user}"), vec![other.id.as_str()]),
        (format!("id={}", own.id), vec![own.id.as_str()]),
    ] {
        let list = scene.http.get(&format!("authorizations?{query}")).await.expect(200);
        assert_eq!(column(&list["authorizations"], "id"), expected, "{query}");
    }
});

both!(a_status_change_holds_from_the_next_request_on, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let bucket = format!("buckets/{}", scene.bucket("b").await);
    let path = format!("authorizations/{}", token.id);
    for _ in 0..20 {
        scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
        token.http.get(&bucket).await.refused(401, "unauthorized", "token is inactive");
        scene.http.patch(&path, json!({"status": "active"})).await.expect(200);
        token.http.get(&bucket).await.expect(200);
    }
});

both!(an_inactive_token_can_be_proved_before_it_is_activated, async |scene| {
    let body = json!({"status": "inactive", "description": "marker", "permissions": [scene.may("read", "buckets")]});
    let token = scene.token_with(body).await;
    token.http.get("me").await.refused(401, "unauthorized", "token is inactive");
    let body = json!({"status": "active", "description": "final"});
    let row = scene.http.patch(&format!("authorizations/{}", token.id), body).await.expect(200);
    assert_eq!(row["status"], "active");
    assert_eq!(row["description"], "final");
    let works = format!("read:users/{} is unauthorized", scene.user);
    token.http.get("me").await.refused(401, "unauthorized", &works);
});

both!(a_deleted_token_is_401, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    token.http.get("buckets").await.expect(200);
    scene.http.delete(&format!("authorizations/{}", token.id)).await.expect(204);
    token.http.get("buckets").await.refused(401, "unauthorized", "unauthorized access");
    scene.http.get(&format!("authorizations/{}", token.id)).await.refused(404, "not found", "authorization not found");
});

both!(a_token_that_deactivates_itself_cannot_come_back, async |scene| {
    let token = scene.token(json!(token_keeper(&scene))).await;
    let path = format!("authorizations/{}", token.id);
    token.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    let reply = token.http.patch(&path, json!({"status": "active"})).await;
    reply.refused(401, "unauthorized", "token is inactive");
});

both!(a_patch_needs_read_and_write, async |scene| {
    let writer = json!([scene.may("write", "authorizations"), {"action": "write", "resource": {"type": "users", "id": scene.user}}]);
    let token = scene.token(writer).await;
    let reply = token.http.patch(&format!("authorizations/{}", token.id), json!({})).await;
    let missing = format!("read:orgs/{}/authorizations/{} is unauthorized", scene.org, token.id);
    reply.refused(401, "unauthorized", &missing);
});

both!(a_weak_token_may_end_stronger_ones_of_its_user, async |scene| {
    let me = json!({"action": "write", "resource": {"type": "users", "id": scene.user}});
    let weak = scene.token(json!([scene.may("write", "authorizations"), me])).await;
    let strong = scene.token(json!([scene.may("write", "buckets"), scene.may("write", "tasks")])).await;
    weak.http.delete(&format!("authorizations/{}", strong.id)).await.expect(204);
});

both!(a_token_for_another_user_needs_write_on_that_user, async |scene| {
    let other = scene.user("other").await;
    let me = json!({"action": "write", "resource": {"type": "users", "id": scene.user}});
    let creator = scene.token(json!([scene.may("read", "buckets"), scene.may("write", "authorizations"), me])).await;
    let body = json!({"orgID": scene.org, "userID": other, "permissions": [scene.may("read", "buckets")]});
    let missing = format!("write:users/{other} is unauthorized");
    creator.http.post("authorizations", body.clone()).await.refused(401, "unauthorized", &missing);
    // The operator may, and the user need not be in the organization.
    let made = scene.http.post("authorizations", body).await.expect(201);
    let token = scene.http.with_token(made["token"].as_str().unwrap());
    token.get("buckets").await.expect(200);
});

both!(to_change_or_delete_a_token_takes_write_on_its_user, async |scene| {
    let other = scene.user("other").await;
    let body = json!({"userID": other, "permissions": [scene.may("read", "buckets")]});
    let path = format!("authorizations/{}", scene.token_with(body).await.id);
    let on = |action: &str, user: &str| json!({"action": action, "resource": {"type": "users", "id": user}});
    let [reads, writes] = ["read", "write"].map(|action| scene.may(action, "authorizations"));
    let (me, sees) = (on("write", &scene.user), on("read", &other));
    let narrow = scene.token(json!([reads, writes, me, sees])).await.http;
    let missing = format!("write:users/{other} is unauthorized");
    narrow.patch(&path, json!({"description": "x"})).await.refused(401, "unauthorized", &missing);
    narrow.delete(&path).await.refused(401, "unauthorized", &missing);
    let wide = scene.token(json!([reads, writes, sees, on("write", &other)])).await.http;
    wide.patch(&path, json!({"description": "x"})).await.expect(200);
    wide.delete(&path).await.expect(204);
});

both!(a_session_makes_tokens_too, async |scene| {
    let user = scene.user_with_password("session").await;
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": user.id})).await.expect(201);
    let session = scene.session(&user.name, &user.password).await;
    let body = json!({"orgID": scene.org, "permissions": [scene.may("read", "buckets")]});
    let made = session.post("authorizations", body).await.expect(201);
    assert_eq!(made["userID"], json!(user.id));
});

real!(unhashed_servers_show_the_secret, async |scene| {
    let start = crate::support::Start { influxd: vec!["--use-hashed-tokens=false".to_owned()], ..Default::default() };
    let server = crate::support::Server::start(scene.server.backend(), &start).await;
    let list = server.operator().get("authorizations").await.expect(200);
    assert_eq!(list["authorizations"][0]["token"], json!(server.token()));
});
