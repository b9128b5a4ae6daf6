//! What changes of a check do, and what they leave as it was.

use super::*;

both!(a_patch_leaves_the_script_of_the_task_as_it_was, async |scene| {
    let check = made(&scene, threshold(&scene, json!({"name": "c", "description": "d"}))).await;
    for other in [
        json!({}),
        json!({"name": null, "description": null, "status": null}),
        json!({"every": "5m", "type": "deadman", "orgID": ABSENT}),
    ] {
        let reply = scene.http.patch(&path(&check), other).await.expect(200);
        assert_eq!(
            ["name", "description", "every", "type"].map(|key| reply[key].as_str().unwrap()),
            ["c", "d", "1m", "threshold"]
        );
    }
    for (other, message) in [
        (json!({"name": ""}), "Check Name can't be empty"),
        (json!({"description": ""}), "Check Description can't be empty"),
        (json!({"status": "foo"}), "invalid status: must be active or inactive"),
        (json!({"name": 1}), "json: cannot unmarshal number into Go struct field CheckUpdate.name of type string"),
    ] {
        scene.http.patch(&path(&check), other).await.refused(400, "invalid", message);
    }
    let before = task(&scene, &check).await;
    let reply = scene.http.patch(&path(&check), json!({"name": "renamed", "description": "x"})).await.expect(200);
    assert_eq!((&reply["name"], &reply["description"]), (&json!("renamed"), &json!("x")));
    let after = task(&scene, &check).await;
    assert_eq!(["name", "flux"].map(|key| &after[key]), ["name", "flux"].map(|key| &before[key]));
    assert_eq!(after["description"], "x");
    assert!(query(&scene, &check).await.contains("_check_name: \"renamed\""));
    let reply = put(&scene.http, &check, reply).await.expect(200);
    assert_eq!(task(&scene, &check).await["name"], "renamed");
    assert_eq!(task(&scene, &check).await["flux"], query(&scene, &reply).await.as_str());
});

both!(the_status_is_that_of_the_task, async |scene| {
    let check = made(&scene, threshold(&scene, json!({"status": "inactive"}))).await;
    let behind = format!("tasks/{}", check["taskID"].as_str().unwrap());
    assert_eq!((&check["status"], &task(&scene, &check).await["status"]), (&json!("inactive"), &json!("inactive")));
    let active = scene.http.patch(&path(&check), json!({"status": "active"})).await.expect(200);
    assert_eq!((&active["status"], &task(&scene, &check).await["status"]), (&json!("active"), &json!("active")));
    scene.http.patch(&behind, json!({"status": "inactive"})).await.expect(200);
    let found = scene.http.get(&path(&check)).await.expect(200);
    assert_eq!(found["status"], "inactive");
    // What else the task becomes shows nowhere in the check, and a PUT makes it right again.
    let flux = "option task = {name: \"zz\", every: 1h}\nx = 1";
    scene.http.patch(&behind, json!({"flux": flux})).await.expect(200);
    let now = scene.http.get(&path(&check)).await.expect(200);
    for key in ["name", "every", "query"] {
        assert_eq!(now[key], check[key]);
    }
    put(&scene.http, &check, with(&found, json!({"status": "active"}))).await.expect(200);
    let repaired = task(&scene, &check).await;
    assert_eq!((&repaired["flux"], &repaired["status"]), (&json!(query(&scene, &check).await), &json!("active")));
});

