//! What Go's `url.Parse` says of a text that is no URL. It takes almost anything (influxd 2.9.1, measured).

/// What is wrong with `url`.
pub(super) fn fault(url: &str) -> Option<String> {
    if url.chars().any(|c| c.is_ascii_control()) {
        return Some("net/url: invalid control character in URL".to_owned());
    }
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (scheme, rest) = match scheme(url) {
        Ok(parts) => parts,
        Err(words) => return Some(words.to_owned()),
    };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if !rest.starts_with('/') {
        let first = rest.split('/').next().unwrap_or_default();
        match scheme {
            Some(_) => return None,
            None if first.contains(':') => return Some("first path segment in URL cannot contain colon".to_owned()),
            None => {}
        }
    }
    let authority = rest.strip_prefix("//").filter(|_| scheme.is_some() || !rest.starts_with("///"));
    let (authority, path) = authority.map_or(("", rest), |rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
    host(authority).or_else(|| escape(path)).or_else(|| escape(fragment))
}

/// The scheme, if there is one, and the rest.
fn scheme(url: &str) -> Result<(Option<&str>, &str), &'static str> {
    for (at, c) in url.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((Some(&url[..at]), &url[at + 1..])),
            _ => break,
        }
    }
    Ok((None, url))
}

fn host(authority: &str) -> Option<String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.strip_prefix('[') {
        Some(within) => match within.rsplit_once(']') {
            Some((_, port)) => port,
            None => return Some("missing ']' in host".to_owned()),
        },
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let digits = port.strip_prefix(':').map_or(port.is_empty(), |port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if !digits {
        return Some(format!("invalid port {} after host", super::go_text::quote(port)));
    }
    let is_allowed = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c);
    let other = host.chars().find(|c| !is_allowed(*c));
    let of_host =
        |at: usize| u8::from_str_radix(host.get(at + 1..at + 3).unwrap_or_default(), 16).is_ok_and(|byte| byte >= 0x80);
    wrong_escape(host, of_host)
        .or_else(|| other.map(|c| format!("invalid character {} in host name", super::go_text::quote(c.to_string()))))
}

fn escape(text: &str) -> Option<String> {
    let is_hex =
        |at: usize| text.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    wrong_escape(text, is_hex)
}

fn wrong_escape(text: &str, is_right: impl Fn(usize) -> bool) -> Option<String> {
    let at = text.match_indices('%').map(|(at, _)| at).find(|at| !is_right(*at))?;
    let shown: String = text[at..].chars().take(3).collect();
    Some(format!("invalid URL escape {}", super::go_text::quote(shown)))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn little_is_no_url() {
        for url in [
            "foo",
            "http://h/a b",
            "mailto:x",
            "http://h:99999",
            "http://u:p@h",
            "http://a_b",
            "http://h?%zz",
            "//h",
            "http://",
            "http:///x",
            "/a:b",
            "a:b:c",
            "http://h:",
            "http://[::1]:80/",
            "",
        ] {
            assert_eq!(fault(url), None, "{url}");
        }
        for (url, words) in [
            ("http://[::1", "missing ']' in host"),
            ("http://h:port", "invalid port \":port\" after host"),
            ("http://a\u{7f}b", "net/url: invalid control character in URL"),
            (":", "missing protocol scheme"),
            ("http://h/%zz", "invalid URL escape \"%zz\""),
            ("http://h#%zz", "invalid URL escape \"%zz\""),
            ("http://%41", "invalid URL escape \"%41\""),
            ("  http://h", "first path segment in URL cannot contain colon"),
            ("cache_object:foo/bar", "first path segment in URL cannot contain colon"),
            ("1http://x", "first path segment in URL cannot contain colon"),
            ("http://h\\x", "invalid character \"\\\\\" in host name"),
            ("http://a b:", "invalid character \" \" in host name"),
        ] {
            assert_eq!(fault(url).as_deref(), Some(words), "{url}");
        }
    }
}
