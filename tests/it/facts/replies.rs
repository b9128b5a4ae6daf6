//! IDs, dates, and errors of requests that no kind understands.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{ABSENT, DEADLINE, both, names};

/// Creation time in an ID that is a snowflake, in milliseconds since 1970.
fn created(id: &str) -> i64 {
    let id = u64::from_str_radix(id, 16).unwrap();
    i64::try_from(id >> 22).unwrap() + 1_491_696_000_000
}

/// A date of the server as milliseconds since 1970.
fn milliseconds(date: &str) -> i64 {
    date.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

both!(a_malformed_id_is_400, async |scene| {
    for kind in ["buckets", "orgs", "users", "tasks", "labels", "authorizations"] {
        let reply = scene.http.get(&format!("{kind}/abc")).await;
        reply.refused(400, "invalid", "id must have a length of 16 bytes");
        let reply = scene.http.get(&format!("{kind}/zzzzzzzzzzzzzzzz")).await;
        assert_eq!(reply.status, 400, "{kind}: {}", reply.text);
    }
    for query in ["buckets?orgID=abc", "authorizations?orgID=abc", "tasks?orgID=abc"] {
        assert_eq!(scene.http.get(query).await.status, 400, "{query}");
    }
});

both!(ids_are_16_hex_digits, async |scene| {
    let ids = [
        scene.org.clone(),
        scene.bucket("b").await,
        scene.label("l").await,
        scene.task("t").await,
        scene.user("u").await,
        scene.token(json!([scene.may("read", "buckets")])).await.id,
    ];
    for id in ids {
        assert!(id.len() == 16 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{id}");
    }
});

both!(ids_of_all_but_orgs_and_buckets_hold_their_creation_time, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await.id;
    let row = scene.http.get(&format!("authorizations/{token}")).await.expect(200);
    let now = milliseconds(row["createdAt"].as_str().unwrap());
    let ids = [token, scene.label("l").await, scene.task("t").await, scene.user("u").await];
    for id in ids {
        assert!((created(&id) - now).abs() < 60_000, "{id}: {} {now}", created(&id));
    }
});

both!(ids_of_orgs_and_buckets_are_random, async |scene| {
    let near = |id: &str| (created(id) - jiff::Timestamp::now().as_millisecond()).abs() < 86_400_000;
    assert!(!near(&scene.org), "{}", scene.org);
    assert!(!near(&scene.bucket("b").await));
});

both!(dates_have_nanoseconds, async |scene| {
    let paths = [
        format!("buckets/{}", scene.bucket("b").await),
        format!("orgs/{}", scene.org),
        format!("authorizations/{}", scene.token(json!([scene.may("read", "buckets")])).await.id),
    ];
    for path in paths {
        let object = scene.http.get(&path).await.expect(200);
        for field in ["createdAt", "updatedAt"] {
            let date = object[field].as_str().unwrap();
            let (_, fraction) = date.split_once('.').unwrap();
            assert!(fraction.len() > 6 && fraction.ends_with('Z'), "{path} {field}: {date}");
        }
    }
});

both!(a_tasks_dates_have_whole_seconds, async |scene| {
    let task = scene.http.get(&format!("tasks/{}", scene.task("t").await)).await.expect(200);
    assert_eq!(task["createdAt"].as_str().unwrap().len(), "2026-11-23T00:00:00Z".len());
});

both!(users_and_labels_have_no_created_at, async |scene| {
    let user = scene.http.get(&format!("users/{}", scene.user("u").await)).await.expect(200);
    assert_eq!(user["createdAt"], Value::Null);
    let label = scene.http.get(&format!("labels/{}", scene.label("l").await)).await.expect(200);
    assert_eq!(label["label"]["createdAt"], Value::Null);
});

both!(nothing_has_an_etag, async |scene| {
    let path = format!("buckets/{}", scene.bucket("b").await);
    let reply = scene.http.get(&path).await;
    assert_eq!(reply.header("etag"), "");
    let stale = scene.http.clone().with_header("if-match", "\"stale\"");
    stale.patch(&path, json!({"description": "d"})).await.expect(200);
});

both!(an_idempotency_key_does_nothing, async |scene| {
    let http = scene.http.clone().with_header("idempotency-key", "same");
    let body = json!({"orgID": scene.org, "name": "b"});
    http.post("buckets", body.clone()).await.expect(201);
    http.post("buckets", body).await.refused(422, "conflict", "already exists");
});

both!(labels_take_a_malformed_organization_for_none, async |scene| {
    scene.label("l").await;
    let list = scene.http.get("labels?orgID=abc").await.expect(200);
    assert!(list["labels"].is_array(), "{list}");
});

both!(a_broken_body_is_400, async |scene| {
    for (kind, message) in [
        ("buckets", "failed to unmarshal json: "),
        ("orgs", "failed to unmarshal json: "),
        ("labels", "failed to unmarshal json: "),
        ("authorizations", "invalid json structure: "),
        ("tasks", "failed to decode request: "),
    ] {
        let reply = scene.http.post_text(kind, "{").await;
        reply.refused(400, "invalid", message);
    }
    for kind in ["buckets", "orgs", "labels"] {
        let reply = scene.http.post_text(kind, r#"{"name": 1}"#).await;
        reply.refused(400, "invalid", "failed to unmarshal json: ");
    }
});

both!(a_broken_body_of_a_user_is_500, async |scene| {
    let reply = scene.http.post_text("users", "{").await;
    reply.refused(500, "internal error", "");
});

both!(an_unknown_path_is_404, async |scene| {
    let reply = scene.http.get("nothing").await;
    assert_eq!(reply.status, 404, "{}", reply.text);
    let reply = scene.http.get(&format!("orgs/{}/nothing", scene.org)).await;
    assert_eq!(reply.status, 404, "{}", reply.text);
});

both!(absent_objects_are_404, async |scene| {
    for (kind, message) in [
        ("buckets", "bucket not found"),
        ("orgs", "organization not found"),
        ("users", "user not found"),
        ("labels", "label not found"),
        ("authorizations", "authorization not found"),
        ("tasks", "failed to find task: task not found"),
    ] {
        let path = format!("{kind}/{ABSENT}");
        scene.http.get(&path).await.refused(404, "not found", message);
        let deleted = scene.http.delete(&path).await;
        assert_eq!(deleted.status, 404, "{kind}: {}", deleted.text);
        let patched = scene.http.patch(&path, json!({"name": "x", "status": "active"})).await;
        assert_eq!(patched.status, 404, "{kind}: {}", patched.text);
    }
});

both!(replies_can_be_compressed, async |scene| {
    let http = scene.http.clone().with_header("accept-encoding", "gzip");
    assert_eq!(http.get("buckets?limit=100").await.status, 200);
});

both!(every_reply_has_the_servers_time, async |scene| {
    let replies = [
        scene.http.get("buckets").await,
        scene.http.get(&format!("buckets/{ABSENT}")).await,
        scene.http.post("labels", json!({"orgID": scene.org, "name": "l"})).await,
        scene.server.anonymous().get("/health").await,
    ];
    for reply in replies {
        let date = reply.header("date");
        let time = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
        let off = jiff::Timestamp::now().as_second() - time.as_second();
        assert!(off.abs() < 60, "{}: {date}", reply.request);
    }
});

both!(errors_are_spelled_in_two_ways, async |scene| {
    for path in ["buckets/abc", "orgs?org=no-such-org", "users/abc", "authorizations/abc", "no-such-path"] {
        let text = scene.http.get(path).await.text;
        assert!(text.starts_with("{\n\t\"code\": \"") && text.ends_with('}'), "{path}: {text:?}");
    }
    let compact = [scene.http.get("tasks/abc").await.text, scene.server.anonymous().get("buckets").await.text];
    for text in compact {
        assert!(text.starts_with("{\"code\":\"") && text.ends_with("\"}"), "{text:?}");
    }
});

both!(a_request_whose_client_has_gone_is_done, async |scene| {
    const COUNT: usize = 30;
    let address = scene.server.url().strip_prefix("http://").unwrap();
    for number in 0..COUNT {
        let body = json!({"orgID": scene.org, "name": format!("l{number:02}")}).to_string();
        let head = format!(
            "POST /api/v2/labels HTTP/1.1\r\nHost: {address}\r\nAuthorization: Token {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            scene.server.token(),
            body.len()
        );
        TcpStream::connect(address).unwrap().write_all(format!("{head}{body}").as_bytes()).unwrap();
    }
    let deadline = Instant::now() + DEADLINE;
    loop {
        let list = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
        if names(&list["labels"]).len() == COUNT {
            break;
        }
        assert!(Instant::now() < deadline, "some were not made: {list}");
    }
});
