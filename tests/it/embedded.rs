//! The embedded server as a part of this process: start, the token of the process, the lock on its file, stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use fluxform::server::{DataFile, Location, Options, Server, Setup, StartError};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::Http;

/// Long enough that a test which needs all of it has failed.
const PATIENT: Duration = Duration::from_secs(60);

fn options(location: Location) -> Options {
    Options {
        location,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        setup: Some(Setup { org: "acme".to_owned(), user: "fluxform".to_owned() }),
        lock_wait: PATIENT,
    }
}

fn on_file(path: &Path) -> Options {
    options(Location::File(DataFile::chosen(path).unwrap()))
}

fn operator(server: &Server) -> Http {
    Http::new(&server.url()).with_token(server.operator_token().unwrap().expose_secret())
}

#[tokio::test]
async fn a_new_store_is_set_up_at_once() {
    let server = Server::start(options(Location::Memory)).await.unwrap();
    let http = operator(&server);
    assert_eq!(Http::new(&server.url()).get("setup").await.expect(200), json!({ "allowed": false }));
    let me = http.get("me").await.expect(200);
    assert_eq!(me["name"], "fluxform");
    let orgs = http.get("orgs").await.expect(200);
    assert_eq!(orgs["orgs"][0]["name"], "acme");
    let id = orgs["orgs"][0]["id"].as_str().unwrap();
    let owners = http.get(&format!("orgs/{id}/owners")).await.expect(200);
    assert_eq!(owners["users"][0]["id"], me["id"]);
    server.stop().await;
}

#[tokio::test]
async fn the_token_of_the_process_may_all_and_is_in_no_list() {
    let server = Server::start(options(Location::Memory)).await.unwrap();
    let http = operator(&server);
    assert_eq!(http.get("authorizations").await.expect(200)["authorizations"], json!([]));
    http.post("orgs", json!({ "name": "other" })).await.expect(201);
    http.post("users", json!({ "name": "ada" })).await.expect(201);
    server.stop().await;
}

#[tokio::test]
async fn each_start_has_another_token_and_the_same_data() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    let first = Server::start(on_file(&path)).await.unwrap();
    let old = first.operator_token().unwrap();
    let me = operator(&first).get("me").await.expect(200);
    operator(&first).post("orgs", json!({ "name": "other" })).await.expect(201);
    first.stop().await;
    let again = Server::start(on_file(&path)).await.unwrap();
    assert_ne!(again.operator_token().unwrap().expose_secret(), old.expose_secret());
    let stale = Http::new(&again.url()).with_token(old.expose_secret()).get("me").await;
    stale.refused(401, "unauthorized", "unauthorized access");
    assert_eq!(operator(&again).get("me").await.expect(200), me);
    operator(&again).get("orgs?org=other").await.expect(200);
    assert_eq!(operator(&again).get("users").await.expect(200)["users"].as_array().unwrap().len(), 1);
    again.stop().await;
}

#[tokio::test]
async fn the_token_belongs_to_the_owner_of_a_store_that_somebody_else_set_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    let virgin = Server::start(Options { setup: None, ..on_file(&path) }).await.unwrap();
    assert!(virgin.operator_token().is_none());
    let body = json!({ "username": "ada", "password": "long enough", "org": "hers", "bucket": "b" });
    Http::new(&virgin.url()).post("setup", body).await.expect(201);
    virgin.stop().await;
    let server = Server::start(on_file(&path)).await.unwrap();
    assert_eq!(operator(&server).get("me").await.expect(200)["name"], "ada");
    assert_eq!(operator(&server).get("orgs").await.expect(200)["orgs"][0]["name"], "hers");
    server.stop().await;
}

#[tokio::test]
async fn a_second_server_on_the_file_waits_for_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    let first = Server::start(on_file(&path)).await.unwrap();
    let (second, ()) = tokio::join!(Server::start(on_file(&path)), first.stop());
    second.unwrap().stop().await;
}

