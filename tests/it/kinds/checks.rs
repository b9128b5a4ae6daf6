//! Checks, through their kind, and what their tasks run.

use fluxform::diff::Goal;
use reqwest::Method;

use super::*;
use crate::support::{Project, Relay, id, lines};
use crate::terminal::Place;

const QUERY: &str = "from(bucket: \"b\") |> range(start: -1h) |> filter(fn: (r) => r._field == \"u\")";

fn query(text: &str) -> Value {
    Value::Script(fluxform::value::Script::query(text.to_owned()))
}

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Table(fields.map(|(key, value)| (key.to_owned(), value)).into())
}

fn number(number: f64) -> Value {
    Value::Number(fluxform::value::Number::new(number).unwrap())
}

fn threshold(scene: &Scene) -> Fields {
    let fields = [
        ("name", text("CPU")),
        ("org", in_org(scene)),
        ("description", text("d")),
        ("status", text("active")),
        ("every", duration("1m")),
        ("offset", Value::Unset),
        ("flux", query(QUERY)),
        ("when", table([("crit", table([("above", number(90.0))]))])),
        ("deadman", Value::Unset),
        ("custom", Value::Unset),
        ("message", text("${ r._level }")),
        ("tags", Value::Map([("team".to_owned(), "ops".to_owned())].into())),
    ];
    fields.into_iter().collect()
}

both!(a_check, async |scene| {
    let range = |word, min, max| table([(word, Value::List(vec![number(min), number(max)]))]);
    let levels = table([
        ("ok", table([("below", number(-1.5))])),
        ("info", range("inside", 0.0, 0.0)),
        ("warn", range("outside", -1.0, 1e300)),
    ]);
    let label = scene.label("l").await;
    let changes = vec![
        ("name", text("a \"b\" \\ c\nü")),
        ("description", text("other")),
        ("status", text("inactive")),
        ("every", duration("2d")),
        ("offset", duration("1d")),
        ("offset", Value::Unset),
        ("flux", query(&format!("{QUERY}\n// end\n"))),
        ("when", levels),
        ("message", Value::Unset),
        ("tags", Value::Unset),
        ("labels", refs(Kind::Label, [label.as_str()])),
        ("labels", refs(Kind::Label, [])),
    ];
    live_through(&scene, Kind::Check, threshold(&scene), changes).await;
});

/// The check `c` of a project, as the server has it.
async fn only(scene: &Scene) -> serde_json::Value {
    let list = scene.http.get(&format!("checks?orgID={}", scene.org)).await.expect(200);
    list["checks"][0].clone()
}

async fn put(scene: &Scene, check: &serde_json::Value, other: serde_json::Value) -> crate::support::Reply {
    let mut all = check.clone();
    for (key, value) in other.as_object().unwrap() {
        all[key] = value.clone();
    }
    let http = scene.http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, &format!("checks/{}", id(check)), Some(all.to_string().into_bytes())).await
}

const CHECK: &str = "[check.c]\nevery = \"1m\"\nflux = 'from(bucket: \"_monitoring\") |> range(start: -1h) |> filter(fn: (r) => r._field == \"u\")'\n\
     when = { crit = { above = 90 } }\n";

both!(what_the_ui_knows_of_a_query_stays_as_long_as_it_is_the_same, async |scene| {
    let project = Project::new(&scene);
    project.declare(CHECK);
    project.apply().await;
    let made = only(&scene).await;
    let builder = json!({"buckets": ["_monitoring"], "tags": [], "functions": [], "aggregateWindow": {"period": "", "fillValues": false}});
    let query = json!({"text": made["query"]["text"], "editMode": "builder", "name": "q", "builderConfig": builder});
    put(&scene, &made, json!({"query": query})).await.expect(200);
    project.declare(&CHECK.replace("90", "91"));
    project.apply().await;
    let changed = only(&scene).await;
    assert_eq!((&changed["query"], &changed["thresholds"][0]["value"]), (&query, &json!(91)));
    project.declare(&CHECK.replace("-1h", "-2h"));
    project.apply().await;
    let query = only(&scene).await["query"].clone();
    assert_eq!(
        (&query["name"], &query["editMode"], &query["builderConfig"]["buckets"]),
        (&json!("q"), &json!("advanced"), &json!([]))
    );
});

