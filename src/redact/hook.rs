//! Addresses to which messages are sent. Whoever knows that of a hook may send there: its path is a secret, whoever runs it.

use std::borrow::Cow;
use std::ops::Range;

use super::literals::{HIDDEN, Search, without_secrets};
use super::urls::hosts;

/// What of the path of an address is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// What reads like words.
    Words,
    /// Nothing, unless it is that of an API.
    Nothing,
}

/// An API that is no hook: its host, and what its paths begin with.
const API: (&str, &str) = ("slack.com", "/api/");
/// What stands between the words of a part of a path.
const BETWEEN: [char; 6] = ['-', '_', '.', '~', ',', ':'];
/// No part of a path that is longer reads like words.
const LONGEST_PART: usize = 40;
/// No word is longer.
const LONGEST_WORD: usize = 16;
/// Nor is one of capitals.
const LONGEST_CAPITALS: usize = 8;
/// A word in the middle of others, as in `postMessage`, has at least so many letters.
const SHORTEST_WORD: usize = 3;
/// A number has no more digits, and one behind a word, as in `v2`.
const DIGITS: (usize, usize) = (10, 4);

/// The address `text` as it is shown: with its scheme, host and port, and without what may be a secret in its path, its parameters
/// and its fragment.
pub(crate) fn without_path(text: &str, path: Path) -> Cow<'_, str> {
    let read = text.trim_matches(|c: char| c == ' ' || c.is_control());
    // Clients read what stands in several lines as one (WHATWG).
    let shown = hidden(&without_secrets(&read.replace(['\t', '\n', '\r'], "")), path);
    match shown.filter(|shown| leads_alike(text, shown)) {
        Some(shown) if read.len() == text.len() => shown.into(),
        Some(shown) => text.replacen(read, &shown, 1).into(),
        None => without_secrets(text),
    }
}

/// Hides what stands behind the host of the address `span` of a manifest, of which no more is known than that messages go there.
pub(super) fn hide_path(search: &mut Search<'_>, span: Range<usize>) {
    let text = &search.text[span.clone()];
    let end = hosts(text).first().and_then(|host| Some(host + text[*host..].find(['/', '\\', '?', '#'])? + 1));
    if let Some(end) = end.filter(|end| !text.contains("${") && *end < text.len()) {
        search.add(span.start + end..span.end, false);
    }
}

/// Whether both are addresses of the same server.
fn leads_alike(one: &str, other: &str) -> bool {
    let server = |text: &str| {
        let url = text.parse::<url::Url>().ok()?;
        Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port()))
    };
    server(one).is_some_and(|one| server(other) == Some(one))
}

