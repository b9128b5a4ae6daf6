//! What went wrong between us and the server.

use http::StatusCode;
use serde::Deserialize;

/// The class of an error, which decides retries and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No token, a wrong one, or one that is inactive: 401 "unauthorized access", "token is inactive".
    BadToken,
    /// The token may not do this.
    Denied,
    /// There is no such object: certain.
    NotFound,
    /// The name is taken.
    Conflict,
    /// The server refuses what was sent, also as a 500 that is a refusal: never retried.
    Refused,
    /// No answer, or none of use: network, TLS, time-out, 429, 502 to 504, a 500 that is no refusal.
    Unavailable,
    /// An answer that no InfluxDB gives.
    Unexpected,
    /// The answer of a server that speaks TLS, to a request without.
    SpeaksTls,
    /// A reply to a request that makes something names an object that this cannot be. Nothing was done with that object.
    NotOurs,
    /// Not sent: the gate of the [`super::Writer`] was shut.
    Shut,
}

/// An error of one request.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method}{}{path}: {message}", if path.is_empty() { "" } else { " " })]
pub struct ApiError {
    /// What kind of error it is.
    pub class: Class,
    /// The method of the request.
    pub method: &'static str,
    /// The path of the request, without its query.
    pub path: String,
    /// The status of the reply, if there was one.
    pub status: Option<u16>,
    /// The server's own words, or what the network said.
    pub message: String,
    /// Whether the server may have done it all the same (the reply was lost). Never on a GET.
    pub maybe_done: bool,
}

impl ApiError {
    /// An error that says that the server's words were no InfluxDB's.
    pub(crate) fn unexpected(method: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self {
            class: Class::Unexpected,
            method,
            path: path.to_owned(),
            status: None,
            message: message.into(),
            maybe_done: false,
        }
    }

    /// An error of a request that was not sent, because what it needs is not there.
    pub(crate) fn unsent(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            class: Class::Refused,
            method: "(not sent)",
            path: String::new(),
            status: None,
            message,
            maybe_done: false,
        }
    }

    /// What a request to `path` would make is there already, and would be overwritten: it was not sent.
    pub(crate) fn taken(path: &str, message: String) -> Self {
        Self { class: Class::Conflict, path: path.to_owned(), ..Self::unsent(message) }
    }

    /// Whether the server sends elsewhere, which nobody follows.
    pub(super) fn is_redirect(&self) -> bool {
        self.class == Class::Unexpected && self.status.is_some_and(|status| (300..400).contains(&status))
    }

    /// Whether the server knows the token, and refuses it because it or its user is inactive. Only the server's words say so:
    /// a token that it does not know has the same status and code (influxd 2.9.1, measured).
    pub fn is_inactive_token(&self) -> bool {
        self.class == Class::BadToken && self.message.contains("inactive")
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        if self.class == Class::Denied {
            return Some(denied(&self.message));
        }
        let hint = match (self.class, self.status) {
            (Class::BadToken, Some(403)) => "the token's user is inactive: activate the user, or use another token",
            _ if self.is_inactive_token() => "the token is inactive: activate it, or use another one",
            (Class::BadToken, _) => "check that the token is a complete token of this server, without spaces around it",
            (Class::NotFound, _) => "check the server's URL, the org, and the name or ID",
            (Class::Conflict, _) => "an object with this name already exists",
            (Class::Refused, Some(413)) => "the server or a proxy in front of it limits the size of requests",
            (Class::Refused, _) => "the server rejected a value, which its message names",
            (Class::Unavailable, Some(429)) => {
                "the server limits the rate of requests: try again later, or reduce --parallelism"
            }
            (Class::Unavailable, Some(_)) => {
                "the server or a proxy in front of it failed: check its log, and try again"
            }
            (Class::Unavailable, None) if self.message.starts_with(NO_ANSWER) => {
                "check that the server is running, that the URL is right, and that no proxy or firewall blocks the connection; if it \
                 only takes long to answer this, write a longer `timeout` into [server]"
            }
            (Class::Unavailable, None) => {
                "check that the server is running, that the URL is right, and that no proxy or firewall blocks the connection"
            }
            (Class::Unexpected, _) if self.is_redirect() => {
                "redirects are not followed, because the token would go along; set --host, INFLUX_HOST or [server].url to \
                 the base URL of your server as you know it, not as a reply names it"
            }
            (Class::SpeaksTls, _) => "change the URL in --host, INFLUX_HOST or [server].url",
            (Class::Unexpected, _) if self.message.contains(UNSTEADY) => {
                "try again when nothing makes or deletes many of these; if it stays so, what answers may be no InfluxDB 2.x server"
            }
            (Class::Unexpected, _) => "check the URL: is this an InfluxDB 2.x server, and is its path prefix right?",
            (Class::NotOurs, _) => {
                "nothing was done with that object, but the requested one may exist: plan again, and check what is \
                 between fluxform and the server"
            }
            (Class::Denied | Class::Shut, _) => return None,
        };
        Some(hint.to_owned())
    }
}

