//! Secrets that are known by what they look like, whatever they are called.

use super::literals::Search;

/// What a header has before a token.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "Digest "];
/// A word of fewer bytes after one of these may be prose.
const SHORTEST: usize = 6;

pub(super) fn find(search: &mut Search<'_>) {
    private_keys(search);
    headers(search);
    words(search);
}

/// What stands between the marks of a private key, or after the first where there is no second.
fn private_keys(search: &mut Search<'_>) {
    const MARK: &str = "-----";
    let text = search.text;
    let mut at = 0;
    while let Some(begin) = text[at..].find("-----BEGIN ").map(|begin| at + begin + MARK.len()) {
        let Some(start) = text[begin..].find(MARK).map(|end| begin + end) else { break };
        at = start;
        if text[begin..start].contains("PRIVATE KEY") && !text[begin..start].contains('\n') {
            let start = start + MARK.len();
            at = text[start..].find("-----END ").map_or(text.len(), |end| start + end);
            search.add(start..at, true);
        }
    }
}

/// `Bearer x` at the beginning of a string.
fn headers(search: &mut Search<'_>) {
    let text = search.text;
    for scheme in SCHEMES {
        for (at, _) in text.match_indices(scheme).filter(|(at, _)| text[..*at].ends_with(['"', '\'', '`', ' ', ':'])) {
            let start = at + scheme.len();
            let length =
                text[start..].find(|c: char| c.is_whitespace() || "\"'`\\,[".contains(c)).unwrap_or(text.len() - start);
            let word = &text[start..start + length];
            if length >= SHORTEST && !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                search.add(start..start + length, true);
            }
        }
    }
}

/// Tokens of InfluxDB, and JSON web tokens.
fn words(search: &mut Search<'_>) {
    const INFLUX: usize = 88;
    let text = search.text;
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    let mut at = 0;
    for word in text.split_inclusive(|c| !is_of_token(c)) {
        let token = word.trim_end_matches(|c| !is_of_token(c));
        let is_json = token.starts_with("eyJ") && token.len() > 30 && token.matches('.').count() == 2;
        let value = token
            .rsplit_once('=')
            .map_or(token, |_| &token[token.trim_end_matches('=').rfind('=').map_or(0, |at| at + 1)..]);
        let is_influx = value.len() == INFLUX && value.ends_with("==");
        if is_json || is_influx {
            let end = at + token.len();
            search.add(end - if is_influx { INFLUX } else { token.len() }..end, true);
        }
        at += word.len();
    }
}
