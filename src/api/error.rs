//! What went wrong between us and the server.

/// The class of an error, which decides retries and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No token, a wrong one, or one that is inactive: 401 "unauthorized access", "token is inactive".
    BadToken,
    /// The token may not do this.
    Denied,
    /// There is no such object.
    NotFound,
    /// The name is taken.
    Conflict,
    /// The server refuses what was sent, also as a 500 that is a refusal: never retried.
    Refused,
    /// No answer, or none of use: network, TLS, time-out, 429, 502 to 504.
    Unavailable,
    /// An answer that no InfluxDB gives.
    Unexpected,
}

/// An error of one request.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} {path}: {message}")]
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
    /// Whether the server may have done it all the same (the reply was lost).
    pub maybe_done: bool,
}
