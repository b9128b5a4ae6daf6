//! `kill -9` at each step of a token's rotation: whoever reads a sink has a secret that works, and the next run finishes.

use std::time::Duration;

use reqwest::Method;

use super::super::cli::fluxform::Fluxform;
use super::super::support::{Fate, Proxy, Relay, Scene, both, column, id, once_there, until_gone};
use super::{Place, sorted};

/// A token with a sink of each sort. Its rights change with `more`, which takes another token.
fn resources(more: bool) -> String {
    let more = if more { ", \"bucket.more\"" } else { "" };
    format!(
        "[bucket.raw]\n\n[bucket.more]\n\n[token.t]\nwrite = [\"bucket.raw\"{more}]\n\
         deliver = [{{ file = \"t.token\" }}, {{ env_file = \"app.env\", key = \"T\" }}, {{ command = [\"/bin/sh\", \"keep\"] }}]\n"
    )
}

/// Where a run dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Its next write does not reach the server.
    Before,
    /// The server does its last write, and the run does not hear of it.
    After,
}

struct Rotation<'a> {
    place: Place<'a>,
    scene: &'a Scene,
    more: bool,
}

impl<'a> Rotation<'a> {
    fn new(scene: &'a Scene) -> Self {
        let place = Place::new(scene, &resources(false));
        // What each program got, in order; it fails as long as there is a file `broken`.
        std::fs::write(place.path().join("keep"), "cat >> kept; echo >> kept; test ! -e broken\n").unwrap();
        Self { place, scene, more: false }
    }

    fn rotate(&mut self) {
        self.more = !self.more;
        self.place.declare(&resources(self.more));
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.place.path().join(name)).ok()
    }

    /// The secret in each sink.
    fn held(&self) -> [Option<String>; 3] {
        let last = |text: String| text.lines().last().map(str::to_owned);
        let value = |text: String| text.strip_prefix("T=").map(|value| value.trim_end().to_owned());
        [self.read("t.token"), self.read("app.env").and_then(value), self.read("kept").and_then(last)]
    }

    async fn works(&self, secret: &str) -> bool {
        let write = format!("write?orgID={}&bucket=raw", self.scene.org);
        self.scene.http.with_token(secret).post_text(&write, "").await.status == 204
    }

    async fn all_work(&self, what: &str) {
        for (sink, secret) in ["file", "env file", "program"].into_iter().zip(self.held()) {
            let secret = secret.unwrap_or_else(|| panic!("{what}: the {sink} has no secret"));
            assert!(self.works(&secret).await, "{what}: what the {sink} has does not work");
        }
    }

    async fn statuses(&self) -> Vec<String> {
        let tokens = self.place.list("authorizations", "authorizations").await;
        column(&tokens, "status").into_iter().map(str::to_owned).collect()
    }

    /// Kills an apply at its write number `at`.
    async fn kill(&self, at: usize, death: Death) {
        self.kill_run(|url| self.place.apply_by(url), at, death).await;
    }

    /// Kills a run at its write number `at`.
    async fn kill_run(&self, run: impl FnOnce(&str) -> Fluxform, at: usize, death: Death) {
        let relay = Relay::to(self.scene.server.url());
        let relay = match death {
            Death::Before => relay.hold_after(at - 1),
            Death::After => relay.lose_replies_after(at - 1),
        };
        let run = run(relay.url()).start();
        match death {
            Death::Before => relay.until_writes(at).await,
            Death::After => relay.until_done(at).await,
        }
        run.kill();
        relay.end().await;
    }

    /// Applies again: one token, which is in all sinks.
    async fn converges(&self, what: &str) {
        self.place.apply().run().with(0);
        self.place.on("plan").arg("--detailed-exitcode").run().with(0);
        assert_eq!(self.statuses().await, ["active"], "{what}");
        self.is_whole(what).await;
    }

    /// One secret is in all sinks, and works; nothing is left beside them.
    async fn is_whole(&self, what: &str) {
        self.all_work(what).await;
        let [file, env, program] = self.held();
        assert!(file == env && env == program, "{what}: not the same in all sinks");
        let beside = std::fs::read_dir(self.place.path()).unwrap();
        let beside: Vec<_> = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!beside.iter().any(|name| name.contains(".fluxform-")), "{what}: {beside:?}");
        assert!(!self.place.locked().await, "{what}: the lock is left");
    }

    /// How many writes an apply takes.
    async fn writes(&self) -> usize {
        self.writes_of(|url| self.place.apply_by(url))
    }

    /// How many writes a run takes.
    fn writes_of(&self, run: impl FnOnce(&str) -> Fluxform) -> usize {
        let relay = Relay::to(self.scene.server.url());
        run(relay.url()).run().with(0);
        relay.writes()
    }

    /// Which of the writes of a run makes its token.
    fn write_that_makes_a_token(&self, run: impl FnOnce(&str) -> Fluxform) -> usize {
        let relay = Relay::to(self.scene.server.url());
        run(relay.url()).run().with(0);
        let requests = relay.requests();
        // The lock is the first.
        let writes = requests.iter().filter(|request| !request.starts_with("GET "));
        let writes: Vec<_> = writes.skip_while(|write| *write != "POST /api/v2/labels").collect();
        let makes = |write: &&&String| **write == "POST /api/v2/authorizations";
        let made = writes.iter().rposition(|write| makes(&write)).unwrap();
        // The others of its sort ask what the run may do.
        writes[..made].iter().filter(|write| !makes(write)).count() + 1
    }

    /// `fluxform rotate token.t DIR --auto-approve`, with the server at this URL.
    fn asked_by(&self, url: &str, flags: &[&str]) -> Fluxform {
        self.place.rotate_by(url, "token.t").args(flags)
    }
}

