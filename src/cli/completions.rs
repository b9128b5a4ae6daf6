//! `fluxform completions`.

use super::Ended;
use super::shell::Shell;
use crate::exit::Exit;

/// Write a completion script for a shell
///
/// Bash: `source <(fluxform completions bash)` in ~/.bashrc. Zsh: write it to a file called _fluxform in a directory of
/// $fpath. Fish: write it to ~/.config/fish/completions/fluxform.fish.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: clap_complete::Shell,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let mut command = super::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "fluxform", &mut script);
    shell.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
