//! Which server gets a token, seen from that server; and what a server can be instead of a usable InfluxDB.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::super::support::{both, id, unique};
use super::fluxform::{Ended, Fluxform, on, project, project_of};
use serde_json::json;

/// Something that listens, keeps what it is sent, and always answers the same.
struct Listener {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

fn listener(body: &'static str) -> Listener {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = heard.clone();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            keep.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).to_lowercase());
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
            // A client that has gone away has heard enough.
            let _ = stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    Listener { url, heard }
}

impl Listener {
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn manifest(url: &str, org: &str) -> String {
    format!("[project]\nname = \"p\"\n[server]\nurl = \"{url}\"\norg = \"{org}\"\n[bucket.raw]\nretention = \"1d\"\n")
}

#[test]
fn a_token_from_the_environment_is_not_sent_to_a_server_that_only_the_manifest_names() {
    let listener = listener("{}");
    let dir = project(&manifest(&listener.url, "o"));
    let ended = on("plan", dir.path()).var("INFLUX_TOKEN", "s3cret").run().with(4);
    assert!(ended.err.contains("INFLUX_HOST"), "{}", ended.err);
    assert_eq!(listener.heard(), Vec::<String>::new());
    assert!(!ended.all().contains("s3cret"));
}

#[test]
fn a_token_from_the_environment_is_sent_to_influx_host_and_to_nobody_else() {
    let listener = listener("hello");
    let dir = project(&manifest(&listener.url, "o"));
    let run = || on("plan", dir.path()).var("INFLUX_TOKEN", "s3cret");
    run().var("INFLUX_HOST", "http://127.0.0.1:1").run().with(64);
    assert_eq!(listener.heard(), Vec::<String>::new());
    let ended = run().var("INFLUX_HOST", &listener.url).run().with(5);
    assert!(ended.err.contains("is not an InfluxDB"), "{}", ended.err);
    assert!(listener.heard()[0].contains("authorization: token s3cret"), "{:?}", listener.heard());
    assert!(!ended.all().contains("s3cret"));
}

#[test]
fn plain_http_to_another_machine_is_64() {
    let dir = project(&manifest("http://influx.example:8086", "o"));
    let ended = on("plan", dir.path()).var("INFLUX_TOKEN", "s3cret").run().with(64);
    assert!(ended.err.contains("--insecure-http"), "{}", ended.err);
}

#[test]
fn no_server_no_org_and_two_servers_are_64() {
    let bare = project("[project]\nname = \"p\"\n[bucket.raw]\nretention = \"1d\"\n");
    assert!(on("plan", bare.path()).run().with(64).err.contains("INFLUX_HOST"));
    for empty in ["--host=", "--org="] {
        let ended = on("plan", bare.path()).arg(empty).run().with(64);
        assert!(ended.err.contains("needs a value"), "{}", ended.err);
    }
    assert!(
        on("plan", bare.path())
            .var("INFLUX_HOST", "http://127.0.0.1:1")
            .var("INFLUX_TOKEN", "t")
            .run()
            .with(64)
            .err
            .contains("INFLUX_ORG")
    );
    let dir = project(&manifest("http://127.0.0.1:1", "o"));
    let two = on("plan", dir.path()).var("INFLUX_HOST", "http://127.0.0.1:2").run().with(64);
    assert!(two.err.contains("--host"), "{}", two.err);
}

/// Each command that writes, with what it needs besides a project.
const WRITING: [&[&str]; 7] = [
    &["apply", "DIR", "--auto-approve"],
    &["destroy", "DIR", "--auto-approve"],
    &["adopt", "DIR", "--auto-approve"],
    &["import", "bucket.raw", "0123456789abcdef", "DIR", "--auto-approve"],
    &["forget", "bucket.raw", "DIR", "--auto-approve"],
    &["ledger", "sign", "DIR", "--auto-approve"],
    &["lock", "release", "DIR", "--auto-approve"],
];

#[test]
fn a_command_that_writes_says_why_it_does_not_use_the_influx_clis_connection() {
    let listener = listener("{}");
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\nretention = \"1d\"\n");
    let configs = dir.path().join("my-configs");
    let entry = |name: &str, active| {
        format!("[{name}]\nurl = {:?}\ntoken = \"s3cret\"\norg = \"o\"\nactive = {active}\n", listener.url)
    };
    std::fs::write(&configs, entry("default", true) + &entry("other", false)).unwrap();
    for words in WRITING {
        let dir = dir.path().to_str().unwrap();
        let words: Vec<_> = words.iter().map(|word| if *word == "DIR" { dir } else { *word }).collect();
        for name in ["default", "other"] {
            let run = || {
                let run = Fluxform::new(&words).var("INFLUX_CONFIGS_PATH", configs.to_str().unwrap());
                run.var("INFLUX_ACTIVE_CONFIG", name)
                    .var("COLUMNS", "1000")
                    .var("FLUXFORM_LEDGER_KEY", "0123456789abcdef0123456789abcdef")
            };
            let ended = run().run().with(64);
            let which = format!("`{name}` ({})", configs.display());
            assert!(
                ended.words().contains(&which) && ended.words().contains("only at a terminal"),
                "{words:?}: {}",
                ended.err
            );
            assert!(ended.words().contains(&format!("INFLUX_HOST={}", listener.url)), "{words:?}: {}", ended.err);
            assert!(!ended.all().contains("s3cret"));
            // The server that it is for is named, and its org and token do not count either.
            let ended = run().args(&["--host", &listener.url]).run().with(64);
            assert!(
                ended.words().contains("no org is set") && ended.words().contains(&which),
                "{words:?}: {}",
                ended.err
            );
        }
    }
    assert_eq!(listener.heard(), Vec::<String>::new());
}

both!(a_command_that_writes_says_why_it_has_no_token, async |scene| {
    let dir = project_of(&scene, "[bucket.raw]\n");
    let configs = dir.path().join("my-configs");
    let (url, token) = (scene.server.url(), scene.server.token());
    std::fs::write(&configs, format!("[default]\nurl = {url:?}\ntoken = {token:?}\nactive = true\n")).unwrap();
    let run = |command: &str| {
        let run = on(command, dir.path()).args(&["--host", url, "--org", &scene.org_name]);
        run.var("INFLUX_CONFIGS_PATH", configs.to_str().unwrap()).var("COLUMNS", "1000")
    };
    run("plan").run().with(0);
    let ended = run("apply").arg("--auto-approve").run().with(4);
    assert!(ended.words().contains("no token for") && ended.words().contains("`default`"), "{}", ended.err);
});

both!(a_virgin_server_is_5_with_the_cure, virgin, async |server| {
    let dir = project(&manifest(server.url(), "o"));
    let ended = on("plan", dir.path()).var("INFLUX_HOST", server.url()).var("INFLUX_TOKEN", "t").run().with(5);
    assert!(ended.err.contains("fluxform setup"), "{}", ended.err);
});

both!(a_token_that_does_not_work_is_4, async |scene| {
    let dir = project(&manifest(scene.server.url(), &scene.org_name));
    let run =
        |token: &str| on("plan", dir.path()).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", token).run();
    run("wrong").with(4);
    let permissions = json!([{"action": "read", "resource": {"type": "buckets", "orgID": scene.org}}]);
    let body = json!({"orgID": scene.org, "status": "inactive", "permissions": permissions});
    let made = scene.http.post("authorizations", body).await.expect(201);
    let ended = run(made["token"].as_str().unwrap()).with(4);
    assert!(ended.err.contains("inactive"), "{}", ended.err);
    assert!(!ended.all().contains(made["token"].as_str().unwrap()));
});

both!(an_org_that_is_not_there_is_told_with_the_nearest_name, async |scene| {
    let wrong = format!("{}x", scene.org_name);
    let dir = project(&manifest(scene.server.url(), &wrong));
    let host = |command: &str| {
        on(command, dir.path()).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token())
    };
    let ended: Ended = host("plan").run().with(1);
    assert!(ended.err.contains(&format!("`{wrong}`")), "{}", ended.err);
    // The operator sees other tests' orgs too; near enough is this one only.
    assert!(ended.err.contains(&scene.org_name), "{}", ended.err);
    // What who runs fluxform has said is a slip on the command line.
    let ended = host("plan").arg("--org").arg(format!("{wrong}y")).run().with(64);
    assert!(ended.err.contains(&format!("`{wrong}y`")), "{}", ended.err);
    let dir = project("[project]\nname = \"p\"\n[bucket.b]\n");
    let run = on("plan", dir.path()).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    run.var("INFLUX_ORG", &wrong).run().with(64);
});

