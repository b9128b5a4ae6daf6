//! Secrets in plain text where somebody has written them.

use std::borrow::Cow;
use std::ops::Range;

use super::reference::is_reference;
use super::{MARK, assigned, shapes, urls};

/// What is shown where a secret was, however long it is.
pub(crate) const HIDDEN: &str = "***";

/// A search for secrets in a text.
pub(super) struct Search<'t> {
    pub(super) text: &'t str,
    pub(super) of: Text,
    found: Vec<Literal>,
}

/// What a text is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// TOML, or what was to be TOML. Nothing in it only names a secret.
    Toml,
    /// The configuration of Telegraf. It replaces `$NAME` and `${NAME}` by variables of its environment, and `@{store:name}` by
    /// what a store of secrets has: these name secrets, and are none.
    Config,
    /// Flux, in which only strings have secrets.
    Flux,
}

/// What is, or in doubt may be, a secret.
struct Literal {
    span: Range<usize>,
    is_certain: bool,
}

impl<'t> Search<'t> {
    const fn new(text: &'t str, of: Text) -> Self {
        Self { text, of, found: Vec::new() }
    }

    pub(super) fn add(&mut self, mut span: Range<usize>, is_certain: bool) {
        // What comes from there on has been taken out already.
        if let Some((mark, _)) =
            self.text[span.clone()].match_indices('[').find(|(at, _)| self.is_mark(span.start + at))
        {
            span.end = span.start + mark;
        }
        let value = &self.text[span.clone()];
        if !(value.trim().is_empty() || self.of != Text::Toml && is_reference(value)) {
            self.found.push(Literal { span, is_certain });
        }
    }

    fn is_mark(&self, at: usize) -> bool {
        self.text[at..].starts_with(MARK)
    }

    /// What stands before a host. A user without a password tells nothing.
    pub(super) fn add_user(&mut self, span: Range<usize>, is_certain: bool) {
        let password = self.text[span.clone()].split_once(':').map(|(_, password)| password);
        if !(self.of != Text::Toml && password.is_some_and(is_reference)) {
            self.add(span, is_certain);
        }
    }

    fn of_all(mut self) -> Vec<Literal> {
        assigned::find(&mut self);
        shapes::find(&mut self);
        urls::find(&mut self);
        self.merged()
    }

    /// In order; what overlaps is one, and certain if a part of it is.
    fn merged(mut self) -> Vec<Literal> {
        self.found.sort_unstable_by_key(|found| (found.span.start, found.span.end));
        let mut merged: Vec<Literal> = Vec::with_capacity(self.found.len());
        for next in self.found {
            match merged.last_mut().filter(|last| next.span.start < last.span.end) {
                Some(last) => {
                    last.span.end = last.span.end.max(next.span.end);
                    last.is_certain |= next.is_certain;
                }
                None => merged.push(next),
            }
        }
        merged
    }
}

/// Where `text`, which is or was to be TOML, has secrets: what is given to a key that is called like one, users and
/// passwords in URLs and in addresses of databases, and private keys. In doubt, more than that.
pub(crate) fn literals(text: &str) -> Vec<Range<usize>> {
    Search::new(text, Text::Toml).of_all().into_iter().map(|literal| literal.span).collect()
}

/// `spans` in order, those that overlap as one.
pub(crate) fn apart(spans: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut search = Search::new("", Text::Toml);
    search.found = spans.map(|span| Literal { span, is_certain: true }).collect();
    search.merged().into_iter().map(|literal| literal.span).collect()
}

/// Where the configuration of Telegraf has what certainly are secrets.
pub(crate) fn literals_in_config(text: &str) -> Vec<Range<usize>> {
    let found = Search::new(text, Text::Config).of_all().into_iter();
    found.filter(|literal| literal.is_certain).map(|literal| literal.span).collect()
}

/// `text`, the configuration of Telegraf, with [`HIDDEN`] in the place of what may be a secret.
pub(crate) fn without_literals(text: &str) -> String {
    hidden(text, Search::new(text, Text::Config).of_all()).into_owned()
}

/// `script`, which is Flux, with [`HIDDEN`] in the place of strings that may be secrets.
pub(crate) fn without_literals_in_flux(script: &str) -> Cow<'_, str> {
    hidden(script, Search::new(script, Text::Flux).of_all())
}

/// The words of a person with [`HIDDEN`] in the place of what certainly is a secret.
pub(crate) fn without_secrets(words: &str) -> Cow<'_, str> {
    let mut found = Search::new(words, Text::Toml).of_all();
    found.retain(|literal| literal.is_certain);
    hidden(words, found)
}

/// Whether `text` has a user or a password before the host of a URL, or a secret in its parameters.
pub(crate) fn has_credentials(text: &str) -> bool {
    credentials(text).iter().any(|literal| literal.is_certain)
}

/// `text` with [`HIDDEN`] in the place of users, passwords and parameters in URLs that are secrets, and of private keys.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    hidden(text, credentials(text))
}

fn credentials(text: &str) -> Vec<Literal> {
    let mut search = Search::new(text, Text::Toml);
    urls::find(&mut search);
    shapes::find(&mut search);
    search.merged()
}

fn hidden(text: &str, found: Vec<Literal>) -> Cow<'_, str> {
    if found.is_empty() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for Literal { span, .. } in found {
        out.push_str(&text[at..span.start]);
        out.push_str(HIDDEN);
        at = span.end;
    }
    out.push_str(&text[at..]);
    out.into()
}

#[cfg(test)]
mod tests;
