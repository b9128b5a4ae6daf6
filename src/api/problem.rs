//! How an error of a request ends the process.

use super::{ApiError, Class};
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::problem::Problem;

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let (exit, code) = match error.class {
            Class::BadToken => (Exit::NotAuthorized, Code::ServerBadToken),
            Class::Denied => (Exit::NotAuthorized, Code::ServerDenied),
            Class::NotFound => (Exit::Error, Code::ServerNotFound),
            Class::Conflict => (Exit::Error, Code::ServerConflict),
            Class::Refused => (Exit::Error, Code::ServerRefused),
            Class::Unavailable => (Exit::Unavailable, Code::ServerUnavailable),
            Class::Unexpected | Class::SpeaksTls => (Exit::Unavailable, Code::ServerUnexpected),
            Class::NotOurs => (Exit::Error, Code::ServerNotOurs),
            Class::Shut => (Exit::Locked, Code::LockLost),
        };
        let mut diagnostic = Diagnostic::error(code, error.to_string());
        diagnostic.help = error.hint();
        Self { exit, diagnostic }
    }
}
