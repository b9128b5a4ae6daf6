//! The vocabulary of InfluxDB: one file a kind, one line in the table below.

mod bucket;
mod label;
mod live;
mod org;
mod spec;
mod task;
mod token;
mod user;

pub use live::{Ids, Made, Object, Presence, Want};
pub use spec::{Check, Delete, Draft, Fault, Key, Place, Spec};
pub use token::{marked, marker};

use crate::api::{ApiError, Client, Writer};
use live::Live as _;

/// Makes the enum of kinds and the dispatch from it. Order: what others refer to comes first.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal in $module:ident;)+) => {
        /// What a resource is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// All kinds, what others refer to first.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its word in manifests and addresses.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// What is known of it without a server.
            pub const fn spec(self) -> &'static Spec {
                match self { $(Self::$kind => &$module::SPEC,)+ }
            }

            /// All objects of the kind that the token sees, see [`live::Live::list`].
            pub async fn list(
                self,
                api: &Client,
                orgs: &[&str],
                fields: &(dyn Fn(&str) -> bool + Sync),
            ) -> Result<Vec<Object>, ApiError> {
                match self { $(Self::$kind => $module::Live::list(api, orgs, fields).await,)+ }
            }

            /// The object with this ID, see [`live::Live::find`].
            pub async fn find(self, api: &Client, id: &str) -> Result<Presence, ApiError> {
                match self { $(Self::$kind => $module::Live::find(api, id).await,)+ }
            }

            /// Makes a new object, see [`live::Live::create`].
            pub async fn create(self, api: &Writer, want: &Want<'_>) -> Result<Made, ApiError> {
                match self { $(Self::$kind => $module::Live::create(api, want).await,)+ }
            }

            /// Changes an object, see [`live::Live::update`].
            pub async fn update(
                self,
                api: &Writer,
                live: &Object,
                want: &Want<'_>,
                changed: &[&'static str],
            ) -> Result<(), ApiError> {
                match self { $(Self::$kind => $module::Live::update(api, live, want, changed).await,)+ }
            }

            /// Deletes an object, see [`live::Live::delete`].
            pub async fn delete(self, api: &Writer, id: &str) -> Result<(), ApiError> {
                match self { $(Self::$kind => $module::Live::delete(api, id).await,)+ }
            }
        }
    };
}

kinds! {
    /// An organization.
    Org = "org" in org;
    /// A user of the server.
    User = "user" in user;
    /// A label of an org.
    Label = "label" in label;
    /// A bucket of an org.
    Bucket = "bucket" in bucket;
    /// A task of an org.
    Task = "task" in task;
    /// An API token (InfluxDB: authorization).
    Token = "token" in token;
}

impl Kind {
    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind whose objects InfluxDB's permissions call `ty`, such as `buckets`.
    pub fn from_type(ty: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.spec().ty == ty)
    }

    /// The form of `name` that the server keeps unique; none where names are not unique.
    pub fn unique_name(self, name: &str) -> Option<String> {
        match self.spec().key {
            Key::Name { folded: true } => Some(name.trim().to_lowercase()),
            Key::Name { folded: false } => Some(name.to_owned()),
            Key::LoneName | Key::None => None,
        }
    }

    /// The field called `name`.
    pub fn field(self, name: &str) -> Option<&'static crate::field::Field> {
        self.spec().fields.iter().find(|field| field.name == name)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
