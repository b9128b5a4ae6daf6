//! URLs that the server takes as they are, and shows to many.

use url::Url;

use super::draft::Fault;
use crate::diagnostic::Code;
use crate::hidden::blurs_url;
use crate::redact::has_credentials;

/// How a kind speaks of its URL, which is in the field `url`.
pub(super) struct Words {
    pub(super) code: Code,
    /// The URL, such as `a scraper's URL`.
    pub(super) whose: &'static str,
    /// Who sees it.
    pub(super) readers: &'static str,
    /// What the place of one shows that leads nowhere.
    pub(super) label: &'static str,
    /// What to do about a secret in it.
    pub(super) help: &'static str,
}

/// What to do about a host without a scheme.
const SCHEME: &str = "write `http://` or `https://` before it";

/// What is wrong with a URL.
pub(super) fn fault(text: &str, words: &Words) -> Option<Fault> {
    let Words { code, whose, readers, label, help } = *words;
    let fault = |message: String, label: &str| Fault::new(code, "url", message, label);
    let named = |fault: Fault| if text.contains("://") { fault } else { fault.help(SCHEME) };
    match text.parse::<Url>() {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            Some(named(fault(format!("{whose} begins with `http://` or `https://`, and has a host"), label)))
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let message = format!("{whose} cannot have a user or a password: {readers} would see them");
            Some(fault(message, "has credentials").help(help))
        }
        Ok(_) if has_credentials(text) => {
            let message = format!("{whose} cannot have a secret in it: {readers} would see it");
            Some(fault(message, "has a secret").help(help))
        }
        Ok(_) if blurs_url(text) => {
            Some(fault(format!("{whose} cannot have spaces or characters that cannot be seen in it"), label))
        }
        Ok(_) => None,
        Err(error) => Some(named(fault(format!("invalid URL: {error}"), "not a URL"))),
    }
}
