//! Options of commands whose arguments are secrets: `--password x`, `["--password", "x"]`, `-u me:x`, `-px`.

use std::ops::Range;

use super::names::is_secret;

/// Options that take a password, and programs whose options they are.
const PROGRAMS: [(&str, &[&str]); 3] = [
    (
        "-p",
        &[
            "docker",
            "helm",
            "mariadb",
            "mongo",
            "mongodump",
            "mongosh",
            "mysql",
            "mysqladmin",
            "mysqldump",
            "podman",
            "sshpass",
        ],
    ),
    ("-a", &["redis-cli"]),
    ("-w", &["ldapsearch", "ldapmodify"]),
];
/// Programs for which `-p` is something else.
const NO_PASSWORD: [&str; 12] =
    ["cp", "install", "mkdir", "nc", "nmap", "patch", "pgrep", "pg_dump", "ps", "psql", "scp", "ssh"];

/// Which part of `argument` is a secret after `option` of a program that `before` names, and whether that is certain.
pub(super) fn option(before: &str, option: &str, argument: &str) -> Option<(Range<usize>, bool)> {
    let name = option.strip_prefix('-')?.trim_start_matches('-');
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let is_number = argument.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    if !is_word || argument.is_empty() || argument.starts_with('-') {
        return None;
    }
    let all = 0..argument.len();
    if is_secret(name) {
        return Some((all, true));
    }
    if matches!(option, "-u" | "--user") {
        return argument.find(':').filter(|_| !is_number).map(|at| (at + 1..argument.len(), false));
    }
    if is_number || argument.starts_with(['/', '.']) {
        return None;
    }
    if takes_password(before, option) {
        return Some((all, true));
    }
    (option == "-p" && !names(before, &NO_PASSWORD)).then_some((all, false))
}

/// The password that is written together with the option `word` of a program that `before` names.
pub(super) fn attached(before: &str, word: &str) -> Option<usize> {
    const OPTION: &str = "-p";
    let is_one = word.starts_with(OPTION)
        && word.len() > OPTION.len()
        && ["mysql", "mysqladmin", "mysqldump", "mariadb", "sshpass"].iter().any(|name| names(before, &[name]));
    is_one.then_some(OPTION.len())
}

fn takes_password(before: &str, option: &str) -> bool {
    PROGRAMS.iter().any(|(of, programs)| *of == option && names(before, programs))
}

/// Whether one of `programs` is a word of `text`.
fn names(text: &str, programs: &[&str]) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).any(|word| programs.contains(&word))
}
