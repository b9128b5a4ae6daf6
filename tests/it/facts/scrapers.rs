//! Scrapers.

use serde_json::{Value, json};

use crate::support::{ABSENT, Scene, both, id, names};

/// Makes a scraper of the bucket `bucket`; its path.
async fn scraper(scene: &Scene, name: &str, bucket: &str) -> String {
    let body = json!({
        "orgID": scene.org, "bucketID": bucket, "name": name, "type": "prometheus", "url": "http://a.example.com",
    });
    format!("scrapers/{}", id(&scene.http.post("scrapers", body).await.expect(201)))
}

both!(a_reply_names_org_and_bucket, async |scene| {
    let bucket = scene.bucket("metrics").await;
    let path = scraper(&scene, "s", &bucket).await;
    let found = scene.http.get(&path).await.expect(200);
    let named = [("name", "s"), ("type", "prometheus"), ("url", "http://a.example.com"), ("bucket", "metrics")];
    for (key, value) in named {
        assert_eq!(found[key], value, "{found}");
    }
    assert_eq!((&found["orgID"], &found["bucketID"]), (&json!(scene.org), &json!(bucket)));
    assert_eq!(found["org"], json!(scene.org_name));
    assert!(found.get("allowInsecure").is_none(), "{found}");
    let changed = scene.http.patch(&path, json!({"allowInsecure": true})).await.expect(200);
    assert_eq!(changed["allowInsecure"], true);
});

both!(a_change_empties_what_it_leaves_out_but_org_and_bucket, async |scene| {
    let bucket = scene.bucket("metrics").await;
    let path = scraper(&scene, "s", &bucket).await;
    let changed = scene.http.patch(&path, json!({})).await.expect(200);
    assert_eq!((&changed["name"], &changed["type"], &changed["url"]), (&json!(""), &json!(""), &json!("")));
    assert_eq!((&changed["orgID"], &changed["bucketID"]), (&json!(scene.org), &json!(bucket)));
    let other = scene.bucket("other").await;
    let moved = scene.http.patch(&path, json!({"bucketID": other})).await.expect(200);
    assert_eq!((&moved["bucketID"], &moved["bucket"]), (&json!(other), &json!("other")));
});

both!(nothing_is_checked_but_that_there_is_a_bucket_id, async |scene| {
    let body = json!({"orgID": scene.org, "bucketID": ABSENT, "name": "", "type": "?", "url": "::"});
    let made = scene.http.post("scrapers", body).await.expect(201);
    assert!(made.get("bucket").is_none() && made.get("bucketID").is_none(), "{made}");
    let body = json!({"orgID": scene.org, "name": "s", "type": "prometheus", "url": "http://a"});
    let reply = scene.http.post("scrapers", body).await;
    reply.refused(400, "invalid", "invalid id for permission: invalid ID");
});

both!(the_list_is_whole_and_several_have_one_name, async |scene| {
    let bucket = scene.bucket("metrics").await;
    for name in ["s", "s", "t"] {
        scraper(&scene, name, &bucket).await;
    }
    let list = async |query: &str| -> Value {
        scene.http.get(&format!("scrapers?orgID={}{query}", scene.org)).await.expect(200)["configurations"].clone()
    };
    assert_eq!(names(&list("&limit=1").await), ["s", "s", "t"]);
    assert_eq!(names(&list("&name=t").await), ["t"]);
    let none = scene.http.get(&format!("scrapers?orgID={ABSENT}")).await.expect(200);
    assert_eq!(none["configurations"], json!([]));
});

both!(what_is_not_there_is_404, async |scene| {
    let path = format!("scrapers/{ABSENT}");
    scene.http.get(&path).await.refused(404, "not found", "scraper target is not found");
    scene.http.delete(&path).await.refused(404, "not found", "scraper target is not found");
});

both!(a_create_takes_the_right_to_write_the_bucket, async |scene| {
    let bucket = scene.bucket("metrics").await;
    let body = json!({"orgID": scene.org, "bucketID": bucket, "name": "s", "type": "prometheus", "url": "http://a"});
    let token = scene.token(json!([scene.may("write", "scrapers")])).await;
    let reply = scene.http.clone().with_token(&token.token).post("scrapers", body.clone()).await;
    let message = format!("write:orgs/{}/buckets/{bucket} is unauthorized", scene.org);
    reply.refused(401, "unauthorized", &message);
    let both = json!([scene.may("write", "scrapers"), scene.may_one("write", "buckets", &bucket)]);
    let token = scene.token(both).await;
    scene.http.clone().with_token(&token.token).post("scrapers", body).await.expect(201);
});

