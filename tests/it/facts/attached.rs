//! Labels and users of objects, of whatever kind.

use serde_json::{Value, json};

use super::kinds::made;
use crate::support::{ABSENT, Http, Scene, both, column, id, names, unique};

/// The kinds that can be labelled.
const LABELLED: [&str; 9] = [
    "buckets",
    "variables",
    "telegrafs",
    "dashboards",
    "scrapers",
    "tasks",
    "checks",
    "notificationEndpoints",
    "notificationRules",
];
/// Of those, the ones whose labels are nobody's without rights.
const GUARDED: [&str; 2] = ["buckets", "dashboards"];
/// The kinds whose objects have members and owners.
const SHARED: [&str; 8] =
    ["buckets", "telegrafs", "dashboards", "scrapers", "tasks", "checks", "notificationEndpoints", "notificationRules"];

/// The path of a new object.
async fn of(scene: &Scene, kind: &str) -> String {
    format!("{kind}/{}", id(&made(scene, kind, &unique("x")).await))
}

/// The object, which for telegrafs is a reply of its own.
async fn object(http: &Http, path: &str) -> Value {
    http.clone().with_header("accept", "application/json").get(path).await.expect(200)
}

both!(nine_kinds_have_labels_with_the_same_words, async |scene| {
    let (label, other) = (scene.label("l").await, scene.beside().await.label("of another org").await);
    scene.http.patch(&format!("labels/{label}"), json!({"properties": {"a": "1"}})).await.expect(200);
    for kind in LABELLED {
        let path = of(&scene, kind).await;
        let before = object(&scene.http, &path).await;
        let labels = format!("{path}/labels");
        let post = async |body: Value| scene.http.post(&labels, body).await;
        let attached = post(json!({"labelID": label})).await.expect(201);
        assert_eq!(attached["label"]["properties"], json!({"a": "1"}), "{kind}");
        post(json!({"labelID": other})).await.expect(201);
        let again = "Cannot add label, label already exists on resource";
        post(json!({"labelID": label})).await.refused(422, "conflict", again);
        post(json!({"labelID": ABSENT})).await.refused(404, "not found", "label not found");
        post(json!({})).await.refused(400, "invalid", "label id is required");
        let malformed = post(json!({"labelID": "x"})).await;
        let unread = "Invalid post label map request";
        match GUARDED.contains(&kind) {
            // One JSON text after the other is none.
            true => {
                let both = [unread, "label id is required"];
                let text = both.map(|words| format!("{{\n\t\"code\": \"invalid\",\n\t\"message\": \"{words}\"\n}}"));
                assert_eq!((malformed.status, malformed.text), (400, text.concat()), "{kind}");
            }
            false => malformed.refused(400, "invalid", unread),
        }
        let after = object(&scene.http, &path).await;
        assert_eq!(after.get("updatedAt"), before.get("updatedAt"), "{kind}");
        // Sorted by ID, which is when they were made; scrapers never show theirs.
        match kind {
            "scrapers" => assert_eq!(after.get("labels"), None),
            _ => assert_eq!(names(&after["labels"]), ["l", "of another org"], "{kind}"),
        }
        scene.http.delete(&format!("{labels}/{label}")).await.expect(204);
        scene.http.delete(&format!("{labels}/{label}")).await.expect(204);
        assert_eq!(names(&scene.http.get(&labels).await.expect(200)["labels"]), ["of another org"], "{kind}");
    }
});

both!(seven_kinds_ask_for_no_right_on_labels, async |scene| {
    let label = scene.label("l").await;
    let elsewhere = scene.beside().await;
    let narrow = json!([elsewhere.may("read", "tasks")]);
    let blind = elsewhere.token(narrow.clone()).await.http;
    let inactive = elsewhere.token_with(json!({"status": "inactive", "permissions": narrow})).await.http;
    for kind in LABELLED {
        let labels = format!("{}/labels", of(&scene, kind).await);
        let one = format!("{labels}/{label}");
        for http in [&blind, &inactive] {
            let replies =
                [http.post(&labels, json!({"labelID": label})).await, http.get(&labels).await, http.delete(&one).await];
            for (reply, status) in replies.iter().zip([201, 200, 204]) {
                match GUARDED.contains(&kind) {
                    true => reply.refused(404, "not found", "404 page not found"),
                    false => assert_eq!(reply.status, status, "{kind}: {}", reply.text),
                }
            }
        }
    }
});

