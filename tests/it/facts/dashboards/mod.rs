//! Dashboards, their cells, and what these show.

use serde_json::{Value, json};

use crate::support::{ABSENT, Reply, Scene, both, id, names, unique};

mod cells;
mod seen;
mod views;

/// What `other` says, and for the rest an empty dashboard.
fn dashboard(scene: &Scene, other: Value) -> Value {
    let mut all = json!({"orgID": scene.org, "name": unique("d")});
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

async fn made(scene: &Scene, other: Value) -> Value {
    scene.http.post("dashboards", dashboard(scene, other)).await.expect(201)
}

fn path(dashboard: &Value) -> String {
    format!("dashboards/{}", id(dashboard))
}

/// The dashboard with what its cells show.
async fn whole(scene: &Scene, dashboard: &Value) -> Value {
    scene.http.get(&format!("{}?include=properties", path(dashboard))).await.expect(200)
}

/// What a view of markdown is sent as, where all is sent at once.
fn note(text: &str) -> Value {
    json!({"properties": {"shape": "chronograf-v2", "type": "markdown", "note": text}})
}

/// What is shown of it.
fn shown(text: &str) -> Value {
    json!({"shape": "chronograf-v2", "type": "markdown", "note": text})
}

fn nothing() -> Value {
    json!({"shape": "empty"})
}

fn each<'v>(cells: &'v Value, key: &str) -> Vec<&'v Value> {
    cells.as_array().unwrap().iter().map(|cell| &cell[key]).collect()
}

both!(one_request_makes_a_dashboard_with_cells_and_what_they_show, async |scene| {
    let sent = json!({
        "name": "n", "description": "d", "id": ABSENT, "ownerID": ABSENT, "labels": [ABSENT], "meta": {"createdAt": "2020-01-01T00:00:00Z"},
        "cells": [
            {"x": 1, "y": 2, "w": 3, "h": 4, "name": "c", "id": ABSENT, "properties": note("N")},
            {"properties": shown("once")}, {"name": "named"}, {},
        ],
    });
    let made = made(&scene, sent).await;
    let (base, own) = (format!("/api/v2/{}", path(&made)), id(&made));
    let cell = |n: usize, mut cell: Value| {
        let at = format!("{base}/cells/{}", id(&made["cells"][n]));
        let links = json!({"self": at, "view": format!("{at}/view")});
        let all = cell.as_object_mut().unwrap();
        for key in ["x", "y", "w", "h"] {
            all.entry(key).or_insert(json!(0));
        }
        all.extend([("id".to_owned(), made["cells"][n]["id"].clone()), ("links".to_owned(), links)]);
        cell
    };
    let all = |cells: Value| {
        json!({
            "id": own, "orgID": scene.org, "name": "n", "description": "d", "meta": made["meta"], "cells": cells, "labels": [],
            "links": {
                "self": base, "members": format!("{base}/members"), "owners": format!("{base}/owners"),
                "cells": format!("{base}/cells"), "labels": format!("{base}/labels"), "org": format!("/api/v2/orgs/{}", scene.org),
            },
        })
    };
    let first = json!({"x": 1, "y": 2, "w": 3, "h": 4, "name": "c"});
    let with = |properties: Value| {
        let mut first = first.clone();
        first["properties"] = properties;
        first
    };
    // The view is read from within a view: what is sent as it is shown is none.
    let rest = [cell(1, json!({"properties": nothing()})), cell(2, json!({"properties": nothing(), "name": "named"}))];
    let [second, third] = rest.clone();
    assert_eq!(made, all(json!([cell(0, with(shown("N"))), second, third, cell(3, json!({}))])));
    // Without being asked for it, no reply has what cells show.
    let [second, third] = rest.clone();
    let placed = all(json!([cell(0, with(nothing())), second, third, cell(3, json!({}))]));
    assert_eq!(scene.http.get(&path(&made)).await.expect(200), placed);
    let list = scene.http.get(&format!("dashboards?orgID={}&include=properties", scene.org)).await.expect(200);
    assert_eq!(list["dashboards"], json!([placed]));
    let [second, third] = rest;
    let last = cell(3, json!({"properties": nothing()}));
    assert_eq!(whole(&scene, &made).await, all(json!([cell(0, with(shown("N"))), second, third, last])));
    assert_ne!(made["id"], ABSENT);
    assert_ne!(made["cells"][0]["id"], ABSENT);
    assert_ne!(made["meta"]["createdAt"], "2020-01-01T00:00:00Z");
});

