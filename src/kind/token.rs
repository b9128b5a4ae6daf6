//! Tokens (InfluxDB: authorizations).

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::export::ExportError;
use super::live::{self, Desired, Live as _, Made, Object};
use super::spec::{Delete, Spec};
use super::wire::{self, Row, Wire};
use super::{Kind, permissions, rotation};
use crate::api::{ApiError, Identified, Permission, Writer};
use crate::field::{Compared, Field, INACTIVE, Omitted, Role, Type};
use crate::secret::Secret;
use crate::value::{Fields, Scope, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "An API token. Its secret exists once, in the server's reply, and goes straight to its sinks.",
    ty: "authorizations",
    fields: &[
        Field::name("description", Role::Title, "Free text."),
        Field::org(),
        Field::status("Whether the token can be used."),
        permissions::USER,
        permissions::READ,
        permissions::WRITE,
        permissions::FOR,
        Field::text("deliver", Omitted::Required, "Where the secret goes: one sink or a list of them.")
            .of_type(Type::Sinks)
            .role(Role::Delivery)
            .compared(Compared::Ledger)
            .replaces(),
        Field::text(
            "secret_version",
            Omitted::Theirs,
            "Increase it to create the token again, with another secret; writing it for the first time does so too.",
        )
        .of_type(Type::Integer)
        .compared(Compared::Ledger)
        .replaces(),
        rotation::FIELD,
        Field::id("The ID of an external token."),
    ],
    check: |draft, faults| {
        permissions::check(Kind::Token, draft, faults);
        rotation::check(draft, faults);
    },
    export,
    replace: Delete::Last,
    delete_rank: 50,
    acts_as_user: true,
    ..Spec::PLAIN
};

/// A token that may make any token is an operator's: whoever manages it can lock everybody out.
fn export(object: &Object) -> Result<Fields, ExportError> {
    if marker(&object.name).is_some() {
        return Err(ExportError::Unfinished("a fluxform run created it and did not finish it".to_owned()));
    }
    let any_token = Scope::Instance { ty: SPEC.ty.to_owned() };
    match object.fields.get("write") {
        Some(Value::Scopes(write)) if write.contains(&any_token) => {
            Err(ExportError::Unsayable("it is an operator token, which may create any token".to_owned()))
        }
        _ => Ok(object.fields.clone()),
    }
}

/// Tokens on a server.
pub(super) struct Live;

const TOKENS: &str = Live::WIRE.path;

/// The reply to a create: what only this reply has, besides the object.
struct Created {
    object: Object,
    echo: Echo,
}

#[derive(Deserialize)]
struct Echo {
    /// On servers without hashed tokens other replies have it too.
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
}

impl<'de> Deserialize<'de> for Created {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let reply = Box::<RawValue>::deserialize(from)?;
        let object = wire::object::<Live>(reply.get()).map_err(D::Error::custom)?;
        let echo = serde_json::from_str(reply.get()).map_err(D::Error::custom)?;
        Ok(Self { object, echo })
    }
}

#[derive(Serialize)]
struct New<'a> {
    #[serde(rename = "orgID")]
    org: &'a str,
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    status: &'static str,
    description: &'a str,
    permissions: &'a BTreeSet<Permission>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let token = String::deserialize(from)?;
    Ok((!token.is_empty()).then(|| token.into()))
}

impl Identified for Created {
    const TIMED: bool = Live::WIRE.timed;

    fn id(&self) -> &str {
        &self.object.id
    }
}

/// `description` with the marker of a token that is not finished: ` [fluxform:MARKER]` at its end.
pub fn marked(description: &str, marker: &str) -> String {
    format!("{description} [fluxform:{marker}]")
}

/// The marker in the description of a token that is not finished.
pub fn marker(description: &str) -> Option<&str> {
    let (_, marker) = description.strip_suffix(']')?.rsplit_once(" [fluxform:")?;
    (!marker.is_empty()).then_some(marker)
}

