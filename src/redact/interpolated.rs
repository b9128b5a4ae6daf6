//! Passwords of URLs that Flux puts together: `"https://user:password${x}@host"`. What could be a host, or a part of one, by what a
//! run puts in, is shown.

use std::ops::Range;

use super::literals::Search;
use super::urls::{SCHEMES, may_be_port};
use crate::flux::{Token, TokenKind};

/// What ends the part of a URL in which users and hosts are.
const ENDS: [char; 7] = ['/', '\\', '?', '#', ' ', '\t', '\n'];

/// Finds them in the strings with interpolations among `tokens`.
pub(super) fn find(search: &mut Search<'_>, tokens: &[Token]) {
    // What is open: of a string, its pieces of text.
    let mut open: Vec<Option<Vec<Range<usize>>>> = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::StringStart => open.push(Some(Vec::new())),
            TokenKind::StringText => {
                if let Some(Some(pieces)) = open.last_mut() {
                    pieces.push(token.span.clone());
                }
            }
            kind if kind.opens() => open.push(None),
            kind if kind.closes() => {
                if let Some(Some(pieces)) = open.pop() {
                    passwords(search, &pieces);
                }
            }
            _ => {}
        }
    }
}

/// Finds the password in the string of these `pieces`, which stand around interpolations.
fn passwords(search: &mut Search<'_>, pieces: &[Range<usize>]) {
    let text = search.text;
    for (n, piece) in pieces.iter().enumerate() {
        let Some((scheme, rest)) = text[piece.clone()].split_once("://") else { continue };
        let scheme = scheme.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or(scheme);
        if !SCHEMES.contains(&&*scheme.to_ascii_lowercase()) {
            continue;
        }
        // The pieces up to the path: all but the first stand behind an interpolation.
        let first = piece.end - rest.len()..piece.end;
        let mut parts = Vec::new();
        for part in std::iter::once(first).chain(pieces[n + 1..].iter().cloned()) {
            let end = text[part.clone()].find(ENDS);
            parts.push(part.start..end.map_or(part.end, |end| part.start + end));
            if end.is_some() {
                break;
            }
        }
        let Some((last, at)) = parts.iter().enumerate().rev().find_map(|(n, part)| {
            let at = text[part.clone()].rfind('@')?;
            Some((n, part.start + at))
        }) else {
            continue;
        };
        let Some((from, colon)) = parts[..=last].iter().enumerate().find_map(|(n, part)| {
            let end = if n == last { at } else { part.end };
            let colon = text[part.start..end].find(':')?;
            Some((n, part.start + colon + 1))
        }) else {
            continue;
        };
        // Before the first interpolation: it is the port of the host if it can be one, and else no place.
        let head =
            (from == 0 && last > 0).then(|| colon..parts[0].end).filter(|head| !text[head.clone()].contains('@'));
        // Right before the `@`, whatever stands before that is no host.
        let tail = (last > 0).then(|| if from == last { colon..at } else { parts[last].start..at });
        for secret in head.into_iter().chain(tail) {
            if !may_be_port(&text[secret.clone()]) {
                search.add_within(secret, true);
            }
        }
    }
}
