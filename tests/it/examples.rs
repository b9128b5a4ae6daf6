//! The examples, each run as its README says: on the server inside fluxform as they are, on a real one with `--host`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::fluxform::{Ended, Fluxform};
use crate::support::{Backend, Scene, both, real};

/// A copy of an example, and how its commands reach the server.
struct Example {
    dir: TempDir,
    arguments: Vec<String>,
    token: Option<String>,
}

/// Where the examples are.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Copies the files that belong to the example: nothing that a run of a user has left.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name == "secrets" || name == ".fluxform" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

impl Example {
    /// The embedded server is the one that the manifest names; a real one takes its place.
    fn new(scene: &Scene, name: &str, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(&examples().join(name), dir.path());
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut token = None;
        if scene.server.backend() == Backend::Real {
            let server = [format!("--host={}", scene.server.url()), format!("--org={}", scene.org_name)];
            arguments.extend(server);
            token = Some(scene.server.token().to_owned());
        }
        Self { dir, arguments, token }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let all: Vec<&str> = arguments.iter().copied().chain(self.arguments.iter().map(String::as_str)).collect();
        let mut program = Fluxform::new(&all);
        program
            .command
            .current_dir(self.dir.path())
            .env("FOREMAN_PASSWORD", "long-enough")
            .env("GRAFANA_PASSWORD", "long-enough")
            .env("HOOK_TOKEN", "long-enough")
            .env("HQ_TOKEN", "of the head office")
            .env("PAGER_TOKEN", "of the pager");
        match &self.token {
            Some(token) => program.var("INFLUX_TOKEN", token).run(),
            None => program.run(),
        }
    }

    /// What a run has written to `file`.
    fn written(&self, file: &str) -> String {
        fs::read_to_string(self.dir.path().join(file)).unwrap()
    }

    /// Plans, applies, plans again, looks for drift, destroys. The first plan is the same on each server.
    fn whole_life(&self, snapshot: &str) {
        self.whole_life_in_short(snapshot, str::to_owned);
    }

    /// The same, where a part of the plan is enough to see what is in it.
    fn whole_life_in_short(&self, snapshot: &str, part: impl Fn(&str) -> String) {
        let plan = self.run(&["plan"]).with(0).out;
        insta::assert_snapshot!(snapshot, part(&plan));
        self.run(&["plan", "--detailed-exitcode"]).with(2);
        self.run(&["apply", "--auto-approve"]).with(0);
        let again = self.run(&["plan", "--detailed-exitcode"]).with(0).out;
        assert!(again.starts_with("No changes."), "{again}");
        let again = self.run(&["apply", "--auto-approve"]).with(0).out;
        assert!(again.starts_with("No changes."), "{again}");
        let drift = self.run(&["drift"]).with(0).out;
        assert!(drift.starts_with("No drift."), "{drift}");
        let destroyed = self.run(&["destroy", "--auto-approve"]).with(0).out;
        assert!(destroyed.contains("Destroy complete!"), "{destroyed}");
        assert_eq!(self.run(&["plan"]).with(0).out, plan);
    }
}

both!(quickstart, async |scene| {
    Example::new(&scene, "quickstart", &[]).whole_life("quickstart");
});

both!(guide_iot, async |scene| {
    Example::new(&scene, "guide-iot", &[]).whole_life("guide-iot");
});

both!(guide_downsampling, async |scene| {
    Example::new(&scene, "guide-downsampling", &[]).whole_life("guide-downsampling");
});

both!(guide_dashboard, async |scene| {
    Example::new(&scene, "guide-dashboard", &[]).whole_life("guide-dashboard");
});

both!(monitoring, async |scene| {
    Example::new(&scene, "monitoring", &[]).whole_life("monitoring");
});

both!(edge, async |scene| {
    Example::new(&scene, "edge", &[]).whole_life("edge");
});

both!(teams, async |scene| {
    Example::new(&scene, "teams", &[]).whole_life("teams");
});

