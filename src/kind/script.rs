//! What is wrong with a Flux script that is written in a field.

use super::draft::Fault;
use super::hidden_place::{Given, hidden_given, hidden_place};
use crate::diagnostic::Code;
use crate::flux::parser::Parsed;
use crate::flux::refs::{Followed, Steps, follow_within};
use crate::flux::{Mistake, ast, names};
use crate::limits::PROJECT_STEPS;
use crate::lint::{self, Finding, Setting};

/// What is wrong with its form, said as `word` says it. The server takes what is accepted, and the script fails when it runs.
pub(super) fn forms(field: &'static str, parsed: &Parsed, word: impl Fn(Mistake) -> Mistake) -> Vec<Fault> {
    let fault = |mistake| fault(Code::FluxSyntax, field, word(mistake));
    let faults = parsed.errors().into_iter().map(fault);
    faults.map(|fault| if parsed.is_accepted() { fault.warning() } else { fault }).collect()
}

/// Names, packages and arguments that there are not, besides those `given` to the script. The server takes a script with them, and never
/// runs it. Where something is `said` already, nothing more is.
pub(super) fn names(field: &'static str, script: &ast::Script, given: &[&str], said: &[Fault]) -> Vec<Fault> {
    let is_said = |mistake: &Mistake| {
        let at = mistake.span.range().start;
        said.iter().filter_map(|fault| fault.script.as_ref()).any(|span| span.contains(&at))
    };
    let name = |mistake| fault(Code::FluxName, field, mistake);
    let errors = names::errors(script, given).into_iter().filter(|error| !is_said(error)).map(name);
    let options = names::unknown_options(script).into_iter().filter(|error| !is_said(error));
    errors.chain(options.map(|mistake| name(mistake).warning())).collect()
}

/// What a sound script that is given some values reaches, as far as its project still lets it be followed, and what lints find in it.
pub(super) fn reached<'s>(
    field: &'static str,
    script: &'s ast::Script,
    given: &[Given<'s>],
    setting: Setting,
    steps: &Steps,
) -> (Followed<'s>, Vec<Fault>) {
    let values: Vec<_> = given.iter().map(|one| (one.name, one.literal)).collect();
    let followed = follow_within(script, &values, steps);
    let mut faults = Vec::new();
    if followed.references.incomplete {
        let why = match steps.are_over() {
            true => format!("the scripts of the project together have more steps than {PROJECT_STEPS}"),
            false => "the script is too large to be followed to its end".to_owned(),
        };
        let message = format!("{why}: it may reach more than is known");
        faults.push(Fault::new(Code::FluxUnknownBucket, field, message, "not followed to its end").warning());
    }
    let found = lint::findings(script, &followed, setting).into_iter();
    faults.extend(found.map(|Finding { code, mistake }| fault(code, field, mistake).warning()));
    let hidden = hidden_place(field, script, &followed);
    faults.extend(hidden.or_else(|| hidden_given(field, script, &followed, given)));
    (followed, faults)
}

/// A mistake in a text of Flux.
pub(super) fn fault(code: Code, field: &'static str, mistake: Mistake) -> Fault {
    let Mistake { span, message, label, also, help } = mistake;
    let also = also.into_iter().map(|(span, label)| (span.range(), label)).collect();
    Fault { also, help, ..Fault::new(code, field, message, label).script(span.range()) }
}
