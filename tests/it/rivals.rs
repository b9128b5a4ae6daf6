//! What other tools for InfluxDB get wrong, where no other test has it: each would be silent, and each must not be ours.

use std::sync::{Arc, Mutex};

use fluxform::diff::{Action, Goal};
use fluxform::kind::Kind;
use serde_json::{Value, json};

use crate::support::{Fate, Project, Proxy, Scene, both, hourly, id, unique};

/// Bodies of writes, with their methods and paths.
type Writes = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A way to the scene's server that keeps what is written.
async fn listening(scene: &Scene) -> (Proxy, Writes) {
    let writes = Writes::default();
    let heard = writes.clone();
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        let body = serde_json::from_slice(seen.body).unwrap_or_default();
        heard.lock().unwrap().push((seen.method.to_string(), seen.path.to_owned(), body));
        Fate::Pass
    })
    .await;
    (proxy, writes)
}

// One downloads all tokens of the server once for each token, another asks for each object by itself.
both!(more_resources_take_no_more_requests, async |scene| {
    let mut taken = Vec::new();
    for count in [1, 60] {
        let scene = scene.beside().await;
        let project = Project::new(&scene);
        let keys: Vec<_> = (0..count).map(|number| format!("\"k{number:02}\"")).collect();
        project.declare(&format!(
            r#"
[label.l]
for_each = [{}]
[bucket.b]
for_each = "label.l"
labels = ["label.l[each]"]
[task.t]
for_each = "label.l"
every = "1h"
flux = "x = 1"
[token.k]
for_each = "label.l"
read = ["bucket.b[each]"]
deliver = "discard"
"#,
            keys.join(", ")
        ));
        project.apply().await;
        let before = project.client.requests();
        assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
        taken.push(project.client.requests() - before);
    }
    // Sixty buckets and the two of the system are one page, as one bucket is.
    assert_eq!(taken[0], taken[1]);
});

// One forgets the status when it creates: a token that is declared inactive is born live, and so is a task.
both!(what_is_declared_inactive_is_never_active, async |scene| {
    let (proxy, writes) = listening(&scene).await;
    let project = Project::new(&scene).through(proxy.url(), scene.server.token());
    project.declare(
        r#"
[task.t]
every = "1h"
flux = "x = 1"
status = "inactive"
[token.k]
read = ["task.t"]
status = "inactive"
deliver = { file = "k" }
"#,
    );
    project.apply().await;
    let of = |part: &'static str| {
        let writes = writes.lock().unwrap();
        let made: Vec<_> = writes
            .iter()
            // The question what the token may do is no creation.
            .filter(|(method, path, body)| {
                method != "GET" && path.contains(part) && !body.to_string().contains("\"instance\"")
            })
            .map(|(method, _, body)| (method.clone(), body["status"].clone()))
            .collect();
        made
    };
    assert_eq!(of("/tasks"), [("POST".to_owned(), json!("inactive"))]);
    let inactive = |method: &str| (method.to_owned(), json!("inactive"));
    assert_eq!(of("/authorizations"), [inactive("POST"), inactive("PATCH")]);
    let secret = std::fs::read_to_string(project.path().join("k")).unwrap();
    scene.http.with_token(&secret).get("me").await.refused(401, "unauthorized", "token is inactive");
});

// One lists tasks without an org: then the server shows the caller's own only.
both!(a_task_that_another_user_made_is_found, async |scene| {
    let other = scene.user("other").await;
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": other})).await.expect(201);
    let may = [scene.may("read", "tasks"), scene.may("write", "tasks")];
    let token = scene.token_with(json!({"userID": other, "permissions": may})).await;
    let body = json!({"orgID": scene.org, "flux": hourly("t")});
    let theirs = id(&token.http.post("tasks", body).await.expect(201));
    let mut project = Project::new(&scene);
    project.consent.adopt = true;
    project.declare("[task.t]\nevery = \"1h\"\nflux = 'from(bucket: \"_monitoring\") |> range(start: -1h)'\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    let change = &planned.plan.changes[0];
    assert_eq!(change.object.as_ref().map(|object| object.id.as_str()), Some(theirs.as_str()));
    assert_eq!((change.action, change.adopts), (Action::None, true));
});

// All but one keep passwords and secrets in plain text in their state.
both!(no_password_is_in_the_record, async |scene| {
    let project = Project::new(&scene);
    let secret = "a-password-like-no-other";
    project.write("password", secret);
    let name = unique("ann");
    let declare = |version: usize| {
        project.declare(&format!(
            "[user.ann]\nname = \"{name}\"\npassword = {{ file = \"password\" }}\npassword_version = {version}\n"
        ));
    };
    for version in [1, 2] {
        declare(version);
        project.apply().await;
        let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await;
        assert!(labels.text.contains("user.ann") && !labels.text.contains(secret), "{}", labels.text);
        // Nor what could be tried against a list of passwords.
        let digest = fluxform::secret::fingerprint(&secret.into());
        assert!(!labels.text.contains(&digest), "{}", labels.text);
    }
    assert_eq!(scene.sign_in(&name, secret).await.status, 204);
});

// One looks buckets up without their org.
both!(buckets_of_one_name_in_two_orgs_are_two, async |scene| {
    let project = Project::new(&scene);
    project.declare(&format!(
        "[org.eu]\nname = \"{}\"\n[bucket.here]\nname = \"data\"\nretention = \"1d\"\n\
         [bucket.there]\nname = \"data\"\norg = \"org.eu\"\nretention = \"2d\"\n",
        unique("eu")
    ));
    project.apply().await;
    let entries = project.plan(Goal::Declared).await.unwrap().ledger.entries;
    let ids: Vec<_> =
        entries.iter().filter(|(address, _)| address.kind == Kind::Bucket).map(|(_, entry)| &entry.id).collect();
    assert_eq!(ids.len(), 2);
    let rules = json!({"retentionRules": [{"type": "expire", "everySeconds": 259_200}]});
    scene.http.patch(&format!("buckets/{}", ids[1]), rules).await.expect(200);
    let planned = project.plan(Goal::Declared).await.unwrap();
    let drifted: Vec<_> = planned
        .plan
        .changes
        .iter()
        .filter(|change| change.drifted())
        .map(|change| change.address.to_string())
        .collect();
    assert_eq!(drifted, ["bucket.there"]);
});
