//! Day one on a server that somebody set up by hand: `examples/moving-in`, and docs/moving-in.md as it is written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{Home, files, page_holds, update};
use crate::cli::fluxform::Fluxform;
use crate::support::{Backend, Http, both};

/// Set to `1` where a missing program is a failure.
const REQUIRED: &str = "FLUXFORM_REQUIRE_CLIENTS";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/moving-in")
}

/// Whether there is a curl, which the example's script needs.
fn curl() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
    assert!(there || !required, "{REQUIRED}=1, but there is no curl");
    there
}

/// Not a test of the project: it says what this run leaves out, past the capture of test output.
#[test]
fn left_out_days_are_named() {
    if !curl() {
        let said = "\nThe tests of `examples/moving-in/by-hand.sh` are LEFT OUT of this run: there is no curl.\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
}

/// A server as the example's script leaves it.
struct Found {
    home: Home,
    /// Where the script ran.
    dir: TempDir,
    /// Requests with the token that is in use somewhere.
    gateway: Http,
}

impl Found {
    /// What there is, exported to this directory and adopted.
    #[track_caller]
    fn adopted(&self) -> PathBuf {
        let dir = self.dir.path().join("iot");
        self.home.export(&dir, &[]).with(0);
        self.home.fluxform(&["adopt", "--auto-approve"]).arg(&dir).run().with(0);
        dir
    }

    async fn on(server: crate::support::Server) -> Self {
        let home = Home::named(server, "acme", "raw").await;
        let dir = tempfile::tempdir().unwrap();
        let made = Command::new("sh")
            .arg(example().join("by-hand.sh"))
            .current_dir(dir.path())
            .env("INFLUX_HOST", home.server.url())
            .env("INFLUX_TOKEN", home.server.token())
            .env("INFLUX_ORG", "acme")
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let secret = fs::read_to_string(dir.path().join("gateways.token")).unwrap();
        Self { gateway: home.http.with_token(secret.trim()), home, dir }
    }

    /// A gateway writes a point, as it did before.
    async fn still_writes(&self) {
        let reply = self.gateway.post_text("write?org=acme&bucket=sensors", "hall,line=4 temperature=21.5").await;
        assert_eq!(reply.status, 204, "{}", reply.text);
    }
}

both!(nothing_changes_but_the_record, virgin, async |server| {
    if !curl() {
        return;
    }
    let found = Found::on(server).await;
    let home = &found.home;
    found.still_writes().await;
    let before = home.everything().await;
    let dir = found.dir.path().join("iot");
    home.export(&dir, &[]).with(0);
    home.fluxform(&["plan"]).arg(&dir).run().with(8);
    assert_eq!(home.plan(&dir), (10, String::new()));
    home.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(&dir).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&dir).run().with(0);
    home.fluxform(&["drift"]).arg(&dir).run().with(0);
    found.still_writes().await;
    assert_eq!(home.everything().await, before);

    // From here on it is managed: somebody changes something by hand, and it is seen and taken back.
    let buckets = home.http.get("buckets?name=sensors&org=acme").await.expect(200);
    let sensors = buckets["buckets"][0]["id"].as_str().unwrap();
    let longer = json!({"retentionRules": [{"type": "expire", "everySeconds": 7_776_000}]});
    home.http.patch(&format!("buckets/{sensors}"), longer).await.expect(200);
    let drift = home.fluxform(&["drift"]).arg(&dir).run().with(2);
    assert!(drift.out.contains("retention: was \"30d\", is \"90d\""), "{}", drift.out);
    home.fluxform(&["apply", "--auto-approve", "--allow-data-loss=*"]).arg(&dir).run().with(0);
    // A table that goes lets go of its object; so does a destroy.
    let tables = fs::read_to_string(dir.join("buckets.toml")).unwrap();
    let (old, rest) = tables.split_once("\n\n").unwrap();
    assert!(old.contains("My bucket (old)"), "{old}");
    fs::write(dir.join("buckets.toml"), rest).unwrap();
    let said = home.fluxform(&["apply", "--auto-approve"]).arg(&dir).run().with(0);
    assert!(said.out.contains("1 forgotten"), "{}", said.out);
    home.fluxform(&["destroy", "--auto-approve"]).arg(&dir).run().with(0);
    found.still_writes().await;
    let names = |all: &std::collections::BTreeMap<String, serde_json::Value>| -> Vec<String> {
        let lists = all.values().filter_map(|list| list.as_object()?.values().find_map(serde_json::Value::as_array));
        lists.flatten().map(|row| format!("{} {}", row["id"], row["name"])).collect()
    };
    assert_eq!(names(&home.everything().await), names(&before));
});

