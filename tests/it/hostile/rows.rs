//! Lists and objects that cannot be what was asked for.

use serde_json::{Value, json};

use super::{declare, directly, has, past, project};
use crate::support::{ABSENT, Forger, Said, Scene, both};

/// What the org has, byte for byte.
async fn state(scene: &Scene) -> Vec<String> {
    let mut state = Vec::new();
    for list in ["buckets", "tasks", "authorizations", "labels"] {
        state.push(scene.http.get(&format!("{list}?orgID={}&limit=100", scene.org)).await.text);
    }
    state
}

/// Plan and apply past `change` end with `code`, say `words`, and write nothing.
async fn refused(
    scene: &Scene,
    dir: &std::path::Path,
    (code, words): (i32, &str),
    change: impl Fn(&mut Said) + Send + Sync + 'static,
) {
    let before = state(scene).await;
    let forger = Forger::before(scene.server.url(), change);
    for command in ["plan", "apply"] {
        let ended = past(&forger, scene, command, dir).run().with(code);
        has(&ended.err, words);
    }
    assert_eq!(state(scene).await, before);
}

/// A list, the name that its rows have in the reply, and the tables whose plan reads it.
const LISTS: [(&str, &str); 4] =
    [("buckets", "buckets"), ("tasks", "tasks"), ("authorizations", "authorizations"), ("labels", "labels")];

const TABLES: &str = "[bucket.raw]\n[label.prod]\n[task.t]\nevery = \"1h\"\nflux = 'from(bucket: \"raw\") |> range(start: -1h)'\n[token.w]\nwrite = [\"bucket.raw\"]\ndeliver = \"discard\"\n";

/// How the rows of a list are changed.
type Edit = fn(&mut Vec<Value>);

both!(rows_of_another_org_twice_or_without_a_right_id_are_5, async |scene| {
    let dir = project(&scene, TABLES);
    directly(&scene, "apply", dir.path()).run().with(0);
    // What is owned and no longer declared would be deleted, if the rows were believed.
    declare(dir.path(), &scene, "[bucket.raw]\n[label.prod]\n");
    for (list, rows) in LISTS {
        let path = format!("GET /api/v2/{list}");
        let edits: [(&str, Edit); 5] = [
            ("of the org 0123456789abcdef", |rows| rows[0]["orgID"] = json!(ABSENT)),
            ("twice", |rows| rows.push(rows[0].clone())),
            ("../orgs/x", |rows| rows[0]["id"] = json!("../orgs/x")),
            ("not what InfluxDB sends", |rows| drop(rows[0].as_object_mut().unwrap().remove("id"))),
            ("which is not an ID", |rows| rows[0]["id"] = json!("0123456789abcdef0")),
        ];
        for (words, edit) in edits {
            // Pages of buckets overlap, and tasks are asked for until there are none: there a row that comes again has
            // other consequences.
            if words == "twice" && matches!(list, "buckets" | "tasks") {
                continue;
            }
            let path = path.clone();
            refused(&scene, dir.path(), (5, words), move |said| {
                if said.is(&path) {
                    said.change(|json| {
                        if let Some(rows) = json[rows].as_array_mut().filter(|rows| !rows.is_empty()) {
                            edit(rows);
                        }
                    });
                }
            })
            .await;
        }
    }
});

/// The list has no buckets, and what is said of one by its ID is changed.
fn unlisted(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> impl Fn(&mut Said) + Send + Sync + 'static {
    move |said| {
        if said.is("GET /api/v2/buckets") {
            said.change(|json| json["buckets"] = json!([]));
        } else if said.asked.starts_with("GET /api/v2/buckets/") {
            said.change(&edit);
        }
    }
}

both!(a_reply_about_another_object_is_5, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    directly(&scene, "apply", dir.path()).run().with(0);
    declare(dir.path(), &scene, "[label.prod]\n");
    let other = scene.bucket("bystander").await;
    let edit = unlisted(move |json| json["id"] = json!(other));
    refused(&scene, dir.path(), (5, "the reply is about the bucket"), edit).await;
});

both!(an_owned_object_that_is_shown_in_another_org_is_5, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    directly(&scene, "apply", dir.path()).run().with(0);
    declare(dir.path(), &scene, "[label.prod]\n");
    let edit = unlisted(|json| json["orgID"] = json!(ABSENT));
    refused(&scene, dir.path(), (5, "but the ledger has it in the org"), edit).await;
});

both!(two_orgs_of_one_name_are_an_error_with_both_ids, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    let words = format!("there is more than one org `{}`: 0123456789abcdef, {}", scene.org_name, scene.org);
    let by_id = if scene.org.as_str() < ABSENT {
        format!("there is more than one org `{}`: {}, 0123456789abcdef", scene.org_name, scene.org)
    } else {
        words
    };
    refused(&scene, dir.path(), (1, &by_id), |said| {
        if said.asked.starts_with("GET /api/v2/orgs?org=") {
            said.change(|json| {
                let mut other = json["orgs"][0].clone();
                other["id"] = json!(ABSENT);
                json["orgs"].as_array_mut().unwrap().push(other);
            });
        }
    })
    .await;
});

both!(lists_without_end_are_5, async |scene| {
    let dir = project(
        &scene,
        "[bucket.raw]\n[task.t]\nevery = \"1h\"\nflux = 'from(bucket: \"raw\") |> range(start: -1h)'\n",
    );
    scene.bucket("raw").await;
    scene.task("t").await;
    for (list, words) in [("buckets", "does not end"), ("tasks", "repeats the row with the ID")] {
        let first = scene.http.get(&format!("{list}?orgID={}", scene.org)).await.text.into_bytes();
        refused(&scene, dir.path(), (5, words), move |said| {
            // The first page again and again.
            if said.is(&format!("GET /api/v2/{list}")) {
                said.body.clone_from(&first);
            }
        })
        .await;
    }
});
