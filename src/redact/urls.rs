//! Secrets in URLs: `https://user:password@host`, `https://host?token=secret`, and the addresses of hooks.

use std::ops::Range;

use super::commands;
use super::literals::Search;
use super::names::is_secret;
use super::server::authority;

/// Parameters whose values are secrets besides what is called like one.
const PARAMETERS: [&str; 4] = ["auth", "code", "key", "sig"];
/// Digests of images have these before them, and letters to people.
const NO_HOSTS: [&str; 2] = ["sha256:", "sha512:"];
const LETTER: &str = "mailto:";
/// What stands in the place of a password where the user is a token.
const FILLERS: [&str; 3] = ["x", "x-oauth-basic", "api_token"];
/// Hosts to which messages are sent with a secret in the path, and what precedes it there.
const HOOKS: [(&str, &str); 9] = [
    ("hooks.slack.com", "/services/"),
    ("hooks.slack.com", "/workflows/"),
    ("hooks.slack.com", "/triggers/"),
    ("discord.com", "/api/webhooks/"),
    ("discordapp.com", "/api/webhooks/"),
    ("webhook.office.com", "/webhookb2/"),
    ("outlook.office.com", "/webhook/"),
    ("api.telegram.org", "/bot"),
    ("hooks.zapier.com", "/hooks/"),
];

/// Schemes whose URLs have a password before the host, and no other use of `:` and `@`.
pub(super) const SCHEMES: [&str; 25] = [
    "amqp",
    "amqps",
    "clickhouse",
    "ftp",
    "ftps",
    "git+https",
    "http",
    "https",
    "imap",
    "imaps",
    "influxdb",
    "ldap",
    "ldaps",
    "mariadb",
    "mongodb",
    "mqtt",
    "mqtts",
    "mysql",
    "nats",
    "postgres",
    "postgresql",
    "redis",
    "rediss",
    "smtp",
    "smtps",
];

/// Whether `text` says by itself where it leads.
pub(super) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    scheme.is_some_and(is_scheme) && !text.contains(ends)
}

/// Where users, hosts and paths of URLs are.
pub(super) fn places(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(ends) {
        let url = word.trim_end_matches(ends);
        let hosts = if url.contains([':', '/', '\\']) { hosts(url) } else { Vec::new() };
        for (n, start) in hosts.iter().enumerate() {
            let rest = &url[*start..hosts.get(n + 1).copied().unwrap_or(url.len())];
            let host = authority(&url[..*start], rest).end;
            let end = rest[host..].find(['?', '#', ';']).map_or(rest.len(), |end| host + end);
            places.push(at + start..at + start + end);
        }
        at += word.len();
    }
    places
}

/// Where the user ends that `url` begins with behind its scheme: at the last `@` before the next slash (RFC 3986), or at a later
/// one if no other reading makes it a URL.
pub(super) fn end_of_user(url: &str) -> Option<usize> {
    let authority = &url[..url.find(['/', '\\', '?', '#']).unwrap_or(url.len())];
    if let Some(end) = authority.rfind('@') {
        return Some(end);
    }
    let port = port(authority)?;
    // No port has letters: a password that is not escaped.
    if may_be_port(port) { None } else { url.rfind('@') }
}

/// What follows the host in `authority`.
pub(super) fn port(authority: &str) -> Option<&str> {
    let rest = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(authority, |(_, rest)| rest);
    rest.split_once(':').map(|(_, port)| port)
}

/// Whether `text` is a number, or something that stands for one.
pub(super) fn may_be_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) || text.contains(['$', '{', '%'])
}

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
            hook(search, span.start + start..span.start + end);
        }
        parameters(search, span, &hosts);
    }
}

