//! Before something is deleted that may take others along: others go on working while a plan is applied.

use super::step::Executor;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Change;
use crate::evidence::{self, Stake};
use crate::manifest::What;
use crate::problem::Problem;

impl Executor<'_> {
    /// Looks again at what `change`, which deletes its object, would take along or stop.
    ///
    /// # Errors
    /// More than the plan has shown, unless it was agreed to whatever there is; the server's.
    pub(super) async fn is_still_agreed(&self, change: &Change) -> Result<(), Problem> {
        let address = &change.address;
        if !evidence::takes_along(address.kind) {
            return Ok(());
        }
        let plan = self.plan;
        let (stake, dependents) = evidence::again(self.writer, self.server, change, &plan.changes, self.snapshot)
            .await
            .map_err(Problem::from)?;
        let stake = if plan.lets(What::DataLoss, address) {
            Stake::default()
        } else {
            stake.beyond(plan.at_stake.get(address))
        };
        let why = if !stake.is_nothing() {
            stake.to_string()
        } else if !dependents.is_empty() && !plan.lets(What::TaskOwner, address) {
            let names = few(dependents.iter().map(|target| format!("{:?}", target.name)));
            format!("would stop what runs with its role: {names}")
        } else {
            return Ok(());
        };
        let diagnostic = Diagnostic::error(Code::ApplyOutgrown, format!("{address} was not deleted: by now, it {why}"));
        let help = "this was not so when the plan was made; run `fluxform plan` to see everything that is at stake";
        Err(diagnostic.help(help).into())
    }
}
