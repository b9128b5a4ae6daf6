//! From a connection to a client that is ready: the server is one, the token works, the home org is known.

mod home;

use std::path::Path;
use std::time::Duration;

use self::home::home;
use super::connection::{Certificates, Connection, Given, Named, Origin as By, Purpose, Target, Token};
use super::ledger_key::ledger_key;
use super::pipeline::unproven_ledger;
use super::shell::Shell;
use crate::api::sight::sight;
use crate::api::{ApiError, Class, Client, Connect, Me};
use crate::confine::{ConfineError, Root};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::exit::Exit;
use crate::ledger::{self, Hold, Holder, Key, LABELS, Ledger, Row, State, ThisMachine, Trust};
use crate::manifest::Manifest;
use crate::plan::Origin;
use crate::problem::Problem;
use crate::secret::{self, Secret, SecretError};
use crate::server::{DataFile, Location, Options, Server, Setup, StartError};
use crate::snapshot;
use crate::snowflake::is_id;

/// The user that owns a new embedded server.
const USER: &str = "fluxform";
/// The versions that were tested.
const TESTED: &str = "2.9.";

/// A server that answers.
pub(super) struct Session {
    pub(super) client: Client,
    /// The home org's ID; none if there is no such org, and the project makes it.
    pub(super) home: Option<String>,
    /// The server's version.
    pub(super) version: String,
    /// The ID of the run's token, where the environment says it.
    token_id: Option<String>,
    /// The server and the org, as the connection names them.
    named: (String, String),
    /// The user of the run's token.
    pub(super) me: Me,
    /// The key that the ledger is signed with, where there is one.
    pub(super) ledger_key: Option<Key>,
    embedded: Option<Server>,
    /// Whether the server is gone with the run: the next one has other IDs.
    passing: bool,
}

/// What a command needs to open a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionOptions<'a> {
    /// The project directory.
    pub(super) root: &'a Root,
    /// Whether it may write.
    pub(super) purpose: Purpose,
    /// How long to wait for another process that has the embedded server's file.
    pub(super) wait: Duration,
    /// Whether the project makes the home org if there is none.
    pub(super) makes_home: bool,
}

impl Session {
    /// Opens a session and says on standard error where it is.
    pub(super) async fn open(
        shell: &Shell,
        connection: &Connection,
        options: SessionOptions<'_>,
    ) -> Result<Self, Problem> {
        let ledger_key = ledger_key(shell, options.purpose)?;
        let (client, embedded, passing) = match &connection.target.value {
            Target::Server(_) => (client(shell, connection, options.root)?, None, false),
            Target::Embedded(path) => {
                let location = location(path.as_deref(), connection, options)
                    .map_err(|error| not_started(&error.into(), connection.place.as_ref()))?;
                let server = start(shell, &location, connection, options.wait).await?;
                let url = server.url().parse().expect("invariant: the embedded server has a URL");
                let connect = Connect { until: shell.until, ..Connect::new(url, server.operator_token()) };
                let client = connect.client();
                let client = client.expect("invariant: the embedded server has a sound URL and token");
                (client, Some(server), matches!(location, Location::Memory))
            }
        };
        // Side by side: a plan takes hardly longer than its longest list.
        let (health, me, home) =
            tokio::join!(client.health(), client.me(), home(&client, &connection.org, options.makes_home));
        let version = health.map_err(no_server)?.version;
        introduce(shell, connection, &version);
        let me = if embedded.is_none() { proven(&client, connection, me).await? } else { me? };
        let home = home?;
        let token_id = shell.around.var("FLUXFORM_TOKEN_ID").map(str::to_owned);
        let server = match &connection.target.value {
            // Its file is where the project is: the ID of its org tells it from others.
            Target::Embedded(_) => Target::Embedded(None),
            server @ Target::Server(_) => server.clone(),
        };
        let named = (server.to_string(), connection.org.value.clone());
        Ok(Self { client, home, version, token_id, me, ledger_key, named, embedded, passing })
    }

