//! Secrets in what diagnostics show.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Code, Diagnostic, Place, Source};

/// What speaks of a secret, which is its first place.
const SECRETS: [Code; 3] = [Code::ManifestSecretLiteral, Code::FluxSecretLiteral, Code::ConvertCopied];

/// Makes what was found to be a secret, also at `more` places, unreadable wherever its line is shown, besides what looks like one.
pub fn hide_secrets(problems: &mut [Diagnostic], more: &[Place]) {
    let mut secrets: BTreeMap<*const Source, Vec<Range<usize>>> = BTreeMap::new();
    let found = problems.iter().filter(|problem| SECRETS.contains(&problem.code));
    let found = found.filter_map(|problem| problem.places.first()).map(|(place, _)| place);
    for place in found.chain(more) {
        secrets.entry(Arc::as_ptr(&place.source)).or_default().push(place.span.clone());
    }
    let mut hidden: BTreeMap<*const Source, Arc<Source>> = BTreeMap::new();
    for (place, _) in problems.iter_mut().flat_map(|problem| &mut problem.places) {
        let of = Arc::as_ptr(&place.source);
        if let Some(spans) = secrets.remove(&of) {
            hidden.insert(of, Arc::new(place.source.hiding(spans)));
        }
        if let Some(source) = hidden.get(&of) {
            place.source = Arc::clone(source);
        }
    }
}
