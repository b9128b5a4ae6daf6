//! What somebody changes of a cell by hand, field by field.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::file::{MOST, views};
use super::*;

/// The fields in `json`, and in what stands within it, as pointers, each with another value that it may have.
fn others(at: &str, json: &Json, found: &mut Vec<(String, Json)>) {
    let other = match json {
        Json::Object(all) => {
            return all.iter().for_each(|(key, json)| others(&format!("{at}/{key}"), json, found));
        }
        Json::Array(items) if !items.is_empty() => {
            return items.iter().enumerate().for_each(|(n, json)| others(&format!("{at}/{n}"), json, found));
        }
        Json::Array(_) if at.ends_with("tags") || at.ends_with("functions") => json!([{}]),
        Json::Array(_) | Json::Null => json!(["x"]),
        Json::Bool(yes) => json!(!yes),
        Json::Number(number) => json!(number.as_f64().unwrap() as i64 + 1),
        Json::String(text) => json!(format!("{text}x")),
    };
    // What no manifest says of a query is the UI's.
    let is_theirs = ["/queries/1/editMode", "/queries/1/builderConfig"].iter().any(|theirs| at.starts_with(theirs));
    if !["/shape", "/type", "/checkID"].contains(&at) && !is_theirs && other != json!([{}]) {
        found.push((at.to_owned(), other));
    }
}

/// All that stands in a value, by its path.
fn flat(at: String, value: &Value, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| flat(format!("{at}/{key}"), value, all)),
        // Of a list of texts that is new, all of it is.
        Value::List(items) if items.iter().all(|item| matches!(item, Value::Text(_))) => {
            drop(all.insert(at, value.to_string()));
        }
        Value::List(items) => items.iter().enumerate().for_each(|(n, value)| flat(format!("{at}/{n}"), value, all)),
        plain => drop(all.insert(at, plain.to_string())),
    }
}

/// The paths at which two cells differ.
fn apart(one: &Value, other: &Value) -> Vec<String> {
    let all = |value| {
        let mut all = BTreeMap::new();
        flat(String::new(), value, &mut all);
        all
    };
    let (one, other) = (all(one), all(other));
    let mut paths: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| one.get(path) != other.get(path));
    paths
}

both!(each_field_of_each_type_of_view, async |scene| {
    let views = views(MOST);
    let cell = |n: usize, view: &Json| json!({"x": n % 12, "y": n / 12, "w": 1, "h": 1, "name": format!("c{n}"), "properties": view});
    let cells: Vec<Json> = views.iter().enumerate().map(|(n, view)| cell(n, view)).collect();
    let project = Project::new(&scene);
    // Their queries have a text of any sort.
    project.write("policy.toml", "[policy.lint]\n\"flux::name\" = \"warn\"\n");
    project.write("x.json", &json!({"cells": cells}).to_string());
    project.declare("[dashboard.x]\nname = \"x\"\nfile = \"x.json\"\n");
    project.apply().await;
    let before = project.plan(Goal::Declared).await.unwrap();
    assert!(!before.plan.writes(), "{}", lines(&before.plan));
    let path = format!("dashboards/{}", before.ledger.entries.values().next().unwrap().id);
    let kept = self::cells(&scene).await;
    let fields: Vec<Vec<(String, Json)>> = kept
        .iter()
        .map(|cell| {
            let mut found = Vec::new();
            others("", &cell["properties"], &mut found);
            found
        })
        .collect();
    // One field of each cell at once.
    for round in 0..fields.iter().map(Vec::len).max().unwrap() {
        let changed = kept.iter().zip(&fields).map(|(cell, fields)| {
            let mut view = cell["properties"].clone();
            if let Some((at, other)) = fields.get(round) {
                *view.pointer_mut(at).unwrap() = other.clone();
            }
            json!({"id": cell["id"], "name": cell["name"], "x": cell["x"], "y": cell["y"], "w": 1, "h": 1, "properties": {"properties": view}})
        });
        let body = json!({"name": "x", "cells": changed.collect::<Vec<_>>()});
        scene.http.patch(&path, body).await.expect(200);
        let drifted = project.plan(Goal::Declared).await.unwrap();
        let [change] = &drifted.plan.changes[..] else { panic!("{}", lines(&drifted.plan)) };
        let [field] = &change.fields[..] else { panic!("{round}: {}", lines(&drifted.plan)) };
        let (Some(Value::Table(live)), Value::Table(wanted)) = (&field.live, &field.wanted) else { panic!("no cells") };
        for (n, fields) in fields.iter().enumerate() {
            let key = format!("c{n}");
            let said = apart(&live[&key], &wanted[&key]);
            let at = fields.get(round).map(|(at, _)| at.as_str());
            assert_eq!(said.len(), usize::from(at.is_some()), "{} {at:?}: {said:?}", kept[n]["properties"]["type"]);
        }
    }
    project.apply().await;
    assert_eq!(self::cells(&scene).await, kept);
    project.destroy().await;
});

both!(what_no_manifest_says_of_a_cell_is_no_drift_when_the_cell_goes, async |scene| {
    let project = Project::new(&scene);
    project.declare(PLANT);
    project.apply().await;
    let cell = cells(&scene).await.remove(0);
    let view = format!("{}/view", cell["links"]["self"].as_str().unwrap().trim_start_matches("/api/v2/"));
    let mut shown = cell["properties"].clone();
    shown["legendOpacity"] = json!(0.5);
    shown["queries"][0]["editMode"] = json!("builder");
    scene.http.patch(&view, json!({"properties": shown})).await.expect(200);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    let (head, rest) = PLANT.split_once("\n[[dashboard.x.cell]]\nname = \"T\"").unwrap();
    let (_, others) = rest.split_once("\n\n").unwrap();
    project.declare(&format!("{head}\n{others}"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    let field = &planned.plan.changes[0].fields[0];
    assert_eq!(field.cause, fluxform::diff::Cause::Yours, "{}", lines(&planned.plan));
    // What somebody has changed of what was said is drift all the same.
    shown["shadeBelow"] = json!(true);
    scene.http.patch(&view, json!({"properties": shown})).await.expect(200);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(planned.plan.changes[0].fields[0].cause, fluxform::diff::Cause::Both, "{}", lines(&planned.plan));
    project.destroy().await;
});
