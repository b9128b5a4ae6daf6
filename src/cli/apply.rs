//! `fluxform apply`, and what `fluxform destroy` shares with it.

use std::sync::Arc;

use tokio::sync::watch;

use super::connection::{self, Purpose};
use super::plan::{Consents, Planned, Wait, Wanted, make};
use super::project::Project;
use super::session::{Session, Wish};
use super::shell::{Format, Shell, worst};
use super::{Ended, approve, project, signal};
use crate::api::Writer;
use crate::apply::{self, Event};
use crate::diagnostic::Diagnostic;
use crate::diff::Goal;
use crate::exit::{Exit, Problem};
use crate::kind::{Ids, Kind, Want};
use crate::ledger::{self, Claim, Journal, LastApply, Lease, ThisMachine, Timing};
use crate::plan::{Consent, Plan};
use crate::render::{self, Progress, Verb};
use crate::report::Report;

/// Bring the server to what the manifests declare
///
/// Plans, shows the plan, asks, takes the project's lock, plans again, and writes. A run that fails in the middle has
/// recorded what it did: running it again goes on where it stopped.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) run: Run,
    #[command(flatten)]
    consent: Consents,
    /// Let a project without any resource delete all that it owns
    #[arg(long, help_heading = "Consent")]
    allow_empty: bool,
}

/// What every run that writes can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    project: project::Choice,
    /// Do not ask: the plan is approved beforehand
    #[arg(long)]
    auto_approve: bool,
    /// How many changes may be under way at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallelism: u16,
    /// How to write plan and report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let Arguments { run, consent, allow_empty } = arguments;
    let wanted = Wanted { goal: Goal::Declared, consent: consent.consent(), allow_empty: *allow_empty, made: None };
    write(shell, run, Verb::Apply, wanted).await
}

/// Everything that one run works with.
struct Work<'a> {
    shell: &'a Shell,
    arguments: &'a Run,
    project: Project,
    verb: Verb,
    wanted: Wanted,
    session: Session,
    stop: watch::Receiver<Option<Exit>>,
}

/// Plans, asks, and writes.
pub(super) async fn write(shell: &Shell, arguments: &Run, verb: Verb, wanted: Wanted) -> Ended {
    approve::possible(shell, arguments.auto_approve)?;
    let project = arguments.project.load(shell)?;
    let connection = project.connect(shell, &arguments.connection, Purpose::Write)?;
    let wish = Wish {
        dir: &project.manifest.dir,
        purpose: Purpose::Write,
        wait: arguments.wait.lock_timeout,
        makes_home: wanted.goal == Goal::Declared && project.makes_org(&connection.org.value),
    };
    let session = Session::open(shell, &connection, wish).await.map_err(|problem| vec![problem])?;
    let mut work = Work { shell, arguments, project, verb, wanted, session, stop: signal::listen() };
    let ended = work.run(&connection.org.value).await;
    work.session.close().await;
    ended
}

