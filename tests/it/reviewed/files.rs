//! The file itself: what it holds, where it is written, and what is no plan.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::super::support::both;
use super::{Review, has};
use crate::cli::fluxform::{Fluxform, on, project};

/// One of each kind that an org holds, and a user, with secrets of every sort.
const EVERYTHING: &str = r##"
[label.prod]
properties = { color = "#ff0000" }

[bucket.raw]
retention = "1d"
labels = ["label.prod"]

[task.hourly]
every = "1h"
flux = 'from(bucket: params.source) |> range(start: -1h)'
params = { source = { bucket = "bucket.raw" } }

[user.ci]
name = "${var.user}"
password = { env = "CI_PASSWORD" }
password_version = 1

[token.ingest]
description = "Ingest"
write = ["bucket.raw"]
deliver = [{ file = "secrets/ingest.token" }, { command = ["sh", "-c", "cat >>delivered"] }]

[var]
user = {}
"##;

both!(a_reviewed_plan_is_applied_without_a_question, async |scene| {
    let review = Review::new(&scene, EVERYTHING);
    let user = crate::support::unique("reviewed");
    let with = |run: Fluxform| run.arg(format!("--var=user={user}")).var("CI_PASSWORD", "not-to-be-seen");
    let planned = with(review.plan()).run().with(0);
    has(&planned.err, "Saved to ");
    let shown = on("show", &review.file()).run().with(0);
    assert_eq!(shown.out, planned.out);
    let shown = on("show", &review.file()).arg("--format=json").run().with(0).json();
    let again = with(review.run("plan", &review.project())).arg("--format=json").run().with(0).json();
    assert_eq!(shown, again);
    let digest = again["plan"]["plan_digest"].as_str().unwrap();
    has(&planned.out, &format!("Plan digest: {}\n", &digest[..12]));

    let file = fs::read_to_string(review.file()).unwrap();
    for secret in ["not-to-be-seen", scene.server.token(), review.dir.path().to_str().unwrap()] {
        assert!(!file.contains(secret), "{secret} in {file}");
    }
    assert_eq!(fs::metadata(review.file()).unwrap().permissions().mode() & 0o177, 0o044, "as any new file");

    let applied = with(review.apply()).run().with(0);
    has(&applied.out, &format!("Plan digest: {digest}\n"));
    assert_eq!(review.buckets().await, ["raw"]);
    assert!(review.project().join("secrets/ingest.token").exists());
    let status = review.run("status", &review.project()).arg("--format=json").arg(format!("--var=user={user}"));
    assert_eq!(status.run().with(0).json()["last_apply"]["plan_digest"], digest);

    let twice = with(review.apply()).run().with(6);
    assert_eq!(twice.out, "", "there is nothing to compare");
    has(&twice.err, "was already applied, at 20");
    has(&twice.err, "nothing is left to do, and nothing was written");
    with(review.run("destroy", &review.project())).arg("--auto-approve").run().with(0);
});

both!(a_plan_with_nothing_to_do_is_a_plan, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    review.apply_unseen();
    review.plan().run().with(0);
    assert_eq!(review.apply().run().with(0).out, "No changes. The server matches the manifests.\n");
    review.declare("[bucket.raw]\nretention = \"2d\"\n");
    let stale = review.refused(6).await;
    has(&stale.out, "bucket.raw");
});

both!(the_report_of_a_reviewed_plan_says_which_plan_it_was, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let planned = review.plan().arg("--format=json").run().with(0).json();
    let applied = review.apply().arg("--format=json").run().with(0).json();
    assert_eq!(applied["report"]["plan_digest"], planned["plan"]["plan_digest"]);
    assert_eq!(applied["plan"]["plan_digest"], planned["plan"]["plan_digest"]);
});

both!(what_is_no_plan_is_refused_with_its_reason, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    review.plan().run().with(0);
    let whole = fs::read_to_string(review.file()).unwrap();
    let json = review.run("plan", &review.project()).arg("--format=json").run().with(0).out;
    for (text, reason) in [
        (String::new(), "is empty"),
        (whole[..whole.len() / 2].to_owned(), "is truncated"),
        (whole.replacen("1d", "9d", 1), "was changed after it was written"),
        (whole.replacen("\"fluxform_plan\":7", "\"fluxform_plan\":8", 1), "has version 8 of the plan format"),
        (json, "is JSON, but not a plan file"),
        ("{}".to_owned(), "is JSON, but not a plan file"),
        ("[project]\nname = \"iot\"\n".to_owned(), "is not a plan file"),
    ] {
        fs::write(review.file(), &text).unwrap();
        has(&review.refused(64).await.err, reason);
        if text.starts_with('{') {
            has(&on("show", &review.file()).run().with(64).err, reason);
        }
    }
    fs::remove_file(review.file()).unwrap();
    has(&review.refused(64).await.err, "no such file: ");
    let two = review.run("apply", &review.project()).arg(review.project()).run().with(64);
    has(&two.words(), "is a directory, and apply takes one project");
});

