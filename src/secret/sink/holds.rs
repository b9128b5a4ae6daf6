//! What a target may hold that a secret is written to: by what is in it, not by its name alone. A slip must not cost a manifest, a
//! script or a plan.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::SinkError;
use super::dotenv;

/// Everybody but owner and group.
const OTHERS: u32 = 0o007;
/// What somebody may do who runs it.
const EXECUTE: u32 = 0o111;

/// Whether a secret may take the place of what is there.
///
/// # Errors
/// It is a program, or holds what no secret is.
pub(super) fn secret(path: &Path, meta: &Metadata, contents: &[u8]) -> Result<(), SinkError> {
    no_program(path, meta)?;
    let line = contents.strip_suffix(b"\n").unwrap_or(contents);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let of_secret = |byte: &u8| byte.is_ascii_graphic() && !b"{}[]()<>\"'#|;".contains(byte);
    match () {
        () if contents.contains(&0) || std::str::from_utf8(contents).is_err() => Err(occupied(path, "binary data")),
        () if line.contains(&b'\n') => Err(occupied(path, "more than one line, unlike a token")),
        () if !line.iter().all(of_secret) => Err(occupied(path, "a line that is not a token")),
        () => Ok(()),
    }
}

/// Whether a line may be put into what is there.
///
/// # Errors
/// It is a program, or no env file.
pub(super) fn env_file(path: &Path, meta: &Metadata, contents: &[u8]) -> Result<(), SinkError> {
    no_program(path, meta)?;
    match dotenv::stranger(contents) {
        Some(line) => Err(SinkError::Occupied {
            path: path.to_owned(),
            why: format!("line {line} does not belong in an env file"),
        }),
        None => Ok(()),
    }
}

fn no_program(path: &Path, meta: &Metadata) -> Result<(), SinkError> {
    if meta.permissions().mode() & EXECUTE == 0 {
        return Ok(());
    }
    Err(SinkError::Occupied { path: path.to_owned(), why: "it is a program".to_owned() })
}

fn occupied(path: &Path, what: &str) -> SinkError {
    SinkError::Occupied { path: path.to_owned(), why: format!("it contains {what}") }
}

/// The mode that a file gets in which a secret is: that of the file before, unless everybody may read or write that one.
pub(super) fn mode(old: Option<&Metadata>) -> u32 {
    match old.map(|old| old.permissions().mode() & 0o777) {
        Some(mode) if mode & OTHERS == 0 => mode | 0o600,
        _ => 0o600,
    }
}

/// What is to be said of a target that everybody may read, or write.
pub(super) fn notice(path: &Path, old: Option<&Metadata>) -> Option<String> {
    let before = old?.permissions().mode() & 0o777;
    (before & OTHERS != 0).then(|| {
        let after = mode(old);
        format!(
            "everybody on this machine can access {} (mode {before:04o}): its mode becomes {after:04o}",
            path.display()
        )
    })
}
