//! Buckets: retention, shard-group durations, names.

use serde_json::{Value, json};

use crate::support::{Scene, both, id, names};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Makes a bucket whose retention is so many seconds.
async fn kept(scene: &Scene, name: &str, seconds: u64) -> Value {
    let body =
        json!({"orgID": scene.org, "name": name, "retentionRules": [{"type": "expire", "everySeconds": seconds}]});
    scene.http.post("buckets", body).await.expect(201)
}

fn rule(seconds: u64, shard: u64) -> Value {
    json!([{"type": "expire", "everySeconds": seconds, "shardGroupDurationSeconds": shard}])
}

both!(without_rules_it_is_infinite, async |scene| {
    let body = json!({"orgID": scene.org, "name": "plain"});
    let bucket = scene.http.post("buckets", body).await.expect(201);
    assert_eq!(bucket["retentionRules"], rule(0, 7 * DAY));
    assert_eq!(bucket["type"], "user");
    assert_eq!(bucket["labels"], json!([]));
    assert_eq!(bucket["orgID"], json!(scene.org));
});

both!(server_fills_the_shard_group_duration, async |scene| {
    for (name, retention, shard) in [
        ("one-hour", HOUR, HOUR),
        ("below-two-days", 2 * DAY - 1, HOUR),
        ("two-days", 2 * DAY, DAY),
        ("below-180-days", 180 * DAY - 1, DAY),
        ("180-days", 180 * DAY, 7 * DAY),
        ("infinite", 0, 7 * DAY),
    ] {
        let bucket = kept(&scene, name, retention).await;
        assert_eq!(bucket["retentionRules"], rule(retention, shard), "{name}");
    }
});

both!(patch_with_empty_rules_changes_nothing, async |scene| {
    let path = format!("buckets/{}", id(&kept(&scene, "b", 2 * DAY).await));
    let bucket = scene.http.patch(&path, json!({"retentionRules": []})).await.expect(200);
    assert_eq!(bucket["retentionRules"], rule(2 * DAY, DAY));
});

both!(patch_with_zero_seconds_makes_it_infinite, async |scene| {
    let path = format!("buckets/{}", id(&kept(&scene, "b", 2 * DAY).await));
    let body = json!({"retentionRules": [{"type": "expire", "everySeconds": 0}]});
    let bucket = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(bucket["retentionRules"], rule(0, DAY));
});

both!(patch_of_the_retention_keeps_the_shard_group_duration, async |scene| {
    let path = format!("buckets/{}", id(&kept(&scene, "b", HOUR).await));
    let body = json!({"retentionRules": [{"type": "expire", "everySeconds": 30 * DAY}]});
    let bucket = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(bucket["retentionRules"], rule(30 * DAY, HOUR));
});

both!(patch_below_the_shard_group_duration_needs_a_new_one, async |scene| {
    let path = format!("buckets/{}", id(&kept(&scene, "b", 30 * DAY).await));
    let body = json!({"retentionRules": [{"type": "expire", "everySeconds": 2 * HOUR}]});
    scene.http.patch(&path, body).await.refused(422, "unprocessable entity", "shard-group duration");
    let body = json!({"retentionRules": rule(2 * HOUR, HOUR)});
    let bucket = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(bucket["retentionRules"], rule(2 * HOUR, HOUR));
});

both!(zero_shard_group_duration_is_reported_for_ever, async |scene| {
    let path = format!("buckets/{}", id(&kept(&scene, "b", 30 * DAY).await));
    scene.http.patch(&path, json!({"retentionRules": rule(30 * DAY, 0)})).await.expect(200);
    let bucket = scene.http.get(&path).await.expect(200);
    assert_eq!(bucket["retentionRules"], rule(30 * DAY, 0));
});

