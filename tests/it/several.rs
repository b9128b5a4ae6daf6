//! Several projects in one run: one report, one exit code, and none hides another.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::fluxform::Fluxform;
use crate::support::{Scene, both};

/// Projects beside each other, all of the scene's org.
struct Street<'a> {
    scene: &'a Scene,
    dir: TempDir,
}

impl<'a> Street<'a> {
    fn new(scene: &'a Scene, projects: &[(&str, &str)]) -> Self {
        let street = Self { scene, dir: tempfile::tempdir().unwrap() };
        for (name, resources) in projects {
            street.declare(name, name, "", resources);
        }
        street
    }

    /// Writes the manifest of a directory.
    fn declare(&self, dir: &str, project: &str, server: &str, resources: &str) {
        let text = format!(
            "[project]\nname = \"{project}\"\n[server]\n{server}\norg = \"{}\"\n{resources}",
            self.scene.org_name
        );
        std::fs::create_dir_all(self.path(dir)).unwrap();
        std::fs::write(self.path(dir).join("main.toml"), text).unwrap();
    }

    fn path(&self, dir: &str) -> PathBuf {
        self.dir.path().join(dir)
    }

    /// A run in the directory that they are in.
    fn run(&self, words: &[&str]) -> Fluxform {
        let mut run = Fluxform::new(words).var("COLUMNS", "1000");
        run.command.current_dir(self.dir.path());
        run.var("INFLUX_HOST", self.scene.server.url()).var("INFLUX_TOKEN", self.scene.server.token())
    }

    fn apply(&self, dir: &str) {
        self.run(&["apply", dir, "--auto-approve"]).run().with(0);
    }
}

fn codes(document: &Value) -> Vec<(&str, i64)> {
    let projects = document["projects"].as_array().unwrap();
    projects.iter().map(|one| (one["dir"].as_str().unwrap(), one["exit_code"].as_i64().unwrap())).collect()
}

both!(each_project_is_planned_and_the_worst_counts, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\n"), ("two", "[bucket.two]\n")]);
    street.apply("two");
    street.declare("broken", "broken", "", "[bukket.x]\n");
    street.declare("inside", "inside", "", "[bucket.inside]\n");
    street.declare("elsewhere", "elsewhere", "url = \"http://127.0.0.1:9\"", "[bucket.x]\n");

    street.run(&["plan", "one", "two"]).run().with(0);
    let differ = street.run(&["plan", "two", "inside", "--detailed-exitcode"]).run().with(2);
    let (_, overview) = differ.out.split_once("All projects:\n").unwrap();
    assert_eq!(overview, "  two     No changes.\n  inside  1 to add, 0 to change, 0 to destroy.\n");
    for part in ["== two\nNo changes.", "== inside\nChanges:\n  + bucket.inside"] {
        assert!(differ.out.contains(part), "no {part:?} in {}", differ.out);
    }

    let all = street.run(&["plan", "broken", "one", "elsewhere", "inside", "two"]).run().with(64);
    assert!(all.out.contains("+ bucket.one") && all.out.contains("+ bucket.inside"), "{}", all.out);
    for said in ["bukket", "[server].url is http://127.0.0.1:9"] {
        assert!(all.err.contains(said), "no {said:?} in {}", all.err);
    }
    let words = ["plan", "broken", "one", "elsewhere", "inside", "two", "--format=json"];
    let document = street.run(&words).run().with(64).json();
    assert_eq!(codes(&document), [("broken", 65), ("one", 0), ("elsewhere", 64), ("inside", 0), ("two", 0)]);
    let alone = street.run(&["plan", "one", "--format=json"]).run().with(0).json();
    assert_eq!(document["projects"][1]["plan"], alone["plan"]);
    assert_eq!(document["projects"][0]["problems"][0]["diagnostic"]["code"], "manifest::unknown-kind");
});

