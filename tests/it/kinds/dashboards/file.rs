//! Dashboards in files of JSON, as they come from a server.

use fluxform::manifest::{Inputs, load};
use serde_json::Value;

use super::*;

/// What the facts say that a server shows of each type of view: with nothing said, and with all.
const LEAST: &str = include_str!(
    "../../facts/dashboards/snapshots/it__facts__dashboards__views__of_each_type_all_fields_are_shown__least.snap"
);
pub(super) const MOST: &str = include_str!(
    "../../facts/dashboards/snapshots/it__facts__dashboards__views__what_is_sent_is_kept_field_by_field__most.snap"
);

pub(super) fn views(snapshot: &str) -> Vec<Value> {
    let json = &snapshot[snapshot.find("\n[").expect("a list")..];
    serde_json::from_str(json).unwrap()
}

/// A dashboard as the UI exports it.
fn exported(dashboard: &Value) -> Value {
    let mut included = Vec::new();
    for cell in dashboard["cells"].as_array().unwrap() {
        let place = json!({"x": cell["x"], "y": cell["y"], "w": cell["w"], "h": cell["h"]});
        let view = json!({"view": {"data": {"type": "view", "id": cell["id"]}}});
        included.push(json!({"id": cell["id"], "type": "cell", "attributes": place, "relationships": view}));
        let attributes = json!({"name": cell["name"], "properties": cell["properties"]});
        included.push(json!({"type": "view", "id": cell["id"], "attributes": attributes}));
    }
    let data = json!({"type": "dashboard", "attributes": {"name": "d", "description": ""}});
    json!({"meta": {"version": "1", "type": "dashboard"}, "content": {"data": data, "included": included}, "labels": []})
}

both!(what_a_server_shows_of_a_dashboard_is_taken_as_it_is, async |scene| {
    let views = [views(LEAST), views(MOST)].concat();
    let cells = views.into_iter().enumerate().map(|(n, view)| {
        json!({"x": n % 12, "y": n / 12, "w": 1, "h": 1, "name": format!("c{n}"), "properties": {"properties": view}})
    });
    let mut cells: Vec<Value> = cells.collect();
    cells.push(json!({"x": 0, "y": 9, "w": 1, "h": 1}));
    let dashboard = json!({"orgID": scene.org, "name": "by hand", "cells": cells});
    let made = id(&scene.http.post("dashboards", dashboard).await.expect(201));
    let shown = scene.http.get(&format!("dashboards/{made}?include=properties")).await.expect(200);
    let project = Project::new(&scene);
    // Their queries have a text of any sort.
    project.write("policy.toml", "[policy.lint]\n\"flux::name\" = \"warn\"\n");
    for (name, json) in [("api", shown.clone()), ("ui", exported(&shown))] {
        project.write(&format!("{name}.json"), &serde_json::to_string_pretty(&json).unwrap());
    }
    project.declare("[dashboard.api]\nfile = \"api.json\"\n[dashboard.ui]\nfile = \"ui.json\"\n");
    project.apply().await;
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    // Adopted under its own name, nothing of it changes either.
    project.declare("[dashboard.api]\nfile = \"api.json\"\n[dashboard.ui]\nfile = \"ui.json\"\n[dashboard.x]\nname = \"by hand\"\nfile = \"api.json\"\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(lines(&planned.plan).starts_with("= dashboard.x InSync, adopted"), "{}", lines(&planned.plan));
    project.destroy().await;
    scene.http.delete(&format!("dashboards/{made}")).await;
});

/// The fields in `json`, and in what stands within it, as pointers, each with a value of another type.
fn wrong(at: &str, json: &Value, found: &mut Vec<(String, Value)>) {
    match json {
        Value::Object(all) => all.iter().for_each(|(key, json)| wrong(&format!("{at}/{key}"), json, found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, json)| wrong(&format!("{at}/{n}"), json, found)),
        _ => {}
    }
    let of = |value: Value| (at.to_owned(), value);
    match json {
        _ if ["", "/shape", "/type"].contains(&at) => {}
        Value::String(_) | Value::Array(_) | Value::Object(_) => found.push(of(json!(5))),
        Value::Null => found.extend([of(json!(5)), of(json!([5]))]),
        Value::Bool(_) => found.push(of(json!("x"))),
        Value::Number(number) => {
            found.push(of(json!("x")));
            // Where a server takes no fraction, nobody does.
            found.extend(number.is_i64().then(|| of(json!(1.5))));
        }
    }
}

both!(what_a_server_cannot_read_of_a_view_is_told_and_nothing_else, async |scene| {
    let project = Project::new(&scene);
    // Their queries have a text of any sort.
    project.write("policy.toml", "[policy.lint]\n\"flux::name\" = \"warn\"\n");
    project.declare("[dashboard.x]\nfile = \"x.json\"\n");
    for view in views(MOST) {
        let mut fields = Vec::new();
        wrong("", &view, &mut fields);
        let of = |(at, value): &(String, Value)| {
            let mut view = view.clone();
            *view.pointer_mut(at).unwrap() = value.clone();
            view
        };
        let all: Vec<Value> = fields.iter().map(of).collect();
        let cells = all.iter().map(|view| json!({"properties": {"properties": view}})).collect::<Vec<_>>();
        let made = scene.http.post("dashboards", json!({"orgID": scene.org, "name": "wrong", "cells": cells})).await;
        let made = made.expect(201);
        for (n, (kept, (at, value))) in made["cells"].as_array().unwrap().iter().zip(&fields).enumerate() {
            let cells = json!({"cells": [{"x": 0, "y": 0, "w": 1, "h": 1, "name": "a", "properties": all[n]}]});
            project.write("x.json", &cells.to_string());
            let told = load(project.path(), &Inputs::default()).map(drop).map_err(|told| told.len());
            let is_kept = kept["properties"].is_object();
            assert_eq!(told, if is_kept { Ok(()) } else { Err(1) }, "{} {at}: {value}", view["type"]);
        }
        scene.http.delete(&format!("dashboards/{}", id(&made))).await;
    }
});
