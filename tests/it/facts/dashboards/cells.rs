//! Cells one by one.

use reqwest::Method;

use super::*;

async fn put(scene: &Scene, path: &str, body: &str) -> Reply {
    let http = scene.http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, path, Some(body.as_bytes().to_vec())).await
}

both!(a_cell_is_added_empty_or_with_the_view_of_another, async |scene| {
    let made = made(&scene, json!({"cells": [{"name": "a", "properties": note("A")}]})).await;
    let cells = format!("{}/cells", path(&made));
    let post = async |body: Value| scene.http.post(&cells, body).await;
    let added = post(json!({"x": 1, "y": 2, "w": 3, "h": 4, "name": "b", "properties": note("no"), "id": ABSENT}))
        .await
        .expect(201);
    let at = format!("/api/v2/{cells}/{}", id(&added));
    let wanted =
        json!({"id": added["id"], "x": 1, "y": 2, "w": 3, "h": 4, "links": {"self": at, "view": format!("{at}/view")}});
    assert_eq!(added, wanted);
    assert_ne!(added["id"], ABSENT);
    post(json!({"name": "only a name"})).await.expect(201);
    post(json!({"x": 0})).await.expect(201);
    let a = id(&made["cells"][0]);
    post(json!({"usingView": a})).await.expect(201);
    post(json!({"usingView": a, "name": "copy"})).await.expect(201);
    let now = whole(&scene, &made).await;
    let names =
        ["a", "b", "only a name", "", "a", "copy"].map(|name| if name.is_empty() { Value::Null } else { json!(name) });
    assert_eq!(each(&now["cells"], "name"), names.iter().collect::<Vec<_>>());
    let (a, no) = (shown("A"), nothing());
    assert_eq!(each(&now["cells"], "properties"), [&a, &no, &no, &no, &a, &a]);
    assert_ne!(now["meta"]["updatedAt"], made["meta"]["updatedAt"]);
    post(json!({})).await.refused(400, "invalid", "req body is empty");
    post(json!({"usingView": ABSENT})).await.refused(404, "not found", "view not found");
    let bad = |words: &str| format!("bad request json body: {words}");
    post(json!({"usingView": "x"})).await.refused(400, "invalid", &bad("id must have a length of 16 bytes"));
    for (body, words) in [
        (json!({"x": "1"}), "string into Go struct field postDashboardCellRequest.CellProperty.x of type int32"),
        (json!({"name": 5}), "number into Go struct field postDashboardCellRequest.name of type string"),
    ] {
        post(body).await.refused(400, "invalid", &bad(&format!("json: cannot unmarshal {words}")));
    }
    let reply = scene.http.post(&format!("dashboards/{ABSENT}/cells"), json!({"x": 1})).await;
    reply.refused(404, "not found", "dashboard not found");
});

both!(the_place_of_a_cell_is_all_that_is_changed_of_it, async |scene| {
    let made = made(&scene, json!({"cells": [{"x": 1, "y": 2, "name": "a", "properties": note("A")}]})).await;
    let cell = format!("{}/cells/{}", path(&made), id(&made["cells"][0]));
    let moved =
        scene.http.patch(&cell, json!({"x": 7, "h": 2, "name": "b", "properties": note("B")})).await.expect(200);
    let said = ["x", "y", "w", "h"].map(|key| moved[key].as_i64().unwrap());
    assert_eq!((said, &moved["name"], &moved["properties"]), ([7, 2, 0, 2], &json!("a"), &Value::Null));
    assert_eq!(whole(&scene, &made).await["cells"][0]["properties"], shown("A"));
    for body in [json!({}), json!({"name": "b"}), json!({"x": null})] {
        scene.http.patch(&cell, body).await.refused(400, "invalid", "must update at least one attribute");
    }
    let wrong = "json: cannot unmarshal string into Go struct field CellUpdate.x of type int32";
    scene.http.patch(&cell, json!({"x": "s"})).await.refused(400, "invalid", wrong);
    let absent = format!("{}/cells/{ABSENT}", path(&made));
    scene.http.patch(&absent, json!({"x": 1})).await.refused(404, "not found", "cell not found");
    scene.http.delete(&absent).await.refused(404, "not found", "cell not found");
    assert_eq!(scene.http.get(&cell).await.status, 405);
    scene.http.delete(&cell).await.expect(204);
    scene.http.get(&format!("{cell}/view")).await.refused(404, "not found", "view not found");
    assert_eq!(whole(&scene, &made).await["cells"], json!([]));
});

