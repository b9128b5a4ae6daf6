//! Variables of dashboards.

use serde_json::{Value, json};

use crate::support::{ABSENT, Scene, both, id, names};

fn constant(values: &[&str]) -> Value {
    json!({"type": "constant", "values": values})
}

/// Makes a variable; its path.
async fn variable(scene: &Scene, name: &str) -> String {
    let body = json!({"orgID": scene.org, "name": name, "arguments": constant(&["a"])});
    format!("variables/{}", id(&scene.http.post("variables", body).await.expect(201)))
}

async fn made(scene: &Scene, name: Value, arguments: Value) -> crate::support::Reply {
    scene.http.post("variables", json!({"orgID": scene.org, "name": name, "arguments": arguments})).await
}

both!(replies_are_the_variable_itself, async |scene| {
    let path = variable(&scene, "v").await;
    let found = scene.http.get(&path).await.expect(200);
    assert_eq!((&found["name"], &found["orgID"]), (&json!("v"), &json!(scene.org)));
    assert_eq!((&found["description"], &found["selected"]), (&json!(""), &Value::Null), "{found}");
    assert_eq!(found["arguments"], constant(&["a"]));
    assert_eq!(found["labels"], json!([]));
    let links = json!({
        "self": format!("/api/v2/{path}"),
        "labels": format!("/api/v2/{path}/labels"),
        "org": format!("/api/v2/orgs/{}", scene.org),
    });
    assert_eq!(found["links"], links);
    assert!(found["createdAt"].is_string() && found["updatedAt"].is_string(), "{found}");
});

both!(with_an_org_the_list_is_whole_whatever_is_asked, async |scene| {
    for n in 0..3 {
        variable(&scene, &format!("v{n}")).await;
    }
    for query in ["limit=1", "limit=1&offset=2", "offset=9"] {
        let found = scene.http.get(&format!("variables?orgID={}&{query}", scene.org)).await.expect(200);
        assert_eq!(names(&found["variables"]), ["v0", "v1", "v2"], "{query}");
    }
    let none = scene.http.get(&format!("variables?orgID={ABSENT}")).await.expect(200);
    assert_eq!(none["variables"], json!([]));
});

both!(a_name_is_needed_and_has_rules_at_first, async |scene| {
    for name in [json!(""), Value::Null] {
        made(&scene, name, constant(&[])).await.refused(400, "invalid", "missing variable name");
    }
    for name in ["1a", "-", "ä", "."] {
        let reply = made(&scene, json!(name), constant(&[])).await;
        reply.refused(400, "invalid", "variable name must start with a letter");
    }
    for name in ["and", "builtin", "empty", "import", "in", "not", "option", "or", "package", "return", "test"] {
        let reply = made(&scene, json!(name), constant(&[])).await;
        reply.refused(400, "invalid", &format!("\"{name}\" is a protected variable name"));
    }
    for name in ["if", "AND", "_", "a b", "naïve", "trailing "] {
        assert_eq!(made(&scene, json!(name), constant(&[])).await.expect(201)["name"], name);
    }
});

both!(a_change_of_the_name_has_none_of_the_rules_and_trims, async |scene| {
    let path = variable(&scene, "v").await;
    for (sent, kept) in [("1a", "1a"), ("import", "import"), ("  b ", "b"), ("", "b"), ("B", "B")] {
        let changed = scene.http.patch(&path, json!({"name": sent, "selected": []})).await.expect(200);
        assert_eq!(changed["name"], kept, "{sent:?}");
    }
});

both!(names_are_unique_in_an_org_whatever_their_case, async |scene| {
    variable(&scene, "Region").await;
    let path = variable(&scene, "other").await;
    for name in ["region", "REGION"] {
        let reply = made(&scene, json!(name), constant(&[])).await;
        reply.refused(422, "conflict", &format!("variable is not unique for key {}region", scene.org));
        let reply = scene.http.patch(&path, json!({"name": name})).await;
        let conflicts = "variable entity update conflicts with an existing entity for key";
        reply.refused(422, "conflict", &format!("{conflicts} {}region", scene.org));
    }
    // White space at the end makes another name.
    made(&scene, json!("region "), constant(&[])).await.expect(201);
});

