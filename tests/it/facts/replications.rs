//! Replications.

use serde_json::{Value, json};

use crate::support::{ABSENT, Backend, Scene, both, id, names, real};

const TAKEN: &str = "UNIQUE constraint failed: replications.org_id, replications.name";
/// What changes by itself.
const VOLATILE: [&str; 2] = ["currentQueueSizeBytes", "remainingBytesToBeSynced"];

/// A remote where nobody answers.
async fn remote(scene: &Scene, name: &str) -> String {
    let body = json!({"orgID": scene.org, "name": name, "remoteURL": "http://127.0.0.1:1", "remoteAPIToken": "t", "remoteOrgID": ABSENT});
    id(&scene.http.post("remotes", body).await.expect(201))
}

/// What makes one, with `other`.
fn request(scene: &Scene, bucket: &str, remote: &str, other: &Value) -> Value {
    let mut all =
        json!({"orgID": scene.org, "name": "r", "remoteID": remote, "localBucketID": bucket, "remoteBucketName": "b"});
    all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    all
}

fn steady(mut reply: Value) -> Value {
    VOLATILE.iter().for_each(|key| drop(reply.as_object_mut().unwrap().remove(*key)));
    reply
}

/// Makes one; the reply and its path.
async fn made(scene: &Scene, bucket: &str, remote: &str, other: Value) -> (Value, String) {
    let reply = scene.http.post("replications", request(scene, bucket, remote, &other)).await.expect(201);
    let path = format!("replications/{}", id(&reply));
    (steady(reply), path)
}

both!(a_reply_has_the_name_of_the_bucket_under_a_key_of_its_own, async |scene| {
    let (bucket, remote) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let reply = scene
        .http
        .post("replications", request(&scene, &bucket, &remote, &json!({"description": "d"})))
        .await
        .expect(201);
    let wanted = json!({
        "id": reply["id"], "orgID": scene.org, "name": "r", "description": "d", "remoteID": remote, "localBucketID": bucket,
        "remoteBucketID": null, "RemoteBucketName": "b", "maxQueueSizeBytes": 67_108_860, "currentQueueSizeBytes": 0,
        "remainingBytesToBeSynced": 0, "dropNonRetryableData": false, "maxAgeSeconds": 0,
    });
    assert_eq!(reply.to_string(), wanted.to_string());
    let path = format!("replications/{}", id(&reply));
    assert_eq!(steady(scene.http.get(&path).await.expect(200)), steady(wanted));
    // An ID is enough, and a name beside it is dropped.
    let (by_id, _) = made(&scene, &bucket, &remote, json!({"name": "by ID", "remoteBucketID": ABSENT})).await;
    assert_eq!((&by_id["remoteBucketID"], &by_id["RemoteBucketName"]), (&json!(ABSENT), &json!("")));
    assert!(by_id.get("description").is_none(), "{by_id}");
});

both!(what_one_is_about_is_there, async |scene| {
    let (bucket, remote) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let post = async |other: Value| scene.http.post("replications", request(&scene, &bucket, &remote, &other)).await;
    let absent = |what: &str, why: &str| format!("{what} \"{ABSENT}\" not found: {why}");
    let no_target = "one of remote_bucket_id, remote_bucket_name should be provided";
    post(json!({"remoteBucketName": null})).await.refused(422, "unprocessable entity", no_target);
    post(json!({"remoteBucketName": ""})).await.refused(422, "unprocessable entity", no_target);
    let id = "invalid id for permission: invalid ID";
    for (other, words) in [
        (json!({"remoteID": ABSENT}), absent("remote", "FOREIGN KEY constraint failed")),
        (json!({"localBucketID": ABSENT}), absent("local bucket", "bucket not found")),
        (json!({"remoteID": null}), id.to_owned()),
        (json!({"localBucketID": null}), id.to_owned()),
        (json!({"orgID": null}), "invalid org id for permission: invalid ID".to_owned()),
        (json!({"remoteID": "x"}), "failed to unmarshal json: id must have a length of 16 bytes".to_owned()),
        (json!({"maxQueueSizeBytes": 33_554_429}), "maxQueueSize too small, must be at least 33554430".to_owned()),
        (json!({"maxQueueSizeBytes": 0}), "maxQueueSize too small, must be at least 33554430".to_owned()),
        (json!({"maxAgeSeconds": 59}), "maxAgeSeconds must be 0 (use default) or between 60 and 5184000".to_owned()),
        (
            json!({"maxAgeSeconds": 5_184_001}),
            "maxAgeSeconds must be 0 (use default) or between 60 and 5184000".to_owned(),
        ),
    ] {
        post(other).await.refused(400, "invalid", &words);
    }
    let (_, path) = made(&scene, &bucket, &remote, json!({"maxQueueSizeBytes": 33_554_430, "maxAgeSeconds": 60})).await;
    post(json!({})).await.refused(500, "internal error", TAKEN);
    let (_, other) = made(&scene, &bucket, &remote, json!({"name": "other"})).await;
    scene.http.patch(&other, json!({"name": "r"})).await.refused(500, "internal error", TAKEN);
    scene.http.patch(&path, json!({"remoteID": ABSENT})).await.refused(
        400,
        "invalid",
        &absent("remote", "FOREIGN KEY constraint failed"),
    );
    scene.http.patch(&path, json!({"maxQueueSizeBytes": 1})).await.refused(400, "invalid", "maxQueueSize too small");
    scene.http.patch(&path, json!({"maxAgeSeconds": 1})).await.refused(400, "invalid", "maxAgeSeconds must be 0");
});

