//! Strings of a Flux script that name what it reaches: none is a secret, whatever the variable is called that has it.

use std::ops::Range;

use super::literals::without_secrets_in_argument;
use super::urls::is_url;
use crate::flux::ast::{Script, Span};
use crate::flux::parser::parse;
use crate::flux::refs::{Elsewhere, Target, references};
use crate::flux::{Token, TokenKind};

/// What a script reaches.
struct Places {
    names: Vec<String>,
    addresses: Vec<String>,
    /// The same with their secrets, and where the host is in each.
    hosts: Vec<(String, Range<usize>)>,
    /// Addresses of databases, as they are written, that lack a scheme.
    data_sources: Vec<String>,
}

/// Where the host and the port are in a URL, as the server reads it: no `@` behind a slash ends a password, as it may for a mask.
fn host(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |length| start + length);
    Some(url[start..end].rfind('@').map_or(start, |at| start + at + 1)..end)
}

impl Places {
    fn of(script: &Script) -> Self {
        let mut places = Self { names: Vec::new(), addresses: Vec::new(), hosts: Vec::new(), data_sources: Vec::new() };
        for reference in references(script, &[]).all {
            match (reference.target, reference.name) {
                (Target::Url, Some(url)) => {
                    places.addresses.push(without_secrets_in_argument(&url).into_owned());
                    match host(&url) {
                        Some(host) => places.hosts.push((url, host)),
                        None => places.data_sources.push(url),
                    }
                }
                (Target::Bucket | Target::BucketId | Target::Secret, name) => places.names.extend(name),
                (Target::Url, None) | (Target::Variable, _) => {}
            }
            if let Some(Elsewhere::Org(org)) = reference.elsewhere {
                places.names.extend(org);
            }
        }
        places
    }

    /// Whether `text` has a part of the host that an address leads to: what comes before it is no place to hide that.
    fn has_host(&self, text: &str) -> bool {
        self.hosts.iter().any(|(url, host)| {
            let mut parts = url.match_indices(text).map(|(at, text)| at..at + text.len());
            parts.any(|part| part.start < host.end && host.start < part.end)
        })
    }

    /// Whether `text` is a name, or a part of one or of an address.
    fn has(&self, text: &str) -> bool {
        self.names.iter().any(|name| name == text)
            || !text.is_empty() && self.names.iter().chain(&self.addresses).any(|place| place.contains(text))
            // Of what says by itself where it leads, the host is shown anyway.
            || !text.is_empty() && !is_url(text) && self.has_host(text)
    }
}

/// Where such strings are among the `tokens` of a script, in order.
#[derive(Default)]
pub(super) struct Strings {
    /// Those that are no secrets.
    pub(super) shown: Vec<Range<usize>>,
    /// Those, without their quotes, that are addresses of databases without a scheme.
    pub(super) data_sources: Vec<Range<usize>>,
}

/// Where such strings are among the `tokens` of `text`; none if it is no sound script.
pub(super) fn strings(text: &str, tokens: &[Token]) -> Strings {
    let parsed = parse(text);
    if !parsed.is_sound() {
        return Strings::default();
    }
    let script = &parsed.script;
    let places = Places::of(script);
    let is_place = |token: &&Token| {
        let (Ok(start), Ok(end)) = (u32::try_from(token.span.start), u32::try_from(token.span.end)) else {
            return false;
        };
        match token.kind {
            TokenKind::String => places.has(&script.unquoted(Span::new(start, end))),
            // Of a string with interpolations, each piece of text is a part.
            TokenKind::StringText => places.has(&script.unescaped(Span::new(start, end))),
            _ => false,
        }
    };
    let is_source = |token: &&Token| {
        let within = text.get(token.span.start + 1..token.span.end - 1).unwrap_or_default();
        token.kind == TokenKind::String && places.data_sources.iter().any(|source| source == within)
    };
    Strings {
        shown: tokens.iter().filter(is_place).map(|token| token.span.clone()).collect(),
        data_sources: tokens.iter().filter(is_source).map(|token| token.span.start + 1..token.span.end - 1).collect(),
    }
}
