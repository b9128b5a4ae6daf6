//! A project that makes its home org: the org is there before ledger and lock, so nothing else can tell of a run that ends
//! in between.

use serde_json::json;
use tempfile::TempDir;

use super::super::support::{Fate, Proxy, Relay, Scene, both, id, unique};
use super::{Fluxform, on, project};

/// A project whose home org is called `org`.
fn home(org: &str) -> TempDir {
    project(&format!(
        r#"
[project]
name = "p"
[server]
org = "{org}"
[org.home]
name = "{org}"
description = "Ours"
[bucket.b]
"#
    ))
}

fn by(scene: &Scene, url: &str, command: &str, dir: &TempDir) -> Fluxform {
    on(command, dir.path()).var("INFLUX_HOST", url).var("INFLUX_TOKEN", scene.server.token())
}

/// Applies, and looks: the org is there once, as declared, and nothing is left to do.
async fn converges(scene: &Scene, org: &str, dir: &TempDir) {
    by(scene, scene.server.url(), "apply", dir).arg("--auto-approve").run().with(0);
    by(scene, scene.server.url(), "plan", dir).arg("--detailed-exitcode").run().with(0);
    let orgs = scene.http.get(&format!("orgs?org={org}")).await.expect(200);
    assert_eq!(orgs["orgs"].as_array().unwrap().len(), 1);
    assert_eq!(orgs["orgs"][0]["description"], "Ours");
    let buckets = scene.http.get(&format!("buckets?org={org}&name=b")).await.expect(200);
    assert_eq!(buckets["buckets"].as_array().unwrap().len(), 1);
}

both!(a_run_that_dies_while_it_makes_its_home_org_is_taken_up, async |scene| {
    // The org, the lock, the ledger's head and page, the bucket, the record of it.
    for last in 1..=6 {
        let org = unique("home");
        let dir = home(&org);
        let relay = Relay::to(scene.server.url()).lose_replies_after(last - 1);
        let run = by(&scene, relay.url(), "apply", &dir).arg("--auto-approve").start();
        relay.until_done(last).await;
        run.kill();
        drop(relay);
        converges(&scene, &org, &dir).await;
    }
});

both!(the_home_org_is_added_by_the_plan_that_was_reviewed, async |scene| {
    for saved in [false, true] {
        let dir = home(&unique("home"));
        let plan = by(&scene, scene.server.url(), "plan", &dir).arg("--out=p.plan").arg("--format=json").run().with(0);
        assert!(!plan.out.contains("\"unverified\": true"), "{}", plan.out);
        let digest = plan.json()["plan"]["plan_digest"].clone();
        let file = dir.path().join("p.plan");
        by(&scene, scene.server.url(), "plan", &dir).arg("--out").arg(&file).run().with(0);
        let apply = match saved {
            true => on("apply", &file).arg(dir.path()),
            false => on("apply", dir.path()).arg("--auto-approve"),
        };
        let apply = apply.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
        let apply = apply.arg("--format=json").run().with(0).json();
        assert_eq!((&apply["report"]["plan_digest"], &apply["plan"]["plan_digest"]), (&digest, &digest));
        let actions: Vec<_> =
            apply["report"]["results"].as_array().unwrap().iter().map(|result| result["action"].clone()).collect();
        assert_eq!(actions, ["create", "create"], "{apply:#}");
        let status = by(&scene, scene.server.url(), "status", &dir).arg("--format=json").run().with(0).json();
        assert_eq!(status["last_apply"]["plan_digest"], digest);
    }
});

both!(the_reply_to_making_the_home_org_may_be_lost, async |scene| {
    for fate in [Fate::LoseReply, Fate::LoseRequest] {
        let org = unique("home");
        let dir = home(&org);
        let mut first = true;
        let proxy = Proxy::start(scene.server.url(), move |request| {
            let hit = first && request.method == "POST" && request.path == "/api/v2/orgs";
            first &= !hit;
            if hit { fate.clone() } else { Fate::Pass }
        })
        .await;
        by(&scene, proxy.url(), "apply", &dir).arg("--auto-approve").run().with(0);
        let shown = by(&scene, scene.server.url(), "show", &dir).arg("org.home").run().with(0);
        assert!(shown.out.contains("origin  created"), "{}", shown.out);
        converges(&scene, &org, &dir).await;
    }
});

both!(a_home_org_that_is_as_declared_is_adopted_without_a_question, async |scene| {
    let org = unique("home");
    scene.http.post("orgs", json!({"name": org, "description": "Ours"})).await.expect(201);
    let dir = home(&org);
    let plan = by(&scene, scene.server.url(), "plan", &dir).run().with(0);
    assert!(plan.out.contains("org.home: takes over"), "{}", plan.out);
    converges(&scene, &org, &dir).await;
    by(&scene, scene.server.url(), "destroy", &dir).arg("--auto-approve").run().with(0);
    scene.http.get(&format!("orgs?org={org}")).await.expect(200);
});

both!(a_home_org_that_would_be_changed_is_not_adopted_without_consent, async |scene| {
    let org = unique("home");
    let made = scene.http.post("orgs", json!({"name": org, "description": "Theirs"})).await.expect(201);
    let dir = home(&org);
    let refused = by(&scene, scene.server.url(), "apply", &dir).arg("--auto-approve").run().with(8);
    assert!(refused.err.contains("org.home") && refused.err.contains("--adopt"), "{}", refused.err);
    let path = format!("orgs/{}", id(&made));
    assert_eq!(scene.http.get(&path).await.expect(200), made, "nothing was written");
    by(&scene, scene.server.url(), "apply", &dir).arg("--auto-approve").arg("--adopt").run().with(0);
    converges(&scene, &org, &dir).await;
});
