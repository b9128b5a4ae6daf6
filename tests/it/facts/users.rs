//! Users, passwords and sessions.

use serde_json::json;

use crate::support::{Server, Start, both, id, real, unique};

both!(name_is_unique, async |scene| {
    let name = unique("user");
    scene.http.post("users", json!({"name": name})).await.expect(201);
    let reply = scene.http.post("users", json!({"name": name})).await;
    reply.refused(422, "conflict", &format!("user with name {name} already exists"));
});

both!(empty_name_is_400, async |scene| {
    let reply = scene.http.post("users", json!({"name": ""})).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
});

both!(a_user_without_a_password_exists, async |scene| {
    let name = unique("user");
    let user = scene.http.post("users", json!({"name": name})).await.expect(201);
    assert_eq!(user["name"], json!(name));
    assert_eq!(user["status"], "active");
    assert_eq!(user["links"]["self"], format!("/api/v2/users/{}", id(&user)));
    let read = scene.http.get(&format!("users/{}", id(&user))).await.expect(200);
    assert_eq!(read["name"], json!(name));
});

both!(a_password_in_the_body_is_ignored, async |scene| {
    let name = unique("user");
    let body = json!({"name": name, "password": "long-enough"});
    let user = scene.http.post("users", body).await.expect(201);
    assert!(!user.to_string().contains("long-enough"), "{user}");
    assert_eq!(scene.sign_in(&name, "long-enough").await.status, 401);
});

both!(password_has_8_to_72_bytes, async |scene| {
    let path = format!("users/{}/password", scene.user("user").await);
    let too_short = scene.http.post(&path, json!({"password": "1234567"})).await;
    too_short.refused(400, "invalid", "passwords must be between 8 and 72 characters long");
    let too_long = scene.http.post(&path, json!({"password": "x".repeat(73)})).await;
    too_long.refused(400, "invalid", "passwords must be between 8 and 72 characters long");
    scene.http.post(&path, json!({"password": "12345678"})).await.expect(204);
    scene.http.post(&path, json!({"password": "x".repeat(72)})).await.expect(204);
});

both!(a_password_signs_in, async |scene| {
    let user = scene.user_with_password("user").await;
    let session = scene.session(&user.name, &user.password).await;
    let me = session.get("me").await.expect(200);
    assert_eq!(me["name"], json!(user.name));
});

both!(a_session_of_a_user_without_a_role_sees_itself_only, async |scene| {
    let user = scene.user_with_password("user").await;
    let session = scene.session(&user.name, &user.password).await;
    let users = session.get(&format!("users/{}", user.id)).await.expect(200);
    assert_eq!(users["name"], json!(user.name));
    let buckets = session.get(&format!("buckets?orgID={}", scene.org)).await.expect(200);
    assert_eq!(buckets["buckets"], json!([]));
});

both!(a_session_has_the_rights_of_its_roles, async |scene| {
    let bucket = scene.bucket("b").await;
    for (role, may_write) in [("members", 401), ("owners", 200)] {
        let user = scene.user_with_password("user").await;
        scene.http.post(&format!("orgs/{}/{role}", scene.org), json!({"id": user.id})).await.expect(201);
        let session = scene.session(&user.name, &user.password).await;
        let path = format!("buckets/{bucket}");
        session.get(&path).await.expect(200);
        let patched = session.patch(&path, json!({"description": "d"})).await;
        assert_eq!(patched.status, may_write, "{role}: {}", patched.text);
    }
});

both!(sign_out_ends_the_session, async |scene| {
    let user = scene.user_with_password("user").await;
    let session = scene.session(&user.name, &user.password).await;
    session.post_text("signout", "").await.expect(204);
    session.get("me").await.refused(401, "unauthorized", "unauthorized access");
});

both!(a_wrong_password_or_user_is_401, async |scene| {
    let user = scene.user_with_password("user").await;
    let reply = scene.sign_in(&user.name, "wrong-password").await;
    reply.refused(401, "unauthorized", "unauthorized access");
    let reply = scene.sign_in(&unique("nobody"), &user.password).await;
    reply.refused(401, "unauthorized", "unauthorized access");
});

both!(status_is_active_or_inactive, async |scene| {
    let path = format!("users/{}", scene.user("user").await);
    let user = scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    assert_eq!(user["status"], "inactive");
    let user = scene.http.patch(&path, json!({"status": "active"})).await.expect(200);
    assert_eq!(user["status"], "active");
    let reply = scene.http.patch(&path, json!({"status": "asleep"})).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
});

