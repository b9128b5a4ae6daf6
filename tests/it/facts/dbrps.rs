//! Mappings of databases and retention policies of InfluxDB 1.x to buckets.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Http, Reply, Scene, both, id, real, unique};

const MISSING: &str = "unable to find DBRP";
const TAKEN: &str = "another DBRP mapping with same orgID, db, and rp exists";

fn sent(scene: &Scene, bucket: &str, database: &str, policy: &str) -> Value {
    json!({"orgID": scene.org, "bucketID": bucket, "database": database, "retention_policy": policy})
}

/// Makes a mapping; its ID.
async fn mapping(scene: &Scene, bucket: &str, database: &str, policy: &str) -> String {
    id(&scene.http.post("dbrps", sent(scene, bucket, database, policy)).await.expect(201))
}

fn at(scene: &Scene, id: &str) -> String {
    format!("dbrps/{id}?orgID={}", scene.org)
}

/// `database/policy` of each mapping that `http` sees, `*` after the default ones and `~` before the virtual ones.
async fn seen(scene: &Scene, http: &Http, query: &str) -> String {
    let list = http.get(&format!("dbrps?orgID={}{query}", scene.org)).await.expect(200);
    let row = |row: &Value| {
        let mark = |key: &str, mark: &'static str| if row[key] == true { mark } else { "" };
        let (database, policy) = (row["database"].as_str().unwrap(), row["retention_policy"].as_str().unwrap());
        format!("{}{database}/{policy}{}", mark("virtual", "~"), mark("default", "*"))
    };
    list["content"].as_array().unwrap().iter().map(row).collect::<Vec<_>>().join(" ")
}

async fn rows(scene: &Scene, query: &str) -> String {
    seen(scene, &scene.http, query).await
}

async fn patch(scene: &Scene, id: &str, body: Value) -> Reply {
    scene.http.patch(&at(scene, id), body).await
}

both!(a_create_replies_with_the_mapping_and_others_with_its_content, async |scene| {
    let bucket = scene.bucket("b").await;
    let made = scene.http.post("dbrps", sent(&scene, &bucket, "db", "rp")).await.expect(201);
    let own = id(&made);
    let row = |policy: &str| {
        json!({
            "id": own, "database": "db", "retention_policy": policy, "default": true, "virtual": false, "orgID": scene.org,
            "bucketID": bucket,
        })
    };
    assert_eq!(made, row("rp"));
    let found = scene.http.get(&at(&scene, &own)).await.expect(200);
    assert_eq!(found, json!({"content": row("rp")}));
    let changed = patch(&scene, &own, json!({"retention_policy": "long"})).await.expect(200);
    assert_eq!(changed, json!({"content": row("long")}));
    let list = scene.http.get(&format!("dbrps?orgID={}&db=db", scene.org)).await.expect(200);
    assert_eq!(list, json!({"content": [row("long")]}));
    scene.http.delete(&at(&scene, &own)).await.expect(204);
    for reply in [scene.http.get(&at(&scene, &own)).await, scene.http.delete(&at(&scene, &own)).await] {
        reply.refused(404, "not found", MISSING);
    }
});

both!(each_database_has_one_default, async |scene| {
    let bucket = scene.bucket("b").await;
    let first = mapping(&scene, &bucket, "d", "one").await;
    let second = mapping(&scene, &bucket, "d", "two").await;
    assert_eq!(rows(&scene, "&db=d").await, "d/one* d/two", "the first, whatever is sent");
    let mut third = sent(&scene, &bucket, "d", "three");
    third["default"] = json!(true);
    let third = id(&scene.http.post("dbrps", third).await.expect(201));
    assert_eq!(rows(&scene, "&db=d").await, "d/one d/two d/three*", "who asks for it takes it");
    patch(&scene, &second, json!({"default": true})).await.expect(200);
    assert_eq!(rows(&scene, "&db=d").await, "d/one d/two* d/three");
    for (id, policy) in [(&first, "1"), (&second, "2")] {
        patch(&scene, id, json!({"retention_policy": policy})).await.expect(200);
    }
    assert_eq!(rows(&scene, "&db=d").await, "d/1 d/2* d/three", "another policy changes nothing of it");
    patch(&scene, &second, json!({"default": false})).await.expect(200);
    assert_eq!(rows(&scene, "&db=d").await, "d/1* d/2 d/three", "the oldest of the others gets it");
    scene.http.delete(&at(&scene, &first)).await.expect(204);
    assert_eq!(rows(&scene, "&db=d").await, "d/2* d/three");
    scene.http.delete(&at(&scene, &third)).await.expect(204);
    let changed = patch(&scene, &second, json!({"default": false})).await.expect(200);
    assert_eq!(changed["content"]["default"], false, "the reply has what was sent");
    assert_eq!(rows(&scene, "&db=d").await, "d/2*", "the only one keeps it");
});

