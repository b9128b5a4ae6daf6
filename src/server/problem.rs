//! A refusal as influxd words it: a class and a message, which clients read.

/// The class of a refusal, influxd's `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Nothing that the client did.
    Internal,
    /// What was asked for is not there, or not for this caller.
    NotFound,
    /// It is taken.
    Conflict,
    /// The request is wrong.
    Invalid,
    /// The request is understood, and cannot be done.
    Unprocessable,
    /// Something is empty that must not be.
    EmptyValue,
    /// It is not allowed.
    Forbidden,
    /// A right is missing, or nobody knows who asks.
    Unauthorized,
    /// The path is right and the method is not.
    MethodNotAllowed,
    /// The request is too large.
    TooLarge,
    /// This server cannot do it.
    NotImplemented,
}

impl Code {
    /// The word in replies.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Internal => "internal error",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Unprocessable => "unprocessable entity",
            Self::EmptyValue => "empty value",
            Self::Forbidden => "forbidden",
            Self::Unauthorized => "unauthorized",
            Self::MethodNotAllowed => "method not allowed",
            Self::TooLarge => "request too large",
            Self::NotImplemented => "not implemented",
        }
    }
}

/// A refusal on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Problem {
    /// A refusal of any class.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The request is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    /// A right is missing.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Code::Unauthorized, message)
    }

    /// It is not there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// It is taken.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// The same, with what was being done in front.
    pub(crate) fn within(self, doing: &str) -> Self {
        Self { code: self.code, message: format!("{doing}: {}", self.message) }
    }

    /// The same message in another class.
    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }
}
