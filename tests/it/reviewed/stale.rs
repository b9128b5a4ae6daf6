//! The server or the manifests have changed since the review.

use std::fs;

use serde_json::json;
use sha2::Digest as _;

use super::super::support::{Relay, both, id};
use super::{Review, has};
use crate::cli::fluxform::Fluxform;

both!(a_changed_server_is_shown_and_nothing_is_written, async |scene| {
    let kept = "[bucket.kept]\nretention = \"1d\"\n";
    let first = "[bucket.raw]\nretention = \"1d\"\n[bucket.gone]\nretention = \"1d\"\n";
    let review = Review::new(&scene, &format!("{kept}{first}"));
    review.apply_unseen();
    let second = "[bucket.raw]\nretention = \"2d\"\n[bucket.new]\nretention = \"1d\"\n";
    review.declare(&format!("{kept}{second}"));
    review.plan().run().with(0);
    let list = scene.http.get(&format!("buckets?orgID={}", scene.org)).await.expect(200);
    let rows = list["buckets"].as_array().unwrap();
    let of = |name: &str| id(rows.iter().find(|row| row["name"] == name).unwrap());
    let raw = json!({"retentionRules": [{"type": "expire", "everySeconds": 9 * 86400}], "description": "by hand"});
    scene.http.patch(&format!("buckets/{}", of("raw")), raw).await.expect(200);
    let kept = json!({"retentionRules": [{"type": "expire", "everySeconds": 5 * 86400}]});
    scene.http.patch(&format!("buckets/{}", of("kept")), kept).await.expect(200);
    scene.http.delete(&format!("buckets/{}", of("gone"))).await.expect(204);
    let stale = review.refused(6).await;
    let ids = [("[0-9a-f]{16}", "0123456789abcdef")];
    insta::with_settings!({ filters => ids }, { insta::assert_snapshot!("changed_server", stale.out) });
    has(&stale.err, "fluxform plan --out FILE");
    let document = review.apply().arg("--format=json").run().with(6).json();
    assert_eq!(document["exit_reason"], "stale");
    let named: Vec<_> = document["difference"].as_array().unwrap().iter().map(|one| &one["address"]).collect();
    assert_eq!(named, ["bucket.gone", "bucket.kept", "bucket.raw"]);
    for one in [1, 2] {
        assert_eq!(document["difference"][one]["differs"], json!(["retention"]));
    }
});

both!(changed_manifests_are_shown_and_nothing_is_written, async |scene| {
    let task = |flux: &str| format!("[task.t]\nevery = \"1h\"\nflux = '''\n{flux}'''\n");
    let review = Review::new(&scene, &task("from(bucket: \"_monitoring\")\n|> range(start: -1h)\n|> mean()\n"));
    review.plan().run().with(0);
    // A remark is no change.
    review.declare(&task("// Why.\nfrom(bucket: \"_monitoring\")\n|> range(start: -1h)\n|> mean()\n"));
    let more = "[bucket.more]\nretention = \"1d\"\n";
    review.declare(&(task("// Why.\nfrom(bucket: \"_monitoring\")\n|> range(start: -1h)\n|> max()\n") + more));
    insta::assert_snapshot!("changed_manifests", review.refused(6).await.out);
    review.declare(&task("// Why.\nfrom(bucket: \"_monitoring\")\n|> range(start: -1h)\n|> mean()\n"));
    review.apply().run().with(0);
});

