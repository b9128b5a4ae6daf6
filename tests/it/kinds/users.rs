//! Users, through their kind.

use super::*;
use crate::support::{Http, unique};

fn orgs<const N: usize>(ids: [&str; N]) -> Value {
    refs(Kind::Org, ids)
}

both!(a_user, async |scene| {
    let other = create(&scene, Kind::Org, &[("name", text(&unique("org")))].into_iter().collect()).await.object.id;
    let (home, other) = (scene.org.as_str(), other.as_str());
    let name = unique("user");
    let first =
        [("name", text(&name)), ("status", text("inactive")), ("member_of", orgs([home])), ("owner_of", orgs([]))];
    let changes = vec![
        ("name", text(&format!("{name} renamed"))),
        ("status", text("active")),
        ("member_of", orgs([home, other])),
        ("member_of", orgs([])),
        ("owner_of", orgs([other])),
        ("owner_of", orgs([home, other])),
        ("owner_of", orgs([])),
    ];
    live_through(&scene, Kind::User, first.into_iter().collect(), changes).await;
});

both!(a_member_becomes_an_owner_and_back, async |scene| {
    let first = [("name", text(&unique("user"))), ("member_of", orgs([&scene.org]))].into_iter().collect();
    let made = create(&scene, Kind::User, &first).await;
    let show = async || {
        let live = listed(&scene, Kind::User, &made.object.id).await.unwrap();
        ["member_of", "owner_of"].map(|field| live.fields.get(field).cloned().unwrap())
    };
    let [yes, no] = [orgs([&scene.org]), orgs([])];
    let owner = [("member_of", no.clone()), ("owner_of", yes.clone())].into_iter().collect();
    update(&scene, Kind::User, &made.object, &owner, &["member_of", "owner_of"]).await;
    assert_eq!(show().await, [no.clone(), yes.clone()]);
    // One field alone takes the org from the other. What is known of the live roles is out of date, or not there at all.
    let member = [("member_of", yes.clone())].into_iter().collect();
    let mut stale = made.object.clone();
    stale.fields.set("member_of", no.clone());
    update(&scene, Kind::User, &stale, &member, &["member_of"]).await;
    assert_eq!(show().await, [yes.clone(), no.clone()]);
    let mut bare = made.object.clone();
    bare.fields.remove("member_of");
    let nothing = [("member_of", no.clone())].into_iter().collect();
    update(&scene, Kind::User, &bare, &nothing, &["member_of"]).await;
    assert_eq!(show().await, [no.clone(), no]);
});

both!(roles_are_read_only_where_they_are_asked_for, async |scene| {
    let (one, other) = (scene.user("user").await, scene.user("user").await);
    for id in [&one, &other] {
        scene.http.post(&format!("orgs/{}/members", scene.org), json!({"id": id})).await.expect(201);
    }
    let list = async |field: &(dyn Fn(&str) -> bool + Sync)| {
        let asked = ReadScope { field, object: &|id, _| id == one };
        let all = Kind::User.list(&client(&scene), &[], asked).await.unwrap();
        [&one, &other].map(|id| all.iter().find(|user| user.id == *id).unwrap().fields.get("member_of").cloned())
    };
    assert_eq!(list(&|field| field == "name").await, [None, None]);
    assert_eq!(list(&|field| field == "member_of").await, [Some(orgs([&scene.org])), None]);
});

/// More than are read one by one.
const MANY: usize = 20;

/// Many users, the first of which is a member of the scene's org, and the second owns it.
async fn people(scene: &Scene) -> Vec<String> {
    let mut people = Vec::new();
    for _ in 0..MANY {
        people.push(scene.user("user").await);
    }
    for (id, role) in people.iter().zip(["members", "owners"]) {
        scene.http.post(&format!("orgs/{}/{role}", scene.org), json!({"id": id})).await.expect(201);
    }
    people
}

/// The roles of all these people, as a client sees them that asks for all of them.
async fn roles(api: &Client, people: &[String]) -> Vec<Fields> {
    let object = |id: &str, _: &str| people.iter().any(|one| one == id);
    let all = Kind::User.list(api, &[], ReadScope { field: &|_| true, object: &object }).await.unwrap();
    people.iter().map(|id| all.iter().find(|user| user.id == *id).unwrap().fields.clone()).collect()
}

