//! Somebody who may write labels, and nothing else.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{declare, directly, has, past, project, words};
use crate::cli::fluxform::Fluxform;
use crate::support::{Forger, Scene, both, id};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn with_key(run: Fluxform) -> Fluxform {
    run.var("FLUXFORM_LEDGER_KEY", KEY)
}

async fn label(scene: &Scene, name: &str) -> Value {
    let all = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    all["labels"].as_array().unwrap().iter().find(|label| label["name"] == name).unwrap().clone()
}

/// The checksum of a label, which needs no key: as the ledger's format has it.
fn checksum(properties: &serde_json::Map<String, Value>) -> String {
    let mut sorted: Vec<(&str, &str)> =
        properties.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for (key, value) in sorted {
        if !["checksum", "color", "description"].contains(&key) && !value.is_empty() {
            for text in [key, value] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text);
            }
        }
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes an entry into the first page that makes the bucket `victim` the project's, with nothing but the right to labels.
async fn forge(scene: &Scene, victim: &Value) {
    let page = label(scene, "fluxform/p/1").await;
    let entry = json!({"id": victim["id"], "org": scene.org, "name": victim["name"], "created": victim["createdAt"],
        "origin": "created", "fields": {}, "lifecycle": {}});
    let mut properties = page["properties"].as_object().unwrap().clone();
    let lifecycle: Value = serde_json::from_str(properties["entry bucket.raw"].as_str().unwrap()).unwrap();
    let mut entry = entry;
    entry["lifecycle"] = lifecycle["lifecycle"].clone();
    properties.insert("entry bucket.old".into(), json!(entry.to_string()));
    properties.insert("checksum".into(), json!(checksum(&properties)));
    let forger = scene.token(json!([scene.may("write", "labels")])).await;
    let body = json!({"properties": properties});
    forger.http.patch(&format!("labels/{}", id(&page)), body).await.expect(200);
}

both!(a_forged_entry_deletes_without_a_key_and_is_refused_with_one, async |scene| {
    let victim = scene.http.post("buckets", json!({"orgID": scene.org, "name": "victim"})).await.expect(201);
    let dir = project(&scene, "[bucket.raw]\n");
    directly(&scene, "apply", dir.path()).run().with(0);
    forge(&scene, &victim).await;
    // What `docs` say of a ledger without a key.
    has(&directly(&scene, "plan", dir.path()).run().with(0).out, "1 to destroy");
    for command in ["plan", "apply", "drift", "status", "show", "destroy"] {
        let ended = with_key(directly(&scene, command, dir.path())).run().with(1);
        has(&ended.err, "ledger::unsigned");
        has(&ended.err, "fluxform ledger sign");
    }
    let sign = ["ledger", "sign", "--auto-approve"];
    let shown = with_key(words(scene.server.url(), &scene, &sign, dir.path())).run().with(0);
    has(&shown.out, "bucket.old: created \"victim\"");
    has(&shown.out, "Signed: 2 objects");
    assert!(
        !shown.err.contains("fluxform ledger sign") && !shown.err.contains('×'),
        "it is being signed: {}",
        shown.err
    );
    let again =
        with_key(words(scene.server.url(), &scene, &sign, dir.path())).arg("--format=json").run().with(0).json();
    assert_eq!(again["recorded"], json!([]), "it is signed");
    let other = &"y".repeat(32);
    let by_other = words(scene.server.url(), &scene, &sign, dir.path()).var("FLUXFORM_LEDGER_KEY", other);
    let signed = by_other.arg("--format=json").run().with(0).json();
    let rows = signed["recorded"].as_array().unwrap();
    let row = rows.iter().find(|row| row["address"] == "bucket.old").unwrap();
    assert_eq!((&row["action"], &row["server"]), (&json!("sign"), &json!("on the server")));
    with_key(words(scene.server.url(), &scene, &sign, dir.path())).run().with(0);
    let status = with_key(directly(&scene, "status", dir.path())).args(&["--format", "json"]).run().with(0).json();
    assert_eq!(status["signature"]["verified"], true);
    scene.http.get(&format!("buckets/{}", id(&victim))).await.expect(200);
});

both!(a_signed_ledger_is_forged_moved_and_rolled_back_in_vain, async |scene| {
    let victim = scene.http.post("buckets", json!({"orgID": scene.org, "name": "victim"})).await.expect(201);
    let dir = project(&scene, "[bucket.raw]\n");
    with_key(directly(&scene, "apply", dir.path())).run().with(0);
    let before = label(&scene, "fluxform/p/1").await;
    declare(dir.path(), &scene, "[bucket.raw]\n[bucket.more]\n");
    with_key(directly(&scene, "apply", dir.path())).run().with(0);
    with_key(directly(&scene, "plan", dir.path())).arg("--detailed-exitcode").run().with(0);
    let refused = async |code: &str, dir: &std::path::Path| {
        for command in ["plan", "apply", "status"] {
            has(&with_key(directly(&scene, command, dir)).run().with(1).err, code);
        }
    };
    let page = label(&scene, "fluxform/p/1").await;
    let restore = async |to: &Value| {
        // A PATCH merges: what is to go is sent empty.
        let mut all = label(&scene, "fluxform/p/1").await["properties"].as_object().unwrap().clone();
        all.values_mut().for_each(|value| *value = json!(""));
        all.extend(to["properties"].as_object().unwrap().clone());
        scene.http.patch(&format!("labels/{}", id(&page)), json!({"properties": all})).await.expect(200);
    };
    forge(&scene, &victim).await;
    refused("ledger::forged", dir.path()).await;
    restore(&before).await;
    refused("ledger::rolled-back", dir.path()).await;
    restore(&page).await;
    with_key(directly(&scene, "plan", dir.path())).arg("--detailed-exitcode").run().with(0);
    // Another key, a key that is none, and none.
    let other = directly(&scene, "plan", dir.path()).var("FLUXFORM_LEDGER_KEY", &"x".repeat(32)).run().with(1);
    has(&other.err, "ledger::forged");
    let short = directly(&scene, "plan", dir.path()).var("FLUXFORM_LEDGER_KEY", "short").run().with(64);
    has(&short.err, "must have at least 32 bytes, but this one has 5");
    let empty = directly(&scene, "apply", dir.path()).var("FLUXFORM_LEDGER_KEY", "").run().with(64);
    has(&empty.err, "is set, but empty");
    has(&directly(&scene, "plan", dir.path()).run().with(0).err, "ledger::unverified");
    declare(dir.path(), &scene, "[bucket.raw]\n[bucket.more]\n[bucket.third]\n");
    let none = directly(&scene, "apply", dir.path()).run().with(1);
    has(&none.err, "this run has no key to sign it with");
    let all = [other, short, empty, none].map(|ended| ended.all()).concat();
    assert!(!all.contains(KEY) && !all.contains(&"x".repeat(32)), "{all}");
    with_key(directly(&scene, "destroy", dir.path())).run().with(0);
    scene.http.get(&format!("buckets/{}", id(&victim))).await.expect(200);
});

both!(the_key_goes_nowhere, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    let forger = Forger::before(scene.server.url(), |_| {});
    let ended = with_key(past(&forger, &scene, "apply", dir.path())).run().with(0);
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.text;
    assert!(![ended.all(), labels, forger.asked().concat()].concat().contains(KEY));
});
