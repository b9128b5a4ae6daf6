//! A request that a dead run has left under way arrives when the next run has looked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxform::apply::{Event, Outcome};
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::report::Report;
use reqwest::Method;
use serde_json::json;
use tokio::sync::{Notify, watch};

use super::{PASSWORD, unlock};
use crate::support::{Fate, Project, Proxy, Scene, both, lines, unique};

/// One resource of each kind whose name InfluxDB keeps unique, as `KIND.late`, with what it needs, and where it is made.
const UNIQUE: &[(&str, &str)] = &[
    ("/api/v2/orgs", "[org.late]\nname = \"late-{run}\"\n"),
    ("/api/v2/users", "[user.late]\nname = \"late-{run}\"\npassword = { file = \"password\" }\n"),
    ("/api/v2/labels", "[label.late]\nname = \"late-{run}\"\n"),
    ("/api/v2/buckets", "[bucket.late]\nname = \"late-{run}\"\nretention = \"30d\"\n"),
    ("/api/v2/variables", "[variable.late]\nname = \"late-{run}\"\nvalues = [\"a\"]\n"),
    ("/api/v2/dbrps", "[bucket.b]\n[dbrp.late]\ndatabase = \"late-{run}\"\nbucket = \"bucket.b\"\n"),
    (
        "/private/legacy/authorizations",
        "[bucket.b]\n[v1_token.late]\nusername = \"late-{run}\"\nread = [\"bucket.b\"]\npassword = { file = \"password\" }\n",
    ),
    (
        "/api/v2/remotes",
        "[remote.late]\nname = \"late-{run}\"\nurl = \"http://127.0.0.1:1\"\nremote_org = \"0123456789abcdef\"\ntoken = { file = \"password\" }\n",
    ),
    (
        "/api/v2/replications",
        "[bucket.b]\n[remote.r]\nurl = \"http://127.0.0.1:1\"\nremote_org = \"0123456789abcdef\"\ntoken = { file = \"password\" }\n\
         [replication.late]\nname = \"late-{run}\"\nremote = \"remote.r\"\nbucket = \"bucket.b\"\nremote_bucket = \"there\"\n",
    ),
    (
        "/api/v2/notificationEndpoints",
        "[notification_endpoint.late]\nname = \"late-{run}\"\nhttp = { url = \"http://127.0.0.1:1\", token = { file = \"password\" } }\n",
    ),
    (
        "/api/v2/checks",
        "[bucket.b]\n[check.late]\nname = \"late-{run}\"\nevery = \"1m\"\n\
         flux = 'from(bucket: \"b\") |> range(start: -1m) |> filter(fn: (r) => r._field == \"usage\")'\nwhen = { crit = { above = 90 } }\n",
    ),
];

/// A project whose run has died with the request under way that creates `KIND.late`.
struct Late {
    project: Project,
    run: String,
    proxy: Proxy,
    /// What the proxy does with the next request that creates it: 0 lets it through, 1 lets the late one go first.
    then: Arc<AtomicUsize>,
}

impl Late {
    /// Of a project with `manifest`, where `path` makes the object.
    async fn of(scene: &Scene, path: &'static str, manifest: &str) -> Self {
        let run = unique("run");
        let name = format!("late-{run}");
        let (then, died) = (Arc::new(AtomicUsize::new(DYING)), Arc::new(Notify::new()));
        let (phase, dies) = (then.clone(), died.clone());
        let proxy = Proxy::start(scene.server.url(), move |seen| {
            let body = String::from_utf8_lossy(seen.body);
            let makes = *seen.method == Method::POST && seen.path == path && body.contains(&name);
            match phase.load(Ordering::SeqCst) {
                DYING if makes && !body.contains("fluxform/") => {
                    phase.store(DEAD, Ordering::SeqCst);
                    dies.notify_one();
                    Fate::Keep
                }
                DEAD => Fate::LoseRequest,
                LATE if makes && !body.contains("fluxform/") => {
                    phase.store(DONE, Ordering::SeqCst);
                    Fate::PassAfterKept
                }
                _ => Fate::Pass,
            }
        })
        .await;
        let project = Project::new(scene).through(proxy.url(), scene.server.token());
        project.write("password", "of-the-first-run");
        project.declare(&manifest.replace("{run}", &run));
        let run_once = async {
            let (_keep, stop) = watch::channel(None);
            let planned = project.plan(Goal::Declared).await.unwrap();
            let _ = project.attempt(&planned, Goal::Declared, stop, &mut |_| {}).await;
        };
        tokio::select! {
            () = run_once => panic!("it did not die"),
            () = died.notified() => {}
        }
        proxy.settle().await;
        unlock(scene).await;
        then.store(LATE, Ordering::SeqCst);
        project.write("password", PASSWORD);
        Self { project, run, proxy, then }
    }

