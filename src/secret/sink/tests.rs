//! Tests of the sinks.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::confine::Root;
use crate::limits::SECRETS_FILE;
use crate::secret::{Access, Secret, Sink, SinkError, fingerprint};

const ACCESS: Access = Access(());

fn secret(text: &str) -> Secret {
    text.into()
}

fn file(path: PathBuf) -> Sink {
    Sink::File { path }
}

fn env_file(path: PathBuf, key: &str) -> Sink {
    Sink::EnvFile { path, key: key.to_owned() }
}

fn command(argv: &[&str], timeout: Duration) -> Sink {
    Sink::Command {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        dir: PathBuf::new(),
        timeout,
        shows_stderr: false,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

async fn deliver(sink: &Sink, text: &str) {
    let staged = sink.stage(&secret(text), ACCESS).await.expect("staged");
    staged.commit().await.expect("committed");
}

async fn held(sink: &Sink) -> Option<String> {
    sink.read(ACCESS).await.expect("readable").map(|secret| secret.expose_secret().to_owned())
}

#[tokio::test]
async fn a_staged_secret_is_safe_but_not_in_place() {
    let dir = tempfile::tempdir().expect("a directory");
    for sink in [file(dir.path().join("file")), env_file(dir.path().join("env"), "KEY")] {
        deliver(&sink, "old").await;
        let before = names(dir.path());
        let staged = sink.stage(&secret("new"), ACCESS).await.expect("staged");
        assert_eq!(staged.read_back().await.expect("readable").expect("a secret").expose_secret(), "new");
        assert_eq!(held(&sink).await.as_deref(), Some("old"));
        assert!(!format!("{staged:?}").contains("new"));
        drop(staged);
        assert_eq!(names(dir.path()), before);
        assert_eq!(held(&sink).await.as_deref(), Some("old"));
        deliver(&sink, "new").await;
        assert_eq!(held(&sink).await.as_deref(), Some("new"));
        assert_eq!(names(dir.path()).len(), before.len());
    }
}

#[tokio::test]
async fn files_and_missing_parents_are_private() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a/b/token");
    let sink = file(path.clone());
    sink.probe(ACCESS).await.expect("writable");
    assert_eq!(names(dir.path()), Vec::<String>::new());
    let staged = sink.stage(&secret("s"), ACCESS).await.expect("staged");
    let waiting = path.parent().expect("a parent").join(&names(path.parent().expect("a parent"))[0]);
    assert_eq!(mode(&waiting), 0o600);
    staged.commit().await.expect("committed");
    assert_eq!(fs::read(&path).expect("a file"), b"s");
    assert_eq!(mode(&path), 0o600);
    assert_eq!((mode(&dir.path().join("a")), mode(&dir.path().join("a/b"))), (0o700, 0o700));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    deliver(&sink, "t").await;
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn an_env_file_keeps_its_mode_and_its_other_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(".env");
    deliver(&env_file(path.clone(), "A"), "1").await;
    assert_eq!(mode(&path), 0o600);
    fs::write(&path, "# c\r\nexport KEY='old'\r\nB=2").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    deliver(&env_file(path.clone(), "KEY"), "new==").await;
    assert_eq!(fs::read_to_string(&path).expect("a file"), "# c\r\nexport KEY=new==\r\nB=2");
    assert_eq!(mode(&path), 0o640);
    fs::write(&path, "\u{feff}KEY=old\n").expect("a file");
    assert_eq!(held(&env_file(path.clone(), "KEY")).await.as_deref(), Some("old"));
    assert_eq!(held(&env_file(path, "C")).await, None);
}

#[tokio::test]
async fn what_everybody_could_read_is_for_its_owner_alone_afterwards_and_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret");
    for sink in [file(path.clone()), env_file(path.clone(), "KEY")] {
        for (before, after) in [
            (0o600, 0o600),
            (0o400, 0o600),
            (0o640, 0o640),
            (0o660, 0o660),
            (0o644, 0o600),
            (0o666, 0o600),
            (0o602, 0o600),
        ] {
            fs::write(&path, "").expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(before)).expect("a mode");
            let notice = sink.probe(ACCESS).await.expect("writable");
            let said = (before & 0o007 != 0).then(|| {
                let path = path.display();
                format!("everybody on this machine can access {path} (mode {before:04o}): its mode becomes 0600")
            });
            assert_eq!(notice, said);
            assert_eq!(mode(&path), before);
            deliver(&sink, "s").await;
            assert_eq!(mode(&path), after, "{before:o}");
        }
    }
}

