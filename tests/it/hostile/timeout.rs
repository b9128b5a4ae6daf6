//! `--timeout`: the whole run ends, in order.

use std::net::TcpListener;

use super::{at, directly, has, project};
use crate::cli::fluxform::{Fluxform, on, project as alone};
use crate::support::{Relay, both};

#[test]
fn a_server_that_says_nothing_ends_every_command_with_5() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let dir = alone("[project]\nname = \"p\"\n[server]\norg = \"o\"\n[bucket.raw]\n");
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    let setup = ["setup", "--username=u", "--org=o", "--bucket=b", "--token-file-out", out];
    let commands: [&[&str]; 14] = [
        &["plan"],
        &["drift"],
        &["show"],
        &["output"],
        &["status"],
        &["lock", "show"],
        &["lock", "release", "--auto-approve"],
        &["ledger", "sign", "--auto-approve"],
        &["apply", "--auto-approve"],
        &["destroy", "--auto-approve"],
        &["adopt", "--auto-approve"],
        &["forget", "--auto-approve", "bucket.raw"],
        &["export", "--org=o", "--out", out],
        &setup,
    ];
    let runs = commands.map(|command| {
        let run = Fluxform::new(command).arg("--timeout=1s").var("INFLUX_HOST", &url).var("INFLUX_TOKEN", "s3cret");
        let run = run.var("FLUXFORM_SETUP_PASSWORD", "long-enough");
        if matches!(command[0], "export" | "setup") { run } else { run.arg(dir.path()) }
    });
    let running = runs.map(|run| std::thread::spawn(move || run.run()));
    for (run, command) in running.into_iter().zip(commands) {
        let ended = run.join().unwrap();
        assert_eq!(ended.code, 5, "{command:?}: {}", ended.all());
        has(&ended.err, "the run has reached its --timeout: nothing was changed");
    }
}

#[test]
fn a_run_that_has_time_enough_is_as_any_other() {
    let dir = alone("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\n[bucket.raw]\n");
    on("plan", dir.path()).arg("--timeout=10m").run().with(0);
    on("plan", dir.path()).arg("--timeout=soon").run().with(64);
}

both!(a_run_whose_time_is_up_in_the_middle_finishes_what_is_under_way_and_is_3, async |scene| {
    let dir = project(&scene, "[bucket.a]\n[bucket.b]\n[bucket.c]\n[bucket.d]\n");
    // Lock, head, page, list of pages, and the first bucket: what comes then is held until the time is up.
    let relay = Relay::to(scene.server.url()).hold_after(5);
    let run = at(relay.url(), &scene, "apply", dir.path()).args(&["--timeout", "8s"]).start();
    relay.until_writes(6).await;
    run.until_says("Stopping because the run has reached its --timeout");
    relay.release();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(3), "{out}{err}");
    has(&(out + &err), "the run has reached its --timeout");
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.text;
    assert!(!labels.contains("fluxform/p/lock"), "the lock is free: {labels}");
    directly(&scene, "apply", dir.path()).run().with(0);
    directly(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});
