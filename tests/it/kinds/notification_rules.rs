//! Notification rules, through their kind, and what their tasks have of endpoints.

use reqwest::Method;

use super::*;
use crate::support::id;
use crate::terminal::Place;

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Table(fields.map(|(key, value)| (key.to_owned(), value)).into())
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::List(items.map(text).into())
}

async fn endpoint(scene: &Scene, other: serde_json::Value) -> String {
    let mut all = json!({"orgID": scene.org, "name": crate::support::unique("e"), "status": "active"});
    all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    id(&scene.http.post("notificationEndpoints", all).await.expect(201))
}

/// A rule that sends to `endpoint` of the sort `sort`.
fn rule(scene: &Scene, endpoint: &str, sort: &str, said: &Value) -> Fields {
    let mut fields: Fields = [
        ("name", text("r")),
        ("org", in_org(scene)),
        ("status", text("active")),
        ("endpoint", Value::Ref(Ref::Id(Kind::NotificationEndpoint, endpoint.to_owned()))),
        ("every", duration("1m")),
        ("offset", Value::Unset),
        ("on", list(["crit"])),
        ("tags", Value::Unset),
    ]
    .into_iter()
    .collect();
    for other in ["pagerduty", "slack", "telegram"] {
        fields.set(other, if other == sort { said.clone() } else { Value::Unset });
    }
    fields
}

both!(a_rule, async |scene| {
    let (slack, other) = (
        endpoint(&scene, json!({"type": "slack", "url": "http://x"})).await,
        endpoint(&scene, json!({"type": "slack", "url": "http://y"})).await,
    );
    let label = scene.label("l").await;
    let mut first =
        rule(&scene, &slack, "slack", &table([("message", text("${ r._message }")), ("channel", text("#a"))]));
    first.set("description", text("d"));
    let changes = vec![
        ("name", text("a \"b\" \\ c\nü")),
        ("description", text("other")),
        ("status", text("inactive")),
        ("endpoint", Value::Ref(Ref::Id(Kind::NotificationEndpoint, other))),
        ("every", duration("2d")),
        ("offset", duration("1d")),
        ("offset", Value::Unset),
        ("on", list(["any", "any -> ok", "ok -> warn"])),
        ("tags", Value::Map([("a b".to_owned(), "x\"y".to_owned())].into())),
        ("tags", Value::Unset),
        ("slack", table([("message", text("a \"b\"\n${ r._level }"))])),
        ("labels", refs(Kind::Label, [label.as_str()])),
        ("labels", refs(Kind::Label, [])),
    ];
    live_through(&scene, Kind::NotificationRule, first, changes).await;
    let http =
        endpoint(&scene, json!({"type": "http", "url": "http://x", "method": "POST", "authMethod": "none"})).await;
    let changes = vec![("on", list(["warn"]))];
    live_through(&scene, Kind::NotificationRule, rule(&scene, &http, "http", &Value::Unset), changes).await;
    let pagerduty = endpoint(&scene, json!({"type": "pagerduty", "routingKey": "secret: k"})).await;
    let first = rule(&scene, &pagerduty, "pagerduty", &table([("message", text("m"))]));
    live_through(&scene, Kind::NotificationRule, first, vec![("pagerduty", table([("message", text("n"))]))]).await;
    let telegram = endpoint(&scene, json!({"type": "telegram", "token": "secret: k", "channel": "-1"})).await;
    let said = |yes| table([("message", text("m")), ("parse_mode", text("HTML")), ("no_preview", Value::Bool(yes))]);
    let first = rule(&scene, &telegram, "telegram", &said(true));
    live_through(&scene, Kind::NotificationRule, first, vec![("telegram", said(false))]).await;
});

