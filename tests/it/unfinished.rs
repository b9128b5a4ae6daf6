//! What takes several requests is finished, if not by this run, then by the next: and nothing is called done before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxform::apply::{Event, Outcome};
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::report::Report;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;

use crate::cli::fluxform::on;
use crate::support::{Fate, Project, Proxy, Scene, both, id, lines, unique};

const PASSWORD: &str = "long-enough";

/// A user with a password and a role.
fn user(name: &str, password: &str) -> String {
    format!(
        "[user.u]\nname = \"{name}\"\npassword = {password}\nowner_of = [\"org.o\"]\n\n[org.o]\nname = \"o-{name}\"\n"
    )
}

/// Applies whatever comes of it.
async fn attempt(project: &Project) -> Report {
    let planned = project.plan(Goal::Declared).await.unwrap();
    let (_keep, stop) = watch::channel(None);
    let mut report = Report::default();
    project.attempt(&planned, Goal::Declared, stop, &mut |event: Event| report.fold(&event)).await.unwrap();
    report
}

/// The message of the change that failed.
fn failure(report: &Report) -> (Exit, String) {
    let mut failed = report.outcomes.values().filter_map(|(_, outcome)| match outcome {
        Outcome::Failed(problem) => Some((problem.exit, problem.diagnostic.message.clone())),
        _ => None,
    });
    let first = failed.next().unwrap();
    assert!(failed.next().is_none());
    first
}

async fn signs_in(scene: &Scene, name: &str) -> bool {
    scene.sign_in(name, PASSWORD).await.status == 204
}

both!(a_step_that_is_refused_is_done_by_the_next_run, async |scene| {
    const REFUSED: &str = r#"{"code":"invalid","message":"no"}"#;
    for (step, lacks) in [("/password", ["owner_of", "password"].as_slice()), ("/owners", &["owner_of"])] {
        let name = unique("user");
        let proxy = Proxy::start(scene.server.url(), move |seen| {
            if *seen.method == Method::POST && seen.path.ends_with(step) {
                Fate::Refuse(400, REFUSED)
            } else {
                Fate::Pass
            }
        })
        .await;
        let project = Project::new(&scene).through(proxy.url(), scene.server.token());
        project.write("pw", PASSWORD);
        project.declare(&user(&name, "{ file = \"pw\" }"));
        let (exit, message) = failure(&attempt(&project).await);
        assert_eq!(exit, Exit::Error);
        assert!(message.starts_with("user.u was created, but lacks "), "{message}");
        let planned = project.plan(Goal::Declared).await.unwrap();
        let entry = &planned.ledger.entries[&"user.u".parse().unwrap()];
        assert_eq!(entry.lacks.iter().map(String::as_str).collect::<Vec<_>>(), lacks);
        assert!(planned.ledger.intents.is_empty());
        assert!(planned.plan.drifted().next().is_none(), "{}", lines(&planned.plan));
        let path = project.path().join("pw");
        let password = format!("    password: ? -> file:{} (Unfinished)\n", path.display());
        let password = if lacks.len() == 2 { password.as_str() } else { "" };
        let plan = lines(&planned.plan);
        let plan: String = plan
            .lines()
            .map(|line| if line.contains("password:") { password.to_owned() } else { format!("{line}\n") })
            .collect();
        assert_eq!(plan, format!("~ user.u Unfinished\n{password}    owner_of: [] -> [org.o] (Unfinished)\n"));
        assert_eq!(signs_in(&scene, &name).await, step != "/password");

        let project = project.through(scene.server.url(), scene.server.token());
        project.apply().await;
        assert!(signs_in(&scene, &name).await);
        let planned = project.plan(Goal::Declared).await.unwrap();
        assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
        project.destroy().await;
    }
});

