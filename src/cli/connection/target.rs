//! The server of a run.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::influx_cli::Active;
use super::{Flags, Given, Origin, Surroundings, usage};
use crate::api::{is_plain_http_to_elsewhere, with_scheme};
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::manifest;
use crate::problem::Problem;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One with a URL.
    Server(Url),
    /// The one inside this program: its data is in a file, relative to the project directory, or in memory.
    Embedded(Option<PathBuf>),
}

impl Target {
    /// Reads `http(s)://...`, `embedded:` or `embedded:PATH`; an error says what is wrong, without a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(path) = text.strip_prefix("embedded:") {
            let path = (!path.is_empty()).then(|| PathBuf::from(path));
            // The manifests say it at its place.
            return match path.as_deref().and_then(manifest::reads_as) {
                Some(_) => Err("a data file cannot have the name of a manifest or of a script"),
                None => Ok(Self::Embedded(path)),
            };
        }
        let url: Url = text.parse().map_err(|_| "it must have the form http(s)://HOST[:PORT] or embedded:PATH")?;
        match &url {
            url if !matches!(url.scheme(), "http" | "https") => {
                Err("it must begin with http://, https:// or embedded:")
            }
            url if url.host_str().is_none_or(str::is_empty) => Err("it names no host"),
            url if !url.username().is_empty() || url.password().is_some() => {
                Err("it must not contain a user name or password; set the token separately")
            }
            url if url.query().is_some() || url.fragment().is_some() => Err("it must not have anything after the path"),
            _ => Ok(Self::Server(url)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => f.write_str(url.as_str().trim_end_matches('/')),
            Self::Embedded(None) => f.write_str("embedded:"),
            Self::Embedded(Some(path)) => write!(f, "embedded:{}", path.display()),
        }
    }
}

/// Whether two URLs are the same server.
pub(super) fn same(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
        && one.path().trim_end_matches('/') == other.path().trim_end_matches('/')
}

/// The server of a run; `active` is the influx CLI's connection, or why it cannot be read.
pub(super) fn resolve(
    flags: &Flags,
    server: &manifest::Server,
    around: &Surroundings,
    active: &Result<Option<Active>, Diagnostic>,
) -> Result<Given<Target>, Problem> {
    let target = find(flags, server, around, active)?;
    match &target.value {
        Target::Server(url) if is_plain_http_to_elsewhere(url) && !flags.insecure_http => Err(usage(
            Diagnostic::error(
                Code::ConnectionPlainHttp,
                format!("{} (from {}) is another machine, and http is not encrypted", target.value, target.from),
            )
            .help("use https://, or --insecure-http to send the token in plain text"),
        )),
        _ => Ok(target),
    }
}

fn find(
    flags: &Flags,
    server: &manifest::Server,
    around: &Surroundings,
    active: &Result<Option<Active>, Diagnostic>,
) -> Result<Given<Target>, Problem> {
    let wrong = |from: &str, text: &str, reason: &str| {
        let help = with_scheme(text).map(|url| format!("did you mean `{url}`?"));
        Diagnostic::error(Code::ConnectionUrl, format!("invalid server URL in {from}: {reason}")).help_known(help)
    };
    if let Some(text) = &flags.host {
        let value = Target::parse(text).map_err(|reason| usage(wrong("--host", text, reason)))?;
        return Ok(Given { value, from: Origin::Flag("--host") });
    }
    let variable = || match around.var("INFLUX_HOST") {
        None => Ok(None),
        Some(text) => Target::parse(text).map(Some).map_err(|reason| usage(wrong("INFLUX_HOST", text, reason))),
    };
    if let Some(url) = &server.url {
        let value = Target::parse(&url.value).map_err(|reason| Problem {
            exit: Exit::Manifest,
            diagnostic: wrong("[server].url", &url.value, reason).at(url.place.clone(), "this"),
        })?;
        if let Some(theirs) = variable()? {
            let is_same = match (&value, &theirs) {
                (Target::Server(ours), Target::Server(theirs)) => same(ours, theirs),
                (ours, theirs) => ours == theirs,
            };
            if !is_same {
                let message = format!("[server].url is {value}, but INFLUX_HOST is {theirs}");
                return Err(usage(
                    Diagnostic::error(Code::ConnectionTwoHosts, message)
                        .at(url.place.clone(), "this server")
                        .help("remove `url` (and `org`) from [server], or unset INFLUX_HOST, or choose one of them with --host"),
                ));
            }
        }
        return Ok(Given { value, from: Origin::Manifest });
    }
    if let Some(value) = variable()? {
        return Ok(Given { value, from: Origin::Variable("INFLUX_HOST") });
    }
    match active {
        Err(diagnostic) => Err(usage(diagnostic.clone())),
        Ok(Some(active)) => {
            Ok(Given { value: Target::Server(active.url.clone()), from: Origin::InfluxCli(active.name.clone()) })
        }
        Ok(None) => Err(usage(
            Diagnostic::error(Code::ConnectionNoHost, "no server is set")
                .help("set `url` in [server], or INFLUX_HOST, or use --host"),
        )),
    }
}
