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
    let variable =
        |(name, span)| Reference { span, access, target: Target::Variable, name, elsewhere: None, hosts: Vec::new() };
    let variables = variables(script).map(variable);
    followed.references.all.into_iter().chain(variables).collect()
}

/// The variables of the org that a script reads, each with its name where that is known.
pub(super) fn variables(script: &Script) -> impl Iterator<Item = (Option<String>, Span)> {
    uses(script, RECORD).into_iter().filter_map(|one| {
        let name = one.path.into_iter().next().map(|(name, _)| name);
        let is_shared = name.as_deref().is_none_or(|name| !OF_A_DASHBOARD.contains(&name));
        let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        is_shared.then(|| (name, Span::new(at(one.span.start), at(one.span.end))))
    })
}
