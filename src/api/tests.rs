//! The client against a server that misbehaves.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::time::Duration;

use serde_json::{Value, json};

use super::fault::{Fault, Reply};
use super::limits::AT_ONCE;
use super::{ApiError, Class, Client, Connect, Writer};

mod elsewhere;
mod ids;
mod token;

const PATH: &str = "/api/v2/labels/0000000000000001";

fn ok() -> Reply {
    Reply::text(200, "Date: Mon, 23 Nov 2026 21:20:23 GMT\r\n", "{\"a\": 1}")
}

fn unavailable() -> Reply {
    Reply::error(503, "unavailable", "starting")
}

async fn get(api: &Client) -> Result<Value, ApiError> {
    api.get(PATH, &[]).await
}

async fn post(api: &Client) -> ApiError {
    Writer::new(api.clone()).post::<_, Value>(PATH, &json!({"b": 2})).await.expect_err("an error")
}

#[tokio::test]
async fn a_request_carries_what_it_should() {
    let fault = Fault::start([ok(), ok()]).await;
    let api = fault.connect(&Connect::new(fault.url("/influx/"), Some("t0ken".into())));
    assert_eq!(api.server_time(), None);
    let reply: Value = api.get("/api/v2/x", &[("name", "a b&c")]).await.expect("a reply");
    assert_eq!(reply, json!({"a": 1}));
    Writer::new(api.clone()).patch::<_, Value>("/api/v2/y", &json!({"b": 2})).await.expect("a reply");
    let seen = fault.seen();
    assert_eq!(seen[0].line, "GET /influx/api/v2/x?name=a+b%26c");
    assert_eq!(seen[0].headers["authorization"], "Token t0ken");
    assert_eq!(seen[0].headers["user-agent"], concat!("fluxform/", env!("CARGO_PKG_VERSION")));
    assert_eq!((seen[1].line.as_str(), seen[1].body.as_str()), ("PATCH /influx/api/v2/y", "{\"b\":2}"));
    assert_eq!(seen[1].headers["content-type"], "application/json");
    assert_eq!((api.requests(), api.server_time()), (2, Some(1_795_468_823_000)));
}

#[tokio::test]
async fn reads_and_whole_writes_are_sent_again() {
    let cut = Reply::Cut(b"HTTP/1.1 200 x\r\ncontent-length: 99\r\n\r\n{".to_vec());
    let fault = Fault::start([unavailable(), cut, Reply::Cut(Vec::new()), Reply::text(502, "", "<html>"), ok()]).await;
    let api = fault.client();
    get(&api).await.expect("the fifth try");
    assert_eq!((fault.lines().len(), api.requests()), (5, 5));
    let waits = fault.waits();
    assert_eq!(waits.len(), 4);
    for (wait, least) in waits.iter().zip([200, 600, 1800, 5400]) {
        let least = Duration::from_millis(least);
        assert!((least..=2 * least).contains(wait), "{waits:?}");
    }
    let fault = Fault::start([unavailable(), ok()]).await;
    Writer::new(fault.client()).patch::<_, Value>(PATH, &json!({})).await.expect("the second try");
}

#[tokio::test]
async fn tries_end() {
    let fault = Fault::start(std::iter::repeat_n(unavailable(), 9)).await;
    let error = get(&fault.client()).await.expect_err("unavailable");
    assert_eq!((error.class, error.status, error.maybe_done), (Class::Unavailable, Some(503), false));
    let host = fault.url("");
    let host = host.as_str().trim_end_matches('/');
    assert_eq!(error.to_string(), format!("GET {PATH}: starting (from {host})"));
    assert_eq!(fault.lines().len(), 5);
}

#[tokio::test]
async fn a_refusal_is_final() {
    for (status, code, message, class) in [
        (401, "unauthorized", "unauthorized access", Class::BadToken),
        (401, "unauthorized", "read:orgs is unauthorized", Class::Denied),
        (404, "not found", "label not found", Class::NotFound),
        (422, "conflict", "label with name x already exists", Class::Conflict),
        (500, "internal error", "retention policy duration must be at least 1h0m0s", Class::Refused),
    ] {
        let fault = Fault::start([Reply::error(status, code, message)]).await;
        let error = get(&fault.client()).await.expect_err("refused");
        assert_eq!((error.class, error.message.as_str()), (class, message));
        assert_eq!(fault.lines().len(), 1, "{message}");
    }
}

#[tokio::test]
async fn a_post_is_sent_once_and_may_have_been_done() {
    let lost = [
        unavailable(),
        Reply::text(504, "", "gateway"),
        Reply::Cut(Vec::new()),
        Reply::Cut(b"HTTP/1.1 201 x\r\ncontent-length: 99\r\n\r\n{\"id\"".to_vec()),
        Reply::text(201, "", ""),
        Reply::text(201, "", "<html>"),
    ];
    for reply in lost {
        let fault = Fault::start([reply, ok()]).await;
        let error = post(&fault.client()).await;
        assert!(error.maybe_done, "{error:?}");
        assert_eq!(fault.lines().len(), 1);
    }
    let certain = [(429, "too many requests", "slow down"), (422, "conflict", "exists"), (400, "invalid", "bad")];
    for (status, code, message) in certain {
        let fault = Fault::start([Reply::error(status, code, message)]).await;
        let error = post(&fault.client()).await;
        assert!(!error.maybe_done, "{error:?}");
    }
}

