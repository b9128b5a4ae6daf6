//! `fluxform convert`: from a file of another tool to a project that declares what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::applies::argument;
use super::export::check::{faults, unsound};
use super::export::summary;
use super::export::{Read, project_name};
use super::shell::{Format, Shell};
use super::{Ended, project, standard_input, vacant, written};
use crate::address::Address;
use crate::confine;
use crate::convert::{self, Converted};
use crate::diagnostic::{Code, Diagnostic, Severity, Source};
use crate::exit::Exit;
use crate::export::{Disposition, Export, HERE, ObjectId, Refused, Request, Resource, export};
use crate::kind::Kind;
use crate::limits::SOURCE_FILE;
use crate::manifest::Inputs;
use crate::problem::Problem;
use crate::render::{self, DiagnosticForm, Role, count};

/// Write a project from an InfluxDB template or from Terraform's state
///
/// Reads a template of InfluxDB (YAML, JSON, or what Jsonnet prints) or a state of Terraform or OpenTofu, and writes a project that
/// declares the same: one file for each kind, each script in a file of its own. No token, password or value of a secret is copied.
/// Says with its place what cannot be converted, and converts the rest: then it exits with 3. Needs no server, and only writes to a
/// new or empty directory.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The template or the state; `-` for standard input
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// The directory to write to; it must be new or empty
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The name of the project [default: the name of the directory]
    #[arg(long, value_name = "NAME", value_parser = project_name)]
    project: Option<String>,
    /// Output format of the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    written::allowed("a project", &arguments.out)?;
    written::through_no_link(Code::ExportWrite, "a project", &arguments.out)?;
    let out = vacant::vacant(&arguments.out)?;
    let source = Arc::new(source(&arguments.source)?);
    let mut converted = convert::read(&source)?;
    let request = Request {
        project: arguments.project.clone().unwrap_or_else(|| project::name_of(&arguments.out)),
        kinds: Kind::ALL.iter().copied().collect(),
        labels: BTreeSet::new(),
        every_org: true,
        url: None,
        certificates: Vec::new(),
        org: converted.org.clone().unwrap_or_else(|| converted.home.clone()),
        token_id: None,
        imports: converted.are_there,
    };
    let export = out.fill(|| Ok(()), |write| made(&request, &mut converted, write))?;
    converted.name_variables(&export.environment);
    let copied = converted.tell_copied();
    shell.show(&converted.told);
    let left_out = converted.told.iter().filter(|told| told.severity == Severity::Error).count();
    let exit = if left_out > 0 { Exit::Partial } else { Exit::Ok };
    shell.data(&match arguments.format {
        Format::Human => {
            human(shell, (&arguments.out, &request.project), &export, (left_out, copied), converted.are_there)
        }
        Format::Json => render::json(&Form {
            head: render::Head::new(exit),
            project: &request.project,
            directory: arguments.out.display().to_string(),
            files: export.files.keys().map(String::as_str).collect(),
            resources: export.resources.iter().map(One::new).collect(),
            variables: converted.variables.keys().map(String::as_str).collect(),
            notes: converted.told.iter().map(DiagnosticForm::new).collect(),
        }),
    })?;
    Ok(exit)
}

