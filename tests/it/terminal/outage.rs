//! The server goes away in the middle.

use super::super::support::{Relay, both};
use super::{Place, RESOURCES};

both!(what_was_done_is_reported_and_the_next_apply_goes_on, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let mut relay = Relay::to(scene.server.url()).hold_after(8);
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(9).await;
    relay.go_away();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(3), "{out}{err}");
    assert!(out.contains("Applied:") && out.contains("Failed:") && out.contains("Apply incomplete."), "{out}{err}");
    place.converges().await;
});

both!(where_nothing_was_done_the_server_is_unavailable, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let mut relay = Relay::to(scene.server.url()).hold_after(0);
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(1).await;
    relay.go_away();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(5), "{out}{err}");
    place.converges().await;
});
