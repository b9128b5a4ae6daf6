//! Where secrets come from.

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;

use super::process::{CommandError, run};
use super::{Access, COMMAND_TIMEOUT, Look, Secret, Source};
use crate::confine::{self, ConfineError, Root, leaves};
use crate::limits;
use crate::redact::without_secrets_in_words;

/// Why a source gave no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// The sensitive variable has no value.
    #[error("the variable `{0}` has no value: set FLUXFORM_VAR_{0}, or give it in a --var-file")]
    NotGiven(String),
    /// The source has nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// The source has bytes that are no UTF-8.
    #[error("{0} is not UTF-8")]
    NotUtf8(String),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ConfineError),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl SecretError {
    /// The last lines that a command wrote to its standard error, if they are to be shown.
    pub fn said(&self) -> &[String] {
        if let Self::Command(error) = self { error.said() } else { &[] }
    }

    /// How to learn more, where that is known.
    pub const fn hint(&self) -> Option<&'static str> {
        if let Self::Command(error) = self { error.hint() } else { None }
    }
}

/// A secret that was read.
#[derive(Debug)]
pub struct Resolved {
    /// The secret.
    pub secret: Secret,
    /// What is to be said of how it was written down: nothing of the secret itself.
    pub notice: Option<String>,
}

impl Source {
    /// Reads the secret as [`Source::resolve`] does, but starts no program: none where one would be needed.
    ///
    /// # Errors
    /// A source that is missing, empty or not UTF-8.
    pub async fn look(
        &self,
        root: &Root,
        variables: &BTreeMap<String, Secret>,
        _: Look,
    ) -> Result<Option<Resolved>, SecretError> {
        match self {
            Self::Command { .. } => Ok(None),
            _ => self.resolve(root, variables, Access(())).await.map(Some),
        }
    }

    /// Reads the secret. One line end at the end of a file or of a command's output is no part of it, nor is a byte-order mark at
    /// its begin. A file of the project is read as everything in `root` is, through no link; one that is named outside is read
    /// as it is. A command runs in `root`, gets 30 s and no standard input, and is run without a shell. `variables` are the sensitive
    /// ones that have values.
    ///
    /// # Errors
    /// A source that is missing, empty, not UTF-8, or a command that fails or takes too long.
    pub async fn resolve(
        &self,
        root: &Root,
        variables: &BTreeMap<String, Secret>,
        _: Access,
    ) -> Result<Resolved, SecretError> {
        match self {
            Self::Variable { name } => match variables.get(name) {
                Some(secret) if secret.expose_secret().is_empty() => {
                    Err(SecretError::Empty(format!("the variable `{name}`")))
                }
                Some(secret) => Ok(Resolved { secret: secret.clone(), notice: None }),
                None => Err(SecretError::NotGiven(name.clone())),
            },
            _ => self.resolve_within(root, COMMAND_TIMEOUT).await,
        }
    }

    async fn resolve_within(&self, root: &Root, limit: Duration) -> Result<Resolved, SecretError> {
        match self {
            Self::Env { name } => match std::env::var(name) {
                Ok(value) if value.is_empty() => Err(SecretError::Empty(format!("the environment variable `{name}`"))),
                Ok(value) => Ok(Resolved { secret: value.into(), notice: None }),
                Err(VarError::NotPresent) => Err(SecretError::Unset(name.clone())),
                Err(VarError::NotUnicode(_)) => Err(SecretError::NotUtf8(format!("the environment variable `{name}`"))),
            },
            Self::File { path } => {
                let (root, from) = (root.clone(), path.clone());
                // A pipe outside of the project may let us wait.
                let read = tokio::task::spawn_blocking(move || file(&root, &from)).await;
                let bytes = read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
                text(&bytes, || path.display().to_string())
            }
            Self::Command { argv, shows_stderr } => {
                let output = run(argv, root.path(), None, limit, *shows_stderr).await?;
                text(&output, || format!("the output of `{}`", without_secrets_in_words(argv)))
            }
            Self::Variable { .. } | Self::Kept => {
                unreachable!("invariant: variables are known, and no manifest says that a server has a secret")
            }
        }
    }
}

/// The text of a file with a secret that a person has named on the command line or in the environment, without a byte-order mark.
///
/// # Errors
/// A file that is missing, too large, not UTF-8, or reached through a link where none is followed.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let bytes = Zeroizing::new(confine::read(path, &limits::SECRET_FILE)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotUtf8(path.display().to_string()))?;
    Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
}

fn file(root: &Root, path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfineError> {
    let limit = &limits::SECRET_FILE;
    let bytes = if leaves(path) { confine::read(&root.path().join(path), limit)? } else { root.read(path, limit)? };
    Ok(Zeroizing::new(bytes))
}

/// The secret in what was read.
fn text(bytes: &[u8], what: impl Fn() -> String) -> Result<Resolved, SecretError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SecretError::NotUtf8(what()))?;
    let (marked, text) = text.strip_prefix('\u{feff}').map_or((false, text), |text| (true, text));
    let secret = without_line_end(text);
    if secret.is_empty() {
        return Err(SecretError::Empty(what()));
    }
    let mut notes = Vec::new();
    if marked {
        notes.push("begins with a byte-order mark, which was dropped");
    }
    if secret.ends_with(['\n', '\r']) {
        notes.push("ends with several line endings, of which all but the last belong to the secret");
    }
    let notice = (!notes.is_empty()).then(|| format!("{} {}", what(), notes.join(" and ")));
    Ok(Resolved { secret: secret.into(), notice })
}