both!(the_first_line_says_where_everything_comes_from, async |scene| {
    let dir = project(&manifest(scene.server.url(), &scene.org_name));
    let run = |org: &str| {
        let run =
            on("plan", dir.path()).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
        run.arg(format!("--org={org}")).run()
    };
    let ended = run(&scene.org_name).with(0);
    let line = ended.err.lines().next().unwrap();
    let wanted = format!(
        "{} (from [server]), org {} (from --org), token from INFLUX_TOKEN, InfluxDB ",
        scene.server.url(),
        scene.org_name
    );
    assert!(line.starts_with(&wanted), "{line}");
    // By ID it is the same org.
    assert_eq!(run(&scene.org).with(0).out, ended.out);
});

both!(a_token_that_may_not_read_the_org_finds_it_by_a_bucket, async |scene| {
    let bucket = unique("bucket");
    let bucket = id(&scene.http.post("buckets", json!({"orgID": scene.org, "name": bucket})).await.expect(201));
    let permissions = json!([{"action": "read", "resource": {"type": "buckets", "orgID": scene.org, "id": bucket}}]);
    let body = json!({"orgID": scene.org, "permissions": permissions});
    let made = scene.http.post("authorizations", body).await.expect(201);
    let dir = project(&manifest(scene.server.url(), &scene.org_name));
    let ended = on("status", dir.path())
        .var("INFLUX_HOST", scene.server.url())
        .var("INFLUX_TOKEN", made["token"].as_str().unwrap())
        .run();
    assert!(!ended.err.contains("may not read the org"), "{}", ended.err);
});

both!(a_token_that_does_not_work_is_named_by_where_it_came_from, async |scene| {
    let dir = project(&manifest(scene.server.url(), &scene.org_name));
    let file = dir.path().join("ci.token");
    std::fs::write(&file, "of-another-server").unwrap();
    let run = || on("plan", dir.path()).var("INFLUX_HOST", scene.server.url()).var("COLUMNS", "1000");
    for (run, from) in [
        (run().arg("--token-file").arg(&file), format!("{} (from --token-file)", file.display())),
        (
            run().var("INFLUX_TOKEN_FILE", file.to_str().unwrap()),
            format!("{} (from INFLUX_TOKEN_FILE)", file.display()),
        ),
        (run().var("INFLUX_TOKEN", "of-another-server"), "INFLUX_TOKEN".to_owned()),
    ] {
        let ended = run.run().with(4);
        assert!(ended.err.contains(&format!("check that {from} holds a token of this server")), "{}", ended.err);
    }
    let gone = dir.path().join("no/such/ci.token");
    let ended = run().var("INFLUX_TOKEN_FILE", gone.to_str().unwrap()).run().with(10);
    let words = format!("cannot use the token file {} (from INFLUX_TOKEN_FILE): ", gone.display());
    assert!(ended.words().contains(&words), "{}", ended.err);
});
