//! What tokens, of the API and of InfluxDB 1.x, may do: permissions on a server, scopes in a manifest.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::Kind;
use super::draft::{Draft, Fault};
use super::live::Desired;
use super::spec::Level;
use super::wire::Row;
use crate::api::{ApiError, Permission, Resource};
use crate::diagnostic::Code;
use crate::field::{Compared, Field, Omitted, Role, Type};
use crate::value::{Fields, Ref, Scope, Value};

/// The key of the permissions in a row.
pub(super) const KEY: &str = "permissions";
/// The key of the user in a row.
pub(super) const USER_KEY: &str = "userID";

/// The user that a token acts as.
pub(super) const USER: Field =
    Field::text("user", Omitted::Theirs, "The user it acts as; the run's own user when omitted.")
        .of_type(Type::Ref(Kind::User))
        .role(Role::Actor)
        .at(USER_KEY)
        .replaces();
/// What it may read.
pub(super) const READ: Field =
    Field::text("read", Omitted::Empty, "What it may read.").of_type(Type::Scopes).replaces();
/// What it may write.
pub(super) const WRITE: Field =
    Field::text("write", Omitted::Empty, "What it may write.").of_type(Type::Scopes).replaces();

/// What says more of that.
pub(super) const FOR: Field = Field::text(
    "for",
    Omitted::Theirs,
    "What it is for: it may also read and write the buckets that the scripts of these resources do, or a Telegraf configuration.",
)
.of_type(Type::RefsOf(&[Kind::Task, Kind::Dashboard, Kind::Variable, Kind::Telegraf]))
.role(Role::For)
.compared(Compared::Never);

/// The fields of what is granted, which are called as the actions are.
pub(crate) const GRANTED: [&str; 2] = [READ.name, WRITE.name];

/// Adds what `action`, `read` or `write`, is granted on.
pub(crate) fn grant(fields: &mut Fields, action: &'static str, scopes: impl IntoIterator<Item = Scope>) {
    let had = match fields.get(action) {
        Some(Value::Scopes(had)) => had.iter().cloned().collect(),
        _ => Vec::new(),
    };
    fields.set(action, Value::Scopes(had.into_iter().chain(scopes).collect()));
}

/// Whether it may do nothing.
pub(crate) fn has_none(fields: &Fields) -> bool {
    [READ.name, WRITE.name]
        .iter()
        .all(|field| matches!(fields.get(field), Some(Value::Scopes(scopes)) if scopes.is_empty()))
}

/// The server makes no token that may do nothing.
pub(super) fn check(kind: Kind, draft: &Draft<'_>, faults: &mut Vec<Fault>) {
    // What it gets with that is known once all is read.
    if has_none(&draft.fields) && !(draft.written)(FOR.name) {
        let message = format!("a {kind} needs at least one permission");
        let fault = Fault::new(Code::TokenScopes, "read", message, "has neither `read` nor `write`").other("write");
        faults.push(fault.help("write for example `read = [\"bucket.KEY\"]`"));
    }
}

/// Puts the permissions in `row` into `fields`.
pub(super) fn read(row: &Row, fields: &mut Fields) -> Result<(), String> {
    set(fields, row.get::<Vec<Permission>>(KEY)?.unwrap_or_default());
    Ok(())
}

fn set(fields: &mut Fields, permissions: impl IntoIterator<Item = Permission>) {
    let (read, write): (Vec<_>, Vec<_>) =
        permissions.into_iter().filter(grants).partition(|permission| permission.action == "read");
    for (field, permissions) in [(READ.name, read), (WRITE.name, write)] {
        fields.set(field, Value::Scopes(permissions.into_iter().map(scope).collect()));
    }
}

/// Whether an object with these fields may do what `permissions` say, and nothing else.
pub(super) fn are(fields: &Fields, permissions: &BTreeSet<Permission>) -> bool {
    let mut wanted = Fields::default();
    set(&mut wanted, permissions.iter().cloned());
    [READ.name, WRITE.name].iter().all(|field| fields.get(field) == wanted.get(field))
}

