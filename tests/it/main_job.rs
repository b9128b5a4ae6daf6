//! The main job: plan, apply, drift and destroy, on both servers.

use fluxform::diff::Goal;

use crate::support::{Project, both};

const ALL_KINDS: &str = r##"
[label.prod]
properties = { color = "#ff0000" }

[bucket.raw]
retention = "30d"
labels = ["label.prod"]

[bucket.summary]
retention = "infinite"

[task.hourly]
every = "1h"
offset = "5m"
flux = 'from(bucket: params.source) |> range(start: -params.window) |> to(bucket: params.target)'
params = { source = { bucket = "bucket.raw" }, target = { bucket = "bucket.summary" }, window = { duration = "1h" } }
labels = ["label.prod"]

[token.ingest]
description = "Ingest service"
write = ["bucket.raw"]
deliver = { file = "secrets/ingest.token" }
"##;

both!(after_an_apply_the_plan_is_empty_and_destroy_leaves_nothing, async |scene| {
    let project = Project::new(&scene);
    project.declare(ALL_KINDS);
    let report = project.apply().await;
    assert_eq!(report.outcomes.len(), 5);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.is_empty() && !planned.plan.writes(), "{:#?}", planned.plan.changes);
    let secret = std::fs::read_to_string(project.path().join("secrets/ingest.token")).unwrap();
    assert_eq!(
        scene.http.with_token(&secret).post_text(&format!("write?org={}&bucket=raw", scene.org), "").await.status,
        204
    );
    project.destroy().await;
    for list in ["labels", "tasks", "authorizations"] {
        let reply = scene.http.get(&format!("{list}?orgID={}", scene.org)).await.expect(200);
        let rows = reply.as_object().unwrap().values().find_map(|value| value.as_array()).unwrap();
        assert!(rows.is_empty(), "{list}: {rows:?}");
    }
});
