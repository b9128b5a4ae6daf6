//! `fluxform server`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::super::support::{Http, run_alone};
use super::fluxform::{Fluxform, on, project};

/// A server that ends with the test.
struct Serving {
    child: Child,
    url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(data: &std::path::Path) -> Serving {
    let mut run = Fluxform::new(&["server", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    Serving { child, url: url.trim().to_owned() }
}

#[test]
fn it_serves_until_it_is_told_to_stop_and_keeps_its_file_to_itself() {
    let dir = project(
        "[project]\nname = \"p\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n[bucket.raw]\nretention = \"1d\"\n",
    );
    let mut serving = serve(&dir.path().join("dev.db"));
    let allowed = run_alone(async { Http::new(&serving.url).get("setup").await.expect(200)["allowed"].clone() });
    assert_eq!(allowed, true, "new data wait to be set up, as a new influxd does");

    let locked = on("apply", dir.path()).arg("--auto-approve").arg("--lock-timeout=0s").run().with(7);
    assert!(locked.err.contains("another process uses"), "{}", locked.err);

    let pid = i32::try_from(serving.child.id()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::TERM).unwrap();
    assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    on("apply", dir.path()).arg("--auto-approve").run().with(0);
}

/// Whoever may read the file, and not write it, is told that.
#[test]
fn a_file_that_cannot_be_written_is_not_called_unreadable() {
    let ended = Fluxform::new(&["server", "--listen", "127.0.0.1:0", "--data", "/sys/fluxform.db"]).run().with(5);
    assert!(ended.err.contains("embedded::file") && ended.err.contains("cannot write "), "{}", ended.err);
    assert!(ended.words().contains("make both writable; `fluxform plan` only reads"), "{}", ended.err);
}
