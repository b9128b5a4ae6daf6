//! Where requests go: hosts of URLs.

use std::ops::Range;

use super::urls::{end_of_user, ends, hosts, port};

/// Where hosts of URLs with a scheme are, without their ports. Whatever they look like, they are no secrets.
pub(super) fn servers(text: &str) -> Vec<Range<usize>> {
    let mut servers = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(ends) {
        let url = word.trim_end_matches(ends);
        for start in if url.contains(':') { hosts(url) } else { Vec::new() } {
            let Range { start: host, end } = authority(&url[..start], &url[start..]);
            let port = port(&url[start + host..start + end]).map_or(0, |port| port.len() + 1);
            if url[..start].contains(':') {
                servers.push(at + start + host..at + start + end - port);
            }
        }
        at += word.len();
    }
    servers
}

/// Where the host and the port are in `url`, which stands behind the scheme that `before` ends with. Clients of `http` take more
/// for a part of a host than there is in any (WHATWG).
pub(super) fn authority(before: &str, url: &str) -> Range<usize> {
    let scheme = before.trim_end_matches(['/', '\\']).to_ascii_lowercase();
    let is_web = scheme.ends_with("http:") || scheme.ends_with("https:");
    let is_end = |c: char| matches!(c, '/' | '\\' | '?' | '#') || !is_web && matches!(c, ';' | '&');
    let host = end_of_user(url).map_or(0, |end| end + 1);
    host..url[host..].find(is_end).map_or(url.len(), |end| host + end)
}
