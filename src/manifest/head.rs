//! `[project]`, `[server]` and `[[moved]]`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use super::expand::{ExpandError, expand};
use super::load::SECRET;
use super::node::{Node, Raw};
use super::shape::is_id;
use super::sink::exact;
use super::source::place;
use super::syntax::{Document, Written, wrong_type};
use super::template::Expression;
use super::variables::Values;
use super::{Moved, Placed, Server};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, nearest};

/// A table outside of resources while it is read.
struct Section<'s, 'a> {
    written: &'s Written<'a>,
    values: &'s Values,
    problems: &'s mut Vec<Diagnostic>,
}

impl<'s, 'a> Section<'s, 'a> {
    fn new(
        written: &'s Written<'a>,
        name: &str,
        words: &[&str],
        values: &'s Values,
        problems: &'s mut Vec<Diagnostic>,
    ) -> Self {
        for entry in &written.table.0 {
            if !words.contains(&entry.key.as_ref()) {
                let message = format!("`{}` is not known in `{name}`", entry.key);
                let help = match nearest(&entry.key, words.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {}", words.join(", ")),
                };
                let diagnostic = Diagnostic::error("manifest::unknown-key", message);
                problems.push(diagnostic.at(place(written.source, entry.at), "unknown").help(help));
            }
        }
        Self { written, values, problems }
    }

    fn fail<T>(&mut self, node: &Node<'_>, message: impl Into<String>, label: &str) -> Option<T> {
        let diagnostic = Diagnostic::error("manifest::value", message);
        self.problems.push(diagnostic.at(place(self.written.source, node.span), label));
        None
    }

    /// The string of `word`, with its variables.
    fn text(&mut self, word: &str) -> Option<(Node<'a>, String)> {
        let node = self.written.table.get(word)?;
        let mut unknown = None;
        let expanded = expand(node, &mut |expression, _| match expression {
            Expression::Var(name) if self.values.contains_key(name) => self.values[name].clone().ok_or(()),
            _ => {
                unknown = Some("this can be made of declared variables only");
                Err(())
            }
        });
        if let Some(message) = unknown {
            return self.fail(node, message, "refers to something else");
        }
        let node = match expanded.map(Cow::into_owned) {
            Ok(node) => node,
            Err(ExpandError::Said) => return None,
            Err(error) => {
                self.problems.extend(error.diagnostic(self.written.source));
                return None;
            }
        };
        match &node.value {
            Raw::Text(text) if !text.is_empty() => {
                let text = text.clone().into_owned();
                Some((node, text))
            }
            Raw::Text(_) => self.fail(&node, format!("`{word}` cannot be empty"), "empty"),
            other => {
                self.problems.push(wrong_type(word, "a string", other, place(self.written.source, node.span)));
                None
            }
        }
    }

    fn placed<T>(
        &mut self,
        word: &str,
        read: impl FnOnce(&mut Self, &Node<'a>, String) -> Option<T>,
    ) -> Option<Placed<T>> {
        let (node, text) = self.text(word)?;
        let value = read(self, &node, text)?;
        Some(Placed { value, place: place(self.written.source, node.span) })
    }
}

/// The project's name.
pub(super) fn project(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let Some(written) = &document.project else {
        let help = "write `[project]` with `name = \"...\"` into one of its files";
        problems.push(Diagnostic::error("manifest::no-project", "no file has a `[project]`").help(help));
        return None;
    };
    if written.table.get("name").is_none() {
        let diagnostic = Diagnostic::error("manifest::missing", "`[project]` needs `name`").at(written.place(), "here");
        problems.push(diagnostic.help("write `name = \"...\"`"));
    }
    let mut section = Section::new(written, "[project]", &["name"], values, problems);
    let (node, name) = section.text("name")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let sound =
        name.len() <= 41 && name.bytes().all(|b| plain(b) || b == b'-') && name.bytes().next().is_some_and(plain);
    if !sound {
        let message = format!("`{name}` cannot be the name of a project");
        return section.fail(&node, message, "a-z, 0-9 and `-`, at most 41 of them, not `-` first");
    }
    Some(name)
}

/// `[server]`.
pub(super) fn server(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Server {
    const WORDS: [&str; 7] = ["url", "org", "token_id", "ca_file", "client_cert", "client_key", "timeout"];
    let Some(written) = &document.server else { return Server::default() };
    let mut section = Section::new(written, "[server]", &WORDS, values, problems);
    let file = |_: &mut Section<'_, '_>, _: &Node<'_>, text: String| Some(PathBuf::from(text));
    let server = Server {
        url: section.placed("url", url),
        org: section.placed("org", |_, _, text| Some(text)),
        token_id: section.placed("token_id", |section, node, text| match is_id(&text) {
            true => Some(text),
            false => section.fail(node, format!("`{text}` is not an ID"), "an ID is 16 digits of 0-9 and a-f"),
        }),
        ca_file: section.placed("ca_file", file),
        client_cert: section.placed("client_cert", file),
        client_key: section.placed("client_key", file),
        timeout: section.placed("timeout", |section, node, text| timeout(section, node, &text)),
    };
    match (&server.client_cert, &server.client_key) {
        (Some(one), None) | (None, Some(one)) => {
            let message = "`client_cert` and `client_key` belong together";
            problems.push(Diagnostic::error("manifest::missing", message).at(one.place.clone(), "stands alone"));
        }
        _ => {}
    }
    server
}

fn url(section: &mut Section<'_, '_>, node: &Node<'_>, text: String) -> Option<String> {
    if text.starts_with("embedded:") {
        return Some(text);
    }
    match url::Url::parse(&text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => {
            if url.username().is_empty() && url.password().is_none() {
                return Some(text);
            }
            let diagnostic = Diagnostic::error(SECRET, "the URL has a user name or a password");
            let at = place(section.written.source, node.span);
            section.problems.push(diagnostic.at(at, "secrets do not belong here"));
            None
        }
        _ => section.fail(
            node,
            format!("`{text}` is no URL of a server"),
            "write `http://...`, `https://...` or `embedded:PATH`",
        ),
    }
}

fn timeout(section: &mut Section<'_, '_>, node: &Node<'_>, text: &str) -> Option<Duration> {
    match exact(text) {
        Some(duration) if !duration.is_zero() => Some(duration),
        _ => section.fail(node, format!("`{text}` is no timeout"), "write a duration such as `10s`"),
    }
}

/// `[[moved]]`, each with two addresses. Whether they fit the project is for the check.
pub(super) fn moved(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Vec<Moved> {
    let mut all = Vec::new();
    for written in &document.moved {
        for word in ["from", "to"] {
            if written.table.get(word).is_none() {
                let diagnostic = Diagnostic::error("manifest::missing", format!("`[[moved]]` needs `{word}`"));
                problems.push(diagnostic.at(written.place(), "here").help("it has `from` and `to`"));
            }
        }
        let mut section = Section::new(written, "[[moved]]", &["from", "to"], values, problems);
        let mut address = |word: &str| -> Option<Address> {
            let (node, text) = section.text(word)?;
            match text.parse() {
                Ok(address) => Some(address),
                Err(error) => {
                    let error: crate::address::AddressError = error;
                    section.fail(&node, error.to_string(), "not an address")
                }
            }
        };
        let (from, to) = (address("from"), address("to"));
        if let (Some(from), Some(to)) = (from, to) {
            all.push(Moved { from, to, place: written.place() });
        }
    }
    all
}
