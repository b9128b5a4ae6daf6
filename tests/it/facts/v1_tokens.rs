//! Tokens of InfluxDB 1.x: usernames and passwords.

use reqwest::Method;
use serde_json::{Value, json};

use super::tokens::token_keeper;
use crate::support::{ABSENT, Http, Reply, Scene, base64, both, column, id, unique};

const PATH: &str = "/private/legacy/authorizations";
const MISSING: &str = "authorization not found";
const PASSWORD: &str = "long-enough";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn sent(scene: &Scene, username: &str) -> Value {
    json!({"orgID": scene.org, "token": username, "permissions": [scene.may("read", "buckets")]})
}

fn with(mut body: Value, mut fields: Value) -> Value {
    body.as_object_mut().unwrap().append(fields.as_object_mut().unwrap());
    body
}

async fn make(scene: &Scene, body: Value) -> Value {
    scene.http.post(PATH, body).await.expect(201)
}

async fn set_password(http: &Http, id: &str, password: &str) -> Reply {
    http.post(&format!("{}/password", at(id)), json!({"password": password})).await
}

fn as_user(scene: &Scene, username: &str, password: &str) -> Http {
    let basic = format!("Basic {}", base64(&format!("{username}:{password}")));
    scene.server.anonymous().with_header("authorization", &basic)
}

/// What tells whether a username and a password are right, and does nothing.
async fn probe(http: &Http) -> Reply {
    http.send(Method::POST, "/write?db=no-such-database", Some(Vec::new())).await
}

#[track_caller]
fn let_in(reply: &Reply) {
    reply.refused(404, "not found", "no dbrp mapping found");
}

#[track_caller]
fn turned_away(reply: &Reply) {
    reply.refused(401, "unauthorized", "Unauthorized");
}

