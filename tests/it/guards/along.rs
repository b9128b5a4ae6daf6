//! What goes along with an org or a user is asked about.

use fluxform::apply::{Event, Outcome};
use fluxform::cli::pipeline::Applied;
use fluxform::diagnostic::Diagnostic;
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::plan::Consent;
use fluxform::report::Report;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{as_token, refusals};
use crate::support::{Fate, Project, Proxy, Relay, Scene, Secret, both, id, lines, unique};

/// The words of the only refusal.
async fn refusal(project: &Project) -> String {
    let mut planned = project.plan(Goal::Declared).await.unwrap().plan;
    assert_eq!(planned.refusals.len(), 1, "{:?}", planned.refusals);
    let Diagnostic { code, message, .. } = planned.refusals.remove(0).diagnostic;
    assert_eq!(code.text(), "guard::data-loss");
    message
}

both!(what_others_made_in_an_org_does_not_go_along_unasked, async |scene| {
    let mut project = Project::new(&scene);
    let org = unique("lab");
    let lab = format!("[org.lab]\nname = \"{org}\"\n");
    project.declare(&format!("{lab}\n[bucket.ours]\norg = \"org.lab\"\n\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    let org_id = id(&found["orgs"][0]);
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [], "all that is in it goes by this plan");

    scene.http.post("buckets", json!({"orgID": org_id, "name": "scratch"})).await.expect(201);
    scene.http.post("labels", json!({"orgID": org_id, "name": "theirs"})).await.expect(201);
    for name in ["hourly", "nightly"] {
        let flux = format!("option task = {{name: \"{name}\", every: 1h}}\nx = 1");
        scene.http.post("tasks", json!({"orgID": org_id, "flux": flux, "status": "inactive"})).await.expect(201);
    }
    let may = json!([{"action": "read", "resource": {"type": "buckets", "orgID": org_id}}]);
    let token = json!({"orgID": org_id, "description": "grafana", "permissions": may});
    scene.http.post("authorizations", token).await.expect(201);
    assert_eq!(
        refusal(&project).await,
        "org.lab would take with it, besides what this plan deletes: the label \"theirs\", the bucket \"scratch\", \
         2 tasks (\"hourly\" and \"nightly\") and the token \"grafana\""
    );
    project.consent = Consent { data_loss: vec!["org.lab".into()], ..Consent::default() };
    project.apply().await;
    assert_eq!(scene.http.get(&format!("orgs?org={org}")).await.status, 404);
});

both!(what_checks_have_found_does_not_go_with_an_org_unasked, async |scene| {
    let project = Project::new(&scene);
    let org = unique("lab");
    project.declare(&format!("[org.lab]\nname = \"{org}\"\n\n[label.l]\n"));
    project.apply().await;
    project.declare("[label.l]\n");
    for (bucket, refused) in [("_tasks", false), ("_monitoring", true)] {
        scene.http.post_text(&format!("write?org={org}&bucket={bucket}"), "statuses level=1").await.expect(204);
        assert_eq!(refusals(&project).await.len(), usize::from(refused), "{bucket}");
    }
    assert!(refusal(&project).await.starts_with("org.lab would lose data: 1 value at "));
});

both!(mappings_that_others_made_do_not_go_along_with_a_bucket_unasked, async |scene| {
    let mut project = Project::new(&scene);
    project.declare("[label.l]\n\n[bucket.b]\n\n[dbrp.ours]\ndatabase = \"ours\"\nbucket = \"bucket.b\"\n");
    project.apply().await;
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [], "the mapping of the project goes by this plan");
    let found = scene.http.get(&format!("buckets?orgID={}&name=b", scene.org)).await.expect(200);
    let map = async |bucket: &str, database: &str| {
        let theirs =
            json!({"orgID": scene.org, "bucketID": bucket, "database": database, "retention_policy": "autogen"});
        scene.http.post("dbrps", theirs).await.expect(201);
    };
    map(&id(&found["buckets"][0]), "theirs").await;
    map(&scene.bucket("other").await, "elsewhere").await;
    let words = "bucket.b would take with it, besides what this plan deletes: the dbrp \"theirs/autogen\"";
    assert_eq!(refusal(&project).await, words);
    project.consent = Consent { data_loss: vec!["bucket.b".into()], ..Consent::default() };
    project.apply().await;
    let left = scene.http.get(&format!("dbrps?orgID={}&db=theirs", scene.org)).await.expect(200);
    assert_eq!(left, json!({"content": []}));
});

