//! What a token's permissions reach: its own org, other orgs, and what is in no org.

use serde_json::json;

use super::tokens::{read, refused, token_keeper};
use crate::support::{Scene, both, column, hourly, id, unique};

/// Another org with a bucket, a label and a task: its ID and theirs.
async fn elsewhere(scene: &Scene) -> (String, [(&'static str, String); 3]) {
    let org = id(&scene.http.post("orgs", json!({"name": unique("elsewhere")})).await.expect(201));
    let bucket = id(&scene.http.post("buckets", json!({"orgID": org, "name": "b"})).await.expect(201));
    let label = scene.http.post("labels", json!({"orgID": org, "name": "l"})).await.expect(201);
    let task = id(&scene.http.post("tasks", json!({"orgID": org, "flux": hourly("t")})).await.expect(201));
    (org, [("buckets", bucket), ("labels", id(&label["label"])), ("tasks", task)])
}

both!(a_permission_that_names_another_org_is_400, async |scene| {
    let (org, objects) = elsewhere(&scene).await;
    let all = json!({"action": "read", "resource": {"type": "buckets", "orgID": org}});
    let message = format!("permission read:orgs/{org}/buckets is not for org id {}", scene.org);
    refused(&scene, json!({"permissions": [all]}), 400, "invalid", &message).await;
    for (ty, object) in &objects {
        let one = json!({"action": "read", "resource": {"type": ty, "id": object, "orgID": org}});
        let message = format!("permission read:orgs/{org}/{ty}/{object} is not for org id {}", scene.org);
        refused(&scene, json!({"permissions": [one]}), 400, "invalid", &message).await;
    }
    // What the creator lacks is looked at first.
    let creator = scene.token(json!(token_keeper(&scene))).await;
    let body = json!({"orgID": scene.org, "permissions": [all]});
    let missing = format!("permission read:orgs/{org}/buckets is not allowed: read:orgs/{org}/buckets is unauthorized");
    creator.http.post("authorizations", body).await.refused(403, "forbidden", &missing);
});

both!(an_object_of_another_org_is_granted_by_its_id_alone, async |scene| {
    let (org, objects) = elsewhere(&scene).await;
    for (ty, object) in &objects {
        let one = json!({"action": "read", "resource": {"type": ty, "id": object}});
        let token = scene.token(json!([one])).await;
        assert_eq!(read(&scene, &token.id).await["permissions"][0]["resource"].get("orgID"), None);
        let list = token.http.get(&format!("{ty}?orgID={org}")).await.expect(200);
        assert_eq!(column(&list[ty], "id"), [object.as_str()]);
        // Only who may do it on the whole server may give it.
        let creator = scene.token(json!(token_keeper(&scene))).await;
        let body = json!({"orgID": scene.org, "permissions": [one]});
        let missing = format!("permission read:{ty}/{object} is not allowed: read:{ty}/{object} is unauthorized");
        creator.http.post("authorizations", body).await.refused(403, "forbidden", &missing);
    }
    let (_, bucket) = &objects[0];
    let writer = scene.token(json!([{"action": "write", "resource": {"type": "buckets", "id": bucket}}])).await;
    writer.http.post_text(&format!("write?orgID={org}&bucket=b"), "m f=1 1").await.expect(204);
});

both!(an_id_wins_over_the_org_beside_it, async |scene| {
    let (org, objects) = elsewhere(&scene).await;
    let (_, bucket) = &objects[0];
    // Who may read all buckets of one org may hand out a bucket of another one, if the ID is known.
    let mut held = token_keeper(&scene).to_vec();
    held.push(scene.may("read", "buckets"));
    let creator = scene.token(json!(held)).await;
    creator.http.get(&format!("buckets/{bucket}")).await.refused(401, "unauthorized", "is unauthorized");
    let body = json!({"orgID": scene.org, "permissions": [scene.may_one("read", "buckets", bucket)]});
    let made = creator.http.post("authorizations", body).await.expect(201);
    let resource = &made["permissions"][0]["resource"];
    assert_eq!((&resource["orgID"], &resource["name"]), (&json!(scene.org), &json!("b")));
    let token = scene.http.with_token(made["token"].as_str().unwrap());
    let list = token.get(&format!("buckets?orgID={org}")).await.expect(200);
    assert_eq!(column(&list["buckets"], "id"), [bucket.as_str()]);
});

both!(orgs_and_users_are_in_no_org, async |scene| {
    let mut held = Vec::new();
    for ty in ["orgs", "users", "authorizations"] {
        held.extend([scene.may("read", ty), scene.may("write", ty)]);
    }
    let token = scene.token(json!(held)).await;
    for (list, path) in [
        ("orgs", "orgs".to_owned()),
        ("users", "users".to_owned()),
        ("authorizations", format!("authorizations?orgID={}", scene.org)),
    ] {
        assert_eq!(token.http.get(&path).await.expect(200)[list], json!([]), "{path}");
    }
    let missing = format!("read:orgs/{} is unauthorized", scene.org);
    token.http.get(&format!("orgs/{}", scene.org)).await.refused(401, "unauthorized", &missing);
    let missing = format!("write:users/{} is unauthorized", scene.user);
    let body = json!({"orgID": scene.org, "permissions": [scene.may("read", "authorizations")]});
    token.http.post("authorizations", body).await.refused(401, "unauthorized", &missing);
});
