//! The first signal ends a run in order, the second at once; in either case the next run goes on.

use rustix::process::Signal;

use super::super::support::{Relay, both, once_there, unique, until_gone};
use super::{Fluxform, Place, RESOURCES};

const SIGNALS: [(Signal, i32); 2] = [(Signal::INT, 130), (Signal::TERM, 143)];

both!(the_first_ends_it_in_order, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    // The lock, the ledger's head and page, and the label come first.
    for ((signal, code), writes) in SIGNALS.into_iter().zip([5, 4]) {
        let relay = Relay::to(scene.server.url()).hold_after(writes);
        let run = place.apply_by(relay.url()).start();
        relay.until_writes(writes + 1).await;
        run.signal(signal);
        run.until_says("a second signal stops at once");
        relay.release();
        let (status, out, err) = run.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
        assert!(out.contains("Not started:") && out.contains("Apply incomplete."), "{out}{err}");
        assert!(!place.locked().await, "the lock is left");
        let not_done = out.lines().last().unwrap();
        assert!(not_done.contains("Run `fluxform apply --auto-approve ") && not_done.contains("` again"), "{out}");
        let undone = place.on("status").arg("--format=json").run().with(0).json()["last_apply"]["undone"].clone();
        let status = place.on("status").run().with(0).out;
        let said = format!("  not done    {undone} changes: the next apply continues\n");
        assert!(undone.as_u64().unwrap() > 0 && status.contains(&said), "{status}");
    }
    place.converges().await;
    let status = place.on("status").run().with(0).out;
    assert!(!status.contains("not done") && !status.contains("next"), "{status}");
    place.on("destroy").arg("--auto-approve").arg("--allow-data-loss=*").run().with(0);
    let nothing = "project       p\nlast apply    none on record: never applied, or destroyed since\nlock          free\n\
                   owns          nothing\nnext          `fluxform plan ";
    let status = place.on("status").run().with(0).out;
    assert!(status.starts_with(nothing) && status.ends_with("` shows what an apply would create\n"), "{status}");
});

both!(the_second_ends_it_at_once, async |scene| {
    for (signal, code) in SIGNALS {
        let place = Place::new(&scene, RESOURCES);
        let relay = Relay::to(scene.server.url()).hold_after(6);
        let run = place.apply_by(relay.url()).start();
        relay.until_writes(7).await;
        run.signal(signal);
        run.until_says("a second signal stops at once");
        run.signal(signal);
        let (status, out, err) = run.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
        assert!(err.contains("Stopped at once: the lock of this run stays until it expires"), "{err}");
        relay.end().await;
        assert!(place.locked().await, "it had no time to free the lock");
        place.converges().await;
        place.on("destroy").arg("--auto-approve").arg("--allow-data-loss=*").run().with(0);
    }
});

both!(who_waits_for_the_lock_may_leave, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let first = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    for (signal, code) in SIGNALS {
        let second = place.apply().start();
        second.until_says("Waiting for the lock, held by");
        second.signal(signal);
        let (status, out, err) = second.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
        assert!(err.contains("nothing was changed"), "{err}");
    }
    relay.release();
    let (status, out, err) = first.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    place.converges().await;
});

#[test]
fn an_export_that_waits_for_its_server_leaves_nothing_behind() {
    for (signal, code) in SIGNALS {
        let dir = tempfile::tempdir().unwrap();
        // It takes the connection, and says nothing.
        let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let export = Fluxform::new(&["export", "--host", &url, "--org", "acme", "--out"]);
        let run = export.arg(dir.path().join("out")).var("INFLUX_TOKEN", "a-token").start();
        let connection = silent.accept().unwrap();
        run.signal(signal);
        let (status, out, err) = run.wait();
        drop(connection);
        assert_eq!(status.code(), Some(code), "{out}{err}");
        assert!(err.contains("nothing was changed"), "{err}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

/// A program that does not end, and has started another one; their IDs come into the file `pids`.
const ENDLESS: &str = "[\"sh\", \"-c\", \"sleep 600 & echo $! $$ > new && mv new pids && wait\"]";

/// An apply that can find programs.
fn apply(place: &Place<'_>) -> Fluxform {
    place.apply().var("PATH", &std::env::var("PATH").unwrap())
}

async fn all_gone(pids: &str) {
    for pid in pids.split_whitespace() {
        until_gone(pid).await;
    }
}

both!(a_command_that_takes_a_secret_outlives_the_first_and_not_the_second, async |scene| {
    for (signal, code) in SIGNALS {
        let scene = scene.beside().await;
        let token = format!("[bucket.b]\n[token.t]\nwrite = [\"bucket.b\"]\ndeliver = {{ command = {ENDLESS} }}\n");
        let place = Place::new(&scene, &token);
        let run = apply(&place).start();
        let pids = once_there(&place.path().join("pids")).await;
        run.signal(signal);
        run.until_says("a second signal stops at once");
        for pid in pids.split_whitespace() {
            assert!(std::path::Path::new("/proc").join(pid).exists(), "what is under way is finished first");
        }
        run.signal(signal);
        let (status, out, err) = run.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
        all_gone(&pids).await;
    }
});

both!(a_command_that_gives_a_secret_ends_with_the_first, async |scene| {
    for (signal, code) in SIGNALS {
        let name = unique("ann");
        let user = format!("[user.ann]\nname = \"{name}\"\npassword = {{ command = {ENDLESS} }}\n");
        let place = Place::new(&scene, &user);
        let run = apply(&place).start();
        let pids = once_there(&place.path().join("pids")).await;
        run.signal(signal);
        let (status, out, err) = run.wait();
        assert_eq!(status.code(), Some(code), "{out}{err}");
        assert!(err.contains("nothing was changed"), "{err}");
        all_gone(&pids).await;
        scene.http.get(&format!("users?name={name}")).await.expect(404);
    }
});
