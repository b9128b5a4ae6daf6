//! `fluxform apply`, and what `fluxform destroy` shares with it.

mod agree;
mod redeliver;
mod unasked;

use std::path::{Path, PathBuf};
use std::pin::pin;

use tokio::sync::watch;

use super::connection::{self, Purpose, Target};
use super::pipeline::{self, Applied, Planned, Traces};
use super::plan::{Checks, Consents, Empty, REDELIVER, Rotate, RunOptions, Wait, make};
use super::project::Project;
use super::reviewed::Reviewed;
use super::session::{Session, SessionOptions};
use super::shell::{Brevity, PlanFormat, Shell};
use super::signal::unless_stopped;
use super::{Ended, applies, approve, project, signal};
use crate::address::Address;
use crate::api::Writer;
use crate::apply::{Event, PlanSecrets, Prepared, create_home_org, prepare};
use crate::diagnostic::Code;
use crate::diff::{Action, Goal};
use crate::exit::Exit;
use crate::plan::{self, Consent, Plan};
use crate::problem::{Problem, Problems, worst};
use crate::render::{self, Comment, Document, Look, Progress, Verb};
use crate::report::Report;

/// Change the server to match the manifests
///
/// Shows the plan, asks for approval, takes the project's lock, plans again, and applies. If the plan has changed by then,
/// it is shown, and approval is asked for again; with --auto-approve it is applied, unless a guard refuses it. A run that
/// fails in the middle has recorded what it did: running it again continues where it stopped.
///
/// With a plan that was saved by `fluxform plan --out FILE`, apply asks nothing: it plans again from the manifests, and
/// applies the result if it is the saved plan; otherwise it exits with 6 and shows the difference. A saved plan gives no
/// consent: if the plan needed --adopt, --allow-data-loss or --allow-empty, apply needs the same flags.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The project: a directory of manifests, or one manifest; or a saved plan
    #[arg(value_name = "DIR|PLAN", default_value = ".")]
    what: PathBuf,
    /// The project of the saved plan [default: .]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    variables: project::Variables,
    #[command(flatten)]
    pub(super) run: Run,
    #[command(flatten)]
    consent: Consents,
    /// Give each token another secret whose secret is not in the files any more to which it was delivered
    #[arg(long)]
    redeliver: bool,
    #[command(flatten)]
    checks: Checks,
    /// Allow a project that declares no resource to delete everything that it owns, whatever the blast radius
    #[arg(long, help_heading = "Consent")]
    allow_empty: bool,
}

/// What every run that writes can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// Skip the approval prompt
    #[arg(long)]
    auto_approve: bool,
    /// Maximum number of changes made at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
    /// Output format of the plan and the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanFormat,
    #[command(flatten)]
    brevity: Brevity,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let Arguments { what, dir, variables, run, consent, redeliver, checks, allow_empty } = arguments;
    if let Some(second) = dir.as_ref().filter(|_| what.is_dir()) {
        return Err(one_project(what, second).into());
    }
    let reviewed = if dir.is_some() || plan::meant(what) { Some(Reviewed::read(what)?) } else { None };
    if *redeliver && reviewed.is_some() {
        return Err(redelivers_nothing_reviewed().into());
    }
    let dir = match (&reviewed, dir) {
        (None, _) => what.clone(),
        (Some(_), dir) => dir.clone().unwrap_or_else(|| PathBuf::from(".")),
    };
    let choice = project::Choice { dir, variables: variables.clone() };
    let empty = Empty::of(*allow_empty);
    let options = RunOptions {
        goal: Goal::Declared,
        consent: consent.consent(),
        empty,
        made: None,
        type_check: checks.type_check(),
        redeliver: *redeliver,
        rotate: None,
    };
    write(shell, &choice, run, Verb::Apply, options, reviewed).await
}

/// A saved plan has what was reviewed, and nothing else is done.
fn redelivers_nothing_reviewed() -> Problem {
    let message = format!("a saved plan does not say which secrets are lost, so {REDELIVER} cannot be used with one");
    Problem::new(Code::CliUsage, message)
        .help("apply the saved plan, and then run `fluxform apply --redeliver` on the project")
}

