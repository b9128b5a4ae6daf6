//! `kill -9` of an apply: the next one takes over at once and finishes the work.

use super::super::support::{Relay, Running, Scene, both};
use super::{Place, RESOURCES, on, project};

/// Which write of the run is its last: the first one takes the lock, then come the ledger's head and page.
const LAST: [usize; 4] = [2, 5, 9, 13];

/// A project whose first apply was killed after so many writes.
async fn killed_after(scene: &Scene, last: usize) -> Place<'_> {
    let place = Place::new(scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(last);
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(last + 1).await;
    run.kill();
    relay.end().await;
    place
}

both!(the_next_apply_finishes_what_a_killed_one_began, async |scene| {
    for last in LAST {
        let scene = scene.beside().await;
        let place = killed_after(&scene, last).await;
        place.converges().await;
    }
});

both!(what_was_done_without_a_reply_is_not_done_again, async |scene| {
    for last in LAST {
        let scene = scene.beside().await;
        let place = Place::new(&scene, RESOURCES);
        let relay = Relay::to(scene.server.url()).lose_replies_after(last - 1);
        let run = place.apply_by(relay.url()).start();
        relay.until_done(last).await;
        run.kill();
        relay.end().await;
        place.converges().await;
    }
});

both!(no_apply_is_stale_right_after_a_kill_nor_beside_another_one, async |scene| {
    for last in (1..=19).step_by(3) {
        let scene = scene.beside().await;
        let place = killed_after(&scene, last).await;
        let racers = [place.apply().start(), place.apply().start()];
        for (status, out, err) in racers.map(Running::wait) {
            assert!(status.success(), "after {last} writes: {status}\n{out}{err}");
        }
        place.converges().await;
    }
});

both!(who_waits_for_a_run_that_dies_takes_over, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let first = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    let second = place.apply().start();
    second.until_says("Waiting for the lock, held by");
    first.kill();
    let (status, out, err) = second.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(!place.locked().await, "the lock is left");
    place.converges().await;
});

#[test]
fn the_embedded_server_dies_with_its_run_and_nothing_is_lost() {
    let manifest = r#"
[project]
name = "p"
[server]
url = "embedded:dev.db"
org = "acme"
[bucket.b]
for_each = ["1", "2", "3", "4", "5", "6", "7", "8"]
retention = "1d"
[token.k]
for_each = "bucket.b"
write = ["bucket.b[each]"]
deliver = { file = "secrets/${each.key}.token" }
"#;
    let dir = project(manifest);
    for said in ["created bucket.b[1]", "created bucket.b[4]", "created token.k"] {
        let run = on("apply", dir.path()).arg("--auto-approve").start();
        run.until_says(said);
        run.kill();
        on("apply", dir.path()).arg("--auto-approve").run().with(0);
        on("plan", dir.path()).arg("--detailed-exitcode").run().with(0);
        let keys = std::fs::read_dir(dir.path().join("secrets")).unwrap().count();
        assert_eq!(keys, 8);
        on("destroy", dir.path()).arg("--auto-approve").run().with(0);
    }
}
