//! What goes back: JSON in the two spellings of influxd, and the one place that turns refusals into statuses.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use tokio::task::JoinError;

use super::problem::{Code, Problem};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The status of a class of refusals.
fn status(code: Code) -> StatusCode {
    match code {
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict | Code::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Invalid | Code::EmptyValue => StatusCode::BAD_REQUEST,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::NotImplemented => StatusCode::NOT_IMPLEMENTED,
    }
}

/// How JSON is spelt. influxd's newer handlers indent by tabs, its older ones write one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Tabs, no newline at the end.
    Indented,
    /// One line; a newline at the end of successes, none at the end of errors.
    Compact,
}

/// A success.
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Reply {
    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Vec::new() }
    }

    /// A status alone.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// JSON in a style.
    pub(crate) fn json<T: Serialize>(style: Style, status: StatusCode, value: &T) -> Result<Self, Problem> {
        match style {
            Style::Indented => Self::indented(status, value),
            Style::Compact => Self::compact(status, value),
        }
    }

    /// JSON by tabs.
    pub(crate) fn indented<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        Ok(Self { status, headers: vec![(CONTENT_TYPE, JSON)], body: spell(Style::Indented, value)? })
    }

    /// JSON in one line.
    pub(crate) fn compact<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        let mut body = spell(Style::Compact, value)?;
        body.push(b'\n');
        Ok(Self { status, headers: vec![(CONTENT_TYPE, JSON)], body })
    }

    /// Any text or bytes.
    pub(crate) fn raw(status: StatusCode, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))], body: body.into() }
    }

    /// The same with one more header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As a response.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
}

/// A refusal as a response.
pub(crate) fn refuse(style: Style, problem: &Problem) -> Response {
    let body = ErrorBody { code: problem.code.text(), message: &problem.message };
    let reply = Reply {
        status: status(problem.code),
        headers: vec![
            (CONTENT_TYPE, JSON),
            (HeaderName::from_static("x-platform-error-code"), HeaderValue::from_static(problem.code.text())),
        ],
        body: spell(style, &body).unwrap_or_default(),
    };
    reply.into_response()
}

/// What a handler that panicked leaves for the client.
pub(crate) fn panicked(style: Style, error: &JoinError) -> Response {
    refuse(style, &Problem::new(Code::Internal, format!("a panic has occurred: {error}")))
}

/// Go's spelling of JSON: `<`, `>` and `&` are escaped in it.
fn spell<T: Serialize>(style: Style, value: &T) -> Result<Vec<u8>, Problem> {
    let text = match style {
        Style::Compact => serde_json::to_string(value).map_err(|error| internal(&error))?,
        Style::Indented => {
            let mut text = Vec::new();
            let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
            let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
            value.serialize(&mut serializer).map_err(|error| internal(&error))?;
            String::from_utf8(text).map_err(|error| Problem::new(Code::Internal, error.to_string()))?
        }
    };
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return Ok(text.into_bytes());
    }
    let mut escaped = String::with_capacity(text.len() + 32);
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    Ok(escaped.into_bytes())
}

fn internal(error: &serde_json::Error) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_escape_what_go_escapes() {
        let value = serde_json::json!({"a": "<&>", "b": []});
        assert_eq!(
            String::from_utf8(spell(Style::Indented, &value).unwrap()).unwrap(),
            "{\n\t\"a\": \"\\u003c\\u0026\\u003e\",\n\t\"b\": []\n}"
        );
        assert_eq!(
            String::from_utf8(spell(Style::Compact, &value).unwrap()).unwrap(),
            "{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":[]}"
        );
    }
}
