//! What is hidden in a command: the value of a few options and headers, and the password of a URL, where it can be nothing else.
//!
//! Whoever reviews a command is to see all that it may run or connect to. So nothing is hidden in a command that has code in it,
//! or a program that may run what stands in its arguments: such code finds every word of the command, also in its environment
//! and in `/proc`. In doubt, a command is shown.

mod programs;

use std::ops::Range;

use super::doubt::is_no_secret;
use super::literals::Search;
use super::names::is_secret;
use super::{reference, shapes, urls};
use programs::{ONLY_SENDS, attached, follows, is_runner};

/// How what a key has is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Runs {
    /// Not at all.
    #[default]
    Not,
    /// It is the code of a program, or its environment.
    Code,
    /// Each string of it is a command.
    Lines,
    /// A list of it is one command, word by word.
    List,
}

impl Runs {
    /// Of a key that is called so: its last word tells.
    pub(super) fn of(key: &str) -> Self {
        match key.rsplit(['_', '-']).next().unwrap_or(key) {
            "cmd" | "command" | "exec" | "run" => Self::List,
            "commands" => Self::Lines,
            "environment" | "script" | "scripts" | "source" => Self::Code,
            _ => Self::Not,
        }
    }
}

/// Options before a header.
const HEADER: [&str; 3] = ["-H", "--header", "--proxy-header"];
/// Last words of the options that certainly take a secret.
const OPTIONS: [&str; 9] = [
    "access-token",
    "api-key",
    "apikey",
    "client-secret",
    "passphrase",
    "passwd",
    "password",
    "secret-access-key",
    "token",
];
/// No label of the name of a host is longer.
const LABEL: usize = 63;

/// The secrets in the words `argv` of a command: in which word, and what of it. They are in order.
pub(super) fn secrets(argv: &[&str]) -> Vec<(usize, Range<usize>)> {
    let Some(program) = argv.first() else { return Vec::new() };
    let has_code = argv.iter().any(|word| is_runner(word))
        || !ONLY_SENDS.contains(program) && !argv.iter().all(|word| is_plain(word));
    if has_code {
        return Vec::new();
    }
    // What follows `--` are no options.
    let end = argv.iter().position(|word| *word == "--").unwrap_or(argv.len());
    let found = (1..end).flat_map(|at| in_word(&argv[..=at]).into_iter().map(move |secret| (at, secret)));
    found.filter(|(at, secret)| can_be_hidden(&argv[*at][secret.clone()])).collect()
}

/// What may be a secret in the last word of `argv`.
fn in_word(argv: &[&str]) -> Vec<Range<usize>> {
    let [before @ .., word] = argv else { return Vec::new() };
    let option = *before.last().expect("invariant: there is a program");
    if HEADER.contains(&option) {
        return header(word).into_iter().collect();
    }
    // What follows an option that takes a value is no option.
    let is_option = |words: &[&str]| words.last().is_some_and(|word| !word.starts_with('-') || word.contains('='));
    if let Some(start) = follows(before, word).filter(|_| is_option(&before[..before.len() - 1])) {
        return kept(word, start..word.len());
    }
    if let Some(start) = attached(before, word).filter(|_| is_option(before)) {
        return kept(word, start..word.len());
    }
    let Some((name, value)) = word.split_once('=').filter(|(name, _)| name.starts_with("--")) else {
        return urls::certain(word);
    };
    let moved = |Range { start, end }: Range<usize>| name.len() + 1 + start..name.len() + 1 + end;
    let found = match () {
        () if HEADER.contains(&name) => header(value).into_iter().collect(),
        () if takes_secret(name) => kept(value, 0..value.len()),
        () => urls::certain(value),
    };
    found.into_iter().map(moved).collect()
}

/// `value` of `word`, unless it is where something connects to.
fn kept(word: &str, value: Range<usize>) -> Vec<Range<usize>> {
    if is_host(&word[value.clone()]) { Vec::new() } else { vec![value] }
}

/// The last word of a header that is a secret: `Authorization: Bearer x`, `X-Token: x`.
fn header(text: &str) -> Option<Range<usize>> {
    let (name, value) = text.split_once(": ")?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let token = value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme)).map_or(value, |(_, token)| token);
    (is_name && is_secret(name)).then_some(text.len() - token.len()..text.len())
}

/// Whether what stands before a token in a header is `word`.
fn is_scheme(word: &str) -> bool {
    shapes::is_scheme(word) || reference::is_scheme(word)
}

fn takes_secret(option: &str) -> bool {
    let name = option.trim_start_matches('-');
    is_secret(name)
        && OPTIONS
            .iter()
            .any(|end| name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('-')))
}

