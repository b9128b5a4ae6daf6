//! Answers for those whose fingers know Terraform: its flags and commands, and what fluxform calls them.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};

/// Flags of Terraform that fluxform has not, each with what to say of it wherever it is written.
const FLAGS: &[(&str, &str)] = &[
    ("allow-missing", "a server is never imported from a file; see `fluxform import --help`"),
    ("backend", STATE),
    ("backend-config", STATE),
    ("backup", STATE),
    ("chdir", "give the project's directory as an argument, as in `fluxform plan DIR`"),
    ("compact-warnings", "each warning is said once, with its place; what is for programs is written as JSON"),
    ("generate-config-out", "`fluxform export --out DIR` writes manifests of what a server has"),
    ("migrate-state", STATE),
    ("no-color", "set the environment variable NO_COLOR=1; there is no color where there is no terminal"),
    ("raw", "`fluxform output DIR ADDRESS --field id` prints one value as plain text"),
    ("reconfigure", STATE),
    ("refresh", "every plan reads the server again; there is no cached state to skip or refresh"),
    ("replace", ANEW),
    ("refresh-only", "`fluxform drift` shows what has changed on the server since the last apply"),
    ("state", STATE),
    ("state-out", STATE),
    (
        "target",
        "a plan covers its whole project, so that nothing is left half done; what is to be applied on its own belongs in a \
         directory with a `[project]` of its own",
    ),
    ("upgrade", "there are no providers to download"),
];

/// Flags that both have, and flags whose answer depends on the command.
const SHARED: &[&str] = &[
    "auto-approve",
    "destroy",
    "detailed-exitcode",
    "force",
    "help",
    "input",
    "json",
    "lock",
    "lock-timeout",
    "out",
    "parallelism",
    "var",
    "var-file",
    "version",
    "y",
    "yes",
];

const ANEW: &str = "nothing is marked: to deliver a new secret, increase `secret_version` of the token; other resources are \
                    replaced where a field that cannot change in place differs";

const STATE: &str = "there is no state file and no backend: the server keeps the ledger";

/// Commands of Terraform that fluxform lacks, each with what to do instead.
const COMMANDS: &[(&str, &str)] = &[
    (
        "console",
        "`${...}` only inserts values, there is no expression language to try out; `fluxform validate` checks the manifests, and \
         `fluxform output` prints what a project has",
    ),
    ("fmt", "manifests are plain TOML: any TOML formatter will do"),
    (
        "force-unlock",
        "`fluxform lock show` says whose the lock is, and `fluxform lock release` takes it away; a lock whose run has died is taken \
         over by the next run, after 65 seconds at most",
    ),
    ("get", "there are no modules to download"),
    ("login", "the token comes from INFLUX_TOKEN, INFLUX_TOKEN_FILE or --token-file"),
    ("logout", "fluxform stores no token"),
    ("modules", "a project is one directory; `fluxform plan DIR...` accepts several"),
    ("providers", "there are no providers: fluxform talks to InfluxDB itself"),
    ("refresh", "every plan reads the server again; `fluxform drift` shows what has changed on it"),
    (
        "state",
        "`fluxform show` lists what the project owns; `fluxform import`, `fluxform forget` and `[[moved]]` change that",
    ),
    ("taint", ANEW),
    ("untaint", "nothing is marked, so there is nothing to take back"),
    ("version", "write `fluxform --version`"),
    ("workspace", "give each environment its own project name, and use `--var-file` for what differs"),
];

/// The answer to a command line that Terraform would understand and fluxform would not, or would misread: `-out=x` is not
/// `-o ut=x`. None for any other one.
pub(super) fn answer(arguments: &[OsString]) -> Option<Problem> {
    let words: Vec<&str> = arguments.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect();
    if let Some((command, help)) = words.first().and_then(|word| COMMANDS.iter().find(|(command, _)| command == word)) {
        return Some(usage(format!("unknown command `{command}`"), help));
    }
    let known = |name: &str| SHARED.contains(&name) || FLAGS.iter().any(|(flag, _)| *flag == name);
    let asked: Vec<(usize, &str)> =
        words.iter().filter_map(|word| split(word)).filter(|(_, name)| known(name)).collect();
    if asked.is_empty() {
        return None;
    }
    let mut all = super::Arguments::command();
    all.build();
    let here = Here::of(&all, &words);
    asked.into_iter().find_map(|(dashes, name)| {
        // What fluxform has under the same name is written with two dashes.
        (dashes == 1 || !here.has(name))
            .then(|| usage(format!("unknown option `{}{name}`", &"--"[..dashes]), &here.instead_of(name)))
    })
}

/// The command that a flag was given to.
struct Here<'a> {
    all: &'a Command,
    /// The command itself; all of fluxform where none is named.
    command: &'a Command,
    name: String,
}

impl<'a> Here<'a> {
    fn of(all: &'a Command, words: &[&str]) -> Self {
        let (mut command, mut name) = (all, "fluxform".to_owned());
        for word in words.iter().filter(|word| !word.starts_with('-')) {
            let Some(next) = command.find_subcommand(word) else { break };
            command = next;
            name = format!("{name} {word}");
        }
        Self { all, command, name }
    }

    fn has(&self, name: &str) -> bool {
        option(self.command, name).is_some()
    }

    fn writes_json(&self) -> bool {
        let formats = self.command.get_arguments().filter(|argument| argument.get_long() == Some("format"));
        formats.flat_map(|format| format.get_possible_values()).any(|value| value.get_name() == "json")
    }

