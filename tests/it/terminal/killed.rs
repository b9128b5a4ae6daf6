//! `kill -9` of an apply: the next one takes over at once and finishes the work.

use super::super::support::{Relay, Scene, both};
use super::{Place, RESOURCES};

/// Which write of the run is its last: the first one takes the lock, then come the ledger's head and page.
const LAST: [usize; 4] = [2, 5, 9, 13];

both!(the_next_apply_finishes_what_a_killed_one_began, async |scene| {
    for last in LAST {
        let scene = Scene::on(scene.server.backend()).await;
        let place = Place::new(&scene, RESOURCES);
        let relay = Relay::to(scene.server.url()).hold_after(last);
        let run = place.apply_by(relay.url()).start();
        relay.until_writes(last + 1).await;
        run.kill();
        drop(relay);
        place.converges().await;
    }
});

both!(what_was_done_without_a_reply_is_not_done_again, async |scene| {
    for last in LAST {
        let scene = Scene::on(scene.server.backend()).await;
        let place = Place::new(&scene, RESOURCES);
        let relay = Relay::to(scene.server.url()).lose_replies_after(last - 1);
        let run = place.apply_by(relay.url()).start();
        relay.until_done(last).await;
        run.kill();
        drop(relay);
        place.converges().await;
    }
});
