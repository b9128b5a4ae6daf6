//! Where secrets come from.

use std::env::VarError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::process::{CommandError, run};
use super::{Access, COMMAND_TIMEOUT, Secret, Source};

/// Why a source gave no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// The source has nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// The source has bytes that are no UTF-8.
    #[error("{0} is not UTF-8")]
    NotUtf8(String),
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Source {
    /// Reads the secret. One line end at the end of a file or of a command's output is no part of it. A command gets 30 s
    /// and no standard input, is run without a shell, and nothing that it prints is shown.
    ///
    /// # Errors
    /// A source that is missing, empty, not UTF-8, or a command that fails or takes too long.
    pub async fn resolve(&self, _: Access) -> Result<Secret, SecretError> {
        self.resolve_within(COMMAND_TIMEOUT).await
    }

    async fn resolve_within(&self, limit: Duration) -> Result<Secret, SecretError> {
        match self {
            Self::Env { name } => match std::env::var(name) {
                Ok(value) if value.is_empty() => Err(SecretError::Empty(format!("the environment variable `{name}`"))),
                Ok(value) => Ok(value.into()),
                Err(VarError::NotPresent) => Err(SecretError::Unset(name.clone())),
                Err(VarError::NotUnicode(_)) => Err(SecretError::NotUtf8(format!("the environment variable `{name}`"))),
            },
            Self::File { path } => {
                let bytes =
                    tokio::fs::read(path).await.map_err(|error| SecretError::File { path: path.clone(), error })?;
                text(&Zeroizing::new(bytes), || path.display().to_string())
            }
            Self::Command { argv, dir } => {
                let output = run(argv, dir, None, limit).await?;
                text(&output, || format!("the output of `{}`", argv.join(" ")))
            }
        }
    }
}

/// The secret in what was read, without one line end.
fn text(bytes: &[u8], what: impl Fn() -> String) -> Result<Secret, SecretError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SecretError::NotUtf8(what()))?;
    match without_line_end(text) {
        "" => Err(SecretError::Empty(what())),
        text => Ok(text.into()),
    }
}

/// `text` without one `\n` or `\r\n` at its end.
pub(super) fn without_line_end(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn command(argv: &[&str]) -> Source {
        Source::Command { argv: argv.iter().map(|&word| word.to_owned()).collect(), dir: PathBuf::new() }
    }

    async fn error(source: Source) -> String {
        source.resolve(Access(())).await.expect_err("no secret").to_string()
    }

    #[tokio::test]
    async fn a_file_loses_one_line_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        for (bytes, wanted) in [("a b", "a b"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a ")] {
            std::fs::write(&path, bytes).expect("a file");
            let secret = Source::File { path: path.clone() }.resolve(Access(())).await.expect("a secret");
            assert_eq!(secret.expose_secret(), wanted);
        }
    }

    #[tokio::test]
    async fn a_source_without_a_secret_names_itself() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        let file = || Source::File { path: path.clone() };
        assert!(error(file()).await.contains(&path.display().to_string()));
        std::fs::write(&path, b"\xff").expect("a file");
        assert!(error(file()).await.ends_with("is not UTF-8"));
        std::fs::write(&path, b"\n").expect("a file");
        assert!(error(file()).await.ends_with("is empty"));
        assert!(error(Source::File { path: dir.path().to_owned() }).await.starts_with("cannot read"));
        let unset = Source::Env { name: "FLUXFORM_TEST_NO_SUCH_VARIABLE".to_owned() };
        assert_eq!(error(unset).await, "the environment variable `FLUXFORM_TEST_NO_SUCH_VARIABLE` is not set");
    }

    #[tokio::test]
    async fn a_variable_is_read_as_it_stands() {
        let path = std::env::var("PATH").expect("a path");
        let secret = Source::Env { name: "PATH".to_owned() }.resolve(Access(())).await.expect("a secret");
        assert_eq!(secret.expose_secret(), path);
    }

    #[tokio::test]
    async fn a_command_gives_its_output_and_no_shell_reads_its_words() {
        let secret = command(&["printf", "%s\\n", "$HOME;a b"]).resolve(Access(())).await.expect("a secret");
        assert_eq!(secret.expose_secret(), "$HOME;a b");
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
        let error = endless.resolve_within(limit).await.expect_err("no secret");
        assert!(matches!(error, SecretError::Command(CommandError::Timeout { .. })), "{error}");
    }
}
