//! Buckets, through their kind.

use super::*;

fn fields<const N: usize>(fields: [(&'static str, Value); N]) -> Fields {
    fields.into_iter().collect()
}

both!(a_bucket, async |scene| {
    let (red, blue) = (scene.label("red").await, scene.label("blue").await);
    let first = fields([
        ("name", text("b")),
        ("org", in_org(&scene)),
        ("description", text("first")),
        ("retention", duration("30d")),
        ("shard_group_duration", duration("12h")),
        ("labels", refs(Kind::Label, [&red])),
    ]);
    let changes = vec![
        ("name", text("b 2")),
        ("description", text("")),
        ("description", text("second")),
        ("retention", duration("60d")),
        ("shard_group_duration", duration("2d")),
        ("retention", Value::Infinite),
        ("shard_group_duration", duration("1h")),
        ("retention", duration("1h")),
        ("labels", refs(Kind::Label, [&red, &blue])),
        ("labels", refs(Kind::Label, [&blue])),
        ("labels", refs(Kind::Label, [])),
    ];
    live_through(&scene, Kind::Bucket, first, changes).await;
});

both!(a_bucket_by_its_name_alone, async |scene| {
    let made = create(&scene, Kind::Bucket, &fields([("name", text("bare"))])).await;
    let live = listed(&scene, Kind::Bucket, &made.object.id).await.unwrap();
    assert_eq!(live.fields.get("retention"), Some(&Value::Infinite));
    assert_eq!(live.fields.get("shard_group_duration"), Some(&duration("7d")));
    assert!(live.created.is_some());
    assert_eq!(live.org.as_deref(), Some(scene.org.as_str()));
});

both!(a_retention_below_the_shard_group_duration_takes_it_along, async |scene| {
    let first = fields([("name", text("b")), ("retention", duration("200d"))]);
    let made = create(&scene, Kind::Bucket, &first).await;
    assert_eq!(made.object.fields.get("shard_group_duration"), Some(&duration("7d")));
    let shorter = fields([("name", text("b")), ("retention", duration("3d"))]);
    update(&scene, Kind::Bucket, &made.object, &shorter, &["retention"]).await;
    let live = listed(&scene, Kind::Bucket, &made.object.id).await.unwrap();
    assert_eq!(live.fields.get("retention"), Some(&duration("3d")));
    assert_eq!(live.fields.get("shard_group_duration"), Some(&duration("1d")), "the server's default for 3d");
});

both!(system_buckets_and_ledger_labels_are_apart, async |scene| {
    let bucket = scene.bucket("b").await;
    let body = json!({"orgID": scene.org, "name": "fluxform/p", "properties": {"fluxform": "ledger"}});
    let page = scene.http.post("labels", body).await.expect(201)["label"]["id"].clone();
    scene.http.post(&format!("buckets/{bucket}/labels"), json!({"labelID": page})).await.expect(201);
    let all = Kind::Bucket.list(&client(&scene), &[&scene.org], ALL).await.unwrap();
    let shown: BTreeMap<_, _> = all.iter().map(|bucket| (bucket.name.as_str(), bucket.never_managed())).collect();
    assert_eq!(shown, [("_monitoring", true), ("_tasks", true), ("b", false)].into());
    let live = all.iter().find(|live| live.id == bucket).unwrap();
    assert_eq!(live.fields.get("labels"), Some(&refs(Kind::Label, [])));
    // Ours stays where a person has put it.
    update(&scene, Kind::Bucket, live, &fields([("labels", refs(Kind::Label, []))]), &["labels"]).await;
    let reply = scene.http.get(&format!("buckets/{bucket}")).await.expect(200);
    assert_eq!(reply["labels"][0]["id"], page);
});

both!(more_buckets_than_a_page_are_all_listed, async |scene| {
    for n in 0..101 {
        scene.bucket(&format!("b{n}")).await;
    }
    let api = client(&scene);
    let all = Kind::Bucket.list(&api, &[&scene.org], ALL).await.unwrap();
    assert_eq!(all.iter().filter(|bucket| !bucket.never_managed()).count(), 101);
    assert_eq!(api.requests(), 3);
});

both!(a_taken_name_is_a_conflict, async |scene| {
    scene.bucket("taken").await;
    let (taken, ids) = (fields([("name", text("taken"))]), Ids::default());
    let error = Kind::Bucket.create(&writer(&scene), &desired(&scene, &taken, &ids)).await.unwrap_err();
    assert_eq!((error.class, error.maybe_done), (Class::Conflict, false));
});

both!(a_bucket_whose_label_is_refused_is_there_all_the_same, async |scene| {
    let wanted = fields([("name", text("half")), ("labels", refs(Kind::Label, ["0123456789abcdef"]))]);
    let ids = Ids::default();
    let desired = desired(&scene, &wanted, &ids);
    let made = Kind::Bucket.create(&writer(&scene), &desired).await.unwrap();
    assert_eq!(made.rest, ["labels"]);
    let error = Kind::Bucket.update(&writer(&scene), &made.object, &desired, &["labels"]).await.unwrap_err();
    assert_eq!((error.class, error.maybe_done), (Class::NotFound, false));
    let all = Kind::Bucket.list(&client(&scene), &[&scene.org], ALL).await.unwrap();
    assert!(all.iter().any(|bucket| bucket.name == "half"));
});

both!(a_bucket_that_may_not_be_read_is_there, async |scene| {
    let id = scene.bucket("hidden").await;
    let token = scene.token(json!([scene.may("read", "labels")])).await;
    let found = Kind::Bucket.find(&client_with(&scene, &token.token), &id).await.unwrap();
    assert!(matches!(found, Presence::Unreadable(_)), "{found:?}");
});
