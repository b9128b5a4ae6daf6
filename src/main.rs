//! The `fluxform` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    fluxform::cli::main()
}
