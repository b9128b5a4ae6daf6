//! Several projects in one run: each is planned by its own rules, and none hides another.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Ended;
use super::project::{Choice, Variables};
use super::shell::{PlanFormat, Shell};
use crate::coverage::Coverage;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::plan::{Origin, Plan};
use crate::problem::{Problem, Problems};
use crate::render::{self, Comment, Document, Fitted, Page, Part, Role, Valid};

/// Which projects, with which variables.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Choices {
    /// The projects: each a directory of manifests, or one manifest
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) dirs: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) variables: Variables,
}

/// A sentence, and the command that it speaks of, which is not wrapped.
pub(super) struct Remark {
    pub(super) sentence: String,
    pub(super) command: Option<String>,
}

/// What came of one project.
#[derive(Default)]
pub(super) struct Outcome {
    /// What people read of it.
    pub(super) human: String,
    /// The plan, where one was asked for and made.
    pub(super) plan: Option<Plan>,
    /// How many of the plan's first warnings are of the manifests: those were shown when they were read.
    pub(super) shown: usize,
    /// The project, where its manifests are valid and no more was asked.
    pub(super) valid: Option<Valid>,
    /// How much of the server projects manage, where that was asked for.
    pub(super) coverage: Option<Coverage>,
    /// Where it was made.
    pub(super) origin: Option<Origin>,
    /// What else is to be said, at the end.
    pub(super) said: Option<Remark>,
    /// What stopped it.
    pub(super) problems: Vec<Problem>,
    /// What the manifests warn of, where it came to no plan.
    pub(super) warnings: Vec<Diagnostic>,
    /// How the run would end, were this the only project.
    pub(super) exit: Exit,
}

impl Outcome {
    fn stopped(problems: Problems, warnings: Vec<Diagnostic>) -> Self {
        Self { exit: problems.exit(), problems: problems.into(), warnings, ..Self::default() }
    }

    fn document(&self) -> Document<'_> {
        let Self { plan, valid, coverage, origin, problems, warnings, exit, .. } = self;
        let (plan, valid, coverage) = (plan.as_ref(), valid.as_ref(), coverage.as_ref());
        Document { origin: origin.as_ref(), plan, valid, coverage, problems, warnings, ..Document::new(*exit) }
    }
}

/// Does the same to each project. One is shown as if there were no others; of several, each is shown under its name, and all
/// of them in one document.
pub(super) async fn for_each_project(
    shell: &Shell,
    (format, of): (PlanFormat, Comment),
    choices: &Choices,
    one: impl AsyncFn(&Choice) -> Result<Outcome, Problems>,
) -> Ended {
    let choice = |dir: &PathBuf| Choice { dir: dir.clone(), variables: choices.variables.clone() };
    if let [dir] = choices.dirs.as_slice() {
        let outcome = one(&choice(dir)).await?;
        shell.document(format, of, &outcome.document(), |_| outcome.human.clone())?;
        after(shell, &outcome);
        return Ok(outcome.exit);
    }
    choices.once_each()?;
    let mut all: Vec<(String, Outcome)> = Vec::new();
    for dir in &choices.dirs {
        let name = dir.display().to_string();
        heading(shell, format, &name)?;
        let mut outcome = one(&choice(dir)).await.unwrap_or_else(|problems| Outcome::stopped(problems, shell.warned()));
        if let Some(problem) = twice(&all, &outcome, dir) {
            outcome.exit = outcome.exit.or(problem.exit);
            outcome.problems.push(problem);
        }
        if format == PlanFormat::Human {
            shell.data(&outcome.human)?;
        }
        after(shell, &outcome);
        all.push((name, outcome));
    }
    let exit = all.iter().map(|(_, outcome)| outcome.exit).fold(Exit::Ok, Exit::or);
    let parts: Vec<Part<'_>> =
        all.iter().map(|(dir, outcome)| Part { dir: dir.clone(), document: outcome.document() }).collect();
    shell.data(&match format {
        PlanFormat::Human => render::overview(of, &parts, shell.output.out),
        PlanFormat::Json => render::documents(exit, &parts),
        PlanFormat::Markdown => {
            let Fitted { text, is_whole } = render::comments(of, exit, &parts);
            if !is_whole {
                let all = all.iter().map(|(name, outcome)| format!("== {name}\n{}", outcome.human));
                shell.say_whole(&all.collect::<String>());
            }
            text
        }
    })?;
    Ok(exit)
}

/// What is said of a project after it was shown.
fn after(shell: &Shell, outcome: &Outcome) {
    if let Some(plan) = &outcome.plan {
        shell.show(&plan.warnings[outcome.shown..]);
        shell.show_problems(&plan.refusals);
    }
    if let Some(Remark { sentence, command }) = &outcome.said {
        shell.say(sentence);
        command.iter().for_each(|command| shell.say_command(command));
    }
    shell.show_problems(&outcome.problems);
}

/// The project's name, above what is shown and said of it.
fn heading(shell: &Shell, format: PlanFormat, name: &str) -> Result<(), Problems> {
    let line = |mut page: Page| {
        page.put(Role::Strong, format_args!("== {name}")).end();
        page.finish()
    };
    if format == PlanFormat::Human {
        shell.data(&line(shell.data_page()))?;
    }
    // On a terminal both streams are in one place.
    if format != PlanFormat::Human || !shell.output.err_terminal {
        shell.output.talk(&line(shell.talk_page()));
    }
    Ok(())
}

/// Two directories that are one project share its record: each would delete what the other declares.
fn twice(before: &[(String, Outcome)], outcome: &Outcome, dir: &Path) -> Option<Problem> {
    let (plan, origin) = (outcome.plan.as_ref()?, outcome.origin.as_ref()?);
    let same = |(_, other): &&(String, Outcome)| {
        let (Some(other_plan), Some(other_origin)) = (&other.plan, &other.origin) else { return false };
        let known =
            origin.org_id.is_some() && (&origin.server, &origin.org_id) == (&other_origin.server, &other_origin.org_id);
        known && other_plan.project == plan.project
    };
    let (other, ..) = before.iter().find(same)?;
    let message = format!(
        "{} is the project `{}` on the same server and org as {other}, so each would delete what the other declares",
        dir.display(),
        plan.project
    );
    let diagnostic =
        Diagnostic::error(Code::PlanSameProject, message).help("change the name of one of them in [project]");
    Some(Problem::from(diagnostic))
}

impl Choices {
    /// Whether no project was given twice, under whatever path.
    fn once_each(&self) -> Result<(), Problems> {
        let mut seen = HashSet::new();
        let real = |dir: &&PathBuf| std::fs::canonicalize(dir).unwrap_or_else(|_| (*dir).clone());
        match self.dirs.iter().find(|dir| !seen.insert(real(dir))) {
            None => Ok(()),
            Some(again) => {
                let diagnostic = Diagnostic::error(Code::CliTwice, format!("{} is listed twice", again.display()))
                    .help("list each project once");
                Err(diagnostic.into())
            }
        }
    }

    /// Whether one project was given: more cannot be with `what`.
    pub(super) fn only(&self, what: &str) -> Result<(), Problems> {
        if self.dirs.len() <= 1 {
            return Ok(());
        }
        let diagnostic = Diagnostic::error(
            Code::CliSeveral,
            format!("{what} is for one project, but there are {}", self.dirs.len()),
        )
        .help("run it once for each project");
        Err(diagnostic.into())
    }
}
