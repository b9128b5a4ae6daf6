//! Options of commands whose arguments are secrets: `--password x`, `["--password", "x"]`, `-u me:x`, `-px`.

use std::ops::Range;

use super::names::is_secret;

/// Options that take a password, and programs whose options they are.
const PROGRAMS: [(&str, &[&str]); 3] = [
    (
        "-p",
        &[
            "docker login",
            "mariadb",
            "mongo",
            "mongodump",
            "mongosh",
            "mysql",
            "mysqladmin",
            "mysqldump",
            "podman login",
            "registry login",
        ],
    ),
    ("-a", &["redis-cli"]),
    ("-w", &["ldapsearch", "ldapmodify"]),
];
/// What begins another command.
const OTHER: [char; 9] = [';', '|', '&', '(', '`', '\n', '<', '>', '\\'];

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
        return argument
            .find(':')
            .filter(|_| !is_number && !argument.contains("//"))
            .map(|at| (at + 1..argument.len(), false));
    }
    if is_number || argument.starts_with(['/', '.']) {
        return None;
    }
    takes_password(before, option).then_some((all, true))
}

/// The password that is written together with the option `word` of a program that `before` names.
pub(super) fn attached(before: &str, word: &str) -> Option<usize> {
    const OPTION: &str = "-p";
    let is_one = word.starts_with(OPTION)
        && word.len() > OPTION.len()
        && (is_sshpass(before) || names(before, &["mysql", "mysqladmin", "mysqldump", "mariadb"]));
    is_one.then_some(OPTION.len())
}

fn takes_password(before: &str, option: &str) -> bool {
    option == "-p" && is_sshpass(before)
        || PROGRAMS.iter().any(|(of, programs)| *of == option && names(before, programs))
}

/// Whether `text` ends with the name of a program that runs what follows its options.
fn is_sshpass(text: &str) -> bool {
    text.trim_end_matches([' ', '"', ',']).ends_with("sshpass")
}

/// Whether the last command in `text` has one of `programs`, which are words.
fn names(text: &str, programs: &[&str]) -> bool {
    let command = text.rsplit(OTHER).next().unwrap_or_default();
    let words: Vec<&str> = command.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_named = |program: &str| {
        let program: Vec<&str> = program.split(' ').collect();
        words.windows(program.len()).any(|words| words == program)
    };
    programs.iter().any(|program| is_named(program))
}
