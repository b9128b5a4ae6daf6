//! A token's whole life: its successor comes by age or because somebody asks, and the predecessor goes when its overlap ends.

use std::time::Duration;

use reqwest::Method;

use super::super::support::{Fate, Proxy, Relay, Scene, both, column, id};
use super::Place;
use crate::cli::fluxform::Fluxform;

const DAY: u64 = 86_400;

/// A token with a sink, which is rotated as `rotate` says.
fn resources(rotate: &str) -> String {
    format!("[bucket.raw]\n\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = {{ file = \"t.token\" }}\n{rotate}\n")
}

/// The words of a text, wherever its lines break.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Life<'a> {
    place: Place<'a>,
    scene: &'a Scene,
}

impl<'a> Life<'a> {
    fn new(scene: &'a Scene, rotate: &str) -> Self {
        let place = Place::new(scene, &resources(rotate));
        place.apply().run().with(0);
        Self { place, scene }
    }

    /// The server with another clock. What it has made has fractions of a second, and its clock has none.
    fn in_days(&self, days: u64) -> Relay {
        Relay::ahead_of(self.scene.server.url(), Duration::from_secs(days * DAY + 3_600))
    }

    fn held(&self) -> String {
        std::fs::read_to_string(self.place.path().join("t.token")).unwrap()
    }

    async fn status_of(&self, secret: &str) -> u16 {
        let write = format!("write?orgID={}&bucket=raw", self.scene.org);
        self.scene.http.with_token(secret).post_text(&write, "").await.status
    }

    async fn tokens(&self) -> usize {
        column(&self.place.list("authorizations", "authorizations").await, "id").len()
    }
}

both!(who_rotates_has_two_secrets_that_work_until_the_overlap_ends, async |scene| {
    let life = Life::new(&scene, "");
    let old = life.held();
    let rotated = life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    assert!(
        words(&rotated.out).contains("the old one works for another 1d after the new one is delivered"),
        "{}",
        rotated.out
    );
    assert!(rotated.out.contains("1 added, 0 changed, 0 destroyed"), "{}", rotated.out);
    let new = life.held();
    assert_ne!(old, new);
    assert!(!rotated.all().contains(&old) && !rotated.all().contains(&new), "a secret is shown");
    assert_eq!((life.status_of(&old).await, life.status_of(&new).await, life.tokens().await), (204, 204, 2));
    let plan = life.place.on("plan").arg("--detailed-exitcode").run().with(0);
    assert!(plan.out.contains("Replaced by a rotation, and still working:\n  token.t: token (id "), "{}", plan.out);
    life.place.on("drift").run().with(0);
    let status = life.place.on("status").run().with(0);
    assert!(status.out.contains("still works   what token.t replaced (id "), "{}", status.out);
    assert!(status.out.contains("), until the first apply after 20"), "{}", status.out);
    assert!(!status.out.contains("unfinished"), "{}", status.out);

    let later = life.in_days(2);
    let plan = life.place.by(later.url(), "plan").arg("--detailed-exitcode").run().with(2);
    assert!(plan.out.contains("its secret was rotated, and the overlap has ended"), "{}", plan.out);
    let drift = life.place.by(later.url(), "drift").run().with(0);
    assert!(drift.out.contains("Due (nobody changed it; `fluxform apply` does it):"), "{}", drift.out);
    life.place.apply_by(later.url()).run().with(0);
    assert_eq!((life.status_of(&old).await, life.status_of(&new).await, life.tokens().await), (401, 204, 1));
    life.place.on("plan").arg("--detailed-exitcode").run().with(0);
});

both!(who_revokes_now_has_one_secret_at_once, async |scene| {
    let life = Life::new(&scene, "");
    let first = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let second = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").arg("--revoke-now").run().with(0);
    let third = life.held();
    for (secret, status) in [(first, 401), (second, 401), (third, 204)] {
        assert_eq!(life.status_of(&secret).await, status);
    }
    assert_eq!(life.tokens().await, 1);
});

