//! The permission oracle: a request for a token that is always refused says what the caller may do.

use serde_json::{Value, json};

use crate::support::{ROOT, ROOT_PASSWORD, Reply, Scene, Secret, both};

/// Asks whether the caller holds these permissions.
async fn ask(scene: &Scene, caller: &Secret, asked: &[Value]) -> Reply {
    caller.http.post("authorizations", question(scene, asked)).await
}

fn question(scene: &Scene, asked: &[Value]) -> Value {
    let mut permissions = asked.to_vec();
    permissions.push(json!({"action": "write", "resource": {"type": "instance"}}));
    json!({"orgID": scene.org, "status": "inactive", "permissions": permissions})
}

/// A token that may ask, and holds these permissions.
async fn asker(scene: &Scene, held: &[Value]) -> Secret {
    let mut permissions = held.to_vec();
    permissions.push(scene.may("write", "authorizations"));
    permissions.push(json!({"action": "write", "resource": {"type": "users", "id": scene.user}}));
    scene.token(json!(permissions)).await
}

const ALL_HELD: &str = "permission write:instance is not allowed: write:instance is unauthorized";

both!(all_held, async |scene| {
    let bucket = scene.bucket("b").await;
    let held = [scene.may("read", "buckets"), scene.may("read", "tasks"), scene.may_one("write", "buckets", &bucket)];
    let caller = asker(&scene, &held).await;
    ask(&scene, &caller, &held).await.refused(403, "forbidden", ALL_HELD);
});

both!(the_first_that_is_not_held_is_named, async |scene| {
    let caller = asker(&scene, &[scene.may("read", "buckets")]).await;
    let asked = [scene.may("read", "buckets"), scene.may("read", "tasks"), scene.may("read", "labels")];
    let missing = format!("permission read:orgs/{}/tasks is not allowed: ", scene.org);
    ask(&scene, &caller, &asked).await.refused(403, "forbidden", &missing);
    let missing = format!("permission read:orgs/{}/labels is not allowed: ", scene.org);
    ask(&scene, &caller, &[asked[2].clone(), asked[1].clone()]).await.refused(403, "forbidden", &missing);
});

both!(one_object_is_less_than_all, async |scene| {
    let bucket = scene.bucket("b").await;
    let caller = asker(&scene, &[scene.may_one("read", "buckets", &bucket)]).await;
    let one = [scene.may_one("read", "buckets", &bucket)];
    ask(&scene, &caller, &one).await.refused(403, "forbidden", ALL_HELD);
    let missing = format!("permission read:orgs/{}/buckets is not allowed: ", scene.org);
    ask(&scene, &caller, &[scene.may("read", "buckets")]).await.refused(403, "forbidden", &missing);
});

both!(the_operator_holds_all_but_the_instance, async |scene| {
    let asked = [scene.may("read", "buckets"), scene.may("write", "tasks"), scene.may_org("read")];
    let reply = scene.http.post("authorizations", question(&scene, &asked)).await;
    reply.refused(403, "forbidden", ALL_HELD);
});

both!(a_session_of_the_first_user_is_500, async |scene| {
    let session = scene.session(ROOT, ROOT_PASSWORD).await;
    let asked = question(&scene, &[scene.may("read", "buckets")]);
    let message = "authorizations cannot be created with the instance type";
    session.post("authorizations", asked).await.refused(500, "internal error", message);
});

both!(a_session_of_an_owner_is_answered, async |scene| {
    let user = scene.user_with_password("asker").await;
    scene.http.post(&format!("orgs/{}/owners", scene.org), json!({"id": user.id})).await.expect(201);
    let session = scene.session(&user.name, &user.password).await;
    let asked = question(&scene, &[scene.may("read", "buckets")]);
    session.post("authorizations", asked).await.refused(403, "forbidden", ALL_HELD);
});

both!(a_caller_that_may_make_no_tokens_cannot_ask, async |scene| {
    let asked = [scene.may("read", "buckets")];
    let none = scene.token(json!(asked)).await;
    let missing = format!("write:orgs/{}/authorizations is unauthorized", scene.org);
    ask(&scene, &none, &asked).await.refused(401, "unauthorized", &missing);
    let half = scene.token(json!([scene.may("write", "authorizations")])).await;
    let missing = format!("write:users/{} is unauthorized", scene.user);
    ask(&scene, &half, &asked).await.refused(401, "unauthorized", &missing);
});

both!(asking_creates_nothing, async |scene| {
    let caller = asker(&scene, &[scene.may("read", "buckets")]).await;
    ask(&scene, &caller, &[scene.may("read", "buckets")]).await.refused(403, "forbidden", ALL_HELD);
    ask(&scene, &caller, &[scene.may("read", "labels")]).await.refused(403, "forbidden", "labels");
    let list = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["authorizations"].as_array().unwrap().len(), 1);
});

both!(it_answers_on_behalf_of_another_user, async |scene| {
    let other = scene.user("other").await;
    let mut asked = question(&scene, &[scene.may("read", "buckets")]);
    asked["userID"] = json!(other);
    scene.http.post("authorizations", asked.clone()).await.refused(403, "forbidden", ALL_HELD);
    let caller = asker(&scene, &[scene.may("read", "buckets")]).await;
    let missing = format!("write:users/{other} is unauthorized");
    caller.http.post("authorizations", asked).await.refused(401, "unauthorized", &missing);
});