both!(a_description_cannot_be_cleared_by_a_change, async |scene| {
    let path = variable(&scene, "v").await;
    scene.http.patch(&path, json!({"description": "d"})).await.expect(200);
    let reply = scene.http.patch(&path, json!({"description": ""})).await;
    reply.refused(400, "invalid", "no fields supplied in update");
    let kept = scene.http.patch(&path, json!({"description": "", "selected": ["a"]})).await.expect(200);
    assert_eq!((&kept["description"], &kept["selected"]), (&json!("d"), &json!(["a"])));
    let mut all = scene.http.get(&path).await.expect(200);
    all["description"] = json!("");
    let json = scene.http.clone().with_header("content-type", "application/json");
    let put = json.send(reqwest::Method::PUT, &path, Some(all.to_string().into_bytes())).await.expect(200);
    assert_eq!(put["description"].as_str().unwrap_or_default(), "");
    assert_eq!((&put["createdAt"], &put["selected"]), (&all["createdAt"], &json!(["a"])));
});

both!(arguments_are_of_three_types, async |scene| {
    let of = |ty: &str, values: Value| json!({"type": ty, "values": values});
    let query = json!({"query": "", "language": "sql"});
    for arguments in [
        constant(&["b", "a", "b"]),
        constant(&[]),
        of("map", json!({"k": "v"})),
        of("map", json!({})),
        of("query", query),
    ] {
        let path = variable(&scene, &crate::support::unique("v")).await;
        let changed = scene.http.patch(&path, json!({"arguments": arguments})).await.expect(200);
        assert_eq!(changed["arguments"], arguments);
        assert_eq!(scene.http.get(&path).await.expect(200)["arguments"], arguments);
    }
    for (arguments, message) in [
        (of("x", json!([])), "unknown VariableArguments type x"),
        (of("constant", json!([1.0])), "expected variable constant value to be string but received float64"),
        (of("query", json!({"query": ""})), "\"language\" key not present in VariableQueryArguments"),
    ] {
        let reply = made(&scene, json!("broken"), arguments).await;
        assert!(reply.status == 400 && reply.message().contains(message), "{}", reply.text);
    }
});

both!(an_org_is_needed_and_may_be_absent, async |scene| {
    let reply = scene.http.post("variables", json!({"name": "v", "arguments": constant(&[])})).await;
    reply.refused(400, "invalid", "invalid org id for permission: invalid ID");
    let body = json!({"orgID": ABSENT, "name": crate::support::unique("v"), "arguments": constant(&[])});
    let ghost = scene.http.post("variables", body).await.expect(201);
    scene.http.delete(&format!("variables/{}", id(&ghost))).await.expect(204);
});

both!(what_is_not_there_is_404, async |scene| {
    let path = format!("variables/{ABSENT}");
    scene.http.get(&path).await.refused(404, "not found", "variable not found");
    scene.http.patch(&path, json!({"name": "v"})).await.refused(404, "not found", "variable not found");
    scene.http.delete(&path).await.refused(404, "not found", "variable not found");
});

both!(a_change_takes_the_right_to_read_too, async |scene| {
    let path = variable(&scene, "v").await;
    let id = path.split_once('/').unwrap().1.to_owned();
    let unauthorized = |action: &str| format!("{action}:orgs/{}/variables/{id} is unauthorized", scene.org);
    let token = scene.token(json!([scene.may("write", "variables")])).await;
    let writer = scene.http.clone().with_token(&token.token);
    writer.get(&path).await.refused(401, "unauthorized", &unauthorized("read"));
    writer.patch(&path, json!({"name": "w"})).await.refused(401, "unauthorized", &unauthorized("read"));
    writer.delete(&path).await.refused(401, "unauthorized", &unauthorized("read"));
    let token = scene.token(json!([scene.may("read", "variables")])).await;
    let reader = scene.http.clone().with_token(&token.token);
    reader.get(&path).await.expect(200);
    reader.patch(&path, json!({"name": "w"})).await.refused(401, "unauthorized", &unauthorized("write"));
    let token = scene.token(json!([scene.may("read", "labels")])).await;
    let stranger = scene.http.clone().with_token(&token.token);
    let seen = stranger.get(&format!("variables?orgID={}", scene.org)).await.expect(200);
    assert_eq!(seen["variables"], json!([]));
    scene.http.delete(&path).await.expect(204);
});

