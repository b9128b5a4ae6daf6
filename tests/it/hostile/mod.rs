//! A server, or something in front of it, that is broken or means ill.

mod creates;
mod locks;
mod memory;
mod rows;
mod signatures;
mod timeout;
mod token;

use std::path::Path;

use crate::cli::fluxform::{Fluxform, declare, on, project_of as project};
use crate::support::{Forger, Scene};

/// A run at this URL as the operator.
fn at(url: &str, scene: &Scene, command: &str, dir: &Path) -> Fluxform {
    let run = on(command, dir).var("INFLUX_HOST", url).var("INFLUX_TOKEN", scene.server.token());
    if matches!(command, "apply" | "destroy") { run.arg("--auto-approve") } else { run }
}

/// The same, with more than one word before the directory.
fn words(url: &str, scene: &Scene, command: &[&str], dir: &Path) -> Fluxform {
    Fluxform::new(command).arg(dir).var("INFLUX_HOST", url).var("INFLUX_TOKEN", scene.server.token())
}

/// A run that goes straight to the server.
fn directly(scene: &Scene, command: &str, dir: &Path) -> Fluxform {
    at(scene.server.url(), scene, command, dir)
}

/// A run past a server in between.
fn past(forger: &Forger, scene: &Scene, command: &str, dir: &Path) -> Fluxform {
    at(forger.url(), scene, command, dir)
}

/// `text` in one line: messages are wrapped, some with a bar before each line.
fn flat(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// Fails unless `text` has this part, however it is wrapped.
#[track_caller]
fn has(text: &str, part: &str) {
    assert!(flat(text).contains(part), "no {part:?} in:\n{text}");
}
