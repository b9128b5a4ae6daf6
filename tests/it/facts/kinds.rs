//! What is alike in kinds whose objects belong to orgs.

use serde_json::{Value, json};

use crate::support::{ABSENT, Reply, Scene, both, column, id, unique};

/// The kinds that need little of what is there.
const OF_ORGS: [&str; 7] = ["variables", "dashboards", "telegrafs", "scrapers", "remotes", "replications", "dbrps"];

/// What makes an object; `other` is added, and wins.
async fn sent(scene: &Scene, kind: &str, name: &str, other: Value) -> Value {
    let mut body = json!({"orgID": scene.org, "name": name});
    let more = match kind {
        "variables" => json!({"arguments": {"type": "constant", "values": ["a"]}}),
        "telegrafs" => json!({"config": "", "metadata": {"buckets": []}}),
        "scrapers" => json!({"bucketID": ABSENT}),
        "remotes" => json!({"remoteURL": "http://127.0.0.1:1", "remoteAPIToken": "t", "remoteOrgID": ABSENT}),
        "replications" => {
            let remote = id(&Box::pin(made(scene, "remotes", &unique("hq"))).await);
            json!({"remoteID": remote, "localBucketID": scene.bucket(&unique("b")).await, "remoteBucketName": "x"})
        }
        "dbrps" => json!({"bucketID": scene.bucket(&unique("b")).await, "database": name, "retention_policy": "r"}),
        "tasks" => json!({"flux": crate::support::hourly(name)}),
        "checks" => json!({
            "type": "threshold", "status": "active", "every": "1m", "thresholds": [],
            "query": {"text": "from(bucket: \"b\") |> range(start: -1m) |> filter(fn: (r) => r._field == \"u\")"},
        }),
        "notificationEndpoints" => json!({"type": "slack", "status": "active", "url": "http://x"}),
        "notificationRules" => {
            let endpoint = id(&Box::pin(made(scene, "notificationEndpoints", &unique("e"))).await);
            json!({
                "type": "slack", "status": "active", "every": "5m", "endpointID": endpoint, "messageTemplate": "m",
                "statusRules": [{"currentLevel": "CRIT"}],
            })
        }
        _ => json!({}),
    };
    for fields in [more, other] {
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    }
    body
}

async fn post(scene: &Scene, kind: &str, name: &str, other: Value) -> Reply {
    scene.http.post(kind, sent(scene, kind, name, other).await).await
}

/// A new object of a kind.
pub(super) async fn made(scene: &Scene, kind: &str, name: &str) -> Value {
    post(scene, kind, name, json!({})).await.expect(201)
}

/// Where it is found.
fn at(kind: &str, id: &str, org: &str) -> String {
    if kind == "dbrps" { format!("{kind}/{id}?orgID={org}") } else { format!("{kind}/{id}") }
}

both!(a_name_is_any_text_byte_for_byte, async |scene| {
    for kind in ["dashboards", "telegrafs", "scrapers", "remotes", "replications"] {
        for name in ["", " ", "é\n\u{1}", "A", "a", " a ", &"x".repeat(10_000)] {
            let made = post(&scene, kind, name, json!({})).await.expect(201);
            assert_eq!(made["name"].as_str().unwrap_or_default(), name, "{kind}");
        }
    }
});

both!(an_org_that_is_not_there_has_objects, async |scene| {
    for kind in OF_ORGS {
        let ghost = post(&scene, kind, &unique("ghost"), json!({"orgID": ABSENT})).await.expect(201);
        // A scraper leaves out an org that is not there.
        assert_eq!(ghost["orgID"], if kind == "scrapers" { Value::Null } else { json!(ABSENT) }, "{kind}");
        scene.http.delete(&at(kind, &id(&ghost), ABSENT)).await.expect(204);
    }
});

both!(what_belongs_to_another_org_is_taken, async |scene| {
    let elsewhere = scene.beside().await;
    let (bucket, remote) = (elsewhere.bucket("far").await, id(&made(&elsewhere, "remotes", "far").await));
    for (kind, other) in [
        ("dbrps", json!({"bucketID": bucket})),
        ("scrapers", json!({"bucketID": bucket})),
        ("replications", json!({"localBucketID": bucket, "remoteID": remote, "maxQueueSizeBytes": 1_u64 << 62})),
    ] {
        let made = post(&scene, kind, "far", other.clone()).await.expect(201);
        for (key, value) in other.as_object().unwrap() {
            assert_eq!(&made[key], value, "{kind}");
        }
    }
});

both!(an_id_says_when_it_was_made, async |scene| {
    for kind in OF_ORGS {
        let made = id(&made(&scene, kind, &unique("x")).await);
        let millis = i64::try_from(u64::from_str_radix(&made, 16).unwrap() >> 22).unwrap() + 1_491_696_000_000;
        let off = (millis - jiff::Timestamp::now().as_millisecond()).abs();
        assert!(off < 60_000, "{kind} {made}: {off}");
    }
});

both!(what_is_sent_for_the_server_to_say_and_what_follows_the_body_is_ignored, async |scene| {
    let label = scene.label("l").await;
    for kind in OF_ORGS {
        let other = json!({
            "id": ABSENT, "createdAt": "2020-01-01T00:00:00Z", "labels": [label], "nosuch": 1, "links": {},
        });
        let text = format!("{} x", sent(&scene, kind, &unique("x"), other).await);
        let made = scene.http.post_text(kind, &text).await.expect(201);
        assert_ne!(made["id"], ABSENT, "{kind}");
        assert!(!made.to_string().contains("2020-01-01"), "{kind}: {made}");
        assert!(!made.to_string().contains(&label), "{kind}: {made}");
    }
});

