//! Values without their secrets: as people see them, and as they are written down to be compared later.

use std::borrow::Cow;

use super::{Value, digest};
use crate::kind;
use crate::redact::{HIDDEN, is_sealed, is_secret, sealed, sealed_words, without_path, without_secrets};
use crate::secret::{Sink, Source};

/// What a field of a table is called where that tells whether it is a secret: `secret` names one by its key, and is none.
pub(crate) fn called(key: &str) -> &str {
    if key == "secret" { "key" } else { key }
}

/// `text`, which stands under `key` in the field `field`, without secrets: nothing of it if the key is called like one.
pub(crate) fn masked<'t>(field: &str, key: &str, text: &'t str) -> Cow<'t, str> {
    match kind::path_shown(field, key) {
        _ if is_secret(key) => HIDDEN.into(),
        Some(path) => without_path(text, path),
        None => without_secrets(text),
    }
}

/// `text` as it is written down: people see it alike, and another secret makes another text.
pub(crate) fn sealed_text(field: &str, key: &str, text: &str) -> String {
    let shown = masked(field, key, text);
    if is_sealed(text) || shown == text { text.to_owned() } else { sealed(&shown, text, digest) }
}

impl Value {
    /// The same, which is the value of `field`, as it is written down.
    #[must_use]
    pub(crate) fn sealed(self, field: &str) -> Self {
        self.sealed_under(field, "")
    }

    fn sealed_under(self, field: &str, key: &str) -> Self {
        match self {
            Self::Text(text) => Self::Text(sealed_text(field, key, &text)),
            Self::Note(words) => Self::Note(sealed_text(field, key, &words)),
            Self::List(items) => Self::List(items.into_iter().map(|item| item.sealed_under(field, "")).collect()),
            Self::Table(table) => {
                let one = |(key, value): (String, Self)| {
                    let value = value.sealed_under(field, called(&key));
                    (key, value)
                };
                Self::Table(table.into_iter().map(one).collect())
            }
            Self::Map(map) => {
                let one = |(key, text): (String, String)| {
                    let text = sealed_text(field, &key, &text);
                    (key, text)
                };
                Self::Map(map.into_iter().map(one).collect())
            }
            Self::Source(Source::Command { argv, shows_stderr }) => {
                Self::Source(Source::Command { argv: sealed_words(argv, digest), shows_stderr })
            }
            Self::Sinks(mut sinks) => {
                for sink in &mut sinks {
                    if let Sink::Command { argv, .. } = sink {
                        *argv = sealed_words(std::mem::take(argv), digest);
                    }
                }
                Self::Sinks(sinks)
            }
            // A script is written down without its secrets.
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const N: usize>(texts: [(&str, &str); N]) -> Value {
        Value::Table(texts.map(|(key, text)| (key.to_owned(), Value::Text(text.to_owned()))).into())
    }

    #[test]
    fn the_ledger_has_a_digest_of_what_has_a_secret() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (value, is_plain) in [
            (table([("url", "https://a.example.com")]), true),
            (table([("url", "https://a.example.com/S3KRIT7")]), false),
            (table([("message", "${ r._message }"), ("channel", "#ops")]), true),
            (text("password=S3KRIT7"), false),
            (text("The usual."), true),
        ] {
            assert_eq!(value.fingerprint().starts_with('='), is_plain, "{value:?}");
        }
    }

    #[test]
    fn what_is_written_down_has_no_secret_and_tells_secrets_apart() {
        let chat =
            |secret: &str| table([("url", &*format!("https://chat.example.com/hooks/{secret}")), ("channel", "#a")]);
        let command = |secret: &str| {
            let argv = ["curl", "-H", &format!("Authorization: Bearer {secret}"), "https://a.example.com"];
            Value::Source(Source::Command { argv: argv.map(str::to_owned).into(), shows_stderr: false })
        };
        let map = |secret: &str| Value::Map([("api_token".to_owned(), secret.to_owned())].into());
        let text = |secret: &str| Value::Text(format!("password={secret}"));
        for (field, of) in
            [("slack", &chat as &dyn Fn(&str) -> Value), ("value", &command), ("tags", &map), ("name", &text)]
        {
            let (one, other) = (of("S3KRIT77").sealed(field), of("0TH3R777").sealed(field));
            assert!(!format!("{one:?}").contains("S3KRIT77"), "{one:?}");
            assert_ne!(one, other);
            assert_eq!(one.clone().sealed(field), one);
            assert_eq!(one, of("S3KRIT77").sealed(field));
        }
        assert_eq!(chat("S3KRIT77"), chat("S3KRIT77"));
        let written = chat("S3KRIT77").sealed("slack");
        let Value::Table(of) = &written else { panic!("{written:?}") };
        let Some(Value::Text(url)) = of.get("url") else { panic!("{written:?}") };
        assert_eq!(masked("slack", "url", url), "https://chat.example.com/***");
        assert_eq!(of.get("channel"), Some(&Value::Text("#a".to_owned())));
    }
}