both!(a_change_is_of_the_policy_and_the_default_only, async |scene| {
    let (bucket, other) = (scene.bucket("b").await, scene.bucket("other").await);
    let own = mapping(&scene, &bucket, "d", "one").await;
    mapping(&scene, &bucket, "d", "two").await;
    let ignored =
        json!({"database": "e", "bucketID": other, "orgID": ABSENT, "retention_policy": null, "default": null});
    let same = patch(&scene, &own, ignored).await.expect(200)["content"].clone();
    assert_eq!(
        (&same["database"], &same["bucketID"], &same["orgID"]),
        (&json!("d"), &json!(bucket), &json!(scene.org))
    );
    assert_eq!(rows(&scene, "&db=d").await, "d/one* d/two");
    patch(&scene, &own, json!({"retention_policy": "two"})).await.refused(422, "conflict", TAKEN);
    patch(&scene, &own, json!({"retention_policy": "one"})).await.expect(200);
    for policy in ["", "a/b"] {
        let reply = patch(&scene, &own, json!({"retention_policy": policy})).await;
        let rule = "must contain at least one character and only be letters, numbers, '_', '-', and '.'";
        reply.refused(400, "invalid", &format!("DBRP provided is invalid: retentionPolicy {rule}"));
    }
    scene.http.post("dbrps", sent(&scene, &other, "d", "two")).await.refused(422, "conflict", TAKEN);
});

both!(no_request_goes_without_an_org, async |scene| {
    let bucket = scene.bucket("b").await;
    let own = mapping(&scene, &bucket, "d", "r").await;
    let needed = "either 'org' or 'orgID' must be provided";
    let path = format!("dbrps/{own}");
    for reply in [
        scene.http.get("dbrps").await,
        scene.http.get(&path).await,
        scene.http.patch(&path, json!({})).await,
        scene.http.delete(&path).await,
        scene.http.post("dbrps", json!({})).await,
    ] {
        reply.refused(400, "invalid", needed);
    }
    let elsewhere = format!("{path}?orgID={ABSENT}");
    for reply in [
        scene.http.get(&elsewhere).await,
        scene.http.patch(&elsewhere, json!({})).await,
        scene.http.delete(&elsewhere).await,
    ] {
        reply.refused(404, "not found", MISSING);
    }
    scene.http.get(&format!("{path}?org={}", scene.org_name)).await.expect(200);
    scene.http.get(&format!("{path}?org=nope&orgID={}", scene.org)).await.expect(200);
    for query in ["dbrps?org=nope", &format!("{path}?org=nope")] {
        scene.http.get(query).await.refused(404, "not found", "invalid org \"nope\": organization not found");
    }
    let malformed = "invalid org ID \"zz\": id must have a length of 16 bytes";
    scene.http.get("dbrps?orgID=zz").await.refused(400, "invalid", malformed);
    scene.http.get("dbrps/zz").await.refused(400, "invalid", "id must have a length of 16 bytes");
    let none = scene.http.get(&format!("dbrps?orgID={ABSENT}")).await.expect(200);
    assert_eq!(none, json!({"content": []}));
    let mut named = sent(&scene, &bucket, "d", "named");
    (named["org"], named["orgID"]) = (json!(scene.org_name), Value::Null);
    scene.http.post("dbrps", named).await.expect(201);
});

