//! What a permission that exists is called in a manifest.

use super::ObjectId;
use crate::kind::Kind;
use crate::manifest::is_permission_type;
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
            Some(org) if is_permission_type(ty) && found(Kind::HOME, &org) => {
                Target::Org { ty: ty.clone(), org: (Kind::HOME, org) }
            }
            _ => Target::Unsayable,
        },
        Scope::Instance { ty } if is_permission_type(ty) => Target::Instance(ty.clone()),
        Scope::Instance { .. } | Scope::Object(_) => Target::Unsayable,
    }
}