/// What to do where the server refuses with `words`.
fn denied(words: &str) -> String {
    let written = scope(words).map_or(String::new(), |(action, scope)| {
        format!(" (in the manifest of a token: `{action} = [\"{scope}\"]`, with the key of that org)")
    });
    let written = if written.contains("org.KEY") { written } else { written.replace(", with the key of that org", "") };
    format!(
        "the permissions of a token cannot be changed: use a token that has this one{written}; `influx auth list` shows the \
         permissions of each"
    )
}

/// The permission that `words` ask for, as a manifest grants it to a token: the field and the scope. None for single objects,
/// and where the server does not say what is lacking.
fn scope(words: &str) -> Option<(&str, String)> {
    let (action, of) = words.strip_suffix(" is unauthorized")?.split_once(':')?;
    let scope = match of.split('/').collect::<Vec<_>>()[..] {
        [ty] => format!("instance/{ty}"),
        ["orgs", _, ty] => format!("org.KEY/{ty}"),
        _ => return None,
    };
    Some((action, scope)).filter(|_| ["read", "write"].contains(&action))
}

/// An error body of InfluxDB; other fields (`op`, `error`, `line`) say nothing more.
#[derive(Deserialize)]
struct Body {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error: Option<String>,
}

/// What a reply with an error status means: its class, and the server's words as `clean` leaves them.
pub(super) fn read(status: u16, body: &[u8], clean: impl Fn(String) -> String) -> (Class, String) {
    match serde_json::from_slice::<Body>(body) {
        Ok(body) => {
            let words = match body.error {
                Some(error) if body.message.is_empty() => error,
                _ => body.message,
            };
            let class = of_influxdb(status, &body.code, &words);
            let words = if words.is_empty() { format!("{} ({status})", body.code) } else { words };
            (class, clean(words))
        }
        // Cleaned before it is cut: a part of a token is not recognised.
        Err(_) => (of_plain(status), plain(status, &clean(String::from_utf8_lossy(body).into_owned()))),
    }
}

/// The class of an error in InfluxDB's form (influxd 2.9.1, measured).
fn of_influxdb(status: u16, code: &str, words: &str) -> Class {
    match status {
        401 | 403
            if ["unauthorized access", "token is inactive", "User is inactive"].iter().any(|w| words.contains(w)) =>
        {
            Class::BadToken
        }
        401 | 403 => Class::Denied,
        // Tasks answer 404 for what may not be read; members and secrets so, when the org may not be read.
        404 if words.ends_with(": unauthorized") || words == "404 page not found" => Class::Denied,
        404 if words == "path not found" => Class::Unexpected,
        404 if code == "not found" => Class::NotFound,
        404 => Class::Unexpected,
        409 => Class::Conflict,
        422 if code == "conflict" => Class::Conflict,
        429 | 502..=504 => Class::Unavailable,
        500 if words.ends_with(": unauthorized") || words == "unauthorized" => Class::Denied,
        500 if words.contains("already exists") || words.contains("UNIQUE constraint failed") => Class::Conflict,
        500 if REFUSALS.iter().any(|refusal| words.contains(refusal)) => Class::Refused,
        500.. => Class::Unavailable,
        400.. => Class::Refused,
        _ => Class::Unexpected,
    }
}

/// What is said where a server takes too long.
pub(super) const NO_ANSWER: &str = "no answer from";
/// What is said of a list that is never the same.
pub(super) const UNSTEADY: &str = "does not end, or changes faster than it can be read";
/// What the server says in a 500 that is a refusal: the same request gets the same answer.
const REFUSALS: &[&str] = &[
    "retention policy duration must be",
    "shard-group duration must",
    "error parsing time",
    "authorizations cannot be created with the instance type",
    "cannot be deleted as a replication references it",
    "cannot unmarshal",
    "could not fulfil schedule",
];

/// How many characters of a text that is not in InfluxDB's form are shown.
const LONGEST_WORDS: usize = 200;

/// The class of an error that is not in InfluxDB's form: by a proxy, or by something else altogether.
fn of_plain(status: u16) -> Class {
    match status {
        401 | 403 => Class::Denied,
        408 | 429 | 500 | 502..=504 => Class::Unavailable,
        400 | 413 => Class::Refused,
        _ => Class::Unexpected,
    }
}

