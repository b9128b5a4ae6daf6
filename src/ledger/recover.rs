//! What became of a POST whose reply was lost: an intent against what is there now.

use std::collections::{BTreeMap, BTreeSet};

use super::Intent;
use crate::field::{INACTIVE, Role};
use crate::kind::{Key, Kind, NaturalKey, Object, marker};
use crate::snowflake::created_ms;
use crate::value::{Fields, Value};

/// How much earlier than the intent an object may have been made: `Date` has whole seconds.
const SLACK_MS: u64 = 2_000;

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing was made.
    NotMade,
    /// The object with this ID is it.
    Made(String),
    /// Each of the objects with these IDs could be it.
    Ambiguous(Vec<String>),
}

/// What an intent to make a `kind` has become.
///
/// `objects` are those of the kind in the snapshot; `owned` the IDs in any ledger, ours too; `me` the user of the run's
/// token; `digest` the digest of an object's content, as it was put into the intent.
///
/// Nothing that is in a ledger, was made more than 2 s before the intent, lives in another org, or belongs to the server
/// or to fluxform itself is it. Of the rest it is found by the marker in its description (tokens, protocol section 5);
/// else by its name, if the run had seen that there was none, and if it is as the POST would have made it; where names are
/// not unique, by its owner too, where it has one. What is left in doubt is not it: taking it over needs a consent then.
pub fn resolve<'a>(
    kind: Kind,
    intent: &Intent,
    objects: impl IntoIterator<Item = &'a Object>,
    owned: &BTreeSet<(Kind, String)>,
    me: &str,
    digest: &dyn Fn(&Object) -> String,
) -> Resolution {
    let key = |name: &str| NaturalKey::<()>::of(kind, None, name);
    let wanted = key(&intent.name);
    let is_it = |object: &Object| match (kind.spec().key, &intent.marker) {
        (_, Some(word)) => marker(&object.name) == Some(word.as_str()),
        (_, None) if intent.blind => false,
        (Key::Name(_), None) => key(&object.name) == wanted && as_made(kind, intent, object),
        (Key::LoneName, None) => {
            let mine = !kind.spec().runs_as_creator || object.user.as_deref() == Some(me);
            key(&object.name) == wanted && mine && digest(object) == intent.digest && as_made(kind, intent, object)
        }
        (Key::None, None) => false,
    };
    let found: Vec<_> = objects
        .into_iter()
        // The name first: that is quick, and a run that died early has left many intents.
        .filter(|object| is_it(object) && (intent.org.is_none() || object.org == intent.org))
        .filter(|object| made_ms(kind, object).is_none_or(|made| made + SLACK_MS >= intent.at))
        .filter(|object| !object.never_managed() && !owned.contains(&(kind, object.id.clone())))
        .map(|object| object.id.clone())
        .collect();
    match found.len() {
        0 => Resolution::NotMade,
        1 => Resolution::Made(found.into_iter().next().expect("invariant: one")),
        _ => Resolution::Ambiguous(found),
    }
}

