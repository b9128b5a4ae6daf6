//! Scripts of which a plan cannot show what they reach.

use std::ops::Range;

use super::draft::Fault;
use crate::diagnostic::Code;
use crate::flux::ast::{OptionTarget, Script, Span, StatementKind};
use crate::flux::refs::{Elsewhere, Followed, Reference, Target};
use crate::redact::{Language, literals};

/// The package of bots whose token is a part of the address that they call.
const BOTS: &str = "contrib/sranka/telegram";

const HELP: &str =
    "a reviewer cannot see what it reaches: read the script itself, or have it name the place in one string";

/// A script of which nobody can see what it reaches: a string is hidden, and only a run can tell, or the string is a part of where the
/// script connects to. That is no lint, as whoever wrote the script must not be able to allow it.
pub(super) fn hidden_place(field: &'static str, script: &Script, followed: &Followed<'_>) -> Option<Fault> {
    let unknown = unknown(script, followed);
    let mixed: Vec<&Reference> = followed.references.all.iter().filter(|reached| is_mixed(reached)).collect();
    let token = odd_token(followed);
    if unknown.is_none() && mixed.is_empty() && token.is_none() {
        return None;
    }
    let hidden = literals(script.source(), Language::Flux);
    let first = hidden.first()?.clone();
    let (hidden, at, message) = if let Some(unknown) = unknown {
        let what = if unknown.target == Target::Url { "an address" } else { "a bucket" };
        let message = format!("a string is hidden in a script that reaches {what} which is not known before it runs");
        (first, unknown.span, message)
    } else if let Some((part, at)) = part_of(script, &hidden, &mixed) {
        (part, at, "a string is hidden that is a part of where this script connects to".to_owned())
    } else {
        (first, token?, "a string is hidden that is a part of the address that this script calls".to_owned())
    };
    let mut fault = Fault::new(Code::FluxHiddenPlace, field, message, "shown as `***`").script(hidden).warning();
    fault.also = Some((at.range(), "used here".to_owned()));
    Some(fault.help(HELP))
}

/// The first place that is not known before the script runs.
fn unknown<'f>(script: &Script, followed: &'f Followed<'_>) -> Option<&'f Reference> {
    let sets_packages = script
        .body()
        .iter()
        .any(|statement| matches!(statement.kind, StatementKind::Option { target: OptionTarget::Member { .. }, .. }));
    followed.references.all.iter().find(|reached| {
        reached.target != Target::Secret
            && (reached.name.is_none() && (sets_packages || !followed.is_untold(reached))
                || reached.elsewhere == Some(Elsewhere::Org(None)))
    })
}

/// Whether an address has more in it than a place, and no form that tells which is which: what leads to a database.
fn is_mixed(reached: &Reference) -> bool {
    reached.target == Target::Url && reached.name.as_deref().is_some_and(|name| !name.contains("://"))
}

/// What is hidden of such addresses, and where they are used.
fn part_of(script: &Script, hidden: &[Range<usize>], mixed: &[&Reference]) -> Option<(Range<usize>, Span)> {
    mixed.iter().find_map(|reached| {
        let name = reached.name.as_deref()?;
        let is_part = |span: &&Range<usize>| {
            let text = &script.source()[(*span).clone()];
            text.contains('\\') || name.contains(text)
        };
        Some((hidden.iter().find(is_part)?.clone(), reached.span))
    })
}

/// Where a bot gets a token that looks like none.
fn odd_token(followed: &Followed<'_>) -> Option<Span> {
    let is_of_one = |c: char| c.is_ascii_alphanumeric() || ":_-".contains(c);
    let calls = followed.calls.iter().filter(|call| &*call.package == BOTS);
    calls
        .filter_map(|call| call.given.get("token"))
        .find_map(|(token, span)| token.text().is_some_and(|token| !token.chars().all(is_of_one)).then_some(span))
}
