//! A server that only a manifest names gets the token after a person has said yes to it, once.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::support::{Relay, both};
use super::{Fluxform, on, project};

const ASKS: &str = "Only `yes` will be accepted: ";

/// `fluxform COMMAND` on this project, by a person whose answers are kept below `state`.
fn by_hand(command: &str, dir: &Path, state: &Path) -> Fluxform {
    on(command, dir).var("XDG_STATE_HOME", state.to_str().unwrap()).var("NO_COLOR", "1")
}

both!(a_person_is_asked_once_for_each_server, async |scene| {
    let relay = Relay::to(scene.server.url());
    let manifest = |url: &str| {
        let org = &scene.org_name;
        project(&format!("[project]\nname = \"p\"\n[server]\nurl = \"{url}\"\norg = \"{org}\"\n[bucket.b]\n"))
    };
    let (dir, state) = (manifest(relay.url()), tempfile::tempdir().unwrap());
    let run = |command| by_hand(command, dir.path(), state.path()).var("INFLUX_TOKEN", scene.server.token());
    let known = state.path().join("fluxform/known_hosts");

    // Nobody to ask, or no yes: not one request.
    run("plan").run().with(4);
    for answer in ["no", ""] {
        let mut terminal = run("plan").at_terminal();
        terminal.until_shows(ASKS);
        terminal.types(answer);
        let (code, shown) = terminal.wait();
        assert_eq!(code, Some(4), "{shown}");
        assert!(shown.contains(&format!("names the server {}", relay.url())), "{shown:?}");
        assert!(shown.contains("connection::token-withheld"), "{shown}");
        assert!(!shown.contains(scene.server.token()));
    }
    assert_eq!(relay.requests(), [""; 0]);
    assert!(!known.exists());

    let mut terminal = run("plan").at_terminal();
    terminal.until_shows(ASKS);
    terminal.types("yes");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(fs::read_to_string(&known).unwrap(), format!("{}\n", relay.url()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&known), mode(known.parent().unwrap())), (0o600, 0o700));

    // The answer holds for every command and project; a flag or variable needs none.
    let elsewhere = manifest(relay.url());
    let (code, shown) = by_hand("status", elsewhere.path(), state.path())
        .var("INFLUX_TOKEN", scene.server.token())
        .at_terminal()
        .wait();
    assert_eq!(code, Some(0), "{shown}");
    let (code, shown) = run("apply").arg("--auto-approve").at_terminal().wait();
    assert_eq!(code, Some(0), "{shown}");

    // Another port is another server.
    let other = Relay::to(scene.server.url());
    let dir = manifest(other.url());
    let mut terminal = by_hand("apply", dir.path(), state.path())
        .arg("--auto-approve")
        .var("INFLUX_TOKEN", scene.server.token())
        .at_terminal();
    terminal.until_shows(ASKS);
    terminal.types("no");
    assert_eq!(terminal.wait().0, Some(4));
    assert_eq!(other.requests(), [""; 0]);
});
