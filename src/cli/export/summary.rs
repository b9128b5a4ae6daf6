//! What is said of an export: what it has, and what it has not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::super::applies::argument;
use super::super::shell::{Format, Shell};
use super::{Hidden, Read};
use crate::address::Address;
use crate::api::sight::Lack;
use crate::exit::Exit;
use crate::export::{Disposition, Export, HEAD, HERE, Note, Request, Resource};
use crate::kind::Kind;
use crate::redact::without_secrets;
use crate::render::{self, Page, Role, count};

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    directory: String,
    files: Vec<&'a str>,
    resources: Vec<One<'a>>,
    notes: Vec<SkippedForm<'a>>,
    /// Kinds of which there may be more than the token sees.
    hidden: BTreeMap<&'static str, &'static str>,
    other_orgs: usize,
    other_users: usize,
}

#[derive(Serialize)]
struct One<'a> {
    address: &'a Address,
    kind: &'static str,
    id: &'a str,
    external: bool,
    imported: bool,
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a str>,
}

#[derive(Serialize)]
struct SkippedForm<'a> {
    kind: &'static str,
    id: &'a str,
    name: Cow<'a, str>,
    disposition: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    why: &'a str,
}

/// What a run says of the export that it has written to `dir`.
pub(super) fn report(
    shell: &Shell,
    dir: &Path,
    request: &Request,
    read: &Read,
    export: &Export,
    exit: Exit,
    format: Format,
) -> String {
    let hidden: Vec<_> = read.hidden(request).collect();
    match format {
        Format::Human => human(shell.data_page(), dir, &request.project, export, &hidden),
        Format::Json => render::json(&Form {
            head: render::Head::new(exit),
            project: &request.project,
            directory: dir.display().to_string(),
            files: export.files.keys().map(String::as_str).collect(),
            resources: export.resources.iter().map(One::new).collect(),
            notes: export.notes.iter().map(SkippedForm::new).collect(),
            hidden: hidden.iter().map(|hidden| (hidden.kind.name(), render::sight(hidden.sight))).collect(),
            other_orgs: export.other_orgs,
            other_users: export.other_users,
        }),
    }
}

impl<'a> One<'a> {
    fn new((address, resource): (&'a Address, &'a Resource)) -> Self {
        Self {
            address,
            kind: address.kind.name(),
            id: &resource.id,
            external: resource.external,
            imported: resource.imported,
            file: &resource.file,
            script: resource.script.as_deref(),
        }
    }
}

impl<'a> SkippedForm<'a> {
    fn new(note: &'a Note) -> Self {
        let (disposition, field) = match note.disposition {
            Disposition::LeftOut => ("left_out", None),
            Disposition::External => ("external", None),
            Disposition::Without(field) => ("without_field", Some(field)),
            Disposition::Stale(field) => ("stale", Some(field)),
        };
        Self {
            kind: note.kind.name(),
            id: &note.id,
            name: without_secrets(&note.name),
            disposition,
            field,
            why: &note.why,
        }
    }
}

/// The files of a project that was written.
pub(in crate::cli) fn files(page: &mut Page, project: &str, export: &Export) {
    let files = || export.files.keys().filter(|file| !file.contains('/'));
    let width = files().map(String::len).max().unwrap_or(0).max(15);
    for file in files() {
        let inside = |external: bool| {
            export.resources.values().filter(|resource| resource.file == *file && resource.external == external).count()
        };
        let mut parts = Vec::new();
        if file == HERE {
            parts.push("where the server is".to_owned());
        }
        if file != HERE && inside(false) > 0 {
            parts.push(count(inside(false), "resource"));
        }
        if inside(true) > 0 {
            parts.push(format!("{} external", inside(true)));
        }
        if file == HEAD {
            parts.push(format!("the project `{project}`"));
        }
        if file == HERE {
            let imports = export.resources.values().filter(|resource| resource.imported).count();
            parts.extend((imports > 0).then(|| count(imports, "import")));
        }
        page.say(format_args!("  {file:<width$} {}", parts.join(", "))).end();
    }
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    for (dir, _) in export.files.keys().filter_map(|file| file.split_once('/')) {
        *texts.entry(dir).or_default() += 1;
    }
    for (dir, number) in texts {
        let what = if dir == "flux" { "script" } else { "configuration" };
        page.say(format_args!("  {:<width$} {}", format!("{dir}/"), count(number, what))).end();
    }
}

