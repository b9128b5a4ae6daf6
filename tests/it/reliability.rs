//! What is interrupted goes on: lost replies, crashes, sinks that fail, two runs at once.

mod late;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxform::api::Connect;
use fluxform::apply::{Event, Outcome};
use fluxform::cli::pipeline::Applied;
use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::kind::{Kind, Level, Object, ReadScope, Standing};
use fluxform::report::Report;

use reqwest::Method;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::support::{Fate, Project, Proxy, Scene, both, lines, unique};

/// The password of the user, of the token of InfluxDB 1.x, and of what else has one.
const PASSWORD: &str = "long-enough";

/// Orgs, and who belongs to them.
const ORGS: &str = r#"
[org.eu]
name = "eu-{run}"

[org.us]
name = "us-{run}"

[user.ann]
name = "ann-{run}"
password = { file = "password" }
member_of = ["org.eu"]
owner_of = ["org.us"]
"#;

/// Who may do what.
const ACCESS: &str = r#"
[bucket.raw]
retention = "30d"

[token.ingest]
write = ["bucket.raw"]
deliver = { file = "secrets/ingest" }

[v1_token.old]
username = "old-{run}"
write = ["bucket.raw"]
password = { file = "password" }
"#;

/// What lies in an org.
const CONTENT: &str = r#"
[label.l]

[bucket.raw]
retention = "30d"
labels = ["label.l"]

[variable.region]
values = ["eu", "us"]
labels = ["label.l"]

[dbrp.old]
database = "old"
bucket = "bucket.raw"
default = true

[scraper.self]
url = "http://127.0.0.1:1/metrics"
bucket = "bucket.raw"

[remote.edge]
url = "http://127.0.0.1:1"
remote_org = "0123456789abcdef"
token = { file = "password" }

[replication.raw]
remote = "remote.edge"
bucket = "bucket.raw"
remote_bucket = "there"
"#;

/// What works in an org.
const WORK: &str = r#"
[label.l]

[bucket.raw]
retention = "30d"

[telegraf.hosts]
config = "[[inputs.cpu]]\n"
labels = ["label.l"]

[secret.smtp]
value = { file = "password" }

[notification_endpoint.hook]
http = { url = "http://127.0.0.1:1", token = { file = "password" } }
labels = ["label.l"]

[notification_rule.hook]
endpoint = "notification_endpoint.hook"
every = "1m"
on = ["crit"]
labels = ["label.l"]

[task.hourly]
every = "1h"
flux = 'from(bucket: "raw") |> range(start: -1h)'
labels = ["label.l"]

[check.cpu]
every = "1m"
flux = 'from(bucket: "raw") |> range(start: -1m) |> filter(fn: (r) => r._field == "usage")'
when = { crit = { above = 90 } }
labels = ["label.l"]

[dashboard.plant]
cell = [{ name = "now", at = [0, 0], size = [4, 2], single_stat = {}, flux = "buckets()" }]
labels = ["label.l"]
"#;

/// Projects that have each kind between them. One with all of them would take many times as long: each of its changes is tried to
/// be lost, and is followed by all the others.
const PROJECTS: [&str; 4] = [ORGS, ACCESS, CONTENT, WORK];

/// A test of each project, so that they run side by side.
macro_rules! each_project {
    ($name:ident, async |$scene:ident, $manifest:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn of($scene: Scene, $manifest: &str) $body

            both!(orgs, async |scene| { of(scene, ORGS).await });
            both!(access, async |scene| { of(scene, ACCESS).await });
            both!(content, async |scene| { of(scene, CONTENT).await });
            both!(work, async |scene| { of(scene, WORK).await });
        }
    };
}

#[test]
fn no_kind_is_left_out() {
    for kind in Kind::ALL {
        assert!(PROJECTS.iter().any(|project| declared(project, *kind) > 0), "no project has a {kind}");
    }
}

/// How many resources of a kind `manifest` declares.
fn declared(manifest: &str, kind: Kind) -> usize {
    manifest.matches(&format!("\n[{kind}.")).count()
}

/// The project `manifest`, which may be reached through something else than the scene's server.
fn project(scene: &Scene, manifest: &str, run: &str, url: &str) -> Project {
    let project = Project::new(scene).through(url, scene.server.token());
    project.write("password", PASSWORD);
    project.declare(&manifest.replace("{run}", run));
    project
}

/// How many objects of each kind a scene has of what a run declares, the ledger's labels included.
async fn counts(scene: &Scene, run: &str) -> BTreeMap<Kind, usize> {
    let token = scene.server.token();
    let client = Connect::new(scene.server.url().parse().unwrap(), Some(token.into())).client().unwrap();
    let mut counts = BTreeMap::new();
    for kind in Kind::ALL {
        let objects = kind.list(&client, &[&scene.org], ReadScope::NOTHING).await.unwrap();
        let of_run = |object: &&Object| kind.spec().level == Level::Org || object.name.ends_with(run);
        let counted = objects.iter().filter(of_run).filter(|object| object.standing != Standing::System);
        counts.insert(*kind, counted.count());
    }
    counts
}

