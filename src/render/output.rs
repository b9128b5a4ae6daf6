//! Where text goes: data to standard output, talk to standard error.

use std::io::{self, IsTerminal, Write};

use super::style::Palette;

/// The two streams of the process.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Colours on standard output.
    pub out: Palette,
    /// Colours on standard error.
    pub err: Palette,
    /// Whether standard error is a terminal.
    pub err_terminal: bool,
}

impl Output {
    /// The process's own streams.
    pub fn of_process() -> Self {
        Self {
            out: Palette::of(&io::stdout()),
            err: Palette::of(&io::stderr()),
            err_terminal: io::stderr().is_terminal(),
        }
    }

    /// Writes what was asked for. A reader that has gone away is no error.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes what is said besides. Nothing can be done if nobody can hear it.
    pub fn talk(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}
