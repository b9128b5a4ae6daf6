//! The vocabulary of InfluxDB: one file a kind, one line in the table below.

mod bucket;
mod check;
mod dashboard;
mod dbrp;
mod draft;
mod export;
mod expression;
mod flux_text;
mod hidden_place;
mod hidden_task;
mod identity;
mod kept;
mod label;
mod live;
mod message;
mod naming;
mod natural_key;
mod notification_endpoint;
mod notification_rule;
mod one_of;
mod org;
mod params;
mod password;
mod permissions;
mod presence;
mod remote;
mod replication;
mod rotation;
mod schedule;
mod scraper;
mod script;
mod secret;
mod shown;
mod spec;
mod task;
mod telegraf;
mod token;
mod url;
mod user;
mod uses;
mod v1_token;
mod variable;
mod wire;

pub use draft::{Check, Draft, Fault};
pub use export::{Export, ExportError, IN_PLAIN_TEXT, Lost};
pub use kept::Kept;
pub(crate) use kept::is_of_endpoint;
pub(crate) use live::NO_SECRETS;
pub use live::{Desired, Holder, Ids, Made, Object, Presence, ReadScope, Secrets, Standing};
#[cfg(test)]
pub use natural_key::MADE;
pub use natural_key::{Names, NaturalKey};
pub(crate) use notification_endpoint::path_shown;
pub use one_of::OneOf;
pub(crate) use permissions::{GRANTED, grant, has_none};
pub use rotation::{DEFAULT_OVERLAP, Rotation};
pub use spec::{Delete, Identity, Items, Key, Level, Spec};
pub(crate) use telegraf::{Output, SECRET_HELP, outputs};
pub use token::{marked, marker};
pub use uses::Use;

use std::collections::HashSet;

