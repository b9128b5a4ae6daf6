//! A record that somebody has damaged: each damage is recognised with its cure, by every command that reads the record, and
//! nothing is written.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{files, has, operator, project, server_state};
use crate::support::{Scene, both, id};

const TABLES: &str = "[bucket.raw]\n[label.prod]\n[token.t]\nread = [\"bucket.raw\"]\ndeliver = \"discard\"\n";

/// A project that was applied.
fn applied(scene: &Scene) -> TempDir {
    let dir = project(scene, TABLES);
    operator(scene, "apply", dir.path()).run().with(0);
    dir
}

/// The label with this name: ID and properties.
async fn label(scene: &Scene, name: &str) -> (String, Value) {
    let all = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    let label = all["labels"].as_array().unwrap().iter().find(|label| label["name"] == name).unwrap();
    (id(label), label["properties"].clone())
}

async fn patch(scene: &Scene, name: &str, body: Value) {
    let (id, _) = label(scene, name).await;
    scene.http.patch(&format!("labels/{id}"), body).await.expect(200);
}

/// Each command that reads the record ends with 1, says the code and the cure, and writes nothing.
async fn refused(scene: &Scene, dir: &Path, code: &str, cure: &str) {
    let before = (server_state(scene).await, files(dir));
    for command in ["plan", "apply", "drift", "destroy", "show", "status"] {
        let said = operator(scene, command, dir).run();
        assert_eq!(said.code, 1, "{command}: {}", said.all());
        has(&said.err, code);
        has(&said.err.split_whitespace().collect::<Vec<_>>().join(" "), cure);
    }
    for arguments in [&["adopt"][..], &["forget", "bucket.raw"], &["import", "bucket.raw", "0123456789abcdef"]] {
        let run = crate::cli::fluxform::Fluxform::new(arguments).arg(dir).arg("--auto-approve");
        let run = run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
        has(&run.run().with(1).err, code);
    }
    let out = dir.with_extension("exported");
    let run = crate::cli::fluxform::Fluxform::new(&["export", "--kind=bucket", "--project=p", "--out"]).arg(&out);
    let run = run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    has(&run.var("INFLUX_ORG", &scene.org_name).run().with(1).err, code);
    assert!(!out.exists());
    assert_eq!((server_state(scene).await, files(dir)), before);
}

both!(a_page_that_was_deleted, async |scene| {
    let dir = applied(&scene);
    let (id, _) = label(&scene, "fluxform/p/1").await;
    scene.http.delete(&format!("labels/{id}")).await.expect(204);
    refused(&scene, dir.path(), "ledger::page-missing", "restore the server's metadata from a backup").await;
    // The cure that needs no backup: give the record up, and adopt anew.
    let (head, _) = label(&scene, "fluxform/p").await;
    scene.http.delete(&format!("labels/{head}")).await.expect(204);
    let again = operator(&scene, "apply", dir.path()).arg("--adopt").run().with(0);
    has(&again.out, "1 added, 0 changed, 0 destroyed");
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(a_head_that_was_deleted, async |scene| {
    let dir = applied(&scene);
    let (id, _) = label(&scene, "fluxform/p").await;
    scene.http.delete(&format!("labels/{id}")).await.expect(204);
    refused(&scene, dir.path(), "ledger::head-missing", "run `fluxform apply --adopt`").await;
});

both!(a_page_that_was_renamed_and_has_its_name_again, async |scene| {
    let dir = applied(&scene);
    patch(&scene, "fluxform/p/1", json!({"name": "notes"})).await;
    let (id, _) = label(&scene, "notes").await;
    refused(&scene, dir.path(), "ledger::renamed", &format!("rename the label with ID {id} back to `fluxform/p/1`"))
        .await;
    patch(&scene, "notes", json!({"name": "fluxform/p/1"})).await;
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(a_page_that_was_edited_and_is_as_it_was_again, async |scene| {
    let dir = applied(&scene);
    let (_, properties) = label(&scene, "fluxform/p/1").await;
    let was = properties["entry bucket.raw"].as_str().unwrap();
    let forged = was.replace("created\"", "adopted\"");
    assert_ne!(forged, was);
    patch(&scene, "fluxform/p/1", json!({"properties": {"entry bucket.raw": forged}})).await;
    refused(&scene, dir.path(), "ledger::edited", "restore the label's properties").await;
    patch(&scene, "fluxform/p/1", json!({"properties": {"entry bucket.raw": was}})).await;
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(a_record_of_a_later_version, async |scene| {
    let dir = applied(&scene);
    patch(&scene, "fluxform/p", json!({"properties": {"format": "3"}})).await;
    refused(&scene, dir.path(), "ledger::newer-format", "use the version of fluxform that last applied the project")
        .await;
});

both!(a_record_of_another_org, async |scene| {
    applied(&scene);
    let elsewhere = scene.beside().await;
    for name in ["fluxform/p", "fluxform/p/1"] {
        let (_, properties) = label(&scene, name).await;
        let body = json!({"orgID": elsewhere.org, "name": name, "properties": properties});
        elsewhere.http.post("labels", body).await.expect(201);
    }
    let dir = project(&elsewhere, TABLES);
    refused(&elsewhere, dir.path(), "ledger::other-org", "check the host and org of this run").await;
});

both!(a_copy_of_a_page, async |scene| {
    let dir = applied(&scene);
    let (_, properties) = label(&scene, "fluxform/p/1").await;
    let body = json!({"orgID": scene.org, "name": "fluxform/p/1 (copy)", "properties": properties});
    let copy = id(&scene.http.post("labels", body).await.expect(201)["label"]);
    refused(&scene, dir.path(), "ledger::twice", &format!("delete the one that was created later ({copy})")).await;
});

both!(what_another_project_has_damaged_is_a_warning, async |scene| {
    applied(&scene);
    patch(&scene, "fluxform/p/1", json!({"properties": {"format": "3"}})).await;
    let other = tempfile::tempdir().unwrap();
    let text = format!("[project]\nname = \"q\"\n[server]\norg = \"{}\"\n[bucket.mine]\n", scene.org_name);
    std::fs::write(other.path().join("main.toml"), text).unwrap();
    let said = operator(&scene, "plan", other.path()).run().with(0);
    has(&said.err, "`fluxform/p/1` of another project cannot be read");
});
