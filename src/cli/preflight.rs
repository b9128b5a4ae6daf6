//! `fluxform preflight`.

use serde::Serialize;

use super::connection::Flags;
use super::plan::{FileWait, reading};
use super::shell::{Format, Shell};
use super::{Ended, applies, project};
use crate::address::few;
use crate::api::Me;
use crate::diagnostic::{Code, Diagnostic};
use crate::preflight::{Asked, Job, Preflight, preflight};
use crate::problem::Problem;
use crate::render::{self, Page, count};

/// Show which permissions the token lacks that the project's runs take
///
/// Asks the server whether the run's token may do what `plan` and what `apply` of this project do, and names what is lacking
/// as InfluxDB does. Where that cannot be told, it says so. Writes nothing, and needs no other permission. Ends with 4 if not
/// all that the job takes is proven. `fluxform required-permissions` prints a project that creates tokens with all of it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// What the token is to do: the exit code says whether it may
    #[arg(long = "for", value_name = "JOB", value_enum, default_value_t)]
    job: Wanted,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) connection: Flags,
    #[command(flatten)]
    wait: FileWait,
}

/// A job that a token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    /// `plan` and `drift`
    Plan,
    /// `apply` and `destroy`
    #[default]
    Apply,
}

impl Wanted {
    const fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    #[serde(rename = "for")]
    job: Wanted,
    user: User<'a>,
    plan: JobForm<'a>,
    apply: JobForm<'a>,
    problems: Vec<render::ProblemForm<'a>>,
}

/// The user of the token.
#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct JobForm<'a> {
    ready: bool,
    takes: usize,
    lacking: Vec<Right<'a>>,
    unknown: Vec<Right<'a>>,
}

/// One right; of one that is not known, why, and of one that is lacking, what for, where the project does not say it.
#[derive(Serialize)]
struct Right<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> Right<'a> {
    fn new(asked: &'a Asked, why: Option<&'a str>) -> Self {
        let (permission, owner_of) = match asked {
            Asked::Permission(permission) => (Some(&**permission), None),
            Asked::Owner(org) => (None, Some(&**org)),
        };
        Self { permission, owner_of, why }
    }
}

impl<'a> JobForm<'a> {
    fn new(job: &'a Job) -> Self {
        let Job { takes, lacking, unknown } = job;
        Self {
            ready: job.is_ready(),
            takes: *takes,
            lacking: lacking.iter().map(|(asked, why)| Right::new(asked, why.as_deref())).collect(),
            unknown: unknown.iter().map(|(asked, why)| Right::new(asked, Some(why))).collect(),
        }
    }
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let server = session.server(&project.manifest);
    let home = session.home.clone();
    let found = preflight(&session.client, &server, home.as_deref(), &project.manifest).await;
    let me = session.me.clone();
    session.close().await;
    let found = found?.ok_or_else(no_home)?;
    let Preflight { plan, apply } = &found;
    let org = Flags { org: arguments.connection.org.clone(), ..Flags::default() };
    let required = applies::like(&["required-permissions"], &arguments.project, &org);
    let wanted = if arguments.job == Wanted::Plan { plan } else { apply };
    let problem = (!wanted.is_ready()).then(|| lacks(arguments.job, wanted, &required));
    let problems: Vec<Problem> = problem.into_iter().collect();
    let exit = crate::problem::worst(&problems);
    shell.data(&match arguments.format {
        Format::Human => human(shell.data_page(), &me, home.is_some(), &found),
        Format::Json => render::json(&Form {
            head: render::Head::new(exit),
            project: &project.manifest.project,
            job: arguments.job,
            user: User { id: &me.id, name: me.name.as_deref() },
            plan: JobForm::new(plan),
            apply: JobForm::new(apply),
            problems: problems.iter().map(render::ProblemForm::new).collect(),
        }),
    })?;
    shell.show_problems(&problems);
    Ok(exit)
}

fn no_home() -> Problem {
    let message = "the home org does not exist yet, so it cannot be told what the token may do there";
    Problem::new(Code::SightRights, message)
        .help("only an operator may create an org: apply the project with an operator's token")
}

/// Says that the job cannot be done, or may not be.
fn lacks(job: Wanted, found: &Job, required: &str) -> Problem {
    let job = job.word();
    let rights = |number| count(number, "right");
    let (lacking, unknown) = (&found.lacking, &found.unknown);
    let message = if lacking.is_empty() {
        let named = few(unknown.keys());
        format!("it is not known whether the token has {} that `{job}` takes: {named}", rights(unknown.len()))
    } else {
        format!("the token lacks {} that `{job}` takes: {}", rights(lacking.len()), few(lacking.keys()))
    };
    let help = if lacking.values().any(Option::is_some) {
        format!(
            "{required} prints a project that creates a token with what the manifests take; what the project owns besides takes the \
             rest: add that to it, or apply once with an operator's token"
        )
    } else {
        format!("{required} prints a project that creates a token with exactly what `{job}` takes")
    };
    Diagnostic::error(Code::SightRights, message).help(help).into()
}

fn human(mut page: Page, me: &Me, has_home: bool, found: &Preflight) -> String {
    let user = me.name.as_ref().map_or_else(|| me.id.clone(), |name| format!("{name} ({})", me.id));
    page.say(format_args!("The token belongs to the user {user}.")).fold(0);
    if !has_home {
        page.say("The home org does not exist yet, so the rights in it must hold on the whole server.").fold(0);
    }
    for (name, job) in [("plan", &found.plan), ("apply", &found.apply)] {
        let Job { takes, lacking, unknown } = job;
        let takes = count(*takes, "right");
        let verdict = match (lacking.len(), unknown.len()) {
            (0, 0) => format!("the token has all {takes} that it takes"),
            (lacking, 0) => format!("of {takes} that it takes, the token lacks {lacking}"),
            (0, unknown) => format!("of {takes} that it takes, {unknown} may be lacking"),
            (lacking, unknown) => {
                format!("of {takes} that it takes, the token lacks {lacking}, and {unknown} more may be lacking")
            }
        };
        page.heading(format_args!("{name}: {verdict}"));
        for (asked, why) in lacking {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            page.say(format_args!("  - {asked}{why}")).fold(6);
        }
        for (asked, why) in unknown {
            page.say(format_args!("  ? {asked}: {why}")).fold(6);
        }
    }
    page.finish()
}