both!(what_no_manifest_can_say_of_a_threshold_stays_when_the_check_changes, async |scene| {
    let project = Project::new(&scene);
    project.declare(CHECK);
    project.apply().await;
    let made = only(&scene).await;
    let mut thresholds = made["thresholds"].clone();
    thresholds[0]["allValues"] = json!(true);
    put(&scene, &made, json!({ "thresholds": thresholds })).await.expect(200);
    let live = listed(&scene, Kind::Check, &id(&made)).await.unwrap();
    assert_eq!(Kind::Check.unsaid(&live).map(|(key, _)| key).collect::<Vec<_>>(), ["allValues"]);
    for (manifest, value) in [(CHECK.replace("1m", "2m"), 90), (CHECK.replace("90", "91"), 91)] {
        project.declare(&manifest);
        project.apply().await;
        let threshold = &only(&scene).await["thresholds"][0];
        assert_eq!((&threshold["allValues"], &threshold["value"]), (&json!(true), &json!(value)));
    }
});

both!(what_two_sorts_of_checks_say_alike_is_sent_where_the_one_becomes_the_other, async |scene| {
    let project = Project::new(&scene);
    let own = "[check.c]\ncustom = true\nflux = '''\noption task = {name: \"c\", every: 1h, offset: 5m}\n\
               check = {_check_name: \"c\", _type: \"custom\"}\nfrom(bucket: \"_monitoring\") |> range(start: -1h)\n'''\n";
    for manifest in [own, &CHECK.replace("\"1m\"", "\"1h\"\noffset = \"5m\""), own] {
        project.declare(manifest);
        project.apply().await;
        let planned = project.plan(Goal::Declared).await.unwrap();
        assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    }
});

both!(a_change_that_the_task_cannot_follow_is_put_back, async |scene| {
    let made = create(&scene, Kind::Check, &threshold(&scene)).await;
    let live = listed(&scene, Kind::Check, &made.object.id).await.unwrap();
    let before = only(&scene).await;
    // No manifest can say it.
    let mut wanted = live.fields.clone();
    wanted.set("name", text("a${b}"));
    let ids = Ids::default();
    let desired = desired(&scene, &wanted, &ids);
    let error = Kind::Check.update(&writer(&scene), &live, &desired, &["name"]).await.unwrap_err();
    assert!(error.message.contains("failed to parse field 'name'"), "{error}");
    assert!(error.message.ends_with("so the check was put back as it was"), "{error}");
    let after = only(&scene).await;
    for key in ["name", "every", "query", "thresholds", "status"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(listed(&scene, Kind::Check, &live.id).await.unwrap().fields, live.fields);
});

both!(a_task_that_runs_something_else_is_drift_and_repaired, async |scene| {
    let place = Place::new(&scene, CHECK);
    place.apply().run().with(0);
    place.on("drift").run().with(0);
    let check = only(&scene).await;
    let task = format!("tasks/{}", check["taskID"].as_str().unwrap());
    let runs = scene.http.get(&task).await.expect(200)["flux"].clone();
    // Somebody edits the task; renames the check; and changes it so that its task cannot follow.
    let edit = json!({"flux": "option task = {name: \"c\", every: 1m}\nx = 1"});
    scene.http.patch(&task, edit).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("flux: was (a script of 1 line), is (its task runs another script)"), "{said}");
    place.apply().run().with(0);
    assert_eq!(scene.http.get(&task).await.expect(200)["flux"], runs);
    place.on("drift").run().with(0);
    scene.http.patch(&task, json!({"every": "5m", "offset": "10s"})).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("every: was \"1m\", is (its task has 5m)"), "{said}");
    assert!(said.contains("offset: was (none), is (its task has 10s)") && !said.contains("flux:"), "{said}");
    place.apply().run().with(0);
    assert_eq!(scene.http.get(&task).await.expect(200)["flux"], runs);
    place.on("drift").run().with(0);
    scene.http.patch(&format!("checks/{}", id(&check)), json!({"name": "renamed"})).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("name: ") && said.contains("(its task runs another script)"), "{said}");
    place.apply().run().with(0);
    put(&scene, &check, json!({"query": {"text": "from("}})).await.refused(500, "internal error", "");
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("(its task runs another script)"), "{said}");
    place.apply().run().with(0);
    assert_eq!(scene.http.get(&task).await.expect(200)["flux"], runs);
    place.on("plan").args(&["--detailed-exitcode"]).run().with(0);
});