    /// What to write here instead of the flag `name`.
    fn instead_of(&self, name: &str) -> String {
        let here = &self.name;
        let asks = self.has("auto-approve");
        match name {
            "force" if asks => {
                "write `--auto-approve` to skip the question; guards need a consent of their own, see --help".to_owned()
            }
            "auto-approve" | "y" | "yes" if asks => "write `--auto-approve`".to_owned(),
            "input" if asks => {
                "nothing is asked where there is no terminal; write `--auto-approve` to skip the question at one"
                    .to_owned()
            }
            "auto-approve" | "y" | "yes" | "force" | "input" => format!("leave it out: `{here}` asks nothing"),
            "lock" if asks => {
                "the lock cannot be turned off; `--lock-timeout DURATION` says how long to wait for it".to_owned()
            }
            "lock" => format!("leave it out: `{here}` takes no lock"),
            "json" if self.writes_json() => "write `--format json`".to_owned(),
            "json" if here == "fluxform output" => "leave it out: `fluxform output` always prints JSON".to_owned(),
            "json" => format!("`{here}` has no output for programs"),
            "destroy" if !self.has(name) => {
                "run `fluxform destroy`; `fluxform plan --destroy` shows what it would do".to_owned()
            }
            "version" => "write `fluxform --version`".to_owned(),
            _ => match (FLAGS.iter().find(|(flag, _)| *flag == name), option(self.command, name)) {
                (Some((_, help)), _) => (*help).to_owned(),
                (None, Some(ours)) => format!("write `{ours}`"),
                (None, None) => self.elsewhere(name),
            },
        }
    }

    /// Which commands have the flag `name`, which this one has not.
    fn elsewhere(&self, name: &str) -> String {
        let have = self.all.get_subcommands().filter_map(|command| {
            let ours = option(command, name)?;
            Some(format!("`fluxform {} {ours}`", command.get_name()))
        });
        let have: Vec<_> = have.collect();
        match have.len() {
            0 => format!("`{}` has no such option; see --help", self.name),
            _ => format!("that is for {}", have.join(" and ")),
        }
    }
}

/// How `command` writes its option `name`, if it has that.
fn option(command: &Command, name: &str) -> Option<String> {
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
    let value = argument.get_value_names().filter(|_| argument.get_action().takes_values());
    Some(match value {
        Some([value, ..]) => format!("--{name} {value}"),
        _ => format!("--{name}"),
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
                "apply -out=x",
                "apply -auto-approve",
                "plan -auto-approve",
                "apply -y",
                "apply -force",
                "plan -var a=b",
                "plan -target=bucket.raw",
                "plan --target bucket.raw",
                "plan -json",
                "plan --json",
                "output -json",
                "output --json",
                "output -raw id",
                "graph --json",
                "plan -destroy",
                "apply -destroy",
                "apply --destroy",
                "plan -input=false",
                "plan --input=false",
                "apply -input=false",
                "plan -lock=false",
                "apply -lock=false",
                "lock release -force",
                "plan -parallelism=10",
                "apply -replace=bucket.raw",
                "taint bucket.raw",
                "-chdir=envs/prod plan",
                "-version",
                "plan -version",
                "version",
                "plan -help",
                "state list",
                "console",
                "force-unlock 123",
                "workspace new prod",
            ]
            .map(|line| format!("{line}\n    {}", said(line).unwrap_or_else(|| panic!("no answer: {line}"))))
            .join("\n")
        );
    }

    #[test]
    fn what_fluxform_understands_itself_is_left_to_it() {
        for line in [
            "plan -o x",
            "plan -ox",
            "plan --out=x",
            "plan --destroy",
            "apply --auto-approve",
            "plan -h",
            "--version",
            "plan -- -out",
            "status",
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }

    #[test]
    fn an_answer_names_only_options_and_commands_that_exist() {
        let mut all = super::super::Arguments::command();
        all.build();
        let has = |command: &Command, word: &str| {
            let name = word.trim_start_matches("--").split(['=', ' ']).next().unwrap_or_default();
            ["help", "version"].contains(&name) || option(command, name).is_some()
        };
        let lines = all.get_subcommands().flat_map(|command| {
            let flags = FLAGS.iter().map(|(flag, _)| flag).chain(SHARED);
            flags.map(|flag| format!("{} -{flag}", command.get_name()))
        });
        for line in lines.chain(COMMANDS.iter().map(|(command, _)| (*command).to_owned())) {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let help = answer(&words).unwrap_or_else(|| panic!("no answer: {line}")).diagnostic.help.unwrap();
            for code in help.split('`').skip(1).step_by(2) {
                let words: Vec<&str> = code.split_whitespace().collect();
                let named = if words.first() == Some(&"fluxform") {
                    Here::of(&all, &words[1..])
                } else {
                    Here::of(&all, &line.split_whitespace().collect::<Vec<_>>())
                };
                if words.first() == Some(&"fluxform") && words.len() > 1 && !words[1].starts_with('-') {
                    assert!(named.name != "fluxform", "{line}: {code}");
                }
                for word in words.iter().filter(|word| word.starts_with("--")) {
                    let anywhere = || all.get_subcommands().any(|command| has(command, word));
                    assert!(has(named.command, word) || named.name == "fluxform" && anywhere(), "{line}: {code}");
                }
            }
        }
        for (command, _) in COMMANDS {
            assert!(all.find_subcommand(command).is_none(), "`{command}` exists");
        }
    }
}
