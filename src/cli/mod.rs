//! The command line: one file a command.

mod adopt;
mod applies;
mod apply;
mod approve;
mod completions;
pub mod connection;
mod convert;
mod delivered;
mod destroy;
mod drift;
mod explain;
mod export;
mod flux;
mod forget;
mod graph;
mod ignored;
mod import;
mod init;
mod known_hosts;
mod ledger;
mod ledger_key;
mod lock;
mod order;
mod output;
mod panic;
pub mod pipeline;
mod plan;
mod preflight;
mod project;
mod record;
mod required_permissions;
mod reviewed;
mod rotate;
mod rotations;
mod schema;
mod server;
mod session;
mod setup;
mod several;
mod shell;
mod show;
mod signal;
mod standard_input;
mod status;
mod unknown;
mod unmanaged;
mod vacant;
mod validate;
mod wall;
mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tokio::time::Instant;

use crate::diagnostic::Code;
use crate::exit::Exit;
use crate::kind::Kind;
use crate::problem::{Problem, Problems};
use crate::render::{Comment, Look};
use crate::sandbox::take_environment;
use shell::{PlanFormat, Shell};
use signal::in_time;

/// How a command ends: an exit code, or what stopped it.
type Ended = Result<Exit, Problems>;

#[derive(Debug, Parser)]
#[command(name = "fluxform", version, after_help = AFTER_HELP)]
struct Arguments {
    /// Print more details on standard error, such as which files the sandbox lets the run read
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

/// The variables with secrets of the run itself.
const SECRETS: [&str; 3] = ["INFLUX_TOKEN", "FLUXFORM_LEDGER_KEY", "FLUXFORM_SETUP_PASSWORD"];

const AFTER_HELP: &str = "\
A first project, without any server:
  fluxform init demo
  fluxform plan demo
  fluxform apply demo

Run any command with --help for details, and `fluxform explain CODE` about an error. docs/glossary.md explains the words: ledger, home org, adopt, drift, ...";

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Validate(validate::Arguments),
    Plan(plan::Arguments),
    Apply(apply::Arguments),
    Drift(drift::Arguments),
    Destroy(destroy::Arguments),
    Rotate(rotate::Arguments),
    Show(show::Arguments),
    Output(output::Arguments),
    Status(status::Arguments),
    Export(export::Arguments),
    Convert(convert::Arguments),
    Import(import::Arguments),
    Adopt(adopt::Arguments),
    Forget(forget::Arguments),
    Lock(lock::Arguments),
    Ledger(ledger::Arguments),
    Graph(graph::Arguments),
    RequiredPermissions(required_permissions::Arguments),
    Preflight(preflight::Arguments),
    Flux(flux::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Setup(setup::Arguments),
    Server(server::Arguments),
}

/// The whole process: reads its arguments, runs the command, and gives its exit status.
///
/// # Safety
/// No other thread runs: it changes the environment.
#[allow(unsafe_code)]
pub unsafe fn main() -> ExitCode {
    panic::install();
    // SAFETY: as the caller promises.
    let vars = unsafe { take_environment(&SECRETS) };
    panic::caught(|| process(vars)).code().into()
}

/// The command line. What no manifest is read for has no default from one.
fn command() -> clap::Command {
    let without = |command: clap::Command| {
        command.mut_args(|argument| match argument.get_help().map(ToString::to_string) {
            Some(help) if help.contains("[server].") => {
                let fields =
                    ["url", "org", "ca_file", "client_cert", "client_key"].map(|field| format!("[server].{field}"));
                argument.help(fields.iter().fold(help, |help, field| {
                    help.replace(&format!("{field}, "), "").replace(&format!(", {field}"), "")
                }))
            }
            _ => argument,
        })
    };
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let about = format!("Declare, plan and apply what an InfluxDB 2.x server has, by kind: {}", kinds.join(", "));
    Arguments::command().about(about).mut_subcommand("setup", without).mut_subcommand("export", without)
}

fn process(vars: BTreeMap<String, String>) -> Exit {
    let mut shell = Shell::new(vars);
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let refuse = |shell: &Shell, words: &[_], problem: Problem| {
        let (format, of) = unknown::form(words);
        shell.end(format, of, Err(problem.into()))
    };
    if let Some(problem) = unknown::answer(&words) {
        return refuse(&shell, &words, problem);
    }
    let words = order::in_order(words);
    // Help is prose, also where nobody says how wide the reader is.
    let width = Look::of(&std::io::stdout()).or_width(80).width.unwrap_or_default();
    let parsed = command().term_width(width).try_get_matches_from(std::iter::once(&"fluxform".into()).chain(&words));
    let parsed = parsed.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let arguments = match parsed {
        Ok((arguments, matches)) => {
            shell.org = org(&matches);
            wall::raise(&shell, &matches, arguments.verbose);
            shell.command = matches.subcommand_name().unwrap_or_default().to_owned();
            shell.dir = dir(&matches);
            let (format, of) = arguments.command.format();
            if is_compact(&matches)
                && let Some(problem) = format.not_compact()
            {
                return shell.end(format, of, Err(problem.into()));
            }
            arguments
        }
        Err(error) => {
            if let Some(problem) = unknown::explain(&error, &words) {
                return refuse(&shell, &words, problem);
            }
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Nothing can be done if nobody can hear it.
            let _ = error.print();
            return exit;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = Problem::new(Code::CliRuntime, format!("cannot start: {error}"));
            return shell.end(PlanFormat::Human, Comment::Plan, Err(problem.into()));
        }
    };
    shell.until = arguments.command.limit().and_then(|limit| Instant::now().checked_add(limit));
    let exit = runtime.block_on(run(&shell, arguments.command));
    // What may still be under way must not keep a process that has been told to end.
    runtime.shutdown_background();
    exit
}

/// What `--org` of the command says, or of one below it.
fn org(matches: &clap::ArgMatches) -> Option<String> {
    let (_, inner) = matches.subcommand()?;
    inner.try_get_one::<String>("org").ok().flatten().cloned().or_else(|| org(inner))
}

/// Whether the command is told `--compact`.
fn is_compact(matches: &clap::ArgMatches) -> bool {
    let flag = |(_, inner): (_, &clap::ArgMatches)| inner.try_get_one::<bool>("compact").ok().flatten().copied();
    matches.subcommand().and_then(flag) == Some(true)
}

/// The project that the command line names, if it is one.
fn dir(matches: &clap::ArgMatches) -> Option<PathBuf> {
    let (_, inner) = matches.subcommand()?;
    let named = |id: &str| inner.try_get_many::<PathBuf>(id).ok().flatten();
    let mut dirs = ["dir", "dirs", "what"].into_iter().find_map(named)?;
    dirs.next().filter(|_| dirs.next().is_none()).cloned()
}

async fn run(shell: &Shell, command: Command) -> Exit {
    let (format, of) = command.format();
    let ended = match command {
        Command::Init(arguments) => init::run(shell, &arguments),
        Command::Validate(arguments) => validate::run(shell, &arguments).await,
        Command::Graph(arguments) => graph::run(shell, &arguments),
        Command::RequiredPermissions(arguments) => required_permissions::run(shell, &arguments),
        Command::Preflight(arguments) => in_time(shell.until, preflight::run(shell, &arguments)).await,
        Command::Flux(arguments) => flux::run(shell, &arguments),
        Command::Plan(arguments) => in_time(shell.until, plan::run(shell, &arguments)).await,
        Command::Apply(arguments) => apply::run(shell, &arguments).await,
        Command::Drift(arguments) => in_time(shell.until, drift::run(shell, &arguments)).await,
        Command::Destroy(arguments) => destroy::run(shell, &arguments).await,
        Command::Rotate(arguments) => rotate::run(shell, &arguments).await,
        Command::Show(arguments) => in_time(shell.until, show::run(shell, &arguments)).await,
        Command::Output(arguments) => in_time(shell.until, output::run(shell, &arguments)).await,
        Command::Status(arguments) => in_time(shell.until, status::run(shell, &arguments)).await,
        Command::Export(arguments) => export::run(shell, &arguments).await,
        Command::Convert(arguments) => convert::run(shell, &arguments),
        Command::Import(arguments) => import::run(shell, &arguments).await,
        Command::Adopt(arguments) => adopt::run(shell, &arguments).await,
        Command::Forget(arguments) => forget::run(shell, &arguments).await,
        Command::Lock(arguments) => lock::run(shell, &arguments).await,
        Command::Ledger(arguments) => ledger::run(shell, &arguments).await,
        Command::Explain(arguments) => explain::run(shell, &arguments),
        Command::Schema(arguments) => schema::run(shell, &arguments),
        Command::Completions(arguments) => completions::run(shell, &arguments),
        Command::Setup(arguments) => in_time(shell.until, setup::run(shell, &arguments)).await,
        Command::Server(arguments) => server::run(shell, &arguments).await,
    };
    shell.end(format, of, ended)
}

impl Command {
    /// How the command writes what stops it; and for what comment that is, where it writes comments.
    fn format(&self) -> (PlanFormat, Comment) {
        match self {
            Self::Validate(arguments) => (arguments.format, Comment::Validate),
            Self::Plan(arguments) => (arguments.format, arguments.comment()),
            Self::Apply(arguments) => (arguments.run.format, Comment::Apply),
            Self::Drift(arguments) => (arguments.format, Comment::Drift),
            Self::Destroy(arguments) => (arguments.run.format, Comment::Destroy),
            Self::Rotate(arguments) => (arguments.run.format, Comment::Apply),
            Self::Show(arguments) => (arguments.format, Comment::Plan),
            Self::Output(arguments) => (arguments.format(), Comment::Plan),
            Self::Status(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Export(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Convert(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Import(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::Adopt(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::Forget(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::RequiredPermissions(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Preflight(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Flux(arguments) => (arguments.format(), Comment::Plan),
            Self::Lock(arguments) => (arguments.format().into(), Comment::Plan),
            Self::Explain(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Ledger(arguments) => (arguments.format().into(), Comment::Plan),
            Self::Init(_)
            | Self::Graph(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Setup(_)
            | Self::Server(_) => (PlanFormat::Human, Comment::Plan),
        }
    }

    /// How long the run may take, where it was told.
    fn limit(&self) -> Option<Duration> {
        let connection = match self {
            Self::Plan(arguments) => &arguments.connection,
            Self::Apply(arguments) => &arguments.run.connection,
            Self::Drift(arguments) => &arguments.connection,
            Self::Destroy(arguments) => &arguments.run.connection,
            Self::Rotate(arguments) => &arguments.run.connection,
            Self::Show(arguments) => &arguments.connection,
            Self::Output(arguments) => &arguments.connection,
            Self::Status(arguments) => &arguments.connection,
            Self::Preflight(arguments) => &arguments.connection,
            Self::Export(arguments) => &arguments.connection,
            Self::Import(arguments) => &arguments.flags.connection,
            Self::Adopt(arguments) => &arguments.flags.connection,
            Self::Forget(arguments) => &arguments.flags.connection,
            Self::Lock(arguments) => arguments.connection(),
            Self::Ledger(arguments) => arguments.connection(),
            Self::Setup(arguments) => return arguments.limit.timeout,
            Self::Init(_)
            | Self::Convert(_)
            | Self::Validate(_)
            | Self::RequiredPermissions(_)
            | Self::Flux(_)
            | Self::Graph(_)
            | Self::Explain(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Server(_) => {
                return None;
            }
        };
        connection.limit.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        command().debug_assert();
    }
}