/// Two directories, where the first is to be a plan.
fn one_project(first: &Path, second: &Path) -> Problem {
    let message = format!("{} is a directory, and apply takes one project", first.display());
    let [first, second] = [first, second].map(|dir| format!("`fluxform apply {}`", applies::argument(dir)));
    Problem::new(Code::PlanUnreadable, message).help(format!("run {first}, and then {second}"))
}

/// What is said where a plan was shown that is none any more.
const CHANGED: &str = "The server has changed since the plan was shown. This is the new plan:";

fn is_data_loss(problem: &Problem) -> bool {
    problem.diagnostic.code == Code::GuardDataLoss
}

/// Whether it would lose what nobody has given up yet.
fn loses_data(plan: &Plan) -> bool {
    plan.refusals.iter().any(is_data_loss)
}

/// Everything that one run works with.
struct Work<'a> {
    shell: &'a Shell,
    choice: &'a project::Choice,
    arguments: &'a Run,
    project: Project,
    verb: Verb,
    options: RunOptions,
    reviewed: Option<Reviewed>,
    session: Session,
    /// The embedded server's data file, if that is the server.
    data: Option<PathBuf>,
    stop: watch::Receiver<Option<Exit>>,
    /// The plan that made the home org, as it was agreed to, and the resource that is that org.
    founding: Option<(Plan, Address)>,
}

/// Plans, asks unless the plan was reviewed, and writes.
pub(super) async fn write(
    shell: &Shell,
    choice: &project::Choice,
    arguments: &Run,
    verb: Verb,
    mut options: RunOptions,
    reviewed: Option<Reviewed>,
) -> Ended {
    if reviewed.is_none() {
        let preview = match &options.rotate {
            Some(rotate) => {
                let show = applies::like(&["show", &rotate.address], choice, &arguments.connection);
                format!("{show} shows what would be rotated")
            }
            None => {
                let words = options.words().into_iter().filter(|word| *word != REDELIVER);
                let words: Vec<_> = ["plan"].into_iter().chain(words).collect();
                applies::like(&words, choice, &arguments.connection)
            }
        };
        if let Err(nobody) = approve::possible(shell, arguments.auto_approve, &preview) {
            if choice.dir.symlink_metadata().is_err() {
                // A slip in the name of a project or a saved plan: no flag helps.
                choice.load(shell)?;
            }
            let idle = if verb == Verb::Apply && !options.redeliver {
                unasked::idle(shell, choice, arguments, options).await
            } else {
                None
            };
            return idle.unwrap_or(Err(nobody));
        }
        // Who is asked sees what would be taken over, and agrees to that too.
        options.consent.asked = !arguments.auto_approve;
    }
    let mut project = choice.load(shell).map_err(|problems| match &reviewed {
        Some(reviewed) => reviewed.without_project(problems, &choice.dir),
        None => problems,
    })?;
    if let Some(reviewed) = &reviewed {
        reviewed.of_project(&project)?;
    }
    if let Some(Rotate { address, revoke_now, due }) = &options.rotate {
        project.manifest.rotate(address, *revoke_now, *due)?;
    }
    let connection = project.connect(shell, &arguments.connection, Purpose::Write).await?;
    let opening = SessionOptions {
        root: &project.manifest.root,
        purpose: Purpose::Write,
        wait: arguments.wait.lock_timeout,
        makes_home: options.goal == Goal::Declared && project.makes_org(&connection.org.value),
    };
    let stop = signal::listen(shell.until);
    let open = async { Session::open(shell, &connection, opening).await.map_err(Problems::from) };
    let session = unless_stopped(&stop, open).await?;
    if options.redeliver {
        let writer = Writer::new(session.client.clone());
        let lost = unless_stopped(&stop, redeliver::lost(shell, &session, &writer, &project.manifest)).await?;
        project.manifest.redeliver(lost);
    }
    let data = if let Target::Embedded(data) = &connection.target.value { data.clone() } else { None };
    let mut work =
        Work { shell, choice, arguments, project, verb, options, reviewed, session, data, stop, founding: None };
    let ended = work.run(&connection.org.value).await;
    work.session.close().await;
    ended
}

/// What came of planning.
enum Agreed {
    /// The plan may be applied, with this consent.
    Yes(Box<Plan>, Consent),
    /// There is nothing to do, and that was said.
    Nothing,
    /// It is not the plan that was reviewed.
    Other(Box<Planned>),
}

