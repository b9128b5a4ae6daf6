//! Files beside a target: where a secret waits, and how it takes the target's place.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use super::SinkError;
use super::holds::{mode, notice};
use crate::limits;

const SUFFIX: &str = ".tmp";

/// `map_err` for file work.
pub(super) fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> SinkError + 'a {
    move |error| SinkError::Io { action, path: path.to_owned(), error }
}

/// Names of the files that wait beside `target` start with this.
fn prefix(target: &Path) -> String {
    format!(".{}.fluxform-", target.file_name().unwrap_or_default().to_string_lossy())
}

pub(super) fn parent(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What the target is now; None: nothing. A symbolic link is refused: a rename would cut it off from what it points to.
pub(super) fn look(target: &Path) -> Result<Option<Metadata>, SinkError> {
    let meta = match fs::symlink_metadata(target) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("write", target)(error)),
    };
    let kind = meta.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(Some(meta)),
        () if kind.is_dir() => "a directory",
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_fifo() || kind.is_socket() => "a pipe or socket",
        () => "a device",
    };
    Err(SinkError::NotAFile { path: target.to_owned(), what })
}

/// Says whether what a target holds may be replaced, or changed.
pub(super) type Judge = fn(&Path, &Metadata, &[u8]) -> Result<(), SinkError>;

/// A file that is there, and what is in it.
pub(super) struct Held {
    meta: Metadata,
    pub(super) contents: Zeroizing<Vec<u8>>,
}

/// What the target is and holds now, if it may hold that; None: nothing.
pub(super) fn read(target: &Path, judge: Judge) -> Result<Option<Held>, SinkError> {
    let Some(held) = held(target)? else { return Ok(None) };
    judge(target, &held.meta, &held.contents)?;
    Ok(Some(held))
}

/// What the target is and holds now, whatever that is; None: nothing. No more is read than it may hold.
pub(super) fn held(target: &Path) -> Result<Option<Held>, SinkError> {
    let Some(meta) = look(target)? else { return Ok(None) };
    let limit = &limits::SECRETS_FILE;
    let mut contents = Zeroizing::new(Vec::new());
    let file = File::open(target).map_err(failed("read", target))?;
    file.take(limit.most + 1).read_to_end(&mut contents).map_err(failed("read", target))?;
    if limit.exceeded(contents.len()) {
        let why = format!("it is larger than {limit}");
        return Err(SinkError::Occupied { path: target.to_owned(), why });
    }
    Ok(Some(Held { meta, contents }))
}

/// Whether a file could be made beside the target; nothing stays behind. What is to be said of the target, if anything.
pub(super) fn probe(target: &Path, judge: Judge) -> Result<Option<String>, SinkError> {
    let old = read(target, judge)?.map(|held| held.meta);
    let dir = nearest(target, |dir| fs::metadata(dir)).map_err(failed("write", target))?;
    tempfile::tempfile_in(&dir).map_err(failed("write in", &dir))?;
    Ok(notice(target, old.as_ref()))
}

/// The directory of the target, or the nearest one above it that `look` finds.
fn nearest(target: &Path, look: impl Fn(&Path) -> io::Result<Metadata>) -> io::Result<PathBuf> {
    let mut dir = parent(target);
    while let Err(error) = look(&dir) {
        let is_link = fs::symlink_metadata(&dir).map(|meta| meta.is_symlink());
        match is_link {
            _ if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // A link that leads nowhere.
            Ok(true) => return Err(error),
            // Another delivery has made it in between.
            Ok(false) => {}
            Err(_) if !dir.pop() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(dir)
}

/// A synced file of mode 0600 with `contents` beside the target. The file is locked as long as it is held, which tells
/// it from what a crash left behind.
pub(super) fn write_beside(target: &Path, contents: &[u8]) -> Result<NamedTempFile, SinkError> {
    let dir = parent(target);
    make_private(&dir).map_err(failed("create the directory", &dir))?;
    loop {
        let mut temp = tempfile::Builder::new()
            .prefix(&prefix(target))
            .suffix(SUFFIX)
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&dir)
            .map_err(failed("write in", &dir))?;
        let path = temp.path().to_owned();
        temp.as_file().lock().map_err(failed("lock", &path))?;
        // Another process may have taken it for a leftover before it was locked.
        if temp.as_file().metadata().map_err(failed("read", &path))?.nlink() == 0 {
            continue;
        }
        temp.write_all(contents).map_err(failed("write", &path))?;
        temp.as_file().sync_all().map_err(failed("write", &path))?;
        return Ok(temp);
    }
}

/// Renames `temp` to the target and syncs the directory. The old file's owner stays the owner, so that a service keeps
/// its access to a file that root rewrites; and so its mode stays, unless everybody could read it.
pub(super) fn take_place(temp: NamedTempFile, target: &Path) -> Result<(), SinkError> {
    let old = look(target)?;
    if let Some(old) = &old {
        let new = temp.as_file().metadata().map_err(failed("read", target))?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            std::os::unix::fs::fchown(temp.as_file(), Some(old.uid()), Some(old.gid()))
                .map_err(failed("keep the owner of", target))?;
        }
    }
    let mode = Permissions::from_mode(mode(old.as_ref()));
    temp.as_file().set_permissions(mode).map_err(failed("write", target))?;
    temp.persist(target).map_err(|error| failed("write", target)(error.error))?;
    let dir = parent(target);
    sync(&dir).map_err(|error| SinkError::Unsynced { path: dir, error })
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a directory of mode 0700 and those above it, so that they outlast a power failure.
fn make_private(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = parent(dir);
    make_private(&above)?;
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(&above),
    }
}

/// Removes files beside the target that a crash left behind.
pub(super) fn clean(target: &Path) -> Result<usize, SinkError> {
    let dir = parent(target);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed("read", &dir)(error)),
    };
    let prefix = prefix(target);
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(failed("read", &dir))?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(SUFFIX));
        if is_ours && remove_if_dead(&entry.path())? {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes a waiting file unless somebody holds it or has just finished with it.
fn remove_if_dead(path: &Path) -> Result<bool, SinkError> {
    let gone = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(false),
        _ => Err(failed("remove", path)(error)),
    };
    if !fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
        return Ok(false);
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return gone(error),
    };
    match file.try_lock() {
        Ok(()) => fs::remove_file(path).map(|()| true).or_else(gone),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(failed("lock", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_another_delivery_makes_meanwhile_is_found() {
        let top = tempfile::tempdir().expect("a directory");
        let dir = top.path().join("secrets");
        let meanwhile = |path: &Path| {
            let found = fs::metadata(path);
            fs::create_dir_all(&dir).expect("made");
            found
        };
        assert_eq!(nearest(&dir.join("a.token"), meanwhile).expect("a directory"), dir);
        assert_eq!(nearest(&top.path().join("x/y/a.token"), |dir| fs::metadata(dir)).expect("above"), top.path());
        std::os::unix::fs::symlink("nowhere", top.path().join("link")).expect("a link");
        let error = nearest(&top.path().join("link/x/a.token"), |dir| fs::metadata(dir)).expect_err("a link");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
