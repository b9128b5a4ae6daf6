//! The wall around the commands that only read.

use std::path::PathBuf;

use clap::{ArgMatches, FromArgMatches as _};

use super::connection::Surroundings;
use super::known_hosts;
use super::several::Choices;
use super::shell::Shell;
use crate::confine::{self, Project};
use crate::manifest::{self, Manifest};
use crate::sandbox::{Standing, Wall, keep_memory};
use crate::secret::{Sink, Source};
use crate::value::Value;

/// The commands that only read: they are run on manifests of people whom nobody knows.
const READING: [&str; 15] = [
    "plan",
    "validate",
    "drift",
    "graph",
    "required-permissions",
    "preflight",
    "show",
    "output",
    "status",
    "export",
    "convert",
    "explain",
    "schema",
    "completions",
    "flux",
];
/// The arguments that name projects.
const PROJECTS: [&str; 3] = ["dirs", "dir", "what"];
/// The argument that names what is written.
const OUT: &str = "out";
/// The argument that names scripts, which are rewritten where there is a [`CHECK`] and it is not given.
const SCRIPTS: &str = "files";
const CHECK: &str = "check";
/// The argument that has a plan look into sinks and sources.
const PROBE: &str = "probe";
/// The variables that name a file, or files in the form of `PATH`.
const VARIABLES: [&str; 7] = [
    "INFLUX_TOKEN_FILE",
    "FLUXFORM_LEDGER_KEY_FILE",
    "FLUXFORM_CA_FILE",
    "FLUXFORM_CLIENT_CERT",
    "FLUXFORM_CLIENT_KEY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// Turns the wall off, for systems that keep what name resolution or TLS need where nobody expects it.
const SWITCH: &str = "FLUXFORM_SANDBOX";

/// What name resolution, certificates and the clock need, on the systems that we know of. Libraries are among it: the C library loads
/// those of name resolution when it is asked for a name.
const SYSTEM: [&str; 27] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/gnu/store",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/networks",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/run/systemd/resolve",
    "/proc/sys/kernel/random/boot_id",
    "/dev/null",
    "/dev/urandom",
];

/// Gives up what the command that was parsed does not need, before it reads anything. Says, if `verbose`, what the system does not
/// offer.
pub(super) fn raise(shell: &Shell, parsed: &ArgMatches, verbose: bool) {
    let say = |text: &str| {
        if verbose {
            shell.say(format_args!("{text}"));
        }
    };
    if let Err(why) = keep_memory() {
        say(&format!("sandbox: {why}"));
    }
    let reads = |command: &str, arguments: &ArgMatches| {
        READING.contains(&command) || (command, arguments.subcommand_name()) == ("lock", Some("show"))
    };
    let Some((command, arguments)) = parsed.subcommand().filter(|(command, arguments)| reads(command, arguments))
    else {
        return;
    };
    if matches!(shell.around.var(SWITCH), Some("off" | "0" | "false")) {
        return say(&format!("sandbox: turned off by {SWITCH}: only fluxform itself keeps `{command}` in the project"));
    }
    let mut wall = Wall::default();
    SYSTEM.iter().for_each(|path| wall.read(*path));
    around(&shell.around, &mut wall);
    named(arguments, &shell.around, &mut wall);
    if may_ask(arguments, &shell.around)
        && let Some(file) = known_hosts::prepared(&shell.around)
    {
        wall.write_beside(&file);
    }
    if matches!(arguments.try_get_one::<bool>(PROBE), Ok(Some(true))) {
        looked_at(shell, arguments, &wall).into_iter().for_each(|path| wall.read(path));
    }
    match wall.raise() {
        Standing::Whole => say(
            "sandbox: this run can read only the project, the files that you named, certificates and what name resolution needs, \
             and cannot start programs",
        ),
        Standing::Partly => say("sandbox: this kernel supports only a part of Landlock, which is enforced"),
        Standing::Not(why) => say(&format!("sandbox: none: {why}")),
    }
}

