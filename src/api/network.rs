//! What the network says, in words.

use std::error::Error as _;
use std::io;

use http::StatusCode;

/// What is said of a server that answers `http://` with the demand for TLS.
pub(super) const SPEAKS_TLS: &str = "answers only with TLS; use https:// instead of http://";
/// The same, of one that answers `https://` in plain HTTP.
const SPEAKS_PLAIN: &str = "it answers without TLS; for plain HTTP, use http:// instead of https://";

/// Whether a reply says that plain HTTP came to a port that expects TLS: what Go's net/http (and so influxd), nginx and
/// Apache httpd say.
pub(super) fn asks_for_tls(status: StatusCode, body: &[u8]) -> bool {
    const SAID: [&str; 3] = [
        "Client sent an HTTP request to an HTTPS server",
        "The plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL-enabled server port",
    ];
    let text = || String::from_utf8_lossy(body);
    status == StatusCode::BAD_REQUEST && SAID.iter().any(|said| text().contains(said))
}

/// What lies beneath an error of a connection by `scheme`, without the URL; and whether it may be the other scheme, of a
/// server that has never `answered`.
pub(super) fn reason(error: &reqwest::Error, scheme: &str, answered: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            return "connection refused".to_owned();
        }
        let text = error.to_string();
        // What a TLS library says of an answer that is no TLS.
        if text.contains("InvalidContentType") {
            return SPEAKS_PLAIN.to_owned();
        }
        if text.starts_with("client error (") {
            source = error.source();
            continue;
        }
        // Some say what their source says.
        if let Some(last) = words.last_mut().filter(|last| last.ends_with(&text) || text.ends_with(last.as_str())) {
            if text.len() > last.len() {
                *last = text;
            }
        } else {
            words.push(text);
        }
        source = error.source();
    }
    let words = if words.is_empty() { error.to_string() } else { words.join(": ") };
    match other_scheme(&words, scheme).filter(|_| !answered) {
        Some(other) => format!("{words}; {other}"),
        None => words,
    }
}

/// That the other scheme may be meant, where the first answer is none of this one, or a connection without any.
fn other_scheme(words: &str, scheme: &str) -> Option<&'static str> {
    let says = |said: &[&str]| said.iter().any(|said| words.contains(said));
    match scheme {
        // A TLS alert is no HTTP; other servers close the connection.
        "http" if says(&["invalid HTTP version", "connection closed", "connection reset", "Connection reset"]) => {
            Some("if the server expects TLS, use https:// instead of http://")
        }
        "https" if says(&["handshake eof", "connection reset", "Connection reset"]) => {
            Some("if the server expects plain HTTP, use http:// instead of https://")
        }
        _ => None,
    }
}