use crate::api::{ApiError, Client, Writer};
use crate::field::{Field, INACTIVE, Role};
use crate::flux::refs::Target;
use crate::secret::Secret;
use crate::value::{Fields, Ref, Value};
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

            /// The path of the collection.
            pub(crate) const fn path(self) -> &'static str {
                match self { $(Self::$kind => <$module::Live as live::Live>::WIRE.path,)+ }
            }

            /// All objects of the kind that the token sees, in the orgs `orgs` (IDs) where the kind lives in orgs; what
            /// the list reply lacks is read where it is `asked` for.
            ///
            /// # Errors
            /// The server's.
            pub async fn list(
                self,
                api: &Client,
                orgs: &[&str],
                asked: ReadScope<'_>,
            ) -> Result<Vec<Object>, ApiError> {
                let mut objects = match self { $(Self::$kind => $module::Live::list(api, orgs, asked).await,)+ }?;
                if self.spec().movable {
                    let mut seen = HashSet::new();
                    let here = |object: &Object| object.org.as_deref().is_none_or(|org| orgs.contains(&org));
                    objects.retain(|object| here(object) && seen.insert(object.id.clone()));
                }
                live::sound(api, self, orgs, objects)
            }

            /// All objects that act as the user `id` and that the token sees, in whatever org; for kinds that act as users.
            ///
            /// # Errors
            /// The server's.
            pub async fn acting_as(self, api: &Client, id: &str) -> Result<Vec<Object>, ApiError> {
                let mut objects = match self { $(Self::$kind => wire::of_user::<$module::Live>(api, id).await?,)+ };
                objects.retain(|object| object.user.as_deref() == Some(id));
                let orgs: Vec<String> = objects.iter().filter_map(|object| object.org.clone()).collect();
                live::sound(api, self, &orgs.iter().map(String::as_str).collect::<Vec<_>>(), objects)
            }

            /// The object with this ID.
            ///
            /// # Errors
            /// The server's, but those that tell whether there is such an object.
            pub async fn find(self, api: &Client, id: &str) -> Result<Presence, ApiError> {
                let presence = match self { $(Self::$kind => $module::Live::find(api, id).await,)+ };
                live::about(api, self, id, presence?)
            }

            /// The object that `json` is, in the form in which the server shows it.
            ///
            /// # Errors
            /// What is wrong with it.
            pub fn object(self, json: &str) -> Result<Object, String> {
                let object = match self { $(Self::$kind => wire::object::<$module::Live>(json),)+ };
                object.map_err(|error| error.to_string())
            }

            /// Who has this name, wherever on the server, of kinds whose names are unique everywhere.
            ///
            /// # Errors
            /// The server's.
            pub async fn holder(self, api: &Client, name: &str) -> Result<Holder, ApiError> {
                match self { $(Self::$kind => $module::Live::holder(api, name).await,)+ }
            }

            /// Makes a new object with the one request that makes it; what that cannot set is left to do. Kinds that deliver make it inactive, with the marker in its description, and compare the
            /// echo with what was asked: a difference deletes it and is an error.
            ///
            /// # Errors
            /// The server's. One with `maybe_done` means that the object may be there.
            pub async fn create(self, api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
                match self { $(Self::$kind => $module::Live::create(api, desired).await,)+ }
            }

            /// The fields that the request of a create cannot set and that are wanted: each is given to the new object by an
            /// [`update`](Self::update) of its own, in this order.
            ///
            /// # Errors
            /// What is referred to does not exist.
            pub fn rest(self, desired: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
                match self { $(Self::$kind => $module::Live::rest(desired),)+ }
            }

            /// Brings the fields `changed` of `live` to what is wanted, and leaves all others alone. For kinds that deliver
            /// this is also the activation: status and final description in one request.
            ///
            /// # Errors
            /// The server's.
            pub async fn update(
                self,
                api: &Writer,
                live: &Object,
                desired: &Desired<'_>,
                changed: &[&'static str],
            ) -> Result<(), ApiError> {
                match self { $(Self::$kind => $module::Live::update(api, live, desired, changed).await,)+ }
            }

            /// That what is wanted of `live`, or of a new object, would not work or could not be tried, and why, where the server can
            /// try that and does nothing of it; none where it would, and where the server tries no such thing.
            pub async fn would_fail(
                self,
                api: &Client,
                live: Option<&Object>,
                desired: &Desired<'_>,
                changed: &[&'static str],
            ) -> Option<String> {
                match self { $(Self::$kind => $module::Live::would_fail(api, live, desired, changed).await,)+ }
            }

            /// Deletes an object; one that is gone already is deleted.
            ///
            /// # Errors
            /// The server's.
            pub async fn delete(self, api: &Writer, id: &str) -> Result<(), ApiError> {
                match self { $(Self::$kind => $module::Live::delete(api, id).await,)+ }
            }

            /// The secrets that the server keeps for the object with this ID in `org`, besides those that it needs where the
            /// secrets at `sources`, such as `http.token`, are from sources.
            ///
            /// # Errors
            /// The server's.
            pub async fn kept(
                self,
                api: &Client,
                org: &str,
                id: &str,
                sources: Vec<String>,
            ) -> Result<Vec<Kept>, ApiError> {
                match self { $(Self::$kind => $module::Live::kept(api, org, id, sources).await,)+ }
            }

            /// Whether the server has `secret` at `at`, such as `http.token`, of the object with this ID in `org`, which has the `fields` of
            /// a manifest; none where no request tells.
            ///
            /// # Errors
            /// The server's, where it does not say.
            pub async fn has_secret(
                self,
                api: &Client,
                (org, id): (&str, &str),
                fields: &Fields,
                (at, secret): (&str, &Secret),
            ) -> Result<Option<bool>, ApiError> {
                match self { $(Self::$kind => $module::Live::has_secret(api, (org, id), fields, (at, secret)).await,)+ }
            }

            /// Deletes what the server has kept of the object with this ID, which was in `org` and is gone.
            ///
            /// # Errors
            /// The server's.
            pub async fn delete_kept(self, api: &Writer, org: &str, id: &str) -> Result<(), ApiError> {
                match self { $(Self::$kind => $module::Live::delete_kept(api, org, id).await,)+ }
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
    /// A variable of dashboards, of an org.
    Variable = "variable" in variable;
    /// A mapping of a database and a retention policy of InfluxDB 1.x to a bucket of an org.
    Dbrp = "dbrp" in dbrp;
    /// A scraper of an org.
    Scraper = "scraper" in scraper;
    /// A Telegraf configuration of an org.
    Telegraf = "telegraf" in telegraf;
    /// Another server of InfluxDB, as an org knows it.
    Remote = "remote" in remote;
    /// What sends the points of a bucket of an org to a remote.
    Replication = "replication" in replication;
    /// A secret of an org, which scripts read.
    Secret = "secret" in secret;
    /// A task of an org.
    Task = "task" in task;
    /// A check of an org.
    Check = "check" in check;
    /// A dashboard of an org.
    Dashboard = "dashboard" in dashboard;
    /// A place that messages about statuses go to, of an org.
    NotificationEndpoint = "notification_endpoint" in notification_endpoint;
    /// What tells of statuses, of an org.
    NotificationRule = "notification_rule" in notification_rule;
    /// An API token (InfluxDB: authorization).
    Token = "token" in token;
    /// A token of InfluxDB 1.x, with a name and a password.
    V1Token = "v1_token" in v1_token;
}

/// What an org may have that no kind stands for: fluxform neither lists nor looks at it.
pub const UNMANAGED: [&str; 1] = ["notebooks"];

impl Kind {
    /// The kind of the home org, and of every other org that objects live in.
    pub const HOME: Self = Self::Org;

    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind whose objects InfluxDB's permissions call `ty`, such as `buckets`; the first, where there are several.
    pub fn from_type(ty: &str) -> Option<Self> {
        Self::of_type(ty).next()
    }

    /// The kinds whose objects InfluxDB's permissions call `ty`.
    pub fn of_type(ty: &str) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |kind| kind.spec().ty == ty)
    }

    /// The kind of what scripts reach by its name as `target`.
    pub fn reached_as(target: Target) -> Option<Self> {
        match target {
            Target::Bucket => Some(Self::Bucket),
            Target::Secret => Some(Self::Secret),
            Target::Variable => Some(Self::Variable),
            Target::BucketId | Target::Url => None,
        }
    }

    /// The field in this role, where the kind has one.
    pub fn with(self, role: Role) -> Option<&'static Field> {
        self.spec().fields.iter().find(|field| field.role == role)
    }

    /// What `fields`, of a resource or an object of this kind, have in this role.
    pub fn get(self, role: Role, fields: &Fields) -> Option<&Value> {
        fields.get(self.with(role)?.name)
    }

    /// The org in `fields`; none where the kind lives in none, and where the org is not said.
    pub fn org_in(self, fields: &Fields) -> Option<&Ref> {
        match self.get(Role::Org, fields) {
            Some(Value::Ref(org)) => Some(org),
            _ => None,
        }
    }

    /// Whether `fields` say that the object does not work.
    pub fn is_inactive(self, fields: &Fields) -> bool {
        self.with(Role::Status).is_some_and(|status| fields.text(status.name) == Some(INACTIVE))
    }

    /// Whether a new object has a secret that must be delivered before the object becomes active.
    pub fn delivers(self) -> bool {
        self.with(Role::Delivery).is_some()
    }

    /// The field called `name`.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.spec().fields.iter().find(|field| field.name == name)
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown kind `{name}`")))
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_kind_stands_for_is_none() {
        for kind in Kind::ALL {
            let words = [format!("{kind}"), format!("{kind}s"), kind.spec().ty.to_owned()];
            assert!(!UNMANAGED.iter().any(|other| words.iter().any(|word| word == other)), "{kind}");
        }
    }
}