both!(a_put_replaces_all, async |scene| {
    let full = json!({
        "description": "d", "offset": "10s", "tags": [{"key": "a", "value": "b"}], "statusMessageTemplate": "m",
        "query": {"text": QUERY, "editMode": "builder"},
    });
    let check = made(&scene, threshold(&scene, full)).await;
    assert_eq!(put(&scene.http, &check, check.clone()).await.expect(200)["query"], check["query"]);
    let bare = threshold(
        &scene,
        json!({"name": check["name"], "thresholds": null, "offset": null, "id": ABSENT, "ownerID": ABSENT}),
    );
    let reply = put(&scene.http, &check, bare).await.expect(200);
    for (key, wanted) in [
        ("tags", Value::Null),
        ("thresholds", Value::Null),
        ("statusMessageTemplate", json!("")),
        ("id", check["id"].clone()),
        ("ownerID", check["ownerID"].clone()),
        ("taskID", check["taskID"].clone()),
        ("createdAt", check["createdAt"].clone()),
    ] {
        assert_eq!(reply[key], wanted, "{key}");
    }
    assert_eq!(reply["query"]["editMode"], "");
    assert!(reply.get("offset").is_none() && reply.get("description").is_none(), "{reply}");
    let foreign = put(&scene.http, &check, with(&check, json!({"orgID": ABSENT}))).await.expect(200);
    assert_eq!(foreign["orgID"], scene.org);
    let silent = with(&check, json!({"type": "deadman", "timeSince": "90s", "staleTime": "10m", "level": "warn"}));
    let reply = put(&scene.http, &check, silent).await.expect(200);
    assert_eq!((&reply["type"], &reply["taskID"]), (&json!("deadman"), &check["taskID"]));
    for (other, message) in [
        (json!({"orgID": null}), "Check OrgID is invalid"),
        (json!({"status": null}), "invalid status: must be active or inactive"),
        (json!({"name": null}), "Check Name can't be empty"),
        (json!({"type": null}), "malformed check body: invalid check type "),
        (json!({"every": null}), "Check Every must exist"),
        (json!({"every": "x"}), "malformed check body: invalid duration x"),
        (json!({"offset": "1m"}), "Offset should not be equal or greater than the interval"),
        (json!({"thresholds": [{"type": "x"}]}), "malformed check body: invalid threshold type x"),
        (json!({"tags": [{"key": "", "value": "c"}]}), "tag must contain a key and a value"),
    ] {
        put(&scene.http, &check, with(&check, other)).await.refused(400, "invalid", message);
        let now = scene.http.get(&path(&check)).await.expect(200);
        assert_eq!((&now["type"], &now["updatedAt"]), (&reply["type"], &reply["updatedAt"]));
    }
});

both!(a_put_that_the_task_cannot_follow_is_stored_all_the_same, async |scene| {
    let check = made(&scene, threshold(&scene, json!({}))).await;
    let before = task(&scene, &check).await;
    let invalid = "invalid options: invalid options: every option must be at least 1 second";
    for (other, status, code, message) in [
        (json!({"every": "500ms"}), 400, "invalid", invalid),
        (json!({"name": "a${b}"}), 400, "invalid", "invalid options: failed to parse field 'name' in task options"),
        (
            json!({"every": "2d", "offset": "1d"}),
            500,
            "internal error",
            "unexpected error parsing time: time: unknown unit \"d\" in duration \"1d\"",
        ),
        (json!({"statusMessageTemplate": "${"}), 500, "internal error", UNTOLD),
        (json!({"tags": [{"key": "a b", "value": "c"}]}), 500, "internal error", UNTOLD),
        (json!({"query": {"text": "from("}}), 500, "internal error", UNTOLD),
    ] {
        let wanted = with(&check, with(&other, json!({"status": "inactive"})));
        put(&scene.http, &check, wanted).await.refused(status, code, message);
        let now = scene.http.get(&path(&check)).await.expect(200);
        let (key, value) = other.as_object().unwrap().iter().next().unwrap();
        let kept = if key == "query" { now[key]["text"] == value["text"] } else { now[key] == *value };
        assert!(kept && now["status"] == "active", "{other}: {now}");
        let behind = task(&scene, &check).await;
        assert_eq!((&behind["flux"], &behind["status"]), (&before["flux"], &before["status"]));
        put(&scene.http, &check, check.clone()).await.expect(200);
    }
    let broken = with(&check, json!({"query": {"text": "from("}}));
    put(&scene.http, &check, broken).await.refused(500, "internal error", UNTOLD);
    scene.http.get(&format!("{}/query", path(&check))).await.refused(500, "internal error", UNTOLD);
});
