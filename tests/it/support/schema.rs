//! What machines read keeps the schemas that are published.

use std::path::Path;

use serde_json::Value;

/// Fails unless `json` keeps `schemas/NAME.schema.json`.
#[track_caller]
pub(crate) fn keeps_schema(name: &str, json: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let broken: Vec<String> =
        validator.iter_errors(json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(broken.is_empty(), "schemas/{name}.schema.json: {broken:#?}\n{json:#}");
}
