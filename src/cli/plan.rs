//! `fluxform plan`: the straight line from manifests to a plan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use super::connection::{self, Purpose};
use super::pipeline::{self, Own, Planned};
use super::project::Project;
use super::session::{Session, SessionOptions};
use super::several::{Choices, Outcome, Remark, for_each_project};
use super::shell::{Brevity, PlanFormat, Shell};
use super::signal::unless_stopped;
use super::{Ended, applies, delivered, project, signal, unmanaged, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Goal};
use crate::evidence;
use crate::exit::Exit;
use crate::manifest::Manifest;
use crate::plan::{self, Consent, Flag, Flagged, Origin, Plan, Saved};
use crate::problem::{Problem, Problems, worst};
use crate::render::{self, Comment};
use crate::secret::Look;
use crate::snapshot::Server;

/// Show what an apply would do
///
/// Compares the manifests with the server and prints what would be added, changed and destroyed, and why. Writes nothing,
/// starts no process, and reads no secret except the token, unless --probe asks for it. Several projects are planned one after the other, each with its
/// own [server]. There is one report, and the exit code is the first that applies to any of them.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    projects: Choices,
    #[command(flatten)]
    consent: Consents,
    /// Allow a project that declares no resource to delete everything that it owns, whatever the blast radius
    #[arg(long, help_heading = "Consent")]
    allow_empty: bool,
    /// Show what `fluxform destroy` would do
    #[arg(long, conflicts_with_all = ["allow_empty", "unmanaged"])]
    destroy: bool,
    #[command(flatten)]
    checks: Checks,
    /// Save the plan to a file for review; `fluxform apply FILE` then does exactly this, or nothing
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 if an apply would write anything, or --probe finds a secret that is not as it should be
    #[arg(long)]
    detailed_exitcode: bool,
    /// Look whether secrets are as declared: read the files of sinks and the sources of secrets, and ask the server with what is there
    #[arg(long, conflicts_with = "destroy")]
    probe: bool,
    /// List objects that no project owns, and how much of the server the manifests cover
    #[arg(long)]
    unmanaged: bool,
    /// Output format of the plan
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanFormat,
    #[command(flatten)]
    brevity: Brevity,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

/// What the user agrees to beforehand.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Consents {
    /// Allow the project to take over existing objects that have the declared name
    #[arg(long, help_heading = "Consent")]
    adopt: bool,
    /// Allow resources whose address matches to lose data: bucket.tmp, or a pattern such as 'bucket.*'; may be given several
    /// times
    #[arg(long, help_heading = "Consent", value_name = "PATTERN", value_parser = super::shell::addresses)]
    allow_data_loss: Vec<String>,
}

impl Consents {
    pub(super) fn consent(&self) -> Consent {
        Consent { adopt: self.adopt, data_loss: self.allow_data_loss.clone(), ..Consent::default() }
    }
}

/// What is asked of the server besides what it has.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Checks {
    /// Do not have the server check new and changed scripts for type errors
    #[arg(long)]
    no_type_check: bool,
}

impl Checks {
    pub(super) const fn type_check(&self) -> bool {
        !self.no_type_check
    }
}

/// How long a run that takes the lock waits for others.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Wait {
    /// How long to wait while another run holds the lock or the embedded server's file
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = super::shell::duration)]
    pub(super) lock_timeout: Duration,
}

/// How long a run that takes no lock waits for others.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct FileWait {
    /// How long to wait while another run has the embedded server's file; no lock is taken, and no other server is waited for
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = super::shell::duration)]
    pub(super) lock_timeout: Duration,
}

/// What tells an apply to make secrets anew that are not in their sinks any more.
pub(super) const REDELIVER: &str = "--redeliver";

/// What is planned for.
#[derive(Clone, Debug)]
pub(super) struct RunOptions {
    pub(super) goal: Goal,
    pub(super) consent: Consent,
    /// Whether a project without resources may delete all that it owns.
    pub(super) empty: Empty,
    /// The ID of the home org, if this very run has made it.
    pub(super) made: Option<String>,
    /// Whether the server is asked to compile new and changed scripts.
    pub(super) type_check: bool,
    /// Whether secrets are made anew that are not in their sinks any more.
    pub(super) redeliver: bool,
    /// What is rotated, and then nothing else is done.
    pub(super) rotate: Option<Rotate>,
}

/// What a person asks to rotate.
#[derive(Clone, Debug)]
pub(super) struct Rotate {
    /// An address, or a pattern of addresses.
    pub(super) address: String,
    /// Whether the predecessors go at once.
    pub(super) revoke_now: bool,
    /// Whether only what is old enough is rotated.
    pub(super) due: bool,
}

/// What becomes of a project without resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// It is refused.
    Refused,
    /// It may delete all that it owns: `--allow-empty` says so.
    Flag,
    /// It is a project like any other, for who asks.
    Fine,
}

impl Empty {
    /// What `--allow-empty` says.
    pub(super) const fn of(flag: bool) -> Self {
        if flag { Self::Flag } else { Self::Refused }
    }
}

