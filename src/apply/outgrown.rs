//! Before something is deleted that may take others along: others go on working while a plan is applied.

use super::step::Executor;
use super::stopped_by;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::Change;
use crate::evidence::{self, Data};
use crate::manifest::What;
use crate::problem::Problem;
use crate::redact::without_secrets;

impl Executor<'_> {
    /// Looks again at what `change`, which deletes its object, would take along or stop.
    ///
    /// # Errors
    /// More than the plan has shown; that the run is to stop; the server's.
    pub(super) async fn is_still_agreed(&self, change: &Change) -> Result<(), Problem> {
        let address = &change.address;
        if !evidence::takes_along(address.kind) {
            return Ok(());
        }
        let plan = self.plan;
        let look = evidence::again(self.writer, self.server, change, &plan.changes, self.snapshot);
        let mut stop = self.stop.clone();
        let (stake, mut dependents) = tokio::select! {
            biased;
            // Nothing is under way yet that would have to be finished.
            Ok(exit) = stop.wait_for(Option::is_some) => {
                return Err(stopped_by(exit.expect("invariant: it was waited for")));
            }
            looked = look => looked.map_err(Problem::from)?,
        };
        let agreed = plan.at_stake.get(address);
        let mut stake = stake.beyond(agreed);
        // Who may lose the points that there are may lose those that come in the meantime; objects are agreed to one by one.
        if agreed.is_some_and(|agreed| agreed.data != Data::None) && plan.lets(What::DataLoss, address) {
            stake.data = Data::None;
        }
        let known = plan.dependents.get(address).map(Vec::as_slice).unwrap_or_default();
        dependents.retain(|target| known.iter().all(|known| known.id != target.id));
        let why = if !stake.is_nothing() {
            stake.to_string()
        } else if !dependents.is_empty() {
            let names = few(dependents.iter().map(|target| format!("{:?}", without_secrets(&target.name))));
            format!("would stop what runs with its role: {names}")
        } else {
            return Ok(());
        };
        let diagnostic = Diagnostic::error(Code::ApplyOutgrown, format!("{address} was not deleted: by now, it {why}"));
        let help = "this was not so when the plan was made; run `fluxform plan` to see everything that is at stake";
        Err(diagnostic.help(help).into())
    }
}