both!(a_change_keeps_what_it_leaves_out_and_takes_no_id_away, async |scene| {
    let (bucket, first) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let second = remote(&scene, "second").await;
    let (before, path) = made(&scene, &bucket, &first, json!({"description": "d"})).await;
    let keys =
        ["name", "description", "remoteID", "remoteBucketName", "remoteBucketID", "maxQueueSizeBytes", "maxAgeSeconds"];
    let null: serde_json::Map<_, _> = keys.into_iter().map(|key| (key.to_owned(), Value::Null)).collect();
    let patch = async |body: Value| steady(scene.http.patch(&path, body).await.expect(200));
    for body in [json!({}), null.into(), json!({"orgID": "x", "localBucketID": "x"})] {
        assert_eq!(patch(body.clone()).await, before, "{body}");
    }
    let target = |reply: Value| (reply["remoteBucketID"].clone(), reply["RemoteBucketName"].clone());
    assert_eq!(target(patch(json!({"remoteBucketID": ABSENT})).await), (json!(ABSENT), json!("b")));
    assert_eq!(target(patch(json!({"remoteBucketName": ""})).await), (json!(ABSENT), json!("")));
    assert_eq!(target(patch(json!({"remoteBucketName": "n"})).await), (json!(ABSENT), json!("n")));
    let body = json!({"name": "n", "description": "", "remoteID": second, "maxQueueSizeBytes": 33_554_431, "maxAgeSeconds": 5_184_000, "dropNonRetryableData": true});
    let changed = patch(body.clone()).await;
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&changed[key], value, "{key}");
    }
});

both!(the_list_is_that_of_an_org, async |scene| {
    scene.http.get("replications").await.refused(400, "invalid", "invalid or missing org ID");
    let list = async |query: &str| scene.http.get(&format!("replications?orgID={}{query}", scene.org)).await;
    assert_eq!(list("").await.expect(200), json!({"replications": null}));
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    for name in ["b", "a"] {
        made(&scene, &bucket, &hq, json!({"name": name})).await;
    }
    assert_eq!(names(&list("&limit=1").await.expect(200)["replications"]), ["b", "a"]);
    for (query, found) in [("name", "a"), ("remoteID", &hq), ("localBucketID", &bucket)] {
        let found = list(&format!("&{query}={found}")).await.expect(200);
        assert!(names(&found["replications"]).contains(&"a"), "{query}");
    }
    assert_eq!(list(&format!("&remoteID={ABSENT}")).await.expect(200), json!({"replications": null}));
    list("&remoteID=x").await.refused(400, "invalid", "invalid remote ID");
    list("&localBucketID=x").await.refused(400, "invalid", "invalid local bucket ID");
    let blind = scene.token(json!([scene.may("read", "labels")])).await.http;
    let hidden = blind.get(&format!("replications?orgID={}", scene.org)).await.expect(200);
    assert_eq!(hidden, json!({"replications": []}));
});

both!(a_remote_stays_as_long_as_it_is_used_and_a_bucket_takes_its_replications_along, async |scene| {
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let (_, path) = made(&scene, &bucket, &hq, json!({})).await;
    let used = "remote-connection cannot be deleted as a replication references it";
    scene.http.delete(&format!("remotes/{hq}")).await.refused(500, "internal error", used);
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    scene.http.get(&path).await.refused(404, "not found", "replication not found");
    scene.http.delete(&path).await.refused(404, "not found", "replication not found");
    scene.http.get("replications/x").await.refused(400, "invalid", "replication ID is invalid");
    scene.http.delete(&format!("remotes/{hq}")).await.expect(204);
});

