//! Telegraf configurations, through their kind.

use fluxform::value::Script;

use super::*;

fn config(text: &str) -> Value {
    Value::Script(Script::verbatim(text.to_owned()))
}

fn writes_into(bucket: &str) -> Value {
    config(&format!("[[outputs.influxdb_v2]]\nbucket = \"{bucket}\"\n"))
}

fn fields<const N: usize>(fields: [(&'static str, Value); N]) -> Fields {
    fields.into_iter().collect()
}

both!(a_telegraf_configuration, async |scene| {
    let (red, blue) = (scene.label("red").await, scene.label("blue").await);
    let first = fields([
        ("name", text("hosts")),
        ("org", in_org(&scene)),
        ("description", text("first")),
        ("config", config("[agent]\ninterval = ${I}\n")),
        ("labels", refs(Kind::Label, [&red])),
    ]);
    let changes = vec![
        ("name", text("all hosts")),
        ("description", text("")),
        ("description", text("second")),
        // Every byte counts.
        ("config", config("[agent]\r\ninterval = ${I}\n")),
        ("config", config("[[[")),
        ("labels", refs(Kind::Label, [&red, &blue])),
        ("labels", refs(Kind::Label, [])),
    ];
    live_through(&scene, Kind::Telegraf, first, changes).await;
});

both!(what_nobody_manages_outlives_each_update, async |scene| {
    let first = fields([("name", text("hosts")), ("config", writes_into("a"))]);
    let made = create(&scene, Kind::Telegraf, &first).await;
    let path = format!("telegrafs/{}", made.object.id);
    let json = scene.http.clone().with_header("accept", "application/json");
    let live = json.get(&path).await.expect(200);
    assert_eq!(live["metadata"], json!({"buckets": ["a"]}), "what influxd would have found");
    let theirs = json!({"buckets": ["x"], "more": {"deep": [1]}});
    let mut by_hand = live;
    (by_hand["metadata"], by_hand["description"]) = (theirs.clone(), json!("theirs"));
    let put = scene.http.clone().with_header("content-type", "application/json");
    put.send(reqwest::Method::PUT, &path, Some(by_hand.to_string().into_bytes())).await.expect(200);

    let live = listed(&scene, Kind::Telegraf, &made.object.id).await.unwrap();
    let renamed = fields([("name", text("renamed")), ("config", writes_into("a"))]);
    update(&scene, Kind::Telegraf, &live, &renamed, &["name"]).await;
    let now = json.get(&path).await.expect(200);
    assert_eq!((&now["name"], &now["description"], &now["metadata"]), (&json!("renamed"), &json!("theirs"), &theirs));

    let rewritten = fields([("name", text("renamed")), ("config", writes_into("b"))]);
    update(&scene, Kind::Telegraf, &live, &rewritten, &["config"]).await;
    let now = json.get(&path).await.expect(200);
    assert_eq!((&now["name"], &now["description"]), (&json!("renamed"), &json!("theirs")));
    assert_eq!(now["metadata"], json!({"buckets": ["b"], "more": {"deep": [1]}}));
});