both!(roles_of_many_users_are_the_same_as_those_of_few, async |scene| {
    let people = people(&scene).await;
    // The right to read every org, which the token's user has no role in.
    let everything = json!([
        {"action": "read", "resource": {"type": "orgs"}}, {"action": "read", "resource": {"type": "users"}}
    ]);
    let of_none = json!({"permissions": everything, "userID": people[MANY - 1]});
    let told = client_with(&scene, &scene.token_with(of_none).await.token);
    let (few, many) = (roles(&client(&scene), &people[..2]).await, roles(&told, &people).await);
    assert_eq!(few[0].get("member_of"), Some(&orgs([&scene.org])));
    assert_eq!(few[1].get("owner_of"), Some(&orgs([&scene.org])));
    assert_eq!(many[..2], few);
    assert_eq!(roles(&client(&scene), &people).await, many);
});

both!(the_roles_in_an_org_that_the_list_of_orgs_lacks_are_read, async |scene| {
    let people = people(&scene).await;
    let permissions = json!([scene.may_org("read"), {"action": "read", "resource": {"type": "users"}}]);
    let stranger = json!({"permissions": permissions, "userID": people[MANY - 1]});
    let stranger = scene.token_with(stranger).await;
    assert_eq!(stranger.http.get("orgs").await.expect(200)["orgs"], json!([]));
    let seen = roles(&client_with(&scene, &stranger.token), &people).await;
    assert_eq!(seen, roles(&client(&scene), &people).await);
});

async fn signs_in(http: &Http, name: &str, password: &str) -> bool {
    let basic = basic(name, password);
    let reply = http.clone().with_header("authorization", &basic).send(reqwest::Method::POST, "signin", None).await;
    reply.status == 204
}

fn basic(name: &str, password: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("Basic ");
    for chunk in format!("{name}:{password}").as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

both!(a_password_is_set_when_its_version_changes, async |scene| {
    let name = unique("user");
    let fields: Fields = [("name", text(&name)), ("status", text("active"))].into_iter().collect();
    let ids = Ids::default();
    let (first, second) = (password("first-password"), password("second-password"));
    let with = |secrets| Desired { secrets, ..desired(&scene, &fields, &ids) };
    let made = create_as(&scene, Kind::User, &with(&first)).await;
    assert_eq!(made.rest, ["password"]);
    let http = scene.server.anonymous();
    assert!(signs_in(&http, &name, "first-password").await);
    Kind::User.update(&writer(&scene), &made.object, &with(&second), &["status"]).await.unwrap();
    assert!(signs_in(&http, &name, "first-password").await, "the version is the same");
    Kind::User.update(&writer(&scene), &made.object, &with(&second), &["password_version"]).await.unwrap();
    assert!(!signs_in(&http, &name, "first-password").await);
    assert!(signs_in(&http, &name, "second-password").await);
});

both!(a_user_whose_password_is_refused_is_there_all_the_same, async |scene| {
    let fields: Fields = [("name", text(&unique("user")))].into_iter().collect();
    let (ids, password) = (Ids::default(), password("short"));
    let desired = Desired { secrets: &password, ..desired(&scene, &fields, &ids) };
    let made = Kind::User.create(&writer(&scene), &desired).await.unwrap();
    let error = Kind::User.update(&writer(&scene), &made.object, &desired, &["password"]).await.unwrap_err();
    assert_eq!((error.class, error.maybe_done), (Class::Refused, false));
    assert!(error.message.contains("between 8 and 72") && !error.to_string().contains("short"), "{error}");
});

both!(a_user_that_may_not_be_read_is_unknown, async |scene| {
    let token = scene.token(json!([scene.may("read", "buckets")])).await;
    let api = client_with(&scene, &token.token);
    for id in [scene.user("hidden").await.as_str(), "0123456789abcdef"] {
        assert!(matches!(Kind::User.find(&api, id).await.unwrap(), Presence::Unknown(_)));
    }
});
