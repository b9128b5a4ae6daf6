//! `fluxform flux check`.

use super::script::Files;
use super::uses::Uses;
use crate::cli::Ended;
use crate::cli::shell::{Format, Shell};
use crate::exit::Exit;
use crate::render::{self, Comment, Document, Page};

/// Report what is wrong with scripts
///
/// Of a directory, all scripts in it are checked: files whose names end in `.flux`, also further down.
///
/// Reports every mistake for which influxd refuses a script, with its place. Also reports those that influxd accepts
/// although the task can never run: missing values such as `x =`, and names, packages and arguments that do not exist.
/// Does not check types. Exits with 65 if anything is wrong. Warns of what lints find; a comment `// fluxform: allow CODE`
/// beside the line allows it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    uses: Uses,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let (mut warnings, mut lints) = (Vec::new(), Vec::new());
    let files = arguments.files.walked()?;
    let checked = files.each(shell, &arguments.uses, &mut warnings, |script| {
        let found = script.lints();
        shell.show(&found);
        lints.extend(found);
        script.check()?;
        script.check_names()
    });
    warnings.extend(lints);
    shell.keep(&warnings);
    checked?;
    let document = Document { warnings: &warnings, ..Document::new(Exit::Ok) };
    shell.document(arguments.format.into(), Comment::Plan, &document, |look| {
        let mut page = Page::new(look);
        page.say(format_args!("No mistakes in {}.", render::count(files.count(), "script"))).end();
        page.finish()
    })?;
    Ok(Exit::Ok)
}
