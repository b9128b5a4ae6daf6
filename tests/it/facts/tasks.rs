//! Tasks: options in the script, what a PATCH does to it, owners.

use serde_json::{Value, json};

use crate::support::{ABSENT, Scene, both, hourly, id, names, real};

const FROM: &str = "from(bucket: \"b\") |> range(start: -1h)";

/// Offsets as a script says them and as the server reports them.
const OFFSETS: [(&str, &str); 8] = [
    ("300s", "5m"),
    ("90s", "1m30s"),
    ("60m", "1h"),
    ("36h", "36h"),
    ("0s", ""),
    ("-300s", "-5m"),
    ("-90m", "-1h30m"),
    ("-0s", ""),
];

/// Sends a script as a new task.
async fn post(scene: &Scene, flux: &str) -> crate::support::Reply {
    scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux})).await
}

/// Makes a task with a description; its path. The script is not as the server would write it.
async fn unformatted(scene: &Scene) -> String {
    let flux = "option task={name: \"a\",every: 60m}\n\nfrom(bucket:\"b\")|>range(start:-1h)";
    let body = json!({"orgID": scene.org, "description": "d", "flux": flux});
    format!("tasks/{}", id(&scene.http.post("tasks", body).await.expect(201)))
}

both!(a_new_task_is_its_options, async |scene| {
    let flux = format!("option task = {{name: \"t\", every: 1h, offset: 5m}}\n\n{FROM}\n");
    let task = post(&scene, &flux).await.expect(201);
    assert_eq!(task["name"], "t");
    assert_eq!(task["every"], "1h");
    assert_eq!(task["offset"], "5m");
    assert_eq!(task.get("cron"), None);
    assert_eq!(task["status"], "active");
    assert_eq!(task["flux"], json!(flux));
    assert_eq!(task["orgID"], json!(scene.org));
    assert_eq!(task["org"], json!(scene.org_name));
    assert_eq!(task["ownerID"], json!(scene.user));
    assert_eq!(task.get("description"), None);
    assert_eq!(task["labels"], json!([]));
    assert_eq!(task["latestCompleted"], task["createdAt"]);
    assert_eq!(task.get("updatedAt"), None);
});

both!(a_cron_task, async |scene| {
    let task = post(&scene, &format!("option task = {{name: \"t\", cron: \"0 2 * * *\"}}\n{FROM}")).await.expect(201);
    assert_eq!(task["cron"], "0 2 * * *");
    assert_eq!(task.get("every"), None);
});

both!(name_every_and_offset_of_the_body_are_ignored, async |scene| {
    let body = json!({"orgID": scene.org, "flux": hourly("script"), "name": "body", "every": "3h", "offset": "1m"});
    let task = scene.http.post("tasks", body).await.expect(201);
    assert_eq!(task["name"], "script");
    assert_eq!(task["every"], "1h");
    assert_eq!(task.get("offset"), None);
});

both!(description_and_status_of_the_body_are_taken, async |scene| {
    let body = json!({"orgID": scene.org, "flux": hourly("t"), "description": "d", "status": "inactive"});
    let task = scene.http.post("tasks", body).await.expect(201);
    assert_eq!(task["description"], "d");
    assert_eq!(task["status"], "inactive");
});

both!(names_are_not_unique, async |scene| {
    scene.task("same").await;
    scene.task("same").await;
    let list = scene.http.get(&format!("tasks?orgID={}&name=same", scene.org)).await.expect(200);
    assert_eq!(names(&list["tasks"]), ["same", "same"]);
});

both!(the_organization_is_given_by_id_or_name, async |scene| {
    let body = json!({"org": scene.org_name, "flux": hourly("t")});
    let task = scene.http.post("tasks", body).await.expect(201);
    assert_eq!(task["orgID"], json!(scene.org));
    let reply = scene.http.post("tasks", json!({"flux": hourly("t")})).await;
    reply.refused(400, "invalid", "failed to decode request: missing orgID and org");
    let reply = scene.http.post("tasks", json!({"orgID": ABSENT, "flux": hourly("t")})).await;
    reply.refused(404, "not found", "could not identify organization: organization not found");
});

both!(bad_options_are_400, async |scene| {
    for (options, message) in [
        ("name: \"a\", every: 1h, cron: \"* * * * *\"", "cannot use both cron and every in task options"),
        ("name: \"a\", every: 100ms", "every option must be at least 1 second"),
        ("name: \"a\", cron: \"bad\"", "cron invalid: "),
        ("name: \"a\"", "missing required option: cron or every"),
        ("name: \"a\", every: 1h, offset: 1500ms", "offset option must be expressible as whole seconds"),
        ("every: 1h", "missing required option: name"),
        ("name: \"a\", every: -1h", "failed to parse field 'every' in task options"),
    ] {
        let reply = post(&scene, &format!("option task = {{{options}}}\n{FROM}")).await;
        reply.refused(400, "invalid", message);
    }
});

