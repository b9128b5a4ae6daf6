//! What `--help` says.

use super::fluxform::Fluxform;

/// Each command's help, as a newcomer reads it.
#[test]
fn every_command_explains_itself() {
    let commands = [
        "",
        "init",
        "validate",
        "plan",
        "apply",
        "drift",
        "destroy",
        "show",
        "output",
        "status",
        "export",
        "import",
        "adopt",
        "forget",
        "lock",
        "lock show",
        "lock release",
        "ledger",
        "ledger sign",
        "graph",
        "required-permissions",
        "preflight",
        "explain",
        "schema",
        "completions",
        "setup",
        "server",
        "flux",
        "flux check",
        "flux refs",
        "flux fmt",
        "flux ast",
    ];
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = Fluxform::new(&arguments).var("COLUMNS", "100").run().with(0);
        assert_eq!(help.err, "");
        let name = if command.is_empty() { "fluxform".to_owned() } else { command.replace(' ', "_") };
        insta::assert_snapshot!(format!("help_{name}"), help.out);
    }
}

#[test]
fn the_version_is_the_packages() {
    let version = Fluxform::new(&["--version"]).run().with(0);
    assert_eq!(version.out, format!("fluxform {}\n", env!("CARGO_PKG_VERSION")));
}
