//! Secrets in what is shown and written down: found, and hidden.

mod assigned;
mod beside;
mod commands;
mod doubt;
mod flux;
mod hook;
mod interpolated;
mod json;
mod key;
mod literals;
mod names;
mod options;
mod places;
mod print;
mod quotes;
mod reference;
mod server;
mod shapes;
mod token;
mod toml;
mod urls;

pub(crate) use beside::{ANOTHER, Part, beside};
pub(crate) use doubt::is_no_secret;
pub(crate) use hook::{Path, without_path};
pub(crate) use literals::{
    HIDDEN, Language, apart, certain_literals, has_credentials, literals, sealed_words, secrets_in,
    without_credentials, without_literals, without_secrets, without_secrets_in_argument, without_secrets_in_command,
    without_secrets_in_words,
};
pub(crate) use names::is_secret;
pub(crate) use print::{is_sealed, sealed};
pub(crate) use token::{MARK, Redaction, SECRET};
