//! Secrets in plain text where somebody has written them: strings of keys that are called like secrets.

use std::ops::Range;

/// What is shown where a secret was.
pub(crate) const HIDDEN: &str = "***";

/// The ends of keys whose values are secrets: `token`, `influx_token`, `X-Auth-Token`.
const KEYS: [&str; 11] = [
    "access_key",
    "api_key",
    "apikey",
    "authorization",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "secret_key",
    "token",
];

/// Where `text`, which is or was to be TOML, gives a string to a key that is called like a secret: the bytes between the
/// quotes, or up to the end of the line where they are not closed. Also where a string has one, as addresses of databases do:
/// `host=db password=x`, `user:x@tcp(db)`, `https://user:x@db`.
pub(crate) fn literals(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('=') {
        if is_secret(key_before(&text[..at])) && found.last().is_none_or(|last| last.end <= at) {
            found.extend(value(text, at + 1));
        }
    }
    let of_keys = found.len();
    for span in super::credentials(text).into_iter().chain(databases(text)) {
        let next = found[..of_keys].partition_point(|value| value.end <= span.start);
        if found[..of_keys].get(next).is_none_or(|value| span.end <= value.start) {
            found.push(span);
        }
    }
    found.sort_unstable_by_key(|span| (span.start, span.end));
    let mut end = 0;
    found.retain(|span| {
        span.start >= end && {
            end = span.end;
            true
        }
    });
    found
}

/// The same in the configuration of a program that replaces `$NAME` and `${NAME}` by variables of its environment, and
/// `@{store:name}` by what a store of secrets has: these name secrets, and are none.
pub(crate) fn literals_in_config(text: &str) -> Vec<Range<usize>> {
    let mut found = literals(text);
    found.retain(|span| {
        let value = &text[span.clone()];
        // A user without a password tells nothing.
        let password =
            value.split_once(':').filter(|_| text[span.end..].starts_with('@')).map(|(_, password)| password);
        !is_reference(value) && !password.is_some_and(is_reference)
    });
    found
}

/// `text`, the configuration of such a program, with [`HIDDEN`] in the place of secrets.
pub(crate) fn without_literals(text: &str) -> String {
    let mut out = text.to_owned();
    literals_in_config(text).into_iter().rev().for_each(|span| out.replace_range(span, HIDDEN));
    out
}

/// Whether `value` only names what it stands for; what a header has before a token counts for nothing.
fn is_reference(value: &str) -> bool {
    let value = ["Bearer ", "Token ", "Basic "].into_iter().find_map(|word| value.strip_prefix(word)).unwrap_or(value);
    without_reference(value).is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_reference))
}