both!(a_plan_takes_the_place_of_a_plan_and_of_nothing_else, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let manifest = review.project().join("notes.txt");
    fs::write(&manifest, "[project]").unwrap();
    let before = fs::read_to_string(&manifest).unwrap();
    let to = |path: &std::path::Path| review.run("plan", &review.project()).arg("-o").arg(path);
    has(&to(&manifest).run().with(64).err, "is not a plan file, so it is not");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), before);
    has(&to(review.dir.path()).run().with(64).err, "is not a regular file");
    has(&to(&review.dir.path().join("absent/iot.plan")).run().with(64).err, "there is no directory");
    to(&review.file()).run().with(0);
    let first = fs::read(review.file()).unwrap();
    to(&review.file()).run().with(0);
    assert_eq!(fs::read(review.file()).unwrap(), first, "equal input gives equal bytes");
    let left: Vec<_> = fs::read_dir(review.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
});

/// The server of the plan was gone with the run that planned.
#[test]
fn a_plan_for_a_server_that_does_not_exist_yet_makes_it() {
    let manifest = "[project]\nname = \"p\"\n[server]\nurl = \"embedded:data/dev.db\"\norg = \"acme\"\n[bucket.raw]\n";
    let dir = project(manifest);
    let file = dir.path().join("p.plan");
    let digest = |run: Fluxform| run.arg("--format=json").run().with(0).json()["plan"]["plan_digest"].clone();
    let planned = digest(on("plan", dir.path()).arg("--out").arg(&file));
    assert_ne!(planned, Value::Null);
    assert!(!dir.path().join("data").exists());
    assert_eq!(digest(on("plan", dir.path())), planned);
    on("apply", &file).arg(dir.path()).run().with(0);
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(0);
}

/// The ID that its home org had is that of no org any more, and what stands for it is no ID.
#[test]
fn of_such_a_plan_the_home_org_has_no_id() {
    let manifest = "[project]\nname = \"p\"\n[server]\nurl = \"embedded:data/dev.db\"\norg = \"acme\"\n[org.acme]\n";
    let dir = project(manifest);
    let file = dir.path().join("p.plan");
    on("plan", dir.path()).args(&["--adopt", "--out"]).arg(&file).run().with(0);
    let shown = |format: &str| on("show", &file).args(&["--format", format]).run().with(0);
    has(&shown("human").out, "takes over \"acme\" (the home org)");
    has(&shown("markdown").out, "takes over \"acme\" (the home org)");
    let object = shown("json").json()["plan"]["changes"][0]["object"].clone();
    assert_eq!(object, serde_json::json!({"name": "acme"}));
    on("apply", &file).arg(dir.path()).arg("--adopt").run().with(0);
}

both!(a_plan_that_was_applied_before_something_else_says_so, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    review.plan().run().with(0);
    review.apply().run().with(0);
    let bucket = &scene.http.get(&format!("buckets?orgID={}&name=raw", scene.org)).await.expect(200)["buckets"][0];
    let rules = serde_json::json!({"retentionRules": [{"type": "expire", "everySeconds": 172_800}]});
    scene.http.patch(&format!("buckets/{}", crate::support::id(bucket)), rules).await.expect(200);
    let twice = review.apply().run().with(6);
    has(&twice.err, "was already applied, at 20");
    has(&twice.err, "`fluxform plan --out FILE`, and review that");
    has(&twice.out, "Not the plan that was reviewed:");
});

both!(a_plan_whose_changes_somebody_else_made_says_that_nothing_is_left, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    review.plan().run().with(0);
    review.apply_unseen();
    review.declare("[bucket.raw]\nretention = \"1d\"\n[bucket.more]\nretention = \"1d\"\n");
    review.apply_unseen();
    let late = review.apply().run().with(6);
    has(&late.err, "is done already");
});

