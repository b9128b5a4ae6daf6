//! `[project]`, `[server]` and `[[moved]]`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::node::Node;
use super::section::Section;
use super::sink::exact;
use super::source::{place, reads_as};
use super::syntax::Document;
use super::variables::Values;
use super::{Moved, Server};
use crate::address::few;
use crate::api::with_scheme;
use crate::confine;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::hidden::blurs_url;

/// Whether a project can have this name.
pub fn is_project_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 41 && name.bytes().next().is_some_and(plain) && name.bytes().all(|b| plain(b) || b == b'-')
}

/// The project's name.
pub(super) fn project(
    document: &Document<'_>,
    (path, sources): (&Path, &[Arc<Source>]),
    values: &Values,
    problems: &mut Vec<Diagnostic>,
) -> Option<String> {
    let Some(written) = &document.project else {
        let (message, help) = match sources {
            [one] if one.name.ends_with(".vars.toml") => (
                format!("{} is a file of variables, not a project", one.name),
                format!("name the project's directory, and this file with `--var-file {}`", one.name),
            ),
            [one] => (
                format!("no `[project]` in {}", one.name),
                "write `[project]` with `name = \"...\"` into it".to_owned(),
            ),
            all => {
                let names = few(all.iter().map(|source| &source.name));
                let message = format!("no `[project]` in any manifest in {}", path.display());
                (message, format!("write `[project]` with `name = \"...\"` into one of {names}"))
            }
        };
        problems.push(Diagnostic::error(Code::ManifestNoProject, message).help(help));
        return None;
    };
    if written.table.get("name").is_none() {
        let diagnostic =
            Diagnostic::error(Code::ManifestMissing, "missing `name` in `[project]`").at(written.place(), "here");
        problems.push(diagnostic.help("write `name = \"...\"`"));
    }
    let mut section = Section::new(written, "[project]", &["name"], values, problems);
    let (node, name) = section.text("name")?;
    if !is_project_name(&name) {
        let message = format!("invalid project name `{name}`");
        return section.fail(&node, message, "use a-z, 0-9 and `-`, at most 41 characters, and do not begin with `-`");
    }
    Some(name)
}

/// `[server]`.
pub(super) fn server(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Server {
    const WORDS: [&str; 7] = ["url", "org", "token_id", "ca_file", "client_cert", "client_key", "timeout"];
    let Some(written) = &document.server else { return Server::default() };
    let mut section = Section::new(written, "[server]", &WORDS, values, problems);
    let server = Server {
        url: section.placed("url", url),
        org: section.placed("org", |_, _, text| Some(text)),
        token_id: section.id("token_id", None),
        ca_file: section.placed("ca_file", certificate),
        client_cert: section.placed("client_cert", certificate),
        client_key: section.placed("client_key", certificate),
        timeout: section.placed("timeout", |section, node, text| timeout(section, node, &text)),
    };
    match (&server.client_cert, &server.client_key) {
        (Some(one), None) | (None, Some(one)) => {
            let message = "`client_cert` and `client_key` belong together";
            problems.push(
                Diagnostic::error(Code::ManifestMissing, message).at(one.place.clone(), "the other one is missing"),
            );
        }
        _ => {}
    }
    server
}

/// A PEM file of the project. Files elsewhere are for who runs fluxform to name.
fn certificate(section: &mut Section<'_, '_>, node: &Node<'_>, text: String) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    if !confine::leaves(&path) {
        return Some(path);
    }
    let message = format!("`{}` is not in the project directory", path.display());
    let at = place(section.written.source, node.span);
    let diagnostic = Diagnostic::error(Code::ManifestPath, message).at(at, "names a file elsewhere");
    section.problems.push(diagnostic.help(
        "put the file into the project, or give --ca-file, --client-cert or --client-key (or FLUXFORM_CA_FILE, ...) to each run",
    ));
    None
}

fn url(section: &mut Section<'_, '_>, node: &Node<'_>, text: String) -> Option<String> {
    if let Some(path) = text.strip_prefix("embedded:") {
        return match reads_as(Path::new(path)) {
            None => Some(text),
            Some(what) => section.fail(
                node,
                format!("`{path}` has the name of a {what}"),
                "choose another name for the data file",
            ),
        };
    }
    if blurs_url(&text) {
        let message = "the server's URL has spaces or characters that cannot be seen in it";
        return section.fail(node, message, "write it without them");
    }
    match url::Url::parse(&text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => {
            if url.username().is_empty() && url.password().is_none() {
                return Some(text);
            }
            let diagnostic = Diagnostic::error(Code::ManifestSecretLiteral, "the URL has a user name or a password");
            let at = place(section.written.source, node.span);
            section.problems.push(diagnostic.at(at, "secrets do not belong here"));
            None
        }
        _ => {
            let diagnostic = Diagnostic::error(Code::ManifestValue, format!("invalid server URL `{text}`"))
                .at(place(section.written.source, node.span), "write `http://...`, `https://...` or `embedded:PATH`");
            let help = with_scheme(&text).map(|url| format!("did you mean `{url}`?"));
            section.problems.push(diagnostic.help_known(help));
            None
        }
    }
}

fn timeout(section: &mut Section<'_, '_>, node: &Node<'_>, text: &str) -> Option<Duration> {
    match exact(text) {
        Some(duration) if !duration.is_zero() => Some(duration),
        _ => section.fail(node, format!("invalid timeout `{text}`"), "write a duration such as `10s`"),
    }
}

/// `[[moved]]`, each with two addresses. Whether they fit the project is for the check.
pub(super) fn moved(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Vec<Moved> {
    let read = |written| {
        if values.budget.is_enough(problems) {
            return None;
        }
        let mut section = Section::new(written, "[[moved]]", &["from", "to"], values, problems);
        section.needs("[[moved]]", &["from", "to"], "it has `from` and `to`");
        let (from, to) = (section.address("from"), section.address("to"));
        Some(Moved { from: from?.value, to: to?.value, place: written.place() })
    };
    document.moved.iter().filter_map(read).collect()
}
