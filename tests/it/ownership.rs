//! Whose an object is: ours only if a reply said so, or if a request is open that was never answered.

use fluxform::api::Connect;
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::ledger::Origin;
use fluxform::report::Report;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::moving::Home;
use crate::support::{Fate, Project, Proxy, Scene, both, id, lines, unique};

/// Applies whatever comes of it; gives what failed, as address and exit.
async fn attempt(project: &Project) -> Vec<(String, Exit)> {
    use fluxform::apply::Outcome;
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.refusals.is_empty(), "{}", lines(&planned.plan));
    let (_keep, stop) = watch::channel(None);
    let mut report = Report::default();
    project.attempt(&planned, Goal::Declared, stop, &mut |event| report.fold(&event)).await.unwrap();
    let failed = report.outcomes.into_iter().filter_map(|(address, (_, outcome))| match outcome {
        Outcome::Failed(problem) => Some((address.to_string(), problem.exit)),
        _ => None,
    });
    failed.collect()
}

/// What a plan refuses, by code.
async fn refusals(project: &Project) -> Vec<&'static str> {
    let planned = project.plan(Goal::Declared).await.unwrap();
    planned.plan.refusals.iter().map(|problem| problem.diagnostic.code.text()).collect()
}

/// The path and the body that make an object of `kind` by hand.
fn by_hand(scene: &Scene, kind: &str, name: &str) -> (String, Value) {
    let path = format!("{kind}s");
    (path, if kind == "bucket" { json!({"orgID": scene.org, "name": name}) } else { json!({"name": name}) })
}

/// A project whose token sees the ledger, and of the rest nothing that it may `write`.
async fn blind(scene: &Scene, url: &str, write: Value) -> Project {
    let labels = ["read", "write"].map(|action| scene.may(action, "labels"));
    let itself = json!({"action": "read", "resource": {"type": "users", "id": scene.user}});
    let sees = [scene.may_org("read"), scene.may("read", "authorizations"), itself, write];
    let may: Vec<Value> = labels.into_iter().chain(sees).collect();
    let token = scene.token(json!(may)).await;
    let mut project = Project::new(scene).through(url, &token.token);
    // Its own row proves what it may not see.
    project.server.token_id = Some(token.id);
    project
}

both!(what_a_blind_create_ran_into_is_not_ours, async |scene| {
    for kind in ["bucket", "user", "org"] {
        let name = unique("precious");
        let (path, body) = by_hand(&scene, kind, &name);
        let precious = id(&scene.http.post(&path, body).await.expect(201));
        let write = if kind == "bucket" {
            scene.may("write", "buckets")
        } else {
            json!({"action": "write", "resource": {"type": path}})
        };
        let mut project = blind(&scene, scene.server.url(), write).await;
        project
            .write("main.toml", &format!("[project]\nname = \"p-{kind}\"\n\n[{kind}.precious]\nname = \"{name}\"\n"));
        let address = format!("{kind}.precious");
        assert_eq!(attempt(&project).await, [(address, Exit::NotAuthorized)]);

        project = project.through(scene.server.url(), scene.server.token());
        assert!(project.plan(Goal::Declared).await.unwrap().ledger.intents.is_empty(), "{kind}: the refusal closes it");
        assert_eq!(refusals(&project).await, ["guard::adoption"], "{kind}");
        project.consent.adopt = true;
        project.apply().await;
        let ledger = project.plan(Goal::Declared).await.unwrap().ledger;
        assert_eq!(ledger.entries.values().map(|entry| entry.origin).collect::<Vec<_>>(), [Origin::Adopted], "{kind}");
        project.destroy().await;
        scene.http.get(&format!("{path}/{precious}")).await.expect(200);
        assert!(project.plan(Goal::Declared).await.unwrap().ledger.entries.is_empty());
    }
});

