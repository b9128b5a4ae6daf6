//! The key that the ledger is signed with, from the environment alone: a manifest could give a stranger's.

use std::path::Path;

use super::connection::Purpose;
use super::shell::Shell;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::ledger::Key;
use crate::problem::Problem;
use crate::secret::{self, Secret};

const KEY: &str = "FLUXFORM_LEDGER_KEY";
const FILE: &str = "FLUXFORM_LEDGER_KEY_FILE";

/// The key of this run; none where the environment has none. What may write does not take an empty variable for none: a
/// secret that a pipeline does not hand out must not turn the check off.
pub(super) fn ledger_key(shell: &Shell, purpose: Purpose) -> Result<Option<Key>, Problem> {
    let usage = |message: String, help: &str| Problem {
        exit: Exit::Usage,
        diagnostic: Diagnostic::error(Code::LedgerKey, message).help(help),
    };
    let given = [KEY, FILE].map(|name| (name, shell.around.vars.get(name)));
    if purpose == Purpose::Write
        && let Some((name, _)) = given.iter().find(|(_, value)| value.is_some_and(|value| value.trim().is_empty()))
    {
        let help = "set the key, or unset the variable if you do not want to sign the ledger";
        return Err(usage(format!("{name} is set, but empty"), help));
    }
    let text: Secret = match given.map(|(_, value)| value.filter(|value| !value.trim().is_empty())) {
        [None, None] => return Ok(None),
        [Some(_), Some(_)] => {
            return Err(usage(format!("{KEY} and {FILE} are both set"), "set one of them"));
        }
        [Some(key), None] => key.as_str().into(),
        [None, Some(path)] => read(Path::new(path))?,
    };
    let key = Key::new(&text).map_err(|short| {
        usage(short.to_string(), "create one with `openssl rand -hex 32`, and keep it with the token of the apply")
    })?;
    Ok(Some(key))
}

fn read(path: &Path) -> Result<Secret, Problem> {
    let text = secret::read(path).map_err(|error| Problem {
        exit: Exit::Secret,
        diagnostic: Diagnostic::error(Code::LedgerKey, format!("cannot use {FILE}: {error}")),
    })?;
    Ok(text.as_str().into())
}

#[cfg(test)]
mod tests {
    use super::super::connection::Surroundings;
    use super::*;

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    fn key(vars: &[(&str, &str)], purpose: Purpose) -> Result<bool, (Exit, String)> {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let around = Surroundings { vars, ..Surroundings::default() };
        let mut shell = Shell::new(std::collections::BTreeMap::new());
        shell.around = around;
        let key = ledger_key(&shell, purpose).map_err(|problem| (problem.exit, problem.diagnostic.message))?;
        Ok(key.is_some())
    }

    #[test]
    fn a_key_comes_from_one_variable_or_a_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), format!("{LONG}\n")).expect("written");
        let path = file.path().to_str().expect("text");
        for purpose in [Purpose::Read, Purpose::Write] {
            assert_eq!(key(&[], purpose), Ok(false));
            assert_eq!(key(&[(KEY, LONG)], purpose), Ok(true));
            assert_eq!(key(&[(FILE, path)], purpose), Ok(true));
            let both = key(&[(KEY, LONG), (FILE, path)], purpose).expect_err("both");
            assert_eq!(both.0, Exit::Usage);
            let short = key(&[(KEY, &LONG[1..])], purpose).expect_err("short");
            assert_eq!(
                short,
                (Exit::Usage, "a ledger key must have at least 32 bytes, but this one has 31".to_owned())
            );
            assert_eq!(key(&[(FILE, "/none")], purpose).expect_err("no file").0, Exit::Secret);
        }
        assert_eq!(key(&[(KEY, " ")], Purpose::Read), Ok(false));
        assert_eq!(key(&[(KEY, "")], Purpose::Write).expect_err("empty").0, Exit::Usage);
        assert_eq!(key(&[(KEY, LONG), (FILE, "")], Purpose::Write).expect_err("empty").0, Exit::Usage);
    }
}
