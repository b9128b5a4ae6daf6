//! Libraries that the command line names for scripts.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::script::{Script, file};
use crate::manifest::library::{Library, compose};
use crate::problem::Problems;

/// Which libraries the scripts use.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Uses {
    /// A library that the scripts use, as in `use` of a manifest; may be given several times
    #[arg(long = "use", value_name = "FILE")]
    uses: Vec<PathBuf>,
}

impl Uses {
    /// The libraries in their order; `each` sees the file of each.
    pub(super) fn read(&self, mut each: impl FnMut(&Script)) -> Result<Vec<Rc<Library>>, Problems> {
        let mut problems = Vec::new();
        let mut all = Vec::new();
        for path in &self.uses {
            match file(path) {
                Ok(script) => {
                    each(&script);
                    let library = Library::new(script.source.name.clone(), &script.source);
                    problems.extend(library.mistakes.iter().cloned());
                    all.push(Rc::new(library));
                }
                Err(diagnostic) => problems.push(diagnostic),
            }
        }
        Problems::none(problems)?;
        Ok(all)
    }

    /// Whether the file at `path` is one of them.
    fn has(&self, path: &Path) -> bool {
        let plain = |path: &Path| path.strip_prefix(".").unwrap_or(path).to_owned();
        self.uses.iter().any(|file| plain(file) == plain(path))
    }

    /// `script` with the libraries; one of them stays as it is.
    pub(super) fn put_into(&self, script: Script, libraries: &[Rc<Library>]) -> Result<Script, Problems> {
        if libraries.is_empty() || self.has(&script.source.path) {
            return Ok(script);
        }
        match compose(&script.source.name, &script.source, libraries) {
            Ok(composed) => Ok(script.composed(composed)),
            Err(clashes) => Err(Problems::all(clashes.iter().cloned())),
        }
    }
}