both!(patch_changes_only_what_is_sent, async |scene| {
    let body = json!({"orgID": scene.org, "name": "b", "description": "old", "retentionRules": rule(2 * DAY, HOUR)});
    let made = scene.http.post("buckets", body).await.expect(201);
    let path = format!("buckets/{}", id(&made));
    let bucket = scene.http.patch(&path, json!({"name": "c"})).await.expect(200);
    assert_eq!(bucket["name"], "c");
    assert_eq!(bucket["description"], "old");
    assert_eq!(bucket["retentionRules"], made["retentionRules"]);
    let bucket = scene.http.patch(&path, json!({"description": "new"})).await.expect(200);
    assert_eq!(bucket["name"], "c");
    assert_eq!(bucket["description"], "new");
    let bucket = scene.http.patch(&path, json!({"description": ""})).await.expect(200);
    assert_eq!(bucket["description"], Value::Null);
});

both!(empty_patch_changes_updated_at, async |scene| {
    let made = kept(&scene, "b", DAY).await;
    let path = format!("buckets/{}", id(&made));
    let patched = scene.http.patch(&path, json!({})).await.expect(200);
    assert_ne!(patched["updatedAt"], made["updatedAt"]);
});

both!(retention_below_an_hour_is_500, async |scene| {
    let body = json!({"orgID": scene.org, "name": "b", "retentionRules": [{"type": "expire", "everySeconds": 3_599}]});
    let reply = scene.http.post("buckets", body).await;
    reply.refused(500, "internal error", "retention policy duration must be at least 1h0m0s");
});

both!(shard_group_duration_above_the_retention_is_500_on_create, async |scene| {
    let body = json!({"orgID": scene.org, "name": "b", "retentionRules": rule(2 * DAY, 3 * DAY)});
    let reply = scene.http.post("buckets", body).await;
    reply.refused(500, "internal error", "retention policy duration must be greater than the shard duration");
});

both!(name_that_begins_with_an_underscore_is_400, async |scene| {
    let reply = scene.http.post("buckets", json!({"orgID": scene.org, "name": "_b"})).await;
    reply.refused(400, "invalid", "bucket name _b is invalid. Buckets may not start with underscore");
    let path = format!("buckets/{}", scene.bucket("b").await);
    let reply = scene.http.patch(&path, json!({"name": "_c"})).await;
    reply.refused(400, "invalid", "underscore");
});

both!(name_with_a_quote_is_400, async |scene| {
    let reply = scene.http.post("buckets", json!({"orgID": scene.org, "name": "a\"b"})).await;
    reply.refused(400, "invalid", "Bucket names may not include quotation marks");
});

both!(empty_name_is_accepted, async |scene| {
    let bucket = scene.http.post("buckets", json!({"orgID": scene.org, "name": ""})).await.expect(201);
    assert_eq!(bucket["name"], "");
});

both!(names_keep_case_and_spaces, async |scene| {
    for name in ["b", "B", " b ", "ü b"] {
        let bucket = scene.http.post("buckets", json!({"orgID": scene.org, "name": name})).await.expect(201);
        assert_eq!(bucket["name"], name);
    }
});

both!(name_is_unique_in_its_organization, async |scene| {
    scene.bucket("b").await;
    let other = scene.bucket("c").await;
    let reply = scene.http.post("buckets", json!({"orgID": scene.org, "name": "b"})).await;
    reply.refused(422, "conflict", "bucket with name b already exists");
    let reply = scene.http.patch(&format!("buckets/{other}"), json!({"name": "b"})).await;
    reply.refused(422, "conflict", "bucket name is not unique");
});

both!(rp_org_and_schema_type_cannot_be_changed, async |scene| {
    let path = format!("buckets/{}", scene.bucket("b").await);
    let before = scene.http.get(&path).await.expect(200);
    let body = json!({"rp": "x", "orgID": "0123456789abcdef", "schemaType": "explicit"});
    let after = scene.http.patch(&path, body).await.expect(200);
    for field in ["rp", "orgID", "schemaType"] {
        assert_eq!(after[field], before[field], "{field}");
    }
});

