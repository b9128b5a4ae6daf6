//! What is said of options and commands that fluxform has not.

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

/// What the whole program says of a command line.
fn whole(line: &str) -> String {
    said(line).unwrap_or_else(|| {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let line = std::iter::once(OsString::from("fluxform")).chain(words.iter().cloned());
        let error = super::super::command().try_get_matches_from(line).expect_err("a wrong command line");
        let diagnostic = explain(&error, &words).expect("an unknown word").diagnostic;
        format!("{}: {}", diagnostic.message, diagnostic.help.expect("a tip"))
    })
}

#[test]
fn what_people_try_is_answered_and_nothing_is_guessed() {
    insta::assert_snapshot!(
        [
            "plan --jsn",
            "apply --dry-run",
            "destroy --dry-run",
            "apply --approve",
            "apply --auto-aprove",
            "plan --yes",
            "plan --detailed-exit-code",
            "drift --exit-code",
            "plan --exit-code",
            "plan --tokn x",
            "plan --token x",
            "plan --url x",
            "validate --url x",
            "plan --profile x",
            "plan --quiet",
            "plan -q",
            "plan -z",
            "apply --rotate",
            "apply --prune",
            "apply --only x",
            "apply --out x",
            "drift --adopt",
            "graph --markdown",
            "output --host x --nonsense",
            "plan --insecure",
            "status . extra",
            "plann",
            "aply",
            "delete bucket.raw",
            "list",
            "lst",
            "diff",
            "check",
            "test",
            "lint",
            "format",
            "edit",
            "up",
            "down",
            "unlock",
            "deliver",
            "buckets",
            "token",
            "frobnicate",
            "lock shwo",
            "lock give",
            "help plann",
            "help frobnicate",
            "flux lint",
            "--frobnicate",
        ]
        .map(|line| format!("{line}\n    {}", whole(line)))
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
    let all = all();
    let has = |command: &Command, word: &str| {
        let name = word.trim_start_matches("--").split(['=', ' ']).next().unwrap_or_default();
        ["help", "version"].contains(&name) || option(command, name).is_some()
    };
    let lines = all.get_subcommands().flat_map(|command| {
        let flags = OPTIONS.iter().chain(SYNONYMS).map(|(option, _)| option).chain(SHARED);
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

#[test]
fn a_word_that_may_be_a_secret_is_not_said() {
    for line in ["INFLUX_TOKEN=S3KRIT plan", "plan --tokenS3KRIT", "plan --var db_password:S3KRIT"] {
        assert!(!whole(line).contains("S3KRIT"), "{line}: {}", whole(line));
    }
    assert!(whole("plan --token-fil x").contains("--token-fil`"));
}
