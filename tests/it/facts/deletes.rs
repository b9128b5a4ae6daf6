//! What a deletion takes along, and what it leaves behind.

use serde_json::json;

use crate::support::{both, column, unique};

both!(a_bucket_leaves_tasks_and_permissions, async |scene| {
    let bucket = scene.bucket("b").await;
    let task = scene.task("t").await;
    let token = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    scene.http.get(&format!("tasks/{task}")).await.expect(200);
    scene.http.get(&format!("authorizations/{}", token.id)).await.expect(200);
});

both!(a_labels_mappings_go_with_it, async |scene| {
    let label = scene.label("l").await;
    let bucket = format!("buckets/{}", scene.bucket("b").await);
    let task = format!("tasks/{}", scene.task("t").await);
    for path in [&bucket, &task] {
        scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
    }
    scene.http.delete(&format!("labels/{label}")).await.expect(204);
    scene.http.get(&format!("labels/{label}")).await.refused(404, "not found", "label not found");
    for path in [&bucket, &task] {
        assert_eq!(scene.http.get(path).await.expect(200)["labels"], json!([]));
        let list = scene.http.get(&format!("{path}/labels")).await.expect(200);
        assert_eq!(list["labels"], json!([]));
    }
    // The name is free again.
    scene.label("l").await;
});

both!(an_objects_mappings_go_and_its_labels_stay, async |scene| {
    let label = scene.label("l").await;
    for path in [format!("buckets/{}", scene.bucket("b").await), format!("tasks/{}", scene.task("t").await)] {
        scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
        scene.http.delete(&path).await.expect(204);
    }
    scene.http.get(&format!("labels/{label}")).await.expect(200);
    let again = format!("buckets/{}", scene.bucket("b").await);
    assert_eq!(scene.http.get(&again).await.expect(200)["labels"], json!([]));
});

both!(a_user_leaves_its_tasks, async |scene| {
    let user = scene.user("worker").await;
    let worker = scene.token_with(json!({"userID": user, "permissions": [scene.may("write", "tasks")]})).await;
    let body = json!({"orgID": scene.org, "flux": crate::support::hourly("t")});
    worker.http.post("tasks", body).await.expect(201);
    scene.http.delete(&format!("users/{user}")).await.expect(204);
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(column(&list["tasks"], "ownerID"), [user.as_str()]);
});

both!(an_organization_takes_buckets_and_tasks_along, async |scene| {
    let bucket = scene.bucket("b").await;
    let task = scene.task("t").await;
    scene.http.delete(&format!("orgs/{}", scene.org)).await.expect(204);
    scene.http.get(&format!("orgs/{}", scene.org)).await.refused(404, "not found", "organization not found");
    scene.http.get(&format!("buckets/{bucket}")).await.refused(404, "not found", "bucket not found");
    scene.http.get(&format!("tasks/{task}")).await.refused(404, "not found", "task not found");
    // The name is free again.
    scene.http.post("orgs", json!({"name": scene.org_name})).await.expect(201);
});

both!(an_organization_leaves_labels, async |scene| {
    let label = scene.label("l").await;
    scene.http.delete(&format!("orgs/{}", scene.org)).await.expect(204);
    scene.http.get(&format!("labels/{label}")).await.expect(200);
    scene.http.delete(&format!("labels/{label}")).await.expect(204);
});

both!(an_organization_leaves_tokens_that_only_delete_finds, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let path = format!("authorizations/{}", token.id);
    scene.http.delete(&format!("orgs/{}", scene.org)).await.expect(204);
    assert_eq!(scene.http.get(&path).await.status, 404);
    scene.http.delete(&path).await.expect(204);
    assert_eq!(scene.http.delete(&path).await.status, 404);
});

both!(an_organization_leaves_its_users, async |scene| {
    let user = scene.user("member").await;
    scene.http.post(&format!("orgs/{}/members", scene.org), json!({"id": user})).await.expect(201);
    scene.http.delete(&format!("orgs/{}", scene.org)).await.expect(204);
    scene.http.get(&format!("users/{user}")).await.expect(200);
});

both!(deleting_needs_write, async |scene| {
    let bucket = scene.bucket("b").await;
    let label = scene.label("l").await;
    let reads = [scene.may("read", "buckets"), scene.may("read", "labels"), scene.may_org("read")];
    let reader = scene.token(json!(reads)).await;
    for (path, missing) in [
        (format!("buckets/{bucket}"), format!("write:orgs/{}/buckets/{bucket} is unauthorized", scene.org)),
        (format!("labels/{label}"), format!("write:orgs/{}/labels/{label} is unauthorized", scene.org)),
        (format!("orgs/{}", scene.org), format!("write:orgs/{} is unauthorized", scene.org)),
    ] {
        reader.http.delete(&path).await.refused(401, "unauthorized", &missing);
    }
});

both!(a_second_delete_is_404, async |scene| {
    let user = scene.user(&unique("gone")).await;
    for path in [
        format!("buckets/{}", scene.bucket("b").await),
        format!("labels/{}", scene.label("l").await),
        format!("tasks/{}", scene.task("t").await),
        format!("users/{user}"),
        format!("authorizations/{}", scene.token(json!([scene.may("read", "buckets")])).await.id),
        format!("orgs/{}", scene.org),
    ] {
        scene.http.delete(&path).await.expect(204);
        let reply = scene.http.delete(&path).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text);
    }
});