both!(labels_are_attached, async |scene| {
    let path = variable(&scene, "v").await;
    let label = scene.label("l").await;
    scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
    assert_eq!(names(&scene.http.get(&path).await.expect(200)["labels"]), ["l"]);
    let listed = scene.http.get(&format!("variables?orgID={}", scene.org)).await.expect(200);
    assert_eq!(names(&listed["variables"][0]["labels"]), ["l"]);
    scene.http.delete(&format!("{path}/labels/{label}")).await.expect(204);
    assert_eq!(scene.http.get(&path).await.expect(200)["labels"], json!([]));
});

both!(what_is_no_variable_is_400, async |scene| {
    let (org, path) = (&scene.org, variable(&scene, "v").await);
    let go = "json: cannot unmarshal";
    let post = [
        ("", "EOF".to_owned()),
        ("[", "unexpected EOF".to_owned()),
        ("[]", format!("{go} array into Go value of type influxdb.Variable")),
        (r#"{"name":1}"#, format!("{go} number into Go struct field Variable.name of type string")),
        (r#"{"orgID":"ORG","name":"a"}"#, "invalid arguments type".to_owned()),
        (r#"{"orgID":"ORG","name":"a","arguments":null}"#, "invalid arguments type".to_owned()),
        (r#"{"orgID":"ORG","name":"a","arguments":{}}"#, "unknown VariableArguments type ".to_owned()),
        (
            r#"{"orgID":"ORG","name":"a","arguments":{"type":"query","values":{"query":1,"language":"flux"}}}"#,
            r#"expected "query" to be string but received float64"#.to_owned(),
        ),
        (r#"{"name":"z"}"#, "invalid arguments type".to_owned()),
        (
            r#"{"orgID":"ORG","name":" ","arguments":{"type":"map","values":{}}}"#,
            "variable name must start with a letter".to_owned(),
        ),
    ];
    for (body, message) in post {
        let body = body.replace("ORG", org).into_bytes();
        scene.http.send(reqwest::Method::POST, "variables", Some(body)).await.refused(400, "invalid", &message);
    }
    let patch = scene.http.send(reqwest::Method::PATCH, &path, Some(b"[]".to_vec())).await;
    patch.refused(400, "invalid", &format!("{go} array into Go value of type influxdb.VariableUpdate"));
    assert_eq!(scene.http.patch(&path, json!({"name": " "})).await.expect(200)["name"], "v");
    for (body, message) in [
        (r#"{"name":"v","arguments":{"type":"constant","values":[]}}"#, "bad organization id: invalid ID"),
        (r#"{"orgID":"ORG","name":"v"}"#, "invalid arguments type"),
    ] {
        let body = body.replace("ORG", org).into_bytes();
        scene.http.send(reqwest::Method::PUT, &path, Some(body)).await.refused(400, "invalid", message);
    }
});

both!(what_is_not_sent_or_null_is_no_change_and_each_other_change_counts, async |scene| {
    let body =
        json!({"orgID": scene.org, "name": "v", "arguments": constant(&["a"]), "selected": ["x", "x", "nosuch"]});
    let made = scene.http.post("variables", body).await.expect(201);
    assert_eq!(made["selected"], json!(["x", "x", "nosuch"]));
    let path = format!("variables/{}", id(&made));
    let nothing = "no fields supplied in update";
    for body in [
        json!({}),
        json!({"selected": null}),
        json!({"description": null}),
        json!({"name": null}),
        json!({"name": "  "}),
        json!({"arguments": null}),
    ] {
        let reply = scene.http.patch(&path, body.clone()).await;
        // White space is one that changes nothing.
        match body["name"].is_string() {
            true => assert_eq!(reply.expect(200)["name"], "v"),
            false => reply.refused(400, "invalid", nothing),
        }
    }
    let unknown = "unknown VariableArguments type ";
    scene.http.patch(&path, json!({"arguments": {}})).await.refused(400, "invalid", unknown);
    let changed = scene.http.patch(&path, json!({"selected": [], "orgID": ABSENT})).await.expect(200);
    assert_eq!((&changed["selected"], &changed["orgID"]), (&json!([]), &json!(scene.org)));
    let again = scene.http.patch(&path, json!({"name": "v"})).await.expect(200);
    assert_ne!(again["updatedAt"], changed["updatedAt"], "a change that changes nothing is one");
    let sorted = json!({"type": "map", "values": {"b": "1", "a": "2"}});
    let text = scene.http.patch(&path, json!({"arguments": sorted})).await.text;
    assert!(text.contains(r#""values":{"a":"2","b":"1"}"#), "{text}");
});

both!(a_put_replaces_all_with_its_times_and_its_org, async |scene| {
    let put = async |path: &str, body: &Value| {
        let json = scene.http.clone().with_header("content-type", "application/json");
        json.send(reqwest::Method::PUT, path, Some(body.to_string().into_bytes())).await
    };
    let path = variable(&scene, "v").await;
    let label = scene.label("l").await;
    scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
    scene.http.patch(&path, json!({"description": "d", "selected": ["a"]})).await.expect(200);
    let before = scene.http.get(&path).await.expect(200);
    variable(&scene, "taken").await;
    let with = |key: &str, value: Value| {
        let mut body = before.clone();
        body[key] = value;
        body
    };
    for (name, words) in [
        ("1a", "variable name must start with a letter"),
        (" x ", "variable name must start with a letter"),
        ("and", "\"and\" is a protected variable name"),
        ("", "missing variable name"),
    ] {
        put(&path, &with("name", json!(name))).await.refused(400, "invalid", words);
    }
    let taken = format!("variable entity update conflicts with an existing entity for key {}taken", scene.org);
    put(&path, &with("name", json!("TAKEN"))).await.refused(422, "conflict", &taken);
    put(&path, &with("createdAt", json!("x"))).await.refused(400, "invalid", "parsing time \"x\" as");
    let unread = "Time.UnmarshalJSON: input is not a JSON string";
    put(&path, &with("createdAt", json!(5))).await.refused(400, "invalid", unread);
    assert_eq!(scene.http.get(&path).await.expect(200), before);
    assert_eq!(put(&path, &before).await.expect(200), before, "what a read gives changes nothing");
    let old = put(&path, &with("createdAt", json!("2020-01-01T00:00:00Z"))).await.expect(200);
    assert_eq!((&old["createdAt"], &old["updatedAt"]), (&json!("2020-01-01T00:00:00Z"), &before["updatedAt"]));

    let bare = json!({"orgID": scene.org, "name": "w", "arguments": constant(&[])});
    put(&path, &bare).await.expect(200);
    let found = scene.http.get(&path).await.expect(200);
    let (never, none) = (json!("0001-01-01T00:00:00Z"), Value::Null);
    assert_eq!((&found["createdAt"], &found["updatedAt"]), (&never, &never));
    assert_eq!((&found["description"], &found["selected"]), (&json!(""), &none));
    assert_eq!(names(&found["labels"]), ["l"]);
    let after = scene.http.patch(&path, json!({"name": "x"})).await.expect(200);
    assert_eq!(after["createdAt"], never, "for ever");

    // Nobody asks whether the token may write there.
    let elsewhere = scene.beside().await;
    let own = json!([scene.may("read", "variables"), scene.may("write", "variables")]);
    let http = scene.token(own).await.http.with_header("content-type", "application/json");
    let body = json!({"orgID": elsewhere.org, "name": "w", "arguments": constant(&[])});
    let moved = http.send(reqwest::Method::PUT, &path, Some(body.to_string().into_bytes())).await.expect(200);
    assert_eq!(moved["orgID"], json!(elsewhere.org));
    assert_eq!(http.get(&path).await.status, 401);
});