both!(rename_keeps_the_status, async |scene| {
    let path = format!("users/{}", scene.user("user").await);
    scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    let name = unique("renamed");
    let user = scene.http.patch(&path, json!({"name": name})).await.expect(200);
    assert_eq!(user["name"], json!(name));
    assert_eq!(user["status"], "inactive");
});

both!(there_is_no_created_at, async |scene| {
    let user = scene.http.get(&format!("users/{}", scene.user("user").await)).await.expect(200);
    assert!(user.get("createdAt").is_none(), "{user}");
    assert!(user.get("updatedAt").is_none(), "{user}");
});

both!(tokens_of_an_inactive_user_are_403, async |scene| {
    let user = scene.user("user").await;
    let token = scene.token_with(json!({"userID": user, "permissions": [scene.may("read", "buckets")]})).await;
    token.http.get("buckets").await.expect(200);
    scene.http.patch(&format!("users/{user}"), json!({"status": "inactive"})).await.expect(200);
    token.http.get("buckets").await.refused(403, "forbidden", "User is inactive");
    token.http.get("me").await.refused(403, "forbidden", "User is inactive");
});

both!(deleting_leaves_its_tokens_unusable, async |scene| {
    let user = scene.user("user").await;
    let token = scene.token_with(json!({"userID": user, "permissions": [scene.may("read", "buckets")]})).await;
    scene.http.delete(&format!("users/{user}")).await.expect(204);
    let path = format!("authorizations/{}", token.id);
    let list = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert!(!list.to_string().contains(&token.id), "{list}");
    assert_eq!(scene.http.get(&path).await.status, 404);
    assert_eq!(token.http.get("buckets").await.status, 403);
    scene.http.delete(&path).await.expect(204);
});

both!(deleting_removes_its_memberships, async |scene| {
    let user = scene.user("user").await;
    let members = format!("orgs/{}/members", scene.org);
    scene.http.post(&members, json!({"id": user})).await.expect(201);
    scene.http.delete(&format!("users/{user}")).await.expect(204);
    assert_eq!(scene.http.get(&members).await.expect(200)["users"], json!([]));
});

both!(creating_needs_global_write, async |scene| {
    let token = scene.token(json!([scene.may("write", "buckets")])).await;
    let reply = token.http.post("users", json!({"name": unique("no")})).await;
    reply.refused(401, "unauthorized", "write:users is unauthorized");
});

both!(an_absent_user_is_404, async |scene| {
    scene.http.get("users/0123456789abcdef").await.refused(404, "not found", "user not found");
    scene.http.delete("users/0123456789abcdef").await.refused(404, "not found", "user not found");
});

both!(names_are_apart_byte_by_byte, async |scene| {
    let name = unique("User");
    for name in [name.clone(), format!("{name} "), format!(" {name}"), name.to_lowercase(), format!("{name}\n")] {
        let made = scene.http.post("users", json!({"name": name})).await.expect(201);
        assert_eq!(made["name"], json!(name));
    }
});

real!(a_server_may_want_strong_passwords, async |scene| {
    let start = Start { influxd: vec!["--strong-passwords".to_owned()], ..Start::default() };
    let server = Server::virgin(scene.server.backend(), &start).await;
    let with = |password: &str| json!({"username": "root", "password": password, "org": "o", "bucket": "b", "token": "strong-token"});
    let weak = server.anonymous().post("setup", with("only-letters")).await;
    assert!(weak.status >= 400, "{}", weak.text);
    let made = server.anonymous().post("setup", with("Letters-and-1")).await.expect(201);
    let http = server.anonymous().with_token("strong-token");
    let own = format!("users/{}/password", id(&made["user"]));
    let words = "passwords must contain at least three of the following character types";
    let weak = http.post(&own, json!({"password": "only-letters"})).await;
    assert!(weak.status == 400 && weak.text.contains(words), "{}", weak.text);
    http.post(&own, json!({"password": "Letters-and-2"})).await.expect(204);
    let permissions = json!([{"action": "read", "resource": {"type": "buckets", "orgID": made["org"]["id"]}}]);
    let body = json!({"orgID": made["org"]["id"], "token": "v1", "permissions": permissions});
    let v1 = http.post("/private/legacy/authorizations", body).await.expect(201);
    let path = format!("/private/legacy/authorizations/{}/password", id(&v1));
    let weak = http.post(&path, json!({"password": "only-letters"})).await;
    assert!(weak.status == 400 && weak.text.contains(words), "{}", weak.text);
    http.post(&path, json!({"password": "Letters-and-3"})).await.expect(204);
});
