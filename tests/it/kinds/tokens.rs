//! Tokens, through their kind.

use fluxform::kind::{marked, marker};
use fluxform::value::Scope;

use super::*;
use crate::support::{id, unique};

fn scopes<const N: usize>(scopes: [Scope; N]) -> Value {
    Value::Scopes(scopes.into())
}

fn of_org(ty: &str, org: &str) -> Scope {
    Scope::Org { ty: ty.to_owned(), org: Box::new(Ref::Id(Kind::Org, org.to_owned())) }
}

fn of_one(ty: &str, id: &str, org: Option<&str>) -> Scope {
    let org = org.map(|org| Box::new(Ref::Id(Kind::Org, org.to_owned())));
    Scope::Bare { ty: ty.to_owned(), id: id.to_owned(), org }
}

fn fields(read: Value, write: Value) -> Fields {
    [("description", text("tok")), ("status", text("active")), ("read", read), ("write", write)].into_iter().collect()
}

both!(a_token, async |scene| {
    let bucket = scene.bucket("b").await;
    let elsewhere = id(&scene.http.post("orgs", json!({"name": unique("elsewhere")})).await.expect(201));
    let theirs = id(&scene.http.post("buckets", json!({"orgID": elsewhere, "name": "b"})).await.expect(201));
    let ids = Ids {
        home: scene.org.clone(),
        orgs: [((Kind::Bucket, bucket.clone()), scene.org.clone()), ((Kind::Bucket, theirs.clone()), elsewhere)].into(),
        ..Ids::default()
    };
    let read = [
        Scope::Object(Ref::Id(Kind::Bucket, theirs.clone())),
        Scope::Object(Ref::Id(Kind::Bucket, bucket.clone())),
        Scope::Object(Ref::Home),
        Scope::Object(Ref::Id(Kind::User, scene.user.clone())),
        Scope::Org { ty: "tasks".into(), org: Box::new(Ref::Home) },
        Scope::Instance { ty: "users".into() },
    ];
    let wanted = fields(scopes(read), scopes([of_one("dashboards", "0123456789abcdef", Some(&scene.org))]));
    let desired = Desired { marker: Some("k3y"), ..desired(&scene, &wanted, &ids) };
    let made = Kind::Token.create(&writer(&scene), &desired).await.unwrap();
    assert!(made.secret.is_some());

    let mut live = listed(&scene, Kind::Token, &made.object.id).await.unwrap();
    assert_eq!(live, made.object);
    assert_eq!(live.fields.text("status"), Some("inactive"));
    assert_eq!((live.name.as_str(), marker(&live.name)), (marked("tok", "k3y").as_str(), Some("k3y")));
    assert_eq!(live.user.as_deref(), Some(scene.user.as_str()));
    let read = [
        of_one("buckets", &theirs, None),
        of_one("buckets", &bucket, Some(&scene.org)),
        of_one("orgs", &scene.org, None),
        of_one("users", &scene.user, None),
        of_org("tasks", &scene.org),
        Scope::Instance { ty: "users".into() },
    ];
    assert_eq!(live.fields.get("read"), Some(&scopes(read)));
    assert_eq!(live.fields.get("write"), wanted.get("write"));

    update(&scene, Kind::Token, &live, &wanted, &["status", "description"]).await;
    live = listed(&scene, Kind::Token, &live.id).await.unwrap();
    assert_eq!((live.fields.text("status"), live.name.as_str()), (Some("active"), "tok"));
    let bare = [("description", text(""))].into_iter().collect();
    update(&scene, Kind::Token, &live, &bare, &["description"]).await;
    let live = listed(&scene, Kind::Token, &live.id).await.unwrap();
    assert_eq!((live.fields.text("status"), live.name.as_str()), (Some("active"), ""));

    assert_eq!(Kind::Token.find(&client(&scene), &live.id).await.unwrap(), Presence::Found(Box::new(live.clone())));
    for _ in 0..2 {
        Kind::Token.delete(&writer(&scene), &live.id).await.unwrap();
    }
    assert_eq!(Kind::Token.find(&client(&scene), &live.id).await.unwrap(), Presence::Absent);
});

both!(a_secret_tells_whether_it_works, async |scene| {
    let wanted = fields(scopes([of_org("buckets", &scene.org)]), scopes([]));
    let made = create(&scene, Kind::Token, &wanted).await;
    let secret = made.secret.unwrap();
    let api = client(&scene);
    let error = api.me_with(&secret).await.unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (Class::BadToken, "token is inactive"));
    update(&scene, Kind::Token, &made.object, &wanted, &["status"]).await;
    let me = api.me_with(&secret).await.unwrap();
    assert_eq!((me.id.as_str(), me.name), (scene.user.as_str(), None));
    let error = api.me_with(&"wrong".into()).await.unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (Class::BadToken, "unauthorized access"));
});

both!(a_token_for_another_user, async |scene| {
    let user = scene.user("u").await;
    let mut wanted = fields(scopes([of_org("buckets", &scene.org)]), scopes([]));
    wanted.set("user", Value::Ref(Ref::Id(Kind::User, user.clone())));
    let made = create(&scene, Kind::Token, &wanted).await;
    assert_eq!(made.object.user.as_deref(), Some(user.as_str()));
    assert_eq!(made.object.fields.get("user"), wanted.get("user"));
});

both!(what_the_creator_lacks_is_denied, async |scene| {
    let may = [
        scene.may("write", "authorizations"),
        json!({"action": "write", "resource": {"type": "users", "id": scene.user}}),
    ];
    let token = scene.token(json!(may)).await;
    let (wanted, ids) = (fields(scopes([of_org("buckets", &scene.org)]), scopes([])), Ids::default());
    let narrow = Writer::new(client_with(&scene, &token.token));
    let error = Kind::Token.create(&narrow, &desired(&scene, &wanted, &ids)).await.unwrap_err();
    assert_eq!((error.class, error.status, error.maybe_done), (Class::Denied, Some(403), false));
    assert!(error.message.contains(&format!("read:orgs/{}/buckets", scene.org)), "{error}");
});

both!(a_reference_to_nothing_is_not_sent, async |scene| {
    let gone = Ref::To(fluxform::address::Address::new(Kind::Bucket, "gone"));
    let (wanted, ids) = (fields(scopes([Scope::Object(gone)]), scopes([])), Ids::default());
    let writer = writer(&scene);
    let error = Kind::Token.create(&writer, &desired(&scene, &wanted, &ids)).await.unwrap_err();
    assert_eq!((error.class, writer.requests()), (Class::Refused, 0));
});
