//! The variables of dashboards in the scripts that these show.

use super::hidden_place;
use crate::flux::ast::{Script, Span};
use crate::flux::params::uses;
use crate::flux::refs::{Access, Followed, Reference, Target};

/// What scripts call the record of a dashboard's variables.
pub(super) const RECORD: &str = "v";
/// What is in it besides the variables of the org.
const OF_A_DASHBOARD: [&str; 3] = ["timeRangeStart", "timeRangeStop", "windowPeriod"];

/// What a script reaches, which was `followed`, and the variables that it reads. One without a name may be any.
pub(super) fn reaches(script: &Script, followed: Followed<'_>) -> Vec<Reference> {
    let access = if hidden_place::is_unknown(script, &followed) { Access::Calls } else { Access::Reads };
    let variable = |one: crate::flux::params::Use| {
        let name = one.path.into_iter().next().map(|(name, _)| name);
        let is_shared = name.as_deref().is_none_or(|name| !OF_A_DASHBOARD.contains(&name));
        let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span::new(at(one.span.start), at(one.span.end));
        is_shared.then_some(Reference { span, access, target: Target::Variable, name, elsewhere: None })
    };
    let variables = uses(script, RECORD).into_iter().filter_map(variable);
    followed.references.all.into_iter().chain(variables).collect()
}