#[tokio::test]
async fn a_file_that_stays_in_use_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    let first = Server::start(on_file(&path)).await.unwrap();
    let second = Server::start(Options { lock_wait: Duration::ZERO, ..on_file(&path) }).await;
    match second.unwrap_err() {
        StartError::Locked { path: named } => assert_eq!(named, path),
        other => panic!("{other}"),
    }
    first.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_refused_by_name() {
    let first = Server::start(options(Location::Memory)).await.unwrap();
    let listen = first.url().strip_prefix("http://").unwrap().parse().unwrap();
    let second = Server::start(Options { listen, ..options(Location::Memory) }).await;
    match second.unwrap_err() {
        StartError::Listen { address, .. } => assert_eq!(address, listen),
        other => panic!("{other}"),
    }
    first.stop().await;
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    std::fs::write(&path, "something else").unwrap();
    assert!(matches!(Server::start(on_file(&path)).await.unwrap_err(), StartError::Damaged { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
}

#[tokio::test]
async fn only_its_owner_may_read_the_file_and_no_secret_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.db");
    let server = Server::start(on_file(&path)).await.unwrap();
    let http = operator(&server);
    let org = http.get("orgs").await.expect(200)["orgs"][0]["id"].clone();
    let read = json!([{ "action": "read", "resource": { "type": "buckets" } }]);
    let made = http.post("authorizations", json!({ "orgID": org, "permissions": read })).await.expect(201);
    let me = http.get("me").await.expect(200)["id"].as_str().unwrap().to_owned();
    http.post(&format!("users/{me}/password"), json!({ "password": "a password to find" })).await.expect(204);
    let process = server.operator_token().unwrap();
    server.stop().await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = std::fs::read(&path).unwrap();
    let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!holds(made["token"].as_str().unwrap()));
    assert!(!holds(process.expose_secret()));
    assert!(!holds("a password to find"));
    assert!(holds("fluxform"), "the search works");
}

#[tokio::test]
async fn metrics_count_requests_and_objects() {
    let server = Server::start(options(Location::Memory)).await.unwrap();
    let http = operator(&server);
    http.get("buckets").await.expect(200);
    http.get("buckets/0123456789abcdef").await.refused(404, "not found", "bucket not found");
    let text = http.get("/metrics").await.text;
    for line in [
        "http_api_requests_total{handler=\"platform\",method=\"GET\",path=\"/api/v2/buckets\",response_code=\"200\",status=\"2XX\"} 1",
        "http_api_requests_total{handler=\"platform\",method=\"GET\",path=\"/api/v2/buckets/:id\",response_code=\"404\",status=\"4XX\"} 1",
        "influxdb_organizations_total 1",
        "influxdb_buckets_total 2",
        "influxdb_users_total 1",
        "influxdb_points_written_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    server.stop().await;
}

/// A project whose server is `url`.
fn project(url: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[project]\nname = \"demo\"\n\n[server]\nurl = \"{url}\"\norg = \"acme\"\n\n[bucket.b]\nretention = \"1d\"\n"
    );
    std::fs::write(dir.path().join("main.toml"), manifest).unwrap();
    dir
}

/// Exit code, standard output and standard error of a command in `dir`.
fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fluxform"));
    let output = command.args(arguments).current_dir(dir).env_clear().output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Everything in a directory: path, bytes, and when it was changed.
fn everything(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        if metadata.is_dir() {
            found.extend(everything(&path));
            found.push((path, Vec::new(), metadata.modified().unwrap()));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap(), metadata.modified().unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn commands_that_read_leave_the_file_as_it_is() {
    let dir = project("embedded:.fluxform/dev.db");
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("exported");
    let commands: [&[&str]; 10] = [
        &["plan"],
        &["plan", "--unmanaged"],
        &["plan", "--destroy"],
        &["lock", "show"],
        &["preflight"],
        &["drift"],
        &["status"],
        &["show"],
        &["output"],
        &["export", "--host", "embedded:.fluxform/dev.db", "--org", "acme", "--out", out.to_str().unwrap()],
    ];
    let new = everything(dir.path());
    let (exit, _, said) = run(dir.path(), &["plan"]);
    assert_eq!((exit, everything(dir.path())), (0, new), "{said}");
    let (exit, _, said) = run(dir.path(), &["apply", "--auto-approve"]);
    assert_eq!(exit, 0, "{said}");
    let before = everything(dir.path());
    for command in commands {
        let (exit, _, said) = run(dir.path(), command);
        assert_eq!(exit, 0, "{command:?}: {said}");
        assert!(everything(dir.path()) == before, "{command:?}");
    }
}

#[test]
fn a_manifest_names_no_file_outside_and_no_pipe() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("theirs.db");
    std::fs::write(&target, "theirs").unwrap();
    for (url, said) in [
        (format!("embedded:{}", target.display()), "is outside the project directory"),
        ("embedded:../theirs.db".to_owned(), "is outside the project directory"),
        ("embedded:link".to_owned(), "is a symbolic link, which is not followed"),
        ("embedded:out/new.db".to_owned(), "is a symbolic link, which is not followed"),
        ("embedded:fifo".to_owned(), "is a pipe, not a regular file"),
        ("embedded:main.toml/x".to_owned(), "main.toml"),
    ] {
        let dir = project(&url);
        std::os::unix::fs::symlink(&target, dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).unwrap();
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, dir.path().join("fifo"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["drift"], &["status"]] {
            if url.ends_with("main.toml/x") && command != ["apply", "--auto-approve"] {
                continue;
            }
            let (exit, _, error) = run(dir.path(), command);
            assert_eq!(exit, 65, "{url} {command:?}: {error}");
            assert!(error.contains(said), "{url} {command:?}: {error}");
        }
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "theirs");
    }
}

#[test]
fn a_damaged_file_is_told_with_what_to_do() {
    let dir = project("embedded:dev.db");
    let path = dir.path().join("dev.db");
    for (bytes, said) in [(&b""[..], "dev.db is empty"), (&[0; 5000], "dev.db is not a database")] {
        std::fs::write(&path, bytes).unwrap();
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["drift"], &["status"]] {
            let (exit, _, error) = run(dir.path(), command);
            assert_eq!(exit, 5, "{command:?}: {error}");
            assert!(error.contains(said) && error.contains("mv "), "{command:?}: {error}");
            assert!(!error.contains("bug"), "{error}");
        }
        assert!(std::fs::read(&path).unwrap() == bytes);
    }
    insta::assert_snapshot!(run(dir.path(), &["plan"]).2, @r#"
    embedded::damaged

      × dev.db is not a database
       ╭─[main.toml:5:7]
     4 │ [server]
     5 │ url = "embedded:dev.db"
       ·       ────────┬────────
       ·               ╰── names this file
     6 │ org = "acme"
       ╰────
      help: restore it from a copy, or move it away (`mv dev.db dev.db.damaged`):
            the next apply creates a new one, without the objects and points of
            the old one
    "#);
}
