//! Memberships: which user is owner or member of an org, a bucket, a task, or of the instance.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Change, Error, Order, Read, Table, decode, pair, user};
use crate::server::auth::ResourceType;
use crate::server::id::Id;
use crate::server::problem::{Code, Problem};

/// By resource and user.
pub(crate) const MEMBERS: Table = Table::new("members");
/// By user and resource.
pub(crate) const MEMBERS_BY_USER: Table = Table::new("members_by_user");

/// What a user is to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// May change it.
    Owner,
    /// May see it.
    Member,
}

impl Role {
    /// The word in paths and replies, singular.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

/// One membership; a user has one role in a resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) user: Id,
    pub(crate) role: Role,
    pub(crate) resource_type: ResourceType,
    pub(crate) resource: Id,
}

/// The resource that stands for the instance.
pub(crate) fn instance() -> Id {
    Id::new(1).expect("invariant: 1 is not 0")
}

/// The members of a resource, by user ID.
pub(crate) fn of_resource(read: &impl Read, resource: Id) -> Result<Vec<Member>, Error> {
    let mut members = Vec::new();
    read.scan(MEMBERS, &resource.key(), Order::Ascending, None, &mut |_, value| {
        members.push(decode(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(members)
}

/// The memberships of a user, by resource ID.
pub(crate) fn of_user(read: &impl Read, user: Id) -> Result<Vec<Member>, Error> {
    let mut members = Vec::new();
    read.scan(MEMBERS_BY_USER, &user.key(), Order::Ascending, None, &mut |_, value| {
        members.push(decode(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(members)
}

/// The membership of a user in a resource.
pub(crate) fn find(read: &impl Read, resource: Id, user: Id) -> Result<Option<Member>, Error> {
    read.get(MEMBERS, &pair(resource, user))?.map(|value| decode(&value)).transpose()
}

/// Makes a user owner or member; refused if it has either role.
pub(crate) fn create(change: &Change, member: &Member) -> Result<(), Error> {
    user::find(change, member.user)?;
    if find(change, member.resource, member.user)?.is_some() {
        // A 500 on the real server too.
        let message = format!("mapping for user {} already exists", member.user);
        let doing = "Unexpected error when assigning user to a resource";
        return Err(Problem::new(Code::Internal, message).within(doing).into());
    }
    let value = serde_json::to_vec(member).map_err(Error::Record)?;
    change.put(MEMBERS, &pair(member.resource, member.user), &value)?;
    change.put(MEMBERS_BY_USER, &pair(member.user, member.resource), &value)
}

/// Ends a membership.
pub(crate) fn delete(change: &Change, resource: Id, user: Id) -> Result<(), Error> {
    if find(change, resource, user)?.is_none() {
        return Err(Problem::not_found("user to resource mapping not found").into());
    }
    remove(change, resource, user)
}

/// Ends all memberships in a resource.
pub(crate) fn delete_of_resource(change: &Change, resource: Id) -> Result<(), Error> {
    of_resource(change, resource)?.iter().try_for_each(|member| remove(change, resource, member.user))
}

/// Ends all memberships of a user.
pub(super) fn delete_of_user(change: &Change, user: Id) -> Result<(), Error> {
    of_user(change, user)?.iter().try_for_each(|member| remove(change, member.resource, user))
}

fn remove(change: &Change, resource: Id, user: Id) -> Result<(), Error> {
    change.delete(MEMBERS, &pair(resource, user))?;
    change.delete(MEMBERS_BY_USER, &pair(user, resource))
}
