//! The sections of a manifest besides the kinds, and the words that several places share.

use serde_json::{Map, Value as Json, json};

use super::{described, map, or_expression, table};
use crate::diagnostic::{Code, Level};

/// What several places share.
pub(super) fn words() -> Map<String, Json> {
    let sink = |mut properties: Json, required: Json| {
        properties = Json::Object(map(properties));
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    let (text, argv) = (json!({ "type": "string" }), json!({ "type": "array", "items": { "type": "string" } }));
    let stderr = json!({ "description": "Whether its standard error is shown if it fails", "enum": ["hide", "show"] });
    map(json!({
        "expression": {
            "description": "A string that is one `${...}`, and takes its value",
            "type": "string",
            "pattern": "\\$\\{",
        },
        "duration": {
            "description": "A Flux duration, such as `30d` or `1h30m`",
            "type": "string",
            "pattern": "^-?([0-9]+(ns|us|µs|ms|s|mo|m|h|d|w|y))+$|\\$\\{",
        },
        "id": { "description": "An ID: 16 digits, 0-9 and a-f", "type": "string", "pattern": "^[0-9a-f]{16}$|\\$\\{" },
        "source": { "anyOf": [
            sink(json!({ "env": described("An environment variable", text.clone()) }), json!(["env"])),
            sink(json!({ "var": described("A sensitive variable", text.clone()) }), json!(["var"])),
            sink(json!({ "file": described("A file", text.clone()) }), json!(["file"])),
            sink(
                json!({
                    "command": described("A program and its arguments; the secret is what it writes to standard output", argv.clone()),
                    "stderr": stderr,
                }),
                json!(["command"]),
            ),
        ] },
        "sink": { "anyOf": [
            { "description": "Nowhere", "enum": ["discard"] },
            sink(json!({ "file": described("A file that contains only the secret", text.clone()) }), json!(["file"])),
            sink(
                json!({
                    "env_file": described("A file of lines `NAME=value`", text.clone()),
                    "key": described("The name of the line", text),
                }),
                json!(["env_file", "key"]),
            ),
            sink(
                json!({
                    "command": described("A program and its arguments; it receives the secret on standard input", argv),
                    "timeout": { "$ref": "#/definitions/duration" },
                    "stderr": stderr,
                }),
                json!(["command"]),
            ),
            { "$ref": "#/definitions/expression" },
        ] },
    }))
}

/// The sections besides the kinds.
pub(super) fn sections() -> Map<String, Json> {
    let text = |doc: &str| described(doc, json!({ "type": "string" }));
    let list = |doc: &str, of: Json| described(doc, json!({ "type": "array", "items": of }));
    let flag = |doc: &str| described(doc, or_expression(json!({ "type": "boolean" })));
    let id = |doc: &str| described(doc, json!({ "anyOf": [{ "$ref": "#/definitions/id" }] }));
    let number = |doc: &str| described(doc, or_expression(json!({ "type": "integer" })));
    let with = |required: &[&str], mut table: Json| {
        table["required"] = json!(required);
        table
    };
    let project = map(json!({ "name": text("The name of the project and of its ledger: a-z, 0-9 and `-`") }));
    let server = map(json!({
        "url": text("`http(s)://...`, or `embedded:PATH` for the embedded server"),
        "org": text("The home org, by name or ID: the org of everything without `org`"),
        "token_id": id("The ID of the run's own token, if the run cannot find it by itself"),
        "ca_file": text("A PEM file with additional certificate authorities"),
        "client_cert": text("A PEM file with the client certificate"),
        "client_key": text("A PEM file with the key of the client certificate"),
        "timeout": described("How long one request may take", json!({ "anyOf": [{ "$ref": "#/definitions/duration" }] })),
    }));
    let variable = map(json!({
        "default": { "description": "The value if none is set; without a default, the variable must be set" },
        "one_of": list("The allowed values", json!({})),
        "sensitive": described(
            "Whether its value is a secret: it comes from outside, is never shown or kept, and is only used as `{ var = \"NAME\" }`",
            json!({ "type": "boolean" }),
        ),
    }));
    let allow = map(json!({
        "what": described("What is allowed", json!({ "enum": ["adopt", "data_loss", "blast_radius", "task_owner"] })),
        "address": text("The address that it is allowed for; `*` matches any characters"),
        "until": described("The last day on which it is allowed, such as `2027-06-30`", json!({ "type": "string" })),
        "reason": text("The reason, shown in the plan"),
    }));
    let lints = Code::ALL.iter().filter_map(|code| {
        let words = Level::ALL.map(Level::word);
        let doc = format!("{}; {} when omitted", code.title(), code.level()?);
        Some((code.text().to_owned(), described(doc, or_expression(json!({ "enum": words })))))
    });
    let lints = lints.collect();
    let policy = map(json!({
        "adopt": flag("Whether existing objects with the declared name may be taken over"),
        "protected": list("Addresses that are never deleted or replaced; `*` matches any characters", json!({ "type": "string" })),
        "blast_radius": table(
            "How much of a kind may be deleted, replaced, renamed or deactivated at once",
            map(json!({
                "percent": number("The largest allowed part, in percent; 30 when omitted"),
                "from": number("The number of owned objects from which the limit applies; 10 when omitted"),
            })),
        ),
        "lint": table("What becomes of what lints find in scripts, by their codes", lints),
        "allow": list(
            "What is allowed although a guard would refuse it",
            with(&["what", "address", "until", "reason"], table("Consent that is reviewed with the change", allow)),
        ),
    }));
    let address = |doc: &str| text(doc);
    let moved = map(json!({
        "from": address("The address that was applied"),
        "to": address("The address that is declared now"),
    }));
    let import = map(json!({
        "to": address("The address of the resource that the object becomes"),
        "id": described(
            "The object's ID; of some kinds after that of its org and a `/`",
            json!({ "anyOf": [{ "$ref": "#/definitions/id" }, { "type": "string", "pattern": "^[0-9a-f]{16}/." }] }),
        ),
    }));
    map(json!({
        "project": with(&["name"], table("The project", project)),
        "server": table("The server of the project", server),
        "var": {
            "description": "Variables: `${var.NAME}`",
            "type": "object",
            "additionalProperties": table("A variable", variable),
        },
        "policy": table("What the guards allow, and what they protect", policy),
        "moved": list("A changed address", with(&["from", "to"], table("A changed address", moved))),
        "import": list("An existing object", with(&["to", "id"], table("An existing object", import))),
    }))
}