fn human(mut page: Page, dir: &Path, project: &str, export: &Export, hidden: &[Hidden<'_>]) -> String {
    page.put(Role::Strong, format_args!("Exported to {}:", dir.display())).end();
    files(&mut page, project, export);
    notes(&mut page, "Left out:", export, |disposition| disposition == Disposition::LeftOut);
    notes(&mut page, "External, so not managed:", export, |disposition| disposition == Disposition::External);
    notes(&mut page, "Fields that are not exported:", export, |disposition| {
        matches!(disposition, Disposition::Without(_))
    });
    notes(&mut page, "Exported as they are, though they refer to nothing:", export, |disposition| {
        matches!(disposition, Disposition::Stale(_))
    });
    if export.other_orgs > 0 {
        page.gap().say(format_args!(
            "{} not exported: use --org NAME for another one, or --all-orgs for all.",
            match export.other_orgs {
                1 => "One more org is".to_owned(),
                more => format!("{more} more orgs are"),
            }
        ));
        page.end();
    }
    if export.other_users > 0 {
        let users = match export.other_users {
            1 => "One user of other orgs is".to_owned(),
            more => format!("{more} users of other orgs are"),
        };
        page.gap().say(format_args!("{users} not exported: use --all-orgs.")).end();
    }
    if !hidden.is_empty() {
        page.heading("This may be incomplete:");
        let mut cures = BTreeSet::from(["choose what to export with --kind".to_owned()]);
        for Hidden { kind, lack, .. } in hidden {
            let why = lack.map_or("this token may not see all of them".to_owned(), ToString::to_string);
            page.say("  ").put(Role::Warning, format_args!("{kind}s")).say(format_args!(": {why}")).end();
            cures.insert(lack.map_or("use a token that may read them all".to_owned(), Lack::help));
        }
        let cures: Vec<_> = cures.into_iter().rev().collect();
        page.say(format_args!("  help: {}", cures.join("; or "))).fold(4);
    }
    page.gap().say(format_args!("Next: fluxform plan --adopt {}", argument(dir))).end();
    page.finish()
}

/// The notes of some dispositions, those with the same reason together.
fn notes(page: &mut Page, title: &str, export: &Export, of: impl Fn(Disposition) -> bool) {
    let mut said: BTreeMap<(Kind, &str, Option<&str>), Vec<&Note>> = BTreeMap::new();
    for note in export.notes.iter().filter(|note| of(note.disposition)) {
        let field = match note.disposition {
            Disposition::Without(field) | Disposition::Stale(field) => Some(field),
            Disposition::LeftOut | Disposition::External => None,
        };
        said.entry((note.kind, &note.why, field)).or_default().push(note);
    }
    if said.is_empty() {
        return;
    }
    page.heading(title);
    for ((kind, why, field), notes) in said {
        let field = field.map(|field| format!("`{field}` of ")).unwrap_or_default();
        for note in notes.iter().take(MANY) {
            let name: String = without_secrets(&note.name).chars().take(60).collect();
            page.say("  ").say(field.as_str()).put(Role::Strong, format_args!("{kind} {name:?}"));
            page.put(Role::Quiet, format_args!("  (id {})", note.id)).say(format_args!(": {why}")).end();
        }
        if notes.len() > MANY {
            page.say(format_args!("  and {} more: {why}", count(notes.len() - MANY, kind.name()))).end();
        }
    }
}

/// So many objects with the same reason are named.
const MANY: usize = 10;