impl live::Live for Live {
    // Not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire {
        user: Some(permissions::USER_KEY),
        also: &[permissions::KEY],
        ..Wire::new(Kind::Token, "/api/v2/authorizations", "authorizations")
    };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        permissions::read(row, &mut object.fields)
    }

    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
        let description = desired.text("description").unwrap_or_default();
        let description = desired.marker.map_or_else(|| description.to_owned(), |word| marked(description, word));
        let permissions = permissions::wanted(desired)?;
        let user = match desired.fields.get("user") {
            Some(Value::Ref(user)) => Some(desired.id(user)?),
            _ => None,
        };
        let new =
            New { org: desired.org, user, status: INACTIVE, description: &description, permissions: &permissions };
        let Created { object, echo } = api.create(TOKENS, &new).await?;
        echo.token.iter().for_each(|secret| api.conceal(secret));
        let wrong = if !permissions::are(&object.fields, &permissions) {
            Some("the server created a token with other permissions than requested")
        } else if user.is_some_and(|user| object.user.as_deref() != Some(user)) {
            Some("the server created a token of another user than requested")
        } else if object.fields.text("status") != Some(INACTIVE) {
            Some("the server created a token that is active at once")
        } else if echo.token.is_none() {
            Some("the server created a token without a secret")
        } else if echo.token.as_ref().is_some_and(|secret| api.has_token(secret)) {
            Some("the server returned the run's own token instead of a new one")
        } else {
            None
        };
        let made = Made::new(Kind::Token, TOKENS, object, desired)?;
        if let Some(wrong) = wrong {
            return Err(live::withdraw(api, &Live::WIRE, &made, wrong).await);
        }
        Ok(Made { secret: echo.token, ..made })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::Class;
    use crate::api::fault::{Fault, Reply};
    use crate::value::Ref;

    #[test]
    fn a_marker_is_found_where_it_was_put() {
        assert_eq!(marked("Ingest", "k3y"), "Ingest [fluxform:k3y]");
        assert_eq!(marker("Ingest [x] [fluxform:k3y]"), Some("k3y"));
        for plain in ["", "Ingest", "[fluxform:k3y] later", "Ingest [fluxform:]", "Ingest[fluxform:k3y]"] {
            assert_eq!(marker(plain), None, "{plain}");
        }
        assert_eq!(marker(&marked("", "k3y")), Some("k3y"));
    }

    const ORG: &str = "00000000000000a1";

    fn reply(change: impl FnOnce(&mut serde_json::Value)) -> Reply {
        let mut made = json!({
            "id": "00000000000000c3", "orgID": ORG, "status": "inactive", "description": "d", "token": "s3cret",
            "permissions": [{"action": "read", "resource": {"type": "labels", "orgID": ORG, "org": "acme"}}],
        });
        change(&mut made);
        Reply::json(201, &made)
    }

    async fn create(fault: &Fault) -> Result<Made, ApiError> {
        let scope = Scope::Org { ty: "labels".into(), org: Box::new(Ref::Id(Kind::Org, ORG.into())) };
        let fields = [("description", Value::Text("d".into())), ("read", Value::Scopes([scope].into()))];
        let (fields, ids) = (fields.into_iter().collect(), live::Ids::default());
        let desired = Desired::new(&fields, ORG, &ids);
        Kind::Token.create(&Writer::new(fault.client()), &desired).await
    }

    #[tokio::test]
    async fn a_token_that_is_not_what_was_asked_for_is_deleted() {
        let deleted = || Reply::text(204, "", "");
        let wide = |made: &mut serde_json::Value| made["permissions"][0]["resource"]["orgID"] = serde_json::Value::Null;
        let more = |made: &mut serde_json::Value| {
            let more = json!({"action": "write", "resource": {"type": "labels", "orgID": ORG}});
            made["permissions"].as_array_mut().expect("a list").push(more);
        };
        let active = |made: &mut serde_json::Value| made["status"] = json!("active");
        let hidden = |made: &mut serde_json::Value| made["token"] = json!("");
        let own = |made: &mut serde_json::Value| made["token"] = json!("t0ken");
        for wrong in [reply(wide), reply(more), reply(active), reply(hidden), reply(own)] {
            let fault = Fault::start([wrong, deleted()]).await;
            let error = create(&fault).await.expect_err("a wrong token");
            assert_eq!((error.class, error.maybe_done), (Class::Unexpected, false), "{error}");
            assert!(error.message.ends_with("deleted again") && !error.message.contains("s3cret"), "{error}");
            assert_eq!(fault.lines()[1], "DELETE /api/v2/authorizations/00000000000000c3");
        }
        let fault = Fault::start([reply(more), Reply::error(401, "unauthorized", "no")]).await;
        let error = create(&fault).await.expect_err("a wrong token that stays");
        assert!(error.maybe_done && error.message.contains("delete the token 00000000000000c3"), "{error}");
    }

    #[tokio::test]
    async fn names_and_order_in_the_echo_do_not_count() {
        let fault = Fault::start([reply(|made| {
            let twice = made["permissions"][0].clone();
            made["permissions"].as_array_mut().expect("a list").push(twice);
        })])
        .await;
        let made = create(&fault).await.expect("a token");
        assert!(made.secret.is_some() && !format!("{made:?}").contains("s3cret"));
        let sent: serde_json::Value = serde_json::from_str(&fault.seen()[0].body).expect("JSON");
        let permissions = json!([{"action": "read", "resource": {"type": "labels", "orgID": ORG}}]);
        let body = json!({"orgID": ORG, "status": "inactive", "description": "d", "permissions": permissions});
        assert_eq!(sent, body);
    }
}
