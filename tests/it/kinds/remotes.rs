//! Remotes, beside what all kinds have in common.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::{ABSENT, Backend, Fate, Proxy, Scene, both};
use crate::terminal::Place;

/// The bodies of the changes that a run sends to remotes.
async fn changes(scene: &Scene) -> (Proxy, Arc<Mutex<Vec<Value>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let proxy = Proxy::start(scene.server.url(), move |request| {
        if request.method == "PATCH" && request.path.contains("/remotes/") {
            seen.lock().unwrap().push(serde_json::from_slice(request.body).unwrap());
        }
        Fate::Pass
    });
    (proxy.await, sent)
}

both!(a_token_goes_only_where_the_plan_has_seen_that_it_goes, async |scene| {
    let project = |more: &str| {
        format!(
            "[remote.hq]\nurl = \"http://a\"\nremote_org = \"0123456789abcdef\"\ntoken = {{ file = \"hq\" }}\n{more}"
        )
    };
    let place = Place::new(&scene, &project(""));
    std::fs::write(place.path().join("hq"), "S3KR1T-1").unwrap();
    place.apply().run().with(0);
    let (proxy, sent) = changes(&scene).await;
    for more in ["token_version = 1\n", "token_version = 2\nlifecycle = { ignore = [\"url\"] }\n"] {
        place.declare(&project(more));
        place.apply_by(proxy.url()).run().with(0);
        let body = sent.lock().unwrap().pop().unwrap();
        assert_eq!((&body["remoteURL"], &body["remoteAPIToken"]), (&"http://a".into(), &"S3KR1T-1".into()), "{body}");
    }
});

both!(a_replication_is_tried_before_it_is_made, async |scene| {
    let token = scene.server.token();
    let there = scene.bucket("there").await;
    let manifest = |more: &str| {
        format!(
            "[bucket.raw]\n\n[remote.hq]\nurl = \"{}\"\nremote_org = \"{}\"\ntoken = {{ file = \"token\" }}\n\n\
             [remote.closed]\nurl = \"{}\"\nremote_org = \"{}\"\ntoken = {{ file = \"wrong\" }}\n\n{more}",
            scene.server.url(),
            scene.org,
            scene.server.url(),
            scene.org,
        )
    };
    let one = |remote: &str, bucket: &str| {
        format!(
            "[replication.r]\nremote = \"remote.{remote}\"\nbucket = \"bucket.raw\"\nremote_bucket_id = \"{bucket}\"\n"
        )
    };
    let place = Place::new(&scene, &manifest(""));
    std::fs::write(place.path().join("token"), token).unwrap();
    std::fs::write(place.path().join("wrong"), "wrong").unwrap();
    let list =
        async || scene.http.get(&format!("replications?orgID={}", scene.org)).await.expect(200)["replications"].clone();
    let warned = |remote: &str, bucket: &str, why: &str| {
        place.declare(&manifest(&one(remote, bucket)));
        let said = place.on("plan").run().with(0);
        assert!(said.out.contains("replication.r"), "{}", said.out);
        let warns = scene.server.backend() == Backend::Real && !why.is_empty();
        assert_eq!(said.err.contains("plan::would-fail"), warns, "{}", said.err);
        assert!(!warns || said.words().contains(why), "{}", said.err);
    };
    // The remote is not there yet.
    warned("hq", ABSENT, "");
    place.declare(&manifest(""));
    place.apply().run().with(0);
    warned("hq", &there, "");
    warned("hq", ABSENT, "invalid response code 404, must be 204: 404 Not Found: bucket");
    warned("closed", &there, "invalid response code 401, must be 204: 401 Unauthorized: unauthorized access");
    assert_eq!(list().await, Value::Null);
    place.declare(&manifest(&one("hq", &there)));
    place.apply().run().with(0);
    let made = list().await;
    warned("closed", &there, "401 Unauthorized");
    assert_eq!(list().await, made);
});
