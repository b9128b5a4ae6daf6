//! Passwords, which the server takes and never shows: of users, and of tokens of InfluxDB 1.x.

use secrecy::ExposeSecret;
use serde::Serialize;

use super::draft::{Draft, Fault};
use super::live::{Desired, Live};
use crate::api::{ApiError, Writer};
use crate::diagnostic::Code;
use crate::field::{Compared, Field, Omitted, SecretRule, Type};

/// The field of the password, and the one whose change sets it again.
const FIELD: &str = "password";
const AGAIN: &str = "password_version";

/// The password.
pub(super) const fn field(needed: bool, doc: &'static str) -> Field {
    Field::text(FIELD, Omitted::Theirs, doc).secret(SecretRule { bytes: (8, 72), again: AGAIN, with: &[], needed })
}

/// What says that the password is to be set again.
pub(super) const VERSION: Field = Field::text(
    AGAIN,
    Omitted::Theirs,
    "Increase it to set the password again; writing it for the first time does so too.",
)
.of_type(Type::Integer)
.compared(Compared::Ledger);

/// A password that is to be set again has to be said.
pub(super) fn check(draft: &Draft<'_>, faults: &mut Vec<Fault>) {
    if draft.fields.get(AGAIN).is_some() && draft.fields.get(FIELD).is_none() {
        let message = format!("`{AGAIN}` needs `{FIELD}`");
        faults.push(Fault::new(Code::UserPassword, AGAIN, message, format!("no `{FIELD}`")));
    }
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

/// The field, if a password is wanted: a create cannot set it.
pub(super) fn rest(desired: &Desired<'_>) -> Option<&'static str> {
    desired.secrets.get(FIELD).map(|_| FIELD)
}

/// Sets the password of the object with the ID `id`, if it is among the fields `changed`.
pub(super) async fn set_changed<L: Live>(
    api: &Writer,
    id: &str,
    desired: &Desired<'_>,
    changed: &[&'static str],
) -> Result<(), ApiError> {
    match desired.secrets.get(FIELD).filter(|_| changed.contains(&FIELD) || changed.contains(&AGAIN)) {
        Some(password) => {
            let body = Password { password: password.expose_secret() };
            api.post_only(&format!("{}/password", L::WIRE.at(id)), &body).await
        }
        None => Ok(()),
    }
}
