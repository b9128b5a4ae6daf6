//! What a token is found to see.

use fluxform::api::sight::{Lack, owners, sight};
use fluxform::api::{Class, Client, Connect};
use fluxform::flux::evidence::any_point;
use serde_json::{Value, json};

use crate::cli::fluxform::Fluxform;
use crate::support::{Scene, both};
use crate::terminal::Place;

const TYPES: &[&str] = &["authorizations", "buckets", "labels", "orgs", "tasks", "users"];

fn client(scene: &Scene, token: &str) -> Client {
    Connect::new(scene.server.url().parse().unwrap(), Some(token.into())).client().unwrap()
}

/// What is proven for a token with these permissions, and how many requests that took.
async fn proven(scene: &Scene, permissions: Value, knows_its_id: bool) -> (Vec<String>, u64) {
    let token = scene.token(permissions).await;
    let api = client(scene, &token.token);
    let version = api.health().await.unwrap().version;
    let me = api.me().await.unwrap();
    assert_eq!(me.id, scene.user);
    let before = api.requests();
    let id = knows_its_id.then_some(token.id.as_str());
    let sees = sight(&api, &version, &scene.org, &me, TYPES, id).await.unwrap().sees;
    assert_eq!(sees.len(), TYPES.len());
    let proven = sees.into_iter().filter(|(_, proven)| *proven).map(|(ty, _)| ty).collect();
    (proven, api.requests() - before)
}

async fn tokens(scene: &Scene) -> usize {
    let all = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    all["authorizations"].as_array().unwrap().len()
}

fn on_me(scene: &Scene, action: &str) -> Value {
    json!({"action": action, "resource": {"type": "users", "id": scene.user}})
}

fn everywhere(ty: &str) -> Value {
    json!({"action": "read", "resource": {"type": ty}})
}

both!(the_operator_sees_all, async |scene| {
    let api = client(&scene, scene.server.token());
    let me = api.me().await.unwrap();
    assert_eq!(me.name.as_deref(), Some("root"));
    let sight = sight(&api, "2.9.1", &scene.org, &me, TYPES, None).await.unwrap();
    assert!(sight.sees.values().all(|proven| *proven) && !sight.only_reads, "{sight:?}");
    assert_eq!(api.requests(), 2);
});

both!(the_oracle_tells_exactly_what_is_held_and_makes_nothing, async |scene| {
    let before = tokens(&scene).await;
    let may = json!([
        scene.may("write", "authorizations"),
        on_me(&scene, "write"),
        scene.may("read", "labels"),
        scene.may("read", "tasks"),
        scene.may("read", "authorizations"),
        scene.may_one("read", "buckets", "0123456789abcdef"),
        everywhere("users"),
    ]);
    assert_eq!(
        proven(&scene, may, false).await,
        (["authorizations", "labels", "tasks", "users"].map(String::from).into(), 3)
    );
    assert_eq!(tokens(&scene).await, before + 1, "the one that asked");
});

both!(without_the_oracle_the_own_row_tells, async |scene| {
    let may = json!([
        scene.may("read", "authorizations"),
        on_me(&scene, "read"),
        scene.may("read", "labels"),
        scene.may("read", "buckets"),
    ]);
    let (proven, _) = proven(&scene, may, true).await;
    assert_eq!(proven, ["buckets", "labels"]);
});

both!(a_narrow_token_proves_only_what_it_sees_everywhere, async |scene| {
    let may = json!([scene.may("read", "labels"), everywhere("orgs")]);
    assert_eq!(proven(&scene, may, false).await.0, ["orgs"]);
    let may = json!([scene.may("read", "labels"), everywhere("users")]);
    assert_eq!(proven(&scene, may, true).await.0, ["users"]);
});

/// Why a token of `user` with these permissions is not proven to see all labels.
async fn lack_of_labels(scene: &Scene, user: &str, permissions: &[Value], id: Option<&str>) -> Option<Lack> {
    let token = scene.token_with(json!({"userID": user, "permissions": permissions})).await;
    let api = client(scene, &token.token);
    let me = api.me().await.unwrap();
    let id = id.unwrap_or(&token.id);
    let mut proof = sight(&api, "2.9.1", &scene.org, &me, &["labels"], Some(id)).await.unwrap();
    proof.lacks.remove("labels")
}

both!(each_permission_that_is_named_is_what_was_lacking, async |scene| {
    let user = scene.user("ci").await;
    scene.http.post("labels", json!({"orgID": scene.org, "name": "l"})).await.expect(201);
    let mut has = vec![scene.may("write", "labels")];
    let mut named = Vec::new();
    while let Some(lack) = lack_of_labels(&scene, &user, &has, None).await {
        let (Lack::Permission(lacking) | Lack::OwnRights(lacking)) = lack else { panic!("{lack}") };
        let resource = match lacking.strip_prefix("read:").unwrap().split('/').collect::<Vec<_>>()[..] {
            ["users", id] => json!({"type": "users", "id": id}),
            ["orgs", org, ty] => json!({"type": ty, "orgID": org}),
            _ => panic!("{lacking}"),
        };
        has.push(json!({"action": "read", "resource": resource}));
        named.push(lacking);
        assert!(named.len() < 4, "{named:?}");
    }
    let org = &scene.org;
    let all = ["read:users/{user}", "read:orgs/{org}/authorizations", "read:orgs/{org}/labels"];
    assert_eq!(named, all.map(|one| one.replace("{user}", &user).replace("{org}", org)));

    // A token that may make tokens is told all at once.
    let user = scene.user("oracle").await;
    let of_user = json!({"action": "write", "resource": {"type": "users", "id": user}});
    let lack = lack_of_labels(&scene, &user, &[scene.may("write", "authorizations"), of_user], None).await;
    assert_eq!(lack, Some(Lack::Permission(format!("read:orgs/{org}/labels"))));
});

