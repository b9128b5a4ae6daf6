//! Looks at an export as a plan would: it must say what is there, and nothing else. What it cannot say so is taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Read;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::diff::{Action, Change, Goal, compare};
use crate::export::{Export, ObjectId, Refused, Request, export};
use crate::manifest::{Inputs, Loaded, load};
use crate::problem::Problem;

/// How often what cannot be said is taken back: each time it becomes external first, then it is left out.
const TRIES: usize = 8;

/// The export whose plan is to adopt, and nothing else; `write` puts its files into a directory.
pub(super) fn checked(
    request: &Request,
    read: &Read,
    write: impl Fn(&Export) -> Result<PathBuf, Problem>,
) -> Result<Export, Problem> {
    let mut refused: BTreeMap<ObjectId, Refused> = BTreeMap::new();
    let mut wrong = BTreeMap::new();
    let names = BTreeMap::new();
    for _ in 0..TRIES {
        let export = export(request, read.sources(&refused, &names));
        wrong = faults(&write(&export)?, (&request.org, &Inputs::default()), &export, read)?;
        if wrong.is_empty() {
            return Ok(export);
        }
        for (address, why) in &wrong {
            let resource = &export.resources[address];
            let refusal = Refused { why: why.clone(), also_external: resource.external };
            refused.insert((address.kind, resource.id.clone()), refusal);
        }
    }
    let why = wrong.into_iter().map(|(address, why)| format!("{address}: {why}")).next().unwrap_or_default();
    Err(unsound(&why))
}

pub(in crate::cli) fn unsound(why: &str) -> Problem {
    let diagnostic = Diagnostic::error(Code::ExportUnsound, format!("the export would not match the server: {why}"))
        .help("nothing was written; please report it");
    Problem::from(diagnostic)
}

/// The resources that are not as the server has them, and why.
pub(in crate::cli) fn faults(
    dir: &Path,
    (org, inputs): (&str, &Inputs),
    export: &Export,
    read: &Read,
) -> Result<BTreeMap<Address, String>, Problem> {
    let Loaded { manifest, graph, .. } = match load(dir, inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return blamed(dir, &diagnostics, export),
    };
    let wrong = manifest.in_different_orgs(org);
    if !wrong.is_empty() {
        return blamed(dir, &wrong, export);
    }
    let comparison = compare(&manifest, &graph, &read.snapshot, &read.ledger, &read.foreign, Goal::Declared);
    let mut faults: BTreeMap<Address, String> = BTreeMap::new();
    for change in &comparison.changes {
        // What the project owns already may be different from what it last applied: that is not the export's.
        if let Some(why) = fault(change).filter(|_| export.resources.contains_key(&change.address)) {
            faults.insert(change.address.clone(), why);
        }
    }
    if faults.is_empty() && !comparison.problems.is_empty() {
        let diagnostics: Vec<_> = comparison.problems.into_iter().map(|problem| problem.diagnostic).collect();
        return blamed(dir, &diagnostics, export);
    }
    Ok(faults)
}

/// Why a plan would do more than adopt; none if it would not.
fn fault(change: &Change) -> Option<String> {
    let fields: Vec<_> = change.fields.iter().map(|field| format!("`{}`", field.field)).collect();
    match change.action {
        Action::None => None,
        Action::Create => Some("a plan would not find it".to_owned()),
        Action::Update => Some(format!("a manifest cannot express its {}", fields.join(", "))),
        Action::Replace if fields.is_empty() => {
            Some("the user that it runs as was deleted, or does not own the org".to_owned())
        }
        Action::Replace => Some(format!("a manifest cannot express its {}", fields.join(", "))),
        Action::Delete | Action::Forget => None,
    }
}

/// The resources that diagnostics point at.
fn blamed(dir: &Path, diagnostics: &[Diagnostic], export: &Export) -> Result<BTreeMap<Address, String>, Problem> {
    let mut faults = BTreeMap::new();
    let mut blocks: BTreeMap<&str, BTreeMap<usize, (usize, &Address)>> = BTreeMap::new();
    for (file, span, address) in &export.places {
        blocks.entry(file).or_default().insert(span.start, (span.end, address));
    }
    let scripts = export.resources.iter().filter_map(|(address, of)| Some((of.script.as_deref()?, address)));
    let scripts: BTreeMap<&str, &Address> = scripts.collect();
    // Those that are only counted are there again when these are mended.
    let counts = |one: &&Diagnostic| one.severity == Severity::Error && one.code != Code::ManifestMore;
    for diagnostic in diagnostics.iter().filter(counts) {
        let at = diagnostic.places.iter().find_map(|(place, _)| {
            let file = Path::new(&place.source.name).strip_prefix(dir).ok()?.to_str()?;
            let before = blocks.get(file).and_then(|blocks| blocks.range(..=place.span.start).next_back());
            let block = before.filter(|(_, (end, _))| place.span.start < *end).map(|(_, (_, address))| *address);
            block.or_else(|| scripts.get(file).copied())
        });
        match at {
            Some(address) => {
                faults.entry(address.clone()).or_insert_with(|| diagnostic.message.clone());
            }
            None => return Err(unsound(&diagnostic.message)),
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_nobodys_fault() {
        let diagnostics = [
            Diagnostic::warning(Code::FluxName, "unknown name `schema`"),
            Diagnostic::error(Code::ManifestMore, "and 3 more errors"),
        ];
        assert!(blamed(Path::new("."), &diagnostics, &Export::default()).is_ok_and(|faults| faults.is_empty()));
        let error = [Diagnostic::error(Code::ManifestValue, "of no resource")];
        assert!(blamed(Path::new("."), &error, &Export::default()).is_err());
    }
}