/// Each thing that `manifest` declares once, the plan empty, the secret working; nothing is left after a destroy.
async fn whole(scene: &Scene, project: &Project, manifest: &str, run: &str, what: &str) {
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{what}: the plan is not empty\n{}", lines(&planned.plan));
    assert!(planned.ledger.intents.is_empty(), "{what}: {:?}", planned.ledger.intents);
    // The ledger: its head and one page.
    let ledger = |kind: Kind| if kind == Kind::Label { 2 } else { 0 };
    let expected = Kind::ALL.iter().map(|kind| (*kind, declared(manifest, *kind) + ledger(*kind)));
    assert_eq!(counts(scene, run).await, expected.collect(), "{what}");
    if declared(manifest, Kind::Token) > 0 {
        let secret = std::fs::read_to_string(project.path().join("secrets/ingest")).unwrap();
        let http = scene.http.with_token(&secret);
        let written = http.post_text(&format!("write?org={}&bucket=raw", scene.org), "").await;
        assert_eq!(written.status, 204, "{what}: {}", written.text);
    }
    assert!(signs_in(scene, manifest, run).await, "{what}: the user cannot sign in");
    project.destroy().await;
    let left = counts(scene, run).await;
    assert!(left.values().all(|count| *count == 0), "{what}: something is left: {left:?}");
}

/// Whether the user of `manifest`, and the token of InfluxDB 1.x, if it has them, have the password.
async fn signs_in(scene: &Scene, manifest: &str, run: &str) -> bool {
    if declared(manifest, Kind::User) > 0 && scene.sign_in(&format!("ann-{run}"), PASSWORD).await.status != 204 {
        return false;
    }
    // No database is written to: who is let in learns that there is none.
    let login = format!("/write?db=no-such-database&u=old-{run}&p={PASSWORD}");
    declared(manifest, Kind::V1Token) == 0 || scene.server.anonymous().post_text(&login, "").await.status == 404
}

/// Whether a request changes something.
fn mutates(method: &Method, path: &str) -> bool {
    *method != Method::GET && path != "/api/v2/query"
}

/// Deletes the lock of a run that is dead: its process is this one, which lives, so that only time would free it.
pub(crate) async fn unlock(scene: &Scene) {
    let reply = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    for label in reply["labels"].as_array().unwrap() {
        if label["name"] == "fluxform/p/lock" {
            scene.http.delete(&format!("labels/{}", label["id"].as_str().unwrap())).await.expect(204);
        }
    }
}

/// Applies `manifest` through a proxy that does `fate` to the mutation number `at`, and then again without one. Gives whether
/// there were so many.
async fn lose(scene: &Scene, manifest: &str, at: usize, fate: Fate) -> bool {
    let run = unique("run");
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let what = format!("{fate:?} of mutation {at}");
    let proxy = Proxy::start(scene.server.url(), move |request| {
        let hit = mutates(request.method, request.path) && count.fetch_add(1, Ordering::Relaxed) == at;
        if hit { fate.clone() } else { Fate::Pass }
    })
    .await;
    let project = project(scene, manifest, &run, proxy.url());
    let (_keep, stop) = watch::channel(None);
    let planned = project.plan(Goal::Declared).await;
    // It may fail: what counts is that it says so, and that the next one succeeds.
    let mut report = Report::default();
    if let Ok(planned) = &planned {
        let _ = project.attempt(planned, Goal::Declared, stop, &mut |event| report.fold(&event)).await;
    }
    let reached = seen.load(Ordering::Relaxed) > at;
    unlock(scene).await;
    let project = project.through(scene.server.url(), scene.server.token());
    let planned = project.plan(Goal::Declared).await.unwrap();
    let all_done = !report.outcomes.is_empty()
        && report.outcomes.values().all(|(_, outcome)| matches!(outcome, Outcome::Done { .. }));
    let (signs_in, tasks) = (signs_in(scene, manifest, &run).await, counts(scene, &run).await[&Kind::Task]);
    let whole_now = signs_in && tasks == declared(manifest, Kind::Task);
    let found = format!("the user signs in: {signs_in}, tasks: {tasks}");
    assert!(whole_now || !all_done, "{what}: it says that all is done, and {found}: {:?}", report.outcomes);
    assert!(whole_now || planned.plan.writes(), "{what}: something is missing, and the plan is empty");
    if planned.plan.writes() {
        project.apply().await;
    }
    whole(scene, &project, manifest, &run, &what).await;
    reached
}