both!(a_reply_has_the_username_and_no_password, async |scene| {
    let username = unique("v1");
    let made = make(&scene, with(sent(&scene, &username), json!({"description": "d", "password": PASSWORD}))).await;
    let own = id(&made);
    let row = json!({
        "id": own, "token": username, "status": "active", "description": "d", "orgID": scene.org, "org": scene.org_name,
        "userID": scene.user, "user": "root",
        "permissions": [{"action": "read", "resource": {"type": "buckets", "orgID": scene.org, "org": scene.org_name}}],
        "links": {"self": at(&own), "user": format!("/api/v2/users/{}", scene.user)},
        "createdAt": made["createdAt"], "updatedAt": made["updatedAt"],
    });
    assert_eq!(made, row);
    assert_eq!(scene.http.get(&at(&own)).await.expect(200), row);
    let list = scene.http.get(&format!("{PATH}?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list, json!({"links": {"self": PATH}, "authorizations": [row]}));
    turned_away(&probe(&as_user(&scene, &username, PASSWORD)).await);
    scene.http.get(&format!("authorizations/{own}")).await.refused(404, "not found", MISSING);
    scene.http.delete(&at(&own)).await.expect(204);
    for reply in [scene.http.get(&at(&own)).await, scene.http.delete(&at(&own)).await] {
        reply.refused(404, "not found", MISSING);
    }
});

both!(a_username_is_unique_on_the_whole_server, async |scene| {
    let username = unique("v1");
    make(&scene, sent(&scene, &username)).await;
    let other = id(&scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201));
    let elsewhere = json!({"orgID": other, "permissions": [{"action": "read", "resource": {"type": "labels"}}]});
    for name in [username.clone(), username.to_uppercase()] {
        let reply = scene.http.post(PATH, with(elsewhere.clone(), json!({"token": name}))).await;
        match name == username {
            true => reply.refused(422, "conflict", "token already exists"),
            false => assert_eq!(reply.status, 201, "{}", reply.text),
        }
    }
});

both!(any_token_learns_whether_there_is_a_username, async |scene| {
    let username = unique("v1");
    make(&scene, sent(&scene, &username)).await;
    let blind = scene.token(json!([scene.may("read", "labels")])).await.http;
    let seen = |list: Value| column(&list["authorizations"], "token").len();
    let named = |name: &str| format!("{PATH}?token={name}");
    assert_eq!(seen(blind.get(&named(&username)).await.expect(200)), 0);
    assert_eq!(seen(scene.http.get(&named(&username)).await.expect(200)), 1);
    for http in [&blind, &scene.http] {
        http.get(&named(&unique("none"))).await.refused(404, "not found", MISSING);
    }
});

both!(only_status_and_description_can_be_changed, async |scene| {
    let made = make(&scene, sent(&scene, &unique("v1"))).await;
    let path = at(&id(&made));
    let body = json!({"token": "x", "permissions": [scene.may("write", "tasks")], "orgID": ABSENT, "userID": ABSENT});
    let after = scene.http.patch(&path, body).await.expect(200);
    for field in ["token", "permissions", "orgID", "userID", "status", "description", "createdAt"] {
        assert_eq!(after[field], made[field], "{field}");
    }
    assert_ne!(after["updatedAt"], made["updatedAt"]);
    for (sent, description, status) in [
        (json!({"description": "d", "status": "inactive"}), "d", "inactive"),
        (json!({"description": null, "status": null}), "d", "inactive"),
        (json!({"description": "", "status": ""}), "", "active"),
    ] {
        let row = scene.http.patch(&path, sent).await.expect(200);
        assert_eq!((row["description"].as_str(), row["status"].as_str()), (Some(description), Some(status)));
    }
    scene.http.patch(&path, json!({"status": "asleep"})).await.refused(400, "invalid", "unknown authorization status");
    scene.http.patch(&at(ABSENT), json!({"status": "asleep"})).await.refused(404, "not found", MISSING);
    scene.http.send(Method::PATCH, &path, Some(b"{".to_vec())).await.refused(500, "internal error", "unexpected EOF");
});

both!(what_is_wrong_with_a_new_one_is_said, async |scene| {
    let taken = unique("v1");
    make(&scene, sent(&scene, &taken)).await;
    let absent = scene.may_one("read", "buckets", ABSENT);
    for (fields, status, code, message) in [
        (json!({"token": ""}), 400, "invalid", "token required for v1 user authorization type"),
        (json!({"token": null}), 400, "invalid", "token required for v1 user authorization type"),
        (json!({"permissions": []}), 400, "invalid", "authorization must include permissions"),
        (json!({"status": "asleep", "token": ""}), 400, "invalid", "invalid status: must be active or inactive"),
        (json!({"orgID": null}), 400, "invalid", "org id required"),
        (json!({"orgID": ABSENT}), 400, "invalid", "is not for org id 0123456789abcdef"),
        (json!({"userID": ABSENT}), 400, "invalid", "unable to create token"),
        (json!({"permissions": [absent]}), 404, "not found", "bucket not found when creating auth"),
        (json!({"permissions": [absent], "token": taken}), 422, "conflict", "token already exists"),
        (json!({"token": 1}), 400, "invalid", "postAuthorizationRequest.token of type string"),
    ] {
        scene.http.post(PATH, with(sent(&scene, &unique("v1")), fields)).await.refused(status, code, message);
    }
    scene.http.post_text(PATH, "{").await.refused(400, "invalid", "invalid json structure: unexpected EOF");
    let inactive = make(&scene, with(sent(&scene, &unique("v1")), json!({"status": "inactive"}))).await;
    assert_eq!(inactive["status"], "inactive");
    let long = |length: usize| with(sent(&scene, &unique("v1")), json!({"token": unique(&"x".repeat(length))}));
    make(&scene, long(32_000)).await;
    scene.http.post(PATH, long(33_000)).await.refused(500, "internal error", "key too large");
});

both!(a_password_has_8_to_72_bytes, async |scene| {
    let made = make(&scene, sent(&scene, &unique("v1"))).await;
    let own = id(&made);
    for password in ["", "7 bytes", &"x".repeat(73), &"é".repeat(37)] {
        let words = "passwords must be between 8 and 72 characters long";
        set_password(&scene.http, &own, password).await.refused(400, "invalid", words);
    }
    for password in ["8 bytes!", "éééé", &"x".repeat(72)] {
        set_password(&scene.http, &own, password).await.expect(204);
    }
    assert_eq!(scene.http.get(&at(&own)).await.expect(200)["updatedAt"], made["updatedAt"]);
    set_password(&scene.http, ABSENT, PASSWORD).await.refused(404, "not found", MISSING);
    let words = "invalid authorization ID provided in route";
    set_password(&scene.http, "x", PASSWORD).await.refused(500, "internal error", words);
    let broken = scene.http.post_text(&format!("{}/password", at("x")), "{").await;
    broken.refused(400, "invalid", "unexpected EOF");
});

both!(a_username_and_its_password_let_in_to_the_old_api_only, async |scene| {
    let username = unique("v1");
    let own = id(&make(&scene, sent(&scene, &username)).await);
    let (right, wrong) = (as_user(&scene, &username, PASSWORD), as_user(&scene, &username, "long-enough-too"));
    turned_away(&probe(&right).await);
    set_password(&scene.http, &own, PASSWORD).await.expect(204);
    let_in(&probe(&right).await);
    turned_away(&probe(&wrong).await);
    turned_away(&probe(&as_user(&scene, &unique("none"), PASSWORD)).await);
    probe(&scene.server.anonymous()).await.refused(401, "unauthorized", "unauthorized access");
    let in_query = format!("/write?db=no-such-database&u={username}&p={PASSWORD}");
    let_in(&scene.server.anonymous().post_text(&in_query, "").await);
    let token = scene.server.anonymous().with_token(&format!("{username}:{PASSWORD}"));
    turned_away(&probe(&token).await);
    for http in [&right, &token] {
        http.get("buckets").await.refused(401, "unauthorized", "unauthorized access");
    }
    // The secret of a token of the API is a password too, whatever the name.
    let secret = scene.token(json!([scene.may("read", "buckets")])).await.token;
    let_in(&probe(&as_user(&scene, &unique("none"), &secret)).await);
    let_in(&probe(&scene.server.anonymous().with_token(&secret)).await);
    right.post_text("/write", "").await.refused(400, "invalid", "missing db");

    scene.http.patch(&at(&own), json!({"status": "inactive"})).await.expect(200);
    turned_away(&probe(&right).await);
    scene.http.patch(&at(&own), json!({"status": "active"})).await.expect(200);
    let_in(&probe(&right).await);
    scene.http.delete(&at(&own)).await.expect(204);
    make(&scene, sent(&scene, &username)).await;
    turned_away(&probe(&right).await);
});

both!(who_may_write_a_bucket_writes_its_database, async |scene| {
    let bucket = scene.bucket("db").await;
    let (reads, writes) = (scene.may_one("read", "buckets", &bucket), scene.may_one("write", "buckets", &bucket));
    for (permissions, status) in
        [(json!([reads]), 403), (json!([writes]), 204), (json!([scene.may("read", "labels")]), 404)]
    {
        let username = unique("v1");
        let own = id(&make(&scene, with(sent(&scene, &username), json!({"permissions": permissions}))).await);
        set_password(&scene.http, &own, PASSWORD).await.expect(204);
        let http = as_user(&scene, &username, PASSWORD);
        let reply = http.post_text("/write?db=db", "m f=1").await;
        assert_eq!(reply.status, status, "{}", reply.text);
        if status == 403 {
            reply.refused(403, "forbidden", "insufficient permissions for write");
        }
        let elsewhere = http.post_text("/write?db=db&rp=other", "m f=1").await;
        elsewhere.refused(404, "not found", "no dbrp mapping found");
    }
});

both!(the_rights_are_those_on_tokens_and_on_the_user, async |scene| {
    let bare = json!([scene.may("read", "buckets")]);
    let own = id(&make(&scene, sent(&scene, &unique("v1"))).await);
    let on_user = |action: &str| json!({"action": action, "resource": {"type": "users", "id": scene.user}});
    let [reads, writes, reads_user, writes_user] = token_keeper(&scene);
    let lacks = |action: &str| format!("{action}:users/{} is unauthorized", scene.user);
    let holding = async |permissions: &[&Value]| scene.token(json!(permissions)).await.http;

    let list = format!("{PATH}?orgID={}", scene.org);
    for (permissions, rows) in [(vec![&reads], 0), (vec![&reads_user], 0), (vec![&reads, &reads_user], 1)] {
        let http = holding(&permissions).await;
        assert_eq!(http.get(&list).await.expect(200)["authorizations"].as_array().unwrap().len(), rows);
    }
    holding(&[&reads]).await.get(&at(&own)).await.refused(401, "unauthorized", &lacks("read"));

    let create = async |http: &Http| http.post(PATH, sent(&scene, &unique("v1"))).await;
    let org_wide = format!("write:orgs/{}/authorizations is unauthorized", scene.org);
    create(&holding(&[&bare[0]]).await).await.refused(401, "unauthorized", &org_wide);
    create(&holding(&[&bare[0], &writes]).await).await.refused(401, "unauthorized", &lacks("write"));
    let granted = holding(&[&writes, &writes_user]).await;
    create(&granted).await.refused(403, "forbidden", "is not allowed");
    create(&holding(&[&bare[0], &writes, &writes_user]).await).await.expect(201);

    set_password(&holding(&[&writes, &reads, &reads_user]).await, &own, PASSWORD).await.refused(
        401,
        "unauthorized",
        &lacks("write"),
    );
    set_password(&holding(&[&on_user("write")]).await, &own, PASSWORD).await.expect(204);

    let change = async |http: &Http| http.patch(&at(&own), json!({"description": "x"})).await;
    change(&granted).await.refused(401, "unauthorized", "read:orgs/");
    change(&holding(&[&reads, &reads_user, &writes_user]).await).await.refused(401, "unauthorized", "write:orgs/");
    change(&holding(&[&reads, &reads_user, &writes, &writes_user]).await).await.expect(200);
    holding(&[&writes]).await.delete(&at(&own)).await.refused(401, "unauthorized", &lacks("write"));
    granted.delete(&at(&own)).await.expect(204);
});

both!(a_deleted_user_leaves_the_username_behind_which_stays_taken, async |scene| {
    let (user, username) = (scene.user("leaver").await, unique("v1"));
    let body = with(sent(&scene, &username), json!({"userID": user}));
    let own = id(&make(&scene, body).await);
    set_password(&scene.http, &own, PASSWORD).await.expect(204);
    let http = as_user(&scene, &username, PASSWORD);
    scene.http.patch(&format!("users/{user}"), json!({"status": "inactive"})).await.expect(200);
    turned_away(&probe(&http).await);
    scene.http.patch(&format!("users/{user}"), json!({"status": "active"})).await.expect(200);
    let_in(&probe(&http).await);
    scene.http.delete(&format!("users/{user}")).await.expect(204);
    turned_away(&probe(&http).await);
    let gone = "user not found";
    scene.http.get(&at(&own)).await.refused(404, "not found", gone);
    scene.http.patch(&at(&own), json!({"description": "x"})).await.refused(404, "not found", gone);
    for query in [format!("orgID={}", scene.org), format!("token={username}")] {
        let list = scene.http.get(&format!("{PATH}?{query}")).await.expect(200);
        assert_eq!(list["authorizations"], json!([]), "{query}");
    }
    scene.http.post(PATH, sent(&scene, &username)).await.refused(422, "conflict", "token already exists");
    scene.http.delete(&at(&own)).await.expect(204);
    make(&scene, sent(&scene, &username)).await;
});

both!(a_deleted_org_leaves_its_usernames_behind_too, async |scene| {
    let (username, org) =
        (unique("v1"), id(&scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201)));
    let body = json!({"orgID": org, "permissions": [{"action": "read", "resource": {"type": "labels"}}]});
    let own = id(&make(&scene, with(body, json!({"token": username}))).await);
    scene.http.delete(&format!("orgs/{org}")).await.expect(204);
    scene.http.get(&at(&own)).await.refused(404, "not found", "organization not found");
    scene.http.post(PATH, sent(&scene, &username)).await.refused(422, "conflict", "token already exists");
    scene.http.delete(&at(&own)).await.expect(204);
    make(&scene, sent(&scene, &username)).await;
});

