//! Secrets in URLs: `https://user:password@host`, `https://host?token=secret`.

use std::borrow::Cow;
use std::ops::Range;

/// Parameters of a query whose values are secrets.
const PARAMETERS: [&str; 10] = [
    "access_token",
    "api_key",
    "api-key",
    "api_token",
    "apikey",
    "auth_token",
    "password",
    "passwd",
    "secret",
    "token",
];

/// Where `text` has a user with a password, or a token in the place of a user, before the host of a URL, or a secret in its
/// query.
pub(crate) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<_> = before_hosts(text).chain(in_queries(text)).filter(|span| !span.is_empty()).collect();
    found.sort_by_key(|span| (span.start, span.end));
    found.dedup_by(|next, span| {
        let within = next.start < span.end;
        span.end = if within { span.end.max(next.end) } else { span.end };
        within
    });
    found
}

/// What ends a part of a URL, or the URL itself.
fn ends(c: char) -> bool {
    matches!(c, '/' | '\\' | '?' | '#' | '"' | '\'' | '`' | '<' | '>') || c.is_whitespace()
}

/// What stands before the hosts of URLs. Of `http` and `https` the slashes may be any number, and turned (WHATWG).
fn before_hosts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let of = |scheme: &str| lower.match_indices(scheme).map(|(at, scheme)| at + scheme.len()).collect::<Vec<_>>();
    let starts = [of("://"), of("http:"), of("https:")].concat();
    starts.into_iter().filter_map(|start| {
        let slashes = text[start..].len() - text[start..].trim_start_matches(['/', '\\']).len();
        let start = start + slashes;
        let authority = text[start..].split(ends).next()?;
        Some(start..start + authority.rfind('@')?)
    })
}

/// The values of parameters in queries that are secrets.
fn in_queries(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(['?', '&']).filter_map(|(at, _)| {
        let parameter = text[at + 1..].split(|c: char| ends(c) && c != '/' || c == '&').next()?;
        let (name, value) = parameter.split_once('=')?;
        let start = at + 1 + name.len() + 1;
        PARAMETERS.contains(&name.to_ascii_lowercase().as_str()).then_some(start..start + value.len())
    })
}

/// `text` with `***` in the place of credentials in URLs.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let found = credentials(text);
    if found.is_empty() {
        return text.into();
    }
    let mut out = text.to_owned();
    found.into_iter().rev().for_each(|span| out.replace_range(span, "***"));
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_host_of_a_url_is_found() {
        for (text, shown) in [
            ("https://admin:hunter2@a.example.com/m", "https://***@a.example.com/m"),
            ("x http://t0ken@h y ftp://a:b@c?d=e@f", "x http://***@h y ftp://***@c?d=e@f"),
            ("url = \"https://a:p@ss@h\"", "url = \"https://***@h\""),
            ("https://h/a@b https://h?a:b@c mail:a@b https://@h", "https://h/a@b https://h?a:b@c mail:a@b https://@h"),
            ("http:/u:p@h/ HTTP:u:p@h", "http:/***@h/ HTTP:***@h"),
            (r"https:\\u:p@h http:///u:p@h/x", r"https:\\***@h http:///***@h/x"),
            ("http://h/m?a=1&token=s3/cret&b=2 x?API_KEY=k", "http://h/m?a=1&token=***&b=2 x?API_KEY=***"),
            ("http://h/m?token=&tokens=a&monkey=b", "http://h/m?token=&tokens=a&monkey=b"),
            ("http://u:p?token=q@h", "http://u:p?token=***"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