impl Work<'_> {
    async fn run(&mut self, org: &str) -> Ended {
        let Some(agreed) = self.unless_stopped(self.agree()).await? else {
            return Ok(Exit::Ok);
        };
        self.wanted.consent = agreed.1;
        if self.session.home.is_none() {
            self.make_home(org).await?;
        }
        let home = self.session.home.clone().expect("invariant: the home org exists by now");
        let lease = self.unless_stopped(self.lock(&home)).await?;
        let ended = self.locked(&lease, &agreed.0).await;
        if let Err(error) = lease.release().await {
            let why = format!("the lock could not be freed, and expires by itself: {error}");
            self.shell.show(&[Diagnostic::warning("lock::release", why)]);
        }
        ended
    }

    /// `work`, or the end of the run at the first signal.
    async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T, Vec<Problem>>>) -> Result<T, Vec<Problem>> {
        tokio::select! {
            done = work => done,
            exit = signal::wait(self.stop.clone()) => {
                let diagnostic = Diagnostic::error("cli::interrupted", "stopped by a signal: nothing was changed");
                Err(vec![Problem { exit, diagnostic }])
            }
        }
    }

    /// Plans, shows the plan, and asks; none if there is nothing to do.
    async fn agree(&self) -> Result<Option<(Plan, Consent)>, Vec<Problem>> {
        let planned = make(&self.session, &self.project, &self.wanted).await?;
        let leftover = self.wanted.goal == Goal::Destroyed && planned.ledger.found;
        if !planned.plan.writes() && planned.plan.refusals.is_empty() && !leftover {
            self.shell.show(&planned.plan.warnings);
            self.end(&planned.plan, &Report::default())?;
            return Ok(None);
        }
        let agreed = self.ask(planned.plan, self.wanted.clone()).await?;
        Ok(Some(agreed))
    }

    /// Shows a plan, and asks for what is not agreed to yet. A plan that is refused ends the run.
    async fn ask(&self, mut plan: Plan, mut wanted: Wanted) -> Result<(Plan, Consent), Vec<Problem>> {
        if self.arguments.format == Format::Human {
            self.shell.data(&render::plan(&plan, self.shell.output.out))?;
        }
        self.shell.show(&plan.warnings);
        let asks = !self.arguments.auto_approve;
        if asks
            && !plan.refusals.is_empty()
            && plan.refusals.iter().all(|problem| problem.diagnostic.code == "guard::data-loss")
        {
            wanted.consent = approve::data_loss(self.shell, &plan, &wanted.consent).await?;
            plan = make(&self.session, &self.project, &wanted).await?.plan;
        }
        if !plan.refusals.is_empty() {
            return Err(plan.refusals);
        }
        if asks {
            let question = match self.verb {
                Verb::Apply => "Apply this plan?",
                Verb::Destroy => "Destroy all of this?",
            };
            approve::ask(self.shell, question).await?;
        }
        Ok((plan, wanted.consent))
    }

    /// Makes the home org: before there is a ledger, since that lives in it. Its name is unique.
    async fn make_home(&mut self, org: &str) -> Result<(), Vec<Problem>> {
        let manifest = &self.project.manifest;
        let (address, resource) = manifest
            .resources
            .iter()
            .find(|(address, resource)| address.kind == Kind::Org && resource.fields.text("name") == Some(org))
            .expect("invariant: a session without a home org is only opened for a project that makes it");
        let want = Want { fields: &resource.fields, org: "", ids: &Ids::default(), marker: None, password: None };
        let writer = Writer::new(self.session.client.clone());
        let made = address.kind.create(&writer, &want).await.map_err(|error| vec![Problem::from(error)])?;
        self.session.home = Some(made.object.id.clone());
        self.wanted.made = Some(made.object.id);
        Ok(())
    }

    async fn lock(&self, home: &str) -> Result<Lease, Vec<Problem>> {
        let claim = Claim {
            project: self.project.manifest.project.clone(),
            org: home.to_owned(),
            run: run_url(self.shell),
            wait: self.arguments.wait.lock_timeout,
            timing: Timing::default(),
        };
        let mut waiting = |holder: &ledger::Holder| {
            let until = holder.run.as_ref().map_or(String::new(), |run| format!(" ({run})"));
            self.shell.say(format_args!("Waiting for the lock, held by {}{until}", holder.who));
        };
        let writer = Writer::new(self.session.client.clone());
        ledger::acquire(&writer, Arc::new(ThisMachine), &claim, &mut waiting).await.map_err(|error| vec![error.into()])
    }

    /// What happens under the lock: the plan is made anew, and written if it is still what was agreed to.
    async fn locked(&self, lease: &Lease, agreed: &Plan) -> Ended {
        let mut planned = make(&self.session, &self.project, &self.wanted).await?;
        // The home org that was just made is no change any more.
        if self.wanted.made.is_none() && !same(agreed, &planned.plan) {
            if self.arguments.auto_approve || !self.shell.around.terminal {
                let diagnostic = Diagnostic::error("apply::stale", "the server has changed since the plan was made")
                    .help("nothing was written; run it again");
                return Err(vec![Problem { exit: Exit::Stale, diagnostic }]);
            }
            self.shell.say("The server has changed since the plan was shown. This is the plan now:");
            let (_, consent) = self.ask(planned.plan.clone(), self.wanted.clone()).await?;
            planned = make(&self.session, &self.project, &Wanted { consent, ..self.wanted.clone() }).await?;
        }
        if !planned.plan.refusals.is_empty() {
            return Err(planned.plan.refusals);
        }
        let report = self.execute(lease, &planned).await?;
        self.end(&planned.plan, &report)
    }

    async fn execute(&self, lease: &Lease, planned: &Planned) -> Result<Report, Vec<Problem>> {
        let Planned { ledger, state, snapshot, external, foreign, plan } = planned;
        let timeout = self.session.client.timeout();
        let writer = Writer::gated(self.session.client.clone(), lease.gate(timeout));
        let permit = lease.permit(timeout);
        let state = state.clone().expect("invariant: the home org exists by now");
        let intents = apply::intents(plan, &self.project.manifest, snapshot);
        let journal = Journal::begin(writer.clone(), state, intents.clone(), permit.clone())
            .await
            .map_err(|error| vec![error.into()])?;
        let mut report = Report::default();
        let mut progress = Progress::start(self.shell.output);
        let run = apply::Run {
            writer: &writer,
            manifest: &self.project.manifest,
            snapshot,
            ledger,
            plan,
            external,
            foreign,
            journal: &journal,
            intents: &intents,
            parallelism: self.arguments.parallelism.into(),
            stop: self.stop.clone(),
        };
        apply::run(run, &mut |event: Event| {
            progress.tell(&event);
            report.fold(&event);
        })
        .await;
        progress.end();
        match journal.finish(Some(self.last_apply())).await {
            Err(error) => report.stopped.push(error.into()),
            Ok(state) if self.wanted.goal == Goal::Destroyed && report.exit() == Exit::Ok => {
                if let Err(error) = ledger::remove_all(&writer, state, &permit).await {
                    report.stopped.push(error.into());
                }
            }
            Ok(_) => {}
        }
        Ok(report)
    }

    fn last_apply(&self) -> LastApply {
        let seconds = self.session.client.server_time().unwrap_or_default() / 1000;
        let at = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let commit =
            ["FLUXFORM_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"].iter().find_map(|name| self.shell.around.var(name));
        LastApply {
            at: at.unwrap_or_default().to_string(),
            commit: commit.map(str::to_owned),
            run: run_url(self.shell),
        }
    }

    fn end(&self, plan: &Plan, report: &Report) -> Ended {
        let exit = report.exit();
        let nothing = report.outcomes.is_empty() && report.stopped.is_empty();
        self.shell.data(&match self.arguments.format {
            Format::Json => {
                render::document(&render::Document { exit, plan: Some(plan), report: Some(report), problems: &[] })
            }
            Format::Human if nothing && self.wanted.goal == Goal::Declared => render::plan(plan, self.shell.output.out),
            Format::Human => render::report(report, self.verb, self.shell.output.out),
        })?;
        self.shell.show(&report.warnings);
        Ok(exit.or(worst(&report.stopped)))
    }
}

/// Whether two plans write the same.
fn same(one: &Plan, other: &Plan) -> bool {
    let writes = |plan: &Plan| plan.changes.iter().filter(|change| change.writes()).cloned().collect::<Vec<_>>();
    writes(one) == writes(other)
}

/// The page of this run in the CI that runs it.
fn run_url(shell: &Shell) -> Option<String> {
    let var = |name| shell.around.var(name).map(str::to_owned);
    var("FLUXFORM_RUN_URL").or_else(|| var("CI_JOB_URL")).or_else(|| {
        let (server, repository, run) = (var("GITHUB_SERVER_URL")?, var("GITHUB_REPOSITORY")?, var("GITHUB_RUN_ID")?);
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    })
}