both!(a_deleted_bucket_leaves_its_id_behind, async |scene| {
    let bucket = scene.bucket("b").await;
    let body = with(sent(&scene, &unique("v1")), json!({"permissions": [scene.may_one("read", "buckets", &bucket)]}));
    let made = make(&scene, body).await;
    assert_eq!(made["permissions"][0]["resource"]["name"], "b");
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    let row = scene.http.get(&at(&id(&made))).await.expect(200);
    assert_eq!(row["permissions"][0]["resource"], json!({"type": "buckets", "id": bucket, "orgID": scene.org}));
});

both!(lists_filter_by_ids_and_username_and_no_other_names, async |scene| {
    let user = scene.user("other").await;
    let (first, second) = (unique("v1"), unique("v1"));
    let own = id(&make(&scene, sent(&scene, &first)).await);
    make(&scene, with(sent(&scene, &second), json!({"userID": user}))).await;
    let user_name = scene.http.get(&format!("users/{user}")).await.expect(200)["name"].clone();
    let list = async |query: &str| scene.http.get(&format!("{PATH}?{query}")).await;
    let org = &scene.org;
    for (query, expected) in [
        (format!("orgID={org}"), vec![first.as_str(), second.as_str()]),
        (format!("orgID={org}&userID={user}"), vec![second.as_str()]),
        (format!("orgID={org}&limit=1"), vec![first.as_str(), second.as_str()]),
        (format!("orgID={org}&user={}", user_name.as_str().unwrap()), vec![first.as_str(), second.as_str()]),
        (format!("id={own}"), vec![first.as_str()]),
        (format!("token={second}&userID={}", scene.user), vec![second.as_str()]),
        (format!("orgID={ABSENT}"), vec![]),
    ] {
        let found = list(&query).await.expect(200);
        assert_eq!(column(&found["authorizations"], "token"), expected, "{query}");
    }
    list("org=no-such-org").await.refused(404, "not found", "organization name \"no-such-org\" not found");
    list(&format!("id={ABSENT}")).await.refused(404, "not found", MISSING);
    list("orgID=x").await.refused(400, "invalid", "id must have a length of 16 bytes");
    let all = list(&format!("org={}&user={}", scene.org_name, user_name.as_str().unwrap())).await.expect(200);
    assert!(column(&all["authorizations"], "token").contains(&first.as_str()), "the name of the org does not count");
});