both!(explicit_schema_type_is_forgotten, async |scene| {
    let body = json!({"orgID": scene.org, "name": "b", "schemaType": "explicit"});
    let made = scene.http.post("buckets", body).await.expect(201);
    let read = scene.http.get(&format!("buckets/{}", id(&made))).await.expect(200);
    assert_ne!(read["schemaType"], "explicit");
});

both!(labels_in_the_body_are_ignored, async |scene| {
    let label = scene.label("l").await;
    let body = json!({"orgID": scene.org, "name": "b", "labels": [{"id": label, "name": "l"}]});
    let made = scene.http.post("buckets", body).await.expect(201);
    assert_eq!(made["labels"], json!([]));
});

both!(write_permission_may_delete_and_change_retention, async |scene| {
    let bucket = scene.bucket("b").await;
    let writer = scene.token(json!([scene.may_one("write", "buckets", &bucket)])).await;
    let path = format!("buckets/{bucket}");
    writer.http.patch(&path, json!({"retentionRules": rule(DAY, HOUR)})).await.expect(200);
    writer.http.delete(&path).await.expect(204);
    scene.http.get(&path).await.refused(404, "not found", "bucket not found");
});

both!(create_needs_write_on_the_organizations_buckets, async |scene| {
    let bucket = scene.bucket("b").await;
    let token = scene.token(json!([scene.may_one("write", "buckets", &bucket), scene.may("read", "buckets")])).await;
    let reply = token.http.post("buckets", json!({"orgID": scene.org, "name": "c"})).await;
    let missing = format!("write:orgs/{}/buckets is unauthorized", scene.org);
    reply.refused(401, "unauthorized", &missing);
});

both!(a_new_organization_has_the_system_buckets, async |scene| {
    let list = scene.http.get(&format!("buckets?orgID={}", scene.org)).await.expect(200);
    let mut found = names(&list["buckets"]);
    found.sort_unstable();
    assert_eq!(found, ["_monitoring", "_tasks"]);
    for bucket in list["buckets"].as_array().unwrap() {
        assert_eq!(bucket["type"], "system");
        let days = if bucket["name"] == "_tasks" { 3 } else { 7 };
        assert_eq!(bucket["retentionRules"], rule(days * DAY, DAY));
    }
});

both!(a_system_bucket_takes_a_new_retention_only, async |scene| {
    let list = scene.http.get(&format!("buckets?orgID={}&name=_tasks", scene.org)).await.expect(200);
    let path = format!("buckets/{}", id(&list["buckets"][0]));
    let changed = scene.http.patch(&path, json!({"retentionRules": rule(5 * DAY, DAY)})).await.expect(200);
    assert_eq!(changed["retentionRules"], rule(5 * DAY, DAY));
    scene.http.patch(&path, json!({"name": "other"})).await.refused(400, "invalid", "system bucket");
    scene.http.delete(&path).await.refused(400, "invalid", "system bucket");
});

both!(same_name_after_delete_has_a_new_id, async |scene| {
    let first = scene.bucket("b").await;
    scene.http.delete(&format!("buckets/{first}")).await.expect(204);
    assert_ne!(scene.bucket("b").await, first);
});

both!(an_absent_bucket_cannot_be_deleted, async |scene| {
    scene.http.delete("buckets/0123456789abcdef").await.refused(404, "not found", "bucket not found");
});

both!(create_in_an_absent_organization, async |scene| {
    let reply = scene.http.post("buckets", json!({"orgID": "0123456789abcdef", "name": "b"})).await;
    reply.refused(404, "not found", "organization not found");
});

both!(create_without_an_organization, async |scene| {
    let reply = scene.http.post("buckets", json!({"name": "b"})).await;
    reply.refused(400, "invalid", "org");
});

both!(names_are_apart_byte_by_byte, async |scene| {
    for name in ["Name", "Name ", " Name", "name", "\tName\n", "Name\u{200b}"] {
        let made = scene.http.post("buckets", json!({"orgID": scene.org, "name": name})).await.expect(201);
        assert_eq!(made["name"], json!(name));
    }
});
