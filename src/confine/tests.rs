//! Nothing in a project leads out of it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::limits;

const LIMIT: &Limit = &limits::SECRET_FILE;

/// `outside/{x.flux,dir/x.flux}`, and `project/` with `flux/a.flux` and everything that may lead astray.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    let at = |path: &str| tree.path().join(path);
    fs::create_dir_all(at("project/flux")).expect("a directory");
    fs::create_dir_all(at("outside/dir")).expect("a directory");
    for (file, text) in
        [("project/flux/a.flux", "inside"), ("outside/x.flux", "outside"), ("outside/dir/x.flux", "outside")]
    {
        fs::write(at(file), text).expect("a file");
    }
    fs::write(at("project/large"), "x".repeat(LIMIT.size() + 1)).expect("a file");
    let links = [
        ("flux", "in"),
        ("../outside", "out"),
        ("../outside/x.flux", "y.flux"),
        ("flux/a.flux", "near.flux"),
        ("nowhere", "dangling.flux"),
        ("loop", "loop"),
        ("/proc/self/environ", "environ"),
        ("/dev/zero", "zero"),
    ];
    for (to, from) in links {
        symlink(to, at("project").join(from)).expect("a link");
    }
    mknodat(CWD, at("project/pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    drop(UnixListener::bind(at("project/socket")).expect("a socket"));
    tree
}

fn root(tree: &tempfile::TempDir) -> Root {
    Root::open(&tree.path().join("project")).expect("a project")
}

fn error(tree: &tempfile::TempDir, path: &str) -> String {
    root(tree).read(Path::new(path), LIMIT).expect_err(path).to_string()
}

#[test]
fn what_lies_inside_is_read() {
    let tree = tree();
    let absolute = tree.path().join("project/flux/a.flux");
    for path in ["flux/a.flux", "./flux/../flux/a.flux", "no/../flux//a.flux", absolute.to_str().expect("UTF-8")] {
        assert_eq!(root(&tree).read(Path::new(path), LIMIT).expect("a file"), b"inside", "{path}");
    }
}

#[test]
fn what_leads_outside_is_refused_alike_whether_it_is_there_or_not() {
    let tree = tree();
    let absolute = tree.path().join("outside/x.flux");
    let there = ["../outside/x.flux", "flux/../../outside/x.flux", "/etc/hostname", absolute.to_str().expect("UTF-8")];
    for path in there.into_iter().chain(["../nothing.flux", "/no/such/file", "/", ".."]) {
        assert_eq!(error(&tree, path), format!("{path} is outside the project directory"));
    }
}

#[test]
fn no_link_is_followed_wherever_it_leads_and_it_is_named() {
    let tree = tree();
    for (path, link) in [
        ("in/a.flux", "in"),
        ("out/x.flux", "out"),
        ("out/dir/x.flux", "out"),
        ("out/nothing.flux", "out"),
        ("flux/../out/dir/../x.flux", "out"),
        ("y.flux", "y.flux"),
        ("near.flux", "near.flux"),
        ("dangling.flux", "dangling.flux"),
        ("dangling.flux/x", "dangling.flux"),
        ("loop", "loop"),
        ("loop/x", "loop"),
        ("environ", "environ"),
        ("zero", "zero"),
    ] {
        assert_eq!(error(&tree, path), format!("{link} is a symbolic link, which is not followed"), "{path}");
        let path = Path::new(path);
        for opened in [root(&tree).open_to_write(path), root(&tree).make(path)] {
            assert!(matches!(opened, Err(ConfineError::Link(_))), "{path:?}: {opened:?}");
        }
    }
    assert!(!tree.path().join("project/nowhere").exists());
    assert!(root(&tree).has(Path::new("dangling.flux")).expect("no link on the way"));
    assert!(matches!(root(&tree).has(Path::new("out/x.flux")), Err(ConfineError::Link(_))));
}

#[test]
fn what_is_no_plain_file_says_what_it_is_and_nobody_waits_for_it() {
    let tree = tree();
    for (path, what) in [("flux", "a directory"), (".", "a directory"), ("pipe", "a pipe"), ("socket", "a socket")] {
        assert_eq!(error(&tree, path), format!("{path} is {what}, not a regular file"));
    }
    for path in ["nothing.flux", "no/dir/x.flux", "flux/a.flux/b"] {
        assert!(error(&tree, path).starts_with("no such file: "), "{path}");
    }
    assert_eq!(error(&tree, "large"), "large is larger than 64 KiB (limit `secret-file`)");
    fs::write(tree.path().join("project/large"), "x".repeat(LIMIT.size())).expect("a file");
    assert_eq!(root(&tree).read(Path::new("large"), LIMIT).expect("not too large").len(), LIMIT.size());
}

#[test]
fn what_is_made_is_for_its_owner_alone_with_what_is_above_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = tree();
    let root = root(&tree);
    assert!(!root.has(Path::new("a/b/new.db")).expect("no link"));
    assert!(matches!(root.open_to_write(Path::new("a/b/new.db")), Err(ConfineError::Missing(_))));
    let made = root.make(Path::new("a/b/new.db")).expect("a file");
    assert_eq!(made.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
    assert!(tree.path().join("project/a/b/new.db").is_file());
    root.open_to_write(Path::new("a/b/new.db")).expect("it is there now");
}

#[test]
fn what_is_published_takes_nothings_place() {
    let tree = tree();
    let root = root(&tree);
    let at = |path: &str| tree.path().join("project").join(path);
    for (name, published) in [("new.flux", true), ("a.flux", false), ("near", true)] {
        drop(root.make(Path::new("flux/made")).expect("a file"));
        assert_eq!(root.publish(Path::new("flux/made"), OsStr::new(name)).expect("no error"), published, "{name}");
        assert!(!at("flux/made").exists());
    }
    assert_eq!(fs::read(at("flux/a.flux")).expect("a file"), b"inside");
    assert_eq!(fs::read(at("flux/new.flux")).expect("a file"), b"");
    fs::write(at("made"), "").expect("a file");
    assert!(!root.publish(Path::new("made"), OsStr::new("dangling.flux")).expect("no error"), "a link is something");
}

#[test]
fn a_root_stays_what_it_was_when_it_was_opened() {
    let tree = tree();
    let at = |path: &str| tree.path().join(path);
    let root = root(&tree);
    fs::rename(at("project"), at("moved")).expect("moved");
    symlink("outside", at("project")).expect("a link");
    assert_eq!(root.read(Path::new("flux/a.flux"), LIMIT).expect("a file"), b"inside");
    assert!(matches!(root.read(Path::new("x.flux"), LIMIT), Err(ConfineError::Missing(_))));
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_file_that_is_swapped_for_a_link_while_it_is_read_never_leads_out() {
    let tree = tree();
    let at = |path: &str| tree.path().join("project").join(path);
    symlink("../outside/x.flux", at("link")).expect("a link");
    fs::write(at("file"), "inside").expect("a file");
    symlink("../outside/dir", at("link-dir")).expect("a link");
    fs::create_dir(at("dir")).expect("a directory");
    fs::write(at("dir/x.flux"), "inside").expect("a file");
    let root = root(&tree);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let exchange = |one: &str, other: &str| {
                let flags = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(CWD, at(one), CWD, at(other), flags).expect("exchanged");
            };
            while !ended.load(Ordering::Relaxed) {
                exchange("file", "link");
                exchange("dir", "link-dir");
            }
        });
        // Also when an assertion fails, or the swapping would never end.
        let _end = Ends(&ended);
        let mut seen = 0;
        for _ in 0..5_000 {
            for path in ["file", "dir/x.flux"] {
                match root.read(Path::new(path), LIMIT) {
                    Ok(bytes) => {
                        assert_eq!(bytes, b"inside", "{path}");
                        seen += 1;
                    }
                    Err(ConfineError::Link(_)) => {}
                    Err(error) => panic!("{path}: {error}"),
                }
            }
        }
        assert!(seen > 0);
    });
}

