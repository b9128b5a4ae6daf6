use serde_json::json;

use crate::support::both;

both!(infinite_without_rules, async |scene| {
    let body = json!({"orgID": scene.org, "name": "plain"});
    let bucket = scene.http.post("buckets", body).await.expect(201);
    assert_eq!(
        bucket["retentionRules"],
        json!([{"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": 604_800}])
    );
});