both!(drift_and_validate_take_several_too, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\nretention = \"1d\"\n"), ("two", "[bucket.two]\n")]);
    street.apply("one");
    street.apply("two");
    street.run(&["drift", "one", "two"]).run().with(0);
    let list = scene.http.get(&format!("buckets?orgID={}&name=one", scene.org)).await.expect(200);
    let id = crate::support::id(&list["buckets"][0]);
    let hand = serde_json::json!({"retentionRules": [{"type": "expire", "everySeconds": 864000}]});
    scene.http.patch(&format!("buckets/{id}"), hand).await.expect(200);
    let drift = street.run(&["drift", "one", "two"]).run().with(2);
    assert!(drift.out.contains("retention: was \"1d\", is \"10d\""), "{}", drift.out);
    assert!(drift.out.ends_with("  one  Drift in 1 resource.\n  two  No drift.\n"), "{}", drift.out);
    assert_eq!(
        codes(&street.run(&["drift", "two", "one", "--format=json"]).run().with(2).json()),
        [("two", 0), ("one", 2)]
    );

    street.declare("broken", "broken", "", "[bukket.x]\n");
    let valid = street.run(&["validate", "one", "broken", "two"]).run().with(65);
    assert!(valid.out.contains("`one` is valid") && valid.out.contains("`two` is valid"), "{}", valid.out);
    let document = street.run(&["validate", "one", "broken", "--format=json"]).run().with(65).json();
    assert_eq!(codes(&document), [("one", 0), ("broken", 65)]);
    let valid = json!({"project": "one", "resources": 1, "warnings": []});
    assert_eq!(document["projects"][0]["valid"], valid);
    assert_eq!(street.run(&["validate", "one", "--format=json"]).run().with(0).json()["valid"], valid);
    let comment = street.run(&["validate", "one", "--format=markdown"]).run().with(0).out;
    assert!(comment.contains("**Valid**: 1 resource."), "{comment}");
    let overview = street.run(&["validate", "one", "two"]).run().with(0).out;
    assert!(overview.ends_with("  one  valid, 1 resource\n  two  valid, 1 resource\n"), "{overview}");
    street.declare("warned", "warned", "", "[task.t]\ncron = \"*/30 * * * *\"\nflux = 'x = 1'\n");
    let warned = street.run(&["validate", "warned", "--format=json"]).run().with(0).json();
    assert_eq!(warned["valid"]["warnings"][0]["code"], "task::cron", "{warned}");
    // Beside an error it is a warning still.
    street.declare("both", "both", "", "[task.t]\ncron = \"*/30 * * * *\"\nflux = 'x = 1'\n[bukket.x]\n");
    for words in [&["validate", "both", "--format=json"][..], &["validate", "both", "one", "--format=json"]] {
        let document = street.run(words).run().with(65).json();
        let run = if document["projects"].is_null() { &document } else { &document["projects"][0] };
        assert_eq!(run["problems"].as_array().unwrap().len(), 1, "{document}");
        assert_eq!(run["problems"][0]["diagnostic"]["code"], "manifest::unknown-kind", "{document}");
        assert_eq!(run["warnings"][0]["code"], "task::cron", "{document}");
    }
});

both!(what_the_manifests_warn_of_is_in_each_document_of_a_run, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\n")]);
    let variable = "[variable.hosts]\nvalues = [\"a\"]\nselected = [\"b\"]\n";
    street.declare("warned", "warned", "", variable);
    let has = |text: &str, times: usize| assert_eq!(text.matches("variable::selected").count(), times, "{text}");
    // What was never applied cannot have drifted.
    for (command, code) in [("validate", 0), ("plan", 0), ("drift", 1)] {
        let human = street.run(&[command, "warned"]).run().with(code);
        has(&human.err, 1);
        for format in ["--format=markdown", "--format=json"] {
            has(&street.run(&[command, "warned", format]).run().with(code).out, 1);
            has(&street.run(&[command, "one", "warned", format]).run().with(code).out, 1);
        }
    }
    street.run(&["plan", "warned", "--out", "w.plan"]).run().with(0);
    has(&street.run(&["show", "w.plan", "--format=markdown"]).run().with(0).out, 1);
    has(&street.run(&["apply", "warned", "--auto-approve", "--format=markdown"]).run().with(0).out, 1);
});

both!(a_comment_has_all_projects_and_the_worst_first, async |scene| {
    let street = Street::new(&scene, &[("good", "[bucket.good]\n"), ("gone", "[bucket.gone]\n[bucket.kept]\n")]);
    street.apply("gone");
    street.declare("gone", "gone", "", "[bucket.kept]\n");
    street.declare("broken", "broken", "", "[bukket.x]\n");
    let comment = street.run(&["plan", "good", "gone", "broken", "--format=markdown"]).run().with(65).out;
    assert!(comment.starts_with("<!-- fluxform plan -->\n## fluxform plan: 3 projects\n"), "{comment}");
    let at = |text: &str| comment.find(text).unwrap_or_else(|| panic!("no {text:?} in {comment}"));
    assert!(at("### `broken`") < at("### `gone`") && at("### `gone`") < at("### `good`"), "{comment}");
    at("**`- bucket.gone`**");
    at("**`+ bucket.good`**");
});

both!(two_directories_that_are_one_project_are_refused, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\n")]);
    street.declare("copy", "one", "", "[bucket.other]\n");
    let refused = street.run(&["plan", "one", "copy"]).run().with(65);
    assert!(refused.err.contains("copy is the project `one` on the same server and org as one"), "{}", refused.err);
    let refused = street.run(&["plan", "one", "./one"]).run().with(64);
    assert!(refused.err.contains("./one is listed twice"), "{}", refused.err);
    // Nor does a server of its own pass for the one that the environment names.
    street.declare("copy", "one", "url = \"embedded:\"", "[bucket.other]\n");
    let refused = street.run(&["plan", "one", "copy"]).run().with(64);
    assert!(refused.err.contains("connection::two-hosts"), "{}", refused.err);
});

both!(what_is_for_one_project_is_refused_for_several, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\n"), ("two", "[bucket.two]\n")]);
    let refused = street.run(&["plan", "one", "two", "--out", "x.plan"]).run().with(64);
    assert!(refused.err.contains("--out is for one project, but there are 2"), "{}", refused.err);
    assert!(!street.path("x.plan").exists());
});