both!(a_record_that_the_server_does_not_take_is_said_and_made_up_for, async |scene| {
    let dir = crate::cli::fluxform::project_of(&scene, "[bucket.a]\n[bucket.b]\n");
    let began = Arc::new(AtomicUsize::new(0));
    let seen_by = Arc::clone(&began);
    // From the first bucket on nothing is recorded.
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        if *seen.method == Method::POST && seen.path == "/api/v2/buckets" {
            seen_by.fetch_add(1, Ordering::SeqCst);
        }
        let records = *seen.method == Method::PATCH && seen.path.starts_with("/api/v2/labels/");
        if records && seen_by.load(Ordering::SeqCst) > 0 {
            Fate::Refuse(400, r#"{"code":"invalid","message":"no"}"#)
        } else {
            Fate::Pass
        }
    })
    .await;
    let by = |url: &str| {
        on("apply", dir.path()).arg("--auto-approve").var("INFLUX_HOST", url).var("INFLUX_TOKEN", scene.server.token())
    };
    let ended = by(proxy.url()).run();
    assert!(
        ended.code != 0 && ended.out.contains("The server did not take the whole record of what was done."),
        "{}",
        ended.all()
    );
    let ended = by(proxy.url()).arg("--format=json").run();
    assert_eq!((ended.code != 0, &ended.json()["report"]["recorded"]), (true, &json!(false)), "{}", ended.all());
    assert!(began.load(Ordering::SeqCst) > 0);
    by(scene.server.url()).run().with(0);
    on("plan", dir.path())
        .arg("--detailed-exitcode")
        .var("INFLUX_HOST", scene.server.url())
        .var("INFLUX_TOKEN", scene.server.token())
        .run()
        .with(0);
});