both!(multi_env_dev, async |scene| {
    Example::new(&scene, "multi-env", &["--var-file=dev.vars.toml"]).whole_life("multi-env-dev");
});

both!(multi_env_prod, async |scene| {
    let mut example = Example::new(&scene, "multi-env", &["--var-file=prod.vars.toml"]);
    if scene.server.backend() == Backend::Embedded {
        // The server that the file names does not exist.
        example.arguments.push("--host=embedded:.fluxform/prod.db".to_owned());
    }
    example.whole_life("multi-env-prod");
});

/// What a plan says of the resources that have no instances, of these two instances, and in all.
fn cart_of_the_shop(plan: &str) -> String {
    let wanted = |block: &&str| {
        let head = block.trim_start_matches("Changes:\n").lines().next().unwrap_or_default();
        !head.contains('[') || head.contains("[cart]") || head.contains("[shop]")
    };
    plan.split("\n\n").filter(wanted).collect::<Vec<_>>().join("\n\n")
}

both!(platform_dev, async |scene| {
    let example = Example::new(&scene, "platform", &["--var-file=dev.vars.toml"]);
    example.whole_life_in_short("platform-dev", cart_of_the_shop);
});

both!(platform_prod, async |scene| {
    let mut example = Example::new(&scene, "platform", &["--var-file=prod.vars.toml"]);
    if scene.server.backend() == Backend::Embedded {
        example.arguments.push("--host=embedded:.fluxform/prod.db".to_owned());
    }
    example.whole_life_in_short("platform-prod", cart_of_the_shop);
});

both!(multi_env_never_turns_one_environment_into_the_other, async |scene| {
    let example = Example::new(&scene, "multi-env", &["--var-file=dev.vars.toml"]);
    example.run(&["apply", "--auto-approve"]).with(0);
    let plan = example.run(&["plan", "--var", "env=prod"]).with(0).out;
    assert!(plan.contains("Plan: 5 to add, 0 to change, 0 to destroy"), "{plan}");
});

both!(multi_env_asks_where_it_goes, async |scene| {
    let ended = Example::new(&scene, "multi-env", &[]).run(&["apply", "--auto-approve"]);
    assert!(ended.err.contains("`env`"), "{}", ended.err);
    ended.with(65);
});

real!(the_guides_tokens_and_scripts_do_their_work, async |scene| {
    let iot = Example::new(&scene, "guide-iot", &[]);
    iot.run(&["apply", "--auto-approve"]).with(0);
    let secret = iot.written("secrets/ingestion.env");
    let ingestion = scene.http.with_token(secret.trim_end().strip_prefix("INFLUX_TOKEN=").unwrap());
    let write = |bucket: &str| format!("write?org={}&bucket={bucket}", scene.org_name);
    let point = "environment_metrics,device_id=a temperature=20.5,humidity=40";
    assert_eq!(ingestion.post_text(&write("iot_data"), point).await.status, 204);

    let dashboard = Example::new(&scene, "guide-dashboard", &[]);
    dashboard.run(&["apply", "--auto-approve"]).with(0);
    let agent = scene.http.with_token(&dashboard.written("secrets/server01.token"));
    assert_eq!(agent.post_text(&write("system_metrics"), "cpu,host=server01 usage_system=1.5").await.status, 204);
    let secret = dashboard.written("secrets/dashboard.env");
    let backend = scene.http.with_token(secret.trim_end().strip_prefix("INFLUX_TOKEN=").unwrap());
    let query = serde_json::json!({"query": dashboard.written("flux/cpu_data.flux")});
    let reply = backend.post(&format!("query?org={}", scene.org_name), query).await;
    assert!(reply.status == 200 && reply.text.contains(",1.5,usage_system,cpu,server01"), "{}", reply.text);

    // Neither token can do the other's work.
    assert_ne!(backend.post_text(&write("system_metrics"), "cpu,host=x usage_system=1").await.status, 204);
    assert_ne!(ingestion.post_text(&write("system_metrics"), "cpu,host=x usage_system=1").await.status, 204);
});
