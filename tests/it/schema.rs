//! `schemas/manifest.schema.json`: what an editor knows of a manifest. It is made from the field tables, in the features of
//! JSON Schema that Taplo reads (draft 4), and every manifest that is published or used in a test is held against it.
//!
//! `UPDATE_EXPECTED=1` writes it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fluxform::field::{Field, Omitted, Shape};
use fluxform::kind::Kind;
use serde_json::{Map, Value as Json, json};

use crate::clients::{NODE_PATH, given};
use crate::published::holds;

pub(crate) const PATH: &str = "schemas/manifest.schema.json";

/// The schema of a manifest file.
pub(crate) fn schema() -> Json {
    let mut definitions = words();
    let mut top = sections();
    let mut defaults = Map::new();
    for kind in Kind::ALL {
        let spec = kind.spec();
        let fields: Map<String, Json> =
            spec.fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
        let mut defaulted = fields.clone();
        let ids = spec.fields.iter().filter(|field| field.shape == Shape::Id);
        ids.for_each(|field| drop(defaulted.shift_remove(field.name)));
        defaults.insert(
            kind.name().to_owned(),
            table(&format!("Defaults of all {kind}s that do not set the field themselves"), defaulted),
        );

        let mut all = meta(*kind);
        all.extend(fields);
        let mut resource = table(spec.doc, all);
        let either = spec.fields.iter().filter_map(|field| Some([field.name, field.or?])).find(|[a, b]| a < b);
        if let Some(either) = either {
            resource["not"] = json!({ "required": either });
        }
        definitions.insert(kind.name().to_owned(), resource);
        let resources = json!({
            "description": spec.doc,
            "type": "object",
            "additionalProperties": { "$ref": format!("#/definitions/{kind}") },
        });
        top.insert(kind.name().to_owned(), resources);
    }
    let defaults = table("Default values for fields, by kind", defaults);
    top.insert("defaults".to_owned(), defaults);
    let mut schema = table("A manifest of a fluxform project", top);
    schema["title"] = json!("fluxform manifest");
    schema["$schema"] = json!("http://json-schema.org/draft-04/schema#");
    schema["definitions"] = Json::Object(definitions);
    schema
}

/// A table of these keys and no others.
fn table(description: &str, properties: Map<String, Json>) -> Json {
    let mut table = json!({ "description": description, "type": "object" });
    table["properties"] = Json::Object(properties);
    table["additionalProperties"] = json!(false);
    table
}

