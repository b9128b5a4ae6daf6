//! The state of Terraform: what it has is found by its ID, adopted, and left as it is.

use serde_json::{Value, json};

use super::Converted;
use crate::moving::{Home, files};
use crate::support::{both, id};

pub(super) const KOMMINAR: &str = "provider[\"registry.terraform.io/komminarlabs/influxdb\"]";
const LANCEY: &str = "provider[\"registry.opentofu.org/lancey-energy-storage/influxdb-v2\"]";

/// A resource with one instance.
pub(super) fn resource(provider: &str, ty: &str, name: &str, attributes: Value) -> Value {
    let mut resource = json!({
        "mode": "managed", "type": ty, "name": name, "provider": provider,
        "instances": [{"schema_version": 0, "sensitive_attributes": [], "private": "c3RhdGU="}],
    });
    resource["instances"][0]["attributes"] = attributes;
    resource
}

pub(super) fn state(resources: &[Value]) -> String {
    let state = json!({
        "version": 4, "terraform_version": "1.9.5", "serial": 7, "lineage": "5f0d3c2a-0000-0000-0000-000000000000",
        "outputs": {"writer": {"value": "s3cr3t-0utput-value", "type": "string", "sensitive": true}},
        "resources": resources, "check_results": null,
    });
    serde_json::to_string_pretty(&state).unwrap()
}

/// What a state has in plain text, and nothing else may have.
const SECRETS: [&str; 4] =
    ["s3cr3t-0utput-value", "t0kenoftheStateInPlainText==", "passw0rd-in-plain-text", "v4lue-in-plain-text"];

#[track_caller]
fn has_no_secret(converted: &Converted) {
    let project: String = files(&converted.project()).into_values().collect();
    let all = project + &converted.ended.all();
    for secret in SECRETS {
        assert!(!all.contains(secret), "{secret}:\n{all}");
    }
}