both!(what_a_blind_create_lost_sight_of_is_taken_over_only_with_consent, async |scene| {
    let precious = scene.bucket("precious").await;
    let proxy = Proxy::start(scene.server.url(), |seen| {
        if *seen.method == Method::POST && seen.path == "/api/v2/buckets" { Fate::LoseReply } else { Fate::Pass }
    })
    .await;
    let project = blind(&scene, proxy.url(), scene.may("write", "buckets")).await;
    project.declare("[bucket.precious]\n");
    assert_eq!(attempt(&project).await, [("bucket.precious".to_owned(), Exit::Unavailable)]);
    // Nobody can tell whose it is: the intent is open, and the bucket is as young as the intent.
    let project = project.through(scene.server.url(), scene.server.token());
    assert_eq!(project.plan(Goal::Declared).await.unwrap().ledger.intents.len(), 1);
    assert_eq!(refusals(&project).await, ["guard::adoption"]);
    let destroys = project.plan(Goal::Destroyed).await.unwrap();
    assert_eq!(lines(&destroys.plan), "");
    project.destroy().await;
    scene.http.get(&format!("buckets/{precious}")).await.expect(200);
});

/// One project with every kind whose names are unique, and what each refuses.
const NAMED: &str = "[label.l]\nname = \"NAME\"\n\n[bucket.b]\nname = \"NAME\"\n\n[user.u]\nname = \"NAME\"\n\n[org.o]\nname = \"NAME\"\n";

both!(what_is_made_by_hand_after_a_refusal_is_not_ours, async |scene| {
    let name = unique("name");
    let conflict = r#"{"code":"conflict","message":"it already exists"}"#;
    let locks = std::sync::atomic::AtomicUsize::new(0);
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        let makes = *seen.method == Method::POST
            && ["/api/v2/buckets", "/api/v2/users", "/api/v2/orgs", "/api/v2/labels"].contains(&seen.path);
        let own = String::from_utf8_lossy(seen.body).contains("fluxform/");
        locks.fetch_add(usize::from(own), std::sync::atomic::Ordering::Relaxed);
        if makes && !own { Fate::Refuse(422, conflict) } else { Fate::Pass }
    })
    .await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    project.declare(&NAMED.replace("NAME", &name));
    let failed = attempt(&project).await;
    assert_eq!(failed.len(), 4, "{failed:?}");
    for kind in ["bucket", "user", "org"] {
        let (path, body) = by_hand(&scene, kind, &name);
        scene.http.post(&path, body).await.expect(201);
    }
    scene.http.post("labels", json!({"orgID": scene.org, "name": name})).await.expect(201);
    let mut project = project.through(scene.server.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.ledger.intents.is_empty(), "{:?}", planned.ledger.intents);
    assert!(planned.plan.changes.iter().all(|change| change.adopts), "{}", lines(&planned.plan));
    assert_eq!(refusals(&project).await, ["guard::adoption"]);
    project.consent.adopt = true;
    project.apply().await;
    assert_eq!(project.destroy().await.done(fluxform::diff::Action::Forget), 4);
    for kind in ["bucket", "user"] {
        let (path, _) = by_hand(&scene, kind, &name);
        let list = scene.http.get(&format!("{path}?name={name}")).await.expect(200);
        assert_eq!(list[path.as_str()].as_array().unwrap().len(), 1, "{list}");
    }
});

both!(what_was_never_tried_is_not_intended_any_more, async |scene| {
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        let own = String::from_utf8_lossy(seen.body).contains("fluxform/");
        let makes = *seen.method == Method::POST && seen.path == "/api/v2/labels" && !own;
        if makes {
            Fate::Refuse(401, r#"{"code":"unauthorized","message":"write:labels is unauthorized"}"#)
        } else {
            Fate::Pass
        }
    })
    .await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    project.declare("[label.l]\n\n[bucket.b]\nlabels = [\"label.l\"]\n");
    assert_eq!(attempt(&project).await, [("label.l".to_owned(), Exit::NotAuthorized)]);
    scene.bucket("b").await;
    let project = project.through(scene.server.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.ledger.intents.is_empty(), "{:?}", planned.ledger.intents);
    assert_eq!(
        lines(&planned.plan),
        "+ label.l New\n~ bucket.b Differs, adopted\n    labels: [] -> [label.l] (New)\n\
                                      ! 8 guard::adoption: these already exist and would be taken over\n"
    );
});

