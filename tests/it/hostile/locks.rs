//! Locks that make no sense, clocks that lie, and taking a lock away.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{at, directly, has, past, project, words};
use crate::support::{Forger, Scene, both, id};

/// A lock of project `p` that nobody renews.
async fn locked(scene: &Scene, expires: &str) -> String {
    let properties = json!({"fluxform": "lock", "project": "p", "nonce": "x", "holder": "old@host pid 1",
        "run": "https://ci.example/7", "expires": expires});
    let body = json!({"orgID": scene.org, "name": "fluxform/p/lock", "properties": properties});
    id(&scene.http.post("labels", body).await.expect(201)["label"])
}

async fn labels(scene: &Scene) -> Vec<Value> {
    let all = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    all["labels"].as_array().unwrap().clone()
}

both!(a_lock_without_an_end_is_not_stolen_and_can_be_released, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    let lock = locked(&scene, &u64::MAX.to_string()).await;
    let held = directly(&scene, "apply", dir.path()).args(&["--lock-timeout", "1s"]).run().with(7);
    has(&held.err, "locked by old@host pid 1");
    has(&held.err, "fluxform lock release");
    assert_eq!(labels(&scene).await.iter().map(id).collect::<Vec<_>>(), [lock]);
    let url = scene.server.url();
    let shown = words(url, &scene, &["lock", "show"], dir.path()).run().with(0);
    insta::allow_duplicates! { insta::assert_snapshot!(shown.out) };
    let json = words(url, &scene, &["lock", "show", "--format=json"], dir.path()).run().with(0).json();
    assert_eq!((json["lock"]["holder"].as_str(), json["project"].as_str()), (Some("old@host pid 1"), Some("p")));
    has(&words(url, &scene, &["lock", "release"], dir.path()).run().with(64).err, "--auto-approve");
    let freed = words(url, &scene, &["lock", "release", "--auto-approve"], dir.path()).run().with(0);
    assert_eq!(freed.out, "The lock is free.\n");
    has(&freed.err, "held by old@host pid 1");
    let again = words(url, &scene, &["lock", "release", "--auto-approve"], dir.path()).run().with(0);
    assert_eq!(again.out, "The lock is free: nothing to release.\n");
    let free = words(url, &scene, &["lock", "show", "--format=json"], dir.path()).run().with(0).json();
    assert_eq!(free["lock"], Value::Null);
    directly(&scene, "apply", dir.path()).run().with(0);
});

both!(a_release_is_asked_for_at_a_terminal, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    let lock = locked(&scene, "1").await;
    let mut no = words(scene.server.url(), &scene, &["lock", "release"], dir.path()).at_terminal();
    no.until_shows("old@host pid 1");
    no.until_shows("Only `yes` will be accepted");
    no.types("no");
    assert_eq!(no.wait().0, Some(9));
    assert_eq!(labels(&scene).await.iter().map(id).collect::<Vec<_>>(), [lock]);
    let mut yes = words(scene.server.url(), &scene, &["lock", "release"], dir.path()).at_terminal();
    yes.until_shows("Only `yes` will be accepted");
    yes.types("yes");
    assert_eq!(yes.wait().0, Some(0));
    assert_eq!(labels(&scene).await, [Value::Null; 0]);
});

both!(a_lock_that_has_another_holder_by_now_is_6, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    locked(&scene, "1").await;
    // It is read before it is shown, and again before it is deleted.
    let reads = AtomicUsize::new(0);
    let forger = Forger::before(scene.server.url(), move |said| {
        if said.is("GET /api/v2/labels") && reads.fetch_add(1, Ordering::SeqCst) > 0 {
            said.change(|json| json["labels"][0]["properties"]["nonce"] = json!("y"));
        }
    });
    let ended = words(forger.url(), &scene, &["lock", "release", "--auto-approve"], dir.path()).run().with(6);
    has(&ended.err, "now has another holder");
    assert_eq!(labels(&scene).await.len(), 1);
});

both!(a_clock_that_jumps_is_5_and_one_that_is_missing_too, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    for (dates, words) in [
        (vec!["Wed, 01 Dec 9999 00:00:00 GMT", "Mon, 23 Nov 2026 21:20:23 GMT"], "disagree about the time"),
        (vec!["Mon, 23 Nov 2026 21:20:23 GMT", "Mon, 23 Nov 2026 20:20:23 GMT"], "disagree about the time"),
        (vec![], "no `Date` header"),
    ] {
        let count = AtomicUsize::new(0);
        let forger = Forger::before(scene.server.url(), move |said| {
            said.headers.remove("date");
            let n = count.fetch_add(1, Ordering::SeqCst);
            match dates.get(n % dates.len().max(1)) {
                Some(date) => said.header("date", date),
                // A server of ours adds its own where there is none; one that cannot be read counts as none.
                None => said.header("date", "soon"),
            }
        });
        has(&past(&forger, &scene, "apply", dir.path()).run().with(5).err, words);
        assert_eq!(labels(&scene).await, [Value::Null; 0]);
    }
    // One that is wrong and consistent is a clock.
    let forger = Forger::before(scene.server.url(), |said| said.header("date", "Wed, 01 Dec 2027 00:00:00 GMT"));
    at(forger.url(), &scene, "apply", dir.path()).run().with(0);
});
