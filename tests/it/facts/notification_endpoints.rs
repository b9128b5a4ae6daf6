//! Notification endpoints, and what the server keeps of their secrets.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Reply, Scene, both, id, names, unique};

const NONE: Value = Value::Null;

/// What `other` says, and for the rest an endpoint of Slack.
fn slack(scene: &Scene, other: Value) -> Value {
    let all = json!({
        "orgID": scene.org, "name": unique("e"), "status": "active", "type": "slack", "url": "http://example.com",
    });
    with(&all, other)
}

fn http(scene: &Scene, other: Value) -> Value {
    with(&slack(scene, json!({"type": "http", "method": "POST", "authMethod": "none"})), other)
}

/// `all` with other fields.
fn with(all: &Value, other: Value) -> Value {
    let mut all = all.clone();
    let Value::Object(other) = other else { panic!("no object: {other}") };
    all.as_object_mut().unwrap().extend(other);
    all
}

async fn post(scene: &Scene, body: Value) -> Reply {
    scene.http.post("notificationEndpoints", body).await
}

async fn made(scene: &Scene, body: Value) -> Value {
    post(scene, body).await.expect(201)
}

async fn put(http: &Http, endpoint: &Value, body: Value) -> Reply {
    let http = http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, &path(endpoint), Some(body.to_string().into_bytes())).await
}

fn path(endpoint: &Value) -> String {
    format!("notificationEndpoints/{}", id(endpoint))
}

/// The keys of the secrets that the org has for `endpoint`, without its ID.
async fn kept(scene: &Scene, endpoint: &Value) -> Vec<String> {
    let list = scene.http.get(&format!("orgs/{}/secrets", scene.org)).await.expect(200);
    let keys = list["secrets"].as_array().unwrap().iter().map(|key| key.as_str().unwrap());
    keys.filter_map(|key| key.strip_prefix(&id(endpoint)).map(str::to_owned)).collect()
}

both!(a_reply_is_the_endpoint_with_the_keys_of_its_secrets, async |scene| {
    let endpoint = made(&scene, slack(&scene, json!({"name": "s", "description": "", "token": "S3"}))).await;
    let at = format!("/api/v2/{}", path(&endpoint));
    let wanted = json!({
        "id": endpoint["id"], "name": "s", "orgID": scene.org, "status": "active",
        "createdAt": endpoint["createdAt"], "updatedAt": endpoint["createdAt"],
        "url": "http://example.com", "token": format!("secret: {}-token", id(&endpoint)), "type": "slack", "labels": [],
        "links": {
            "self": at, "labels": format!("{at}/labels"), "members": format!("{at}/members"), "owners": format!("{at}/owners"),
        },
    });
    assert_eq!(endpoint, wanted);
    assert_eq!(scene.http.get(&path(&endpoint)).await.expect(200), wanted);
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    let this = format!("/api/v2/notificationEndpoints?descending=false&limit=20&offset=0&orgID={}", scene.org);
    assert_eq!(list, json!({"notificationEndpoints": [wanted], "links": {"self": this}}));
    assert_eq!(kept(&scene, &endpoint).await, ["-token"]);
    let bare = |endpoint: &Value| {
        let mut own = endpoint.as_object().unwrap().clone();
        for key in ["id", "name", "orgID", "createdAt", "updatedAt", "links", "labels", "status", "type"] {
            own.remove(key).unwrap();
        }
        Value::Object(own)
    };
    let endpoint = made(&scene, http(&scene, json!({"headers": {"a": "b"}, "contentTemplate": "c"}))).await;
    let none = json!({
        "url": "http://example.com", "headers": {"a": "b"}, "token": "", "username": "", "password": "",
        "authMethod": "none", "method": "POST", "contentTemplate": "c",
    });
    assert_eq!(bare(&endpoint), none);
    let own = json!({"authMethod": "basic", "username": "u", "password": "p", "token": "secret: theirs"});
    let endpoint = made(&scene, http(&scene, own)).await;
    assert_eq!(endpoint["username"], format!("secret: {}-username", id(&endpoint)));
    assert_eq!(endpoint["token"], "secret: theirs", "what is not sent is kept too");
    assert_eq!(kept(&scene, &endpoint).await, ["-password", "-username"]);
    let own = json!({"type": "pagerduty", "routingKey": "k"});
    let endpoint = made(&scene, slack(&scene, own)).await;
    assert_eq!(
        bare(&endpoint),
        json!({"clientURL": "", "routingKey": format!("secret: {}-routing-key", id(&endpoint))})
    );
    let endpoint = made(&scene, slack(&scene, json!({"type": "telegram", "token": "secret:no", "channel": "c"}))).await;
    assert_eq!(bare(&endpoint), json!({"channel": "c", "token": format!("secret: {}-token", id(&endpoint))}));
    let endpoint = made(&scene, slack(&scene, json!({"token": "secret: "}))).await;
    assert_eq!(endpoint["token"], "");
});