both!(a_token_is_rotated_at_its_age, async |scene| {
    let life = Life::new(&scene, "rotate = { every = \"90d\", overlap = \"2d\" }");
    let old = life.held();
    life.place.on("plan").arg("--detailed-exitcode").run().with(0);
    let status = life.place.on("status").run().with(0);
    assert!(status.out.contains("token.t is rotated by the first apply after "), "{}", status.out);
    let later = life.in_days(91);
    let plan = life.place.by(later.url(), "plan").arg("--detailed-exitcode").run().with(2);
    let said = words(&plan.out);
    assert!(said.contains("it is 91d old, and `every` is 90d; the old one works for another 2d after"), "{said}");
    let drift = life.place.by(later.url(), "drift").run().with(0);
    assert!(words(&drift.out).contains("token.t: its secret is due to be rotated"), "{}", drift.out);
    life.place.by(later.url(), "plan").args(&["--format", "json"]).run().with(0).json();
    life.place.apply_by(later.url()).run().with(0);
    let new = life.held();
    assert_eq!((life.status_of(&old).await, life.status_of(&new).await, life.tokens().await), (204, 204, 2));
    life.place.on("status").args(&["--format", "json"]).run().with(0).json();
});

both!(what_was_adopted_is_rotated_once_the_project_owns_it_and_goes_on_working, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\n");
    place.apply().run().with(0);
    let buckets = place.list("buckets", "buckets").await;
    let raw = buckets.as_array().unwrap().iter().find(|bucket| bucket["name"] == "raw").map(id).unwrap();
    let may = serde_json::json!([scene.may_one("write", "buckets", &raw)]);
    let theirs = scene.token_with(serde_json::json!({"description": "t", "permissions": may})).await;
    let life = Life { place, scene: &scene };

    // Who takes it over is told what cannot be done with it.
    let imports = resources("rotate = { every = \"90d\", overlap = \"2d\" }")
        + &format!("\n[[import]]\nto = \"token.t\"\nid = \"{}\"\n", theirs.id);
    life.place.declare(&imports);
    let adopts = life.place.on("plan").run().with(0).words();
    assert!(
        adopts.contains("token.t is adopted without its secret, which no server shows: file t.token does not get it"),
        "{adopts}"
    );
    life.place.apply().run().with(0);
    let later = life.in_days(91);
    let plan = life.place.by(later.url(), "plan").arg("--detailed-exitcode").run().with(0).words();
    assert!(plan.contains("token.t is not rotated every 90d: the project adopted it, and may not delete it"), "{plan}");
    assert!(plan.contains("plan::secret-not-made") && plan.contains("owned = true"), "{plan}");
    let refused = life.place.rotate_by(later.url(), "token.t").run().with(8).words();
    assert!(refused.contains("owned = true"), "{refused}");

    // Whatever replaces it, nobody is locked out at once.
    life.place.declare(&resources("secret_version = 1\nlifecycle = { owned = true }"));
    let plan = life.place.on("plan").run().with(0);
    assert!(
        words(&plan.out).contains("fluxform did not deliver its secret, so it goes on working for another 1d"),
        "{}",
        plan.out
    );
    assert!(
        plan.words().contains("token.t stops working when its overlap ends for everybody who has its secret"),
        "{}",
        plan.err
    );
    life.place.apply().run().with(0);
    let new = life.held();
    assert_eq!((life.status_of(&theirs.token).await, life.status_of(&new).await, life.tokens().await), (204, 204, 2));
    life.place.on("plan").arg("--detailed-exitcode").run().with(0);
    life.place.apply_by(life.in_days(2).url()).run().with(0);
    assert_eq!((life.status_of(&theirs.token).await, life.status_of(&new).await, life.tokens().await), (401, 204, 1));
});

both!(an_overlap_lasts_as_long_as_was_said_when_it_began, async |scene| {
    let life = Life::new(&scene, "rotate = { overlap = \"7d\" }");
    let old = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    life.place.declare(&resources(""));
    let ends = |days: u64| {
        let later = life.in_days(days);
        let plan = life.place.by(later.url(), "plan").arg("--detailed-exitcode").run();
        plan.out.contains("its secret was rotated, and the overlap has ended")
    };
    assert!(!ends(6) && ends(7));
    life.place.apply_by(life.in_days(6).url()).run().with(0);
    assert_eq!((life.status_of(&old).await, life.tokens().await), (204, 2));
    // A plan says it, and what is written ends it.
    life.place.declare(&resources("rotate = { overlap = \"0s\" }"));
    life.place.apply().run().with(0);
    assert_eq!((life.status_of(&old).await, life.tokens().await), (401, 1));
});