both!(it_takes_the_rights_to_read_the_bucket_and_the_remote, async |scene| {
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let (reply, path) = made(&scene, &bucket, &hq, json!({})).await;
    let own = id(&reply);
    let new = request(&scene, &bucket, &hq, &json!({"name": "n"}));
    let may = |permissions: Value| scene.token(permissions);
    let (write, buckets, remotes) = (
        scene.may("write", "replications"),
        scene.may_one("read", "buckets", &bucket),
        scene.may_one("read", "remotes", &hq),
    );
    let lacks = |what: &str| format!("{what} is unauthorized");
    let org = &scene.org;
    let none = may(json!([buckets, remotes])).await.http;
    none.post("replications", new.clone()).await.refused(
        401,
        "unauthorized",
        &lacks(&format!("write:orgs/{org}/replications")),
    );
    let blind = may(json!([write])).await.http;
    blind.post("replications", new.clone()).await.refused(
        401,
        "unauthorized",
        &lacks(&format!("read:orgs/{org}/buckets/{bucket}")),
    );
    let half = may(json!([write, buckets])).await.http;
    half.post("replications", new.clone()).await.refused(
        401,
        "unauthorized",
        &lacks(&format!("read:orgs/{org}/remotes/{hq}")),
    );
    // A change takes the right to read another remote, and no other.
    blind.patch(&path, json!({"maxAgeSeconds": 60})).await.expect(200);
    blind.patch(&path, json!({"remoteID": hq})).await.refused(
        401,
        "unauthorized",
        &lacks(&format!("read:orgs/{org}/remotes/{hq}")),
    );
    blind.get(&path).await.refused(401, "unauthorized", &lacks(&format!("read:orgs/{org}/replications/{own}")));
    let all = may(json!([write, buckets, remotes])).await.http;
    all.post("replications", new).await.expect(201);
    blind.delete(&path).await.expect(204);
});

