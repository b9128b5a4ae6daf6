//! What a script asks of the manifest.

use crate::address::few;
use crate::diagnostic::{Code, nearest};
use crate::flux::ast::Script;
use crate::flux::params::{Missing, Use, uses};
use crate::flux::{Literal, Mistake};
use crate::kind::draft::{Draft, Fault};
use crate::kind::expression::{Mentioned, SHOWN, Words};
use crate::lint::secret;
use crate::redact::{Language, certain_literals};

/// The faults of a script whose parameters are in the record `name`.
pub(super) fn check(draft: &Draft<'_>, script: &Script, name: &str) -> Vec<Fault> {
    let mut faults = unknown(draft, script, name);
    faults.extend(words(&[name], &|one| advice(one, name)).faults(script));
    faults
}

/// The parameters that certainly have a secret: they become a part of the script.
pub(super) fn secrets(draft: &Draft<'_>) -> Vec<Fault> {
    let Some(Literal::Record(params)) = &draft.params else { return Vec::new() };
    let has_secret = |param: &(String, Literal)| {
        let source = Literal::Record(vec![param.clone()]).encode();
        source.is_ok_and(|source| !certain_literals(&source, Language::Flux).is_empty())
    };
    let fault = |(key, _): &(String, Literal)| {
        let message = format!("`params.{key}` has a secret, which is written into the script");
        Fault::new(Code::FluxSecretLiteral, "params", message, secret::LABEL).within(key).help(secret::HELP).warning()
    };
    params.iter().filter(|param| has_secret(param)).map(fault).take(SHOWN).collect()
}

/// What is said of an expression of the manifests in a script.
fn words<'a>(given: &'a [&'a str], advice: &'a dyn Fn(&Mentioned<'_>) -> String) -> Words<'a> {
    let message = "cannot be used in a script: only its `params` come from the manifest";
    Words { code: Code::TaskExpression, field: "flux", given, message, advice }
}

/// A mistake in `source`, with what to do about it where it is an expression of the manifests.
pub(super) fn help(source: &str, mistake: Mistake, name: &str) -> Mistake {
    words(&[name], &|one| advice(one, name)).help(source, mistake)
}

/// How a script gets the value of an expression of the manifests.
fn advice(one: &Mentioned<'_>, name: &str) -> String {
    let Mentioned { text, key } = one;
    let value = match one.root() {
        "bucket" => format!("{{ bucket = \"bucket.{key}\" }}"),
        _ => format!("\"${{{text}}}\""),
    };
    format!(
        "set `params = {{ {key} = {value} }}` in the task, and write `{name}.{key}`, or `${{{name}.{key}}}` within a string"
    )
}

/// What the script reads of its parameters and the manifest does not give: the server takes such a script, and the task
/// fails at each run (influxd 2.9.1, measured: `record is missing label`, with `exists` too).
fn unknown(draft: &Draft<'_>, script: &Script, name: &str) -> Vec<Fault> {
    let fault = |message: String, label: &str, span| Fault::new(Code::TaskParams, "flux", message, label).script(span);
    let uses = uses(script, name).into_iter();
    let Some(record) = &draft.params else {
        // Else what is wrong with them has been said.
        let uses = uses.filter(|_| !(draft.written)("params"));
        let unset = |one: Use| {
            let written = one.path.iter().map(|(key, _)| key.as_str());
            let written = std::iter::once(name).chain(written).collect::<Vec<_>>().join(".");
            fault(format!("unknown `{written}`: the task has no `params`"), "not defined", one.span)
                .help("set `params = { NAME = VALUE }` in the task, or define it in the script")
        };
        return uses.map(unset).take(SHOWN).collect();
    };
    let unknown = |one: Use| {
        let Missing { depth, known } = one.missing(record)?;
        let (key, span) = &one.path[depth];
        let of = one.path[..depth].iter().map(|(key, _)| format!(".{key}")).collect::<String>();
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{name}{of}.{near}`?"),
            None if known.is_empty() => format!("add it to `params{of}`, which is empty"),
            None => format!("add it to `params{of}`, which has {}", few(known.iter().map(|key| format!("`{key}`")))),
        };
        Some(fault(format!("unknown parameter `{name}{of}.{key}`"), "not in `params`", span.clone()).help(help))
    };
    uses.filter_map(unknown).take(SHOWN).collect()
}
