//! Which server a run talks to, as whom, and who said so: a pure function of flags, `[server]`, environment and the
//! influx CLI's file.

mod certificates;
mod influx_cli;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::exit::Exit;
use crate::manifest;
use crate::problem::Problem;
use crate::secret::Secret;

pub use certificates::{CertificateFlags, Certificates, Named};
pub use influx_cli::{File as InfluxCliFile, Unused, path as influx_cli_path};
pub use target::Target;

/// The flags about the connection.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// The server: `http(s)://...`, or `embedded:PATH` for the server inside fluxform.
    #[arg(
        help = "The server: http(s)://..., or embedded:PATH for the embedded server [default: [server].url, INFLUX_HOST]"
    )]
    #[arg(long, help_heading = "Connection", value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub host: Option<String>,
    /// The home org, by name or ID.
    #[arg(help = "The home org, by name or ID [default: [server].org, INFLUX_ORG]")]
    #[arg(long, help_heading = "Connection", value_name = "ORG", value_parser = NonEmptyStringValueParser::new())]
    pub org: Option<String>,
    /// A file that contains the API token [default: INFLUX_TOKEN, INFLUX_TOKEN_FILE]
    #[arg(long, help_heading = "Connection", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Allow plain http to another machine: the token crosses the network unencrypted
    #[arg(long, help_heading = "Connection")]
    pub insecure_http: bool,
    /// Certificates.
    #[command(flatten)]
    pub certificates: CertificateFlags,
    /// How long the run may take.
    #[command(flatten)]
    pub limit: Limit,
}

/// How long a run may take.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Limit {
    /// End the whole run after this long, as a first Ctrl-C does [default: no limit]
    #[arg(long, help_heading = "Connection", value_name = "DURATION", value_parser = super::shell::duration)]
    pub timeout: Option<Duration>,
}

/// What surrounds the process.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The environment variables.
    pub vars: BTreeMap<String, String>,
    /// Whether standard input and standard error are terminals.
    pub terminal: bool,
    /// The influx CLI's file of connections, if there is one.
    pub influx_cli: Option<InfluxCliFile>,
}

/// What a command is about to do with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It only reads.
    Read,
    /// It may write.
    Write,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// `[server]`.
    Manifest,
    /// An environment variable.
    Variable(&'static str),
    /// The named connection of the influx CLI.
    InfluxCli(String),
    /// Nobody: it is what holds when nothing is said.
    Default,
}

/// A value and who said it.
#[derive(Clone, Debug)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Who said it.
    pub from: Origin,
}

/// The token, or where it is.
#[derive(Clone, Debug)]
pub enum Token {
    /// The token itself.
    Value(Secret),
    /// A file that holds it.
    File(PathBuf),
}

/// Which server a run talks to, as whom.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The server.
    pub target: Given<Target>,
    /// Where a manifest names it, if one does.
    pub place: Option<Place>,
    /// The home org: a name or an ID.
    pub org: Given<String>,
    /// The token; none for the embedded server, and where nobody gave one.
    pub token: Option<Given<Token>>,
    /// Whether the token may go to the server only if a person says so: nothing but a manifest names the server.
    pub unconfirmed: bool,
    /// The PEM files that are trusted and shown.
    pub certificates: Certificates,
    /// Whether any certificate is trusted.
    pub skip_verify: bool,
    /// How long one request may take, where `[server]` says.
    pub timeout: Option<Duration>,
    /// The influx CLI's connection to this server, which the run may not use.
    pub unused: Option<Unused>,
    /// What is to be said before anything else.
    pub warnings: Vec<Diagnostic>,
}

impl Surroundings {
    /// The variable `name`, unless it is empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a person started the run by hand: `CI` is unset, and there is a terminal.
    pub fn by_hand(&self) -> bool {
        self.var("CI").is_none() && self.terminal
    }
}

impl Connection {
    /// Who names the server: the place in a manifest, or the flag or variable.
    pub fn named_by(&self) -> String {
        match &self.place {
            Some(place) => {
                let (line, column) = place.position();
                format!("{}:{line}:{column}", place.source.name)
            }
            None => self.target.from.to_string(),
        }
    }

