//! Files that are no good: before any server is asked.

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::{files, has};
use crate::cli::fluxform::{Ended, on};

const HEAD: &str = "[project]\nname = \"p\"\n[server]\norg = \"o\"\n";

/// A run against a server that nobody may ask.
fn unasked(command: &str, dir: &Path, code: i32) -> Ended {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let mut run = on(command, dir).var("INFLUX_HOST", &url).var("INFLUX_TOKEN", "s3cret");
    if matches!(command, "apply" | "destroy") {
        run = run.arg("--auto-approve");
    }
    for line in std::fs::read_to_string(dir.join("inputs.txt")).unwrap_or_default().lines() {
        run = match line.split_once(' ') {
            Some(("--var-file", file)) => run.arg("--var-file").arg(dir.join(file)),
            Some((flag, value)) => run.arg(flag).arg(value),
            None => line.split_once('=').map(|(name, value)| run.var(name, value)).unwrap(),
        };
    }
    let ended = run.run().with(code);
    assert!(socket.accept().is_err(), "the server was asked:\n{}", ended.all());
    ended
}

#[test]
fn each_mistake_in_a_manifest_is_65_with_its_place_before_any_server_is_asked() {
    let mut commands = ["validate", "plan", "apply", "drift", "destroy", "show", "status", "graph"].iter().cycle();
    for entry in std::fs::read_dir("tests/cases/invalid").unwrap() {
        let dir = std::fs::canonicalize(entry.unwrap().path()).unwrap();
        let before = files(&dir);
        for command in commands.by_ref().take(3) {
            let ended = if matches!(*command, "validate" | "graph") {
                on(command, &dir).run()
            } else {
                unasked(command, &dir, 65)
            };
            let needs_inputs = dir.join("inputs.txt").exists() && matches!(*command, "validate" | "graph");
            assert!(ended.code == 65 || needs_inputs, "{command} {}: {}", dir.display(), ended.all());
            // What is said of the whole project has no place.
            let placeless = ["manifest::no-file", "manifest::no-project"].iter().any(|code| ended.err.contains(code));
            assert!(
                ended.err.contains(":1") || ended.err.contains("╭─[") || placeless || needs_inputs,
                "{}",
                ended.err
            );
        }
        assert_eq!(files(&dir), before, "{}", dir.display());
    }
}

/// What `validate` and `apply` say of `main.toml` with this after its head.
fn said(name: &str, bytes: &[u8]) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.toml"), [HEAD.as_bytes(), bytes].concat()).unwrap();
    let ended = unasked("apply", dir.path(), 65);
    let validated = on("validate", dir.path()).run().with(65);
    assert_eq!(validated.err, ended.err, "{name}");
    assert!(!ended.all().contains(['\0', '\u{1b}', '\r', '\u{202e}']), "{name}: {:?}", ended.all());
    ended
}

#[test]
fn bytes_that_no_manifest_has_are_an_error_at_their_place() {
    has(&said("NUL", b"[bucket.b]\nname = \"a\0b\"\n").err, "main.toml:6:10");
    has(&said("escape", b"[bucket.b]\nname = \"a\x1bb\"\n").err, "main.toml:6:10");
    has(&said("no UTF-8", b"[bucket.b]\nname = \"\xff\"\n").err, "main.toml:6:9");
    has(&said("CRLF", b"[bucket.b]\r\nname = 3\r\n").err, "main.toml:6:8");
    has(&said("hidden", "[bucket.b]\n\"\u{202e}eman\" = 3\n".as_bytes()).err, "main.toml:6:1");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.toml"), format!("\u{feff}{HEAD}[bucket.b]\nname = 3\n")).unwrap();
    has(&unasked("plan", dir.path(), 65).err, "main.toml:6:8");
    // Neither a mark nor Windows' line ends are a mistake.
    let good = format!("\u{feff}{HEAD}[bucket.b]\nname = \"x\"\n").replace('\n', "\r\n");
    std::fs::write(dir.path().join("main.toml"), good).unwrap();
    on("validate", dir.path()).run().with(0);
}

#[test]
fn what_is_nested_too_deeply_is_an_error() {
    let nested = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let lists = format!("[bucket.b]\nlabels = {}\n", nested("[", "]", 100_000));
    has(&said("lists", lists.as_bytes()).err, "manifest::limit");
    let tables = format!("[bucket.b]\nlifecycle = {}\n", nested("{ a = ", "}", 10_000));
    has(&said("tables", tables.as_bytes()).err, "manifest::limit");
    has(&said("keys", format!("[{}a]\n", "a.".repeat(10_000)).as_bytes()).err, "manifest::limit");
    let script = format!("[task.t]\nflux = '''x = {}1'''\n", "(".repeat(100_000));
    has(&said("script", script.as_bytes()).err, "flux::syntax");
    let strings = format!("[task.t]\nflux = '''x = {}'''\n", "\"${".repeat(100_000));
    has(&said("strings", strings.as_bytes()).err, "flux::syntax");
}

#[test]
fn a_name_of_a_megabyte_is_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = format!("{HEAD}[bucket.b]\nname = \"{}\"\n", "x".repeat(1_000_000));
    std::fs::write(dir.path().join("main.toml"), manifest).unwrap();
    on("validate", dir.path()).run().with(0);
}

fn pipe(path: &Path) {
    let path = path.to_str().unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_called_a_manifest_and_cannot_be_read_is_65() {
    type Make = fn(&Path);
    const LINK: &str = "x.toml is a symbolic link";
    let cases: [(&str, Make, &str); 8] = [
        ("a directory", |path| std::fs::create_dir(path).unwrap(), "x.toml is a directory, not a regular file"),
        ("a dangling link", |path| symlink("nowhere", path).unwrap(), LINK),
        ("a link to itself", |path| symlink("x.toml", path).unwrap(), LINK),
        ("a link to the outside", |path| symlink("/etc/hostname", path).unwrap(), LINK),
        ("a link to the inside", |path| symlink("main.toml", path).unwrap(), LINK),
        ("a device", |path| symlink("/dev/zero", path).unwrap(), LINK),
        ("a pipe", pipe, "x.toml is a pipe, not a regular file"),
        ("a socket", |path| drop(UnixListener::bind(path).unwrap()), "x.toml is a socket, not a regular file"),
    ];
    for (name, make, words) in cases {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("main.toml"), format!("{HEAD}[bucket.b]\n")).unwrap();
        make(&dir.path().join("x.toml"));
        for command in ["validate", "plan", "apply"] {
            let ended =
                if command == "validate" { on(command, dir.path()).run() } else { unasked(command, dir.path(), 65) };
            assert_eq!(ended.code, 65, "{name}: {}", ended.all());
            has(&ended.err, words);
        }
    }
}

#[test]
fn a_file_that_may_not_be_read_is_65() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.toml"), format!("{HEAD}[bucket.b]\n")).unwrap();
    let file = dir.path().join("x.toml");
    std::fs::write(&file, "[bucket.c]\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything.
    if std::fs::read(&file).is_err() {
        has(&unasked("plan", dir.path(), 65).err, "x.toml");
    }
    has(&unasked("plan", &dir.path().join("absent"), 65).err, "absent");
}
