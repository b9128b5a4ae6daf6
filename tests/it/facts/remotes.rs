//! Remotes.

use serde_json::{Value, json};

use crate::support::{ABSENT, Scene, both, id, names};

const TAKEN: &str = "UNIQUE constraint failed: remotes.org_id, remotes.name";

/// Makes one; the reply and its path.
async fn made(scene: &Scene, body: Value) -> (Value, String) {
    let mut all = json!({"orgID": scene.org, "name": "hq", "remoteURL": "http://a", "remoteAPIToken": "t", "remoteOrgID": ABSENT});
    all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let reply = scene.http.post("remotes", all).await.expect(201);
    let path = format!("remotes/{}", id(&reply));
    (reply, path)
}

both!(no_reply_has_the_token, async |scene| {
    let (reply, path) = made(&scene, json!({"description": "d", "allowInsecureTLS": true})).await;
    let wanted = json!({
        "id": reply["id"], "orgID": scene.org, "name": "hq", "description": "d", "remoteURL": "http://a", "remoteOrgID": ABSENT,
        "allowInsecureTLS": true,
    });
    assert_eq!(reply.to_string(), wanted.to_string());
    assert_eq!(scene.http.get(&path).await.expect(200), wanted);
    let list = scene.http.get(&format!("remotes?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list, json!({"remotes": [wanted]}));
});

both!(nothing_of_one_is_checked, async |scene| {
    let (reply, path) =
        made(&scene, json!({"name": "", "remoteURL": "::::", "remoteOrgID": null, "remoteAPIToken": ""})).await;
    assert_eq!(
        (&reply["name"], &reply["remoteURL"], &reply["remoteOrgID"]),
        (&json!(""), &json!("::::"), &Value::Null)
    );
    let bare = scene.http.post("remotes", json!({"orgID": scene.org, "name": "bare"})).await.expect(201);
    assert_eq!((&bare["remoteURL"], bare.get("description")), (&json!(""), None), "{bare}");
    let unread = "failed to unmarshal json: id must have a length of 16 bytes";
    scene.http.patch(&path, json!({"remoteOrgID": "x"})).await.refused(400, "invalid", unread);
});

both!(a_change_keeps_what_it_leaves_out, async |scene| {
    let (before, path) = made(&scene, json!({"description": "d", "allowInsecureTLS": true})).await;
    let null = ["name", "description", "remoteURL", "remoteOrgID", "allowInsecureTLS"]
        .map(|key| (key.to_owned(), Value::Null));
    for body in [json!({}), Value::Object(null.into_iter().collect()), json!({"orgID": ABSENT}), json!({"orgID": "x"})]
    {
        assert_eq!(scene.http.patch(&path, body.clone()).await.expect(200), before, "{body}");
    }
    let body = json!({"name": "n", "description": "", "remoteURL": "http://b", "remoteOrgID": scene.org, "allowInsecureTLS": false});
    let changed = scene.http.patch(&path, body.clone()).await.expect(200);
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&changed[key], value, "{key}");
    }
});

both!(names_are_unique_in_an_org, async |scene| {
    made(&scene, json!({})).await;
    let (_, other) = made(&scene, json!({"name": "HQ"})).await;
    let again = json!({"orgID": scene.org, "name": "hq", "remoteURL": "http://a", "remoteAPIToken": "t", "remoteOrgID": ABSENT});
    scene.http.post("remotes", again).await.refused(500, "internal error", TAKEN);
    scene.http.patch(&other, json!({"name": "hq"})).await.refused(500, "internal error", TAKEN);
    made(&scene.beside().await, json!({})).await;
});

both!(the_list_is_that_of_an_org_and_whole, async |scene| {
    let message = "invalid or missing org ID";
    for query in ["", "?orgID=x", "?org=a", "?name=a"] {
        scene.http.get(&format!("remotes{query}")).await.refused(400, "invalid", message);
    }
    let list = async |query: &str| scene.http.get(&format!("remotes?orgID={}{query}", scene.org)).await.expect(200);
    assert_eq!(list("").await, json!({"remotes": null}));
    // In the order of their URLs.
    for (name, url) in [("c", "http://b"), ("b", "http://a"), ("a", "http://a")] {
        made(&scene, json!({"name": name, "remoteURL": url})).await;
    }
    for query in ["", "&limit=1&offset=1", "&name=", "&remoteURL="] {
        assert_eq!(names(&list(query).await["remotes"]), ["b", "a", "c"], "{query}");
    }
    assert_eq!(names(&list("&name=a").await["remotes"]), ["a"]);
    assert_eq!(list("&name=d").await, json!({"remotes": null}));
    assert_eq!(names(&list("&remoteURL=http://a").await["remotes"]), ["b", "a"]);
    let nowhere = scene.http.get(&format!("remotes?orgID={ABSENT}")).await.expect(200);
    assert_eq!(nowhere, json!({"remotes": null}));
    let blind = scene.token(json!([scene.may("read", "labels")])).await.http;
    let hidden = blind.get(&format!("remotes?orgID={}", scene.org)).await.expect(200);
    assert_eq!(hidden, json!({"remotes": []}));
});