    /// Applies what is declared now, whatever comes of it.
    async fn apply(&self) -> Report {
        let planned = self.project.plan(Goal::Declared).await.unwrap();
        let refusals: Vec<_> = planned.plan.refusals.iter().map(|problem| &problem.diagnostic.message).collect();
        assert!(refusals.is_empty(), "{refusals:?}");
        let (_keep, stop) = watch::channel(None);
        let mut report = Report::default();
        self.project.attempt(&planned, Goal::Declared, stop, &mut |event| report.fold(&event)).await.unwrap();
        report
    }

    /// The plan is empty, the ledger has no note, and a destroy leaves nothing of the name.
    async fn is_ours(&self, scene: &Scene, what: &str) {
        let planned = self.project.plan(Goal::Declared).await.unwrap();
        assert_eq!(lines(&planned.plan), "", "{what}");
        assert!(planned.ledger.intents.is_empty(), "{what}");
        self.project.destroy().await;
        let left = rows(scene, &format!("late-{}", self.run)).await;
        assert_eq!(left, [""; 0], "{what}");
    }
}

/// What the proxy is to do with the request that makes the object: keep it, and lose all that follow;
const DYING: usize = 0;
/// lose it, as all others;
const DEAD: usize = 1;
/// let the one that it has kept go first;
const LATE: usize = 2;
/// or let it through.
const DONE: usize = 3;

/// What of the name there is in any list.
async fn rows(scene: &Scene, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, _) in UNIQUE {
        let list = scene.http.get(&format!("{path}?orgID={}&limit=100", scene.org)).await;
        found.extend(list.text.contains(name).then(|| (*path).to_owned()));
    }
    found
}

fn failures(report: &Report) -> Vec<&fluxform::problem::Problem> {
    let failed = report.outcomes.values().filter_map(|(_, outcome)| match outcome {
        Outcome::Failed(problem) => Some(problem),
        _ => None,
    });
    failed.collect()
}

both!(an_object_that_a_dead_run_makes_late_is_ours, async |scene| {
    for (path, manifest) in UNIQUE {
        let late = Late::of(&scene, path, manifest).await;
        let report = late.apply().await;
        assert_eq!(late.then.load(Ordering::SeqCst), DONE, "{path}");
        let failed: Vec<_> = failures(&report).iter().map(|problem| &problem.diagnostic.message).collect();
        assert!(failed.is_empty(), "{path}: {failed:?}");
        // The secret is that of the run that goes on.
        let name = format!("late-{}", late.run);
        if *path == "/api/v2/users" {
            assert_eq!(scene.sign_in(&name, PASSWORD).await.status, 204);
        }
        if path.contains("legacy") {
            let login = format!("/write?db=no-such-database&u={name}&p={PASSWORD}");
            assert_eq!(scene.server.anonymous().post_text(&login, "").await.status, 404);
        }
        late.is_ours(&scene, path).await;
    }
});

both!(a_late_object_that_is_declared_otherwise_by_now_is_changed_by_the_next_run, async |scene| {
    let late = Late::of(&scene, "/api/v2/buckets", UNIQUE[3].1).await;
    late.project.declare(&format!("[bucket.late]\nname = \"late-{}\"\nretention = \"60d\"\n", late.run));
    let report = late.apply().await;
    let failed = failures(&report);
    let [problem] = failed[..] else { panic!("{failed:?}") };
    assert_eq!(problem.exit, Exit::Error);
    assert!(problem.diagnostic.message.contains("an earlier run has created the object"), "{problem:?}");
    assert!(failures(&late.apply().await).is_empty());
    late.is_ours(&scene, "declared otherwise").await;
});

both!(a_run_that_sends_nothing_leaves_the_note_of_the_one_before, async |scene| {
    let late = Late::of(&scene, "/api/v2/buckets", UNIQUE[3].1).await;
    let planned = late.project.plan(Goal::Declared).await.unwrap();
    let (stopper, stop) = watch::channel(None);
    let mut stopping = |event: Event| {
        if matches!(event, Event::Begin { .. }) {
            stopper.send_replace(Some(Exit::Interrupted));
        }
    };
    late.project.attempt(&planned, Goal::Declared, stop, &mut stopping).await.unwrap();
    late.proxy.let_kept_go().await;
    assert!(failures(&late.apply().await).is_empty());
    late.is_ours(&scene, "stopped").await;
});

both!(what_somebody_else_makes_at_the_same_moment_is_not_ours, async |scene| {
    let late = Late::of(&scene, "/api/v2/buckets", UNIQUE[3].1).await;
    let theirs = json!({"orgID": scene.org, "name": format!("late-{}", late.run), "retentionRules": []});
    late.proxy.keep_instead(&theirs);
    let report = late.apply().await;
    assert_eq!(failures(&report).iter().map(|problem| problem.exit).collect::<Vec<_>>(), [Exit::Error]);
    let planned = late.project.plan(Goal::Declared).await.unwrap();
    assert!(planned.ledger.intents.is_empty());
    assert_eq!(planned.plan.refusals.len(), 1, "{}", lines(&planned.plan));
});
