//! Secrets that the server keeps for notification endpoints: in the org, under keys of its own, and also when the endpoint is gone
//! (influxd 2.9.1, measured).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Kind;
use super::live::{Object, ReadScope};
use super::secret;
use crate::api::{ApiError, Class, Client, Writer};
use crate::redact::without_secrets;
use crate::snowflake::is_id;
use crate::value::Value;

/// How the keys end, after the ID of the endpoint.
const OF_ENDPOINTS: [&str; 4] = ["-token", "-routing-key", "-username", "-password"];
/// The kinds whose objects may name a secret of the org.
const USERS: [Kind; 3] = [Kind::NotificationEndpoint, Kind::Task, Kind::Check];

/// A secret that the server keeps for an object, and that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its key.
    pub key: String,
    /// What else uses it: then it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<String>,
    /// Whether the token may not see the org's secrets: then one that may not write them either leaves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}

/// Whether the server keeps it for a notification endpoint.
pub(crate) fn is_of_endpoint(key: &str) -> bool {
    OF_ENDPOINTS.iter().any(|end| key.strip_suffix(end).is_some_and(is_id))
}

/// The key of the secret that the server keeps for the field `field` of the notification endpoint `id`.
pub(super) fn key_of_endpoint(id: &str, field: &str) -> String {
    format!("{id}-{}", field.replace('_', "-"))
}

/// What the server keeps for the notification endpoint `id` of `org`, but for the keys `needed`; none if the token may not see that.
pub(super) async fn of_endpoint(
    api: &Client,
    org: &str,
    id: &str,
    needed: &BTreeSet<String>,
) -> Result<Option<Vec<Kept>>, ApiError> {
    let Some(mut keys) = seen(secret::keys(api, org).await.map(Some))? else { return Ok(None) };
    keys.retain(|key| is_of_endpoint(key) && key.starts_with(id) && !needed.contains(key));
    if keys.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut others = Vec::new();
    for kind in USERS {
        let all = seen(kind.list(api, &[org], ReadScope::NOTHING).await)?;
        others.extend(all.into_iter().filter(|object| object.id != id).map(|object| (kind, object)));
    }
    let kept = |key: String| {
        let used_by = others.iter().find(|(_, object)| uses(object, &key));
        let used_by = used_by.map(|(kind, object)| format!("the {kind} {:?}", without_secrets(&object.name)));
        Kept { key, used_by, unseen: false }
    };
    Ok(Some(keys.into_iter().map(kept).collect()))
}

/// Deletes the same, but for what something else uses, as far as the token may.
pub(super) async fn delete_of_endpoint(
    api: &Writer,
    org: &str,
    id: &str,
    needed: &BTreeSet<String>,
) -> Result<(), ApiError> {
    let kept = of_endpoint(api, org, id, needed).await?.unwrap_or_default();
    let goes: Vec<&str> = kept.iter().filter(|kept| kept.used_by.is_none()).map(|kept| kept.key.as_str()).collect();
    if goes.is_empty() { Ok(()) } else { seen(secret::delete(api, org, &goes).await) }
}

/// A reply, or nothing where the token may not have one.
fn seen<T: Default>(reply: Result<T, ApiError>) -> Result<T, ApiError> {
    match reply {
        Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(T::default()),
        reply => reply,
    }
}

/// Whether `object` names the secret `key`, or a script of it may.
fn uses(object: &Object, key: &str) -> bool {
    let names = |value: &Value| {
        let is_key = matches!(value, Value::Table(table) if table.values().any(|of| is_named(of, key)));
        is_key || value.scripts().iter().any(|script| script.text().contains(key))
    };
    object.fields.iter().any(|(_, value)| names(value))
}

/// Whether `value` is `{ secret = "KEY" }` with this key.
fn is_named(value: &Value, key: &str) -> bool {
    matches!(value, Value::Table(table) if table.get("secret").is_some_and(|named| named.to_string() == key))
}
