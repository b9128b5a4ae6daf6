//! Where text goes: data to standard output, talk to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use indicatif::ProgressBar;

use super::diagnostic;
use super::style::Look;
use crate::diagnostic::Diagnostic;

/// Columns of standard error where nobody says how many there are.
const WIDTH: usize = 80;

/// The two streams of the process. A clone is the same.
#[derive(Clone, Debug)]
pub struct Output {
    /// How standard output looks. Where it is no terminal, its lines are not wrapped: other programs read them.
    pub out: Look,
    /// How standard error looks.
    pub err: Look,
    /// Whether standard output is a terminal.
    pub out_terminal: bool,
    /// Whether standard error is a terminal.
    pub err_terminal: bool,
    /// The bar that is drawn on standard error.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Output {
    /// The process's own streams.
    pub fn of_process() -> Self {
        Self {
            out: Look::of(&io::stdout()),
            err: Look::of(&io::stderr()).or_width(WIDTH),
            out_terminal: io::stdout().is_terminal(),
            err_terminal: io::stderr().is_terminal(),
            bar: Arc::default(),
        }
    }

    /// From now on this bar is drawn, or none; what is said goes above it.
    pub(super) fn draw(&self, bar: Option<ProgressBar>) {
        *self.bar() = bar;
    }

    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().expect("invariant: nobody panics while holding the bar")
    }

    /// Writes what was asked for. A reader that has gone away is no error.
    pub fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// The same for data that `write` writes piece by piece, because it may be large.
    pub fn data_with(
        &self,
        write: impl FnOnce(&mut io::BufWriter<io::StdoutLock<'_>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Shows diagnostics on standard error.
    pub fn show(&self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        self.talk(&diagnostic::text(diagnostics, self.err));
    }

    /// Writes what is said besides. Nothing can be done if nobody can hear it.
    pub fn talk(&self, text: &str) {
        let talk = || {
            let mut err = io::stderr().lock();
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        };
        let bar = self.bar().clone();
        match bar {
            Some(bar) => bar.suspend(talk),
            None => talk(),
        }
    }
}