both!(a_script_without_options_is_400, async |scene| {
    post(&scene, FROM).await.refused(400, "invalid", "invalid options: no task options defined");
    post(&scene, "").await.refused(400, "invalid", "failed to decode request: missing flux");
});

both!(an_unfinished_call_is_400_with_its_place, async |scene| {
    let reply = post(&scene, "option task = {name: \"a\", every: 1h} from(bucket:\"b\"").await;
    reply.refused(400, "invalid", "loc 1:38-1:53: expected RPAREN, got EOF");
});

both!(options_before_the_imports_are_400, async |scene| {
    let reply = post(&scene, &format!("option task = {{name: \"a\", every: 1h}}\nimport \"date\"\n{FROM}")).await;
    reply.refused(400, "invalid", "loc 2:1-2:7: invalid statement @2:1-2:7: import");
});

both!(options_after_the_imports_are_taken, async |scene| {
    let task = post(&scene, &format!("import \"date\"\n\noption task = {{name: \"a\", every: 1h}}\n{FROM}")).await;
    assert_eq!(task.expect(201)["name"], "a");
});

both!(absent_buckets_and_functions_are_accepted, async |scene| {
    let options = "option task = {name: \"a\", every: 1h}";
    for script in
        ["from(bucket: \"absent\") |> range(start: -1h)", "nosuch(x: 1)", "x = 1 + \"a\"", "from(bucket: \"b\")", ""]
    {
        post(&scene, &format!("{options}\n{script}")).await.expect(201);
    }
});

both!(every_stays_as_written, async |scene| {
    for every in ["60m", "3600s", "1h30m", "1mo", "1d12h"] {
        let options = format!("option task = {{name: \"a\", every: {every}}}\n{FROM}");
        let task = post(&scene, &options).await.expect(201);
        assert_eq!(task["every"], json!(every));
    }
});

both!(offset_is_written_anew, async |scene| {
    for (offset, reported) in OFFSETS {
        let options = format!("option task = {{name: \"a\", every: 1h, offset: {offset}}}\n{FROM}");
        let task = post(&scene, &options).await.expect(201);
        assert_eq!(task["offset"].as_str().unwrap_or_default(), reported);
    }
});

both!(patch_with_flux_keeps_the_bytes, async |scene| {
    let path = unformatted(&scene).await;
    let flux = "option task={name: \"z\",cron:\"0 * * * *\", offset:1m}\n//c\nfrom(bucket:\"b\")|>range(start:-2h)";
    let task = scene.http.patch(&path, json!({"flux": flux})).await.expect(200);
    assert_eq!(task["flux"], json!(flux));
    assert_eq!(task["name"], "z");
    assert_eq!(task["cron"], "0 * * * *");
    assert_eq!(task["offset"], "1m");
    assert_eq!(task.get("every"), None);
    assert_eq!(task["description"], "d");
});

/// Patches one option; the script must come back as the server writes it.
async fn reformatted(scene: &Scene, body: Value, options: &str) {
    let path = unformatted(scene).await;
    let task = scene.http.patch(&path, body).await.expect(200);
    let flux = format!("option task = {{{options}}}\n\nfrom(bucket: \"b\") |> range(start: -1h)\n");
    assert_eq!(task["flux"], json!(flux));
}

both!(patch_of_the_name_formats_the_script, async |scene| {
    reformatted(&scene, json!({"name": "n"}), "name: \"n\", every: 60m").await;
});

both!(patch_of_every_formats_the_script, async |scene| {
    reformatted(&scene, json!({"every": "2h"}), "name: \"a\", every: 2h").await;
});

both!(patch_of_cron_formats_the_script, async |scene| {
    reformatted(&scene, json!({"cron": "0 * * * *"}), "name: \"a\", cron: \"0 * * * *\"").await;
});

both!(patch_of_the_offset_formats_the_script, async |scene| {
    reformatted(&scene, json!({"offset": "5m"}), "name: \"a\", every: 60m, offset: 5m").await;
});

both!(patch_of_options_changes_the_fields, async |scene| {
    let path = unformatted(&scene).await;
    let task = scene.http.patch(&path, json!({"name": "n", "every": "2h", "offset": "5m"})).await.expect(200);
    assert_eq!((&task["name"], &task["every"], &task["offset"]), (&json!("n"), &json!("2h"), &json!("5m")));
    let task = scene.http.patch(&path, json!({"cron": "0 * * * *"})).await.expect(200);
    assert_eq!(task["cron"], "0 * * * *");
    assert_eq!(task.get("every"), None);
    assert_eq!(task["offset"], "5m");
});

