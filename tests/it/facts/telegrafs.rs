//! Telegraf configurations.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ABSENT, Backend, Http, Reply, Scene, both, id, names};

const CONFIG: &str = "[[outputs.influxdb_v2]]\n  bucket = \"raw\"\n";
const UNTOLD: &str = "An internal error has occurred - check server logs";

fn json_of(scene: &Scene) -> Http {
    scene.http.clone().with_header("accept", "application/json")
}

async fn put(scene: &Scene, path: &str, body: Value) -> Reply {
    let http = scene.http.clone().with_header("content-type", "application/json");
    http.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
}

/// Makes one; the reply and its path.
async fn made(scene: &Scene, body: Value) -> (Value, String) {
    let mut all = json!({"orgID": scene.org, "name": "hosts", "config": CONFIG});
    all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let reply = scene.http.post("telegrafs", all).await.expect(201);
    let path = format!("telegrafs/{}", id(&reply));
    (reply, path)
}

both!(a_reply_leaves_out_what_is_empty, async |scene| {
    let (reply, path) = made(&scene, json!({"description": "d", "metadata": {"buckets": ["x"], "more": 1}})).await;
    let links = json!({
        "self": format!("/api/v2/{path}"),
        "labels": format!("/api/v2/{path}/labels"),
        "members": format!("/api/v2/{path}/members"),
        "owners": format!("/api/v2/{path}/owners"),
    });
    let wanted = json!({
        "id": reply["id"], "orgID": scene.org, "name": "hosts", "description": "d", "config": CONFIG,
        "metadata": {"buckets": ["x"], "more": 1}, "labels": [], "links": links,
    });
    assert_eq!(reply.to_string(), wanted.to_string());
    assert_eq!(json_of(&scene).get(&path).await.expect(200), wanted);
    let (empty, _) = made(&scene, json!({"name": "", "config": null})).await;
    let keys: Vec<_> = empty.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "orgID", "metadata", "labels", "links"]);
});

both!(an_object_is_its_configuration_unless_json_is_liked_best, async |scene| {
    let (_, path) = made(&scene, json!({"name": " my hosts"})).await;
    let (toml, json, bytes) =
        ("application/toml; charset=utf-8", "application/json; charset=utf-8", "application/octet-stream");
    for (accept, wanted) in [
        ("application/json", json),
        ("application/json, */*", json),
        ("text/html, application/json;q=0.9,*/*;q=0.8", json),
        ("application/octet-stream, application/json", json),
        ("application/json ; q=1", json),
        ("application/json; charset=utf-8", toml),
        ("application/json; charset=utf-8, application/json", toml),
        ("application/json;q=0.5, application/toml", toml),
        ("application/json, application/toml", toml),
        ("application/json;q=0", toml),
        ("APPLICATION/JSON", toml),
        ("application/*", toml),
        ("*/*", toml),
        ("text/html", toml),
        ("application/octet-stream", bytes),
    ] {
        let reply = scene.http.clone().with_header("accept", accept).get(&path).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, wanted), "{accept}");
        if wanted != json {
            assert_eq!(reply.text, CONFIG, "{accept}");
        }
        if wanted == bytes {
            assert_eq!(reply.header("content-disposition"), "attachment; filename=\"my_hosts.toml\"");
        }
    }
    let list = scene.http.clone().with_header("accept", "application/toml");
    assert_eq!(list.get(&format!("telegrafs?orgID={}", scene.org)).await.header("content-type"), json);
});

both!(buckets_are_read_from_a_configuration_where_none_are_sent, async |scene| {
    let two = "[[outputs.influxdb_v2]]\nbucket = \"a\"\n[[outputs.influxdb_v2]]\n[[outputs.influxdb_v2]]\nbucket = \"a\"\n\
               [[outputs.influxdb_v2]]\nbucket = \"\"\n[[outputs.influxdb_v2]]\nbucket = \"${B}\"\n";
    for (config, buckets) in [("", json!([])), ("a = 1", json!([])), (two, json!(["a", "a", "${B}"]))] {
        for metadata in [Value::Null, json!({})] {
            let (reply, _) = made(&scene, json!({"config": config, "metadata": metadata})).await;
            assert_eq!(reply["metadata"], json!({"buckets": buckets}), "{config}");
        }
    }
});