#[tokio::test]
async fn what_is_no_secret_is_not_replaced_by_one_whatever_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("x");
    let manifest = "[project]\nname = \"p\"\n";
    let none: [(&str, u32, &str); 11] = [
        (manifest, 0o600, "it contains more than one line, unlike a token"),
        ("[project]\r\n", 0o600, "it contains a line that is not a token"),
        ("{\"fluxform_plan\":1}\n", 0o600, "it contains a line that is not a token"),
        ("from(bucket: \"b\")", 0o600, "it contains a line that is not a token"),
        ("ref: refs/heads/main\n", 0o600, "it contains a line that is not a token"),
        ("ssh-ed25519 AAAA root@x\n", 0o600, "it contains a line that is not a token"),
        ("#!/bin/sh\ncat\n", 0o600, "it contains more than one line, unlike a token"),
        ("token\n\n", 0o600, "it contains more than one line, unlike a token"),
        ("\u{0}\u{1}", 0o600, "it contains binary data"),
        ("token", 0o700, "it is a program"),
        ("A=1", 0o610, "it is a program"),
    ];
    let no_env: [(&str, u32, &str); 5] = [
        (manifest, 0o600, "line 1 does not belong in an env file"),
        ("A=1\n{\n}\n", 0o600, "line 2 does not belong in an env file"),
        ("import \"math\"\n", 0o600, "line 1 does not belong in an env file"),
        ("#!/bin/sh\nA=1\n", 0o600, "line 1 does not belong in an env file"),
        ("A=1\n", 0o744, "it is a program"),
    ];
    let cases = none.map(|case| (file(path.clone()), case)).into_iter();
    for (sink, (text, mode, why)) in cases.chain(no_env.map(|case| (env_file(path.clone(), "KEY"), case))) {
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        let said = format!("cannot write to {}: {why}", path.display());
        assert_eq!(sink.probe(ACCESS).await.expect_err(text).to_string(), said);
        assert_eq!(sink.stage(&secret("s"), ACCESS).await.expect_err(text).to_string(), said);
        // It may have come in the meantime, too.
        fs::remove_file(&path).expect("removed");
        let staged = sink.stage(&secret("s"), ACCESS).await.expect("staged");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        assert_eq!(staged.commit().await.expect_err(text).to_string(), said);
        assert_eq!(fs::read_to_string(&path).expect("a file"), text);
        assert_eq!(names(dir.path()), ["x"]);
    }
    fs::remove_file(&path).expect("removed");
    for (more, fits) in [(0, true), (1, false)] {
        fs::write(&path, format!("#{}\n", "c".repeat(SECRETS_FILE.size() - 2 + more))).expect("a file");
        let probed = env_file(path.clone(), "KEY").probe(ACCESS).await.map_err(|error| error.to_string());
        let larger = format!("cannot write to {}: it is larger than {SECRETS_FILE}", path.display());
        assert_eq!(probed.map(drop), if fits { Ok(()) } else { Err(larger) });
        let read =
            [env_file(path.clone(), "KEY"), file(path.clone())].map(async |sink| sink.read(ACCESS).await.is_ok());
        assert_eq!(futures::future::join_all(read).await, [fits; 2], "no more of it is read either");
    }
    for old in ["", "\n", "t0ken", "t0ken==\r\n", "apiv3_-x/+\n", "to-be-filled-in"] {
        fs::write(&path, old).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        deliver(&file(path.clone()), "s").await;
    }
}