both!(at_each_step_of_a_rotation_every_sink_has_a_secret_that_works, async |scene| {
    let mut rotation = Rotation::new(&scene);
    rotation.place.apply().run().with(0);
    rotation.rotate();
    let writes = rotation.writes().await;
    assert!(writes >= 9, "{writes}");
    for death in [Death::Before, Death::After] {
        for at in 1..=writes {
            rotation.rotate();
            rotation.kill(at, death).await;
            let what = format!("{death:?} write {at} of {writes}");
            rotation.all_work(&what).await;
            rotation.converges(&what).await;
        }
    }
});

both!(a_token_that_takes_over_from_one_that_never_worked_is_active_only_once_delivered, async |scene| {
    let mut rotation = Rotation::new(&scene);
    let broken = rotation.place.path().join("broken");
    let fails = async |rotation: &Rotation<'_>| {
        std::fs::write(&broken, "").unwrap();
        rotation.place.apply().run();
        std::fs::remove_file(&broken).unwrap();
        assert!(rotation.statuses().await.iter().all(|status| status == "inactive"));
    };
    fails(&rotation).await;
    let writes = rotation.writes().await;
    for death in [Death::Before, Death::After] {
        for at in 3..=writes {
            rotation.place.declare("[bucket.raw]\n\n[bucket.more]\n");
            rotation.place.apply().run().with(0);
            rotation.rotate();
            fails(&rotation).await;
            rotation.kill(at, death).await;
            let what = format!("{death:?} write {at} of {writes}");
            if rotation.statuses().await.iter().any(|status| status == "active") {
                rotation.all_work(&what).await;
            }
            rotation.converges(&what).await;
        }
    }
});

both!(a_program_gets_a_secret_that_works_where_it_had_one, async |scene| {
    let mut rotation = Rotation::new(&scene);
    rotation.place.apply().run().with(0);
    // A program that never ends, and dies with the run.
    std::fs::write(
        rotation.place.path().join("keep"),
        "cat >> kept; echo >> kept; echo $$ > pid; mv pid running; exec sleep 600\n",
    )
    .unwrap();
    rotation.rotate();
    let run = rotation.place.apply().start();
    let running = rotation.place.path().join("running");
    let program = once_there(&running).await;
    rotation.all_work("while the program runs").await;
    run.kill();
    until_gone(program.trim()).await;
    rotation.all_work("after the program").await;
    std::fs::write(rotation.place.path().join("keep"), "cat >> kept; echo >> kept\n").unwrap();
    rotation.converges("after the program").await;
});

both!(what_a_program_was_given_before_it_failed_works, async |scene| {
    let mut rotation = Rotation::new(&scene);
    rotation.place.apply().run().with(0);
    for ends in ["exit 1", "exec sleep 600"] {
        rotation.rotate();
        let program = rotation.place.path().join("keep");
        std::fs::write(&program, format!("cat >> kept; echo >> kept; {ends}\n")).unwrap();
        let timed = resources(rotation.more).replace("\"keep\"] }", "\"keep\"], timeout = \"1s\" }");
        rotation.place.declare(&timed);
        let failed = rotation.place.apply().run().with(10);
        assert!(failed.all().contains("both tokens work"), "{}", failed.all());
        assert_eq!(rotation.statuses().await, ["active"; 2], "{ends}");
        rotation.all_work(ends).await;
        std::fs::write(&program, "cat >> kept; echo >> kept\n").unwrap();
        rotation.converges(ends).await;
    }
});

