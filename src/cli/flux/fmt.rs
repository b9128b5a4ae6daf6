//! `fluxform flux fmt`.

use std::io::Write;
use std::path::Path;

use super::script::{Files, Script};
use crate::cli::Ended;
use crate::cli::shell::{Shell, trouble};
use crate::exit::{Exit, Problem};
use crate::flux::format::format;
use crate::render;

/// Write scripts in influxd's own layout
///
/// Rewrites each file whose layout is another one and prints its name; standard input is written to standard output. The
/// layout is the one that influxd 2.9.1 gives a task's script when its name or schedule is changed, so that nobody sees a
/// difference then. But what such a change would lose is kept: parentheses, escapes, blanks in strings, attributes and
/// comments. Scripts with mistakes stay as they are, and the command ends with 65.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    /// Write nothing; end with 1 if the layout of a script is another one, and print which
    #[arg(long)]
    check: bool,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let mut exit = Exit::Ok;
    arguments.files.each(shell, |script| {
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
            rewrite(script, &text).map_err(|error| vec![error])?;
            shell.data(&format!("{}\n", render::line(&script.source.name)))?;
        }
        Ok(())
    })?;
    Ok(exit)
}

/// Puts the text in the place of the file, whole or not at all.
fn rewrite(script: &Script, text: &str) -> Result<(), Problem> {
    let path = &script.source.path;
    let written = || {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(std::fs::metadata(path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok::<(), std::io::Error>(())
    };
    written().map_err(|error| trouble("flux::unwritable", format!("cannot write {}: {error}", script.source.name)))
}