#[tokio::test]
async fn a_target_in_the_project_is_reached_through_no_link() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |path: &str| dir.path().join(path);
    fs::create_dir_all(at("project/in")).expect("a directory");
    fs::create_dir(at("outside")).expect("a directory");
    symlink("../outside", at("project/link")).expect("a link");
    symlink("outside", at("mine")).expect("a link");
    let root = Root::open(&at("project")).expect("a project");
    for path in ["link/token", "link/new/token", "in/../link/token"] {
        for sink in [file(path.into()), env_file(path.into(), "KEY")] {
            let error = sink.within(&root).expect_err(path).to_string();
            assert_eq!(error, "link is a symbolic link, which is not followed");
        }
    }
    for path in ["in/token", "new/dir/token", "../mine/token", at("mine/token").to_str().expect("UTF-8")] {
        deliver(&file(path.into()).within(&root).expect("no link of the project"), "s").await;
    }
    assert_eq!(names(&at("outside")), ["token"]);
}

#[tokio::test]
async fn what_changed_since_staging_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("env");
    let staged = env_file(path.clone(), "KEY").stage(&secret("s"), ACCESS).await.expect("staged");
    fs::write(&path, "LATER=1\n").expect("a file");
    staged.commit().await.expect("committed");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "LATER=1\nKEY=s\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_keys_at_once_in_one_file_lose_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("env");
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..10 {
        let sink = env_file(path.clone(), &format!("KEY_{n}"));
        tasks.spawn(async move { deliver(&sink, &format!("secret{n}")).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("delivered");
    }
    for n in 0..10 {
        let sink = env_file(path.clone(), &format!("KEY_{n}"));
        assert_eq!(held(&sink).await, Some(format!("secret{n}")));
    }
    assert_eq!(names(dir.path()), ["env"]);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_and_what_lives_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("token");
    let sink = file(path.clone());
    deliver(&sink, "old").await;
    fs::write(dir.path().join(".token.fluxform-dead01.tmp"), "half").expect("a file");
    fs::write(dir.path().join(".token2.fluxform-other1.tmp"), "not ours").expect("a file");
    let living = sink.stage(&secret("new"), ACCESS).await.expect("staged");
    assert!(!names(dir.path()).contains(&".token.fluxform-dead01.tmp".to_owned()));
    assert_eq!(names(dir.path()).len(), 3);
    assert_eq!(sink.clean(ACCESS).await.expect("cleaned"), 0);
    fs::write(dir.path().join(".token.fluxform-dead02.tmp"), "half").expect("a file");
    assert_eq!(sink.clean(ACCESS).await.expect("cleaned"), 1);
    living.commit().await.expect("committed");
    assert_eq!(held(&sink).await.as_deref(), Some("new"));
    assert_eq!(names(dir.path()), [".token2.fluxform-other1.tmp", "token"]);
}

#[tokio::test]
async fn a_sink_that_cannot_be_written_is_seen_before_and_leaves_all_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |path: &str| dir.path().join(path);
    fs::create_dir(at("dir")).expect("a directory");
    fs::write(at("plain"), "x").expect("a file");
    symlink("plain", at("link")).expect("a link");
    symlink("nowhere", at("dangling")).expect("a link");
    let before = names(dir.path());
    let bad = ["dir", "plain/below", "plain/far/below", "link", "dangling", "dangling/below"].map(at);
    for path in bad.into_iter().chain([PathBuf::from("/proc/fluxform/token"), PathBuf::from("/dev/null")]) {
        for sink in [file(path.clone()), env_file(path.clone(), "KEY")] {
            sink.probe(ACCESS).await.expect_err("not writable");
            sink.stage(&secret("s"), ACCESS).await.expect_err("not writable");
        }
    }
    assert_eq!(names(dir.path()), before);
    assert_eq!(fs::read(at("plain")).expect("a file"), b"x");
    let bad_key = env_file(at("env"), "A-B");
    assert!(matches!(bad_key.probe(ACCESS).await, Err(SinkError::Key(_))));
    assert!(matches!(bad_key.stage(&secret("s"), ACCESS).await, Err(SinkError::Key(_))));
    assert!(matches!(env_file(at("env"), "A").stage(&secret("a\nb"), ACCESS).await, Err(SinkError::Value(_))));
    assert_eq!(names(dir.path()), before);
}