both!(comments_of_one_project, async |scene| {
    let street = Street::new(&scene, &[("one", "[bucket.one]\nretention = \"1d\"\n")]);
    let shown = |words: &[&str], code: i32| {
        let words: Vec<&str> = words.iter().copied().chain(["--format=markdown"]).collect();
        street.run(&words).run().with(code).out
    };
    let plan = shown(&["plan", "one", "--out=one.plan"], 0);
    let url = scene.server.url();
    let server = format!("Server `{url}`, org `{}`\n\n", scene.org_name);
    let head = format!("<!-- fluxform plan -->\n### fluxform plan: `one`\n\n{server}**Plan:** 1 to add");
    assert!(plan.starts_with(&head), "{plan}");
    assert_eq!(shown(&["show", "one.plan"], 0), plan);
    let said = format!("A plan for {url}, org {}:", scene.org_name);
    assert!(street.run(&["show", "one.plan"]).run().with(0).err.contains(&said));
    let json: Value = serde_json::from_str(&street.run(&["plan", "one", "--format=json"]).run().with(0).out).unwrap();
    assert_eq!(json["server"], serde_json::json!({"url": url, "org": scene.org_name, "org_id": scene.org}));
    let applied = shown(&["apply", "one.plan", "one"], 0);
    assert!(applied.starts_with("<!-- fluxform apply -->\n"), "{applied}");
    assert!(applied.contains(&server), "{applied}");
    assert!(
        applied.contains("**Apply complete.** Resources: 1 added") && applied.contains("`+ bucket.one`"),
        "{applied}"
    );
    let again = shown(&["apply", "one.plan", "one"], 6);
    assert!(again.contains("**Not applied**") && again.contains("nothing to do"), "{again}");
    assert!(shown(&["drift", "one"], 0).contains("**No drift.**"));
    street.declare("one", "one", "", "[bucket.one]\nretention = \"2d\"\n");
    let stale = shown(&["apply", "one.plan", "one"], 6);
    assert!(stale.contains("**Not applied**") && stale.contains("Exit code 6 (`stale`)"), "{stale}");
    let destroyed = shown(&["destroy", "one", "--auto-approve"], 0);
    assert!(destroyed.contains("**Destroy complete.** Resources: 1 destroyed."), "{destroyed}");
    street.declare("one", "one", "", "[bukket.x]\n");
    let broken = shown(&["plan", "one"], 65);
    assert!(broken.starts_with("<!-- fluxform plan -->\n") && broken.contains("bukket"), "{broken}");
    shown(&["show", "one"], 64);
});

both!(a_destroy_is_previewed_with_its_guards_and_destroys_nothing, async |scene| {
    let street = Street::new(
        &scene,
        &[
            ("one", "[bucket.one]\n[bucket.line]\nfor_each = [\"a\", \"b\"]\n"),
            ("two", "[bucket.two]\nlifecycle = { prevent_destroy = true }\n"),
            ("none", "[bucket.none]\n"),
        ],
    );
    scene.bucket("line_b").await;
    street.run(&["apply", "one", "--auto-approve", "--adopt"]).run().with(0);
    street.apply("two");
    let before = scene.http.get(&format!("buckets?orgID={}&limit=100", scene.org)).await.text;

    let plain = street.run(&["plan", "--destroy", "one"]).run().with(0);
    for part in
        ["- bucket.line[a]", "- bucket.one", "forget  bucket.line[b]: this project did not create it", "2 to destroy"]
    {
        assert!(plain.out.contains(part), "no {part:?} in {}", plain.out);
    }
    street.run(&["plan", "--destroy", "one", "--detailed-exitcode"]).run().with(2);
    let nothing = street.run(&["plan", "--destroy", "none", "--detailed-exitcode"]).run().with(0);
    assert_eq!(nothing.out, "Nothing to destroy. The project owns no object on this server.\n");
    let refused = street.run(&["plan", "--destroy", "two"]).run().with(8);
    assert!(
        refused.err.contains("guard::prevent-destroy") && refused.err.contains("two/main.toml:6"),
        "{}",
        refused.err
    );
    let all = street.run(&["plan", "--destroy", "--compact", "one", "two", "none"]).run().with(8);
    assert!(all.out.contains("  none  Nothing to destroy."), "{}", all.out);
    let json = street.run(&["plan", "--destroy", "one", "--format=json"]).run().with(0).json();
    assert_eq!(json["plan"]["summary"]["destroy"], 2);
    let markdown = street.run(&["plan", "--destroy", "one", "--format=markdown"]).run().with(0).out;
    assert!(markdown.starts_with("<!-- fluxform plan-destroy -->\n### fluxform plan --destroy: `one`\n"), "{markdown}");
    for wrong in ["--out=x.plan", "--allow-empty"] {
        street.run(&["plan", "--destroy", "one", wrong]).run().with(64);
    }
    assert_eq!(scene.http.get(&format!("buckets?orgID={}&limit=100", scene.org)).await.text, before);

    // It is what the destroy does.
    let destroyed = street.run(&["destroy", "one", "--auto-approve", "--format=json"]).run().with(0).json();
    assert_eq!(destroyed["report"]["plan_digest"], json["plan"]["plan_digest"]);
});
