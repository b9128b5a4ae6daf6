//! What is called like a secret, and may be none for its value.

use std::collections::HashSet;

/// No part of a path or an address that looks like none is longer.
const NAME: usize = 32;

/// Whether a value without quotes can be no secret: yes or no, or a number that is too short.
pub(crate) fn is_no_secret(value: &str) -> bool {
    let is_short = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    // A lone dash stands for standard input.
    is_short || matches!(value, "-" | "true" | "false" | "null" | "nil" | "none" | "None")
}

/// The kinds of the tables of a manifest, as far as their headers begin lines.
pub(super) fn kinds(manifest: &str) -> HashSet<&str> {
    let headers = manifest.lines().filter_map(|line| line.trim_start().strip_prefix('['));
    headers.filter_map(|header| Some(header.split_once('.')?.0)).collect()
}

/// Whether `value`, which stands where a secret may be, is the address of a resource of one of `kinds`.
pub(super) fn is_address(value: &str, kinds: &HashSet<&str>) -> bool {
    value.split_once('.').is_some_and(|(kind, key)| kinds.contains(kind) && !key.is_empty() && is_name(key))
}

/// Whether `value`, which stands where a secret may be, is the path of a file in a directory.
pub(super) fn is_path(value: &str) -> bool {
    value.rsplit_once('/').is_some_and(|(_, file)| file.contains('.')) && value.split(['/', '.']).all(is_name)
}

fn is_name(part: &str) -> bool {
    part.len() <= NAME && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Whether `value` is the path of a file with the secret, for names that may have either.
pub(super) fn names_file(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["bearer_token", "private_key", "privatekey", "credentials"].iter().any(|end| name.ends_with(end))
        && ["/", "./", "../", "~/"].iter().any(|begin| value.starts_with(begin))
}

/// Whether the string `value` of what is called like a secret is one for certain. What is called the address of a database may
/// have no password, or a variable for it.
pub(super) fn is_certain(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_address = name.ends_with("dsn") || name.ends_with("string") && name.contains("conn");
    !(name == "community" && value == "public" || is_address && !tells_password(value))
}

fn tells_password(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    !address.contains('$') && ["@", "pass", "pwd", "key=", "sig="].iter().any(|mark| address.contains(mark))
}

/// Whether `word` may be one of a language, after which there is nothing to hide: `token: see the wiki`.
pub(super) fn is_prose(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',', '!', '?', ';', ':', ')']);
    let rest = word.strip_prefix(|c: char| c.is_alphabetic()).unwrap_or(word);
    rest.chars().all(|c| c.is_lowercase() || matches!(c, '-' | '\'' | '/'))
}
