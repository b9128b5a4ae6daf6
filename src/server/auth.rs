//! Permissions: what they cover, and what is left of a list for a caller who may not see all of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::Id;
use super::problem::Problem;
use super::store::member::{Member, Role};

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// See it.
    Read,
    /// Make, change or delete it.
    Write,
}

impl Action {
    /// Both, in the order in which influxd writes them.
    pub(crate) const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The action with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Declares the types of resources with their names, in the order of `GET /api/v2/resources`.
macro_rules! resource_types {
    ($($variant:ident $name:literal,)*) => {
        /// A type of resource that a permission may name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum ResourceType {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl ResourceType {
            /// All types, in influxd's order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in permissions and paths.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

resource_types! {
    Authorizations "authorizations",
    Buckets "buckets",
    Dashboards "dashboards",
    Orgs "orgs",
    Sources "sources",
    Tasks "tasks",
    Telegrafs "telegrafs",
    Users "users",
    Variables "variables",
    Scrapers "scrapers",
    Secrets "secrets",
    Labels "labels",
    Views "views",
    Documents "documents",
    NotificationRules "notificationRules",
    NotificationEndpoints "notificationEndpoints",
    Checks "checks",
    Dbrp "dbrp",
    Notebooks "notebooks",
    Annotations "annotations",
    Remotes "remotes",
    Replications "replications",
    Instance "instance",
}

impl ResourceType {
    /// The type with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// What a permission is about: all of a type, all of an org, or one object. An ID wins over the org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resource {
    #[serde(rename = "type")]
    pub(crate) kind: ResourceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Id>,
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    pub(crate) org_id: Option<Id>,
}

/// An action on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) action: Action,
    pub(crate) resource: Resource,
}

impl Permission {
    /// On the object `id` of an org.
    pub(crate) fn at(action: Action, kind: ResourceType, id: Id, org: Id) -> Self {
        Self { action, resource: Resource { kind, id: Some(id), org_id: Some(org) } }
    }

    /// On the object `id`, whatever its org.
    pub(crate) fn on(action: Action, kind: ResourceType, id: Id) -> Self {
        Self { action, resource: Resource { kind, id: Some(id), org_id: None } }
    }

    /// On everything of this type in an org.
    pub(crate) fn in_org(action: Action, kind: ResourceType, org: Id) -> Self {
        Self { action, resource: Resource { kind, id: None, org_id: Some(org) } }
    }

    /// On everything of this type.
    pub(crate) fn global(action: Action, kind: ResourceType) -> Self {
        Self { action, resource: Resource { kind, id: None, org_id: None } }
    }

    /// Whether holding `self` allows `asked`.
    pub(crate) fn covers(&self, asked: &Self) -> bool {
        if self.action != asked.action {
            return false;
        }
        if self.resource.kind == ResourceType::Instance {
            return true;
        }
        if self.resource.kind != asked.resource.kind {
            return false;
        }
        match (self.resource.id, self.resource.org_id) {
            (None, None) => true,
            (Some(id), _) => asked.resource.id == Some(id),
            (None, Some(org)) => asked.resource.org_id == Some(org),
        }
    }

    /// What the operator holds: everything, of every org.
    pub(crate) fn operator() -> Vec<Self> {
        Self::all_of(|action, kind| Some(Self::global(action, kind)))
    }

    /// What a user holds because of a membership.
    pub(crate) fn of_member(member: &Member) -> Vec<Self> {
        match (member.role, member.resource_type) {
            (Role::Owner, ResourceType::Orgs) => {
                Self::all_of(|action, kind| Some(Self::of_org(action, kind, member.resource)))
            }
            (Role::Member, ResourceType::Orgs) => Self::all_of(|action, kind| {
                (action == Action::Read).then(|| Self::of_org(action, kind, member.resource))
            }),
            (Role::Owner, ResourceType::Instance) => {
                Action::ALL.into_iter().map(|action| Self::global(action, ResourceType::Instance)).collect()
            }
            (Role::Member, ResourceType::Buckets) => {
                vec![Self::on(Action::Read, ResourceType::Buckets, member.resource)]
            }
            _ => Vec::new(),
        }
    }

    /// What a user holds on itself.
    pub(crate) fn of_self(user: Id) -> Vec<Self> {
        Action::ALL.into_iter().map(|action| Self::on(action, ResourceType::Users, user)).collect()
    }

    fn of_org(action: Action, kind: ResourceType, org: Id) -> Self {
        match kind {
            ResourceType::Orgs => Self::on(action, kind, org),
            _ => Self::in_org(action, kind, org),
        }
    }

    fn all_of(make: impl Fn(Action, ResourceType) -> Option<Self>) -> Vec<Self> {
        ResourceType::ALL
            .iter()
            .filter(|kind| **kind != ResourceType::Instance)
            .flat_map(|kind| Action::ALL.into_iter().map(|action| (action, *kind)))
            .filter_map(|(action, kind)| make(action, kind))
            .collect()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource { kind, id, org_id } = &self.resource;
        write!(f, "{}:", self.action.name())?;
        if let Some(org) = org_id {
            write!(f, "orgs/{org}/")?;
        }
        f.write_str(kind.name())?;
        match id {
            Some(id) => write!(f, "/{id}"),
            None => Ok(()),
        }
    }
}

/// Who asks, and what they hold.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The user behind the token or session.
    pub(crate) user: Id,
    /// What is held; `None` = the token is inactive, which lists hide and everything else names.
    pub(crate) permissions: Option<Vec<Permission>>,
    /// Whether this is a session of the user, not a token.
    pub(crate) session: bool,
}

impl Caller {
    /// Whether `asked` is held.
    pub(crate) fn holds(&self, asked: &Permission) -> bool {
        self.permissions.as_ref().is_some_and(|held| held.iter().any(|one| one.covers(asked)))
    }

