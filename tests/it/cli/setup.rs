//! `fluxform setup`.

use std::os::unix::fs::PermissionsExt;

use super::super::support::both;
use super::fluxform::{Ended, Fluxform, project};

fn setup(url: &str, password: &str, token: &std::path::Path) -> Ended {
    setting_up(url, password, token).run()
}

fn setting_up(url: &str, password: &str, token: &std::path::Path) -> Fluxform {
    Fluxform::new(&["setup", "--host", url, "--username", "root", "--org", "acme and sons", "--bucket", "first"])
        .arg("--token-file-out")
        .arg(token)
        .var("FLUXFORM_SETUP_PASSWORD", password)
}

both!(a_server_is_set_up_once_and_its_token_is_only_in_the_file, virgin, async |server| {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("operator.token");
    std::fs::create_dir(dir.path().join(".git")).unwrap();
    let mut run = setting_up(server.url(), "long-enough", "operator.token".as_ref());
    run.command.current_dir(dir.path());
    let ended = run.run().with(0);
    assert!(ended.err.contains("git::not-ignored") && ended.err.contains("`/operator.token`"), "{}", ended.err);
    let token = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!ended.all().contains(&token) && !ended.all().contains("long-enough"));
    let orgs = server.anonymous().with_token(&token).get("orgs").await.expect(200);
    assert_eq!(orgs["orgs"][0]["name"], "acme and sons");

    // What is said to be next can be pasted as it stands, wherever the project is.
    let (_, next) = ended.err.split_once("Next, in the directory of a project:\n  ").unwrap();
    let project = project("[project]\nname = \"p\"\n[bucket.raw]\n");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_fluxform")).parent().unwrap();
    let pasted = std::process::Command::new("/bin/sh")
        .args(["-c", next])
        .env_clear()
        .env("PATH", program)
        .env("HOME", dir.path())
        .current_dir(project.path())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&pasted.stdout);
    assert!(
        pasted.status.success() && shown.contains("+ bucket.raw"),
        "{next}{}",
        String::from_utf8_lossy(&pasted.stderr)
    );

    // Whoever is told of the password first would look for one in vain.
    let again = dir.path().join("again.token");
    for password in ["long-enough", "short"] {
        let ended = setup(server.url(), password, &again).with(1);
        assert!(ended.err.contains("already set up") && !again.exists(), "{}", ended.err);
    }
});

both!(a_server_is_not_set_up_when_the_token_cannot_be_kept, virgin, async |server| {
    let dir = tempfile::tempdir().unwrap();
    // Where there is no room for it, nothing is left that the next try would find.
    let full = dir.path().join("full.token");
    let ended = setting_up(server.url(), "long-enough", &full).without_room().run().with(10);
    assert!(ended.err.contains("the server was not set up") && !full.exists(), "{}", ended.err);
    let file = dir.path().join("taken");
    std::fs::write(&file, "mine").unwrap();
    setup(server.url(), "long-enough", &file).with(10);
    setup(server.url(), "short", &dir.path().join("new")).with(10);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(!dir.path().join("new").exists());
    assert_eq!(server.anonymous().get("setup").await.expect(200)["allowed"], true);
});
