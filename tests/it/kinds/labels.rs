//! Labels, through their kind.

use super::*;

fn map<const N: usize>(items: [(&str, &str); N]) -> Value {
    Value::Map(items.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
}

both!(a_label, async |scene| {
    let first = [("name", text("l")), ("org", in_org(&scene)), ("properties", map([("color", "#fff"), ("a", "b")]))];
    let changes = vec![
        ("properties", map([("a", "c"), ("new", "x y")])),
        ("properties", map([])),
        ("properties", map([("color", "#000")])),
        ("name", text("L renamed")),
    ];
    live_through(&scene, Kind::Label, first.into_iter().collect(), changes).await;
});

both!(a_label_without_properties, async |scene| {
    let first = [("name", text("bare"))].into_iter().collect();
    live_through(&scene, Kind::Label, first, vec![("properties", map([("a", "b")]))]).await;
});

both!(empty_properties_are_none, async |scene| {
    let id = scene.http.post("labels", json!({"orgID": scene.org, "name": "e", "properties": {"color": ""}})).await;
    let id = id.expect(201)["label"]["id"].as_str().unwrap().to_owned();
    let live = listed(&scene, Kind::Label, &id).await.unwrap();
    assert_eq!(live.fields.get("properties"), Some(&Value::Map(BTreeMap::new())));
});

both!(a_ledgers_label_is_shown_as_such, async |scene| {
    for (name, properties) in [
        ("fluxform/p", json!({"fluxform": "ledger", "empty": ""})),
        ("renamed by hand", json!({"fluxform": "ledger-page"})),
        ("fluxform/p/lock", json!({"nonce": "x"})),
    ] {
        let body = json!({"orgID": scene.org, "name": name, "properties": properties});
        let id = scene.http.post("labels", body).await.expect(201)["label"]["id"].as_str().unwrap().to_owned();
        let live = listed(&scene, Kind::Label, &id).await.unwrap();
        assert!(live.never_managed(), "{name}");
        let Some(Value::Map(shown)) = live.fields.get("properties") else { panic!("{live:?}") };
        assert_eq!(json!(shown), properties);
    }
    for name in ["fluxform/p/other", " FluxForm/x", "fluxform/"] {
        let kept = create(&scene, Kind::Label, &[("name", text(name))].into_iter().collect()).await;
        assert_eq!(kept.object.standing, Standing::Record, "{name}");
    }
    for name in ["fluxform", "fluxform2/x", "my fluxform/p"] {
        let plain = create(&scene, Kind::Label, &[("name", text(name))].into_iter().collect()).await;
        assert_eq!(plain.object.standing, Standing::Ordinary, "{name}");
    }
});

both!(a_label_that_may_not_be_read_is_there, async |scene| {
    let id = scene.label("hidden").await;
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let api = client_with(&scene, &token.token);
    let Presence::Unreadable(words) = Kind::Label.find(&api, &id).await.unwrap() else { panic!("readable") };
    assert!(words.starts_with("read:orgs/"), "{words}");
    assert_eq!(Kind::Label.list(&api, &[&scene.org], ALL).await.unwrap(), []);
});
