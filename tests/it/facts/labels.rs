//! Labels, and what the ledger and the lock rest on.

use serde_json::{Map, Value, json};

use crate::support::{ABSENT, Http, Scene, both, column, id, names, unique};

/// Makes a label with properties; its path.
async fn page(scene: &Scene, name: &str, properties: Value) -> String {
    let body = json!({"orgID": scene.org, "name": name, "properties": properties});
    let made = scene.http.post("labels", body).await.expect(201);
    format!("labels/{}", id(&made["label"]))
}

async fn properties(http: &Http, path: &str) -> Value {
    http.get(path).await.expect(200)["label"]["properties"].clone()
}

both!(replies_are_wrapped, async |scene| {
    let path = page(&scene, "l", json!({"a": "1"})).await;
    let label = scene.http.get(&path).await.expect(200);
    assert_eq!(label["label"]["name"], "l");
    assert_eq!(label["label"]["orgID"], json!(scene.org));
    assert_eq!(label["label"]["properties"], json!({"a": "1"}));
    assert_eq!(label["links"]["self"], format!("/api/v2/{path}"));
});

both!(no_properties_are_left_out, async |scene| {
    let label = scene.http.get(&format!("labels/{}", scene.label("l").await)).await.expect(200);
    assert!(label["label"].get("properties").is_none(), "{label}");
});

both!(names_are_unique_without_case_and_trimmed, async |scene| {
    let path = page(&scene, " Abc ", json!({})).await;
    assert_eq!(scene.http.get(&path).await.expect(200)["label"]["name"], "Abc");
    for name in ["Abc", "aBC", " abc", "ABC "] {
        let reply = scene.http.post("labels", json!({"orgID": scene.org, "name": name})).await;
        reply.refused(422, "conflict", &format!("label with name {} already exists", name.trim()));
    }
});

both!(names_are_unique_per_organization, async |scene| {
    let name = unique("other");
    let other = scene.http.post("orgs", json!({"name": name})).await.expect(201);
    scene.label("l").await;
    scene.http.post("labels", json!({"orgID": other["id"], "name": "l"})).await.expect(201);
});

both!(an_empty_name_is_400, async |scene| {
    let reply = scene.http.post("labels", json!({"orgID": scene.org, "name": ""})).await;
    reply.refused(400, "invalid", "label name is required");
});

both!(an_organization_is_required, async |scene| {
    let reply = scene.http.post("labels", json!({"name": "l"})).await;
    reply.refused(400, "invalid", "orgID is required");
});

both!(an_absent_organization_is_accepted, async |scene| {
    let name = unique("homeless");
    let made = scene.http.post("labels", json!({"orgID": ABSENT, "name": name})).await.expect(201);
    assert_eq!(made["label"]["orgID"], ABSENT);
});

both!(patch_merges_properties, async |scene| {
    let path = page(&scene, "l", json!({"a": "1", "b": "2"})).await;
    let label = scene.http.patch(&path, json!({"properties": {"b": "3", "c": "4"}})).await.expect(200);
    assert_eq!(label["label"]["properties"], json!({"a": "1", "b": "3", "c": "4"}));
    assert_eq!(properties(&scene.http, &path).await, json!({"a": "1", "b": "3", "c": "4"}));
});

both!(patch_with_empty_or_null_removes, async |scene| {
    let path = page(&scene, "l", json!({"a": "1", "b": "2", "c": "3"})).await;
    let label = scene.http.patch(&path, json!({"properties": {"a": "", "b": null}})).await.expect(200);
    assert_eq!(label["label"]["properties"], json!({"c": "3"}));
});

both!(post_keeps_an_empty_value, async |scene| {
    let path = page(&scene, "l", json!({"a": "", "b": null})).await;
    assert_eq!(properties(&scene.http, &path).await, json!({"a": "", "b": ""}));
});

