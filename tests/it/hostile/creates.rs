//! A create whose reply names another object.

use serde_json::{Value, json};

use super::{has, past, project};
use crate::support::{Forger, Scene, both, hourly, id, unique};

/// One resource of a kind, and an object of it that is somebody else's.
struct Case {
    list: &'static str,
    table: String,
    victim: Value,
}

async fn cases(scene: &Scene) -> Vec<Case> {
    let post = async |list: &str, body: Value| scene.http.post(list, body).await.expect(201);
    let org = &scene.org;
    let user = unique("bystander");
    let other_org = unique("bystander");
    let may = json!([scene.may("read", "buckets")]);
    vec![
        Case {
            list: "buckets",
            table: "[bucket.new]\n".into(),
            victim: post("buckets", json!({"orgID": org, "name": "bystander"})).await,
        },
        Case {
            list: "labels",
            table: "[label.new]\n".into(),
            victim: post("labels", json!({"orgID": org, "name": "bystander"})).await["label"].clone(),
        },
        Case {
            list: "tasks",
            table: "[task.new]\nevery = \"1h\"\nflux = 'from(bucket: \"_monitoring\") |> range(start: -1h)'\n".into(),
            victim: post("tasks", json!({"orgID": org, "flux": hourly("bystander")})).await,
        },
        Case {
            list: "authorizations",
            table: "[token.new]\nread = [\"org.home/buckets\"]\ndeliver = \"discard\"\n".to_owned()
                + &format!("[org.home]\nexternal = true\nname = \"{}\"\n", scene.org_name),
            victim: post("authorizations", json!({"orgID": org, "permissions": may, "description": "an operator's"}))
                .await,
        },
        Case {
            list: "users",
            table: "[user.new]\nname = \"NEW\"\n".into(),
            victim: post("users", json!({"name": user})).await,
        },
        Case {
            list: "orgs",
            table: "[org.new]\nname = \"NEW\"\n".into(),
            victim: post("orgs", json!({"name": other_org})).await,
        },
    ]
}

/// Labels are in the reply under a word of their own.
fn object(json: &mut Value) -> &mut Value {
    if json["label"].is_object() { &mut json["label"] } else { json }
}

/// Whether a request is the run's own and not the question what the token may do, which is refused anyway.
fn makes(list: &str, said: &crate::support::Said) -> bool {
    said.is(&format!("POST /api/v2/{list}")) && said.status == 201
}

both!(the_id_of_another_object_is_touched_by_nothing, async |scene| {
    for Case { list, table, victim } in cases(&scene).await {
        let victim_id = id(&victim);
        for (forged, words) in [
            (victim_id.clone(), format!("`{victim_id}` as the new object's ID, which is the ID of another object")),
            ("../orgs/0123456789abcdef".to_owned(), "which is not an ID".to_owned()),
            (String::new(), "which is not an ID".to_owned()),
            ("0123456789abcdef0".to_owned(), "which is not an ID".to_owned()),
        ] {
            // What stays of the try before is no candidate for adoption.
            let dir = project(&scene, &table.replace("NEW", &unique("new")));
            let before = scene.http.get(&format!("{list}/{victim_id}")).await.text;
            let forging = forged.clone();
            let forger = Forger::before(scene.server.url(), move |said| {
                // The ledger and the lock are labels too; theirs are another test's.
                let bookkeeping = String::from_utf8_lossy(&said.body).contains("\"fluxform\"");
                if makes(list, said) && !bookkeeping {
                    said.change(|json| object(json)["id"] = json!(forging));
                }
            });
            let ended = past(&forger, &scene, "apply", dir.path()).run().with(1);
            has(&ended.err, &words);
            let touched = |line: &&String| {
                !line.starts_with("GET ")
                    && (line.contains(&victim_id) || (!forged.is_empty() && line.contains(&forged)))
            };
            assert_eq!(forger.asked().iter().filter(touched).collect::<Vec<_>>(), [""; 0], "{list}");
            assert_eq!(scene.http.get(&format!("{list}/{victim_id}")).await.text, before);
            let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.text;
            assert!(!labels.contains(&format!("\\\"{victim_id}\\\"")), "it is not recorded: {labels}");
            // What was made under the declared name goes with the project, or by hand; then the next one begins anew.
            forget_all(&scene, list, &victim_id).await;
        }
    }
});

