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
