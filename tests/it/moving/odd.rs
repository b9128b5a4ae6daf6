//! Odd names, odd places, and what somebody has deleted by hand.

use serde_json::json;

use super::{Home, files};
use crate::cli::fluxform::Fluxform;
use crate::support::{both, hourly};

/// A million bytes, in quotes and outside of them.
fn long() -> String {
    "It's \"long\". ".repeat(1_000_000 / 13)
}

both!(names_and_texts_of_a_megabyte_are_exported, virgin, async |server| {
    let home = Home::on(server).await;
    let token = home.token(&long(), json!([home.may("read", "buckets")])).await;
    home.make("buckets", json!({"name": "raw", "description": long()})).await;
    home.make("tasks", json!({"flux": hourly(&"n".repeat(100_000)), "description": long()})).await;
    home.make("labels", json!({"name": "prod", "properties": {"text": long()}})).await;
    let before = home.everything().await;
    let dir = tempfile::tempdir().unwrap();
    home.export(dir.path(), &["--project=long"]).with(0);
    for path in files(dir.path()).keys() {
        assert!(path.len() < 80, "{path}");
    }
    assert_eq!(home.plan(dir.path()), (5, String::new()));
    home.fluxform(&["adopt", "--auto-approve"]).arg(dir.path()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(dir.path()).run().with(0);
    assert_eq!(home.everything().await, before);
    assert_eq!(token.http.get(&format!("buckets?orgID={}", home.org)).await.status, 200);
});

both!(the_runs_own_token_is_external_where_it_is_known, virgin, async |server| {
    let home = Home::on(server).await;
    let me = |action| json!({"action": action, "resource": {"type": "users", "id": home.user}});
    let all = ["authorizations", "buckets", "labels", "tasks"].map(|ty| [home.may("read", ty), home.may("write", ty)]);
    let own = home.token("ci", json!([all.concat(), vec![me("read"), me("write")]].concat())).await;
    let dir = tempfile::tempdir().unwrap();
    let run = home.fluxform_with(&own.token, &["export", "--kind=token", "--org", &home.org, "--out"]);
    let said = run.arg(dir.path()).var("FLUXFORM_TOKEN_ID", &own.id).run().with(4);
    assert!(said.out.contains("tokens: this token lacks `read:users`"), "{}", said.out);
    assert!(!said.out.contains("FLUXFORM_TOKEN_ID"), "it is set: {}", said.out);
    let files = files(dir.path());
    assert!(files["server.toml"].contains(&format!("[token.ci]\nexternal = true\nid = \"{}\"\n", own.id)), "{files:?}");
});

both!(what_somebody_deletes_by_hand_spoils_no_export, virgin, async |server| {
    let home = Home::on(server).await;
    let raw = home.make("buckets", json!({"name": "raw"})).await;
    let label = home.make("labels", json!({"name": "prod"})).await;
    home.http.post(&format!("buckets/{raw}/labels"), json!({"labelID": label})).await.expect(201);
    home.token("writer", json!([home.may_one("write", "buckets", &raw)])).await;
    let dir = tempfile::tempdir().unwrap();
    home.export(dir.path(), &["--project=p"]).with(0);
    home.fluxform(&["adopt", "--auto-approve"]).arg(dir.path()).run().with(0);
    home.http.delete(&format!("buckets/{raw}")).await.expect(204);
    home.http.delete(&format!("labels/{label}")).await.expect(204);
    // The same project, anew: what is gone is let go of, and nothing is made.
    let buckets = tempfile::tempdir().unwrap();
    home.export(buckets.path(), &["--project=p", "--kind=bucket"]).with(0);
    let again = tempfile::tempdir().unwrap();
    home.export(again.path(), &["--project=p"]).with(0);
    assert!(files(again.path())["tokens.toml"].contains(&format!("write = [\"bucket-id:{raw}\"]")));
    let plan = home.fluxform(&["plan", "--format=json"]).arg(again.path()).run().with(0).json();
    let summary = &plan["plan"]["summary"];
    assert_eq!(
        (&summary["add"], &summary["change"], &summary["destroy"], &summary["forget"]),
        (&json!(0), &json!(0), &json!(0), &json!(2))
    );
});

both!(a_scraper_without_its_bucket_is_external, virgin, async |server| {
    let home = Home::on(server).await;
    let raw = home.make("buckets", json!({"name": "raw"})).await;
    let url = "http://localhost:8086/metrics";
    let scraper = json!({"name": "self", "type": "prometheus", "url": url, "bucketID": raw, "orgID": home.org});
    home.make("scrapers", scraper).await;
    home.http.delete(&format!("buckets/{raw}")).await.expect(204);
    let dir = tempfile::tempdir().unwrap();
    let said = home.export(dir.path(), &["--project=p"]).with(0);
    assert!(said.out.contains("its bucket does not exist any more"), "{}", said.all());
    let text = files(dir.path()).values().cloned().collect::<String>();
    assert!(text.contains("[scraper.self]\nexternal = true\n"), "{text}");
    home.fluxform(&["plan", "--adopt"]).arg(dir.path()).run().with(0);
});

/// The embedded server in a file has no address: the project names the file.
#[test]
fn an_embedded_server_is_exported_from_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let main = "[project]\nname = \"p\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n[bucket.raw]\n";
    std::fs::write(dir.path().join("main.toml"), main).unwrap();
    Fluxform::new(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0);
    let out = dir.path().join("out");
    let mut export =
        Fluxform::new(&["export", "--host", "embedded:dev.db", "--org", "acme", "--out", "out", "--project=p"]);
    export.command.current_dir(dir.path());
    export.run().with(0);
    // The file lies outside of what was exported, so that the manifests cannot name it.
    let host = format!("embedded:{}", dir.path().join("dev.db").display());
    let plan = Fluxform::new(&["plan", "--detailed-exitcode", "--host", &host]).arg(&out).run().with(0);
    assert!(plan.out.starts_with("No changes."), "{}", plan.out);
}
