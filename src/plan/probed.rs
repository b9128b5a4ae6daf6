//! What lies in sinks and does not work, as a plan warns of it.

use super::Plan;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::evidence::Probed;

impl Plan {
    /// Takes up what was found in sinks, and warns of what does not work there.
    pub fn probe(&mut self, probed: Vec<Probed>) {
        let dead: Vec<_> = probed.iter().filter(|one| !one.is_fine).collect();
        if !dead.is_empty() {
            let dead = few(dead.iter().map(|one| format!("{} of {}", one.sink, one.address)));
            let message = format!("what lies in these sinks is not what was delivered, or does not work: {dead}");
            let help = "`fluxform apply --redeliver` creates new ones for what is not in its sinks as it was delivered, and \
                        `fluxform rotate ADDRESS` for any token";
            self.warnings.push(Diagnostic::warning(Code::PlanSecretMissing, message).help(help));
        }
        self.probed = probed;
    }

    /// Whether what was found in sinks asks for something.
    pub fn has_dead_secrets(&self) -> bool {
        self.probed.iter().any(|one| !one.is_fine)
    }
}
