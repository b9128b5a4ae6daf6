//! Organizations, their members and owners.

use serde_json::{Value, json};

use crate::support::{ABSENT, both, id, names, unique};

both!(name_is_unique, async |scene| {
    let reply = scene.http.post("orgs", json!({"name": scene.org_name})).await;
    let message = format!("organization with name {} already exists", scene.org_name);
    reply.refused(422, "conflict", &message);
});

both!(empty_name_is_400, async |scene| {
    let reply = scene.http.post("orgs", json!({"name": ""})).await;
    reply.refused(400, "invalid", "org name is empty");
});

both!(rename_onto_another_is_a_conflict, async |scene| {
    let other = unique("other");
    let made = scene.http.post("orgs", json!({"name": other})).await.expect(201);
    let reply = scene.http.patch(&format!("orgs/{}", id(&made)), json!({"name": scene.org_name})).await;
    reply.refused(422, "conflict", "already exists");
});

both!(patch_changes_only_what_is_sent, async |scene| {
    let path = format!("orgs/{}", scene.org);
    let org = scene.http.patch(&path, json!({"description": "d"})).await.expect(200);
    assert_eq!(org["name"], json!(scene.org_name));
    assert_eq!(org["description"], "d");
    let name = unique("renamed");
    let org = scene.http.patch(&path, json!({"name": name})).await.expect(200);
    assert_eq!(org["name"], json!(name));
    assert_eq!(org["description"], "d");
    let org = scene.http.patch(&path, json!({"description": ""})).await.expect(200);
    assert_eq!(org["description"], "");
});

both!(empty_patch_changes_updated_at, async |scene| {
    let path = format!("orgs/{}", scene.org);
    let before = scene.http.get(&path).await.expect(200);
    let after = scene.http.patch(&path, json!({})).await.expect(200);
    assert_ne!(after["updatedAt"], before["updatedAt"]);
});

both!(creator_becomes_owner, async |scene| {
    let owners = scene.http.get(&format!("orgs/{}/owners", scene.org)).await.expect(200);
    assert_eq!(owners["users"][0]["id"], json!(scene.user));
    assert_eq!(owners["users"][0]["role"], "owner");
    assert_eq!(owners["users"].as_array().unwrap().len(), 1);
    let members = scene.http.get(&format!("orgs/{}/members", scene.org)).await.expect(200);
    assert_eq!(members["users"], json!([]));
});

both!(labels_of_an_organization_do_not_exist, async |scene| {
    let org = scene.http.get(&format!("orgs/{}", scene.org)).await.expect(200);
    let link = org["links"]["labels"].as_str().unwrap();
    assert_eq!(link, format!("/api/v2/orgs/{}/labels", scene.org));
    assert_eq!(scene.http.get(link).await.status, 404);
});

both!(member_is_added_and_removed, async |scene| {
    let user = scene.user("member").await;
    for role in ["member", "owner"] {
        let path = format!("orgs/{}/{role}s", scene.org);
        let added = scene.http.post(&path, json!({"id": user})).await.expect(201);
        assert_eq!(added["id"], json!(user));
        assert_eq!(added["role"], role);
        let list = scene.http.get(&path).await.expect(200);
        let users = list["users"].as_array().unwrap();
        assert!(users.iter().any(|row| row["id"] == json!(user)), "{list}");
        scene.http.delete(&format!("{path}/{user}")).await.expect(204);
        let list = scene.http.get(&path).await.expect(200);
        let users = list["users"].as_array().unwrap();
        assert!(!users.iter().any(|row| row["id"] == json!(user)), "{list}");
    }
});

both!(a_second_role_is_500, async |scene| {
    let user = scene.user("twice").await;
    let members = format!("orgs/{}/members", scene.org);
    scene.http.post(&members, json!({"id": user})).await.expect(201);
    for role in ["members", "owners"] {
        let reply = scene.http.post(&format!("orgs/{}/{role}", scene.org), json!({"id": user})).await;
        let message = format!("mapping for user {user} already exists");
        assert_eq!(reply.status, 500);
        assert!(reply.message().to_lowercase().contains(&message), "{}", reply.text);
    }
});

