//! Notification endpoints, through their kind: what becomes of their secrets.

use fluxform::secret::Source;
use reqwest::Method;

use super::*;
use crate::support::{Fate, Proxy, Relay};
use crate::terminal::Place;

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Table(fields.map(|(key, value)| (key.to_owned(), value)).into())
}

fn of_org(key: &str) -> Value {
    table([("secret", text(key))])
}

fn env(name: &str) -> Value {
    Value::Source(Source::Env { name: name.to_owned() })
}

/// An endpoint of one sort.
fn endpoint(scene: &Scene, sort: &'static str, said: &Value) -> Fields {
    let mut fields: Fields =
        [("name", text("e")), ("org", in_org(scene)), ("status", text("active"))].into_iter().collect();
    for other in ["http", "pagerduty", "slack", "telegram"] {
        fields.set(other, if other == sort { said.clone() } else { Value::Unset });
    }
    fields
}

both!(an_endpoint, async |scene| {
    let label = scene.label("l").await;
    let slack = |url: &str| table([("url", text(url)), ("token", of_org("slack_token"))]);
    let mut first = endpoint(&scene, "slack", &slack("https://a.example.com/x"));
    first.set("description", text("d"));
    let changes = vec![
        ("name", text("a \"b\" \\ c\nü")),
        ("description", text("other")),
        ("status", text("inactive")),
        ("slack", slack("https://b.example.com/x")),
        ("slack", table([("url", text("https://b.example.com/x"))])),
        ("labels", refs(Kind::Label, [label.as_str()])),
        ("labels", refs(Kind::Label, [])),
    ];
    live_through(&scene, Kind::NotificationEndpoint, first, changes).await;
    let basic = [("username", of_org("user")), ("password", of_org("password"))];
    let [user, password] = basic;
    let http = |method: &str| {
        table([("url", text("http://a.example.com")), ("method", text(method)), user.clone(), password.clone()])
    };
    let bearer = table([("url", text("http://a.example.com")), ("method", text("POST")), ("token", of_org("token"))]);
    let none = table([("url", text("http://a.example.com")), ("method", text("POST"))]);
    let changes = vec![("http", http("PUT")), ("http", bearer), ("http", none)];
    live_through(&scene, Kind::NotificationEndpoint, endpoint(&scene, "http", &http("GET")), changes).await;
    let pagerduty = table([("routing_key", of_org("key"))]);
    let linked = table([("routing_key", of_org("other")), ("client_url", text("http://a.example.com"))]);
    let first = endpoint(&scene, "pagerduty", &pagerduty);
    live_through(&scene, Kind::NotificationEndpoint, first, vec![("pagerduty", linked)]).await;
    let telegram = |channel: &str| table([("token", of_org("bot")), ("channel", text(channel))]);
    let first = endpoint(&scene, "telegram", &telegram("-1"));
    live_through(&scene, Kind::NotificationEndpoint, first, vec![("telegram", telegram("-2"))]).await;
});

/// The keys of the org's secrets, with `ID` for the endpoint's.
async fn keys(scene: &Scene, id: &str) -> Vec<String> {
    let list = scene.http.get(&format!("orgs/{}/secrets", scene.org)).await.expect(200);
    list["secrets"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().replace(id, "ID")).collect()
}

