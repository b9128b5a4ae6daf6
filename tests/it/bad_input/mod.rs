//! Bad input: a clear error with its place, the right exit code, and nothing written.

mod files;
mod ledger;
mod links;
mod projects;
mod secrets;
mod servers;
mod sinks;
mod tokens;
mod visible;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::fluxform::{Ended, Fluxform, declare, on, project_of as project};
use crate::support::Scene;

/// A run on the scene's server with this token.
fn with_token(scene: &Scene, command: &str, dir: &Path, token: &str) -> Fluxform {
    let run = on(command, dir).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", token);
    // Where commands are looked for.
    let run = run.var("PATH", &std::env::var("PATH").unwrap());
    if matches!(command, "apply" | "destroy") { run.arg("--auto-approve") } else { run }
}

/// A run on the scene's server as the operator.
fn operator(scene: &Scene, command: &str, dir: &Path) -> Fluxform {
    with_token(scene, command, dir, scene.server.token())
}

/// Everything in the scene's org, byte for byte, and all users.
async fn server_state(scene: &Scene) -> Vec<String> {
    let mut state = Vec::new();
    for list in ["buckets", "tasks", "authorizations", "labels"] {
        state.push(scene.http.get(&format!("{list}?orgID={}&limit=100", scene.org)).await.text);
    }
    for of in ["", "/members", "/owners"] {
        state.push(scene.http.get(&format!("orgs/{}{of}", scene.org)).await.text);
    }
    state
}

/// All files below a directory with what they hold.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
        }
    }
    found
}

/// Runs `run`, which must end with `code` and leave server and project as they were.
async fn refused(scene: &Scene, dir: &Path, run: Fluxform, code: i32) -> Ended {
    let before = (server_state(scene).await, files(dir));
    let ended = run.run().with(code);
    assert_eq!((server_state(scene).await, files(dir)), before, "something was written:\n{}", ended.all());
    ended
}

/// Fails unless `text` has this part.
#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}