fn map(of: Json) -> Map<String, Json> {
    match of {
        Json::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// `value` with a description.
fn said(description: impl Into<String>, mut value: Json) -> Json {
    value["description"] = json!(description.into());
    value
}

/// `value`, or a string with `${...}` that becomes one.
fn or_expression(value: Json) -> Json {
    either(vec![value, json!({ "$ref": "#/definitions/expression" })])
}

/// Any of `schemas`.
fn either(schemas: Vec<Json>) -> Json {
    Json::Object(Map::from_iter([("anyOf".to_owned(), Json::Array(schemas))]))
}

/// What several places share.
fn words() -> Map<String, Json> {
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
            sink(json!({ "env": said("An environment variable", text.clone()) }), json!(["env"])),
            sink(json!({ "file": said("A file", text.clone()) }), json!(["file"])),
            sink(
                json!({
                    "command": said("A program and its arguments; the secret is what it writes to standard output", argv.clone()),
                    "stderr": stderr,
                }),
                json!(["command"]),
            ),
        ] },
        "sink": { "anyOf": [
            { "description": "Nowhere", "enum": ["discard"] },
            sink(json!({ "file": said("A file that contains only the secret", text.clone()) }), json!(["file"])),
            sink(
                json!({
                    "env_file": said("A file of lines `NAME=value`", text.clone()),
                    "key": said("The name of the line", text),
                }),
                json!(["env_file", "key"]),
            ),
            sink(
                json!({
                    "command": said("A program and its arguments; it receives the secret on standard input", argv),
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
fn sections() -> Map<String, Json> {
    let text = |doc: &str| said(doc, json!({ "type": "string" }));
    let list = |doc: &str, of: Json| said(doc, json!({ "type": "array", "items": of }));
    let flag = |doc: &str| said(doc, or_expression(json!({ "type": "boolean" })));
    let id = |doc: &str| said(doc, json!({ "anyOf": [{ "$ref": "#/definitions/id" }] }));
    let number = |doc: &str| said(doc, or_expression(json!({ "type": "integer" })));
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
        "timeout": said("How long one request may take", json!({ "anyOf": [{ "$ref": "#/definitions/duration" }] })),
    }));
    let variable = map(json!({
        "default": { "description": "The value if none is set; without a default, the variable must be set" },
        "one_of": list("The allowed values", json!({})),
    }));
    let allow = map(json!({
        "what": said("What is allowed", json!({ "enum": ["adopt", "data_loss", "blast_radius", "task_owner"] })),
        "address": text("The address that it is allowed for; `*` matches any characters"),
        "until": said("The last day on which it is allowed, such as `2027-06-30`", json!({ "type": "string" })),
        "reason": text("The reason, shown in the plan"),
    }));
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
        "id": id("The object's ID"),
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

/// What every resource may say besides its fields.
fn meta(kind: Kind) -> Map<String, Json> {
    let flag = |doc: &str| said(doc, or_expression(json!({ "type": "boolean" })));
    let fields: Vec<&str> = kind.spec().fields.iter().map(|field| field.name).collect();
    let lifecycle = map(json!({
        "prevent_destroy": flag("Refuse to delete or replace it"),
        "ignore": {
            "description": "Fields that the project leaves to others",
            "type": "array",
            "items": { "enum": fields },
        },
        "owned": flag("Treat an adopted object as if the project had created it"),
    }));
    map(json!({
        "external": flag("The object must exist; it is looked up and never changed"),
        "for_each": {
            "description": "One resource for each item of a list, each key of a table, or each instance of another resource",
            "anyOf": [{ "type": "array", "items": {} }, { "type": "object" }, { "type": "string" }],
        },
        "enabled": flag("Whether the resource exists"),
        "lifecycle": table("What may happen to the object", lifecycle),
    }))
}

fn property(field: &Field) -> Json {
    let mut description = field.doc.to_owned();
    match field.omitted {
        Omitted::Default(word) => write!(description, " `{word}` when omitted.").unwrap(),
        Omitted::False => description.push_str(" `false` when omitted."),
        Omitted::Key => description.push_str(" The key when omitted."),
        Omitted::HomeOrg => description.push_str(" The home org when omitted."),
        Omitted::Theirs | Omitted::Unset | Omitted::Empty | Omitted::Required => {}
    }
    said(description, value(field.shape))
}

fn value(shape: Shape) -> Json {
    let text = || json!({ "type": "string" });
    let address = |kind: Kind| json!({ "type": "string", "pattern": format!("^{kind}\\.|\\$\\{{") });
    let list = |of: Json| or_expression(json!({ "type": "array", "items": of }));
    match shape {
        Shape::Text | Shape::Cron | Shape::Identifier => text(),
        Shape::Choice(words) => or_expression(json!({ "enum": words })),
        Shape::Integer => or_expression(json!({ "type": "integer" })),
        Shape::Bool => or_expression(json!({ "type": "boolean" })),
        Shape::List(of) => list(value(*of)),
        Shape::Duration { .. } | Shape::SignedDuration => json!({ "anyOf": [{ "$ref": "#/definitions/duration" }] }),
        Shape::Retention => json!({ "anyOf": [{ "enum": ["infinite"] }, { "$ref": "#/definitions/duration" }] }),
        Shape::Ref(kind) => address(kind),
        Shape::Refs(kind) => list(address(kind)),
        Shape::Map => or_expression(json!({ "type": "object", "additionalProperties": text() })),
        Shape::Flux => {
            let file = map(json!({ "file": said("A file of the project", text()) }));
            json!({ "anyOf": [text(), table("A script in a file", file)] })
        }
        Shape::Params => or_expression(json!({ "type": "object" })),
        Shape::Scopes => list(text()),
        Shape::Source => json!({ "anyOf": [{ "$ref": "#/definitions/source" }] }),
        Shape::Sinks => {
            let sink = json!({ "$ref": "#/definitions/sink" });
            json!({ "anyOf": [sink.clone(), { "type": "array", "items": sink }] })
        }
        Shape::Id => json!({ "anyOf": [{ "$ref": "#/definitions/id" }] }),
    }
}

#[test]
fn the_published_schema_is_what_the_field_tables_say() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    for newer in ["$defs", "\"const\"", "\"if\"", "\"then\""] {
        assert!(!text.contains(newer), "Taplo does not read {newer}");
    }
    holds(PATH, &text);
}

/// All manifests in `dir` and below, with what is no manifest of its own (values for variables) left out.
pub(crate) fn manifests(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                left.push(path);
            } else if name.ends_with(".toml")
                && !name.starts_with('.')
                && !name.ends_with(".vars.toml")
                && !name.ends_with(".fleet.toml")
                && !name.ends_with(".consent.toml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no manifests in {dir}");
    found
}

/// What the schema says against a manifest.
fn against(schema: &jsonschema::Validator, text: &str) -> Vec<String> {
    let json: Json = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    schema.iter_errors(&dates(json)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Taplo takes dates for strings; `toml` gives a table of its own for each.
fn dates(json: Json) -> Json {
    match json {
        Json::Object(map) if map.contains_key("$__toml_private_datetime") => map["$__toml_private_datetime"].clone(),
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, dates(value))).collect()),
        Json::Array(items) => items.into_iter().map(dates).collect(),
        other => other,
    }
}

/// The manifest of a scenario with an ID where it has a placeholder for one.
fn with_ids(text: &str) -> String {
    let mut parts = text.split("id = \"{");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        filled += "id = \"0123456789abcdef";
        filled += part.split_once('}').unwrap().1;
    }
    filled
}

