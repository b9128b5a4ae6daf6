//! Secrets that are not there, and sinks that cannot be written.

use super::{files, has, operator, project, refused, server_state};
use crate::support::{both, unique};

both!(an_unset_password_is_10_when_applying_and_nothing_else_is_made, async |scene| {
    let name = unique("ann");
    let tables = format!("[bucket.raw]\n\n[user.ann]\nname = \"{name}\"\npassword = {{ env = \"ANN_PASSWORD\" }}\n");
    let dir = project(&scene, &tables);
    has(&operator(&scene, "plan", dir.path()).run().with(0).out, "+ user.ann");
    let ended = refused(&scene, dir.path(), operator(&scene, "apply", dir.path()), 10).await;
    for part in ["`ANN_PASSWORD` is not set", "user.ann", "main.toml:11:12"] {
        has(&ended.err, part);
    }
    operator(&scene, "apply", dir.path()).var("ANN_PASSWORD", "").run().with(10);
    let ended = operator(&scene, "apply", dir.path()).var("ANN_PASSWORD", "long-enough-1").run().with(0);
    assert!(!ended.all().contains("long-enough-1"));
    assert_eq!(scene.sign_in(&name, "long-enough-1").await.status, 204);
    operator(&scene, "plan", dir.path()).arg("--detailed-exitcode").run().with(0);
});

both!(all_missing_secrets_and_sinks_are_told_at_once, async |scene| {
    let tables = format!(
        "[user.a]\nname = \"{}\"\npassword = {{ file = \"absent/a\" }}\n\n[user.b]\nname = \"{}\"\n\
         password = {{ command = [\"false\"] }}\n\n[token.t]\nwrite = [\"bucket.raw\"]\n\
         deliver = {{ command = [\"no-such-program\"] }}\n\n[bucket.raw]\n",
        unique("a"),
        unique("b")
    );
    let dir = project(&scene, &tables);
    operator(&scene, "plan", dir.path()).run().with(0);
    let ended = refused(&scene, dir.path(), operator(&scene, "apply", dir.path()), 10).await;
    for part in [
        "user.a: no such file: absent",
        "user.b: `false` failed",
        "add `stderr = \"show\"` beside `command` to see what it writes",
        "token.t: cannot start `no-such-program`",
    ] {
        has(&ended.err, part);
    }
    assert_eq!(ended.err.matches("nothing was written to the server").count(), 1, "{}", ended.err);
    let ended = refused(&scene, dir.path(), operator(&scene, "apply", dir.path()).arg("--format=json"), 10).await;
    let problems = ended.json()["problems"].as_array().unwrap().len();
    assert_eq!((problems, ended.json()["exit_reason"].as_str()), (3, Some("secret")));
});

both!(a_sink_that_cannot_be_written_is_10_and_no_token_is_made, async |scene| {
    for (deliver, words) in [
        ("{ file = \"a-file/t.token\" }", "a-file"),
        ("{ file = \"a-directory\" }", "is a directory"),
        ("{ env_file = \"a-link\", key = \"T\" }", "is a symbolic link"),
        ("[{ file = \"t.token\" }, { file = \"a-file/t.token\" }]", "a-file"),
        ("{ command = [\"./not-there\"] }", "not-there"),
    ] {
        let dir =
            project(&scene, &format!("[bucket.raw]\n\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = {deliver}\n"));
        std::fs::write(dir.path().join("a-file"), "x").unwrap();
        std::fs::create_dir(dir.path().join("a-directory")).unwrap();
        std::os::unix::fs::symlink("a-file", dir.path().join("a-link")).unwrap();
        operator(&scene, "plan", dir.path()).run().with(0);
        let ended = refused(&scene, dir.path(), operator(&scene, "apply", dir.path()), 10).await;
        for part in ["token.t: ", words, "main.toml:11:11"] {
            has(&ended.err, part);
        }
    }
});