    /// What is known of the server before its objects are read.
    pub(super) fn server(&self, manifest: &Manifest) -> snapshot::Server {
        snapshot::Server {
            version: self.version.clone(),
            home: self.home.clone(),
            home_name: (!is_id(&self.named.1)).then(|| self.named.1.clone()),
            token_id: self.token_id.clone().or_else(|| manifest.server.token_id.as_ref().map(|id| id.value.clone())),
            me: Some(self.me.clone()),
            ledger_key: self.ledger_key.clone(),
            compiles: false,
        }
    }

    /// Whether the server is known to compile scripts without running them.
    pub(super) fn compiles(&self) -> bool {
        self.embedded.is_none() && self.version.starts_with(TESTED)
    }

    /// Which ledger counts.
    pub(super) fn trust(&self) -> Trust {
        Trust::of(self.ledger_key.as_ref())
    }

    /// The ID of the home org; empty while there is none.
    pub(super) fn org(&self) -> &str {
        self.home.as_deref().unwrap_or_default()
    }

    /// The labels that the home org's ledgers and locks are made of; none while there is no home org.
    ///
    /// # Errors
    /// There is no ledger of the project to be seen, and there may be one all the same.
    pub(super) async fn labels(&self, manifest: &Manifest) -> Result<Vec<Row>, Problem> {
        let Some(home) = &self.home else { return Ok(Vec::new()) };
        let rows = ledger::rows(&self.client, home).await?;
        if ledger::is_there(&rows, &manifest.project) {
            return Ok(rows);
        }
        let snapshot::Server { version, token_id, .. } = self.server(manifest);
        let proof = sight(&self.client, &version, home, &self.me, &[LABELS], token_id.as_deref()).await?;
        match proof.lacks.get(LABELS) {
            Some(lack) => Err(unproven_ledger(&manifest.project, lack)),
            None => Ok(rows),
        }
    }

    /// The ledger of a project; an empty one while there is no home org.
    ///
    /// # Errors
    /// As of [`Self::labels`], and what is wrong with the ledger.
    pub(super) async fn ledger(&self, manifest: &Manifest) -> Result<(Ledger, State), Problem> {
        let rows = self.labels(manifest).await?;
        match &self.home {
            Some(home) => Ok(ledger::decode(&rows, &manifest.project, home, &self.trust())?),
            None => Ok((Ledger::default(), State::default())),
        }
    }

    /// Who holds the lock of `project` by these labels, and how it stands.
    pub(super) fn lock(&self, rows: &[Row], project: &str) -> Option<(Holder, Hold)> {
        ledger::held(rows, project, &ThisMachine, self.client.server_time().unwrap_or_default())
    }

    /// Where a plan of this session was made.
    pub(super) fn origin(&self) -> Origin {
        let (server, org) = self.named.clone();
        Origin { server, org, org_id: self.home.clone().filter(|_| !self.passing) }
    }

    /// The ID of the run's token, where the environment says it.
    pub(super) fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// Ends the session; an embedded server closes its file.
    pub(super) async fn close(self) {
        if let Some(server) = self.embedded {
            server.stop().await;
        }
    }
}

/// The client for a server with a URL.
pub(super) fn client(shell: &Shell, connection: &Connection, root: &Root) -> Result<Client, Problem> {
    let Target::Server(url) = &connection.target.value else {
        return Err(Problem::new(Code::ConnectionEmbedded, "the embedded server has no URL of its own"));
    };
    let token = connection.token.as_ref().map(read_token).transpose()?;
    let mut connect = Connect::new(url.clone(), token);
    connect.on_wait = shell.on_wait();
    let Certificates { ca_file, client_cert, client_key } = &connection.certificates;
    let read = |named: &Option<Named>| named.as_ref().map(|named| named.read(root)).transpose();
    (connect.ca_file, connect.client_cert, connect.client_key) =
        (read(ca_file)?, read(client_cert)?, read(client_key)?);
    connect.until = shell.until;
    connect.skip_verify = connection.skip_verify;
    connect.timeout = connection.timeout.unwrap_or(connect.timeout);
    connect.client().map_err(|error| {
        Problem::new(Code::ConnectionClient, error.to_string())
            .help("check [server] in the manifest, the flags, and the token")
    })
}

