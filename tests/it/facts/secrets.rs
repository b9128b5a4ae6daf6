//! Secrets of orgs: keys without IDs.

use fluxform::flux::digest;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{ABSENT, Http, Reply, Scene, both, real, unique};

fn path(scene: &Scene) -> String {
    format!("orgs/{}/secrets", scene.org)
}

async fn keys(scene: &Scene) -> Value {
    scene.http.get(&path(scene)).await.expect(200)["secrets"].clone()
}

/// What may be sent to an org's secrets, and what is said to it.
async fn replies(http: &Http, path: &str) -> [(u16, String); 4] {
    let list = http.get(path).await;
    let set = http.patch(path, json!({"x": "y"})).await;
    let delete = http.post(&format!("{path}/delete"), json!({"secrets": ["x"]})).await;
    let delete_one = http.delete(&format!("{path}/x")).await;
    [list, set, delete, delete_one].map(|reply| (reply.status, reply.text))
}

both!(a_list_has_the_keys_in_the_order_of_their_bytes_and_no_value, async |scene| {
    let list = scene.http.get(&path(&scene)).await.expect(200);
    let links = json!({"org": format!("/api/v2/orgs/{}", scene.org), "self": format!("/api/v2/{}", path(&scene))});
    assert_eq!(list, json!({"links": links, "secrets": []}));
    scene.http.patch(&path(&scene), json!({"b": "S1", "a": "S2", "B": "S3", "": "S4", "é/..": "S5"})).await.expect(204);
    let list = scene.http.get(&path(&scene)).await;
    assert!(!list.text.contains('S'), "{}", list.text);
    assert_eq!(list.expect(200)["secrets"], json!(["", "B", "a", "b", "é/.."]));
});

both!(a_patch_sets_what_it_names_and_leaves_the_others, async |scene| {
    for body in [json!({"a": "1", "b": "2"}), json!({"c": null}), json!({"a": ""}), json!({}), Value::Null] {
        scene.http.patch(&path(&scene), body).await.expect(204);
    }
    assert_eq!(keys(&scene).await, json!(["a", "b", "c"]), "`null` and an empty value delete nothing");
});

both!(a_delete_takes_what_there_is, async |scene| {
    scene.http.patch(&path(&scene), json!({"a": "1", "b": "2", "c": "3", "d/e": "4", "f g": "5"})).await.expect(204);
    let delete = format!("{}/delete", path(&scene));
    for body in [json!({"secrets": ["a", "absent"]}), json!({"secrets": []}), json!({})] {
        scene.http.post(&delete, body).await.expect(204);
    }
    for key in ["b", "b", "f%20g"] {
        scene.http.delete(&format!("{}/{key}", path(&scene))).await.expect(204);
    }
    assert_eq!(keys(&scene).await, json!(["c", "d/e"]));
    scene.http.delete(&format!("{}/d%2Fe", path(&scene))).await.expect(204);
    assert_eq!(keys(&scene).await, json!(["c", "d/e"]), "a slash in a path is not decoded");
});

