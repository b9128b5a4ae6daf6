//! What a token does not see in another org than the home org is not taken for absent.

use fluxform::diff::Goal;
use fluxform::exit::Exit;
use serde_json::{Value, json};

use super::{as_token, refusals};
use crate::support::{Project, Scene, Secret, both, id};

/// A token of a user of its own that reads the home org, and the types `everywhere` in all orgs.
async fn reader(scene: &Scene, everywhere: &[&str]) -> Secret {
    let of_server = |ty: &str| json!({"action": "read", "resource": {"type": ty}});
    let home = ["labels", "buckets", "dashboards", "variables", "authorizations"].map(|ty| scene.may("read", ty));
    let more = ["orgs", "users"].iter().chain(everywhere).map(|ty| of_server(ty));
    let may: Vec<Value> = home.into_iter().chain(more).collect();
    scene.token_with(json!({"userID": scene.user("reader").await, "permissions": may})).await
}

/// A project with something in another org.
fn declared(elsewhere: &Scene, labels: &str) -> String {
    format!(
        "[org.other]\nname = \"{}\"\nexternal = true\n\n[bucket.b]\norg = \"org.other\"\n{labels}\n\n[variable.v]\n\
         org = \"org.other\"\nvalues = [\"a\"]\n{labels}\n\n[dashboard.d]\norg = \"org.other\"\n{labels}\n\
         cell = [{{ at = [0, 0], size = [1, 1], markdown = \"x\" }}]\n",
        elsewhere.org_name
    )
}

/// What a run with a token does not know.
async fn unknown(scene: &Scene, project: Project, token: &Secret) -> (Project, Vec<(Exit, &'static str)>) {
    let mut project = as_token(scene, project, &token.token);
    project.server.token_id = Some(token.id.clone());
    let refused = refusals(&project).await;
    (project, refused)
}

both!(labels_that_may_be_hidden_there_are_not_taken_for_none, async |scene| {
    let elsewhere = scene.beside().await;
    let project = Project::new(&scene);
    project.declare(&declared(&elsewhere, "labels = []"));
    project.apply().await;
    let label = elsewhere.label("by hand").await;
    for kind in ["buckets", "variables", "dashboards"] {
        let list = scene.http.get(&format!("{kind}?orgID={}", elsewhere.org)).await.expect(200);
        let rows = list[kind].as_array().unwrap();
        let own = id(rows.iter().find(|row| ["b", "v", "d"].contains(&row["name"].as_str().unwrap())).unwrap());
        scene.http.post(&format!("{kind}/{own}/labels"), json!({"labelID": label})).await.expect(201);
    }
    let all = ["buckets", "dashboards", "variables"];
    let token = reader(&scene, &all).await;
    let (project, refused) = unknown(&scene, project, &token).await;
    let hidden = (Exit::NotAuthorized, "sight::unreadable");
    assert_eq!(refused, [hidden, hidden], "of the bucket and the dashboard; those of a variable are shown to all");
    let token = reader(&scene, &[&all[..], &["labels"]].concat()).await;
    let (project, refused) = unknown(&scene, project, &token).await;
    assert_eq!(refused, []);
    let planned = project.plan(Goal::Declared).await.unwrap().plan;
    let changed: Vec<_> = planned.changes.iter().filter(|change| !change.fields.is_empty()).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    // Where no labels are declared, nobody asks for them.
    project.declare(&declared(&elsewhere, ""));
    let token = reader(&scene, &all).await;
    assert_eq!(unknown(&scene, project, &token).await.1, []);
});

both!(what_may_be_hidden_there_is_not_made_a_second_time, async |scene| {
    let elsewhere = scene.beside().await;
    let body = json!({"orgID": elsewhere.org, "name": "d"});
    scene.http.post("dashboards", body).await.expect(201);
    let project = Project::new(&scene);
    project.declare(&declared(&elsewhere, ""));
    let token = reader(&scene, &["buckets", "variables"]).await;
    let (project, refused) = unknown(&scene, project, &token).await;
    assert_eq!(refused, [(Exit::NotAuthorized, "sight::blind")]);
    let token = reader(&scene, &["buckets", "variables", "dashboards"]).await;
    let (_, refused) = unknown(&scene, project, &token).await;
    assert_eq!(refused, [(Exit::Refused, "guard::adoption")], "it is there");
});