both!(another_command_than_the_reviewed_one_is_not_run, async |scene| {
    let token = |script: &str| {
        format!("[token.k]\nread = [\"{}\"]\ndeliver = {{ command = [\"sh\", \"-c\", \"{script}\"] }}\n", "bucket.b")
            + "[bucket.b]\n"
    };
    let review = Review::new(&scene, &token("cat >reviewed"));
    review.plan().run().with(0);
    review.declare(&token("cat >other"));
    let stale = review.refused(6).await;
    has(&stale.out, r#"reviewed: [command ["sh", "-c", "cat >reviewed"]]"#);
    has(&stale.out, r#"now:      [command ["sh", "-c", "cat >other"]]"#);

    // Nor is one that stands only in the file, even if its checksum was mended.
    let text = fs::read_to_string(review.file()).unwrap();
    fs::write(review.file(), text.replace("cat >reviewed", "cat >forged")).unwrap();
    has(&review.refused(64).await.err, "was changed after it was written");
    let left: Vec<_> = fs::read_dir(review.project()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["main.toml"], "a command was run");
});

both!(what_changes_before_the_lock_is_held_is_stale_even_at_a_terminal, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    review.apply_unseen();
    review.declare("[bucket.raw]\nretention = \"2d\"\n");
    let list = scene.http.get(&format!("buckets?orgID={}&name=raw", scene.org)).await.expect(200);
    let raw = format!("buckets/{}", id(&list["buckets"][0]));
    // The plan is one of the server itself: the relay has to have its address.
    let relay = Relay::to(scene.server.url()).hold_after(0);
    let by_relay = |run: Fluxform| run.var("INFLUX_HOST", relay.url());
    by_relay(review.plan()).run().with(0);
    let mut run = by_relay(review.apply()).at_terminal();
    relay.until_writes(1).await;
    let rules = json!({"retentionRules": [{"type": "expire", "everySeconds": 9 * 86400}]});
    scene.http.patch(&raw, rules).await.expect(200);
    relay.release();
    run.until_shows("Not the plan that was reviewed");
    let (code, shown) = run.wait();
    assert_eq!(code, Some(6), "{shown}");
    let bucket = scene.http.get(&raw).await.expect(200);
    assert_eq!(bucket["retentionRules"][0]["everySeconds"], 9 * 86400);
});

both!(consent_is_reviewed_and_covers_no_more_than_it_saw, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"30d\"\n[bucket.kept]\n");
    review.apply_unseen();
    let write = format!("write?orgID={}&bucket=raw", scene.org);
    scene.http.post_text(&write, "m v=1").await.expect(204);
    review.declare("[bucket.kept]\n");

    // Without consent there is nothing to apply.
    let refused = review.plan().run().with(8);
    has(&refused.err, "was not saved");
    assert!(!review.file().exists());

    let plan = review.plan().arg("--allow-data-loss=bucket.*").run().with(0);
    has(&plan.out, "Allowed by flags of this run:\n  --allow-data-loss 'bucket.*': bucket.raw\n");
    has(&plan.err, " --allow-data-loss 'bucket.*'\n");
    has(&review.run("show", &review.file()).run().with(0).out, "--allow-data-loss 'bucket.*': bucket.raw");
    // The file agrees to nothing, whoever has made it.
    let refused = review.refused(8).await;
    has(&refused.err, "guard::data-loss");
    has(&refused.err, "use --allow-data-loss with this command too");
    for flag in ["--allow-data-loss=bucket.kept", "--adopt", "--allow-empty"] {
        review.apply().arg(flag).run().with(8);
    }
    scene.http.post_text(&write, "m,host=a v=1,w=2").await.expect(204);
    let stale = review.refused(6).await;
    let grown = review.apply().arg("--allow-data-loss=*").run().with(6);
    has(&grown.err, "something still writes into bucket.raw");
    has(&stale.out, "data at stake");
    has(&stale.out, "reviewed: 1 value would be lost");

    review.plan().arg("--allow-data-loss=bucket.raw").run().with(0);
    review.apply().arg("--allow-data-loss=bucket.raw").run().with(0);
    assert_eq!(review.buckets().await, ["kept"]);
});

