//! Two runs at once.

use rustix::process::Signal;
use serde_json::json;

use super::super::cli::fluxform::Fluxform;
use super::super::support::{Relay, both};
use super::{Place, RESOURCES, on, project};

both!(the_second_waits_for_the_first_and_says_for_whom, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let first = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    let holder = format!("pid {}", first.id());

    let held = place.on("status").arg("--format=json").run().with(0).json();
    assert!(held["lock"]["holder"].as_str().unwrap().contains(&holder), "{held:#}");

    let late = place.apply().arg("--lock-timeout=1s").run().with(7);
    assert!(late.err.contains("is locked by") && late.err.contains(&holder), "{}", late.err);

    let second = place.apply().start();
    second.until_says(&holder);
    relay.release();
    let (status, out, err) = first.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    let (status, out, err) = second.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(out.contains("No changes."), "{out}{err}");
    place.converges().await;
});

both!(a_bar_without_a_length_is_not_drawn, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let first = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    // Whatever is said is said above the bar, which is drawn again.
    let mut second = place.apply().at_terminal();
    second.until_shows("Waiting for the lock");
    relay.release();
    assert_eq!(first.wait().0.code(), Some(0));
    let (code, shown) = second.wait();
    assert!(code == Some(0) && !shown.contains("0/0"), "{shown}");
});

both!(what_is_shown_of_the_record_is_for_machines_too, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let shown = |command: &str| place.on(command).arg("--format=json").run().with(0).json();
    assert_eq!((&shown("show")["resources"], &shown("status")["last_apply"]), (&json!([]), &json!(null)));
    place.apply().run().with(0);
    let (show, status) = (shown("show"), shown("status"));
    let owned: u64 = status["owned"].as_object().unwrap().values().map(|number| number.as_u64().unwrap()).sum();
    assert_eq!(show["resources"].as_array().unwrap().len() as u64, owned);
    assert_eq!((&status["lock"], status["last_apply"]["plan_digest"].is_string()), (&json!(null), true));
    let by = status["last_apply"]["by"].as_str().unwrap();
    let (user, host) = by.split_once('@').unwrap();
    assert!(!user.is_empty() && !host.is_empty() && place.on("status").run().with(0).out.contains(by), "{by}");
    let unknown = place.on("show").arg("bucket.nothing").arg("--format=json").run().with(1).json();
    assert!(unknown["resources"].is_null() && !unknown["problems"].as_array().unwrap().is_empty(), "{unknown:#}");
});

both!(releasing_the_lock_of_a_live_run_says_what_becomes_of_it, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let first = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    let release = Fluxform::new(&["lock", "release", "--auto-approve"]).arg(place.path());
    let release = release.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    let released = release.run().with(0);
    assert!(released.words().contains("seems to be alive"), "{}", released.err);
    // What was under way is done, and nothing more.
    relay.release();
    let (status, out, err) = first.wait();
    assert_eq!(status.code(), Some(7), "{out}{err}");
    assert!(err.contains("the lock was taken away"), "{out}{err}");
    assert_eq!(place.list("buckets", "buckets").await.as_array().unwrap().len(), 2, "those of the system");
    place.apply().run().with(0);
    place.converges().await;
});

// The lock of a run that is alive is released while the run delivers a token, and another run applies meanwhile.
both!(a_run_whose_lock_is_released_leaves_the_ledger_to_the_next, async |scene| {
    let tokens = |deliver: &str| {
        let other = "[bucket.b]\n[token.other]\nwrite = [\"bucket.b\"]\ndeliver = \"discard\"\n";
        format!("{other}[token.k]\nwrite = [\"bucket.b\"]\ndeliver = {deliver}\n")
    };
    let next = Place::new(&scene, &tokens("\"discard\""));
    let run = |words: &str| format!("$run {words} {} --auto-approve >&2", next.path().display());
    let script = format!(
        "cat >/dev/null; run='env INFLUX_HOST={} INFLUX_TOKEN={} {}'; {} && {}",
        scene.server.url(),
        scene.server.token(),
        env!("CARGO_BIN_EXE_fluxform"),
        run("lock release"),
        run("apply"),
    );
    let place = Place::new(&scene, &tokens(&format!("{{ command = [\"sh\", \"-c\", '''{script}'''] }}")));
    let lost = place.apply().var("PATH", &std::env::var("PATH").unwrap()).run();
    assert!([3, 7].contains(&lost.code), "{}", lost.all());
    assert!(lost.all().contains("the lock was taken away"), "{}", lost.all());
    next.on("plan").arg("--detailed-exitcode").run().with(0);
    let shown = next.on("show").arg("--format=json").run().with(0).json();
    let owned: Vec<_> = shown["resources"].as_array().unwrap().iter().map(|row| row["address"].clone()).collect();
    assert_eq!(owned, ["bucket.b", "token.k", "token.other"]);
    let tokens = place.list("authorizations", "authorizations").await;
    assert_eq!(tokens.as_array().unwrap().len(), 2, "{tokens:#}");
});

both!(both_end_well_however_they_meet, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let runs = [place.apply().start(), place.apply().start()];
    let codes = runs.map(|run| run.wait().0.code());
    assert_eq!(codes, [Some(0), Some(0)]);
    place.converges().await;
});

#[test]
fn an_embedded_file_belongs_to_one_process_at_a_time() {
    let dir = project(
        "[project]\nname = \"p\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n[bucket.raw]\nretention = \"1d\"\n",
    );
    let server = Fluxform::new(&["server", "--listen=127.0.0.1:0", "--data"]).arg(dir.path().join("dev.db")).start();
    server.first_line();
    let late = on("apply", dir.path()).arg("--auto-approve").arg("--lock-timeout=1s").run().with(7);
    assert!(late.err.contains("Waiting for another process that uses"), "{}", late.err);
    let leaving = on("apply", dir.path()).arg("--auto-approve").start();
    leaving.until_says("Waiting for another process that uses");
    leaving.signal(Signal::INT);
    assert_eq!(leaving.wait().0.code(), Some(130));

    let waiting = on("apply", dir.path()).arg("--auto-approve").start();
    waiting.until_says("Waiting for another process that uses");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().0.code(), Some(0));
    let (status, out, err) = waiting.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
}