both!(each_predecessor_keeps_its_own_overlap_though_a_rotation_fails, async |scene| {
    let program = "{ command = [\"/bin/sh\", \"-c\", \"cat > kept; test ! -e broken\"] }";
    let tables = resources("rotate = { overlap = \"3d\" }")
        .replace("{ file = \"t.token\" }", &format!("[{{ file = \"t.token\" }}, {program}]"));
    let place = Place::new(&scene, &tables);
    place.apply().run().with(0);
    let life = Life { place, scene: &scene };
    let first = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let second = life.held();
    let later = life.in_days(2);
    let broken = life.place.path().join("broken");
    std::fs::write(&broken, "").unwrap();
    let failed = life.place.rotate_by(later.url(), "token.t").run().with(10).all();
    let failed = words(&failed);
    assert!(failed.contains("these two go on working until the overlap ends that begins then"), "{failed}");
    let status = life.place.on("status").run().with(0);
    assert!(status.out.contains("until the next apply has delivered a successor"), "{}", status.out);
    std::fs::remove_file(&broken).unwrap();
    life.place.apply_by(later.url()).run().with(0);
    assert_eq!((life.status_of(&first).await, life.status_of(&second).await, life.tokens().await), (204, 204, 4));
    // The first ends three days after it was taken over from, the others later.
    life.place.apply_by(life.in_days(4).url()).run().with(0);
    assert_eq!((life.status_of(&first).await, life.status_of(&second).await, life.tokens().await), (401, 204, 3));
    life.place.apply_by(life.in_days(6).url()).run().with(0);
    assert_eq!((life.status_of(&second).await, life.tokens().await), (401, 1));
});

both!(a_job_rotates_what_is_due_and_nothing_else, async |scene| {
    let life = Life::new(&scene, "rotate = { every = \"90d\", overlap = \"2d\" }");
    let old = life.held();
    life.place.declare(&(resources("rotate = { every = \"90d\", overlap = \"2d\" }") + "[bucket.new]\n"));
    life.place.rotate_by(scene.server.url(), "token.*").arg("--due").run().with(0);
    assert_eq!((life.held(), life.tokens().await), (old.clone(), 1), "nothing is due");
    let later = life.in_days(91);
    life.place.rotate_by(later.url(), "token.*").arg("--due").run().with(0);
    assert_eq!((life.status_of(&old).await, life.tokens().await), (204, 2));
    let plan = life.place.on("plan").run().with(0);
    assert!(plan.out.contains("1 to add, 0 to change, 0 to destroy"), "{}", plan.out);
});

both!(a_rotation_does_nothing_else, async |scene| {
    let life = Life::new(&scene, "");
    life.place.declare(&(resources("") + "[bucket.new]\n"));
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let plan = life.place.on("plan").run().with(0);
    assert!(plan.out.contains("1 to add, 0 to change, 0 to destroy"), "{}", plan.out);
    assert_eq!(life.tokens().await, 2);
});

both!(a_successor_that_does_not_answer_takes_over_from_nothing, async |scene| {
    let life = Life::new(&scene, "");
    let old = life.held();
    let mut activated = false;
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        activated |= *seen.method == Method::PATCH && seen.path.contains("/authorizations/");
        match activated && seen.path.ends_with("/me") {
            true => Fate::Refuse(401, r#"{"code":"unauthorized","message":"unauthorized access"}"#),
            false => Fate::Pass,
        }
    })
    .await;
    let run = life.place.rotate_by(proxy.url(), "token.t").start();
    let (status, out, err) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
    assert!(!status.success() && (out + &err).contains("the delivered secret does not work"));
    assert_eq!((life.held(), life.status_of(&old).await, life.tokens().await), (old, 204, 1));
    life.place.on("plan").arg("--detailed-exitcode").run().with(0);
});

both!(what_cannot_be_rotated_says_what_to_do_instead, async |scene| {
    let v1 = "[v1_token.v]\nwrite = [\"bucket.raw\"]\npassword = { env = \"V1\" }\n";
    let place = Place::new(&scene, &(resources("") + v1));
    let said = |address: &str| {
        let ended = place.rotate_by(scene.server.url(), address).run().with(64);
        ended.words()
    };
    insta::assert_snapshot!(
        "what_cannot_be_rotated",
        ["bucket.raw", "v1_token.v", "token.x", "bucket.*"].map(said).join("\n")
    );
    let absent = place.rotate_by(scene.server.url(), "token.t").run();
    assert!(absent.words().contains("token.t does not exist yet"), "{}", absent.all());
});