#[tokio::test]
async fn a_post_on_a_kept_connection_is_sent_once_too() {
    let fault = Fault::start([ok(), Reply::Cut(Vec::new()), ok()]).await;
    let api = fault.client();
    get(&api).await.expect("the connection is open");
    assert!(post(&api).await.maybe_done);
    assert_eq!(fault.lines().len(), 2);
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let fault = Fault::start([Reply::Hang]).await;
    let connect = Connect { timeout: Duration::from_millis(50), ..Connect::new(fault.url(""), None) };
    let error = post(&fault.connect(&connect)).await;
    assert_eq!((error.class, error.maybe_done), (Class::Unavailable, true));
    assert_eq!(error.message, format!("no answer from {} in 50ms", fault.url("").as_str().trim_end_matches('/')));
}

#[tokio::test]
async fn a_refused_connection_has_done_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let fault = Fault::start([]).await;
    let api = fault.connect(&Connect::new(url.parse().expect("a URL"), None));
    let error = post(&api).await;
    assert_eq!((error.class, error.status, error.maybe_done), (Class::Unavailable, None, false));
    assert_eq!(error.message, format!("cannot connect to {url}: connection refused"));
    get(&api).await.expect_err("still refused");
    assert!(fault.waits().is_empty(), "nobody has ever been there");
}

#[tokio::test]
async fn a_server_that_has_gone_is_waited_for_and_that_is_told() {
    let mut fault = Fault::start([ok()]).await;
    let api = fault.client();
    get(&api).await.expect("a reply");
    fault.go_away().await;
    get(&api).await.expect_err("gone");
    let told = fault.told();
    assert_eq!(told.iter().map(|(next, of, _)| (*next, *of)).collect::<Vec<_>>(), [(2, 5), (3, 5), (4, 5), (5, 5)]);
    assert!(told[3].2.starts_with("cannot connect to http://127.0.0.1:"), "{}", told[3].2);
    assert!(told[3].2.ends_with(": connection refused"), "{}", told[3].2);
    assert_eq!(fault.waits().len(), 4);
}

/// A question that is asked of each of a thousand orgs must not open a thousand connections.
#[tokio::test]
async fn no_more_requests_are_under_way_than_there_is_room_for() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = most.clone();
    let answer = move || {
        let (now, most) = (now.clone(), highest.clone());
        async move {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, SeqCst);
            "{}"
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let app = axum::Router::new().fallback(axum::routing::any(answer));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let api = Connect::new(url.parse().expect("a URL"), None).client().expect("a client");
    let all = futures::future::join_all((0..500).map(|_| api.get::<Value>("/x", &[]))).await;
    assert!(all.iter().all(Result::is_ok));
    let most = most.load(SeqCst);
    assert!((2..=AT_ONCE).contains(&most), "{most}");
    server.abort();
}

