//! Paging: `limit`, `offset`, `after`, and what a page does not prove.

use serde_json::{Value, json};

use crate::support::{Http, Scene, both, column, id, names, unique};

/// Makes buckets `b000`, `b001`, ...; their IDs.
async fn buckets(scene: &Scene, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(scene.bucket(&format!("b{number:03}")).await);
    }
    ids
}

async fn rows(http: &Http, path: &str, field: &str) -> (usize, Value) {
    let page = http.get(path).await.expect(200);
    (page[field].as_array().unwrap().len(), page)
}

both!(limit_is_1_to_100, async |scene| {
    for kind in ["buckets", "orgs", "users"] {
        for limit in ["0", "101", "-1", "x"] {
            let reply = scene.http.get(&format!("{kind}?limit={limit}")).await;
            assert_eq!(reply.status, 400, "{kind} {limit}: {}", reply.text);
        }
        for limit in ["0", "101"] {
            let reply = scene.http.get(&format!("{kind}?limit={limit}")).await;
            reply.refused(400, "invalid", "limit must be between 1 and 100");
        }
        let (count, _) = rows(&scene.http, &format!("{kind}?limit=1"), kind).await;
        assert_eq!(count, 1, "{kind}");
        scene.http.get(&format!("{kind}?limit=100")).await.expect(200);
    }
});

both!(buckets_come_20_at_a_time, async |scene| {
    buckets(&scene, 21).await;
    let path = format!("buckets?orgID={}", scene.org);
    let (count, page) = rows(&scene.http, &path, "buckets").await;
    assert_eq!(count, 20);
    let next = page["links"]["next"].as_str().unwrap();
    let (count, page) = rows(&scene.http, next, "buckets").await;
    assert_eq!(count, 3);
    assert_eq!(page["links"]["next"], Value::Null);
});

both!(users_come_20_at_a_time, async |scene| {
    for _ in 0..21 {
        scene.user("many").await;
    }
    let (count, _) = rows(&scene.http, "users", "users").await;
    assert_eq!(count, 20);
});

both!(orgs_come_20_at_a_time, async |scene| {
    for _ in 0..20 {
        scene.http.post("orgs", json!({"name": unique("many")})).await.expect(201);
    }
    let (count, _) = rows(&scene.http, "orgs", "orgs").await;
    assert_eq!(count, 20);
});

both!(offset_walks_all_rows, async |scene| {
    buckets(&scene, 5).await;
    let mut found = Vec::new();
    loop {
        let path = format!("buckets?orgID={}&limit=3&offset={}", scene.org, found.len());
        let (count, page) = rows(&scene.http, &path, "buckets").await;
        if count == 0 {
            break;
        }
        found.extend(names(&page["buckets"]).into_iter().map(str::to_owned));
    }
    assert_eq!(found.len(), 7);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 7);
});

both!(rows_are_hidden_after_the_limit, async |scene| {
    let ids = buckets(&scene, 6).await;
    let path = format!("buckets?orgID={}&limit=100", scene.org);
    let order = scene.http.get(&path).await.expect(200);
    let order = column(&order["buckets"], "id");
    let last = order.iter().rfind(|id| ids.iter().any(|made| made == *id)).unwrap();
    let place = order.iter().position(|id| id == last).unwrap();
    let reader = scene.token(json!([scene.may_one("read", "buckets", last)])).await;
    let path = format!("buckets?orgID={}&limit=2", scene.org);
    let (count, page) = rows(&reader.http, &path, "buckets").await;
    assert_eq!(count, 0);
    assert_eq!(page["links"]["next"], Value::Null);
    let (_, page) = rows(&reader.http, &format!("{path}&offset={place}"), "buckets").await;
    assert_eq!(column(&page["buckets"], "id"), [*last]);
});

both!(a_full_view_of_buckets_without_the_organization_has_short_pages, async |scene| {
    buckets(&scene, 8).await;
    let reader = scene.token(json!([scene.may("read", "buckets")])).await;
    let mut seen = 0;
    let mut short = false;
    for offset in (0..10).step_by(5) {
        let path = format!("buckets?orgID={}&limit=5&offset={offset}", scene.org);
        let (count, page) = rows(&reader.http, &path, "buckets").await;
        if count < 5 {
            short = true;
            assert_eq!(page["links"]["next"], Value::Null);
        }
        seen += count;
    }
    assert_eq!(seen, 8);
    assert!(short);
});

