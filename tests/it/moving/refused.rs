//! Exports that do not happen, and leave nothing behind.

use std::fs;

use super::Home;
use crate::cli::fluxform::Fluxform;
use crate::support::both;

both!(a_directory_that_has_files_is_not_written_to, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full/.hidden"), "mine").unwrap();
    fs::write(at("file"), "mine").unwrap();
    for name in ["full", "file"] {
        let said = home.export(&at(name), &[]).with(1);
        assert!(said.err.contains("nothing was written"), "{}", said.err);
    }
    assert_eq!(fs::read_dir(at("full")).unwrap().count(), 1);
    // The directory that a run is in, if it is empty, stays the same directory.
    fs::create_dir(at("here")).unwrap();
    let mut run = home.fluxform(&["export", "--out", "."]);
    run.command.current_dir(at("here"));
    run.run().with(0);
    assert!(at("here/fluxform.toml").exists());
});

both!(without_a_token_or_an_org_nothing_is_written, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let run = |arguments: &[&str]| Fluxform::new(&["export", "--out"]).arg(&out).args(arguments);
    let host = ["--host", home.server.url()];
    run(&[]).run().with(64);
    run(&host).run().with(64);
    run(&host).args(&["--org", "first"]).run().with(4);
    run(&host).args(&["--org", "first"]).var("INFLUX_TOKEN", "wrong").run().with(4);
    let absent = run(&host).args(&["--org", "frist"]).var("INFLUX_TOKEN", home.server.token()).run().with(64);
    assert!(absent.err.contains("did you mean `first`?"), "{}", absent.err);
    run(&["--host", "embedded:nowhere.db"]).run().with(1);
    for wrong in [["--kind", "bukket"], ["--project", "Not A Name"]] {
        run(&host).args(&wrong).run().with(64);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
});