both!(a_body_that_is_none_changes_nothing, async |scene| {
    let secrets = path(&scene);
    for (body, words) in [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("[]", "json: cannot unmarshal array into Go value of type map[string]string"),
        ("\"x\"", "json: cannot unmarshal string into Go value of type map[string]string"),
        (r#"{"a":"v","n":5}"#, "json: cannot unmarshal number into Go value of type string"),
        (r#"{"a":{"b":1}}"#, "json: cannot unmarshal object into Go value of type string"),
    ] {
        let reply = scene.http.send(Method::PATCH, &secrets, Some(body.into())).await;
        reply.refused(400, "invalid", &format!("failed to unmarshal json: {words}"));
    }
    for (body, words) in [
        ("", "EOF"),
        ("[]", "json: cannot unmarshal array into Go value of type secret.secretsDeleteBody"),
        (
            r#"{"secrets":"a"}"#,
            "json: cannot unmarshal string into Go struct field secretsDeleteBody.secrets of type []string",
        ),
        (
            r#"{"secrets":[1]}"#,
            "json: cannot unmarshal number into Go struct field secretsDeleteBody.secrets of type string",
        ),
    ] {
        let reply = scene.http.post_text(&format!("{secrets}/delete"), body).await;
        reply.refused(400, "invalid", &format!("failed to unmarshal json: {words}"));
    }
    assert_eq!(keys(&scene).await, json!([]));
});

both!(who_may_not_read_the_org_is_told_of_no_page, async |scene| {
    let secrets = path(&scene);
    let org = scene.may_org("read");
    let may = |action| scene.may(action, "secrets");
    let missing = |reply: &(u16, String)| reply.0 == 404 && reply.1.contains("404 page not found");
    for permissions in [json!([may("read")]), json!([may("write")]), json!([scene.may("read", "buckets")])] {
        let token = scene.token(permissions).await;
        assert!(replies(&token.http, &secrets).await.iter().all(missing));
    }
    assert!(replies(&scene.http, &format!("orgs/{ABSENT}/secrets")).await.iter().all(missing));
    for (permissions, statuses) in [
        (json!([org, may("read")]), [200, 401, 401, 401]),
        (json!([org, may("write")]), [401, 204, 204, 204]),
        (json!([org]), [401; 4]),
    ] {
        let token = scene.token(permissions).await;
        let replies = replies(&token.http, &secrets).await;
        assert_eq!(replies.each_ref().map(|(status, _)| *status), statuses);
        for (_, text) in replies.iter().filter(|(status, _)| *status == 401) {
            assert!(text.contains(&format!(":orgs/{}/secrets is unauthorized", scene.org)), "{text}");
        }
    }
    let malformed = scene.http.get("orgs/zz/secrets").await;
    malformed.refused(400, "invalid", "corrupt ID provided: id must have a length of 16 bytes");
});

both!(a_key_has_a_limit, async |scene| {
    let reply = scene.http.patch(&path(&scene), json!({"k".repeat(33_000): "v"})).await;
    reply.refused(413, "request too large", "key too large");
    scene.http.patch(&path(&scene), json!({"k".repeat(31_000): "v"})).await.expect(204);
});

both!(no_other_method_is_allowed, async |scene| {
    let secrets = path(&scene);
    for reply in [
        scene.http.get(&format!("{secrets}/k")).await,
        scene.http.send(Method::PUT, &secrets, Some("{}".into())).await,
        scene.http.post(&secrets, json!({})).await,
        scene.http.delete(&secrets).await,
    ] {
        assert_eq!((reply.status, reply.text.as_str()), (405, ""));
    }
});

both!(secrets_are_out_of_reach_once_their_org_is_gone, async |scene| {
    let org = scene.http.post("orgs", json!({"name": unique("gone")})).await.expect(201)["id"].clone();
    let org = org.as_str().unwrap();
    scene.http.patch(&format!("orgs/{org}/secrets"), json!({"a": "1"})).await.expect(204);
    scene.http.delete(&format!("orgs/{org}")).await.expect(204);
    let reply = scene.http.get(&format!("orgs/{org}/secrets")).await;
    reply.refused(404, "not found", "404 page not found");
});

/// What a server says to the query for the digest of a secret.
async fn digest(http: &Http, scene: &Scene, key: &str) -> Reply {
    let body = json!({"query": digest::query(key).unwrap(), "type": "flux"});
    http.post(&format!("query?orgID={}", scene.org), body).await
}

both!(the_digest_of_a_secret_is_shown_to_who_may_read_secrets, async |scene| {
    scene.http.patch(&path(&scene), json!({"k": "S1", "a\"é${x}\\": "ü\n", "empty": ""})).await.expect(204);
    for (key, wanted) in [
        ("k", "3696ad59777e09d5f2daacb544022d435e7cd053d87c5781241fabd8fdf2a90d"),
        ("a\"é${x}\\", "599c7c0c70071ddf9568a4b07213a61a06ddb301f494a3477c69aaf04c1ad1cd"),
    ] {
        let reply = digest(&scene.http, &scene, key).await;
        assert_eq!((reply.status, digest::read_reply(&reply.text)), (200, Some(wanted)), "{}", reply.text);
    }
    let call = |place: &str| format!("error calling function \"get\" @4:38-4:{place}: ");
    for (key, place) in [("none", "62"), ("empty", "63")] {
        let said = format!("{}secret not found", call(place));
        digest(&scene.http, &scene, key).await.refused(404, "not found", &said);
    }
    let (blind, reader) = (scene.may("read", "buckets"), scene.may("read", "secrets"));
    let said = format!("{}read:orgs/{}/secrets is unauthorized", call("59"), scene.org);
    let blind = scene.token(json!([blind])).await.http;
    digest(&blind, &scene, "k").await.refused(401, "unauthorized", &said);
    let reader = scene.token(json!([reader])).await.http;
    assert_eq!(digest(&reader, &scene, "k").await.status, 200);
});

both!(a_value_may_be_long, async |scene| {
    let long = "x".repeat(10_000_000);
    scene.http.patch(&path(&scene), json!({"long": long})).await.expect(204);
    let whole: String = Sha256::digest(&long).iter().map(|byte| format!("{byte:02x}")).collect();
    let reply = digest(&scene.http, &scene, "long").await;
    assert_eq!(digest::read_reply(&reply.text), Some(whole.as_str()), "{}", reply.text);
});

// The embedded server runs no such scripts.
real!(who_may_read_secrets_reads_their_values_by_a_script, async |scene| {
    scene.http.patch(&path(&scene), json!({"k": "plain"})).await.expect(204);
    let imports = "import \"array\" import \"influxdata/influxdb/secrets\"";
    let query = format!("{imports} array.from(rows: [{{v: secrets.get(key: \"k\")}}])");
    let reader = scene.token(json!([scene.may("read", "secrets")])).await.http;
    let body = json!({"type": "flux", "query": query});
    let reply = reader.post(&format!("query?orgID={}", scene.org), body).await;
    assert!(reply.status == 200 && reply.text.contains(",plain"), "{}", reply.text);
});
