//! Projects that are no good, by what the server has.

use serde_json::json;

use super::{declare, has, operator, project, refused, with_token};
use crate::support::{both, unique};

both!(an_empty_project_that_owns_nothing_is_65, async |scene| {
    let dir = project(&scene, "");
    for command in ["plan", "apply"] {
        let ended = refused(&scene, dir.path(), operator(&scene, command, dir.path()), 65).await;
        has(&ended.err, "manifest::empty");
        assert_eq!(ended.out, "", "nothing matches here");
    }
    refused(&scene, dir.path(), operator(&scene, "apply", dir.path()).arg("--allow-empty"), 0).await;
});

both!(an_emptied_project_needs_destroy_or_a_flag, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    operator(&scene, "apply", dir.path()).run().with(0);
    declare(dir.path(), &scene, "");
    for command in ["plan", "apply"] {
        let ended = refused(&scene, dir.path(), operator(&scene, command, dir.path()), 8).await;
        has(&ended.out, "- bucket.raw");
        has(&ended.err, "--allow-empty");
        has(&ended.err, "fluxform destroy");
    }
    has(&operator(&scene, "plan", dir.path()).arg("--allow-empty").run().with(0).out, "1 to destroy");
    operator(&scene, "apply", dir.path()).arg("--allow-empty").run().with(0);
    let left = scene.http.get(&format!("buckets?orgID={}&name=raw", scene.org)).await;
    assert!(left.status == 404 || left.json["buckets"].as_array().unwrap().is_empty(), "{}", left.text);
    operator(&scene, "plan", dir.path()).run().with(65);
});

both!(two_objects_of_the_declared_name_are_1_with_both_ids, async |scene| {
    let (one, two) = (scene.task("twin").await, scene.task("twin").await);
    for external in [false, true] {
        let dir = project(
            &scene,
            if external { "[task.twin]\nexternal = true\n" } else { "[task.twin]\nevery = \"1h\"\nflux = \"x = 1\"\n" },
        );
        for command in ["plan", "apply"] {
            let run = operator(&scene, command, dir.path()).arg("--adopt");
            let ended = refused(&scene, dir.path(), run, 1).await;
            for part in [one.as_str(), &two, "main.toml:"] {
                has(&ended.err, part);
            }
        }
    }
});

both!(an_external_object_that_is_not_there_is_1_with_the_nearest_name, async |scene| {
    scene.bucket("summary").await;
    let dir = project(&scene, "[bucket.s]\nname = \"sumary\"\nexternal = true\n");
    for command in ["plan", "apply"] {
        let ended = refused(&scene, dir.path(), operator(&scene, command, dir.path()), 1).await;
        for part in ["sumary", "there is one named \"summary\"", "main.toml:"] {
            has(&ended.err, part);
        }
    }
});

both!(an_org_that_is_not_there_is_64_where_a_flag_names_it, async |scene| {
    let dir = project(&scene, "[bucket.raw]\n");
    for command in ["plan", "apply", "drift", "show", "status", "destroy"] {
        let run = operator(&scene, command, dir.path()).arg("--org").arg(unique("nowhere"));
        has(&refused(&scene, dir.path(), run, 64).await.err, "org `nowhere");
    }
});

both!(a_task_whose_owner_does_not_own_the_org_is_4, async |scene| {
    let person = scene.user_with_password("member").await;
    let body = json!({"id": person.id, "name": person.name});
    scene.http.post(&format!("orgs/{}/members", scene.org), body).await.expect(201);
    let read = ["buckets", "tasks", "authorizations", "labels"].map(|kind| scene.may("read", kind));
    let write = ["tasks", "labels"].map(|kind| scene.may("write", kind));
    let mut permissions: Vec<_> = read.into_iter().chain(write).collect();
    permissions.push(scene.may_org("read"));
    permissions.push(json!({"action": "read", "resource": {"type": "users", "id": person.id}}));
    let token = scene.token_with(json!({"userID": person.id, "permissions": permissions})).await;
    let dir = project(&scene, "[label.prod]\n[task.hourly]\nevery = \"1h\"\nflux = \"x = 1\"\n");
    for command in ["plan", "apply"] {
        let run = with_token(&scene, command, dir.path(), &token.token);
        let ended = refused(&scene, dir.path(), run, 4).await;
        has(&ended.err, "owner");
        has(&ended.err, "task.hourly");
    }
});