both!(what_no_manifest_can_say_of_a_rule_differs_and_is_not_exported, async |scene| {
    let slack = endpoint(&scene, json!({"type": "slack", "url": "http://x"})).await;
    let body = json!({
        "orgID": scene.org, "name": "r", "status": "active", "type": "slack", "endpointID": slack, "every": "1m",
        "statusRules": [{"currentLevel": "CRIT"}], "messageTemplate": "m",
        "tagRules": [{"key": "a", "value": "b", "operator": "notequal"}],
    });
    let made = id(&scene.http.post("notificationRules", body).await.expect(201));
    let live = listed(&scene, Kind::NotificationRule, &made).await.unwrap();
    assert_eq!(live.fields.get("tags"), Some(&Value::Note("a notequal b".to_owned())));
    assert!(Kind::NotificationRule.export(&live).is_err());
    // An endpoint of another sort, which no server is needed to tell of where the project declares it.
    let http =
        endpoint(&scene, json!({"type": "http", "url": "http://x", "method": "POST", "authMethod": "none"})).await;
    let fields = rule(&scene, &http, "slack", &table([("message", text("m"))]));
    let error =
        Kind::NotificationRule.create(&writer(&scene), &desired(&scene, &fields, &Ids::default())).await.unwrap_err();
    assert!(error.message.contains("another sort than its endpoint"), "{error}");
});

const PROJECT: &str = "[notification_endpoint.e]\nslack = { url = \"http://a.example.com\" }\n\n\
     [notification_rule.r]\nendpoint = \"notification_endpoint.e\"\nevery = \"1m\"\non = [\"crit\"]\nslack = { message = \"m\" }\n";

/// The only rule, and what its task runs.
async fn only(scene: &Scene) -> (serde_json::Value, serde_json::Value) {
    let list = scene.http.get(&format!("notificationRules?orgID={}", scene.org)).await.expect(200);
    let rule = list["notificationRules"][0].clone();
    let task = scene.http.get(&format!("tasks/{}", rule["taskID"].as_str().unwrap())).await.expect(200);
    (rule, task["flux"].clone())
}

both!(a_rule_is_changed_with_its_endpoint, async |scene| {
    let place = Place::new(&scene, PROJECT);
    place.apply().run().with(0);
    place.declare(&PROJECT.replace("a.example", "b.example"));
    let said = place.on("plan").run().with(0).out;
    assert!(said.contains("~ notification_rule.r") && said.contains("Plan: 0 to add, 2 to change"), "{said}");
    place.apply().run().with(0);
    let (_, runs) = only(&scene).await;
    assert!(runs.as_str().unwrap().contains("http://b.example.com"), "{runs}");
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    // What its task has nothing of does not change it.
    place.declare(&PROJECT.replace("a.example", "b.example").replace(".e]\n", ".e]\ndescription = \"d\"\n"));
    let said = place.on("plan").run().with(0).out;
    assert!(said.contains("Plan: 0 to add, 1 to change"), "{said}");
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    // Another sort, and an endpoint that is made anew.
    let hook = "[notification_endpoint.f]\nhttp = { url = \"http://a.example.com\" }\n\n\
                [notification_rule.r]\nendpoint = \"notification_endpoint.f\"\nevery = \"1m\"\non = [\"crit\"]\n";
    place.declare(hook);
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    assert_eq!(only(&scene).await.0["type"], "http");
});

