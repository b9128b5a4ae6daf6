//! Tasks, through their kind.

use fluxform::flux::{AuthorScript, Schedule, TaskHead};
use fluxform::value::Script;

use super::*;

fn script(source: &str) -> Value {
    Value::Script(Script::of_task(source.to_owned()))
}

const BODY: &str = "from(bucket: \"b\") |> range(start: -1h)\n";

/// A task whose script says what its fields say.
fn task(name: &str, every: Option<&str>, cron: Option<&str>, offset: Option<&str>, body: &str) -> Fields {
    let mut head = vec![format!("name: \"{name}\"")];
    head.extend(every.map(|every| format!("every: {every}")));
    head.extend(cron.map(|cron| format!("cron: \"{cron}\"")));
    head.extend(offset.map(|offset| format!("offset: {offset}")));
    let source = format!("option task = {{{}}}\n{body}", head.join(", "));
    let optional = |text: Option<&str>| text.map_or(Value::Unset, duration);
    [
        ("name", text(name)),
        ("every", optional(every)),
        ("cron", cron.map_or(Value::Unset, text)),
        ("offset", optional(offset)),
        ("flux", script(&source)),
    ]
    .into_iter()
    .collect()
}

fn with<const N: usize>(mut fields: Fields, more: [(&'static str, Value); N]) -> Fields {
    for (field, value) in more {
        fields.set(field, value);
    }
    fields
}

both!(a_task, async |scene| {
    let label = scene.label("l").await;
    let first = with(
        task("t", Some("60m"), None, Some("5m"), BODY),
        [
            ("org", in_org(&scene)),
            ("description", text("first")),
            ("status", text("inactive")),
            ("labels", refs(Kind::Label, [&label])),
        ],
    );
    let made = create(&scene, Kind::Task, &first).await;
    let id = made.object.id.as_str();
    let mut live = listed(&scene, Kind::Task, id).await.unwrap();
    assert_eq!(live, made.object);
    assert_eq!(live.user.as_deref(), Some(scene.user.as_str()));
    for (field, value) in first.iter() {
        assert_eq!(live.fields.get(field), Some(value), "{field}");
    }
    let plain = [("description", text("")), ("status", text("active")), ("labels", refs(Kind::Label, []))];
    for (field, value) in plain {
        let wanted = with(live.fields.clone(), [(field, value)]);
        update(&scene, Kind::Task, &live, &wanted, &[field]).await;
        live = listed(&scene, Kind::Task, id).await.unwrap();
        assert_eq!(live.fields, wanted, "{field}");
    }
    let scripts: [(Fields, &[&'static str]); 6] = [
        (task("renamed", Some("1h"), None, Some("5m"), BODY), &["name"]),
        (task("renamed", Some("2h30m"), None, Some("5m"), BODY), &["every"]),
        (task("renamed", Some("2h30m"), None, None, BODY), &["offset"]),
        (task("renamed", None, Some("0 * * * *"), None, BODY), &["every", "cron"]),
        (task("renamed", None, Some("0 * * * *"), None, "buckets()\n"), &["flux"]),
        (task("renamed", Some("1mo"), None, Some("36h"), BODY), &["every", "cron", "offset", "flux"]),
    ];
    for (fields, changed) in scripts {
        let wanted = with(live.fields.clone(), []);
        let wanted = fields.iter().fold(wanted, |wanted, (field, value)| with(wanted, [(field, value.clone())]));
        update(&scene, Kind::Task, &live, &wanted, changed).await;
        live = listed(&scene, Kind::Task, id).await.unwrap();
        assert_eq!(live.fields, wanted, "{changed:?}");
    }
    assert_eq!(Kind::Task.find(&client(&scene), id).await.unwrap(), Presence::Found(Box::new(live)));
    for _ in 0..2 {
        Kind::Task.delete(&writer(&scene), id).await.unwrap();
    }
    assert_eq!(Kind::Task.find(&client(&scene), id).await.unwrap(), Presence::Absent);
    assert_eq!(listed(&scene, Kind::Task, id).await, None);
});

both!(a_description_alone_changes, async |scene| {
    let made = create(&scene, Kind::Task, &task("t", Some("1h"), None, None, BODY)).await;
    let wanted = [("description", text("new"))].into_iter().collect();
    update(&scene, Kind::Task, &made.object, &wanted, &["description"]).await;
    let live = listed(&scene, Kind::Task, &made.object.id).await.unwrap();
    assert_eq!(live.fields.text("description"), Some("new"));
    assert_eq!(live.fields.text("status"), Some("active"));
});

both!(what_the_server_formats_is_the_same_script, async |scene| {
    let body = "// a comment\nx = (  1+ 2 )\n\n\nfrom( bucket:\"b\")|>range(start:-60m , )\n";
    let made = create(&scene, Kind::Task, &task("t", Some("60m"), None, None, body)).await;
    let path = format!("tasks/{}", made.object.id);
    scene.http.patch(&path, json!({"every": "3h"})).await.expect(200);
    let live = listed(&scene, Kind::Task, &made.object.id).await.unwrap();
    let moved: Vec<_> =
        live.fields.iter().filter(|(field, value)| made.object.fields.get(field) != Some(*value)).collect();
    assert_eq!(moved, [("every", &duration("3h"))]);
});

both!(an_ignored_script_stays, async |scene| {
    let made = create(&scene, Kind::Task, &task("t", Some("1h"), None, None, BODY)).await;
    let mut wanted = task("t", Some("2h"), None, None, "buckets()\n");
    wanted.remove("flux");
    update(&scene, Kind::Task, &made.object, &wanted, &["every"]).await;
    let live = listed(&scene, Kind::Task, &made.object.id).await.unwrap();
    assert_eq!(live.fields.get("every"), Some(&duration("2h")));
    assert_eq!(live.fields.get("flux"), made.object.fields.get("flux"));
});

both!(an_offset_of_zero_is_none, async |scene| {
    let made = create(&scene, Kind::Task, &task("t", Some("1h"), None, Some("0s"), BODY)).await;
    assert_eq!(made.object.fields.get("offset"), Some(&Value::Unset));
});

both!(an_offset_of_a_day_is_sent_in_hours, async |scene| {
    // The server takes days in `every` and answers 500 to them here; a refusal, not a failure.
    let refused = task("t", Some("1d"), None, Some("1d"), BODY);
    let ids = Ids::default();
    let error = Kind::Task.create(&writer(&scene), &desired(&scene, &refused, &ids)).await.unwrap_err();
    assert_eq!((error.class, error.status), (Class::Refused, Some(500)));
    let head = TaskHead {
        name: "t".into(),
        schedule: Schedule::Every("1d".into()),
        offset: Some("1d1h30m".into()),
        extra: Vec::new(),
    };
    let source = AuthorScript::read(BODY, None).unwrap().compose(&head, None).unwrap();
    let mut taken = refused.clone();
    taken.set("flux", script(&source));
    let made = create(&scene, Kind::Task, &taken).await;
    assert_eq!(made.object.fields.get("offset"), Some(&duration("1d1h30m")));
});

both!(a_negative_offset_is_sent_in_one_unit, async |scene| {
    let head = TaskHead {
        name: "t".into(),
        schedule: Schedule::Every("1d".into()),
        offset: Some("-1h30m".into()),
        extra: Vec::new(),
    };
    let mut wanted = task("t", Some("1d"), None, None, BODY);
    wanted.set("offset", Value::signed_duration("-1h30m").unwrap());
    wanted.set("flux", script(&AuthorScript::read(BODY, None).unwrap().compose(&head, None).unwrap()));
    let made = create(&scene, Kind::Task, &wanted).await;
    assert_eq!(made.object.fields.get("offset"), wanted.get("offset"));
    // The script of a live task, with another offset in it.
    let mut later = wanted.clone();
    later.set("offset", Value::signed_duration("-2h1s").unwrap());
    later.remove("flux");
    update(&scene, Kind::Task, &made.object, &later, &["offset"]).await;
    let live = listed(&scene, Kind::Task, &made.object.id).await.unwrap();
    assert_eq!(live.fields.get("offset"), later.get("offset"));
});

both!(more_tasks_than_a_page_are_all_listed, async |scene| {
    for n in 0..501 {
        scene.task(&format!("t{n}")).await;
    }
    let api = client(&scene);
    assert_eq!(Kind::Task.list(&api, &[&scene.org], ALL).await.unwrap().len(), 501);
    assert_eq!(api.requests(), 3);
});

both!(a_task_that_may_not_be_read_is_there, async |scene| {
    let id = scene.task("hidden").await;
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let api = client_with(&scene, &token.token);
    assert!(matches!(Kind::Task.find(&api, &id).await.unwrap(), Presence::Unreadable(_)));
    assert_eq!(Kind::Task.find(&api, "0123456789abcdef").await.unwrap(), Presence::Absent);
});

both!(a_task_that_may_not_be_made_is_denied, async |scene| {
    let token = scene.token(json!([scene.may("read", "tasks")])).await;
    let (fields, ids) = (task("t", Some("1h"), None, None, BODY), Ids::default());
    let writer = Writer::new(client_with(&scene, &token.token));
    let error = Kind::Task.create(&writer, &desired(&scene, &fields, &ids)).await.unwrap_err();
    assert_eq!((error.class, error.maybe_done), (Class::Denied, false));
});