both!(what_an_interrupted_rotation_left_goes_though_its_successor_was_deleted_by_hand, async |scene| {
    for declared in [true, false] {
        let mut rotation = Rotation::new(&scene);
        rotation.place.apply().run().with(0);
        rotation.rotate();
        let proxy = Proxy::start(scene.server.url(), |seen| {
            let deletes = *seen.method == Method::DELETE && seen.path.contains("/authorizations/");
            if deletes { Fate::Refuse(403, r#"{"code":"forbidden","message":"no"}"#) } else { Fate::Pass }
        })
        .await;
        let apply = rotation.place.apply_by(proxy.url()).start();
        let (status, ..) = tokio::task::spawn_blocking(move || apply.wait()).await.unwrap();
        assert!(!status.success());
        let tokens = rotation.place.list("authorizations", "authorizations").await;
        assert_eq!(sorted(&tokens, "status"), ["active", "active"]);
        let ids: Vec<_> = tokens.as_array().unwrap().iter().map(id).collect();
        scene.http.delete(&format!("authorizations/{}", ids.iter().max().unwrap())).await.expect(204);
        if declared {
            rotation.converges("deleted by hand").await;
            rotation.place.on("destroy").arg("--auto-approve").run().with(0);
        } else {
            rotation.place.declare("[bucket.raw]\n\n[bucket.more]\n");
            rotation.place.apply().run().with(0);
        }
        assert_eq!(rotation.statuses().await, Vec::<String>::new());
    }
});

both!(at_each_step_of_a_rotation_with_an_overlap_nothing_is_lost, async |scene| {
    let rotation = Rotation::new(&scene);
    rotation.place.apply().run().with(0);
    for flags in [&[][..], &["--revoke-now"]] {
        let run = |url: &str| rotation.asked_by(url, flags);
        let writes = rotation.writes_of(run);
        assert!(writes >= 7, "{writes}");
        for death in [Death::Before, Death::After] {
            for at in 1..=writes {
                let [before, ..] = rotation.held();
                rotation.kill_run(run, at, death).await;
                let what = format!("{flags:?}: {death:?} write {at} of {writes}");
                rotation.all_work(&what).await;
                if flags.is_empty() {
                    assert!(rotation.works(&before.unwrap()).await, "{what}: the one before does not work any more");
                }
                rotation.place.apply().run().with(0);
                rotation.place.on("plan").arg("--detailed-exitcode").run().with(0);
                rotation.is_whole(&what).await;
                let statuses = rotation.statuses().await;
                assert!(statuses.iter().all(|status| status == "active"), "{what}: {statuses:?}");
                let later = Relay::ahead_of(scene.server.url(), Duration::from_secs(25 * 3_600));
                rotation.place.apply_by(later.url()).run().with(0);
                rotation.converges(&what).await;
            }
        }
    }
});

both!(what_a_killed_run_left_goes_with_the_next_rotation, async |scene| {
    let mut rotation = Rotation::new(&scene);
    rotation.place.apply().run().with(0);
    for (killed, death, flags) in [
        ("rotate", Death::Before, &["--revoke-now"][..]),
        ("rotate", Death::After, &[]),
        ("apply", Death::After, &["--revoke-now"]),
    ] {
        for at in 1..=7 {
            if killed == "apply" {
                rotation.rotate();
                rotation.kill(at, death).await;
            } else {
                rotation.kill_run(|url| rotation.asked_by(url, &[]), at, death).await;
            }
            let what = format!("{killed}: {death:?} write {at}, then {flags:?}");
            rotation.asked_by(scene.server.url(), flags).run().with(0);
            let statuses = rotation.statuses().await;
            assert!(statuses.iter().all(|status| status == "active"), "{what}: {statuses:?}");
            let plan = rotation.place.on("plan").arg("--detailed-exitcode").run().with(0);
            assert!(!plan.err.contains("left"), "{what}: {}", plan.err);
            rotation.is_whole(&what).await;
            rotation.place.on("destroy").arg("--auto-approve").run().with(0);
            assert_eq!(rotation.statuses().await, [""; 0], "{what}");
            rotation.place.apply().run().with(0);
        }
    }
});

both!(what_two_killed_runs_left_goes_at_once, async |scene| {
    let rotation = Rotation::new(&scene);
    let declared = resources(false);
    for first in [true, false] {
        let run = |url: &str| if first { rotation.place.apply_by(url) } else { rotation.asked_by(url, &[]) };
        // The token is all that is left to do.
        let ready = || {
            rotation.place.declare("[bucket.raw]\n\n[bucket.more]\n");
            rotation.place.apply().run().with(0);
            rotation.place.declare(&declared);
            if !first {
                rotation.place.apply().run().with(0);
            }
        };
        let destroy = || rotation.place.on("destroy").arg("--auto-approve").run().with(0);
        ready();
        let made = rotation.write_that_makes_a_token(run);
        destroy();
        for at in 2..=6 {
            let what = format!("{}, then write {at}", if first { "the first token" } else { "a successor" });
            ready();
            rotation.kill_run(run, made, Death::After).await;
            assert!(rotation.statuses().await.contains(&"inactive".to_owned()), "{what}");
            rotation.kill_run(run, at, Death::Before).await;
            if at % 2 == 0 {
                rotation.place.apply().run().with(0);
                let statuses = rotation.statuses().await;
                assert!(statuses.iter().all(|status| status == "active"), "{what}: {statuses:?}");
                rotation.place.on("plan").arg("--detailed-exitcode").run().with(0);
            }
            destroy();
            assert_eq!(rotation.statuses().await, [""; 0], "{what}");
        }
    }
});