#[tokio::test]
async fn a_target_that_turns_into_a_directory_fails_the_commit() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("token");
    for sink in [file(path.clone()), env_file(path.clone(), "KEY")] {
        let staged = sink.stage(&secret("s"), ACCESS).await.expect("staged");
        fs::create_dir(&path).expect("a directory");
        staged.commit().await.expect_err("not a file");
        assert_eq!(names(dir.path()), ["token"]);
        fs::remove_dir(&path).expect("removed");
    }
}

#[tokio::test]
async fn a_command_gets_the_bare_secret_when_it_is_committed() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("got");
    let target = path.to_str().expect("UTF-8");
    let sink = command(&["sh", "-c", "cat > \"$1\"", "sh", target], Duration::from_secs(30));
    sink.probe(ACCESS).await.expect("there is a shell");
    assert!(!path.exists());
    let staged = sink.stage(&secret("s$1"), ACCESS).await.expect("nothing to do yet");
    assert!(staged.runs() && !format!("{staged:?}").contains("s$1"));
    assert!(staged.read_back().await.expect("no error").is_none());
    assert!(!path.exists());
    staged.commit().await.expect("delivered");
    assert_eq!(fs::read(&path).expect("a file"), b"s$1");
}

#[tokio::test]
async fn a_command_that_fails_is_no_delivery() {
    let long = Duration::from_secs(30);
    let given = async |sink: Sink, text: &str| sink.stage(&secret(text), ACCESS).await.expect("staged").commit().await;
    let failed = given(command(&["sh", "-c", "cat >&2; exit 4"], long), "geheim").await;
    let failed = failed.expect_err("failed");
    assert_eq!(failed.to_string(), "`sh` failed (exit status: 4)");
    assert!(failed.may_hold(), "it may have kept what it was given");
    let missing = command(&["/no/such/program"], long);
    missing.probe(ACCESS).await.expect_err("no program");
    assert!(!given(missing, "s").await.expect_err("no program").may_hold(), "it was not started");
    let endless = command(&["sh", "-c", "cat >/dev/null; cat /dev/zero >/dev/null"], Duration::from_millis(50));
    assert!(given(endless, "s").await.expect_err("too long").may_hold(), "it may have kept what it was given");
    given(command(&["true"], long), "s").await.expect("exit status 0 is the delivery");
}

#[tokio::test]
async fn discard_takes_all_and_holds_nothing() {
    Sink::Discard.probe(ACCESS).await.expect("always");
    deliver(&Sink::Discard, "s").await;
    assert_eq!(held(&Sink::Discard).await, None);
}

#[test]
fn a_fingerprint_is_the_start_of_the_digest() {
    assert_eq!(fingerprint(&secret("abc")), "ba7816bf8f01");
    assert!(!format!("{:?}", secret("abc")).contains("abc"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deliveries_at_once_into_a_directory_that_is_not_there_yet_all_arrive() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().expect("a directory");
        let sinks: Vec<_> = (0..4).map(|n| file(dir.path().join(format!("a/b/{n}.token")))).collect();
        let deliveries = sinks.iter().cloned().map(|sink| tokio::spawn(async move { deliver(&sink, "s").await }));
        for delivery in deliveries.collect::<Vec<_>>() {
            delivery.await.expect("delivered");
        }
        for sink in &sinks {
            assert_eq!(held(sink).await.as_deref(), Some("s"));
        }
        assert_eq!(names(&dir.path().join("a/b")).len(), sinks.len());
    }
}
