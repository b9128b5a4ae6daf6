//! A server that is no InfluxDB, is another one, or speaks otherwise than its URL says.

use serde_json::json;

use super::super::fault::{Fault, Reply};
use super::super::{Class, Connect};
use super::{get, ok, post};

#[tokio::test]
async fn no_redirect_is_followed_or_recommended() {
    let elsewhere = Fault::start([ok()]).await;
    let url = elsewhere.url("/api/v2/x");
    let to = format!("Location: {url}\r\n");
    for status in [301, 302, 303, 307, 308] {
        let fault = Fault::start([Reply::text(status, &to, ""), Reply::text(status, &to, "")]).await;
        let (list, health) = (get(&fault.client()).await, fault.client().health().await);
        for error in [list.expect_err("a redirect"), health.expect_err("a redirect")] {
            assert_eq!((error.class, error.status), (Class::Unexpected, Some(status)));
            let words = format!(" redirects ({status}) to `{url}`, which is not followed");
            let host = fault.url("").to_string();
            assert_eq!(error.message, host.trim_end_matches('/').to_owned() + &words);
            let hint = error.hint().expect("a hint");
            assert!(hint.contains("the token would go along") && hint.contains("INFLUX_HOST"), "{hint}");
        }
    }
    assert!(elsewhere.seen().is_empty());
    let fault =
        Fault::start([Reply::text(302, "", ""), Reply::text(302, &format!("Location: /{}\r\n", "x".repeat(9000)), "")])
            .await;
    let error = get(&fault.client()).await.expect_err("a redirect to nowhere");
    assert!(error.hint().is_some_and(|hint| hint.contains("not followed")), "{error:?}");
    assert!(get(&fault.client()).await.expect_err("a redirect").message.len() < 300);
}

/// The error of the first request to a server at `scheme` that answers each connection with `answer`.
async fn first_error(scheme: &str, answer: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // What was sent is read first, or the connection is reset.
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
        }
    });
    let fault = Fault::start([]).await;
    let error = post(&fault.connect(&Connect::new(url.parse().expect("a URL"), None))).await;
    server.abort();
    error.message.replace(&url, "HOST")
}

#[tokio::test]
async fn the_other_scheme_is_recommended_where_it_is_meant() {
    let mut said = Vec::new();
    for (scheme, answer) in [
        ("https", &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]),
        ("https", b""),
        // Go's net/http, nginx, Apache httpd, and a TLS alert (unexpected message).
        ("http", b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"),
        ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>"),
        (
            "http",
            b"HTTP/1.1 400 Bad Request\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        ),
        ("http", b"\x15\x03\x03\x00\x02\x02\x0a"),
        ("http", b""),
        ("http", b"HTTP/1.1 400 Bad Request\r\n\r\nno"),
        ("http", b"HTTP/1.1 403 Forbidden\r\n\r\nThe plain HTTP request was sent to HTTPS port"),
    ] {
        said.push(format!("{scheme}: {}", first_error(scheme, answer).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    https: cannot connect to HOST: it answers without TLS; for plain HTTP, use http:// instead of https://
    https: cannot connect to HOST: tls handshake eof; if the server expects plain HTTP, use http:// instead of https://
    http: HOST answers only with TLS; use https:// instead of http://
    http: HOST answers only with TLS; use https:// instead of http://
    http: HOST answers only with TLS; use https:// instead of http://
    http: lost the connection to HOST: invalid HTTP version parsed; if the server expects TLS, use https:// instead of http://
    http: lost the connection to HOST: connection closed before message completed; if the server expects TLS, use https:// instead of http://
    http: 400 Bad Request: no
    http: 403 Forbidden: The plain HTTP request was sent to HTTPS port
    ");
}

/// A connection that is lost later says nothing about the scheme.
#[tokio::test]
async fn who_has_answered_speaks_the_scheme_of_the_url() {
    let fault = Fault::start([ok()].into_iter().chain(std::iter::repeat_n(Reply::Cut(Vec::new()), 5))).await;
    let api = fault.client();
    get(&api).await.expect("a reply");
    let error = get(&api).await.expect_err("lost");
    assert!(error.message.contains("connection closed") && !error.message.contains("https"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_no_influxdb_2_is_named_so() {
    for (reply, words) in [
        (Reply::text(200, "", "OK"), "not what InfluxDB sends"),
        (Reply::text(404, "", "404 page not found"), "404 Not Found"),
        (Reply::json(200, &json!({"name": "other"})), "`other`"),
        (Reply::json(200, &json!({"name": "influxdb", "version": "1.8.10"})), "1.8.10"),
    ] {
        let fault = Fault::start([reply]).await;
        let error = fault.client().health().await.expect_err(words);
        assert_eq!(error.class, Class::Unexpected);
        assert!(error.message.contains("not an InfluxDB 2.x server") && error.message.contains(words), "{error}");
    }
    let fault = Fault::start([Reply::json(200, &json!({"name": "influxdb", "version": "v2.0.9"}))]).await;
    assert_eq!(fault.client().health().await.expect("healthy").version, "2.0.9");
}

#[tokio::test]
async fn the_user_is_known_even_to_a_narrow_token() {
    let narrow = Reply::error(401, "unauthorized", "read:users/11ae915c33261000 is unauthorized");
    let full = Reply::json(200, &json!({"id": "11ae915c33261000", "name": "root"}));
    let inactive = Reply::error(401, "unauthorized", "token is inactive");
    let fault = Fault::start([narrow, full, inactive]).await;
    let api = fault.client();
    let me = api.me().await.expect("me");
    assert_eq!((me.id.as_str(), me.name), ("11ae915c33261000", None));
    let me = api.me_with(&"other".into()).await.expect("me");
    assert_eq!((me.id.as_str(), me.name.as_deref()), ("11ae915c33261000", Some("root")));
    assert_eq!(fault.seen()[1].headers["authorization"], "Token other");
    assert_eq!(api.me().await.expect_err("inactive").class, Class::BadToken);
}