/// What is a secret in `url` however it is read: the password, and what is given to parameters that are called like one.
pub(super) fn certain(url: &str) -> Vec<Range<usize>> {
    let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
    if !SCHEMES.contains(&&*scheme.to_ascii_lowercase()) || rest.contains("://") {
        return Vec::new();
    }
    let place = |part: &str| url.len() - part.len();
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let password = authority.split_once('@').filter(|(_, host)| !host.contains('@')).and_then(|(user, _)| {
        let (name, password) = user.split_once(':')?;
        let start = place(rest) + name.len() + 1;
        (!FILLERS.contains(&password)).then_some(start..start + password.len())
    });
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let query_start = place(query);
    let query = query.split('#').next().unwrap_or_default();
    let mut at = query_start;
    let parameters = query.split(['&', ';']).filter_map(|part| {
        let start = at;
        at += part.len() + 1;
        let (name, value) = part.split_once('=')?;
        (is_secret(name) && !commands::is_host(value)).then(|| start + name.len() + 1..start + part.len())
    });
    password.into_iter().chain(parameters).collect()
}

pub(super) fn ends(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '<' | '>') || c.is_whitespace()
}

/// Where hosts of URLs begin in `word`, or the users before them. Of `http` and `https` the slashes may be any number, and
/// turned (WHATWG).
pub(super) fn hosts(word: &str) -> Vec<usize> {
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

/// The password before a host, at which `url` of the text begins, or what stands alone in its place. The host is what follows,
/// as far as the next slash (RFC 3986): what stands behind that is no password, unless no other reading makes it a URL.
fn user(search: &mut Search<'_>, url: Range<usize>, horizon: &mut usize) {
    let text = &search.text[url.clone()];
    if let Some(end) = end_of_user(text) {
        add_password(search, url.start, end, true);
        return;
    }
    let authority = &text[..text.find(['/', '\\', '?', '#']).unwrap_or(text.len())];
    if port(authority).is_none_or(may_be_port) {
        return;
    }
    // A password that is not escaped may have spaces.
    let rest = &search.text[url.end..];
    if *horizon < url.end {
        *horizon = url.end + rest.find(['@', '"', '\'', '`', '\n']).unwrap_or(rest.len());
    }
    if search.text[*horizon..].starts_with('@') {
        add_password(search, url.start, *horizon - url.start, false);
    }
}

/// Of a user with a password, of which so many bytes from `start` on consist, the password; a user alone may be a token.
fn add_password(search: &mut Search<'_>, start: usize, length: usize, is_certain: bool) {
    let user = &search.text[start..start + length];
    match user.split_once(':') {
        Some((name, password)) if !password.is_empty() && !FILLERS.contains(&password) => {
            search.add_within(start + name.len() + 1..start + length, is_certain);
        }
        _ => search.add_within(start..start + length, is_certain),
    }
}

/// A user with a password before a host in a word without a scheme: `user:password@tcp(db:3306)/`.
fn user_of_no_scheme(search: &mut Search<'_>, word: Range<usize>) {
    let text = &search.text[word.clone()];
    let Some(end) = text.rfind('@') else { return };
    let (user, host) = (&text[..end], &text[end + 1..]);
    let is_protocol = ["tcp(", "unix(", "(", "/"].iter().any(|begin| host.starts_with(begin));
    let name = &host[..host.find(['/', '?', ',']).unwrap_or(host.len())];
    let port = name.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_host = name.contains('.') || name == "localhost" || has_port;
    let is_other = NO_HOSTS.iter().any(|other| host.starts_with(other)) || text.starts_with(LETTER);
    if user.contains(':') && !user.contains(['/', '?', '#', '\\']) && !is_other && (is_protocol || is_host) {
        add_password(search, word.start, end, is_protocol);
    }
}

/// The password in the address `span` that may lack its scheme.
pub(super) fn address(search: &mut Search<'_>, span: Range<usize>) {
    let text = &search.text[span.clone()];
    let user = &text[..text.find(['/', '?', '#']).unwrap_or(text.len())];
    let host = user.rfind('@').filter(|at| user[..*at].contains(':') && !text[at + 1..].starts_with(NO_HOSTS[0]));
    if let Some(end) = host {
        add_password(search, span.start, end, false);
    }
}

/// The password in the source of data `span`, an address that lacks its scheme: `user:password@account/database`. What has settings
/// is none.
pub(super) fn data_source(search: &mut Search<'_>, span: Range<usize>) {
    let text = &search.text[span.clone()];
    let user = &text[..text.find(['/', '?', '#']).unwrap_or(text.len())];
    let Some(end) = user.rfind('@') else { return };
    let Some((name, password)) = user[..end].split_once(':') else { return };
    let is_one = !user[..end].contains(|c: char| c.is_whitespace() || matches!(c, '=' | ';' | '(' | '\\'));
    if is_one && !may_be_port(password) {
        search.add_within(span.start + name.len() + 1..span.start + end, true);
    }
}

/// What follows in the path of an address to which everybody may send who knows it.
fn hook(search: &mut Search<'_>, url: Range<usize>) {
    let text = &search.text[url.clone()];
    let host = &text[..text.find(['/', ':', '?', '#']).unwrap_or(text.len())];
    let host = host.to_ascii_lowercase();
    let is_host = |of: &str| host == of || host.strip_suffix(of).is_some_and(|before| before.ends_with('.'));
    for (_, path) in HOOKS.into_iter().filter(|(of, _)| is_host(of)) {
        let Some(start) = text.find(path).map(|at| at + path.len()) else { continue };
        let rest = &text[start..];
        let length = rest.find(['?', '#', ';', '|', '&', '<', '>', '(', ')', '$', ',']).unwrap_or(rest.len());
        let secret = match path {
            // The ID of the bot or the hook is none.
            "/api/webhooks/" => rest[..length].find('/').map(|at| start + at + 1..start + length),
            "/bot" => rest[..length].split_once(':').map(|(id, token)| {
                let start = start + id.len() + 1;
                start..start + token.find('/').unwrap_or(token.len())
            }),
            _ => Some(start..start + length),
        };
        if let Some(Range { start, end }) = secret {
            search.add_within(url.start + start..url.start + end, true);
        }
    }
}

/// The values of parameters that are secrets, in the query, the fragment, or the path.
fn parameters(search: &mut Search<'_>, word: Range<usize>, hosts: &[usize]) {
    let is_url = !hosts.is_empty();
    let text = &search.text[word.clone()];
    let is_mark = |c: char| matches!(c, '?' | '&' | ';' | '#');
    let query = text.find('?').unwrap_or(if is_url { 0 } else { text.len() });
    let ends = hosts.iter().skip(1).copied().chain([text.len()]);
    let until_path = |(host, end): (&usize, usize)| *host..host + authority(&text[..*host], &text[*host..end]).end;
    let mut servers = hosts.iter().zip(ends).map(until_path).peekable();
    let mut end = 0;
    for start in text.match_indices(is_mark).map(|(at, _)| at + 1) {
        while servers.next_if(|server| server.end <= start).is_some() {}
        if start < end || servers.peek().is_some_and(|server| server.start <= start) {
            continue;
        }
        let part = &text[start..];
        let part = &part[..part.find(is_mark).unwrap_or(part.len())];
        let Some((name, value)) = part.split_once('=') else { continue };
        if is_secret(name) || start > query && PARAMETERS.contains(&&*name.to_ascii_lowercase()) {
            let from = word.start + start + name.len() + 1;
            let length = match is_url && word == (0..search.text.len()) {
                // Nothing but a URL: the value is all up to the next one (WHATWG).
                true => part_of_url(&text[start + name.len() + 1..]),
                false => value.find(['|', '<', '>', '(', ')', '\\']).unwrap_or(value.len()),
            };
            search.add_within(from..from + length, true);
            end = from - word.start + length;
        }
    }
}

/// How much of `rest` is the value of one parameter. After a `;` that is followed by a name there is another.
fn part_of_url(rest: &str) -> usize {
    let is_end = |(at, mark): &(usize, char)| match mark {
        ';' => rest[at + 1..].split(['&', ';', '#']).next().is_some_and(|next| next.contains('=')),
        mark => matches!(mark, '&' | '#'),
    };
    rest.char_indices().find(is_end).map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::super::{has_credentials, without_credentials, without_secrets_in_argument, without_secrets_in_command};

    #[test]
    fn what_stands_before_the_host_of_a_url_is_found() {
        for (text, shown) in [
            ("https://admin:hunter2@a.example.com/m", "https://admin:***@a.example.com/m"),
            ("x http://t0ken@h y ftp://a:b@c?d=e@f", "x http://***@h y ftp://a:***@c?d=e@f"),
            ("url = \"https://a:p@ss@h\"", "url = \"https://a:***@h\""),
            (
                "https://h/a@b https://h?a:b@c mailto:a@b https://@h",
                "https://h/a@b https://h?a:b@c mailto:a@b https://@h",
            ),
            ("http:/u:p@h/ HTTP:u:p@h", "http:/u:***@h/ HTTP:u:***@h"),
            (r"https:\\u:p@h http:///u:p@h/x", r"https:\\u:***@h http:///u:***@h/x"),
            ("http://u:p?token=q@h", "http://u:***@h"),
            ("https://token:x@evil.example/a", "https://***@evil.example/a"),
            ("https://a;token=x@evil.example/a", "https://***@evil.example/a"),
            ("http://u:p/q@h/m http://u:p#q@h", "http://u:***@h/m http://u:***@h"),
            ("//u:p@h/m", "//u:***@h/m"),
            ("u:p@h:1/m", "u:***@h:1/m"),
            ("u:p@ss@tcp(h:1)/d", "u:***@tcp(h:1)/d"),
            ("redis://:p@h sqlserver://u:p@h", "redis://:***@h sqlserver://u:***@h"),
            ("a:1 http://h:80/m \"http://u:p q@h\"", "a:1 http://h:80/m \"http://u:***@h\""),
            ("http://a:b@h,http://c:d@h", "http://a:***@h,http://c:***@h"),
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
            ("http://h?password=a;b#c&x=1", "http://h?password=***#c&x=1"),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
            assert_eq!(has_credentials(text), text != shown, "{text}");
        }
    }

    /// Where a request goes is shown, whatever stands behind it.
    #[test]
    fn what_stands_behind_the_host_is_no_password() {
        for text in [
            "http://evil.example:80/x@good.example/m",
            "http://evil.example:80?x@good.example",
            "http://evil.example:80#@good.example",
            "evil.example:80#x@good.example",
            "evil.example:80\\@good.example",
            "https://h:8086/a@b",
            "https://h/a:b@c",
            "a:b@c/d",
            "a/b:c@d.example",
            "http://evil.example:$P/x@good.example",
            "http://[::1]:80/a:b@c",
            "http://evil.example/token:x/password=y",
            "curl http://h?token=$(id)",
            "http://u:`id`@h/",
        ] {
            let command = format!("command [\"x\", {text:?}]");
            assert_eq!(without_secrets_in_command(&command), command);
            assert_eq!(without_secrets_in_argument(text), text);
        }
    }

    #[test]
    fn addresses_of_hooks_are_secrets() {
        for (text, shown) in [
            ("https://hooks.slack.com/services/T0/B0/S3", "https://hooks.slack.com/services/***"),
            ("https://discord.com/api/webhooks/12/S3?wait=1", "https://discord.com/api/webhooks/12/***?wait=1"),
            ("https://a.webhook.office.com/webhookb2/S3/x", "https://a.webhook.office.com/webhookb2/***"),
            ("https://api.telegram.org/bot12:S3/sendMessage", "https://api.telegram.org/bot12:***/sendMessage"),
            ("https://evil.example/services/x", "https://evil.example/services/x"),
            ("https://hooks.slack.com.evil/services/x", "https://hooks.slack.com.evil/services/x"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