fn read_token(token: &Given<Token>) -> Result<Secret, Problem> {
    let path = match &token.value {
        Token::Value(secret) => return Ok(secret.clone()),
        Token::File(path) => path,
    };
    let problem =
        |exit, message: String| Problem { exit, diagnostic: Diagnostic::error(Code::ConnectionToken, message) };
    let text = secret::read(path).map_err(|error| match error {
        SecretError::File(ConfineError::Missing(_)) if may_be_token(path) => {
            let message =
                "cannot use the token file: there is none of this name, which is not shown: it may be a token";
            let mut problem = problem(Exit::Secret, message.to_owned());
            problem.diagnostic.help = Some("give the path of a file, or set INFLUX_TOKEN to the token".to_owned());
            problem
        }
        error => {
            let (path, from) = (path.display(), &token.from);
            problem(Exit::Secret, format!("cannot use the token file {path} (from {from}): {error}"))
        }
    })?;
    match text.trim() {
        "" => Err(problem(Exit::NotAuthorized, format!("{} is empty: expected a token", path.display()))),
        token => Ok(token.into()),
    }
}

/// Whether a token may stand in the place of the path of a file with one.
fn may_be_token(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let is_word = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | '_');
    !text.contains('.') && !text.starts_with('/') && text.split('/').any(|part| !part.chars().all(is_word))
}

/// Where the embedded server keeps its data. A command that only reads changes no file and leaves none behind. What a
/// manifest names lies in the project; a path from elsewhere is the person's own.
fn location(
    path: Option<&Path>,
    connection: &Connection,
    options: SessionOptions<'_>,
) -> Result<Location, ConfineError> {
    let Some(path) = path else { return Ok(Location::Memory) };
    let reads = options.purpose == Purpose::Read;
    let file = match connection.target.from {
        By::Manifest => DataFile::within(options.root, path),
        _ if reads && !options.root.path().join(path).exists() => return Ok(Location::Memory),
        _ => DataFile::chosen(&options.root.path().join(path))?,
    };
    Ok(match reads {
        true if file.exists()? => Location::Untouched(file),
        true => Location::Memory,
        false => Location::File(file),
    })
}

/// Starts the embedded server.
async fn start(shell: &Shell, location: &Location, connection: &Connection, wait: Duration) -> Result<Server, Problem> {
    let open = async |lock_wait| {
        let setup = Some(Setup { org: connection.org.value.clone(), user: USER.to_owned() });
        let listen = ([127, 0, 0, 1], 0).into();
        Server::start(Options { location: location.clone(), listen, setup, lock_wait }).await
    };
    let started = match open(Duration::ZERO).await {
        Err(StartError::Locked { path }) if !wait.is_zero() => {
            shell.say(format_args!("Waiting for another process that uses {}.", path.display()));
            open(wait).await
        }
        other => other,
    };
    started.map_err(|error| not_started(&error, connection.place.as_ref()))
}

/// Why an embedded server did not start; `place` is where its file is named.
pub(super) fn not_started(error: &StartError, place: Option<&Place>) -> Problem {
    let told = |exit, code, help: &str| Problem {
        exit,
        diagnostic: Diagnostic::error(code, error.to_string()).at_known(place, "names this file").help(help),
    };
    match error {
        StartError::Locked { .. } => Problem::new(Code::EmbeddedLocked, error.to_string())
            .help("wait for the other process, or increase --lock-timeout"),
        StartError::File(error @ ConfineError::Unwritable { .. }) => Problem {
            exit: Exit::Unavailable,
            diagnostic: Diagnostic::error(Code::EmbeddedFile, error.to_string())
                .at_known(place, "names this file")
                .help("this command writes to the file and to its directory: make both writable; `fluxform plan` only reads them"),
        },
        StartError::File(error) => {
            let exit = if place.is_some() { Exit::Manifest } else { Exit::Usage };
            let diagnostic =
                Diagnostic::error(Code::EmbeddedFile, error.to_string()).at_known(place, "names this file");
            Problem { exit, diagnostic: diagnostic.help_known(error.help()) }
        }
        StartError::Damaged { path, .. } => {
            let path = path.display();
            let help = format!(
                "restore it from a copy, or move it away (`mv {path} {path}.damaged`): the next apply creates a new one, without \
                 the objects and points of the old one"
            );
            told(Exit::Unavailable, Code::EmbeddedDamaged, &help)
        }
        StartError::Io { .. } => told(
            Exit::Unavailable,
            Code::EmbeddedFile,
            "check that the file can be read and written, and that the disk is not full",
        ),
        StartError::Listen { .. } => Problem::new(Code::EmbeddedListen, error.to_string()),
        StartError::Store(_) => Problem::new(Code::EmbeddedStore, error.to_string()),
    }
}

