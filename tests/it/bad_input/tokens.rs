//! The run's own token: none, wrong, inactive, or one that may only read.

use serde_json::json;

use super::{declare, has, operator, project, refused, with_token};
use crate::cli::fluxform::on;
use crate::support::both;

const TABLES: &str = "[bucket.raw]\n\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = { file = \"t.token\" }\n";
const ALL: [&str; 6] = ["plan", "apply", "drift", "show", "status", "destroy"];

both!(no_wrong_and_inactive_tokens_are_4_for_every_command, async |scene| {
    let dir = project(&scene, TABLES);
    let may = [scene.may("read", "buckets"), scene.may("write", "buckets")];
    let inactive = scene.token_with(json!({"status": "inactive", "permissions": may})).await.token;
    for command in ALL {
        let run = on(command, dir.path()).var("INFLUX_HOST", scene.server.url());
        let run = if matches!(command, "apply" | "destroy") { run.arg("--auto-approve") } else { run };
        has(&refused(&scene, dir.path(), run, 4).await.err, "INFLUX_TOKEN_FILE");
        for (token, words) in [("wr0ng-t0ken", "unauthorized access"), (inactive.as_str(), "token is inactive")] {
            let ended = refused(&scene, dir.path(), with_token(&scene, command, dir.path(), token), 4).await;
            has(&ended.err, words);
            assert!(!ended.all().contains(token), "{}", ended.all());
        }
    }
});

both!(a_token_that_may_only_read_plans_and_is_4_when_applying, async |scene| {
    let dir = project(&scene, TABLES);
    let mut permissions: Vec<_> =
        ["buckets", "tasks", "authorizations", "labels"].iter().map(|kind| scene.may("read", kind)).collect();
    permissions.push(scene.may_org("read"));
    permissions.push(json!({"action": "read", "resource": {"type": "users"}}));
    let token = scene.token(json!(permissions)).await.token;
    let planned = refused(&scene, dir.path(), with_token(&scene, "plan", dir.path(), &token), 0).await;
    has(&planned.out, "2 to add");
    let ended = refused(&scene, dir.path(), with_token(&scene, "apply", dir.path(), &token), 4).await;
    has(&ended.err, "write:orgs/");
    // With something to change, and with everything to destroy, the same.
    operator(&scene, "apply", dir.path()).run().with(0);
    declare(dir.path(), &scene, &TABLES.replace("[bucket.raw]", "[bucket.raw]\nretention = \"1d\""));
    for command in ["apply", "destroy"] {
        let run = with_token(&scene, command, dir.path(), &token).arg("--allow-data-loss=*");
        let ended = refused(&scene, dir.path(), run, 4).await;
        assert!(!ended.all().contains(&token));
    }
});
