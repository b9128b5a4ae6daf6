//! `fluxform setup`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::applies::first_plan;
use super::connection::{self, Target};
use super::ignored::not_ignored;
use super::session::{client, no_server};
use super::shell::Shell;
use super::{Ended, written};
use crate::api::{ApiError, Writer};
use crate::confine::Root;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::problem::{Problem, Problems};
use crate::secret::{self, Secret};

/// The variable with the password.
const PASSWORD: &str = "FLUXFORM_SETUP_PASSWORD";

/// Set up a new server, once
///
/// Creates the first user, org and bucket of a server that nobody has set up yet, and writes the operator token to a file.
/// Token and password are never printed. The password comes from --password-file or FLUXFORM_SETUP_PASSWORD.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The server: http(s)://... [default: INFLUX_HOST]
    #[arg(long, value_name = "URL")]
    host: Option<String>,
    /// The name of the first user
    #[arg(long, value_name = "NAME")]
    username: String,
    /// The name of the first org
    #[arg(long, value_name = "NAME")]
    org: String,
    /// The name of the first bucket, which keeps points forever
    #[arg(long, value_name = "NAME")]
    bucket: String,
    /// A file that contains the password, 8 to 72 bytes [default: FLUXFORM_SETUP_PASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The file to write the operator token to; it must not exist yet, and only you can read it
    #[arg(long, value_name = "FILE")]
    token_file_out: PathBuf,
    /// Allow plain http to another machine: password and token cross the network unencrypted
    #[arg(long)]
    insecure_http: bool,
    #[command(flatten)]
    certificates: connection::CertificateFlags,
    #[command(flatten)]
    pub(super) limit: connection::Limit,
}

#[derive(Serialize)]
struct Setup<'a> {
    username: &'a str,
    password: &'a str,
    org: &'a str,
    bucket: &'a str,
    token: &'a str,
}

#[derive(Deserialize)]
struct Done {
    org: Org,
}

#[derive(Deserialize)]
struct Org {
    id: String,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    set_up(shell, arguments).await.map_err(Problems::from)
}

async fn set_up(shell: &Shell, arguments: &Arguments) -> Result<Exit, Problem> {
    written::allowed("the token", &arguments.token_file_out)?;
    written::through_no_link(Code::SetupToken, "the token", &arguments.token_file_out)?;
    let flags = connection::Flags {
        host: arguments.host.clone(),
        insecure_http: arguments.insecure_http,
        certificates: arguments.certificates.clone(),
        ..connection::Flags::default()
    };
    let connection = connection::resolve_virgin(&flags, &shell.around)?;
    shell.show(&connection.warnings);
    let Target::Server(url) = &connection.target.value else {
        let diagnostic = Diagnostic::error(Code::SetupEmbedded, "the embedded server sets itself up");
        return Err(diagnostic.into());
    };
    let password = password(shell, arguments);
    let here = Root::open(Path::new(".")).map_err(|error| Problem::new(Code::SetupDirectory, error.to_string()))?;
    let client = client(shell, &connection, &here)?;
    let asked = async {
        client.health().await.map_err(no_server)?;
        client.setup_allowed().await.map_err(Problem::from)
    };
    // Whoever is told of the password first would find out only then that none is needed.
    let allowed = match (asked.await, &password) {
        (Err(_), Err(wrong)) => return Err(wrong.clone()),
        (allowed, _) => allowed?,
    };
    if !allowed {
        let diagnostic = Diagnostic::error(Code::SetupDone, format!("{url} is already set up"))
            .help("ask whoever set it up for a token, or create one with `influx auth create`");
        return Err(diagnostic.into());
    }
    let password = password?;
    // The token is ours to choose here, so that it is safe in its file before the server has it.
    let token = new_token();
    let path = &arguments.token_file_out;
    keep(path, &token)?;
    let setup = Setup {
        username: &arguments.username,
        password: password.expose_secret(),
        org: &arguments.org,
        bucket: &arguments.bucket,
        token: token.expose_secret(),
    };
    let done: Done = match Writer::new(client).post("/api/v2/setup", &setup).await {
        Ok(done) => done,
        Err(error) => return Err(failed(error, path)),
    };
    shell.say(format_args!(
        "{url} is set up: org {} (ID {}), user {}, bucket {}. Its operator token is in {}.",
        arguments.org,
        done.org.id,
        arguments.username,
        arguments.bucket,
        path.display()
    ));
    let (dir, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().map(PathBuf::from));
    let dir = if dir == Path::new("") { Path::new(".") } else { dir };
    shell.show(&Vec::from_iter(not_ignored(dir, name)));
    shell.say(
        "A project from `fluxform init` names the embedded server: remove `url` and `org` from its [server] first.",
    );
    shell.say("Next, in the directory of a project:");
    // That is another directory than this one.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let flags = connection::Flags { certificates: flags.certificates.absolute(), ..flags };
    shell.say_command(&first_plan(url.as_str().trim_end_matches('/'), &arguments.org, &path, &flags));
    Ok(Exit::Ok)
}

fn password(shell: &Shell, arguments: &Arguments) -> Result<Secret, Problem> {
    let problem = |exit, message| Problem { exit, diagnostic: Diagnostic::error(Code::SetupPassword, message) };
    let password = match &arguments.password_file {
        Some(path) => secret::read(path)
            .map_err(|error| problem(Exit::Secret, format!("cannot use the password file: {error}")))?
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
        None => shell
            .around
            .var(PASSWORD)
            .ok_or_else(|| problem(Exit::Usage, format!("no password: use --password-file, or set {PASSWORD}")))?
            .to_owned(),
    };
    if !(8..=72).contains(&password.len()) {
        return Err(problem(Exit::Secret, "the password must have 8 to 72 bytes".to_owned()));
    }
    Ok(password.into())
}

/// 256 random bits in letters that need no quotes anywhere.
fn new_token() -> Secret {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// Writes the token to a new file that only its owner can read.
fn keep(path: &Path, token: &Secret) -> Result<(), Problem> {
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let written = file.write_all(token.expose_secret().as_bytes()).and_then(|()| file.sync_all());
        // It is in the way of the next try.
        written.inspect_err(|_| drop(std::fs::remove_file(path)))
    };
    write().map_err(|error| {
        Problem::new(Code::SetupToken, format!("cannot write the token to {}: {error}", path.display()))
            .help("choose a file that does not exist yet; the server was not set up")
    })
}

/// The file stays where the server may have taken the token all the same.
fn failed(error: ApiError, path: &Path) -> Problem {
    if error.maybe_done {
        let message = format!("the server's answer was lost: {error}");
        let help =
            format!("it may be set up with the token in {}; run `fluxform setup` again to find out", path.display());
        return Problem::new(Code::SetupLost, message).help(help);
    }
    match std::fs::remove_file(path) {
        Ok(()) => error.into(),
        Err(removal) => {
            let help =
                format!("the token in {} is not valid, and the file could not be deleted: {removal}", path.display());
            Problem::from(error).help(help)
        }
    }
}