both!(a_secret_with_a_source_is_kept_by_the_server_until_the_endpoint_goes, async |scene| {
    let bearer = table([("url", text("http://a.example.com")), ("method", text("POST")), ("token", env("T"))]);
    let fields = endpoint(&scene, "http", &bearer);
    let (ids, secrets) = (Ids::default(), Secrets::from([("http.token".to_owned(), Secret::from("t0ken"))]));
    let made =
        create_as(&scene, Kind::NotificationEndpoint, &Desired { secrets: &secrets, ..desired(&scene, &fields, &ids) })
            .await;
    let live = listed(&scene, Kind::NotificationEndpoint, &made.object.id).await.unwrap();
    assert_eq!(made.object, live);
    assert!(live.fields.get("http").unwrap().is_like(&bearer), "{live:?}");
    assert_eq!(keys(&scene, &live.id).await, ["ID-token"]);
    // Another field, without the secret: it stays.
    let mut wanted = fields.clone();
    let other = table([("url", text("http://b.example.com")), ("method", text("POST")), ("token", env("T"))]);
    wanted.set("http", other.clone());
    update(&scene, Kind::NotificationEndpoint, &live, &wanted, &["http"]).await;
    let live = listed(&scene, Kind::NotificationEndpoint, &live.id).await.unwrap();
    assert!(live.fields.get("http").unwrap().is_like(&other), "{live:?}");
    // Nothing is sent where a secret is wanted that nobody has.
    let basic = [("username", env("U")), ("password", env("P"))].map(|(key, value)| (key.to_owned(), value));
    wanted.set(
        "http",
        Value::Table([("url".to_owned(), text("http://b.example.com"))].into_iter().chain(basic).collect()),
    );
    let error =
        Kind::NotificationEndpoint.update(&writer(&scene), &live, &desired(&scene, &wanted, &ids), &["http"]).await;
    assert!(error.unwrap_err().message.contains("the secret of `http.username` is not known"));
    // A secret of the org in its place, and back.
    let theirs = table([("url", text("http://b.example.com")), ("method", text("POST")), ("token", of_org("own"))]);
    wanted.set("http", theirs.clone());
    update(&scene, Kind::NotificationEndpoint, &live, &wanted, &["http"]).await;
    let live = listed(&scene, Kind::NotificationEndpoint, &live.id).await.unwrap();
    assert_eq!(live.fields.get("http"), Some(&theirs));
    let secret = json!({"other": "x", "0123456789abcdef-token": "x"});
    scene.http.patch(&format!("orgs/{}/secrets", scene.org), secret).await.expect(204);
    Kind::NotificationEndpoint.delete(&writer(&scene), &live.id).await.unwrap();
    assert_eq!(keys(&scene, &live.id).await, ["0123456789abcdef-token", "other"]);
});

const PROJECT: &str =
    "[notification_endpoint.e]\nhttp = { url = \"http://a.example.com\", token = { file = \"token\" } }\n";

both!(a_secret_is_set_again_by_its_version_and_where_the_server_has_none, async |scene| {
    let place = Place::new(&scene, PROJECT);
    let token = place.path().join("token");
    std::fs::write(&token, "first").unwrap();
    place.apply().run().with(0);
    place.on("plan").run().with(0);
    std::fs::write(&token, "").unwrap();
    // It is not read where it stays.
    place.declare(&PROJECT.replace("a.example", "b.example"));
    place.apply().run().with(0);
    place.declare(&format!("{PROJECT}secret_version = 1\n"));
    let said = place.apply().run().with(10).err;
    assert!(said.contains("is empty"), "{said}");
    std::fs::write(&token, "second").unwrap();
    place.apply().run().with(0);
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    let mut by_hand = list["notificationEndpoints"][0].clone();
    by_hand["token"] = json!("secret: another");
    let http = scene.http.clone().with_header("content-type", "application/json");
    let path = format!("notificationEndpoints/{}", crate::support::id(&by_hand));
    http.send(Method::PUT, &path, Some(by_hand.to_string().into_bytes())).await.expect(200);
    let said = place.on("drift").run().with(2).out;
    assert!(said.contains("{ secret = \"another\" }"), "{said}");
    place.apply().run().with(0);
    place.on("drift").run().with(0);
    assert_eq!(scene.http.get(&path).await.expect(200)["token"], list["notificationEndpoints"][0]["token"]);
});

