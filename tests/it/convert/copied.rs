//! Texts that look like secrets are copied where no field can be a source of secrets, which is said at their places.

use serde_json::json;

use super::Converted;
use super::terraform::{KOMMINAR, resource, state};
use crate::moving::files;

/// What looks like a secret in the sources here.
const SECRETS: [&str; 7] = [
    "hunter2hunter2",
    "glpat-abcdefghij0123456789",
    "c0nstantc0nstant",
    "m4pm4pm4p",
    "n0t3n0t3n0t3",
    "pr0pertypr0perty",
    "ch4nnelch4nnel",
];

/// What is said, where, and how many texts the summary counts. Nothing shown has a secret, and the project has all.
fn copied(converted: &Converted, wanted: &[(&str, &str)]) {
    assert_eq!(converted.ended.code, 0, "{}", converted.ended.all());
    let (said, all) = (converted.ended.words(), converted.ended.all());
    for secret in SECRETS {
        assert!(!all.contains(secret), "{secret}:\n{all}");
    }
    for (text, place) in wanted {
        let told = format!("{text}` looks like a secret, and is copied ");
        let (_, rest) = said.split_once(&told).unwrap_or_else(|| panic!("{told}: {all}"));
        let shown = rest.split(" ⚠ ").next().unwrap();
        assert!(shown.contains(place), "{told}: {place}: {all}");
    }
    assert_eq!(said.matches("looks like a secret, and is copied").count(), wanted.len(), "{all}");
    let count = format!("{} texts that look like secrets were copied, as said above.", wanted.len());
    assert!(all.contains(&count), "{all}");
}

#[test]
fn texts_of_a_template_that_look_like_secrets_are_copied_and_said() {
    let text = r##"apiVersion: influxdata.com/v2alpha1
kind: Label
metadata: { name: plant }
spec: { description: "login password=hunter2hunter2 of the plant", color: "#326BBA" }
---
apiVersion: influxdata.com/v2alpha1
kind: Bucket
metadata: { name: raw }
spec:
  description: |
    Points of the plant.
    Written with glpat-abcdefghij0123456789
---
apiVersion: influxdata.com/v2alpha1
kind: Variable
metadata: { name: api_token }
spec: { type: constant, values: [c0nstantc0nstant, "true"] }
---
apiVersion: influxdata.com/v2alpha1
kind: Variable
metadata: { name: hall }
spec: { type: map, values: { press: a, db_password: m4pm4pm4p } }
---
apiVersion: influxdata.com/v2alpha1
kind: Dashboard
metadata: { name: d }
spec:
  charts:
    - { kind: Markdown, width: 3, height: 3, note: "Log in with `password=n0t3n0t3n0t3`." }
---
apiVersion: influxdata.com/v2alpha1
kind: Bucket
metadata: { name: last }
spec: { description: password=hunter2hunter2, retentionRules: [{ everySeconds: 0 }], associations: [] }
"##;
    let converted = Converted::of("t.yml", text);
    copied(
        &converted,
        &[
            ("`properties.description` of the label `plant", "t.yml:4:38"),
            ("`description` of the bucket `raw", "t.yml:12:18"),
            ("`values` of the variable `api_token", "t.yml:17:34"),
            ("`map.db_password` of the variable `hall", "t.yml:22:53"),
            ("`cell.markdown` of the dashboard `d", "t.yml:29:75"),
            ("`description` of the bucket `last", "t.yml:34:31"),
        ],
    );
    let project: String = files(&converted.project()).into_values().collect();
    for secret in &SECRETS[..5] {
        assert!(project.contains(secret), "{secret}:\n{project}");
    }
}

#[test]
fn texts_of_a_state_that_look_like_secrets_are_copied_and_said() {
    let org = "00000000000000a1";
    let properties = json!({"color": "#326BBA", "api_token": "pr0pertypr0perty"});
    let arguments = json!({"type": "map", "values": {"irc_password": "ch4nnelch4nnel"}}).to_string();
    let all = [
        resource(
            KOMMINAR,
            "influxdb_label",
            "plant",
            json!({"id": "00000000000000b0", "org_id": org, "name": "Plant", "properties": properties}),
        ),
        resource(
            KOMMINAR,
            "influxdb_variable",
            "hall",
            json!({"id": "00000000000000b1", "org_id": org, "name": "hall", "arguments": arguments}),
        ),
        resource(
            KOMMINAR,
            "influxdb_bucket",
            "raw",
            json!({"id": "00000000000000b2", "org_id": org, "name": "raw", "description": "password=hunter2hunter2", "retention_period": 0, "type": "user"}),
        ),
    ];
    let converted = Converted::of("s.tfstate", &state(&all));
    copied(
        &converted,
        &[
            ("`properties.api_token` of the label `Plant", "s.tfstate:"),
            ("`map.irc_password` of the variable `hall", "s.tfstate:"),
            ("`description` of the bucket `raw", "s.tfstate:"),
        ],
    );
}