impl RunOptions {
    /// Those of a run in which the server compiles no script, and a project without resources is one like any other.
    pub(super) fn of(goal: Goal, consent: Consent) -> Self {
        Self { goal, consent, empty: Empty::Fine, made: None, type_check: false, redeliver: false, rotate: None }
    }

    /// How the command is told to make the same plan.
    pub(super) fn words(&self) -> Vec<&str> {
        if let Some(Rotate { address, revoke_now, due }) = &self.rotate {
            let flags = [(*revoke_now, "--revoke-now"), (*due, "--due")];
            let flags = flags.into_iter().filter_map(|(is_set, word)| is_set.then_some(word));
            return [address.as_str()].into_iter().chain(flags).collect();
        }
        let flags = [
            (self.goal == Goal::Destroyed, "--destroy"),
            (self.consent.adopt, "--adopt"),
            (self.redeliver, REDELIVER),
            (self.empty == Empty::Flag, "--allow-empty"),
            (self.goal == Goal::Declared && !self.type_check, "--no-type-check"),
        ];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word);
        flags.chain(self.consent.data_loss.iter().flat_map(|pattern| ["--allow-data-loss", pattern])).collect()
    }
}

/// Reads the server, compares, and orders. Writes nothing.
pub(super) async fn make(session: &Session, project: &Project, options: &RunOptions) -> Result<Planned, Problems> {
    let Project { manifest, graph, .. } = project;
    let RunOptions { goal, consent, made, type_check, .. } = options;
    let server = Server { compiles: *type_check && session.compiles(), ..session.server(manifest) };
    let own = Own { made: made.as_deref(), lock: None };
    let mut planned = pipeline::plan(&session.client, &server, manifest, graph, *goal, consent, own).await?;
    plan::without_told(&mut planned.plan.refusals, &project.warnings);
    if *goal == Goal::Declared
        && options.empty != Empty::Fine
        && let Some(problem) = empty(project, &planned)
    {
        match &mut planned.plan {
            plan if options.empty == Empty::Flag => plan.flags.extend(flagged(plan)),
            plan if plan.changes.is_empty() => return Err(problem.into()),
            plan => plan.refusals.push(problem),
        }
    }
    Ok(planned)
}

/// A project without resources is more often a slip than a wish.
fn empty(project: &Project, planned: &Planned) -> Option<Problem> {
    if !project.manifest.resources.is_empty() {
        return None;
    }
    let name = &project.manifest.project;
    let does = |action| planned.plan.changes.iter().any(|change| change.action == action);
    let fate = match (does(Action::Delete), does(Action::Forget)) {
        (true, true) => "deleted or forgotten",
        (false, true) => "forgotten, and its objects would stay on the server",
        (_, false) => "deleted",
    };
    Some(if planned.ledger.entries.is_empty() {
        let message = format!("the project `{name}` declares no resource, and owns none");
        Problem::new(Code::ManifestEmpty, message)
    } else {
        let message = format!("the project `{name}` declares no resource: everything that it owns would be {fate}");
        let diagnostic = Diagnostic::error(Code::GuardEmpty, message)
            .help("if that is intended, run `fluxform destroy`, or use --allow-empty");
        Problem::from(diagnostic)
    })
}

/// What goes because of `--allow-empty`.
fn flagged(plan: &Plan) -> Option<Flagged> {
    let goes = plan.changes.iter().filter(|change| change.writes()).map(|change| change.address.clone());
    let addresses: BTreeSet<_> = goes.collect();
    (!addresses.is_empty()).then_some(Flagged { flag: Flag::AllowEmpty, addresses })
}

/// A session for a command that only plans.
pub(super) async fn reading(
    shell: &Shell,
    project: &Project,
    flags: &connection::Flags,
    wait: Duration,
) -> Result<Session, Problems> {
    reading_for(shell, project, flags, wait, Goal::Declared).await
}

/// The same for one that plans for `goal`.
async fn reading_for(
    shell: &Shell,
    project: &Project,
    flags: &connection::Flags,
    wait: Duration,
    goal: Goal,
) -> Result<Session, Problems> {
    let connection = project.connect(shell, flags, Purpose::Read).await?;
    let options = SessionOptions {
        root: &project.manifest.root,
        purpose: Purpose::Read,
        wait,
        makes_home: goal == Goal::Declared && project.makes_org(&connection.org.value),
    };
    Session::open(shell, &connection, options).await.map_err(Problems::from)
}

/// A session for a command that writes and makes no home org, and what tells it to stop.
pub(super) async fn writing(
    shell: &Shell,
    project: &Project,
    flags: &connection::Flags,
    wait: Duration,
) -> Result<(Session, watch::Receiver<Option<Exit>>), Problems> {
    let connection = project.connect(shell, flags, Purpose::Write).await?;
    let options = SessionOptions { root: &project.manifest.root, purpose: Purpose::Write, wait, makes_home: false };
    let stop = signal::listen(shell.until);
    let open = async { Session::open(shell, &connection, options).await.map_err(Problems::from) };
    let session = unless_stopped(&stop, open).await?;
    Ok((session, stop))
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    if let Some(out) = &arguments.out {
        if arguments.destroy {
            return Err(destruction_is_not_saved().into());
        }
        written::allowed("the plan", out)?;
        arguments.projects.only("--out")?;
        plan::writable(out)?;
    }
    let each = async |choice: &project::Choice| plan_one(shell, arguments, choice).await;
    for_each_project(shell, (arguments.format, arguments.comment()), &arguments.projects, each).await
}