both!(buckets_are_paged_by_id_with_after, async |scene| {
    buckets(&scene, 4).await;
    let path = format!("buckets?orgID={}&limit=2", scene.org);
    let mut after = String::new();
    let mut found = Vec::new();
    loop {
        let (count, page) = rows(&scene.http, &format!("{path}{after}"), "buckets").await;
        if count == 0 {
            break;
        }
        found.extend(names(&page["buckets"]).into_iter().map(str::to_owned));
        after = format!("&after={}", column(&page["buckets"], "id")[count - 1]);
    }
    found.sort_unstable();
    assert_eq!(found, ["_monitoring", "_tasks", "b000", "b001", "b002", "b003"]);
});

both!(tasks_are_limited_to_1_to_500, async |scene| {
    for limit in ["0", "501"] {
        let reply = scene.http.get(&format!("tasks?orgID={}&limit={limit}", scene.org)).await;
        reply.refused(400, "invalid", "limit must be between 1 and 500");
    }
    scene.http.get(&format!("tasks?orgID={}&limit=500", scene.org)).await.expect(200);
});

both!(tasks_come_100_at_a_time, async |scene| {
    for _ in 0..101 {
        scene.task("t").await;
    }
    let path = format!("tasks?orgID={}", scene.org);
    let (count, page) = rows(&scene.http, &path, "tasks").await;
    assert_eq!(count, 100);
    let next = page["links"]["next"].as_str().unwrap();
    let last = column(&page["tasks"], "id")[99];
    assert!(next.contains(&format!("after={last}")), "{next}");
    let (count, _) = rows(&scene.http, next, "tasks").await;
    assert_eq!(count, 1);
});

both!(tasks_page_with_after_and_have_no_offset, async |scene| {
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        made.push(scene.task(name).await);
    }
    let path = format!("tasks?orgID={}", scene.org);
    let (_, page) = rows(&scene.http, &format!("{path}&after={}", made[0]), "tasks").await;
    assert_eq!(column(&page["tasks"], "id"), made[1..]);
    let (count, _) = rows(&scene.http, &format!("{path}&offset=2"), "tasks").await;
    assert_eq!(count, 3);
    let (count, page) = rows(&scene.http, &format!("{path}&after={}", made[2]), "tasks").await;
    assert_eq!(count, 0);
    assert_eq!(page["links"]["next"], Value::Null);
});

both!(tasks_after_one_that_is_gone_lack_the_next, async |scene| {
    let mut made = Vec::new();
    for name in ["a", "b", "c", "d"] {
        made.push(scene.task(name).await);
    }
    scene.http.delete(&format!("tasks/{}", made[1])).await.expect(204);
    let path = format!("tasks?orgID={}&after=", scene.org);
    let (_, page) = rows(&scene.http, &format!("{path}{}", made[0]), "tasks").await;
    assert_eq!(column(&page["tasks"], "id"), made[2..]);
    let (_, page) = rows(&scene.http, &format!("{path}{}", made[1]), "tasks").await;
    assert_eq!(column(&page["tasks"], "id"), made[3..]);
});

both!(tasks_without_an_organization_are_the_callers_own, async |scene| {
    let user = scene.user("worker").await;
    let owners = format!("orgs/{}/owners", scene.org);
    scene.http.post(&owners, json!({"id": user})).await.expect(201);
    let worker = scene
        .token_with(json!({"userID": user, "permissions": [scene.may("read", "tasks"), scene.may("write", "tasks")]}))
        .await;
    scene.task("of the operator").await;
    let body = json!({"orgID": scene.org, "flux": crate::support::hourly("of the worker")});
    let own = id(&worker.http.post("tasks", body).await.expect(201));
    let list = worker.http.get("tasks").await.expect(200);
    assert_eq!(column(&list["tasks"], "id"), [own.as_str()]);
    let list = worker.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"].as_array().unwrap().len(), 2);
});

both!(tokens_and_labels_are_not_paged, async |scene| {
    for number in 0..21 {
        scene.label(&format!("l{number}")).await;
        scene.token(json!([scene.may("read", "buckets")])).await;
    }
    for kind in ["labels", "authorizations"] {
        for query in ["", "&limit=1", "&limit=1000", "&offset=20"] {
            let path = format!("{kind}?orgID={}{query}", scene.org);
            let (count, _) = rows(&scene.http, &path, kind).await;
            assert_eq!(count, 21, "{path}");
        }
    }
});