both!(before_the_home_org_is_made_secrets_are_looked_at_too, async |scene| {
    let org = unique("new-org");
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[project]\nname = \"p\"\n[server]\norg = \"{org}\"\n[org.home]\nname = \"{org}\"\n\
         [user.ann]\nname = \"{}\"\npassword = {{ env = \"ANN_PASSWORD\" }}\n",
        unique("ann")
    );
    std::fs::write(dir.path().join("main.toml"), manifest).unwrap();
    let before = (server_state(&scene).await, files(dir.path()));
    has(&operator(&scene, "apply", dir.path()).run().with(10).err, "ANN_PASSWORD");
    assert_eq!((server_state(&scene).await, files(dir.path())), before);
    scene.http.get(&format!("orgs?org={org}")).await.expect(404);
    operator(&scene, "apply", dir.path()).var("ANN_PASSWORD", "long-enough-1").run().with(0);
});

both!(what_is_said_of_a_secret_and_of_its_place_stands_at_its_field, async |scene| {
    use std::os::unix::fs::PermissionsExt as _;
    let name = unique("ann");
    let tables = format!(
        "[bucket.raw]\n\n[user.ann]\nname = \"{name}\"\npassword = {{ file = \"pw\" }}\n\n\
         [token.t]\nwrite = [\"bucket.raw\"]\ndeliver = {{ env_file = \"env\", key = \"T\" }}\n"
    );
    let dir = project(&scene, &tables);
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("pw"), "\u{feff}long-enough-1\n").unwrap();
    std::fs::write(at("env"), "A=1\n").unwrap();
    std::fs::set_permissions(at("env"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = operator(&scene, "apply", dir.path()).run().with(0);
    has(&ended.err, "user.ann: pw begins with a byte-order mark, which was dropped");
    has(&ended.err, "(mode 0644): its mode");
    has(&ended.err, "becomes 0600");
    has(&ended.err, "main.toml:11:12");
    assert!(!ended.all().contains("long-enough"));
    assert_eq!(scene.sign_in(&name, "long-enough-1").await.status, 204);
    assert_eq!(std::fs::metadata(at("env")).unwrap().permissions().mode() & 0o777, 0o600);
});

both!(a_secret_in_a_telegraf_configuration_is_warned_of_and_shown_nowhere, async |scene| {
    const SECRETS: [&str; 3] = ["hunter2==", "hunter3==", "hunter4"];
    let config = |token: &str, interval: &str| {
        format!(
            "[telegraf.hosts]\nconfig = '''\n[agent]\ninterval = \"{interval}\"\n[[outputs.influxdb_v2]]\ntoken = \"{token}\"\n\
             [[inputs.sqlserver]]\nservers = [\"Server=db;Password=hunter4;\"]\n'''\n"
        )
    };
    let dir = project(&scene, &config("hunter2==", "10s"));
    let declare = |tables: &str| {
        let head = std::fs::read_to_string(dir.path().join("main.toml")).unwrap();
        let at = head.find("[telegraf.hosts]").unwrap();
        std::fs::write(dir.path().join("main.toml"), format!("{}{tables}", &head[..at])).unwrap();
    };
    let hides = |command: &str, args: &[&str]| {
        let ended = operator(&scene, command, dir.path()).args(args).run();
        assert!(!SECRETS.iter().any(|secret| ended.all().contains(secret)), "{}", ended.all());
        ended
    };
    let everywhere = || {
        let saved = dir.path().join("saved");
        hides("plan", &["-o", saved.to_str().unwrap()]);
        let saved = std::fs::read_to_string(saved).unwrap();
        assert!(!SECRETS.iter().any(|secret| saved.contains(secret)), "{saved}");
        for command in ["plan", "drift", "show"] {
            hides(command, &["--format=json"]);
        }
        hides("plan", &["--format=markdown"]);
        hides("show", &[]);
        hides("plan", &[])
    };
    let planned = everywhere().with(0);
    has(&planned.err, "whoever may read Telegraf configurations can read this secret");
    has(&planned.out, "+ token = \"***\"");
    has(&planned.out, "+ servers = [\"Server=db;Password=***;\"]");
    hides("apply", &[]).with(0);
    let list = scene.http.get(&format!("telegrafs?orgID={}", scene.org)).await.expect(200);
    has(list["configurations"][0]["config"].as_str().unwrap(), "token = \"hunter2==\"");

    declare(&config("hunter3==", "10s"));
    let changed = everywhere().with(0).out;
    has(&changed, "- token = \"***\"");
    has(&changed, "+ token = \"*** (another secret)\"");
    hides("apply", &[]).with(0);
    let mut live =
        scene.http.get(&format!("telegrafs?orgID={}", scene.org)).await.expect(200)["configurations"][0].clone();
    has(live["config"].as_str().unwrap(), "token = \"hunter3==\"");
    live["config"] = live["config"].as_str().unwrap().replace("hunter3==", "hunter2==").replace("10s", "1s").into();
    let put = scene.http.clone().with_header("content-type", "application/json");
    let path = format!("telegrafs/{}", crate::support::id(&live));
    put.send(reqwest::Method::PUT, &path, Some(live.to_string().into_bytes())).await.expect(200);
    has(&everywhere().with(0).out, "interval = \"1s\"");
    has(&hides("drift", &[]).with(2).out, "telegraf.hosts");
    // What is a secret already does not go into a file.
    let out = dir.path().join("out");
    let exported = hides("export", &["--out", out.to_str().unwrap()]);
    assert!(!exported.all().contains("hunter"), "{}", exported.all());
});

both!(no_command_shows_a_secret_wherever_it_is_written, async |scene| {
    let tables = r#"
[bucket.raw]
description = "see https://ann:hunter@wiki/x"

[label.l]
name = "LABEL"
properties = { color = "red", token = "hunter", url = "redis://:hunter@h" }

[variable.v]
name = "VARIABLE"
values = ["https://u:hunter@h", "host=x password=hunter"]

[task.t]
every = "1h"
flux = """
import "http"
token = "hunter"
http.post(url: "https://u:hunter@h/?token=hunter", headers: {Authorization: "Token hunter"})
from(bucket: "raw", host: "h", token: "hunter") |> range(start: -1h)
"""

[telegraf.t]
config = """
[[inputs.http]]
  urls = ["https://u:hunter@h/x?apikey=hunter"]
  headers = ["Authorization: Bearer hunter"]
  body = '{"password":"hunter"}'
  # password = "hunter"
  ## token: hunter
  commands = ["tool --password=hunter", "mysql -phunter x", "docker login -p hunter"]
  dsn = "u:hunter@tcp(h)/d"
  key = '''
-----BEGIN PRIVATE KEY-----
hunter
-----END PRIVATE KEY-----
'''
[inputs.other.headers]
  X-Auth-Token = "hunter"
[[outputs.http]]
  clientSecret = "hunter"
  credentials = { a = "hunter" }
  passwords = ["hunter"]
"""
"#;
    let tables = tables.replace("LABEL", &unique("label")).replace("VARIABLE", &unique("variable"));
    let dir = project(&scene, &tables);
    let shown_nowhere = || {
        for arguments in
            ["validate", "plan", "plan --format=json", "plan --format=markdown", "drift", "show", "show --format=json"]
        {
            let mut words = arguments.split(' ');
            let run = operator(&scene, words.next().unwrap(), dir.path()).args(&words.collect::<Vec<_>>());
            let ended = run.run();
            // What was never applied cannot have drifted.
            let fine = matches!(ended.code, 0 | 2) || arguments == "drift";
            assert!(fine && !ended.all().contains("hunter"), "{arguments}: {}", ended.all());
        }
    };
    shown_nowhere();
    assert!(!operator(&scene, "apply", dir.path()).run().with(0).all().contains("hunter"));
    shown_nowhere();
    let manifest = std::fs::read_to_string(dir.path().join("main.toml")).unwrap();
    std::fs::write(dir.path().join("main.toml"), manifest.replace("hunter", "hunter2hunter")).unwrap();
    shown_nowhere();
    let out = dir.path().join("out");
    let exported = operator(&scene, "export", dir.path()).args(&["--out", out.to_str().unwrap()]).run();
    assert!(!exported.all().contains("hunter"), "{}", exported.all());
});
