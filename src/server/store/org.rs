//! Orgs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bucket::{self, Bucket};
use super::member::{self, Member, Role};
use super::object::{self, Class};
use super::page::Page;
use super::{Change, Error, Read, Store, Table, decode, task, user};
use crate::server::auth::ResourceType;
use crate::server::id::Id;
use crate::server::problem::Problem;

pub(crate) const ORGS: Table = Table::new("orgs");
pub(crate) const ORG_NAMES: Table = Table::new("org_names");

/// An org.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Org {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// The org with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Org, Error> {
    read.found(ORGS, id, "organization not found")
}

/// The org with this name; surrounding blanks do not count.
pub(crate) fn find_by_name(read: &impl Read, name: &str) -> Result<Org, Error> {
    match read.index(ORG_NAMES, name.trim().as_bytes())? {
        Some(id) => find(read, id),
        None => Err(Problem::not_found(format!("organization name \"{name}\" not found")).into()),
    }
}

/// A page of all orgs in the order of their IDs; `after` and `descending` do nothing here, as on the real server.
pub(crate) fn list(read: &impl Read, page: &Page) -> Result<Vec<Org>, Error> {
    let page = Page { after: None, descending: false, ..*page };
    page.read(read, ORGS, b"", |value| decode(value).map(Some))
}

/// Makes an org with its two system buckets; `owner` becomes its owner.
pub(crate) fn create(change: &Change, name: &str, description: &str, owner: Option<Id>) -> Result<Org, Error> {
    check_name(change, name)?;
    let id = free_id(change)?;
    let org = Org {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    };
    change.put(ORG_NAMES, name.trim().as_bytes(), &id.key())?;
    change.put_record(ORGS, id, &org)?;
    for (name, description, days) in
        [("_tasks", "System bucket for task logs", 3), ("_monitoring", "System bucket for monitoring logs", 7)]
    {
        bucket::create(change, Bucket::system(id, name, description, days))?;
    }
    if let Some(user) = owner {
        member::create(change, &Member { user, role: Role::Owner, resource_type: ResourceType::Orgs, resource: id })?;
    }
    Ok(org)
}

/// Renames or describes an org.
pub(crate) fn update(change: &Change, id: Id, name: Option<&str>, description: Option<&str>) -> Result<Org, Error> {
    let mut org = find(change, id)?;
    org.updated_at = Timestamp::now();
    if let Some(name) = name.filter(|name| *name != org.name) {
        check_name(change, name)?;
        change.delete(ORG_NAMES, org.name.trim().as_bytes())?;
        name.clone_into(&mut org.name);
        change.put(ORG_NAMES, name.trim().as_bytes(), &id.key())?;
    }
    if let Some(description) = description {
        description.clone_into(&mut org.description);
    }
    change.put_record(ORGS, id, &org)?;
    Ok(org)
}

/// Deletes an org with its buckets, tasks, memberships, and those of the plain kinds that go with it; labels and tokens stay.
pub(crate) fn delete(change: &Change, id: Id, plain: impl Iterator<Item = &'static Class>) -> Result<(), Error> {
    let buckets = bucket::list_of_org(change, id, &Page::default())?;
    for bucket in &buckets {
        bucket::remove(change, bucket)?;
    }
    let org = match find(change, id) {
        Err(Error::Refused(problem)) => {
            return Err(problem.within(&format!("error deleting organization id: {id}")).into());
        }
        other => other?,
    };
    // The untrimmed name: one with surrounding blanks stays taken for ever, as on the real server.
    change.delete(ORG_NAMES, org.name.as_bytes())?;
    change.delete(ORGS, &id.key())?;
    task::delete_of_org(change, id)?;
    member::delete_of_resource(change, id)?;
    object::remove_with(change, plain, "orgID", id)
}

fn check_name(read: &impl Read, name: &str) -> Result<(), Error> {
    if name.trim().is_empty() {
        return Err(Problem::invalid("org name is empty").into());
    }
    match read.get(ORG_NAMES, name.trim().as_bytes())? {
        Some(_) => Err(Problem::conflict(format!("organization with name {name} already exists")).into()),
        None => Ok(()),
    }
}

fn free_id(read: &impl Read) -> Result<Id, Error> {
    loop {
        let id = Id::random();
        if read.get(ORGS, &id.key())?.is_none() {
            return Ok(id);
        }
    }
}

/// Whether nothing has been set up yet: no user and no org.
pub(crate) fn virgin(store: &Store) -> Result<bool, Error> {
    let view = store.view()?;
    Ok(view.count(ORGS)? == 0 && object::count(&view, &user::CLASS)? == 0)
}
