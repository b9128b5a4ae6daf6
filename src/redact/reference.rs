//! What only names a secret: a variable of the environment, or an entry of a store of secrets.

/// What a header has before a token.
const SCHEMES: [&str; 7] = ["Api-Token", "ApiKey", "Basic", "Bearer", "Key", "Splunk", "Token"];

/// Whether `word` is what a header has before a token.
pub(super) fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether `value` in a Telegraf configuration only names what it stands for; what a header has before a token counts for
/// nothing. `$${NAME}` is what Telegraf reads as the text `${NAME}`.
pub(super) fn is_reference(value: &str) -> bool {
    let mut rest = match value.split_once(' ') {
        Some((scheme, token)) if is_scheme(scheme) => token,
        _ => value,
    };
    loop {
        rest = match without_reference(rest) {
            None => return false,
            Some("") => return true,
            Some(rest) => rest.strip_prefix(':').unwrap_or(rest),
        };
    }
}

/// What follows the reference that `value` begins with; none if it begins with none.
fn without_reference(value: &str) -> Option<&str> {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let within = |open| value.strip_prefix(open).and_then(|rest: &str| rest.split_once('}'));
    if let Some((name, rest)) = within("${").or_else(|| within("$${")) {
        // What follows `:-` would be a secret.
        return is_name(name.split_once(":?").map_or(name, |(name, _)| name)).then_some(rest);
    }
    if let Some((stored, rest)) = within("@{") {
        return stored.split_once(':').is_some_and(|(store, name)| is_name(store) && is_name(name)).then_some(rest);
    }
    let name = value.strip_prefix('$')?;
    let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
    (length > 0).then(|| &name[length..])
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn what_has_a_text_of_its_own_is_no_reference() {
        for reference in [
            "$T",
            "${T}",
            "$${T}",
            "@{store:key}",
            "Bearer ${T}",
            "Token $T",
            "${A}:${B}",
            "@{s:user}:@{s:key}",
            "${A}${B}",
            "${T:?not set}",
        ] {
            assert!(is_reference(reference), "{reference}");
        }
        for value in ["", "$", "pa$$word", "$$", "${T:-s3cr3t}", "x${T}", "${T}x", "@{key}", "${T", "$${}", "Bearer x"]
        {
            assert!(!is_reference(value), "{value}");
        }
    }
}