/// Whether somebody means what is at an address.
fn is_url(path: &Path) -> bool {
    path.to_str().and_then(|text| text.split_once("://")).is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// What is converted.
fn source(path: &Path) -> Result<Source, Problem> {
    let wrong = |message: String| Problem::new(Code::ConvertSource, message);
    if is_url(path) {
        let diagnostic =
            Diagnostic::error(Code::ConvertSource, format!("{} is an address, and no file", path.display()));
        return Err(diagnostic.help("download it first, then convert the file").into());
    }
    let (name, bytes) = if path == Path::new("-") {
        ("<stdin>".to_owned(), standard_input::read(&SOURCE_FILE).map_err(wrong)?)
    } else {
        let bytes = confine::read(path, &SOURCE_FILE)
            .map_err(|error| Diagnostic::error(Code::ConvertSource, error.to_string()).help_known(error.help()))?;
        (path.display().to_string(), bytes)
    };
    let text = Source::utf8(Code::ConvertSource, path, &name, bytes).map_err(Diagnostic::showing_nothing)?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(convert::source(name, path, text))
}

/// The project of what was converted, after all that no manifest can say is left out of it.
fn made(
    request: &Request,
    converted: &mut Converted,
    write: &dyn Fn(&Export) -> Result<PathBuf, Problem>,
) -> Result<Export, Problem> {
    let inputs = Inputs { vars: converted.given(), ..Inputs::default() };
    loop {
        converted.settle();
        let left = converted.made.len();
        let read = Read { snapshot: converted.snapshot(), ..Read::default() };
        let refused = external(converted);
        let names = converted.names();
        let mut project = export(request, read.sources(&refused, &names));
        let mut wrong: BTreeMap<ObjectId, String> = BTreeMap::new();
        let mut without = Vec::new();
        for note in &project.notes {
            let id = (note.kind, note.id.clone());
            match note.disposition {
                Disposition::Without(field) => without.push((id, field, note.why.as_str())),
                // The source says nothing of what it refers to and does not declare.
                Disposition::Stale(_) => {}
                _ if refused.contains_key(&id) => {}
                Disposition::LeftOut | Disposition::External => drop(wrong.insert(id, note.why.clone())),
            }
        }
        converted.note(without);
        if wrong.is_empty() {
            converted.declare(&mut project.files);
            for (address, why) in faults(&write(&project)?, (&request.org, &inputs), &project, &read)? {
                wrong.insert((address.kind, project.resources[&address].id.clone()), why);
            }
        }
        if wrong.is_empty() {
            if !converted.are_there {
                project.files.remove(HERE);
            }
            converted.fill_in(&mut project.files);
            write(&project)?;
            return Ok(project);
        }
        converted.refuse(&wrong);
        if converted.made.len() == left {
            return Err(unsound(wrong.values().next().map(String::as_str).unwrap_or_default()));
        }
    }
}

/// What is only referred to.
fn external(converted: &Converted) -> BTreeMap<ObjectId, Refused> {
    let external = converted.made.iter().filter(|made| made.external);
    external.map(|made| (made.id(), Refused { why: String::new(), also_external: false })).collect()
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    directory: String,
    files: Vec<&'a str>,
    resources: Vec<One<'a>>,
    variables: Vec<&'a str>,
    notes: Vec<DiagnosticForm<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    address: &'a Address,
    kind: &'static str,
    external: bool,
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a str>,
}

impl<'a> One<'a> {
    fn new((address, resource): (&'a Address, &'a Resource)) -> Self {
        let Resource { external, file, script, .. } = resource;
        Self { address, kind: address.kind.name(), external: *external, file, script: script.as_deref() }
    }
}

/// What was written to `dir`; how many things were left out, and how many secrets may have been copied.
fn human(
    shell: &Shell,
    (dir, project): (&Path, &str),
    export: &Export,
    (left_out, copied): (usize, usize),
    are_there: bool,
) -> String {
    let mut page = shell.data_page();
    page.put(Role::Strong, format_args!("Converted to {}:", dir.display())).end();
    summary::files(&mut page, project, export);
    if left_out > 0 {
        page.gap().say(format_args!("{} left out, as said above.", count(left_out, "thing"))).end();
    }
    if copied > 0 {
        let look = if copied == 1 { "looks like a secret was" } else { "look like secrets were" };
        page.gap().say(format_args!("{} that {look} copied, as said above.", count(copied, "text"))).end();
    }
    let adopt = if are_there { "--adopt " } else { "" };
    page.gap().say(format_args!("Next: fluxform plan {adopt}{}", argument(dir))).end();
    page.finish()
}
