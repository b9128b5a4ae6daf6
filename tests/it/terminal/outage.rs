//! The server goes away in the middle.

use super::super::support::{Relay, both};
use super::{Place, RESOURCES};

/// The tries that the lines about waiting announce, in their order.
fn tries(err: &str) -> Vec<usize> {
    // A long line goes on in the next.
    let words = err.split_whitespace().collect::<Vec<_>>().join(" ");
    let waits = words.split("waiting: the server does not answer (").skip(1);
    waits.filter_map(|wait| wait.split_once(" of 5)")?.0.rsplit_once('(')?.1.parse().ok()).collect()
}

both!(what_was_done_is_reported_and_the_next_apply_goes_on, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let mut relay = Relay::to(scene.server.url()).hold_after(8);
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(9).await;
    relay.go_away();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(3), "{out}{err}");
    assert!(out.contains("Applied:") && out.contains("Failed:") && out.contains("Apply incomplete."), "{out}{err}");
    let waits = tries(&err);
    assert!(
        waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits.last() == Some(&5),
        "waits are told in order: {err}"
    );
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