both!(a_secret_that_the_token_may_not_delete_is_told, async |scene| {
    let place = Place::new(&scene, &format!("[label.l]\n{PROJECT}"));
    std::fs::write(place.path().join("token"), "S3KRIT").unwrap();
    place.apply().run().with(0);
    let id = only(&scene).await;
    place.declare("[label.l]\n");
    let all = place.on("plan").run().with(0).out;
    assert!(all.contains(&format!("the server keeps the secret `{id}-token` for it, which is deleted too")), "{all}");
    let (read, write) = (|ty: &str| scene.may("read", ty), |ty: &str| scene.may("write", ty));
    let own =
        ["read", "write"].map(|action| json!({"action": action, "resource": {"type": "users", "id": scene.user}}));
    let org = json!({"action": "read", "resource": {"type": "orgs", "id": scene.org}});
    let may = [read("labels"), write("labels"), read("notificationEndpoints"), write("notificationEndpoints"), org];
    let narrow = scene.token(json!([may.as_slice(), &own, &[read("authorizations")]].concat())).await;
    let run = |command: &str, more: &[&str]| place.on(command).var("INFLUX_TOKEN", &narrow.token).args(more).run();
    let told = run("plan", &[]).with(0).out;
    let stays = format!(
        "the server keeps the secret `{id}-token` for it, which stays unless the token that applies may read and write secrets"
    );
    let folded = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains(&stays), "{told}");
    let json = run("plan", &["--format=json"]).json();
    let change = json["plan"]["changes"].as_array().unwrap().iter().find(|change| change["kept"].is_array()).unwrap();
    assert_eq!(change["kept"], json!([{"key": format!("{id}-token"), "unseen": true}]));
    run("apply", &["--auto-approve"]).with(0);
    assert_eq!(keys(&scene, &id).await, ["ID-token"], "it is as the plan said");
});

both!(neither_a_secret_nor_a_secret_url_is_in_any_output, async |scene| {
    let place = Place::new(
        &scene,
        "[notification_endpoint.chat]\n\
         slack = { url = \"https://hooks.slack.com/services/T/B/S3KRIT\", token = { file = \"token\" } }\n",
    );
    std::fs::write(place.path().join("token"), "S3KRIT-token").unwrap();
    let mut said = place.on("plan").run().out;
    said += &place.on("plan").arg("--format").arg("json").run().out;
    said += &place.apply().run().with(0).out;
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.text;
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    let mut by_hand = list["notificationEndpoints"][0].clone();
    by_hand["url"] = json!("https://hooks.slack.com/services/T/B/S3KRIT2");
    let http = scene.http.clone().with_header("content-type", "application/json");
    let path = format!("notificationEndpoints/{}", crate::support::id(&by_hand));
    http.send(Method::PUT, &path, Some(by_hand.to_string().into_bytes())).await.expect(200);
    said += &place.on("drift").run().with(2).out;
    assert!(!said.contains("S3KRIT") && !labels.contains("S3KRIT"), "{said}{labels}");
    assert_eq!(said.matches("https://hooks.slack.com/services/***").count(), 5, "{said}");
});

both!(what_no_manifest_can_say_of_an_endpoint_stays_when_it_changes, async |scene| {
    let body = json!({
        "orgID": scene.org, "name": "e", "status": "active", "type": "http", "url": "http://a.example.com", "method": "POST",
        "authMethod": "none", "headers": {"X-Room": "1"}, "contentTemplate": "c",
    });
    let made = crate::support::id(&scene.http.post("notificationEndpoints", body).await.expect(201));
    let live = listed(&scene, Kind::NotificationEndpoint, &made).await.unwrap();
    let unsaid: Vec<_> = Kind::NotificationEndpoint.unsaid(&live).map(|(key, _)| key).collect();
    assert_eq!(unsaid, ["headers", "contentTemplate"]);
    let place = Place::new(&scene, "[notification_endpoint.e]\nhttp = { url = \"http://b.example.com\" }\n");
    place.apply().arg("--adopt").run().with(0);
    let now = scene.http.get(&format!("notificationEndpoints/{made}")).await.expect(200);
    let kept = (&now["url"], &now["headers"], &now["contentTemplate"]);
    assert_eq!(kept, (&json!("http://b.example.com"), &json!({"X-Room": "1"}), &json!("c")));
});

/// Endpoints with secrets from sources, and the keys of what the server keeps of these.
const KEPT: [(&str, &[&str]); 5] = [
    ("http = { url = \"http://a.example.com\", token = { file = \"token\" } }", &["ID-token"]),
    (
        "http = { url = \"http://a.example.com\", username = { file = \"token\" }, password = { file = \"token\" } }",
        &["ID-password", "ID-username"],
    ),
    ("pagerduty = { routing_key = { file = \"token\" } }", &["ID-routing-key"]),
    ("slack = { url = \"http://a.example.com\", token = { file = \"token\" } }", &["ID-token"]),
    ("telegram = { token = { file = \"token\" }, channel = \"-1\" }", &["ID-token"]),
];

