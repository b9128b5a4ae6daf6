//! Secrets that are known by what they look like, whatever they are called.

use std::cell::LazyCell;
use std::ops::Range;

use super::literals::Search;
use super::server::servers;

/// What a header has before a token.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "Digest "];
/// A word of fewer bytes after one of these may be prose.
const SHORTEST: usize = 6;
/// A word of so many bytes between the marks of a private key is a line of it, also if others stand beside it.
const LINE: usize = 16;
/// What tokens of services begin with that many use, whatever they are called.
const PREFIXES: [&str; 27] = [
    "AIza",
    "AKIA",
    "ASIA",
    "SG.",
    "dop_v1_",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "glsa_",
    "hvs.",
    "npm_",
    "pypi-",
    "rk_live_",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "xapp-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
];
/// What follows has at least so many bytes.
const LONG: usize = 16;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const MARK: &str = "-----";

pub(super) fn find(search: &mut Search<'_>) {
    PrivateKey::default().lines(search, 0..search.text.len());
    headers(search);
    words(search);
}

/// Whether `text` is what a header has before a token, and no more.
pub(super) fn is_scheme(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| scheme.trim_end().eq_ignore_ascii_case(text.trim_end()))
}

/// A private key, as far as it is read. What stands between its marks and is not written in base64 is no part of it.
#[derive(Default)]
pub(super) struct PrivateKey {
    is_open: bool,
}

impl PrivateKey {
    fn lines(&mut self, search: &mut Search<'_>, span: Range<usize>) {
        let mut at = span.start;
        // Strings write the end of a line as `\n`.
        for line in search.text[span].split_inclusive('\n').flat_map(|line| line.split_inclusive("\\n")) {
            let end = at + line.len();
            self.line(search, at..end - if line.ends_with("\\n") { 2 } else { 0 });
            at = end;
        }
    }

    /// Reads the next line of what may be the text of a private key.
    pub(super) fn line(&mut self, search: &mut Search<'_>, mut span: Range<usize>) {
        if !self.is_open {
            let line = &search.text[span.clone()];
            let Some(begin) = line.find(BEGIN).map(|begin| begin + BEGIN.len()) else { return };
            let Some(end) = line[begin..].find(MARK).map(|end| begin + end) else { return };
            if !line[begin..end].contains("PRIVATE KEY") {
                return;
            }
            self.is_open = true;
            span.start += end + MARK.len();
        }
        let line = &search.text[span.clone()];
        let (body, is_last) = line.find(END).map_or((line, false), |end| (&line[..end], true));
        self.is_open = !is_last;
        let mut words = Vec::new();
        let mut at = 0;
        for word in body.split_inclusive(|c: char| c.is_whitespace() || "\"'`,\\".contains(c)) {
            let text = word.trim_end_matches(|c: char| c.is_whitespace() || "\"'`,\\".contains(c));
            if !text.is_empty() && !text.bytes().all(|byte| matches!(byte, b'#' | b'/')) {
                words.push(at..at + text.len());
            }
            at += word.len();
        }
        let is_base64 = |word: &Range<usize>| {
            body[word.clone()].bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        };
        let is_key = words.len() == 1 || words.iter().any(|word| word.len() >= LINE);
        if is_key && words.iter().all(is_base64) {
            for word in words {
                search.add(span.start + word.start..span.start + word.end, true);
            }
        }
    }
}

/// `Bearer x` at the beginning of a string, or after a space.
fn headers(search: &mut Search<'_>) {
    let text = search.text;
    for scheme in SCHEMES {
        for (at, _) in
            text.match_indices(scheme).filter(|(at, _)| *at == 0 || text[..*at].ends_with(['"', '\'', '`', ' ', ':']))
        {
            let start = at + scheme.len();
            let length = text[start..]
                .find(|c: char| c.is_whitespace() || "\"'`\\,[;|&<>()".contains(c))
                .unwrap_or(text.len() - start);
            let word = &text[start..start + length];
            if length >= SHORTEST && !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                search.add_within(start..start + length, true);
            }
        }
    }
}

/// Whether `text` is a token of a service that many use.
fn is_of_service(text: &str) -> bool {
    let follows = |prefix: &&str| text.strip_prefix(*prefix).is_some_and(|rest| rest.len() >= LONG);
    text.len() > LONG && text.bytes().any(|byte| byte.is_ascii_digit()) && PREFIXES.iter().any(follows)
}

/// Whether `text` as a whole is a token of a service, or a JSON web token, and no host: no top-level domain is as long as its last
/// part.
pub(super) fn is_token(text: &str) -> bool {
    const LONGER: usize = 24;
    let last = text.rsplit('.').next().unwrap_or(text);
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=' | '.');
    let can_be = last.len() >= LONGER && last.bytes().any(|byte| byte.is_ascii_digit()) && text.chars().all(is_word);
    can_be && (is_of_service(text) || is_json(text))
}

/// Whether `text` is a JSON web token.
fn is_json(text: &str) -> bool {
    text.starts_with("eyJ") && text.len() > 30 && text.matches('.').count() == 2
}

/// Tokens of InfluxDB and of services, and JSON web tokens.
fn words(search: &mut Search<'_>) {
    const INFLUX: usize = 88;
    let text = search.text;
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    let servers = LazyCell::new(|| servers(text));
    let mut at = 0;
    for word in text.split_inclusive(|c| !is_of_token(c)) {
        let token = word.trim_end_matches(|c| !is_of_token(c));
        let is_json = is_json(token);
        let value = token
            .rsplit_once('=')
            .map_or(token, |_| &token[token.trim_end_matches('=').rfind('=').map_or(0, |at| at + 1)..]);
        let is_influx = value.len() == INFLUX && value.ends_with("==");
        let is_of_service = is_of_service(value);
        if is_json || is_influx || is_of_service {
            let end = at + token.len();
            let length = if is_influx || is_of_service { value.len() } else { token.len() };
            let next = servers.partition_point(|server| server.end < end);
            if servers.get(next).is_none_or(|server| end - length < server.start) {
                search.add(end - length..end, true);
            }
        }
        at += word.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::without_secrets_in_argument;

    #[test]
    fn tokens_of_services_are_known_by_what_they_begin_with() {
        for (text, shown) in [
            ("tok = \"ghp_0123456789abcdefghijABCDEFGHIJ012345\"", "tok = \"***\""),
            ("x glpat-abcdefghij0123456789 y", "x *** y"),
            ("AKIA0123456789ABCDEF", "***"),
            ("a=xoxb-123456789012-abcdef", "a=***"),
            ("ghp_short1 sk_live_dashboard_overview_of_all", "ghp_short1 sk_live_dashboard_overview_of_all"),
            ("http://h:ghp_0123456789abcdefghij", "http://h:***"),
            ("http://h/glpat-abcdefghij0123456789", "http://h/***"),
            ("//ghp_0123456789abcdefghij", "//***"),
            ("my_ghp_0123456789abcdefghij", "my_ghp_0123456789abcdefghij"),
        ] {
            assert_eq!(without_secrets_in_argument(text), shown, "{text}");
        }
    }
}
