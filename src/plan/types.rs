//! What a server's compiler finds wrong with scripts, at the places where the manifests have them.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::guard::Written;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::diff::Change;
use crate::evidence::{Compiled, Unchecked};
use crate::flux::Mistake;
use crate::flux::ast::{Lines, Position};
use crate::manifest::{Resource, TextPlace};
use crate::problem::Problem;
use crate::value::Script;

/// What is said of a script, before why.
const FAILS: &str = " does not compile: ";

/// An error for each mistake in a script that would be sent, and a warning about scripts that were not looked at.
pub(super) fn problems(
    changes: &[Change],
    compiled: &Compiled,
    written: Written<'_>,
) -> (Vec<Problem>, Option<Diagnostic>) {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut known: HashMap<(*const Source, Range<usize>, String), usize> = HashMap::new();
    for change in changes {
        let address = &change.address;
        let (Some(mistakes), Some(resource)) = (compiled.mistakes.get(address), written.resources.get(address)) else {
            continue;
        };
        let given = address.kind.spec().given;
        for (source, mistakes) in mistakes {
            let Some((field, author)) = author(change, resource, source) else { continue };
            let whole = author.map_or_else(|| resource.place_of(field), |(whole, _)| whole);
            let way = author.and_then(|(whole, text)| Some((text, Way::new(&text.text(whole)?, source))));
            // Whoever runs it will know these names.
            let is_wrong = |mistake: &&Mistake| !given.contains(&&source[mistake.span.range()]);
            for mistake in mistakes.iter().filter(is_wrong) {
                let place = way.as_ref().and_then(|(text, way)| way.back(text, mistake));
                let message = &mistake.message;
                if let Some(place) = &place {
                    // Instances have one script, and several scripts have one library.
                    let key = (Arc::as_ptr(&place.source), place.span.clone(), message.clone());
                    let first = *known.entry(key).or_insert(found.len());
                    if let Some(found) = found.get_mut(first) {
                        found.more += usize::from(found.last != address);
                        found.last = address;
                        continue;
                    }
                }
                let place = place.ok_or_else(|| whole.clone());
                found.push(Found { address, last: address, more: 0, message, place });
            }
        }
    }
    (found.into_iter().map(Found::said).collect(), compiled.unchecked.as_ref().map(warning))
}

/// A mistake in a script, or in those of several resources.
struct Found<'a> {
    address: &'a Address,
    last: &'a Address,
    /// How many other resources have it.
    more: usize,
    message: &'a str,
    /// Where the author has it, else where the whole script is named.
    place: Result<Place, Place>,
}

impl Found<'_> {
    fn said(self) -> Problem {
        let Self { address, more, message, place, .. } = self;
        let others = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let diagnostic = Diagnostic::error(Code::FluxType, format!("{address}{others}{FAILS}{message}"))
            .help("it would fail each time it runs; to send it all the same, use --no-type-check");
        Problem::from(match place {
            Ok(place) => diagnostic.at(place, "here"),
            Err(whole) => diagnostic.at(whole, "with what fluxform adds to this script"),
        })
    }
}

/// Leaves out what the manifests have been warned of at the same place or by the same name, names that are not there: of each script one
/// error stays, in the server's words.
pub fn without_told(refusals: &mut Vec<Problem>, warnings: &[Diagnostic]) {
    let names: Vec<_> = warnings.iter().filter(|warning| warning.code == Code::FluxName).collect();
    let is_told = |place: &Place, message: &str| {
        names.iter().any(|told| {
            let name = told.message.split('`').nth(1).filter(|name| !name.is_empty());
            let in_message = name.is_some_and(|name| message.split([' ', '`']).any(|word| word == name));
            let told = told.places.first().map(|(place, _)| place);
            let same = told.filter(|told| told.source.name == place.source.name);
            same.is_some_and(|told| in_message || told.span.start < place.span.end && place.span.start < told.span.end)
        })
    };
    let mut scripts = BTreeSet::new();
    refusals.retain(|Problem { diagnostic, .. }| {
        let of_script = diagnostic.message.split_once(FAILS).filter(|_| diagnostic.code == Code::FluxType);
        let (Some((script, words)), Some((place, _))) = (of_script, diagnostic.places.first()) else { return true };
        !is_told(place, words) || scripts.insert(script.to_owned())
    });
}

/// The field that sends the script `source`, and where its author has it: as it is sent, or as the one script that the field is.
fn author<'r>(
    change: &Change,
    resource: &'r Resource,
    source: &str,
) -> Option<(&'static str, Option<&'r (Place, TextPlace)>)> {
    let is_sent = |script: &&Script| script.source() == Some(source);
    let field = change.fields.iter().find(|field| field.wanted.scripts().iter().any(is_sent))?.field;
    let mut texts = resource.texts.iter();
    let same = texts.find(|(whole, text)| text.text(whole).is_some_and(|text| is_of(&text, source)));
    let only = || if let [one] = &*resource.texts { Some(one) } else { None };
    Some((field, same.or_else(only)))
}

/// Whether `sent` is the author's text, with at most one line of ours.
fn is_of(author: &str, sent: &str) -> bool {
    let (author, sent): (Vec<&str>, Vec<&str>) = (author.split('\n').collect(), sent.split('\n').collect());
    match sent.len().checked_sub(author.len()) {
        Some(0) => author == sent,
        Some(1) => {
            let same = author.iter().zip(&sent).take_while(|(one, other)| one == other).count();
            author[same..] == sent[same + 1..]
        }
        _ => false,
    }
}

/// That scripts were not looked at.
fn warning(unchecked: &Unchecked) -> Diagnostic {
    let Unchecked { count, first, why } = unchecked;
    let whose = match count {
        1 => format!("the script of {first}"),
        _ => format!("{count} scripts"),
    };
    let of = if *count == 1 { String::new() } else { format!("{first}: ") };
    let message = format!("the server did not check {whose} for type errors: {of}{why}");
    Diagnostic::warning(Code::FluxUnchecked, message).help("use --no-type-check if it is not to be asked")
}

/// The way back from a script as it is sent to its author's text: by the lines that both have.
struct Way {
    author: Lines,
    sent: Lines,
    /// The lines in common: the first of the author's, the first that is sent, how many; from 0.
    common: Vec<(usize, usize, usize)>,
}

impl Way {
    fn new(author: &str, sent: &str) -> Self {
        fn lines(text: &str) -> Vec<&str> {
            text.split_inclusive('\n').collect()
        }
        let common = capture_diff_slices(Algorithm::Patience, &lines(author), &lines(sent));
        let common = common.into_iter().filter_map(|op| match op {
            DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
            _ => None,
        });
        Self { common: common.collect(), sent: Lines::of(sent), author: Lines::of(author) }
    }

    /// The byte of the author's text that is sent as byte `at`.
    fn byte(&self, at: u32) -> Option<u32> {
        let Position { line, column } = self.sent.position(at);
        let line = usize::try_from(line).ok()?.checked_sub(1)?;
        let (author, sent, _) = self.common.iter().find(|(_, first, count)| (*first..first + count).contains(&line))?;
        let line = u32::try_from(author + line - sent + 1).ok()?;
        self.author.at(Position { line, column })
    }

    /// Where the author has what is wrong in the script that is sent.
    fn back(&self, author: &TextPlace, mistake: &Mistake) -> Option<Place> {
        let start = self.byte(mistake.span.start)?;
        let end = self.byte(mistake.span.end).unwrap_or(start).max(start);
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        author.place(&(start..end))
    }
}
