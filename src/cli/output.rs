//! `fluxform output`: what the project has on the server, for other tools.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::pipeline::Planned;
use super::plan::{FileWait, RunOptions, make, reading};
use super::project::Project;
use super::shell::{PlanFormat, Shell};
use super::show::meant;
use super::{Ended, connection, project};
use crate::address::{Address, few, matches};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Goal;
use crate::exit::Exit;
use crate::kind::Presence;
use crate::plan::Consent;
use crate::problem::Problem;
use crate::render;

/// Print the names and IDs of the project's resources as JSON, for other tools
///
/// Lists everything that the project owns or refers to as external, by address, as
/// it is on the server now. What has not been applied yet, or no longer exists, is
/// listed under "missing". The output never contains a secret. Writes nothing.
///
///   fluxform output iot | jq -r '.resources["bucket.raw"].id'
///   fluxform output iot bucket.raw --field id
///   fluxform output iot 'bucket.line[*]'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// Print only this resource, such as bucket.raw, which must exist; `*` stands for anything, as in 'bucket.*'
    #[arg(value_name = "ADDRESS", value_parser = super::shell::addresses)]
    address: Option<String>,
    /// Print only this field of the resource, as plain text
    #[arg(long, value_enum, value_name = "FIELD", requires = "address")]
    field: Option<Field>,
    /// Output format; there is only this one
    #[arg(long, value_enum, default_value_t, conflicts_with = "field")]
    format: Written,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

impl Arguments {
    /// How an error is written: a single field is text.
    pub(super) fn format(&self) -> PlanFormat {
        if self.field.is_some() { PlanFormat::Human } else { PlanFormat::Json }
    }
}

/// How it is written, as other commands are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Written {
    /// JSON
    #[default]
    Json,
}

/// What is printed of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Field {
    /// Its ID
    Id,
    /// Its name; for a token, the description
    Name,
    /// The ID of its org; empty for orgs and users
    Org,
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    /// The ID of the home org.
    org: Option<&'a str>,
    resources: BTreeMap<String, One>,
    missing: Vec<String>,
    problems: [(); 0],
}

#[derive(Clone, Debug, Serialize)]
struct One {
    kind: &'static str,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    external: bool,
}

impl One {
    fn new(address: &Address, (id, name, org): (&str, &str, Option<&str>), external: bool) -> Self {
        Self {
            kind: address.kind.name(),
            key: address.key.to_string(),
            instance: address.instance.as_deref().map(str::to_owned),
            id: id.to_owned(),
            name: name.to_owned(),
            org: org.map(str::to_owned),
            external,
        }
    }
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let options = RunOptions::of(Goal::Declared, Consent::default());
    let planned = make(&session, &project, &options).await;
    let home = session.home.clone();
    session.close().await;
    let mut resources = found(&planned?);
    let mut missing: Vec<String> =
        project.manifest.resources.keys().filter(|a| !resources.contains_key(*a)).map(ToString::to_string).collect();
    if let Some(pattern) = &arguments.address {
        let is_meant = |address: &str| matches(pattern, address);
        let chosen: BTreeMap<_, _> = resources.iter().filter(|(address, _)| is_meant(&address.to_string())).collect();
        missing.retain(|address| is_meant(address));
        if chosen.is_empty() && (missing.is_empty() || !pattern.contains('*')) {
            return Err(absent(pattern, &missing, &project, &resources).into());
        }
        if let Some(field) = arguments.field {
            let one = only(pattern, &chosen, &missing)?;
            shell.data(&format!("{}\n", plain(one, field)))?;
            return Ok(Exit::Ok);
        }
        resources = chosen.into_iter().map(|(address, one)| (address.clone(), one.clone())).collect();
    }
    shell.data(&render::json(&Form {
        head: render::Head::new(Exit::Ok),
        project: &project.manifest.project,
        org: home.as_deref(),
        resources: resources.into_iter().map(|(address, one)| (address.to_string(), one)).collect(),
        missing,
        problems: [],
    }))?;
    Ok(Exit::Ok)
}

/// All that the project owns and that is not known to be gone, and all external ones. What the token may not see is as the
/// record has it.
fn found(planned: &Planned) -> BTreeMap<Address, One> {
    let Planned { ledger, snapshot, external, plan, .. } = planned;
    let moved = |from: &Address| plan.changes.iter().find(|change| change.moved_from.as_ref() == Some(from));
    let owned = ledger.entries.iter().filter_map(|(address, entry)| {
        let gone = snapshot.kinds.get(&address.kind).and_then(|view| view.missing.get(&entry.id));
        if matches!(gone, Some(Presence::Absent | Presence::Hidden)) {
            return None;
        }
        let address = moved(address).map_or(address, |change| &change.address);
        let name = snapshot.object(address.kind, &entry.id).map_or(&entry.name, |object| &object.name);
        Some((address.clone(), One::new(address, (&entry.id, name, entry.org.as_deref()), false)))
    });
    let external = external.iter().map(|(address, object)| {
        (address.clone(), One::new(address, (&object.id, &object.name, object.org.as_deref()), true))
    });
    owned.chain(external).collect()
}

fn plain(one: &One, field: Field) -> String {
    let text = match field {
        Field::Id => &one.id,
        Field::Name => &one.name,
        Field::Org => one.org.as_deref().unwrap_or_default(),
    };
    render::line(text).into_owned()
}

/// The one resource whose field is wanted.
fn only<'a>(pattern: &str, chosen: &BTreeMap<&Address, &'a One>, missing: &[String]) -> Result<&'a One, Problem> {
    if let ([one], []) = (chosen.values().collect::<Vec<_>>().as_slice(), missing) {
        return Ok(**one);
    }
    let all = chosen.keys().map(ToString::to_string).chain(missing.iter().cloned());
    let message = format!("--field prints one resource, but {pattern} means {}", few(all));
    let diagnostic = Diagnostic::error(Code::OutputSeveral, message)
        .help("name one of them; without --field, all are printed as JSON");
    Err(diagnostic.into())
}

/// Why nothing is printed for `pattern`; `missing` is what it means that is only declared.
fn absent(pattern: &str, missing: &[String], project: &Project, there: &BTreeMap<Address, One>) -> Problem {
    if let Some(address) = missing.first() {
        let mut problem = Problem::new(
            Code::OutputMissing,
            format!("{address} is declared, but the project does not own it on the server"),
        );
        problem.diagnostic.help = Some("apply the project first".to_owned());
        return problem;
    }
    let mut problem = Problem::new(Code::OutputUnknown, format!("the project has no {pattern}"));
    let names: BTreeSet<&Address> = there.keys().chain(project.manifest.resources.keys()).collect();
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    problem.diagnostic.help =
        Some(meant(pattern, &names).unwrap_or_else(|| "`fluxform output` lists what it has".to_owned()));
    problem
}
