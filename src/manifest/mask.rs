//! Values that look like secrets, in the lines that diagnostics show: somebody wrote them where no secret can stand.

use std::ops::Range;

/// The last parts of keys whose values are secrets.
const KEYS: [&str; 12] = [
    "access_key",
    "access_token",
    "admin_token",
    "api_key",
    "api_token",
    "apikey",
    "auth_token",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];

/// Where `text`, which is or was to be TOML, gives a string to a key that is called like a secret: the bytes between the
/// quotes, or up to the end of the line where they are not closed.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('=') {
        if !is_secret(key_before(&text[..at])) {
            continue;
        }
        let value = text[at + 1..].trim_start_matches([' ', '\t']);
        let start = text.len() - value.len();
        let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| value.starts_with(quote)) else {
            continue;
        };
        let start = start + quote.len();
        let end = end(&text[start..], quote);
        if end > 0 {
            found.push(start..start + end);
        }
    }
    let apart = |url: &Range<usize>| found.iter().all(|value| url.end <= value.start || value.end <= url.start);
    let urls: Vec<_> = crate::redact::credentials(text).into_iter().filter(apart).collect();
    found.extend(urls);
    found.sort_unstable_by_key(|span| span.start);
    found
}

/// The last part of the key that ends where `before` does.
fn key_before(before: &str) -> &str {
    let key = before.trim_end_matches([' ', '\t']);
    let start = key.rfind(['\n', '{', '[', ',', '.', ' ', '\t']).map_or(0, |at| at + 1);
    key[start..].trim_matches(['"', '\''])
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    KEYS.contains(&key.as_str())
}

/// Where the string that `text` begins with ends.
fn end(text: &str, quote: &str) -> usize {
    let line = text.find('\n').unwrap_or(text.len());
    let until = if quote.len() == 3 { text.len() } else { line };
    let mut escaped = false;
    for (at, c) in text[..until].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote.starts_with('"') {
            escaped = true;
        } else if text[at..].starts_with(quote) {
            return at;
        }
    }
    until
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        secrets(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn strings_of_keys_that_are_called_like_secrets_are_found() {
        for (text, secret) in [
            ("[server]\ntoken = \"s3cr3t==\"", "s3cr3t=="),
            ("Token='s3cr3t'", "s3cr3t"),
            ("server.token = \"s3cr3t\" # x", "s3cr3t"),
            ("a = { name = 1, \"api-key\" = \"s3cr3t\" }", "s3cr3t"),
            ("password = \"a\\\"b\"", "a\\\"b"),
            ("secret = \"s3cr3t\nnext = 1", "s3cr3t"),
            ("token = \"\"\"s3\ncr3t\"\"\"", "s3\ncr3t"),
            ("token = '\\'", "\\"),
            ("url = \"https://a:s3cr3t@h\"", "a:s3cr3t"),
            ("token = \"https://a:b@h\"", "https://a:b@h"),
        ] {
            assert_eq!(found(text), [secret], "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "token_id = \"0123456789abcdef\"",
            "password = { env = \"X\" }",
            "password_version = 2",
            "name = \"token\"",
            "token = \"\"",
            "flux = \"token == x\"",
            "[token.a]",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