/// Applies, and dies with the first POST of a bucket, whose reply or request is lost.
async fn dies_making_a_bucket(scene: &Scene, project: Project, fate: Fate) -> Project {
    let dead = std::sync::Arc::new(tokio::sync::Notify::new());
    let died = dead.clone();
    let mut over = false;
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        if over {
            return Fate::LoseRequest;
        }
        over = *seen.method == Method::POST && seen.path == "/api/v2/buckets";
        if over {
            died.notify_one();
            return fate.clone();
        }
        Fate::Pass
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    tokio::select! {
        failed = attempt(&project) => panic!("{failed:?}"),
        () = dead.notified() => {}
    }
    proxy.settle().await;
    crate::reliability::unlock(scene).await;
    project.through(scene.server.url(), scene.server.token())
}

both!(another_of_the_same_name_is_not_what_a_dead_run_meant_to_make, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.b]\nretention = \"30d\"\n");
    let project = dies_making_a_bucket(&scene, project, Fate::LoseRequest).await;
    // Somebody makes one by hand, after the intent.
    let theirs = scene.bucket("b").await;
    assert_eq!(project.plan(Goal::Declared).await.unwrap().ledger.intents.len(), 1);
    assert_eq!(refusals(&project).await, ["guard::adoption"]);
    project.destroy().await;
    scene.http.get(&format!("buckets/{theirs}")).await.expect(200);
});

both!(what_a_dead_run_made_anew_is_found, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.b]\nretention = \"30d\"\n");
    project.apply().await;
    let old = project.plan(Goal::Declared).await.unwrap().plan.changes[0].object.clone().unwrap().id;
    scene.http.delete(&format!("buckets/{old}")).await.expect(204);
    let project = dies_making_a_bucket(&scene, project, Fate::LoseReply).await;
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(lines(&planned.plan), "= bucket.b Resumed\n");
    assert_ne!(planned.plan.changes[0].object.as_ref().unwrap().id, old);
    // Undeclared or destroyed, it goes.
    assert_eq!(lines(&project.plan(Goal::Destroyed).await.unwrap().plan), "- bucket.b Destroy\n");
    project.destroy().await;
    let list = scene.http.get(&format!("buckets?orgID={}&limit=100", scene.org)).await.expect(200);
    assert!(!crate::support::names(&list["buckets"]).contains(&"b"), "{list}");
});

both!(a_bucket_in_another_org_is_found_where_it_was_made, async |scene| {
    let run = unique("eu");
    let project = Project::new(&scene);
    project.declare(&format!("[org.eu]\nname = \"{run}\"\n"));
    project.apply().await;
    project.declare(&format!("[org.eu]\nname = \"{run}\"\n\n[bucket.b]\norg = \"org.eu\"\nretention = \"30d\"\n"));
    let project = dies_making_a_bucket(&scene, project, Fate::LoseReply).await;
    assert_eq!(lines(&project.plan(Goal::Declared).await.unwrap().plan), "= bucket.b Resumed\n");
    project.apply().await;
    project.destroy().await;
});

