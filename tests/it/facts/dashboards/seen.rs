//! Lists of dashboards, rights and labels.

use super::*;

both!(the_list_of_an_org_has_no_pages, async |scene| {
    for n in 0..3 {
        made(&scene, json!({"name": format!("d{n}")})).await;
    }
    let list = async |query: &str| scene.http.get(&format!("dashboards?{query}")).await;
    let of_org = format!("orgID={}", scene.org);
    let first = list(&of_org).await.expect(200)["dashboards"][0].clone();
    scene.http.patch(&path(&first), json!({"name": "d0"})).await.expect(200);
    for (query, wanted) in [
        (format!("{of_org}&limit=1&offset=1"), &["d0", "d1", "d2"][..]),
        (format!("{of_org}&descending=true"), &["d2", "d1", "d0"]),
        (format!("{of_org}&sortBy=UpdatedAt"), &["d1", "d2", "d0"]),
        (format!("{of_org}&sortBy=CreatedAt&name=d1"), &["d0", "d1", "d2"]),
        (format!("org={}&owner={ABSENT}", scene.org_name), &["d0", "d1", "d2"]),
        (format!("id={}", id(&first)), &["d0"]),
        (format!("id={ABSENT}"), &[]),
        (format!("orgID={ABSENT}"), &[]),
    ] {
        let found = list(&query).await.expect(200);
        assert_eq!(names(&found["dashboards"]), wanted, "{query}");
    }
    let links = list(&format!("{of_org}&limit=2")).await.expect(200)["links"].clone();
    let at = |offset: u32| format!("/api/v2/dashboards?descending=false&limit=2&offset={offset}&orgID={}", scene.org);
    assert_eq!(links, json!({"self": at(0), "next": at(2)}));
    let third = list(&format!("{of_org}&descending=true")).await.expect(200)["dashboards"][0].clone();
    let two = list(&format!("id={}&id={}", id(&third), id(&first))).await.expect(200);
    assert_eq!(names(&two["dashboards"]), ["d0", "d2"]);
    list(&format!("{of_org}&limit=101")).await.refused(400, "invalid", "limit must be between 1 and 100");
    list("orgID=x").await.refused(400, "invalid", "id must have a length of 16 bytes");
    list("id=x").await.refused(400, "invalid", "id must have a length of 16 bytes");
    list("org=nosuch").await.refused(404, "not found", "organization name \"nosuch\" not found");
});

both!(who_writes_and_does_not_read_changes_a_dashboard_and_is_refused, async |scene| {
    let made = made(&scene, json!({"name": "n", "cells": [{"properties": note("A")}]})).await;
    let (own, cells) = (id(&made), format!("{}/cells", path(&made)));
    let cell = format!("{cells}/{}", id(&made["cells"][0]));
    let token = async |actions: &[&str]| {
        scene.token(json!(actions.iter().map(|action| scene.may(action, "dashboards")).collect::<Vec<_>>())).await
    };
    let (read, write) = (token(&["read"]).await, token(&["write"]).await);
    let lacks = |action: &str| format!("{action}:orgs/{}/dashboards/{own} is unauthorized", scene.org);
    let no = |reply: Reply, action: &str| reply.refused(401, "unauthorized", &lacks(action));
    for path in [path(&made), format!("{cell}/view")] {
        read.http.get(&path).await.expect(200);
        no(write.http.get(&path).await, "read");
    }
    no(read.http.patch(&path(&made), json!({"name": "x"})).await, "write");
    no(read.http.post(&cells, json!({"x": 1})).await, "write");
    no(read.http.patch(&cell, json!({"x": 1})).await, "write");
    no(read.http.patch(&format!("{cell}/view"), json!({"name": "x"})).await, "write");
    no(read.http.delete(&cell).await, "write");
    no(read.http.delete(&path(&made)).await, "write");
    no(write.http.patch(&path(&made), json!({"name": "changed"})).await, "read");
    assert_eq!(whole(&scene, &made).await["name"], "changed");
    write.http.post(&cells, json!({"x": 1})).await.expect(201);
    write.http.patch(&cell, json!({"x": 1})).await.expect(200);
    write.http.patch(&format!("{cell}/view"), json!({"name": "x"})).await.expect(200);
    let list = format!("dashboards?orgID={}", scene.org);
    assert_eq!(write.http.get(&list).await.expect(200)["dashboards"], json!([]));
    let reply = read.http.post("dashboards", dashboard(&scene, json!({}))).await;
    reply.refused(401, "unauthorized", &format!("write:orgs/{}/dashboards is unauthorized", scene.org));
    write.http.delete(&path(&made)).await.expect(204);
});

both!(who_does_not_see_a_dashboard_finds_no_labels_of_it, async |scene| {
    let label = scene.label("l").await;
    let made = made(&scene, json!({})).await;
    let labels = format!("{}/labels", path(&made));
    let none = scene.token(json!([scene.may("write", "dashboards")])).await;
    none.http.get(&labels).await.refused(404, "not found", "404 page not found");
    scene.http.post(&labels, json!({"labelID": label})).await.expect(201);
    assert_eq!(names(&scene.http.get(&labels).await.expect(200)["labels"]), ["l"]);
    let changed = scene.http.patch(&path(&made), json!({"name": "n", "cells": []})).await.expect(200);
    assert_eq!(names(&changed["labels"]), ["l"]);
    let members = scene.http.get(&format!("{}/members", path(&made))).await.expect(200);
    assert_eq!(members["users"], json!([]));
    scene.http.delete(&format!("{labels}/{label}")).await.expect(204);
    assert_eq!(scene.http.get(&labels).await.expect(200)["labels"], json!([]));
});

both!(a_dashboard_outlives_its_org, async |scene| {
    let org = id(&scene.http.post("orgs", json!({"name": unique("gone")})).await.expect(201));
    let made = made(&scene, json!({"orgID": org})).await;
    scene.http.delete(&format!("orgs/{org}")).await.expect(204);
    scene.http.patch(&path(&made), json!({"name": "still"})).await.expect(200);
    let list = scene.http.get(&format!("dashboards?orgID={org}")).await.expect(200);
    assert_eq!(names(&list["dashboards"]), ["still"]);
    scene.http.delete(&path(&made)).await.expect(204);
});
