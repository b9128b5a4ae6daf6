//! `fluxform flux`: one file a command.

mod ast;
mod check;
mod fmt;
mod refs;
mod script;
mod uses;

use clap::Subcommand;

use super::Ended;
use super::shell::{PlanFormat, Shell};

/// Read Flux scripts without a server
///
/// Each script is a file, as in the `flux` field of a task; `-` reads standard input.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Refs(refs::Arguments),
    Fmt(fmt::Arguments),
    Ast(ast::Arguments),
}

impl Arguments {
    /// How the command writes what stops it.
    pub(super) fn format(&self) -> PlanFormat {
        match &self.command {
            Command::Check(arguments) => arguments.format.into(),
            Command::Refs(arguments) => arguments.format.into(),
            Command::Fmt(_) | Command::Ast(_) => PlanFormat::Human,
        }
    }
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    match &arguments.command {
        Command::Check(arguments) => check::run(shell, arguments),
        Command::Refs(arguments) => refs::run(shell, arguments),
        Command::Fmt(arguments) => fmt::run(shell, arguments),
        Command::Ast(arguments) => ast::run(shell, arguments),
    }
}
