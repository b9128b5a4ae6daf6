//! Replications: what is written into a bucket goes to a bucket of a remote, too.

use serde_json::Value as Json;

use super::Kind;
use super::draft::{Draft, Fault};
use super::live::{self, Desired, Edit, Object};
use super::natural_key::Names;
use super::one_of::{self, OneOf};
use super::spec::{Key, Spec};
use super::wire::{self, Body, Row, Wire};
use crate::api::{ApiError, Class, Client, Trial};
use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::field::{Field, Omitted, Role, Type};
use crate::snowflake;
use crate::value::Value;

pub(super) static SPEC: Spec = Spec {
    doc: "A replication: the points that are written into a bucket are sent to a bucket of another server, too.",
    ty: "replications",
    key: Key::Name(Names::AsWritten),
    fields: &[
        Field::name("name", Role::Name, "The name, unique in the org; case counts."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text(REMOTE, Omitted::Required, "The other server.").of_type(Type::Ref(Kind::Remote)).at("remoteID"),
        Field::text("bucket", Omitted::Required, "The bucket whose points are sent.")
            .of_type(Type::Ref(Kind::Bucket))
            .role(Role::Host)
            .replaces()
            .at("localBucketID"),
        Field::text(NAME, Omitted::Unset, "The name of the bucket on the other server.").by_hand(),
        Field::text(ID, Omitted::Unset, "Its ID, of which the name may change.").by_hand(),
        Field::text(
            "max_queue",
            Omitted::Theirs,
            "How many bytes wait at most for the other server; at least 33554430, and 67108860 where nothing is said.",
        )
        .of_type(Type::Integer)
        .at("maxQueueSizeBytes"),
        Field::text(
            MAX_AGE,
            Omitted::Theirs,
            "How long they wait at most, from `1m` to `60d`; `infinite` where nothing is said.",
        )
        .of_type(Type::Retention)
        .by_hand(),
        Field::text(
            "drop_non_retryable",
            Omitted::False,
            "Whether what the other server refuses for good is dropped, instead of holding up what comes after it.",
        )
        .of_type(Type::Bool)
        .at("dropNonRetryableData"),
    ],
    one_of: Some(ONE_OF),
    check,
    delete_rank: 55,
    ..Spec::PLAIN
};

const REMOTE: &str = "remote";
/// The fields of which one says the bucket on the other server.
const NAME: &str = "remote_bucket";
const ID: &str = "remote_bucket_id";
const MAX_AGE: &str = "max_age";
const ONE_OF: OneOf = OneOf {
    fields: &[NAME, ID],
    words: Some(one_of::Words {
        code: Code::ManifestValue,
        what: "a replication",
        none: Some(("sends points nowhere", "write for example `remote_bucket = \"plant\"`")),
        several: "a replication sends to one bucket",
        help: None,
    }),
};

/// The smallest queue, and the shortest and the longest time in it, in seconds (influxd 2.9.1, measured).
const SMALLEST_QUEUE: i64 = 33_554_430;
const AGES: std::ops::RangeInclusive<u64> = 60..=5_184_000;
const SECOND: u64 = 1_000_000_000;

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fault = |field, message: String, label: &str| Fault::new(Code::ManifestValue, field, message, label);
    ONE_OF.said(draft, faults);
    for field in ["name", NAME] {
        if draft.fields.text(field).is_some_and(str::is_empty) {
            faults.push(fault(field, format!("`{field}` of a replication cannot be empty"), "empty"));
        }
    }
    if let Some(bucket) = draft.fields.text(ID).filter(|bucket| !snowflake::is_id(bucket)) {
        let message = format!("`{ID}` is the ID of a bucket: {}", snowflake::fault(bucket));
        faults.push(fault(ID, message, "not an ID").help("`influx bucket list` on the other server shows it"));
    }
    if let Some(Value::Integer(bytes)) = draft.fields.get("max_queue")
        && *bytes < SMALLEST_QUEUE
    {
        let message = format!("a queue of {bytes} bytes is too small: the minimum is {SMALLEST_QUEUE}");
        faults.push(fault("max_queue", message, "too small"));
    }
    if let Some(Value::Duration(age)) = draft.fields.get(MAX_AGE)
        && !AGES.contains(&(age.nanos / SECOND))
    {
        let message = format!("`{MAX_AGE}` is from `1m` to `60d`, not {age}");
        faults.push(fault(MAX_AGE, message, "not allowed").help("write `infinite` to let points wait for any time"));
    }
}

/// What stands before the answer of the other server.
const TOLD: [&str; 2] = ["replication parameters fail validation: ", "validation fails after applying update: "];

/// Replications on a server.
pub(super) struct Live;