/// What is said of a redirect of `host` to `to`, which holds no token: it is what a reply says, and no advice.
pub(super) fn redirect(host: &str, status: StatusCode, to: &str) -> String {
    let to: String = to.chars().take(LONGEST_WORDS).collect();
    format!("{host} redirects ({}) to `{to}`, which is not followed", status.as_u16())
}

/// The first line of a body that is not in InfluxDB's form.
fn plain(status: u16, text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("?");
    if line.is_empty() {
        return format!("{status} {reason}");
    }
    let line: String = line.chars().take(LONGEST_WORDS).collect();
    format!("{status} {reason}: {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16, body: &[u8]) -> (Class, String) {
        read(status, body, |words| words)
    }

    fn json(status: u16, code: &str, message: &str) -> Class {
        seen(status, format!("{{\"code\":\"{code}\",\"message\":\"{message}\"}}").as_bytes()).0
    }

    #[test]
    fn what_the_server_says_gives_the_class() {
        let table = [
            (401, "unauthorized", "unauthorized access", Class::BadToken),
            (401, "unauthorized", "token is inactive", Class::BadToken),
            (403, "forbidden", "User is inactive", Class::BadToken),
            (401, "unauthorized", "read:orgs/0000000000000001/buckets is unauthorized", Class::Denied),
            (403, "forbidden", "permission write:instance is not allowed: x", Class::Denied),
            (404, "not found", "failed to find task: unauthorized", Class::Denied),
            (500, "internal error", "failed to create task: unauthorized", Class::Denied),
            (404, "not found", "404 page not found", Class::Denied),
            (404, "not found", "bucket not found", Class::NotFound),
            (404, "not found", "failed to find task: task not found", Class::NotFound),
            (404, "not found", "path not found", Class::Unexpected),
            (422, "conflict", "bucket with name b already exists", Class::Conflict),
            (500, "internal error", "mapping for user 0000000000000001 already exists", Class::Conflict),
            (500, "internal error", "UNIQUE constraint failed: remotes.org_id, remotes.name", Class::Conflict),
            (422, "unprocessable entity", "shard-group duration must also be updated", Class::Refused),
            (400, "invalid", "id must have a length of 16 bytes", Class::Refused),
            (500, "internal error", "retention policy duration must be at least 1h0m0s", Class::Refused),
            (500, "internal error", "unexpected error writing to the store", Class::Unavailable),
            (503, "unavailable", "starting", Class::Unavailable),
            (429, "too many requests", "slow down", Class::Unavailable),
        ];
        for (status, code, message, class) in table {
            assert_eq!(json(status, code, message), class, "{status} {message}");
        }
    }

    #[test]
    fn a_lacking_permission_is_named_as_a_manifest_grants_it() {
        let table = [
            (
                "write:orgs/0000000000000001/labels is unauthorized",
                "`write = [\"org.KEY/labels\"]`, with the key of that org)",
            ),
            ("read:users is unauthorized", "(in the manifest of a token: `read = [\"instance/users\"]`)"),
            ("read:orgs/0000000000000001 is unauthorized", "use a token that has this one; "),
            ("write:orgs/0000000000000001/buckets/0000000000000002 is unauthorized", "use a token that has this one; "),
            ("failed to create task: unauthorized", "use a token that has this one; "),
        ];
        for (words, said) in table {
            let hint = ApiError { class: Class::Denied, ..ApiError::unsent(words) }.hint().expect("a hint");
            assert!(hint.starts_with("the permissions of a token cannot be changed") && hint.contains(said), "{hint}");
        }
    }

    #[test]
    fn both_spellings_are_read() {
        for body in [
            "{\"code\":\"not found\",\"message\":\"gone\"}",
            "{\n\t\"code\": \"not found\",\n\t\"message\": \"gone\"\n}",
        ] {
            assert_eq!(seen(404, body.as_bytes()), (Class::NotFound, "gone".to_owned()));
        }
    }

    #[test]
    fn a_plain_404_proves_no_absence() {
        let (class, words) = seen(404, b"404 page not found\n");
        assert_eq!((class, words.as_str()), (Class::Unexpected, "404 Not Found: 404 page not found"));
    }

    #[test]
    fn a_page_of_a_proxy_is_cut_to_one_line() {
        let page = format!("\n<html>{}\n</html>", "x".repeat(9000));
        let (class, words) = seen(502, page.as_bytes());
        assert_eq!(class, Class::Unavailable);
        assert!(words.starts_with("502 Bad Gateway: <html>xx") && words.len() < 250, "{words}");
    }
}