both!(what_terraform_manages_is_adopted_as_it_is, virgin, async |server| {
    let home = Home::on(server).await;
    let org = &home.org;
    let label = home.make("labels", json!({"name": "Plant", "properties": {"color": "#326BBA"}})).await;
    let other = home.make("labels", json!({"name": "By hand"})).await;
    let rules = json!([{"type": "expire", "everySeconds": 2_592_000}]);
    let raw = home.make("buckets", json!({"name": "raw", "description": "points", "retentionRules": rules})).await;
    let forever = home.make("buckets", json!({"name": "archive", "retentionRules": []})).await;
    let flux = "option task = {name: \"hourly\", every: 1h, offset: 5m}\n\nfrom(bucket: \"raw\") |> range(start: -1h) |> to(bucket: \"archive\")\n";
    let task = home.make("tasks", json!({"flux": flux, "status": "inactive"})).await;
    home.http.post(&format!("tasks/{task}/labels"), json!({"labelID": other})).await.expect(201);
    let arguments = json!({"type": "constant", "values": ["press", "oven"]});
    let variable = home.make("variables", json!({"name": "hall", "arguments": arguments})).await;
    let mapping = json!({"database": "db", "retention_policy": "autogen", "bucketID": raw, "default": true});
    let dbrp = home.make("dbrps", mapping).await;
    let scraper = json!({"name": "self", "type": "prometheus", "url": "http://localhost:9/metrics", "bucketID": raw});
    let scraper = home.make("scrapers", scraper).await;
    let permissions = json!([home.may_one("write", "buckets", &raw), home.may("read", "tasks")]);
    let writer = home.token("writer", permissions).await;
    let user = id(&home.http.post("users", json!({"name": "ada"})).await.expect(201));
    home.http.post(&format!("orgs/{org}/members"), json!({"id": user})).await.expect(201);
    let before = home.everything().await;

    let permission = |action: &str, resource: Value| json!({"action": action, "resource": resource});
    let all = [
        json!({
            "mode": "data", "type": "influxdb_organization", "name": "home", "provider": KOMMINAR,
            "instances": [{"schema_version": 0, "attributes": {"id": org, "name": home.org_name}}],
        }),
        resource(
            KOMMINAR,
            "influxdb_label",
            "plant",
            json!({"id": label, "org_id": org, "name": "Plant", "properties": {"color": "#326BBA"}}),
        ),
        resource(
            KOMMINAR,
            "influxdb_bucket",
            "raw",
            json!({"id": raw, "org_id": org, "name": "raw", "description": "points", "retention_period": 2_592_000, "type": "user", "created_at": "x"}),
        ),
        resource(
            LANCEY,
            "influxdb-v2_bucket",
            "archive",
            json!({"id": forever, "org_id": org, "name": "archive", "description": "", "rp": "", "retention_rules": [{"every_seconds": 0, "type": "expire"}]}),
        ),
        resource(
            KOMMINAR,
            "influxdb_task",
            "hourly",
            json!({
                "id": task, "org_id": org, "org": home.org_name, "name": "hourly", "flux": flux, "every": "1h", "offset": "5m", "cron": null,
                "status": "inactive", "labels": [{"id": other, "name": "By hand", "org_id": org, "properties": {}}], "owner_id": home.user,
            }),
        ),
        resource(
            KOMMINAR,
            "influxdb_variable",
            "hall",
            json!({"id": variable, "org_id": org, "name": "hall", "arguments": arguments.to_string()}),
        ),
        resource(
            LANCEY,
            "influxdb-v2_dbrp_mapping",
            "db",
            json!({"id": dbrp, "org_id": org, "bucket_id": raw, "database": "db", "retention_policy": "autogen", "default_policy": true}),
        ),
        resource(
            LANCEY,
            "influxdb-v2_scraper",
            "self",
            json!({"id": scraper, "org_id": org, "bucket_id": raw, "name": "self", "type": "prometheus", "url": "http://localhost:9/metrics", "allow_insecure": false}),
        ),
        resource(
            KOMMINAR,
            "influxdb_authorization",
            "writer",
            json!({
                "id": writer.id, "org_id": org, "org": home.org_name, "user": "root", "user_id": home.user, "description": "writer", "status": "active",
                "token": SECRETS[1],
                "permissions": [
                    permission("write", json!({"id": raw, "org_id": org, "type": "buckets", "name": "raw", "org": null})),
                    permission("read", json!([{"id": "", "org_id": org, "type": "tasks"}])),
                ],
            }),
        ),
        resource(
            KOMMINAR,
            "influxdb_user",
            "ada",
            json!({"id": user, "name": "ada", "org_id": org, "org_role": "member", "status": "active", "password": SECRETS[2]}),
        ),
        resource("provider[\"registry.terraform.io/hashicorp/aws\"]", "aws_instance", "host", json!({"id": "i-0"})),
    ];
    let converted = Converted::of("terraform.tfstate", &state(&all));
    has_no_secret(&converted);
    assert_eq!(converted.ended.code, 0, "{}", converted.ended.all());
    let project = converted.project();
    assert_eq!(home.plan(&project), (9, String::new()));
    home.fluxform(&["adopt", "--auto-approve"]).arg(&project).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(&project).run().with(0);
    assert_eq!(home.everything().await, before);
});

both!(a_secret_of_a_state_comes_from_the_environment, virgin, async |server| {
    let home = Home::on(server).await;
    let secret = json!({"org_id": home.org, "key": "slack_token", "value": SECRETS[3]});
    let all = [resource(KOMMINAR, "influxdb_secret", "slack", secret)];
    let converted = Converted::of("terraform.tfstate", &state(&all));
    has_no_secret(&converted);
    assert_eq!(converted.ended.code, 0, "{}", converted.ended.all());
    let secrets = &files(&converted.project())["secrets.toml"];
    assert!(secrets.contains("value = { env = \"SLACK_TOKEN\" }"), "{secrets}");
    let set = json!({"slack_token": "another"});
    home.http.patch(&format!("orgs/{}/secrets", home.org), set).await;
    let apply = home.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(converted.project());
    apply.var("SLACK_TOKEN", "of the environment").run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(converted.project()).run().with(0);
});