    /// Why the token does not go to the server.
    pub fn withheld(&self) -> Problem {
        let token = self.token.as_ref().map_or(&Origin::Default, |token| &token.from);
        let diagnostic = Diagnostic::error(
            Code::ConnectionTokenWithheld,
            format!(
                "the token from {token} is not sent to {}, which only {} names",
                self.target.value, self.target.from
            ),
        )
        .at_known(self.place.as_ref(), "this server")
        .help(format!(
            "set INFLUX_HOST={} too, or use --host: then a changed manifest cannot send the token elsewhere",
            self.target.value
        ));
        Problem::from(diagnostic)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Manifest => f.write_str("[server]"),
            Self::InfluxCli(name) => write!(f, "the influx CLI's connection `{name}`"),
            Self::Default => f.write_str("default"),
        }
    }
}

fn usage(diagnostic: Diagnostic) -> Problem {
    Problem { exit: Exit::Usage, diagnostic }
}

/// The connection of a run.
///
/// Precedence: flags, `[server]`, environment, the influx CLI's active connection. A token from the environment goes only
/// to `INFLUX_HOST` or `--host`, or by hand to `[server].url`; the influx CLI's only to the URL beside it.
pub fn resolve(
    flags: &Flags,
    server: &manifest::Server,
    around: &Surroundings,
    purpose: Purpose,
) -> Result<Connection, Problem> {
    let active = influx_cli::active(around);
    // Else an unattended run would write with what somebody has left active.
    let (active, unused) = if purpose == Purpose::Read || around.terminal {
        (active, None)
    } else {
        (Ok(None), influx_cli::unused(around, active))
    };
    let target = target::resolve(flags, server, around, &active).map_err(|problem| match &unused {
        Some(unused) if problem.diagnostic.code == Code::ConnectionNoHost => unused.explain(problem),
        _ => problem,
    })?;
    let mut connection = Connection {
        org: Given { value: "default".to_owned(), from: Origin::Default },
        token: None,
        unconfirmed: false,
        certificates: certificates::resolve(&flags.certificates, server, around),
        skip_verify: false,
        timeout: server.timeout.as_ref().map(|placed| placed.value),
        unused: None,
        warnings: Vec::new(),
        place: server.url.as_ref().filter(|_| target.from == Origin::Manifest).map(|url| url.place.clone()),
        target,
    };
    let said = home_org(flags.org.as_deref(), server, around);
    let Target::Server(url) = &connection.target.value else {
        if let Some(org) = said {
            connection.org = org;
        }
        if flags.token_file.is_some() {
            let message = "--token-file is not used: the embedded server creates its own token";
            connection.warnings.push(Diagnostic::warning(Code::ConnectionUnusedToken, message));
        }
        return Ok(connection);
    };
    connection.skip_verify = skip_verify(around)? && url.scheme() == "https";
    if connection.skip_verify {
        connection.warnings.push(unverified());
    }
    // What the influx CLI keeps beside a URL belongs to that URL alone.
    let beside = match &active {
        Ok(Some(active)) if target::same(&active.url, url) => Some(active),
        _ => None,
    };
    connection.unused = unused.filter(|unused| unused.url.as_ref().is_some_and(|of| target::same(of, url)));
    token(flags, around, beside, &mut connection)?;
    connection.org = said
        .or_else(|| {
            let active = beside?;
            Some(Given { value: active.org.clone()?, from: Origin::InfluxCli(active.name.clone()) })
        })
        .ok_or_else(|| {
            let problem = usage(
                Diagnostic::error(Code::ConnectionNoOrg, "no org is set")
                    .help("set `org` in [server], or INFLUX_ORG, or use --org"),
            );
            match &connection.unused {
                Some(unused) => unused.explain(problem),
                None => problem,
            }
        })?;
    Ok(connection)
}