/// What a server that does not answer as one means.
pub(super) fn no_server(error: ApiError) -> Problem {
    Problem { exit: Exit::Unavailable, ..error.into() }
}

/// The user of the token, if there is a token and it works, as `me` tells; a server that nobody has set up yet knows no token.
async fn proven(client: &Client, connection: &Connection, me: Result<Me, ApiError>) -> Result<Me, Problem> {
    let problem = match &connection.token {
        None => {
            let diagnostic = Diagnostic::error(Code::ConnectionNoToken, format!("no token for {}", client.host()))
                .help("set INFLUX_TOKEN or INFLUX_TOKEN_FILE, or use --token-file");
            let problem = Problem::from(diagnostic);
            match &connection.unused {
                Some(unused) => unused.explain(problem),
                None => problem,
            }
        }
        Some(token) => match me {
            Ok(me) => return Ok(me),
            Err(error) if error.class == Class::BadToken => bad_token(error, token),
            Err(error) => return Err(error.into()),
        },
    };
    if matches!(client.setup_allowed().await, Ok(true)) {
        let message = format!("{} is not set up yet: it has no org, no user and no token", client.host());
        return Err(Problem::from(
            Diagnostic::error(Code::ServerVirgin, message)
                .help("set it up once with `fluxform setup`, which writes the first token to a file"),
        ));
    }
    Err(problem)
}

/// Says of a token that does not work where it came from.
fn bad_token(error: ApiError, token: &Given<Token>) -> Problem {
    let mut problem = Problem::from(error);
    let from = match (&token.value, &token.from) {
        (Token::File(path), from) => format!("{} (from {from})", path.display()),
        (Token::Value(_), from) => from.to_string(),
    };
    let generic = "check that the token";
    if let Some(help) = problem.diagnostic.help.as_mut().filter(|help| help.starts_with(generic)) {
        *help = format!("check that {from} holds a token of this server, whole and without spaces around it");
    } else if let Some(help) = &mut problem.diagnostic.help {
        help.push_str(&format!(" (it comes from {from})"));
    }
    problem
}

/// The first line of a run: which server, and who said so.
fn introduce(shell: &Shell, connection: &Connection, version: &str) {
    let Connection { target, org, token, .. } = connection;
    let mut page = shell.talk_page();
    page.say(format_args!("{} (from {}), org {} (from {})", target.value, target.from, org.value, org.from));
    if let Some(token) = token {
        page.say(format_args!(", token from {}", token.from));
    }
    match (&target.value, version) {
        (Target::Embedded(_), _) => page.say(", the embedded server"),
        (_, "") => page.say(", InfluxDB of an unknown version"),
        (_, version) => page.say(format_args!(", InfluxDB {version}")),
    };
    page.end();
    if matches!(target.value, Target::Server(_)) && !version.starts_with(TESTED) {
        page.say(format_args!("warning: fluxform is tested with InfluxDB {TESTED}x; this server is another version"));
        page.end();
    }
    shell.output.talk(&page.finish());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_place_of_a_path_is_known() {
        for path in ["token", "secrets/iot-token", "token.txt", "/run/secrets/T1"] {
            assert!(!may_be_token(Path::new(path)), "{path}");
        }
        for token in ["S3KRIT", "qDLpF3-x_7Zk0vYx8Aa1Bb2Cc3Dd4Ee5Ff6Gg7==", "ab/C1=="] {
            assert!(may_be_token(Path::new(token)), "{token}");
        }
    }
}
