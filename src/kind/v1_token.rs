//! Tokens of InfluxDB 1.x: names and passwords, for clients that write and query as they did there.

use super::draft::{Draft, Fault};
use super::export::ExportError;
use super::live::{self, Desired, Edit, Holder, Made, Object};
use super::natural_key::Names;
use super::spec::{Key, Spec};
use super::wire::{self, Body, Row, Wire};
use super::{Kind, password, permissions};
use crate::api::{ApiError, Class, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role};
use crate::secret::Secret;
use crate::value::Fields;

/// The longest username that the server takes, less than 1 kB below its limit (influxd 2.9.1, measured).
const LONGEST_USERNAME: usize = 32_000;

pub(super) static SPEC: Spec = Spec {
    doc: "An authorization of InfluxDB 1.x: the username and password of clients that write and query as they did there.",
    ty: "authorizations",
    key: Key::Name(Names::AsWritten),
    unique_everywhere: true,
    fields: &[
        Field::name("username", Role::Name, "The name that clients send, unique on the server.").at("token").replaces(),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::status("Whether clients can use it."),
        permissions::USER,
        permissions::READ,
        permissions::WRITE,
        permissions::FOR,
        password::field(
            true,
            "Where the password comes from; 8 to 72 bytes. Set when the token is created and when `password_version` changes.",
        ),
        password::VERSION,
    ],
    check,
    export,
    delete_rank: 50,
    acts_as_user: true,
    ..Spec::PLAIN
};

/// Why clients could not use a username.
fn unusable(username: &str) -> Option<String> {
    match username {
        "" => Some("it is empty".to_owned()),
        name if name.contains(':') => Some("it has a `:`, where clients end it and begin the password".to_owned()),
        name if name.len() > LONGEST_USERNAME => Some(format!("it is longer than {LONGEST_USERNAME} bytes")),
        _ => None,
    }
}

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    if let Some(why) = draft.fields.text("username").and_then(unusable) {
        let message = format!("no client can use this username: {why}");
        faults.push(Fault::new(Code::ManifestValue, "username", message, "not a username"));
    }
    password::check(draft, faults);
    permissions::check(Kind::V1Token, draft, faults);
}

fn export(object: &Object) -> Result<Fields, ExportError> {
    match unusable(&object.name) {
        Some(why) => Err(ExportError::Unsayable(format!("no client can use its username: {why}"))),
        None => Ok(object.fields.clone()),
    }
}

/// Tokens of InfluxDB 1.x on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire = Wire {
        user: Some(permissions::USER_KEY),
        also: &[permissions::KEY],
        ..Wire::new(Kind::V1Token, "/private/legacy/authorizations", "authorizations")
    };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        permissions::read(row, &mut object.fields)
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        if edit.live.is_none() {
            body.insert(permissions::KEY.to_owned(), permissions::body(&permissions::wanted(edit.desired)?));
        }
        Ok(())
    }

    fn explain(error: ApiError, sent: &Body) -> ApiError {
        let said = match error.class {
            Class::Conflict => {
                let name = sent.get("token").and_then(|name| name.as_str()).unwrap_or_default();
                format!(
                    "the username `{name}` is taken on this server, in another org or by a token that is hidden: InfluxDB \
                     keeps usernames unique on the whole server, and also those of tokens whose user or org was deleted"
                )
            }
            Class::NotFound if error.message.contains("bucket") => {
                "InfluxDB takes no permission on a bucket that does not exist".to_owned()
            }
            _ => return error,
        };
        ApiError { message: format!("{} ({said})", error.message), ..error }
    }

    /// Any token is told whether there is one: the list of those with a name is empty where it is hidden, and is not there where
    /// there is none.
    async fn holder(api: &Client, name: &str) -> Result<Holder, ApiError> {
        match wire::walk::<Self>(api, &[("token", name)]).await {
            Ok(found) => Ok(found.into_iter().next().map_or(Holder::Unseen, |object| Holder::Seen(Box::new(object)))),
            Err(error) if error.class == Class::NotFound => Ok(Holder::Nobody),
            Err(error) => Err(error),
        }
    }

    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
        let made = wire::create::<Self>(api, desired).await?;
        if permissions::are(&made.object.fields, &permissions::wanted(desired)?) {
            return Ok(made);
        }
        let wrong = "the server created a v1_token with other permissions than requested";
        Err(live::withdraw(api, &Self::WIRE, &made, wrong).await)
    }

    fn rest(desired: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
        Ok(password::rest(desired).into_iter().collect())
    }

    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        wire::update::<Self>(api, live, desired, changed).await?;
        password::set_changed::<Self>(api, &live.id, desired, changed).await
    }

    /// Nobody is let in with an inactive one.
    async fn has_secret(
        api: &Client,
        _: (&str, &str),
        fields: &Fields,
        (_, secret): (&str, &Secret),
    ) -> Result<Option<bool>, ApiError> {
        match fields.text("username") {
            Some(username) if !Kind::V1Token.is_inactive(fields) => api.lets_in(username, secret).await.map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::fault::{Fault as Server, Reply};
    use crate::kind::Ids;
    use crate::value::{Ref, Scope, Value};

    const ORG: &str = "00000000000000a1";

    #[tokio::test]
    async fn a_token_that_may_do_something_else_than_asked_for_is_deleted() {
        let scope = Scope::Org { ty: "labels".into(), org: Box::new(Ref::Id(Kind::Org, ORG.into())) };
        let fields = [("username", Value::Text("u".into())), ("read", Value::Scopes([scope].into()))];
        let (fields, ids) = (fields.into_iter().collect(), Ids::default());
        let desired = Desired::new(&fields, ORG, &ids);
        let made = |id: &str, permission| {
            Reply::json(201, &json!({"id": id, "orgID": ORG, "token": "u", "permissions": [permission]}))
        };
        let asked = json!({"action": "read", "resource": {"type": "labels", "orgID": ORG}});
        let wide = json!({"action": "read", "resource": {"type": "labels"}});
        let server = Server::start([
            made("00000000000000c2", &asked),
            made("00000000000000c3", &wide),
            Reply::text(204, "", ""),
        ])
        .await;
        let create = async || Kind::V1Token.create(&Writer::new(server.client()), &desired).await;
        assert_eq!(create().await.expect("a token").object.name, "u");
        let sent: serde_json::Value = serde_json::from_str(&server.seen()[0].body).expect("JSON");
        assert_eq!(sent, json!({"orgID": ORG, "token": "u", "permissions": [asked]}));
        let error = create().await.expect_err("a wrong token");
        assert!(error.class == Class::Unexpected && error.message.ends_with("deleted again"), "{error}");
        assert_eq!(server.lines()[2], "DELETE /private/legacy/authorizations/00000000000000c3");
    }
}