both!(an_absent_user_as_member, async |scene| {
    let members = format!("orgs/{}/members", scene.org);
    let reply = scene.http.post(&members, json!({"id": ABSENT})).await;
    reply.refused(404, "not found", "user not found");
});

both!(removing_a_member_that_is_none_succeeds, async |scene| {
    let user = scene.user("stranger").await;
    scene.http.delete(&format!("orgs/{}/members/{user}", scene.org)).await.expect(204);
});

both!(the_last_owner_may_be_removed, async |scene| {
    scene.http.delete(&format!("orgs/{}/owners/{}", scene.org, scene.user)).await.expect(204);
});

both!(members_need_read_on_the_organization_only, async |scene| {
    let user = scene.user("named").await;
    let path = format!("orgs/{}/members", scene.org);
    scene.http.post(&path, json!({"id": user})).await.expect(201);
    let reader = scene.token(json!([scene.may_org("read")])).await;
    let members = reader.http.get(&path).await.expect(200);
    assert!(names(&members["users"])[0].starts_with("named-"), "{members}");
    let other = scene.token(json!([scene.may("read", "buckets")])).await;
    for role in ["members", "owners"] {
        let reply = other.http.get(&format!("orgs/{}/{role}", scene.org)).await;
        reply.refused(404, "not found", "404 page not found");
    }
});

both!(members_of_a_bucket_need_the_organization_and_the_bucket, async |scene| {
    let bucket = scene.bucket("b").await;
    let path = format!("buckets/{bucket}/members");
    let both = scene.token(json!([scene.may_org("read"), scene.may_one("read", "buckets", &bucket)])).await;
    assert_eq!(both.http.get(&path).await.expect(200)["users"], json!([]));
    for permission in [scene.may_org("read"), scene.may_one("read", "buckets", &bucket)] {
        let one = scene.token(json!([permission])).await;
        let reply = one.http.get(&path).await;
        assert_ne!(reply.status, 200, "{}", reply.text);
    }
});

both!(owners_of_a_task_are_none, async |scene| {
    let task = scene.task("t").await;
    let members = scene.http.get(&format!("tasks/{task}/members")).await.expect(200);
    assert_eq!(members["users"], json!([]));
});

both!(the_name_alone_is_in_links_and_dates, async |scene| {
    let org = scene.http.get(&format!("orgs/{}", scene.org)).await.expect(200);
    for date in ["createdAt", "updatedAt"] {
        let text = org[date].as_str().unwrap();
        assert!(text.contains('.') && text.ends_with('Z'), "{date}: {text}");
    }
    assert_eq!(org["description"], "");
    assert_ne!(org["links"], Value::Null);
});

both!(creating_needs_global_write, async |scene| {
    let token = scene.token(json!([scene.may_org("write")])).await;
    let reply = token.http.post("orgs", json!({"name": unique("no")})).await;
    reply.refused(401, "unauthorized", "write:orgs is unauthorized");
});

both!(names_are_apart_without_the_white_space_around_them, async |scene| {
    let name = unique("Org");
    let spaced = format!(" {name} ");
    let made = scene.http.post("orgs", json!({"name": spaced})).await.expect(201);
    assert_eq!(made["name"], json!(spaced), "it is kept");
    for same in [&name, &format!("{name}\n"), &format!("\u{a0}{name}\u{2003}")] {
        let reply = scene.http.post("orgs", json!({"name": same})).await;
        reply.refused(422, "conflict", &format!("organization with name {same} already exists"));
    }
    for other in [name.to_lowercase(), format!("{name}\u{200b}")] {
        scene.http.post("orgs", json!({"name": other})).await.expect(201);
    }
    let found = scene.http.get(&format!("orgs?org={name}")).await.expect(200);
    assert_eq!(id(&found["orgs"][0]), id(&made));
    // Only to another name can it be renamed, and then it keeps the space again.
    let path = format!("orgs/{}", id(&made));
    scene.http.patch(&path, json!({"name": name})).await.refused(422, "conflict", "already exists");
    let renamed = scene.http.patch(&path, json!({"name": format!("{name}2 ")})).await.expect(200);
    assert_eq!(renamed["name"], json!(format!("{name}2 ")));
});
