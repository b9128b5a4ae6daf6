//! Names, lists, rights and labels of checks.

use super::*;
use crate::support::names;

both!(names_are_unique_in_an_org_as_they_are_written, async |scene| {
    for name in ["u1", "U1", "u1 ", "a \"b\" \\ c\nü"] {
        made(&scene, threshold(&scene, json!({"name": name}))).await;
    }
    let reply = post(&scene, threshold(&scene, json!({"name": "u1"}))).await;
    reply.refused(422, "conflict", &format!("check is not unique for key {}u1", scene.org));
    let other = made(&scene, threshold(&scene, json!({"name": "other"}))).await;
    let reply = scene.http.patch(&path(&other), json!({"name": "u1"})).await;
    reply.refused(
        422,
        "conflict",
        &format!("check entity update conflicts with an existing entity for key {}u1", scene.org),
    );
    let taken = with(&other, json!({"name": "u1"}));
    put(&scene.http, &other, taken).await.refused(422, "conflict", "check name is not unique");
    assert_eq!(task(&scene, &other).await["name"], "other");
});

both!(the_list_has_pages_and_no_names, async |scene| {
    for n in 0..3 {
        made(&scene, threshold(&scene, json!({"name": format!("c{n}")}))).await;
    }
    let list = async |query: &str| scene.http.get(&format!("checks?{query}")).await;
    let of_org = format!("orgID={}", scene.org);
    for (query, wanted) in [
        (format!("{of_org}&limit=2"), &["c0", "c1"][..]),
        (format!("{of_org}&limit=2&offset=2"), &["c2"]),
        (format!("{of_org}&offset=9"), &[]),
        (format!("{of_org}&descending=true&limit=1"), &["c2"]),
        (format!("{of_org}&name=c1&id=x&checkID=x"), &["c0", "c1", "c2"]),
        (format!("org={}", scene.org_name), &["c0", "c1", "c2"]),
        (format!("orgID={ABSENT}"), &[]),
    ] {
        let found = list(&query).await.expect(200);
        assert_eq!(names(&found["checks"]), wanted, "{query}");
    }
    list(&format!("{of_org}&limit=101")).await.refused(400, "invalid", "limit must be between 1 and 100");
    list("orgID=x").await.refused(400, "invalid", "orgID is invalid: id must have a length of 16 bytes");
    list("org=nosuch").await.refused(404, "not found", "organization name \"nosuch\" not found");
});

both!(no_list_of_tasks_has_those_behind_checks, async |scene| {
    let check = made(&scene, threshold(&scene, json!({"name": "c"}))).await;
    for query in ["", "&name=c", "&type=system", "&type=basic"] {
        let found = scene.http.get(&format!("tasks?orgID={}{query}", scene.org)).await.expect(200);
        assert_eq!(found["tasks"], json!([]), "{query}");
    }
    let behind = format!("tasks/{}", check["taskID"].as_str().unwrap());
    scene.http.delete(&path(&check)).await.expect(204);
    let absent = format!("check not found for key \"{}\"", id(&check));
    scene.http.delete(&path(&check)).await.refused(404, "not found", &absent);
    scene.http.get(&behind).await.refused(404, "not found", "failed to find task: task not found");
    // Without its task a check is seen by nobody, and stays.
    let check = made(&scene, threshold(&scene, json!({"name": "c"}))).await;
    scene.http.delete(&format!("tasks/{}", check["taskID"].as_str().unwrap())).await.expect(204);
    scene.http.get(&path(&check)).await.refused(404, "not found", "task not found");
    scene.http.delete(&path(&check)).await.refused(404, "not found", "task not found");
    put(&scene.http, &check, check.clone()).await.refused(404, "not found", "task not found");
    scene.http.patch(&path(&check), json!({"name": "d"})).await.refused(404, "not found", "task not found");
    let found = scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(found["checks"], json!([]));
    post(&scene, threshold(&scene, json!({"name": "c"}))).await.refused(422, "conflict", "is not unique");
});

both!(nobody_sees_the_checks_of_an_org_that_is_gone, async |scene| {
    let org = id(&scene.http.post("orgs", json!({"name": unique("gone")})).await.expect(201));
    let check = made(&scene, threshold(&scene, json!({"orgID": org}))).await;
    scene.http.delete(&format!("orgs/{org}")).await.expect(204);
    scene.http.get(&path(&check)).await.refused(404, "not found", "task not found");
    scene.http.delete(&path(&check)).await.refused(404, "not found", "task not found");
    assert_eq!(scene.http.get(&format!("checks?orgID={org}")).await.expect(200)["checks"], json!([]));
});

