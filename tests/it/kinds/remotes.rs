//! Remotes, beside what all kinds have in common.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::{Fate, Proxy, Scene, both};
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