both!(a_task_that_runs_something_else_is_drift_and_repaired, async |scene| {
    let place = Place::new(&scene, PROJECT);
    place.apply().run().with(0);
    place.on("drift").run().with(0);
    let (rule, runs) = only(&scene).await;
    let task = format!("tasks/{}", rule["taskID"].as_str().unwrap());
    scene.http.patch(&task, json!({"flux": "option task = {name: \"r\", every: 1m}\nx = 1"})).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("endpoint: was notification_endpoint.e, is (its task runs another script)"), "{said}");
    let json = place.on("drift").arg("--format").arg("json").run().with(2).out;
    assert!(json.contains("\"note\": \"its task runs another script\""), "{json}");
    place.apply().run().with(0);
    assert_eq!(only(&scene).await.1, runs);
    place.on("drift").run().with(0);
    // It runs the same at other times.
    scene.http.patch(&task, json!({"every": "2h"})).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("every: was \"1m\", is (its task has 2h)") && said.contains("(1 field changed)"), "{said}");
    place.apply().run().with(0);
    assert_eq!(only(&scene).await.1, runs);
    place.on("drift").run().with(0);
    // Its endpoint becomes one of another sort, and goes: what the rule says cannot be made.
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    let mut by_hand = list["notificationEndpoints"][0].clone();
    for (key, value) in [("type", "http"), ("method", "POST"), ("authMethod", "none")] {
        by_hand[key] = json!(value);
    }
    let http = scene.http.clone().with_header("content-type", "application/json");
    let path = format!("notificationEndpoints/{}", id(&by_hand));
    http.send(Method::PUT, &path, Some(by_hand.to_string().into_bytes())).await.expect(200);
    // It is the endpoint that somebody has changed, and not the rule.
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("notification_endpoint.e") && !said.contains("notification_rule.r"), "{said}");
    let said = place.on("plan").run().with(0).out;
    assert!(said.contains("endpoint: (its task has it as it was) -> notification_endpoint.e"), "{said}");
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    scene.http.delete(&path).await.expect(204);
    place.on("drift").run().with(2);
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    assert_eq!(only(&scene).await.1.as_str().unwrap().matches("http://a.example.com").count(), 1);
    // A rule whose task is gone is seen by nobody, and made anew.
    let (rule, _) = only(&scene).await;
    scene.http.delete(&format!("tasks/{}", rule["taskID"].as_str().unwrap())).await.expect(204);
    place.on("drift").run().with(2);
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
});

both!(an_endpoint_of_another_org_is_none_of_a_rule_here, async |scene| {
    let other = id(&scene.http.post("orgs", json!({"name": crate::support::unique("other")})).await.expect(201));
    let name = scene.http.get(&format!("orgs/{other}")).await.expect(200)["name"].as_str().unwrap().to_owned();
    let place = Place::new(
        &scene,
        &PROJECT.replace("slack = { url", "org = \"org.o\"\nslack = { url").replace(
            "[notification_rule.r]",
            &format!("[org.o]\nname = \"{name}\"\nexternal = true\n\n[notification_rule.r]"),
        ),
    );
    let said = place.on("validate").run().with(65);
    assert!(
        said.words().contains("notification_rule.r and notification_endpoint.e are in different orgs"),
        "{}",
        said.err
    );
    // Somebody makes the rule send to an endpoint elsewhere, and moves its own endpoint there.
    place.declare(PROJECT);
    place.apply().run().with(0);
    let (rule, runs) = only(&scene).await;
    let elsewhere =
        json!({"orgID": other, "name": "x", "status": "active", "type": "slack", "url": "http://x.example.com"});
    let elsewhere = id(&scene.http.post("notificationEndpoints", elsewhere).await.expect(201));
    let http = scene.http.clone().with_header("content-type", "application/json");
    let put = async |path: String, body: &serde_json::Value| {
        http.send(Method::PUT, &path, Some(body.to_string().into_bytes())).await.expect(200);
    };
    let mut by_hand = rule.clone();
    by_hand["endpointID"] = json!(elsewhere);
    put(format!("notificationRules/{}", id(&rule)), &by_hand).await;
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("notification_rule.r"), "{said}");
    place.apply().run().with(0);
    assert_eq!(only(&scene).await.1, runs);
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    let mut moved = list["notificationEndpoints"][0].clone();
    moved["orgID"] = json!(other);
    put(format!("notificationEndpoints/{}", id(&moved)), &moved).await;
    place.on("drift").run().with(2);
    place.apply().run().with(0);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    assert_eq!(only(&scene).await.0["endpointID"], list["notificationEndpoints"][0]["id"]);
});
