//! Secrets in URLs: `https://user:password@host`, `https://host?token=secret`.

use std::ops::Range;

use super::literals::Search;
use super::names::is_secret;

/// Parameters whose values are secrets besides what is called like one.
const PARAMETERS: [&str; 4] = ["auth", "code", "key", "sig"];
/// Digests of images have these before them, and letters to people.
const NO_HOSTS: [&str; 2] = ["sha256:", "sha512:"];
const LETTER: &str = "mailto:";

/// Finds users with passwords, tokens in the place of users, and parameters that are secrets.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    // Where the next `@` is, or the end of a string or a line, as far as it is known.
    let mut horizon = 0;
    let mut at = 0;
    for word in text.split_inclusive(ends) {
        let end = at + word.len();
        let span = at..at + word.trim_end_matches(ends).len();
        at = end;
        if !text[span.clone()].contains(['@', '=', ':']) {
            continue;
        }
        let hosts = hosts(&text[span.clone()]);
        if hosts.is_empty() {
            user_of_no_scheme(search, span.clone());
        }
        let ends = hosts.iter().skip(1).copied().chain([span.len()]);
        for (start, end) in hosts.iter().zip(ends) {
            user(search, span.start + start..span.start + end, &mut horizon);
        }
        parameters(search, span, !hosts.is_empty());
    }
}

fn ends(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>') || c.is_whitespace()
}

/// Where hosts of URLs begin in `word`, or the users before them. Of `http` and `https` the slashes may be any number, and
/// turned (WHATWG).
fn hosts(word: &str) -> Vec<usize> {
    let lower = word.to_ascii_lowercase();
    let of = |scheme: &'static str| lower.match_indices(scheme).map(move |(at, _)| at + scheme.len());
    let own = (lower.starts_with("//") || lower.starts_with(r"\\")).then_some(0);
    let mut starts: Vec<usize> = of("://").chain(of("http:")).chain(of("https:")).chain(own).collect();
    for start in &mut starts {
        *start = word.len() - word[*start..].trim_start_matches(['/', '\\']).len();
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// What stands before a host, at which `piece` of the text begins.
fn user(search: &mut Search<'_>, piece: Range<usize>, horizon: &mut usize) {
    let url = &search.text[piece.clone()];
    let authority = &url[..url.find(['/', '\\', '?', '#']).unwrap_or(url.len())];
    let before_query = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let port = authority.split_once(':').map(|(_, port)| port);
    let is_port = port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let found = match (authority.rfind('@'), port) {
        (Some(end), None) => Some((end, true)),
        // A password may have slashes that are not escaped.
        (Some(_), Some(_)) => before_query.rfind('@').map(|end| (end, true)),
        (None, Some(_)) if is_port => before_query.rfind('@').map(|end| (end, false)),
        (None, Some(_)) => url.rfind('@').map(|end| (end, true)),
        (None, None) => None,
    };
    if let Some((end, is_certain)) = found {
        search.add_user(piece.start..piece.start + end, is_certain);
    } else if port.is_some() && !is_port {
        // So it may have spaces.
        let rest = &search.text[piece.end..];
        if *horizon < piece.end {
            *horizon = piece.end + rest.find(['@', '"', '\'', '`', '\n']).unwrap_or(rest.len());
        }
        if search.text[*horizon..].starts_with('@') {
            search.add_user(piece.start..*horizon, false);
        }
    }
}

/// A user with a password before a host in a word without a scheme: `user:password@tcp(db:3306)/`.
fn user_of_no_scheme(search: &mut Search<'_>, word: Range<usize>) {
    let text = &search.text[word.clone()];
    let Some(end) = text.rfind('@') else { return };
    let host = &text[end + 1..];
    let is_host = host.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '[' | '(' | '/'));
    let is_one = is_host && !NO_HOSTS.iter().any(|other| host.starts_with(other)) && !text.starts_with(LETTER);
    if is_one && text[..end].contains(':') {
        let is_certain = ["tcp(", "unix(", "(", "/"].iter().any(|begin| host.starts_with(begin));
        search.add_user(word.start..word.start + end, is_certain);
    }
}

