//! `fluxform flux refs`.

use serde::Serialize;

use super::script::{Files, Script};
use super::uses::Uses;
use crate::cli::Ended;
use crate::cli::shell::{Format, Shell};
use crate::exit::Exit;
use crate::flux::refs::{Elsewhere, Reference, References, Target, references};
use crate::redact::without_credentials;
use crate::render::{self, Page};

/// List what scripts read, write and call
///
/// Lists the buckets that each script reads and writes, the secrets that it gets, and the addresses that it sends requests to,
/// each with its place. Follows names through variables, options, records, strings that are put together, and functions of the
/// script. What only a run can tell is `(unknown)`. Reports scripts with mistakes, and exits with 65.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    uses: Uses,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Serialize)]
struct Form {
    #[serde(flatten)]
    head: render::Head,
    scripts: Vec<ScriptForm>,
    problems: [(); 0],
}

#[derive(Serialize)]
struct ScriptForm {
    file: String,
    references: Vec<ReferenceForm>,
    /// Whether the script was too large to be followed to its end.
    incomplete: bool,
}

#[derive(Serialize)]
struct ReferenceForm {
    access: &'static str,
    target: &'static str,
    /// None where only a run can tell.
    name: Option<String>,
    /// Whether it is in another `org` or on another `server`, which the script names.
    elsewhere: Option<&'static str>,
    /// That org, where its name is known.
    org: Option<String>,
    /// Where it is in a library.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(flatten)]
    place: render::SpanForm,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let mut scripts = Vec::new();
    arguments.files.each(shell, &arguments.uses, &mut Vec::new(), |script| {
        script.check()?;
        scripts.push(ScriptForm::new(script, references(&script.parsed.script, &[])));
        Ok(())
    })?;
    shell.data(&match arguments.format {
        Format::Human => page(&scripts, shell.data_page()),
        Format::Json => render::json(&Form { head: render::Head::new(Exit::Ok), scripts, problems: [] }),
    })?;
    Ok(Exit::Ok)
}

impl ScriptForm {
    fn new(script: &Script, References { all, incomplete }: References) -> Self {
        let mut references: Vec<_> = all.into_iter().map(|reference| ReferenceForm::new(script, reference)).collect();
        // What stands in the script itself comes first, though its libraries stand above it.
        references.sort_by_key(|reference| reference.file.is_some());
        Self { file: script.source.name.clone(), references, incomplete }
    }
}

impl ReferenceForm {
    fn new(script: &Script, Reference { span, access, target, name, elsewhere, .. }: Reference) -> Self {
        let place = script.place(span);
        let file = Some(&place.source.name).filter(|name| **name != script.source.name).cloned();
        let (elsewhere, org) = match elsewhere {
            None => (None, None),
            Some(Elsewhere::Org(org)) => (Some("org"), org),
            Some(Elsewhere::Server) => (Some("server"), None),
        };
        Self {
            access: access.word(),
            target: match target {
                Target::Bucket => "bucket",
                Target::BucketId => "bucket_id",
                Target::Secret => "secret",
                Target::Url => "url",
                Target::Variable => "variable",
            },
            name: name.map(|name| match target {
                Target::Url => without_credentials(&name).into_owned(),
                _ => name,
            }),
            elsewhere,
            org,
            file,
            place: render::SpanForm::new(&place),
        }
    }
}

fn page(scripts: &[ScriptForm], mut page: Page) -> String {
    let word = |name: &Option<String>| name.as_ref().map_or("(unknown)".to_owned(), |name| format!("{name:?}"));
    for ScriptForm { file, references, incomplete } in scripts {
        for ReferenceForm { access, target, name, elsewhere, org, file: of, place } in references {
            let render::SpanForm { line, column, .. } = place;
            let file = of.as_ref().unwrap_or(file);
            let target = if *target == "bucket_id" { "bucket with the ID" } else { target };
            let name = word(name);
            let elsewhere = match elsewhere {
                Some("server") => " of another server".to_owned(),
                Some(_) => format!(" of the org {}", word(org)),
                None => String::new(),
            };
            page.say(format_args!("{file}:{line}:{column}: {access} {target} {name}{elsewhere}")).end();
        }
        if *incomplete {
            page.say(format_args!("{file}: too large to be followed to its end; there may be more")).end();
        }
    }
    page.finish()
}
