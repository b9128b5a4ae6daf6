//! Tokens of InfluxDB 1.x, through their kind.

use fluxform::diff::Goal;
use fluxform::value::Scope;

use super::*;
use crate::support::{ABSENT, Project, id, unique};
use crate::terminal::Place;

const PATH: &str = "/private/legacy/authorizations";

fn token(scene: &Scene, username: &str) -> Fields {
    let all = |ty: &str| {
        let org = Box::new(Ref::Id(Kind::Org, scene.org.clone()));
        Value::Scopes([Scope::Org { ty: ty.to_owned(), org }].into())
    };
    let fields = [
        ("username", text(username)),
        ("org", in_org(scene)),
        ("description", text("")),
        ("status", text("inactive")),
        ("user", Value::Ref(Ref::Id(Kind::User, scene.user.clone()))),
        ("read", all("buckets")),
        ("write", all("tasks")),
    ];
    fields.into_iter().collect()
}

both!(a_token_of_influxdb_1, async |scene| {
    let changes = vec![("status", text("active")), ("description", text("new")), ("description", text(""))];
    live_through(&scene, Kind::V1Token, token(&scene, &unique("v1")), changes).await;
});

/// Whether the username and the password let in.
async fn logs_in(scene: &Scene, username: &str, password: &str) -> bool {
    let login = format!("/write?db=no-such-database&u={username}&p={password}");
    scene.server.anonymous().post_text(&login, "").await.status == 404
}

both!(the_password_of_a_token_is_set_when_its_version_changes, async |scene| {
    let username = unique("v1");
    let mut fields = token(&scene, &username);
    fields.set("status", text("active"));
    let (ids, first, second) = (Ids::default(), password("first-password"), password("second-password"));
    let with = |secrets| Desired { secrets, ..desired(&scene, &fields, &ids) };
    let made = create_as(&scene, Kind::V1Token, &with(&first)).await;
    assert_eq!(made.rest, ["password"]);
    assert!(logs_in(&scene, &username, "first-password").await);
    Kind::V1Token.update(&writer(&scene), &made.object, &with(&second), &["status"]).await.unwrap();
    assert!(logs_in(&scene, &username, "first-password").await, "the version is the same");
    Kind::V1Token.update(&writer(&scene), &made.object, &with(&second), &["password_version"]).await.unwrap();
    assert!(logs_in(&scene, &username, "second-password").await);
    assert!(!logs_in(&scene, &username, "first-password").await);
});

/// A manifest of a token with this username, and with more lines.
fn manifest(username: &str, more: &str) -> String {
    format!("[bucket.b]\n\n[v1_token.t]\nusername = \"{username}\"\nread = [\"bucket.b\"]\n{more}")
}

const PASSWORD: &str = "password = { command = [\"echo\", \"long-enough\"] }\n";

both!(a_token_that_is_made_anew_has_its_password, async |scene| {
    let (username, project) = (unique("v1"), Project::new(&scene));
    project.declare(&manifest(&username, PASSWORD));
    project.apply().await;
    assert!(logs_in(&scene, &username, "long-enough").await);
    project.declare(&manifest(&username, &format!("write = [\"bucket.b\"]\n{PASSWORD}")));
    project.apply().await;
    assert!(logs_in(&scene, &username, "long-enough").await, "replaced");
    let list = scene.http.get(&format!("{PATH}?orgID={}", scene.org)).await.expect(200);
    scene.http.delete(&format!("{PATH}/{}", id(&list["authorizations"][0]))).await.expect(204);
    project.apply().await;
    assert!(logs_in(&scene, &username, "long-enough").await, "deleted by hand");
    project.destroy().await;
});

both!(what_a_token_lacks_between_is_said_before, async |scene| {
    let username = unique("v1");
    let place = Place::new(&scene, &manifest(&username, ""));
    let said = place.on("plan").run().with(0).all();
    assert!(said.contains("v1_token.t is created without a `password`: nobody can use it"), "{said}");
    place.declare(&manifest(&username, PASSWORD));
    let said = place.on("plan").run().with(0).all();
    assert!(!said.contains("without a `password`"), "{said}");
    place.apply().run().with(0);
    place.declare(&manifest(&username, &format!("write = [\"bucket.b\"]\n{PASSWORD}")));
    let said = place.on("plan").run().with(0).all();
    let words = "`write` cannot be changed in place; nothing works with it until the new one has its `password`";
    assert!(said.contains(words), "{said}");
});

/// A token of somebody else with this username, in an org of its own.
async fn elsewhere(scene: &Scene, username: &str) -> String {
    let org = id(&scene.http.post("orgs", json!({"name": unique("org")})).await.expect(201));
    let may = json!([{"action": "read", "resource": {"type": "labels", "orgID": org}}]);
    let theirs = json!({"orgID": org, "token": username, "permissions": may});
    id(&scene.http.post(PATH, theirs).await.expect(201))
}

both!(a_username_that_is_taken_where_nothing_is_seen_is_said_before, async |scene| {
    let username = unique("v1");
    let theirs = elsewhere(&scene, &username).await;
    let all = ["labels", "buckets", "authorizations"];
    let mut may: Vec<_> = all.iter().flat_map(|ty| ["read", "write"].map(|action| scene.may(action, ty))).collect();
    may.extend(
        ["read", "write"].map(|action| json!({"action": action, "resource": {"type": "users", "id": scene.user}})),
    );
    let narrow = scene.token(json!(may)).await;
    let project = Project::new(&scene).through(scene.server.url(), &narrow.token);
    let refused = async |project: &Project| {
        let planned = project.plan(Goal::Declared).await.unwrap();
        planned.plan.refusals.into_iter().map(|refusal| refusal.diagnostic).collect::<Vec<_>>()
    };
    project.declare(&manifest(&username, PASSWORD));
    let said = refused(&project).await;
    let words =
        format!("v1_token.t cannot be named {username:?}: a v1_token that this token does not see has that name");
    assert_eq!(said.iter().map(|one| one.message.clone()).collect::<Vec<_>>(), [words]);
    assert_eq!((said[0].code.text(), said[0].places.len()), ("guard::name-taken", 1));

    // Of one that exists, the new name is looked for too: it would be deleted first.
    project.declare(&manifest(&unique("v1"), PASSWORD));
    project.apply().await;
    project.declare(&manifest(&username, PASSWORD));
    assert_eq!(refused(&project).await.len(), 1);
    scene.http.delete(&format!("{PATH}/{theirs}")).await.expect(204);
    project.apply().await;
    project.destroy().await;
});

both!(what_the_server_refuses_is_explained, async |scene| {
    let taken = unique("v1");
    elsewhere(&scene, &taken).await;
    let refused = async |fields: &Fields| {
        Kind::V1Token.create(&writer(&scene), &desired(&scene, fields, &Ids::default())).await.unwrap_err()
    };
    let error = refused(&token(&scene, &taken)).await;
    let words = format!("token already exists (the username `{taken}` is taken on this server");
    assert!(error.class == Class::Conflict && error.message.starts_with(&words), "{error}");
    let mut absent = token(&scene, &unique("v1"));
    absent.set("read", Value::Scopes([Scope::Object(Ref::Id(Kind::Bucket, ABSENT.into()))].into()));
    let error = refused(&absent).await;
    assert!(error.message.contains("no permission on a bucket that does not exist"), "{error}");
});
