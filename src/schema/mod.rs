//! What is said of the manifest language outside the program, from the field tables: the JSON Schema that editors read, and the
//! reference page. In the features of JSON Schema that Taplo reads (draft 4).

mod reference;
mod sections;

use serde_json::{Map, Value as Json, json};

use crate::field::{Field, Omitted, Type};
use crate::kind::Kind;

pub use reference::reference;

/// The schema of a manifest file, as it is published.
pub fn manifest_text() -> String {
    format!("{:#}\n", manifest())
}

/// The schema of a manifest file.
pub fn manifest() -> Json {
    let mut definitions = sections::words();
    let mut top = sections::sections();
    let mut defaults = Map::new();
    for kind in Kind::ALL {
        let spec = kind.spec();
        let fields: Map<String, Json> =
            spec.fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
        let mut defaulted = fields.clone();
        let ids = spec.fields.iter().filter(|field| field.ty == Type::Id);
        ids.for_each(|field| drop(defaulted.shift_remove(field.name)));
        defaults.insert(
            kind.name().to_owned(),
            table(&format!("Defaults of all {kind}s that do not set the field themselves"), defaulted),
        );

        let mut all = meta(*kind);
        all.extend(fields);
        let mut resource = table(spec.doc, all);
        let pairs = spec.fields.iter().flat_map(|field| spec.others(field.name).map(|other| [field.name, other]));
        let pairs: Vec<Json> = pairs.filter(|[a, b]| a < b).map(|pair| json!({ "required": pair })).collect();
        match pairs.as_slice() {
            [] => {}
            [pair] => resource["not"] = pair.clone(),
            _ => resource["not"] = json!({ "anyOf": pairs }),
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

/// What every resource may say besides its fields.
fn meta(kind: Kind) -> Map<String, Json> {
    let flag = |doc: &str| described(doc, or_expression(json!({ "type": "boolean" })));
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
        Omitted::Default(word) => description.push_str(&format!(" `{word}` when omitted.")),
        Omitted::False => description.push_str(" `false` when omitted."),
        Omitted::Key => description.push_str(" The key when omitted."),
        Omitted::HomeOrg => description.push_str(" The home org when omitted."),
        Omitted::Theirs | Omitted::Unset | Omitted::Empty | Omitted::Required => {}
    }
    described(description, value(field.ty))
}

/// A table with these fields.
fn block(fields: &[Field]) -> Json {
    let properties = fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    let mut table = json!({ "type": "object", "properties": Json::Object(properties), "additionalProperties": false });
    let required: Vec<_> = fields.iter().filter(|field| field.omitted == Omitted::Required).collect();
    if !required.is_empty() {
        table["required"] = required.iter().map(|field| json!(field.name)).collect();
    }
    table
}

fn value(ty: Type) -> Json {
    let text = || json!({ "type": "string" });
    let address = |kind: Kind| json!({ "type": "string", "pattern": format!("^{kind}\\.|\\$\\{{") });
    let list = |of: Json| or_expression(json!({ "type": "array", "items": of }));
    match ty {
        Type::Text | Type::Cron | Type::Identifier => text(),
        Type::Choice(words) => or_expression(json!({ "enum": words })),
        Type::Integer => or_expression(json!({ "type": "integer" })),
        Type::Bool => or_expression(json!({ "type": "boolean" })),
        Type::Number => or_expression(json!({ "type": "number" })),
        Type::Verbatim => text(),
        Type::Any => json!({}),
        Type::Block(fields) => or_expression(block(fields)),
        Type::Keyed([], of) => or_expression(json!({ "type": "object", "additionalProperties": value(*of) })),
        Type::Keyed(keys, of) => {
            let of = value(*of);
            let properties = keys.iter().map(|key| ((*key).to_owned(), of.clone())).collect();
            or_expression(
                json!({ "type": "object", "properties": Json::Object(properties), "additionalProperties": false }),
            )
        }
        Type::List(of) => list(value(*of)),
        Type::Duration { .. } | Type::SignedDuration => json!({ "anyOf": [{ "$ref": "#/definitions/duration" }] }),
        Type::Retention => json!({ "anyOf": [{ "enum": ["infinite"] }, { "$ref": "#/definitions/duration" }] }),
        Type::Ref(kind) => address(kind),
        Type::Refs(kind) => list(address(kind)),
        Type::RefsOf(kinds) => {
            let keys = either(vec![text(), list(text())]);
            let keys = kinds.iter().map(|kind| (kind.name().to_owned(), keys.clone())).collect();
            either(vec![list(either(kinds.iter().map(|kind| address(*kind)).collect())), table("Keys by kind", keys)])
        }
        Type::Map => or_expression(json!({ "type": "object", "additionalProperties": text() })),
        Type::TextFile(of) if of.named => text(),
        Type::Flux | Type::TextFile(_) => {
            let mut file = map(json!({ "file": described("A file of the project", text()) }));
            if ty == Type::Flux {
                file.insert("use".to_owned(), described("Files of the project with definitions for it", list(text())));
            }
            json!({ "anyOf": [text(), table("It is in a file", file)] })
        }
        Type::Params => or_expression(json!({ "type": "object" })),
        Type::Scopes => list(text()),
        Type::Source => json!({ "anyOf": [{ "$ref": "#/definitions/source" }] }),
        Type::Credential => {
            let key = map(json!({ "secret": described("The key of a secret of the org", text()) }));
            json!({ "anyOf": [table("The server looks it up", key), { "$ref": "#/definitions/source" }] })
        }
        Type::Sinks => {
            let sink = json!({ "$ref": "#/definitions/sink" });
            json!({ "anyOf": [sink.clone(), { "type": "array", "items": sink }] })
        }
        Type::Id => json!({ "anyOf": [{ "$ref": "#/definitions/id" }] }),
    }
}

/// A table of these keys and no others.
fn table(description: &str, properties: Map<String, Json>) -> Json {
    let mut table = json!({ "description": description, "type": "object" });
    table["properties"] = Json::Object(properties);
    table["additionalProperties"] = json!(false);
    table
}

/// The properties that are written as `of`, an object.
fn map(of: Json) -> Map<String, Json> {
    match of {
        Json::Object(map) => map,
        _ => unreachable!("only objects are written here"),
    }
}

/// `value` with a description.
fn described(description: impl Into<String>, mut value: Json) -> Json {
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
