//! Reasons and losses in words.

use std::collections::BTreeSet;

use super::value::{quoted, thousands};
use crate::diff::{Action, Change, Reason, Target};
use crate::evidence::{Data, Stake};
use crate::field::Role;
use crate::kind::{Delete, Kind, UNMANAGED};
use crate::plan::HOME;
use crate::redact::without_secrets;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<_> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}

/// Why something happens, where there is more to say than the fields do.
pub(super) fn reason(reason: &Reason, kind: Kind) -> Option<String> {
    Some(match reason {
        Reason::InSync | Reason::New | Reason::Differs | Reason::Destroy => return None,
        Reason::Gone => "it was deleted on the server".to_owned(),
        Reason::Hidden => {
            let needed = kind.spec().hidden_without.unwrap_or(kind.name());
            format!("its {needed} was deleted on the server, which hides the {kind} since")
        }
        Reason::CannotChange(fields) => cannot_change(fields, kind),
        Reason::CreatorGone => "the user it runs as was deleted or no longer owns the org".to_owned(),
        Reason::Undelivered => "its secret was never delivered".to_owned(),
        Reason::Leftovers => "an earlier run did not delete the object that this one has replaced".to_owned(),
        Reason::RotationAsked => "you asked for another secret".to_owned(),
        Reason::RotationDue => "its secret is due to be rotated".to_owned(),
        Reason::SecretLost => "its secret is not in all of its sinks any more, and no server shows it again".to_owned(),
        Reason::OverlapEnded => "its secret was rotated, and the overlap has ended".to_owned(),
        Reason::Resumed => "an interrupted run created it".to_owned(),
        Reason::Unfinished => {
            match kind.spec().fields.iter().find(|field| field.secret.is_some_and(|rule| rule.needed)) {
                Some(secret) => format!("an earlier run created it, and may never have set its `{}`", secret.name),
                None => "an earlier run did not finish it".to_owned(),
            }
        }
        Reason::NotDeclared => "it is no longer declared".to_owned(),
        Reason::Disabled => "its `enabled` is false".to_owned(),
        Reason::NotOurs => {
            "it is no longer declared; this project did not create it, so it does not delete it".to_owned()
        }
        Reason::Kept => "this project did not create it, so it does not delete it".to_owned(),
        Reason::AlreadyGone => "it was already deleted".to_owned(),
        Reason::External => "it is now external, so it stays".to_owned(),
        Reason::GoesWithOrg => "this project did not create it, but it goes with its org, which is deleted".to_owned(),
        Reason::HomeOrg => "the home org is never deleted; it stays".to_owned(),
    })
}

fn cannot_change(fields: &BTreeSet<&'static str>, kind: Kind) -> String {
    let names = listed(fields.iter().map(|field| format!("`{field}`")));
    let needed = kind.spec().fields.iter().find(|field| field.secret.is_some_and(|rule| rule.needed));
    let order = match (kind.spec().replace, needed) {
        (Delete::First, None) => String::new(),
        (Delete::First, Some(secret)) => {
            format!("; nothing works with it until the new one has its `{}`", secret.name)
        }
        (Delete::Last, _) => "; the new one works before the old one is deleted".to_owned(),
    };
    match fields.iter().all(|field| is_version(field)) {
        true => format!("{names} asks for a new secret{order}"),
        false => format!("{names} cannot be changed in place{order}"),
    }
}

/// Whether the field called so only counts how often a secret was set.
pub(super) fn is_version(field: &str) -> bool {
    field.ends_with("_version")
}

/// An object on the server: its name and ID.
pub(super) fn object(target: &Target) -> String {
    match target.id.as_str() {
        // A saved plan of a server that the apply makes knows no ID of its home org.
        HOME => format!("{} (the home org)", quoted(&without_secrets(&target.name))),
        id => format!("{} (id {id})", quoted(&without_secrets(&target.name))),
    }
}

/// A time in milliseconds since 1970, in whole seconds (RFC 3339).
pub fn time(ms: u64) -> String {
    let time = i64::try_from(ms / 1_000).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| "an unknown time".to_owned(), |time| time.to_string())
}

/// What is at stake with an object of `kind`, in words.
pub(super) fn lost(kind: Kind, stake: &Stake) -> String {
    let others = unexamined(kind);
    let along = (!stake.along.is_empty()).then(|| format!("{} would go with it", stake.objects()));
    let unseen =
        (!stake.unseen.is_empty()).then(|| format!("{} that the token cannot see may go with it", stake.hidden()));
    let points =
        (stake.data != Data::None || along.is_none() && unseen.is_none()).then(|| match (&stake.data, others) {
            // Of an org, what else is in it is no less data.
            (Data::None, Some(_)) => {
                "no points are lost but logs of tasks (a query has shown that there are no others)".to_owned()
            }
            (points, _) => data(points),
        });
    let others = others.map(|others| format!("objects of other kinds ({}, ...) were not looked at", others.join(", ")));
    [points, along, unseen, others].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What may go with an object of `kind` too, and is of no kind that could be looked at.
pub(super) fn unexamined(kind: Kind) -> Option<&'static [&'static str]> {
    (kind == Kind::HOME).then_some(&UNMANAGED[..])
}

fn data(data: &Data) -> String {
    match data {
        Data::None => "no data is lost (a query has shown that there is none)".to_owned(),
        Data::Unknown(why) => format!("data may be lost ({why})"),
        Data::Some { count, first, last } => {
            let values = match count {
                Some(1) => "1 value".to_owned(),
                Some(count) => format!("{} values", thousands(*count)),
                None => "points".to_owned(),
            };
            let time = match (first, last) {
                (Some(first), Some(last)) if first == last => format!(", at {first}"),
                (Some(first), Some(last)) => format!(", from {first} to {last}"),
                (Some(first), None) => format!(", from {first} on"),
                (None, Some(last)) => format!(", until {last}"),
                (None, None) => String::new(),
            };
            format!("{values} would be lost{time}")
        }
    }
}

/// What would lose the data.
pub(super) fn threat(change: &Change) -> &'static str {
    match change.action {
        Action::Delete => "is deleted",
        Action::Replace => "is replaced",
        _ if change.address.kind.with(Role::Owns).is_some() => "no longer owns the org",
        _ => "keeps its points for a shorter time",
    }
}

/// The sign of an action.
pub(super) const fn sign(action: Action) -> &'static str {
    match action {
        Action::None => " ",
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
        Action::Forget => "x",
    }
}