both!(labels_of_buckets_and_dashboards_take_four_rights, async |scene| {
    let label = scene.label("l").await;
    for kind in GUARDED {
        let labels = format!("{}/labels", of(&scene, kind).await);
        let one = format!("{labels}/{label}");
        let own = [scene.may("read", kind), scene.may("write", kind)];
        let theirs = [scene.may("read", "labels"), scene.may("write", "labels")];
        let all: Vec<Value> = own.into_iter().chain(theirs).collect();
        for lacking in 0..=4 {
            let held: Vec<_> = all.iter().enumerate().filter(|(n, _)| *n != lacking).map(|(_, held)| held).collect();
            let http = scene.token(json!(held)).await.http;
            let attached = http.post(&labels, json!({"labelID": label})).await;
            let status = [404, 401, 401, 401, 201][lacking];
            assert_eq!(attached.status, status, "{kind} without {lacking}: {}", attached.text);
            // Who takes one away need not see it.
            let detached = http.delete(&one).await;
            let status = [404, 401, 204, 401, 204][lacking];
            assert_eq!(detached.status, status, "{kind} without {lacking}: {}", detached.text);
        }
    }
});

// An empty list proves nothing.
both!(without_the_right_to_read_labels_only_some_kinds_show_them, async |scene| {
    let label = scene.label("l").await;
    for kind in LABELLED.into_iter().filter(|kind| *kind != "scrapers") {
        let path = of(&scene, kind).await;
        scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
        let reader = scene.token(json!([scene.may("read", kind)])).await.http;
        let seen = object(&reader, &path).await;
        let guarded = GUARDED.contains(&kind);
        assert_eq!(seen["labels"].as_array().unwrap().is_empty(), guarded, "{kind}");
        let listed = reader.get(&format!("{path}/labels")).await.expect(200);
        assert_eq!(listed["labels"].as_array().unwrap().is_empty(), guarded, "{kind}");
    }
});

both!(labels_stay_behind_an_object_that_goes, async |scene| {
    let label = scene.label("l").await;
    let mut behind = Vec::new();
    for kind in LABELLED {
        let path = of(&scene, kind).await;
        let labels = format!("{path}/labels");
        scene.http.post(&labels, json!({"labelID": label})).await.expect(201);
        scene.http.delete(&path).await.expect(204);
        let list = scene.http.get(&labels).await;
        match GUARDED.contains(&kind) {
            true => list.refused(404, "not found", "404 page not found"),
            false => {
                assert_eq!(names(&list.expect(200)["labels"]), ["l"], "{kind}");
                behind.push(labels);
            }
        }
    }
    scene.http.delete(&format!("labels/{label}")).await.expect(204);
    for labels in behind {
        assert_eq!(scene.http.get(&labels).await.expect(200)["labels"], json!([]), "{labels}");
    }
});

both!(a_mapping_knows_no_kind, async |scene| {
    let (label, bucket) = (scene.label("l").await, scene.bucket("b").await);
    scene.http.post(&format!("tasks/{bucket}/labels"), json!({"labelID": label})).await.expect(201);
    let labelled = scene.http.get(&format!("buckets/{bucket}")).await.expect(200);
    assert_eq!(names(&labelled["labels"]), ["l"]);
    for kind in LABELLED {
        let labels = format!("{kind}/{ABSENT}/labels");
        let reply = scene.http.post(&labels, json!({"labelID": label})).await;
        match GUARDED.contains(&kind) {
            true => reply.refused(404, "not found", "404 page not found"),
            false => assert!(matches!(reply.status, 201 | 422), "{kind}: {}", reply.text),
        }
    }
    for kind in ["orgs", "users", "authorizations", "dbrps", "remotes", "replications"] {
        assert_eq!(scene.http.get(&format!("{kind}/{ABSENT}/labels")).await.status, 404, "{kind}");
    }
});

both!(many_who_attach_one_label_at_once_attach_it_once, async |scene| {
    let (label, path) = (scene.label("l").await, of(&scene, "variables").await);
    let post = || async { scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.status };
    let statuses = futures::future::join_all((0..20).map(|_| post())).await;
    assert!(statuses.contains(&201) && statuses.iter().all(|status| matches!(status, 201 | 422)), "{statuses:?}");
    assert_eq!(names(&scene.http.get(&format!("{path}/labels")).await.expect(200)["labels"]), ["l"]);
});

