//! The scripts that complete a command line.

use std::io::Write as _;
use std::process::Command;

use super::fluxform::Fluxform;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

fn script(shell: &str) -> String {
    let ended = Fluxform::new(&["completions", shell]).run().with(0);
    assert_eq!(ended.err, "");
    ended.out
}

#[test]
fn each_shell_gets_a_script_with_every_command() {
    let help = Fluxform::new(&["--help"]).run().with(0).out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.split("\n\n").next().unwrap().lines();
    // What is not indented as a command goes on with the line before.
    let commands: Vec<_> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    for shell in SHELLS {
        let script = script(shell);
        for command in &commands {
            assert!(script.contains(command), "{shell} lacks {command}");
        }
        assert!(script.contains("auto-approve") && script.contains("allow-data-loss"), "{shell}");
    }
    let ended = Fluxform::new(&["completions", "tcsh"]).run().with(64);
    assert!(ended.err.contains("write one of bash, elvish, fish, powershell, zsh"), "{}", ended.err);
}

/// What bash offers for the last of `words`.
fn offered(script: &str, words: &[&str]) -> Vec<String> {
    let ask = format!(
        "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_fluxform fluxform \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1
    );
    let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let script = script("bash");
    for (words, wanted) in [
        (&["fluxform", "pl"][..], &["plan"][..]),
        (&["fluxform", "lock", "re"], &["release"]),
        (&["fluxform", "plan", "--detailed"], &["--detailed-exitcode"]),
        (&["fluxform", "plan", "--format", "m"], &["markdown"]),
        (&["fluxform", "completions", "fi"], &["fish"]),
    ] {
        assert_eq!(offered(&script, words), wanted, "{words:?}");
    }
}

/// Lets a shell read its script without running it.
fn reads(shell: &str, how: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(script(shell).as_bytes()).unwrap();
    let output = Command::new(shell).arg(how).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn bash_reads_its_script() {
    reads("bash", "-n");
}

#[test]
#[cfg_attr(not(zsh), ignore = "needs zsh")]
fn zsh_reads_its_script() {
    reads("zsh", "-n");
}

#[test]
#[cfg_attr(not(fish), ignore = "needs fish")]
fn fish_reads_its_script() {
    reads("fish", "--no-execute");
}
