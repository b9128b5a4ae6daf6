//! What is refused, and with which exit code; the rest of the guards stand in `tests/scenarios`.

mod along;
mod elsewhere;
mod used;

use std::sync::{Arc, Mutex};

use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::kind::Kind;
use fluxform::plan::Consent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Fate, Project, Proxy, ROOT, Scene, both, id, lines, unique};
use crate::terminal::Place;

/// The refusals of a plan: exit and code.
async fn refusals(project: &Project) -> Vec<(Exit, &'static str)> {
    match project.plan(Goal::Declared).await {
        Ok(planned) => {
            planned.plan.refusals.iter().map(|problem| (problem.exit, problem.diagnostic.code.text())).collect()
        }
        Err(problem) => vec![(problem.exit, problem.diagnostic.code.text())],
    }
}

fn as_token(scene: &Scene, project: Project, token: &str) -> Project {
    project.through(scene.server.url(), token)
}

/// A project run by a token of `user` that may read and write all of `kinds`, and look up what it may itself.
async fn ci(scene: &Scene, project: Project, user: &str, kinds: &[&str]) -> Project {
    let may = kinds.iter().flat_map(|kind| [scene.may("read", kind), scene.may("write", kind)]);
    let itself = json!({"action": "read", "resource": {"type": "users", "id": user}});
    let may: Vec<Value> = may.chain([scene.may_org("read"), scene.may("read", "authorizations"), itself]).collect();
    let token = scene.token_with(json!({"userID": user, "permissions": may})).await;
    let mut project = as_token(scene, project, &token.token);
    project.server.token_id = Some(token.id);
    project
}

both!(who_may_not_ask_for_data_is_told_that_there_may_be_some, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\n\n[label.l]\n");
    project.apply().await;
    let proxy = Proxy::start(scene.server.url(), |seen| {
        if seen.path == "/api/v2/query" {
            return Fate::Refuse(401, r#"{"code":"unauthorized","message":"unauthorized"}"#);
        }
        Fate::Pass
    })
    .await;
    let mut project = project.through(proxy.url(), scene.server.token());
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::data-loss")]);
    project.consent = Consent { data_loss: vec!["bucket.raw".into()], ..Consent::default() };
    assert_eq!(refusals(&project).await, []);
});

both!(what_the_manifests_protect_stays_though_no_apply_has_recorded_that, async |scene| {
    let mut project = Project::new(&scene);
    project.declare("[bucket.kept]\n\n[bucket.theirs]\n\n[bucket.line]\nfor_each = [\"a\", \"b\"]\n\n[label.l]\n");
    project.apply().await;
    let kept = "lifecycle = { prevent_destroy = true }\n";
    let declare = |project: &Project, each: &str, enabled: &str| {
        project.declare(&format!(
            "[bucket.kept]\n{enabled}{kept}\n[bucket.theirs]\nexternal = true\n{enabled}\n[bucket.line]\nfor_each = [{each}]\n{kept}\n\
             [label.l]\n"
        ));
    };
    let refused = async |project: &Project, goal| {
        let planned = project.plan(goal).await.unwrap().plan;
        planned.refusals.iter().map(|problem| problem.diagnostic.message.clone()).collect::<Vec<_>>()
    };
    declare(&project, r#""a", "b""#, "");
    assert_eq!(
        refused(&project, Goal::Destroyed).await,
        [
            "bucket.kept would be deleted, but its lifecycle sets `prevent_destroy`",
            "bucket.line[a] would be deleted, but its lifecycle sets `prevent_destroy`",
            "bucket.line[b] would be deleted, but its lifecycle sets `prevent_destroy`",
        ]
    );
    declare(&project, r#""a""#, "enabled = false\n");
    assert_eq!(
        refused(&project, Goal::Declared).await,
        [
            "bucket.kept would be deleted, but its lifecycle sets `prevent_destroy`",
            "bucket.line[b] would be deleted, but its lifecycle sets `prevent_destroy`",
        ]
    );
    let project = &mut project;
    project.declare("[bucket.theirs]\nexternal = true\n");
    project.destroy().await;
    let names =
        |found: &Value| found["buckets"].as_array().unwrap().iter().map(|b| b["name"].to_string()).collect::<Vec<_>>();
    let left = names(&scene.http.get(&format!("buckets?orgID={}", scene.org)).await.expect(200));
    assert!(left.iter().any(|name| name.contains("theirs")), "{left:?}");
    assert!(!left.iter().any(|name| name.contains("kept")), "{left:?}");
});

both!(a_shorter_retention_names_the_last_point_that_it_drops, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\nretention = \"infinite\"\n");
    project.apply().await;
    // 2020-01-01, half a second later, 2021-01-01; and one that stays.
    let now = jiff::Timestamp::now().as_nanosecond();
    let lines = format!("m v=1 1577836800500000000\nm v=1 1577836800000000000\nm v=1 1609459200000000000\nm v=1 {now}");
    scene.http.post_text(&format!("write?orgID={}&bucket=raw", scene.org), &lines).await.expect(204);
    project.declare("[bucket.raw]\nretention = \"30d\"\n");
    let refusal = project.plan(Goal::Declared).await.unwrap().plan.refusals.remove(0).diagnostic.message;
    assert_eq!(refusal, "bucket.raw would lose data: points from 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z");
});