both!(cells_are_placed_anew_in_one_request_and_keep_what_they_show, async |scene| {
    let made = made(
        &scene,
        json!({"cells": [{"name": "a", "properties": note("A")}, {"name": "b", "properties": note("B")}]}),
    )
    .await;
    let cells = format!("{}/cells", path(&made));
    let [a, b] = [0, 1].map(|n| id(&made["cells"][n]));
    let body = json!([{"id": b, "x": 9, "name": "via", "properties": note("no")}, {"id": a}]).to_string();
    let reply = put(&scene, &cells, &body).await.expect(201);
    assert_eq!(reply["links"], json!({"self": format!("/api/v2/{cells}")}));
    assert_eq!((&reply["cells"][0]["name"], &reply["cells"][0]["properties"]), (&json!("via"), &shown("no")));
    let now = whole(&scene, &made).await;
    assert_eq!(each(&now["cells"], "name"), ["b", "a"]);
    assert_eq!((each(&now["cells"], "x"), &now["cells"][0]["properties"]), (vec![&json!(9), &json!(0)], &shown("B")));
    let placed = scene.http.get(&path(&made)).await.expect(200);
    assert_eq!(each(&placed["cells"], "name"), [&json!("via"), &Value::Null]);
    // The view of one that is left out stays behind.
    put(&scene, &cells, &json!([{"id": a}]).to_string()).await.expect(201);
    assert_eq!(scene.http.get(&format!("{cells}/{b}/view")).await.expect(200)["name"], "b");
    put(&scene, &cells, &json!([{"id": b}]).to_string()).await.refused(
        422,
        "conflict",
        "cannot replace cells that were not already present",
    );
    put(&scene, &cells, r#"[{"x": 1}]"#).await.refused(400, "invalid", "cannot provide empty cell id");
    for (body, words) in [
        ("x", "invalid character 'x' looking for beginning of value"),
        ("{}", "json: cannot unmarshal object into Go value of type []*influxdb.Cell"),
        (r#"[{"x": "s"}]"#, "json: cannot unmarshal string into Go struct field .CellProperty.x of type int32"),
    ] {
        put(&scene, &cells, body).await.refused(500, "internal error", words);
    }
    put(&scene, &format!("dashboards/{ABSENT}/cells"), "[]").await.refused(404, "not found", "dashboard not found");
    put(&scene, &cells, "[]").await.expect(201);
    assert_eq!(whole(&scene, &made).await["cells"], json!([]));
});

both!(a_change_of_a_view_by_its_name_alone_takes_all_else_away, async |scene| {
    let made = made(&scene, json!({"cells": [{"name": "a", "properties": note("A")}]})).await;
    let own = id(&made["cells"][0]);
    let cell = format!("{}/cells/{own}", path(&made));
    let view = format!("{cell}/view");
    let patch = async |body: Value| scene.http.patch(&view, body).await;
    let wanted = |name: &str, properties: Value| json!({"id": own, "name": name, "links": {"self": format!("/api/v2/{cell}")}, "properties": properties});
    assert_eq!(scene.http.get(&view).await.expect(200), wanted("a", shown("A")));
    assert_eq!(patch(json!({"properties": shown("A2")})).await.expect(200), wanted("a", shown("A2")));
    let unknown = json!({"properties": {"shape": "chronograf-v2", "type": "foo"}});
    assert_eq!(patch(unknown).await.expect(200), wanted("a", shown("A2")));
    assert_eq!(patch(json!({"name": "b"})).await.expect(200), wanted("b", nothing()));
    for body in [json!({}), json!({"properties": nothing()})] {
        patch(body).await.refused(400, "invalid", "expected at least one attribute to be updated");
    }
    for (properties, words) in [
        (json!({"type": "markdown"}), "unknown shape "),
        (json!({"shape": "foo"}), "unknown shape foo"),
        (
            json!({"shape": "chronograf-v2", "type": "xy", "queries": 5}),
            "json: cannot unmarshal number into Go struct field XYViewProperties.queries of type []influxdb.DashboardQuery",
        ),
        (
            json!({"shape": "chronograf-v2", "type": "xy", "queries": [{"text": 5}]}),
            "json: cannot unmarshal number into Go struct field DashboardQuery.queries.text of type string",
        ),
        (
            json!({"shape": "chronograf-v2", "type": "heatmap", "colors": [{}]}),
            "json: cannot unmarshal object into Go struct field HeatmapViewProperties.colors of type string",
        ),
    ] {
        patch(json!({"properties": properties})).await.refused(500, "internal error", words);
    }
    // A dashboard does not count as changed by this.
    assert_eq!(whole(&scene, &made).await["meta"], made["meta"]);
    let absent = format!("{}/cells/{ABSENT}/view", path(&made));
    scene.http.get(&absent).await.refused(404, "not found", "view not found");
    scene.http.patch(&absent, json!({"name": "x"})).await.refused(404, "not found", "view not found");
});