both!(to_validate_makes_nothing, async |scene| {
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let new = request(&scene, &bucket, &hq, &json!({"remoteBucketID": ABSENT}));
    let reply = scene.http.post("replications?validate=true", new).await;
    let list = scene.http.get(&format!("replications?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list, json!({"replications": null}));
    let (_, path) = made(&scene, &bucket, &hq, json!({})).await;
    let validated = scene.http.post(&format!("{path}/validate"), json!({})).await;
    match scene.server.backend() {
        Backend::Real => {
            reply.refused(400, "invalid", "replication parameters fail validation: Post \"http://127.0.0.1:1");
            validated.refused(400, "invalid", "replication failed validation: Post \"http://127.0.0.1:1");
        }
        Backend::Embedded => {
            let words = "the embedded server sends nothing to other servers";
            reply.refused(501, "not implemented", words);
            validated.refused(501, "not implemented", words);
        }
    }
});

both!(a_change_that_is_validated_is_none, async |scene| {
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let (before, path) = made(&scene, &bucket, &hq, json!({})).await;
    let body = json!({"remoteID": hq, "name": "other", "remoteBucketName": "other", "maxAgeSeconds": 60});
    let reply = scene.http.patch(&format!("{path}?validate=true"), body).await;
    let (status, code, words) = match scene.server.backend() {
        Backend::Real => (400, "invalid", "validation fails after applying update: Post \"http://127.0.0.1:1"),
        Backend::Embedded => (501, "not implemented", "the embedded server sends nothing to other servers"),
    };
    reply.refused(status, code, words);
    assert_eq!(steady(scene.http.get(&path).await.expect(200)), before);
});

real!(what_another_server_takes_is_validated_and_not_made, async |scene| {
    let (bucket, there) = (scene.bucket("b").await, scene.bucket("there").await);
    let remote = async |name: &str, token: &str| {
        let body = json!({"orgID": scene.org, "name": name, "remoteURL": scene.server.url(), "remoteAPIToken": token, "remoteOrgID": scene.org});
        id(&scene.http.post("remotes", body).await.expect(201))
    };
    let (open, closed) = (remote("open", scene.server.token()).await, remote("closed", "wrong").await);
    let new = request(&scene, &bucket, &open, &json!({"remoteBucketID": there}));
    scene.http.post("replications?validate=true", new).await.expect(204);
    let list = scene.http.get(&format!("replications?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list, json!({"replications": null}));
    // The name of the bucket is not looked at.
    let by_name = scene.http.post("replications?validate=true", request(&scene, &bucket, &open, &json!({}))).await;
    by_name.refused(400, "invalid", "replication parameters fail validation: invalid response code 404");
    let (before, path) = made(&scene, &bucket, &open, json!({"remoteBucketID": there})).await;
    let validated = format!("{path}?validate=true");
    for body in [json!({"remoteID": open}), json!({"remoteBucketID": ABSENT}), json!({"remoteBucketName": "absent"})] {
        scene.http.patch(&validated, body.clone()).await;
        assert_eq!(steady(scene.http.get(&path).await.expect(200)), before, "{body}");
    }
    let words = "validation fails after applying update: invalid response code 401";
    scene.http.patch(&validated, json!({"remoteID": closed})).await.refused(400, "invalid", words);
    assert_eq!(steady(scene.http.get(&path).await.expect(200)), before);
});

both!(to_validate_takes_the_right_to_read, async |scene| {
    let (bucket, hq) = (scene.bucket("b").await, remote(&scene, "hq").await);
    let (reply, path) = made(&scene, &bucket, &hq, json!({})).await;
    let validate = format!("{path}/validate");
    let blind = scene.token(json!([scene.may("write", "replications")])).await.http;
    let unread = format!("read:orgs/{}/replications/{} is unauthorized", scene.org, id(&reply));
    blind.post(&validate, json!({})).await.refused(401, "unauthorized", &unread);
    let reader = scene.token(json!([scene.may("read", "replications")])).await.http;
    assert_ne!(reader.post(&validate, json!({})).await.status, 401);
    let absent = format!("replications/{ABSENT}");
    scene.http.post(&format!("{absent}/validate"), json!({})).await.refused(404, "not found", "replication not found");
    scene.http.patch(&absent, json!({})).await.refused(404, "not found", "replication not found");
});

real!(one_that_is_there_is_validated_by_name_and_by_id, async |scene| {
    let (bucket, there) = (scene.bucket("b").await, scene.bucket("there").await);
    let body = |token: &str| {
        json!({
            "orgID": scene.org, "name": "self", "remoteURL": scene.server.url(), "remoteAPIToken": token,
            "remoteOrgID": scene.org,
        })
    };
    let hq = id(&scene.http.post("remotes", body(scene.server.token())).await.expect(201));
    let (_, by_id) = made(&scene, &bucket, &hq, json!({"remoteBucketID": there})).await;
    let (_, by_name) = made(&scene, &bucket, &hq, json!({"name": "n", "remoteBucketName": "there"})).await;
    let (_, wrong) = made(&scene, &bucket, &hq, json!({"name": "w", "remoteBucketName": "nosuch"})).await;
    let validate = async |path: &str| scene.http.post(&format!("{path}/validate"), json!({})).await;
    validate(&by_id).await.expect(204);
    validate(&by_name).await.expect(204);
    let failed = "replication failed validation: invalid response code";
    validate(&wrong).await.refused(400, "invalid", &format!("{failed} 404"));
    // A name that is taken is not looked at.
    let taken = request(&scene, &bucket, &hq, &json!({"remoteBucketID": there}));
    scene.http.post("replications?validate=true", taken).await.expect(204);
    // A name beside an ID wins.
    scene.http.patch(&by_id, json!({"remoteBucketName": "nosuch"})).await.expect(200);
    validate(&by_id).await.refused(400, "invalid", &format!("{failed} 404"));
    // The token that is kept goes to whatever URL the remote has by now.
    scene.http.patch(&format!("remotes/{hq}"), json!({"remoteURL": "http://127.0.0.1:1"})).await.expect(200);
    assert_eq!(validate(&by_name).await.status, 400);
    let alone = scene.token(json!([scene.may_one("write", "remotes", &hq)])).await.http;
    alone.patch(&format!("remotes/{hq}"), json!({"remoteURL": scene.server.url()})).await.expect(200);
    validate(&by_name).await.expect(204);
    scene.http.patch(&format!("remotes/{hq}"), json!({"remoteAPIToken": "wrong"})).await.expect(200);
    validate(&by_name).await.refused(400, "invalid", &format!("{failed} 401"));
});
