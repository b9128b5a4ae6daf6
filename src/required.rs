//! What the tokens of a project's runs need, and no more (influxd 2.9.1, measured: docs/ci.md has what each permission is for).

use std::collections::BTreeSet;

use crate::address::Address;
use crate::kind::{Kind, Level};
use crate::manifest::{Manifest, Resource};
use crate::value::{Ref, Scope, Value};

/// What a token may do something with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// An org itself.
    Org(Ref),
    /// Everything of a type in an org, by InfluxDB's name of the type.
    Type(Ref, String),
    /// Everything of a type on the server.
    Everywhere(String),
    /// A user.
    User(Ref),
    /// The user that the token belongs to.
    OwnUser,
}

impl Right {
    /// The org that it is about, if it is about one.
    pub fn org(&self) -> Option<&Ref> {
        match self {
            Self::Org(org) | Self::Type(org, _) => Some(org),
            Self::Everywhere(_) | Self::User(_) | Self::OwnUser => None,
        }
    }

    /// The user that it is about, if it is another than the token's own.
    pub fn user(&self) -> Option<&Address> {
        if let Self::User(user) = self { user.address() } else { None }
    }
}

/// What one token needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What it must be able to read.
    pub read: BTreeSet<Right>,
    /// What it must be able to write.
    pub write: BTreeSet<Right>,
}

/// What the tokens of runs need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// That of `plan` and `drift`.
    pub plan: Needs,
    /// That of `apply` and `destroy`.
    pub apply: Needs,
    /// The orgs that the user of `apply` must own: what it creates there runs with that role.
    pub owned: BTreeSet<Ref>,
    /// An org or a user that the project manages: whoever may do that may do anything.
    pub managed: Option<Address>,
}

/// A project, and the name of its home org, if that is known.
type Project<'m> = (&'m Manifest, Option<&'m str>);

/// What the runs of a project need. `home` is the name of the home org, if it is known.
pub fn required(manifest: &Manifest, home: Option<&str>) -> Required {
    let mut required = Required::default();
    required.read(Right::Org(Ref::Home));
    // The row of the token itself proves what it sees.
    required.read(Right::Type(Ref::Home, "authorizations".to_owned()));
    required.read(Right::OwnUser);
    // The ledger and the lock.
    required.both("labels", &Ref::Home);
    for (address, resource) in &manifest.resources {
        if address.kind.spec().level == Level::Server {
            required.of_server((manifest, home), address, resource);
            continue;
        }
        let Some(org) = manifest.org_of(address, home) else { continue };
        required.kind(address.kind, org, resource.external);
        if resource.external {
            continue;
        }
        let spec = address.kind.spec();
        if spec.acts_as_user {
            required.apply.write.extend(users(resource));
        }
        if spec.runs_as_creator {
            required.owned.insert(org.clone());
        }
        required.grants((manifest, home), address, resource, org);
    }
    required.least();
    required
}

/// What it takes to look up one object of `kind` that no manifest declares any more, and to delete it if it is the project's own (`is_ours`).
/// Without the right to its user, of a token: who that is, only the server says.
pub fn required_by_left(kind: Kind, org: &Ref, is_ours: bool) -> Required {
    let mut required = Required::default();
    let spec = kind.spec();
    if spec.level == Level::Server {
        let everywhere = Right::Everywhere(spec.ty.to_owned());
        required.read(everywhere.clone());
        required.apply.write.extend(is_ours.then_some(everywhere));
    } else {
        required.kind(kind, org, !is_ours);
    }
    required.least();
    required
}

/// Without what others in it include. All of a type in another org than the token's own can only be had on the whole server:
/// influxd gives no token a right on all of a type in another org.
fn least(rights: &BTreeSet<Right>) -> BTreeSet<Right> {
    let possible: BTreeSet<_> = rights
        .iter()
        .map(|right| match right {
            Right::Type(org, ty) if *org != Ref::Home => Right::Everywhere(ty.clone()),
            right => right.clone(),
        })
        .collect();
    let has = |ty: &str| possible.contains(&Right::Everywhere(ty.to_owned()));
    let is_included = |right: &Right| match right {
        Right::Type(_, ty) => has(ty),
        Right::User(_) | Right::OwnUser => has("users"),
        Right::Org(_) => has("orgs"),
        Right::Everywhere(_) => false,
    };
    possible.iter().filter(|right| !is_included(right)).cloned().collect()
}

impl Required {
    fn least(&mut self) {
        for needs in [&mut self.plan, &mut self.apply] {
            needs.read = least(&needs.read);
            needs.write = least(&needs.write);
        }
    }

