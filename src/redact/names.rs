//! What a secret is called.

use std::borrow::Cow;

/// Words that make a name one of a secret, wherever they stand in it: `api_token`, `password_old`.
const WORDS: [&str; 12] = [
    "apikey",
    "authorization",
    "bearer",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "psk",
    "pwd",
    "secret",
    "token",
];
/// Those that do at the end of a name: `db_pass`, but not `pass_through`.
const LAST: [&str; 11] =
    ["community", "cookie", "cookies", "creds", "dsn", "pass", "passcode", "pw", "sas", "sig", "signature"];
/// What a key is of that is a secret. One alone is a tag, a column or a label.
const KEYS: [&str; 23] = [
    "access",
    "account",
    "api",
    "app",
    "application",
    "auth",
    "encryption",
    "hmac",
    "ingestion",
    "insert",
    "instrumentation",
    "integration",
    "license",
    "master",
    "priv",
    "private",
    "secret",
    "service",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
];
/// Other secrets whose names are two words.
const PAIRS: [(&str, &str); 4] = [("auth", "string"), ("conn", "string"), ("connection", "string"), ("x", "auth")];
/// Ends of words that are written together: `dbpassword`, `authtoken`.
const ENDS: [&str; 13] = [
    "accesskey",
    "apikey",
    "connectionstring",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sharedkey",
    "token",
];
/// What stands before `pass` in a word or a name that is no password; Telegraf's filters are among them.
const NO_PASSWORD: [&str; 18] = [
    "all", "ask", "band", "by", "com", "encom", "field", "first", "high", "low", "metric", "multi", "name", "over",
    "sur", "tag", "tres", "under",
];
/// Last words of names that say something about a secret: `token_file`, `tokens_per_second`.
const ABOUT: [&str; 72] = [
    "address",
    "addresses",
    "age",
    "alg",
    "algorithm",
    "arn",
    "audience",
    "bucket",
    "cmd",
    "column",
    "command",
    "count",
    "dir",
    "directory",
    "disabled",
    "duration",
    "enabled",
    "endpoint",
    "env",
    "exclude",
    "exec",
    "executable",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "filename",
    "files",
    "format",
    "header",
    "helper",
    "hook",
    "host",
    "hosts",
    "hour",
    "id",
    "ids",
    "include",
    "interval",
    "issuer",
    "kind",
    "length",
    "lifetime",
    "limit",
    "location",
    "method",
    "minute",
    "mode",
    "name",
    "path",
    "period",
    "policy",
    "prefix",
    "program",
    "provider",
    "rate",
    "required",
    "script",
    "second",
    "seconds",
    "separator",
    "server",
    "servers",
    "size",
    "stdin",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];
/// First words of names that say how many or whether.
const NUMBER: [&str; 13] =
    ["allow", "ask", "disable", "enable", "has", "max", "min", "no", "num", "require", "skip", "use", "without"];

/// Whether what is called so is a secret: the key of a table, a header, a parameter, an option of a command. `key` and what
/// only says something about a secret are none.
pub(crate) fn is_secret(name: &str) -> bool {
    // Most names are one word, and there are many.
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return name_a_secret(&[name]);
    }
    let words = words(&decoded(name));
    name_a_secret(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether the words of a name make it that of a secret.
fn name_a_secret(words: &[&str]) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    if let [.., before, "pass"] = words {
        return !NO_PASSWORD.contains(before);
    }
    let mut pairs = words.windows(2).map(|pair| (pair[0], pair[1]));
    let is_pair =
        |pair: (&str, &str)| PAIRS.contains(&pair) || KEYS.contains(&pair.0) && matches!(pair.1, "key" | "keys");
    !ABOUT.contains(last)
        && !NUMBER.contains(first)
        && (LAST.contains(last) || words.iter().any(|word| is_telling(word)) || pairs.any(is_pair))
}

/// Whether what is called so only says something about what it stands beside.
pub(super) fn is_about(name: &str) -> bool {
    words(name).last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

fn is_telling(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    let ends = |word: &str| ENDS.iter().any(|end| word.ends_with(end));
    WORDS.contains(&one)
        || ends(one)
        || word.strip_suffix("pass").is_some_and(|before| !before.is_empty() && !NO_PASSWORD.contains(&before))
        || word.strip_suffix("pw").is_some_and(|before| before.len() > 1)
}

/// The words of a name in lower case: `apiToken`, `api-token` and `API_TOKEN2` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = name.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let begins = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_uppercase() && chars.peek().is_some_and(char::is_ascii_lowercase));
        if begins || !c.is_alphabetic() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// `name` with what URLs write as `%6b`.
fn decoded(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return name.into();
    }
    let pair = format!("{name}=");
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned());
    decoded.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            "token",
            "influx_token",
            "X-Auth-Token",
            "bearer_token_string",
            "community",
            "private_key",
            "pass",
            "passwd",
            "pwd",
            "passphrase",
            "jwt",
            "psk",
            "apiToken",
            "clientSecret",
            "accessKey",
            "password2",
            "dbpass",
            "access_key",
            "secret_key",
            "credentials",
            "auth_token",
            "sas",
            "dsn",
            "connection_string",
            "apikey",
            "API_KEY",
            "x-api-key",
            "to%6ben",
            "authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-Amz-Signature",
            "tls_key_pwd",
            "APIToken",
            "ApiKey2",
            "secretAccessKey",
            "password_old",
            "sasl_password",
            "dbpassword",
            "authtoken",
            "clientsecret",
            "AccountKey",
            "SharedAccessKey",
            "userPass",
            "root_pw",
            "bindpw",
            "tokens",
            "X-Auth",
            "instrumentation_key",
            "passwords",
            "privateKeyPassphrase",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn other_names_are_not_taken_for_those_of_secrets() {
        for name in [
            "token_file",
            "password_file",
            "token_path",
            "secret_path",
            "bypass",
            "compass",
            "passive",
            "pass_through",
            "passthrough",
            "tokens_per_second",
            "key",
            "namepass",
            "fieldpass",
            "tagpass",
            "metricpass",
            "namePass",
            "token_id",
            "password_version",
            "private_key_file",
            "private_key_path",
            "max_tokens",
            "token_type",
            "tokenizer",
            "secretstore",
            "tag_keys",
            "routing_key",
            "tls_key",
            "primary_key",
            "auth_protocol",
            "monkey",
            "username",
            "credentials_file",
            "use_token",
            "signature_version",
            "",
            "access_key_id",
            "key_id",
            "broken",
            "client_key",
            "community_id",
            "secret_name",
            "name",
            "string",
            "SSH_ASKPASS",
            "credential-helper",
            "token_server",
            "password-stdin",
            "no-password",
            "skip-password",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
