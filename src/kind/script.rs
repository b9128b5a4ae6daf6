//! What is wrong with a Flux script that is written in a field.

use super::spec::Fault;
use crate::diagnostic::Code;
use crate::flux::ast::{OptionTarget, StatementKind};
use crate::flux::parser::Parsed;
use crate::flux::refs::{Elsewhere, Followed, Reference, Steps, Target, follow_within};
use crate::flux::{Literal, Mistake, ast, names};
use crate::limits::PROJECT_STEPS;
use crate::lint::{self, Finding, Setting};
use crate::redact::{Language, literals};

/// What is wrong with its form, said as `word` says it. The server takes what is accepted, and the script fails when it runs.
pub(super) fn forms(field: &'static str, parsed: &Parsed, word: impl Fn(Mistake) -> Mistake) -> Vec<Fault> {
    let fault = |mistake| fault(Code::FluxSyntax, field, word(mistake));
    let faults = parsed.errors().into_iter().map(fault);
    faults.map(|fault| if parsed.is_accepted() { fault.warning() } else { fault }).collect()
}

/// Names, packages and arguments that there are not, besides those `given` to the script. The server takes them too. Where
/// something is `said` already, nothing more is.
pub(super) fn names(field: &'static str, script: &ast::Script, given: &[&str], said: &[Fault]) -> Vec<Fault> {
    let is_said = |mistake: &Mistake| {
        let at = mistake.span.range().start;
        said.iter().filter_map(|fault| fault.script.as_ref()).any(|span| span.contains(&at))
    };
    let errors = names::errors(script, given).into_iter().filter(|error| !is_said(error));
    errors.map(|error| fault(Code::FluxName, field, error).warning()).collect()
}

/// Follows a sound script, as far as its project still may.
pub(super) fn followed<'s>(
    field: &'static str,
    script: &'s ast::Script,
    given: &[(&'s str, &'s Literal)],
    steps: &Steps,
    faults: &mut Vec<Fault>,
) -> Followed<'s> {
    let followed = follow_within(script, given, steps);
    if followed.references.incomplete {
        let why = match steps.are_over() {
            true => format!("the scripts of the project together have more steps than {PROJECT_STEPS}"),
            false => "the script is too large to be followed to its end".to_owned(),
        };
        let message = format!("{why}: it may reach more than is known");
        faults.push(Fault::new(Code::FluxUnknownBucket, field, message, "not followed to its end").warning());
    }
    followed
}

/// What lints find.
pub(super) fn lints(
    field: &'static str,
    script: &ast::Script,
    followed: &Followed<'_>,
    setting: Setting,
) -> Vec<Fault> {
    let found = lint::findings(script, followed, setting).into_iter();
    let found = found.map(|Finding { code, mistake }| fault(code, field, mistake).warning());
    found.chain(hidden_place(field, script, followed)).collect()
}

/// A script of which nobody can see what it reaches: only a run can tell, and what it may be made of is hidden. That is no lint, as
/// whoever wrote the script must not be able to allow it.
fn hidden_place(field: &'static str, script: &ast::Script, followed: &Followed<'_>) -> Option<Fault> {
    let sets_packages = script
        .body()
        .iter()
        .any(|statement| matches!(statement.kind, StatementKind::Option { target: OptionTarget::Member { .. }, .. }));
    let is_unknown = |reached: &&Reference| {
        reached.target != Target::Secret
            && (reached.name.is_none() && (sets_packages || !followed.is_untold(reached))
                || reached.elsewhere == Some(Elsewhere::Org(None)))
    };
    let unknown = followed.references.all.iter().find(is_unknown)?;
    let hidden = literals(script.source(), Language::Flux).into_iter().next()?;
    let what = if unknown.target == Target::Url { "address" } else { "bucket" };
    let message = format!("a string is hidden in a script that reaches a {what} which is not known before it runs");
    let mut fault = Fault::new(Code::FluxHiddenPlace, field, message, "shown as `***`").script(hidden).warning();
    fault.also = Some((unknown.span.range(), format!("which {what}, only a run can tell")));
    Some(
        fault.help(
            "a reviewer cannot see what it reaches: read the script itself, or have it name the place in one string",
        ),
    )
}

/// A mistake in a text of Flux.
pub(super) fn fault(code: Code, field: &'static str, mistake: Mistake) -> Fault {
    let Mistake { span, message, label, also, help } = mistake;
    let also = also.map(|(span, label)| (span.range(), label));
    Fault { also, help, ..Fault::new(code, field, message, label).script(span.range()) }
}
