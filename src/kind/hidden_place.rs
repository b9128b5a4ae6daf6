//! Scripts of which a plan cannot show what they reach.

use std::ops::Range;

use super::draft::Fault;
use crate::diagnostic::Code;
use crate::flux::Literal;
use crate::flux::ast::{OptionTarget, Script, Span, Statement, StatementKind};
use crate::flux::refs::{Elsewhere, Followed, Reference, Target, is_address};
use crate::redact::{Language, literals};

/// The package of bots whose token is a part of the address that they call.
const BOTS: &str = "contrib/sranka/telegram";
/// Functions that put a `path` behind the host that they call: `@HOST` in it makes another host of that.
const BY_PATH: [(&str, &str); 2] = [("experimental/influxdb", "api"), ("contrib/qxip/logql", "query_range")];

/// What is said at each hidden string, and at how many.
const LABEL: &str = "shown as `***`";
const SHOWN: usize = 10;
const HELP: &str =
    "a reviewer cannot see what it reaches: read the script itself, or have it name the place in one string";

/// A script of which nobody can see what it reaches: a string is hidden, and only a run can tell, or the string is a part of where the
/// script connects to. That is no lint, as whoever wrote the script must not be able to allow it.
pub(super) fn hidden_place(field: &'static str, script: &Script, followed: &Followed<'_>) -> Option<Fault> {
    let unknown = unknown(script, followed);
    let mixed: Vec<&Reference> = followed.references.all.iter().filter(|reached| is_mixed(reached)).collect();
    let odd = odd_token(followed).or_else(|| odd_path(script, followed));
    if unknown.is_none() && mixed.is_empty() && odd.is_none() {
        return None;
    }
    let hidden = literals(script.source(), Language::Flux);
    let (hidden, at, clause) = if let Some(unknown) = unknown {
        let what = if unknown.target == Target::Url { "an address" } else { "a bucket" };
        (hidden, unknown.span, format!("in a script that reaches {what} which is not known before it runs"))
    } else if let Some((parts, at)) = parts_of(script, &hidden, &mixed) {
        (parts, at, "in where this script connects to".to_owned())
    } else {
        (hidden, odd?, "in the address that this script calls".to_owned())
    };
    let (first, others) = hidden.split_first()?;
    let strings = if others.is_empty() { "a string is".to_owned() } else { format!("{} strings are", hidden.len()) };
    let message = format!("{strings} hidden {clause}");
    let mut fault = Fault::new(Code::FluxHiddenPlace, field, message, LABEL).script(first.clone()).warning();
    fault.also = others.iter().take(SHOWN - 1).map(|hidden| (hidden.clone(), LABEL.to_owned())).collect();
    fault.also.push((at.range(), "used here".to_owned()));
    Some(fault.help(HELP))
}

/// What a script gets besides its own text.
pub(super) struct Given<'g> {
    /// What the script calls it.
    pub(super) name: &'g str,
    /// The field that it comes from.
    pub(super) field: &'static str,
    pub(super) literal: &'g Literal,
    /// Whether the plan shows it with the script, in which what names a place is shown.
    pub(super) is_shown: bool,
}

/// The same of strings that are hidden in what a script is given.
pub(super) fn hidden_given(
    of: &'static str,
    script: &Script,
    followed: &Followed<'_>,
    given: &[Given<'_>],
) -> Option<Fault> {
    let anywhere = anywhere(script, followed);
    given.iter().find_map(|Given { field, literal, is_shown, .. }| {
        let is_part = |reached: &&Reference| {
            (is_mixed(reached) || !is_shown) && reached.name.as_deref().is_some_and(|name| has_part(literal, name))
        };
        let part = || followed.references.all.iter().find(is_part).map(|reached| reached.span);
        let at = anywhere.or_else(part)?;
        // What cannot be encoded is an error of its own.
        let text = literal.encode().ok()?;
        if literals(&format!("option given = {text}"), Language::Flux).is_empty() {
            return None;
        }
        let message = format!("a string of `{field}` is hidden, and this script may reach a place by it");
        let fault = Fault::new(Code::FluxHiddenPlace, of, message, "used here").script(at.range()).warning();
        Some(fault.help(HELP))
    })
}

/// Whether what a script reaches may be made of something that only a run can tell.
pub(super) fn is_unknown(script: &Script, followed: &Followed<'_>) -> bool {
    anywhere(script, followed).is_some()
}

/// The first use of such a thing.
fn anywhere(script: &Script, followed: &Followed<'_>) -> Option<Span> {
    let unknown = unknown(script, followed).map(|reached| reached.span);
    unknown.or_else(|| odd_token(followed)).or_else(|| odd_path(script, followed))
}

/// Whether one of the strings in `literal` is in `name`.
fn has_part(literal: &Literal, name: &str) -> bool {
    match literal {
        Literal::String(text) => !text.is_empty() && name.contains(text.as_str()),
        Literal::Array(items) => items.iter().any(|item| has_part(item, name)),
        Literal::Record(fields) => fields.iter().any(|(_, value)| has_part(value, name)),
        _ => false,
    }
}

/// The first place that is not known before the script runs.
fn unknown<'f>(script: &Script, followed: &'f Followed<'_>) -> Option<&'f Reference> {
    // An option that is an address was followed.
    let sets_package = |statement: &Statement| match statement.kind {
        StatementKind::Option { target: OptionTarget::Member { property, .. }, .. } => {
            !is_address(script.text(property))
        }
        _ => false,
    };
    let sets_packages = script.body().iter().any(sets_package);
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

/// What is hidden of such an address, and where it is used.
fn parts_of(script: &Script, hidden: &[Range<usize>], mixed: &[&Reference]) -> Option<(Vec<Range<usize>>, Span)> {
    mixed.iter().find_map(|reached| {
        let name = reached.name.as_deref()?;
        let is_part = |span: &&Range<usize>| {
            let text = &script.source()[(*span).clone()];
            text.contains('\\') || name.contains(text)
        };
        let parts: Vec<_> = hidden.iter().filter(is_part).cloned().collect();
        (!parts.is_empty()).then_some((parts, reached.span))
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

/// Where a path does not surely begin with a slash.
fn odd_path(script: &Script, followed: &Followed<'_>) -> Option<Span> {
    let calls = followed.calls.iter().filter(|call| BY_PATH.contains(&(&*call.package, call.name)));
    calls.filter_map(|call| call.given.get("path")).find_map(|(path, span)| {
        let begins = path.text().map_or_else(|| script.text(span).starts_with("\"/"), |path| path.starts_with('/'));
        (!begins).then_some(span)
    })
}