both!(patch_with_null_properties_changes_nothing, async |scene| {
    let path = page(&scene, "l", json!({"a": "1"})).await;
    scene.http.patch(&path, json!({"properties": null})).await.expect(200);
    scene.http.patch(&path, json!({})).await.expect(200);
    scene.http.patch(&path, json!({"name": ""})).await.expect(200);
    let label = scene.http.get(&path).await.expect(200);
    assert_eq!(label["label"]["properties"], json!({"a": "1"}));
    assert_eq!(label["label"]["name"], "l");
});

both!(rename_and_properties_go_in_one_patch, async |scene| {
    let path = page(&scene, "l", json!({"a": "1"})).await;
    let body = json!({"name": "m", "properties": {"b": "2"}});
    let label = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(label["label"]["name"], "m");
    assert_eq!(label["label"]["properties"], json!({"a": "1", "b": "2"}));
});

both!(rename_onto_another_is_a_conflict, async |scene| {
    scene.label("taken").await;
    let path = page(&scene, "l", json!({})).await;
    let body = json!({"name": "Taken", "properties": {"b": "2"}});
    scene.http.patch(&path, body).await.refused(422, "conflict", "label with name Taken already exists");
    assert_eq!(properties(&scene.http, &path).await, Value::Null);
    let label = scene.http.patch(&path, json!({"name": "L"})).await.expect(200);
    assert_eq!(label["label"]["name"], "L");
});

both!(any_key_and_value_is_kept, async |scene| {
    let long = "k".repeat(5_000);
    let body = json!({
        "a.b": "1", "a[b]": "2", "a \"b\"": "3", "ü\u{1f600}": "4", "\u{1}\n": "5", "": "6", long: "7",
        "value": "\u{0}\u{1f600}\"\\\n",
    });
    let path = page(&scene, "l", body.clone()).await;
    let Value::Object(kept) = properties(&scene.http, &path).await else { panic!("no properties") };
    let Value::Object(sent) = body else { panic!("no object") };
    for (key, value) in sent {
        assert_eq!(kept[&key], value, "{key:?}");
    }
});

both!(a_number_as_value, async |scene| {
    let body = json!({"orgID": scene.org, "name": "l", "properties": {"a": 1}});
    scene.http.post("labels", body).await.refused(400, "invalid", "failed to unmarshal json: ");
    let path = page(&scene, "l", json!({})).await;
    let reply = scene.http.patch(&path, json!({"properties": {"a": 1}})).await;
    reply.refused(500, "internal error", "cannot unmarshal number");
});

both!(three_megabytes_are_kept, async |scene| {
    let big = "x".repeat(3_000_000);
    let path = page(&scene, "l", json!({"a": big})).await;
    assert_eq!(properties(&scene.http, &path).await["a"], json!(big));
});

both!(a_list_is_in_the_order_of_creation, async |scene| {
    let made = ["c", "a", "b", "B2"];
    for name in made {
        scene.label(name).await;
    }
    let list = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    assert_eq!(names(&list["labels"]), made);
});

both!(without_an_org_the_list_has_what_the_token_sees_of_all_orgs, async |scene| {
    let gone = scene.http.post("orgs", json!({"name": unique("gone")})).await.expect(201);
    let mut made = Vec::new();
    for org in [id(&gone), scene.org.clone()] {
        let label = scene.http.post("labels", json!({"orgID": org, "name": "l"})).await.expect(201);
        made.push(id(&label["label"]));
    }
    scene.http.delete(&format!("orgs/{}", id(&gone))).await.expect(204);
    let ids = async |http: &Http| -> Vec<String> {
        let list = http.get("labels").await.expect(200);
        let rows = list["labels"].as_array().unwrap().iter();
        rows.map(id).filter(|id| made.contains(id)).collect()
    };
    assert_eq!(ids(&scene.http).await, made, "a label outlives its org");
    let reader = scene.token(json!([{"action": "read", "resource": {"type": "labels", "orgID": scene.org}}])).await;
    assert_eq!(ids(&scene.http.with_token(&reader.token)).await, [made[1].clone()]);
});

