//! `fluxform flux fmt`.

use std::io::Write;
use std::path::Path;

use super::script::{Files, Script};
use super::uses::Uses;
use crate::cli::Ended;
use crate::cli::shell::Shell;
use crate::diagnostic::Code;
use crate::exit::Exit;
use crate::flux::format::format;
use crate::problem::Problem;
use crate::render;

/// Rewrite scripts in influxd's layout
///
/// Rewrites each file whose layout differs, and prints its name. Writes standard input to standard output. The layout is
/// the one that influxd 2.9.1 gives to a task's script when the task's name or schedule changes, so such a change then
/// shows no other difference. Keeps what influxd's own formatter loses: parentheses, escapes, white space in strings,
/// attributes and comments. Leaves scripts with mistakes as they are, reports the mistakes, and exits with 65.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// Write nothing; print the scripts whose layout differs, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let mut exit = Exit::Ok;
    arguments.files.each(shell, &Uses::default(), &mut Vec::new(), |script| {
        script.check()?;
        let text = format(&script.parsed.script);
        let differs = script.marked || text != script.source.text;
        if arguments.check {
            if differs {
                exit = Exit::Error;
                shell.data(&format!("{}\n", render::line(&script.source.name)))?;
            }
        } else if script.is_input() {
            shell.data(&text)?;
        } else if differs {
            rewrite(script, &text)?;
            shell.data(&format!("{}\n", render::line(&script.source.name)))?;
        }
        Ok(())
    })?;
    Ok(exit)
}

/// Puts the text in the place of the file, whole or not at all. Where a link was followed, what it points to is the file.
fn rewrite(script: &Script, text: &str) -> Result<(), Problem> {
    let written = || {
        let path = std::fs::canonicalize(&script.source.path)?;
        // A rename would not ask for the right to change what it replaces, nor whether that is a file.
        let old = std::fs::OpenOptions::new().write(true).open(&path)?.metadata()?;
        if !old.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("/")))?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(old.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    written().map_err(|error: std::io::Error| {
        Problem::new(Code::FluxUnwritable, format!("cannot write {}: {error}", script.source.name))
    })
}
