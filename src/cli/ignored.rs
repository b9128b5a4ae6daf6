//! Whether Git would take up what a project keeps to itself: the secrets that it delivers to files, and the embedded server's data.

use std::path::{Component, Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::address::few;
use crate::confine::{Root, leaves};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::IGNORE_FILE;
use crate::manifest::Manifest;
use crate::secret::Sink;
use crate::value::Value;

/// What Git reads in each directory.
const IGNORE: &str = ".gitignore";

/// A hint at the files of the project that the next commit may take up; `data` is the embedded server's file. It is for the first
/// apply, which makes them: later they may be in Git, which no `.gitignore` changes.
pub(super) fn hint(manifest: &Manifest, data: Option<&Path>) -> Option<Diagnostic> {
    not_ignored(manifest.root.path(), files(manifest, data))
}

/// A hint at those of the `files` in the directory `dir` that the next commit may take up.
pub(super) fn not_ignored(dir: &Path, files: impl IntoIterator<Item = PathBuf>) -> Option<Diagnostic> {
    let root = dir.canonicalize().ok()?;
    let tree = root.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok())?.to_owned();
    let git = Git::of(&tree, &root);
    let mut bare: Vec<String> = files
        .into_iter()
        .filter(|file| !git.ignores(&root.join(file)))
        .map(|file| format!("`/{}`", file.display()))
        .collect();
    bare.sort();
    bare.dedup();
    if bare.is_empty() {
        return None;
    }
    let message = format!("Git does not ignore what should never be committed: {}", few(bare));
    let help = format!("add it, or its directory, to {}", dir.join(IGNORE).display());
    Some(Diagnostic::warning(Code::GitNotIgnored, message).help(help))
}

/// The files of the project that are no part of it, relative to its directory.
fn files(manifest: &Manifest, data: Option<&Path>) -> Vec<PathBuf> {
    let values = manifest.resources.values().flat_map(|resource| resource.fields.iter());
    let sinks =
        values.filter_map(|(_, value)| if let Value::Sinks(sinks) = value { Some(sinks) } else { None }).flatten();
    let delivered = sinks.filter_map(|sink| match sink {
        Sink::File { path } | Sink::EnvFile { path, .. } => Some(path.as_path()),
        Sink::Command { .. } | Sink::Discard => None,
    });
    let plain = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect();
    delivered.chain(data).filter(|path| !leaves(path)).map(plain).collect()
}

/// What Git ignores in a work tree, the strongest word first.
struct Git(Vec<Gitignore>);

impl Git {
    /// As Git reads it for what is in `dir`, a directory of the work tree `tree`.
    fn of(tree: &Path, dir: &Path) -> Self {
        let above = dir.ancestors().take_while(|above| above.starts_with(tree));
        let own = above.map(|dir| (dir, Path::new(IGNORE))).chain([(tree, Path::new(".git/info/exclude"))]);
        let read = |(dir, file): (&Path, &Path)| {
            let text = Root::open(dir).ok()?.read(file, &IGNORE_FILE).ok()?;
            let mut lines = GitignoreBuilder::new(dir);
            for line in String::from_utf8_lossy(&text).lines() {
                // Of a pattern that is none, Git says nothing either.
                let _ = lines.add_line(None, line);
            }
            lines.build().ok()
        };
        let mut all: Vec<Gitignore> = own.filter_map(read).collect();
        all.push(Gitignore::global().0);
        Self(all)
    }

    fn ignores(&self, file: &Path) -> bool {
        let said = self.0.iter().map(|lines| match file.strip_prefix(lines.path()) {
            Ok(below) => lines.matched_path_or_any_parents(below, false),
            // The patterns of a person are for all work trees.
            Err(_) => lines.matched(file, false),
        });
        let counts = said.into_iter().find(|said| !said.is_none());
        matches!(counts, Some(Match::Ignore(_)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::manifest::{Inputs, load};

    const PROJECT: &str = r#"
        [project]
        name = "p"
        [bucket.raw]
        [token.a]
        write = ["bucket.raw"]
        deliver = [{ file = "./secrets/a" }, { env_file = ".env", key = "A" }, { command = ["true"] }, { file = "../out" }]
        [token.b]
        write = ["bucket.raw"]
        deliver = { file = "secrets/b" }
    "#;

    #[test]
    fn what_git_does_not_ignore_is_named() {
        let top = tempfile::tempdir().expect("a directory");
        let dir = top.path().join("envs/iot");
        fs::create_dir_all(&dir).expect("made");
        let write = |path: &str, text: &str| fs::write(top.path().join(path), text).expect("written");
        write("envs/iot/fluxform.toml", PROJECT);
        let manifest = load(&dir, &Inputs::default()).expect("sound").manifest;
        let said = || hint(&manifest, Some(Path::new(".fluxform/dev.db"))).map(|diagnostic| diagnostic.message);
        assert_eq!(said(), None, "no work tree");
        fs::create_dir_all(top.path().join(".git/info")).expect("made");
        let message = "Git does not ignore what should never be committed: ";
        assert_eq!(said(), Some(format!("{message}`/.env`, `/.fluxform/dev.db`, `/secrets/a` and `/secrets/b`")));
        write("envs/iot/.gitignore", "/.fluxform/\n/secrets/\n");
        assert_eq!(said(), Some(format!("{message}`/.env`")));
        write(".git/info/exclude", ".env\n");
        assert_eq!(said(), None);
        // What is nearer counts.
        write("envs/.gitignore", "!.env\n");
        assert_eq!(said(), Some(format!("{message}`/.env`")));
        write("envs/iot/.gitignore", "*\n!/secrets/\n!/secrets/b\n");
        assert_eq!(said(), Some(format!("{message}`/secrets/b`")));
    }
}