both!(what_is_at_stake_is_compared_under_the_lock_too, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"infinite\"\n[bucket.kept]\nretention = \"1d\"\n");
    review.apply_unseen();
    let write = format!("write?orgID={}&bucket=raw", scene.org);
    scene.http.post_text(&write, "m v=1").await.expect(204);
    review.declare("[bucket.kept]\nretention = \"1d\"\n");
    let relay = Relay::to(scene.server.url()).hold_after(0);
    let by_relay = |run: Fluxform| run.var("INFLUX_HOST", relay.url()).arg("--allow-data-loss=bucket.raw");
    by_relay(review.plan()).run().with(0);
    let apply = by_relay(review.apply()).start();
    relay.until_writes(1).await;
    scene.http.post_text(&write, "m,host=a v=1,w=2").await.expect(204);
    relay.release();
    let (status, out, err) = apply.wait();
    assert_eq!(status.code(), Some(6), "{out}{err}");
    has(&out, "reviewed: 1 value would be lost");
    assert_eq!(review.buckets().await, ["kept", "raw"]);
});

both!(an_adoption_is_reviewed, async |scene| {
    let review = Review::new(&scene, "[bucket.mine]\nretention = \"1d\"\n");
    scene.bucket("mine").await;
    has(&review.plan().run().with(8).err, "was not saved");
    let plan = review.plan().args(&["--adopt", "--format=json"]).run().with(0).json();
    assert_eq!(plan["plan"]["flags"], json!([{"flag": "--adopt", "addresses": ["bucket.mine"]}]));
    let refused = review.refused(8).await;
    has(&refused.err, "bucket.mine");
    has(&refused.err, "use --adopt with this command too");
    review.apply().arg("--adopt").run().with(0);
    review.run("plan", &review.project()).arg("--detailed-exitcode").run().with(0);
});

both!(what_a_policy_allows_needs_no_flag, async |scene| {
    let policy = "[policy]\nadopt = true\n[[policy.allow]]\nwhat = \"data_loss\"\naddress = \"bucket.raw\"\n\
                  until = 9999-12-31\nreason = \"OPS-17\"\n";
    let review = Review::new(&scene, &format!("{policy}[bucket.raw]\n[bucket.mine]\n"));
    review.apply_unseen();
    scene.http.post_text(&format!("write?orgID={}&bucket=raw", scene.org), "m v=1").await.expect(204);
    scene.bucket("there").await;
    review.declare(&format!("{policy}[bucket.mine]\n[bucket.there]\n"));
    // The flags are not needed, and so the plan does not rest on them.
    let plan = review.plan().args(&["--adopt", "--allow-data-loss=*"]).run().with(0);
    assert!(!plan.out.contains("Allowed by flags"), "{}", plan.out);
    review.apply().run().with(0);
    assert_eq!(review.buckets().await, ["mine", "there"]);
});

both!(an_empty_project_is_emptied_by_who_applies, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\n");
    review.apply_unseen();
    review.declare("");
    let plan = review.plan().arg("--allow-empty").run().with(0);
    has(&plan.out, "  --allow-empty: bucket.raw\n");
    has(&review.refused(8).await.err, "use --allow-empty with this command too");
    review.apply().arg("--allow-empty").run().with(0);
    assert_eq!(review.buckets().await, [""; 0]);
});

both!(the_command_that_is_printed_applies_the_plan, async |scene| {
    let review = Review::new(
        &scene,
        "[var]\nname = {}\ndays = { default = \"1d\" }\n[bucket.mine]\nname = \"${var.name}\"\nretention = \"${var.days}\"\n",
    );
    scene.bucket("it's mine").await;
    let file = review.dir.path().join("a b.vars.toml");
    fs::write(&file, "days = \"3d\"\n").unwrap();
    let plan = review.plan().arg("--var-file").arg(&file).args(&["--var", "name=it's mine", "--adopt"]).run().with(0);
    let command = plan.err.lines().find_map(|line| line.strip_prefix("  fluxform ")).expect("a command");
    let script = format!("exec \"$0\" {command}");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_fluxform")]).env_clear().current_dir(review.dir.path());
    shell.env("INFLUX_HOST", scene.server.url()).env("INFLUX_TOKEN", scene.server.token());
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(review.buckets().await, ["it's mine"]);
    let list = scene.http.get(&format!("buckets?orgID={}&name=it's mine", scene.org)).await.expect(200);
    assert_eq!(list["buckets"][0]["retentionRules"][0]["everySeconds"], 3 * 86400);
});

