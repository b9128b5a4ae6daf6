//! What other tools call things that have another name here: whoever comes from Terraform is told ours.

use crate::address::Address;
use crate::kind::Kind;

/// What fluxform does not manage, by the names that a table might have.
const NOT_YET: [&str; 3] = ["notebook", "remote", "replication"];

const V1_TOKEN: &str = "a token of InfluxDB 1.x is `[v1_token.KEY]`, with `username`, `read`, `write` and `password`";

/// Words at the top of a manifest, and what to write instead.
const SECTIONS: [(&str, &str); 30] = [
    ("variable", "declare variables in one table, `[var]`: `NAME = { default = ... }`"),
    ("variables", "declare variables in one table, `[var]`: `NAME = { default = ... }`"),
    ("vars", "declare variables in one table, `[var]`: `NAME = { default = ... }`"),
    ("local", "use a variable that is made of others, in `[var]`: `NAME = { default = \"${var.OTHER}_x\" }`"),
    ("locals", "use a variable that is made of others, in `[var]`: `NAME = { default = \"${var.OTHER}_x\" }`"),
    ("data", "to look up an existing object, declare it with `external = true`, such as `[bucket.KEY]`"),
    ("provider", "there are no providers: set `url` and `org` in `[server]`"),
    ("providers", "there are no providers: set `url` and `org` in `[server]`"),
    ("output", "outputs need no declaration: `fluxform output` prints the names and IDs of all resources"),
    ("outputs", "outputs need no declaration: `fluxform output` prints the names and IDs of all resources"),
    ("terraform", "there is no backend: the ledger is on the server, and `[project]` names the project"),
    ("backend", "there is no backend: the ledger is on the server"),
    (
        "module",
        "there are no modules: use `for_each` for several of a resource, and variables for several environments",
    ),
    (
        "modules",
        "there are no modules: use `for_each` for several of a resource, and variables for several environments",
    ),
    ("resource", "declare a resource as a table of its kind and key, such as `[bucket.KEY]`"),
    ("resources", "declare a resource as a table of its kind and key, such as `[bucket.KEY]`"),
    ("removed", "remove the resource's table to delete the object; to keep it, use `fluxform forget`"),
    ("authorization", "a token is `[token.KEY]`, with `read`, `write` and `deliver`"),
    ("authorizations", "a token is `[token.KEY]`, with `read`, `write` and `deliver`"),
    ("endpoint", "where messages go is `[notification_endpoint.KEY]`"),
    ("notificationEndpoint", "where messages go is `[notification_endpoint.KEY]`"),
    ("rule", "what tells of statuses is `[notification_rule.KEY]`"),
    ("notificationRule", "what tells of statuses is `[notification_rule.KEY]`"),
    ("legacy_token", V1_TOKEN),
    ("legacy_authorization", V1_TOKEN),
    ("v1_authorization", V1_TOKEN),
    ("alert", "a check is `[check.KEY]`, with `flux` and `when`, `deadman` or `custom`"),
    ("organization", "an org is `[org.KEY]`"),
    ("organizations", "an org is `[org.KEY]`"),
    ("lifecycle", "`lifecycle` belongs in a resource: `lifecycle = { prevent_destroy = true }`"),
];