/// The ID of the only endpoint.
async fn only(scene: &Scene) -> String {
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    crate::support::id(&list["notificationEndpoints"][0])
}

both!(no_secret_of_an_endpoint_is_left_whatever_a_run_or_somebody_else_left_undone, async |scene| {
    let proxy = Proxy::start(scene.server.url(), |seen| {
        if seen.path.ends_with("/secrets/delete") {
            Fate::Refuse(400, r#"{"code":"invalid","message":"no"}"#)
        } else {
            Fate::Pass
        }
    })
    .await;
    const REST: &str = "[label.l]\n";
    let endpoint = |sort: &str| format!("{REST}[notification_endpoint.e]\n{sort}\n");
    for (sort, kept) in KEPT {
        let place = Place::new(&scene, &endpoint(sort));
        std::fs::write(place.path().join("token"), "S3KRIT").unwrap();
        for (by_hand, declared) in [(false, REST), (true, REST), (true, &*endpoint(sort))] {
            place.declare(&endpoint(sort));
            place.apply().run().with(0);
            let id = only(&scene).await;
            assert_eq!(keys(&scene, &id).await, kept, "{sort}");
            if by_hand {
                scene.http.delete(&format!("notificationEndpoints/{id}")).await.expect(204);
            }
            place.declare(declared);
            // With the endpoint gone, its secrets are still there.
            let said = place.apply_by(proxy.url()).run();
            assert!(said.code != 0 && said.all().contains("/secrets/delete"), "{}", said.all());
            assert!(keys(&scene, &id).await.iter().any(|key| kept.contains(&&**key)), "{sort}");
            place.apply().run().with(0);
            let left = keys(&scene, &id).await;
            assert!(left.iter().all(|key| !key.starts_with("ID-")), "{sort}: {left:?}");
            place.on("plan").arg("--detailed-exitcode").run().with(0);
        }
        place.on("destroy").arg("--auto-approve").run().with(0);
        assert!(keys(&scene, "").await.is_empty());
    }
});

/// A change that takes secrets of its own from an endpoint.
async fn outgrown(scene: &Scene) -> (Place<'_>, String) {
    let endpoint = |sort: &str| format!("[notification_endpoint.e]\n{sort}\n");
    let place = Place::new(scene, &endpoint(KEPT[1].0));
    std::fs::write(place.path().join("token"), "S3KRIT").unwrap();
    let secrets = json!({"own": "x", "0123456789abcdef-token": "x"});
    scene.http.patch(&format!("orgs/{}/secrets", scene.org), secrets).await.expect(204);
    place.apply().run().with(0);
    let id = only(scene).await;
    place.declare(&endpoint("http = { url = \"http://a.example.com\", token = { secret = \"own\" } }"));
    (place, id)
}

/// The next run deletes what is left, and then nothing is left to do.
async fn is_cleared(scene: &Scene, place: &Place<'_>, id: &str) {
    place.on("plan").arg("--detailed-exitcode").run().with(2);
    place.apply().run().with(0);
    assert_eq!(keys(scene, id).await, ["0123456789abcdef-token", "own"]);
    place.on("plan").arg("--detailed-exitcode").run().with(0);
    place.on("drift").run().with(0);
}

both!(a_secret_that_a_killed_run_left_of_a_changed_endpoint_is_deleted_by_the_next, async |scene| {
    // The lock, the note in the ledger, the endpoint, its secrets: none of these is the last one for sure.
    for last in 1..=4 {
        let scene = scene.beside().await;
        let (place, id) = outgrown(&scene).await;
        let relay = Relay::to(scene.server.url()).hold_after(last);
        let run = place.apply_by(relay.url()).start();
        relay.until_writes(last + 1).await;
        run.kill();
        relay.end().await;
        is_cleared(&scene, &place, &id).await;
    }
});

both!(a_secret_that_could_not_be_deleted_is_deleted_by_the_next_run, async |scene| {
    let proxy = Proxy::start(scene.server.url(), |seen| match seen.path.ends_with("/secrets/delete") {
        true => Fate::Refuse(500, r#"{"code":"internal error","message":"no"}"#),
        false => Fate::Pass,
    })
    .await;
    let (place, id) = outgrown(&scene).await;
    for _ in 0..2 {
        let said = place.apply_by(proxy.url()).run().words();
        assert!(said.contains("the next apply deletes what the server keeps of its former secrets"), "{said}");
        let said = place.on("plan").run().with(0).out;
        assert!(
            said.contains("http:  (finish: what the server still keeps of its former secrets is deleted)"),
            "{said}"
        );
    }
    is_cleared(&scene, &place, &id).await;
});

both!(a_secret_that_an_endpoint_no_longer_needs_is_deleted, async |scene| {
    let place = Place::new(&scene, "");
    std::fs::write(place.path().join("token"), "S3KRIT").unwrap();
    let mut id = None;
    for (sort, kept) in KEPT.into_iter().chain([
        ("slack = { url = \"http://a.example.com\", token = { secret = \"own\" } }", &[][..]),
        KEPT[1],
        ("http = { url = \"http://a.example.com\" }", &[]),
    ]) {
        place.declare(&format!("[notification_endpoint.e]\n{sort}\n"));
        scene.http.patch(&format!("orgs/{}/secrets", scene.org), json!({"own": "x"})).await.expect(204);
        place.apply().run().with(0);
        let only = only(&scene).await;
        assert_eq!(*id.get_or_insert_with(|| only.clone()), only);
        let left: Vec<_> = keys(&scene, &only).await.into_iter().filter(|key| key != "own").collect();
        assert_eq!(left, kept, "{sort}");
    }
});

both!(a_plan_names_the_secrets_that_go_with_an_endpoint_and_keeps_what_something_else_uses, async |scene| {
    const REST: &str = "[label.l]\n";
    let endpoint = format!("{REST}[notification_endpoint.e]\n{}\n", KEPT[1].0);
    let place = Place::new(&scene, &endpoint);
    std::fs::write(place.path().join("token"), "S3KRIT").unwrap();
    let own = format!("{REST}[notification_endpoint.e]\nhttp = {{ url = \"http://a.example.com\" }}\n");
    for declared in [REST, &own] {
        place.declare(&endpoint);
        place.apply().run().with(0);
        let id = only(&scene).await;
        let says = |words: &str| {
            let said = place.on("plan").run().with(0).out.replace(&id, "ID");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words), "{said}");
        };
        place.declare(declared);
        says("the server keeps the secrets `ID-password` and `ID-username` for it, which are deleted too");
        let theirs = json!({
            "orgID": scene.org, "name": "theirs", "status": "active", "type": "slack", "url": "http://b.example.com",
            "token": format!("secret: {id}-username"),
        });
        let theirs = crate::support::id(&scene.http.post("notificationEndpoints", theirs).await.expect(201));
        says(
            "the server keeps the secret `ID-username` for it, which stays: the notification_endpoint \"theirs\" uses it",
        );
        says("the server keeps the secret `ID-password` for it, which is deleted too");
        let flux = format!(
            "import \"influxdata/influxdb/secrets\"\noption task = {{name: \"t\", every: 1h}}\nx = secrets.get(key: \"{id}-password\")"
        );
        let task = scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux})).await.expect(201);
        says("the server keeps the secret `ID-password` for it, which stays: the task \"t\" uses it");
        let json = place.on("plan").arg("--format").arg("json").run().with(0).out;
        assert!(
            json.contains(&format!("\"key\": \"{id}-password\"")) && json.contains("\"used_by\": \"the task"),
            "{json}"
        );
        place.apply().run().with(0);
        assert_eq!(keys(&scene, &id).await, ["ID-password", "ID-username"]);
        place.on("plan").arg("--detailed-exitcode").run().with(0);
        scene.http.delete(&format!("tasks/{}", crate::support::id(&task))).await.expect(204);
        scene.http.delete(&format!("notificationEndpoints/{theirs}")).await.expect(204);
        let left = json!({"secrets": [format!("{id}-password"), format!("{id}-username")]});
        scene.http.post(&format!("orgs/{}/secrets/delete", scene.org), left).await.expect(204);
    }
});