both!(what_is_not_understood_is_not_told, async |scene| {
    let path = scraper(&scene, "s", &scene.bucket("b").await).await;
    for body in ["{", "[]", r#"{"name":5}"#, r#"{"orgID":5}"#] {
        for (method, path) in [("POST", "scrapers"), ("PATCH", path.as_str())] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let reply = scene.http.send(method, path, Some(body.into())).await;
            reply.refused(500, "internal error", "An internal error has occurred - check server logs");
        }
    }
    let malformed = "id must have a length of 16 bytes";
    scene.http.post("scrapers", json!({"bucketID": "x"})).await.refused(400, "invalid", malformed);
    scene.http.patch(&path, json!({"bucketID": "x"})).await.refused(400, "invalid", malformed);
    let no_org = json!({"bucketID": ABSENT});
    scene.http.post("scrapers", no_org).await.refused(400, "invalid", "invalid org id for permission: invalid ID");
    scene.http.patch(&format!("scrapers/{ABSENT}"), json!({})).await.refused(
        404,
        "not found",
        "scraper target is not found",
    );
    let put = scene.http.send(reqwest::Method::PUT, &path, Some(b"{}".to_vec())).await;
    assert_eq!((put.status, put.header("allow")), (405, "DELETE, GET, OPTIONS, PATCH"));
});

both!(nothing_of_a_url_is_hidden_and_no_description_is_kept, async |scene| {
    let bucket = scene.bucket("b").await;
    let url = "http://u:p@a.example.com";
    let body = json!({"orgID": scene.org, "bucketID": bucket, "url": url, "description": "d", "interval": "5s"});
    let made = scene.http.post("scrapers", body).await.expect(201);
    assert_eq!(made["url"], url);
    assert!(made.get("description").is_none() && made.get("interval").is_none(), "{made}");
});

both!(a_scraper_outlives_its_bucket_and_its_org_and_is_moved_to_others, async |scene| {
    let (bucket, elsewhere) = (scene.bucket("b").await, scene.beside().await);
    let path = scraper(&scene, "s", &bucket).await;
    let whole = |org: &str, bucket: &str| json!({"orgID": org, "bucketID": bucket, "name": "s", "type": "prometheus", "url": "http://a.example.com"});
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    let dangling = scene.http.get(&path).await.expect(200);
    assert!(dangling.get("bucketID").is_none() && dangling.get("bucket").is_none(), "{dangling}");
    let repaired = scene.http.patch(&path, whole(&scene.org, &scene.bucket("c").await)).await.expect(200);
    assert_eq!(repaired["bucket"], "c");
    let far = elsewhere.bucket("far").await;
    let moved = scene.http.patch(&path, whole(&elsewhere.org, &far)).await.expect(200);
    assert_eq!((&moved["orgID"], &moved["bucketID"]), (&json!(elsewhere.org), &json!(far)));
    scene.http.delete(&format!("orgs/{}", elsewhere.org)).await.expect(204);
    let homeless = scene.http.get(&path).await.expect(200);
    assert!(homeless.get("orgID").is_none() && homeless.get("org").is_none(), "{homeless}");
    scene.http.delete(&path).await.expect(204);
});

both!(a_change_takes_the_right_on_the_bucket_that_it_leaves, async |scene| {
    let (old, new) = (scene.bucket("old").await, scene.bucket("new").await);
    let path = scraper(&scene, "s", &old).await;
    let own = path.split_once('/').unwrap().1.to_owned();
    let body = |bucket: &str| json!({"bucketID": bucket, "name": "s", "type": "prometheus", "url": "http://a"});
    let lacks = |what: &str| format!("{what} is unauthorized");
    let (write, of_scraper) = (scene.may("write", "scrapers"), format!("orgs/{}/scrapers/{own}", scene.org));
    let reader = scene.token(json!([scene.may("read", "scrapers")])).await.http;
    reader.get(&path).await.expect(200);
    let unwritten = lacks(&format!("write:{of_scraper}"));
    reader.patch(&path, body(&old)).await.refused(401, "unauthorized", &unwritten);
    reader.delete(&path).await.refused(401, "unauthorized", &unwritten);
    let of_old = lacks(&format!("write:orgs/{}/buckets/{old}", scene.org));
    for held in [json!([write]), json!([write, scene.may_one("write", "buckets", &new)])] {
        let http = scene.token(held).await.http;
        http.get(&path).await.refused(401, "unauthorized", &lacks(&format!("read:{of_scraper}")));
        http.patch(&path, body(&new)).await.refused(401, "unauthorized", &of_old);
    }
    let both = scene.token(json!([write, scene.may_one("write", "buckets", &old)])).await.http;
    assert_eq!(both.patch(&path, body(&new)).await.expect(200)["bucketID"], json!(new));
    scene.token(json!([write])).await.http.delete(&path).await.expect(204);
});