each_project!(each_reply_may_be_lost, async |scene, manifest| {
    let mut at = 0;
    while lose(&scene, manifest, at, Fate::LoseReply).await {
        at += 1;
    }
    assert!(at >= 8, "only {at} mutations");
});

each_project!(each_request_may_be_lost, async |scene, manifest| {
    let mut at = 0;
    while lose(&scene, manifest, at, Fate::LoseRequest).await {
        at += 1;
    }
});

/// Applies a project, which `project` reaches through a URL, until the server has done mutation number `at`, and dies. Gives the
/// project without a proxy, and whether there were so many.
pub(crate) async fn killed(scene: &Scene, at: usize, project: impl Fn(&str) -> Project) -> (Project, bool) {
    let seen = Arc::new(AtomicUsize::new(0));
    let (count, dead) = (seen.clone(), Arc::new(Notify::new()));
    let died = dead.clone();
    let proxy = Proxy::start(scene.server.url(), move |request| {
        let number = if mutates(request.method, request.path) {
            count.fetch_add(1, Ordering::Relaxed)
        } else {
            count.load(Ordering::Relaxed)
        };
        if number == at && mutates(request.method, request.path) {
            died.notify_one();
            return Fate::LoseReply;
        }
        if number > at { Fate::LoseRequest } else { Fate::Pass }
    })
    .await;
    let project = project(proxy.url());
    let run_once = async {
        let (_keep, stop) = watch::channel(None);
        // It may fail: what counts is that the next one succeeds.
        if let Ok(planned) = project.plan(Goal::Declared).await {
            let _ = project.attempt(&planned, Goal::Declared, stop, &mut |_| {}).await;
        }
    };
    tokio::select! {
        () = run_once => {}
        () = dead.notified() => {}
    }
    let reached = seen.load(Ordering::Relaxed) > at;
    // What the dead run had sent is done by the server before anything else is asked of it.
    proxy.settle().await;
    unlock(scene).await;
    (project.through(scene.server.url(), scene.server.token()), reached)
}

/// Applies `manifest` until the server has done mutation number `at`, and dies; then applies again, or destroys.
async fn die(scene: &Scene, manifest: &str, at: usize, then: Goal) -> bool {
    let run = unique("run");
    let (project, reached) = killed(scene, at, |url| project(scene, manifest, &run, url)).await;
    let planned = project.plan(then).await.unwrap();
    let codes: Vec<_> = planned.plan.refusals.iter().map(|problem| &problem.diagnostic.message).collect();
    assert!(codes.is_empty(), "death after mutation {at}: {codes:?}\n{}", lines(&planned.plan));
    let whole_now = signs_in(scene, manifest, &run).await;
    let then_is_whole = whole_now || then == Goal::Destroyed;
    assert!(
        then_is_whole || planned.plan.writes(),
        "death after mutation {at}: nobody can sign in, and the plan is empty"
    );
    if then == Goal::Destroyed {
        project.destroy().await;
        let left = counts(scene, &run).await;
        assert!(left.values().all(|count| *count == 0), "death after mutation {at}: something is left: {left:?}");
        return reached;
    }
    if planned.plan.writes() {
        project.apply().await;
    }
    whole(scene, &project, manifest, &run, &format!("death after mutation {at}")).await;
    reached
}

each_project!(a_run_may_die_after_each_mutation, async |scene, manifest| {
    let mut at = 0;
    while die(&scene, manifest, at, Goal::Declared).await {
        at += 1;
    }
    assert!(at >= 8, "only {at} mutations");
});

each_project!(a_run_that_died_can_be_destroyed, async |scene, manifest| {
    let mut at = 0;
    while die(&scene, manifest, at, Goal::Destroyed).await {
        at += 1;
    }
});

both!(a_stopped_run_finishes_what_is_under_way_and_goes_on_next_time, async |scene| {
    let run = unique("run");
    let project = project(&scene, CONTENT, &run, scene.server.url());
    let planned = project.plan(Goal::Declared).await.unwrap();
    let (stopper, stop) = watch::channel(None);
    let mut report = Report::default();
    let applied = project
        .attempt(&planned, Goal::Declared, stop, &mut |event| {
            if matches!(event, Event::Ended { outcome: Outcome::Done { .. }, .. }) {
                stopper.send_replace(Some(Exit::Interrupted));
            }
            report.fold(&event);
        })
        .await;
    assert!(matches!(applied, Ok(Applied::Done)));
    assert_eq!(report.exit(), Exit::Interrupted);
    let left = report.outcomes.values().filter(|(_, outcome)| matches!(outcome, Outcome::NotStarted)).count();
    assert!(left > 0);
    project.apply().await;
    whole(&scene, &project, CONTENT, &run, "stopped").await;
});

