//! The command line: one file a command.

mod adopt;
mod apply;
mod approve;
pub mod connection;
mod destroy;
mod drift;
mod export;
mod flux;
mod forget;
mod graph;
mod import;
mod init;
mod output;
mod panic;
pub mod pipeline;
mod plan;
mod project;
mod record;
mod reviewed;
mod schema;
mod server;
mod session;
mod setup;
mod several;
mod shell;
mod show;
mod signal;
mod status;
mod terraform;
mod unmanaged;
mod validate;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::exit::{Exit, Problem};
use crate::render::{Comment, Look};
use shell::{PlanFormat, Shell};

/// How a command ends: an exit code, or what stopped it.
type Ended = Result<Exit, Vec<Problem>>;

/// Declare, plan and apply everything that lives in an InfluxDB 2.x server.
#[derive(Debug, Parser)]
#[command(name = "fluxform", version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
A first project, without any server:
  fluxform init demo
  fluxform plan demo
  fluxform apply demo

Every command takes --help. docs/glossary.md says what the words mean: ledger, home org, adopt, drift, ...";

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Validate(validate::Arguments),
    Plan(plan::Arguments),
    Apply(apply::Arguments),
    Drift(drift::Arguments),
    Destroy(destroy::Arguments),
    Show(show::Arguments),
    Output(output::Arguments),
    Status(status::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
    Adopt(adopt::Arguments),
    Forget(forget::Arguments),
    Graph(graph::Arguments),
    Flux(flux::Arguments),
    Schema(schema::Arguments),
    Setup(setup::Arguments),
    Server(server::Arguments),
}

/// The whole process: reads its arguments, runs the command, and gives its exit status.
pub fn main() -> ExitCode {
    panic::install();
    panic::caught(process).code().into()
}

fn process() -> Exit {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(problem) = terraform::answer(&words) {
        return Shell::of_process().end(PlanFormat::Human, Comment::Plan, Err(vec![problem]));
    }
    // Help is prose, also where nobody says how wide the reader is.
    let width = Look::of(&std::io::stdout()).or_width(80).width.unwrap_or_default();
    let parsed = Arguments::command().term_width(width).try_get_matches();
    let arguments = match parsed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Nothing can be done if nobody can hear it.
            let _ = error.print();
            return exit;
        }
    };
    let shell = Shell::of_process();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let problem = shell::trouble("cli::runtime", format!("cannot start: {error}"));
            return shell.end(PlanFormat::Human, Comment::Plan, Err(vec![problem]));
        }
    };
    let exit = runtime.block_on(run(&shell, arguments.command));
    // What may still be under way must not keep a process that has been told to end.
    runtime.shutdown_background();
    exit
}

async fn run(shell: &Shell, command: Command) -> Exit {
    let (format, of) = command.format();
    let ended = match command {
        Command::Init(arguments) => init::run(shell, &arguments),
        Command::Validate(arguments) => validate::run(shell, &arguments).await,
        Command::Graph(arguments) => graph::run(shell, &arguments),
        Command::Flux(arguments) => flux::run(shell, &arguments),
        Command::Plan(arguments) => plan::run(shell, &arguments).await,
        Command::Apply(arguments) => apply::run(shell, &arguments).await,
        Command::Drift(arguments) => drift::run(shell, &arguments).await,
        Command::Destroy(arguments) => destroy::run(shell, &arguments).await,
        Command::Show(arguments) => show::run(shell, &arguments).await,
        Command::Output(arguments) => output::run(shell, &arguments).await,
        Command::Status(arguments) => status::run(shell, &arguments).await,
        Command::Export(arguments) => export::run(shell, &arguments).await,
        Command::Import(arguments) => import::run(shell, &arguments).await,
        Command::Adopt(arguments) => adopt::run(shell, &arguments).await,
        Command::Forget(arguments) => forget::run(shell, &arguments).await,
        Command::Schema(arguments) => schema::run(shell, &arguments),
        Command::Setup(arguments) => setup::run(shell, &arguments).await,
        Command::Server(arguments) => server::run(shell, &arguments).await,
    };
    shell.end(format, of, ended)
}

impl Command {
    /// How the command writes what stops it; and for what comment that is, where it writes comments.
    fn format(&self) -> (PlanFormat, Comment) {
        match self {
            Self::Validate(arguments) => (arguments.format, Comment::Validate),
            Self::Plan(arguments) => (arguments.format, Comment::Plan),
            Self::Apply(arguments) => (arguments.run.format, Comment::Apply),
            Self::Drift(arguments) => (arguments.format, Comment::Drift),
            Self::Destroy(arguments) => (arguments.run.format, Comment::Destroy),
            Self::Show(arguments) => (arguments.format, Comment::Plan),
            Self::Output(arguments) => (arguments.format(), Comment::Plan),
            Self::Status(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Export(arguments) => (arguments.format.into(), Comment::Plan),
            Self::Import(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::Adopt(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::Forget(arguments) => (arguments.flags.format.into(), Comment::Plan),
            Self::Flux(arguments) => (arguments.format(), Comment::Plan),
            Self::Init(_) | Self::Graph(_) | Self::Schema(_) | Self::Setup(_) | Self::Server(_) => {
                (PlanFormat::Human, Comment::Plan)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }
}
