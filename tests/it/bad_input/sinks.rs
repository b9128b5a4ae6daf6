//! New secrets on their way to their sinks: what arrives, what a failure leaves, and that nobody else sees them.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{declare, has, operator, project};
use crate::support::{Scene, both, unique};

/// The rows of the tokens of the scene's org.
async fn tokens(scene: &Scene) -> Vec<Value> {
    let all = scene.http.get(&format!("authorizations?orgID={}", scene.org)).await.expect(200);
    all["authorizations"].as_array().unwrap().clone()
}

/// Whether the secret may write to a bucket.
async fn writes(scene: &Scene, secret: &str, bucket: &str) -> bool {
    let path = format!("write?org={}&bucket={bucket}", scene.org);
    scene.http.with_token(secret).post_text(&path, "").await.status == 204
}

/// Writes a script that can be executed.
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{text}")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

both!(every_sink_gets_a_secret_that_works_and_nothing_else_shows_it, async |scene| {
    let dir = project(&scene, "");
    let at = |name: &str| dir.path().join(name);
    script(&at("keep"), "cat > \"$1\"\n");
    let mut tables = "[bucket.raw]\n".to_owned();
    let kept = at("kept").display().to_string();
    let deliveries = [
        ("file", "{ file = \"secrets/file.token\" }".to_owned()),
        ("command", format!("{{ command = [\"{}\", \"{kept}\"] }}", at("keep").display())),
        ("list", "[{ file = \"secrets/list.token\" }, { env_file = \"app.env\", key = \"LIST\" }]".to_owned()),
        ("none", "\"discard\"".to_owned()),
    ];
    for (key, deliver) in &deliveries {
        writeln!(tables, "[token.{key}]\nwrite = [\"bucket.raw\"]\ndeliver = {deliver}").unwrap();
    }
    tables += "[token.env]\nfor_each = [\"A\", \"B\", \"C\", \"D\", \"E\", \"F\"]\nwrite = [\"bucket.raw\"]\n\
               deliver = { env_file = \"app.env\", key = \"KEY_${each.key}\" }\n";
    declare(dir.path(), &scene, &tables);
    std::fs::write(at("app.env"), "# mine\nOTHER='a b'\n").unwrap();
    let mut all = operator(&scene, "apply", dir.path()).run().with(0).all();

    let env = std::fs::read_to_string(at("app.env")).unwrap();
    assert!(env.starts_with("# mine\nOTHER='a b'\n"), "other lines stay");
    let keyed: Vec<(&str, &str)> = env.lines().skip(2).map(|line| line.split_once('=').unwrap()).collect();
    let mut keys: Vec<&str> = keyed.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["KEY_A", "KEY_B", "KEY_C", "KEY_D", "KEY_E", "KEY_F", "LIST"]);
    let mut secrets: Vec<String> = keyed.iter().map(|(_, secret)| (*secret).to_owned()).collect();
    for file in ["secrets/file.token", "secrets/list.token", "kept"] {
        secrets.push(std::fs::read_to_string(at(file)).unwrap());
    }
    for secret in &secrets {
        assert!(writes(&scene, secret, "raw").await);
    }
    let list = keyed.iter().find(|(key, _)| *key == "LIST").unwrap().1;
    assert_eq!(list, std::fs::read_to_string(at("secrets/list.token")).unwrap(), "one secret in all sinks of a list");
    assert!(tokens(&scene).await.iter().all(|row| row["status"] == "active"));

    for arguments in [
        ["plan", "--format=human"],
        ["plan", "--format=json"],
        ["drift", "--format=json"],
        ["show", "--format=human"],
        ["show", "--format=json"],
        ["status", "--format=json"],
        ["graph", "--format=dot"],
        ["validate", "--format=json"],
        ["apply", "--format=json"],
    ] {
        let run = match arguments[0] {
            "graph" | "validate" => crate::cli::fluxform::on(arguments[0], dir.path()),
            command => operator(&scene, command, dir.path()),
        };
        all += &run.arg(arguments[1]).run().with(0).all();
    }
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.text;
    all += &operator(&scene, "destroy", dir.path()).run().with(0).all();
    for secret in &secrets {
        assert!(!all.contains(secret), "a secret is in the output");
        assert!(!labels.contains(secret), "a secret is in the ledger");
    }
});