/// Words in a resource, and what to write instead.
const KEYS: [(&str, &str); 24] = [
    ("count", "use `for_each = [\"a\", \"b\"]` for several, and `enabled = false` for none"),
    ("depends_on", "order follows from references: an address in a field, or `${KIND.KEY.name}` in a string"),
    ("ignore_changes", "write `lifecycle = { ignore = [\"FIELD\"] }`"),
    ("ignore", "write `lifecycle = { ignore = [\"FIELD\"] }`"),
    ("prevent_destroy", "write `lifecycle = { prevent_destroy = true }`"),
    ("create_before_destroy", "remove it: a token's successor is always created first, and nothing else can be"),
    ("provider", "remove it: a project has one server, in `[server]`"),
    ("provisioner", "remove it: `deliver` says where a token's secret goes"),
    ("id", "give the ID in an `[[import]]`, with `to` and `id`"),
    ("org_id", "write the org's address: `org = \"org.KEY\"`"),
    ("orgID", "write the org's address: `org = \"org.KEY\"`"),
    ("user_id", "write the user's address: `user = \"user.KEY\"`"),
    ("userID", "write the user's address: `user = \"user.KEY\"`"),
    ("bucket_id", "write the bucket's address, such as `bucket.KEY`"),
    ("retention_rules", "write `retention = \"30d\"`, or `\"infinite\"`"),
    ("retention_period", "write `retention = \"30d\"`, or `\"infinite\"`"),
    ("retention_seconds", "write `retention = \"30d\"`, or `\"infinite\"`"),
    ("retentionRules", "write `retention = \"30d\"`, or `\"infinite\"`"),
    ("every_seconds", "write `retention = \"30d\"`, or `\"infinite\"`"),
    ("permissions", "list the addresses it may access: `read = [\"bucket.KEY\"]`, `write = [\"bucket.KEY\"]`"),
    ("query", "write `flux = '''...'''`, or `flux = { file = \"...\" }`"),
    ("script", "write `flux = '''...'''`, or `flux = { file = \"...\" }`"),
    ("flux_script", "write `flux = '''...'''`, or `flux = { file = \"...\" }`"),
    ("tags", "write `labels = [\"label.KEY\"]`"),
];

/// What is said of a token, or what else one signs in with, in `[server]`.
const SIGN_IN: &str =
    "a token is not written into a manifest: set INFLUX_TOKEN or INFLUX_TOKEN_FILE, or give --token-file to each run";
const URL: &str = "write `url = \"https://HOST:8086\"`";
const ORG: &str = "write `org = \"NAME\"`";
const VERIFY: &str = "write `ca_file = \"FILE.pem\"` for a certificate that no known authority has signed";

/// Words in `[server]`, and what to write instead.
const SERVER: [(&str, &str); 17] = [
    ("token", SIGN_IN),
    ("token_file", SIGN_IN),
    ("auth_token", SIGN_IN),
    ("username", "fluxform signs in with a token, not as a user: set INFLUX_TOKEN, or give --token-file to each run"),
    ("user", "fluxform signs in with a token, not as a user: set INFLUX_TOKEN, or give --token-file to each run"),
    ("password", "fluxform signs in with a token, not as a user: set INFLUX_TOKEN, or give --token-file to each run"),
    ("host", URL),
    ("address", URL),
    ("endpoint", URL),
    ("port", URL),
    ("organization", ORG),
    ("org_id", ORG),
    ("skip_verify", VERIFY),
    ("insecure", VERIFY),
    ("insecure_skip_verify", VERIFY),
    ("bucket", "declare it: `[bucket.KEY]`"),
    ("name", "the project's name belongs in `[project]`, and the server has `url` and `org`"),
];

/// Words in `[project]`, and what to write instead.
const PROJECT: [(&str, &str); 4] = [
    ("url", "write it in `[server]`"),
    ("host", "write `url` in `[server]`"),
    ("org", "write it in `[server]`"),
    ("protected", "write it in `[policy]`"),
];

/// Words in `lifecycle`, and what to write instead.
const LIFECYCLE: [(&str, &str); 3] = [
    ("ignore_changes", "write `ignore = [\"FIELD\"]`"),
    ("create_before_destroy", "remove it: a token's successor is always created first, and nothing else can be"),
    ("replace_triggered_by", "remove it: what depends on a replaced object is replaced where it must be"),
];

/// Words of a variable, and what to write instead.
const VARIABLE: [(&str, &str); 4] = [
    ("type", "remove it: a variable has the type of its default"),
    ("description", "write a comment: `# ...`"),
    ("nullable", "remove it: a variable without a default must be given"),
    ("validation", "list the allowed values: `one_of = [...]`"),
];

