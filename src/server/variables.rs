//! `/api/v2/variables` (influxd 2.9.1, measured).

use serde_json::Value;

use super::auth::ResourceType;
use super::kind::Api;
use super::plain::body::{Body, Sent};
use super::plain::list::{By, Filter, List, ListLinks, Paged};
use super::plain::{Deed, Plain};
use super::problem::Problem;
use super::reply::Style;
use super::store::column::{Cell, Changes, Column, Holds, ID, LINKS, ORG, text};
use super::store::object::{Class, Unique};

pub(super) static VARIABLES: Plain = Plain {
    list: List {
        links: ListLinks::Pages,
        paged: Paged::AcrossOrgs,
        filters: &[
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "org", by: By::OrgNameWithin("could not read variables") },
        ],
        ..List::new("variables")
    },
    links: &[
        ("self", "/api/v2/variables/{id}"),
        ("labels", "/api/v2/variables/{id}/labels"),
        ("org", "/api/v2/orgs/{orgID}"),
    ],
    create: Body::bare("influxdb.Variable"),
    patch: Some(Body::bare("influxdb.VariableUpdate")),
    put: Some(Body::bare("influxdb.Variable")),
    put_sets_times: true,
    missing: "variable not found",
    read_to_change: true,
    clash: |variable, _, deed| {
        let org = variable.org.map(|org| org.to_string()).unwrap_or_default();
        let name = variable.text("name").to_lowercase();
        Problem::conflict(match deed {
            Deed::Create => format!("variable is not unique for key {org}{name}"),
            _ => format!("variable entity update conflicts with an existing entity for key {org}{name}"),
        })
    },
    check: |sent, deed| match deed {
        Deed::Patch => {
            // Only a PUT moves it.
            sent.org = None;
            // What is nothing but white space is a change that changes nothing.
            anything(sent)?;
            let name = sent.text("name").map(|name| Cell::Text(name.trim().to_owned()));
            sent.set("name", name);
            Ok(())
        }
        _ => {
            name(sent.text("name").unwrap_or_default())?;
            if sent.value("arguments").is_none() {
                return Err(Problem::invalid("invalid arguments type"));
            }
            match sent.org {
                None if deed == Deed::Put => Err(Problem::invalid("bad organization id: invalid ID")),
                _ => Ok(()),
            }
        }
    },
    ..Plain::new(Api { style: Style::Compact, labels: true, ..Api::new("variables", ResourceType::Variables) }, &CLASS)
};

static CLASS: Class = Class {
    name: "variables",
    columns: &[
        ID,
        ORG.changed(Changes::IfSent),
        text("name").changed(Changes::IfNotEmpty),
        text("description").changed(Changes::IfNotEmpty),
        Column::new("selected", Holds::Json(selected)),
        Column::new("arguments", Holds::Json(arguments)),
        Column::new("createdAt", Holds::Created).fixed(),
        Column::new("updatedAt", Holds::Updated).fixed(),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.to_lowercase().into_bytes() }),
    goes_with: None,
};

/// Whether a new name is one. A change has none of these rules.
fn name(name: &str) -> Result<(), Problem> {
    const PROTECTED: [&str; 11] =
        ["and", "builtin", "empty", "import", "in", "not", "option", "or", "package", "return", "test"];
    if name.is_empty() {
        Err(Problem::invalid("missing variable name"))
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        Err(Problem::invalid("variable name must start with a letter"))
    } else if PROTECTED.contains(&name) {
        Err(Problem::invalid(format!("\"{name}\" is a protected variable name")))
    } else {
        Ok(())
    }
}

/// Whether a change changes anything.
fn anything(sent: &mut Sent) -> Result<(), Problem> {
    let texts = ["name", "description"].into_iter().any(|key| sent.text(key).is_some_and(|text| !text.is_empty()));
    let values = ["selected", "arguments"].into_iter().any(|key| sent.value(key).is_some());
    if texts || values { Ok(()) } else { Err(Problem::invalid("no fields supplied in update")) }
}

fn wrong_text(of: &str, value: &Value) -> Problem {
    let go = go_type(value);
    Problem::invalid(format!("expected variable {of} value to be string but received {go}"))
}

/// What Go calls a value of JSON.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn selected(value: &Value) -> Result<Value, Problem> {
    let texts = value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if texts { Ok(value.clone()) } else { Err(Problem::invalid("invalid selected values")) }
}

fn arguments(arguments: &Value) -> Result<Value, Problem> {
    let unreadable = |ty: &str| Problem::invalid(format!("error parsing <nil> as Variable{ty}Arguments"));
    let values = &arguments["values"];
    let values: Value = match arguments["type"].as_str() {
        Some("constant") => {
            let items = values.as_array().ok_or_else(|| unreadable("Constant"))?;
            if let Some(wrong) = items.iter().find(|item| !item.is_string()) {
                return Err(wrong_text("constant", wrong));
            }
            values.clone()
        }
        Some("map") => {
            let entries = values.as_object().ok_or_else(|| unreadable("Map"))?;
            if let Some(wrong) = entries.values().find(|value| !value.is_string()) {
                return Err(wrong_text("map", wrong));
            }
            let sorted: std::collections::BTreeMap<_, _> = entries.iter().collect();
            sorted.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        Some("query") => {
            let entries = values.as_object().ok_or_else(|| unreadable("Query"))?;
            for key in ["query", "language"] {
                if !entries.contains_key(key) {
                    return Err(Problem::invalid(format!("\"{key}\" key not present in VariableQueryArguments")));
                }
                if !entries[key].is_string() {
                    let go = go_type(&entries[key]);
                    return Err(Problem::invalid(format!("expected \"{key}\" to be string but received {go}")));
                }
            }
            serde_json::json!({"query": entries["query"], "language": entries["language"]})
        }
        Some(ty) => return Err(Problem::invalid(format!("unknown VariableArguments type {ty}"))),
        None if arguments.is_object() => return Err(Problem::invalid("unknown VariableArguments type ")),
        None => return Err(Problem::invalid("invalid arguments type")),
    };
    Ok(serde_json::json!({"type": arguments["type"], "values": values}))
}
