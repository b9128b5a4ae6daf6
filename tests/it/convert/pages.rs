//! The pages about what is brought along: their commands give the output that they show.

use serde_json::json;

use super::terraform::{KOMMINAR, resource, state};
use crate::cli::fluxform::{Fluxform, project};
use crate::clients::{INFLUX, given};
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

const CLI_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/from-influx-cli.md");

/// The manifest that the tables of the page about the influx CLI make together.
fn of_the_cli_page() -> String {
    let page = std::fs::read_to_string(CLI_PAGE).unwrap();
    let tables = page.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let all: String = tables.map(|table| format!("{table}\n")).collect();
    assert!(all.matches("\n[").count() > 5, "{all}");
    format!("[project]\nname = \"influx\"\n\n{all}")
}

/// What the page about the influx CLI shows is one valid project.
#[test]
fn the_manifests_of_the_page_about_the_influx_cli_are_valid() {
    let dir = project(&of_the_cli_page());
    let said = Fluxform::new(&["validate"]).arg(dir.path()).run().with(0);
    assert_eq!(said.err, "");
}

both!(the_commands_of_the_page_about_the_influx_cli_make_what_its_tables_say, virgin, async |server| {
    let Some(influx) = given(INFLUX) else { return };
    let home = Home::named(server, "acme", "first-bucket").await;
    let dir = project(&of_the_cli_page());
    let tables: toml::Table = of_the_cli_page().parse().unwrap();
    let script = tables["task"]["hourly"]["flux"].as_str().unwrap();
    let script = format!("option task = {{name: \"hourly\", every: 1h}}\n{script}");
    std::fs::write(dir.path().join("hourly.flux"), script).unwrap();
    let config = tables["telegraf"]["gateway"]["config"].as_str().unwrap();
    std::fs::write(dir.path().join("gateway.conf"), config).unwrap();

    let page = std::fs::read_to_string(CLI_PAGE).unwrap();
    let commands: Vec<_> =
        page.lines().filter(|line| line.starts_with("`influx ")).map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(commands.len(), 8, "{commands:?}");
    for command in commands {
        let buckets = home.http.get("buckets?name=raw").await.expect(200);
        let raw = buckets["buckets"][0]["id"].as_str().unwrap_or_default();
        let output = tokio::process::Command::new("bash")
            .args(["-c", &format!("influx() {{ \"$CLI\" \"$@\"; }}\n{command}")])
            .current_dir(dir.path())
            .env("CLI", &influx)
            .env("INFLUX_HOST", home.server.url())
            .env("INFLUX_TOKEN", home.server.token())
            .env("INFLUX_ORG", "acme")
            .env("INFLUX_CONFIGS_PATH", dir.path().join("none"))
            .envs([("ID", raw), ("PASSWORD", "long-enough"), ("VALUE", "xoxb")])
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }

    // A token cannot be found by its description, and a second bucket is only in the table.
    let plan = home.fluxform(&["plan", "--adopt"]).arg(dir.path());
    let plan = ["ADA_PASSWORD", "GRAFANA_PASSWORD", "SLACK_TOKEN"]
        .iter()
        .fold(plan, |plan, name| plan.var(name, "long-enough"));
    let said = plan.run().with(0).out;
    assert!(said.contains("Plan: 2 to add, 0 to change, 0 to destroy. Ledger: 7 to adopt."), "{said}");
    assert!(said.contains("+ bucket.hourly") && said.contains("+ token.gateways"), "{said}");
});
