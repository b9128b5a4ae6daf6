//! Clients that we did not write, on both servers: `tests/clients`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use tokio::process::Command;

use crate::support::{Server, both};

/// Names a Python interpreter that has the packages of `tests/clients/python/requirements.txt`.
const PYTHON: &str = "FLUXFORM_TEST_PYTHON";
/// Names the `node_modules` with the packages of `tests/clients/node/package-lock.json`.
pub(crate) const NODE_PATH: &str = "FLUXFORM_TEST_NODE_PATH";
/// Names the `influx` CLI that `tests/clients/influx` builds.
pub(crate) const INFLUX: &str = "FLUXFORM_TEST_INFLUX";
/// Set to `1` where a missing client is a failure.
const REQUIRED: &str = "FLUXFORM_REQUIRE_CLIENTS";

/// What a variable names; a failure if it names nothing and clients are required.
pub(crate) fn given(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
    assert!(value.is_some() || !required, "{REQUIRED}=1, but {variable} is not set: `.ci/run` sets it");
    value
}

/// Runs a script as `SCRIPT URL TOKEN ORG`; it sets the server up itself.
async fn exercise(mut program: Command, script: &str, server: Server) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    // Nothing is to be written beside the scripts.
    program.env("PYTHONDONTWRITEBYTECODE", "1");
    program.arg(script).args([server.url(), "a-token-of-our-choice", "acme"]).kill_on_drop(true);
    let output = program.output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    // A script that did nothing has shown nothing.
    assert!(out.lines().count() > 50, "{out}");
}

both!(the_client_of_pypi, virgin, async |server| {
    if let Some(python) = given(PYTHON) {
        exercise(Command::new(python), "python/exercise.py", server).await;
    }
});

both!(the_client_of_npm, virgin, async |server| {
    if let Some(modules) = given(NODE_PATH) {
        let mut node = Command::new("node");
        node.env("NODE_PATH", modules);
        exercise(node, "node/exercise.cjs", server).await;
    }
});

both!(the_influx_cli, virgin, async |server| {
    if let Some(influx) = given(INFLUX) {
        let mut python = Command::new("python3");
        python.env(INFLUX, influx);
        exercise(python, "influx/exercise.py", server).await;
    }
});

/// Not a test of the project: it says what this run leaves out, past the capture of test output.
#[test]
fn left_out_clients_are_named() {
    for (what, variable) in [
        ("the client of PyPI", PYTHON),
        ("the client of npm, with Taplo, and of `examples/ci`,", NODE_PATH),
        ("the `influx` CLI", INFLUX),
    ] {
        if given(variable).is_none() {
            let said = format!("\nThe tests with {what} are LEFT OUT of this run: `.ci/run` sets {variable}.\n");
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        }
    }
}
