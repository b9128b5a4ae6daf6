//! What is no InfluxDB, whatever it answers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{files, has};
use crate::cli::fluxform::{on, project};
use crate::support::{Server, both};

const MANIFEST: &str = "[project]\nname = \"p\"\n[server]\norg = \"o\"\n[bucket.raw]\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = { file = \"t.token\" }\n";

/// A server that gives each connection this answer; and how many there were.
fn answering(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            // A client that has gone away has heard enough.
            let _ = stream.write_all(answer);
        }
    });
    (url, connections)
}

#[test]
fn what_is_no_influxdb_is_5_at_once() {
    for (answer, words) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>\x1b[31mhello</html>"[..], "not an InfluxDB 2.x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"cluster_name\":\"es\",\"status\":\"green\",\"version\":{\"number\":\"8.1.0\"}}", "not an InfluxDB 2.x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"database\":\"ok\",\"version\":\"11.0.0\"}", "not an InfluxDB 2.x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"name\":\"influxdb\",\"status\":\"pass\",\"version\":\"1.8.10\\u001b[31m\"}", "1.8.10"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://other.example/health\r\nConnection: close\r\n\r\n", "other.example"),
        (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nlog in first", "not an InfluxDB 2.x"),
        (b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", "not an InfluxDB 2.x"),
    ] {
        let (url, connections) = answering(answer);
        let dir = project(MANIFEST);
        let before = files(dir.path());
        for command in ["plan", "apply", "status"] {
            let run = on(command, dir.path()).var("INFLUX_HOST", &url).var("INFLUX_TOKEN", "s3cret");
            let run = if command == "apply" { run.arg("--auto-approve") } else { run };
            let ended = run.run().with(5);
            has(&ended.err, words);
            // Who is sent elsewhere is not told to go there.
            let help = if words == "other.example" { "help: redirects are not followed" } else { "help: check the URL" };
            has(&ended.err, help);
            assert!(!ended.all().contains(['\u{1b}', '\r']) && !ended.all().contains("s3cret"), "{:?}", ended.all());
        }
        // Health, token and setup are read side by side; a retry would be more.
        assert!(connections.load(Ordering::SeqCst) <= 3 * 3, "nothing is asked twice");
        assert_eq!(files(dir.path()), before);
    }
}

#[test]
fn a_server_that_hangs_up_or_is_not_there_is_5() {
    let (closes, _) = answering(b"");
    let (other, _) = answering(b"SSH-2.0-OpenSSH_9\r\n");
    let (proxy, _) = answering(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html>Bad Gateway</html>");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let runs = [(closes, true), (other, true), (closed, false), (proxy, false)].map(|(url, waits)| {
        std::thread::spawn(move || {
            let dir = project(MANIFEST);
            let ended = on("plan", dir.path()).var("INFLUX_HOST", &url).var("INFLUX_TOKEN", "s3cret").run().with(5);
            assert!(
                ended.err.contains("check that the server is running") || ended.err.contains("502"),
                "{}",
                ended.err
            );
            has(&ended.words(), url.trim_start_matches("http://"));
            assert_eq!(ended.err.contains("waiting: the server does not answer"), waits, "{}", ended.err);
        })
    });
    for run in runs {
        run.join().unwrap();
    }
}

#[test]
fn plain_http_to_another_host_is_64_for_every_command() {
    let dir = project(MANIFEST);
    for command in ["plan", "apply", "drift", "show", "status", "destroy"] {
        let run =
            on(command, dir.path()).var("INFLUX_TOKEN", "s3cret").var("INFLUX_HOST", "http://influx.example:8086");
        let run = if matches!(command, "apply" | "destroy") { run.arg("--auto-approve") } else { run };
        has(&run.run().with(64).err, "--insecure-http");
    }
}

async fn is_virgin(server: &Server) -> bool {
    server.anonymous().get("setup").await.expect(200)["allowed"] == true
}

both!(a_virgin_server_is_5_with_and_without_a_token, virgin, async |server| {
    let dir = project(MANIFEST);
    let before = files(dir.path());
    for command in ["plan", "apply", "status"] {
        for token in ["", "some-token"] {
            let run = on(command, dir.path()).var("INFLUX_HOST", server.url());
            let run = if command == "apply" { run.arg("--auto-approve") } else { run };
            let run = if token.is_empty() { run } else { run.var("INFLUX_TOKEN", token) };
            has(&run.run().with(5).err, "fluxform setup");
        }
    }
    assert!(is_virgin(&server).await);
    assert_eq!(files(dir.path()), before);
});
