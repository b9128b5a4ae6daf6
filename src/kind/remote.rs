//! Remotes: other servers of InfluxDB, which replications send points to.

use secrecy::ExposeSecret as _;

use super::Kind;
use super::draft::{Draft, Fault};
use super::export::{ExportError, variable};
use super::live::{self, Edit, Object};
use super::natural_key::Names;
use super::spec::{Key, Spec};
use super::url;
use super::wire::{Body, Wire};
use crate::api::ApiError;
use crate::diagnostic::Code;
use crate::field::{Compared, Field, Omitted, Role, SecretRule, Type};
use crate::secret::Source;
use crate::snowflake;
use crate::value::{Fields, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A remote: another server of InfluxDB, and the token with which replications write to it.",
    ty: "remotes",
    key: Key::Name(Names::AsWritten),
    fields: &[
        Field::name("name", Role::Name, "The name, unique in the org; case counts."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text("url", Omitted::Required, "Where the other server is, with `http://` or `https://`.").at("remoteURL"),
        Field::text("remote_org", Omitted::Required, "The ID of the org on the other server.").at("remoteOrgID"),
        Field::text(
            TOKEN,
            Omitted::Required,
            "Where the token for the other server comes from. Set when the remote is created, and when `url` or `token_version` changes.",
        )
        .secret(SecretRule { bytes: (1, 64 << 10), again: VERSION, with: &["url"], needed: true }),
        Field::text(
            VERSION,
            Omitted::Theirs,
            "Increase it to set the token again; writing it for the first time does so too.",
        )
        .of_type(Type::Integer)
        .compared(Compared::Ledger),
        Field::text(
            "allow_insecure_tls",
            Omitted::False,
            "Whether a certificate that nobody vouches for is accepted.",
        )
        .of_type(Type::Bool)
        .at("allowInsecureTLS"),
    ],
    check,
    export,
    delete_rank: 60,
    ..Spec::PLAIN
};

const TOKEN: &str = "token";
/// The field whose change sets the token again.
const VERSION: &str = "token_version";

/// The server takes anything, and no point ever arrives (influxd 2.9.1, measured).
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fault = |field, message: String, label: &str| Fault::new(Code::ManifestValue, field, message, label);
    if draft.fields.text("name").is_some_and(str::is_empty) {
        faults.push(fault("name", "a remote's name cannot be empty".to_owned(), "empty"));
    }
    faults.extend(draft.fields.text("url").and_then(|url| url::fault(url, &WORDS)));
    if let Some(org) = draft.fields.text("remote_org").filter(|org| !snowflake::is_id(org)) {
        let message = format!("`remote_org` is the ID of an org: {}", snowflake::fault(org));
        faults.push(fault("remote_org", message, "not an ID").help("`influx org list` on the other server shows it"));
    }
}

const WORDS: url::Words = url::Words {
    code: Code::ManifestValue,
    whose: "a remote's URL",
    readers: "whoever may read remotes",
    label: "not the URL of a server",
    help: "write only the token, in `token`: it is sent with each request",
};

/// Nobody can read the token: where the remote is made anew, it is read from the environment.
fn export(object: &Object) -> Result<Fields, ExportError> {
    let mut fields = super::export::as_declared(&object.fields, None, check)?;
    fields.set(TOKEN, Value::Source(Source::Env { name: variable("REMOTE", &object.name, TOKEN) }));
    Ok(fields)
}

/// Remotes on a server.
pub(super) struct Live;

impl live::Live for Live {
    // The list is not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire::new(Kind::Remote, "/api/v2/remotes", "remotes");

    /// The server sends the token that it has to whatever URL it is told (influxd 2.9.1, measured): it gets both at once.
    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        match edit.desired.secrets.get(TOKEN) {
            Some(token) => {
                body.insert("remoteAPIToken".to_owned(), token.expose_secret().into());
                // Also where it stays: somebody may have changed it since the plan.
                let url = edit.desired.fields.text("url").or_else(|| edit.live?.fields.text("url"));
                if let Some(url) = url {
                    body.entry("remoteURL").or_insert_with(|| url.into());
                }
            }
            None if edit.live.is_none() || (edit.changed)("url") => {
                return Err(ApiError::unsent("the token of the remote is not known"));
            }
            None => {}
        }
        Ok(())
    }
}
