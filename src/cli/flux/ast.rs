//! `fluxform flux ast`.

use super::script::{Files, Script};
use super::uses::Uses;
use crate::cli::Ended;
use crate::cli::shell::Shell;
use crate::diagnostic::Code;
use crate::exit::Exit;
use crate::problem::{Problem, Problems};

/// Print the syntax trees of scripts, in influxd's JSON
///
/// Prints one line per script: what `POST /api/v2/query/ast` of influxd 2.9.1 replies. For a script that influxd refuses,
/// only reports what is wrong, and exits with 65. If influxd accepts a script although it can never run, also exits with
/// 65, but prints the tree, with `null` for what is missing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    arguments.files.each(shell, &Uses::default(), &mut Vec::new(), |script| {
        if script.parsed.has_tree() {
            print(shell, script)?;
        }
        script.check()
    })?;
    Ok(Exit::Ok)
}

fn print(shell: &Shell, script: &Script) -> Result<(), Problems> {
    let written = shell.output.data_with(|out| {
        script.parsed.script.write_json(out)?;
        std::io::Write::write_all(out, b"\n")
    });
    written.map_err(|error| Problem::new(Code::CliOutput, format!("cannot write the output: {error}")).into())
}