both!(of_two_applies_of_one_plan_one_ends_as_stale, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let relay = Relay::to(scene.server.url()).hold_after(0);
    let by_relay = |run: Fluxform| run.var("INFLUX_HOST", relay.url());
    by_relay(review.plan()).run().with(0);
    // Both have planned before the first of them has the lock.
    let runs = [by_relay(review.apply()).start(), by_relay(review.apply()).start()];
    relay.until_writes(2).await;
    relay.release();
    let ended = runs.map(crate::support::Running::wait);
    let mut codes: Vec<_> = ended.iter().map(|(status, ..)| status.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(6)], "{ended:?}");
    let (_, _, err) = ended.iter().find(|(status, ..)| status.code() == Some(6)).unwrap();
    has(err, "was already applied, at 20");
    assert_eq!(review.buckets().await, ["raw"]);
});

/// The plan file `text` with other words in it, and all sums right that need no key.
fn forged(text: &str, from: &str, to: &str) -> String {
    let (head, content) = text.trim_end().split_once("\"content\":").unwrap();
    let content = content.strip_suffix('}').unwrap();
    assert!(content.contains(from), "no {from:?} in {content}");
    let content = content.replace(from, to);
    let sum: String = sha2::Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let (before, rest) = head.split_once("\"checksum\":\"").unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    format!("{before}\"checksum\":\"{sum}\"{after}\"content\":{content}}}\n")
}

both!(a_file_that_shows_something_else_is_not_shown_and_not_applied, async |scene| {
    let review = Review::new(
        &scene,
        "[bucket.b]\n[task.t]\nevery = \"1h\"\nflux = 'from(bucket: \"b\") |> range(start: -9h) |> to(bucket: \"b\")'\n\
         [task.s]\nevery = \"1h\"\nflux = \"\"\"\ntoken = \"abcdefgh\"\nfrom(bucket: \"b\") |> range(start: -8h) |> to(bucket: \"b\")\n\"\"\"\n\
         [telegraf.t]\nconfig = '''\n[[inputs.exec]]\n  commands = [\"true\"]\n'''\n",
    );
    review.plan().run().with(0);
    let whole = fs::read_to_string(review.file()).unwrap();
    for (from, to) in [("-9h", "-1h"), ("-8h", "-1h"), ("\\\"true\\\"", "\\\"false\\\"")] {
        fs::write(review.file(), forged(&whole, from, to)).unwrap();
        has(&review.refused(64).await.err, "was changed after it was written");
        has(&review.run("show", &review.file()).run().with(64).err, "was changed after it was written");
    }
    // The place of a warning is no part of it.
    fs::write(review.file(), forged(&whole, "flux::secret-literal", "flux::no-range")).unwrap();
    has(&review.refused(6).await.err, "does not have the warning flux::secret-literal");
    fs::write(review.file(), &whole).unwrap();
    let manifest = review.project().join("main.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("[bucket.b]", "\n\n[bucket.b]").replace("|> to", "|>   to")).unwrap();
    review.apply().run().with(0);
});

both!(what_a_policy_lets_pass_is_in_the_file_too, async |scene| {
    let review = Review::new(&scene, "[bucket.b]\n");
    review.apply_unseen();
    scene.http.post_text(&format!("write?org={}&bucket=b", scene.org), "m f=1").await;
    review.declare(
        "[[policy.allow]]\nwhat = \"data_loss\"\naddress = \"bucket.b\"\nuntil = 2999-01-01\nreason = \"it is old\"\n[label.l]\n",
    );
    review.plan().run().with(0);
    let whole = fs::read_to_string(review.file()).unwrap();
    fs::write(review.file(), forged(&whole, "it is old", "it was reviewed")).unwrap();
    has(&review.refused(6).await.err, "does not say that [policy] allows");
    fs::write(review.file(), &whole).unwrap();
    review.apply().run().with(0);
});
