//! The server changes between the plan and the lock.

use serde_json::json;

use super::super::support::{Relay, Scene, both, id};
use super::Place;

/// A bucket of one day that is to become one of two; `relay` holds the lock back.
async fn place(scene: &Scene) -> (Place<'_>, Relay, String) {
    let place = Place::new(scene, "[bucket.raw]\nretention = \"1d\"\n");
    place.apply().run().with(0);
    place.declare("[bucket.raw]\nretention = \"2d\"\n");
    let buckets = place.list("buckets", "buckets").await;
    let bucket = id(buckets.as_array().unwrap().iter().find(|bucket| bucket["name"] == "raw").unwrap());
    (place, Relay::to(scene.server.url()).hold_after(0), bucket)
}

async fn days(scene: &Scene, bucket: &str) -> i64 {
    let bucket = scene.http.get(&format!("buckets/{bucket}")).await.expect(200);
    bucket["retentionRules"][0]["everySeconds"].as_i64().unwrap() / 86400
}

async fn set_days(scene: &Scene, bucket: &str, days: i64) {
    let rules = json!({"retentionRules": [{"type": "expire", "everySeconds": days * 86400}]});
    scene.http.patch(&format!("buckets/{bucket}"), rules).await.expect(200);
}

both!(what_is_approved_beforehand_is_the_plan_under_the_lock, async |scene| {
    let (place, relay, bucket) = place(&scene).await;
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(1).await;
    set_days(&scene, &bucket, 9).await;
    relay.release();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(err.contains("The server has changed since the plan was shown"), "{err}");
    assert!(out.contains("\"1d\" -> \"2d\"") && out.contains("\"9d\" -> \"2d\""), "{out}");
    assert_eq!(days(&scene, &bucket).await, 2);
    assert!(!place.locked().await, "the lock is left");
});

both!(guards_are_asked_about_the_plan_under_the_lock, async |scene| {
    let (place, relay, bucket) = place(&scene).await;
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(1).await;
    set_days(&scene, &bucket, 9).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let point = format!("m v=1 {}000000000", now - 5 * 86400);
    scene.http.post_text(&format!("write?orgID={}&bucket=raw", scene.org), &point).await.expect(204);
    relay.release();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(8), "{out}{err}");
    assert!(err.contains("would lose data"), "{err}");
    assert_eq!(days(&scene, &bucket).await, 9);
    assert!(!place.locked().await, "the lock is left");
});

both!(at_a_terminal_the_new_plan_is_shown, async |scene| {
    for (answer, code, after) in [("no", 9, 9), ("yes", 0, 2)] {
        let (place, relay, bucket) = place(&scene).await;
        let mut run = place.by(relay.url(), "apply").at_terminal();
        run.until_shows("Only `yes` will be accepted: ");
        run.types("yes");
        relay.until_writes(1).await;
        set_days(&scene, &bucket, 9).await;
        relay.release();
        run.until_shows("The server has changed since the plan was shown");
        run.until_shows("9d");
        run.until_shows("Only `yes` will be accepted: ");
        run.types(answer);
        let (ended, shown) = run.wait();
        assert_eq!(ended, Some(code), "{shown}");
        assert_eq!(days(&scene, &bucket).await, after);
        assert!(!place.locked().await, "the lock is left");
        place.on("destroy").arg("--auto-approve").run().with(0);
    }
});

both!(what_somebody_else_has_done_needs_no_consent, async |scene| {
    let (place, relay, bucket) = place(&scene).await;
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(1).await;
    set_days(&scene, &bucket, 2).await;
    relay.release();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(out.contains("No changes."), "{out}{err}");
});
