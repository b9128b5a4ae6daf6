//! Notification endpoints: where messages about statuses go.

mod export;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret as _;

use super::Kind;
use super::kept::{self, Kept, delete_of_endpoint, is_of_endpoint, key_of_endpoint};
use super::live::{self, Desired, Edit, Object};
use super::natural_key::Names;
use super::one_of::{self, OneOf};
use super::spec::{Key, Spec};
use super::wire::{self, Body, Pages, Row, Wire};
use crate::api::{ApiError, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Compared, Field, Omitted, Role, SecretRule, Type};
use crate::redact::Path;
use crate::secret::{Secret, Source};
use crate::value::{Fields, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A notification endpoint: where messages about statuses go. It is exactly one of `http`, `pagerduty`, `slack` and `telegram`.",
    ty: "notificationEndpoints",
    key: Key::Name(Names::AsWritten),
    fields: &[
        Field::name("name", Role::Name, "The name, unique in the org; case counts."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::status(
            "What is shown of it. InfluxDB 2.9 sends messages to an inactive endpoint too: make the rules inactive.",
        ),
        sort("http", HTTP, "An address that statuses are sent to, as JSON."),
        sort("pagerduty", PAGERDUTY, "A service of PagerDuty."),
        sort("slack", SLACK, "A channel of Slack."),
        sort("telegram", TELEGRAM, "A chat of Telegram."),
        Field::text(
            VERSION,
            Omitted::Theirs,
            "Increase it to set the secrets that have a source again; writing it for the first time does so too.",
        )
        .of_type(Type::Integer)
        .compared(Compared::Ledger),
        Field::labels("All labels of the endpoint."),
    ],
    one_of: Some(ONE_OF),
    check: rules::check,
    export: export::export,
    unsaid: &[
        ("headers", "no manifest can say them, and InfluxDB 2.9 sends none of them"),
        ("contentTemplate", "no manifest can say it, and InfluxDB 2.9 does not use it"),
    ],
    delete_rank: 20,
    movable: true,
    ..Spec::PLAIN
};

/// The sorts of endpoints, by the fields that say them, with what is said in these.
const SORTS: [(&str, &[Field]); 4] =
    [("http", HTTP), ("pagerduty", PAGERDUTY), ("slack", SLACK), ("telegram", TELEGRAM)];
const ONE_OF: OneOf = OneOf {
    fields: &["http", "pagerduty", "slack", "telegram"],
    words: Some(one_of::Words {
        code: Code::EndpointSort,
        what: "a notification endpoint",
        none: Some(("sends nothing anywhere", "write for example `http = { url = \"https://example.com/hook\" }`")),
        several: "an endpoint sends to one place",
        help: Some("declare an endpoint for each"),
    }),
};

const HTTP: &[Field] = &[
    Field::text("url", Omitted::Required, "The URL, with `http://` or `https://`."),
    Field::text("method", Omitted::Default("POST"), "What is shown of it. InfluxDB 2.9 always sends `POST`.")
        .of_type(Type::Choice(&["POST", "PUT", "GET"])),
    credential("token", Omitted::Unset, "The token that is sent as `Authorization: Bearer`."),
    credential("username", Omitted::Unset, "The user that is sent as `Authorization: Basic`, with `password`."),
    credential("password", Omitted::Unset, "The password of the user."),
];
const PAGERDUTY: &[Field] = &[
    credential("routing_key", Omitted::Required, "The integration key of the service.").at("routingKey"),
    Field::text("client_url", Omitted::Unset, "The URL that incidents link to.").at("clientURL"),
];
const SLACK: &[Field] = &[
    Field::text("url", Omitted::Required, "The URL of a webhook, or of Slack's API. Who may read endpoints sees it."),
    credential("token", Omitted::Unset, "The token of Slack's API."),
];
const TELEGRAM: &[Field] = &[
    credential("token", Omitted::Required, "The token of the bot."),
    Field::text("channel", Omitted::Required, "The chat that messages go to, such as `-1001234567890`."),
];

/// The field whose change sets the secrets again.
const VERSION: &str = "secret_version";
/// What the server puts before the key of a secret (influxd 2.9.1, measured).
const REFERENCE: &str = "secret: ";

const fn sort(name: &'static str, of: &'static [Field], doc: &'static str) -> Field {
    Field::text(name, Omitted::Unset, doc).of_type(Type::Block(of)).with_secrets(SecretRule {
        bytes: (1, 64 << 10),
        again: VERSION,
        with: &[],
        needed: false,
    })
}

const fn credential(name: &'static str, omitted: Omitted, doc: &'static str) -> Field {
    Field::text(name, omitted, doc).of_type(Type::Credential)
}

/// What is shown of the path of an address to which messages go, or lead; none of another text.
pub(crate) fn path_shown(field: &str, key: &str) -> Option<Path> {
    match (field, key) {
        ("slack", "url") => Some(Path::Nothing),
        ("http", "url") | ("pagerduty", "client_url") => Some(Path::Words),
        _ => None,
    }
}

/// How an endpoint says who it is to its address.
fn auth(says: impl Fn(&str) -> bool) -> &'static str {
    match (says("token"), says("username") || says("password")) {
        (true, _) => "bearer",
        (false, true) => "basic",
        (false, false) => "none",
    }
}

