//! What a command may write to: never what the next run would take for a manifest or a script.

use std::path::Path;

use crate::confine;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::reads_as;
use crate::problem::Problem;

/// Whether `what` may be written to `path`, by its name alone; asked before anything else is done.
///
/// # Errors
/// A name that a manifest or a script has: the next run would read what is written there as one.
pub(super) fn allowed(what: &str, path: &Path) -> Result<(), Problem> {
    if path == Path::new("-") {
        let message = format!("cannot write {what} to standard output");
        let help = "give a name; `./-` is the one of a dash";
        return Err(Problem::from(Diagnostic::error(Code::CliName, message).help(help)));
    }
    let Some(of) = reads_as(path) else { return Ok(()) };
    let ending = path.extension().unwrap_or_default().display();
    let message = format!("cannot write {what} to {}, which has the name of a {of}", path.display());
    let help = format!("the next run would read it as one: choose a name that does not end in `.{ending}`");
    Err(Problem::from(Diagnostic::error(Code::CliName, message).help(help)))
}

/// Whether the way to `path` is nobody else's choice than the person's who names it: a link of a checkout would lead to
/// wherever a stranger wants.
///
/// # Errors
/// A link in a relative path, or in a checkout.
pub(super) fn through_no_link(code: Code, what: &str, path: &Path) -> Result<(), Problem> {
    confine::unlinked(path).map_err(|error| {
        let mut problem = Problem::new(code, format!("cannot write {what} to {}: {error}", path.display()));
        problem.diagnostic.help = error.help().map(str::to_owned);
        problem
    })
}

/// What is in the way of `path` and is no directory, if there is such a thing.
pub(super) fn no_directory(path: &Path) -> Option<&Path> {
    let there = path.ancestors().skip(1).find(|parent| parent.symlink_metadata().is_ok())?;
    Some(there).filter(|there| !there.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn nothing_is_written_that_would_be_read_as_a_source() {
        for path in ["x.toml", "a/.x.TOML", "prod.vars.toml", "x.flux", "x.conf", "-"] {
            let problem = allowed("the plan", Path::new(path)).expect_err(path);
            assert_eq!((problem.exit, problem.diagnostic.code), (Exit::Usage, Code::CliName));
        }
        for path in ["x.plan", "toml", "x.toml.plan", "x.json", ".toml", "./-"] {
            assert!(allowed("the plan", Path::new(path)).is_ok(), "{path}");
        }
    }
}