both!(a_ledger_is_no_label_of_anybody, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.b]\n");
    project.apply().await;
    let rows = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    let head = rows["labels"].as_array().unwrap().iter().find(|row| row["name"] == "fluxform/p").unwrap();
    for name in ["fluxform/p", " FLUXFORM/P ", "fluxform/p/lock", "fluxform/other"] {
        for external in ["", "external = true\n"] {
            project.declare(&format!("[bucket.b]\n\n[label.l]\nname = \"{name}\"\n{external}"));
            let problems =
                fluxform::manifest::load(project.path(), &fluxform::manifest::Inputs::default()).unwrap_err();
            let codes: Vec<_> = problems.iter().map(|problem| problem.code.text()).collect();
            assert_eq!(codes, ["manifest::forbidden-name"], "{name}");
        }
    }
    // Nor is it found by its ID, or by a name that somebody gave it.
    project.declare(&format!("[bucket.b]\n\n[label.l]\n\n[[import]]\nto = \"label.l\"\nid = {}\n", head["id"]));
    let planned = project.plan(Goal::Declared).await.unwrap();
    let refused: Vec<_> =
        planned.plan.refusals.iter().map(|problem| (problem.exit, problem.diagnostic.code.text())).collect();
    assert_eq!(refused, [(Exit::Manifest, "import::system")]);
    assert!(planned.plan.refusals[0].diagnostic.message.contains("the ledger or the lock of a project"));
    scene.http.patch(&format!("labels/{}", id(head)), json!({"name": "plain"})).await.expect(200);
    let client = Connect::new(scene.server.url().parse().unwrap(), Some(scene.server.token().to_owned().into()))
        .client()
        .unwrap();
    let other = Project::with_client(&scene, client);
    other.write("main.toml", "[project]\nname = \"q\"\n\n[label.l]\nname = \"plain\"\nexternal = true\n");
    let planned = other.plan(Goal::Declared).await.unwrap();
    let codes: Vec<_> = planned.plan.refusals.iter().map(|problem| problem.diagnostic.code.text()).collect();
    assert_eq!(codes, ["plan::external-absent"]);
});