both!(what_is_missing_is_400_and_nothing_is_kept, async |scene| {
    let before = scene.http.get(&format!("orgs/{}/secrets", scene.org)).await.text;
    for (other, words) in [
        (json!({"orgID": NONE}), "invalid org id for permission: invalid ID"),
        (json!({"type": NONE}), "invalid notification endpoint type "),
        (json!({"type": "foo"}), "invalid notification endpoint type foo"),
        (json!({"type": 5}), "unable to detect the notification endpoint type from json"),
        (json!({"name": "", "status": NONE}), "Notification Endpoint Name can't be empty"),
        (json!({"status": NONE, "url": ""}), "invalid status"),
        (json!({"status": "on"}), "invalid status"),
        (json!({"url": NONE}), "slack endpoint URL must be provided"),
        (json!({"url": "%zz"}), "slack endpoint URL is invalid: parse \"%zz\": invalid URL escape \"%zz\""),
        (json!({"type": "http", "url": ""}), "http endpoint URL is empty"),
        (json!({"type": "http", "method": "post"}), "invalid http http method"),
        (json!({"type": "http", "method": "POST"}), "invalid http auth method"),
        (json!({"type": "http", "method": "PUT", "authMethod": "x"}), "invalid http auth method"),
        (json!({"type": "http", "method": "GET", "authMethod": "bearer"}), "invalid http token for bearer auth"),
        (
            json!({"type": "http", "method": "GET", "authMethod": "basic", "username": "S3"}),
            "invalid http username/password for basic auth",
        ),
        (json!({"type": "pagerduty"}), "pagerduty routing key is invalid"),
        (json!({"type": "telegram", "channel": "c"}), "empty telegram bot token"),
        (json!({"type": "telegram", "token": "S3"}), "empty telegram channel"),
        (json!({"url": 5}), "json: cannot unmarshal number into Go struct field Slack.url of type string"),
        (json!({"name": 5}), "json: cannot unmarshal number into Go struct field Slack.Base.name of type string"),
        (
            json!({"status": 5}),
            "json: cannot unmarshal number into Go struct field Slack.Base.status of type influxdb.Status",
        ),
        (
            json!({"type": "pagerduty", "routingKey": 5}),
            "json: cannot unmarshal number into Go struct field PagerDuty.routingKey of type string",
        ),
        (
            json!({"labels": [{}], "orgID": NONE}),
            "json: cannot unmarshal object into Go struct field decodeLabels.labels of type string",
        ),
    ] {
        post(&scene, slack(&scene, other)).await.refused(400, "invalid", words);
    }
    assert_eq!(scene.http.get(&format!("orgs/{}/secrets", scene.org)).await.text, before);
    for url in ["foo", "http://u:p@h", "${x}", "http://h/a b"] {
        made(&scene, slack(&scene, json!({"url": url}))).await;
    }
    assert_eq!(made(&scene, slack(&scene, json!({"orgID": ABSENT}))).await["orgID"], ABSENT);
});

both!(names_are_unique_in_an_org_as_they_are_written, async |scene| {
    for name in ["u1", "U1", "u1 "] {
        made(&scene, slack(&scene, json!({"name": name}))).await;
    }
    let key = format!("{}u1", scene.org);
    let reply = post(&scene, slack(&scene, json!({"name": "u1", "token": "S3"}))).await;
    reply.refused(422, "conflict", &format!("notification endpoint is not unique for key {key}"));
    let other = made(&scene, slack(&scene, json!({"name": "other"}))).await;
    let words = format!("notification endpoint entity update conflicts with an existing entity for key {key}");
    scene.http.patch(&path(&other), json!({"name": "u1"})).await.refused(422, "conflict", &words);
    put(&scene.http, &other, slack(&scene, json!({"name": "u1", "token": "S3"})))
        .await
        .refused(422, "conflict", &words);
    assert_eq!(kept(&scene, &other).await, [""; 0]);
    assert_eq!(scene.http.get(&path(&other)).await.expect(200), other);
});

