//! The real server, on a loopback port and with data that goes when it goes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Result;
use super::bare::Bare;

/// How long it may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running influxd that is set up.
pub(crate) struct Influxd {
    process: Child,
    url: String,
    token: String,
    _data: TempDir,
}

impl Influxd {
    /// The program: `FLUXFORM_INFLUXD`, else `target/influxd/influxd`. Without it: what is missing.
    pub(crate) fn program() -> std::result::Result<PathBuf, String> {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/influxd/influxd");
        let path = std::env::var_os("FLUXFORM_INFLUXD").map_or_else(default, PathBuf::from);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!("no influxd at {}: build it (tests/influxd) or name one in FLUXFORM_INFLUXD", path.display()))
    }

    /// Starts it and sets it up.
    pub(crate) async fn start(program: &Path) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("influxd-figures-").tempdir()?;
        let log = data.path().join("log");
        let mut command = Command::new(program);
        command.args(["run", "--reporting-disabled", "--http-bind-address", "127.0.0.1:0"]);
        for (flag, name) in [("--bolt-path", "bolt"), ("--sqlite-path", "sqlite"), ("--engine-path", "engine")] {
            command.arg(flag).arg(data.path().join(name));
        }
        let output = std::fs::File::create(&log)?;
        let process = command
            .env("INFLUXD_CONFIG_PATH", data.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let token = format!("{:032x}", rand::random::<u128>());
        let mut server = Self { process, url: String::new(), token, _data: data };
        server.wait(&log).await?;
        Bare::new(&server.url, "")?.set_up(&server.token).await?;
        Ok(server)
    }

    async fn wait(&mut self, log: &Path) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let written = std::fs::read_to_string(log)?;
            if let Some(port) = port(&written) {
                self.url = format!("http://127.0.0.1:{port}");
                if Bare::new(&self.url, "")?.text("/health").await.is_ok() {
                    return Ok(());
                }
            }
            if self.process.try_wait()?.is_some() || Instant::now() > deadline {
                return Err(format!("influxd does not start:\n{written}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The operator's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// How many requests it has answered, by its own count.
    pub(crate) async fn requests(&self, bare: &Bare) -> Result<u64> {
        let metrics = bare.text("/metrics").await?;
        let counts = metrics.lines().filter(|line| line.starts_with("http_api_requests_total{"));
        counts.map(|line| Ok(line.rsplit(' ').next().unwrap_or_default().parse::<u64>()?)).sum()
    }
}

impl Drop for Influxd {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The port that the log names.
fn port(log: &str) -> Option<u16> {
    let line = log.lines().find(|line| line.contains("msg=Listening") && line.contains("service=tcp-listener"))?;
    line.split_once(" port=")?.1.split_whitespace().next()?.parse().ok()
}
