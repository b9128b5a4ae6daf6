//! Users.

mod roles;

use super::draft::{Draft, Fault};
use super::live::{self, Desired, Made, Object, ReadScope};
use super::natural_key::Names;
use super::spec::{Key, Level, Spec};
use super::wire::{self, Pages, Wire};
use super::{Kind, password};
use crate::api::{ApiError, Client, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::value::Value;
use roles::{ROLES, Roles, bring, live_roles, set_roles, wanted_roles};

pub(super) static SPEC: Spec = Spec {
    doc: "A user of the server.",
    ty: "users",
    key: Key::Name(Names::AsWritten),
    level: Level::Server,
    fields: &[
        Field::name("name", Role::Name, "The name, unique on the server."),
        Field::status("Whether the user can sign in and use tokens."),
        password::field(
            false,
            "Where the password comes from; 8 to 72 bytes. Set when the user is created and when `password_version` changes.",
        ),
        password::VERSION,
        // The server keeps one role for each user and org.
        Field::text("member_of", Omitted::Theirs, "All orgs that the user is a member of.")
            .of_type(Type::Refs(Kind::Org))
            .apart_from(&["owner_of"]),
        Field::text("owner_of", Omitted::Theirs, "All orgs that the user owns.")
            .of_type(Type::Refs(Kind::Org))
            .role(Role::Owns)
            .apart_from(&["member_of"]),
    ],
    check,
    delete_rank: 80,
    acts_as_user: false,
    ..Spec::PLAIN
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if fields.text("name").is_some_and(str::is_empty) {
        faults.push(Fault::new(Code::UserName, "name", "a user's name cannot be empty", "empty"));
    }
    password::check(draft, faults);
    if let (Some(Value::Refs(member)), Some(Value::Refs(owner))) = (fields.get("member_of"), fields.get("owner_of"))
        && let Some(org) = member.iter().find(|org| owner.contains(org))
    {
        let message = format!("a user cannot be both member and owner of {org}");
        faults.push(Fault::new(Code::UserRoles, "member_of", message, "member here").other("owner_of"));
    }
}

/// Users on a server.
pub(super) struct Live;

impl live::Live for Live {
    const WIRE: Wire = Wire { pages: Pages::Offset, guarded: true, ..Wire::new(Kind::User, "/api/v2/users", "users") };

    async fn list(api: &Client, _: &[&str], asked: ReadScope<'_>) -> Result<Vec<Object>, ApiError> {
        let mut objects = wire::list::<Self>(api, &[]).await?;
        if ROLES.iter().any(|role| (asked.field)(role.field())) {
            let mut of_these: Vec<_> =
                objects.iter_mut().filter(|object| (asked.object)(&object.id, &object.name)).collect();
            let roles = roles::read(api, of_these.iter().map(|object| object.id.clone()).collect()).await?;
            for object in &mut of_these {
                set_roles(object, roles.get(&object.id).unwrap_or(&Roles::new()));
            }
        }
        Ok(objects)
    }

    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
        let mut made = wire::create::<Self>(api, desired).await?;
        set_roles(&mut made.object, &Roles::new());
        Ok(made)
    }

    fn rest(desired: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
        let wanted = wanted_roles(&Roles::new(), desired, |_| true)?;
        let password = password::rest(desired);
        let roles = ROLES.iter().filter(|role| wanted.values().any(|wanted| wanted == *role));
        Ok(password.into_iter().chain(roles.map(|role| role.field())).collect())
    }

    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        wire::update::<Self>(api, live, desired, changed).await?;
        password::set_changed::<Self>(api, &live.id, desired, changed).await?;
        if ROLES.iter().any(|role| changed.contains(&role.field())) {
            let has = match live_roles(live) {
                Some(has) => has,
                None => roles::read(api, [live.id.clone()].into()).await?.remove(&live.id).unwrap_or_default(),
            };
            let wanted = wanted_roles(&has, desired, |field| changed.contains(&field))?;
            bring(api, &live.id, &has, &wanted).await?;
        }
        Ok(())
    }
}
