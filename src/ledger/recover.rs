//! What became of a POST whose reply was lost: an intent against what is there now.

use std::collections::BTreeSet;

use super::Intent;
use crate::kind::{Key, Kind, Object};
use crate::snowflake::created_ms;

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
/// Nothing that is in a ledger, was made more than 2 s before the intent, or lives in another org is it. Of the rest it is
/// found by its name where names are unique; a task by name, content and owner; a token by the marker in its description
/// (protocol, section 5).
pub fn resolve<'a>(
    kind: Kind,
    intent: &Intent,
    objects: impl IntoIterator<Item = &'a Object>,
    owned: &BTreeSet<(Kind, String)>,
    me: &str,
    digest: &dyn Fn(&Object) -> String,
) -> Resolution {
    let is_it = |object: &Object| match (kind.spec().key, &intent.marker) {
        (_, Some(marker)) => object.name.contains(marker),
        (Key::Name { folded: true }, None) => object.name.trim().to_lowercase() == intent.name.trim().to_lowercase(),
        (Key::Name { folded: false }, None) => object.name == intent.name,
        (Key::LoneName | Key::None, None) => {
            object.name == intent.name && object.user.as_deref() == Some(me) && digest(object) == intent.digest
        }
    };
    let found: Vec<_> = objects
        .into_iter()
        // The name first: that is quick, and a run that died early has left many intents.
        .filter(|object| is_it(object) && (intent.org.is_none() || object.org == intent.org))
        .filter(|object| made_ms(kind, object).is_none_or(|made| made + SLACK_MS >= intent.at))
        .filter(|object| !owned.contains(&(kind, object.id.clone())))
        .map(|object| object.id.clone())
        .collect();
    match found.len() {
        0 => Resolution::NotMade,
        1 => Resolution::Made(found.into_iter().next().expect("invariant: one")),
        _ => Resolution::Ambiguous(found),
    }
}

/// When an object was made, by the server's clock. Where names are unique what the server says comes first, because IDs of
/// orgs and buckets are random; elsewhere the ID, because what a task says has whole seconds.
fn made_ms(kind: Kind, object: &Object) -> Option<u64> {
    let said = || {
        let time: jiff::Timestamp = object.created.as_ref()?.parse().ok()?;
        u64::try_from(time.as_millisecond()).ok()
    };
    match kind.spec().key {
        Key::Name { .. } => said().or_else(|| created_ms(&object.id)),
        Key::LoneName | Key::None => created_ms(&object.id).or_else(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Fields;

    const AT: u64 = 1_763_900_000_000;

    fn id(ms: u64) -> String {
        format!("{:016x}", (ms - created_ms("0000000000000000").unwrap()) << 22)
    }

    fn object(id: &str, name: &str) -> Object {
        let (org, user) = (Some("o".into()), Some("me".into()));
        Object { id: id.into(), org, name: name.into(), created: None, fields: Fields::default(), system: false, user }
    }

    fn intent(name: &str, marker: Option<&str>) -> Intent {
        let marker = marker.map(str::to_owned);
        Intent { org: Some("o".into()), name: name.into(), digest: "d".into(), at: AT, marker }
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
        changed.fields.set("flux", crate::value::Value::Text("x".into()));
        assert_eq!(is(&[changed], &[]), Resolution::NotMade, "another content");
        let both = [made.clone(), other.clone()];
        assert_eq!(is(&both, &[]), Resolution::Ambiguous(vec![made.id.clone(), other.id.clone()]));
        assert_eq!(is(&both, &[&made.id]), Resolution::Made(other.id));
    }

    #[test]
    fn a_token_is_found_by_its_marker_alone() {
        let made = object(&id(AT), "ingest [fluxform:pending:abc]");
        let is = |marker| resolved(Kind::Token, &intent("ingest", Some(marker)), std::slice::from_ref(&made), &[]);
        assert_eq!(is("fluxform:pending:abc"), Resolution::Made(made.id.clone()));
        assert_eq!(is("fluxform:pending:abd"), Resolution::NotMade);
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
}