both!(a_name_filters_whole_and_without_case, async |scene| {
    scene.label("fluxform/iot").await;
    scene.label("fluxform/iot/lock").await;
    for (name, count) in [("FLUXFORM/iot", 1), ("fluxform", 0), ("fluxform/iot/lock", 1)] {
        let list = scene.http.get(&format!("labels?orgID={}&name={name}", scene.org)).await.expect(200);
        assert_eq!(list["labels"].as_array().unwrap().len(), count, "{name}");
    }
});

both!(one_of_many_concurrent_posts_wins, async |scene| {
    let post = || async {
        let body = json!({"orgID": scene.org, "name": "lock"});
        scene.http.post("labels", body).await.status
    };
    let mut statuses = futures::future::join_all((0..50).map(|_| post())).await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 422), "{statuses:?}");
});

both!(concurrent_patches_of_different_keys_are_all_kept, async |scene| {
    let path = page(&scene, "l", json!({})).await;
    let patch = |number: usize| {
        let (http, path) = (scene.http.clone(), path.clone());
        async move {
            let own = format!("key-{number}");
            let value = number.to_string();
            let body =
                json!({"properties": Map::from_iter([(own.clone(), json!(value)), ("same".to_owned(), json!(value))])});
            let label = http.patch(&path, body).await.expect(200);
            assert_eq!(label["label"]["properties"][own], json!(value));
            assert_eq!(label["label"]["properties"]["same"], json!(value));
        }
    };
    futures::future::join_all((0..100).map(patch)).await;
    let kept = properties(&scene.http, &path).await;
    assert_eq!(kept.as_object().unwrap().len(), 101);
});

both!(write_alone_reads_properties_too, async |scene| {
    let path = page(&scene, "l", json!({"a": "1"})).await;
    let writer = scene.token(json!([scene.may("write", "labels")])).await;
    assert_eq!(writer.http.get(&path).await.status, 401);
    let echo = writer.http.patch(&path, json!({})).await.expect(200);
    assert_eq!(echo["label"]["properties"], json!({"a": "1"}));
});

both!(attached_labels_are_in_the_objects_reply_with_all_properties, async |scene| {
    let label = scene.label("l").await;
    scene.http.patch(&format!("labels/{label}"), json!({"properties": {"a": "1"}})).await.expect(200);
    for path in [format!("buckets/{}", scene.bucket("b").await), format!("tasks/{}", scene.task("t").await)] {
        let labels = format!("{path}/labels");
        let made = scene.http.post(&labels, json!({"labelID": label})).await.expect(201);
        assert_eq!(made["label"]["id"], json!(label));
        let object = scene.http.get(&path).await.expect(200);
        assert_eq!(object["labels"], json!([{"id": label, "orgID": scene.org, "name": "l", "properties": {"a": "1"}}]));
        let list = scene.http.get(&labels).await.expect(200);
        assert_eq!(list["labels"], object["labels"]);
    }
    for kind in ["buckets", "tasks"] {
        let list = scene.http.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
        let rows = list[kind].as_array().unwrap();
        assert!(rows.iter().any(|row| row["labels"][0]["id"] == json!(label)), "{list}");
    }
});

both!(attaching_twice_is_a_conflict, async |scene| {
    let body = json!({"labelID": scene.label("l").await});
    for path in [format!("buckets/{}", scene.bucket("b").await), format!("tasks/{}", scene.task("t").await)] {
        let labels = format!("{path}/labels");
        scene.http.post(&labels, body.clone()).await.expect(201);
        let reply = scene.http.post(&labels, body.clone()).await;
        reply.refused(422, "conflict", "Cannot add label, label already exists on resource");
    }
});

both!(attaching_what_is_absent, async |scene| {
    let bucket = format!("buckets/{}/labels", scene.bucket("b").await);
    scene.http.post(&bucket, json!({"labelID": ABSENT})).await.refused(404, "not found", "label not found");
    scene.http.post(&bucket, json!({})).await.refused(400, "invalid", "label id is required");
    let body = json!({"labelID": scene.label("l").await});
    let absent = format!("buckets/{ABSENT}/labels");
    scene.http.post(&absent, body).await.refused(404, "not found", "404 page not found");
    scene.http.get(&absent).await.refused(404, "not found", "404 page not found");
});