both!(the_list_is_that_of_one_org, async |scene| {
    for n in 0..3 {
        made(&scene, slack(&scene, json!({"name": format!("e{n}")}))).await;
    }
    let list = async |query: &str| scene.http.get(&format!("notificationEndpoints{query}")).await;
    let of_org = format!("?orgID={}", scene.org);
    for (query, wanted) in [
        (format!("{of_org}&limit=2"), &["e0", "e1"][..]),
        (format!("{of_org}&limit=2&offset=2"), &["e2"]),
        (format!("{of_org}&descending=true&limit=1"), &["e2"]),
        (format!("{of_org}&name=e1&id=x"), &["e0", "e1", "e2"]),
    ] {
        let found = list(&query).await.expect(200);
        assert_eq!(names(&found["notificationEndpoints"]), wanted, "{query}");
    }
    list("").await.refused(401, "unauthorized", "cannot process a request without a org or user filter");
    list(&format!("{of_org}&limit=101")).await.refused(400, "invalid", "limit must be between 1 and 100");
    list("?orgID=x").await.refused(400, "invalid", "orgID is invalid: id must have a length of 16 bytes");
    assert_eq!(list("?org=any").await.status, 500);
});

both!(a_patch_changes_no_more_than_name_description_and_status, async |scene| {
    let endpoint = made(&scene, slack(&scene, json!({"name": "p", "description": "d", "token": "S3"}))).await;
    let patch = async |body: Value| scene.http.patch(&path(&endpoint), body).await;
    let other = json!({"type": "http", "url": "x", "token": "x", "orgID": ABSENT, "description": null});
    let same = |reply: &Value| with(&endpoint, json!({"updatedAt": reply["updatedAt"]}));
    let reply = patch(other).await.expect(200);
    assert_eq!(reply, same(&reply));
    let reply = patch(json!({"name": "q", "status": "inactive"})).await.expect(200);
    assert_eq!(reply, with(&same(&reply), json!({"name": "q", "status": "inactive"})));
    for (body, words) in [
        (json!({"name": ""}), "Notification Endpoint Name can't be empty"),
        (json!({"description": ""}), "Notification Endpoint Description can't be empty"),
        (json!({"status": ""}), "invalid status: must be active or inactive"),
        (
            json!({"status": 5}),
            "json: cannot unmarshal number into Go struct field NotificationEndpointUpdate.status of type influxdb.Status",
        ),
    ] {
        patch(body).await.refused(400, "invalid", words);
    }
    let absent = format!("notification endpoint not found for key \"{ABSENT}\"");
    for (method, body) in [("PATCH", json!({})), ("PUT", slack(&scene, json!({}))), ("GET", NONE), ("DELETE", NONE)] {
        let http = scene.http.clone().with_header("content-type", "application/json");
        let body = (!body.is_null()).then(|| body.to_string().into_bytes());
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = http.send(method, &format!("notificationEndpoints/{ABSENT}"), body).await;
        reply.refused(404, "not found", &absent);
    }
});