both!(the_times_of_a_task_are_those_of_a_custom_check_too, async |scene| {
    let own = "[check.c]\ncustom = true\nflux = '''\noption task = {name: \"c\", every: 1h, offset: 5m}\n\
               check = {_check_name: \"c\", _type: \"custom\"}\nfrom(bucket: \"_monitoring\") |> range(start: -1h)\n'''\n";
    let place = Place::new(&scene, own);
    place.apply().run().with(0);
    place.on("drift").run().with(0);
    let task = format!("tasks/{}", only(&scene).await["taskID"].as_str().unwrap());
    let runs = scene.http.get(&task).await.expect(200)["flux"].clone();
    scene.http.patch(&task, json!({"every": "2h"})).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("every: was \"1h\", is (its task has 2h)") && said.contains("(1 field changed)"), "{said}");
    place.apply().run().with(0);
    assert_eq!(scene.http.get(&task).await.expect(200)["flux"], runs);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
});

both!(without_the_right_to_read_tasks_nobody_looks_at_them, async |scene| {
    let project = Project::new(&scene);
    project.declare(CHECK);
    project.apply().await;
    let check = only(&scene).await;
    let edit = json!({"flux": "option task = {name: \"c\", every: 1m}\nx = 1"});
    scene.http.patch(&format!("tasks/{}", check["taskID"].as_str().unwrap()), edit).await.expect(200);
    let drifted = project.plan(Goal::Declared).await.unwrap();
    assert!(drifted.plan.writes(), "{}", lines(&drifted.plan));
    let may = json!([
        scene.may("read", "checks"),
        scene.may("read", "labels"),
        scene.may("read", "buckets"),
        scene.may_org("read")
    ]);
    let token = scene.token(may).await;
    let project = project.through(scene.server.url(), &token.token);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    let said: Vec<_> = planned.plan.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(said, ["not compared with what they run, because the token may not read tasks: check.c"]);
});

both!(a_check_whose_task_was_deleted_needs_another_name, async |scene| {
    let place = Place::new(&scene, CHECK);
    place.apply().run().with(0);
    let check = only(&scene).await;
    scene.http.delete(&format!("tasks/{}", check["taskID"].as_str().unwrap())).await.expect(204);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("its task was deleted on the server, which hides the check since"), "{said}");
    assert!(said.contains("but nothing that the server hides"), "{said}");
    for ended in [place.on("plan").run(), place.apply().run()] {
        let said = ended.with(8).words();
        let refused = format!(
            "check.c cannot be named \"c\": a check has that name whose task was deleted on the server (ID {})",
            id(&check)
        );
        assert!(said.contains(&refused), "{said}");
        assert!(said.contains("give check.c another name"), "{said}");
    }
    place.declare(&CHECK.replace("every", "name = \"other\"\nevery"));
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    // Nothing knows of it any more, and its name is taken all the same.
    place.declare(&CHECK.replace("check.c", "check.d").replace("every", "name = \"c\"\nevery"));
    let ended = place.apply().run();
    assert_ne!(ended.code, 0);
    assert!(ended.words().contains("hides because its task was deleted"), "{}", ended.err);
});

both!(one_request_is_for_each_check_of_the_project_and_none_for_others, async |scene| {
    let project = Project::new(&scene);
    project.declare(CHECK);
    project.apply().await;
    for n in 0..3 {
        let body = json!({
            "orgID": scene.org, "name": format!("theirs{n}"), "type": "threshold", "status": "active", "every": "1m",
            "query": {"text": QUERY}, "thresholds": [],
        });
        scene.http.post("checks", body).await.expect(201);
    }
    let relay = Relay::to(scene.server.url());
    let project = project.through(relay.url(), scene.server.token());
    project.plan(Goal::Declared).await.unwrap();
    let requests = relay.requests();
    let asked = |path: &str| requests.iter().filter(|request| request.starts_with(path)).count();
    assert_eq!((asked("GET /api/v2/tasks/"), asked("GET /api/v2/checks/")), (1, 0), "{requests:#?}");
});

both!(the_hidden_task_of_a_check_is_not_imported_as_a_task, async |scene| {
    let made = create(&scene, Kind::Check, &threshold(&scene)).await;
    let check = only(&scene).await;
    let task = check["taskID"].as_str().unwrap();
    let place = Place::new(
        &scene,
        &format!("[task.t]\nevery = \"1h\"\nflux = \"x = 1\"\n\n[[import]]\nto = \"task.t\"\nid = \"{task}\"\n"),
    );
    for command in [place.on("plan"), place.apply()] {
        let said = command.arg("--adopt").run();
        assert_ne!(said.code, 0, "{}", said.all());
        let wanted = format!("the task {task} runs the check \"{}\" (ID {})", made.object.name, made.object.id);
        assert!(said.words().contains(&wanted) && said.words().contains("import its own ID"), "{}", said.all());
    }
    assert_eq!(only(&scene).await, check);
});
