//! The fields in which what is declared, what is there and what was last applied are not at one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::apart::losses;
use super::canonical::Names;
use super::{Cause, Change, FieldChange};
use crate::field::{Change as OnChange, Compared, Omitted, Type};
use crate::kind::Object;
use crate::manifest::Resource;
use crate::redact::without_credentials;
use crate::value::{Set, Value};

/// What earlier runs have left of an object.
pub(super) struct Past<'a> {
    /// Fingerprints of the fields as last applied; none for an object that no ledger has.
    pub(super) last: Option<&'a BTreeMap<String, String>>,
    /// Whether an earlier run may not have got to a field.
    pub(super) unfinished: &'a dyn Fn(&str) -> bool,
}

/// The fields in which manifest, server and ledger are not at one.
pub(super) fn differences(
    change: &mut Change,
    resource: &Resource,
    object: &Object,
    past: &Past<'_>,
    (names, names_then): (&Names<'_>, &Names<'_>),
) {
    let Past { last, unfinished } = past;
    let items = change.address.kind.spec().items.as_ref();
    for field in change.address.kind.spec().fields {
        let unfinished = unfinished(field.name);
        let whole = field.secret.filter(|_| field.compared == Compared::Never);
        if let (Some(rule), Some(wanted)) = (whole, resource.fields.get(field.name)) {
            // It is set with what says that it is to be set again, which is looked at below.
            let again = resource.fields.get(rule.again).map(Value::fingerprint);
            let was = last.and_then(|fields| fields.get(rule.again));
            let is_again = again.is_some() && again.as_ref() != was && !resource.lifecycle.ignore.contains(rule.again);
            let cause = match was {
                _ if unfinished => Some(Cause::Unfinished),
                Some(_) => is_again.then_some(Cause::Yours),
                None => is_again.then_some(Cause::New),
            };
            let wanted = || wanted.clone();
            let set = |cause| FieldChange { field: field.name, live: None, wanted: wanted(), last: None, cause };
            change.fields.extend(cause.map(set));
        }
        // What a create has not got to is finished, also where nobody looks at it later.
        if field.compared == Compared::Never || resource.lifecycle.ignore.contains(field.name) && !unfinished {
            continue;
        }
        let last_fingerprint = last.and_then(|fields| fields.get(field.name));
        let Some(wanted) = resource.fields.get(field.name) else {
            if last_fingerprint.is_some() {
                change.released.insert(field.name.to_owned());
            }
            continue;
        };
        // As the ledger has it: before references are brought to one spelling.
        let fingerprint = wanted.fingerprint();
        let wanted = names.value(wanted, object.org.as_deref());
        let last_text = || last_fingerprint.and_then(|fingerprint| fingerprint.strip_prefix('=')).map(str::to_owned);
        if field.compared == Compared::Ledger {
            let cause = match last_fingerprint {
                _ if unfinished => Cause::Unfinished,
                Some(_) => Cause::Yours,
                None => Cause::New,
            };
            if last_fingerprint != Some(&fingerprint) && !(change.adopts && field.change == OnChange::Replace) {
                let wanted = wanted.into_owned();
                change.fields.push(FieldChange { field: field.name, live: None, wanted, last: last_text(), cause });
            }
            continue;
        }
        let read = object.fields.get(field.name);
        let items = items.filter(|items| items.field == field.name);
        let seen = |value: &Value, names: &Names<'_>| {
            let value = names.value(value, object.org.as_deref());
            let aligned = items.map(|items| (items.aligned)(&wanted, &value));
            field.ty.compared_with(&wanted, aligned.unwrap_or_else(|| value.into_owned()))
        };
        let of_applied =
            |value: &Value| items.map_or_else(|| value.fingerprint(), |items| (items.keyed)(value).fingerprint());
        let live = match read {
            Some(value @ (Value::Table(_) | Value::List(_))) => Cow::Owned(seen(value, names)),
            Some(value) => names.value(value, object.org.as_deref()),
            None if field.omitted == Omitted::Empty => Cow::Owned(Value::Scopes(Set::default())),
            None => Cow::Owned(Value::Unset),
        };
        let is_same = live.is_like(&wanted) || (*live == Value::Unset && *wanted == Value::Text(String::new()));
        // The secrets that it had before may still be there.
        let is_left = unfinished && last.is_some() && field.secret.is_some();
        if is_same && !is_left {
            change.settles |= last.is_some() && last_fingerprint != Some(&fingerprint);
            continue;
        }
        // The server has not moved if it has what was applied last, under the names of then: another object may stand
        // behind a name now, or the same behind another.
        let as_then = read.map(|value| of_applied(&seen(value, names_then)));
        // Of an item that is not wanted nobody knows what of it was said.
        let as_said = items.map(|_| of_applied(&without_theirs(field.ty, &wanted, &live)));
        let cause = match last_fingerprint {
            _ if unfinished => Cause::Unfinished,
            None => Cause::New,
            Some(last) if [Some(of_applied(&live)), as_then, as_said].contains(&Some(last.clone())) => Cause::Yours,
            Some(last) if *last == fingerprint => Cause::Drift,
            Some(_) => Cause::Both,
        };
        // Whoever made it by hand may have put a password into a URL, which a plan would show.
        let live = match live.into_owned() {
            Value::Text(text) => Value::Text(without_credentials(&text).into_owned()),
            other => other.with_sources_of(&wanted),
        };
        let wanted = wanted.into_owned().beside(&live);
        let live = Some(live);
        change.fields.push(FieldChange { field: field.name, live, wanted, last: last_text(), cause });
    }
    set_along(change, resource);
    let losses = losses(change, resource, object, names);
    change.released.retain(|field| losses.iter().all(|loss| loss.field != field));
    change.fields.extend(losses);
}

/// Adds the secrets that are set because of what else changes.
fn set_along(change: &mut Change, resource: &Resource) {
    let fields = change.address.kind.spec().fields;
    for field in fields.iter().filter(|field| field.compared == Compared::Never) {
        let (Some(rule), Some(wanted)) = (field.secret, resource.fields.get(field.name)) else { continue };
        let is_set = change.fields.iter().any(|known| known.field == field.name);
        let along = change.fields.iter().find(|known| rule.with.contains(&known.field)).filter(|_| !is_set);
        let set = along.map(|along| FieldChange {
            field: field.name,
            live: None,
            wanted: wanted.clone(),
            last: None,
            cause: along.cause,
        });
        change.fields.extend(set);
    }
    change.fields.sort_by_key(|change| fields.iter().position(|field| field.name == change.field));
}

/// `live`, whose items go by keys, where those that are not `wanted` have nothing that is the server's where nobody says it.
fn without_theirs(ty: Type, wanted: &Value, live: &Value) -> Value {
    let (Type::List(of), Value::Table(items)) = (ty, live) else { return live.clone() };
    let is_wanted = |key: &String| matches!(wanted, Value::Table(wanted) if wanted.contains_key(key));
    let item = |(key, item): (&String, &Value)| {
        let item = if is_wanted(key) { item.clone() } else { of.without_theirs(item.clone()) };
        (key.clone(), item)
    };
    Value::Table(items.iter().map(item).collect())
}