/// `text` without what may be a secret behind its host; none where that is not certain, or code.
fn hidden(text: &str, path: Path) -> Option<String> {
    if text.contains("${") {
        return None;
    }
    let host = *hosts(text).first()?;
    let end = host + text[host..].find(['/', '\\', '?', '#'])?;
    let (before, rest) = text.split_at(end);
    let (of_path, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let is_api = before[host..].eq_ignore_ascii_case(API.0) && of_path.starts_with(API.1);
    let nothing = path == Path::Nothing && !is_api;
    let shown = if nothing && (of_path.contains(HIDDEN) || of_path.trim_matches(['/', '\\']).is_empty()) {
        // Of a hook that everybody knows, what precedes the secret is shown.
        of_path.to_owned()
    } else if nothing {
        format!("/{HIDDEN}")
    } else {
        of_path.split_inclusive(['/', '\\']).map(part).collect()
    };
    let parameters = tail.split_inclusive(['?', '&', ';', '#']).map(parameter);
    Some([before, &shown].into_iter().map(str::to_owned).chain(parameters).collect())
}

/// A part of a path, and the slash behind it.
fn part(part: &str) -> String {
    let name = part.trim_end_matches(['/', '\\']);
    let is_shown = name == HIDDEN || name.len() <= LONGEST_PART && name.split(BETWEEN).all(is_word);
    format!("{}{}", if is_shown { name } else { HIDDEN }, &part[name.len()..])
}

/// A parameter, and the mark behind it.
fn parameter(part: &str) -> String {
    let whole = part.trim_end_matches(['?', '&', ';', '#']);
    let mark = &part[whole.len()..];
    match whole.split_once('=') {
        _ if whole.is_empty() => mark.to_owned(),
        Some((name, "")) => format!("{name}={mark}"),
        Some((name, _)) => format!("{name}={HIDDEN}{mark}"),
        None => format!("{HIDDEN}{mark}"),
    }
}

/// Whether `text` reads like a word, a number or both, and not like a key.
fn is_word(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - letters.len();
    let most = if letters.is_empty() { DIGITS.0 } else { DIGITS.1 };
    let is_capitals = letters.chars().all(char::is_uppercase) && letters.len() <= LONGEST_CAPITALS;
    let words =
        letters.split_inclusive(|c: char| c.is_uppercase()).map(|word| word.trim_end_matches(char::is_uppercase));
    let is_long = |(at, word): (usize, &str)| at == 0 || word.chars().count() + 1 >= SHORTEST_WORD;
    digits <= most
        && letters.chars().all(char::is_alphabetic)
        && (is_capitals || letters.chars().count() <= LONGEST_WORD && words.enumerate().all(is_long))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Language, without_literals};
    use super::*;

    #[test]
    fn the_path_of_a_hook_is_hidden_at_any_host() {
        for (url, shown) in [
            ("https://chat.example.com/hooks/s3krit", "https://chat.example.com/***"),
            ("https://chat.example.com:8443/word", "https://chat.example.com:8443/***"),
            ("https://hooks.slack.com/services/T/B/S", "https://hooks.slack.com/services/***"),
            ("https://slack.com/api/chat.postMessage", "https://slack.com/api/chat.postMessage"),
            ("https://slack.com.evil.example/api/x", "https://slack.com.evil.example/***"),
            ("https://chat.example.com", "https://chat.example.com"),
            ("https://chat.example.com/", "https://chat.example.com/"),
            ("https://chat.example.com?hook=S3KRIT", "https://chat.example.com?hook=***"),
            ("http:\\\\chat.example.com\\hook", "http:\\\\chat.example.com/***"),
            ("http:///evil.example/hook", "http:///evil.example/***"),
            ("http://evil.example:80/x@good.example", "http://evil.example:80/***"),
            (
                "https://sk_live_abcdef0123456789.evil.example:1/x",
                "https://sk_live_abcdef0123456789.evil.example:1/***",
            ),
            ("https://evil;token=x.example/hook", "https://evil;token=x.example/***"),
            (" https://chat.example.com/hook", " https://chat.example.com/***"),
            ("\thttps://chat.example.com/hook \n", "\thttps://chat.example.com/*** \n"),
            ("https://c\that.example.com/ho\nok", "https://chat.example.com/***"),
            ("https://chat.example.com/ho ok", "https://chat.example.com/***"),
            ("not an address", "not an address"),
        ] {
            assert_eq!(without_path(url, Path::Nothing), shown, "{url}");
        }
    }

    #[test]
    fn of_other_addresses_what_reads_like_words_is_shown() {
        for (url, shown) in [
            ("https://a.example.com/api/v2/alerts/on-call", "https://a.example.com/api/v2/alerts/on-call"),
            ("https://a.example.com/room12/API/postMessage.php", "https://a.example.com/room12/API/postMessage.php"),
            ("https://a.example.com/hook/1f3870be274f6c49", "https://a.example.com/hook/***"),
            ("https://a.example.com/hook/S3KRIT7/x/", "https://a.example.com/hook/***/x/"),
            ("https://a.example.com/hook/kQmZpRtVwXyA", "https://a.example.com/hook/***"),
            ("https://a.example.com/h/qwertyuiopasdfghjklzxcvb", "https://a.example.com/h/***"),
            ("https://a.example.com/h/7f3f0b1c-8f7e-4a51-9d55-1c2b", "https://a.example.com/h/***"),
            ("https://a.example.com/h?x=word&S3KRIT;y=#fragment", "https://a.example.com/h?x=***&***;y=#***"),
            ("https://u:p@a.example.com/h", "https://u:***@a.example.com/h"),
            ("https://wiki.example.com/${r._check_name}/S3KRIT7", "https://wiki.example.com/${r._check_name}/S3KRIT7"),
        ] {
            assert_eq!(without_path(url, Path::Words), shown, "{url}");
        }
    }

    #[test]
    fn a_message_about_a_manifest_shows_no_address_of_a_hook() {
        for (manifest, shown) in [
            (
                "[notification_endpoint.c]\nslack = { url = \"https://chat.example.com/hooks/S3KRIT\" }",
                "[notification_endpoint.c]\nslack = { url = \"https://chat.example.com/***\" }",
            ),
            (
                "[notification_endpoint.c.http]\nurl = 'https://a.example.com?x=S3KRIT'\nmethod = \"PUT\"",
                "[notification_endpoint.c.http]\nurl = 'https://a.example.com?***'\nmethod = \"PUT\"",
            ),
            (
                "[scraper.s]\nurl = \"https://a.example.com/metrics\"",
                "[scraper.s]\nurl = \"https://a.example.com/metrics\"",
            ),
        ] {
            assert_eq!(without_literals(manifest, Language::Manifest), shown);
        }
    }

    proptest! {
        #[test]
        fn where_an_address_leads_is_always_shown(
            url in "https?:[/\\\\]{0,3}([a-z]{1,3}:[a-z]{0,3}@)?[a-z]{1,5}\\.example(:[0-9]{1,4})?[/\\\\?#@:a-z0-9.&;=*$\t]{0,12}"
        ) {
            for path in [Path::Words, Path::Nothing] {
                let shown = without_path(&url, path);
                prop_assert!(shown == without_secrets(&url) || leads_alike(&url, &shown), "{} of {}", shown, url);
                // What no client can read may be one when its secrets are hidden.
                if url.parse::<url::Url>().is_ok() {
                    let again = without_path(&shown, path).into_owned();
                    prop_assert_eq!(again, shown);
                }
            }
        }
    }
}