fn find(words: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    words.iter().find(|(known, _)| *known == word).map(|(_, answer)| *answer)
}

/// Whether a table is called like something that fluxform does not manage.
pub(super) fn is_not_yet(word: &str) -> bool {
    NOT_YET.contains(&word.strip_suffix('s').unwrap_or(word))
}

/// What to write in the place of a section that another tool has.
pub(super) fn section(word: &str) -> Option<&'static str> {
    find(&SECTIONS, word)
}

/// What to write in the place of a key of the section `name` that another tool has.
pub(super) fn in_section(name: &str, word: &str) -> Option<&'static str> {
    match name {
        "[server]" => find(&SERVER, word),
        "[project]" => find(&PROJECT, word),
        _ => None,
    }
}

/// What to write in the place of a key of a resource that another tool has.
pub(super) fn key(kind: Kind, word: &str) -> Option<&'static str> {
    // What the kind itself has under this name is no mistake; what it lacks is not to be recommended.
    let lacks = |field: &str| kind.field(field).is_none();
    match word {
        word if !lacks(word) => None,
        "permissions" if lacks("read") => None,
        "query" | "script" | "flux_script" if lacks("flux") => None,
        "tags" if lacks("labels") => None,
        "retention_rules" | "retention_period" | "retention_seconds" | "retentionRules" | "every_seconds"
            if lacks("retention") =>
        {
            None
        }
        "org_id" | "orgID" if lacks("org") => None,
        "user_id" | "userID" if lacks("user") => None,
        // InfluxDB's variables are not those of the manifests.
        "default" | "type" | "sensitive" | "nullable" | "validation" | "one_of" if !lacks("selected") => Some(
            "a `[variable.NAME]` is one of InfluxDB's, for dashboards; the manifests' own are in `[var]`: `NAME = { default = ... }`",
        ),
        "type" | "threshold" | "thresholds" if !lacks("when") => Some(
            "write what the check looks for: `when = { crit = { above = 90 } }`, `deadman = {...}` or `custom = true`",
        ),
        "timeSince" | "time_since" | "staleTime" | "stale_time" if !lacks("deadman") => {
            Some("write `deadman = { level = \"crit\", after = \"90s\", forget = \"10m\" }`")
        }
        "greater" | "lesser" | "level" | "levels" if !lacks("when") => {
            Some("write the levels and their values: `when = { crit = { above = 90 } }`")
        }
        "name" | "token" if kind == Kind::V1Token => Some("write `username = \"...\"`"),
        "deliver" | "secret" if kind == Kind::V1Token => {
            Some("a v1_token gets its password from you: `password = { env = \"NAME\" }`")
        }
        "secret_version" if kind == Kind::V1Token => Some("write `password_version = 1`"),
        "status_message" | "status_message_template" | "statusMessageTemplate" if !lacks("message") => {
            Some("write `message = \"...\"`")
        }
        "roles" | "role" | "orgs" if !lacks("member_of") => {
            Some("list the orgs: `member_of = [\"org.KEY\"]`, or `owner_of = [\"org.KEY\"]`")
        }
        "members" | "owners" | "users" if kind == Kind::Org => Some(
            "write it in the user's table, `[user.KEY]`: `member_of = [\"org.KEY\"]`, or `owner_of = [\"org.KEY\"]`",
        ),
        "color" | "colour" if !lacks("properties") => Some("write `properties = { color = \"#326BBA\" }`"),
        "description" if !lacks("properties") => Some("write `properties = { description = \"...\" }`"),
        "bucket_id" | "bucketID" if !lacks("bucket") => Some("write `bucket = \"bucket.KEY\"`"),
        _ => find(&KEYS, word),
    }
}