    /// Refuses with the missing permission by name, or with "token is inactive".
    pub(crate) fn require(&self, asked: &Permission) -> Result<(), Problem> {
        match &self.permissions {
            None => Err(Problem::unauthorized("token is inactive")),
            Some(_) if self.holds(asked) => Ok(()),
            Some(_) => Err(Problem::unauthorized(format!("{asked} is unauthorized"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> Id {
        Id::new(number).unwrap()
    }

    #[test]
    fn an_id_wins_over_the_org() {
        let held = Permission::at(Action::Read, ResourceType::Buckets, id(1), id(9));
        assert!(held.covers(&Permission::at(Action::Read, ResourceType::Buckets, id(1), id(8))));
        assert!(!held.covers(&Permission::at(Action::Read, ResourceType::Buckets, id(2), id(9))));
        assert!(!held.covers(&Permission::in_org(Action::Read, ResourceType::Buckets, id(9))));
    }

    #[test]
    fn an_org_wide_permission_covers_the_org_only() {
        let held = Permission::in_org(Action::Write, ResourceType::Tasks, id(9));
        assert!(held.covers(&Permission::at(Action::Write, ResourceType::Tasks, id(1), id(9))));
        assert!(!held.covers(&Permission::global(Action::Write, ResourceType::Tasks)));
        assert!(!held.covers(&Permission::at(Action::Read, ResourceType::Tasks, id(1), id(9))));
    }

    #[test]
    fn the_missing_permission_is_named_as_a_path() {
        let at = Permission::at(Action::Read, ResourceType::Buckets, id(1), id(9));
        assert_eq!(at.to_string(), "read:orgs/0000000000000009/buckets/0000000000000001");
        let on = Permission::on(Action::Write, ResourceType::Users, id(1));
        assert_eq!(on.to_string(), "write:users/0000000000000001");
        assert_eq!(Permission::global(Action::Write, ResourceType::Instance).to_string(), "write:instance");
    }

    #[test]
    fn an_org_member_reads_everything_of_the_org_and_writes_nothing() {
        let member = Member { user: id(1), role: Role::Member, resource_type: ResourceType::Orgs, resource: id(9) };
        let held = Permission::of_member(&member);
        assert!(held.iter().all(|one| one.action == Action::Read));
        assert!(held.contains(&Permission::on(Action::Read, ResourceType::Orgs, id(9))));
        assert_eq!(held.len(), ResourceType::ALL.len() - 1);
    }
}