/// Whether it is one word to every program, and no path of one.
fn can_be_hidden(value: &str) -> bool {
    !value.is_empty() && !is_no_secret(value) && !is_path(value) && value.chars().all(|c| c != ' ' && is_letter(c))
}

/// Whether `c` stands for itself in every shell, and in nothing that runs for more than a part of a name.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || " -_./:@=+,%~".contains(c)
}

fn is_plain(word: &str) -> bool {
    word.chars().all(|c| is_letter(c) || urls::is_url(word) && "?&#;".contains(c))
}

/// Whether `value` may be the path of a program.
pub(super) fn is_path(value: &str) -> bool {
    let begins = |(at, _): (usize, &str)| {
        let before = value[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '+' && c != '/')
    };
    value.match_indices('/').any(begins)
}

/// Whether `value` may be the name of a host or a file, perhaps with what follows it. A token of a service that has a dot is none.
pub(super) fn is_host(value: &str) -> bool {
    let host = value.split([':', '/']).next().unwrap_or_default();
    let is_label = |label: &str| {
        (1..=LABEL).contains(&label.len()) && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    let port = value[host.len()..].strip_prefix(':').map(|rest| rest.split('/').next().unwrap_or(rest));
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    let is_name = host == "localhost" || host.contains('.') || has_port;
    is_name && host.split('.').all(is_label) && !shapes::is_token(value)
}

/// Finds the secrets of a command whose words stand there in the text, each without its quotes.
pub(super) fn find(search: &mut Search<'_>, words: &[Range<usize>]) {
    let text = search.text;
    let argv: Vec<&str> = words.iter().map(|word| &text[word.clone()]).collect();
    for (at, Range { start, end }) in secrets(&argv) {
        search.add(words[at].start + start..words[at].start + end, true);
    }
}

/// Finds the secrets of the command in the string `line` of TOML, which is read as words, or by a shell.
pub(super) fn find_in_line(search: &mut Search<'_>, line: Range<usize>) {
    if let Some(words) = words(search.text, line) {
        find(search, &words);
    }
}

/// The words of the string `line` in `text`; none where a shell would see more in it.
fn words(text: &str, line: Range<usize>) -> Option<Vec<Range<usize>>> {
    // How such a string writes a quote.
    let quote = if text[..line.start].ends_with('"') { "\\\"" } else { "\"" };
    let Range { start: mut at, end } = line;
    let mut words = Vec::new();
    loop {
        let rest = &text[at..end];
        at += rest.len() - rest.trim_start_matches(' ').len();
        let rest = &text[at..end];
        if rest.is_empty() {
            return Some(words);
        }
        let mark = ["'", quote].into_iter().find(|mark| rest.starts_with(mark));
        let (word, after) = match mark {
            Some(mark) => {
                let within = &rest[mark.len()..];
                let length = within.find(mark)?;
                if within[..length].contains(|c: char| c.is_control() || "\\$`".contains(c)) {
                    return None;
                }
                let start = at + mark.len();
                (start..start + length, start + length + mark.len())
            }
            None => {
                let length = rest.find(' ').unwrap_or(rest.len());
                if !rest[..length].chars().all(|c| is_letter(c) || c == '?') {
                    return None;
                }
                (at..at + length, at + length)
            }
        };
        if !text[after..end].is_empty() && !text[after..end].starts_with(' ') {
            return None;
        }
        words.push(word);
        at = after;
    }
}

/// Finds the secrets of commands in the text, as we write them: `command ["a", "b"]`, also in a list, up to where something else
/// begins.
pub(super) fn find_in_lists(search: &mut Search<'_>) {
    const COMMAND: &str = "command [";
    let text = search.text;
    let mut rest = text.strip_prefix("(secret from ").or_else(|| text.strip_prefix('[')).unwrap_or(text);
    while let Some(list) = rest.strip_prefix(COMMAND) {
        let start = text.len() - list.len();
        let Some((words, end)) = list_at(text, start) else { return };
        find(search, &words);
        rest = text[end..].strip_prefix(", ").unwrap_or_default();
    }
}

/// The strings of the list whose first one begins at `at`, and where it ends.
fn list_at(text: &str, mut at: usize) -> Option<(Vec<Range<usize>>, usize)> {
    let mut words = Vec::new();
    loop {
        let string = text[at..].strip_prefix('"')?;
        let mut is_escaped = false;
        let ends = |(_, c): &(usize, char)| {
            let ends = *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            ends
        };
        let (length, _) = string.char_indices().find(ends)?;
        words.push(at + 1..at + 1 + length);
        let after = &string[length + 1..];
        at = text.len() - after.len();
        if after.starts_with(']') {
            return Some((words, at + 1));
        }
        at = text.len() - after.strip_prefix(", ")?.len();
    }
}

#[cfg(test)]
mod tests;