both!(which_of_a_users_tokens_a_run_has_decides_what_it_lacks, async |scene| {
    let user = scene.user("ci").await;
    let of_user = json!({"action": "read", "resource": {"type": "users", "id": user}});
    let narrow = vec![scene.may("read", "authorizations"), of_user];
    let wide = [narrow.clone(), vec![scene.may("read", "labels")]].concat();
    let labels = scene.token_with(json!({"userID": user, "permissions": wide})).await;
    let lack = lack_of_labels(&scene, &user, &narrow, Some("0123456789abcdef")).await;
    assert_eq!(lack, Some(Lack::WrongId("0123456789abcdef".to_owned())));

    // The ID of another token, which may more: nothing tells them apart, or this one is seen not to have a right.
    let lack = lack_of_labels(&scene, &user, &narrow, Some(&labels.id)).await;
    assert_eq!(lack, Some(Lack::Several(3, format!("read:orgs/{}/labels", scene.org))));
    for more in [scene.may("write", "authorizations"), everywhere("orgs"), everywhere("users")] {
        let wider = [wide.clone(), vec![more]].concat();
        let other = scene.token_with(json!({"userID": user, "permissions": wider})).await;
        let lack = lack_of_labels(&scene, &user, &narrow, Some(&other.id)).await;
        assert_eq!(lack, Some(Lack::WrongId(other.id.clone())));
        scene.http.delete(&format!("authorizations/{}", other.id)).await.expect(204);
    }

    let token = scene.token_with(json!({"userID": user, "permissions": narrow})).await;
    let api = client(&scene, &token.token);
    let me = api.me().await.unwrap();
    let proof = sight(&api, "2.9.1", &scene.org, &me, &["labels"], None).await.unwrap();
    assert_eq!(proof.lacks["labels"], Lack::Several(7, format!("read:orgs/{}/labels", scene.org)));

    // What it sees tells it from those that would not see it.
    scene.http.post("labels", json!({"orgID": scene.org, "name": "l"})).await.expect(201);
    let api = client(&scene, &labels.token);
    let me = api.me().await.unwrap();
    let proof = sight(&api, "2.9.1", &scene.org, &me, &["labels"], None).await.unwrap();
    assert!(proof.sees["labels"]);
});

both!(tokens_that_do_not_work_are_told_apart, async |scene| {
    let inactive = scene.token_with(json!({"status": "inactive", "permissions": [scene.may("read", "labels")]})).await;
    for (token, words) in [(inactive.token.as_str(), "token is inactive"), ("wrong", "unauthorized access")] {
        let error = client(&scene, token).me().await.unwrap_err();
        assert_eq!((error.class, error.message.as_str()), (Class::BadToken, words));
    }
});

both!(owners_are_known_to_who_reads_the_org, async |scene| {
    let token = scene.token(json!([scene.may_org("read")])).await;
    let owners_seen = owners(&client(&scene, &token.token), &scene.org).await.unwrap();
    assert_eq!(owners_seen, Some([scene.user.clone()].into()));
    let token = scene.token(json!([scene.may("read", "labels")])).await;
    assert_eq!(owners(&client(&scene, &token.token), &scene.org).await.unwrap(), None);
});

both!(an_answering_server_is_recognised, async |scene| {
    let api = Connect::new(scene.server.url().parse().unwrap(), None).client().unwrap();
    assert_eq!(api.health().await.unwrap().version, "2.9.1");
    assert!(!api.setup_allowed().await.unwrap());
    assert!(api.server_time().is_some_and(|time| time > 1_700_000_000_000));
    assert_eq!(api.me().await.unwrap_err().class, Class::BadToken);
});

both!(a_query_of_what_may_not_be_read_is_denied, async |scene| {
    scene.bucket("b").await;
    let flux = any_point("b", None).unwrap();
    let api = client(&scene, scene.server.token());
    assert_eq!(api.evidence_query(&scene.org, &flux).await.unwrap().trim(), "");
    let token = scene.token(json!([scene.may("read", "labels")])).await;
    let error = client(&scene, &token.token).evidence_query(&scene.org, &flux).await.unwrap_err();
    assert_eq!(error.class, Class::Denied);
});

both!(no_command_takes_a_ledger_or_a_lock_for_absent_that_it_may_not_see, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\n");
    place.apply().run().with(0);
    let commands: [&[&str]; 8] = [
        &["status"],
        &["status", "--format=json"],
        &["show"],
        &["lock", "show"],
        &["lock", "release", "--auto-approve"],
        &["forget", "--auto-approve"],
        &["ledger", "sign", "--auto-approve"],
        &["output"],
    ];
    let org = json!([scene.may_org("read"), scene.may("read", "buckets")]);
    let (blind, sees) =
        (scene.token(org).await, scene.token(json!([scene.may_org("read"), scene.may("read", "labels")])).await);
    let by = |command: &[&str], token: &str| {
        let run = Fluxform::new(command).arg(place.path());
        let run = if command[0] == "forget" { run.arg("bucket.raw") } else { run };
        let run = if command[0] == "ledger" { run.var("FLUXFORM_LEDGER_KEY", &"k".repeat(32)) } else { run };
        run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", token).run()
    };
    for command in commands {
        let said = by(command, &blind.token).with(4);
        assert!(said.all().contains("sight::ledger"), "{command:?}: {}", said.all());
    }
    for command in &commands[..5] {
        by(command, &sees.token).with(0);
    }
});
