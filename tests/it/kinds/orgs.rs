//! Orgs, through their kind.

use super::*;
use crate::support::unique;

both!(an_org, async |scene| {
    let name = unique("org");
    let first = [("name", text(&name)), ("description", text("first"))].into_iter().collect();
    let changes =
        vec![("name", text(&format!("{name} renamed"))), ("description", text("")), ("description", text("ünï \"x\""))];
    live_through(&scene, Kind::Org, first, changes).await;
});

both!(an_org_that_may_not_be_read_is_unknown, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let api = client_with(&scene, &token.token);
    let found = Kind::Org.find(&api, &scene.org).await.unwrap();
    assert_eq!(found, Presence::Unknown(format!("read:orgs/{} is unauthorized", scene.org)));
});

both!(all_orgs_are_listed, async |scene| {
    let mut made = BTreeSet::new();
    for _ in 0..101 {
        let fields = [("name", text(&unique("many")))].into_iter().collect();
        made.insert(create(&scene, Kind::Org, &fields).await.object.id);
    }
    let all = Kind::Org.list(&client(&scene), &[], ALL).await.unwrap();
    let all: BTreeSet<_> = all.into_iter().map(|org| org.id).collect();
    assert!(all.is_superset(&made));
});