fn destruction_is_not_saved() -> Diagnostic {
    let message = "a plan of --destroy cannot be saved: `fluxform apply FILE` plans again from the manifests, which declare \
                   what would be destroyed";
    Diagnostic::error(Code::CliUsage, message).help(
        "run `fluxform destroy`, which shows its plan and asks; or, to have it reviewed as a file, remove the tables from the \
         manifests and save that plan, with --allow-empty if no table is left",
    )
}

impl Arguments {
    /// The comment that it writes.
    pub(super) const fn comment(&self) -> Comment {
        if self.destroy { Comment::PlanDestroy } else { Comment::Plan }
    }

    fn options(&self) -> RunOptions {
        let (goal, empty) =
            if self.destroy { (Goal::Destroyed, Empty::Fine) } else { (Goal::Declared, Empty::of(self.allow_empty)) };
        RunOptions {
            goal,
            consent: self.consent.consent(),
            empty,
            made: None,
            type_check: self.checks.type_check(),
            redeliver: false,
            rotate: None,
        }
    }
}

/// Plans one project, and saves the plan.
async fn plan_one(shell: &Shell, arguments: &Arguments, choice: &project::Choice) -> Result<Outcome, Problems> {
    let project = choice.load(shell)?;
    let options = arguments.options();
    let wait = arguments.wait.lock_timeout;
    let session = reading_for(shell, &project, &arguments.connection, wait, options.goal).await?;
    let mut planned = make(&session, &project, &options).await;
    if let (true, Ok(Planned { plan, ledger, .. })) = (arguments.probe, &mut planned) {
        let look = Look::asked_for();
        let (client, manifest) = (&session.client, &project.manifest);
        let mut probed = evidence::held(client, manifest, ledger, &plan.changes, look).await;
        probed.extend(evidence::sourced(client, manifest, &plan.changes, look).await);
        plan.probe(probed);
    }
    let coverage = match &planned {
        Ok(planned) if arguments.unmanaged => Some(unmanaged::read(&session, &project, planned).await),
        _ => None,
    };
    let origin = session.origin();
    session.close().await;
    let Planned { mut plan, ledger, .. } = planned?;
    let shown = project.warn_in(&mut plan.warnings);
    let coverage = coverage.transpose()?;
    // The ledger goes at the end of a destroy, even if it is all that there is.
    let writes =
        plan.writes() || plan.has_dead_secrets() || !plan.leftovers.is_empty() || arguments.destroy && ledger.found;
    let exit = match worst(&plan.refusals) {
        Exit::Ok if arguments.detailed_exitcode && writes => Exit::Differences,
        exit => exit,
    };
    let save = |out| save(out, (choice, arguments), &plan, (&origin, &project.manifest));
    let saved = arguments.out.as_deref().map(save).transpose();
    // A plan that cannot be saved is shown all the same.
    let (said, problems) = saved.map_or_else(|problem| (None, vec![problem]), |said| (said, Vec::new()));
    let exit = exit.or(worst(&problems));
    // A pipeline's checkout never has them.
    if shell.around.var("CI").is_none() && !arguments.probe {
        plan.warnings.extend(delivered::missing(&plan, &project.manifest, &ledger));
    }
    let human = shell.human(arguments.format, |look| {
        let covered = coverage.as_ref().map(|coverage| format!("\n{}", render::coverage(coverage, look)));
        let look = look.compact(arguments.brevity.compact);
        let planned = if arguments.destroy { render::destruction(&plan, look) } else { render::plan(&plan, look) };
        planned + &covered.unwrap_or_default()
    });
    Ok(Outcome {
        human,
        plan: Some(plan),
        shown,
        coverage,
        origin: Some(origin),
        said,
        problems,
        exit,
        ..Outcome::default()
    })
}

/// Saves a plan, unless it is refused: then there is nothing that could be applied. Gives what is to be said of it.
fn save(
    out: &Path,
    (choice, arguments): (&project::Choice, &Arguments),
    plan: &Plan,
    (origin, manifest): (&Origin, &Manifest),
) -> Result<Remark, Problem> {
    let path = out.display();
    if !plan.refusals.is_empty() {
        return Ok(Remark { sentence: format!("The plan is refused, and was not saved to {path}."), command: None });
    }
    let saved = if origin.org_id.is_none() { plan.clone().of_a_new_server() } else { plan.clone() };
    plan::write(out, &Saved { origin: origin.clone(), plan: saved, variables: manifest.variables.clone() })?;
    let sentence = format!("Saved to {path}. To apply exactly this plan, or nothing, run:");
    Ok(Remark { sentence, command: Some(applies::command(out, choice, &arguments.connection, plan)) })
}
