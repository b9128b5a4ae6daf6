//! What a kind's field table says of each field.

mod ty;

use crate::kind::Kind;

pub use ty::{TextFile, Type};

/// One field of a kind, or of a table in one.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in manifests and plans.
    pub name: &'static str,
    /// What it means, for the schema and the reference page.
    pub doc: &'static str,
    /// How it is written.
    pub ty: Type,
    /// What holds when it is not written.
    pub omitted: Omitted,
    /// What it is compared with.
    pub compared: Compared,
    /// What a difference leads to.
    pub change: Change,
    /// The sets that share no member with it on the server: what it gets, they lose, also where a manifest does not say so.
    pub apart_from: &'static [&'static str],
    /// What holds for a secret that is written; none where it is no secret.
    pub secret: Option<SecretRule>,
    /// What it is to everybody who does not know the kind.
    pub role: Role,
    /// Where the server's JSON holds it.
    pub held: Held,
}

/// Where the server's JSON holds a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Under its name.
    ByName,
    /// Under this key.
    At(&'static str),
    /// The kind itself reads and writes it.
    ByHand,
}

/// What a field is to everybody who does not know its kind. A kind has at most one field of each role but `Plain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing but what it says.
    Plain,
    /// The name, by which an object can be found.
    Name,
    /// The second part of a name that has two: both together find an object, as `NAME/SUBNAME`.
    Subname,
    /// What the object is called; it does not find it.
    Title,
    /// The org that the object lives in.
    Org,
    /// The ID of an external object.
    Id,
    /// `true` for one object at most of those that have the same field in the role `Name`.
    Lone,
    /// The object that the server deletes it with.
    Host,
    /// The object of which it has a copy: that one's name and tables.
    Copied,
    /// Whether the object works: [`INACTIVE`] if it does not.
    Status,
    /// Where the secret of a new object goes. The object becomes active once it is there.
    Delivery,
    /// When the secret of the object is made anew, and how long the one before goes on working.
    Rotation,
    /// The orgs that the object owns: what it has created runs with that role.
    Owns,
    /// How long the object keeps data.
    KeepsFor,
    /// The labels that are attached to the object.
    Labels,
    /// The buckets that the script reads, besides those that it names.
    Reads,
    /// The buckets that the script writes, besides those that it names.
    Writes,
    /// The resources whose scripts say what the object may do.
    For,
    /// The user that the object acts as: that of the run, where nothing is said.
    Actor,
}

/// The status of what does not work.
pub const INACTIVE: &str = "inactive";

/// What holds for a secret that is written to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretRule {
    /// How many bytes it may have.
    pub bytes: (usize, usize),
    /// The field whose change sets it again.
    pub again: &'static str,
    /// The fields whose change sets it too: what the server has would otherwise be used for something else.
    pub with: &'static [&'static str],
    /// Whether nobody can use an object that was made without it.
    pub needed: bool,
}

impl SecretRule {
    /// Whether a change of `field` sets it.
    pub fn is_set_with(&self, field: &str) -> bool {
        self.again == field || self.with.contains(&field)
    }
}

/// What holds when a field is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omitted {
    /// The server's value stands: not compared, not written.
    Theirs,
    /// This word is meant.
    Default(&'static str),
    /// `false` is meant.
    False,
    /// Absence is meant, and compared.
    Unset,
    /// An empty set is meant, and compared.
    Empty,
    /// The resource's key is meant.
    Key,
    /// The home org is meant.
    HomeOrg,
    /// It must be written, unless the resource is external.
    Required,
}

/// What a field is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The server's value.
    Live,
    /// What was last applied: the server cannot tell.
    Ledger,
    /// Nothing: it is part of another field, or cannot be compared.
    Never,
}

/// What a difference in a field leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The object is changed.
    InPlace,
    /// The object is made anew.
    Replace,
}

