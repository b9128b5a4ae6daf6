//! What is refused, and with which exit code; the rest of the guards stand in `tests/scenarios`.

use std::sync::{Arc, Mutex};

use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::kind::Kind;
use fluxform::plan::Consent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::scenarios::lines;
use crate::support::{Fate, Project, Proxy, ROOT, Scene, both, id, unique};

/// The refusals of a plan: exit and code.
async fn refusals(project: &Project) -> Vec<(Exit, &'static str)> {
    match project.plan(Goal::Declared).await {
        Ok(planned) => planned.plan.refusals.iter().map(|problem| (problem.exit, problem.diagnostic.code)).collect(),
        Err(problem) => vec![(problem.exit, problem.diagnostic.code)],
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
    project.consent = Consent { adopt: false, data_loss: vec!["bucket.raw".into()] };
    assert_eq!(refusals(&project).await, []);
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

both!(a_hidden_ledger_is_no_first_run, async |scene| {
    let project = Project::new(&scene);
    project.declare("[bucket.raw]\n");
    project.apply().await;
    let token = scene.token(json!([scene.may("read", "buckets"), scene.may("write", "buckets")])).await;
    let project = as_token(&scene, project, &token.token);
    assert_eq!(refusals(&project).await, [(Exit::NotAuthorized, "sight::ledger")]);
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