#[test]
fn every_good_manifest_is_good_for_the_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let mut wrong = String::new();
    for path in ["examples", "tests/cases/valid", "tests/scenarios", "src/cli/init"].into_iter().flat_map(manifests) {
        for error in against(&schema, &with_ids(&std::fs::read_to_string(&path).unwrap())) {
            writeln!(wrong, "{}: {error}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Manifests that the schema is against.
const SLIPS: &[&str] = &[
    "[project]\n",
    "[project]\nname = 1\n",
    "[serwer]\nurl = \"x\"\n",
    "[server]\nurl = 1\n",
    "[server]\ntimeout = \"soon\"\n",
    "[var]\nx = 1\n",
    "[var]\nx = { defualt = 1 }\n",
    "[bucket.raw]\nretenton = \"1d\"\n",
    "[bucket.raw]\nretention = 30\n",
    "[bucket.raw]\nretention = \"for ever\"\n",
    "[bucket.raw]\nlabels = \"label.l\"\n",
    "[bucket.raw]\nlabels = [\"bucket.l\"]\n",
    "[bucket.raw]\nenabled = \"no\"\n",
    "[bucket.raw]\nlifecycle = { prevent_destory = true }\n",
    "[bucket.raw]\nlifecycle = { ignore = [\"retenton\"] }\n",
    "[bucket]\nraw = 1\n",
    "[task.t]\nstatus = \"paused\"\n",
    "[task.t]\nevery = \"1h\"\ncron = \"@daily\"\n",
    "[task.t]\nflux = { path = \"x.flux\" }\n",
    "[token.t]\ndeliver = \"stdout\"\n",
    "[token.t]\ndeliver = { env_file = \"x\" }\n",
    "[token.t]\nid = \"x\"\n",
    "[user.u]\npassword = \"secret\"\n",
    "[user.u]\npassword_version = \"1\"\n",
    "[defaults.bukket]\nretention = \"1d\"\n",
    "[defaults.bucket]\nretenton = \"1d\"\n",
    "[defaults.token]\nid = \"0123456789abcdef\"\n",
    "[policy]\nprotect = []\n",
    "[policy]\nblast_radius = 30\n",
    "[[policy.allow]]\nwhat = \"everything\"\naddress = \"*\"\nuntil = 2027-01-01\nreason = \"x\"\n",
    "[[policy.allow]]\nwhat = \"data_loss\"\naddress = \"*\"\nuntil = 2027-01-01\n",
    "[[import]]\nto = \"bucket.raw\"\n",
    "[[import]]\nto = \"bucket.raw\"\nid = \"raw\"\n",
    "[[moved]]\nfrom = \"bucket.raw\"\n",
    "[moved]\nfrom = \"bucket.raw\"\nto = \"bucket.x\"\n",
];

#[test]
fn slips_are_bad_for_the_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for slip in SLIPS {
        assert_ne!(against(&schema, slip), [""; 0], "{slip}");
    }
}

/// Runs `taplo lint`, none where there is no Taplo; which files it is against.
fn lint(arguments: &[&str], files: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let mut node = std::process::Command::new("node");
    node.arg(Path::new(&given(NODE_PATH)?).join("@taplo/cli/dist/cli.js")).args(["lint", "--no-auto-config"]);
    let output = node.args(arguments).args(files).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // A line for each file that it is against ends the list of what is wrong with it.
    let against = |file: &&PathBuf| {
        let named = |line: &str| line.contains("ERROR") && line.contains(file.to_str().unwrap());
        said.lines().any(named)
    };
    let against: Vec<_> = files.iter().filter(against).cloned().collect();
    assert_eq!(output.status.success(), against.is_empty(), "{said}");
    Some(against)
}

/// What an export wrote, and what is compared with that: it names no schema.
const EXPORTED: &str = "examples/moving-in";

fn exported() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPORTED)
}