both!(a_bucket_of_the_servers_own_can_be_referred_to_and_not_owned, async |scene| {
    let project = Project::new(&scene);
    project.declare(
        "[bucket.monitoring]
external = true
name = \"_monitoring\"

[task.t]
every = \"1h\"
flux = 'from(bucket: params.of) |> range(start: -1h)'
params = { of = { bucket = \"bucket.monitoring\" } }

[token.t]
read = [\"bucket.monitoring\"]
deliver = \"discard\"
",
    );
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    let list = scene.http.get(&format!("buckets?orgID={}&name=_monitoring", scene.org)).await.expect(200);
    let system = id(&list["buckets"][0]);
    let tokens = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    let scopes: Vec<_> = tokens["authorizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["permissions"][0]["resource"]["id"])
        .collect();
    assert_eq!(scopes, [&json!(system)]);

    project.declare("[bucket.monitoring]\nname = \"_monitoring\"\n");
    let problems = fluxform::manifest::load(project.path(), &fluxform::manifest::Inputs::default()).unwrap_err();
    assert_eq!(problems[0].code.text(), "bucket::name");
    assert!(problems[0].help.as_ref().unwrap().contains("external = true"));
    project.declare(&format!("[bucket.m]\n\n[[import]]\nto = \"bucket.m\"\nid = \"{system}\"\n"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    let refused =
        planned.plan.refusals.iter().find(|problem| problem.diagnostic.code.text() == "import::system").unwrap();
    assert_eq!(refused.exit, Exit::Manifest);
    assert!(refused.diagnostic.help.as_ref().unwrap().contains("external = true"));
    project.declare("[bucket.m]\nexternal = true\nname = \"_monitorin\"\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    let absent =
        planned.plan.refusals.iter().find(|problem| problem.diagnostic.code.text() == "plan::external-absent").unwrap();
    assert!(absent.diagnostic.help.as_ref().unwrap().contains("_monitoring"), "it can be said, so it is named");
});

both!(names_that_change_places_in_two_orgs_are_no_circle, async |scene| {
    let run = unique("org");
    let project = Project::new(&scene);
    let declared = |here: &str, there: &str| {
        let both = ["bucket", "label"].map(|kind| {
            format!("[{kind}.here]\nname = \"{here}\"\n\n[{kind}.there]\nname = \"{there}\"\norg = \"org.eu\"\n\n")
        });
        format!("[org.eu]\nname = \"{run} \"\n\n{}", both.concat())
    };
    project.declare(&declared("x", "y"));
    project.apply().await;
    // The space at the end of the org's name is none of it.
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.declare(&declared("y", "x"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.refusals.is_empty(), "{}", lines(&planned.plan));
    assert_eq!(planned.plan.counts().change, 4);
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.destroy().await;
});

both!(an_org_with_white_space_around_its_name_is_found, async |scene| {
    let name = unique("Europe");
    let made = id(&scene.http.post("orgs", json!({"name": format!("{name} ")})).await.expect(201));
    let mut project = Project::new(&scene);
    for declared in [name.clone(), format!("{name} "), format!("\\t{name}")] {
        project.declare(&format!("[org.o]\nexternal = true\nname = \"{declared}\"\n\n[bucket.b]\norg = \"org.o\"\n"));
        let planned = project.plan(Goal::Declared).await.unwrap();
        assert_eq!(lines(&planned.plan), "+ bucket.b New\n", "{declared:?}");
        assert_eq!(planned.external.values().next().unwrap().id, made);
    }
    project.declare(&format!("[org.a]\nname = \"{name}\"\n\n[org.b]\nname = \"{name} \"\n"));
    let problems = fluxform::manifest::load(project.path(), &fluxform::manifest::Inputs::default()).unwrap_err();
    assert_eq!(problems[0].code.text(), "manifest::duplicate-name");
    project.declare(&format!("[org.o]\nname = \"{name}\"\n"));
    project.consent.adopt = true;
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});

both!(what_somebody_deleted_and_made_again_is_adopted_and_not_made_twice, async |scene| {
    let (user, label, bucket) = (unique("again"), unique("again"), unique("again"));
    let project = Project::new(&scene);
    project.declare(&format!(
        "[user.u]\nname = \"{user}\"\n[label.l]\nname = \"{label}\"\n[bucket.b]\nname = \"{bucket}\"\nretention = \"1d\"\nlabels = [\"label.l\"]\n"
    ));
    project.apply().await;
    let post = async |list: &str, body: Value| scene.http.post(list, body).await.expect(201);
    for (list, name) in [("users", &user), ("buckets", &bucket), ("labels", &label)] {
        let query = if list == "users" { "name" } else { "orgID" };
        let of = if list == "users" { name } else { &scene.org };
        let rows = scene.http.get(&format!("{list}?{query}={of}&limit=100")).await.expect(200)[list].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["name"] == **name).unwrap();
        scene.http.delete(&format!("{list}/{}", id(row))).await.expect(204);
        let org = if list == "users" { Value::Null } else { json!(scene.org) };
        let mut body = json!({"name": name, "orgID": org});
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        post(list, body).await;
    }
    // It may be somebody else's by now: taking it over is agreed to.
    assert_eq!(refusals(&project).await, ["guard::adoption"]);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(planned.plan.drifted().count(), 3, "{}", lines(&planned.plan));
    let mut project = project;
    project.consent.adopt = true;
    assert_eq!(attempt(&project).await, []);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    let origins: Vec<Origin> = planned.ledger.entries.values().map(|entry| entry.origin).collect();
    assert_eq!(origins, [Origin::Adopted; 3]);
});

both!(a_name_that_was_changed_by_hand_is_recorded_where_the_manifest_follows, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = tempfile::tempdir().unwrap();
    let declare = |resources: &str| {
        std::fs::write(dir.path().join("main.toml"), format!("[project]\nname = \"p\"\n{resources}\n[label.l]\n"))
            .unwrap();
    };
    let apply = || home.fluxform(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0).out;
    declare("[bucket.x]\nname = \"a\"\n[variable.v]\nname = \"a\"\nvalues = []\n");
    apply();
    for list in ["buckets", "variables"] {
        let found = home.http.get(&format!("{list}?orgID={}", home.org)).await.expect(200);
        let of_ours = found[list].as_array().unwrap().iter().find(|row| row["name"] == "a").unwrap().clone();
        home.http.patch(&format!("{list}/{}", id(&of_ours)), json!({"name": "b"})).await.expect(200);
    }
    declare("[bucket.x]\nname = \"b\"\n[variable.v]\nname = \"b\"\nvalues = []\n");
    assert_eq!(apply(), "No changes. The server matches the manifests.\n");
    let shown = home.fluxform(&["show"]).arg(dir.path()).run().with(0).out;
    assert!(!shown.contains("\"a\""), "{shown}");
    declare("");
    let said = home.fluxform(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0).out;
    assert!(said.contains("2 destroyed"), "{said}");
});

both!(what_was_moved_to_another_org_by_hand_is_drift, async |scene| {
    let other = id(&scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201));
    let project = Project::new(&scene);
    project.declare("[bucket.b]\n[scraper.s]\nurl = \"http://127.0.0.1:1/\"\nbucket = \"bucket.b\"\n");
    project.apply().await;
    let found = scene.http.get(&format!("scrapers?orgID={}", scene.org)).await.expect(200);
    let mut moved = found["configurations"][0].clone();
    moved["orgID"] = json!(other);
    scene.http.patch(&format!("scrapers/{}", id(&moved)), moved.clone()).await.expect(200);
    let planned = project.plan(Goal::Declared).await.unwrap();
    let org = format!("    org: org-id:{other} -> (home org) (Drift, was (home org))\n");
    assert_eq!(lines(&planned.plan), format!("-/+ scraper.s CannotChange({{\"org\"}})\n{org}"));
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.destroy().await;
});

both!(a_variable_of_another_org_that_a_list_has_too_is_none_of_ours, async |scene| {
    let other = id(&scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201));
    let sent = json!({"orgID": scene.org, "name": "stray", "arguments": {"type": "constant", "values": []}});
    let mut stray = scene.http.post("variables", sent).await.expect(201);
    stray["orgID"] = json!(other);
    let body = stray.to_string().into_bytes();
    scene.http.send(Method::PUT, &format!("variables/{}", id(&stray)), Some(body)).await.expect(200);
    let project = Project::new(&scene);
    project.declare("[variable.ours]\nvalues = []\n");
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.destroy().await;
});

both!(what_is_left_to_others_may_take_another_form, async |scene| {
    let project = Project::new(&scene);
    project.declare(
        "[variable.v]\nvalues = [\"1\"]\nlifecycle = { ignore = [\"values\"] }\n\
         [task.t]\nevery = \"1h\"\nflux = \"x = 1\"\nlifecycle = { ignore = [\"every\"] }\n",
    );
    project.apply().await;
    let variables = scene.http.get(&format!("variables?orgID={}", scene.org)).await.expect(200);
    let map = json!({"arguments": {"type": "map", "values": {"a": "b"}}});
    scene.http.patch(&format!("variables/{}", id(&variables["variables"][0])), map).await.expect(200);
    let tasks = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    let cron = json!({"flux": "option task = {name: \"t\", cron: \"0 1 * * *\"}\nx = 1"});
    scene.http.patch(&format!("tasks/{}", id(&tasks["tasks"][0])), cron).await.expect(200);
    assert_eq!(lines(&project.plan(Goal::Declared).await.unwrap().plan), "");
    project.destroy().await;
});

both!(of_two_external_objects_with_one_name_an_id_says_which, async |scene| {
    let bucket = scene.bucket("b").await;
    let body = json!({"orgID": scene.org, "bucketID": bucket, "name": "twin", "type": "prometheus", "url": "http://a"});
    let first = id(&scene.http.post("scrapers", body.clone()).await.expect(201));
    scene.http.post("scrapers", body).await.expect(201);
    let project = Project::new(&scene);
    project.declare("[scraper.twin]\nexternal = true\n[label.l]\n");
    let refused = project.plan(Goal::Declared).await.unwrap().plan.refusals.remove(0).diagnostic;
    assert_eq!(refused.code.text(), "plan::two-candidates");
    assert!(refused.help.unwrap().starts_with("write the ID of the one that is meant: `id = "));
    project.declare(&format!("[scraper.twin]\nexternal = true\nid = \"{first}\"\n[label.l]\n"));
    assert_eq!(lines(&project.plan(Goal::Declared).await.unwrap().plan), "+ label.l New\n");
});