/// All permissions that are wanted.
pub(super) fn wanted(desired: &Desired<'_>) -> Result<BTreeSet<Permission>, ApiError> {
    let mut all = BTreeSet::new();
    for action in [READ.name, WRITE.name] {
        if let Some(Value::Scopes(scopes)) = desired.fields.get(action) {
            for scope in scopes {
                all.insert(asked(action, scope, desired)?);
            }
        }
    }
    Ok(all)
}

/// Permissions as they are sent.
pub(super) fn body(permissions: &BTreeSet<Permission>) -> Json {
    permissions.iter().map(|permission| json!(permission)).collect()
}

/// The scope of a permission on the live side. An action other than `read` and `write` is kept as a word before the type.
fn scope(Permission { action, resource: Resource { ty, id, org } }: Permission) -> Scope {
    let ty = match action.as_str() {
        "read" | "write" => ty,
        action => format!("{action}:{ty}"),
    };
    let org = org.map(|org| Box::new(Ref::Id(Kind::Org, org)));
    match (id, org) {
        (Some(id), org) => Scope::Bare { ty, id, org },
        (None, Some(org)) => Scope::Org { ty, org },
        (None, None) => Scope::Instance { ty },
    }
}

/// Whether a permission grants anything: orgs and users are in no org, so that all of them in one are none (influxd 2.9.1,
/// measured).
fn grants(permission: &Permission) -> bool {
    let Resource { ty, id, org } = &permission.resource;
    let of_no_org = Kind::from_type(ty).is_some_and(|kind| kind.spec().level == Level::Server);
    !of_no_org || id.is_some() || org.is_none()
}

/// What `scope` asks for. IDs are always sent: the server forgets names, and grants everything of the type instead. An
/// object of another org than the token's is asked for by its ID alone: with its org it is a 400, and without an org only a
/// creator with the right on the whole server may grant it (influxd 2.9.1, measured).
fn asked(action: &str, scope: &Scope, desired: &Desired<'_>) -> Result<Permission, ApiError> {
    let (ty, id, org) = match scope {
        Scope::Object(of) => {
            let kind = match of {
                Ref::To(address) => address.kind,
                Ref::Home => Kind::Org,
                Ref::Id(kind, _) => *kind,
            };
            let elsewhere = desired.ids.org(of).is_some_and(|org| org != desired.org);
            let org = (kind.spec().level == Level::Org && !elsewhere).then_some(desired.org);
            (kind.spec().ty, Some(desired.id(of)?), org)
        }
        Scope::Bare { ty, id, org } => {
            let org = org.as_ref().map(|org| desired.id(org)).transpose()?;
            (ty.as_str(), Some(id.as_str()), org)
        }
        Scope::Org { ty, org } => (ty.as_str(), None, Some(desired.id(org)?)),
        Scope::Instance { ty } => (ty.as_str(), None, None),
    };
    let resource = Resource { ty: ty.to_owned(), id: id.map(str::to_owned), org: org.map(str::to_owned) };
    Ok(Permission { action: action.to_owned(), resource })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grants_nothing_is_no_scope() {
        let permission = |ty: &str, id: Option<&str>, org: Option<&str>| Permission {
            action: "read".into(),
            resource: Resource { ty: ty.into(), id: id.map(Into::into), org: org.map(Into::into) },
        };
        for ty in ["orgs", "users"] {
            assert!(!grants(&permission(ty, None, Some("o"))), "{ty}");
            assert!(grants(&permission(ty, None, None)) && grants(&permission(ty, Some("1"), None)), "{ty}");
        }
        assert!(grants(&permission("buckets", None, Some("o"))) && grants(&permission("checks", None, Some("o"))));
    }

    #[test]
    fn no_permission_is_lost() {
        let permission = |action: &str, id: Option<&str>| Permission {
            action: action.into(),
            resource: Resource { ty: "buckets".into(), id: id.map(Into::into), org: None },
        };
        let all = [permission("read", None), permission("write", Some("1")), permission("own", None)];
        let scopes: BTreeSet<_> = all.into_iter().map(scope).collect();
        let shown: Vec<_> = scopes.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["buckets-id:1 of no org", "instance/buckets", "instance/own:buckets"]);
    }
}