/// Whether the run may have to ask where its token goes: at a terminal, without any other word for the server than a manifest's.
fn may_ask(arguments: &ArgMatches, around: &Surroundings) -> bool {
    let host = arguments.try_get_one::<String>("host");
    around.by_hand() && around.var("INFLUX_HOST").is_none() && matches!(host, Ok(None))
}

/// The files of sinks and of sources of the projects that a plan is asked to look into. They are known only when the manifests are read, and a wall
/// that stands takes no more: so a thread that has its own reads these before.
fn looked_at(shell: &Shell, arguments: &ArgMatches, wall: &Wall) -> Vec<PathBuf> {
    let Ok(Choices { dirs, variables }) = Choices::from_arg_matches(arguments) else { return Vec::new() };
    let (inputs, wall) = (variables.inputs(shell), wall.clone());
    let read = move || {
        // Who asks hears of the one that is raised later.
        let _ = wall.raise();
        // What is wrong with a project is said when it is planned.
        let projects = dirs.iter().filter_map(|dir| manifest::load(dir, &inputs).ok());
        projects.flat_map(|project| files(&project.manifest)).collect()
    };
    std::thread::spawn(read).join().unwrap_or_default()
}

/// The files to which a project delivers and those with its secrets, no directory among them: all below that could be read.
fn files(manifest: &Manifest) -> Vec<PathBuf> {
    let target = |sink: &Sink| match sink.within(&manifest.root) {
        Ok(Sink::File { path } | Sink::EnvFile { path, .. }) => Some(path),
        _ => None,
    };
    let source = |source: &Source| match source {
        Source::File { path } => Some(manifest.root.path().join(path)),
        _ => None,
    };
    let values = manifest.resources.values().flat_map(|resource| resource.fields.iter());
    let paths = values.flat_map(|(field, value)| match value {
        Value::Sinks(sinks) => sinks.iter().filter_map(target).collect(),
        _ => value.sources(field).into_iter().filter_map(|(_, from)| source(from)).collect::<Vec<_>>(),
    });
    paths.filter(|path| path.is_file()).collect()
}

/// The files that the environment names.
fn around(around: &Surroundings, wall: &mut Wall) {
    let values = VARIABLES.iter().filter_map(|name| around.var(name));
    values.flat_map(std::env::split_paths).for_each(|path| wall.read(path));
}

/// The files that the command line names: each value that is a path.
fn named(arguments: &ArgMatches, around: &Surroundings, wall: &mut Wall) {
    let mut roots = Vec::new();
    let rewrites = matches!(arguments.try_get_one::<bool>(CHECK), Ok(Some(false)));
    for id in arguments.ids().map(clap::Id::as_str) {
        let given = arguments.try_get_many::<PathBuf>(id).ok().flatten();
        for path in given.into_iter().flatten() {
            if id == OUT {
                wall.write_beside(path);
            } else if id == SCRIPTS && rewrites && path.as_os_str() != "-" {
                // Beside what a link points to: a file is replaced, a link never.
                wall.write_beside(&path.canonicalize().unwrap_or_else(|_| path.clone()));
                wall.read(path);
            } else if !PROJECTS.contains(&id) {
                wall.read(path);
            } else if let Ok(Project::Directory(root) | Project::File(root)) = confine::project(path) {
                // What is no project the command itself says.
                roots.push(root);
            }
        }
    }
    let host = arguments.try_get_one::<String>("host").ok().flatten().map(String::as_str);
    if let Some(data) = host.or_else(|| around.var("INFLUX_HOST")).and_then(|host| host.strip_prefix("embedded:")) {
        // It starts at the project, or where the person stands if there is none.
        roots.iter().for_each(|root| wall.read(root.path().join(data)));
        if roots.is_empty() && !data.is_empty() {
            wall.read(data);
        }
    }
    roots.iter().for_each(|root| wall.read_root(root));
    if let Some((_, below)) = arguments.subcommand() {
        named(below, around, wall);
    }
}