// Nothing is read from what comes with metadata: no text breaks the list.
both!(what_is_no_toml_is_kept_with_metadata_and_refused_without, async |scene| {
    let (_, path) = made(&scene, json!({})).await;
    let broken =
        ["[[[", "interval = ${I}", "a = $B", "a = 1\na = 2", "a = \"b", "outputs = 1", "[outputs.influxdb_v2]"];
    for config in broken {
        for metadata in [json!({"buckets": []}), json!({"buckets": null})] {
            let (reply, _) = made(&scene, json!({"config": config, "metadata": metadata})).await;
            assert_eq!((&reply["config"], &reply["metadata"]), (&json!(config), &metadata));
        }
        let body = json!({"orgID": scene.org, "name": "n", "config": config});
        scene.http.post("telegrafs", body.clone()).await.refused(500, "internal error", UNTOLD);
        put(&scene, &path, body).await.refused(500, "internal error", UNTOLD);
    }
    let list = scene.http.get(&format!("telegrafs?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["configurations"].as_array().unwrap().len(), 1 + 2 * broken.len());
    for (bucket, go) in [("1", "int64"), ("true", "bool"), ("[\"a\"]", "[]interface {}")] {
        let config = format!("[[outputs.influxdb_v2]]\nbucket = {bucket}");
        let reply = scene.http.post("telegrafs", json!({"orgID": scene.org, "config": config})).await;
        let panic = format!("interface conversion: interface {{}} is {go}, not string");
        reply.refused(500, "internal error", &format!("a panic has occurred: /api/v2/telegrafs: {panic}"));
    }
    for metadata in [json!([]), json!("x")] {
        let body = json!({"orgID": scene.org, "name": "n", "config": CONFIG, "metadata": metadata});
        scene.http.post("telegrafs", body).await.refused(500, "internal error", UNTOLD);
    }
});

both!(a_put_resets_what_it_leaves_out_but_the_org_and_there_is_no_patch, async |scene| {
    let (_, path) = made(&scene, json!({"description": "d", "metadata": {"buckets": ["x"]}})).await;
    let reply = put(&scene, &path, json!({"name": "other", "orgID": ABSENT})).await.expect(200);
    assert_eq!(
        (&reply["name"], &reply["orgID"], &reply["metadata"]),
        (&json!("other"), &json!(scene.org), &json!({"buckets": []}))
    );
    assert!(reply.get("config").is_none() && reply.get("description").is_none(), "{reply}");
    put(&scene, &path, json!({"orgID": "x"})).await.refused(400, "invalid", "id must have a length of 16 bytes");
    // What a read gives may be sent back.
    let (_, path) = made(&scene, json!({"description": "d", "metadata": {"buckets": ["x"], "more": [1]}})).await;
    let label = scene.label("l").await;
    scene.http.post(&format!("{path}/labels"), json!({"labelID": label})).await.expect(201);
    let before = json_of(&scene).get(&path).await.expect(200);
    assert_eq!(before["labels"][0]["name"], "l");
    assert_eq!(put(&scene, &path, before.clone()).await.expect(200), before);
    let patch = scene.http.patch(&path, json!({"name": "x"})).await;
    assert_eq!((patch.status, patch.header("allow")), (405, "DELETE, GET, OPTIONS, PUT"));
});

both!(the_list_is_whole_without_links_and_several_have_one_name, async |scene| {
    for name in ["a", "a", "b"] {
        made(&scene, json!({"name": name})).await;
    }
    for query in ["", "&limit=1", "&offset=2", "&name=b", "&org=absent"] {
        let list = scene.http.get(&format!("telegrafs?orgID={}{query}", scene.org)).await.expect(200);
        assert_eq!(list.as_object().unwrap().len(), 1, "{list}");
        assert_eq!(names(&list["configurations"]), ["a", "a", "b"], "{query}");
    }
    let none = scene.http.get(&format!("telegrafs?orgID={ABSENT}")).await.expect(200);
    assert_eq!(none["configurations"], json!([]));
    let message = "orgID is invalid: id must have a length of 16 bytes";
    scene.http.get("telegrafs?orgID=x").await.refused(400, "invalid", message);
});

both!(what_is_wrong_with_a_body_is_told_only_of_ids, async |scene| {
    let invalid = "invalid org id for permission: invalid ID";
    for body in [json!({"name": "n"}), json!({"name": "n", "org": scene.org_name})] {
        scene.http.post("telegrafs", body).await.refused(400, "invalid", invalid);
    }
    let reply = scene.http.post("telegrafs", json!({"orgID": "x"})).await;
    reply.refused(400, "invalid", "id must have a length of 16 bytes");
    for body in [json!({"orgID": scene.org, "name": 1}), json!({"orgID": 1}), json!({"orgID": scene.org, "config": []})]
    {
        scene.http.post("telegrafs", body).await.refused(500, "internal error", UNTOLD);
    }
    scene.http.post_text("telegrafs", "{").await.refused(500, "internal error", UNTOLD);
});

both!(what_is_not_there_is_404, async |scene| {
    let path = format!("telegrafs/{ABSENT}");
    let missing = "telegraf configuration not found";
    for http in [json_of(&scene), scene.http.clone()] {
        http.get(&path).await.refused(404, "not found", missing);
    }
    scene.http.delete(&path).await.refused(404, "not found", missing);
    put(&scene, &path, json!({"name": "n"})).await.refused(404, "not found", missing);
    scene.http.get("telegrafs/x").await.refused(400, "invalid", "id must have a length of 16 bytes");
});

both!(it_takes_both_rights_to_change_one_and_one_to_make_it, async |scene| {
    let (_, path) = made(&scene, json!({})).await;
    let own = &path["telegrafs/".len()..];
    let body = json!({"orgID": scene.org, "name": "n", "config": CONFIG});
    let writes = scene.token(json!([scene.may("write", "telegrafs")])).await.http;
    let made = id(&writes.post("telegrafs", body.clone()).await.expect(201));
    let unread = |of: &str| format!("read:orgs/{}/telegrafs/{of} is unauthorized", scene.org);
    writes.delete(&format!("telegrafs/{made}")).await.refused(401, "unauthorized", &unread(&made));
    let reads = scene.token(json!([scene.may_one("read", "telegrafs", own)])).await.http;
    let list = reads.get(&format!("telegrafs?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["configurations"].as_array().unwrap().len(), 1);
    reads.get(&path).await.expect(200);
    let unwritten = format!("write:orgs/{}/telegrafs/{own} is unauthorized", scene.org);
    reads.delete(&path).await.refused(401, "unauthorized", &unwritten);
    let both = [scene.may_one("read", "telegrafs", own), scene.may_one("write", "telegrafs", own)];
    let both = scene.token(json!(both)).await.http;
    both.delete(&path).await.expect(204);
});

both!(a_configuration_is_kept_byte_for_byte_and_has_no_owner, async |scene| {
    let config = "a = 1\r\n\0 # é\n";
    let (reply, path) = made(&scene, json!({"config": config, "metadata": {"buckets": []}})).await;
    assert_eq!(reply["config"], config);
    for role in ["members", "owners"] {
        let users = scene.http.get(&format!("{path}/{role}")).await.expect(200);
        assert_eq!(users["users"], json!([]), "{role}");
    }
});

both!(plugins_take_the_place_of_the_configuration, async |scene| {
    for plugins in [json!([]), json!([{"type": "input", "name": "cpu", "config": {}}])] {
        let body = json!({"orgID": scene.org, "name": "n", "config": "keep", "metadata": {}, "plugins": plugins});
        let reply = scene.http.post("telegrafs", body).await;
        match scene.server.backend() {
            Backend::Real => {
                let made = reply.expect(201);
                assert!(made["config"].as_str().unwrap().starts_with("# Configuration for telegraf agent"), "{made}");
            }
            Backend::Embedded => {
                reply.refused(501, "not implemented", "the embedded server makes no configuration of plugins");
            }
        }
    }
});

both!(a_change_takes_both_rights, async |scene| {
    let (_, path) = made(&scene, json!({})).await;
    let own = &path["telegrafs/".len()..];
    let body = json!({"name": "n", "config": "", "metadata": {"buckets": []}}).to_string().into_bytes();
    let may = ["read", "write"].map(|action| scene.may_one(action, "telegrafs", own));
    for (held, lacking) in [(json!([may[0]]), "write"), (json!([may[1]]), "read")] {
        let http = scene.token(held).await.http.with_header("content-type", "application/json");
        let words = format!("{lacking}:orgs/{}/telegrafs/{own} is unauthorized", scene.org);
        http.send(Method::PUT, &path, Some(body.clone())).await.refused(401, "unauthorized", &words);
    }
    let http = scene.token(json!(may)).await.http.with_header("content-type", "application/json");
    http.send(Method::PUT, &path, Some(body)).await.expect(200);
});