both!(what_an_org_holds_is_counted_over_its_buckets, async |scene| {
    let project = Project::new(&scene);
    let org = unique("held");
    project.declare(&format!("[org.o]\nname = \"{org}\"\n\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    let org_id = id(&found["orgs"][0]);
    for (bucket, times) in [("late", [1_577_836_800_500_000_000_i64, 7]), ("early", [1_577_836_800_000_000_000, 8])] {
        scene.http.post("buckets", json!({"orgID": org_id, "name": bucket})).await.expect(201);
        let lines = format!("m v=1 {}\nm v=1 {}", times[0], times[1] + 1_577_836_800_000_000_000);
        scene.http.post_text(&format!("write?orgID={org_id}&bucket={bucket}"), &lines).await.expect(204);
    }
    project.declare("[label.l]\n");
    let refusal = project.plan(Goal::Declared).await.unwrap().plan.refusals.remove(0).diagnostic.message;
    let (points, along) = refusal.split_once("; it ").unwrap();
    assert_eq!(points, "org.o would lose data: 4 values from 2020-01-01T00:00:00Z to 2020-01-01T00:00:00.5Z");
    assert!(along.starts_with("would take with it") && along.ends_with(r#"2 buckets ("early" and "late")"#), "{along}");
    scene.http.delete(&format!("orgs/{org_id}")).await.expect(204);
});

both!(a_server_that_cannot_be_asked_is_no_loss_of_data, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\n\n[label.l]\n");
    project.apply().await;
    let proxy = Proxy::start(scene.server.url(), |seen| match seen.path {
        "/api/v2/query" => Fate::Refuse(503, r#"{"code":"unavailable","message":"busy"}"#),
        _ => Fate::Pass,
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [(Exit::Unavailable, "server::unavailable")]);
});

both!(the_home_org_is_known_to_a_token_that_may_not_read_it, async |scene| {
    let mut project = Project::new(&scene);
    project.server.home_name = Some(scene.org_name.clone());
    let user = scene.user("plan").await;
    let itself = json!({"action": "read", "resource": {"type": "users", "id": user}});
    let may =
        json!([scene.may("read", "labels"), scene.may("read", "buckets"), scene.may("read", "authorizations"), itself]);
    let token = scene.token_with(json!({"userID": user, "permissions": may})).await;
    let mut project = as_token(&scene, project, &token.token);
    project.server.token_id = Some(token.id);
    for external in ["external = true", ""] {
        project.declare(&format!(
            "[org.home]\nname = \"{}\"\n{external}\n[bucket.raw]\norg = \"org.home\"\n",
            scene.org_name
        ));
        let planned = project.plan(Goal::Declared).await.unwrap().plan;
        assert!(planned.refusals.is_empty(), "{:?}", planned.refusals);
        let lines = lines(&planned);
        assert!(lines.contains("+ bucket.raw") && !lines.contains("+ org.home"), "{lines}");
    }
});

both!(data_is_found_among_many_buckets_with_few_queries, async |scene| {
    let project = Project::new(&scene);
    let keys: Vec<String> = (0..45).map(|n| format!("b{n}")).collect();
    let declared: String = keys.iter().map(|key| format!("[bucket.{key}]\n")).collect();
    project.declare(&format!("{declared}[label.l]\n"));
    project.apply().await;
    for (bucket, lines) in [("b3", "m v=1 5\nm v=1 9"), ("b33", "m v=1 7")] {
        scene.http.post_text(&format!("write?orgID={}&bucket={bucket}", scene.org), lines).await.expect(204);
    }
    let queries = Arc::new(Mutex::new(0));
    let count = Arc::clone(&queries);
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        *count.lock().unwrap() += usize::from(seen.path == "/api/v2/query");
        Fate::Pass
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    project.declare("[label.l]\n");
    let plan = project.plan(Goal::Declared).await.unwrap().plan;
    let held: Vec<String> = plan
        .at_stake
        .iter()
        .filter(|(_, stake)| !stake.is_nothing())
        .map(|(of, stake)| format!("{of} {stake}"))
        .collect();
    assert_eq!(
        held,
        [
            "bucket.b3 would lose data: 2 values from 1970-01-01T00:00:00.000000005Z to 1970-01-01T00:00:00.000000009Z",
            "bucket.b33 would lose data: 1 value at 1970-01-01T00:00:00.000000007Z",
        ]
    );
    assert_eq!(plan.at_stake.len(), 45);
    let queries = *queries.lock().unwrap();
    assert!(queries <= 3 + 2, "{queries} queries");
});

both!(the_user_of_the_run_is_neither_deactivated_nor_deleted, async |scene| {
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    project.declare(&format!("[user.me]\nname = \"{ROOT}\"\nstatus = \"inactive\"\n"));
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::own-user")]);
    let owned = format!("[user.me]\nname = \"{ROOT}\"\nlifecycle = {{ owned = true }}\n");
    project.declare(&format!("{owned}\n[label.l]\n"));
    project.apply().await;
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::own-user")]);
    project.declare(&format!("[user.me]\nname = \"{ROOT}\"\nlifecycle = {{ owned = false }}\n"));
    project.consent = Consent::default();
    project.apply().await;
    project.destroy().await;
    scene.http.get("me").await.expect(200);
});

both!(a_task_is_made_only_by_an_owner_of_the_org, async |scene| {
    let user = scene.user("ci").await;
    let project = ci(&scene, Project::new(&scene), &user, &["labels", "tasks"]).await;
    project.declare("[task.t]\nevery = \"1h\"\nflux = \"x = 1\"\n");
    assert_eq!(refusals(&project).await, [(Exit::NotAuthorized, "sight::not-an-owner")]);
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": user})).await.expect(201);
    assert_eq!(refusals(&project).await, []);
});

both!(a_task_whose_creator_is_no_owner_any_more_is_made_anew, async |scene| {
    let user = scene.user("ci").await;
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": user})).await.expect(201);
    let project = ci(&scene, Project::new(&scene), &user, &["labels", "tasks"]).await;
    project.declare("[task.t]\nevery = \"1h\"\nflux = \"x = 1\"\n");
    project.apply().await;
    scene.http.delete(&format!("orgs/{}/owners/{user}", scene.org)).await.expect(204);
    let mut project = as_token(&scene, project, scene.server.token());
    project.server.token_id = None;
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(lines(&planned.plan), "-/+ task.t CreatorGone\n");
    let said = planned.plan.warnings.iter().find(|warning| warning.code.text() == "sight::not-an-owner").unwrap();
    assert!(
        said.message.starts_with("task.t ran as the user \"ci") && said.message.contains(&user),
        "{}",
        said.message
    );
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});

both!(what_another_project_owns_is_not_taken_over, async |scene| {
    let other = Project::new(&scene);
    other.write("main.toml", "[project]\nname = \"other\"\n\n[bucket.raw]\n");
    other.apply().await;
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    project.declare("[bucket.mine]\nname = \"raw\"\n");
    assert_eq!(refusals(&project).await, [(Exit::Refused, "plan::foreign-owner")]);
    project.declare("[bucket.mine]\nname = \"raw\"\nexternal = true\n\n[label.l]\n");
    assert_eq!(refusals(&project).await, []);
    other.destroy().await;
});

both!(what_a_project_of_another_org_owns_is_not_taken_over, async |scene| {
    let home = scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201);
    let (user, org) = (unique("user"), unique("org"));
    let declared =
        format!("[project]\nname = \"p\"\n\n[user.shared]\nname = \"{user}\"\n[org.shared]\nname = \"{org}\"\n");
    let mut other = Project::new(&scene);
    other.server.home = Some(id(&home));
    other.write("main.toml", &declared);
    other.apply().await;
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    project.write("main.toml", &declared);
    let foreign = (Exit::Refused, "plan::foreign-owner");
    assert_eq!(refusals(&project).await, [foreign, foreign]);
    assert!(!other.plan(Goal::Declared).await.unwrap().plan.writes());
    other.destroy().await;
});

both!(a_hidden_ledger_is_no_first_run, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\n");
    project.apply().await;
    let token = scene.token(json!([scene.may("read", "buckets"), scene.may("write", "buckets")])).await;
    let project = as_token(&scene, project, &token.token);
    assert_eq!(refusals(&project).await, [(Exit::NotAuthorized, "sight::ledger")]);
    let problem = project.plan(Goal::Declared).await.err().unwrap();
    let message = problem.diagnostic.message.replace(&scene.user, "ME");
    assert_eq!(
        message,
        "cannot tell whether the project `p` was ever applied: the rights of this token cannot be looked up, because it \
         lacks `read:users/ME`"
    );
});

both!(the_id_of_another_token_of_the_user_makes_nothing_absent, async |scene| {
    scene.task("hid").await;
    let user = scene.user("ci").await;
    let mut project = ci(&scene, Project::new(&scene), &user, &["labels"]).await;
    project.declare("[task.hid]\nevery = \"1h\"\nflux = \"x = 1\"\n");
    let wider = ci(&scene, Project::new(&scene), &user, &["labels", "tasks"]).await.server.token_id;
    for id in [None, project.server.token_id.clone(), wider] {
        project.server.token_id = id;
        assert!(refusals(&project).await.contains(&(Exit::NotAuthorized, "sight::blind")), "{:?}", project.server);
    }
});

both!(what_is_owned_and_cannot_be_read_is_not_gone, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\n");
    project.apply().await;
    let token = scene.token(json!([scene.may("read", "labels"), scene.may("write", "labels")])).await;
    let project = as_token(&scene, project, &token.token);
    assert_eq!(refusals(&project).await, [(Exit::NotAuthorized, "sight::unreadable")]);
});

both!(a_name_that_the_token_does_not_see_is_created_unverified_and_stopped_by_the_server, async |scene| {
    scene.bucket("hidden").await;
    let user = scene.user.clone();
    let itself = json!({"action": "read", "resource": {"type": "users", "id": user}});
    let may = [scene.may("read", "labels"), scene.may("write", "labels"), scene.may("write", "buckets"), itself];
    let may: Vec<Value> = may.into_iter().chain([scene.may("read", "authorizations")]).collect();
    let token = scene.token(json!(may)).await;
    let mut project = as_token(&scene, Project::new(&scene), &token.token);
    project.server.token_id = Some(token.id);
    project.declare("[bucket.hidden]\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.refusals.is_empty() && planned.plan.changes[0].unverified, "{}", lines(&planned.plan));
    let exits = Arc::new(Mutex::new(Vec::new()));
    let seen = exits.clone();
    let (_keep, stop) = tokio::sync::watch::channel(None);
    let done = project
        .attempt(&planned, Goal::Declared, stop, &mut |event| {
            if let fluxform::apply::Event::Ended { outcome: fluxform::apply::Outcome::Failed(problem), .. } = event {
                seen.lock().unwrap().push(problem.exit);
            }
        })
        .await;
    done.unwrap();
    assert_eq!(*exits.lock().unwrap(), [Exit::NotAuthorized]);
});

both!(a_name_that_another_has_is_not_taken, async |scene| {
    let other = scene.bucket("theirs").await;
    scene.label("Theirs").await;
    let project = Project::new(&scene);
    project.declare("[bucket.b]\n\n[bucket.c]\n\n[label.l]\n");
    project.apply().await;
    project.declare("[bucket.b]\nname = \"theirs\"\n\n[bucket.c]\n\n[label.l]\nname = \"theirs\"\n");
    let taken = (Exit::Refused, "guard::name-taken");
    assert_eq!(refusals(&project).await, [taken, taken]);
    // A name that goes with its object, and another spelling of the own one.
    project.declare("[bucket.b]\nname = \"c\"\n\n[label.l]\nname = \"L\"\n");
    assert_eq!(refusals(&project).await, []);
    scene.http.delete(&format!("buckets/{other}")).await.expect(204);
    project.declare("[bucket.b]\nname = \"theirs\"\n\n[bucket.c]\n\n[label.l]\n");
    project.apply().await;
    project.destroy().await;
});

both!(a_token_that_may_no_more_than_it_needs_applies, async |scene| {
    let project = ci(&scene, Project::new(&scene), &scene.user, &["labels", "buckets"]).await;
    project.declare("[label.l]\n\n[bucket.raw]\nretention = \"30d\"\nlabels = [\"label.l\"]\n");
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.destroy().await;
});

both!(system_buckets_are_not_the_projects, async |scene| {
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    project.declare("[bucket.tasks]\nname = \"_tasks\"\n");
    assert!(fluxform::manifest::load(project.path(), &fluxform::manifest::Inputs::default()).is_err());
    project.declare("[bucket.tasks]\nname = \"_tasks\"\nexternal = true\n\n[label.l]\n");
    let planned = project.plan(Goal::Declared).await;
    assert!(planned.is_ok_and(|planned| planned.plan.changes.iter().all(|change| change.address.kind == Kind::Label)));
});

both!(a_managed_org_goes_without_its_cascade, async |scene| {
    let mut project = Project::new(&scene);
    let name = unique("whole");
    project.declare(&format!("[org.o]\nname = \"{name}\"\n\n[label.l]\n"));
    project.apply().await;
    let planned = project.plan(Goal::Declared).await.unwrap();
    let org = planned.ledger.entries.values().find(|entry| entry.name == name).unwrap().id.clone();
    let strange = id(&scene.http.post("buckets", json!({"orgID": org, "name": "strange"})).await.expect(201));
    scene.http.post_text(&format!("write?org={org}&bucket=strange"), "m f=1").await.expect(204);
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::data-loss")], "a bucket that is not ours has data");
    scene.http.send(Method::GET, &format!("buckets/{strange}"), None).await.expect(200);
    project.consent.data_loss = vec!["org.o".into()];
    project.apply().await;
    scene.http.get(&format!("orgs/{org}")).await.expect(404);
});

both!(the_token_of_the_run_is_neither_deleted_nor_deactivated, async |scene| {
    let project = Project::new(&scene);
    let head = format!("[org.home]\nname = \"{}\"\nexternal = true\n\n", scene.org_name);
    let token = |status: &str| {
        format!(
            "{head}[user.me]\nname = \"{ROOT}\"\nexternal = true\n\n[token.ci]\nstatus = \"{status}\"\n\
             read = [\"org.home/labels\", \"org.home/authorizations\", \"org.home\", \"user.me\", \"instance/orgs\", \
             \"instance/users\"]\ndeliver = {{ file = \"secrets/ci\" }}\n"
        )
    };
    project.declare(&token("active"));
    project.apply().await;
    let own = std::fs::read_to_string(project.path().join("secrets/ci")).unwrap();
    let id = project.plan(Goal::Declared).await.unwrap().ledger.entries.into_values().next().unwrap().id;
    project.declare(&token("inactive"));
    assert_eq!(refusals(&project).await, [], "another token may");
    // Its secret's fingerprint is in the ledger.
    let project = as_token(&scene, project, &own);
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::own-token")]);
    project.declare(&format!("{head}[label.l]\n"));
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::own-token")]);
    // Or its ID is known.
    let mut project = as_token(&scene, project, scene.server.token());
    assert_eq!(refusals(&project).await, []);
    project.server.token_id = Some(id);
    assert_eq!(refusals(&project).await, [(Exit::Refused, "guard::own-token")]);
});

both!(a_user_that_tasks_run_as_keeps_its_role, async |scene| {
    let mut project = Project::new(&scene);
    let name = unique("ops");
    let home = format!("[org.home]\nname = \"{}\"\nexternal = true\n\n", scene.org_name);
    let user = |roles: &str| format!("{home}[user.ops]\nname = \"{name}\"\n{roles}\n");
    project.declare(&user("owner_of = [\"org.home\"]"));
    project.apply().await;
    let ops = project.plan(Goal::Declared).await.unwrap().ledger.entries.into_values().next().unwrap().id;
    let may = json!([scene.may("read", "tasks"), scene.may("write", "tasks")]);
    let token = scene.token_with(json!({"userID": ops, "permissions": may})).await;
    let flux = "option task = {name: \"theirs\", every: 1h}\nx = 1\n";
    let theirs = scene.http.clone().with_token(&token.token);
    let task = id(&theirs.post("tasks", json!({"orgID": scene.org, "flux": flux})).await.expect(201));
    scene.http.delete(&format!("authorizations/{}", token.id)).await.expect(204);
    let stops = [(Exit::Refused, "guard::task-owner")];
    for roles in ["owner_of = []", "owner_of = []\nmember_of = [\"org.home\"]", "member_of = [\"org.home\"]"] {
        project.declare(&user(roles));
        assert_eq!(refusals(&project).await, stops, "{roles}");
    }
    project.declare(&user("status = \"inactive\"\nowner_of = [\"org.home\"]"));
    assert_eq!(refusals(&project).await, [], "an inactive user's tasks go on");
    project.declare(&format!("{home}[label.l]\n"));
    assert_eq!(refusals(&project).await, stops);
    let allow =
        "[[policy.allow]]\nwhat = \"task_owner\"\naddress = \"user.ops\"\nuntil = 2099-12-31\nreason = \"gone\"\n";
    project.declare(&format!("{home}[label.l]\n\n{allow}"));
    assert_eq!(refusals(&project).await, []);
    // What the same plan deletes does not count.
    project.consent.adopt = true;
    project.declare(&format!(
        "{}\n[task.t]\nname = \"theirs\"\nevery = \"1h\"\nflux = \"x = 1\"\nlifecycle = {{ owned = true }}\n",
        user("owner_of = [\"org.home\"]")
    ));
    project.apply().await;
    project.declare(&format!("{home}[label.l]\n"));
    project.apply().await;
    scene.http.get(&format!("tasks/{task}")).await.expect(404);
});

both!(a_run_makes_no_task_as_a_user_that_it_takes_the_org_from, async |scene| {
    let name = unique("ops");
    let head = format!("[org.home]\nname = \"{}\"\nexternal = true\n[user.ops]\nname = \"{name}\"\n", scene.org_name);
    let place = Place::new(&scene, &format!("{head}owner_of = [\"org.home\"]\n"));
    place.apply().run().with(0);
    let users = scene.http.get(&format!("users?name={name}")).await.expect(200);
    let everywhere = |action: &str, ty: &str| json!({"action": action, "resource": {"type": ty}});
    let types = ["users", "orgs", "tasks", "labels", "authorizations", "buckets", "checks", "notificationRules"];
    let may: Vec<Value> = types.iter().flat_map(|ty| [everywhere("read", ty), everywhere("write", ty)]).collect();
    let ops = scene.token_with(json!({"userID": id(&users["users"][0]), "permissions": may})).await;
    let plan = |more: &str| {
        place.declare(&format!("{head}{more}"));
        place.on("plan").var("INFLUX_TOKEN", &ops.token).run()
    };
    let task = "[task.t]\nevery = \"1h\"\nflux = \"x = 1\"\n";
    let said = plan(&format!("owner_of = []\n{task}")).with(8).all();
    assert!(said.contains("guard::task-owner") && said.contains("task.t"), "{said}");
    plan(&format!("owner_of = [\"org.home\"]\n{task}")).with(0);
    plan("owner_of = []\n").with(0);
    let types: Vec<&Value> = may.iter().filter(|one| one["resource"]["type"] != "checks").collect();
    let blind = scene.token_with(json!({"userID": id(&users["users"][0]), "permissions": types})).await;
    let said = place.on("plan").var("INFLUX_TOKEN", &blind.token).run().with(8).all();
    assert!(
        said.contains("user.ops no longer owns the org: checks that the token cannot see may go with it"),
        "{said}"
    );
});