both!(detaching_twice_succeeds, async |scene| {
    let label = scene.label("l").await;
    for path in [format!("buckets/{}", scene.bucket("b").await), format!("tasks/{}", scene.task("t").await)] {
        let labels = format!("{path}/labels");
        scene.http.post(&labels, json!({"labelID": label})).await.expect(201);
        scene.http.delete(&format!("{labels}/{label}")).await.expect(204);
        assert_eq!(scene.http.get(&path).await.expect(200)["labels"], json!([]));
        scene.http.delete(&format!("{labels}/{label}")).await.expect(204);
    }
});

both!(several_attached_labels_are_all_listed, async |scene| {
    let path = format!("buckets/{}", scene.bucket("b").await);
    let mut expected = Vec::new();
    for name in ["z", "a", "m"] {
        let label = scene.label(name).await;
        scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
        expected.push(label);
    }
    let object = scene.http.get(&path).await.expect(200);
    assert_eq!(column(&object["labels"], "id"), expected);
});

both!(a_lease_that_was_taken_over_cannot_be_renewed_or_freed, async |scene| {
    let lease = page(&scene, "lock", json!({"holder": "a"})).await;
    scene.http.delete(&lease).await.expect(204);
    let successor = page(&scene, "lock", json!({"holder": "b"})).await;
    let renewal = scene.http.patch(&lease, json!({"properties": {"holder": "a"}})).await;
    renewal.refused(404, "not found", "label not found");
    scene.http.delete(&lease).await.refused(404, "not found", "label not found");
    assert_eq!(properties(&scene.http, &successor).await, json!({"holder": "b"}));
});

both!(a_label_of_another_organization_can_be_attached, async |scene| {
    let elsewhere = scene.beside().await;
    let (bucket, label) = (scene.bucket("b").await, elsewhere.label("l").await);
    scene.http.post(&format!("buckets/{bucket}/labels"), json!({"labelID": label})).await.expect(201);
    let row = scene.http.get(&format!("buckets/{bucket}")).await.expect(200);
    assert_eq!((&row["labels"][0]["id"], &row["labels"][0]["orgID"]), (&json!(label), &json!(elsewhere.org)));
});

both!(names_are_folded_letter_by_letter_in_as_many_bytes, async |scene| {
    let post = async |name: &str| scene.http.post("labels", json!({"orgID": scene.org, "name": name})).await.status;
    for (one, other) in
        [("ΟΔΟΣ", "οδοσ"), ("ǅ", "ǆ"), ("\u{10400}", "\u{10428}"), ("İx", "İX"), ("\u{a0}n", "N\u{2003}")]
    {
        assert_eq!((post(one).await, post(other).await), (201, 422), "{one} {other}");
    }
    // Lower case has another length, or there is none; the last are two spellings.
    let apart = [
        "οδος",
        "\u{212a}",
        "k",
        "ẞ",
        "ß",
        "ix",
        "i\u{307}x",
        "\u{23a}",
        "\u{2c65}",
        "é",
        "e\u{301}",
        "n\u{200b}",
        "\u{feff}n",
        "n\0",
    ];
    for name in apart {
        assert_eq!(post(name).await, 201, "{name:?}");
    }
    // What a list is filtered by is folded otherwise.
    for (filter, count) in [("ſx", 0), ("K", 2), ("ß", 2), ("ΟΔΟΣ", 2), ("İX", 1), ("I", 0)] {
        let list = scene.http.get(&format!("labels?orgID={}&name={filter}", scene.org)).await.expect(200);
        assert_eq!(list["labels"].as_array().unwrap().len(), count, "{filter}: {list}");
    }
});

both!(a_rename_to_another_spelling_of_its_own_name, async |scene| {
    let path = page(&scene, "name", json!({})).await;
    for name in ["NAME", " Name "] {
        let label = scene.http.patch(&path, json!({"name": name})).await.expect(200);
        assert_eq!(label["label"]["name"], name.trim());
    }
});
