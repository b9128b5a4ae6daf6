//! What a token sees: a missing permission is an empty list, not an error.

use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Scene, Secret, both, column, id, names, unique};

/// Kinds of an organization whose lists hide rows, and the field that holds the list.
const KINDS: [(&str, &str); 3] = [("buckets", "buckets"), ("labels", "labels"), ("tasks", "tasks")];

/// One object of each kind, `[bucket, label, task]`.
async fn one_of_each(scene: &Scene) -> [String; 3] {
    [scene.bucket("b").await, scene.label("l").await, scene.task("t").await]
}

/// A token that may read nothing that exists.
async fn blind(scene: &Scene) -> Secret {
    scene.token(json!([scene.may_one("read", "buckets", ABSENT)])).await
}

/// IDs in a list of the scene's organization, system buckets left out.
async fn seen(http: &Http, scene: &Scene, kind: &str) -> Vec<String> {
    let list = http.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
    let rows = list[kind].as_array().unwrap();
    rows.iter().filter(|row| row["type"] != "system").map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

both!(lists_are_empty_without_permission, async |scene| {
    one_of_each(&scene).await;
    let blind = blind(&scene).await;
    for (kind, field) in [
        ("authorizations", "authorizations"),
        ("buckets", "buckets"),
        ("labels", "labels"),
        ("orgs", "orgs"),
        ("tasks", "tasks"),
        ("users", "users"),
    ] {
        let reply = blind.http.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
        assert_eq!(reply[field], json!([]), "{kind}: {reply}");
    }
});

both!(write_without_read_sees_nothing, async |scene| {
    let writer = scene
        .token(json!([scene.may("write", "buckets"), scene.may("write", "labels"), scene.may("write", "tasks")]))
        .await;
    let body = json!({"orgID": scene.org, "name": "x"});
    writer.http.post("buckets", body.clone()).await.expect(201);
    writer.http.post("labels", body).await.expect(201);
    for (kind, _) in KINDS {
        assert_eq!(seen(&writer.http, &scene, kind).await, [""; 0], "{kind}");
    }
});

both!(a_permission_by_id_shows_that_object_only, async |scene| {
    let ids = one_of_each(&scene).await;
    scene.bucket("b2").await;
    scene.label("l2").await;
    scene.task("t2").await;
    for ((kind, _), id) in KINDS.into_iter().zip(ids) {
        let reader = scene.token(json!([scene.may_one("read", kind, &id)])).await;
        assert_eq!(seen(&reader.http, &scene, kind).await, [id.as_str()]);
        reader.http.get(&format!("{kind}/{id}")).await.expect(200);
    }
});

both!(a_permission_on_the_organization_shows_all_its_objects, async |scene| {
    one_of_each(&scene).await;
    one_more_of_each(&scene).await;
    for (kind, _) in KINDS {
        let reader = scene.token(json!([scene.may("read", kind)])).await;
        assert_eq!(seen(&reader.http, &scene, kind).await.len(), 2, "{kind}");
    }
});

async fn one_more_of_each(scene: &Scene) {
    scene.bucket("b2").await;
    scene.label("l2").await;
    scene.task("t2").await;
}

both!(an_id_wins_over_the_organization_of_a_permission, async |scene| {
    let bucket = scene.bucket("b").await;
    let reader = scene.token(json!([scene.may_one("read", "buckets", ABSENT)])).await;
    reader.http.get(&format!("buckets/{bucket}")).await.refused(401, "unauthorized", "is unauthorized");
});

both!(a_permission_of_another_organization_shows_nothing, async |scene| {
    one_of_each(&scene).await;
    let name = unique("other");
    let other = scene.http.post("orgs", json!({"name": name})).await.expect(201);
    for (kind, _) in KINDS {
        let permission = json!({"action": "read", "resource": {"type": kind, "orgID": other["id"]}});
        let body = json!({"orgID": other["id"], "permissions": [permission]});
        let reader = scene.token_with(body).await;
        assert_eq!(seen(&reader.http, &scene, kind).await, [""; 0], "{kind}");
    }
});

both!(system_buckets_follow_the_organization, async |scene| {
    scene.bucket("b").await;
    let path = format!("buckets?orgID={}", scene.org);
    let reader = scene.token(json!([scene.may_org("read")])).await;
    let list = reader.http.get(&path).await.expect(200);
    let mut found = names(&list["buckets"]);
    found.sort_unstable();
    assert_eq!(found, ["_monitoring", "_tasks"]);
    let reader = scene.token(json!([scene.may("read", "buckets")])).await;
    let list = reader.http.get(&path).await.expect(200);
    assert_eq!(names(&list["buckets"]), ["b"]);
});

both!(an_organization_is_shown_by_its_own_permission, async |scene| {
    let reader = scene.token(json!([scene.may_org("read")])).await;
    for query in ["orgID", "org"] {
        let value = if query == "org" { &scene.org_name } else { &scene.org };
        let list = reader.http.get(&format!("orgs?{query}={value}")).await.expect(200);
        assert_eq!(column(&list["orgs"], "id"), [scene.org.as_str()]);
    }
});

both!(permissions_on_organizations_show_one_or_all, virgin, async |server| {
    let first = id(&server.set_up().await["org"]);
    let operator = server.operator();
    operator.post("orgs", json!({"name": "second"})).await.expect(201);
    for (resource, count) in
        [(json!({"type": "orgs", "id": first}), 1), (json!({"type": "orgs"}), 2), (json!({"type": "buckets"}), 0)]
    {
        let body = json!({"orgID": first, "permissions": [{"action": "read", "resource": resource}]});
        let token = operator.post("authorizations", body).await.expect(201);
        let reader = operator.with_token(token["token"].as_str().unwrap());
        let list = reader.get("orgs").await.expect(200);
        assert_eq!(list["orgs"].as_array().unwrap().len(), count, "{resource}");
    }
});

both!(a_user_is_shown_by_its_own_permission, async |scene| {
    let permission = json!({"action": "read", "resource": {"type": "users", "id": scene.user}});
    let reader = scene.token(json!([permission])).await;
    let list = reader.http.get("users").await.expect(200);
    assert_eq!(column(&list["users"], "id"), [scene.user.as_str()]);
});

both!(get_by_id_finds_first_and_authorizes_then, async |scene| {
    let ids = one_of_each(&scene).await;
    let blind = blind(&scene).await;
    for (kind, id) in [("buckets", &ids[0]), ("labels", &ids[1])] {
        let missing = format!("read:orgs/{}/{kind}/{id} is unauthorized", scene.org);
        blind.http.get(&format!("{kind}/{id}")).await.refused(401, "unauthorized", &missing);
        blind.http.get(&format!("{kind}/{ABSENT}")).await.refused(404, "not found", "not found");
    }
    let token = format!("authorizations/{}", blind.id);
    let missing = format!("read:orgs/{}/authorizations/{} is unauthorized", scene.org, blind.id);
    blind.http.get(&token).await.refused(401, "unauthorized", &missing);
    blind.http.get(&format!("authorizations/{ABSENT}")).await.refused(404, "not found", "authorization not found");
});

both!(a_task_that_may_not_be_read_is_404_unauthorized, async |scene| {
    let task = scene.task("t").await;
    let blind = blind(&scene).await;
    let hidden = blind.http.get(&format!("tasks/{task}")).await;
    hidden.refused(404, "not found", "failed to find task: unauthorized");
    let absent = blind.http.get(&format!("tasks/{ABSENT}")).await;
    absent.refused(404, "not found", "failed to find task: task not found");
});

both!(orgs_and_users_authorize_first, async |scene| {
    let blind = blind(&scene).await;
    for (kind, id) in [("orgs", &scene.org), ("users", &scene.user)] {
        for id in [id.as_str(), ABSENT] {
            let missing = format!("read:{kind}/{id} is unauthorized");
            blind.http.get(&format!("{kind}/{id}")).await.refused(401, "unauthorized", &missing);
        }
        let permission = json!({"action": "read", "resource": {"type": kind, "id": ABSENT}});
        let covered = scene.token(json!([permission])).await;
        covered.http.get(&format!("{kind}/{ABSENT}")).await.refused(404, "not found", "not found");
        let permission = json!({"action": "read", "resource": {"type": kind}});
        let global = scene.token(json!([permission])).await;
        global.http.get(&format!("{kind}/{ABSENT}")).await.refused(404, "not found", "not found");
    }
});

both!(any_token_learns_whether_a_bucket_name_exists, async |scene| {
    scene.bucket("b").await;
    let blind = blind(&scene).await;
    let hidden = blind.http.get(&format!("buckets?orgID={}&name=b", scene.org)).await.expect(200);
    assert_eq!(hidden["buckets"], json!([]));
    let absent = blind.http.get(&format!("buckets?orgID={}&name=absent", scene.org)).await;
    absent.refused(404, "not found", "bucket \"absent\" not found");
});

both!(any_token_learns_whether_an_organization_name_exists, async |scene| {
    let blind = blind(&scene).await;
    let hidden = blind.http.get(&format!("orgs?org={}", scene.org_name)).await.expect(200);
    assert_eq!(hidden["orgs"], json!([]));
    let absent = blind.http.get(&format!("orgs?org={}", unique("absent"))).await;
    absent.refused(404, "not found", "organization name \"absent");
});

both!(any_token_learns_whether_a_user_name_exists, async |scene| {
    let blind = blind(&scene).await;
    let hidden = blind.http.get("users?name=root").await.expect(200);
    assert_eq!(hidden["users"], json!([]));
    let absent = blind.http.get(&format!("users?name={}", unique("absent"))).await;
    absent.refused(404, "not found", "user not found");
});

both!(not_found_differs_by_kind, async |scene| {
    let absent = unique("absent");
    let list = scene.http.get(&format!("buckets?name={absent}")).await.expect(200);
    assert_eq!(list["buckets"], json!([]));
    for path in ["buckets?org", "orgs?org", "users?name"] {
        let reply = scene.http.get(&format!("{path}={absent}")).await;
        reply.refused(404, "not found", "not found");
    }
    let reply = scene.http.get(&format!("tasks?org={absent}")).await;
    reply.refused(400, "invalid", "");
    let list = scene.http.get(&format!("tasks?orgID={}&name={absent}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"], json!([]));
});

both!(me_tells_what_is_wrong_with_a_token, async |scene| {
    let narrow = blind(&scene).await;
    let missing = format!("read:users/{} is unauthorized", scene.user);
    narrow.http.get("me").await.refused(401, "unauthorized", &missing);
    let inactive = scene.token_with(json!({"status": "inactive", "permissions": [scene.may("read", "buckets")]})).await;
    inactive.http.get("me").await.refused(401, "unauthorized", "token is inactive");
    let wrong = scene.http.with_token("wrong").get("me").await;
    wrong.refused(401, "unauthorized", "unauthorized access");
});

both!(an_inactive_token_gets_empty_lists, async |scene| {
    let ids = one_of_each(&scene).await;
    let permissions: Vec<Value> = KINDS.iter().map(|(kind, _)| scene.may("read", kind)).collect();
    let inactive = scene.token_with(json!({"status": "inactive", "permissions": permissions})).await;
    for ((kind, _), id) in KINDS.into_iter().zip(ids) {
        let list = inactive.http.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
        assert_eq!(list[kind], json!([]), "{kind}");
        let reply = inactive.http.get(&format!("{kind}/{id}")).await;
        assert!(reply.message().contains("token is inactive") || kind == "tasks", "{kind}: {}", reply.text);
        assert_eq!(reply.status, if kind == "tasks" { 404 } else { 401 });
    }
    for kind in ["authorizations", "orgs", "users"] {
        let list = inactive.http.get(kind).await.expect(200);
        assert_eq!(list[kind], json!([]), "{kind}");
    }
});

both!(a_wrong_or_absent_token_is_401, async |scene| {
    for http in [scene.http.with_token("wrong"), scene.server.anonymous()] {
        for path in ["buckets", "orgs", "users", "tasks", "labels", "authorizations", "me", "resources"] {
            let reply = http.get(path).await;
            reply.refused(401, "unauthorized", "unauthorized access");
        }
    }
});

both!(tokens_are_listed_with_their_users_permission, async |scene| {
    let token = scene.token(json!([scene.may("read", "authorizations")])).await;
    let path = format!("authorizations?orgID={}", scene.org);
    let list = token.http.get(&path).await.expect(200);
    assert_eq!(list["authorizations"], json!([]));
    let user = json!({"action": "read", "resource": {"type": "users", "id": scene.user}});
    let token = scene.token(json!([scene.may("read", "authorizations"), user])).await;
    let list = token.http.get(&path).await.expect(200);
    assert_eq!(list["authorizations"].as_array().unwrap().len(), 2, "{list}");
});

both!(all_access_sees_its_own_users_tokens_only, async |scene| {
    let other = scene.user("other").await;
    let hidden = scene.token_with(json!({"userID": other, "permissions": [scene.may("read", "buckets")]})).await;
    let me = json!({"action": "read", "resource": {"type": "users", "id": scene.user}});
    let all = scene.token(json!([scene.may("read", "authorizations"), scene.may("write", "authorizations"), me])).await;
    let list = all.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(column(&list["authorizations"], "id"), [all.id.as_str()]);
    let missing = format!("read:users/{other} is unauthorized");
    all.http.get(&format!("authorizations/{}", hidden.id)).await.refused(401, "unauthorized", &missing);
    let operator = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(operator["authorizations"].as_array().unwrap().len(), 2);
});

both!(the_secret_filter_of_tokens_is_ignored, async |scene| {
    let one = scene.token(json!([scene.may("read", "buckets")])).await;
    scene.token(json!([scene.may("read", "labels")])).await;
    let path = format!("authorizations?orgID={}&token={}", scene.org, one.token);
    let list = scene.http.get(&path).await.expect(200);
    assert_eq!(list["authorizations"].as_array().unwrap().len(), 2);
});

both!(head_and_options_are_405, async |scene| {
    let path = format!("buckets/{}", scene.bucket("b").await);
    for method in [reqwest::Method::HEAD, reqwest::Method::OPTIONS] {
        assert_eq!(scene.http.send(method, &path, None).await.status, 405);
    }
});