both!(a_put_replaces_all_and_drops_what_it_does_not_refer_to, async |scene| {
    let endpoint = made(&scene, slack(&scene, json!({"name": "p", "description": "d", "token": "S3"}))).await;
    let put = async |other: Value| put(&scene.http, &endpoint, slack(&scene, with(&json!({"name": "p"}), other))).await;
    let own = format!("secret: {}-token", id(&endpoint));
    let reply = put(json!({"token": own})).await.expect(200);
    assert_eq!((&reply["token"], reply.get("description")), (&json!(own), None));
    assert_eq!(put(json!({"token": "secret: foo"})).await.expect(200)["token"], "secret: foo");
    assert_eq!(put(json!({})).await.expect(200)["token"], "");
    assert_eq!(kept(&scene, &endpoint).await, ["-token"], "nothing takes it away");
    put(json!({"orgID": NONE})).await.refused(
        400,
        "invalid",
        "provided notification endpoint Unique Key is an invalid format: no ID was provided",
    );
    put(json!({"url": ""})).await.refused(400, "invalid", "slack endpoint URL must be provided");
    let http = json!({"type": "http", "method": "PUT", "authMethod": "bearer", "token": "S4"});
    let reply = put(http).await.expect(200);
    assert_eq!((&reply["id"], &reply["type"], &reply["token"]), (&endpoint["id"], &json!("http"), &json!(own)));
    let reply = put(json!({"type": "pagerduty", "routingKey": "S5"})).await.expect(200);
    assert_eq!((reply.get("token"), reply.get("url")), (None, None));
    assert_eq!(put(json!({})).await.expect(200)["token"], "", "what another type has had is gone");
    let moved = put(json!({"orgID": ABSENT})).await.expect(200);
    assert_eq!(moved["orgID"], ABSENT);
    let list = scene.http.get(&format!("notificationEndpoints?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["notificationEndpoints"], json!([]));
    put(json!({})).await.expect(200);
    scene.http.delete(&path(&endpoint)).await.expect(204);
    assert_eq!(kept(&scene, &endpoint).await, ["-routing-key", "-token"], "not even that");
});

both!(who_changes_an_endpoint_reads_it_too_and_needs_no_right_on_secrets, async |scene| {
    let endpoint = made(&scene, slack(&scene, json!({"name": "e"}))).await;
    let (org, own) = (&scene.org, id(&endpoint));
    let all = |actions: &[&str]| {
        json!(actions.iter().map(|action| scene.may(action, "notificationEndpoints")).collect::<Vec<_>>())
    };
    let (read, write) = (scene.token(all(&["read"])).await, scene.token(all(&["write"])).await);
    let both = scene.token(all(&["read", "write"])).await;
    let lacks = |action: &str| format!("{action}:orgs/{org}/notificationEndpoints/{own} is unauthorized");
    read.http.get(&path(&endpoint)).await.expect(200);
    write.http.get(&path(&endpoint)).await.refused(401, "unauthorized", &lacks("read"));
    for (token, action) in [(&read, "write"), (&write, "read")] {
        token.http.patch(&path(&endpoint), json!({})).await.refused(401, "unauthorized", &lacks(action));
        put(&token.http, &endpoint, slack(&scene, json!({"url": ""}))).await.refused(
            401,
            "unauthorized",
            &lacks(action),
        );
        token.http.delete(&path(&endpoint)).await.refused(401, "unauthorized", &lacks(action));
    }
    let list = format!("notificationEndpoints?orgID={org}");
    assert_eq!(write.http.get(&list).await.expect(200)["notificationEndpoints"], json!([]));
    assert_eq!(names(&read.http.get(&list).await.expect(200)["notificationEndpoints"]), ["e"]);
    let reply = read.http.post("notificationEndpoints", slack(&scene, json!({"name": ""}))).await;
    reply.refused(401, "unauthorized", &format!("write:orgs/{org}/notificationEndpoints is unauthorized"));
    write.http.post("notificationEndpoints", slack(&scene, json!({"token": "S3"}))).await.expect(201);
    let moved = put(&both.http, &endpoint, slack(&scene, json!({"token": "S3", "orgID": ABSENT}))).await.expect(200);
    assert_eq!(moved["orgID"], ABSENT);
    put(&scene.http, &endpoint, endpoint.clone()).await.expect(200);
    let one = ["read", "write"].map(|action| scene.may_one(action, "notificationEndpoints", &own));
    let one = scene.token(json!(one)).await;
    put(&one.http, &endpoint, endpoint.clone()).await.expect(200);
    one.http.delete(&path(&endpoint)).await.expect(204);
});

both!(an_endpoint_has_labels_and_outlives_its_org, async |scene| {
    let label = scene.label("l").await;
    let endpoint = made(&scene, slack(&scene, json!({"labels": [label, ABSENT, "x"]}))).await;
    assert_eq!(names(&endpoint["labels"]), ["l"]);
    let reply = put(&scene.http, &endpoint, slack(&scene, json!({"labels": []}))).await.expect(200);
    assert_eq!(names(&reply["labels"]), ["l"]);
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    token.http.delete(&format!("{}/labels/{label}", path(&endpoint))).await.expect(204);
    token.http.post(&format!("{}/labels", path(&endpoint)), json!({"labelID": label})).await.expect(201);
    let org = id(&scene.http.post("orgs", json!({"name": unique("gone")})).await.expect(201));
    let endpoint = made(&scene, slack(&scene, json!({"orgID": org}))).await;
    scene.http.delete(&format!("orgs/{org}")).await.expect(204);
    scene.http.patch(&path(&endpoint), json!({"status": "inactive"})).await.expect(200);
    scene.http.delete(&path(&endpoint)).await.expect(204);
});