both!(an_adopted_token_gets_a_successor, virgin, async |server| {
    if !curl() {
        return;
    }
    let found = Found::on(server).await;
    let home = &found.home;
    let dir = found.adopted();
    let file = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
    let tokens = file("tokens.toml");
    let more = tokens.replace("write = [\"bucket.sensors\"]", "write = [\"bucket.sensors\", \"bucket.raw\"]");
    write("tokens.toml", &more);
    let refused = home.fluxform(&["plan"]).arg(&dir).run().with(8);
    assert!(refused.err.contains("remove the [[import]], and set `deliver`"), "{}", refused.err);
    found.still_writes().await;

    let here = file("server.toml");
    let blocks: Vec<&str> = here.split("\n\n").filter(|block| !block.contains("token.gateways")).collect();
    write("server.toml", &blocks.join("\n\n"));
    let (gateways, rest) = more.split_once("\n# deliver").unwrap();
    write("tokens.toml", &format!("{gateways}\nlifecycle = {{ owned = true }}\ndeliver{rest}"));
    home.fluxform(&["apply", "--auto-approve"]).arg(&dir).run().with(0);
    let secret = file("secrets/gateways_halls_1-4.token");
    let successor =
        home.http.with_token(&secret).post_text("write?org=acme&bucket=raw", "hall,line=4 temperature=21.5").await;
    assert_eq!(successor.status, 204);
    let old = found.gateway.post_text("write?org=acme&bucket=sensors", "hall,line=4 temperature=21.5").await;
    assert_eq!(old.status, 204, "the old one goes on working until the gateways have the new one");
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&dir).run().with(0);
});

both!(tables_move_and_nothing_changes, virgin, async |server| {
    if !curl() {
        return;
    }
    let found = Found::on(server).await;
    let home = &found.home;
    let dir = found.adopted();
    let before = home.everything().await;
    for (name, text) in files(&dir) {
        let text =
            text.replace("[bucket.sensors]\n", "[bucket.data]\nfor_each = [\"sensors\"]\nname = \"${each.key}\"\n");
        let text =
            text.replace("bucket.sensors", "bucket.data[sensors]").replace("task.downsample_e6f83f", "task.means");
        fs::write(dir.join(name), text).unwrap();
    }
    let moved = "[[moved]]\nfrom = \"bucket.sensors\"\nto = \"bucket.data[sensors]\"\n\
                 [[moved]]\nfrom = \"task.downsample_e6f83f\"\nto = \"task.means\"\n";
    fs::write(dir.join("moved.toml"), moved).unwrap();
    let plan = home.fluxform(&["plan", "--format=json"]).arg(&dir).run().with(0).json();
    assert_eq!(plan["plan"]["summary"]["move"], 2, "{plan:#}");
    home.fluxform(&["apply", "--auto-approve"]).arg(&dir).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&dir).run().with(0);
    assert_eq!(home.everything().await, before);
});

/// The example's files as an export leaves them, edited as its README says.
fn edited(mut files: std::collections::BTreeMap<String, String>) -> std::collections::BTreeMap<String, String> {
    let tokens = files["tokens.toml"].replace("\n# deliver", "\ndeliver");
    files.insert("tokens.toml".into(), tokens);
    let server = "# The new server, instead of the one that was exported.\n\n\
                  [server]\nurl = \"embedded:.fluxform/dev.db\"\norg = \"acme\"\n";
    files.insert("server.toml".into(), server.into());
    files
}

both!(the_example_is_what_an_export_gives, virgin, async |server| {
    if !curl() {
        return;
    }
    let found = Found::on(server).await;
    let dir = found.dir.path().join("moving-in");
    found.home.export(&dir, &[]).with(0);
    let exported = edited(files(&dir));
    let mut shown = files(&example());
    let own = ["README.md", "by-hand.sh"].map(|name| shown.remove(name).unwrap());
    if update(&found.home) {
        fs::remove_dir_all(example()).unwrap();
        for (path, text) in exported
            .iter()
            .map(|(path, text)| (path.as_str(), text))
            .chain([("README.md", &own[0]), ("by-hand.sh", &own[1])])
        {
            let path = example().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        return;
    }
    for (path, text) in &exported {
        assert_eq!(shown.get(path), Some(text), "{path}: UPDATE_EXPECTED=1 writes it");
    }
    assert_eq!(shown.len(), exported.len());
});

both!(the_example_sets_up_another_server, virgin, async |server| {
    let dir = tempfile::tempdir().unwrap();
    crate::examples::copy(&example(), dir.path());
    // On the server inside fluxform as its README says; on a real one with --host.
    let real = match server.backend() {
        Backend::Embedded => None,
        Backend::Real => Some(Home::named(server, "acme", "raw").await),
    };
    let run = |arguments: &[&str]| match &real {
        None => Fluxform::new(arguments).arg(dir.path()).run().with(0).out,
        Some(home) => home.fluxform(arguments).args(&["--host", home.server.url()]).arg(dir.path()).run().with(0).out,
    };
    run(&["apply", "--adopt", "--auto-approve"]);
    assert!(run(&["plan", "--detailed-exitcode"]).starts_with("No changes."));
    assert!(run(&["drift"]).starts_with("No drift."));
    for secret in ["secrets/grafana.token", "secrets/gateways_halls_1-4.token"] {
        assert!(!fs::read_to_string(dir.path().join(secret)).unwrap().is_empty());
    }
    run(&["destroy", "--auto-approve", "--allow-data-loss=*"]);
});

both!(the_page_gives_what_it_shows, virgin, async |server| {
    if !curl() {
        return;
    }
    let found = Found::on(server).await;
    page_holds("docs/moving-in.md", &found.home, found.dir.path());
});