/// The home org as `--org` (here `flag`), `[server]` or the environment says it.
pub fn home_org(flag: Option<&str>, server: &manifest::Server, around: &Surroundings) -> Option<Given<String>> {
    let given = |from| move |org: &str| Given { value: org.to_owned(), from };
    let flag = flag.map(given(Origin::Flag("--org")));
    flag.or_else(|| server.org.as_ref().map(|org| org.value.as_str()).map(given(Origin::Manifest)))
        .or_else(|| around.var("INFLUX_ORG").map(given(Origin::Variable("INFLUX_ORG"))))
}

/// The server to set up: as [`resolve`] without manifests, an org or a token.
pub fn resolve_virgin(flags: &Flags, around: &Surroundings) -> Result<Connection, Problem> {
    let server = manifest::Server::default();
    let target = target::resolve(flags, &server, around, &Ok(None))?;
    let is_https = matches!(&target.value, Target::Server(url) if url.scheme() == "https");
    let skip_verify = skip_verify(around)? && is_https;
    Ok(Connection {
        target,
        place: None,
        org: Given { value: String::new(), from: Origin::Default },
        token: None,
        unconfirmed: false,
        certificates: certificates::resolve(&flags.certificates, &server, around),
        skip_verify,
        timeout: None,
        unused: None,
        warnings: skip_verify.then(unverified).into_iter().collect(),
    })
}

/// Says that no certificate is checked.
fn unverified() -> Diagnostic {
    Diagnostic::warning(
        Code::ConnectionSkipVerify,
        "INFLUX_SKIP_VERIFY is set: the server's certificate is not checked",
    )
    .help("unset it, and set the certificate authority with --ca-file or FLUXFORM_CA_FILE")
}

fn skip_verify(around: &Surroundings) -> Result<bool, Problem> {
    match around.var("INFLUX_SKIP_VERIFY") {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some(other) => Err(usage(
            Diagnostic::error(
                Code::ConnectionSkipVerify,
                format!("INFLUX_SKIP_VERIFY is `{other}`, but must be true or false"),
            )
            .help("unset it, or set it to `true`"),
        )),
    }
}

/// Sets the token of `connection`; none where nobody gives one.
fn token(
    flags: &Flags,
    around: &Surroundings,
    beside: Option<&influx_cli::Active>,
    connection: &mut Connection,
) -> Result<(), Problem> {
    let given = flags
        .token_file
        .as_ref()
        .map(|path| Given { value: Token::File(path.clone()), from: Origin::Flag("--token-file") })
        .or_else(|| {
            let token = around.var("INFLUX_TOKEN")?;
            Some(Given { value: Token::Value(token.into()), from: Origin::Variable("INFLUX_TOKEN") })
        })
        .or_else(|| {
            let path = around.var("INFLUX_TOKEN_FILE")?;
            Some(Given { value: Token::File(path.into()), from: Origin::Variable("INFLUX_TOKEN_FILE") })
        });
    let kept = beside.and_then(|active| {
        let token = active.token.clone()?;
        Some(Given { value: Token::Value(token), from: Origin::InfluxCli(active.name.clone()) })
    });
    let by_flag = flags.token_file.is_some();
    let meant = match &connection.target.from {
        Origin::Flag(_) | Origin::Variable(_) => true,
        // `INFLUX_HOST` beside `[server].url` is the same URL, or the run would have ended.
        Origin::Manifest => around.var("INFLUX_HOST").is_some(),
        Origin::InfluxCli(_) => by_flag,
        Origin::Default => false,
    };
    connection.unconfirmed =
        !meant && given.is_some() && connection.target.from == Origin::Manifest && around.by_hand();
    connection.token = if meant || connection.unconfirmed {
        given.or(kept)
    } else if by_flag {
        given
    } else {
        kept.or(given)
    };
    let of_cli = |token: &Given<Token>| matches!(token.from, Origin::InfluxCli(_));
    let withheld = !meant && !connection.unconfirmed && connection.token.as_ref().is_some_and(|token| !of_cli(token));
    if withheld { Err(connection.withheld()) } else { Ok(()) }
}
