//! What is known of a kind without a server.

use super::Kind;
use super::draft::Check;
use super::export::{Export, Lost};
use super::natural_key::Names;
use super::one_of::OneOf;
use crate::field::Field;
use crate::flux::PutIn;
use crate::snowflake;
use crate::value::Value;

/// What the server keeps unique, and so how an object is found that no ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The name, one per place.
    Name(Names),
    /// Nothing is unique, but a name that exactly one object has will do.
    LoneName,
    /// Nothing: only an ID finds it.
    None,
}

/// What an object's ID is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The ID that the server has given it.
    Id,
    /// The ID of its org and the one that the server has given it, with a `/` in between: a request names both.
    OrgAndId,
    /// The server gives out none: the ID of its org and its name, with a `/` in between.
    OrgAndName,
}

impl Identity {
    /// What such an ID looks like, or why `text` is none, as a clause.
    pub fn form(self, text: &str) -> &'static str {
        match self {
            Self::Id => snowflake::fault(text),
            Self::OrgAndId => "an ID is that of the org, a `/` and the object's own, as `ORG_ID/ID`",
            Self::OrgAndName => "an ID is that of the org, a `/` and the name, as `ORG_ID/NAME`",
        }
    }
}

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// On the server as a whole.
    Server,
    /// In an org.
    Org,
}

/// In which order a replacement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delete {
    /// The old object goes before the new one is made: they cannot exist together.
    First,
    /// The new object works before the old one goes.
    Last,
}

/// No name is forbidden.
pub(super) fn any_name(_: &str) -> Option<&'static str> {
    None
}

/// A list whose items go by keys, where these alone do not tell which item is which.
#[derive(Debug)]
pub struct Items {
    /// The field.
    pub field: &'static str,
    /// What the second value has, by the keys that the first one has for the same items.
    pub aligned: fn(&Value, &Value) -> Value,
    /// The items by the keys that they have of themselves.
    pub keyed: fn(&Value) -> Value,
}

/// What is known of a kind without a server.
#[derive(Debug)]
pub struct Spec {
    /// What it is, for the reference page.
    pub doc: &'static str,
    /// InfluxDB's name of the type in permissions, such as `buckets`.
    pub ty: &'static str,
    /// The kind on whose objects the rights are that count for its own; none where permissions of its type do.
    pub permitted_by: Option<Kind>,
    /// What is unique.
    pub key: Key,
    /// Whether names are unique on the server as a whole, though the objects live in orgs.
    pub unique_everywhere: bool,
    /// What an object's ID is.
    pub identity: Identity,
    /// Why no resource may have a name, not even an external one; none for a name that may be had.
    pub forbidden: fn(&str) -> Option<&'static str>,
    /// Where its objects live.
    pub level: Level,
    /// Its fields, in the order of the reference page.
    pub fields: &'static [Field],
    /// The fields of which it says one at most.
    pub one_of: Option<OneOf>,
    /// The list whose items have to be told apart.
    pub items: Option<Items>,
    /// Its own rules for what a manifest declares; not asked for external resources.
    pub check: Check,
    /// A field that names an object of another kind, and fields of which both have the same one or none.
    pub alike: Option<(&'static str, &'static [&'static str])>,
    /// The names that its scripts get from whoever runs them, such as `v`.
    pub given: &'static [&'static str],
    /// Whether programs elsewhere run what it says, which may reach other servers.
    pub runs_elsewhere: bool,
    /// What the server puts into its scripts before it runs them.
    pub put_in: PutIn,
    /// Its own part of [`Kind::export`](super::Kind::export).
    pub export: Export,
    /// What an object may have and no manifest can say, by the keys of the server's JSON, each with what comes of that.
    pub unsaid: &'static [(&'static str, &'static str)],
    /// The same of what only a look at the whole of an object tells.
    pub lost: Lost,
    /// In which order a replacement is made.
    pub replace: Delete,
    /// Position in the order of deletes (protocol, section 6): lower goes first.
    pub delete_rank: u8,
    /// Whether objects are created and deleted one at a time (influxd killed in between may refuse to start again).
    pub serial: bool,
    /// Whether requests at once get in each other's way: two make objects of one name, of which the server then takes no change,
    /// and a change takes back what another one has changed (influxd 2.9.1, measured).
    pub races: bool,
    /// Whether deleting an object deletes data points.
    pub holds_data: bool,
    /// Names of the server's own objects whose points are a log that it soon forgets, and no data.
    pub logs: &'static [&'static str],
    /// Whether its objects run with the org role of the user that creates them.
    pub runs_as_creator: bool,
    /// Whether a request can move an object to another org. Then the list of the org that it was in may have it too (influxd
    /// 2.9.1, measured).
    pub movable: bool,
    /// Whether the server shows the labels of an object only to who may read these labels: there an empty list proves nothing (influxd
    /// 2.9.1, measured).
    pub hides_labels: bool,
    /// What an object needs for the server to show it, such as a task: without that the server hides it from every request, and
    /// keeps its name.
    pub hidden_without: Option<&'static str>,
    /// Whether its objects act as the user they belong to, and no longer do anything once that user is deleted.
    pub acts_as_user: bool,
}

impl Spec {
    /// The fields of which one may be written instead of `field`.
    pub fn others(&self, field: &str) -> impl Iterator<Item = &'static str> {
        let all = self.one_of.as_ref().filter(|one_of| one_of.fields.contains(&field));
        all.into_iter().flat_map(|one_of| one_of.fields).copied().filter(move |other| *other != field)
    }

    /// Whether its scripts run only when somebody looks at what they show: whoever runs them gives them names, and the server never
    /// does.
    pub fn runs_on_demand(&self) -> bool {
        !self.given.is_empty() && !self.runs_as_creator
    }

    /// A kind about which there is nothing special: it lives in an org, and only its ID finds an object of it.
    pub(super) const PLAIN: Self = Self {
        doc: "",
        ty: "",
        permitted_by: None,
        key: Key::None,
        unique_everywhere: false,
        identity: Identity::Id,
        forbidden: any_name,
        level: Level::Org,
        fields: &[],
        one_of: None,
        items: None,
        check: |_, _| (),
        alike: None,
        given: &[],
        runs_elsewhere: false,
        put_in: |_| Vec::new(),
        export: super::export::as_it_is,
        unsaid: &[],
        lost: |_| None,
        replace: Delete::First,
        delete_rank: 0,
        serial: false,
        races: false,
        holds_data: false,
        logs: &[],
        runs_as_creator: false,
        movable: false,
        hides_labels: false,
        hidden_without: None,
        acts_as_user: false,
    };
}
