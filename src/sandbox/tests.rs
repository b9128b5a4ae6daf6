//! The kernel's wall, raised around a thread of its own.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};

use super::*;

/// What `body` gives in a thread of its own: a wall stands around the thread that raises it.
fn behind<T: Send>(wall: Wall, body: impl FnOnce() -> T + Send) -> Option<T> {
    let raised = || match wall.raise() {
        Standing::Whole => Some(body()),
        // A kernel without it has nothing to test.
        Standing::Partly | Standing::Not(_) => None,
    };
    std::thread::scope(|scope| scope.spawn(raised).join().expect("no panic"))
}

#[test]
fn behind_the_wall_only_what_was_named_is_read_and_nothing_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |path: &str| dir.path().join(path);
    for path in ["project/sub", "elsewhere", "out"] {
        fs::create_dir_all(at(path)).expect("a directory");
    }
    for path in ["project/a.toml", "project/sub/b.flux", "elsewhere/secret", "beside"] {
        fs::write(at(path), "x").expect("a file");
    }
    let mut wall = Wall::default();
    wall.read_root(&Root::open(&at("project")).expect("a project"));
    wall.read(at("absent"));
    wall.read(at("beside"));
    wall.write_beside(&at("out/new/file"));
    let denied = |result: std::io::Result<()>| result.expect_err("denied").kind() == ErrorKind::PermissionDenied;
    behind(wall, || {
        for path in ["project/a.toml", "project/sub/b.flux", "beside"] {
            let mut text = String::new();
            File::open(at(path)).expect(path).read_to_string(&mut text).expect(path);
            assert_eq!(text, "x");
        }
        for path in ["elsewhere/secret", "elsewhere"] {
            assert!(denied(File::open(at(path)).map(drop)), "{path}");
        }
        assert!(denied(File::open("/proc/self/environ").map(drop)));
        for path in ["project/a.toml", "beside"] {
            assert!(denied(fs::OpenOptions::new().append(true).open(at(path)).map(drop)), "{path}");
        }
        assert!(denied(fs::write(at("project/new"), "")));
        assert!(denied(fs::remove_file(at("project/a.toml"))));
        assert!(denied(std::process::Command::new("/bin/true").spawn().map(drop)));
        // Where a plan is saved, all is done that saving needs.
        fs::create_dir(at("out/new")).expect("made");
        fs::write(at("out/new/temporary"), "x").expect("written");
        fs::rename(at("out/new/temporary"), at("out/new/file")).expect("renamed");
        File::open(at("out/new")).expect("opened").sync_all().expect("synced");
        fs::remove_file(at("out/new/file")).expect("removed");
    });
}