/// Notification endpoints on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire = Wire {
        pages: Pages::Offset,
        also: &[
            "type",
            "url",
            "method",
            "authMethod",
            "token",
            "username",
            "password",
            "routingKey",
            "clientURL",
            "channel",
            "headers",
            "contentTemplate",
        ],
        ..Wire::new(Kind::NotificationEndpoint, "/api/v2/notificationEndpoints", "notificationEndpoints")
    };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        let (ty, id) = (row.text("type")?, object.id.as_str());
        let auth_method = row.text("authMethod")?;
        // One that it does not send is none.
        let is_sent = |field: &Field| {
            ty != "http" || field.ty != Type::Credential || auth(|name| name == field.name) == auth_method
        };
        if let Some((name, fields)) = SORTS.into_iter().find(|(name, _)| *name == ty) {
            let mut said = BTreeMap::new();
            for field in fields.iter().filter(|field| is_sent(field)) {
                let text = row.text(wire::key(field))?;
                let value = match text.strip_prefix(REFERENCE) {
                    Some(key) if field.ty == Type::Credential => match key.starts_with(id) && is_of_endpoint(key) {
                        true => Value::Source(Source::Kept),
                        false => Value::Table([("secret".to_owned(), Value::Text(key.to_owned()))].into()),
                    },
                    _ if text.is_empty() => continue,
                    _ => Value::Text(text),
                };
                said.insert(field.name.to_owned(), value);
            }
            object.fields.set(name, Value::Table(said));
        } else {
            // Not one that a manifest can say: it differs from whatever is declared.
            object.fields.set("http", Value::Note(format!("an endpoint of the type {ty}")));
        }
        let headers: BTreeMap<String, String> = row.get("headers")?.unwrap_or_default();
        let others = [("headers", !headers.is_empty()), ("contentTemplate", !row.text("contentTemplate")?.is_empty())];
        object.note_unsaid(others.into_iter());
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        if !changed(VERSION) && SORTS.iter().all(|(name, _)| !changed(name)) {
            return Ok(());
        }
        let merged = |name: &str| desired.fields.get(name).or_else(|| live?.fields.get(name));
        let said = SORTS.into_iter().find_map(|(name, fields)| match merged(name) {
            Some(Value::Table(said)) => Some((name, fields, said)),
            _ => None,
        });
        let Some((ty, fields, said)) = said else {
            return Err(ApiError::unsent("where the endpoint sends messages is not known"));
        };
        body.insert("type".to_owned(), ty.into());
        for field in fields {
            let at = format!("{ty}.{}", field.name);
            let text = match said.get(field.name) {
                Some(Value::Text(text)) => text.clone(),
                Some(Value::Table(key)) => {
                    format!("{REFERENCE}{}", key.get("secret").map(Value::to_string).unwrap_or_default())
                }
                Some(Value::Source(_)) => match desired.secrets.get(&at) {
                    Some(secret) => secret.expose_secret().to_owned(),
                    None if has(live, ty, &at) => continue,
                    None => return Err(ApiError::unsent(format!("the secret of `{at}` is not known"))),
                },
                _ => String::new(),
            };
            body.insert(wire::key(field).to_owned(), text.into());
        }
        if ty == "http" {
            body.insert("authMethod".to_owned(), auth(|name| said.contains_key(name)).into());
        }
        Ok(())
    }

    /// A PATCH takes only name, description and status, and no empty description (influxd 2.9.1, measured).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        wire::put::<Self>(api, live, desired, changed, |_| ()).await?;
        if SORTS.iter().all(|(name, _)| !changed.contains(name)) {
            return Ok(());
        }
        let merged = |name: &str| desired.fields.get(name).or_else(|| live.fields.get(name));
        let needed = keys(&live.id, sourced(merged));
        let deleted = delete_of_endpoint(api, live.org.as_deref().unwrap_or_default(), &live.id, &needed).await;
        deleted.map_err(|error| {
            let then = "the next apply deletes what the server keeps of its former secrets";
            ApiError { message: format!("{}; {then}", error.message), ..error }
        })
    }

    /// The server keeps the secrets of an endpoint that is deleted (influxd 2.9.1, measured).
    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        let found = wire::find::<Self>(api, id).await?;
        live::delete(api, &Self::WIRE.at(id)).await?;
        match found {
            live::Presence::Found(endpoint) => {
                Self::delete_kept(api, endpoint.org.as_deref().unwrap_or_default(), id).await
            }
            _ => Ok(()),
        }
    }

    async fn kept(api: &Client, org: &str, id: &str, sources: Vec<String>) -> Result<Vec<Kept>, ApiError> {
        let needed = keys(id, sources);
        if let Some(kept) = kept::of_endpoint(api, org, id, &needed).await? {
            return Ok(kept);
        }
        // The endpoint itself names what is kept for it.
        let live::Presence::Found(endpoint) = Self::find(api, id).await? else { return Ok(Vec::new()) };
        let has = keys(id, sourced(|name| endpoint.fields.get(name)));
        Ok(has.difference(&needed).map(|key| Kept { key: key.clone(), used_by: None, unseen: true }).collect())
    }

    async fn has_secret(
        api: &Client,
        (org, id): (&str, &str),
        _: &Fields,
        (at, secret): (&str, &Secret),
    ) -> Result<Option<bool>, ApiError> {
        let Some((_, field)) = at.rsplit_once('.') else { return Ok(None) };
        api.keeps_secret(org, &key_of_endpoint(id, field), secret).await.map(Some)
    }

    async fn delete_kept(api: &Writer, org: &str, id: &str) -> Result<(), ApiError> {
        delete_of_endpoint(api, org, id, &BTreeSet::new()).await
    }
}

/// Where an endpoint with these fields has secrets from sources, such as `http.token`.
fn sourced<'f>(field: impl Fn(&str) -> Option<&'f Value>) -> Vec<String> {
    let of = SORTS.iter().filter_map(|(name, _)| Some(field(name)?.sources(name)));
    of.flatten().map(|(at, _)| at).collect()
}

/// The keys of what the server keeps for the endpoint `id` that has secrets from these sources, such as `http.token`.
fn keys(id: &str, sources: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let fields = sources.into_iter().filter_map(|at| at.rsplit_once('.').map(|(_, field)| field.to_owned()));
    fields.map(|field| key_of_endpoint(id, &field)).collect()
}

/// Whether the server has the secret at `at` of an endpoint that is of the sort `ty`.
fn has(live: Option<&Object>, ty: &str, at: &str) -> bool {
    let there = live.and_then(|live| live.fields.get(ty));
    there.is_some_and(|there| there.sources(ty).iter().any(|(has, _)| has == at))
}
