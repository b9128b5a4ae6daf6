//! A plan that is saved, reviewed, and applied only if it is still the plan.

mod files;
mod other;
mod stale;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::fluxform::{Ended, Fluxform, on};
use crate::support::{Scene, column};

/// A project on a scene's server, and room for its plan beside it.
struct Review<'a> {
    scene: &'a Scene,
    dir: TempDir,
}

impl<'a> Review<'a> {
    fn new(scene: &'a Scene, resources: &str) -> Self {
        let review = Self { scene, dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(review.project()).unwrap();
        review.declare(resources);
        review
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Where the plan is saved.
    fn file(&self) -> PathBuf {
        self.dir.path().join("iot.plan")
    }

    fn declare(&self, resources: &str) {
        self.declare_as("iot", resources);
    }

    fn declare_as(&self, project: &str, resources: &str) {
        let head = format!("[project]\nname = \"{project}\"\n[server]\norg = \"{}\"\n", self.scene.org_name);
        std::fs::write(self.project().join("main.toml"), head + resources).unwrap();
    }

    /// A run as the operator.
    fn run(&self, command: &str, what: &Path) -> Fluxform {
        let run = on(command, what).var("INFLUX_HOST", self.scene.server.url());
        let run = run.var("INFLUX_TOKEN", self.scene.server.token());
        // Messages are not wrapped; commands are looked for there.
        run.var("COLUMNS", "1000").var("PATH", &std::env::var("PATH").unwrap())
    }

    /// `fluxform plan --out FILE`, being prepared.
    fn plan(&self) -> Fluxform {
        self.run("plan", &self.project()).arg("--out").arg(self.file())
    }

    /// `fluxform apply FILE DIR`, being prepared.
    fn apply(&self) -> Fluxform {
        self.run("apply", &self.file()).arg(self.project())
    }

    /// `fluxform apply DIR`, without a review.
    fn apply_unseen(&self) -> Ended {
        self.run("apply", &self.project()).arg("--auto-approve").run().with(0)
    }

    /// `fluxform apply FILE DIR`, which must end with `code` and leave the server as it was.
    async fn refused(&self, code: i32) -> Ended {
        let before = self.server().await;
        let ended = self.apply().run().with(code);
        assert_eq!(self.server().await, before, "something was written:\n{}", ended.all());
        ended
    }

    /// Everything in the org, byte for byte.
    async fn server(&self) -> Vec<String> {
        let mut state = Vec::new();
        for list in ["buckets", "tasks", "authorizations", "labels"] {
            state.push(self.scene.http.get(&format!("{list}?orgID={}&limit=100", self.scene.org)).await.text);
        }
        state
    }

    /// The names of the org's buckets, the system's left out.
    async fn buckets(&self) -> Vec<String> {
        let list = self.scene.http.get(&format!("buckets?orgID={}&limit=100", self.scene.org)).await.expect(200);
        let mut names: Vec<String> = column(&list["buckets"], "name").iter().map(ToString::to_string).collect();
        names.retain(|name| !name.starts_with('_'));
        names.sort_unstable();
        names
    }
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}