both!(a_malformed_id_in_a_path_is_400, async |scene| {
    for kind in OF_ORGS {
        let path = at(kind, "x", &scene.org);
        let change = if kind == "telegrafs" { reqwest::Method::PUT } else { reqwest::Method::PATCH };
        let words = match kind {
            "remotes" => "remote-connection ID is invalid",
            "replications" => "replication ID is invalid",
            _ => "id must have a length of 16 bytes",
        };
        for reply in [
            scene.http.get(&path).await,
            scene.http.send(change, &path, Some(b"{\"name\":\"x\"}".to_vec())).await,
            scene.http.delete(&path).await,
        ] {
            reply.refused(400, "invalid", words);
        }
    }
});

both!(without_an_org_a_list_has_all_that_the_token_sees_by_id, async |scene| {
    let elsewhere = scene.beside().await;
    for kind in ["variables", "dashboards", "telegrafs", "scrapers"] {
        let rows = if matches!(kind, "telegrafs" | "scrapers") { "configurations" } else { kind };
        let here = [made(&scene, kind, "a").await, made(&scene, kind, "b").await].map(|made| id(&made));
        made(&elsewhere, kind, "a").await;
        let all = scene.http.get(&format!("{kind}?limit=100")).await.expect(200);
        let orgs = column(&all[rows], "orgID");
        // Other tests have theirs here.
        assert!(orgs.contains(&scene.org.as_str()) || orgs.len() == 100, "{kind}");
        let reader = scene.token(json!([scene.may("read", kind)])).await.http;
        if rows == "configurations" {
            assert_eq!(column(&reader.get(kind).await.expect(200)[rows], "id"), here, "{kind}");
        }
        let blind = scene.token(json!([scene.may("read", "labels")])).await.http;
        let none = blind.get(&format!("{kind}?orgID={}", scene.org)).await.expect(200);
        assert_eq!(none[rows], json!([]), "{kind}");
    }
});

both!(without_an_org_variables_and_dashboards_have_pages, async |scene| {
    for kind in ["variables", "dashboards"] {
        for name in ["a", "b", "c"] {
            made(&scene, kind, name).await;
        }
        for (query, links) in [("limit=1", &["next", "self"][..]), ("limit=2&offset=1", &["next", "prev", "self"])] {
            let page = scene.http.get(&format!("{kind}?{query}")).await.expect(200);
            let limit = query.split(['=', '&']).nth(1).unwrap();
            assert_eq!(page[kind].as_array().unwrap().len().to_string(), limit, "{kind}");
            let mut keys: Vec<_> = page["links"].as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, links, "{kind}");
        }
        // With one, there is always a next page, and it has the same.
        let path = format!("{kind}?orgID={}&limit=2", scene.org);
        let page = scene.http.get(&path).await.expect(200);
        let next = scene.http.get(page["links"]["next"].as_str().unwrap()).await.expect(200);
        assert_eq!((page[kind].as_array().unwrap().len(), &next[kind]), (3, &page[kind]), "{kind}");
    }
});

both!(an_org_by_a_name_that_nobody_has, async |scene| {
    let missing = "organization name \"no-such-org\" not found";
    for (kind, status, code, words) in [
        ("variables", 500, "internal error", format!("could not read variables: {missing}")),
        ("dashboards", 404, "not found", missing.to_owned()),
        ("scrapers", 404, "not found", missing.to_owned()),
        ("dbrps", 404, "not found", "invalid org \"no-such-org\": organization not found".to_owned()),
        ("remotes", 400, "invalid", "invalid or missing org ID".to_owned()),
        ("replications", 400, "invalid", "invalid or missing org ID".to_owned()),
    ] {
        scene.http.get(&format!("{kind}?org=no-such-org")).await.refused(status, code, &words);
    }
    scene.http.get("telegrafs?org=no-such-org").await.expect(200);
    let nowhere = scene.http.get(&format!("replications?orgID={ABSENT}")).await.expect(200);
    assert_eq!(nowhere, json!({"replications": null}));
});

both!(of_many_who_make_one_at_once_one_does, async |scene| {
    for kind in ["variables", "remotes"] {
        let body = sent(&scene, kind, "same", json!({})).await;
        let post = || async { scene.http.post(kind, body.clone()).await.status };
        let statuses = futures::future::join_all((0..20).map(|_| post())).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{kind}: {statuses:?}");
    }
    // Usernames of v1 tokens, and roles in an org: the rest of these ends with errors of the server's own.
    let user = scene.user("member").await;
    let v1 = json!({"orgID": scene.org, "token": unique("v1"), "permissions": [scene.may("read", "buckets")]});
    for (path, body) in [
        ("/private/legacy/authorizations".to_owned(), v1),
        (format!("orgs/{}/members", scene.org), json!({"id": user})),
    ] {
        let post = || async { scene.http.post(&path, body.clone()).await.status };
        let statuses = futures::future::join_all((0..20).map(|_| post())).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{path}: {statuses:?}");
        assert!(statuses.iter().all(|status| [201, 422, 500].contains(status)), "{path}: {statuses:?}");
    }
});
