//! What no manifest says of cells, and nobody changes.

use fluxform::diff::Cause;
use serde_json::Value;

use super::*;

const WORDS: [&str; 11] = [
    "xy",
    "line_single_stat",
    "band",
    "single_stat",
    "gauge",
    "table",
    "heatmap",
    "scatter",
    "mosaic",
    "histogram",
    "geo",
];

/// A dashboard with a cell of each type, the first with the name `first` and these options.
fn each_type(first: &str, options: &str) -> String {
    let mut text = "[dashboard.x]\n".to_owned();
    for (n, word) in WORDS.into_iter().enumerate() {
        let (name, options) = if n == 0 { (first, options) } else { (word, "{}") };
        text +=
            &format!("\n[[dashboard.x.cell]]\nname = \"{name}\"\nat = [0, {n}]\nsize = [1, 1]\n{word} = {options}\n");
        text += &format!("queries = [{{ flux = 'x = {n}' }}, {{ flux = 'buckets()' }}]\n");
    }
    for (n, what) in ["check = {}", "log_viewer = {}", "markdown = \"a\"", "empty = true"].into_iter().enumerate() {
        text += &format!("\n[[dashboard.x.cell]]\nat = [1, {n}]\nsize = [1, 1]\n{what}\n");
    }
    text
}

/// `view` with what means the same to whoever looks at it, and is kept apart.
fn otherwise(mut view: Value) -> Value {
    for (key, value) in view.as_object_mut().unwrap() {
        match key.as_str() {
            "axes" if value.is_null() => *value = json!({}),
            "axes" => value["y"] = json!({"bounds": [], "base": "10", "scale": ""}),
            "queries" if !value[0].is_null() => {
                value[0]["editMode"] = json!("builder");
                value[1]["editMode"] = json!("");
                value[1]["builderConfig"]["buckets"] = json!(["b"]);
            }
            "checkID" | "note" => {}
            _ if value.is_null() => *value = json!([]),
            _ => {}
        }
    }
    view
}

both!(what_a_change_has_nothing_to_do_with_is_sent_back_as_it_was_read, async |scene| {
    let project = Project::new(&scene);
    project.declare(&each_type("T", "{}"));
    project.apply().await;
    for cell in cells(&scene).await.iter().filter(|cell| cell["properties"]["shape"] != "empty") {
        let view = format!("{}/view", cell["links"]["self"].as_str().unwrap().trim_start_matches("/api/v2/"));
        scene.http.patch(&view, json!({"properties": otherwise(cell["properties"].clone())})).await.expect(200);
    }
    let before = cells(&scene).await;
    assert_eq!(before.len(), WORDS.len() + 4);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    project.declare(&each_type("U", "{}"));
    // Nobody but the manifest has changed anything.
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(planned.plan.changes[0].fields[0].cause, Cause::Yours, "{}", lines(&planned.plan));
    project.apply().await;
    let shown = |cells: &[Value]| -> Vec<(Value, Value)> {
        cells.iter().map(|cell| (cell["id"].clone(), cell["properties"].clone())).collect()
    };
    assert_eq!(shown(&cells(&scene).await), shown(&before));
    // Of the cell that is changed, what changes.
    project.declare(&each_type("U", "{ shade = true }"));
    project.apply().await;
    let mut wanted = before;
    wanted[0]["properties"]["shadeBelow"] = json!(true);
    assert_eq!(shown(&cells(&scene).await), shown(&wanted));
    project.destroy().await;
});

/// Whether something in it is `null`.
fn has_null(json: &Value) -> bool {
    match json {
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(all) => all.values().any(has_null),
        other => other.is_null(),
    }
}

both!(a_new_view_has_the_lists_that_the_ui_does_not_expect_to_be_missing, async |scene| {
    let project = Project::new(&scene);
    project.declare(&each_type("T", "{}"));
    project.apply().await;
    for cell in cells(&scene).await {
        assert!(!has_null(&cell["properties"]), "{:#}", cell["properties"]);
    }
    let axes = &cells(&scene).await[0]["properties"]["axes"];
    assert_eq!((&axes["x"]["bounds"], &axes["y"]["bounds"]), (&json!(["", ""]), &json!(["", ""])));
});

both!(two_cells_of_one_name_keep_what_is_theirs, async |scene| {
    let cell = |name: &str, x: i64, flux: &str| {
        format!("\n[[dashboard.x.cell]]\n{name}at = [{x}, 0]\nsize = [4, 4]\nxy = {{}}\nflux = '{flux}'\n")
    };
    let declared = |all: &[(&str, i64, &str)]| {
        let cells: String = all.iter().map(|(name, x, flux)| cell(name, *x, flux)).collect();
        format!("[dashboard.x]\n{cells}")
    };
    for name in ["name = \"cpu\"\n", ""] {
        let project = Project::new(&scene);
        project.declare(&declared(&[(name, 0, "x = 1"), (name, 4, "x = 2")]));
        project.apply().await;
        for (n, cell) in cells(&scene).await.iter().enumerate() {
            let view = format!("{}/view", cell["links"]["self"].as_str().unwrap().trim_start_matches("/api/v2/"));
            let mut shown = cell["properties"].clone();
            shown["legendOpacity"] = json!(n + 1);
            scene.http.patch(&view, json!({"properties": shown})).await.expect(200);
        }
        let ids: Vec<Value> = cells(&scene).await.iter().map(|cell| cell["id"].clone()).collect();
        for now in [
            [("name = \"new\"\n", 0, "x = 1"), (name, 4, "x = 2")],
            [(name, 4, "x = 2"), (name, 8, "x = 1")],
            [(name, 4, "x = 3"), (name, 8, "x = 1")],
        ] {
            project.declare(&declared(&now));
            project.apply().await;
            for cell in cells(&scene).await {
                // The first one is what asks for 1.
                let is_first = cell["properties"]["queries"][0]["text"] == "x = 1";
                let (id, opacity) = if is_first { (&ids[0], 1) } else { (&ids[1], 2) };
                assert_eq!((&cell["id"], &cell["properties"]["legendOpacity"]), (id, &json!(opacity)), "{now:?}");
            }
        }
        project.destroy().await;
    }
});