/// What came of writing.
enum Outcome {
    /// All was tried; of the plan that was agreed to, or of what it has become.
    Done(Report, Option<Box<Plan>>),
    /// Nothing: the plan is another one now.
    Changed(Box<Planned>),
}

use Outcome::{Changed, Done};

impl Work<'_> {
    async fn run(&mut self, org: &str) -> Ended {
        let mut agreed = match unless_stopped(&self.stop, self.agree()).await? {
            Agreed::Yes(plan, consent) => {
                self.options.consent = consent;
                *plan
            }
            Agreed::Nothing => return Ok(Exit::Ok),
            Agreed::Other(planned) => return self.stale(&planned),
        };
        if self.session.home.is_none() {
            self.prepare(&agreed).await?;
            let home = self.make_home(org).await?;
            let now = make(&self.session, &self.project, &self.options).await?.plan;
            if plan::outgrown(&agreed, &now, &self.options.consent.typed) {
                (agreed, self.options.consent) = unless_stopped(&self.stop, self.ask_again(now)).await?;
            } else {
                self.founding = Some((std::mem::replace(&mut agreed, now), home));
            }
        }
        loop {
            let Prepared { secrets, warnings } = self.prepare(&agreed).await?;
            self.shell.show(&warnings);
            match self.apply(&agreed, &secrets).await? {
                Done(report, None) => {
                    let agreed = self.founding.as_ref().map_or(&agreed, |(plan, _)| plan);
                    return self.end(agreed, &report);
                }
                Done(report, Some(now)) => return self.end(&now, &report),
                Changed(planned) if self.is_other(&planned.plan) => return self.stale(&planned),
                // Somebody else has done it all in the meantime.
                Changed(planned) if self.nothing(&planned.plan) => {
                    return self.end(&planned.plan, &Report::default());
                }
                Changed(planned) if self.reviewed.is_some() => return Err(self.refused(planned.plan)),
                Changed(planned) => {
                    (agreed, self.options.consent) = unless_stopped(&self.stop, self.ask_again(planned.plan)).await?;
                    self.founding = None;
                }
            }
        }
    }

    /// An event as it looks to who agreed to the plan: the home org was made, though before there was a ledger to say so.
    fn seen(&self, mut event: Event) -> Event {
        if let Event::Started { address, action } | Event::Ended { address, action, .. } = &mut event
            && *action == Action::None
            && self.founding.as_ref().is_some_and(|(_, home)| home == address)
        {
            *action = Action::Create;
        }
        event
    }

    /// How a stream looks, as the user wants it.
    const fn look(&self, look: Look) -> Look {
        look.compact(self.arguments.brevity.compact)
    }

    /// A plan as people read it.
    fn planned(&self, plan: &Plan, look: Look) -> String {
        match self.verb {
            Verb::Apply | Verb::Rotate => render::plan(plan, self.look(look)),
            Verb::Destroy => render::destruction(plan, self.look(look)),
        }
    }

    /// The command of this run.
    fn again(&self) -> String {
        let (arguments, options) = (self.arguments, self.options.words());
        let mut words = vec![self.verb.command()];
        words.extend(options.into_iter().filter(|word| *word != "--destroy"));
        if arguments.auto_approve {
            words.push("--auto-approve");
        }
        applies::like(&words, self.choice, &arguments.connection).trim_matches('`').to_owned()
    }

    /// Whether it is not the plan that was reviewed.
    fn is_other(&self, plan: &Plan) -> bool {
        self.reviewed.as_ref().is_some_and(|reviewed| !reviewed.difference(plan).is_empty())
    }

    /// Whether there is nothing at all to do.
    fn nothing(&self, plan: &Plan) -> bool {
        self.options.goal == Goal::Declared && !plan.writes() && plan.refusals.is_empty()
    }

    /// Makes the home org: before there is a ledger, since that lives in it. Its name is unique.
    async fn make_home(&mut self, org: &str) -> Result<Address, Problems> {
        let manifest = &self.project.manifest;
        let address = self
            .project
            .org_called(org)
            .expect("invariant: a session without a home org is only opened for a project that makes it");
        let writer = Writer::new(self.session.client.clone());
        let id = create_home_org(&writer, manifest, address).await?;
        self.session.home = Some(id.clone());
        self.options.made = Some(id);
        Ok(address.clone())
    }

    /// Reads what the plan needs of this machine: what is missing is said before anything is written.
    async fn prepare(&self, agreed: &Plan) -> Result<Prepared, Problems> {
        let writer = Writer::new(self.session.client.clone());
        unless_stopped(&self.stop, prepare(agreed, &self.project.manifest, &writer)).await
    }

    /// Writes what was agreed to, under the lock, if it is still the plan.
    async fn apply(&self, agreed: &Plan, secrets: &PlanSecrets) -> Result<Outcome, Problems> {
        let Traces { commit, run } = self.shell.traces();
        let digest = self.founding.as_ref().map(|(plan, _)| plan.digest());
        let apply = pipeline::Apply {
            client: &self.session.client,
            server: &self.session.server(&self.project.manifest),
            manifest: &self.project.manifest,
            graph: &self.project.graph,
            goal: self.options.goal,
            consent: &self.options.consent,
            reviewed: self.reviewed.as_ref().map(Reviewed::plan),
            secrets,
            made: self.options.made.as_deref(),
            digest: digest.as_deref(),
            anew: self.arguments.auto_approve && self.reviewed.is_none(),
            parallelism: self.arguments.parallelism.into(),
            lock_timeout: self.arguments.wait.lock_timeout,
            commit,
            run,
            stop: self.stop.clone(),
        };
        let mut report = Report { saved: self.reviewed.is_some(), ..Report::of(agreed) };
        report.plan_digest = digest.clone().or(report.plan_digest);
        report.again = self.reviewed.is_none().then(|| self.again());
        let mut progress = Progress::start(self.shell.output.clone());
        let (mut now, mut shown) = (None, Ok(()));
        let applied = {
            let mut tell = |event| {
                let event = self.seen(event);
                if let Event::Replanned(plan) = &event {
                    shown = self.replanned(plan);
                    now = Some(plan.clone());
                }
                progress.tell(&event);
                report.fold(&event);
            };
            let mut run = pin!(apply.run(agreed, &mut tell));
            tokio::select! {
                applied = &mut run => applied,
                exit = signal::wait(self.stop.clone()) => {
                    self.shell.say(if exit == signal::TIMEOUT {
                        "Stopping because the run has reached its --timeout: what is under way is finished first."
                    } else {
                        "Stopping: what is under way is finished first; a second signal stops at once."
                    });
                    run.await
                }
            }
        };
        progress.end();
        shown?;
        let asked_again = !self.arguments.auto_approve && self.shell.around.terminal;
        match applied {
            Ok(Applied::Done) => Ok(Done(report, now)),
            Ok(Applied::Unready(problems)) => Err(problems),
            Ok(Applied::Stale(planned))
                if planned.plan.refusals.is_empty() || asked_again || self.reviewed.is_some() =>
            {
                Ok(Changed(planned))
            }
            Ok(Applied::Stale(planned)) => Err(Problems::all(planned.plan.refusals)),
            Err(problem) if report.outcomes.is_empty() => Err(problem.into()),
            // Something may have been done: the report says what, and what went wrong after it.
            Err(problem) => {
                report.stopped.push(problem);
                report.unrecorded = true;
                Ok(Done(report, now))
            }
        }
    }

    fn end(&self, plan: &Plan, report: &Report) -> Ended {
        let exit = report.exit();
        let nothing = report.is_empty() && self.options.goal == Goal::Declared;
        let of = if self.verb == Verb::Destroy { Comment::Destroy } else { Comment::Apply };
        let mut whole = report.clone();
        self.project.warn_in(&mut whole.warnings);
        let origin = self.session.origin();
        let document =
            Document { origin: Some(&origin), plan: Some(plan), report: Some(&whole), ..Document::new(exit) };
        self.shell.document(self.arguments.format, of, &document, |look| {
            let look = self.look(look);
            match (nothing, self.shell.output.out_terminal && self.shell.output.err_terminal) {
                (true, _) => render::plan(plan, look),
                // Each change has its line above.
                (false, true) => render::report_after_progress(report, self.verb, look),
                (false, false) => render::report(report, self.verb, look),
            }
        })?;
        self.shell.show(&report.warnings);
        Ok(exit.or(worst(&report.stopped)))
    }
}
