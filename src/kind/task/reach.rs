//! What a task's script reaches.

use crate::diagnostic::{Code, Severity};
use crate::flux::Literal;
use crate::flux::ast::Script;
use crate::flux::refs::{Access, Reference, Target};
use crate::kind::draft::{Draft, Fault};
use crate::kind::hidden_place::Given;
use crate::kind::params::PARAMS;
use crate::kind::{schedule, script};
use crate::value::{Fields, Value};

/// What scripts call the record of the task itself.
const TASK: &str = "task";

/// Finds what a sound script reaches, whose parameters it reads as `params_as`.
pub(super) fn look(draft: &mut Draft<'_>, script: &Script, params_as: Option<&str>, faults: &mut Vec<Fault>) {
    let task = script.source().contains(TASK).then(|| record(&draft.fields));
    let params = params_as.zip(draft.params.as_ref());
    let params = params.map(|(name, literal)| Given { name, field: PARAMS, literal, is_shown: true });
    let task = task.as_ref().map(|literal| Given { name: TASK, field: "name", literal, is_shown: false });
    let given: Vec<_> = params.into_iter().chain(task).collect();
    let (followed, found) = script::reached("flux", script, &given, schedule::setting(&draft.fields), draft.steps);
    draft.reaches = followed.references.all;
    let unknown = draft.reaches.iter().filter(|one| {
        // Of what has no meaning at all this has been said.
        let mut wrong = faults.iter().filter_map(|fault| fault.script.as_ref());
        let span = one.span.range();
        !wrong.any(|wrong| wrong.start < span.end && span.start < wrong.end)
    });
    // Which bucket is meant may follow from a name that is wrong.
    let is_named = faults.iter().all(|fault| fault.code != Code::FluxName || fault.severity != Severity::Error);
    let unknown: Vec<_> =
        unknown.filter(|_| is_named && is_read(draft)).filter_map(|one| unknown_bucket(draft, one)).collect();
    faults.extend(unknown);
    faults.extend(found);
}

/// What the script reads as `task`, where it does not set that itself.
fn record(fields: &Fields) -> Literal {
    let literal = |field: &str| match fields.get(field)? {
        Value::Text(text) => Some(Literal::String(text.clone())),
        Value::Duration(duration) => Some(Literal::Duration(duration.to_string())),
        _ => None,
    };
    let known = ["name", "every"].into_iter().filter_map(|field| Some((field.to_owned(), literal(field)?)));
    Literal::Record(known.collect())
}

/// Whether all that a script gets from the manifest is known: else that has been said.
fn is_read(draft: &Draft<'_>) -> bool {
    let is_known = |field| !(draft.written)(field) || draft.fields.get(field).is_some();
    (draft.params.is_some() || !(draft.written)(PARAMS)) && ["name", "every"].into_iter().all(is_known)
}

/// That only a run can tell which bucket the script reaches, and the task does not say it.
fn unknown_bucket(draft: &Draft<'_>, reference: &Reference) -> Option<Fault> {
    let (field, verb) = match reference.access {
        Access::Reads => ("reads", "reads"),
        Access::Writes => ("writes", "writes to"),
        Access::Calls => return None,
    };
    let is_unknown = reference.target == Target::Bucket && reference.name.is_none() && reference.elsewhere.is_none();
    let message = format!("which bucket this {verb} is not known before it runs");
    (is_unknown && !(draft.written)(field)).then(|| {
        let fault = Fault::new(Code::FluxUnknownBucket, "flux", message, "not known").script(reference.span.range());
        fault
            .warning()
            .help(format!("set `{field} = [\"bucket.NAME\"]` in the task, so that it comes after these buckets"))
    })
}
