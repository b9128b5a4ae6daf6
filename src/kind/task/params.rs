//! What a script asks of the manifest.

use std::collections::BTreeSet;

use crate::address::few;
use crate::diagnostic::{Code, nearest};
use crate::flux::ast::{ExpressionKind, Script};
use crate::flux::params::{Missing, Use, uses};
use crate::kind::Kind;
use crate::kind::spec::{Draft, Fault};

/// Of so many mistakes of one sort the first are shown: each looks for the nearest name.
const SHOWN: usize = 50;

/// The faults of a script whose parameters are in the record `name`.
pub(super) fn check(draft: &Draft<'_>, script: &Script, name: &str) -> Vec<Fault> {
    let mut faults = unknown(draft, script, name);
    let identifiers = script.expressions().iter().filter(|one| one.kind == ExpressionKind::Identifier);
    let is_root = |word: &&str| *word != name && (Kind::from_name(word).is_some() || ["var", "each"].contains(word));
    let mentioned: BTreeSet<&str> = identifiers.map(|one| script.text(one.span)).filter(is_root).collect();
    let uses = mentioned.into_iter().flat_map(|root| uses(script, root));
    faults.extend(uses.filter_map(|one| expression(script, &one, name)).take(SHOWN));
    faults
}

/// That a script has an expression of the manifests, which nothing replaces there: to Flux it is a variable that nobody
/// defines.
fn expression(script: &Script, one: &Use, name: &str) -> Option<Fault> {
    let text = &script.source()[one.span.clone()];
    let root = text.split(['.', '[', ' ']).next().unwrap_or_default().trim_start_matches('(');
    let (first, attr) = (one.path.first().map(|(key, _)| key.as_str())?, one.path.last().map(|(key, _)| key.as_str())?);
    // `task.every` is what the server runs the task with.
    if root == Kind::Task.name() && one.path.len() < 2 {
        return None;
    }
    let message = format!("`{text}` cannot be used in a script: only its `params` come from the manifest");
    let help = advice(text, first, attr, name);
    Some(Fault::new(Code::TaskExpression, "flux", message, "not defined in Flux").script(one.span.clone()).help(help))
}

/// What to do about an expression of the manifests that stands where a script has no string; none for other text.
pub(super) fn bare(text: &str, name: &str) -> Option<String> {
    let (text, _) = text.strip_prefix("${")?.split_once('}')?;
    let mut words = text.split('.');
    let root = words.next()?;
    let known = Kind::ALL.iter().any(|kind| kind.name() == root) || ["var", "each"].contains(&root);
    let (first, attr) = (words.next()?, text.rsplit('.').next()?);
    known.then(|| advice(text, first, attr, name))
}

/// How a script gets the value of the manifests' expression `text`, `ROOT.FIRST` and perhaps further words up to `attr`.
fn advice(text: &str, first: &str, attr: &str, name: &str) -> String {
    let (key, value) = match text.split('.').next() {
        Some("bucket") => (first, format!("{{ bucket = \"bucket.{first}\" }}")),
        Some("var") => (first, format!("\"${{{text}}}\"")),
        _ => (attr, format!("\"${{{text}}}\"")),
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
