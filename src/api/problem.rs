//! How an error of a request ends the process.

use super::{ApiError, Class};
use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let (exit, code) = match error.class {
            Class::BadToken => (Exit::NotAuthorized, "server::bad-token"),
            Class::Denied => (Exit::NotAuthorized, "server::denied"),
            Class::NotFound => (Exit::Error, "server::not-found"),
            Class::Conflict => (Exit::Error, "server::conflict"),
            Class::Refused => (Exit::Error, "server::refused"),
            Class::Unavailable => (Exit::Unavailable, "server::unavailable"),
            Class::Unexpected => (Exit::Unavailable, "server::unexpected"),
            Class::NotOurs => (Exit::Error, "server::not-ours"),
            Class::Shut => (Exit::Locked, "lock::lost"),
        };
        let mut diagnostic = Diagnostic::error(code, error.to_string());
        diagnostic.help = error.hint().map(str::to_owned);
        Self { exit, diagnostic }
    }
}
