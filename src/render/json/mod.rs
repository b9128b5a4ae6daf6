//! The machine form of a run: one versioned document with structs of its own, described in `schemas/`.

mod coverage;
mod difference;
mod plan;
mod problem;
mod report;

pub use coverage::sight;
pub use problem::{DiagnosticForm, Form as ProblemForm, SpanForm};

use std::borrow::Cow;

use serde::Serialize;

use crate::coverage::Coverage;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::hidden::is_hidden;
use crate::plan::{Difference, Origin, Plan};
use crate::problem::Problem;
use crate::redact::without_secrets;
use crate::report::Report;

/// The version of every machine form: a new minor adds, a new major changes.
const FORMAT_VERSION: &str = "1.1";

/// All that one run has to say.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// How the process ends.
    pub exit: Exit,
    /// The directory of the project, where it came to no plan that names the project.
    pub dir: Option<&'a str>,
    /// Which server and org it was made on, where it came to a plan.
    pub origin: Option<&'a Origin>,
    /// The plan, where it came to one.
    pub plan: Option<&'a Plan>,
    /// The project whose manifests are valid, where no more was asked.
    pub valid: Option<&'a Valid>,
    /// What was done, where anything was tried.
    pub report: Option<&'a Report>,
    /// How much of the server projects manage, where that is asked for.
    pub coverage: Option<&'a Coverage>,
    /// In what the plan is not the one that was reviewed.
    pub difference: &'a [Difference],
    /// What ended the run, besides what plan and report say.
    pub problems: &'a [Problem],
    /// What the manifests of a run warn of that came to no plan.
    pub warnings: &'a [Diagnostic],
}

impl Document<'_> {
    /// A run of which nothing is to be said but how it ended.
    pub const fn new(exit: Exit) -> Self {
        Self {
            exit,
            dir: None,
            origin: None,
            plan: None,
            valid: None,
            report: None,
            coverage: None,
            difference: &[],
            problems: &[],
            warnings: &[],
        }
    }
}

/// A project whose manifests are valid.
#[derive(Clone, Debug)]
pub struct Valid {
    /// Its name.
    pub project: String,
    /// How many resources it declares, each instance counted.
    pub resources: usize,
    /// What is to be known of the manifests all the same.
    pub warnings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct ValidForm<'a> {
    project: &'a str,
    resources: usize,
    warnings: Vec<DiagnosticForm<'a>>,
}

impl<'a> ValidForm<'a> {
    fn new(valid: &'a Valid) -> Self {
        let Valid { project, resources, warnings } = valid;
        Self { project, resources: *resources, warnings: warnings.iter().map(DiagnosticForm::new).collect() }
    }
}

/// What a run over several projects has to say of one of them.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The project's directory, as it was given.
    pub dir: String,
    /// As if it had been the only one.
    pub document: Document<'a>,
}

/// What every document begins with.
#[derive(Debug, Serialize)]
pub struct Head {
    format_version: &'static str,
    #[serde(flatten)]
    ending: Ending,
}

/// How a run ends.
#[derive(Debug, Serialize)]
struct Ending {
    exit_code: u8,
    exit_reason: &'static str,
    /// Whether the same command may simply be run again.
    resumable: bool,
}

impl Head {
    /// That of a run that ends with `exit`.
    pub const fn new(exit: Exit) -> Self {
        Self { format_version: FORMAT_VERSION, ending: Ending::new(exit) }
    }
}

impl Ending {
    const fn new(exit: Exit) -> Self {
        let resumable =
            matches!(exit, Exit::Partial | Exit::Unavailable | Exit::Locked | Exit::Interrupted | Exit::Terminated);
        Self { exit_code: exit.code(), exit_reason: exit.reason(), resumable }
    }
}

#[derive(Serialize)]
struct Form<'a> {
    format_version: &'static str,
    #[serde(flatten)]
    run: Run<'a>,
}

#[derive(Serialize)]
struct Forms<'a> {
    #[serde(flatten)]
    head: Head,
    projects: Vec<Project<'a>>,
    problems: [(); 0],
}

#[derive(Serialize)]
struct Project<'a> {
    dir: &'a str,
    #[serde(flatten)]
    run: Run<'a>,
}

/// The server that a run worked on.
#[derive(Serialize)]
struct ServerForm<'a> {
    url: &'a str,
    org: Cow<'a, str>,
    /// None while there is no org: the apply makes it.
    org_id: Option<&'a str>,
}

impl<'a> ServerForm<'a> {
    fn new(origin: &'a Origin) -> Self {
        Self { url: &origin.server, org: without_secrets(&origin.org), org_id: origin.org_id.as_deref() }
    }
}

#[derive(Serialize)]
struct Run<'a> {
    #[serde(flatten)]
    ending: Ending,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<ServerForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<plan::Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<ValidForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<report::Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<coverage::Form<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    difference: Vec<difference::Form<'a>>,
    problems: Vec<problem::Form<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<DiagnosticForm<'a>>,
}

impl<'a> Run<'a> {
    fn new(document: &Document<'a>) -> Self {
        let mut ending = Ending::new(document.exit);
        // What a run that wrote has left is gone on with by the same command, whatever stopped it.
        if let Some(report) = document.report.filter(|report| report.exit() != Exit::Ok) {
            ending.resumable = !report.spent();
        }
        Self {
            ending,
            server: document.origin.map(ServerForm::new),
            plan: document.plan.map(plan::Form::new),
            valid: document.valid.map(ValidForm::new),
            report: document.report.map(report::Form::new),
            coverage: document.coverage.map(coverage::Form::new),
            difference: document.difference.iter().map(difference::Form::new).collect(),
            problems: document.problems.iter().map(problem::Form::new).collect(),
            warnings: document.warnings.iter().map(DiagnosticForm::new).collect(),
        }
    }
}

/// The document as JSON, with a line feed at its end.
pub fn document(document: &Document<'_>) -> String {
    text(&Form { format_version: FORMAT_VERSION, run: Run::new(document) })
}

/// One document of several projects.
pub fn documents(exit: Exit, parts: &[Part<'_>]) -> String {
    text(&Forms {
        head: Head::new(exit),
        projects: parts.iter().map(|part| Project { dir: &part.dir, run: Run::new(&part.document) }).collect(),
        problems: [],
    })
}

/// Any value as indented JSON of ASCII characters, and so without a hidden one: two values that differ look different.
pub fn text(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("invariant: the forms have string keys and no failing parts");
    let mut out = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if !c.is_ascii() || c != '\n' && is_hidden(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}