both!(a_sink_that_fails_leaves_no_token_and_the_next_apply_makes_another, async |scene| {
    let project = Project::new(&scene);
    let with = |command: &str| {
        format!("[bucket.raw]\n\n[token.t]\nread = [\"bucket.raw\"]\ndeliver = {{ command = {command} }}\n")
    };
    project.declare(&with("[\"sh\", \"-c\", \"exit 3\"]"));
    let fails = async || {
        let planned = project.plan(Goal::Declared).await.unwrap();
        let (_keep, stop) = watch::channel(None);
        let mut report = Report::default();
        project.attempt(&planned, Goal::Declared, stop, &mut |event| report.fold(&event)).await.unwrap();
        let failed = report.outcomes.values().find_map(|(_, outcome)| match outcome {
            Outcome::Failed(problem) => Some(problem.exit),
            _ => None,
        });
        assert_eq!(failed, Some(Exit::Secret));
    };
    fails().await;
    let tokens = async || {
        let reply = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
        reply["authorizations"].as_array().unwrap().clone()
    };
    let status =
        |tokens: &[Value]| tokens.iter().map(|token| token["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    fails().await;
    assert_eq!(status(&tokens().await), [""; 0]);
    let kept = project.path().join("kept");
    project.declare(&with(&format!("[\"sh\", \"-c\", \"cat > '{}'\"]", kept.display())));
    project.apply().await;
    let now = tokens().await;
    assert_eq!(status(&now), ["active"]);
    assert_eq!(now[0]["description"], "t");

    // A program that could not be started has nothing: a rotation leaves the token that works, and nothing else.
    let unstarted = project.path().join("unstarted");
    std::fs::write(&unstarted, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&unstarted, std::fs::Permissions::from_mode(0o700)).unwrap();
    project.declare(&with("[\"./unstarted\"]").replace("read =", "write ="));
    fails().await;
    fails().await;
    assert_eq!(tokens().await, now);

    // One that was started may have kept each that it was given.
    project.declare(&with("[\"sh\", \"-c\", \"exit 3\"]").replace("read =", "write ="));
    fails().await;
    assert_eq!(status(&tokens().await), ["active"; 2]);
    fails().await;
    assert_eq!(status(&tokens().await), ["active"; 3]);
    project.declare(&with(&format!("[\"sh\", \"-c\", \"cat > '{}'\"]", kept.display())));
    project.apply().await;
    assert_eq!(status(&tokens().await), ["active"]);
    project.declare(&with(&format!("[\"sh\", \"-c\", \"cat > '{}'\"]", kept.display())));
    let secret = std::fs::read_to_string(&kept).unwrap();
    let reply = scene.http.with_token(secret.trim()).get(&format!("buckets?orgID={}&name=raw", scene.org)).await;
    assert_eq!(reply.expect(200)["buckets"].as_array().unwrap().len(), 1);
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});

both!(of_two_runs_at_once_one_waits_and_sees_that_the_plan_is_stale, async |scene| {
    let run = unique("run");
    let project = project(&scene, ACCESS, &run, scene.server.url());
    let (one, two) = (project.plan(Goal::Declared).await.unwrap(), project.plan(Goal::Declared).await.unwrap());
    let (_keep, stop) = watch::channel(None);
    let (mut tell, mut tell_too) = (|_: Event| {}, |_: Event| {});
    let (one, two) = tokio::join!(
        project.attempt(&one, Goal::Declared, stop.clone(), &mut tell),
        project.attempt(&two, Goal::Declared, stop, &mut tell_too),
    );
    let stale = [one.unwrap(), two.unwrap()].into_iter().filter_map(|applied| match applied {
        Applied::Done => None,
        Applied::Unready(problems) => panic!("{problems:?}"),
        Applied::Stale(planned) => Some(planned.plan.writes()),
    });
    assert_eq!(stale.collect::<Vec<_>>(), [false], "one is stale and has nothing left to do");
    whole(&scene, &project, ACCESS, &run, "two runs").await;
});

#[test]
fn ten_thousand_resources_are_planned() {
    crate::support::run(crate::support::Backend::Embedded, module_path!(), async |scene: Scene| {
        let project = Project::new(&scene);
        let keys: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\"")).collect();
        project.declare(&format!(
            "[label.l]\nfor_each = [{}]\n\n[bucket.b]\nfor_each = \"label.l\"\nlabels = [\"label.l[each]\"]\n",
            keys.join(", ")
        ));
        let planned = project.plan(Goal::Declared).await.unwrap();
        assert_eq!(planned.plan.counts().add, 10_000);
        let after = planned.plan.changes.iter().position(|change| change.address.kind == Kind::Bucket).unwrap();
        assert!(after > 0);
    });
}
