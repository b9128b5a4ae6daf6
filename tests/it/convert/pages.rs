//! The pages about what is brought along: their commands give the output that they show.

use serde_json::json;

use super::terraform::{KOMMINAR, resource, state};
use crate::cli::fluxform::{Fluxform, project};
use crate::moving::{Home, page_holds};
use crate::support::both;

both!(the_page_about_templates_gives_what_it_shows, virgin, async |server| {
    let home = Home::named(server, "acme", "first-bucket").await;
    let dir = tempfile::tempdir().unwrap();
    page_holds("docs/from-templates.md", &home, dir.path());
});

both!(the_page_about_terraform_gives_what_it_shows, virgin, async |server| {
    let home = Home::named(server, "acme", "first-bucket").await;
    let dir = tempfile::tempdir().unwrap();
    let rules = json!([{"type": "expire", "everySeconds": 2_592_000}]);
    let raw = home.make("buckets", json!({"name": "raw", "retentionRules": rules})).await;
    let writer = home.token("Gateways", json!([home.may_one("write", "buckets", &raw)])).await;
    let all = [
        json!({
            "mode": "data", "type": "influxdb_organization", "name": "acme", "provider": KOMMINAR,
            "instances": [{"schema_version": 0, "attributes": {"id": home.org, "name": "acme"}}],
        }),
        resource(
            KOMMINAR,
            "influxdb_bucket",
            "raw",
            json!({"id": raw, "org_id": home.org, "name": "raw", "retention_period": 2_592_000}),
        ),
        resource(
            KOMMINAR,
            "influxdb_authorization",
            "gateways",
            json!({
                "id": writer.id, "org_id": home.org, "description": "Gateways", "status": "active", "token": writer.token,
                "permissions": [{"action": "write", "resource": {"type": "buckets", "id": raw, "org_id": home.org}}],
            }),
        ),
    ];
    std::fs::write(dir.path().join("terraform.tfstate"), state(&all)).unwrap();
    page_holds("docs/from-terraform.md", &home, dir.path());
});

/// What the page about the influx CLI shows is one valid project.
#[test]
fn the_manifests_of_the_page_about_the_influx_cli_are_valid() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/from-influx-cli.md")).unwrap();
    let tables = page.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let all: String = tables.map(|table| format!("{table}\n")).collect();
    assert!(all.matches("\n[").count() > 5, "{all}");
    let dir = project(&format!("[project]\nname = \"influx\"\n\n{all}"));
    let said = Fluxform::new(&["validate"]).arg(dir.path()).run().with(0);
    assert_eq!(said.err, "");
}