/// What is left out is not copied, and a name may be one too.
#[test]
fn only_what_is_copied_is_said_to_be() {
    let text = r#"apiVersion: influxdata.com/v2alpha1
kind: Variable
metadata: { name: and }
spec: { type: constant, values: [a], description: password=hunter2hunter2 }
---
apiVersion: influxdata.com/v2alpha1
kind: Bucket
metadata: { name: password=hunter2hunter2 }
---
apiVersion: influxdata.com/v2alpha1
kind: Bucket
metadata: { name: other }
spec: { name: password=hunter2hunter2 }
"#;
    let converted = Converted::of("t.yml", text);
    let (said, all) = (converted.ended.words(), converted.ended.all());
    assert_eq!(converted.ended.code, 3, "{all}");
    assert!(!all.contains("hunter2hunter2"), "{all}");
    assert_eq!(said.matches("is copied").count(), 1, "{all}");
    assert!(said.contains("`name` of the bucket `password=***` looks like a secret, and is copied"), "{all}");
    assert!(all.contains("1 text that looks like a secret was copied, as said above."), "{all}");
}

/// What has a secret in a script, a message or the configuration of Telegraf is left out: the place and the way out are said.
#[test]
fn what_is_left_out_for_a_secret_has_help() {
    let text = r#"apiVersion: influxdata.com/v2alpha1
kind: Telegraf
metadata: { name: gateway }
spec:
  config: |
    # On each gateway.
    [[outputs.influxdb_v2]]
      token = "hunter2hunter2"
      organization = "acme"
---
apiVersion: influxdata.com/v2alpha1
kind: Task
metadata: { name: t }
spec:
  every: 1h
  query: |
    import "http"
    token = "n0t3n0t3n0t3"
    http.post(url: "https://example.com", headers: {Authorization: token})
---
apiVersion: influxdata.com/v2alpha1
kind: CheckDeadman
metadata: { name: c }
spec:
  every: 1m
  query: 'from(bucket: "b") |> range(start: -1m) |> filter(fn: (r) => r._field == "x")'
  statusMessageTemplate: call with password=m4pm4pm4pm4p
  level: crit
  timeSince: 1m
  staleTime: 5m
"#;
    let converted = Converted::of("t.yml", text);
    let (said, all) = (converted.ended.words(), converted.ended.all());
    assert_eq!(converted.ended.code, 3, "{all}");
    for secret in SECRETS {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    for (what, line, help) in [
        (
            "the telegraf `gateway` cannot be converted: its `config` has",
            "8 token = \"***\"",
            "write `$INFLUX_TOKEN`, or",
        ),
        ("the task `t` cannot be converted: its `flux` has", "18 token = \"***\"", "declare it as `[secret.KEY]`, and"),
        (
            "the check `c` cannot be converted: its `message` has",
            "27 statusMessageTemplate: call with password=***",
            "if it is one, take",
        ),
    ] {
        let of = said.split(" × ").find(|of| of.contains(what)).unwrap_or_else(|| panic!("{what}: {all}"));
        assert!(of.contains(&format!("help: {help}")) && of.contains(line), "{what}: {all}");
        assert!(of.contains("a secret in plain text"), "{what}: {all}");
    }
}

/// The variable that is said to be set is the one that the project reads, and each secret has its own.
#[test]
fn the_variable_of_the_environment_is_named() {
    let endpoint = |name: &str, handle: &str| {
        format!(
            "---\napiVersion: influxdata.com/v2alpha1\nkind: NotificationEndpointSlack\nmetadata: {{ name: {handle} }}\nspec:\n  \
             name: \"{name}\"\n  url: https://hooks.example.com\n  token: hunter2hunter2\n"
        )
    };
    let text = endpoint("Chat #ops", "a") + &endpoint("Chat ops", "b");
    let converted = Converted::of("t.yml", &text);
    let (said, all) = (converted.ended.words(), converted.ended.all());
    assert_eq!(converted.ended.code, 0, "{all}");
    let endpoints = &files(&converted.project())["notification_endpoints.toml"];
    for (name, variable) in [("Chat #ops", "CHAT_OPS_TOKEN"), ("Chat ops", "CHAT_OPS_TOKEN_2")] {
        assert!(endpoints.contains(&format!("{{ env = \"{variable}\" }}")), "{endpoints}");
        let told = format!("`token` of `{name}` is not copied");
        let of = said.split(" ⚠ ").find(|of| of.contains(&told)).unwrap_or_else(|| panic!("{told}: {all}"));
        assert!(of.contains(&format!("the manifest has `{{ env = \"{variable}\" }}` in its place")), "{all}");
    }
}
