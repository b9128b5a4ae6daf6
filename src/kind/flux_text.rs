//! Texts that the server puts into a script of its own, between quotes: `${...}` in them is Flux.

use std::collections::BTreeMap;

use crate::flux::Quoted;
use crate::redact::{Language, certain_literals};
use crate::value::Value;

/// Whether `text` certainly has a secret in plain text.
pub(super) fn has_secret(text: &str) -> bool {
    !certain_literals(Quoted::new(text).as_str(), Language::Flux).is_empty()
}

/// Why a `what` cannot be called `name`, and what its place shows.
pub(super) fn not_a_name(what: &str, name: &str) -> Option<(String, &'static str)> {
    if name.is_empty() {
        Some((format!("a {what}'s name cannot be empty"), "empty"))
    } else if name.contains("${") {
        Some((format!("a {what}'s name cannot contain `${{`"), "begins an expression in Flux"))
    } else if name.contains('\0') {
        Some((format!("a {what}'s name cannot contain a NUL"), "has a NUL"))
    } else {
        None
    }
}

/// Tags as the value of a field. One key twice is nothing that a manifest can say.
pub(super) fn tags(tags: impl Iterator<Item = (String, String)>) -> Value {
    let tags: Vec<_> = tags.collect();
    let map: BTreeMap<_, _> = tags.iter().cloned().collect();
    if map.len() < tags.len() {
        let all: Vec<_> = tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        return Value::Text(all.join(", "));
    }
    if map.is_empty() { Value::Unset } else { Value::Map(map) }
}

#[cfg(test)]
mod tests {
    use super::has_secret;

    #[test]
    fn a_secret_in_a_message_is_found_and_no_code() {
        for (message, wanted) in [
            ("apiToken=SUPERsecret123456", true),
            ("He said \"hot\" on ${ r.host } with password=S3KRIT7", true),
            ("password: ${ r.password } token=${ f(x: 1) }", false),
            ("${ r._check_name } is ${ r._level }", false),
        ] {
            assert_eq!(has_secret(message), wanted, "{message}");
        }
    }
}
