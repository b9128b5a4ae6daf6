//! The IDs of objects: what a server calls them, and what they are called here.

use super::Kind;
use super::spec::Identity;
use crate::snowflake::is_id;

impl Kind {
    /// Whether `text` has the form of an ID of this kind.
    pub fn is_id(self, text: &str) -> bool {
        match self.spec().identity {
            Identity::Id => is_id(text),
            Identity::OrgAndId => text.split_once('/').is_some_and(|(org, own)| is_id(org) && is_id(own)),
            Identity::OrgAndName => text.split_once('/').is_some_and(|(org, name)| is_id(org) && !name.is_empty()),
        }
    }

    /// The ID of the object of this kind to which the server has given the ID `own`, in the org `org`.
    pub(super) fn id_of(self, org: Option<&str>, own: String) -> String {
        match (self.spec().identity, org) {
            (Identity::OrgAndId, Some(org)) => format!("{org}/{own}"),
            _ => own,
        }
    }

    /// What the server itself calls the object with the ID `id`.
    pub fn own_id(self, id: &str) -> &str {
        match self.spec().identity {
            Identity::OrgAndId => id.split_once('/').map_or(id, |(_, own)| own),
            Identity::Id | Identity::OrgAndName => id,
        }
    }

    /// Whether a permission can be for one object of the kind: it names the object by the server's ID.
    pub fn can_be_permitted(self) -> bool {
        self.spec().identity == Identity::Id
    }
}
