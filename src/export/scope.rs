//! What a permission that exists is called in a manifest.

use super::ObjectId;
use crate::kind::Kind;
use crate::manifest::{is_permission_type, is_type_in_orgs};
use crate::snapshot::Snapshot;
use crate::value::{Ref, Scope};

/// What a permission covers, seen from a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An object that a resource can stand for.
    Object(ObjectId),
    /// An object that only its ID names.
    Bare(ObjectId),
    /// All objects of a type in an org.
    Org {
        /// InfluxDB's name of the type.
        ty: String,
        /// The org.
        org: ObjectId,
    },
    /// All objects of a type on the server.
    Instance(String),
    /// What no scope says.
    Unsayable,
}

impl Target {
    /// The object that has to be in the manifest for it.
    pub(super) fn object(&self) -> Option<&ObjectId> {
        match self {
            Self::Object(id) | Self::Org { org: id, .. } => Some(id),
            Self::Bare(_) | Self::Instance(_) | Self::Unsayable => None,
        }
    }
}

/// What `scope` of a token in the org `holder` (an ID) covers; `found` tells whether a resource can stand for an object.
pub(super) fn target(
    scope: &Scope,
    snapshot: &Snapshot,
    holder: Option<&str>,
    found: &dyn Fn(Kind, &str) -> bool,
) -> Target {
    let id = |of: &Ref| of.bare_id().map(str::to_owned);
    match scope {
        Scope::Bare { ty, id: bare, org } => {
            let named = org.as_deref().and_then(id);
            match snapshot.permitted(ty, bare, named.as_deref(), holder) {
                Some(kind) if found(kind, bare) => Target::Object((kind, bare.clone())),
                Some(kind) => Target::Bare((kind, bare.clone())),
                None => Target::Unsayable,
            }
        }
        Scope::Org { ty, org } => match id(org) {
            Some(org) if is_type_in_orgs(ty) && found(Kind::HOME, &org) => {
                Target::Org { ty: ty.clone(), org: (Kind::HOME, org) }
            }
            _ => Target::Unsayable,
        },
        Scope::Instance { ty } if is_permission_type(ty) => Target::Instance(ty.clone()),
        Scope::Instance { .. } | Scope::Object(_) => Target::Unsayable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scope_cannot_say_is_no_target() {
        let snapshot = Snapshot::default();
        let of = |scope: &Scope| target(scope, &snapshot, Some("o1"), &|_, _| true);
        let org = |ty: &str| Scope::Org { ty: ty.into(), org: Box::new(Ref::Id(Kind::HOME, "o1".into())) };
        assert!(matches!(of(&org("tasks")), Target::Org { ty, .. } if ty == "tasks"));
        assert!(matches!(of(&org("dashboards")), Target::Org { .. }));
        // Accepted by servers, and granting nothing.
        for ty in ["users", "orgs", "own:tasks", "instance"] {
            assert!(matches!(of(&org(ty)), Target::Unsayable), "{ty}");
        }
        assert!(matches!(of(&Scope::Instance { ty: "users".into() }), Target::Instance(_)));
        let bare = |org: Option<&str>| Scope::Bare {
            ty: "buckets".into(),
            id: "b1".into(),
            org: org.map(|org| Box::new(Ref::Id(Kind::HOME, org.into()))),
        };
        assert!(matches!(of(&bare(Some("o1"))), Target::Object(_)));
        assert!(matches!(of(&bare(None)), Target::Object(_)), "an ID alone is enough");
        assert!(matches!(of(&bare(Some("o2"))), Target::Unsayable));
    }
}
