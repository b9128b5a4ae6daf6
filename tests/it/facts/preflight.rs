//! Requests that write nothing and tell what the caller may write.

use serde_json::json;

use crate::support::{ABSENT, Scene, Secret, both, unique};

/// A token that may write nothing that exists.
async fn powerless(scene: &Scene) -> Secret {
    scene.token(json!([scene.may_one("read", "buckets", ABSENT)])).await
}

both!(an_empty_write_says_whether_points_may_be_written, async |scene| {
    let bucket = scene.bucket("b").await;
    let write = format!("write?org={}&bucket={bucket}", scene.org);
    let writer = scene.token(json!([scene.may_one("write", "buckets", &bucket)])).await;
    writer.http.post_text(&write, "").await.expect(204);
    let by_name = format!("write?org={}&bucket=b", scene.org_name);
    writer.http.post_text(&by_name, "").await.expect(204);
    let powerless = powerless(&scene).await;
    let reply = powerless.http.post_text(&write, "").await;
    reply.refused(403, "forbidden", "insufficient permissions for write");
    let body = json!({"status": "inactive", "permissions": [scene.may_one("write", "buckets", &bucket)]});
    let inactive = scene.token_with(body).await;
    let reply = inactive.http.post_text(&write, "").await;
    reply.refused(403, "forbidden", "insufficient permissions for write: token is inactive");
    let reply = scene.http.with_token("wrong").post_text(&write, "").await;
    reply.refused(401, "unauthorized", "unauthorized access");
});

both!(an_empty_write_to_an_absent_bucket_is_404, async |scene| {
    let powerless = powerless(&scene).await;
    for http in [&scene.http, &powerless.http] {
        let reply = http.post_text(&format!("write?org={}&bucket=absent", scene.org), "").await;
        reply.refused(404, "not found", "bucket \"absent\" not found");
    }
});

both!(an_empty_write_to_an_absent_org_is_404, async |scene| {
    let reply = scene.http.post_text(&format!("write?org={}&bucket=b", unique("absent")), "").await;
    reply.refused(404, "not found", "organization name \"absent");
});

both!(an_empty_name_of_an_org_or_user, async |scene| {
    let powerless = powerless(&scene).await;
    for kind in ["orgs", "users"] {
        let missing = format!("write:{kind} is unauthorized");
        powerless.http.post(kind, json!({"name": ""})).await.refused(401, "unauthorized", &missing);
        assert_eq!(scene.http.post(kind, json!({"name": ""})).await.status, 400, "{kind}");
    }
});

both!(an_underscore_name_of_a_bucket, async |scene| {
    let powerless = powerless(&scene).await;
    let body = json!({"orgID": scene.org, "name": "_x"});
    let missing = format!("write:orgs/{}/buckets is unauthorized", scene.org);
    powerless.http.post("buckets", body.clone()).await.refused(401, "unauthorized", &missing);
    scene.http.post("buckets", body).await.refused(400, "invalid", "underscore");
});

both!(a_script_without_options_of_a_task, async |scene| {
    let powerless = powerless(&scene).await;
    let body = json!({"orgID": scene.org, "flux": "x"});
    let denied = powerless.http.post("tasks", body.clone()).await;
    denied.refused(500, "internal error", "failed to create task: unauthorized");
    scene.http.post("tasks", body).await.refused(400, "invalid", "no task options defined");
});

both!(an_existing_name_of_a_label, async |scene| {
    scene.label("l").await;
    let powerless = powerless(&scene).await;
    let body = json!({"orgID": scene.org, "name": "l"});
    let missing = format!("write:orgs/{}/labels is unauthorized", scene.org);
    powerless.http.post("labels", body.clone()).await.refused(401, "unauthorized", &missing);
    scene.http.post("labels", body).await.refused(422, "conflict", "already exists");
});

both!(a_write_permission_by_id_cannot_create, async |scene| {
    let label = scene.label("l").await;
    let token = scene.token(json!([scene.may_one("write", "labels", &label)])).await;
    let body = json!({"orgID": scene.org, "name": "m"});
    assert_eq!(token.http.post("labels", body).await.status, 401);
    token.http.patch(&format!("labels/{label}"), json!({"name": "n"})).await.expect(200);
});
