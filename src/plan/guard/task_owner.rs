//! What runs with the role of a user goes on running.

use std::collections::BTreeMap;

use super::allowed::Agreed;
use super::refuse;
use crate::address::{Address, few};
use crate::diagnostic::Code;
use crate::diff::Target;
use crate::manifest::What;
use crate::problem::Problem;

pub(super) fn refusals(dependents: &BTreeMap<Address, Vec<Target>>, agreed: &mut Agreed<'_>) -> Vec<Problem> {
    let one = |(address, targets): (&Address, &Vec<Target>)| {
        if targets.is_empty() || agreed.allows(What::TaskOwner, address) {
            return None;
        }
        let named = targets.iter().map(|target| format!("{:?} (ID {})", target.name, target.id));
        let what = match targets.len() {
            1 => "a task, check or rule runs as it and would stop".to_owned(),
            many => format!("{many} tasks, checks and rules run as it and would stop"),
        };
        let help = "these always run as the user who created them: let another owner of the org create them again first; or \
                    say in a [[policy.allow]] with `what = \"task_owner\"` that they may stop";
        let message = format!("{address} would no longer own the org, and {what}: {}", few(named));
        Some(refuse(Code::GuardTaskOwner, message, help))
    };
    dependents.iter().filter_map(one).collect()
}