#[tokio::test]
async fn many_requests_at_once_tell_each_wait_once() {
    let mut fault = Fault::start([ok()]).await;
    let api = fault.client();
    get(&api).await.expect("a reply");
    fault.go_away().await;
    let all = futures::future::join_all((0..8).map(|_| get(&api))).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(fault.told().iter().map(|(next, ..)| *next).collect::<Vec<_>>(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn once_given_up_nothing_waits_until_the_server_answers() {
    let cuts = |count| std::iter::repeat_n(Reply::Cut(Vec::new()), count);
    let replies = [ok()].into_iter().chain(cuts(5)).chain(cuts(1)).chain([ok()]).chain(cuts(1)).chain([ok()]);
    let fault = Fault::start(replies).await;
    let api = fault.client();
    get(&api).await.expect("a reply");
    get(&api).await.expect_err("five tries");
    get(&api).await.expect_err("one try");
    get(&api).await.expect("it is back");
    get(&api).await.expect("the second try");
    assert_eq!((fault.lines().len(), fault.waits().len()), (10, 5));
    assert_eq!(fault.told().last().map(|(next, ..)| *next), Some(2), "told anew");
}

#[tokio::test]
async fn who_has_never_answered_is_soon_given_up() {
    let fault = Fault::start(std::iter::repeat_n(Reply::Cut(Vec::new()), 9)).await;
    get(&fault.client()).await.expect_err("no server");
    assert_eq!(fault.lines().len(), 3);
    assert_eq!(fault.told().iter().map(|(next, of, _)| (*next, *of)).collect::<Vec<_>>(), [(2, 3), (3, 3)]);
}

#[tokio::test]
async fn the_server_says_when_to_come_back() {
    let later =
        |when: &str| Reply::text(429, &format!("Date: Mon, 23 Nov 2026 21:20:23 GMT\r\nRetry-After: {when}\r\n"), "");
    let fault = Fault::start([later("7"), later("Mon, 23 Nov 2026 21:20:33 GMT"), later("9999"), ok()]).await;
    get(&fault.client()).await.expect("the fourth try");
    assert_eq!(fault.waits(), [7, 10, 103].map(Duration::from_secs), "120 s in all");
}

#[tokio::test]
async fn a_server_that_asks_to_wait_again_and_again_is_given_up_after_two_minutes() {
    for when in ["480", "18446744073709551615", "Wed, 01 Dec 9999 23:59:59 GMT"] {
        let headers = format!("Date: Mon, 23 Nov 2026 21:20:23 GMT\r\nRetry-After: {when}\r\n");
        let fault = Fault::start(std::iter::repeat_n(Reply::text(503, &headers, ""), 9)).await;
        let api = fault.client();
        get(&api).await.expect_err("never ready");
        assert_eq!(fault.waits(), [Duration::from_secs(120)], "{when}");
        get(&api).await.expect_err("and nothing else waits for it any more");
        assert_eq!((fault.waits().len(), fault.lines().len()), (1, 3), "{when}");
    }
}

#[tokio::test]
async fn nothing_waits_beyond_the_end_of_the_run() {
    let fault = Fault::start(std::iter::repeat_n(unavailable(), 9)).await;
    let until = Some(tokio::time::Instant::now());
    let connect = Connect { until, ..Connect::new(fault.url(""), None) };
    get(&fault.connect(&connect)).await.expect_err("no time");
    assert_eq!((fault.waits().len(), fault.lines().len()), (0, 1));
}

#[tokio::test]
async fn a_delete_that_was_done_by_a_lost_try_is_done() {
    let gone = || Reply::error(404, "not found", "label not found");
    let fault = Fault::start([Reply::Cut(Vec::new()), gone()]).await;
    Writer::new(fault.client()).delete(PATH).await.expect("done");
    let fault = Fault::start([gone()]).await;
    let error = Writer::new(fault.client()).delete(PATH).await.expect_err("was not there");
    assert_eq!(error.class, Class::NotFound);
}

#[tokio::test]
async fn a_shut_gate_lets_no_further_try_through() {
    let fault = Fault::start([unavailable(), ok()]).await;
    let asked = AtomicU32::new(0);
    let gate: crate::api::Gate = Arc::new(move || {
        let first = asked.fetch_add(1, Relaxed) == 0;
        Box::pin(async move { if first { Ok(()) } else { Err("the lock is lost".to_owned()) } })
    });
    let error = Writer::gated(fault.client(), gate).patch::<_, Value>(PATH, &json!({})).await;
    let error = error.expect_err("shut");
    assert_eq!((error.class, error.message.as_str()), (Class::Shut, "the lock is lost"));
    assert_eq!(fault.lines().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_unexpected() {
    let fault = Fault::start([Reply::text(200, "", "<html>welcome</html>")]).await;
    let error = get(&fault.client()).await.expect_err("no JSON");
    assert_eq!((error.class, error.maybe_done), (Class::Unexpected, false));
    assert_eq!(fault.lines().len(), 1);
}

#[tokio::test]
async fn a_reply_without_end_is_an_error() {
    let chunk = "x".repeat(1 << 20);
    let mut endless = b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..65 {
        endless.extend(format!("100000\r\n{chunk}\r\n").into_bytes());
    }
    let fault = Fault::start([Reply::Cut(endless)]).await;
    let error = get(&fault.client()).await.expect_err("too long");
    assert_eq!((error.class, error.message.as_str()), (Class::Unexpected, "the reply is longer than 64 MiB"));
}

/// A packed reply of so many zeros.
fn packed(zeros: usize, status: u16) -> Reply {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = std::io::Read::take(std::io::repeat(b' '), zeros as u64);
    std::io::copy(&mut std::io::BufReader::new(zeros), &mut packed).expect("packed");
    let packed = packed.finish().expect("packed");
    let head = format!("HTTP/1.1 {status} x\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    Reply::Cut([head.into_bytes(), packed].concat())
}

#[tokio::test]
async fn what_is_packed_counts_unpacked() {
    let fault = Fault::start([packed(65 << 20, 200)]).await;
    let error = get(&fault.client()).await.expect_err("too long");
    assert_eq!((error.class, error.message.as_str()), (Class::Unexpected, "the reply is longer than 64 MiB"));
    let fault = Fault::start([packed(65 << 20, 400)]).await;
    let error = get(&fault.client()).await.expect_err("an error");
    assert_eq!((error.class, error.message.as_str()), (Class::Refused, "400 Bad Request"));
}