/// `text` without one `\n` or `\r\n` at its end.
pub(super) fn without_line_end(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn command(argv: &[&str]) -> Source {
        Source::Command { argv: argv.iter().map(|&word| word.to_owned()).collect(), shows_stderr: false }
    }

    fn file(path: impl Into<PathBuf>) -> Source {
        Source::File { path: path.into() }
    }

    fn root() -> Root {
        Root::open(Path::new(".")).expect("a directory")
    }

    async fn read(source: Source) -> Resolved {
        source.resolve(&root(), &BTreeMap::new(), Access(())).await.expect("a secret")
    }

    async fn error(source: Source) -> String {
        source.resolve(&root(), &BTreeMap::new(), Access(())).await.expect_err("no secret").to_string()
    }

    #[tokio::test]
    async fn a_file_loses_its_mark_and_one_line_end_and_what_is_odd_is_said() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        let (mark, ends) = ("begins with a byte-order mark", "ends with several line endings");
        for (bytes, wanted, said) in [
            ("a b", "a b", vec![]),
            ("a\n", "a", vec![]),
            ("a\r\n", "a", vec![]),
            (" a ", " a ", vec![]),
            ("a\nb\n", "a\nb", vec![]),
            ("a\n\n", "a\n", vec![ends]),
            ("a\r\n\r\n", "a\r\n", vec![ends]),
            ("\u{feff}a\n", "a", vec![mark]),
            ("\u{feff}a\n\n", "a\n", vec![mark, ends]),
        ] {
            std::fs::write(&path, bytes).expect("a file");
            let Resolved { secret, notice } = read(file(&path)).await;
            assert_eq!(secret.expose_secret(), wanted);
            let notice = notice.unwrap_or_default();
            assert_eq!(notice.is_empty(), said.is_empty(), "{bytes:?}: {notice}");
            assert!(said.iter().all(|words| notice.contains(words)), "{bytes:?}: {notice}");
        }
    }

    #[tokio::test]
    async fn a_file_of_the_project_is_read_through_no_link_and_one_outside_as_it_is() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a directory");
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir_all(at("project/in")).expect("a directory");
        std::fs::write(at("project/in/pw"), "inside").expect("a file");
        std::fs::write(at("pw"), "outside").expect("a file");
        symlink("../pw", at("project/link")).expect("a link");
        symlink("pw", at("linked")).expect("a link");
        let root = Root::open(&at("project")).expect("a project");
        for (path, wanted) in [
            (PathBuf::from("in/pw"), Ok("inside")),
            (PathBuf::from("../pw"), Ok("outside")),
            (at("pw"), Ok("outside")),
            (at("linked"), Ok("outside")),
            (PathBuf::from("link"), Err("link is a symbolic link, which is not followed")),
            (PathBuf::from("in"), Err("in is a directory, not a regular file")),
        ] {
            let read = file(&path).resolve(&root, &BTreeMap::new(), Access(())).await;
            let read = read.map(|read| read.secret.expose_secret().to_owned()).map_err(|error| error.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), wanted, "{path:?}");
        }
        std::fs::write(at("project/large"), "x".repeat(limits::SECRET_FILE.size() + 1)).expect("a file");
        let large =
            file("large").resolve(&root, &BTreeMap::new(), Access(())).await.expect_err("too large").to_string();
        assert_eq!(large, "large is larger than 64 KiB (limit `secret-file`)");
    }

    #[tokio::test]
    async fn a_source_without_a_secret_names_itself() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        assert!(error(file(&path)).await.contains(&path.display().to_string()));
        for (bytes, said) in
            [(&b"\xff"[..], "is not UTF-8"), (b"\n", "is empty"), ("\u{feff}\r\n".as_bytes(), "is empty")]
        {
            std::fs::write(&path, bytes).expect("a file");
            assert!(error(file(&path)).await.ends_with(said));
        }
        assert!(error(file(dir.path())).await.ends_with("is a directory, not a regular file"));
        let unset = Source::Env { name: "FLUXFORM_TEST_NO_SUCH_VARIABLE".to_owned() };
        assert_eq!(error(unset).await, "the environment variable `FLUXFORM_TEST_NO_SUCH_VARIABLE` is not set");
    }

    #[tokio::test]
    async fn a_variable_is_read_as_it_stands() {
        let path = std::env::var("PATH").expect("a path");
        assert_eq!(read(Source::Env { name: "PATH".to_owned() }).await.secret.expose_secret(), path);
    }

    #[tokio::test]
    async fn a_command_gives_its_output_and_no_shell_reads_its_words() {
        assert_eq!(read(command(&["printf", "%s\\n", "$HOME;a b"])).await.secret.expose_secret(), "$HOME;a b");
    }

    #[tokio::test]
    async fn a_command_that_fails_shows_nothing_of_what_it_printed() {
        let failed = error(command(&["sh", "-c", "echo geheim; echo geheim >&2; exit 3"])).await;
        assert_eq!(failed, "`sh` failed (exit status: 3)");
        assert!(error(command(&["/no/such/program"])).await.starts_with("cannot start `/no/such/program`"));
        assert_eq!(error(command(&[])).await, "the command is empty");
        assert!(error(command(&["true"])).await.ends_with("is empty"));
        assert!(error(command(&["sh", "-c", "printf '\\377'"])).await.ends_with("is not UTF-8"));
        assert!(error(command(&["sh", "-c", "yes"])).await.contains("printed more than"));
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_killed() {
        let limit = Duration::from_millis(50);
        let endless = command(&["sh", "-c", "cat /dev/zero >/dev/null | cat"]);
        let error = endless.resolve_within(&root(), limit).await.expect_err("no secret");
        assert!(matches!(error, SecretError::Command(CommandError::Timeout { .. })), "{error}");
    }
}