both!(a_list_has_filters_and_no_pages, async |scene| {
    let (bucket, other) = (scene.bucket("b").await, scene.bucket("c").await);
    let own = mapping(&scene, &bucket, "d", "one").await;
    mapping(&scene, &other, "d", "two").await;
    mapping(&scene, &bucket, "e", "two").await;
    let system = "~_monitoring/autogen* ~_tasks/autogen*";
    assert_eq!(rows(&scene, "").await, format!("d/one* d/two e/two* {system} ~b/autogen* ~c/autogen*"));
    assert_eq!(rows(&scene, "&limit=1").await, rows(&scene, "").await);
    for (query, wanted) in [
        ("&db=d", "d/one* d/two"),
        ("&rp=two", "d/two e/two*"),
        ("&db=d&rp=two", "d/two"),
        ("&default=false", "d/two"),
        ("&default=1", &format!("d/one* e/two* {system} ~b/autogen* ~c/autogen*")),
        (&format!("&bucketID={other}"), "d/two ~c/autogen*"),
        (&format!("&id={own}"), "d/one*"),
        (&format!("&id={own}&db=e"), ""),
        (&format!("&id={bucket}"), "~b/autogen*"),
    ] {
        assert_eq!(rows(&scene, query).await, wanted, "{query}");
    }
    for (query, words) in [
        ("default=x", "invalid default parameter"),
        ("bucketID=zz", "invalid bucket ID \"zz\": id must have a length of 16 bytes"),
        ("id=zz", "invalid DBRP ID \"zz\": id must have a length of 16 bytes"),
    ] {
        let reply = scene.http.get(&format!("dbrps?orgID={}&{query}", scene.org)).await;
        reply.refused(400, "invalid", words);
    }
});

both!(the_name_of_a_bucket_is_a_mapping_that_nothing_changes, async |scene| {
    let bucket = scene.bucket("x").await;
    for name in ["x/rp", "a/b/c"] {
        scene.bucket(name).await;
    }
    assert_eq!(rows(&scene, "&db=x").await, "~x/autogen* ~x/rp");
    assert_eq!(rows(&scene, "&db=a").await, "~a/b/c");
    assert_eq!(scene.http.get(&at(&scene, &bucket)).await.expect(200)["content"]["virtual"], true);
    let changed = patch(&scene, &bucket, json!({"retention_policy": "y"})).await.expect(200);
    assert_eq!(changed["content"]["retention_policy"], "y");
    scene.http.delete(&at(&scene, &bucket)).await.expect(204);
    assert_eq!(rows(&scene, "&db=x").await, "~x/autogen* ~x/rp");
    mapping(&scene, &bucket, "x", "real").await;
    assert_eq!(rows(&scene, "&db=x").await, "x/real* ~x/autogen ~x/rp", "the first that is made takes the default");
    let same = mapping(&scene, &bucket, "x", "rp").await;
    assert_eq!(rows(&scene, "&db=x").await, "x/real* x/rp ~x/autogen", "the same that is made hides it");
    scene.http.delete(&at(&scene, &same)).await.expect(204);
    assert_eq!(rows(&scene, "&db=x").await, "x/real* ~x/autogen ~x/rp");
});

both!(names_are_printed_and_no_path, async |scene| {
    let bucket = scene.bucket("b").await;
    for name in [" ", "a b", "\"", "é", "e\u{301}", "_x", "-", "a..b", "北"] {
        scene.http.post("dbrps", sent(&scene, &bucket, name, "n")).await.expect(201);
        scene.http.post("dbrps", sent(&scene, &bucket, "n", name)).await.expect(201);
    }
    let rule = "must contain at least one character and only be letters, numbers, '_', '-', and '.'";
    for name in ["", ".", "..", "a/b", "a\\b", "a\n", "\u{1}", "\u{7f}", "\u{85}", "\u{a0}", "\u{200b}"] {
        for (part, made) in
            [("database", sent(&scene, &bucket, name, "n")), ("retentionPolicy", sent(&scene, &bucket, "d", name))]
        {
            let reply = scene.http.post("dbrps", made).await;
            reply.refused(400, "invalid", &format!("DBRP provided is invalid: {part} {rule}"));
        }
    }
    let long = |bytes| "d".repeat(bytes);
    scene.http.post("dbrps", sent(&scene, &bucket, &long(32_700), "n")).await.expect(201);
    let reply = scene.http.post("dbrps", sent(&scene, &bucket, &long(33_000), "n")).await;
    reply.refused(413, "request too large", "key too large");
    scene.http.post("dbrps", sent(&scene, &bucket, "d", &long(33_000))).await.expect(201);
});

