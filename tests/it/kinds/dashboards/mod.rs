//! Dashboards, through their kind, and what becomes of their cells.

use fluxform::diff::Goal;

use super::*;
use crate::support::{Project, id, lines};
use crate::terminal::Place;

mod drift;
mod file;
mod plan;
mod untouched;

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Table(fields.map(|(key, value)| (key.to_owned(), value)).into())
}

fn pair(a: i64, b: i64) -> Value {
    Value::List(vec![Value::Integer(a), Value::Integer(b)])
}

fn queries<const N: usize>(texts: [&str; N]) -> Value {
    let query = |text: &str| table([("flux", Value::Script(fluxform::value::Script::query(text.to_owned())))]);
    Value::List(texts.map(query).into())
}

both!(a_dashboard, async |scene| {
    let note = |text: &str| table([("at", pair(0, 0)), ("size", pair(4, 4)), ("markdown", super::text(text))]);
    let graph = |ty: &'static str, options: Value| {
        table([
            ("name", text("g")),
            ("at", pair(4, 1)),
            ("size", pair(1, 9)),
            (ty, options),
            ("queries", queries(["x = 1", "y"])),
        ])
    };
    let label = scene.label("l").await;
    let first = [
        ("name", text("Plant")),
        ("org", in_org(&scene)),
        ("description", text("d")),
        ("cell", table([("at [0, 0]", note("a")), ("g", graph("xy", table([])))])),
    ];
    let axis = table([("y", table([("label", text("°C")), ("bounds", Value::List(vec![text("0"), text("")]))]))]);
    let color = table([("hex", text("#000")), ("from", Value::Integer(-90))]);
    let stat = table([("decimals", Value::Integer(0)), ("colors", Value::List(vec![text("#fff"), color]))]);
    let changes = vec![
        ("name", text("")),
        ("description", text("")),
        ("cell", table([("g", graph("xy", axis))])),
        ("cell", table([("g", graph("single_stat", stat)), ("at [0, 0]", note("${x}"))])),
        ("cell", table([("g", graph("geo", table([("note", text("n"))])))])),
        (
            "cell",
            table([(
                "g",
                table([("name", text("g")), ("at", pair(0, 0)), ("size", pair(1, 1)), ("empty", Value::Bool(true))]),
            )]),
        ),
        ("cell", table([])),
        ("labels", refs(Kind::Label, [&label])),
    ];
    live_through(&scene, Kind::Dashboard, first.into_iter().collect(), changes).await;
});

const PLANT: &str = "[dashboard.x]\n\n[[dashboard.x.cell]]\nname = \"T\"\nat = [0, 0]\nsize = [4, 4]\nxy = {}\nflux = 'buckets()'\n\n\
                     [[dashboard.x.cell]]\nname = \"Now\"\nat = [4, 0]\nsize = [4, 4]\nsingle_stat = {}\nflux = 'buckets() |> last()'\n";

/// The cells of the project's dashboard with what they show.
async fn cells(scene: &Scene) -> Vec<serde_json::Value> {
    let list = scene.http.get(&format!("dashboards?orgID={}", scene.org)).await.expect(200);
    let one = format!("dashboards/{}?include=properties", id(&list["dashboards"][0]));
    scene.http.get(&one).await.expect(200)["cells"].as_array().unwrap().clone()
}

both!(a_cell_that_moves_is_the_same_and_keeps_what_no_manifest_says, async |scene| {
    let project = Project::new(&scene);
    project.declare(PLANT);
    project.apply().await;
    let before = cells(&scene).await;
    let view = format!("{}/view", before[0]["links"]["self"].as_str().unwrap().trim_start_matches("/api/v2/"));
    let mut shown = before[0]["properties"].clone();
    shown["legendOpacity"] = json!(0.5);
    shown["colors"][0]["name"] = json!("");
    shown["queries"][0]["editMode"] = json!("builder");
    shown["queries"][0]["builderConfig"]["buckets"] = json!(["raw"]);
    scene.http.patch(&view, json!({"properties": shown})).await.expect(200);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    // Another place, other values, another name, and a new cell where it was.
    let moved = PLANT
        .replace("at = [0, 0]", "at = [8, 4]")
        .replace("xy = {}", "xy = { shade = true }")
        .replace("\"Now\"", "\"Last\"");
    project
        .declare(&format!("{moved}\n[[dashboard.x.cell]]\nname = \"New\"\nat = [0, 0]\nsize = [4, 4]\nempty = true\n"));
    project.apply().await;
    let after = cells(&scene).await;
    let of = |cells: &[serde_json::Value], name: &str| cells.iter().find(|cell| cell["name"] == name).unwrap().clone();
    let (was, is) = (of(&before, "T"), of(&after, "T"));
    assert_eq!((&is["id"], &is["x"], &is["y"]), (&was["id"], &json!(8), &json!(4)));
    shown["shadeBelow"] = json!(true);
    assert_eq!(is["properties"], shown);
    assert_eq!(of(&after, "Last")["id"], of(&before, "Now")["id"]);
    assert_eq!(after.len(), 3);
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    // A query that is another one is not what the builder of the UI has made.
    project.declare(&moved.replace("'buckets()'", "'x = 1'"));
    project.apply().await;
    let query = of(&cells(&scene).await, "T")["properties"]["queries"][0].clone();
    assert_eq!(
        (&query["text"], &query["editMode"], &query["builderConfig"]["buckets"]),
        (&json!("x = 1"), &json!("advanced"), &json!([]))
    );
    project.destroy().await;
});

both!(a_view_that_the_server_does_not_take_is_an_error, async |scene| {
    let wrong =
        "[dashboard.x]\n\n[[dashboard.x.cell]]\nat = [0, 0]\nsize = [1, 1]\nheatmap = { bin_size = 3000000000 }\n";
    let place = Place::new(&scene, wrong);
    let said = place.apply().run().with(1).all();
    assert!(said.contains("cannot read what it is to show (a view of the type heatmap)"), "{said}");
    let list = scene.http.get(&format!("dashboards?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["dashboards"], json!([]));
});