both!(nothing_but_the_org_is_needed_or_looked_at, async |scene| {
    for other in
        [json!({"name": ""}), json!({"name": "same"}), json!({"name": "same"}), json!({"name": null, "cells": null})]
    {
        let dashboard = made(&scene, other).await;
        assert_eq!((&dashboard["description"], &dashboard["cells"]), (&json!(""), &json!([])));
    }
    let made = made(&scene, json!({"orgID": ABSENT})).await;
    assert_eq!(made["orgID"], ABSENT);
    scene.http.delete(&path(&made)).await.expect(204);
    let post = async |body: Value| scene.http.post("dashboards", body).await;
    post(json!({"name": "n"})).await.refused(400, "invalid", "invalid org id for permission: invalid ID");
    let unread = "failed to unmarshal json";
    post(json!({"orgID": "x"})).await.refused(400, "invalid", &format!("{unread}: id must have a length of 16 bytes"));
    for (body, words) in [
        (json!({"name": 5}), "number into Go struct field Dashboard.name of type string"),
        (json!({"cells": 5}), "number into Go struct field Dashboard.cells of type []*influxdb.Cell"),
        (json!({"cells": [{"x": "1"}]}), "string into Go struct field Dashboard.cells.CellProperty.x of type int32"),
        (
            json!({"cells": [{"x": 1.5}]}),
            "number 1.5 into Go struct field Dashboard.cells.CellProperty.x of type int32",
        ),
        (
            json!({"cells": [{"h": 3_000_000_000_u64}]}),
            "number 3000000000 into Go struct field Dashboard.cells.CellProperty.h of type int32",
        ),
        (json!({"cells": [{"name": 5}]}), "number into Go struct field Dashboard.cells.name of type string"),
    ] {
        let reply = post(dashboard(&scene, body)).await;
        reply.refused(400, "invalid", &format!("{unread}: json: cannot unmarshal {words}"));
    }
});

both!(one_request_changes_all_of_a_dashboard, async |scene| {
    let made = made(
        &scene,
        json!({"name": "n", "description": "d", "cells": [
            {"x": 1, "name": "a", "properties": note("A")}, {"x": 2, "name": "b", "properties": note("B")}, {"x": 3},
        ]}),
    )
    .await;
    let patch = async |body: Value| scene.http.patch(&path(&made), body).await;
    let ids = |dashboard: &Value| each(&dashboard["cells"], "id").into_iter().cloned().collect::<Vec<_>>();
    let (a, b) = (&ids(&made)[0], &ids(&made)[1]);
    // Without cells, these stay.
    let named = patch(json!({"name": "", "cells": null})).await.expect(200);
    assert_eq!((&named["name"], &named["description"], ids(&named)), (&json!(""), &json!("d"), ids(&made)));
    assert_ne!(named["meta"]["updatedAt"], made["meta"]["updatedAt"]);
    assert_eq!(named["meta"]["createdAt"], made["meta"]["createdAt"]);
    // One that is named keeps its ID, and shows what is sent for it.
    let cells =
        json!([{"id": b, "x": 7, "properties": note("B2")}, {"x": 8, "name": "c", "properties": note("C")}, {"id": a}]);
    let changed = patch(json!({"name": "n", "cells": cells})).await.expect(200);
    assert_eq!((&ids(&changed)[0], &ids(&changed)[2]), (b, a));
    assert!(!ids(&made).contains(&ids(&changed)[1]));
    assert_eq!(each(&changed["cells"], "x"), [7, 8, 0]);
    assert_eq!(changed["cells"][1]["properties"], shown("C"));
    let now = whole(&scene, &made).await;
    assert_eq!(each(&now["cells"], "properties"), [&shown("B2"), &shown("C"), &nothing()]);
    assert_eq!(each(&now["cells"], "name"), [&Value::Null, &json!("c"), &Value::Null]);
    // A cell of none, and one twice: both have one view.
    let strange =
        patch(json!({"name": "n", "cells": [{"id": ABSENT, "name": "a"}, {"id": ABSENT, "name": "b"}]})).await;
    assert_eq!(ids(&strange.expect(200)), [ABSENT, ABSENT]);
    assert_eq!(each(&whole(&scene, &made).await["cells"], "name"), ["b", "b"]);
    for body in [json!({}), json!({"cells": []}), json!({"name": null, "description": null})] {
        patch(body).await.refused(400, "invalid", "must update at least one attribute");
    }
    patch(json!({"name": "x", "cells": [{"id": "x"}]})).await.refused(
        400,
        "invalid",
        "id must have a length of 16 bytes",
    );
    let wrong = "json: cannot unmarshal string into Go struct field DashboardUpdate.cells.CellProperty.x of type int32";
    patch(json!({"name": "x", "cells": [{"x": "5"}]})).await.refused(400, "invalid", wrong);
    assert_eq!(whole(&scene, &made).await["name"], "n");
});

both!(a_dashboard_that_is_not_there_is_missed, async |scene| {
    let words = "dashboard not found";
    let absent = format!("dashboards/{ABSENT}");
    scene.http.get(&absent).await.refused(404, "not found", words);
    scene.http.patch(&absent, json!({"name": "x"})).await.refused(404, "not found", words);
    scene.http.patch(&absent, json!({})).await.refused(400, "invalid", "must update at least one attribute");
    scene.http.delete(&absent).await.refused(404, "not found", words);
    scene.http.get("dashboards/x").await.refused(400, "invalid", "id must have a length of 16 bytes");
    let made = made(&scene, json!({"cells": [{"x": 1}]})).await;
    let view = format!("{}/cells/{}/view", path(&made), id(&made["cells"][0]));
    scene.http.delete(&path(&made)).await.expect(204);
    scene.http.get(&view).await.refused(404, "not found", words);
    let reply: Reply = scene.http.post(&absent, json!({})).await;
    assert_eq!(reply.status, 405);
});
