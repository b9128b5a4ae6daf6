//! Projects made of what other tools have: what they declare is what these would have made.

mod bad;
mod copied;
mod pages;
mod templates;
mod terraform;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::fluxform::{Ended, Fluxform};

/// A source of the tests.
fn source(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/convert").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// A source that was converted, or that was tried to.
struct Converted {
    dir: TempDir,
    ended: Ended,
}

impl Converted {
    /// Converts `text`, which stands in a file called `name`.
    fn of(name: &str, text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join(name);
        std::fs::write(&source, text).unwrap();
        let mut run = Fluxform::new(&["convert", name, "--out", "made"]);
        run.command.current_dir(dir.path());
        Self { dir, ended: run.run() }
    }

    /// The project.
    fn project(&self) -> PathBuf {
        self.dir.path().join("made")
    }
}