both!(a_description_alone_is_no_content, async |scene| {
    let path = unformatted(&scene).await;
    for body in [json!({"description": "x"}), json!({}), json!({"description": ""})] {
        let reply = scene.http.patch(&path, body).await;
        reply.refused(400, "invalid", "failed to decode request: cannot update task without content");
    }
    let task = scene.http.patch(&path, json!({"description": "x", "status": "active"})).await.expect(200);
    assert_eq!(task["description"], "x");
    let task = scene.http.patch(&path, json!({"description": "", "status": "active"})).await.expect(200);
    assert_eq!(task.get("description"), None);
});

both!(patch_of_the_status_keeps_the_bytes, async |scene| {
    let path = unformatted(&scene).await;
    let before = scene.http.get(&path).await.expect(200);
    let task = scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    assert_eq!(task["status"], "inactive");
    assert_eq!(task["flux"], before["flux"]);
    assert_eq!(task["updatedAt"].as_str().unwrap().len(), "2026-11-23T00:00:00Z".len());
});

both!(bad_patches_are_400, async |scene| {
    let path = unformatted(&scene).await;
    for (body, message) in [
        (json!({"every": "2h", "cron": "0 * * * *"}), "failed to decode request: cannot specify both every and cron"),
        (json!({"flux": "x"}), "failed to update task: invalid options: no task options defined"),
        (json!({"status": "asleep"}), "failed to decode request: invalid task status: \"asleep\""),
        (json!({"every": "bad"}), "failed to decode request: invalid duration bad"),
        (json!({"every": "500ms"}), "every option must be at least 1 second"),
        (json!({"cron": "bad"}), "cron invalid: "),
    ] {
        scene.http.patch(&path, body).await.refused(400, "invalid", message);
    }
});

both!(a_bad_status_is_400_on_create, async |scene| {
    let body = json!({"orgID": scene.org, "flux": hourly("t"), "status": "asleep"});
    let reply = scene.http.post("tasks", body).await;
    reply.refused(400, "invalid", "failed to decode request: invalid task status: \"asleep\"");
});

both!(the_owner_is_the_user_of_the_creating_token, async |scene| {
    let user = scene.user("worker").await;
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": user})).await.expect(201);
    let permissions = [scene.may("read", "tasks"), scene.may("write", "tasks")];
    let worker = scene.token_with(json!({"userID": user, "permissions": permissions})).await;
    let body = json!({"orgID": scene.org, "flux": hourly("t"), "ownerID": ABSENT});
    let task = worker.http.post("tasks", body).await.expect(201);
    assert_eq!(task["ownerID"], json!(user));
    let path = format!("tasks/{}", id(&task));
    let task = scene.http.patch(&path, json!({"ownerID": scene.user, "status": "active"})).await.expect(200);
    assert_eq!(task["ownerID"], json!(user));
});

both!(a_task_of_a_user_without_a_role_is_accepted, async |scene| {
    let user = scene.user("stranger").await;
    let worker = scene.token_with(json!({"userID": user, "permissions": [scene.may("write", "tasks")]})).await;
    worker.http.post("tasks", json!({"orgID": scene.org, "flux": hourly("t")})).await.expect(201);
});

both!(denied_writes_are_500, async |scene| {
    let path = unformatted(&scene).await;
    let reader = scene.token(json!([scene.may("read", "tasks")])).await;
    let body = json!({"orgID": scene.org, "flux": hourly("t")});
    let reply = reader.http.post("tasks", body).await;
    reply.refused(500, "internal error", "failed to create task: unauthorized");
    let reply = reader.http.patch(&path, json!({"status": "inactive"})).await;
    reply.refused(500, "internal error", "failed to update task: unauthorized");
    let reply = reader.http.delete(&path).await;
    reply.refused(500, "internal error", "failed to delete task: unauthorized");
});

