//! What the process gives up before it reads, and what a program that it starts finds of its secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cli::fluxform::{Ended, Fluxform, on, project};
use crate::support::{both, unique};

/// What is for the run alone besides its token.
const KEPT: &str = "0123456789abcdef-for-the-run-alone-0123456789abcdef";
const HEAD: &str = "[project]\nname = \"p\"\n[bucket.raw]\n";

#[test]
fn each_command_that_reads_says_with_v_what_keeps_it_in_the_project() {
    let dir = project(&format!("{HEAD}[server]\nurl = \"embedded:\"\norg = \"acme\"\n"));
    fs::write(dir.path().join("x.flux"), "x = 1\n").unwrap();
    let saved = dir.path().join("saved.plan");
    let runs = || {
        ["validate", "drift", "graph", "output", "status", "show"]
            .map(|command| on(command, dir.path()))
            .into_iter()
            .chain([
                on("plan", dir.path()).arg("--out").arg(&saved),
                on("show", &saved),
                Fluxform::new(&["explain", "bucket::retention"]),
                Fluxform::new(&["schema"]),
                Fluxform::new(&["completions", "bash"]),
                Fluxform::new(&["flux", "check"]).arg(dir.path().join("x.flux")),
            ])
    };
    // Nothing was ever applied to a server in memory.
    let is_fine = |ended: &Ended| [0, 2].contains(&ended.code) || ended.err.contains("ledger::absent");
    for run in runs() {
        let ended = run.run();
        assert!(is_fine(&ended) && !ended.err.contains("sandbox"), "{}", ended.all());
    }
    for run in runs() {
        let ended = run.arg("-v").run();
        let said =
            ["sandbox: this run can read only the project", "sandbox: this kernel", "sandbox: none: this kernel"];
        assert!(said.iter().any(|said| ended.err.contains(said)), "{}", ended.all());
    }
    for run in runs() {
        let ended = run.arg("-v").var("FLUXFORM_SANDBOX", "off").run();
        assert!(is_fine(&ended) && ended.err.contains("sandbox: turned off"), "{}", ended.all());
    }
    // What writes starts programs, and has no wall.
    let apply = on("apply", dir.path()).args(&["-v", "--auto-approve"]).run().with(0);
    assert!(!apply.err.contains("sandbox"), "{}", apply.err);
}

/// What a run holds in memory is in no core dump, and no other process of its user reads it.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_a_run_is_its_own() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = project(&format!("{HEAD}[server]\norg = \"acme\"\n"));
    for words in [&["plan"][..], &["drift"], &["apply", "--auto-approve"]] {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let run = Fluxform::new(words).arg(dir.path()).var("INFLUX_HOST", &url).var("INFLUX_TOKEN", "s3cret-s3cret");
        let run = run.start();
        let connection = silent.accept().unwrap();
        let of_process = |name: &str| format!("/proc/{}/{name}", run.id());
        let limits = fs::read_to_string(of_process("limits")).unwrap();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().next(), Some("0"), "{words:?}: {limits}");
        // What is not dumpable belongs to root, whoever started it.
        assert_eq!(fs::metadata(of_process("mem")).unwrap().uid(), 0, "{words:?}");
        run.kill();
        drop(connection);
    }
}

both!(a_program_finds_no_token_of_the_run_in_the_process_that_started_it, async |scene| {
    let dir = project("");
    let at = |name: &str| dir.path().join(name);
    let user = unique("told");
    let text = format!(
        "[project]\nname = \"p\"\n[server]\norg = \"{}\"\n[user.u]\nname = \"{user}\"\npassword = {{ command = [\"./look\"] }}\n",
        scene.org_name
    );
    fs::write(at("main.toml"), text).unwrap();
    fs::write(
        at("look"),
        "#!/bin/sh\ncat /proc/$PPID/environ /proc/self/environ > found 2>/dev/null\necho long-enough\n",
    )
    .unwrap();
    fs::set_permissions(at("look"), fs::Permissions::from_mode(0o700)).unwrap();
    let apply = on("apply", dir.path()).arg("--auto-approve").var("INFLUX_HOST", scene.server.url());
    let others = ["FLUXFORM_LEDGER_KEY", "FLUXFORM_SETUP_PASSWORD"];
    let apply = others.iter().fold(apply, |apply, name| apply.var(name, KEPT));
    apply.var("INFLUX_TOKEN", scene.server.token()).var("MARK", "may-be-seen").run().with(0);
    let found = String::from_utf8_lossy(&fs::read(at("found")).unwrap()).into_owned();
    assert!(found.contains("may-be-seen"), "the program has looked at nothing");
    assert!(!found.contains(scene.server.token()), "the run's token is in the environment");
    assert!(!found.contains(KEPT), "the ledger's key or a password is in the environment");
});