/// The schema at work in the tool that editors use. The examples name it themselves.
#[test]
fn taplo_reads_the_schema_as_we_do() {
    let none: Vec<PathBuf> = Vec::new();
    let url = format!("file://{}", Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH).display());
    let Some(against) = lint(&[], &manifests("examples")) else { return };
    assert_eq!(against, none, "examples");
    let good: Vec<_> = ["tests/cases/valid", EXPORTED].into_iter().flat_map(manifests).collect();
    assert_eq!(lint(&["--schema", &url], &good), Some(none));
    let dir = tempfile::tempdir().unwrap();
    let write = |(n, slip): (usize, &&str)| {
        let path = dir.path().join(format!("{n}.toml"));
        std::fs::write(&path, slip).unwrap();
        path
    };
    let slips: Vec<_> = SLIPS.iter().enumerate().map(write).collect();
    assert_eq!(lint(&["--schema", &url], &slips), Some(slips.clone()));
    // An example with a slip: it is its own first line that finds the schema.
    let example = dir.path().join("examples/x/fluxform.toml");
    std::fs::create_dir_all(example.parent().unwrap()).unwrap();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/fluxform.toml"));
    std::fs::write(&example, text.unwrap() + "\n[buckt.x]\n").unwrap();
    std::fs::create_dir(dir.path().join("schemas")).unwrap();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH), dir.path().join(PATH)).unwrap();
    assert_eq!(lint(&[], std::slice::from_ref(&example)), Some(vec![example]));
}

#[test]
fn every_manifest_of_the_examples_names_the_schema() {
    for path in manifests("examples").iter().filter(|path| !path.starts_with(exported())) {
        let text = std::fs::read_to_string(path).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let named = named.and_then(|named| path.parent().unwrap().join(named).canonicalize().ok());
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH).canonicalize().unwrap();
        assert_eq!(named, Some(schema), "{}", path.display());
    }
    let new =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/fluxform.toml")).unwrap();
    assert!(new.starts_with("#:schema ./manifest.schema.json\n"));
}
