//! Answers for those whose fingers know Terraform: its flags and commands, and what fluxform calls them.

use std::ffi::OsString;

use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};

/// Flags by their name without dashes, each with what to write instead.
const FLAGS: &[(&str, &str)] = &[
    ("allow-missing", "objects are imported by ID; see `fluxform import --help`"),
    ("auto-approve", "write `--auto-approve`"),
    ("backend", STATE),
    ("backend-config", STATE),
    ("backup", STATE),
    ("chdir", "give the project's directory as an argument, as in `fluxform plan DIR`"),
    ("compact-warnings", "fluxform has no such flag; `--format json` is for programs"),
    ("destroy", "run `fluxform destroy`, which shows what it would delete and asks"),
    ("detailed-exitcode", "write `--detailed-exitcode`"),
    ("force", "write `--auto-approve` to skip the question; guards need their own consent, see --help"),
    ("generate-config-out", "`fluxform export --out DIR` writes manifests of what a server has"),
    ("help", "write `--help`"),
    ("input", "without a terminal, nothing is asked; at a terminal, `--auto-approve` skips the question"),
    ("json", "write `--format json`"),
    ("lock", "the lock cannot be turned off; `--lock-timeout DURATION` sets how long to wait for it"),
    ("lock-timeout", "write `--lock-timeout DURATION`"),
    ("migrate-state", STATE),
    ("no-color", "set the environment variable NO_COLOR=1; without a terminal, there is no color"),
    ("out", "write `--out FILE` or `-o FILE`"),
    ("parallelism", "write `--parallelism N`"),
    ("reconfigure", STATE),
    ("refresh", "every plan reads the server again; there is no cached state to skip or refresh"),
    ("refresh-only", "run `fluxform drift` to see what changed on the server since the last apply"),
    ("replace", "a resource is replaced only where a field that cannot change in place differs"),
    ("state", STATE),
    ("state-out", STATE),
    ("target", "a plan always covers the whole project; move what changes separately into its own project"),
    ("upgrade", "there are no providers to download"),
    ("var", "write `--var NAME=VALUE`"),
    ("var-file", "write `--var-file FILE`"),
    ("version", "write `--version`"),
    ("y", "write `--auto-approve`"),
    ("yes", "write `--auto-approve`"),
];

const STATE: &str = "there is no state file and no backend: the server keeps the ledger";

/// Commands of Terraform that fluxform lacks, each with what to do instead.
const COMMANDS: &[(&str, &str)] = &[
    ("console", "run `fluxform validate` to check expressions, or `fluxform output` to print names and IDs"),
    ("fmt", "manifests are plain TOML: any TOML formatter will do"),
    ("force-unlock", "run `fluxform lock release`; the next run takes over the lock of a dead run by itself"),
    ("get", "there are no modules to download"),
    ("login", "the token comes from INFLUX_TOKEN, INFLUX_TOKEN_FILE or --token-file"),
    ("logout", "fluxform stores no token"),
    ("modules", "a project is one directory; `fluxform plan DIR...` accepts several"),
    ("providers", "there are no providers: fluxform talks to InfluxDB itself"),
    ("refresh", "every plan reads the server again; run `fluxform drift` to see what changed on it"),
    ("state", "`fluxform show` lists what the project owns; `import`, `forget` and `[[moved]]` change that"),
    ("taint", "a resource is replaced only where a field that cannot change in place differs"),
    ("untaint", "a resource is replaced only where a field that cannot change in place differs"),
    ("workspace", "give each environment its own project name, and use `--var-file` for what differs"),
];

/// The answer to a command line that Terraform would understand and fluxform would not, or would misread: `-out=x` is not
/// `-o ut=x`. None for any other one.
pub(super) fn answer(arguments: &[OsString]) -> Option<Problem> {
    let words: Vec<&str> = arguments.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect();
    if let Some((command, help)) = words.first().and_then(|word| COMMANDS.iter().find(|(command, _)| command == word)) {
        return Some(usage(format!("unknown command `{command}`"), help));
    }
    words.iter().find_map(|word| {
        let (dashes, name) = split(word)?;
        let (name, help) = FLAGS.iter().find(|(flag, _)| *flag == name)?;
        // What fluxform has under the same name is written with two dashes.
        let ours = help.contains(&format!("`--{name}"));
        (dashes == 1 || !ours).then(|| usage(format!("unknown option `{}{name}`", &"--"[..dashes]), help))
    })
}

/// The number of dashes of an option, and its name without a value.
fn split(word: &str) -> Option<(usize, &str)> {
    let name = word.trim_start_matches('-');
    let dashes = word.len() - name.len();
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    matches!(dashes, 1 | 2).then_some((dashes, name))
}

fn usage(message: String, help: &str) -> Problem {
    Problem { exit: Exit::Usage, diagnostic: Diagnostic::error("cli::terraform", message).help(help) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn said(line: &str) -> Option<String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        answer(&words).map(|problem| format!("{}: {}", problem.diagnostic.message, problem.diagnostic.help.unwrap()))
    }

    #[test]
    fn each_spelling_of_terraform_is_answered() {
        insta::assert_snapshot!(
            [
                "plan -out=x",
                "plan -out x",
                "apply -auto-approve",
                "apply -y",
                "plan -var a=b",
                "plan -target=bucket.raw",
                "plan --target bucket.raw",
                "plan -json",
                "plan --json",
                "plan -destroy",
                "-chdir=envs/prod plan",
                "state list",
                "workspace new prod",
            ]
            .map(|line| format!("{line}\n    {}", said(line).unwrap()))
            .join("\n")
        );
    }

    #[test]
    fn what_fluxform_understands_itself_is_left_to_it() {
        for line in
            ["plan -o x", "plan -ox", "plan --out=x", "apply --auto-approve", "plan -h", "plan -- -out", "status"]
        {
            assert_eq!(said(line), None, "{line}");
        }
    }

    #[test]
    fn an_answer_names_only_options_and_commands_that_exist() {
        let mut all = super::super::Arguments::command();
        all.build();
        let flags: Vec<String> = all
            .get_subcommands()
            .chain([&all])
            .flat_map(clap::Command::get_arguments)
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        for (name, help) in FLAGS.iter().chain(COMMANDS) {
            for code in help.split('`').skip(1).step_by(2) {
                let mut words = code.split_whitespace();
                if let Some(command) = code.strip_prefix("fluxform ").and_then(|rest| rest.split_whitespace().next()) {
                    assert!(all.find_subcommand(command).is_some(), "{name}: {code}");
                }
                let unknown = words.find(|word| word.starts_with("--") && !flags.iter().any(|flag| flag == word));
                assert_eq!(unknown, None, "{name}: {code}");
            }
        }
        for (command, _) in COMMANDS {
            assert!(all.find_subcommand(command).is_none(), "`{command}` exists");
        }
    }
}