both!(a_command_that_fails_is_10_and_the_next_apply_goes_on, async |scene| {
    let dir = project(&scene, "");
    let at = |name: &str| dir.path().join(name);
    script(
        &at("deliver"),
        "cat > got\ncat got >&2\ncat got\nexit 3\n".replace("got", &at("got").display().to_string()).as_str(),
    );
    let tables = format!(
        "[bucket.raw]\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = {{ command = [\"{}\"] }}\n",
        at("deliver").display()
    );
    declare(dir.path(), &scene, &tables);
    let ended = operator(&scene, "apply", dir.path()).run().with(3);
    has(&ended.all(), "failed (exit status: 3)");
    has(&ended.all(), "add `stderr = \"show\"` beside `command`");
    let failed = std::fs::read_to_string(at("got")).unwrap();
    assert!(!failed.is_empty() && !ended.all().contains(&failed), "what a command prints is not shown");
    assert_eq!(tokens(&scene).await.len(), 0, "it is taken back");
    has(&ended.all(), "so the secret that a sink may have");
    assert!(!writes(&scene, &failed, "raw").await);
    // Alone, it is what the run ends with.
    operator(&scene, "apply", dir.path()).run().with(10);
    assert_eq!(tokens(&scene).await.len(), 0);

    // Where that is wanted, it is shown, without the secret.
    declare(dir.path(), &scene, &tables.replace("\"] }", "\"], stderr = \"show\" }"));
    script(
        &at("deliver"),
        "echo \"denied: $(tee got2 | base64)\" >&2\necho $(cat got2) >&2\n\
         printf '\\033[31mas %s\\033[0m\\n' \"$OWN\" >&2\nexit 3\n"
            .replace("got2", &at("got").display().to_string())
            .as_str(),
    );
    for format in ["human", "json", "markdown"] {
        let ended = operator(&scene, "apply", dir.path())
            .var("OWN", scene.server.token())
            .arg("--format")
            .arg(format)
            .run()
            .with(10);
        let failed = std::fs::read_to_string(at("got")).unwrap();
        has(&ended.all(), "denied: [the secret]");
        has(&ended.all(), "as [the token of this run]");
        let encoded = STANDARD.encode(&failed);
        for piece in [&failed[..40], &failed[40..], &encoded[..40], &encoded[80..], "\u{1b}", "\\u001b"] {
            assert!(!ended.all().contains(piece), "{piece:?}: {}", ended.all());
        }
    }

    script(&at("deliver"), &format!("cat > '{}'\n", at("got").display()));
    operator(&scene, "apply", dir.path()).run().with(0);
    let rows = tokens(&scene).await;
    assert_eq!(rows.len(), 1, "the unfinished ones are gone: {rows:?}");
    assert_eq!(rows[0]["status"], "active");
    assert!(writes(&scene, &std::fs::read_to_string(at("got")).unwrap(), "raw").await);
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(a_rotation_keeps_the_old_secret_until_the_new_one_is_delivered, async |scene| {
    let dir = project(&scene, "");
    let at = |name: &str| dir.path().join(name);
    let tables = |more: &str, command: &str| {
        format!(
            "[bucket.raw]\n[bucket.more]\n[token.t]\nwrite = [\"bucket.raw\"{more}]\n\
             deliver = [{{ file = \"t.token\" }}, {{ command = [\"{}\"] }}]\n",
            at(command).display()
        )
    };
    script(
        &at("deliver"),
        &format!("cat >> '{0}'; echo >> '{0}'\ntest ! -e '{1}'\n", at("got").display(), at("broken").display()),
    );
    declare(dir.path(), &scene, &tables("", "deliver"));
    operator(&scene, "apply", dir.path()).run().with(0);
    let old = std::fs::read_to_string(at("t.token")).unwrap();
    assert!(writes(&scene, &old, "raw").await && !writes(&scene, &old, "more").await);

    std::fs::write(at("broken"), "").unwrap();
    declare(dir.path(), &scene, &tables(", \"bucket.more\"", "deliver"));
    has(&operator(&scene, "plan", dir.path()).run().with(0).out, "-/+ token.t");
    let failed = operator(&scene, "apply", dir.path()).run().with(10);
    has(&failed.all(), "both tokens work, because a sink may already have the new one");
    assert_eq!(std::fs::read_to_string(at("t.token")).unwrap(), old, "the old secret stays");
    assert!(writes(&scene, &old, "raw").await, "and works");
    let kept = std::fs::read_to_string(at("got")).unwrap().lines().last().unwrap().to_owned();
    assert!(kept != old && writes(&scene, &kept, "more").await, "and so does what the program has kept");
    let active: Vec<_> = tokens(&scene).await.into_iter().filter(|row| row["status"] == "active").collect();
    assert_eq!(active.len(), 2);

    std::fs::remove_file(at("broken")).unwrap();
    let ended = operator(&scene, "apply", dir.path()).run().with(0);
    let new = std::fs::read_to_string(at("t.token")).unwrap();
    assert_ne!(new, old);
    assert!(writes(&scene, &new, "raw").await && writes(&scene, &new, "more").await);
    assert!(!writes(&scene, &old, "raw").await, "the predecessor is gone");
    let rows = tokens(&scene).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let given = std::fs::read_to_string(at("got")).unwrap();
    assert_eq!(given.lines().last(), Some(new.as_str()), "every sink has the same");
    assert!(given.lines().all(|secret| !ended.all().contains(secret)));
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(a_command_runs_in_the_project_and_without_the_run_s_own_token, async |scene| {
    let dir = project(&scene, "");
    std::fs::create_dir(dir.path().join("bin")).unwrap();
    script(&dir.path().join("bin/keep"), "cat > got\nenv > token-env\n");
    std::fs::write(dir.path().join("password"), "long-enough-1\n").unwrap();
    let name = unique("ann");
    let tables = format!(
        "[bucket.raw]\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = {{ command = [\"bin/keep\"] }}\n\
         [user.ann]\nname = \"{name}\"\n\
         password = {{ command = [\"sh\", \"-c\", \"env > user-env; cat password\"] }}\n"
    );
    declare(dir.path(), &scene, &tables);
    let run = operator(&scene, "apply", dir.path()).var("FLUXFORM_COMMIT", "abc").var("OTHER", "theirs");
    run.run().with(0);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(writes(&scene, &read("got"), "raw").await);
    assert_eq!(scene.sign_in(&name, "long-enough-1").await.status, 204);
    for seen in ["token-env", "user-env"] {
        let seen = read(seen);
        for kept in ["OTHER=theirs\n", "FLUXFORM_COMMIT=abc\n", "INFLUX_HOST="] {
            has(&seen, kept);
        }
        assert!(!seen.contains("INFLUX_TOKEN") && !seen.contains(scene.server.token()), "{seen}");
    }
});