both!(an_object_has_one_role_for_each_user_and_whoever_takes_it_away_names_any, async |scene| {
    let user = scene.user("u").await;
    for kind in SHARED {
        let path = of(&scene, kind).await;
        for (role, other) in [("members", "owners"), ("owners", "members")] {
            let users = format!("{path}/{role}");
            let post = async |path: &str, body: Value| scene.http.post(path, body).await;
            let added = post(&users, json!({"id": user})).await.expect(201);
            assert_eq!((&added["id"], &added["role"]), (&json!(user), &json!(role.trim_end_matches('s'))), "{kind}");
            let taken =
                format!("Unexpected error when assigning user to a resource: mapping for user {user} already exists");
            for role in [role, other] {
                post(&format!("{path}/{role}"), json!({"id": user})).await.refused(500, "internal error", &taken);
            }
            let listed = scene.http.get(&users).await.expect(200);
            assert_eq!(column(&listed["users"], "id"), [user.as_str()], "{kind}");
            scene.http.delete(&format!("{path}/{other}/{user}")).await.expect(204);
            assert_eq!(scene.http.get(&users).await.expect(200)["users"], json!([]), "{kind} {role}");
            scene.http.delete(&format!("{users}/{user}")).await.expect(204);
            post(&users, json!({"id": ABSENT})).await.refused(404, "not found", "user not found");
            post(&users, json!({})).await.refused(400, "invalid", "user id missing or invalid");
            post(&users, json!({"id": "x"})).await.refused(400, "invalid", "id must have a length of 16 bytes");
            scene.http.post_text(&users, "{").await.refused(500, "internal error", "");
            scene.http.delete(&format!("{users}/x")).await.refused(400, "invalid", "id must have a length of 16 bytes");
        }
    }
    let path = of(&scene, "variables").await;
    assert_eq!(scene.http.get(&format!("{path}/members")).await.status, 404);
});

both!(who_changes_roles_writes_the_object_and_who_reads_them_the_org_too, async |scene| {
    let user = scene.user("u").await;
    for kind in ["buckets", "dashboards", "telegrafs"] {
        let path = of(&scene, kind).await;
        let own = path.split_once('/').unwrap().1;
        let (read, write) = (scene.may_one("read", kind, own), scene.may_one("write", kind, own));
        let members = format!("{path}/members");
        let open = kind == "telegrafs";
        for (held, seen, added) in [
            (vec![], if open { 200 } else { 404 }, if open { 401 } else { 404 }),
            (vec![&read], if open { 200 } else { 404 }, 401),
            (vec![&write], if open { 200 } else { 404 }, if open { 201 } else { 404 }),
            (vec![&read, &write], if open { 200 } else { 404 }, 201),
            (vec![&read, &scene.may_org("read")], 200, 401),
        ] {
            let held: Vec<Value> = held.into_iter().cloned().chain([scene.may("read", "labels")]).collect();
            let http = scene.token(json!(held)).await.http;
            let list = http.get(&members).await;
            assert_eq!(list.status, seen, "{held:?}: {}", list.text);
            let reply = http.post(&members, json!({"id": user})).await;
            assert_eq!(reply.status, added, "{held:?}: {}", reply.text);
            if added == 201 {
                http.delete(&format!("{members}/{user}")).await.expect(204);
            }
        }
    }
    // Of what is not there, too.
    let absent = scene.http.get(&format!("telegrafs/{ABSENT}/members")).await.expect(200);
    assert_eq!(absent["users"], json!([]));
});

both!(only_a_member_of_a_bucket_gets_a_right_by_a_role, async |scene| {
    for kind in ["buckets", "dashboards", "telegrafs"] {
        for role in ["members", "owners"] {
            let path = of(&scene, kind).await;
            let user = scene.user_with_password("u").await;
            scene.http.post(&format!("{path}/{role}"), json!({"id": user.id})).await.expect(201);
            let session = scene.session(&user.name, &user.password).await;
            let (read, changed) =
                (session.get(&path).await.status, session.patch(&path, json!({"name": "changed"})).await.status);
            let seen = if (kind, role) == ("buckets", "members") { 200 } else { 401 };
            assert_eq!(read, seen, "{kind} {role}");
            assert_ne!(changed, 200, "{kind} {role}");
        }
    }
});