both!(labels_that_could_not_be_attached_are_attached_by_the_next_run, async |scene| {
    let project = Project::new(&scene);
    project.declare("[label.l]\n");
    project.apply().await;
    let proxy = Proxy::start(scene.server.url(), |seen| {
        let attaches = *seen.method == Method::POST && seen.path.ends_with("/labels") && seen.path != "/api/v2/labels";
        if attaches {
            Fate::Refuse(401, r#"{"code":"unauthorized","message":"write is unauthorized"}"#)
        } else {
            Fate::Pass
        }
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    // What nobody looks at later is finished too.
    project.declare(
        "[label.l]\n\n[bucket.b]\nlabels = [\"label.l\"]\nlifecycle = { ignore = [\"labels\"] }\n\n\
         [task.t]\nevery = \"1h\"\nflux = 'x = 1'\nlabels = [\"label.l\"]\n",
    );
    let report = attempt(&project).await;
    assert_eq!(report.exit(), Exit::NotAuthorized);
    let project = project.through(scene.server.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(
        lines(&planned.plan),
        "~ bucket.b Unfinished\n    labels: [] -> [label.l] (Unfinished)\n\
         ~ task.t Unfinished\n    labels: [] -> [label.l] (Unfinished)\n"
    );
    project.apply().await;
    for kind in ["buckets", "tasks"] {
        let list = scene.http.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
        let ours = list[kind].as_array().unwrap().iter().find(|row| row["name"] == "b" || row["name"] == "t").unwrap();
        assert_eq!(ours["labels"][0]["name"], "l", "{ours}");
    }
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});

both!(the_first_error_is_not_replaced_by_a_later_success, async |scene| {
    // The reply to the password is lost, again and again; or is a refusal that comes after what was done.
    let name = unique("user");
    let tries = Arc::new(AtomicUsize::new(0));
    let seen_tries = tries.clone();
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        if *seen.method == Method::POST && seen.path.ends_with("/password") {
            seen_tries.fetch_add(1, Ordering::Relaxed);
            return Fate::LoseRequest;
        }
        Fate::Pass
    })
    .await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    project.write("pw", PASSWORD);
    project.declare(&user(&name, "{ file = \"pw\" }"));
    let (exit, _) = failure(&attempt(&project).await);
    assert_eq!((exit, tries.load(Ordering::Relaxed)), (Exit::Unavailable, 3));
    assert!(project.plan(Goal::Declared).await.unwrap().plan.writes());
    let project = project.through(scene.server.url(), scene.server.token());
    project.apply().await;
    assert!(signs_in(&scene, &name).await);
    project.destroy().await;
});

both!(a_password_that_is_declared_later_is_set, async |scene| {
    let name = unique("user");
    let project = Project::new(&scene);
    project.write("pw", PASSWORD);
    project.declare(&format!("[user.u]\nname = \"{name}\"\n"));
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.declare(&format!("[user.u]\nname = \"{name}\"\npassword = {{ file = \"pw\" }}\n"));
    assert!(project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.apply().await;
    assert!(signs_in(&scene, &name).await);
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    project.destroy().await;
});

both!(a_password_of_another_length_stops_before_anything_is_written, async |scene| {
    for (length, words) in [(7, "at least 8"), (73, "at most 72")] {
        let name = unique("user");
        let dir = tempfile::tempdir().unwrap();
        let org = &scene.org_name;
        let text =
            format!("[project]\nname = \"p\"\n\n[server]\norg = \"{org}\"\n\n{}", user(&name, "{ env = \"PW\" }"));
        std::fs::write(dir.path().join("main.toml"), text).unwrap();
        let run = on("apply", dir.path()).arg("--auto-approve");
        let run = run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
        let ended = run.var("PW", &"x".repeat(length)).run().with(10);
        let place = "main.toml:9:12";
        assert!(ended.err.contains(words) && ended.err.contains(place), "{}", ended.err);
        assert!(!ended.err.contains("xxxxxxx"), "{}", ended.err);
        let reply = scene.http.get(&format!("users?name={name}")).await;
        assert_eq!(reply.json["users"].as_array().map_or(0, Vec::len), 0, "{}", reply.text);
    }
});

/// What the proxy answers instead of the server: a refusal, so that it is not sent again.
const BELIED: &str = r#"{"code":"internal error","message":"failed to update: could not fulfil schedule due to year"}"#;

both!(an_update_that_took_effect_in_spite_of_its_error_is_recorded, async |scene| {
    let run = unique("x");
    let declared = |retention: &str, color: &str, description: &str, every: &str| {
        format!(
            "[bucket.b]\nretention = \"{retention}\"\n\n[label.l]\nproperties = {{ color = \"{color}\" }}\n\n\
             [org.o]\nname = \"{run}\"\ndescription = \"{description}\"\n\n\
             [task.t]\nevery = \"{every}\"\nflux = 'x = 1'\n"
        )
    };
    let project = Project::new(&scene);
    project.declare(&declared("30d", "#ffffff", "old", "1h"));
    project.apply().await;
    let proxy = Proxy::start(scene.server.url(), |seen| {
        let own = String::from_utf8_lossy(seen.body).contains("checksum")
            || String::from_utf8_lossy(seen.body).contains("expires");
        if *seen.method == Method::PATCH && !own { Fate::Belie(500, BELIED) } else { Fate::Pass }
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    project.declare(&declared("60d", "#000000", "new", "2h"));
    let report = attempt(&project).await;
    assert_eq!(report.exit(), Exit::Error);
    assert_eq!(report.outcomes.len(), 4);
    for (address, (_, outcome)) in &report.outcomes {
        let Outcome::Failed(problem) = outcome else { panic!("{address}: {outcome:?}") };
        let message = &problem.diagnostic.message;
        assert!(message.contains("the server changed `") && message.contains("could not fulfil"), "{message}");
    }
    // Nobody else has changed anything, and there is nothing left to do.
    let project = project.through(scene.server.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(lines(&planned.plan), "");
    project.declare(&declared("30d", "#ffffff", "old", "1h"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.drifted().next().is_none(), "{}", lines(&planned.plan));
    assert_eq!(planned.plan.counts().change, 4);
    project.destroy().await;
});

both!(a_create_that_took_effect_in_spite_of_its_error_is_ours_and_no_success, async |scene| {
    let proxy = Proxy::start(scene.server.url(), |seen| {
        let makes = *seen.method == Method::POST && seen.path == "/api/v2/tasks";
        if makes { Fate::Belie(500, r#"{"code":"internal error","message":"strange"}"#) } else { Fate::Pass }
    })
    .await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    project.declare("[label.l]\n\n[task.t]\nevery = \"1h\"\nflux = 'x = 1'\nlabels = [\"label.l\"]\n");
    let (exit, message) = failure(&attempt(&project).await);
    assert_eq!(exit, Exit::Unavailable);
    assert!(message.contains("created the object nevertheless"), "{message}");
    let project = project.through(scene.server.url(), scene.server.token());
    assert_eq!(lines(&project.plan(Goal::Declared).await.unwrap().plan), "");
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(list["tasks"][0]["labels"][0]["name"], "l");
    project.destroy().await;
});

both!(an_undelivered_token_is_no_drift, async |scene| {
    let project = Project::new(&scene);
    let text = format!(
        "[project]\nname = \"p\"\n\n[server]\norg = \"{}\"\n\n[bucket.b]\n\n\
         [token.t]\nread = [\"bucket.b\"]\ndeliver = {{ command = [\"sh\", \"-c\", \"exit 3\"] }}\n",
        scene.org_name
    );
    project.write("main.toml", &text);
    // It cannot take the new token back either.
    let proxy = Proxy::start(scene.server.url(), |seen| match *seen.method == Method::DELETE {
        true if seen.path.starts_with("/api/v2/authorizations/") => {
            Fate::Refuse(403, r#"{"code":"forbidden","message":"no"}"#)
        }
        _ => Fate::Pass,
    })
    .await;
    let project = project.through(proxy.url(), scene.server.token());
    assert_eq!(failure(&attempt(&project).await).0, Exit::Secret);
    let project = project.through(scene.server.url(), scene.server.token());
    let run = |command: &str| {
        let run = on(command, project.path());
        run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token())
    };
    let said = run("drift").run().with(0).out;
    insta::assert_snapshot!("undelivered", said);
    let planned = run("plan").run().with(0).out;
    assert!(planned.contains("its secret was never delivered") && !planned.contains("rift"), "{planned}");
    let json: serde_json::Value =
        serde_json::from_str(&run("drift").args(&["--format", "json"]).run().with(0).out).unwrap();
    assert_eq!(json["plan"]["changes"][1]["drifted"], json!(false), "{json}");
    // What somebody changes besides is drift all the same.
    let list = scene.http.get(&format!("buckets?orgID={}&name=b", scene.org)).await.expect(200);
    scene.http.patch(&format!("buckets/{}", id(&list["buckets"][0])), json!({"name": "other"})).await.expect(200);
    let said = run("drift").run().with(2).out;
    assert!(said.contains("bucket.b") && said.contains("Unfinished"), "{said}");
});

/// Applies through a way that ends before the reply to the first token, as a run does that is killed then.
async fn die_with_a_token(scene: &Scene, project: &Project) {
    let dead = Arc::new(AtomicUsize::new(0));
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        let makes = *seen.method == Method::POST && seen.path == "/api/v2/authorizations";
        let asks = String::from_utf8_lossy(seen.body).contains("\"instance\"");
        match dead.load(Ordering::Relaxed) {
            0 if makes && !asks => {
                dead.store(1, Ordering::Relaxed);
                Fate::LoseReply
            }
            0 => Fate::Pass,
            _ => Fate::LoseRequest,
        }
    })
    .await;
    let run = on("apply", project.path()).arg("--auto-approve").var("INFLUX_HOST", proxy.url());
    let run = run.var("INFLUX_TOKEN", scene.server.token()).start();
    // It looks for what it has made, and waits for an answer.
    run.until_says("waiting: the server does not answer");
    run.kill();
    proxy.settle().await;
}

both!(what_a_dead_run_left_is_said_and_swept_with_nothing_else_to_do, async |scene| {
    let project = Project::new(&scene);
    let head = format!("[project]\nname = \"p\"\n\n[server]\norg = \"{}\"\n\n[bucket.b]\n\n", scene.org_name);
    let token = |may: &str| format!("[token.t]\n{may} = [\"bucket.b\"]\ndeliver = {{ file = \"t\" }}\n");
    project.write("main.toml", &(head.clone() + &token("read")));
    let run = |command: &str| {
        let run = on(command, project.path());
        run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token())
    };
    run("apply").arg("--auto-approve").run().with(0);
    project.write("main.toml", &(head.clone() + &token("write")));
    die_with_a_token(&scene, &project).await;
    // What it was about is taken back: there is nothing to do.
    project.write("main.toml", &(head + &token("read")));
    let tokens = async || {
        let list = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
        let mut all: Vec<_> = list["authorizations"].as_array().unwrap().clone();
        all.retain(|row| row["status"] == "inactive");
        all
    };
    let unfinished = tokens().await;
    assert_eq!(unfinished.len(), 1);
    let unfinished = id(&unfinished[0]);
    let plan = run("plan").run().with(0);
    assert!(plan.out.contains("No changes"), "{}", plan.out);
    for said in
        [&*format!("an unfinished token (ID {unfinished})"), "it was about to create token.t", "its lock (held by "]
    {
        assert!(plan.err.contains(said), "{said}: {}", plan.err);
        assert!(run("drift").run().with(0).err.contains(said), "{said}");
    }
    assert!(run("plan").arg("--format=markdown").run().with(0).out.contains(&unfinished));
    run("plan").arg("--detailed-exitcode").run().with(2);
    let status = run("status").run().with(0).out;
    for said in ["left by ", "unfinished    token.t", &*format!("left over     an unfinished token (ID {unfinished})")]
    {
        assert!(status.contains(said), "{said}: {status}");
    }
    let json: serde_json::Value = serde_json::from_str(&run("status").arg("--format=json").run().with(0).out).unwrap();
    assert_eq!((&json["lock"]["dead"], &json["unfinished"]), (&json!(true), &json!(["token.t"])), "{json}");
    let before = &json["last_apply"];

    let ended = run("apply").arg("--auto-approve").run().with(0);
    assert!(ended.out.contains("No changes"), "{}", ended.out);
    assert!(ended.err.contains(&format!("deleted an unfinished token (ID {unfinished})")), "{}", ended.err);
    assert_eq!(tokens().await.len(), 0);
    let status: serde_json::Value =
        serde_json::from_str(&run("status").arg("--format=json").run().with(0).out).unwrap();
    assert_eq!((&status["lock"], &status["unfinished"], &status["leftovers"]), (&json!(null), &json!([]), &json!([])));
    assert_eq!(&status["last_apply"], before, "nothing was applied");
    let plan = run("plan").arg("--detailed-exitcode").run().with(0);
    assert!(!plan.err.contains("left"), "{}", plan.err);
});

both!(the_lock_of_a_run_that_died_before_there_was_a_ledger_goes_too, async |scene| {
    let project = Project::new(&scene);
    let head = format!("[project]\nname = \"p\"\n\n[server]\norg = \"{}\"\n\n", scene.org_name);
    scene.bucket("b").await;
    project.write("main.toml", &(head + "[bucket.b]\nexternal = true\n"));
    let run = |command: &str| {
        let run = on(command, project.path());
        run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token())
    };
    let lock = json!({"orgID": scene.org, "name": "fluxform/p/lock", "properties":
        {"fluxform": "lock", "project": "p", "holder": "ann@laptop pid 1", "expires": "1700000000"}});
    scene.http.post("labels", lock).await.expect(201);
    assert!(run("plan").run().with(0).err.contains("its lock (held by ann@laptop pid 1)"));
    assert!(run("status").run().with(0).out.contains("left by ann@laptop pid 1; its run has ended"));
    run("apply").arg("--auto-approve").run().with(0);
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    assert_eq!(labels["labels"], json!([]), "neither a lock nor a ledger");
});

both!(what_is_there_twice_and_nobodys_is_said, async |scene| {
    let project = Project::new(&scene);
    let text = r##"
[bucket.raw]

[label.l]

[scraper.self]
url = "http://127.0.0.1:1/metrics"
bucket = "bucket.raw"

[telegraf.hosts]
config = "[[inputs.cpu]]\n"

[task.hourly]
every = "1h"
flux = 'from(bucket: "raw") |> range(start: -1h)'
labels = ["label.l"]
"##;
    project.declare(text);
    project.apply().await;
    let twice = async || {
        let planned = project.plan(Goal::Declared).await.unwrap();
        assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
        let messages = planned.plan.warnings.iter().map(|warning| warning.message.clone());
        messages.filter(|message| message.contains("is like")).collect::<Vec<_>>()
    };
    assert_eq!(twice().await, [""; 0]);
    // What a run sends that lost its lock while the request was under way: another run has made the same by then.
    let copy = async |path: &str, list: &str, keys: &[&str]| {
        let rows = scene.http.get(&format!("{path}?orgID={}", scene.org)).await.expect(200);
        let row = &rows[list][0];
        let body: serde_json::Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect();
        id(&scene.http.post(path, body.into()).await.expect(201))
    };
    let scraper = copy("scrapers", "configurations", &["name", "type", "url", "bucketID", "orgID"]).await;
    let telegraf = copy("telegrafs", "configurations", &["name", "description", "config", "metadata", "orgID"]).await;
    let task = copy("tasks", "tasks", &["orgID", "flux", "status", "description"]).await;
    let said = |kind: &str, address: &str, name: &str, id: &str| {
        format!("another {kind} is like {address}: \"{name}\" (ID {id}), and no project owns it")
    };
    let [mut found, mut expected] = [
        twice().await,
        vec![
            said("scraper", "scraper.self", "self", &scraper),
            said("telegraf", "telegraf.hosts", "hosts", &telegraf),
            said("task", "task.hourly", "hourly", &task),
        ],
    ];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    scene.http.patch(&format!("tasks/{task}"), json!({"status": "inactive"})).await.expect(200);
    assert_eq!(twice().await.len(), 2, "one that is not the same is somebody's");
});

both!(a_run_whose_server_no_longer_answers_starts_nothing_more, async |scene| {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let proxy = Proxy::start(scene.server.url(), move |request| {
        let makes = *request.method == Method::POST && request.path == "/api/v2/variables";
        let is_gone = makes && count.fetch_add(1, Ordering::Relaxed) >= 5 || count.load(Ordering::Relaxed) > 5;
        // The lock stays: without it the run would stop for that, and which comes first depends on the machine.
        if is_gone && !request.path.starts_with("/api/v2/labels") { Fate::LoseRequest } else { Fate::Pass }
    })
    .await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    let variables: Vec<String> = (0..60).map(|n| format!("[variable.v{n}]\nvalues = [\"a\"]\n")).collect();
    project.declare(&variables.join("\n"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    let (_keep, stop) = watch::channel(None);
    let mut report = Report::default();
    // The ledger cannot be finished either.
    let _ = project.attempt(&planned, Goal::Declared, stop, &mut |event: Event| report.fold(&event)).await;
    let how_many = |is: fn(&Outcome) -> bool| report.outcomes.values().filter(|(_, outcome)| is(outcome)).count();
    let (failed, left) =
        (how_many(|it| matches!(it, Outcome::Failed(_))), how_many(|it| matches!(it, Outcome::NotStarted)));
    assert!(failed < 20 && left > 30, "{failed} failed, {left} not started");
    assert!(report.stopped.iter().any(|problem| problem.diagnostic.message.contains("does not answer")));
    let project = project.through(scene.server.url(), scene.server.token());
    crate::reliability::unlock(&scene).await;
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});