both!(activating_resets_latest_completed, async |scene| {
    let path = unformatted(&scene).await;
    let before = scene.http.get(&path).await.expect(200);
    scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    let after = scene.http.patch(&path, json!({"status": "active"})).await.expect(200);
    let time = |task: &Value| task["latestCompleted"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(time(&after) >= time(&before), "{after}");
});

both!(lists_filter_by_name_and_status, async |scene| {
    let active = scene.task("one").await;
    let body = json!({"orgID": scene.org, "flux": hourly("two"), "status": "inactive"});
    let inactive = id(&scene.http.post("tasks", body).await.expect(201));
    for (query, expected) in [
        ("name=one".to_owned(), vec![&active]),
        ("status=inactive".to_owned(), vec![&inactive]),
        ("status=active".to_owned(), vec![&active]),
        (format!("user={ABSENT}"), vec![]),
    ] {
        let list = scene.http.get(&format!("tasks?orgID={}&{query}", scene.org)).await.expect(200);
        assert_eq!(crate::support::column(&list["tasks"], "id"), expected, "{query}");
    }
});

both!(a_list_gives_whole_tasks, async |scene| {
    let task = scene.task("t").await;
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    let one = scene.http.get(&format!("tasks/{task}")).await.expect(200);
    assert_eq!(list["tasks"], json!([one]));
});

both!(the_user_filter_ignores_the_organization, async |scene| {
    let user = scene.user("worker").await;
    let worker = scene
        .token_with(json!({"userID": user, "permissions": [{"action": "write", "resource": {"type": "tasks"}}]}))
        .await;
    let name = crate::support::unique("other");
    let other = scene.http.post("orgs", json!({"name": name})).await.expect(201);
    let mut made = Vec::new();
    for org in [json!(scene.org), other["id"].clone()] {
        let body = json!({"orgID": org, "flux": hourly("t")});
        made.push(id(&worker.http.post("tasks", body).await.expect(201)));
    }
    let list = scene.http.get(&format!("tasks?orgID={}&user={user}", scene.org)).await.expect(200);
    assert_eq!(crate::support::column(&list["tasks"], "id"), made);
});

both!(an_offset_in_days_is_500, async |scene| {
    let options = "option task = {name: \"a\", every: 1h, offset: 1d}";
    let reply = post(&scene, &format!("{options}\n{FROM}")).await;
    reply.refused(500, "internal error", "unknown unit \"d\" in duration \"1d\"");
});

both!(an_offset_in_days_is_400_in_a_patch, async |scene| {
    let path = unformatted(&scene).await;
    let reply = scene.http.patch(&path, json!({"offset": "1d"})).await;
    reply.refused(400, "invalid", "the largest unit supported is h");
});

both!(patch_of_the_offset_cannot_take_it_away, async |scene| {
    let path = unformatted(&scene).await;
    scene.http.patch(&path, json!({"offset": "5m"})).await.expect(200);
    let body = json!({"offset": "0s", "status": "active"});
    let task = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(task["offset"], "5m");
    let body = json!({"offset": "", "status": "active"});
    let task = scene.http.patch(&path, body).await.expect(200);
    assert_eq!(task["offset"], "5m");
});

both!(a_negative_offset_has_one_unit, async |scene| {
    let path = unformatted(&scene).await;
    for (offset, status, message) in [
        ("-1h30m", 500, "unexpected error parsing time: time: unknown unit \"h-\" in duration \"-1h-30m\""),
        ("-1d", 500, "unexpected error parsing time: time: unknown unit \"d\" in duration \"-1d\""),
        ("-500ms", 400, "invalid options: invalid options: offset option must be expressible as whole seconds"),
        ("- 5m", 400, "invalid options: invalid duration  5m"),
        ("-(5m)", 400, "invalid options: invalid duration (5m)"),
        ("1h-5m", 400, "invalid options: failed to parse field 'offset' in task options"),
    ] {
        let flux = format!("option task = {{name: \"a\", every: 1h, offset: {offset}}}\n{FROM}");
        let code = if status == 500 { "internal error" } else { "invalid" };
        post(&scene, &flux).await.refused(status, code, message);
    }
    let reply = scene.http.patch(&path, json!({"offset": "-1h30m"})).await;
    reply.refused(400, "invalid", "offset: -1h-30m, time: unknown unit \"h-\" in duration \"-1h-30m\" is invalid");
    scene.http.patch(&path, json!({"offset": "-0s"})).await.refused(
        400,
        "invalid",
        "cannot update task without content",
    );
    let task = scene.http.patch(&path, json!({"offset": "-90m"})).await.expect(200);
    assert_eq!(task["offset"], "-1h30m");
    assert!(task["flux"].as_str().unwrap().contains("offset: -90m"), "{task}");
});

real!(a_schedule_that_never_comes_is_refused_and_kept, async |scene| {
    let flux = |cron: &str| format!("option task = {{name: \"t\", cron: \"{cron}\"}}\nx = 1");
    let words = "could not fulfil schedule due to year";
    let never = flux("0 0 30 2 *");
    let made = scene.http.post("tasks", json!({"orgID": scene.org, "flux": never})).await;
    assert!(made.status == 500 && made.message().contains(words), "{}", made.text);
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"], json!([]), "a create leaves nothing");
    let task = scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux("0 0 1 * *")})).await.expect(201);
    let path = format!("tasks/{}", id(&task));
    let changed = scene.http.patch(&path, json!({"flux": never, "status": "active"})).await;
    assert!(changed.status == 500 && changed.message().contains(words), "{}", changed.text);
    assert_eq!(scene.http.get(&path).await.expect(200)["cron"], "0 0 30 2 *", "an update is kept");
});