both!(what_is_not_there_is_404, async |scene| {
    let path = format!("remotes/{ABSENT}");
    let missing = "remote connection not found";
    scene.http.get(&path).await.refused(404, "not found", missing);
    scene.http.delete(&path).await.refused(404, "not found", missing);
    scene.http.patch(&path, json!({"name": "n"})).await.refused(404, "not found", missing);
    scene.http.get("remotes/x").await.refused(400, "invalid", "remote-connection ID is invalid");
    let (_, path) = made(&scene, json!({})).await;
    scene.http.delete(&path).await.expect(204);
    scene.http.get(&path).await.refused(404, "not found", missing);
});

both!(a_body_needs_an_org_and_right_types, async |scene| {
    let post = async |body: Value| scene.http.post("remotes", body).await;
    post(json!({"name": "n"})).await.refused(400, "invalid", "invalid org id for permission: invalid ID");
    let unread = |why: &str| format!("failed to unmarshal json: {why}");
    let go = |is: &str, key: &str, ty: &str| {
        unread(&format!(
            "json: cannot unmarshal {is} into Go struct field CreateRemoteConnectionRequest.{key} of type {ty}"
        ))
    };
    let id = unread("id must have a length of 16 bytes");
    for (body, words) in [
        (json!({"orgID": "x"}), id.clone()),
        (json!({"orgID": scene.org, "remoteOrgID": "x"}), id),
        (json!({"orgID": scene.org, "name": 1}), go("number", "name", "string")),
        (json!({"orgID": scene.org, "allowInsecureTLS": "no"}), go("string", "allowInsecureTLS", "bool")),
    ] {
        post(body).await.refused(400, "invalid", &words);
    }
    let (_, path) = made(&scene, json!({})).await;
    let update = go("number", "name", "string").replace("CreateRemote", "UpdateRemote");
    scene.http.patch(&path, json!({"name": 1})).await.refused(400, "invalid", &update);
    let missing = scene.http.send(reqwest::Method::PUT, &path, Some(b"{}".to_vec())).await;
    assert_eq!((missing.status, missing.text.as_str()), (405, ""));
    assert_eq!(scene.http.get(&format!("{path}/labels")).await.status, 404);
});

// Nobody can reach it any more, but for an operator.
both!(one_stays_when_its_org_is_deleted, async |scene| {
    let other = scene.beside().await;
    let (before, path) = made(&other, json!({})).await;
    scene.http.delete(&format!("orgs/{}", other.org)).await.expect(204);
    assert_eq!(scene.http.get(&path).await.expect(200), before);
    scene.http.delete(&path).await.expect(204);
});

both!(it_takes_the_right_to_write_and_no_other, async |scene| {
    let (reply, path) = made(&scene, json!({})).await;
    let own = id(&reply);
    let body =
        json!({"orgID": scene.org, "name": "n", "remoteURL": "http://a", "remoteAPIToken": "t", "remoteOrgID": ABSENT});
    let one = scene.token(json!([scene.may_one("write", "remotes", &own)])).await.http;
    let unwritten = format!("write:orgs/{}/remotes is unauthorized", scene.org);
    one.post("remotes", body.clone()).await.refused(401, "unauthorized", &unwritten);
    let unread = format!("read:orgs/{}/remotes/{own} is unauthorized", scene.org);
    one.get(&path).await.refused(401, "unauthorized", &unread);
    one.patch(&path, json!({"remoteURL": "http://b"})).await.expect(200);
    let reads = scene.token(json!([scene.may("read", "remotes")])).await.http;
    reads.get(&path).await.expect(200);
    let unwritten = format!("write:orgs/{}/remotes/{own} is unauthorized", scene.org);
    reads.patch(&path, json!({})).await.refused(401, "unauthorized", &unwritten);
    reads.delete(&path).await.refused(401, "unauthorized", &unwritten);
    one.delete(&path).await.expect(204);
    let writes = scene.token(json!([scene.may("write", "remotes")])).await.http;
    writes.post("remotes", body).await.expect(201);
});
