//! The real influxd as a child process on a loopback port, with data that goes when it goes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::Http;
use super::server::Start;

/// Name of the variable that says where the real server's program is.
const PROGRAM: &str = "FLUXFORM_INFLUXD";
/// Time that a server may take until `/health` passes.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Runs the program given as `$2 ...`, prints its process ID, and kills it when standard input ends: the pipe
/// closes with this process, whatever ends it. Then `$1` is removed, unless it is empty.
const GUARDIAN: &str = r#"
directory=$1
shift
exec 3<&0
"$@" </dev/null >"$LOG" 2>&1 3<&- &
server=$!
echo "$server"
exec >/dev/null
{ while read -r _; do :; done; kill -9 "$server"; } <&3 2>/dev/null &
watch=$!
wait "$server"
kill "$watch" 2>/dev/null
[ -z "$directory" ] || rm -rf "$directory"
"#;

/// A running influxd.
pub(crate) struct RealServer {
    guardian: Child,
    process: rustix::process::Pid,
    url: String,
}

/// The real server's program, if it is there.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(PROGRAM) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "{PROGRAM}: {} is no file", path.display());
        return Some(path);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/influxd/influxd");
    path.is_file().then_some(path)
}

impl RealServer {
    /// Starts the program and waits until it is healthy.
    pub(crate) async fn start(start: &Start) -> Self {
        let program =
            program().expect("no real influxd: `.ci/run` builds it, and FLUXFORM_INFLUXD=PATH names one that you have");
        let (directory, remove) = match &start.directory {
            Some(chosen) => (chosen.clone(), PathBuf::new()),
            None => {
                let made = tempfile::Builder::new().prefix("influxd-").tempdir();
                let made = made.unwrap().keep();
                (made.clone(), made)
            }
        };
        fs::create_dir_all(&directory).unwrap();
        let log = directory.join("log");
        // A predecessor's log names another port; it may not exist.
        let _ = fs::remove_file(&log);
        let listen = start.listen.map_or_else(|| "127.0.0.1:0".to_owned(), |listen| listen.to_string());
        let mut guardian = Command::new("/bin/sh")
            .args(["-c", GUARDIAN, "guardian"])
            .arg(remove)
            .arg(&program)
            .args(["run", "--reporting-disabled", "--http-bind-address"])
            .arg(listen)
            .arg("--bolt-path")
            .arg(directory.join("influxd.bolt"))
            .arg("--sqlite-path")
            .arg(directory.join("influxd.sqlite"))
            .arg("--engine-path")
            .arg(directory.join("engine"))
            .args(&start.influxd)
            .env("LOG", &log)
            .env("INFLUXD_CONFIG_PATH", &directory)
            // A terminal's Ctrl-C must reach the tests first.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(guardian.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let process = rustix::process::Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        let mut server = Self { guardian, process, url: String::new() };
        server.wait_until_healthy(&log).await;
        server
    }

    async fn wait_until_healthy(&mut self, log: &Path) {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let written = fs::read_to_string(log).unwrap_or_default();
            if self.url.is_empty()
                && let Some(port) = port(&written)
            {
                self.url = format!("http://127.0.0.1:{port}");
            }
            if !self.url.is_empty() && healthy(&self.url).await {
                return;
            }
            let ended = self.guardian.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "influxd does not get healthy ({ended:?}):\n{written}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // It may be gone already.
        let _ = rustix::process::kill_process(self.process, rustix::process::Signal::KILL);
        self.guardian.wait().unwrap();
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        // Nothing to be done about a failure here, and a panic would hide the test's own.
        let _ = self.guardian.wait();
    }
}

/// The port that influxd's log names.
fn port(log: &str) -> Option<u16> {
    let line = log.lines().find(|line| line.contains("msg=Listening") && line.contains("service=tcp-listener"))?;
    let (_, port) = line.split_once(" port=")?;
    port.split_whitespace().next()?.parse().ok()
}

async fn healthy(url: &str) -> bool {
    Http::new(url).try_get("/health").await.is_some_and(|reply| reply.json["status"] == "pass")
}
