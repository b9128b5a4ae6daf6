//! The `fluxform` command.

use std::process::ExitCode;

#[allow(unsafe_code)]
fn main() -> ExitCode {
    // SAFETY: nothing has started another thread yet.
    unsafe { fluxform::cli::main() }
}