/// Fingerprints of what a POST with `fields` sets besides the name, and what a server gives back as it was sent.
pub fn set_by_post(kind: Kind, fields: &Fields) -> BTreeMap<String, String> {
    let is_name = |field: &str| kind.naming().any(|part| part.name == field);
    let told = |(field, value): (&'static str, &Value)| match value {
        Value::Text(text) if text.is_empty() => None,
        Value::Text(_)
        | Value::Duration(_)
        | Value::Infinite
        | Value::Map(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::List(_)
        | Value::Table(_)
            // What is referred to has another name in the manifest than on the server.
            if !is_name(field) && value.refs().is_empty() =>
        {
            Some((field.to_owned(), value.fingerprint()))
        }
        _ => None,
    };
    fields.iter().filter_map(told).collect()
}

/// Whether an object is as the POST would have made it, or as the server leaves it when it ends in the middle of that: it makes the
/// task of a check inactive, and activates it in a second write (influxd 2.9.1, measured).
fn as_made(kind: Kind, intent: &Intent, object: &Object) -> bool {
    let by_task = kind.with(Role::Status).filter(|_| kind.spec().hidden_without.is_some());
    let unfinished =
        |field: &str| by_task.is_some_and(|status| status.name == field) && object.fields.text(field) == Some(INACTIVE);
    intent.fields.iter().all(|(field, fingerprint)| {
        // What the list does not tell contradicts nothing.
        object.fields.get(field).is_none_or(|value| value.fingerprint() == *fingerprint) || unfinished(field)
    })
}

/// When an object was made, by the server's clock. Where names are unique what the server says comes first, because IDs of
/// orgs and buckets are random; elsewhere the ID, because what a task says has whole seconds.
fn made_ms(kind: Kind, object: &Object) -> Option<u64> {
    let said = || {
        let time: jiff::Timestamp = object.created.as_ref()?.parse().ok()?;
        u64::try_from(time.as_millisecond()).ok()
    };
    let by_id = || created_ms(kind.own_id(&object.id));
    match kind.spec().key {
        Key::Name(_) => said().or_else(by_id),
        Key::LoneName | Key::None => by_id().or_else(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Standing, marked};

    const AT: u64 = 1_763_900_000_000;

    fn id(ms: u64) -> String {
        format!("{:016x}", (ms - created_ms("0000000000000000").unwrap()) << 22)
    }

    fn object(id: &str, name: &str) -> Object {
        let (org, user) = (Some("o".into()), Some("me".into()));
        let standing = Standing::Ordinary;
        Object { id: id.into(), org, name: name.into(), created: None, fields: Fields::default(), standing, user }
    }

    fn intent(name: &str, marker: Option<&str>) -> Intent {
        let marker = marker.map(str::to_owned);
        let fields = BTreeMap::new();
        Intent { org: Some("o".into()), name: name.into(), digest: "d".into(), at: AT, marker, fields, blind: false }
    }

    fn resolved(kind: Kind, intent: &Intent, objects: &[Object], owned: &[&str]) -> Resolution {
        let owned = owned.iter().map(|id| (kind, (*id).to_owned())).collect();
        let digest = |object: &Object| object.fields.text("flux").unwrap_or("d").to_owned();
        resolve(kind, intent, objects, &owned, "me", &digest)
    }

    #[test]
    fn a_task_is_found_by_name_content_owner_and_time() {
        let (made, other) = (object(&id(AT + 5), "hourly"), object(&id(AT + 6), "hourly"));
        let intent = intent("hourly", None);
        let is = |objects: &[Object], owned: &[&str]| resolved(Kind::Task, &intent, objects, owned);
        assert_eq!(is(std::slice::from_ref(&made), &[]), Resolution::Made(made.id.clone()));
        assert_eq!(is(&[object(&id(AT - 1_999), "hourly")], &[]), Resolution::Made(id(AT - 1_999)));
        assert_eq!(is(&[object(&id(AT - 2_001), "hourly")], &[]), Resolution::NotMade, "too old");
        assert_eq!(is(&[Object { user: None, ..made.clone() }], &[]), Resolution::NotMade, "another's");
        assert_eq!(is(&[Object { org: Some("p".into()), ..made.clone() }], &[]), Resolution::NotMade, "another org");
        assert_eq!(is(std::slice::from_ref(&made), &[&made.id]), Resolution::NotMade, "in a ledger");
        let mut changed = made.clone();
        changed.fields.set("flux", Value::Text("x".into()));
        assert_eq!(is(&[changed], &[]), Resolution::NotMade, "another content");
        let both = [made.clone(), other.clone()];
        assert_eq!(is(&both, &[]), Resolution::Ambiguous(vec![made.id.clone(), other.id.clone()]));
        assert_eq!(is(&both, &[&made.id]), Resolution::Made(other.id));
    }

    #[test]
    fn a_token_is_found_by_its_marker_alone() {
        let made = object(&id(AT), &marked("ingest", "p/1"));
        let is = |marker| resolved(Kind::Token, &intent("ingest", Some(marker)), std::slice::from_ref(&made), &[]);
        assert_eq!(is("p/1"), Resolution::Made(made.id.clone()));
        assert_eq!(is("p/11"), Resolution::NotMade);
        assert_eq!(is("p"), Resolution::NotMade);
    }

    #[test]
    fn unique_names_are_enough_unless_the_object_was_there_before() {
        let made = |created: &str| Object { created: Some(created.into()), ..object("000000000000ffff", "raw") };
        let is = |name, object: Object| resolved(Kind::Bucket, &intent(name, None), &[object], &[]);
        let now = "2025-11-23T12:13:20.123456789Z";
        assert_eq!(is("raw", made(now)), Resolution::Made("000000000000ffff".into()));
        assert_eq!(is("Raw", made(now)), Resolution::NotMade, "case counts");
        assert_eq!(is("raw", made("2025-11-23T12:13:17.9Z")), Resolution::NotMade, "before the intent");
        let label = object(&id(AT), "Prod");
        assert_eq!(resolved(Kind::Label, &intent("prod", None), &[label], &[]), Resolution::Made(id(AT)), "folded");
    }

    #[test]
    fn a_check_that_the_server_did_not_come_to_activate_is_ours() {
        let fields = |status: &str, message: &str| -> Fields {
            [("status", Value::Text(status.into())), ("message", Value::Text(message.into()))].into_iter().collect()
        };
        let is = |kind, wanted: &str, found: Fields| {
            let intent = Intent { fields: set_by_post(kind, &fields(wanted, "m")), ..intent("c", None) };
            resolved(kind, &intent, &[Object { fields: found, ..object(&id(AT), "c") }], &[])
        };
        let made = Resolution::Made(id(AT));
        assert_eq!(is(Kind::Check, "active", fields("inactive", "m")), made);
        assert_eq!(is(Kind::Check, "active", fields("active", "m")), made);
        assert_eq!(is(Kind::Check, "inactive", fields("active", "m")), Resolution::NotMade, "no server activates it");
        assert_eq!(is(Kind::Check, "active", fields("inactive", "x")), Resolution::NotMade, "another content");
        assert_eq!(is(Kind::V1Token, "active", fields("inactive", "m")), Resolution::NotMade, "made in one write");
    }

    #[test]
    fn what_is_in_doubt_is_not_ours() {
        let made = Object { created: Some("2025-11-23T12:13:21Z".into()), ..object("000000000000ffff", "raw") };
        let is = |intent: &Intent, object: &Object| resolved(Kind::Bucket, intent, std::slice::from_ref(object), &[]);
        let seen = intent("raw", None);
        assert_eq!(is(&seen, &made), Resolution::Made(made.id.clone()));
        let blind = Intent { blind: true, ..seen.clone() };
        assert_eq!(is(&blind, &made), Resolution::NotMade, "it may have been there");
        let of_the_server = Object { standing: Standing::System, ..made.clone() };
        assert_eq!(is(&seen, &of_the_server), Resolution::NotMade, "never managed");
        let fields: Fields =
            [("description", Value::Text("ours".into())), ("name", Value::Text("raw".into()))].into_iter().collect();
        let described = Intent { fields: set_by_post(Kind::Bucket, &fields), ..seen };
        assert_eq!(described.fields.len(), 1, "{:?}", described.fields);
        let with = |text: &str| Object {
            fields: [("description", Value::Text(text.into()))].into_iter().collect(),
            ..made.clone()
        };
        assert_eq!(is(&described, &with("ours")), Resolution::Made(made.id.clone()));
        assert_eq!(is(&described, &with("theirs")), Resolution::NotMade, "another content");
    }
}
