//! Tokens that are for scripts: they may do what these do, and no more.

use std::fs;

use serde_json::json;

use crate::cli::fluxform::{Fluxform, project};
use crate::facts::columns::sample;
use crate::support::{Scene, id, real};
use crate::terminal::Place;

const PROJECT: &str = r#"
[bucket.raw]
external = true
[bucket.hourly]
[bucket.daily]
[task.hourly]
every = "1h"
flux = 'from(bucket: "raw") |> range(start: -1h) |> to(bucket: "hourly")'
[task.daily]
every = "1h"
flux = 'from(bucket: "hourly") |> range(start: -1h) |> to(bucket: "daily")'
[token.hourly]
for = ["task.hourly"]
deliver = { file = "hourly.token" }
"#;

async fn id_of(scene: &Scene, bucket: &str) -> String {
    let list = scene.http.get(&format!("buckets?orgID={}&name={bucket}", scene.org)).await.expect(200);
    id(&list["buckets"][0])
}

#[test]
fn what_a_run_says_of_the_home_org_is_known() {
    let dir = project(
        "[project]\nname = \"p\"\n[bucket.raw]\n[task.t]\nevery = \"1h\"\nflux = 'from(bucket: \"raw\") |> range(start: -1h) |> to(bucket: \"raw\", \
                       org: \"acme\")'\n[token.t]\nfor = [\"task.t\"]\ndeliver = \"discard\"\n",
    );
    let said = |org: &str, default: &str| {
        let run = Fluxform::new(&["plan", "--host", &format!("embedded:{}", dir.path().join("state").display())])
            .var("INFLUX_ORG", default);
        let run = if org.is_empty() { run } else { run.arg("--org").arg(org) };
        run.arg(dir.path()).run().all()
    };
    for (org, default) in [("acme", "other"), ("", "acme")] {
        assert!(!said(org, default).contains("token::scopes"), "{}", said(org, default));
    }
    let (other, id) = (said("other", "acme"), said("", "0123456789abcdef"));
    assert!(other.contains("the org `acme`, which the project does not declare"), "{other}");
    assert!(id.contains("and it is not known whether"), "{id}");
}

real!(a_token_runs_the_script_that_it_is_for, async |scene| {
    sample(&scene, "raw").await;
    let place = Place::new(&scene, PROJECT);
    place.apply().run().with(0);
    let secret = || fs::read_to_string(place.path().join("hourly.token")).unwrap();
    let status = async |script: &str| {
        let http = scene.http.with_token(secret().trim()).with_header("content-type", "application/vnd.flux");
        http.post_text(&format!("query?orgID={}", scene.org), script).await.status
    };
    let copy = |from: &str, to: &str| format!("from(bucket: \"{from}\") |> range(start: -1h) |> to(bucket: \"{to}\")");
    assert_eq!(status(&copy("raw", "hourly")).await, 200);
    for (from, to) in [("hourly", "daily"), ("raw", "daily"), ("raw", "raw")] {
        assert_ne!(status(&copy(from, to)).await, 200, "{from} to {to}");
    }
    // To write by name takes the right to read.
    let (raw, hourly) = (id_of(&scene, "raw").await, id_of(&scene, "hourly").await);
    let narrow = json!([scene.may_one("read", "buckets", &raw), scene.may_one("write", "buckets", &hourly)]);
    let narrow = scene.token(narrow).await.http.with_header("content-type", "application/vnd.flux");
    let by_name = narrow.post_text(&format!("query?orgID={}", scene.org), &copy("raw", "hourly")).await;
    by_name.refused(404, "not found", "could not find bucket \"hourly\"");
    let by_id = copy("raw", "hourly").replace("bucket: \"hourly\"", &format!("bucketID: \"{hourly}\""));
    assert_eq!(narrow.post_text(&format!("query?orgID={}", scene.org), &by_id).await.status, 200);
    // It follows the script.
    place.declare(&PROJECT.replace("[\"task.hourly\"]", "[\"task.daily\"]"));
    place.apply().run().with(0);
    assert_eq!(status(&copy("hourly", "daily")).await, 200);
    assert_ne!(status(&copy("raw", "hourly")).await, 200);
});