both!(a_plan_whose_manifests_were_changed_back_is_not_done, async |scene| {
    let applied = "[bucket.raw]\nretention = \"1d\"\n";
    let review = Review::new(&scene, applied);
    review.apply_unseen();
    for planned in ["[bucket.raw]\nretention = \"2d\"\n", "[bucket.raw]\nretention = \"1d\"\n[bucket.more]\n"] {
        review.declare(planned);
        review.plan().run().with(0);
        review.declare(applied);
        let late = review.apply().run().with(6);
        has(&late.err, "the plan is not the one that was reviewed");
        assert!(!late.err.contains("done already"), "{}", late.err);
    }
});

both!(values_of_variables_that_are_other_ones_are_named, async |scene| {
    let review = Review::new(
        &scene,
        "[var]\nkeep = { default = \"1d\" }\nname = { default = \"x\" }\n[bucket.raw]\nretention = \"${var.keep}\"\n",
    );
    review.plan().arg("--var=keep=2d").run().with(0);
    let without = review.refused(6).await;
    has(&without.err, "other values of `keep`");
    has(&without.err, "--var");
    let file = fs::read_to_string(review.file()).unwrap();
    assert!(file.contains("\"keep\"") && file.contains("\"name\""), "{file}");
    review.apply().arg("--var=keep=2d").run().with(0);
});

#[test]
fn a_plan_applied_away_from_its_project_says_which_project_it_is_of() {
    let dir = project("[project]\nname = \"iot\"\n[server]\nurl = \"embedded:\"\n[bucket.raw]\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("day 1.plan");
    on("plan", dir.path()).arg("--out").arg(&file).run().with(0);
    let ended = on("apply", &file).var("COLUMNS", "1000").run().with(64);
    has(&ended.err, "is a plan of the project `iot`, and . has no manifest");
    has(&ended.err, &format!("`fluxform apply '{}' DIR`", file.display()));
}

/// Addresses that are secrets, and a text that has one.
const HOOKS: &str = r##"
[notification_endpoint.chat]
slack = { url = "https://chat.example.com/hooks/S3KRIT7" }

[notification_endpoint.hook]
http = { url = "https://ops.example.com/hook/S3KRIT7/on?room=S3KRIT7#S3KRIT7" }

[notification_rule.chat]
endpoint = "notification_endpoint.chat"
every = "5m"
on = ["crit"]
slack = { message = "${ r._message } https://hooks.slack.com/services/T/B/S3KRIT7" }

[bucket.raw]
description = "password=S3KRIT7"
"##;

both!(no_secret_address_is_in_any_output_or_file, async |scene| {
    let review = Review::new(&scene, HOOKS);
    let mut said = Vec::new();
    for format in ["human", "json", "markdown"] {
        said.push(review.run("plan", &review.project()).arg("--format").arg(format).run().out);
    }
    let planned = review.plan().run().with(0);
    said.push(fs::read_to_string(review.file()).unwrap());
    let shown = on("show", &review.file()).run().with(0).out;
    assert_eq!(shown, planned.out);
    said.push(shown);
    for said in &said {
        has(said, "https://chat.example.com/***");
        has(said, "https://ops.example.com/hook/***");
        has(said, "https://hooks.slack.com/services/***");
    }
    said.push(review.apply().run().with(0).all());
    said.push(review.run("show", &review.project()).arg("--format=json").run().with(0).out);
    said.push(scene.http.get(&format!("labels?orgID={}", scene.org)).await.text);
    // Another secret is another plan, and is seen to be one.
    const ANOTHER: &str = "*** (another secret)";
    review.declare(&HOOKS.replace("S3KRIT7", "S3KRIT8"));
    said.push(review.plan().run().with(0).all());
    assert_eq!(said.last().unwrap().matches(ANOTHER).count(), 6, "{}", said.last().unwrap());
    review.declare(&HOOKS.replace("S3KRIT7", "S3KRIT9"));
    let stale = review.refused(6).await;
    assert!(stale.out.matches(ANOTHER).count() >= 4, "{}", stale.out);
    said.push(stale.all());
    for said in &said {
        assert!(!said.contains("S3KRIT"), "{said}");
    }
    review.declare(&HOOKS.replace("S3KRIT7", "S3KRIT8"));
    review.apply().run().with(0);
    has(&review.apply().run().with(6).err, "was already applied");
});