/// Deletes the ledger, and what a case has made.
async fn forget_all(scene: &Scene, list: &str, but: &str) {
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    for label in labels["labels"].as_array().unwrap() {
        if id(label) != but && label["name"] != "bystander" {
            scene.http.delete(&format!("labels/{}", id(label))).await.expect(204);
        }
    }
    if matches!(list, "buckets" | "tasks") {
        let all = scene.http.get(&format!("{list}?orgID={}", scene.org)).await.expect(200);
        for row in all[list].as_array().unwrap().iter().filter(|row| row["name"] == "new") {
            scene.http.delete(&format!("{list}/{}", id(row))).await.expect(204);
        }
    }
}

/// How a reply is changed.
type Edit = fn(&mut Value);

both!(an_echo_with_another_name_org_or_mark_is_touched_by_nothing, async |scene| {
    let edits: [(&str, &str, &str, Edit); 4] = [
        ("buckets", "[bucket.new]\n", "is named `other`", |made| made["name"] = json!("other")),
        ("buckets", "[bucket.new2]\n", "belongs to the org with the ID `0123456789abcdef`", |made| {
            made["orgID"] = json!("0123456789abcdef");
        }),
        (
            "authorizations",
            "[token.new]\nread = [\"bucket.b\"]\ndeliver = \"discard\"\n[bucket.b]\n",
            "lacks this run's marker",
            |made| {
                made["description"] = json!("an operator's");
            },
        ),
        ("labels", "[label.new]\n", "is named `other`", |made| made["label"]["name"] = json!("other")),
    ];
    for (list, table, words, edit) in edits {
        let dir = project(&scene, table);
        let forger = Forger::before(scene.server.url(), move |said| {
            let bookkeeping = String::from_utf8_lossy(&said.body).contains("\"fluxform\"");
            if makes(list, said) && !bookkeeping {
                said.change(edit);
            }
        });
        let ended = past(&forger, &scene, "apply", dir.path()).run();
        assert!([1, 3].contains(&ended.code), "{}", ended.all());
        has(&ended.err, words);
        let deletes = |line: &&String| line.starts_with(&format!("DELETE /api/v2/{list}/")) && list != "labels";
        assert_eq!(forger.asked().iter().filter(deletes).collect::<Vec<_>>(), [""; 0], "{list}");
        let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
        for label in labels["labels"].as_array().unwrap() {
            if label["properties"]["fluxform"].is_string() {
                scene.http.delete(&format!("labels/{}", id(label))).await.expect(204);
            }
        }
        scene.http.get("me").await.expect(200);
    }
});

both!(a_lock_or_ledger_with_the_id_of_another_label_is_1_and_that_label_stays, async |scene| {
    let victim = scene.label("bystander").await;
    for name in ["fluxform/p/lock", "fluxform/p\""] {
        let dir = project(&scene, "[bucket.raw]\n");
        let forging = victim.clone();
        let forger = Forger::before(scene.server.url(), move |said| {
            let ours = String::from_utf8_lossy(&said.body).contains(&format!("\"{name}"))
                || String::from_utf8_lossy(&said.body).contains(&format!("\"name\":\"{name}"));
            if makes("labels", said) && ours {
                said.change(|json| json["label"]["id"] = json!(forging));
            }
        });
        // The list is read before: the label is known.
        let ended = past(&forger, &scene, "apply", dir.path()).run();
        assert!([1, 7].contains(&ended.code), "{}", ended.all());
        has(&ended.err, &victim);
        let touched = |line: &&String| !line.starts_with("GET ") && line.contains(&victim);
        assert_eq!(forger.asked().iter().filter(touched).collect::<Vec<_>>(), [""; 0]);
        let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
        for label in labels["labels"].as_array().unwrap().iter().filter(|label| id(label) != victim) {
            scene.http.delete(&format!("labels/{}", id(label))).await.expect(204);
        }
        assert!(labels["labels"].as_array().unwrap().iter().any(|label| id(label) == victim));
    }
});