both!(what_is_not_in_its_sinks_any_more_is_made_anew_when_asked, async |scene| {
    let life = Life::new(&scene, "");
    let two = resources("")
        .replace("{ file = \"t.token\" }", "[{ file = \"t.token\" }, { env_file = \"t.env\", key = \"T\" }]");
    life.place.declare(&two);
    life.place.apply().run().with(0);
    let redeliver = || life.place.apply().arg("--redeliver").run().with(0);
    let kept = life.held();
    assert!(redeliver().out.contains("No changes"));
    assert_eq!(life.held(), kept);

    let file = life.place.path().join("t.token");
    std::fs::remove_file(&file).unwrap();
    let plan = life.place.on("plan").arg("--detailed-exitcode").run().with(0);
    assert!(plan.words().contains("`fluxform apply --redeliver`"), "{}", plan.err);
    life.place.apply().run().with(0);
    assert!(!file.exists(), "nobody asked for it");
    let done = redeliver();
    assert!(words(&done.out).contains("its secret is not in all of its sinks any more"), "{}", done.out);
    let new = life.held();
    assert_eq!((life.status_of(&kept).await, life.status_of(&new).await), (204, 204));

    for lost in ["", "T=something-else\n"] {
        let before = life.held();
        std::fs::write(life.place.path().join("t.env"), lost).unwrap();
        redeliver();
        assert_ne!(life.held(), before, "{lost:?}");
    }
    let last = std::fs::read_to_string(life.place.path().join("t.env")).unwrap();
    assert_eq!(last.trim_end(), format!("T={}", life.held()));
    assert!(redeliver().out.contains("No changes"));
});

both!(no_predecessor_outlives_what_knows_of_it, async |scene| {
    // What is not to work has no secret that works.
    let life = Life::new(&scene, "");
    let old = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let new = life.held();
    life.place.declare(&resources("status = \"inactive\""));
    let plan = life.place.on("plan").run().with(0);
    assert!(words(&plan.out).contains("what it replaced is deleted: token"), "{}", plan.out);
    life.place.apply().run().with(0);
    assert_eq!((life.status_of(&old).await, life.status_of(&new).await, life.tokens().await), (401, 403, 1));
    life.place.declare(&resources(""));
    life.place.apply().run().with(0);

    // The ledger alone knows it.
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let forget = Fluxform::new(&["forget", "*"]).arg(life.place.path()).arg("--auto-approve");
    let said =
        forget.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token()).run().with(8).words();
    assert!(said.contains("token.t has replaced what still works") && said.contains("overlap = \"0s\""), "{said}");
    life.place.declare(&resources("rotate = { overlap = \"0s\" }"));
    life.place.apply().run().with(0);
    assert_eq!((life.status_of(&new).await, life.tokens().await), (401, 1));

    // What becomes external is let go of, and nobody else deletes what it has replaced.
    life.place.declare(&resources(""));
    let last = life.held();
    life.place.rotate_by(scene.server.url(), "token.t").run().with(0);
    let list = life.place.list("authorizations", "authorizations").await;
    let newest = column(&list, "id").into_iter().max().unwrap();
    life.place.declare(&format!("[bucket.raw]\n\n[token.t]\nexternal = true\nid = \"{newest}\"\n"));
    life.place.apply().run().with(0);
    assert_eq!((life.status_of(&last).await, life.tokens().await), (401, 1));
    let kept = life.held();
    assert_eq!(life.status_of(&kept).await, 204);
    life.place.declare("[bucket.raw]\n");
    life.place.apply().run().with(0);
    assert_eq!(life.status_of(&kept).await, 204, "it is nobody's");
});

both!(a_run_does_not_delete_the_predecessor_that_it_runs_with, async |scene| {
    let all = "[\"instance/authorizations\", \"instance/users\", \"instance/labels\", \"instance/orgs\", \"instance/buckets\"]";
    let own = |rotate: &str| {
        format!("[bucket.raw]\n[token.ci]\nread = {all}\nwrite = {all}\ndeliver = {{ file = \"t.token\" }}\n{rotate}\n")
    };
    let place = Place::new(&scene, &own(""));
    place.apply().run().with(0);
    let old = std::fs::read_to_string(place.path().join("t.token")).unwrap();
    let by = |command: &str| place.on(command).var("INFLUX_TOKEN", &old);
    // It goes on working beside its successor.
    let rotated = place.rotate_by(scene.server.url(), "token.ci").var("INFLUX_TOKEN", &old).run().with(0);
    assert!(rotated.out.contains("1 added, 0 changed, 0 destroyed"), "{}", rotated.out);
    by("plan").arg("--detailed-exitcode").run().with(0);
    place.declare(&own("rotate = { overlap = \"0s\" }"));
    let said = by("apply").arg("--auto-approve").run().with(8).words();
    assert!(said.contains("this run uses a token that token.ci has replaced"), "{said}");
    let new = std::fs::read_to_string(place.path().join("t.token")).unwrap();
    place.on("apply").var("INFLUX_TOKEN", &new).arg("--auto-approve").run().with(0);
    by("plan").run().with(4);
});
