//! What needs a terminal, a signal, or a process that dies.

mod durability;
mod home;
mod killed;
mod known_hosts;
mod locked;
mod outage;
mod probing;
mod prompts;
mod rivals;
mod rotating;
mod rotation;
mod signals;
mod stale;
mod token;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::cli::fluxform::{Fluxform, on, project};
use super::support::{Scene, column};

/// What these projects declare: something of each kind that an org holds, tokens with sinks among it.
const RESOURCES: &str = r##"
[label.prod]
properties = { color = "#ff0000" }

[bucket.b]
for_each = ["one", "two", "three"]
retention = "1d"
labels = ["label.prod"]

[task.t]
for_each = ["one", "two"]
every = "1h"
flux = 'from(bucket: params.source) |> range(start: -1h)'
params = { source = { bucket = "bucket.b[each]" } }
labels = ["label.prod"]

[token.k]
for_each = ["one", "two"]
description = "Token ${each.key}"
write = ["bucket.b[each]"]
deliver = { file = "secrets/${each.key}.token" }
"##;

/// A project on a scene's server.
pub(crate) struct Place<'a> {
    scene: &'a Scene,
    dir: TempDir,
}

impl<'a> Place<'a> {
    pub(crate) fn new(scene: &'a Scene, resources: &str) -> Self {
        let place = Self { scene, dir: project("") };
        place.declare(resources);
        place
    }

    pub(crate) fn declare(&self, resources: &str) {
        let head = format!("[project]\nname = \"p\"\n[server]\norg = \"{}\"\n", self.scene.org_name);
        std::fs::write(self.path().join("fluxform.toml"), head + resources).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `fluxform COMMAND DIR`, with the server at this URL.
    fn by(&self, url: &str, command: &str) -> Fluxform {
        on(command, self.path()).var("INFLUX_HOST", url).var("INFLUX_TOKEN", self.scene.server.token())
    }

    pub(crate) fn on(&self, command: &str) -> Fluxform {
        self.by(self.scene.server.url(), command)
    }

    /// `fluxform apply DIR --auto-approve`, with the server at this URL.
    pub(crate) fn apply_by(&self, url: &str) -> Fluxform {
        self.by(url, "apply").arg("--auto-approve")
    }

    /// `fluxform rotate ADDRESS DIR --auto-approve`, with the server at this URL.
    fn rotate_by(&self, url: &str, address: &str) -> Fluxform {
        let run = Fluxform::new(&["rotate", address]).arg(self.path()).arg("--auto-approve");
        run.var("INFLUX_HOST", url).var("INFLUX_TOKEN", self.scene.server.token())
    }

    pub(crate) fn apply(&self) -> Fluxform {
        self.apply_by(self.scene.server.url())
    }

    /// The rows of a list of the org.
    async fn list(&self, kind: &str, field: &str) -> Value {
        self.scene.http.get(&format!("{kind}?orgID={}&limit=100", self.scene.org)).await.expect(200)[field].clone()
    }

    /// Whether a lock is on the server.
    async fn locked(&self) -> bool {
        column(&self.list("labels", "labels").await, "name").iter().any(|name| name.ends_with("/lock"))
    }

    /// Applies again, and looks: nothing is missing, nothing is there twice, the secrets work, and nothing is left to do.
    async fn converges(&self) {
        self.apply().run().with(0);
        self.on("plan").arg("--detailed-exitcode").run().with(0);
        let mut buckets = self.list("buckets", "buckets").await;
        buckets.as_array_mut().unwrap().retain(|bucket| bucket["type"] == "user");
        assert_eq!(sorted(&buckets, "name"), ["b_one", "b_three", "b_two"]);
        assert_eq!(sorted(&self.list("tasks", "tasks").await, "name"), ["t_one", "t_two"]);
        let tokens = self.list("authorizations", "authorizations").await;
        assert_eq!(sorted(&tokens, "description"), ["Token one", "Token two"]);
        assert_eq!(sorted(&tokens, "status"), ["active", "active"]);
        for key in ["one", "two"] {
            let secret = std::fs::read_to_string(self.path().join(format!("secrets/{key}.token"))).unwrap();
            let write = format!("write?orgID={}&bucket=b_{key}", self.scene.org);
            self.scene.http.with_token(&secret).post_text(&write, "").await.expect(204);
        }
        assert!(!self.locked().await, "the lock is left");
    }
}

fn sorted<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    let mut column = column(rows, field);
    column.sort_unstable();
    column
}