/// `path` as seen from the working directory, which is somewhere else.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().expect("a directory");
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    up.join(path.strip_prefix("/").expect("absolute"))
}

/// What becomes of a path that a person names: of a file, and of a project.
fn chosen(path: &Path) -> (String, String) {
    let read =
        read(path, LIMIT).map_or_else(|error| error.to_string(), |bytes| String::from_utf8(bytes).expect("text"));
    let opened = match project(path) {
        Ok(Project::Directory(_)) => "directory".to_owned(),
        Ok(Project::File(root)) => format!("file in {}", root.names().expect("names").len()),
        Err(error) => error.to_string(),
    };
    (read, opened)
}

#[test]
fn a_relative_path_passes_through_no_link() {
    let tree = tree();
    let at = |path: &str| from_here(&tree.path().join("project").join(path));
    assert_eq!(chosen(&at("flux/a.flux")), ("inside".to_owned(), "file in 1".to_owned()));
    assert_eq!(chosen(&at("flux")).1, "directory");
    for (path, link) in [("out", "out"), ("out/x.flux", "out"), ("y.flux", "y.flux"), ("environ", "environ")] {
        let said = format!("{} is a symbolic link, which is not followed", at(link).display());
        assert_eq!(chosen(&at(path)), (said.clone(), said), "{path}");
    }
    assert_eq!(chosen(&at("pipe")).0, format!("{} is a pipe, not a regular file", at("pipe").display()));
}

#[test]
fn an_absolute_path_may_pass_through_links_of_the_persons_own() {
    let tree = tree();
    let at = |path: &str| tree.path().join("project").join(path);
    assert_eq!(chosen(&at("out")).1, "directory");
    assert_eq!(chosen(&at("out/x.flux")).0, "outside");
    assert_eq!(chosen(&at("y.flux")).0, "outside");
    assert!(chosen(&at("zero")).0.ends_with("is larger than 64 KiB (limit `secret-file`)"));
    assert!(chosen(&at("nothing")).0.starts_with("no such file: "));
}

#[test]
fn in_a_checkout_no_link_is_followed_by_an_absolute_path_either() {
    let tree = tree();
    let at = |path: &str| tree.path().join("project").join(path);
    fs::write(at(".git"), "gitdir: elsewhere").expect("a file");
    symlink("project/flux", tree.path().join("mine")).expect("a link");
    symlink("../../outside/x.flux", at("flux/z.flux")).expect("a link");
    assert_eq!(chosen(&at("flux/a.flux")).0, "inside");
    assert_eq!(chosen(&tree.path().join("mine")).1, "directory");
    assert_eq!(chosen(&tree.path().join("mine/a.flux")).0, "inside");
    for path in [at("out"), at("y.flux"), at("environ"), tree.path().join("mine/z.flux")] {
        let said = format!("{} is a symbolic link, which is not followed", path.display());
        assert_eq!(chosen(&path), (said.clone(), said));
    }
}