    fn read(&mut self, right: Right) {
        self.plan.read.insert(right.clone());
        self.apply.read.insert(right);
    }

    fn write(&mut self, ty: &str, org: &Ref) {
        self.apply.write.insert(Right::Type(org.clone(), ty.to_owned()));
    }

    fn both(&mut self, ty: &str, org: &Ref) {
        self.read(Right::Type(org.clone(), ty.to_owned()));
        self.write(ty, org);
    }

    /// What an org or a user takes.
    fn of_server(&mut self, (manifest, home): Project<'_>, address: &Address, resource: &Resource) {
        let everywhere = Right::Everywhere(address.kind.spec().ty.to_owned());
        if resource.external {
            // Other orgs than its user's are listed only to a token that may read all of them (influxd 2.9.1, measured).
            let is_home = *manifest.plain_org(&Ref::To(address.clone()), home) == Ref::Home;
            self.read(if is_home { Right::Org(Ref::Home) } else { everywhere });
            return;
        }
        self.read(everywhere.clone());
        self.apply.write.insert(everywhere);
        for org in resource.fields.iter().flat_map(|(_, value)| value.refs()) {
            let org = Right::Org(manifest.plain_org(org, home).clone());
            self.read(org.clone());
            self.apply.write.insert(org);
        }
        self.managed.get_or_insert_with(|| address.clone());
    }

    /// What an object of `kind` in `org` takes; an `external` one is only read.
    fn kind(&mut self, kind: Kind, org: &Ref, external: bool) {
        let spec = kind.spec();
        // The permissions on a mapping of databases are those on its bucket.
        let ty = if kind == Kind::Dbrp { "buckets" } else { spec.ty };
        self.read(Right::Type(org.clone(), ty.to_owned()));
        if spec.acts_as_user {
            // A token is shown only to those who may also read its user.
            self.read(Right::Everywhere("users".to_owned()));
        }
        if external {
            return;
        }
        self.write(ty, org);
        match kind {
            Kind::Scraper => self.write("buckets", org),
            // Whether their tasks still run what they say.
            Kind::Check | Kind::NotificationRule => self.read(Right::Type(org.clone(), "tasks".to_owned())),
            _ => {}
        }
    }

    /// What a token grants, which takes the same rights.
    fn grants(&mut self, project: Project<'_>, address: &Address, resource: &Resource, own: &Ref) {
        for (field, rights) in [("read", &mut self.apply.read), ("write", &mut self.apply.write)] {
            let Some(Value::Scopes(scopes)) = resource.fields.get(field).filter(|_| address.kind.spec().acts_as_user)
            else {
                continue;
            };
            rights.extend(scopes.iter().map(|scope| grant(project, scope, own)));
        }
    }
}

/// The users that must be written to make a token, or a token of InfluxDB 1.x: whomever it belongs to.
fn users(resource: &Resource) -> impl Iterator<Item = Right> {
    let is_user = |of: &&Ref| of.address().is_some_and(|address| address.kind == Kind::User);
    let plain = resource.fields.iter().filter(|(_, value)| matches!(value, Value::Ref(_)));
    let others: Vec<_> = plain.flat_map(|(_, value)| value.refs()).filter(is_user).cloned().map(Right::User).collect();
    let own = others.is_empty().then_some(Right::OwnUser);
    others.into_iter().chain(own)
}

/// What it takes to grant `scope` to a token of the org `own`.
fn grant((manifest, home): Project<'_>, scope: &Scope, own: &Ref) -> Right {
    let of = |ty: &str, org: &Ref| Right::Type(manifest.plain_org(org, home).clone(), ty.to_owned());
    match scope {
        Scope::Instance { ty } => Right::Everywhere(ty.clone()),
        Scope::Org { ty, org } => of(ty, org),
        Scope::Bare { ty, org, .. } => of(ty, org.as_deref().unwrap_or(own)),
        Scope::Object(of_one) => {
            let kind = match of_one {
                Ref::To(address) => address.kind,
                Ref::Id(kind, _) => *kind,
                Ref::Home => Kind::HOME,
            };
            match kind {
                Kind::HOME => Right::Org(manifest.plain_org(of_one, home).clone()),
                kind if kind.spec().level == Level::Server => Right::Everywhere(kind.spec().ty.to_owned()),
                kind => {
                    let theirs = of_one.address().and_then(|address| manifest.org_of(address, home)).unwrap_or(own);
                    of(kind.spec().ty, theirs)
                }
            }
        }
    }
}