/// What the providers do without a word is said.
#[test]
fn the_traps_of_the_providers_are_said() {
    let org = "00000000000000a1";
    let wide = json!({
        "id": "00000000000000c1", "org_id": org, "description": "wide", "status": "active",
        "permissions": [{"action": "read", "resource": {"type": "buckets", "name": "raw", "id": "", "org_id": ""}}],
    });
    let replaced = json!({
        "mode": "managed", "type": "influxdb_bucket", "name": "old", "provider": KOMMINAR, "module": "module.plant[\"a\"]",
        "instances": [{"deposed": "1a2b3c4d", "attributes": {"id": "00000000000000b1", "org_id": org, "name": "old"}}],
    });
    let first = resource(
        "provider[\"registry.terraform.io/hashicorp/influxdb\"]",
        "influxdb_database",
        "db",
        json!({"id": "db", "name": "db"}),
    );
    let unknown = resource(LANCEY, "influxdb-v2_ready", "r", json!({"id": "x"}));
    let aws = |ty: &str| resource("provider[\"registry.terraform.io/hashicorp/aws\"]", ty, "x", json!({"id": "i-0"}));
    let wide = resource(KOMMINAR, "influxdb_authorization", "wide", wide);
    let all = [wide, replaced, first, unknown, aws("aws_instance"), aws("aws_instance"), aws("aws_alb")];
    let converted = Converted::of("s.json", &state(&all));
    let said = converted.ended.words();
    for wanted in [
        "influxdb_authorization.wide may read all buckets of the whole server",
        "Terraform has replaced this module.plant[\"a\"].influxdb_bucket.old",
        "`influxdb_database` of the provider hashicorp/influxdb is of InfluxDB 1.x",
        "fluxform has no kind for influxdb-v2_ready.r",
        "resources of other providers are not converted: `aws_alb`, `aws_instance` ╭─[s.json:96:15]",
    ] {
        assert!(said.contains(wanted), "{wanted}: {}", converted.ended.all());
    }
    let long = json!({"id": "00000000000000b2", "org_id": org, "name": "long", "retention_period": 1e300});
    let converted_long = Converted::of("s.json", &state(&[resource(KOMMINAR, "influxdb_bucket", "long", long)]));
    assert!(converted_long.ended.words().contains("a retention of `1e+300` seconds"), "{}", converted_long.ended.all());
    assert_eq!(converted.ended.code, 3);
    let tokens = &files(&converted.project())["tokens.toml"];
    assert!(tokens.contains("read = [\"instance/buckets\"]"), "{tokens}");
}

/// Nothing of a state is shown that is not known to be harmless, whatever else it has and wherever it breaks off.
#[test]
fn a_state_is_never_shown() {
    let secret = "S3KR1T";
    let mut other = resource(
        "provider[\"registry.terraform.io/hashicorp/random\"]",
        "random_password",
        "p",
        json!({"result": secret}),
    );
    other["instances"][0]["identity"] = json!({"arn": secret});
    other["each"] = json!(secret);
    let own = json!({"id": "00000000000000a1", "org_id": "00000000000000a2", "name": "raw", "retention_rules": 7, "token": secret});
    let bucket = resource(KOMMINAR, "influxdb_bucket", "b", own);
    let pretty = state(&[other, bucket]).replace(SECRETS[0], secret);
    let compact = serde_json::from_str::<Value>(&pretty).unwrap().to_string();
    let cuts = (0..compact.len()).step_by(37).map(|at| compact[..at].to_owned());
    let damaged = (0..compact.len()).step_by(61).map(|at| format!("{}@{}", &compact[..at], &compact[at..]));
    let others =
        ["S3KR1T\n".to_owned(), format!("{{\"format_version\": \"1.0\", \"values\": {{\"a\": \"{secret}\"}}}}")];
    let broken = pretty.replace("\"S3KR1T\"", "\"S3KR1T\" x");
    for text in [pretty, compact.clone(), broken].into_iter().chain(others).chain(cuts).chain(damaged) {
        for name in ["t.tfstate", "t"] {
            let all = Converted::of(name, &text).ended.all();
            assert!(!all.contains(secret), "{name}: {text}:\n{all}");
        }
    }
}