both!(the_ledger_of_another_project_does_not_go_along_with_its_home_org_unasked, async |scene| {
    let project = Project::new(&scene);
    let org = unique("theirs");
    project.declare(&format!("[org.theirs]\nname = \"{org}\"\n\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    let mut other = Project::new(&scene);
    other.server.home = Some(id(&found["orgs"][0]));
    other.write("main.toml", "[project]\nname = \"other\"\n\n[label.only]\n");
    other.apply().await;
    project.declare("[label.l]\n");
    let words = refusal(&project).await;
    assert!(words.contains("\"only\"") && words.contains("fluxform/"), "{words}");
    other.destroy().await;
    assert_eq!(refusals(&project).await, []);
    scene.http.delete(&format!("orgs/{}", id(&found["orgs"][0]))).await.expect(204);
});

both!(what_a_user_runs_in_an_org_goes_with_the_org, async |scene| {
    let mut project = Project::new(&scene);
    let (org, name) = (unique("lab"), unique("tasky"));
    project.declare(&format!(
        "[org.lab]\nname = \"{org}\"\n[user.tasky]\nname = \"{name}\"\nowner_of = [\"org.lab\"]\n\n[label.l]\n"
    ));
    project.apply().await;
    let of = |list: Value, kind: &str| id(&list[kind][0]);
    let lab = of(scene.http.get(&format!("orgs?org={org}")).await.expect(200), "orgs");
    let user = of(scene.http.get(&format!("users?name={name}")).await.expect(200), "users");
    let may = |action: &str| json!({"action": action, "resource": {"type": "tasks", "orgID": lab}});
    let token = json!({"orgID": lab, "userID": user, "permissions": [may("read"), may("write")]});
    let token = scene.http.post("authorizations", token).await.expect(201);
    let theirs = scene.http.clone().with_token(token["token"].as_str().unwrap());
    let flux = "option task = {name: \"theirs\", every: 1h}\nx = 1\n";
    theirs.post("tasks", json!({"orgID": lab, "flux": flux})).await.expect(201);
    project.declare("[label.l]\n");
    project.consent = Consent { data_loss: vec!["org.lab".into()], ..Consent::default() };
    assert_eq!(refusals(&project).await, []);
    project.apply().await;
    assert_eq!(scene.http.get(&format!("orgs?org={org}")).await.status, 404);
});

both!(tokens_of_a_user_do_not_end_with_it_unasked, async |scene| {
    let mut project = Project::new(&scene);
    let name = unique("leaver");
    project.declare(&format!("[user.leaver]\nname = \"{name}\"\n\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("users?name={name}")).await.expect(200);
    let user = id(&found["users"][0]);
    project.declare("[label.l]\n");
    assert_eq!(refusals(&project).await, [], "it has none");
    let may = json!([scene.may("read", "buckets")]);
    scene.token_with(json!({"userID": user, "description": "grafana", "permissions": may})).await;
    let v1 = json!({"orgID": scene.org, "userID": user, "token": format!("v1-{name}"), "permissions": may});
    scene.http.post("/private/legacy/authorizations", v1).await.expect(201);
    assert_eq!(
        refusal(&project).await,
        format!(
            "user.leaver would take with it, besides what this plan deletes: the token \"grafana\" and the v1_token \"v1-{name}\""
        )
    );
    project.consent = Consent { data_loss: vec!["user.leaver".into()], ..Consent::default() };
    project.apply().await;
});

both!(what_a_token_does_not_see_in_an_org_may_go_along_and_is_asked_about, async |scene| {
    let project = Project::new(&scene);
    let org = unique("dark");
    project.declare(&format!("[org.dark]\nname = \"{org}\"\n\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    let everywhere = |action: &str, ty: &str| json!({"action": action, "resource": {"type": ty}});
    let reads = ["orgs", "labels", "users", "authorizations"].map(|ty| everywhere("read", ty));
    let writes = ["orgs", "labels"].map(|ty| everywhere("write", ty));
    let may: Vec<Value> = reads.into_iter().chain(writes).collect();
    let token = scene.token_with(json!({"permissions": may})).await;
    let mut project = as_token(&scene, project, &token.token);
    project.server.token_id = Some(token.id);
    project.declare("[label.l]\n");
    let refused = refusal(&project).await;
    assert!(
        refused.starts_with("org.dark may take with it more buckets, variables, ")
            && refused.ends_with(" more than the token can see"),
        "{refused}"
    );
    scene.http.delete(&format!("orgs/{}", id(&found["orgs"][0]))).await.expect(204);
});

/// Applies `project` through a relay that lets the lock in, waits until the plan under it is made, and then lets `others` work
/// before anything is deleted. Gives what became of each change.
async fn while_others_work(scene: &Scene, project: Project, others: impl Future<Output = ()>) -> Report {
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let project = project.through(relay.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(planned.plan.refusals.len(), 0, "{:?}", planned.plan.refusals);
    let (_keep, stop) = watch::channel(None);
    let mut report = Report::default();
    let mut tell = |event: Event| report.fold(&event);
    let apply = project.attempt(&planned, Goal::Declared, stop, &mut tell);
    let meanwhile = async {
        relay.until_writes(2).await;
        others.await;
        relay.release();
    };
    let (applied, ()) = tokio::join!(apply, meanwhile);
    assert!(matches!(applied.unwrap(), Applied::Done));
    report
}

/// The words of the only failure in a report.
fn failure(report: &Report) -> (Exit, String) {
    let failures: Vec<_> = report
        .outcomes
        .values()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Failed(problem) => Some((problem.exit, problem.diagnostic.message.clone())),
            _ => None,
        })
        .collect();
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    failure.clone()
}

both!(what_comes_into_an_org_after_the_plan_does_not_go_along, async |scene| {
    let project = Project::new(&scene);
    let org = unique("lab");
    let lab = format!("[org.lab]\nname = \"{org}\"\n");
    project.declare(&format!("{lab}\n[bucket.ours]\norg = \"org.lab\"\n\n[label.l]\n"));
    project.apply().await;
    let org_id = id(&scene.http.get(&format!("orgs?org={org}")).await.expect(200)["orgs"][0]);
    project.declare("[label.l]\n");
    let report = while_others_work(&scene, project, async {
        let flux = "option task = {name: \"late\", every: 1h}\nx = 1";
        scene.http.post("tasks", json!({"orgID": org_id, "flux": flux, "status": "inactive"})).await.expect(201);
        scene.http.post("buckets", json!({"orgID": org_id, "name": "late"})).await.expect(201);
    })
    .await;
    let words = "org.lab was not deleted: by now, it would take with it, besides what this plan deletes: the bucket \
                 \"late\" and the task \"late\"";
    assert_eq!(failure(&report), (Exit::Stale, words.to_owned()));
    scene.http.get(&format!("orgs/{org_id}")).await.expect(200);
    scene.http.delete(&format!("orgs/{org_id}")).await.expect(204);
});

both!(what_comes_after_the_plan_is_not_what_was_agreed_to, async |scene| {
    let mut project = Project::new(&scene);
    let org = unique("lab");
    project.declare(&format!("[org.lab]\nname = \"{org}\"\n\n[label.ours]\norg = \"org.lab\"\n\n[label.l]\n"));
    project.apply().await;
    let org_id = id(&scene.http.get(&format!("orgs?org={org}")).await.expect(200)["orgs"][0]);
    let label = |name: &str| scene.http.post("labels", json!({"orgID": org_id, "name": name}));
    label("early").await.expect(201);
    project.declare("[label.l]\n");
    project.consent = Consent { data_loss: vec!["org.lab".into()], ..Consent::default() };
    let report = while_others_work(&scene, project, async { drop(label("late").await.expect(201)) }).await;
    let words =
        "org.lab was not deleted: by now, it would take with it, besides what this plan deletes: the label \"late\"";
    assert_eq!(failure(&report), (Exit::Stale, words.to_owned()));
    scene.http.delete(&format!("orgs/{org_id}")).await.expect(204);
});

both!(who_stops_a_run_that_looks_before_it_deletes_keeps_the_org, async |scene| {
    let project = Project::new(&scene);
    let org = unique("lab");
    project.declare(&format!("[org.lab]\nname = \"{org}\"\n\n[label.l]\n"));
    project.apply().await;
    let org_id = id(&scene.http.get(&format!("orgs?org={org}")).await.expect(200)["orgs"][0]);
    let (tell, stop) = watch::channel(None);
    let mut created = false;
    let proxy = Proxy::start(scene.server.url(), move |request| {
        match (request.method.as_str(), request.path) {
            ("POST", "/api/v2/buckets") => created = true,
            ("GET", "/api/v2/tasks") if created => drop(tell.send_replace(Some(Exit::Interrupted))),
            _ => {}
        }
        Fate::Pass
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    // Made first, so that the run is at the deletion when it looks.
    project.declare("[label.l]\n[bucket.new]\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    let mut report = Report::default();
    let mut fold = |event: Event| report.fold(&event);
    let applied = project.attempt(&planned, Goal::Declared, stop, &mut fold).await;
    assert!(matches!(applied.unwrap(), Applied::Done));
    assert_eq!(failure(&report).0, Exit::Interrupted);
    scene.http.get(&format!("orgs/{org_id}")).await.expect(200);
    scene.http.delete(&format!("orgs/{org_id}")).await.expect(204);
});

both!(what_a_user_gets_after_the_plan_does_not_end_with_it, async |scene| {
    let project = Project::new(&scene);
    let name = unique("leaver");
    let token = "[token.theirs]\nuser = \"user.leaver\"\nread = [\"label.l\"]\ndeliver = \"discard\"\n";
    project.declare(&format!("[user.leaver]\nname = \"{name}\"\n\n{token}\n[label.l]\n"));
    project.apply().await;
    let user = id(&scene.http.get(&format!("users?name={name}")).await.expect(200)["users"][0]);
    project.declare("[label.l]\n");
    let report = while_others_work(&scene, project, async {
        let may = json!([scene.may("read", "buckets")]);
        scene.token_with(json!({"userID": user, "description": "late", "permissions": may})).await;
    })
    .await;
    let words = "user.leaver was not deleted: by now, it would take with it, besides what this plan deletes: the token \"late\"";
    assert_eq!(failure(&report), (Exit::Stale, words.to_owned()));
    scene.http.get(&format!("users/{user}")).await.expect(200);
});

both!(what_runs_as_a_user_since_the_plan_does_not_stop_with_it, async |scene| {
    let mut project = Project::new(&scene);
    let name = unique("ops");
    let home = format!("[org.home]\nname = \"{}\"\nexternal = true\n\n", scene.org_name);
    project.declare(&format!("{home}[user.ops]\nname = \"{name}\"\nowner_of = [\"org.home\"]\n"));
    project.apply().await;
    let user = id(&scene.http.get(&format!("users?name={name}")).await.expect(200)["users"][0]);
    let may = json!([scene.may("read", "tasks"), scene.may("write", "tasks")]);
    let token = scene.token_with(json!({"userID": user, "description": "theirs", "permissions": may})).await;
    project.declare(&format!("{home}[label.l]\n"));
    project.consent = Consent { data_loss: vec!["user.ops".into()], ..Consent::default() };
    let theirs = scene.http.clone().with_token(&token.token);
    let report = while_others_work(&scene, project, async {
        let flux = "option task = {name: \"late\", every: 1h}\nx = 1";
        theirs.post("tasks", json!({"orgID": scene.org, "flux": flux, "status": "inactive"})).await.expect(201);
    })
    .await;
    let words = "user.ops was not deleted: by now, it would stop what runs with its role: \"late\"";
    assert_eq!(failure(&report), (Exit::Stale, words.to_owned()));
});

/// A token that reads and writes these types everywhere and no more.
async fn everywhere(scene: &Scene, reads: &[&str], writes: &[&str]) -> Secret {
    let may = |action: &'static str| move |ty: &&str| json!({"action": action, "resource": {"type": *ty}});
    let may: Vec<Value> = reads.iter().map(may("read")).chain(writes.iter().map(may("write"))).collect();
    scene.token_with(json!({"permissions": may})).await
}

both!(what_a_user_has_out_of_sight_is_asked_about, async |scene| {
    let project = Project::new(&scene);
    let (name, org) = (unique("leaver"), scene.org_name.clone());
    let user = |roles: &str| {
        format!(
            "[org.home]\nname = \"{org}\"\nexternal = true\n\n[user.leaver]\nname = \"{name}\"\n{roles}\n[label.l]\n"
        )
    };
    project.declare(&user("owner_of = [\"org.home\"]"));
    project.apply().await;
    let token = everywhere(&scene, &["orgs", "labels", "users", "authorizations"], &["orgs", "labels", "users"]).await;
    let mut project = as_token(&scene, project, &token.token);
    project.server.token_id = Some(token.id.clone());
    project.declare(&user("owner_of = []"));
    assert_eq!(
        refusal(&project).await,
        "user.leaver may take with it more tasks, checks and notification_rules than the token can see"
    );
    project.declare("[label.l]\n");
    assert_eq!(
        refusal(&project).await,
        "user.leaver may take with it more tasks, checks and notification_rules than the token can see"
    );
    // Nothing that the next token sees tells it from this one.
    scene.http.delete(&format!("authorizations/{}", token.id)).await.expect(204);
    // Tokens of a user may be in any org, and this one sees those of one.
    let reads = ["orgs", "labels", "users", "tasks", "checks", "notificationRules"]
        .map(|ty| json!({"action": "read", "resource": {"type": ty}}));
    let writes = ["orgs", "labels", "users"].map(|ty| json!({"action": "write", "resource": {"type": ty}}));
    let may: Vec<Value> = reads.into_iter().chain(writes).chain([scene.may("read", "authorizations")]).collect();
    let token = scene.token_with(json!({"permissions": may})).await;
    let mut project = as_token(&scene, project, &token.token);
    project.server.token_id = Some(token.id);
    assert_eq!(
        refusal(&project).await,
        "user.leaver may take with it more tokens and v1_tokens than the token can see"
    );
    let mut project = as_token(&scene, project, scene.server.token());
    project.server.token_id = None;
    project.apply().await;
});

both!(what_is_adopted_goes_with_its_org_and_does_not_stay, async |scene| {
    let mut project = Project::new(&scene);
    let org = unique("gone");
    let lab = format!("[org.lab]\nname = \"{org}\"\n");
    project.declare(&format!("{lab}\n[label.l]\n"));
    project.apply().await;
    let found = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    scene.http.post("buckets", json!({"orgID": id(&found["orgs"][0]), "name": "found"})).await.expect(201);
    project.consent.adopt = true;
    project.declare(&format!("{lab}\n[bucket.found]\norg = \"org.lab\"\n\n[label.l]\n"));
    project.apply().await;
    project.declare("[label.l]\n");
    let planned = project.plan(Goal::Declared).await.unwrap().plan;
    assert!(lines(&planned).contains("x bucket.found GoesWithOrg"), "{}", lines(&planned));
    project.consent.data_loss = vec!["org.lab".into()];
    project.apply().await;
});
