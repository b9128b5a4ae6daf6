//! Passwords in URLs: `https://user:password@host`.

use std::borrow::Cow;
use std::ops::Range;

/// Where `text` has a user with a password, or a token in the place of a user, before the host of a URL.
pub(crate) fn credentials(text: &str) -> Vec<Range<usize>> {
    let ends = |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>') || c.is_whitespace();
    let starts = text.match_indices("://").map(|(at, scheme)| at + scheme.len());
    let found = starts.filter_map(|start| {
        let authority = text[start..].split(ends).next()?;
        Some(start..start + authority.rfind('@')?)
    });
    found.filter(|span| !span.is_empty()).collect()
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
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