both!(a_body_that_is_none_makes_nothing, async |scene| {
    for (text, words) in [
        ("", "invalid json structure: EOF"),
        ("{", "invalid json structure: unexpected EOF"),
        (
            r#"{"database":1}"#,
            "invalid json structure: json: cannot unmarshal number into Go struct field createDBRPRequest.database of type string",
        ),
        (r#"{"orgID":"zz"}"#, "invalid org ID \"zz\": id must have a length of 16 bytes"),
    ] {
        scene.http.post_text("dbrps", text).await.refused(400, "invalid", words);
    }
    let reply = scene.http.post("dbrps", json!({"orgID": scene.org})).await;
    reply.refused(400, "invalid", "invalid bucket ID \"\": id must have a length of 16 bytes");
    let reply = scene.http.post("dbrps", sent(&scene, ABSENT, "d", "r")).await;
    reply.refused(404, "not found", "bucket not found");
    let bucket = scene.bucket("b").await;
    let own = mapping(&scene, &bucket, "d", "r").await;
    let reply = patch(&scene, &own, json!({"default": "x"})).await;
    let words = "json: cannot unmarshal string into Go struct field .default of type bool";
    reply.refused(400, "invalid", &format!("invalid json structure: {words}"));
});

both!(rights_are_those_on_the_bucket, async |scene| {
    let (bucket, hidden) = (scene.bucket("b").await, scene.bucket("h").await);
    let own = mapping(&scene, &bucket, "d", "r").await;
    mapping(&scene, &hidden, "d", "h").await;
    let path = at(&scene, &own);
    let lacks = |action: &str| format!("{action}:orgs/{}/buckets/{bucket} is unauthorized", scene.org);
    let may = |action| scene.may_one(action, "buckets", &bucket);
    let (read, write) = (may("read"), may("write"));
    let new = sent(&scene, &bucket, "d", "new");

    let reader = scene.token(json!([read])).await.http;
    assert_eq!(seen(&scene, &reader, "").await, "d/r* ~b/autogen*");
    reader.get(&path).await.expect(200);
    for reply in
        [reader.post("dbrps", new.clone()).await, reader.patch(&path, json!({})).await, reader.delete(&path).await]
    {
        reply.refused(401, "unauthorized", &lacks("write"));
    }

    let both = scene.token(json!([read, write])).await.http;
    both.post("dbrps", sent(&scene, &bucket, "d", "h")).await.refused(422, "conflict", TAKEN);
    let made = id(&both.post("dbrps", new.clone()).await.expect(201));
    both.patch(&at(&scene, &made), json!({"default": true})).await.expect(200);
    both.delete(&at(&scene, &made)).await.expect(204);

    let writer = scene.token(json!([write])).await.http;
    assert_eq!(seen(&scene, &writer, "").await, "");
    for reply in
        [writer.get(&path).await, writer.post("dbrps", new.clone()).await, writer.patch(&path, json!({})).await]
    {
        reply.refused(401, "unauthorized", &lacks("read"));
    }
    writer.delete(&path).await.expect(204);
    writer.get(&path).await.refused(404, "not found", MISSING);

    let dbrps = scene.token(json!([scene.may("read", "dbrp"), scene.may("write", "dbrp")])).await.http;
    assert_eq!(seen(&scene, &dbrps, "").await, "", "the type of the permission counts for nothing");
    dbrps.post("dbrps", new).await.refused(401, "unauthorized", &lacks("write"));
});

both!(who_reads_all_buckets_sees_all_that_were_made, async |scene| {
    let buckets = scene.http.get(&format!("buckets?orgID={}&name=_tasks", scene.org)).await.expect(200);
    mapping(&scene, &id(&buckets["buckets"][0]), "d", "system").await;
    mapping(&scene, &scene.bucket("b").await, "d", "r").await;
    let reader = scene.token(json!([scene.may("read", "buckets")])).await.http;
    assert_eq!(seen(&scene, &reader, "").await, "d/system* d/r ~b/autogen*");
});

both!(a_bucket_takes_the_mappings_of_its_org_along, async |scene| {
    let (bucket, other) = (scene.bucket("b").await, scene.bucket("other").await);
    let own = mapping(&scene, &bucket, "d", "one").await;
    for policy in ["two", "three"] {
        mapping(&scene, &other, "d", policy).await;
    }
    let org = id(&scene.http.post("orgs", json!({"name": unique("elsewhere")})).await.expect(201));
    let elsewhere = json!({"orgID": org, "bucketID": bucket, "database": "d", "retention_policy": "r"});
    let elsewhere = id(&scene.http.post("dbrps", elsewhere).await.expect(201));
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    scene.http.get(&at(&scene, &own)).await.refused(404, "not found", MISSING);
    assert_eq!(rows(&scene, "&db=d").await, "d/two* d/three", "and the default goes to the oldest that is left");
    scene.http.get(&format!("dbrps/{elsewhere}?orgID={org}")).await.expect(200);
    scene.http.delete(&format!("orgs/{}", scene.org)).await.expect(204);
    assert_eq!(rows(&scene, "").await, "");
});

both!(no_other_method_is_allowed, async |scene| {
    let path = at(&scene, &mapping(&scene, &scene.bucket("b").await, "d", "r").await);
    for reply in [
        scene.http.send(Method::PUT, &path, Some("{}".into())).await,
        scene.http.post(&path, json!({})).await,
        scene.http.patch("dbrps", json!({})).await,
    ] {
        assert_eq!((reply.status, reply.text.as_str()), (405, ""));
    }
    let labels = scene.http.get(&format!("dbrps/{ABSENT}/labels?orgID={}", scene.org)).await;
    assert_eq!((labels.status, labels.text.trim()), (404, "404 page not found"));
});

both!(a_bucket_with_another_name_leaves_real_mappings_as_they_are, async |scene| {
    let bucket = scene.bucket("x").await;
    let mut body = sent(&scene, &bucket, "x", "real");
    body["default"] = json!(false);
    scene.http.post("dbrps", body).await.expect(201);
    assert_eq!(rows(&scene, "&db=x").await, "x/real* ~x/autogen", "it takes the default, whatever is sent");
    scene.http.patch(&format!("buckets/{bucket}"), json!({"name": "y"})).await.expect(200);
    assert_eq!(rows(&scene, "&db=x").await, "x/real*");
    assert_eq!(rows(&scene, "&db=y").await, "~y/autogen*");
});

both!(a_write_goes_where_a_mapping_says_and_makes_none, async |scene| {
    let elsewhere = scene.beside().await;
    scene.bucket("d/rp").await;
    let bucket = scene.bucket("b").await;
    let far = elsewhere.bucket("far").await;
    mapping(&scene, &bucket, "real", "r").await;
    mapping(&scene, &far, "far", "r").await;
    elsewhere.http.delete(&format!("buckets/{far}")).await.expect(204);
    let before = rows(&scene, "").await;
    let all = json!([scene.may("read", "buckets"), scene.may("write", "buckets")]);
    let http = scene.token(all).await.http;
    for (query, refused) in [
        ("db=real", None),
        ("db=real&rp=r", None),
        ("db=b", None),
        ("db=d&rp=rp", None),
        // Its only policy is no default.
        ("db=d", Some("no dbrp mapping found")),
        ("db=d&rp=no", Some("no dbrp mapping found")),
        ("db=real&rp=no", Some("no dbrp mapping found")),
        ("db=nosuch", Some("no dbrp mapping found")),
        ("db=far", Some("bucket not found")),
    ] {
        let reply = http.post_text(&format!("/write?{query}"), "m f=1").await;
        match refused {
            None => assert_eq!(reply.status, 204, "{query}: {}", reply.text),
            Some(words) => reply.refused(404, "not found", words),
        }
    }
    assert_eq!(rows(&scene, "").await, before);
});

// The embedded server runs no InfluxQL.
real!(a_query_of_a_database_that_has_no_mapping_is_answered_with_an_error_in_it, async |scene| {
    scene.bucket("d/rp").await;
    let http = scene.token(json!([scene.may("read", "buckets")])).await.http;
    for (database, words) in
        [("nosuch", "database not found: nosuch"), ("d", "default retention policy not set for: d")]
    {
        let reply = http.get(&format!("/query?db={database}&q=select+*+from+m")).await.expect(200);
        assert_eq!(reply["results"][0]["error"], words);
    }
});

// Here one request after the other looks and makes, so that there is one: 17 of 20 rounds of two requests made two.
both!(of_many_who_make_one_mapping_at_once_several_do_and_then_only_a_deletion_helps, async |scene| {
    let body = sent(&scene, &scene.bucket("b").await, "d", "r");
    let post = || async { scene.http.post("dbrps", body.clone()).await };
    let replies = futures::future::join_all((0..40).map(|_| post())).await;
    let (made, others): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert!(!made.is_empty());
    others.iter().for_each(|reply| reply.refused(422, "conflict", TAKEN));
    let ids: Vec<_> = made.iter().map(|reply| id(&reply.json)).collect();
    if ids.len() > 1 {
        patch(&scene, &ids[0], json!({"retention_policy": "r"})).await.refused(422, "conflict", TAKEN);
    }
    for id in &ids[1..] {
        scene.http.delete(&at(&scene, id)).await.expect(204);
    }
    patch(&scene, &ids[0], json!({"retention_policy": "r"})).await.expect(200);
});