/// The values of parameters that are secrets, in the query, the fragment, or the path.
fn parameters(search: &mut Search<'_>, word: Range<usize>, is_url: bool) {
    let text = &search.text[word.clone()];
    let is_mark = |c: char| matches!(c, '?' | '&' | ';' | '#');
    let starts = text.match_indices(is_mark).map(|(at, _)| at + 1);
    let query = text.find('?').unwrap_or(if is_url { 0 } else { text.len() });
    let mut end = 0;
    for start in starts {
        let part = &text[start..];
        let part = &part[..part.find(is_mark).unwrap_or(part.len())];
        let Some((name, value)) = part.split_once('=').filter(|_| start >= end) else { continue };
        if !(is_secret(name) || start > query && PARAMETERS.contains(&&*name.to_ascii_lowercase())) {
            continue;
        }
        let from = start + name.len() + 1;
        // What looks like a mark may be a part of the value.
        let mut to = from + value.len();
        while to < text.len() && !text[to..].starts_with('&') {
            let next = &text[to + 1..];
            let next = &next[..next.find(is_mark).unwrap_or(next.len())];
            if next.contains('=') || next.is_empty() {
                break;
            }
            to += 1 + next.len();
        }
        end = to;
        search.add(word.start + from..word.start + to, true);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{has_credentials, without_credentials};

    #[test]
    fn what_stands_before_the_host_of_a_url_is_found() {
        for (text, shown) in [
            ("https://admin:hunter2@a.example.com/m", "https://***@a.example.com/m"),
            ("x http://t0ken@h y ftp://a:b@c?d=e@f", "x http://***@h y ftp://***@c?d=e@f"),
            ("url = \"https://a:p@ss@h\"", "url = \"https://***@h\""),
            (
                "https://h/a@b https://h?a:b@c mailto:a@b https://@h",
                "https://h/a@b https://h?a:b@c mailto:a@b https://@h",
            ),
            ("http:/u:p@h/ HTTP:u:p@h", "http:/***@h/ HTTP:***@h"),
            (r"https:\\u:p@h http:///u:p@h/x", r"https:\\***@h http:///***@h/x"),
            ("http://u:p?token=q@h", "http://***"),
            ("http://u:p/q@h/m http://u:p#q@h", "http://***@h/m http://***@h"),
            ("//u:p@h/m", "//***@h/m"),
            ("u:p@h/m", "***@h/m"),
            ("u:p@ss@tcp(h:1)/d", "***@tcp(h:1)/d"),
            ("redis://:p@h sqlserver://u:p@h", "redis://***@h sqlserver://***@h"),
            ("a:1 http://h:80/m \"http://u:p q@h\"", "a:1 http://h:80/m \"http://***@h\""),
            ("http://a:b@h,http://c:d@h", "http://***@h,http://***@h"),
            ("telegraf:1.30@sha256:00 me@h git@h:a", "telegraf:1.30@sha256:00 me@h git@h:a"),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
        }
    }

    #[test]
    fn parameters_that_are_secrets_are_found() {
        for (text, shown) in [
            ("http://h/m?a=1&token=s3/cret&b=2 x?API_KEY=k", "http://h/m?a=1&token=***&b=2 x?API_KEY=***"),
            ("http://h/m?token=&monkey=b&keys=1", "http://h/m?token=&monkey=b&keys=1"),
            ("http://h?to%6ben=a&x=1", "http://h?to%6ben=***&x=1"),
            ("http://h/;token=a;x=1#token=b", "http://h/;token=***;x=1#token=***"),
            ("http://h?sig=a&auth=b&key=c&apikey=d", "http://h?sig=***&auth=***&key=***&apikey=***"),
            (
                "http://h?code=a&access_token=b&X-Amz-Signature=c",
                "http://h?code=***&access_token=***&X-Amz-Signature=***",
            ),
            ("http://h?password=a;b#c&x=1", "http://h?password=***&x=1"),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
            assert_eq!(has_credentials(text), text != shown, "{text}");
        }
    }

    /// What may be a part of the path is hidden in doubt, and allowed.
    #[test]
    fn a_port_before_an_at_sign_may_be_a_password() {
        let text = "http://u:12/p@h/m";
        assert_eq!(without_credentials(text), "http://***@h/m");
        assert!(!has_credentials(text));
    }
}