impl Field {
    /// A text field that is compared with the server and changed in place.
    pub const fn text(name: &'static str, omitted: Omitted, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            ty: Type::Text,
            omitted,
            compared: Compared::Live,
            change: Change::InPlace,
            apart_from: &[],
            secret: None,
            role: Role::Plain,
            held: Held::ByName,
        }
    }

    /// The key of the server's JSON that holds just this field; none where the kind itself reads and writes it.
    pub const fn key(&self) -> Option<&'static str> {
        let plain = match self.ty {
            Type::Text | Type::Choice(_) | Type::Integer | Type::Bool | Type::List(_) | Type::Map | Type::Ref(_) => {
                true
            }
            Type::TextFile(_) => true,
            Type::Refs(_) => matches!(self.role, Role::Labels),
            _ => false,
        };
        match self.held {
            Held::ByName if plain && matches!(self.compared, Compared::Live) => Some(self.name),
            Held::At(key) if plain && matches!(self.compared, Compared::Live) => Some(key),
            _ => None,
        }
    }

    /// Whether no server tells its value, so that only the ledger can tell whether it was set.
    pub fn write_only(&self) -> bool {
        self.ty == Type::Source
    }

    /// The same field in another shape.
    #[must_use]
    pub const fn of_type(mut self, ty: Type) -> Self {
        self.ty = ty;
        self
    }

    /// The same field in a role.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same set, which shares no member with these.
    #[must_use]
    pub const fn apart_from(mut self, others: &'static [&'static str]) -> Self {
        self.apart_from = others;
        self
    }

    /// The same field, which the kind itself reads and writes.
    #[must_use]
    pub const fn by_hand(mut self) -> Self {
        self.held = Held::ByHand;
        self
    }

    /// The same field, which the server's JSON has under `key`.
    #[must_use]
    pub const fn at(mut self, key: &'static str) -> Self {
        self.held = Held::At(key);
        self
    }

    /// The name of an object, or what it is called.
    pub const fn name(name: &'static str, role: Role, doc: &'static str) -> Self {
        Self::text(name, Omitted::Key, doc).role(role)
    }

    /// The org that an object lives in, for its whole life.
    pub const fn org() -> Self {
        Self::text("org", Omitted::HomeOrg, "The org it lives in.")
            .of_type(Type::Ref(Kind::HOME))
            .replaces()
            .role(Role::Org)
            .at("orgID")
    }

    /// Whether an object works, which it does unless the manifest says otherwise.
    pub const fn status(doc: &'static str) -> Self {
        Self::text("status", Omitted::Default("active"), doc)
            .of_type(Type::Choice(&["active", INACTIVE]))
            .role(Role::Status)
    }

    /// The ID of an external object.
    pub const fn id(doc: &'static str) -> Self {
        Self::text("id", Omitted::Theirs, doc).of_type(Type::Id).role(Role::Id).compared(Compared::Never)
    }

    /// The values that scripts of a resource read.
    pub const fn params(doc: &'static str) -> Self {
        Self::text("params", Omitted::Theirs, doc).of_type(Type::Params).compared(Compared::Never)
    }

    /// All labels of an object.
    pub const fn labels(doc: &'static str) -> Self {
        Self::text("labels", Omitted::Theirs, doc).of_type(Type::Refs(Kind::Label)).role(Role::Labels)
    }

    /// The same field, compared otherwise.
    #[must_use]
    pub const fn compared(mut self, compared: Compared) -> Self {
        self.compared = compared;
        self
    }

    /// The same field as a secret.
    #[must_use]
    pub const fn secret(mut self, rule: SecretRule) -> Self {
        self.ty = Type::Source;
        self.compared = Compared::Never;
        self.secret = Some(rule);
        self
    }

    /// The same table with secrets in it. The server says which there are.
    #[must_use]
    pub const fn with_secrets(mut self, rule: SecretRule) -> Self {
        self.secret = Some(rule);
        self
    }

    /// The same field, where a difference makes the object anew.
    #[must_use]
    pub const fn replaces(mut self) -> Self {
        self.change = Change::Replace;
        self
    }
}
