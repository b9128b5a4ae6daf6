//! Secrets, which Flux reads with `secrets.get`.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::Kind;
use super::draft::{Draft, Fault};
use super::export::ExportError;
use super::kept::is_of_endpoint;
use super::live::{self, Desired, Made, Object, Presence, ReadScope, Standing};
use super::natural_key::Names;
use super::org;
use super::spec::{Identity, Key, Spec};
use super::wire::Wire;
use crate::api::{ApiError, Class, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Compared, Field, Omitted, Role, SecretRule, Type};
use crate::secret::Secret;
use crate::snowflake::is_id;
use crate::value::{Fields, Ref, Value};

/// The longest key that the server takes, less than 1 kB below its limit (influxd 2.9.1, measured).
const LONGEST_KEY: usize = 32_000;
/// The largest value that a source gives; the server takes more.
const LARGEST_VALUE: usize = 64 << 10;

pub(super) static SPEC: Spec = Spec {
    doc: "A secret: what a Flux script gets with `secrets.get`. No request shows its value again.",
    ty: "secrets",
    key: Key::Name(Names::AsWritten),
    identity: Identity::OrgAndName,
    forbidden: |key| is_of_endpoint(key).then_some("the server keeps it for a notification endpoint"),
    fields: &[
        Field::name("key", Role::Name, "The key that scripts know it by.").replaces(),
        Field::org(),
        Field::text(
            "value",
            Omitted::Required,
            "Where the value comes from. Set when the secret is created and when `value_version` changes.",
        )
        .secret(SecretRule { bytes: (1, LARGEST_VALUE), again: "value_version", with: &[], needed: true }),
        Field::text(
            "value_version",
            Omitted::Theirs,
            "Increase it to set the value again; writing it for the first time does so too.",
        )
        .of_type(Type::Integer)
        .compared(Compared::Ledger),
    ],
    check,
    export: |object| match object.fields.get("value") {
        Some(Value::Source(_)) => Ok(object.fields.clone()),
        _ => Err(ExportError::Unsayable("no request shows its value".to_owned())),
    },
    delete_rank: 70,
    ..Spec::PLAIN
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(key) = draft.fields.text("key") else { return };
    if key.is_empty() {
        faults.push(Fault::new(Code::SecretKey, "key", "a secret's key cannot be empty", "empty"));
    } else if key.len() > LONGEST_KEY {
        let message = format!("a secret's key has at most {LONGEST_KEY} bytes");
        faults.push(Fault::new(Code::SecretKey, "key", message, format!("has {} bytes", key.len())));
    }
}

/// Secrets on a server.
pub(super) struct Live;

/// The keys of an org.
#[derive(Deserialize)]
struct Keys {
    secrets: Vec<String>,
}

#[derive(Serialize)]
struct Delete<'a> {
    secrets: &'a [&'a str],
}

fn path(org: &str) -> String {
    format!("/api/v2/orgs/{org}/secrets")
}

/// The keys of the secrets of `org`.
pub(super) async fn keys(api: &Client, org: &str) -> Result<Vec<String>, ApiError> {
    api.get(&path(org), &[]).await.map(|Keys { secrets }| secrets)
}

fn object(org: &str, key: &str) -> Object {
    let fields: Fields =
        [("key", Value::Text(key.to_owned())), ("org", Value::Ref(Ref::Id(Kind::HOME, org.to_owned())))]
            .into_iter()
            .collect();
    Object {
        id: format!("{org}/{key}"),
        org: Some(org.to_owned()),
        name: key.to_owned(),
        created: None,
        fields,
        standing: if is_of_endpoint(key) { Standing::System } else { Standing::Ordinary },
        user: None,
    }
}

/// The org and the key in the ID of a secret.
fn parts(id: &str) -> Result<(&str, &str), ApiError> {
    let parts = id.split_once('/').filter(|(org, _)| is_id(org));
    parts.ok_or_else(|| ApiError::unsent(format!("`{id}` is not the ID of a secret")))
}

/// Deletes the secrets `keys` of `org`.
pub(super) async fn delete(api: &Writer, org: &str, keys: &[&str]) -> Result<(), ApiError> {
    api.post_only(&format!("{}/delete", path(org)), &Delete { secrets: keys }).await
}

async fn set(api: &Writer, org: &str, key: &str, desired: &Desired<'_>) -> Result<(), ApiError> {
    let Some(value) = desired.secrets.get("value") else {
        return Err(ApiError::unsent(format!("the value of the secret `{key}` is not known")));
    };
    api.patch_only(&path(org), &BTreeMap::from([(key, value.expose_secret())])).await
}

impl live::Live for Live {
    const WIRE: Wire = Wire::new(Kind::Secret, "/api/v2/secrets", "secrets");

    /// What a token may not list is a matter of sight, as with all kinds: here the server says so (influxd 2.9.1, measured).
    async fn list(api: &Client, orgs: &[&str], _: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let lists = orgs.iter().map(async |org| match keys(api, org).await {
            Ok(keys) => Ok(keys.iter().map(|key| object(org, key)).collect()),
            Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(Vec::new()),
            Err(error) => Err(error),
        });
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        let (of, key) = parts(id)?;
        match keys(api, of).await {
            Ok(keys) if keys.iter().any(|one| one == key) => Ok(Presence::Found(Box::new(object(of, key)))),
            Ok(_) => Ok(Presence::Absent),
            Err(error) if error.class == Class::Denied => Ok(Presence::Unreadable(error.message)),
            // Of an org that is gone, or that may not be read.
            Err(error) if error.class == Class::NotFound => match <org::Live as live::Live>::find(api, of).await? {
                Presence::Absent => Ok(Presence::Absent),
                _ => Ok(Presence::Unknown(error.message)),
            },
            Err(error) => Err(error),
        }
    }

    /// The request that makes one would also overwrite one: what has come since the plan is looked for first.
    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
        let key = desired.text("key").unwrap_or_default();
        if keys(api, desired.org).await?.iter().any(|one| one == key) {
            return Err(ApiError::taken(&path(desired.org), format!("there is a secret with the key `{key}` already")));
        }
        set(api, desired.org, key, desired).await?;
        Ok(Made { object: object(desired.org, key), secret: None, rest: Vec::new() })
    }

    fn rest(_: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
        Ok(Vec::new())
    }

    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        let (org, key) = parts(&live.id)?;
        if changed.contains(&"value") || changed.contains(&"value_version") {
            set(api, org, key, desired).await?;
        }
        Ok(())
    }

    async fn has_secret(
        api: &Client,
        (_, id): (&str, &str),
        _: &Fields,
        (_, secret): (&str, &Secret),
    ) -> Result<Option<bool>, ApiError> {
        let (org, key) = parts(id)?;
        api.keeps_secret(org, key, secret).await.map(Some)
    }

    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        let (org, key) = parts(id)?;
        match delete(api, org, &[key]).await {
            Err(error) if error.class == Class::NotFound => Ok(()),
            done => done,
        }
    }
}
