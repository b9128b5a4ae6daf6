//! Clients that never come to an end. Time stands still unless everybody waits.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{BODY_DEADLINE, CONNECTIONS, HEAD_DEADLINE};
use crate::server::{Location, Options, Server};

async fn server() -> Server {
    let listen = ([127, 0, 0, 1], 0).into();
    let options = Options { location: Location::Memory, listen, setup: None, lock_wait: Duration::ZERO };
    Server::start(options).await.expect("started")
}

async fn send(server: &Server, text: &str) -> TcpStream {
    let url = server.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

/// All that comes until the server closes the connection.
async fn reply(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("closed in order");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test(start_paused = true)]
async fn a_head_or_a_body_that_never_ends_is_given_up() {
    let server = server().await;
    for head in ["", "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let begun = Instant::now();
        let stream = send(&server, head).await;
        let text = reply(stream).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
        assert!(begun.elapsed() >= HEAD_DEADLINE);
    }
    let begun = Instant::now();
    let head = "POST /api/v2/setup HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{\"a";
    let text = reply(send(&server, head).await).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    assert!(begun.elapsed() >= BODY_DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_cap_wait_until_there_is_room() {
    // Both ends of each connection are this process's.
    let limits = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits }).expect("room for files");
    let server = server().await;
    let get = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let begun = Instant::now();
    let mut held = Vec::new();
    for _ in 1..CONNECTIONS {
        held.push(send(&server, "GET").await);
    }
    assert!(reply(send(&server, get).await).await.starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < HEAD_DEADLINE, "there was room for one more");
    held.push(send(&server, "GET").await);
    assert!(reply(send(&server, get).await).await.starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() >= HEAD_DEADLINE, "one had to go first");
}