/// What to write in the place of a key of the table `name` in a resource of `kind` that the API has.
pub(super) fn inner(name: &str, word: &str) -> Option<&'static str> {
    let (field, of) = name.split_once('.').unwrap_or((name, ""));
    match (field, of.is_empty(), word) {
        ("when", true, "critical" | "CRIT") => Some("write `crit`"),
        ("when", true, "warning" | "WARN") => Some("write `warn`"),
        ("when", false, "greater") => Some("write `above = NUMBER`"),
        ("when", false, "lesser") => Some("write `below = NUMBER`"),
        ("when", false, "value") => Some("write `above = NUMBER` or `below = NUMBER`"),
        ("when", false, "min" | "max" | "within" | "range") => {
            Some("write `inside = [MIN, MAX]` or `outside = [MIN, MAX]`")
        }
        ("deadman", true, "timeSince" | "time_since") => Some("write `after = \"90s\"`"),
        ("deadman", true, "staleTime" | "stale_time") => Some("write `forget = \"10m\"`"),
        _ => None,
    }
}

/// What to write in the place of a key of `lifecycle` that another tool has.
pub(super) fn lifecycle(word: &str) -> Option<&'static str> {
    find(&LIFECYCLE, word)
}

/// What to write in the place of a property of a variable that another tool has.
pub(super) fn variable(word: &str) -> Option<&'static str> {
    find(&VARIABLE, word)
}

/// What to write in the place of a block of HCL, if `line` begins one: `resource "bucket" "x" {`.
pub(super) fn block(line: &str) -> Option<String> {
    let head = line.trim().strip_suffix('{')?.trim_end();
    let mut words = head.split_whitespace();
    let word = words.next()?;
    let labels: Option<Vec<&str>> = words.map(|word| word.strip_prefix('"')?.strip_suffix('"')).collect();
    let labels = labels?;
    let help = match (word, labels.as_slice()) {
        ("resource" | "data", [ty, key]) => {
            let kind =
                Kind::ALL.iter().map(|kind| kind.name()).find(|kind| ty.split(['-', '_']).any(|part| part == *kind));
            let found = if word == "data" { ", with `external = true`" } else { "" };
            format!("declare a resource as a table: `[{}.{key}]`{found}", kind.unwrap_or("KIND"))
        }
        ("variable", [name]) => format!("declare variables in one table, `[var]`: `{name} = {{ default = ... }}`"),
        (kind, [key]) if Kind::from_name(kind).is_some() => {
            format!("declare a resource as a table: `[{}]`", Address::new(Kind::from_name(kind)?, *key))
        }
        _ => section(word)?.to_owned(),
    };
    Some(format!("manifests are TOML: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_hcl_is_known_by_its_head() {
        for (line, answer) in [
            (r#"resource "influxdb-v2_bucket" "raw" {"#, Some("declare a resource as a table: `[bucket.raw]`")),
            (
                r#"  data "influxdb_bucket" "raw" {"#,
                Some("declare a resource as a table: `[bucket.raw]`, with `external = true`"),
            ),
            (r#"resource "x" "raw" {"#, Some("declare a resource as a table: `[KIND.raw]`")),
            (r#"bucket "raw" {"#, Some("declare a resource as a table: `[bucket.raw]`")),
            (r#"variable "env" {"#, Some("`[var]`: `env = { default = ... }`")),
            (
                "terraform {",
                Some("there is no backend: the ledger is on the server, and `[project]` names the project"),
            ),
            ("locals{", Some("`[var]`:")),
            ("locals {", Some("`[var]`:")),
            (r#"a = {"#, None),
            ("lines |> map(fn: (r) => {", None),
        ] {
            let said = block(line);
            assert_eq!(said.is_some(), answer.is_some(), "{line}: {said:?}");
            assert!(said.unwrap_or_default().contains(answer.unwrap_or_default()), "{line}");
        }
    }

    #[test]
    fn what_a_kind_has_is_not_foreign() {
        for kind in Kind::ALL {
            let known = |word: &&str| kind.field(word).is_some();
            for word in KEYS.iter().map(|(word, _)| *word).filter(known) {
                assert_eq!(key(*kind, word), None, "{kind} has {word}");
            }
        }
    }
}