both!(who_changes_a_check_reads_it_too_and_needs_no_right_on_tasks, async |scene| {
    let check = made(&scene, threshold(&scene, json!({}))).await;
    let (org, own) = (&scene.org, id(&check));
    let all = |actions: &[&str]| json!(actions.iter().map(|action| scene.may(action, "checks")).collect::<Vec<_>>());
    let (read, write, both) = (
        scene.token(all(&["read"])).await,
        scene.token(all(&["write"])).await,
        scene.token(all(&["read", "write"])).await,
    );
    let lacks = |action: &str| format!("{action}:orgs/{org}/checks/{own} is unauthorized");
    for path in [path(&check), format!("{}/query", path(&check))] {
        read.http.get(&path).await.expect(200);
        write.http.get(&path).await.refused(401, "unauthorized", &lacks("read"));
    }
    for (token, action) in [(&read, "write"), (&write, "read")] {
        token.http.patch(&path(&check), json!({"description": "x"})).await.refused(401, "unauthorized", &lacks(action));
        put(&token.http, &check, check.clone()).await.refused(401, "unauthorized", &lacks(action));
        token.http.delete(&path(&check)).await.refused(401, "unauthorized", &lacks(action));
    }
    let list = format!("checks?orgID={org}");
    assert_eq!(write.http.get(&list).await.expect(200)["checks"], json!([]));
    assert_eq!(read.http.get(&list).await.expect(200)["checks"].as_array().unwrap().len(), 1);
    let reply = read.http.post("checks", threshold(&scene, json!({"name": ""}))).await;
    reply.refused(401, "unauthorized", &format!("write:orgs/{org}/checks is unauthorized"));
    read.http.post("checks", threshold(&scene, json!({"type": "foo"}))).await.refused(
        400,
        "invalid",
        "invalid check type foo",
    );
    let made = write.http.post("checks", threshold(&scene, json!({}))).await.expect(201);
    assert_eq!(made["ownerID"], scene.user);
    both.http.patch(&path(&check), json!({"status": "inactive"})).await.expect(200);
    put(&both.http, &check, check.clone()).await.expect(200);
    both.http.get(&format!("tasks/{}", check["taskID"].as_str().unwrap())).await.refused(
        404,
        "not found",
        "failed to find task: unauthorized",
    );
    both.http.delete(&path(&made)).await.expect(204);
    let one = json!([scene.may_one("read", "checks", &own), scene.may_one("write", "checks", &own)]);
    let one = scene.token(one).await;
    put(&one.http, &check, check.clone()).await.expect(200);
    one.http.post("checks", threshold(&scene, json!({}))).await.refused(401, "unauthorized", "is unauthorized");
});

both!(any_token_labels_a_check, async |scene| {
    let label = scene.label("l").await;
    let check = made(&scene, threshold(&scene, json!({"labels": [label, ABSENT]}))).await;
    assert_eq!(names(&check["labels"]), ["l"]);
    let objects = post(&scene, threshold(&scene, json!({"labels": [{"id": label}]}))).await;
    assert_eq!(objects.status, 400);
    let labels = format!("{}/labels", path(&check));
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    token.http.delete(&format!("{labels}/{label}")).await.expect(204);
    token.http.delete(&format!("{labels}/{label}")).await.expect(204);
    token.http.post(&labels, json!({"labelID": label})).await.expect(201);
    token.http.post(&labels, json!({"labelID": label})).await.refused(
        422,
        "conflict",
        "Cannot add label, label already exists on resource",
    );
    token.http.post(&labels, json!({"labelID": ABSENT})).await.refused(404, "not found", "label not found");
    assert_eq!(names(&token.http.get(&labels).await.expect(200)["labels"]), ["l"]);
    let reply = put(&scene.http, &check, with(&check, json!({"labels": []}))).await.expect(200);
    assert_eq!(names(&reply["labels"]), ["l"]);
    // Those of a check that goes stay behind.
    scene.http.delete(&path(&check)).await.expect(204);
    assert_eq!(names(&token.http.get(&labels).await.expect(200)["labels"]), ["l"]);
    token.http.post(&format!("checks/{ABSENT}/labels"), json!({"labelID": label})).await.expect(201);
    token.http.delete(&format!("checks/{ABSENT}/labels/{label}")).await.expect(204);
});

both!(what_is_absent_or_not_allowed_is_said, async |scene| {
    let check = made(&scene, threshold(&scene, json!({}))).await;
    let absent = format!("check not found for key \"{ABSENT}\"");
    for path in [format!("checks/{ABSENT}"), format!("checks/{ABSENT}/query")] {
        scene.http.get(&path).await.refused(404, "not found", &absent);
    }
    scene.http.patch(&format!("checks/{ABSENT}"), json!({})).await.refused(404, "not found", &absent);
    let none = with(&check, json!({"id": ABSENT}));
    put(&scene.http, &none, check.clone()).await.refused(404, "not found", &absent);
    scene.http.get("checks/x").await.refused(400, "invalid", "id must have a length of 16 bytes");
    let allowed = |reply: &Reply, methods: &str| {
        reply.refused(405, "method not allowed", &format!("allow: {methods}"));
        assert_eq!(reply.header("allow"), methods);
    };
    allowed(&scene.http.post(&path(&check), json!({})).await, "DELETE, GET, OPTIONS, PATCH, PUT");
    allowed(&scene.http.delete("checks").await, "GET, OPTIONS, POST");
    allowed(&scene.http.post(&format!("{}/query", path(&check)), json!({})).await, "GET, OPTIONS");
    let members = scene.http.get(&format!("{}/members", path(&check))).await.expect(200);
    assert_eq!(members["users"], json!([]));
});
