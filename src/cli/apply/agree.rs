//! What is agreed to: the plan is shown, asked about, and compared with what was reviewed.

use super::{Agreed, CHANGED, Work, is_data_loss, loses_data};
use crate::cli::pipeline::Planned;
use crate::cli::plan::{RunOptions, make};
use crate::cli::reviewed::Reviewed;
use crate::cli::shell::PlanFormat;
use crate::cli::{Ended, approve, ignored};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Goal;
use crate::plan::{self, Consent, Plan};
use crate::problem::Problems;
use crate::render::{self, Comment, Document, Verb};
use crate::report::Report;

impl Work<'_> {
    /// Plans, shows the plan, and asks unless it was reviewed.
    pub(super) async fn agree(&self) -> Result<Agreed, Problems> {
        if let Some(reviewed) = &self.reviewed {
            reviewed.made_on(&self.session)?;
        }
        let mut planned = make(&self.session, &self.project, &self.options).await?;
        if self.options.goal == Goal::Declared && !planned.ledger.found {
            planned.plan.warnings.extend(ignored::hint(&self.project.manifest, self.data.as_deref()));
        }
        planned.state.writable()?;
        if self.is_other(&planned.plan) {
            return Ok(Agreed::Other(Box::new(planned)));
        }
        let unsaid = |reviewed: &Reviewed| reviewed.unsaid(&planned.plan, &self.project.warnings);
        if let Some(problem) = self.reviewed.as_ref().and_then(unsaid) {
            return Err(problem.into());
        }
        let leftover =
            self.options.goal == Goal::Destroyed && (planned.ledger.found || !planned.plan.leftovers.is_empty());
        if !planned.plan.writes() && planned.plan.refusals.is_empty() && !leftover {
            self.shell.show(&planned.plan.warnings);
            if !planned.plan.leftovers.is_empty() || planned.plan.settles() {
                // Nobody is asked about what works for nobody, or what everybody agrees on.
                return Ok(Agreed::Yes(Box::new(planned.plan), self.options.consent.clone()));
            }
            self.end(&planned.plan, &Report::default())?;
            return Ok(Agreed::Nothing);
        }
        if self.waits(&planned.plan) {
            self.shell.show(&planned.plan.warnings);
            return Ok(Agreed::Yes(Box::new(planned.plan), self.options.consent.clone()));
        }
        let (plan, consent) = self.ask(planned.plan, self.options.clone()).await?;
        Ok(Agreed::Yes(Box::new(plan), consent))
    }

    /// Whether what refuses the plan may be no more than what another run is at. It is planned again under the lock, and refused there.
    fn waits(&self, plan: &Plan) -> bool {
        let is_alone = !plan.warnings.iter().any(|warning| warning.code == Code::PlanAnotherRun);
        self.arguments.auto_approve && self.reviewed.is_none() && !plan.refusals.is_empty() && !is_alone
    }

    /// Shows a plan, and asks for what is not agreed to yet. A plan that is refused ends the run.
    pub(super) async fn ask(&self, mut plan: Plan, mut options: RunOptions) -> Result<(Plan, Consent), Problems> {
        let asks = !self.arguments.auto_approve && self.reviewed.is_none();
        loop {
            // What is asked about is not refused yet.
            let asked = asks && loses_data(&plan) && plan.refusals.iter().all(is_data_loss);
            let refusals = if asked { std::mem::take(&mut plan.refusals) } else { Vec::new() };
            if self.arguments.format == PlanFormat::Human {
                self.shell.data(&self.planned(&plan, self.shell.output.out))?;
            } else if asks {
                // Who is asked must see what is asked about.
                self.shell.output.talk(&self.planned(&plan, self.shell.output.err));
            }
            self.shell.show(&plan.warnings);
            plan.refusals.extend(refusals);
            if !asked {
                break;
            }
            let consent = approve::data_loss(self.shell, &plan, &options.consent).await?;
            let typed = RunOptions { consent, ..options.clone() };
            let now = make(&self.session, &self.project, &typed).await?.plan;
            let same = now.digest() == plan.digest() && !plan::outgrown(&plan, &now, &typed.consent.typed);
            if same && !loses_data(&now) || self.nothing(&now) {
                (plan, options) = (now, typed);
                break;
            }
            // What was typed was about what was shown.
            self.shell.say(CHANGED);
            plan = make(&self.session, &self.project, &options).await?.plan;
        }
        if self.nothing(&plan) {
            return Ok((plan, options.consent));
        }
        if !plan.refusals.is_empty() {
            return Err(self.refused(plan));
        }
        if asks {
            let question = match self.verb {
                Verb::Apply => "Apply this plan?",
                Verb::Destroy => "Destroy all of this?",
                Verb::Rotate => "Rotate these?",
            };
            approve::ask(self.shell, &plan, question).await?;
        }
        Ok((plan, options.consent))
    }

    /// What refuses a plan; of a saved one also that its file does not agree to anything.
    pub(super) fn refused(&self, plan: Plan) -> Problems {
        let rests = self.reviewed.as_ref().and_then(|reviewed| reviewed.no_consent(&plan.refusals));
        Problems::all(plan.refusals.into_iter().chain(rests))
    }

    /// Shows in what the plan is now another one than was reviewed. Where nothing is left to do, there is nothing to compare.
    pub(super) fn stale(&self, now: &Planned) -> Ended {
        let reviewed = self.reviewed.as_ref().expect("invariant: only a reviewed plan is compared");
        let (difference, problem) = (reviewed.difference(&now.plan), reviewed.stale(now, &self.project.manifest));
        let problems = std::slice::from_ref(&problem);
        let (origin, plan) = (self.session.origin(), Some(&now.plan));
        let document =
            Document { origin: Some(&origin), plan, difference: &difference, problems, ..Document::new(problem.exit) };
        self.shell.document(self.arguments.format, Comment::Apply, &document, |look| {
            if now.plan.writes() { render::difference(&difference, look) } else { String::new() }
        })?;
        self.shell.show(std::slice::from_ref(&problem.diagnostic));
        Ok(problem.exit)
    }

    /// Shows what the plan has become, which is applied now.
    pub(super) fn replanned(&self, plan: &Plan) -> Result<(), Problems> {
        self.shell.say("The server has changed since the plan was shown. This is the new plan, which is now applied:");
        if self.arguments.format == PlanFormat::Human {
            self.shell.data(&self.planned(plan, self.shell.output.out))?;
        }
        self.shell.show(&plan.warnings);
        Ok(())
    }

    /// Asks about the plan that has become of one that was agreed to.
    pub(super) async fn ask_again(&self, plan: Plan) -> Result<(Plan, Consent), Problems> {
        if !self.shell.around.terminal {
            let diagnostic = Diagnostic::error(Code::ApplyStale, "the server has changed since the plan was made")
                .help("nothing was written; run it again");
            return Err(diagnostic.into());
        }
        self.shell.say(CHANGED);
        let mut options = self.options.clone();
        if options.consent.typed.is_empty() {
            return self.ask(plan, options).await;
        }
        // What was typed was about what was shown.
        options.consent.typed.clear();
        let plan = make(&self.session, &self.project, &options).await?.plan;
        self.ask(plan, options).await
    }
}