/// What follows the reference that `value` begins with; none if it begins with none.
fn without_reference(value: &str) -> Option<&str> {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let within = |open| value.strip_prefix(open).and_then(|rest: &str| rest.split_once('}'));
    if let Some((name, rest)) = within("${") {
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

/// The last part of the key that ends where `before` does.
fn key_before(before: &str) -> &str {
    let key = before.trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'', '\\']);
    let start = key.rfind(['\n', '{', '[', ',', '.', ' ', '\t', '"', '\'', ';', '?', '&', '=']).map_or(0, |at| at + 1);
    &key[start..]
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    KEYS.iter().any(|end| key.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// The value that is written from byte `at` of `text`, without its quotes; none that is empty, or no text.
fn value(text: &str, at: usize) -> Option<Range<usize>> {
    let value = text[at..].trim_start_matches([' ', '\t']);
    let quotes = ["\"\"\"", "'''", "\\\"", "\"", "'"];
    let (start, length) = match quotes.into_iter().find(|quote| value.starts_with(quote)) {
        Some(quote) => {
            let start = text.len() - value.len() + quote.len();
            (start, end(&text[start..], quote))
        }
        // In a string.
        None => {
            (at, text[at..].find(|c: char| c.is_whitespace() || "\"'`;&,={[\\".contains(c)).unwrap_or(text.len() - at))
        }
    };
    (length > 0).then(|| start..start + length)
}

/// Where the string that `text` begins with ends.
fn end(text: &str, quote: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == '\n' && quote.len() < 3 {
            return at;
        }
        if escaped {
            escaped = false;
        } else if text[at..].starts_with(quote) {
            return at;
        } else if c == '\\' && quote.starts_with('"') {
            escaped = true;
        }
    }
    text.len()
}

/// Where `text` has a user and a password before the address of a database: `user:password@tcp(db:3306)/`.
fn databases(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    for (end, _) in text.match_indices('@') {
        let before = &text[from..end];
        let start = before.rfind(|c: char| c.is_whitespace() || "\"'`,".contains(c)).map_or(from, |at| from + at + 1);
        let is_address = ["@tcp(", "@unix(", "@("].into_iter().any(|mark| text[end..].starts_with(mark));
        if is_address && text[start..end].contains(':') {
            found.push(start..end);
        }
        from = end + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        literals(text).into_iter().map(|span| &text[span]).collect()
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
            ("influx_token = \"s3cr3t\"", "s3cr3t"),
            ("headers = { Authorization = \"Token s3cr3t\" }", "Token s3cr3t"),
            ("config = \"token = \\\"s3cr3t\\\"\\n\"", "s3cr3t"),
            ("address = \"host=db password=s3cr3t sslmode=off\"", "s3cr3t"),
            ("servers = [\"Server=db;Password=s3cr3t;log=1\"]", "s3cr3t"),
            ("url = \"https://h/m?token=s3cr3t&a=b\"", "s3cr3t"),
            ("servers = [\"user:s3cr3t@tcp(db:3306)/\"]", "user:s3cr3t"),
        ] {
            assert_eq!(found(text), [secret], "{text}");
        }
    }

    /// Nothing here may take the square of the length.
    #[test]
    fn much_of_what_begins_a_secret_is_read_to_the_end() {
        for (piece, secrets) in [
            ("=", 0),
            ("@(", 0),
            ("://a:b@h/ ", 1),
            ("a:b@tcp( ", 1),
            ("token=\"a\" ", 1),
            ("token=;", 0),
            ("token = ", 0),
            ("${", 0),
        ] {
            let times = (1 << 20) / piece.len();
            assert_eq!(literals_in_config(&piece.repeat(times)).len(), secrets * times, "{piece}");
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "token_id = \"0123456789abcdef\"",
            "password = { env = \"X\" }",
            "password={ env = \"X\" }",
            "password_version = 2",
            "name = \"token\"",
            "token = \"\"",
            "flux = \"token == x\"",
            "[token.a]",
            "broken = \"b\"",
            "servers = [\"tcp(db:3306)/\"]",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_names_a_secret_is_none_in_a_configuration() {
        for (text, shown) in [
            ("token = \"$INFLUX_TOKEN\"", "token = \"$INFLUX_TOKEN\""),
            ("token = \"${INFLUX_TOKEN}\"", "token = \"${INFLUX_TOKEN}\""),
            ("token = \"${T:?not set}\"", "token = \"${T:?not set}\""),
            ("token = \"@{store:token}\"", "token = \"@{store:token}\""),
            ("Authorization = \"Bearer ${T}\"", "Authorization = \"Bearer ${T}\""),
            ("token = \"${T:-s3cr3t}\"", "token = \"***\""),
            ("token = \"s3cr3t\" # a", "token = \"***\" # a"),
            ("token = \"pa$$word\"", "token = \"***\""),
            ("u = \"http://a:b@h\"\npassword = 's3cr3t'", "u = \"http://***@h\"\npassword = '***'"),
            ("u = \"http://${USER}:${P}@h\"", "u = \"http://${USER}:${P}@h\""),
            ("u = \"http://me:$P@h\"", "u = \"http://me:$P@h\""),
            ("u = \"http://$ME:p@h\"", "u = \"http://***@h\""),
        ] {
            assert_eq!(without_literals(text), shown, "{text}");
        }
    }
}