impl live::Live for Live {
    // The list is not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire {
        also: &["remoteBucketID", "RemoteBucketName", "maxAgeSeconds"],
        ..Wire::new(Kind::Replication, "/api/v2/replications", "replications")
    };

    /// Where it has a name and an ID, the server sends to the name (influxd 2.9.1, measured).
    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        let (name, id) = (row.text("RemoteBucketName")?, row.text("remoteBucketID")?);
        let (field, value) = if name.is_empty() { (ID, id) } else { (NAME, name) };
        object.fields.set(field, Value::Text(value));
        let age: u64 = row.get("maxAgeSeconds")?.unwrap_or_default();
        let age = match age {
            0 => Value::Infinite,
            age => Value::Duration(Duration::of_secs(age).map_err(|error| error.to_string())?),
        };
        object.fields.set(MAX_AGE, age);
        Ok(())
    }

    /// An ID cannot be taken away: it means nothing beside a name, which an empty one takes away (influxd 2.9.1, measured).
    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        if changed(NAME) || changed(ID) {
            match (desired.text(NAME), desired.text(ID)) {
                (Some(name), _) => drop(body.insert("remoteBucketName".to_owned(), name.into())),
                (None, Some(id)) => {
                    body.insert("remoteBucketID".to_owned(), id.into());
                    if live.is_some() {
                        body.insert("remoteBucketName".to_owned(), "".into());
                    }
                }
                (None, None) => return Err(ApiError::unsent("where the replication sends points is not known")),
            }
        }
        let seconds: Option<Json> = match desired.fields.get(MAX_AGE).filter(|_| changed(MAX_AGE)) {
            Some(Value::Infinite) => Some(0.into()),
            Some(Value::Duration(age)) => Some((age.nanos / SECOND).into()),
            _ => None,
        };
        body.extend(seconds.map(|seconds| ("maxAgeSeconds".to_owned(), seconds)));
        Ok(())
    }

    /// The server asks the other one: of a new replication by the ID of the bucket there, whatever its name is, and of one that there is
    /// by the bucket that it has (influxd 2.9.1, measured).
    async fn would_fail(
        api: &Client,
        live: Option<&Object>,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Option<String> {
        let trial = match live {
            None if desired.text(ID).is_some() => {
                Trial::create(&wire::body::<Self>(&Edit { desired, live, changed: &|_| true }).ok()?)
            }
            Some(live) if changed.contains(&REMOTE) && !changed.contains(&NAME) && !changed.contains(&ID) => {
                let changed = |field: &str| field == REMOTE;
                let body = wire::body::<Self>(&Edit { desired, live: Some(live), changed: &changed }).ok()?;
                Trial::change(&live.id, &body)
            }
            _ => return None,
        };
        let error = api.try_out(&trial).await.err()?;
        let told = TOLD.iter().find_map(|told| error.message.strip_prefix(told));
        match (error.class, error.status) {
            (Class::Unexpected, _) => Some(format!("would not work: {}", error.message)),
            (Class::Unavailable, None) => {
                Some("could not be tried: the other server, or InfluxDB itself, did not answer in time".to_owned())
            }
            (Class::Refused, _) if told.is_none() => {
                Some("could not be tried: what InfluxDB says of it cannot be read".to_owned())
            }
            _ => told.map(|why| {
                format!("would not work: the other server did not take what the remote says: {}", quoted(why))
            }),
        }
    }
}

/// The longest answer of another server that is shown, in characters.
const LONGEST_QUOTE: usize = 300;
/// A run of letters and digits that is so long may be a token, in whatever form the other server gives it back. No ID is.
const MAY_BE_TOKEN: usize = 20;

/// What another server says, without what may be a secret.
fn quoted(said: &str) -> String {
    let belongs = |letter: char| letter.is_ascii_alphanumeric() || "+/=_%~-".contains(letter);
    let (mut shown, mut rest) = (String::new(), said);
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| belongs(letter) != belongs(first)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        shown.push_str(if belongs(first) && run.len() >= MAY_BE_TOKEN { "***" } else { run });
        rest = behind;
    }
    match shown.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}...", &shown[..end]),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fault::{Fault, Reply};
    use crate::kind::Ids;
    use crate::value::Ref;

    #[tokio::test]
    async fn what_could_not_be_tried_is_told_apart_from_what_would_not_work() {
        let there = "0123456789abcdef";
        let refers = |kind| Value::Ref(Ref::Id(kind, there.to_owned()));
        let fields =
            [(ID, Value::Text(there.to_owned())), (REMOTE, refers(Kind::Remote)), ("bucket", refers(Kind::Bucket))];
        let (fields, ids) = (fields.into_iter().collect(), Ids::default());
        let desired = Desired::new(&fields, there, &ids);
        let refusal = |message: &str| Reply::json(400, &serde_json::json!({"code": "invalid", "message": message}));
        for (reply, said) in [
            (
                Reply::Cut(Vec::new()),
                Some("could not be tried: the other server, or InfluxDB itself, did not answer in time"),
            ),
            (refusal(&"x".repeat(100_000)), Some("could not be tried: what InfluxDB says of it cannot be read")),
            (
                refusal(&format!("{}401", TOLD[0])),
                Some("would not work: the other server did not take what the remote says: 401"),
            ),
            (Reply::json(401, &serde_json::json!({"code": "unauthorized", "message": "no"})), None),
            (Reply::text(204, "", ""), None),
        ] {
            let server = Fault::start([reply]).await;
            let found = Kind::Replication.would_fail(&server.client(), None, &desired, &[]).await;
            assert_eq!(found.as_deref(), said);
        }
    }

    #[test]
    fn what_another_server_says_is_shown_without_what_may_be_a_token() {
        let plain =
            "invalid response code 401, must be 204: 401 Unauthorized: unauthorized access (org 0123456789abcdef)";
        assert_eq!(quoted(plain), plain);
        for token in ["a".repeat(86) + "==", "0a".repeat(10), "YWJj".repeat(6), "%41%42".repeat(4)] {
            assert_eq!(quoted(&format!("no: {token}, é")), "no: ***, é");
        }
        assert_eq!(quoted(&"é ".repeat(400)).chars().count(), LONGEST_QUOTE + "...".len());
    }
}
